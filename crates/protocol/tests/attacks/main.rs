//! Attacks that shaped the mechanism, each asserting that it does not pay.
//!
//! Every test is named after its label in the threat model and plays the attack out in a small
//! world; what counts is the wealth of the attacker's whole coalition, against honest work or
//! against abandoning.

mod access;
mod audit;
mod bound;
mod complaints;
mod council;
mod credits;
mod data;
mod dispute;
mod exits;
mod grants;
mod insurance;
mod keys;
mod locks;
mod market;
mod names;
mod prices;
mod programs;
mod rewards;
mod sets;
mod slash;
mod storage;
mod treasury;
mod votes;
use earnest_testkit::world;

/// Fee of one ordinary transaction in the world's blocks, which are never full.
const FEE: i64 = 1_000;

/// Fee of a request for a chunk: 260 kibibytes of answer beside it.
const CHUNK_FEE: i64 = 261 * FEE;

/// Base units of a token.
const TOKEN: i64 = 1_000_000_000;
