//! What changes an active set: a stake, a standing, an unbonding, a vote about its size.
//!
//! Law: whoever enters or leaves a set is settled first, so that it earns by stake exactly while it
//! is in it.
//! Not here: when a place changes hands (`staking::set`).

use crate::{
    context::Context,
    event::Event,
    ids::{AccountId, OperatorId},
    staking::{PoolKey, SetTerms, Turn},
};

/// Places of one set that change hands in one block because its size was voted, as many as keys
/// leave in one.
pub(crate) const TURNS_MAX: u64 = 1_024;

/// An operator's stake or standing changed: it and its set follow. The caller has settled what it
/// earned.
pub(super) fn settle(cx: &mut Context<'_>, operator: OperatorId) {
    let (key, terms) = of(cx, operator);
    let was_in = cx.state.staking.pool(key).is_some_and(|pool| 0 < pool.rank(operator).weight);
    cx.state.staking.settle_set(operator, terms);
    super::refresh(cx, operator);
    let is_in = cx.state.staking.operator(operator).may_work();
    if 0 < terms.max && was_in != is_in {
        announce(cx, operator, None);
    }
    if let Some(turn) = cx.state.staking.turn(key, terms) {
        carry_out(cx, turn);
    }
}

/// An operator unbonded by its own will: the margin protects it no longer.
pub(crate) fn give_way(cx: &mut Context<'_>, operator: OperatorId) {
    if let Some(turn) = cx.state.staking.overtaken(operator) {
        carry_out(cx, turn);
    }
}

/// Brings every set in order, as far as a block has time for.
pub(crate) fn settle_all(cx: &mut Context<'_>) {
    for key in cx.state.staking.pool_keys() {
        let terms = SetTerms::of(key.0, cx.params().staking());
        for _ in 0..TURNS_MAX {
            let Some(turn) = cx.state.staking.turn(key, terms) else { break };
            carry_out(cx, turn);
        }
    }
}

fn of(cx: &Context<'_>, operator: OperatorId) -> (PoolKey, SetTerms) {
    let key = cx.state.staking.operator(operator).pool_key();
    (key, SetTerms::of(key.0, cx.params().staking()))
}

fn carry_out(cx: &mut Context<'_>, turn: Turn) {
    match turn {
        Turn::Enters(id) => place(cx, id, false, None),
        Turn::Leaves(id) => place(cx, id, true, None),
        Turn::Replaced(out, by) => {
            let account = cx.state.staking.operator(by).account;
            place(cx, out, true, Some(account));
            place(cx, by, false, None);
        }
    }
}

fn place(cx: &mut Context<'_>, id: OperatorId, outside: bool, by: Option<AccountId>) {
    cx.state.staking.settle_judge(id);
    cx.state.staking.settle_emission(id);
    let now = cx.now();
    cx.state.staking.set_outside(id, outside, now);
    announce(cx, id, by);
}

fn announce(cx: &mut Context<'_>, id: OperatorId, by: Option<AccountId>) {
    let operator = cx.state.staking.operator(id);
    let (account, role, stake) = (operator.account, operator.role, operator.stake);
    let event = match operator.may_work() {
        true => Event::ActiveSetEntered { operator: id, account, role, stake },
        false => Event::ActiveSetLeft { operator: id, account, role, stake, by },
    };
    cx.journal.push(event);
}

#[cfg(test)]
mod tests;
