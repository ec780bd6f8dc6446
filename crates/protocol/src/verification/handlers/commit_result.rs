//! Commit: the provider seals its result, and the weights of this block's end decide its draw.

use crate::{
    command::CommitResult,
    context::Context,
    event::Event,
    ids::AccountId,
    market::{self, Phase, live_in_phase},
    next::Next,
    timers::Timer,
    verification::{CommitResultRejected, SealedResult},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CommitResult,
) -> Result<Next, CommitResultRejected> {
    let CommitResult { job: id, seal } = *command;
    let live = live_in_phase!(cx, id, CommitResultRejected, Executing);
    let assignment = *cx.state.market.assignment(live);
    if assignment.account != signer {
        return Err(CommitResultRejected::NotTheProvider);
    }
    // From here on the command must succeed.
    let (params, now) = (cx.pinned(id), cx.now());
    let accepted = assignment.accepted.expect("an executing assignment was accepted");
    let late = now.since(accepted.due);
    let seed_height = now.after(params.verification().seed_delay_blocks);
    let class = cx.state.market.order(id).terms.class;
    cx.state.staking.pin_auditors(class, now);
    let case = cx.state.verification.case_mut(live);
    case.result = Some(SealedResult { seal, late, claim: None, steps_paid: 0, ending: None });
    case.seed.due = Some(seed_height);
    case.pool_at = Some(now);
    cx.state.timers.set(seed_height, Timer::Seed(live));
    let until = seed_height.after(params.verification().seed_blocks);
    market::acts::enter_phase(cx, live, Phase::Committed, until);
    cx.journal.push(Event::ResultCommitted { job: id, account: signer, late, seed_height });
    Ok(Next::Nothing)
}
