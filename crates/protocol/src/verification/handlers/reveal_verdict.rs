//! Reveal: an auditor opens its verdict.

use crate::{
    command::RevealVerdict,
    context::Context,
    event::Event,
    ids::{AccountId, Role},
    market::live_in_phase,
    next::Next,
    seal,
    verification::{Claim, RevealVerdictRejected, SeatState},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RevealVerdict,
) -> Result<Next, RevealVerdictRejected> {
    let RevealVerdict { job: id, opening } = *command;
    let live = live_in_phase!(cx, id, RevealVerdictRejected, Revealing);
    let operator = cx.state.operator_id(signer, Role::Validator);
    let case = cx.state.verification.case(live);
    let seat = operator.and_then(|operator| case.seat_of(operator));
    let seat = seat.ok_or(RevealVerdictRejected::NotDrawn)?;
    let SeatState::Committed(sealed) = case.seats.get(seat).expect("just found").state else {
        return Err(RevealVerdictRejected::AlreadyRevealed);
    };
    let address = cx.state.accounts.account(signer).address;
    if seal::result(&cx.state.chain.network, id, &address, &opening) != sealed {
        return Err(RevealVerdictRejected::SealMismatch);
    }
    // From here on the command must succeed.
    let case = cx.state.verification.case_mut(live);
    case.seat_mut(seat).state = SeatState::Revealed(Claim::new(&opening));
    let complete = case.claim().is_some() && !case.has_sealed_seats();
    let root = opening.root;
    cx.journal.push(Event::VerdictRevealed { job: id, account: signer, root });
    Ok(if complete { Next::OpenWindow(live) } else { Next::Nothing })
}
