//! Refine: the accused commits to a tree over the finer steps within a disputed one, once for all
//! who wait for it, and discloses the children of its root.

use crate::{
    command::RefineStep,
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    verification::{Geometry, RefineStepRejected, Turn, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RefineStep,
) -> Result<Next, RefineStepRejected> {
    let RefineStep { job: id, node, ref children, ref proof } = *command;
    let live = live_in_phase!(cx, id, RefineStepRejected, Challengeable);
    if cx.state.market.assignment(live).account != signer {
        return Err(RefineStepRejected::NotTheProvider);
    }
    let task = cx.state.market.order(id).terms.task;
    let waiting = cx.state.verification.docket(live).awaiting(Turn::Accused, node);
    if waiting.is_empty() || !Geometry::of(&task).refines(node) {
        return Err(RefineStepRejected::NotAwaited);
    }
    let case = acts::step_case(cx.state, live, (&task, node));
    let root = cx.referee.refines(&case.shown(&[], proof), children);
    let root = root.ok_or(RefineStepRejected::ProofInvalid)?;
    // From here on the command must succeed.
    let docket = cx.state.verification.docket_mut(live);
    docket.refined.push((node, root));
    docket.disclose(node, children.clone());
    cx.journal.push(Event::StepRefined { job: id, node, children: children.clone() });
    for index in waiting {
        acts::make_move(cx, live, index, node, Turn::Challenger);
    }
    Ok(Next::Nothing)
}
