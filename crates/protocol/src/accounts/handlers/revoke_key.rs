//! Revoke: a key may act on the account's behalf no longer.

use crate::{
    accounts::RevokeKeyRejected, command::RevokeKey, context::Context, event::Event,
    ids::AccountId, next::Next, num::Blocks,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RevokeKey,
) -> Result<Next, RevokeKeyRejected> {
    let key = command.key;
    let row = cx.state.accounts.account_mut(signer).remove_key(&key);
    let row = row.ok_or(RevokeKeyRejected::NotAuthorised)?;
    // From here on the command must succeed.
    let at = row.expires.after(Blocks::new(1));
    cx.state.timers.clear_key(at, signer, key);
    cx.journal.push(Event::KeyRevoked { account: signer, key });
    Ok(Next::Nothing)
}

/// A key that has expired leaves, once its time has been taken out of the timers.
pub(crate) fn expire(cx: &mut Context<'_>, account: AccountId, key: crate::ids::Address) {
    if cx.state.accounts.account_mut(account).remove_key(&key).is_some() {
        cx.journal.push(Event::KeyExpired { account, key });
    }
}
