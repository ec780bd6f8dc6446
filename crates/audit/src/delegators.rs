//! Delegators: the deviations that only stake behind somebody else's operator makes possible.
//!
//! In a game of the kind `delegated` somebody has put the most behind the provider's operator that
//! the rules let it; a rival that does nothing takes delegations, too.
//! Laws: all is delegated before the job is posted, and is booked from then on; at the end shares
//! are worth what they would pay, whether they may leave or not.
//! Known shortcomings: one delegator, who joins once; no job of the rival's; a commission that
//! never changes, since `staking.commission_wait_epochs` outlasts most jobs.
//! Not here: how an entry is judged (`judge`).

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    closed_form,
    points::{Act, Point},
};

use Act::{Ceiling, Do, Half, Nothing, Stay, Wrong};
use Member::{Delegator, Provider};
use Point::{Accept, Bid, OpenBid, Result, WhileDisputed, WhileExecuted};

/// A liar that does nothing else: what those who move stake beside their lie are compared with.
pub(crate) const STAYS: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Stay]),
    (WhileDisputed, &[Stay]),
];
const UNDELEGATES: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Act::Undelegate]),
];
const MOVES: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Act::Redelegate]),
];
const UNDELEGATES_LATE: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Stay]),
    (WhileDisputed, &[Act::Undelegate]),
];
const MOVES_LATE: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Stay]),
    (WhileDisputed, &[Act::Redelegate]),
];

/// What is played where delegation is allowed.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        goal: Goal::Participation,
        members: &[Delegator],
        against: &[],
        closed_form: Some(closed_form::honest_delegator),
        ..pair(
            "participation-delegator",
            "stake behind honest work earns its part of the pay",
            &["D2"],
            &[],
        )
    },
    Entry {
        against: &[],
        ..pair(
            "wrong-result-with-delegator",
            "a wrong result, the stake behind its maker in the same purse",
            &["C5", "D5"],
            STAYS,
        )
    },
    pair(
        "undelegated-after-accepting",
        "a liar's delegator leaves before the result",
        M19,
        UNDELEGATES,
    ),
    pair(
        "redelegated-after-accepting",
        "a liar's delegator moves to a rival before the result",
        M19,
        MOVES,
    ),
    pair(
        "undelegated-in-dispute",
        "a liar's delegator leaves once the result is open",
        M19,
        UNDELEGATES_LATE,
    ),
    pair(
        "redelegated-in-dispute",
        "a liar's delegator moves to a rival once the result is open",
        M19,
        MOVES_LATE,
    ),
];

const M19: &[&str] = &["M19", "D6"];

/// Does leaving save a liar's delegator anything of what staying would cost both?
const fn pair(
    id: &'static str,
    about: &'static str,
    labels: &'static [&'static str],
    deviation: Forced,
) -> Entry {
    let (members, goal) = (&[Provider, Delegator], Goal::Profit);
    Entry { id, labels, about, members, deviation, against: STAYS, goal, closed_form: None }
}
