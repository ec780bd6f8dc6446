//! Earnest's simulator: the very state machine that a network runs, driven by simulated people.
//!
//! Key terms: a *scenario* is a TOML file: who takes part, what they want, which policies are
//! compared; a *point* is one policy of its grid; a *run* is one ledger from genesis to the end
//! of its jobs; an *arm* is what the focal providers do in a run: honest work, lies, or nothing.
//!
//! ```text
//! scenario ─► points ─► runs ─┬─ arm honest     ─┐  one ledger each, the same luck in all three
//!                             ├─ arm lying       ├─► paired profits, convictions ─► report
//!                             └─ arm abandoning ─┘
//! ```
//!
//! Laws: no rule and no formula of the protocol is written here again; agents see a read-only
//! [`View`](world::View) and return commands, nothing else; every draw is a pure function of
//! (seed, run, entity, step, purpose); runs are parallel, agents are not, and neither threads nor
//! what is collected change a byte of the report.
//! Not here: rules (`earnest-protocol`), signatures, real execution, files (the hosts).
//! Known shortcomings: no learning, entry, exit or price processes yet; one job a provider a run.
//!
//! ```
//! let scenario = r#"
//!     name = "doc"
//!     [grid]
//!     audit_rate = [1.0]
//!     auditors = [2]
//!     trials = 40
//!     [providers]
//!     lazy = 20
//!     [validators]
//!     count = 50
//! "#;
//! let options = earnest_sim::RunOptions::default();
//! let report = earnest_sim::run(scenario, options, &|_| {})?;
//! assert_eq!(report.points[0].detection.trials, 40);
//! # Ok::<(), earnest_sim::SimError>(())
//! ```

pub mod agents;
mod beacon;
mod error;
mod experiment;
mod output;
pub mod random;
mod report;
pub mod scenario;
pub mod statistics;
mod truth;
pub mod world;

pub use error::{RunError, SimError};
pub use experiment::{Progress, RunOptions, run};
pub use report::{Detection, Failure, Manifest, Mean, Point, Profits, Report, Verdicts};
