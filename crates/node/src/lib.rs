//! The ledger node: takes signed transactions, makes blocks, writes each to a log, then carries it
//! out and tells everybody.
//!
//! Code map, from the disk up: `block`, [`committed`], [`log`], [`snapshot`], [`blobs`],
//! [`beacon`], [`store`] (all of a data directory); [`replay`] (a block carried out), [`boot`]
//! (from files to a state), [`backup`] (a copy of them, and back), `referee` (a disputed step);
//! `door` (which moves may wait in the reserved room), `mempool` (what waits), `history` (what
//! happened lately), `shared` (what is published), `replica` (the loop); `http` (the edge);
//! `node` (start and stop), [`dev`].
//!
//! Laws: a block is on the disk before the state changes and before anybody is told; what was
//! acknowledged as included survives `kill -9`; a file that does not check is named and never
//! used; every queue has a bound; the rules see no clock, no disk and no socket.
//!
//! ```
//! use earnest_api::{Client, Session, TxStatus};
//! use earnest_keys::Signer;
//! use earnest_node::{Node, NodeConfig, dev::DevNetwork};
//! use earnest_protocol::{Amount, Asset, Command, command::Transfer, genesis::GenesisAccount};
//!
//! let dir = tempfile::tempdir()?;
//! let (alice, bob) = (Signer::dev_key(1, "alice"), Signer::dev_key(1, "bob"));
//! let (balance, payment) = (Amount::tokens(100), Amount::ZERO);
//! let accounts = vec![GenesisAccount { address: alice.address(), balance, payment }];
//! DevNetwork { accounts, ..DevNetwork::default() }.create(dir.path())?;
//!
//! let node = Node::start(NodeConfig::new(dir.path()))?;
//! let mut session = Session::open(Client::new(&node.url()), alice)?;
//! let (to, asset, amount) = (bob.address(), Asset::Stake, Amount::tokens(3));
//! let transfer = Transfer { to, asset, amount };
//! let receipt = session.send(Command::Transfer(transfer))?;
//! node.make_block();
//! let receipt = session.client().transaction(&receipt.hash)?;
//! assert_eq!(receipt.status, TxStatus::Final);
//! assert_eq!(session.client().account(&bob.address())?.free, Amount::tokens(3));
//! node.stop()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: rules (`earnest-protocol`), wire formats (`earnest-api`), jobs (`earnest-worker`).
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod backup;
pub mod beacon;
pub mod blobs;
mod block;
pub mod boot;
mod clock;
pub mod committed;
mod concern;
mod config;
pub mod dev;
mod door;
mod history;
mod http;
mod kept;
pub mod log;
pub mod mempool;
mod node;
mod referee;
pub mod replay;
mod replica;
mod shared;
pub mod snapshot;
mod stepped;
pub mod store;
mod wanted;

pub use beacon::BeaconSecret;
pub use block::{BLOCK_BYTES_MAX, Block};
pub use boot::{BootError, Booted, Depth, Notice, examine};
pub use clock::{Clock, SetClock};
pub use config::{Begin, Check, Limits, Local, NodeConfig, PeerLimits, Retention};
pub use history::{Done, History, Trace};
pub use log::Repair;
pub use node::{Node, NodeHandle, StartError, Stopper};
pub use referee::{NodeReferee, ServedChunk, ServedPages, paged_task, tree_of};
pub use replica::Halt;
pub use shared::{Head, Phase};
pub use stepped::{SteppedError, SteppedNode};
pub use store::{Store, StoreError};

pub use earnest_durable::free_bytes;
