//! Report: somebody's sealed result is shown to be known before its reveal (C12).

use crate::{
    command::ReportCopy,
    context::Context,
    event::Event,
    ids::{AccountId, Digest},
    market::live_in_phase,
    next::Next,
    seal,
    verification::{ReportCopyRejected, SeatState},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ReportCopy,
) -> Result<Next, ReportCopyRejected> {
    let ReportCopy { job: id, accused, opening } = *command;
    let live = live_in_phase!(cx, id, ReportCopyRejected, Committed | Auditing | AuditingOpen);
    if accused == signer {
        return Err(ReportCopyRejected::OwnSeal);
    }
    let provider = cx.state.market.assignment(live).account;
    let case = cx.state.verification.case(live);
    let seat = case.seats.iter().position(|seat| seat.account == Some(accused));
    let state = seat.and_then(|seat| case.seats.get(seat)).map(|seat| seat.state);
    let sealed: Option<Digest> = match state {
        Some(SeatState::Committed(seal)) => Some(seal),
        _ if provider == accused => case.result.map(|result| result.seal),
        _ => None,
    };
    let sealed = sealed.ok_or(ReportCopyRejected::NothingSealed)?;
    let network = cx.state.chain.network;
    let address = cx.state.accounts.account(accused).address;
    if seal::result(&network, id, &address, &opening) != sealed {
        return Err(ReportCopyRejected::SealMismatch);
    }
    let finder = cx.state.accounts.account(signer);
    let report = seal::report(&network, id, &finder.address, &sealed, &opening);
    let before = finder.report.as_deref().filter(|(seal, at)| *seal == report && *at < cx.now());
    if before.is_none() {
        return Err(ReportCopyRejected::NotSealedBefore);
    }
    // From here on the command must succeed.
    cx.state.accounts.account_mut(signer).report = None;
    cx.journal.push(Event::CopyReported { job: id, accused, finder: signer });
    Ok(match seat {
        Some(seat) => Next::AuditorCopied(live, seat, signer),
        None => Next::ProviderCopied(live, signer),
    })
}
