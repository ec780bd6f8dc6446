//! Votes: what tests of governance share.

use earnest_protocol::{
    Command, Digest, Epoch, Epochs, ProposalId, Ratio, RawParams,
    command::{BallotChoice, CastBallot, ParamChange, Propose},
    governance::{ProposalStage, Tally},
};

use crate::world::{self, World};

/// The world's parameters with votes that begin in an epoch, take four and are carried out two
/// later.
pub fn params() -> RawParams {
    let mut raw = world::params();
    raw.governance.delay_epochs = Epochs::new(1);
    raw.governance.voting_epochs = Epochs::new(4);
    raw.governance.late_quorum_epochs = Epochs::new(0);
    raw.governance.timelock_epochs = Epochs::new(2);
    raw.governance.expiry_epochs = Epochs::new(3);
    raw.governance.memory_epochs = Epochs::new(2);
    raw.slashing.appeal_epochs = Epochs::new(4);
    raw
}

/// The same, with a quorum of so many per cent, and more that is changed.
pub fn params_with(quorum: u64, change: impl FnOnce(&mut RawParams)) -> RawParams {
    let mut raw = params();
    raw.governance.quorum = Ratio::percent(quorum);
    change(&mut raw);
    raw
}

/// `name` proposes changes by path.
pub fn propose(world: &mut World, name: &str, changes: &[(&str, u64)]) -> ProposalId {
    let change = |&(path, value): &(&str, u64)| ParamChange { path: path.into(), value };
    let changes = changes.iter().map(change).collect();
    let next = world.state.proposal_count();
    world.ok(name, Command::Propose(Propose { changes, audit: Digest::ZERO }));
    ProposalId::new(u64::try_from(next).expect("few"))
}

/// Opens blocks until an epoch has begun.
pub fn until(world: &mut World, epoch: Epoch) {
    while world.state.epoch() < epoch {
        world.block();
    }
}

/// Opens blocks until a proposal's stage is over.
pub fn pass(world: &mut World, proposal: ProposalId) {
    let due = world.state.proposal(proposal).expect("remembered").due;
    until(world, due);
}

/// A vote of a name.
pub fn ballot(proposal: ProposalId, choice: BallotChoice) -> Command {
    Command::CastBallot(CastBallot { proposal, choice })
}

/// `name` votes.
pub fn vote(world: &mut World, name: &str, proposal: ProposalId, choice: BallotChoice) {
    world.ok(name, ballot(proposal, choice));
}

/// Where a proposal stands.
pub fn stage(world: &World, proposal: ProposalId) -> ProposalStage {
    world.state.proposal(proposal).expect("remembered").stage
}

/// What was said to it.
pub fn tally(world: &World, proposal: ProposalId) -> Tally {
    world.state.proposal(proposal).expect("remembered").tally
}
