//! Authorise: a key may act on the account's behalf from now on.

use crate::{
    accounts::{Authorisation, AuthoriseKeyRejected, KEYS_MAX},
    command::AuthoriseKey,
    context::Context,
    event::Event,
    ids::AccountId,
    next::Next,
    num::{Amount, Blocks},
    timers::Timer,
};

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
    let count = u32::try_from(account.keys.len()).unwrap_or(u32::MAX);
    if known.is_none() && count >= KEYS_MAX {
        return Err(AuthoriseKeyRejected::KeysAtLimit { limit: KEYS_MAX });
    }
    // From here on the command must succeed.
    let account = cx.state.accounts.account_mut(signer);
    // A key that is known goes on counting; any other begins after all that ever left.
    let nonce = known.map_or(account.key_nonce, |row| row.nonce);
    let row = Authorisation { key, scope, expires, spend_max, spent: Amount::ZERO, nonce };
    match account.authorisation_mut(&key) {
        Some(known) => *known = row,
        None => account.keys.push(row),
    }
    let timer = Timer::RetireKey(signer, key);
    if let Some(known) = known {
        cx.state.timers.clear(known.expires.after(Blocks::new(1)), timer);
    }
    cx.state.timers.set(expires.after(Blocks::new(1)), timer);
    cx.journal.push(Event::KeyAuthorised { account: signer, key, scope, expires, spend_max });
    Ok(Next::Nothing)
}
