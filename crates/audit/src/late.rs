//! Late: what is played at the edges of a window: its last block, the one before, one too late.
//!
//! Laws: all three are played of each entry and the worst counts; what is compared with is honest
//! play at once.
//! Known shortcoming: one point at a time is late.
//! Not here: where a window ends (`windows`).

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    points::{Act, Edge, Point},
    world::Party,
};

/// Every edge that is played.
pub(crate) const EDGES: [Edge; 3] = [Edge::Before, Edge::Last, Edge::After];

use Act::{Ceiling, Do, Half, Nothing, Right, Wrong};
use Member::{Auditors, Challenger, Provider, Requester};
use Point::{Accept, Bid, Challenge, Defend, OpenBid, OpenResult, OpenVerdict, Pursue};
use Point::{Report, Result, Seed, Verdict};

const WORKS: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Right])];
const LIES: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Wrong])];
const REPORTS: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (Report, &[Do]),
];
const CHALLENGED: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (Challenge, &[Do]),
];
const SEAL: Forced = &[(Verdict, &[Right])];
const OPEN: Forced = &[(Verdict, &[Right]), (OpenVerdict, &[Do])];
const SEED: Forced = &[(Seed, &[Do])];
const FALSE: Forced = &[(Challenge, &[Do])];

const ALONE: &[Member] = &[Provider];
const BRIBED: &[Member] = &[Provider, Auditors];
const FRIENDS: &[Member] = &[Provider, Challenger];

/// What is played late: the point that waits, and the entry.
pub(crate) const ENTRIES: &[(Point, Entry)] = &[
    (Accept, harm("late-acceptance", "a won job is accepted", ALONE, WORKS)),
    (Result, harm("late-result", "a right result comes", ALONE, WORKS)),
    (Verdict, harm("late-verdict", "bribed auditors seal right", &[Auditors], SEAL)),
    (OpenVerdict, harm("late-verdict-opening", "bribed auditors open", &[Auditors], OPEN)),
    (Seed, harm("late-seed", "the requester opens its seed", &[Requester], SEED)),
    (Challenge, harm("late-false-challenge", "a challenge in vain comes", &[Challenger], FALSE)),
    (Result, profit("late-wrong-result", "a wrong result comes", BRIBED, LIES)),
    (OpenResult, profit("late-opening", "a wrong result is opened or kept", BRIBED, LIES)),
    (Verdict, profit("late-wrong-verdict", "friends of a liar seal", BRIBED, LIES)),
    (OpenVerdict, profit("late-wrong-opening", "friends of a liar open", BRIBED, LIES)),
    (Report, profit("late-self-report", "a friend reports a liar", REPORTERS, REPORTS)),
    (Challenge, profit("late-friendly-challenge", "a friend challenges", FRIENDS, CHALLENGED)),
    (Defend, profit("late-defence", "a liar answers a friend's challenge", FRIENDS, CHALLENGED)),
    (Pursue, profit("late-pursuit", "a friend pursues its challenge", FRIENDS, CHALLENGED)),
];

const REPORTERS: &[Member] = &[Provider, Auditors, Challenger];

/// Does the coalition gain by it over honest play at once?
const fn profit(
    id: &'static str,
    about: &'static str,
    members: &'static [Member],
    deviation: Forced,
) -> Entry {
    let labels: &[&str] = &["C7", "C9", "C10", "M9"];
    let goal = Goal::Profit;
    Entry { id, labels, about, members, deviation, against: &[], goal, closed_form: None }
}

/// Does the other side of the job lose by it more than it costs the coalition?
const fn harm(
    id: &'static str,
    about: &'static str,
    members: &'static [Member],
    deviation: Forced,
) -> Entry {
    let provides = matches!(members, [Provider, ..]);
    let victim = if provides { Party::Requester } else { Party::Provider };
    let against: Forced = if provides { &[(Result, &[Right])] } else { &[] };
    Entry { goal: Goal::Harm(victim), against, ..profit(id, about, members, deviation) }
}
