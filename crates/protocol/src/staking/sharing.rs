//! Sharing: what of an operator's pay those have who delegate to it.
//!
//! Law: one addition shares it among however many: by the indexes of the operator's pool and of
//! the parcels that are on their way to it.
//! Rounding: the commission down and the delegators' part up: the operator, who could cut its work
//! into many small jobs, gains nothing by it.
//! Not here: where the money lies (`acts/earn`).

use alloc::vec::Vec;

use super::{ShareTerms, Staking};
use crate::{
    ids::{MoveId, OperatorId},
    num::{Amount, Index},
};

/// How a pay is shared, and where its delegators' indexes stand once they have their part.
pub(crate) struct Sharing {
    pub(crate) terms: ShareTerms,
    pool: Option<Index>,
    parcels: Vec<(MoveId, Index)>,
}

impl Staking {
    /// How a pay of `amount` would be shared. What has no share to go to is not the delegators'.
    pub(crate) fn sharing(&self, operator: OperatorId, amount: Amount) -> Sharing {
        let (own, delegated) = (self.operator(operator).stake, self.delegated_to(operator));
        let pool = self.delegation_pool(operator);
        let (commission, unshared) = (pool.commission.rate, Amount::ZERO);
        let mut terms = ShareTerms { commission, own, delegated, unshared };
        let part = terms.part_ceil(amount);
        let (mut rest, mut parcels) = (part, Vec::new());
        if part.is_zero() {
            return Sharing { terms, pool: None, parcels };
        }
        for id in &pool.moves_in {
            let parcel = self.moved(*id);
            let there = parcel.shares.amount().units();
            // Down: the pool, which all parcels join, takes what is left.
            let share = part.share_floor(there, delegated.units()).unwrap_or(Amount::ZERO);
            if let Some(index) = parcel.index.grown_floor(share, parcel.shares.shares().count()) {
                parcels.push((*id, index));
                rest = rest.saturating_sub(share);
            }
        }
        let pool = pool.index.grown_floor(rest, pool.shares.shares().count());
        if pool.is_none() {
            terms.unshared = rest;
        }
        Sharing { terms, pool, parcels }
    }

    /// Carries it out.
    pub(crate) fn share(&mut self, operator: OperatorId, sharing: &Sharing) {
        for (id, index) in &sharing.parcels {
            self.moved_mut(*id).index = *index;
        }
        if let Some(index) = sharing.pool {
            self.delegation_pool_mut(operator).index = index;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::num::Ratio;

    fn part_ceil(pay: Amount, commission: Ratio, own: Amount, delegated: Amount) -> Amount {
        ShareTerms { commission, own, delegated, unshared: Amount::ZERO }.part_ceil(pay)
    }

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
