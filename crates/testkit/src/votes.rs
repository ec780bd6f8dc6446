//! Votes: what tests of governance share.

use earnest_protocol::{
    Address, Amount, Asset, Command, Digest, Epoch, Epochs, ProposalId, Ratio, RawParams,
    command::{BallotChoice, CastBallot, ParamChange, Propose, ProposeSpend, StopSpend},
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

/// The first epoch emits so many tokens to the treasury, and nothing more ever comes; an epoch
/// may let out a ten-thousandth.
pub fn endow(raw: &mut RawParams, tokens: u64) {
    raw.rewards.schedule = 1;
    (raw.rewards.epoch_amount, raw.rewards.lifetime_max) =
        (Amount::tokens(tokens), Amount::tokens(tokens));
    raw.rewards.treasury_share = Ratio::ONE;
    raw.governance.spend_epoch_share = Ratio::new(100_000).expect("below one");
    raw.governance.spend_wait_epochs = Epochs::new(10);
}

/// `name` proposes that `to` has so much of the treasury, of what is bonded.
pub fn spend(
    world: &mut World,
    name: &str,
    (to, amount, epochs): (&str, Amount, u64),
) -> ProposalId {
    let next = world.state.proposal_count();
    world.ok(name, spending(world.address(to), (amount, epochs)));
    ProposalId::new(u64::try_from(next).expect("few"))
}

/// What proposes that an address has so much of the treasury, over so many epochs.
pub fn spending(to: Address, (amount, epochs): (Amount, u64)) -> Command {
    let (asset, epochs, report) = (Asset::Stake, Epochs::new(epochs), Digest::ZERO);
    Command::ProposeSpend(ProposeSpend { to, asset, amount, epochs, report })
}

/// `name` puts to the vote that a spend pays nothing more.
pub fn stop(world: &mut World, name: &str, spend: ProposalId) -> ProposalId {
    let next = world.state.proposal_count();
    world.ok(name, Command::StopSpend(StopSpend { spend, report: Digest::ZERO }));
    ProposalId::new(u64::try_from(next).expect("few"))
}

/// Everybody with a bond votes for these, and their votes end.
pub fn accept(world: &mut World, proposals: &[ProposalId]) {
    for id in proposals {
        if stage(world, *id) == ProposalStage::Pending {
            pass(world, *id);
        }
        for name in ["P1", "P2", "P3", "P4", "V1", "V2", "V3", "V4"] {
            vote(world, name, *id, BallotChoice::Yes);
        }
    }
    for id in proposals {
        if stage(world, *id) == ProposalStage::Active {
            pass(world, *id);
        }
    }
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
