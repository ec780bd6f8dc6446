//! Workers: the daemons that do jobs, check them and ask for them.
//!
//! A daemon is a loop over what the ledger shows: on every event it looks at the open jobs that
//! concern its account and makes the next due move. Nothing it must remember is only in memory:
//! prices are written down before they are sealed, results before they are, salts follow from the
//! key; so a restart is one more pass, and never a second commitment (M29).
//!
//! Code map: `chain` (the ledger, as a daemon sees it), `sandbox` (the child that runs untrusted
//! programs), `execution` (a job run in it), `executions` (those beside the loop, and what ends
//! them), [`pace`] (how slow a program is), [`trial`] (a run for
//! its author), [`keeping`] (bytes paid for), `outputs` (what was put out, in parts), `withheld`
//! (what is asked for of it), `daemon` (the loop), [`claim`] (one process a folder and a key),
//! `provider`, `validator`, `requester` (what each role does), `posting` and `source` (what a
//! validator says of the price of stake, and who tells it), `tidings` (what befell its account),
//! `journal` and `results` (what survives a crash).
//!
//! What a daemon does it says as events of `tracing`; whoever starts it says where they go.
//!
//! Not here: rules (`earnest-protocol`), engines (`earnest-compute`), the wire (`earnest-api`).
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod chain;
pub mod claim;
mod daemon;
mod execution;
mod executions;
mod journal;
pub mod keeping;
mod material;
mod outputs;
pub mod pace;
mod posting;
pub mod provider;
pub mod requester;
mod results;
pub mod sandbox;
mod source;
mod tidings;
pub mod trial;
pub mod validator;
mod withheld;

pub use chain::{Chain, ChainError};
pub use daemon::Setup;
pub use earnest_compute::{guests, task::CHUNK_BYTES_MAX};
pub use execution::{ExecutionError, Fault, LazyRate, task_of};
pub use outputs::read_output;
pub use posting::{PriceOptions, price_salt};
pub use source::Source;
