//! Appeals: a convicted liar puts a deposit behind an appeal, in a game of the kind `appealed`.
//!
//! Known shortcomings: whoever has a majority of what votes can undo its own slashes; here the
//! coalition has its share of the validators, all of which vote. A council is not played: it lets
//! an appeal fail at most, and what fails is played.
//! Not here: who votes how (`votes`), how an entry is judged (`judge`).

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    closed_form,
    points::{Act, Point},
};

use Act::{Ceiling, Do, Half, Leave, Nothing, Wrong};
use Member::{Auditors, Provider};
use Point::{Accept, Appeal, Bid, Defend, OpenBid, OpenResult, Result};

/// It opens its result and defends it: only the referee's word can be appealed against.
const APPEALS: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (OpenResult, &[Do]),
    (Defend, &[Do]),
    (Appeal, &[Do]),
];
const SUBMITS: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (OpenResult, &[Do]),
    (Defend, &[Do]),
    (Appeal, &[Leave]),
];

/// What is played where there are appeals.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        id: "appeal-of-the-guilty",
        labels: &["m21"],
        about: "a liar that was convicted appeals, and its deposit burns",
        members: &[Provider],
        deviation: APPEALS,
        against: SUBMITS,
        goal: Goal::Profit,
        closed_form: Some(closed_form::guilty_appellant),
    },
    Entry {
        id: "appeal-with-bribed-votes",
        labels: &["m21"],
        about: "the same, every bribable validator voting for it",
        members: &[Provider, Auditors],
        deviation: APPEALS,
        against: SUBMITS,
        goal: Goal::Profit,
        closed_form: None,
    },
];
