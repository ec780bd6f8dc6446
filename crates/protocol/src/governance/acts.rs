//! What time does with proposals: it opens and closes their votes, adopts or begins what was
//! accepted, and forgets what is over.
//!
//! Law: money stands behind a proposal until its vote is over, and nobody has to ask for it back;
//! the slashes that an appeal holds are paid out or undone by its decision, in the same block.
//! Not here: what a vote comes to (`tally`), rows and deposits (`hold`), money (`spends`).

pub(crate) mod hold;
pub(crate) mod spends;

use crate::{
    context::Context,
    event::Event,
    governance::{Defeat, Ending, Forum, Matter, ProposalStage, SpendEnding},
    ids::{AccountId, Asset, OperatorId, ProposalId, SlashId},
    ledger::{Pot, Reason},
    num::{Epoch, Epochs},
    slashing,
    state::State,
};

use super::params::GovernanceParams;
use hold::{end, enter_electorate, forget, leave_electorate, return_deposit, rules, set_due};

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
        | ProposalStage::Granted
        | ProposalStage::Spent { .. } => forget(cx, id),
        ProposalStage::Paying(_) => spends::finish(cx, id, SpendEnding::Lapsed),
    }
}

/// An operator of the account of which a slash waits.
pub(crate) fn convicted(state: &State, account: AccountId) -> Option<OperatorId> {
    let mut own = state.accounts.account(account).operators.iter().map(|(_, id)| *id);
    own.find(|id| state.staking.delegation_pool(*id).slashes_waiting > 0)
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
        None => decide_other(cx, id, decided, &rules),
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
    if row.stage.paying().is_some() {
        spends::finish(cx, id, SpendEnding::Council);
        return;
    }
    if let Err(why) = decided {
        return_deposit(cx, id);
        end(cx, id, ProposalStage::Defeated(why));
        cx.journal.push(Event::ProposalDefeated { proposal: id, why });
    }
}

/// Changes and spends wait for their timelock, a stop is carried out at once.
fn decide_other(
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
    let row = cx.state.governance.proposal(id);
    let stops = row.and_then(|row| row.matter.stops());
    match (decided, stops) {
        (Ok(()), Some(spend)) => spends::stop(cx, id, spend),
        (Ok(()), None) => {
            let due = cx.epoch().after(rules.timelock_epochs);
            let until = due.after(rules.expiry_epochs);
            cx.state.governance.proposal_mut(id).stage = ProposalStage::Queued(until);
            set_due(cx, id, due);
            cx.journal.push(Event::ProposalQueued { proposal: id, due });
        }
        (Err(why), _) => {
            spends::let_go(cx, id);
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

fn execute(cx: &mut Context<'_>, id: ProposalId, until: Epoch) {
    let Some(row) = cx.state.governance.proposal(id) else { return };
    if let Matter::Spend(spend) = row.matter {
        spends::begin(cx, id, spend);
        return;
    }
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
