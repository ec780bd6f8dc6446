//! Claim: what has come free of a grant is paid to its account.

use crate::{
    command::ClaimGrant,
    context::Context,
    event::Event,
    grants::ClaimGrantRejected,
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ClaimGrant,
) -> Result<Next, ClaimGrantRejected> {
    let (wanted, now) = (command.amount, cx.now());
    let grant = *cx.state.grants.of(signer).ok_or(ClaimGrantRejected::NoGrant)?;
    if wanted.is_zero() {
        return Err(ClaimGrantRejected::AmountMustBePositive);
    }
    if now < grant.cliff {
        return Err(ClaimGrantRejected::BeforeCliff { cliff: grant.cliff, now });
    }
    let released = grant.claimable(now);
    if wanted > released {
        return Err(ClaimGrantRejected::ExceedsReleased { wanted, released });
    }
    // From here on the command must succeed.
    if let Some(grant) = cx.state.grants.of_mut(signer) {
        grant.claimed = grant.claimed.saturating_add(wanted);
    }
    cx.pay(Pot::Grants, Pot::Free(signer, Asset::Stake), wanted, Reason::GrantPaid);
    cx.journal.push(Event::GrantClaimed { account: signer, amount: wanted });
    Ok(Next::Nothing)
}
