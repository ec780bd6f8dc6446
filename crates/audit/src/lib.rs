//! The audit: is honest play the best response under these parameters?
//!
//! Key terms: a *game* is one job, played by a *coalition* that shares one purse against everybody
//! else, who do what is prescribed; a *tree* holds all its plays; a *deviation* is a set of plays,
//! compared with honest ones; a *verdict* says that it *holds*, *pays* or is *not shown*.
//! Laws: every play runs on the production rules, past every stay, and its books close to the unit;
//! money is whole, chances are fractions, and no float decides anything.
//! Known shortcomings: one job at a time, at most one point is late, equal bonds, honest auditors
//! without a lapse; nobody asks for bytes. What is missing is in the catalogue with its reason.
//! Not here: rules (`earnest-protocol`), seasons of many jobs (`earnest-sim`).

mod appeals;
mod beacon;
mod bribes;
mod cast;
mod catalogue;
mod closed_form;
mod delegators;
mod draws;
mod facts;
mod feed;
mod frontier;
mod honest;
mod insured;
mod judge;
mod late;
mod law;
mod leavers;
mod moves;
mod output;
mod page;
mod pauses;
mod points;
mod rational;
mod report;
mod trace;
mod tree;
mod truth;
mod value;
mod votes;
mod windows;
mod words;
mod world;

pub use bribes::{Bribe, Friends, bribes};
pub use cast::{Kind, Member, Pool};
pub use facts::Facts;
pub use frontier::{Frontier, frontier};
pub use judge::{Deviation, Loss, Measure, Verdict};
pub use law::Draw;
pub use output::{Findings, is_report};
pub use page::page;
pub use points::{Act, Edge, Late, Point};
pub use report::{
    Change, Effort, Report, audit, changes, kinds, play_coalition, play_late, unmeasured,
};
pub use trace::{Play, Trace, replay};

#[cfg(test)]
mod tests;
