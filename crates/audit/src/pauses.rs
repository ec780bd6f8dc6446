//! Pauses: a guardian in the purse of a coalition stops new jobs and new delegations while one of
//! its jobs is done and judged (M32).
//!
//! In the games of a coalition with a guardian the genesis names one, whose sunset never comes. It
//! is asked in each phase of the job, until it has paused, and then pauses both lanes for as long
//! as the rules let it.
//! Known shortcomings: one pause, since the window between two outlasts a job; who is kept from
//! posting a job or from delegating, a day in two weeks at the defaults, is not in the game.
//! Not here: when a guardian is asked (`moves`), how an entry is judged (`judge`).

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    points::{Act, Point},
    world::Party,
};

use Act::{Ceiling, Do, Half, Leave, Nothing, Silent, Wrong};
use Member::{Auditors, Guardian, Provider};
use Point::{Accept, Bid, OpenBid, Result};

const LIES: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (Point::Pause, &[Do, Leave]),
];
const ABANDONS: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Silent])];
const PAUSES: Forced = &[(Point::Pause, &[Do])];

/// What is played whether or not a genesis names a guardian.
pub(crate) const ENTRIES: &[Entry] = &[
    lie("wrong-result-and-a-pause", "a liar's friend, the guardian, pauses when it likes", &[]),
    lie("wrong-result-and-a-pause-instead-of-leaving", "the same, against abandoning", ABANDONS),
    harm("pause-against-provider", "a guardian pauses while somebody works", Party::Provider),
    harm("pause-against-requester", "a guardian pauses while a job is done", Party::Requester),
];

const fn lie(id: &'static str, about: &'static str, against: Forced) -> Entry {
    Entry {
        id,
        labels: &["M32"],
        about,
        members: &[Provider, Auditors, Guardian],
        deviation: LIES,
        against,
        goal: Goal::Profit,
        closed_form: None,
    }
}

const fn harm(id: &'static str, about: &'static str, victim: Party) -> Entry {
    let (members, goal) = (&[Guardian], Goal::Harm(victim));
    Entry { members, deviation: PAUSES, goal, ..lie(id, about, &[]) }
}
