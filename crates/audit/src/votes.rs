//! Votes: an appeal of the provider's, and who says what to it.
//!
//! Laws: an appeal is made as soon as the job is over, or not at all; friends among those who
//! decide are for it, honest ones against it, each as soon as voting begins, friends first. Where a
//! council decides, the provider is a member, and speaks for itself if the rules let it.
//! Not here: what is compared (`appeals`).

use earnest_protocol::{
    Command, SlashId,
    command::{AppealSlash, BallotChoice, CastBallot, CastCouncilBallot},
    governance::{Forum, ProposalStage},
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

/// Everybody who decides says what it thinks of the appeal, once its voting has begun.
fn vote(world: &mut World<'_>) {
    let mut open = world.state.proposals();
    let active = open.find(|(_, row)| row.stage == ProposalStage::Active);
    let active = active.map(|(id, row)| (id, row.forum));
    let Some((proposal, forum)) = active.filter(|_| !world.voted) else { return };
    drop(open);
    world.voted = true;
    let (friends, others): (Vec<_>, Vec<_>) = match forum {
        Forum::Stake => world.cast.validators().partition(|id| world.cast.is_one_of(*id)),
        Forum::Council => {
            world.cast.council().into_iter().partition(|id| world.cast.is_one_of(*id))
        }
    };
    let friends = friends.into_iter().map(|voter| (voter, BallotChoice::Yes));
    let others = others.into_iter().map(|voter| (voter, BallotChoice::No));
    for (voter, choice) in friends.chain(others) {
        let command = match forum {
            Forum::Stake => Command::CastBallot(CastBallot { proposal, choice }),
            Forum::Council => Command::CastCouncilBallot(CastCouncilBallot { proposal, choice }),
        };
        let is_open = world.state.proposal(proposal).is_some_and(|row| row.stage.is_open());
        if !is_open {
            return;
        }
        let done = world.apply(voter, command);
        // A friend that was convicted itself has no vote, and pays for having asked.
        let bribed = choice == BallotChoice::Yes;
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
