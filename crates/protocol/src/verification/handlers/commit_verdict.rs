//! Commit: an auditor seals a result of its own, in its seat or in one that is open to all.

use crate::{
    command::CommitVerdict,
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, OperatorId, Role},
    ledger::Pot,
    market::{Phase, live_in_phase},
    next::Next,
    state::State,
    verification::{CommitVerdictRejected, SeatState, Seating, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CommitVerdict,
) -> Result<Next, CommitVerdictRejected> {
    let CommitVerdict { job: id, seal } = *command;
    let live = live_in_phase!(cx, id, CommitVerdictRejected, Auditing | AuditingOpen);
    let operator = cx.state.operator_id(signer, Role::Validator);
    let operator = operator.ok_or(CommitVerdictRejected::NotAValidator)?;
    let case = cx.state.verification.case(live);
    let own = case.seat_of(operator);
    let seat = match own {
        Some(seat) => seat,
        None => open_seat(cx.state, live)?,
    };
    let row = case.seats.get(seat).expect("just found");
    if !row.is_silent() {
        return Err(CommitVerdictRejected::AlreadyCommitted);
    }
    if own.is_none() {
        check_volunteer(cx.state, live, signer, operator)?;
    }
    // From here on the command must succeed.
    let committed = SeatState::Committed(seal);
    if own.is_none() {
        acts::take_seat(cx, live, seat, operator, (Seating::Volunteer, committed));
    } else {
        cx.state.verification.case_mut(live).seat_mut(seat).state = committed;
    }
    cx.journal.push(Event::VerdictCommitted { job: id, account: signer });
    let complete = cx.state.verification.case(live).silent_seats().is_empty();
    Ok(if complete { Next::Reveal(live) } else { Next::Nothing })
}

/// The first seat that is open to whoever takes it.
fn open_seat(state: &State, live: AssignmentId) -> Result<usize, CommitVerdictRejected> {
    let is_open = state.market.assignment(live).phase == Phase::AuditingOpen;
    let seats = &state.verification.case(live).seats;
    let vacant = seats.iter().position(|seat| seat.state == SeatState::Vacant);
    vacant.filter(|_| is_open).ok_or(CommitVerdictRejected::NotDrawn)
}

fn check_volunteer(
    state: &State,
    live: AssignmentId,
    signer: AccountId,
    operator: OperatorId,
) -> Result<(), CommitVerdictRejected> {
    let case = state.verification.case(live);
    if !state.staking.operator(operator).is_fit() || case.barred.contains(&operator) {
        return Err(CommitVerdictRejected::MayNotWork);
    }
    let assignment = state.market.assignment(live);
    let order = state.market.order(assignment.job);
    if let Some((stake, needed)) = state.lacks_place(operator)
        && !acts::counted(state, live, operator)
    {
        return Err(CommitVerdictRejected::OutsideActiveSet { stake, needed });
    }
    if order.requester == signer || assignment.account == signer {
        return Err(CommitVerdictRejected::OwnJob);
    }
    let wanted = order.audit_lock;
    let free_bond = state.ledger.balance(Pot::Bond(operator));
    if wanted > free_bond {
        return Err(CommitVerdictRejected::ExceedsFreeBond { wanted, free_bond });
    }
    Ok(())
}
