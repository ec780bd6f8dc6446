//! What an operator is paid for work, and its delegators' part of it.
//!
//! Law: the operator's part and the delegators' add up to the pay; one addition shares theirs among
//! however many.
//! Rounding: the commission down and the delegators' part up: the operator, who could cut its work
//! into many small jobs, gains nothing by it.
//! Not here: whether the work was done (`stories`).

use crate::{
    context::Context,
    event::Event,
    ids::{JobId, OperatorId},
    ledger::{Pot, Reason},
    num::{Amount, Ratio},
    state::State,
};

/// Pays an operator out of a pot of a job; its delegators' part waits for them. Returns what the
/// operator itself got.
pub(crate) fn pay(
    cx: &mut Context<'_>,
    operator: OperatorId,
    (from, job): (Pot, JobId),
    amount: Amount,
    reason: Reason,
) -> Amount {
    let part = split(cx, operator, from, amount, reason);
    if !part.is_zero() {
        cx.journal.push(Event::DelegationEarned { job, operator, amount: part });
    }
    amount.saturating_sub(part)
}

/// Pays an operator out of a pot, less its delegators' part, which waits for them; returns that
/// part. In a network of two assets they have none of what is bonded: their pot holds what pays.
pub(crate) fn split(
    cx: &mut Context<'_>,
    operator: OperatorId,
    from: Pot,
    amount: Amount,
    reason: Reason,
) -> Amount {
    let (asset, pays) = (cx.state.ledger.asset_of(from), cx.state.ledger.assets().payment());
    let shared = if asset == pays { amount } else { Amount::ZERO };
    let part = share_out(cx.state, operator, shared);
    let to = Pot::Free(cx.state.staking.operator(operator).account, asset);
    cx.pay(from, to, amount.saturating_sub(part), reason);
    cx.pay(from, Pot::DelegationRewards(operator), part, Reason::DelegationReward);
    part
}

/// Of a pay of `amount` what those who delegate to an operator earn, shared by the indexes of its
/// pool and of the parcels that are on their way to it. What has no share to go to is not earned.
fn share_out(state: &mut State, operator: OperatorId, amount: Amount) -> Amount {
    let staking = &mut state.staking;
    let (own, all) = (staking.operator(operator).stake, staking.delegated_to(operator));
    let pool = staking.delegation_pool(operator);
    let part = part_ceil(amount, pool.commission.rate, own, all);
    if part.is_zero() {
        return Amount::ZERO; // Most have no delegators: their pool stays as it was made.
    }
    let (mut rest, mut earned) = (part, Amount::ZERO);
    for id in pool.moves_in.clone() {
        let parcel = staking.moved_mut(id);
        let there = parcel.shares.amount().units();
        // Down: the pool, which all parcels join, takes what is left.
        let share = part.share_floor(there, all.units()).unwrap_or(Amount::ZERO);
        if let Some(index) = parcel.index.grown_floor(share, parcel.shares.shares().count()) {
            parcel.index = index;
            (rest, earned) = (rest.saturating_sub(share), earned.saturating_add(share));
        }
    }
    let pool = staking.delegation_pool_mut(operator);
    if let Some(index) = pool.index.grown_floor(rest, pool.shares.shares().count()) {
        pool.index = index;
        earned = earned.saturating_add(rest);
    }
    earned
}

/// The pay less the commission, times what is delegated over all that is at risk (up); nothing if
/// nothing is delegated.
fn part_ceil(amount: Amount, rate: Ratio, own: Amount, delegated: Amount) -> Amount {
    let shared = rate.complement().amount_ceil(amount);
    let at_risk = own.saturating_add(delegated);
    shared.share_ceil(delegated.units(), at_risk.units()).unwrap_or(Amount::ZERO)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn units(units: u64) -> Amount {
        Amount::new(units).unwrap()
    }

    proptest! {
        #[test]
        fn cutting_work_into_pieces_takes_nothing_from_delegators(
            pieces in proptest::collection::vec(0..1u64 << 40, 1..20),
            rate in 0..=1_000_000_000u64,
            own in 0..1u64 << 60,
            delegated in 0..1u64 << 60,
        ) {
            let rate = Ratio::new(rate).unwrap();
            let part = |pay| part_ceil(units(pay), rate, units(own), units(delegated)).units();
            let parts: Vec<u64> = pieces.iter().map(|piece| part(*piece)).collect();
            let (whole, sum) = (part(pieces.iter().sum()), parts.iter().sum::<u64>());
            prop_assert!(whole <= sum && sum <= whole + 2 * pieces.len() as u64);
            prop_assert!(parts.iter().zip(&pieces).all(|(part, pay)| part <= pay));
        }
    }

    #[test]
    fn an_operator_alone_or_with_a_commission_of_everything_shares_nothing() {
        let some = units(1_000_003);
        assert_eq!(part_ceil(some, Ratio::ZERO, some, Amount::ZERO), Amount::ZERO);
        assert_eq!(part_ceil(some, Ratio::ONE, some, some), Amount::ZERO);
        assert_eq!(part_ceil(some, Ratio::ZERO, Amount::ZERO, some), some);
        assert_eq!(part_ceil(some, Ratio::ZERO, some, some), units(500_002));
    }
}
