//! Storage: which bytes the network keeps, for how long, and what that costs; and the programs that
//! it holds itself (`programs`).
//!
//! Key terms: a *keep* is a promise that was paid for: so many kibibytes under one name (the hash
//! of a blob, or the root of an input) until a height. The *room* is all that may be kept at once.
//!
//! Laws: kept kibibytes sum to what is recorded and never exceed the room; a keep is never cut
//! short, whoever pays how much; nobody's keep touches another's, not even of the same name.
//! Price (ADR 50): p · 2^(n · used ÷ room), `used` with the new keep in it, so whoever fills the
//! room pays for those whom it leaves none. Rounding: the price of a mebibyte down, what is paid
//! up.
//! Known shortcoming: a room that was filled stays so until the keeps lapse and, if there are many,
//! until they leave, a thousand a block.
//! Not here: the bytes, who may send them and when they go (hosts); which bytes a job needs
//! (`market`).

pub(crate) mod handlers;
pub(crate) mod params;
mod programs;
mod rejected;

use serde::{Deserialize, Serialize};

pub(crate) use programs::Programs;
pub use programs::{PART_BYTES, Program, program_bytes_max, program_deposit, program_name};
pub use rejected::{KeepDataRejected, PublishProgramRejected, RetireProgramRejected};

use crate::{
    ids::{AccountId, Digest, KeepId},
    num::{Amount, Blocks, HalfLives, Height, exp2_neg_floor},
    table::Table,
};
use params::StorageParams;

/// Bytes that somebody paid to have kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Who paid.
    pub account: AccountId,
    /// The hash of a blob, or the root of an input.
    pub root: Digest,
    /// Kibibytes that may be kept under it, whole blocks of [`BLOCK_KIB`], as each file counts.
    pub kibibytes: u32,
    /// The last height at which they are.
    pub until: Height,
}

/// Kibibytes of a block: what is kept is counted in whole ones, as files take them.
pub const BLOCK_KIB: u32 = 4;

/// Every keep that has not left.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Storage {
    pub(crate) keeps: Table<Keep>,
    pub(crate) used_kib: u64,
    pub(crate) programs: Programs,
}

impl Storage {
    pub(crate) fn keep(&self, id: KeepId) -> Option<&Keep> {
        self.keeps.get(id.index())
    }

    /// Writes a keep down; the caller has checked that there is room.
    fn add(&mut self, keep: Keep) -> KeepId {
        self.used_kib = self.used_kib.saturating_add(u64::from(keep.kibibytes));
        KeepId::from_index(self.keeps.push(keep))
    }

    /// Forgets a keep that has lapsed.
    pub(crate) fn retire(&mut self, id: KeepId) {
        let kibibytes = self.keep(id).map_or(0, |keep| u64::from(keep.kibibytes));
        self.used_kib = self.used_kib.saturating_sub(kibibytes);
        self.keeps.retire(id.index());
    }
}

/// A room with what is asked for already in it.
struct Room {
    left: u64,
    whole: u64,
    doublings: u32,
}

impl Room {
    /// What is `empty` where all is left, and has doubled so often where nothing is.
    fn price_floor(&self, empty: Amount) -> Amount {
        let full = empty.checked_times(1 << self.doublings).unwrap_or(Amount::MAX);
        let passed = self.left.saturating_mul(u64::from(self.doublings));
        exp2_neg_floor(HalfLives { passed, half_life: self.whole }).amount_floor(full)
    }
}

/// Kibibytes in a mebibyte, times the blocks that its price is for.
const PRICED: u64 = 1_024 * 1_000;

/// What `kibibytes` cost for `blocks` if `used_kib` are kept already; none if they have no room.
///
/// ```
/// use earnest_protocol::{Amount, Blocks, RawParams, storage};
///
/// let params = RawParams::default().storage;
/// let price = |used, kib, blocks| storage::price(&params, used, kib, Blocks::new(blocks));
/// // A MiB for a thousand blocks in an empty room, and in one half full: 2^5 times as much.
/// assert_eq!(price(0, 1_024, 1_000).unwrap().units(), 1_001_693);
/// assert_eq!(price(2_096_128, 1_024, 1_000).unwrap().units(), 32_000_000);
/// assert_eq!(price(4_194_304, 1, 1), None);
/// ```
pub fn price(
    params: &StorageParams,
    used_kib: u64,
    kibibytes: u32,
    blocks: Blocks,
) -> Option<Amount> {
    let left = params.room_kib().checked_sub(used_kib)?.checked_sub(u64::from(kibibytes))?;
    let room = Room { left, whole: params.room_kib(), doublings: params.price_doublings };
    let mebibyte = room.price_floor(params.price);
    let part = u64::from(kibibytes).saturating_mul(blocks.count());
    Some(mebibyte.share_ceil(part, PRICED).unwrap_or(Amount::MAX))
}
