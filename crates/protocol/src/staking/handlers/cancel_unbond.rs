//! Cancel an unbonding: what was leaving is bonded again, what was unbonded last first.
//!
//! Law: what is bonded again answers for at least what it answered for while it was leaving, for
//! the bond answers for everything.

use crate::{
    command::CancelUnbond,
    context::Context,
    event::Event,
    ids::{AccountId, UnbondingId},
    ledger::{Pot, Reason},
    next::Next,
    num::Amount,
    staking::{CancelUnbondRejected, Leaver, Standing, acts},
    timers::Timer,
};

use super::unbond::forget;

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CancelUnbond,
) -> Result<Next, CancelUnbondRejected> {
    let CancelUnbond { role, amount: wanted } = *command;
    if wanted.is_zero() {
        return Err(CancelUnbondRejected::AmountMustBePositive);
    }
    let id = cx.state.operator_id(signer, role).ok_or(CancelUnbondRejected::NotAnOperator)?;
    let operator = cx.state.staking.operator(id);
    if operator.standing == Standing::Tombstoned {
        return Err(CancelUnbondRejected::Tombstoned);
    }
    let of = |entry: UnbondingId| (entry, cx.state.ledger.balance(Pot::Unbonding(entry)));
    let entries: alloc::vec::Vec<_> = operator.unbondings.iter().rev().copied().map(of).collect();
    let all = entries.iter().fold(Amount::ZERO, |sum, (_, there)| sum.saturating_add(*there));
    if wanted > all {
        return Err(CancelUnbondRejected::ExceedsUnbonding { wanted, unbonding: all });
    }
    let stake = operator.stake.checked_add(wanted).expect("both are parts of the supply");
    let minimum = operator.stake_min;
    if stake < minimum {
        return Err(CancelUnbondRejected::BelowMinimum { wanted: stake, minimum });
    }
    // From here on the command must succeed.
    let (leaver, now) = (Leaver::Own(operator.pool_key()), cx.epoch());
    let mut left = wanted;
    for (entry, there) in entries {
        let part = there.min(left);
        if part.is_zero() {
            // A slash took all of it and may yet be undone.
            continue;
        }
        left = left.saturating_sub(part);
        let place = cx.state.staking.unbonding(entry).place;
        cx.state.staking.stay(leaver, (part, there.saturating_sub(part)), place, now);
        cx.pay(Pot::Unbonding(entry), Pot::Bond(id), part, Reason::UnbondCancelled);
        if part == there {
            let matures = cx.state.staking.unbonding(entry).matures;
            cx.state.timers.clear_epoch(matures, Timer::Unbonding(entry));
            forget(cx, entry);
        }
    }
    acts::set_stake(cx, id, stake);
    cx.journal.push(Event::UnbondCancelled { account: signer, operator: id, role, amount: wanted });
    Ok(Next::Nothing)
}
