//! Reject: a challenger names the first child it rejects, accepting those before it.

use crate::{
    command::{Node, RejectChild},
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    verification::{ARITY, RejectChildRejected, Turn, acts, child_exists, depth},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RejectChild,
) -> Result<Next, RejectChildRejected> {
    let RejectChild { job: id, child } = *command;
    let live = live_in_phase!(cx, id, RejectChildRejected, Challengeable);
    let steps = cx.state.market.order(id).terms.task.steps;
    let docket = cx.state.verification.docket(live);
    let index = docket.dispute_of(signer).ok_or(RejectChildRejected::NoDispute)?;
    let dispute = docket.dispute(index);
    if dispute.turn != Turn::Challenger {
        return Err(RejectChildRejected::NotYourTurn);
    }
    let parent = dispute.node;
    let below = parent.index.saturating_mul(ARITY).saturating_add(u64::from(child));
    let node = Node { level: parent.level.saturating_add(1), index: below };
    if u64::from(child) >= ARITY || !child_exists(steps, node) {
        return Err(RejectChildRejected::NoSuchChild { child });
    }
    // From here on the command must succeed.
    let at_leaf = node.level == depth(steps);
    let disclosed = !at_leaf && docket.children(node).is_some();
    // A step already judged is answered from the record (C9); one that failed ended the case.
    let ruled = at_leaf && docket.ruling(node.index).is_some();
    let next = if disclosed { Turn::Challenger } else { Turn::Accused };
    acts::make_move(cx, live, index, node, next);
    let leaf = at_leaf.then_some(node.index);
    cx.journal.push(Event::ChildRejected { job: id, challenger: signer, node, leaf });
    Ok(if ruled { Next::ChallengeLost(live, index) } else { Next::Nothing })
}
