//! Rules at their edges: the last block of a window, the first unit too many, the one party among
//! many that a rule is about.
//!
//! Each test would pass no longer if one comparison, one case or one step of the rules that pay,
//! convict or draw were another; amounts are worked out by hand.

mod chain;
mod disputes;
mod draws;
mod pay;
mod slashes;
mod storage;
mod told;

use earnest_protocol::{
    Amount, Command, Digest, Event, JobId, Role, command::*, seal, slashing::Offence,
};
use earnest_testkit::world::{self, World};

/// Fee of one ordinary transaction of weight 1 in the world's blocks, which are never full.
const FEE: i64 = 1_000;

/// Fee of a posting, which weighs as much as four transfers.
const POST_FEE: i64 = 4 * FEE;

/// Base units of a token.
const TOKEN: i64 = 1_000_000_000;

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// What each of several names has.
fn wealth<const N: usize>(world: &World, names: [&str; N]) -> [i64; N] {
    names.map(|name| world.coalition(&[name]))
}

/// What each of several names has more than `before`.
fn gains<const N: usize>(world: &World, names: [&str; N], before: [i64; N]) -> [i64; N] {
    let now = wealth(world, names);
    std::array::from_fn(|i| now[i] - before[i])
}

fn unbond(world: &mut World, name: &str, role: Role, tokens: u64) {
    let amount = Amount::tokens(tokens);
    world.ok(name, Command::Unbond(Unbond { role, amount }));
}

fn bond(world: &mut World, name: &str, role: Role, tokens: u64) {
    let amount = Amount::tokens(tokens);
    world.ok(name, Command::Bond(Bond { role, amount }));
}

/// The requester opens its seed.
fn open_seed(world: &mut World, job: JobId, preimage: Digest) {
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
}

/// The usual job for so many auditors, whose seed has this preimage.
fn terms_of(world: &World, auditors: u8, preimage: Digest) -> PostJob {
    let mut terms = world.terms();
    (terms.auditors, terms.seed_seal) = (auditors, seal::seed(&preimage));
    terms
}

fn challenge(world: &mut World, name: &str, job: JobId) {
    world.ok(name, Command::Challenge(Challenge { job }));
}

/// Opens blocks until so many have come.
fn until_height(world: &mut World, height: earnest_protocol::Height) {
    while world.state.height() < height {
        world.block();
    }
}

/// Every offence that was paid for so far, and by whom.
fn offences(world: &World) -> Vec<(Offence, &'static str)> {
    world.seen(|event| match event {
        Event::Slashed { offence, account, .. } => Some((*offence, world.name(*account))),
        _ => None,
    })
}
