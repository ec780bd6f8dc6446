//! Claim: what has come free of a grant is paid to its account, whoever asks.

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
    _signer: AccountId,
    command: &ClaimGrant,
) -> Result<Next, ClaimGrantRejected> {
    let (wanted, now) = (command.amount, cx.now());
    let account = cx.state.accounts.id(&command.to);
    let grant = account.and_then(|account| cx.state.grants.of(account)).copied();
    let grant = grant.ok_or(ClaimGrantRejected::NoGrant)?;
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
    let account = grant.account;
    if let Some(grant) = cx.state.grants.of_mut(account) {
        grant.claimed = grant.claimed.saturating_add(wanted);
    }
    cx.pay(Pot::Grants, Pot::Free(account, Asset::Stake), wanted, Reason::GrantPaid);
    cx.journal.push(Event::GrantClaimed { account, amount: wanted });
    Ok(Next::Nothing)
}
