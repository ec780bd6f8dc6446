//! Open: the requester shows its part of the seed.

use crate::{
    command::OpenSeed, context::Context, event::Event, ids::AccountId, market::live_in_phase,
    next::Next, seal, verification::OpenSeedRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &OpenSeed,
) -> Result<Next, OpenSeedRejected> {
    let OpenSeed { job: id, preimage } = *command;
    let live = live_in_phase!(cx, id, OpenSeedRejected, Committed);
    let order = cx.state.market.order(id);
    if order.requester != signer {
        return Err(OpenSeedRejected::NotTheRequester);
    }
    if cx.state.verification.case(live).seed.preimage.is_some() {
        return Err(OpenSeedRejected::AlreadyOpened);
    }
    if seal::seed(&preimage) != order.terms.seed_seal {
        return Err(OpenSeedRejected::SealMismatch);
    }
    // From here on the command must succeed.
    cx.state.verification.case_mut(live).seed.preimage = Some(preimage);
    cx.journal.push(Event::SeedOpened { job: id });
    Ok(Next::Draw(live))
}
