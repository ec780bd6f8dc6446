//! `Index`: what one unit of weight has ever earned, so that a reward for all costs one addition;
//! and `Earned`, what somebody's weight came to, exactly.

use serde::{Deserialize, Serialize};

use super::Amount;

/// A cumulative reward per unit of weight, in base units times 2^-64 (Q64.64).
///
/// Whoever is paid remembers the index at which it was last settled, and is settled before its
/// weight changes; what it earned since then is its weight times the growth since then.
///
/// Rounding: growth and earnings round down. Over any history in which the weights sum to the
/// total at every growth, all holders together earn at most what was put in, and what stays with
/// the payer is less than one unit for every settlement and half a unit for every growth (exactly:
/// the sum of total · 2^-64 over all growths). Who is settled first changes nobody's earnings;
/// settling more often can only cost the one who does it, less than a unit each time.
///
/// ```
/// use earnest_protocol::num::{Amount, Index};
///
/// let ten = Amount::new(10).unwrap();
/// let index = Index::ZERO.grown_floor(ten, 3).unwrap();
/// // A weight of 1 and a weight of 2 share 10: one unit stays with the payer.
/// assert_eq!(index.earned_floor(Index::ZERO, 1), Amount::new(3));
/// assert_eq!(index.earned_floor(Index::ZERO, 2), Amount::new(6));
/// assert_eq!(Index::ZERO.grown_floor(ten, 0), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Index(u128);

impl Index {
    /// Nothing yet.
    pub const ZERO: Index = Index(0);

    /// Base units per unit of weight, times 2^64.
    pub const fn parts(self) -> u128 {
        self.0
    }

    /// The index once `amount` was shared among `total_weight` units: self +
    /// ⌊amount · 2^64 / total_weight⌋ · 2^-64.
    ///
    /// `None` if nobody is there to share it, or if the index would pass 2^64 base units per unit
    /// of weight, which takes twice the supply put in at a total of one unit; the amount then
    /// stays with the payer.
    pub fn grown_floor(self, amount: Amount, total_weight: u64) -> Option<Index> {
        let scaled = u128::from(amount.units()) << 64; // 63 + 64 bits fit 128.
        let step = scaled.checked_div(u128::from(total_weight))?;
        self.0.checked_add(step).map(Index)
    }

    /// ⌊weight · (self − since)⌋: what `weight` earned between two settlements.
    ///
    /// `None` if `since` is later than `self`, or above [`Amount::MAX`]; neither happens to one
    /// whose weight was part of every total since, for it earns at most what was put in.
    pub fn earned_floor(self, since: Index, weight: u64) -> Option<Amount> {
        let grown = self.0.checked_sub(since.0)?;
        let (whole, parts) = (grown >> 64, grown & u128::from(u64::MAX));
        let weight = u128::from(weight);
        // Each product is of 64 + 64 bits.
        let units = (whole * weight).checked_add((parts * weight) >> 64)?;
        Amount::new(u64::try_from(units).ok()?)
    }

    /// weight · (self − since), with the parts of a unit that [`Index::earned_floor`] drops; none
    /// if `since` is later.
    ///
    /// `None` above [`Amount::MAX`], as there.
    pub fn earned(self, since: Index, weight: u64) -> Option<Earned> {
        let grown = self.0.saturating_sub(since.0);
        Earned::new(grown.checked_mul(u128::from(weight))?)
    }
}

/// An exact sum of earnings, in base units times 2^-64, below 2^63 units: however often a holder is
/// settled or paid, it is paid the same in all.
///
/// ```
/// use earnest_protocol::num::{Amount, Index};
///
/// let one = Amount::new(1).unwrap();
/// let first = Index::ZERO.grown_floor(one, 2).unwrap();
/// let second = first.grown_floor(one, 2).unwrap();
/// let mut earned = first.earned(Index::ZERO, 1).unwrap();
/// assert_eq!(earned.take_floor(), Amount::ZERO);
/// earned = earned.checked_add(second.earned(first, 1).unwrap()).unwrap();
/// assert_eq!(earned.take_floor(), one);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Earned(u128);

impl Earned {
    /// Nothing.
    pub const ZERO: Earned = Earned(0);

    fn new(parts: u128) -> Option<Earned> {
        (parts >> (63 + 64) == 0).then_some(Earned(parts))
    }

    /// All of an amount.
    pub fn of(amount: Amount) -> Earned {
        Earned(u128::from(amount.units()) << 64) // 63 + 64 bits fit 128.
    }

    /// `self + other`, or `None` above [`Amount::MAX`].
    pub fn checked_add(self, other: Earned) -> Option<Earned> {
        Earned::new(self.0.checked_add(other.0)?)
    }

    /// The whole units of it. Down: the part of a unit waits for what is earned next.
    pub fn whole_floor(self) -> Amount {
        let units = u64::try_from(self.0 >> 64).ok().and_then(Amount::new);
        units.expect("earnings are below 2^63 units")
    }

    /// Takes the whole units out, and keeps the part of one.
    pub fn take_floor(&mut self) -> Amount {
        let whole = self.whole_floor();
        self.0 &= u128::from(u64::MAX);
        whole
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Grow(u64),
        Settle(usize),
        Weigh(usize, u64),
    }

    const HOLDERS: usize = 5;

    fn units() -> impl Strategy<Value = u64> {
        prop_oneof![0..5u64, 0..1u64 << 40, (0..60u32).prop_map(|bit| 1 << bit)]
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            units().prop_map(Op::Grow),
            (0..HOLDERS).prop_map(Op::Settle),
            (0..HOLDERS, units()).prop_map(|(who, weight)| Op::Weigh(who, weight)),
        ]
    }

    struct Holder {
        weight: u64,
        since: Index,
        earned: u64,
        settled: u64,
    }

    impl Holder {
        fn settle(&mut self, index: Index) {
            self.earned += index.earned_floor(self.since, self.weight).unwrap().units();
            self.since = index;
            self.settled += u64::from(0 < self.weight);
        }
    }

    proptest! {
        #[test]
        fn holders_earn_what_was_put_in_but_the_stated_dust(
            ops in proptest::collection::vec(op(), 1..200),
        ) {
            let new = || Holder { weight: 1, since: Index::ZERO, earned: 0, settled: 0 };
            let mut holders: Vec<Holder> = (0..HOLDERS).map(|_| new()).collect();
            let (mut index, mut put_in, mut growth_dust) = (Index::ZERO, 0u64, 0u128);
            for op in ops {
                let total: u64 = holders.iter().map(|holder| holder.weight).sum();
                match op {
                    // The supply bounds what is ever put in.
                    Op::Grow(units) if put_in + units < 1 << 62 => {
                        match index.grown_floor(Amount::new(units).unwrap(), total) {
                            Some(grown) => {
                                index = grown;
                                put_in += units;
                                growth_dust += u128::from(total);
                            }
                            None => assert_eq!(total, 0),
                        }
                    }
                    Op::Grow(_) => {}
                    Op::Settle(who) => holders[who].settle(index),
                    Op::Weigh(who, weight) => {
                        holders[who].settle(index);
                        holders[who].weight = weight;
                    }
                }
            }
            holders.iter_mut().for_each(|holder| holder.settle(index));
            let earned: u64 = holders.iter().map(|holder| holder.earned).sum();
            let settled: u64 = holders.iter().map(|holder| holder.settled).sum();
            prop_assert!(earned <= put_in);
            // dust < settlements + growth dust, the latter in 2^-64.
            let dust = u128::from(put_in - earned);
            prop_assert!(dust << 64 < (u128::from(settled) << 64) + growth_dust + 1);
        }

        #[test]
        fn one_settlement_pays_at_least_what_two_do(
            a in units(), b in units(), weight in units(), others in units(),
        ) {
            let total = weight + others;
            prop_assume!(0 < total);
            let first = Index::ZERO.grown_floor(Amount::new(a).unwrap(), total).unwrap();
            let second = first.grown_floor(Amount::new(b).unwrap(), total).unwrap();
            let earned = |to: Index, since| to.earned_floor(since, weight).unwrap().units();
            let twice = earned(first, Index::ZERO) + earned(second, first);
            let once = earned(second, Index::ZERO);
            prop_assert!(twice <= once && once <= twice + 1);
        }
    }

    proptest! {
        #[test]
        fn exact_earnings_are_the_same_however_often_they_are_taken(
            puts in proptest::collection::vec((0..1u64 << 40, any::<bool>()), 1..50),
            weight in 0..1u64 << 40,
            others in 1..1u64 << 40,
        ) {
            let (mut index, mut since) = (Index::ZERO, Index::ZERO);
            let (mut earned, mut paid) = (Earned::ZERO, 0);
            for (units, claims) in puts {
                index = index.grown_floor(Amount::new(units).unwrap(), weight + others).unwrap();
                if claims {
                    earned = earned.checked_add(index.earned(since, weight).unwrap()).unwrap();
                    (since, paid) = (index, paid + earned.take_floor().units());
                }
            }
            earned = earned.checked_add(index.earned(since, weight).unwrap()).unwrap();
            let once = index.earned_floor(Index::ZERO, weight).unwrap().units();
            prop_assert_eq!(paid + earned.take_floor().units(), once);
        }
    }

    #[test]
    fn the_edges_are_refused_or_exact() {
        let one = Amount::UNIT;
        let max = Index::ZERO.grown_floor(Amount::MAX, 1).unwrap();
        assert_eq!(max.earned_floor(Index::ZERO, 1), Some(Amount::MAX));
        assert_eq!(max.earned_floor(Index::ZERO, 2), None);
        assert_eq!(max.earned(Index::ZERO, 1), Some(Earned::of(Amount::MAX)));
        assert_eq!(max.earned(Index::ZERO, 2), None);
        assert_eq!(Index::ZERO.earned(max, 1), Some(Earned::ZERO));
        assert_eq!(Earned::of(one).checked_add(Earned::of(Amount::MAX)), None);
        assert_eq!(max.earned_floor(Index::ZERO, u64::MAX), None);
        assert_eq!(Index::ZERO.earned_floor(max, 1), None);
        let full = max.grown_floor(Amount::MAX, 1).unwrap();
        assert_eq!(full.grown_floor(Amount::tokens(1), 1), None);
        assert_eq!(Index::ZERO.grown_floor(one, 0), None);
        // One unit shared by the whole supply still reaches who has all of it, but for the dust.
        let thin = Index::ZERO.grown_floor(one, Amount::MAX.units()).unwrap();
        assert_eq!(thin.parts(), 2);
        assert_eq!(thin.earned_floor(Index::ZERO, Amount::MAX.units()), Some(Amount::ZERO));
    }

    #[test]
    fn it_is_written_as_one_number() {
        let index = Index::ZERO.grown_floor(Amount::tokens(7), 3).unwrap();
        let bytes = postcard::to_allocvec(&index).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&index.parts()).unwrap());
        assert_eq!(postcard::from_bytes(&bytes), Ok(index));
        assert_eq!(postcard::to_allocvec(&Index::ZERO), Ok(vec![0]));
    }
}
