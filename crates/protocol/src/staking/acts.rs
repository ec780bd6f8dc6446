//! What several verbs do with stake: lock it, return it, take it, and keep the pools true.
//!
//! Law: whatever changes a stake, a standing or a bond's pot brings the operator's pool up to
//! date before it returns, and its active set in order.
//! Not here: whether that is deserved.

pub(crate) mod delegated;
pub(crate) mod earn;
pub(crate) mod moved;
pub(crate) mod set;

use crate::{
    context::Context,
    ids::{OperatorId, Role},
    ledger::{Pot, Reason},
    num::Amount,
    staking::Standing,
    state::State,
};

/// Moves free bond into a pot of a job; the stake stays what it was.
pub(crate) fn lock(
    cx: &mut Context<'_>,
    operator: OperatorId,
    pot: Pot,
    amount: Amount,
    reason: Reason,
) {
    cx.pay(Pot::Bond(operator), pot, amount, reason);
    refresh_lock(cx, operator);
}

/// Moves what is left in a pot of a job back to the operator's free bond.
pub(crate) fn release(cx: &mut Context<'_>, operator: OperatorId, pot: Pot, reason: Reason) {
    if !cx.pay_all(pot, Pot::Bond(operator), reason).is_zero() {
        refresh_lock(cx, operator);
    }
}

/// Changes what an operator has at risk; settles what its stake earned first.
pub(crate) fn set_stake(cx: &mut Context<'_>, operator: OperatorId, stake: Amount) {
    cx.state.staking.settle_judge(operator);
    cx.state.staking.settle_emission(operator);
    cx.state.staking.change(operator, |row| row.stake = stake);
    set::settle(cx, operator);
}

/// Takes `amount` out of what an operator has at risk, after it left its pot.
pub(crate) fn reduce_stake(cx: &mut Context<'_>, operator: OperatorId, amount: Amount) {
    let stake = cx.state.staking.operator(operator).stake.checked_sub(amount);
    set_stake(cx, operator, stake.expect("the stake covers the bond and every lock"));
}

/// Changes whether an operator may take new work; settles what its stake earned first.
pub(crate) fn set_standing(cx: &mut Context<'_>, operator: OperatorId, standing: Standing) {
    cx.state.staking.settle_judge(operator);
    cx.state.staking.settle_emission(operator);
    cx.state.staking.change(operator, |row| row.standing = standing);
    set::settle(cx, operator);
}

/// A lock came or went; the stake did not.
fn refresh_lock(cx: &mut Context<'_>, operator: OperatorId) {
    if cx.state.staking.operator(operator).role == Role::Validator {
        refresh(cx, operator);
    }
}

/// Only auditors are drawn by what they can lock; of others a pool knows the weight alone, which a
/// lock does not change.
fn refresh(cx: &mut Context<'_>, operator: OperatorId) {
    let free = pooled_free(cx.state, operator);
    let now = cx.now();
    cx.state.staking.refresh(operator, free, now);
}

/// What of an operator's free bond its pool knows.
pub(crate) fn pooled_free(state: &State, operator: OperatorId) -> Amount {
    match state.staking.operator(operator).role {
        Role::Validator => state.ledger.balance(Pot::Bond(operator)),
        Role::Provider | Role::Replica | Role::Access => Amount::ZERO,
    }
}
