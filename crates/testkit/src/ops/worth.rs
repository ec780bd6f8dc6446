//! Worth: what stake is worth is posted, and credits are converted at it, at random.

use earnest_protocol::{
    AccountId, Amount, Asset, Command, Epoch, Factor, Role, State, command::*, ledger::Pot,
};

use super::{Op, edge, operators_of};

/// A validator, or anyone, seals or opens a price: in its epoch or beside it, as it was sealed or
/// not.
pub(super) fn post(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let validators = operators_of(state, Role::Validator);
    let validators: Vec<AccountId> = validators.collect();
    let one = validators.get(usize::from(op.who) % validators.len().max(1));
    let signer = if op.twist < 32 { anyone } else { one.copied().unwrap_or(anyone) };
    let beside = u64::from(op.amount / 16 == 0);
    let price = match op.amount % 8 {
        0 => Factor::ZERO,
        1 => Factor::MAX,
        amount => Factor::percent(30 + u64::from(amount)),
    };
    if op.amount.is_multiple_of(2) {
        let epoch = Epoch::new(state.epoch().count() + beside);
        let seal = crate::prices::seal_of(state, signer, epoch, price);
        return (signer, Command::SealPrice(SealPrice { epoch, seal }));
    }
    let epoch = Epoch::new((state.epoch().count() + beside).saturating_sub(1));
    let price = match op.twist % 3 {
        0 => price,
        _ => crate::prices::price_of(signer, epoch).unwrap_or(price),
    };
    let salt = crate::prices::SALT;
    (signer, Command::OpenPrice(OpenPrice { epoch, price, salt }))
}

/// Somebody mints credits, or whoever earned most redeems some: as many as may be, more, or less.
pub(super) fn convert(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    if op.amount.is_multiple_of(3) {
        let free = state.balance(Pot::Free(anyone, Asset::Stake));
        let most = if op.who.is_multiple_of(8) { free } else { free.min(state.mint_room()) };
        let credits_min = if op.twist == 254 { Amount::MAX } else { Amount::ZERO };
        let stake = edge(most, op.amount / 3);
        return (anyone, Command::MintCredits(MintCredits { stake, credits_min }));
    }
    let most = state.accounts().max_by_key(|(_, account)| account.earned);
    let earner = most.filter(|_| !op.who.is_multiple_of(16)).map(|(id, _)| id);
    let signer = earner.unwrap_or(anyone);
    let earned = state.account(signer).map_or(Amount::ZERO, |account| account.earned);
    let room = state.credit_prices().ok().and_then(|prices| {
        let left = state.redeem_room(prices.least).left(state.params().credits());
        prices.most.amount_floor(left)
    });
    let most = earned.min(state.free(signer)).min(room.unwrap_or(Amount::MAX));
    let stake_min = if op.twist == 254 { Amount::MAX } else { Amount::ZERO };
    let credits = edge(most.max(Amount::UNIT), op.amount / 3);
    (signer, Command::RedeemCredits(RedeemCredits { credits, stake_min }))
}
