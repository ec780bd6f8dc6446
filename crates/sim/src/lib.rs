//! Earnest's simulator: the very state machine that a network runs, driven by simulated people.
//!
//! Key terms: a *scenario* is a TOML file: who takes part, what they want, what happens to them; a
//! *run* is one ledger from genesis to the end of its last job; a *point* is one setting of a
//! scenario's values in a sweep, with as many runs as are asked for.
//!
//! ```text
//! scenario + settings ─► world ─► samples, people, outcome ─► tables
//!                          │
//!                          └─ agents see a View, answer with Deeds; the rules carry them out
//! ```
//!
//! Laws: no rule and no formula of the protocol is written here again; agents see a read-only
//! [`View`](view::View) and return commands, nothing else; every draw is a pure function of
//! (seed, run in its point, member of a group, step, purpose); runs are parallel, agents are not,
//! and neither threads nor what is kept change a byte of a table.
//! Not here: rules (`earnest-protocol`), signatures, real execution, terminals (the hosts).
//! Known shortcomings: a price does not answer to what happens on the ledger; providers alone
//! learn; whoever votes says so by a habit, and bribes nobody.
//!
//! ```
//! use earnest_sim::{run::{Nothing, run}, scenario::Scenario};
//! let text = r#"
//!     name = "doc"
//!     run = { blocks = 200 }
//!     [requesters.all]
//!     count = 2
//!     [validators.all]
//!     count = 30
//!     [providers.honest]
//!     count = 20
//! "#;
//! let scenario = Scenario::parse(text, &[])?;
//! let outcome = run(&scenario, 1, 0, &mut Nothing)?;
//! assert_eq!(outcome.error, None);
//! assert!(outcome.jobs[1] > 0, "some jobs were done and paid");
//! # Ok::<(), earnest_sim::SimError>(())
//! ```

pub mod agents;
mod beacon;
pub mod compare;
pub mod design;
pub mod digest;
mod error;
pub mod figures;
pub mod files;
pub mod game;
pub mod luck;
pub mod measures;
pub mod motions;
pub mod newcomer;
mod notes;
mod pools;
pub mod rare;
pub mod report;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod seasons;
pub mod sensitivity;
pub mod statistics;
pub mod summary;
pub mod sweep;
pub mod tables;
pub mod tally;
mod truth;
pub mod view;
pub mod world;

pub use error::{RunError, SimError};
