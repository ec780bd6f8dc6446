//! What time does with proposals: it opens and closes their votes, adopts what was accepted, and
//! forgets what is over.
//!
//! Law: money stands behind a proposal until its vote is over, and nobody has to ask for it back;
//! the slashes that an appeal holds are paid out or undone by its decision, in the same block.
//! Not here: what a vote comes to (`tally`).

use alloc::vec::Vec;

use crate::{
    context::Context,
    event::Event,
    governance::{
        Defeat, Electorate, Ending, Forum, Matter, PHASE_COUNCIL, Proposal, ProposalStage, Tally,
    },
    ids::{AccountId, Asset, Digest, OperatorId, ProposalId, SlashId},
    ledger::{Pot, Reason},
    num::{Amount, Epoch, Epochs},
    shared::Arc,
    slashing,
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
        | ProposalStage::Cancelled
        | ProposalStage::Granted => forget(cx, id),
    }
}

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
    governance.open = governance.open.saturating_add(u32::from(!appeals));
    cx.state.ledger.open_proposal();
    cx.state.timers.set_epoch(opens, Timer::Proposal(id));
    id
}

/// An operator of the account of which a slash waits.
pub(crate) fn convicted(state: &State, account: AccountId) -> Option<OperatorId> {
    let mut own = state.accounts.account(account).operators.iter().map(|(_, id)| *id);
    own.find(|id| state.staking.delegation_pool(*id).slashes_waiting > 0)
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
    let row = cx.state.governance.proposal_mut(id);
    row.stage = ProposalStage::Active;
    if row.forum == Forum::Stake {
        enter_electorate(cx, id);
    }
    let row = cx.state.governance.proposal_mut(id);
    let (power, appeals, version) = (row.power, row.matter.appeals().is_some(), row.params);
    let rules = cx.state.params.at(version);
    let voting = match appeals {
        true => rules.slashing().appeal_epochs,
        false => rules.governance().voting_epochs,
    };
    let closes = epoch.after(voting);
    set_due(cx, id, closes);
    cx.journal.push(Event::VotingOpened { proposal: id, power, closes });
}

/// A vote is by the stake of this moment.
fn enter_electorate(cx: &mut Context<'_>, id: ProposalId) {
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
    (row.power, row.electorate) = (power, Some(epoch));
}

/// A vote is over; the stake that it was by is forgotten with the last such vote.
fn leave_electorate(cx: &mut Context<'_>, id: ProposalId) {
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
    let row = cx.state.governance.proposal_mut(id);
    let (appeals, forum) = (row.matter.appeals(), row.forum);
    if let Some(slash) = appeals {
        silence(cx, id, slash);
    }
    leave_electorate(cx, id);
    let rules = rules(cx.state, id);
    let row = cx.state.governance.proposal_mut(id);
    let decided = match forum {
        Forum::Stake => row.tally.decide(row.power, &rules),
        // Enough of them would have ended it before.
        Forum::Council => Err(Defeat::Council),
    };
    match appeals {
        Some(slash) => decide_appeal(cx, id, slash, decided),
        None => decide_changes(cx, id, decided, &rules),
    }
}

/// The council has spoken: what it vetoed ends, its deposit given back, and an appeal is decided.
pub(crate) fn conclude(cx: &mut Context<'_>, id: ProposalId, decided: Result<(), Defeat>) {
    leave_electorate(cx, id);
    let row = cx.state.governance.proposal(id).expect("the caller has its row");
    if let Some(slash) = row.matter.appeals() {
        decide_appeal(cx, id, slash, decided);
        return;
    }
    if let Err(why) = decided {
        return_deposit(cx, id);
        end(cx, id, ProposalStage::Defeated(why));
        cx.journal.push(Event::ProposalDefeated { proposal: id, why });
    }
}

fn decide_changes(
    cx: &mut Context<'_>,
    id: ProposalId,
    decided: Result<(), Defeat>,
    rules: &GovernanceParams,
) {
    if decided == Err(Defeat::Veto) {
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

/// What those said whose own slashes wait for this decision does not count: some were convicted
/// after they had voted.
fn silence(cx: &mut Context<'_>, id: ProposalId, slash: SlashId) {
    for held in cx.state.slashing.alike(slash) {
        let account = cx.state.slashing.slash(held).account;
        let State { accounts, governance, .. } = &mut *cx.state;
        for ballot in accounts.account(account).ballots.iter().copied() {
            let Some(row) = governance.ballots.get_mut(ballot.index()) else { continue };
            if row.proposal == id
                && let Some(choice) = row.choice.take()
            {
                let counted = row.counted();
                governance.proposal_mut(id).tally.remove(choice, counted);
            }
        }
    }
}

/// Undoes all slashes that waited for an appeal, or pays them out; who appealed for nothing loses
/// the deposit, also if too few cared to say so (m21).
fn decide_appeal(
    cx: &mut Context<'_>,
    id: ProposalId,
    slash: SlashId,
    decided: Result<(), Defeat>,
) {
    let held = cx.state.slashing.alike(slash);
    match decided {
        Ok(()) => {
            return_deposit(cx, id);
            end(cx, id, ProposalStage::Granted);
            cx.journal.push(Event::AppealGranted { proposal: id });
            // The last first, so that each finds the standing that it changed.
            held.into_iter().rev().for_each(|slash| slashing::acts::reverse(cx, slash));
        }
        Err(why) => {
            cx.pay_all(Pot::Proposal(id), Pot::Burnt(Asset::Stake), Reason::AppealLost);
            end(cx, id, ProposalStage::Defeated(why));
            cx.journal.push(Event::ProposalDefeated { proposal: id, why });
            held.into_iter().for_each(|slash| slashing::acts::execute(cx, slash));
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
    let (version, counted) = (row.params, u32::from(row.matter.appeals().is_none()));
    cx.state.params.unpin(version);
    let open = &mut cx.state.governance.open;
    *open = open.checked_sub(counted).expect("a proposal ends once");
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

/// Ballots leave from the last to the first, and the lists of those who cast them, then the
/// proposal; the rest waits for the next epoch.
fn forget(cx: &mut Context<'_>, id: ProposalId) {
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
