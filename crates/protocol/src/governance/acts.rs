//! What time does with proposals: it opens and closes their votes, adopts what was accepted, and
//! forgets what is over.
//!
//! Law: money stands behind a proposal until its vote is over, and nobody has to ask for it back.
//! Not here: what a vote comes to (`tally`).

use crate::{
    context::Context,
    event::Event,
    governance::{Electorate, Ending, ProposalStage},
    ids::{Asset, ProposalId},
    ledger::{Pot, Reason},
    num::{Epoch, Epochs},
    shared::Arc,
    state::State,
    timers::Timer,
};

use super::params::GovernanceParams;

/// Ballots of one proposal that leave in one epoch.
const BALLOTS_LEAVE_MAX: usize = 4_096;

/// A proposal's stage is over.
pub(crate) fn proceed(cx: &mut Context<'_>, id: ProposalId) {
    let Some(row) = cx.state.governance.proposal(id) else { return };
    match row.stage {
        ProposalStage::Pending => open_vote(cx, id),
        ProposalStage::Active => close_vote(cx, id),
        ProposalStage::Queued(until) => execute(cx, id, until),
        ProposalStage::Executed(_)
        | ProposalStage::Defeated(_)
        | ProposalStage::Expired(_)
        | ProposalStage::Cancelled => forget(cx, id),
    }
}

/// The rules that a proposal's vote follows.
fn rules(state: &State, id: ProposalId) -> GovernanceParams {
    let row = state.governance.proposal(id).expect("the caller has its row");
    *state.params.at(row.params).governance()
}

fn set_due(cx: &mut Context<'_>, id: ProposalId, due: Epoch) {
    let row = cx.state.governance.proposal_mut(id);
    let before = core::mem::replace(&mut row.due, due);
    cx.state.timers.clear_epoch(before, Timer::Proposal(id));
    cx.state.timers.set_epoch(due, Timer::Proposal(id));
}

fn open_vote(cx: &mut Context<'_>, id: ProposalId) {
    let epoch = cx.epoch();
    let State { governance, staking, ledger, .. } = &mut *cx.state;
    let electorate = governance.electorates.entry(epoch).or_insert_with(|| {
        let power = staking.stake_at_work().saturating_add(ledger.delegated_total());
        let (voters, root) = staking.voters();
        Electorate { proposals: 0, power, root, staking: Arc::new(voters) }
    });
    electorate.proposals = electorate.proposals.saturating_add(1);
    let power = electorate.power;
    let row = governance.proposal_mut(id);
    row.power = power;
    row.electorate = Some(epoch);
    row.stage = ProposalStage::Active;
    let closes = epoch.after(rules(cx.state, id).voting_epochs);
    set_due(cx, id, closes);
    cx.journal.push(Event::VotingOpened { proposal: id, power, closes });
}

/// The quorum came: as many whole epochs of voting are left at the least.
pub(crate) fn extend(cx: &mut Context<'_>, id: ProposalId) {
    let left = rules(cx.state, id).late_quorum_epochs;
    let closes = cx.epoch().after(Epochs::new(1)).after(left);
    let row = cx.state.governance.proposal_mut(id);
    if row.due >= closes {
        return;
    }
    row.ending = Ending::Extended;
    set_due(cx, id, closes);
    cx.journal.push(Event::VotingExtended { proposal: id, closes });
}

fn close_vote(cx: &mut Context<'_>, id: ProposalId) {
    let rules = rules(cx.state, id);
    let row = cx.state.governance.proposal_mut(id);
    let (decided, epoch) = (row.tally.decide(row.power, &rules), row.electorate);
    let vetoed = decided == Err(super::Defeat::Veto);
    let electorates = &mut cx.state.governance.electorates;
    if let Some(epoch) = epoch
        && let Some(electorate) = electorates.get_mut(&epoch)
    {
        electorate.proposals = electorate.proposals.saturating_sub(1);
        if electorate.proposals == 0 {
            electorates.remove(&epoch);
        }
    }
    if vetoed {
        cx.pay_all(Pot::Proposal(id), Pot::Burnt(Asset::Stake), Reason::ProposalVetoed);
    } else {
        return_deposit(cx, id);
    }
    match decided {
        Ok(()) => {
            let due = cx.epoch().after(rules.timelock_epochs);
            let until = due.after(rules.expiry_epochs);
            cx.state.governance.proposal_mut(id).stage = ProposalStage::Queued(until);
            set_due(cx, id, due);
            cx.journal.push(Event::ProposalQueued { proposal: id, due });
        }
        Err(why) => {
            end(cx, id, ProposalStage::Defeated(why));
            cx.journal.push(Event::ProposalDefeated { proposal: id, why });
        }
    }
}

pub(crate) fn return_deposit(cx: &mut Context<'_>, id: ProposalId) {
    let Some(row) = cx.state.governance.proposal(id) else { return };
    let to = Pot::Free(row.account, Asset::Stake);
    cx.pay_all(Pot::Proposal(id), to, Reason::ProposalDepositReturned);
}

/// A proposal is over; its row is remembered for a while.
pub(crate) fn end(cx: &mut Context<'_>, id: ProposalId, stage: ProposalStage) {
    let leaves = cx.epoch().after(rules(cx.state, id).memory_epochs);
    let row = cx.state.governance.proposal_mut(id);
    row.stage = stage;
    let version = row.params;
    cx.state.params.unpin(version);
    let open = &mut cx.state.governance.open;
    *open = open.checked_sub(1).expect("a proposal ends once");
    set_due(cx, id, leaves);
}

fn execute(cx: &mut Context<'_>, id: ProposalId, until: Epoch) {
    let Some(row) = cx.state.governance.proposal(id) else { return };
    match cx.state.adopting(row) {
        Ok(params) => {
            let version = cx.state.params.adopt(params);
            end(cx, id, ProposalStage::Executed(version));
            cx.journal.push(Event::ProposalExecuted { proposal: id, version });
        }
        Err(broken) if cx.epoch() >= until => {
            end(cx, id, ProposalStage::Expired(broken));
            cx.journal.push(Event::ProposalExpired { proposal: id, broken });
        }
        Err(_) => {
            let later = cx.epoch().after(Epochs::new(1));
            set_due(cx, id, later);
        }
    }
}

/// Ballots leave from the last to the first, then the proposal; the rest waits for the next epoch.
fn forget(cx: &mut Context<'_>, id: ProposalId) {
    let governance = &mut cx.state.governance;
    let mut last = governance.proposal(id).and_then(|row| row.last_ballot);
    for _ in 0..BALLOTS_LEAVE_MAX {
        let Some(ballot) = last else { break };
        last = governance.ballot(ballot).and_then(|row| row.previous);
        governance.ballots.retire(ballot.index());
    }
    if last.is_some() {
        governance.proposal_mut(id).last_ballot = last;
        let later = cx.epoch().after(Epochs::new(1));
        set_due(cx, id, later);
        return;
    }
    governance.proposals.retire(id.index());
    cx.state.ledger.retire_proposal(id.index());
}
