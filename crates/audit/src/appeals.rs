//! Appeals: a convicted liar puts a deposit behind an appeal, in a game of the kind `appealed`.
//!
//! Laws: an appeal is made as soon as the job is over, or not at all; friends among the validators
//! vote that it is granted, honest ones that it is not, each as soon as voting begins.
//! Known shortcomings: whoever has a majority of what votes can undo its own slashes; here the
//! coalition has its share of the validators, all of which vote. A council is not played.
//! Not here: how an entry is judged (`judge`).

use earnest_protocol::{
    Command, SlashId,
    command::{AppealSlash, BallotChoice, CastBallot},
    governance::ProposalStage,
};

use crate::{
    cast::{Cast, Member, PROVIDER},
    catalogue::{Entry, Forced, Goal},
    closed_form,
    points::{Act, Point},
    world::World,
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

/// The provider's slash that waits, if it may appeal against one.
pub(crate) fn waiting(world: &World<'_>) -> Option<SlashId> {
    let mut slashes = world.state.slashes();
    let waits = slashes.find(|(_, row)| row.account == PROVIDER && row.state.waits());
    waits.map(|(id, _)| id)
}

/// The appeal itself.
pub(crate) fn appeal(world: &World<'_>) -> Option<Command> {
    let report = Cast::preimage(world.luck);
    Some(Command::AppealSlash(AppealSlash { slash: waiting(world)?, report }))
}

/// Every validator votes on the appeal, once its voting has begun.
pub(crate) fn vote(world: &mut World<'_>) {
    let mut open = world.state.proposals();
    let active = open.find(|(_, row)| row.stage == ProposalStage::Active).map(|(id, _)| id);
    let Some(proposal) = active.filter(|_| !world.voted) else { return };
    drop(open);
    world.voted = true;
    for voter in world.cast.validators() {
        let bribed = world.cast.is_one_of(voter);
        let choice = if bribed { BallotChoice::Yes } else { BallotChoice::No };
        let done = world.apply(voter, Command::CastBallot(CastBallot { proposal, choice }));
        // A friend that was convicted itself has no vote, and pays for having asked.
        assert!(bribed || done.is_ok(), "the vote of {voter:?} was refused: {done:?}");
    }
}
