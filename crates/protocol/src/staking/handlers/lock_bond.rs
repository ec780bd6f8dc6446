//! Lock a bond: its owner promises not to take so much of it out before an epoch, or makes such a
//! promise larger or longer.
//!
//! Law: a lock moves nothing and is no condition of anything but unbonding; its amount and its end
//! never fall, and who promises twice is where one who promised the second alone is.

use crate::{
    command::LockBond,
    context::Context,
    event::Event,
    ids::{AccountId, OperatorId},
    next::Next,
    num::Epochs,
    staking::{LockBondRejected, Standing},
    timers::Timer,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &LockBond,
) -> Result<Next, LockBondRejected> {
    let LockBond { role, amount: wanted, epochs } = *command;
    let max = cx.state.lock_weight().ok_or(LockBondRejected::NotOffered)?.max;
    if wanted.is_zero() {
        return Err(LockBondRejected::AmountMustBePositive);
    }
    if epochs < Epochs::new(1) || epochs > max {
        return Err(LockBondRejected::EpochsOutOfRange { wanted: epochs, max });
    }
    let id = cx.state.operator_id(signer, role).ok_or(LockBondRejected::NotAnOperator)?;
    let row = cx.state.staking.operator(id);
    let (stake, locked, lock) = (row.stake, row.locked(), *row.lock);
    if row.standing == Standing::Tombstoned {
        return Err(LockBondRejected::Tombstoned);
    }
    if wanted > stake {
        return Err(LockBondRejected::ExceedsStake { wanted, stake });
    }
    if wanted < locked {
        return Err(LockBondRejected::BelowLocked { wanted, locked });
    }
    let until = cx.epoch().after(epochs);
    if until < lock.until {
        return Err(LockBondRejected::EndsSooner { wanted: until, until: lock.until });
    }
    // From here on the command must succeed.
    cx.state.staking.settle_emission(id);
    // What a slash took of what was promised may come back, and is locked then.
    let amount = wanted.max(lock.amount);
    cx.state.staking.lock(id, (amount, until));
    cx.state.timers.clear_epoch(lock.until, Timer::Lock(id));
    cx.state.timers.set_epoch(until, Timer::Lock(id));
    cx.journal.push(Event::BondLocked { account: signer, operator: id, role, amount, until });
    Ok(Next::Nothing)
}

/// A lock is over.
pub(crate) fn end(cx: &mut Context<'_>, id: OperatorId) {
    cx.state.staking.settle_emission(id);
    let row = cx.state.staking.operator(id);
    let (account, role, amount) = (row.account, row.role, row.lock.amount);
    cx.state.staking.unlock(id);
    cx.journal.push(Event::LockEnded { account, operator: id, role, amount });
}
