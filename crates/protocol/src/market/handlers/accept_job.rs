//! Accept: the winner takes the job, and says that it has every byte of program and input. While
//! other jobs' audits need all that validators can lock, it has said so, and waits.

use crate::{
    command::AcceptJob,
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, JobId},
    market::{
        AcceptJobRejected, Accepted, Assignment, Phase, acts,
        handlers::post_job::{audit_capacity, fallback_left, fallback_reserve, reserved_locks},
        live_in_phase,
    },
    next::Next,
    num::Amount,
    state::State,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &AcceptJob,
) -> Result<Next, AcceptJobRejected> {
    let id = command.job;
    let live = live_in_phase!(cx, id, AcceptJobRejected, Offered);
    let assignment = *cx.state.market.assignment(live);
    if assignment.account != signer {
        return Err(AcceptJobRejected::NotTheWinner);
    }
    if !cx.state.staking.operator(assignment.operator).is_fit() {
        // Its collateral is locked already, so only standing can have changed.
        return Err(AcceptJobRejected::MayNotWork);
    }
    let short = shortage(cx.state, id);
    if let Some((wanted, available)) = short.filter(|_| assignment.willing) {
        return Err(AcceptJobRejected::AuditCapacityExceeded { wanted, available });
    }
    // From here on the command must succeed.
    if short.is_some() {
        // Its word stands until the offer lapses: who would accept and cannot is not to blame.
        cx.state.market.assignment_mut(live).willing = true;
        return Ok(Next::Nothing);
    }
    Ok(take_up(cx, live))
}

/// What is wanted and what there is, if there is too little for the audit of this job: of what
/// validators can lock, or of the leader's bond, which pays if its beacon is withheld.
pub(crate) fn shortage(state: &State, id: JobId) -> Option<(Amount, Amount)> {
    let order = state.market.order(id);
    let locks = locks_with(state, id);
    let fallback = (fallback_reserve(state, &order.bound), fallback_left(state));
    let available = audit_capacity(state, &order.terms);
    [(locks, available), fallback].into_iter().find(|(wanted, available)| wanted > available)
}

/// What audits may lock at once, this job's included.
fn locks_with(state: &State, id: JobId) -> Amount {
    let order = state.market.order(id);
    let locks = reserved_locks(order.audit_lock, &order.bound).unwrap_or(Amount::MAX);
    state.market.audit_locks_reserved.saturating_add(locks)
}

/// The winner begins; the caller knows that there is room for the audit.
pub(crate) fn take_up(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let Assignment { job: id, slot, account, price, .. } = *cx.state.market.assignment(live);
    let (now, grace) = (cx.now(), cx.pinned(id).market().grace_blocks);
    let due = now.after(cx.state.market.order(id).terms.deadline_blocks);
    let until = due.after(grace);
    let (locks, fallback) =
        (locks_with(cx.state, id), fallback_reserve(cx.state, &cx.state.market.order(id).bound));
    cx.state.market.assignment_mut(live).accepted = Some(Accepted { at: now, due });
    let market = &mut cx.state.market;
    market.audit_locks_reserved = locks;
    market.fallback_reserved = market.fallback_reserved.saturating_add(fallback);
    let job = cx.state.market.job_mut(id);
    job.fallback = fallback;
    let losers = core::mem::take(&mut *job.ranks).into_iter().filter(|other| *other != slot);
    for loser in losers {
        acts::release_bid(cx, id, loser);
    }
    acts::return_bid_deposit(cx, id, slot);
    cx.state.market.job_mut(id).forget_bids();
    acts::enter_phase(cx, live, Phase::Executing, until);
    cx.journal.push(Event::JobAccepted { job: id, account, price, due, until });
    Next::DropRequests(live)
}
