//! What every proposal has in common: a row, a deposit, an electorate, and an end.
//!
//! Law: money stands behind a proposal until its vote is over; a row leaves after its ballots.
//! Not here: what is decided, and what follows from it (`acts`, `spends`).

use alloc::vec::Vec;

use crate::{
    context::Context,
    governance::{
        Electorate, Ending, Forum, Matter, PHASE_COUNCIL, Proposal, ProposalStage, Tally,
        params::GovernanceParams,
    },
    ids::{AccountId, Asset, Digest, ProposalId},
    ledger::{Pot, Reason},
    num::{Amount, Epoch, Epochs},
    shared::Arc,
    state::State,
    timers::Timer,
};

/// Ballots of one proposal that leave in one epoch.
const BALLOTS_LEAVE_MAX: usize = 4_096;

/// Opens the row and the pot of what somebody puts to the vote; voting begins after `delay`.
pub(crate) fn open(
    cx: &mut Context<'_>,
    account: AccountId,
    (matter, audit): (Matter, Digest),
    delay: Epochs,
) -> ProposalId {
    let opens = cx.epoch().after(delay);
    let appeals = matter.appeals().is_some();
    let in_council = appeals && cx.params().governance().phase == PHASE_COUNCIL;
    let listed = matter.list();
    let row = Proposal {
        account,
        matter,
        forum: if in_council { Forum::Council } else { Forum::Stake },
        council: Vec::new(),
        audit: (audit != Digest::ZERO).then_some(audit),
        params: cx.state.params.pin_current(),
        stage: ProposalStage::Pending,
        due: opens,
        electorate: None,
        power: Amount::ZERO,
        tally: Tally::default(),
        ending: Ending::AsSet,
        last_ballot: None,
    };
    let governance = &mut cx.state.governance;
    let id = ProposalId::from_index(governance.proposals.push(row));
    if let Some(count) = governance.count_mut(listed) {
        *count = count.saturating_add(1);
    }
    cx.state.ledger.open_proposal();
    cx.state.timers.set_epoch(opens, Timer::Proposal(id));
    id
}

/// The rules that a proposal's vote follows.
pub(crate) fn rules(state: &State, id: ProposalId) -> GovernanceParams {
    let row = state.governance.proposal(id).expect("the caller has its row");
    *state.params.at(row.params).governance()
}

pub(crate) fn set_due(cx: &mut Context<'_>, id: ProposalId, due: Epoch) {
    let row = cx.state.governance.proposal_mut(id);
    let before = core::mem::replace(&mut row.due, due);
    cx.state.timers.clear_epoch(before, Timer::Proposal(id));
    cx.state.timers.set_epoch(due, Timer::Proposal(id));
}

/// A vote is by the stake of this moment.
pub(crate) fn enter_electorate(cx: &mut Context<'_>, id: ProposalId) {
    let epoch = cx.epoch();
    let locks = cx.state.lock_weight();
    let State { governance, staking, ledger, .. } = &mut *cx.state;
    let electorate = governance.electorates.entry(epoch).or_insert_with(|| {
        let stake = staking.stake_of_fit().saturating_add(ledger.delegated_total());
        let (power, locks) = staking.power(stake, locks);
        let (voters, root) = staking.voters();
        Electorate { proposals: 0, power, locks, root, staking: Arc::new(voters) }
    });
    electorate.proposals = electorate.proposals.saturating_add(1);
    let power = electorate.power;
    let row = governance.proposal_mut(id);
    (row.power, row.electorate) = (power, Some(epoch));
}

/// A vote is over; the stake that it was by is forgotten with the last such vote.
pub(crate) fn leave_electorate(cx: &mut Context<'_>, id: ProposalId) {
    let governance = &mut cx.state.governance;
    let row = governance.proposal(id).filter(|row| row.stage == ProposalStage::Active);
    let Some(epoch) = row.and_then(|row| row.electorate) else { return };
    if let Some(electorate) = governance.electorates.get_mut(&epoch) {
        electorate.proposals = electorate.proposals.saturating_sub(1);
        if electorate.proposals == 0 {
            governance.electorates.remove(&epoch);
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
    leave_list(cx, id);
    set_due(cx, id, leaves);
}

/// A place on the list of its kind is free again.
pub(crate) fn leave_list(cx: &mut Context<'_>, id: ProposalId) {
    let governance = &mut cx.state.governance;
    let list = governance.proposal(id).expect("the caller has its row").matter.list();
    if let Some(count) = governance.count_mut(list) {
        *count = count.checked_sub(1).expect("a proposal ends once");
    }
}

/// Ballots leave from the last to the first, and the lists of those who cast them, then the
/// proposal; the rest waits for the next epoch.
pub(crate) fn forget(cx: &mut Context<'_>, id: ProposalId) {
    let State { governance, accounts, .. } = &mut *cx.state;
    let mut last = governance.proposal(id).and_then(|row| row.last_ballot);
    for _ in 0..BALLOTS_LEAVE_MAX {
        let Some((ballot, row)) = last.and_then(|id| Some((id, governance.ballot(id)?))) else {
            break;
        };
        last = row.previous;
        accounts.account_mut(row.account).ballots.retain(|other| *other != ballot);
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
