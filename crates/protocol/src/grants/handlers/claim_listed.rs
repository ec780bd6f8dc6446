//! Claim: an entry of the genesis' list is paid to its own address, whoever asks.

use crate::{
    command::ClaimListed,
    context::Context,
    event::Event,
    grants::{ClaimListedRejected, Entry},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    _signer: AccountId,
    command: &ClaimListed,
) -> Result<Next, ClaimListedRejected> {
    let ClaimListed { place, to: address, amount, ref proof } = *command;
    let (list, now) = (cx.state.grants.list.ok_or(ClaimListedRejected::NoList)?, cx.now());
    if !list.is_open(now) {
        return Err(ClaimListedRejected::Closed { closed: list.closes, now });
    }
    if list.places <= place {
        return Err(ClaimListedRejected::NoSuchPlace { place, places: list.places });
    }
    if cx.state.grants.is_taken(place) {
        return Err(ClaimListedRejected::AlreadyClaimed { place });
    }
    if !list.shows(place, &Entry { address, amount }, proof) {
        return Err(ClaimListedRejected::ProofMismatch);
    }
    if amount > list.left {
        return Err(ClaimListedRejected::ExceedsLeft { wanted: amount, left: list.left });
    }
    // From here on the command must succeed.
    cx.state.grants.take(place, amount);
    let account = cx.account_at(address);
    cx.pay(Pot::Grants, Pot::Free(account, Asset::Stake), amount, Reason::ListedPaid);
    cx.journal.push(Event::ListedClaimed { account, place, amount });
    Ok(Next::Nothing)
}
