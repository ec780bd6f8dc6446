//! Leavers: a liar takes back what of its bond is free, before it can be judged.
//!
//! In a game of the kind `leaving` the provider has bonded twice what the job locks. A conviction
//! takes a share of the rest, too.
//! Laws: all that is free leaves at once, and is its owner's as far as it is not slashed, whenever
//! the queue lets it out.
//! Known shortcomings: whoever leaves before it accepts answers with its collateral alone
//! (`crates/protocol/tests`, "A bond stripped before a job"); one who leaves, so nobody is put off
//! by another. Where the queue is on, what is played is the same: it says when, not whose.
//! Not here: stake of others (`delegators`), how an entry is judged (`judge`).

use crate::{
    cast::Member,
    catalogue::{Entry, Forced, Goal},
    delegators::STAYS,
    points::{Act, Point},
};

use Act::{Ceiling, Do, Half, Nothing, Stay, Unbond, Wrong};
use Point::{Accept, Bid, OpenBid, Result, WhileDisputed, WhileExecuted};

const LEAVES: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Unbond]),
];
const LEAVES_LATE: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (WhileExecuted, &[Stay]),
    (WhileDisputed, &[Unbond]),
];

/// What is played where a provider has more at stake than its job locks.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        against: &[],
        ..entry(
            "wrong-result-of-a-large-bond",
            "a liar has twice the bond that its job locks",
            STAYS,
        )
    },
    entry("unbonded-after-accepting", "a liar's free bond leaves before the result", LEAVES),
    entry("unbonded-in-dispute", "a liar's free bond leaves once the result is open", LEAVES_LATE),
];

/// Does leaving save a liar anything of what staying would cost it?
const fn entry(id: &'static str, about: &'static str, deviation: Forced) -> Entry {
    let (members, labels, goal) = (&[Member::Provider], &["M19", "D8"], Goal::Profit);
    Entry { id, labels, about, members, deviation, against: STAYS, goal, closed_form: None }
}
