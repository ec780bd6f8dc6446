//! Challenge: anyone disputes a revealed result, with a deposit behind it.

use crate::{
    command::Challenge,
    context::Context,
    ids::{AccountId, JobId},
    ledger::{AssignmentPot, Pot, Reason},
    market::live_in_phase,
    next::Next,
    num::Amount,
    state::State,
    verification::{ChallengeRejected, Stake, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Challenge,
) -> Result<Next, ChallengeRejected> {
    let id = command.job;
    let live = live_in_phase!(cx, id, ChallengeRejected, Challengeable);
    let (assignment, params) = (*cx.state.market.assignment(live), cx.pinned(id));
    let until = assignment.until;
    if cx.now() > until {
        return Err(ChallengeRejected::WindowClosed { until });
    }
    if assignment.account == signer {
        return Err(ChallengeRejected::OwnResult);
    }
    let docket = cx.state.verification.docket(live);
    if docket.dispute_of(signer).is_some() {
        return Err(ChallengeRejected::AlreadyChallenging);
    }
    let limit = params.verification().disputes_max;
    if u64::try_from(docket.open_challenges()).unwrap_or(u64::MAX) >= u64::from(limit) {
        return Err(ChallengeRejected::DisputesAtLimit { limit });
    }
    let wanted = deposit(cx.state, id).expect("the job is challengeable");
    let free = cx.state.ledger.free(signer);
    if wanted > free {
        return Err(ChallengeRejected::ExceedsFree { wanted, free });
    }
    // From here on the command must succeed.
    let index = u16::try_from(docket.disputes.len()).expect("disputes are limited to thousands");
    let (from, pot) = (cx.free_pot(signer), AssignmentPot::ChallengeDeposit(index));
    cx.pay(from, Pot::Assignment(live, pot), wanted, Reason::ChallengeDeposit);
    acts::open_dispute(cx, live, signer, Stake::Deposit(index));
    Ok(Next::Nothing)
}

/// What stands behind a challenge; nothing if there is no such job.
pub(crate) fn deposit(state: &State, id: JobId) -> Option<Amount> {
    state.market.phase(id)?;
    let order = state.market.order(id);
    let (params, task) = (state.params.at(order.params), order.terms.task);
    let of = (task.form, task.gas_bound);
    Some(params.verification().deposit_of_challenge(of, params.market()))
}
