//! How views look, at 80 and at 120 columns: each against a file beside this one.

mod jobs;
mod money;
mod network;
mod stories;

use earnest_protocol::{AccountId, Blocks, Epoch, Height};

use crate::{
    clock::Clock,
    names::{self, Names},
    present::Present,
    up::plan,
};
use earnest_api::AccountRef;

/// A development network at height 133, with two blocks a second and epochs of 8 blocks.
pub fn present() -> Present {
    let (height, epoch_blocks) = (Height::new(133), Blocks::new(8));
    let epoch = (Epoch::new(16), Height::new(128));
    let clock = Clock { height, block_ms: 500, epoch_blocks, epoch };
    Present { names: Names::of(&names::of_network(SEED)), clock }
}

const SEED: u64 = 5;

/// The account of a participant; of nobody that is known, if there is no such name.
pub fn account(name: &str) -> AccountRef {
    let index = plan::cast(SEED).iter().position(|member| member.name == name).unwrap_or(99);
    let id = AccountId::new(u64::try_from(index).expect("small"));
    AccountRef { id, address: plan::key(SEED, name).address() }
}

/// Compares what is seen at both widths with files, or writes them anew if UPDATE_EXPECT is set.
pub fn check(name: &str, seen: impl Fn(usize) -> String) {
    for width in [80, 120] {
        let seen = format!("{}\n", seen(width));
        let longest = seen.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?} columns of {width}:\n{seen}");
        let path = format!("{}/src/show/tests/{name}.{width}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &seen).expect("writable");
        }
        let expected = std::fs::read_to_string(&path).expect("written with UPDATE_EXPECT=1");
        assert_eq!(seen, expected, "UPDATE_EXPECT=1 writes {path} anew");
    }
}
