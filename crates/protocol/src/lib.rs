//! Earnest: every rule of the incentive layer, as one pure state machine.
//!
//! [`State::open_block`], [`State::apply`] and [`State::root`] are the product; everything else
//! is a host around them. A node writes a block to its log and then applies it; a simulator lets
//! agents see the state and return commands; both run this very crate.
//!
//! ```
//! use earnest_protocol::*;
//! use earnest_protocol::{command::Transfer, genesis::GenesisAccount};
//! let (alice, bob) = (Address([1; 20]), Address([2; 20]));
//! let (balance, payment) = (Amount::tokens(10), Amount::ZERO);
//! let accounts = vec![GenesisAccount { address: alice, balance, payment }];
//! let genesis = Genesis { accounts, ..Genesis::default() };
//! let mut state = State::new(&genesis).expect("a valid beginning");
//!
//! let (time_ms, anchor) = (1_000, Some(Digest::ZERO));
//! let head = BlockHead { height: Height::new(1), time_ms, beacon: None, next_anchor: anchor };
//! let mut journal = Journal::default();
//! state.open_block(&head, &mut journal).expect("it follows");
//!
//! let (asset, amount) = (Asset::Stake, Amount::tokens(3));
//! let command = Command::Transfer(Transfer { to: bob, asset, amount });
//! let (valid_until, on_behalf_of) = (Height::new(9), None);
//! let transaction = Transaction { nonce: 0, valid_until, command, on_behalf_of };
//! let sender = state.sender(&alice, &transaction).expect("in the genesis");
//! let signed = Authenticated { sender, transaction };
//! // Nothing is disputed here, so there is no referee to ask.
//! state.apply(&signed, &Unasked, &mut journal).expect("alice can pay");
//!
//! let bob = state.account_id(&bob).expect("opened by the transfer");
//! assert_eq!(state.free(bob), Amount::tokens(3));
//! assert_eq!(state.check_invariants(), Ok(()));
//! // The same again is refused: its place in alice's sequence is taken.
//! assert!(state.apply(&signed, &Unasked, &mut journal).is_err());
//! ```
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

pub mod access;
pub mod accounts;
mod apply;
mod authorisation;
mod bound;
pub mod command;
mod context;
pub mod credits;
mod directory;
mod epoch;
pub mod event;
pub mod genesis;
pub mod governance;
pub mod grants;
mod hash;
mod ids;
pub mod insurance;
mod invariant;
pub mod ledger;
pub mod market;
mod next;
pub mod num;
pub mod params;
pub mod payment;
pub mod prices;
mod referee;
mod rejected;
pub mod reputation;
pub mod rewards;
pub mod seal;
mod shared;
pub mod slashing;
pub mod staking;
mod state;
pub mod storage;
mod stories;
mod table;
mod timers;
pub mod verification;

pub use command::{Authenticated, BlockHead, Command, Sender, Transaction};
pub use event::{Event, Journal};
pub use genesis::Genesis;
pub use ids::{
    AccountId, Address, Asset, AssignmentId, BallotId, DelegationId, Digest, ExitId, JobId, KeepId,
    MoveId, OperatorId, ParamsVersion, PartId, ProgramId, ProposalId, RaterId, Role, SlashId,
    UnbondingId,
};
pub use invariant::Broken;
pub use num::{Amount, Blocks, Epoch, Epochs, Factor, Gas, Height, Ratio};
pub use params::{Params, ParamsRejected, RawParams};
pub use referee::{Ending, EvidenceRejected, Output, Referee, Ruling, StepCase, Unasked};
pub use rejected::{BlockRejected, Rejected, TransactionRejected};
pub use shared::Shared;
pub use state::State;
pub use table::{Blank, Rare};
