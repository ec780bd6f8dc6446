//! Open: the accused discloses the children of a disputed node, once for all who wait for it.

use crate::{
    command::OpenNode,
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    verification::{Geometry, OpenNodeRejected, Turn, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &OpenNode,
) -> Result<Next, OpenNodeRejected> {
    let OpenNode { job: id, node, ref children } = *command;
    let live = live_in_phase!(cx, id, OpenNodeRejected, Challengeable);
    if cx.state.market.assignment(live).account != signer {
        return Err(OpenNodeRejected::NotTheProvider);
    }
    let task = cx.state.market.order(id).terms.task;
    let waiting = cx.state.verification.docket(live).awaiting(Turn::Accused, node);
    if waiting.is_empty() || Geometry::of(&task).leaf(node).is_some() {
        return Err(OpenNodeRejected::NotAwaited);
    }
    let digest = cx.state.verification.digest(live, node);
    let digest = digest.expect("a disputed node's parent was disclosed");
    if !cx.referee.opens(&task, node, &digest, children) {
        return Err(OpenNodeRejected::ChildrenMismatch);
    }
    // From here on the command must succeed.
    cx.state.verification.docket_mut(live).disclose(node, children.clone());
    cx.journal.push(Event::NodeOpened { job: id, node, children: children.clone() });
    for index in waiting {
        acts::make_move(cx, live, index, node, Turn::Challenger);
    }
    Ok(Next::Nothing)
}
