//! Prove: the accused lays one step before the referee.

use alloc::vec::Vec;

use crate::{
    command::ProveStep,
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    num::Gas,
    referee::Ruling,
    verification::{Geometry, ProveStepRejected, Turn, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ProveStep,
) -> Result<Next, ProveStepRejected> {
    let ProveStep { job: id, node, ref evidence } = *command;
    let live = live_in_phase!(cx, id, ProveStepRejected, Challengeable);
    if cx.state.market.assignment(live).account != signer {
        return Err(ProveStepRejected::NotTheProvider);
    }
    let task = cx.state.market.order(id).terms.task;
    let docket = cx.state.verification.docket(live);
    if docket.awaiting(Turn::Accused, node).is_empty() || Geometry::of(&task).leaf(node).is_none() {
        return Err(ProveStepRejected::NotAwaited);
    }
    if docket.ruling(node).is_some() {
        return Err(ProveStepRejected::HeardBefore);
    }
    let case = acts::step_case(cx.state, live, (&task, node));
    let code: Vec<&[u8]> = cx.state.storage.programs.code_of(&task);
    let ruling = cx.referee.judge(&case.shown(&code, evidence));
    let ruling = ruling.map_err(|_| ProveStepRejected::EvidenceInvalid)?;
    // From here on the command must succeed. Evidence that is none was refused before anything was
    // executed: its bytes have paid, and no clock stands still for it.
    let spent = acts::judgement_gas(cx.state, id).count();
    let spent = cx.state.chain.referee_gas.count().saturating_add(spent);
    cx.state.chain.referee_gas = Gas::new(spent);
    acts::hear(cx, live, node, ruling);
    cx.journal.push(Event::StepJudged { job: id, node, ruling });
    Ok(match ruling {
        Ruling::Holds | Ruling::Fails => Next::StepJudged(live, node),
        Ruling::Unheard => Next::Nothing,
    })
}
