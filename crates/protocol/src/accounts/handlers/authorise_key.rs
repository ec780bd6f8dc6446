//! Authorise: a key may act on the account's behalf from now on.

use crate::{
    accounts::{Authorisation, AuthoriseKeyRejected, KEYS_MAX},
    command::AuthoriseKey,
    context::Context,
    event::Event,
    ids::AccountId,
    next::Next,
    num::{Amount, Blocks, Height},
};

use super::revoke_key::expire;

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &AuthoriseKey,
) -> Result<Next, AuthoriseKeyRejected> {
    let AuthoriseKey { key, scope, expires, spend_max } = *command;
    let account = cx.state.accounts.account(signer);
    let height = cx.now();
    if key == account.address {
        return Err(AuthoriseKeyRejected::OwnKey);
    }
    if expires < height {
        return Err(AuthoriseKeyRejected::AlreadyExpired { expires, height });
    }
    let known = account.authorisation(&key).copied();
    let live = account.keys.iter().filter(|row| row.counts_at(height)).count();
    let count = u32::try_from(live).unwrap_or(u32::MAX);
    if known.is_none() && count >= KEYS_MAX {
        return Err(AuthoriseKeyRejected::KeysAtLimit { limit: KEYS_MAX });
    }
    // From here on the command must succeed.
    if known.is_none() {
        expire_own(cx, signer, height);
    }
    let account = cx.state.accounts.account_mut(signer);
    // A key that is known goes on counting; any other begins after all that ever left.
    let nonce = known.map_or(account.key_nonce, |row| row.nonce);
    let row = Authorisation { key, scope, expires, spend_max, spent: Amount::ZERO, nonce };
    match account.authorisation_mut(&key) {
        Some(known) => *known = row,
        None => account.keys.push(row),
    }
    let leaves = |expires: Height| expires.after(Blocks::new(1));
    if let Some(known) = known {
        cx.state.timers.clear_key(leaves(known.expires), signer, key);
    }
    cx.state.timers.set_key(leaves(expires), signer, key);
    cx.journal.push(Event::KeyAuthorised { account: signer, key, scope, expires, spend_max });
    Ok(Next::Nothing)
}

/// Rows of the account that wait to leave make room for a new key.
fn expire_own(cx: &mut Context<'_>, account: AccountId, now: Height) {
    let keys = &cx.state.accounts.account(account).keys;
    let over = keys.iter().filter(|row| !row.counts_at(now)).copied();
    for row in over.collect::<alloc::vec::Vec<_>>() {
        cx.state.timers.clear_key(row.expires.after(Blocks::new(1)), account, row.key);
        expire(cx, account, row.key);
    }
}
