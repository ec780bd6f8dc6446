//! What time and votes do with spends: they begin, are paid part by part, and end.
//!
//! Law: an epoch pays at most its share of the treasury, and shares that between all that is due,
//! so that no spend stands in another's way; what runs is bounded in number, and so is the work.
//! A stop that is accepted comes before the part of its epoch.
//! Not here: how much is due (`spend`), who may propose one (`handlers`).

use alloc::vec::Vec;

use crate::{
    context::Context,
    event::Event,
    governance::{
        Payout, ProposalStage, Running, Spend, SpendEnding, SpendTerms,
        acts::hold::{end, leave_electorate, leave_list, return_deposit, rules, set_due},
    },
    ids::{Asset, ProposalId},
    ledger::{Pot, Reason},
    num::{Amount, Epochs},
};

/// An accepted spend's timelock is over: it begins, cut to what one may have of what is there and
/// promised to nobody.
pub(crate) fn begin(cx: &mut Context<'_>, id: ProposalId, spend: Spend) {
    let (now, current) = (cx.epoch(), *cx.params().governance());
    let share = current.spend_share.min(rules(cx.state, id).spend_share);
    let most = share.amount_floor(cx.state.treasury_unpromised(spend.asset));
    let lapses = now.after(spend.epochs).after(current.spend_wait_epochs);
    let amount = spend.amount.min(most);
    let payout = Payout { amount, paid: Amount::ZERO, since: now, lapses };
    cx.journal.push(Event::SpendBegan { proposal: id, amount, lapses });
    let row = cx.state.governance.proposal_mut(id);
    let version = row.params;
    row.stage = ProposalStage::Paying(payout);
    cx.state.params.unpin(version);
    set_due(cx, id, lapses);
    cx.state.governance.running.push(Running { spend: id, stop: None });
    if amount.is_zero() {
        finish(cx, id, SpendEnding::Lapsed);
    }
}

/// Pays every spend that runs its part of this epoch.
pub(crate) fn pay(cx: &mut Context<'_>) {
    if cx.state.governance.running.is_empty() {
        return;
    }
    for &asset in cx.state.ledger.assets().all() {
        pay_asset(cx, asset);
    }
}

fn pay_asset(cx: &mut Context<'_>, asset: Asset) {
    let epoch = cx.epoch();
    let due = |running: &Running| {
        let row = cx.state.governance.proposal(running.spend)?;
        let spend = row.matter.spends().filter(|spend| spend.asset == asset)?;
        let payout = row.stage.paying()?;
        Some((running.spend, spend.to, payout, payout.due(spend.epochs, epoch)))
    };
    let due: Vec<_> = cx.state.governance.running.iter().filter_map(due).collect();
    // At most what is there: all of it is promised out of the treasury.
    let wanted = due.iter().fold(Amount::ZERO, |sum, (_, _, _, due)| sum.saturating_add(*due));
    let allowance = cx.state.spend_allowance(asset);
    for (id, account, payout, due) in due {
        let terms = SpendTerms { due, wanted, allowance };
        let amount = terms.amount();
        if amount.is_zero() {
            continue;
        }
        cx.pay(Pot::Treasury(asset), Pot::Free(account, asset), amount, Reason::Spend);
        let payout = Payout { paid: payout.paid.saturating_add(amount), ..payout };
        let left = payout.left();
        cx.state.governance.proposal_mut(id).stage = ProposalStage::Paying(payout);
        cx.journal.push(Event::SpendPaid { proposal: id, account, asset, amount, left, terms });
        if left.is_zero() {
            finish(cx, id, SpendEnding::Paid);
        }
    }
}

/// A spend that runs pays nothing more; what would stop it has nothing left to stop.
pub(crate) fn finish(cx: &mut Context<'_>, id: ProposalId, why: SpendEnding) {
    let row = cx.state.governance.proposal(id);
    let Some(payout) = row.and_then(|row| row.stage.paying()) else { return };
    let stop = stop_of(cx, id);
    cx.state.governance.running.retain(|running| running.spend != id);
    leave_list(cx, id);
    cx.state.governance.proposal_mut(id).stage = ProposalStage::Spent { payout, why };
    let leaves = cx.epoch().after(cx.params().governance().memory_epochs);
    set_due(cx, id, leaves);
    let (paid, left) = (payout.paid, payout.left());
    cx.journal.push(Event::SpendEnded { proposal: id, why, paid, left });
    if let Some(stop) = stop {
        leave_electorate(cx, stop);
        return_deposit(cx, stop);
        end(cx, stop, ProposalStage::Cancelled);
        cx.journal.push(Event::ProposalCancelled { proposal: stop });
    }
}

/// A stop was accepted: nothing that was paid comes back.
pub(crate) fn stop(cx: &mut Context<'_>, id: ProposalId, spend: ProposalId) {
    let_go(cx, id);
    end(cx, id, ProposalStage::Granted);
    finish(cx, spend, SpendEnding::Stopped);
}

/// What is open to stop a spend.
pub(crate) fn stop_of(cx: &Context<'_>, spend: ProposalId) -> Option<ProposalId> {
    cx.state.governance.running.iter().find(|running| running.spend == spend)?.stop
}

/// A spend has something open to stop it.
pub(crate) fn hold(cx: &mut Context<'_>, spend: ProposalId, stop: ProposalId) {
    for running in &mut cx.state.governance.running {
        if running.spend == spend {
            running.stop = Some(stop);
        }
    }
}

/// What was to stop a spend is over, and another may.
pub(crate) fn let_go(cx: &mut Context<'_>, stop: ProposalId) {
    for running in &mut cx.state.governance.running {
        if running.stop == Some(stop) {
            running.stop = None;
        }
    }
}

/// Epochs from a stop to its voting: none of the time to read that a change has, since it runs.
pub(crate) const STOP_DELAY: Epochs = Epochs::new(1);
