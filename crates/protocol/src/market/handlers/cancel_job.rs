//! Cancel: a requester takes its job back, as long as nobody knows what anybody would have asked.

use crate::{
    command::CancelJob,
    context::Context,
    ids::AccountId,
    market::{CancelJobRejected, CloseReason, Outcome, Phase},
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CancelJob,
) -> Result<Next, CancelJobRejected> {
    let id = command.job;
    let phase = cx.state.market.phase(id).ok_or(CancelJobRejected::JobNotFound)?;
    if cx.state.market.order(id).requester != signer {
        return Err(CancelJobRejected::NotRequester);
    }
    if phase != Phase::Bidding {
        return Err(CancelJobRejected::WrongPhase { phase });
    }
    // From here on the command must succeed.
    Ok(Next::Close(id, Outcome::Expired, CloseReason::Cancelled))
}
