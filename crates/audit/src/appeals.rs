//! Appeals: a convicted liar puts a deposit behind an appeal, in a game of the kind `appealed`.
//!
//! Where `governance.phase` is 0 a council of five decides instead, three of whom speak for it: the
//! provider itself is a member, and the coalition has bought as many others as do not decide.
//! Known shortcomings: whoever has a majority of what votes can undo its own slashes; here the
//! coalition has its share of the validators, all of which vote. So can whoever has bought as many
//! of a council as speak for it (ADR 75); a test plays that it pays. A council that sleeps lets an
//! appeal fail, and what fails is played.
//! Not here: who votes how (`votes`), how an entry is judged (`judge`).

use earnest_protocol::{Epochs, Params};

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    closed_form,
    points::{Act, Point},
};

use Act::{Ceiling, Do, Half, Leave, Nothing, Wrong};
use Member::{Auditors, Council, Provider};
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
    Entry {
        id: "appeal-to-bought-council",
        labels: &["m21", "M32"],
        about: "the same, before a council of whom one too few for a decision are friends, and it",
        members: &[Provider, Auditors, Council],
        deviation: APPEALS,
        against: SUBMITS,
        goal: Goal::Profit,
        closed_form: None,
    },
];

/// Does a council decide appeals?
pub(crate) fn go_to_a_council(params: &Params) -> bool {
    params.slashing().appeal_epochs != Epochs::ZERO && params.governance().phase == 0
}
