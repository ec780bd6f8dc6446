//! Votes: an appeal of the provider's, and who says what to it.
//!
//! Laws: an appeal is made as soon as the job is over, or not at all; friends among the validators
//! vote that it is granted, honest ones that it is not, each as soon as voting begins.
//! Not here: what is compared (`appeals`).

use earnest_protocol::{
    Command, SlashId,
    command::{AppealSlash, BallotChoice, CastBallot},
    governance::ProposalStage,
    ledger::Pot,
};

use crate::{
    cast::{Cast, PROVIDER},
    world::World,
};

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
fn vote(world: &mut World<'_>) {
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

/// Plays on until no slash waits any more.
pub(crate) fn outlast_stays(world: &mut World<'_>) {
    let waits = |world: &World<'_>| {
        let mut slashes = world.state.slashes();
        slashes.any(|(id, _)| !world.state.balance(Pot::Slash(id)).is_zero())
    };
    while waits(world) {
        vote(world);
        world.block();
    }
}
