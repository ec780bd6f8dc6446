//! Reject: a challenger names the first child it rejects, accepting those before it.

use crate::{
    command::{Node, RejectChild},
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    referee::Ruling,
    verification::{ARITY, Geometry, RejectChildRejected, Turn, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RejectChild,
) -> Result<Next, RejectChildRejected> {
    let RejectChild { job: id, child } = *command;
    let live = live_in_phase!(cx, id, RejectChildRejected, Challengeable);
    let geometry = Geometry::of(&cx.state.market.order(id).terms.task);
    let docket = cx.state.verification.docket(live);
    let index = docket.dispute_of(signer).ok_or(RejectChildRejected::NoDispute)?;
    let dispute = docket.dispute(index);
    if dispute.turn != Turn::Challenger {
        return Err(RejectChildRejected::NotYourTurn);
    }
    let parent = dispute.node;
    let below = parent.index.saturating_mul(ARITY).saturating_add(u64::from(child));
    let node = Node { level: parent.level.saturating_add(1), index: below };
    let place = geometry.place(node).filter(|_| u64::from(child) < ARITY);
    let place = place.ok_or(RejectChildRejected::NoSuchChild { child })?;
    if geometry.is_agreed(node) {
        return Err(RejectChildRejected::FirstStateAgreed);
    }
    // From here on the command must succeed.
    let leaf = place.leaf();
    // A step already judged is answered from the record (C9); one that failed ended the case.
    let held = docket.ruling(node) == Some(Ruling::Holds);
    let next = if docket.children(node).is_some() { Turn::Challenger } else { Turn::Accused };
    acts::make_move(cx, live, index, node, next);
    cx.journal.push(Event::ChildRejected { job: id, challenger: signer, node, leaf });
    Ok(if held { Next::ChallengeLost(live, index) } else { Next::Nothing })
}
