//! Earnest: every rule of the incentive layer, as one pure state machine.
//!
//! [`State::open_block`], [`State::apply`] and [`State::root`] are the product; everything else
//! is a host around them. A node writes a block to its log and then applies it; a simulator lets
//! agents see the state and return commands; both run this very crate.
//!
//! Laws: no clock, no float, no I/O, no thread, no hash-ordered iteration, no randomness but the
//! block's beacon; a refused command leaves only its nonce and fee; money is conserved.
//! Not here: signatures (`earnest-api`), execution (`earnest-compute`), blocks (`earnest-node`).
#![no_std]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::indexing_slicing
)]
#![cfg_attr(test, allow(clippy::as_conversions, clippy::arithmetic_side_effects))]
#![cfg_attr(test, allow(clippy::float_arithmetic, clippy::indexing_slicing, clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod apply;
mod bound;
pub mod command;
mod epoch;
pub mod event;
pub mod genesis;
mod ids;
mod invariant;
pub mod ledger;
pub mod market;
pub mod num;
pub mod params;
mod referee;
mod rejected;
pub mod reputation;
pub mod seal;
pub mod slashing;
pub mod staking;
mod state;
mod table;
pub mod verification;

pub use command::{Authenticated, BlockHead, Command, Transaction};
pub use event::{Event, Journal};
pub use genesis::Genesis;
pub use ids::{
    AccountId, Address, Digest, JobId, OperatorId, ParamsVersion, Role, SlashId, UnbondingId,
};
pub use invariant::Broken;
pub use num::{Amount, Blocks, Epoch, Epochs, Factor, Gas, Height, Ratio};
pub use params::{Params, ParamsRejected, RawParams};
pub use referee::{EvidenceRejected, Output, Referee, Ruling, StepCase};
pub use rejected::{BlockRejected, Rejected, TransactionRejected, TransferRejected};
pub use state::State;
