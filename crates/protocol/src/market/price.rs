//! What a result that stands is paid: the part of the agreed price that is due, and who gets it.
//!
//! Law: the parts add up to what is due, to the unit.
//! Rounding: what is due down, the take and its burnt part up, the discount and the insurance down;
//! the rest by subtraction.
//! Not here: whether a result stands (`stories`), what delegators get of it (`staking`).

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Blocks, Ratio};

use super::params::MarketParams;

/// The numbers that a price is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTerms {
    /// What all steps in time are paid.
    pub agreed: Amount,
    /// How many steps the job has.
    pub steps: u64,
    /// How many of them were done: all, unless the program stopped.
    pub steps_paid: u64,
    /// How many blocks after its deadline the result was sealed.
    pub late: Blocks,
    /// In how many blocks the price falls to `late_price_min`.
    pub grace_blocks: Blocks,
    /// What is left of it then.
    pub late_price_min: Ratio,
    /// The protocol's share.
    pub take: Ratio,
    /// What of the take burns.
    pub take_burn: Ratio,
    /// What of the rest of the take its requester has back, by its tier of access.
    pub discount: Ratio,
    /// What of what that leaves insures; the treasury has what remains.
    pub take_insurance: Ratio,
}

/// Where a price goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSplit {
    /// What the work comes to: all that the requester pays, and its discount.
    pub due: Amount,
    /// The provider's, its delegators' part included.
    pub earned: Amount,
    /// Out of circulation.
    pub burnt: Amount,
    /// The requester's own again: it stays in the escrow, and goes back with it.
    pub discount: Amount,
    /// To the insurance.
    pub insurance: Amount,
    /// To the treasury.
    pub treasury: Amount,
}

/// What goes back to a requester at the end of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Of the price ceiling.
    pub escrow: Amount,
    /// Of the audit fees.
    pub audit_fees: Amount,
    /// Of the deposit.
    pub deposit: Amount,
}

impl Refund {
    /// All of it.
    pub fn all(&self) -> Amount {
        self.escrow.saturating_add(self.audit_fees).saturating_add(self.deposit)
    }
}

impl PriceTerms {
    pub(crate) fn new(
        agreed: Amount,
        (steps_paid, steps): (u64, u64),
        late: Blocks,
        discount: Ratio,
        params: &MarketParams,
    ) -> PriceTerms {
        let MarketParams { grace_blocks, late_price_min, .. } = *params;
        let MarketParams { take, take_burn, take_insurance, .. } = *params;
        PriceTerms {
            agreed,
            steps,
            steps_paid,
            late,
            grace_blocks,
            late_price_min,
            take,
            take_burn,
            discount,
            take_insurance,
        }
    }

    /// The price share left after being late: 1, down to `late_price_min` at the end of grace.
    pub fn late_share(&self) -> Ratio {
        if self.late == Blocks::ZERO {
            return Ratio::ONE;
        }
        let way = Ratio::of_ceil(self.late.count(), self.grace_blocks.count().max(1));
        self.late_price_min.complement().times_ceil(way).complement()
    }

    /// Who gets how much.
    pub fn split(&self) -> PriceSplit {
        // Down: the requester pays for no part of a step or block that it did not get.
        let due = self.agreed.share_floor(self.steps_paid, self.steps).unwrap_or(self.agreed);
        let due = self.late_share().amount_floor(due);
        // Up: splitting one payment into many must never lower the take.
        let take = self.take.amount_ceil(due);
        let burnt = self.take_burn.amount_ceil(take);
        let rest = take.saturating_sub(burnt);
        let discount = self.discount.amount_floor(rest);
        let rest = rest.saturating_sub(discount);
        let insurance = self.take_insurance.amount_floor(rest);
        let treasury = rest.saturating_sub(insurance);
        let earned = due.checked_sub(take).expect("the take is a share of what is due");
        PriceSplit { due, earned, burnt, discount, insurance, treasury }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half of 10 steps of a price of 1,000,001 units, 3 of 10 blocks late where the least is a
    /// half: ⌊500,000.5⌋, of which 85 % are 425,000; of that 21,250 are taken, half of it burnt.
    #[test]
    fn a_price_is_worked_out_by_steps_lateness_and_take() {
        let units = |units| Amount::new(units).unwrap();
        let terms = PriceTerms {
            agreed: units(1_000_001),
            steps: 10,
            steps_paid: 5,
            late: Blocks::new(3),
            grace_blocks: Blocks::new(10),
            late_price_min: Ratio::percent(50),
            take: Ratio::percent(5),
            take_burn: Ratio::percent(50),
            discount: Ratio::ZERO,
            take_insurance: Ratio::percent(50),
        };
        let split = PriceSplit {
            due: units(425_000),
            earned: units(403_750),
            burnt: units(10_625),
            discount: Amount::ZERO,
            insurance: units(5_312),
            treasury: units(5_313),
        };
        assert_eq!(terms.split(), split);
        // A quarter of the 10,625 that do not burn goes back: 2,656, and 7,969 are left.
        let terms = PriceTerms { discount: Ratio::percent(25), ..terms };
        let (discount, insurance, treasury) = (units(2_656), units(3_984), units(3_985));
        assert_eq!(terms.split(), PriceSplit { discount, insurance, treasury, ..split });
    }

    /// Whatever the numbers: the parts add up, what burns and what is earned know of no discount,
    /// and who pays itself has back less than it was taken.
    #[test]
    fn a_discount_is_taken_from_what_the_network_would_keep_alone() {
        let mut random = 1_u64;
        let mut draw = |most: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 20) % (most + 1)
        };
        for _ in 0..20_000 {
            let mut ratio = || Ratio::new(draw(1_000_000_000)).unwrap();
            let terms = PriceTerms {
                agreed: Amount::ZERO,
                steps: 1,
                steps_paid: 1,
                late: Blocks::ZERO,
                grace_blocks: Blocks::ZERO,
                late_price_min: ratio(),
                take: ratio(),
                take_burn: ratio(),
                discount: ratio(),
                take_insurance: ratio(),
            };
            let most = if draw(1) == 0 { 100 } else { 1 << 40 };
            let terms = PriceTerms { agreed: Amount::new(draw(most)).unwrap(), ..terms };
            let split = terms.split();
            let plain = PriceTerms { discount: Ratio::ZERO, ..terms }.split();
            assert_eq!((split.earned, split.burnt), (plain.earned, plain.burnt), "{terms:?}");
            let parts = [split.burnt, split.discount, split.insurance, split.treasury];
            let sum = parts.iter().fold(split.earned, |sum, part| sum.saturating_add(*part));
            assert_eq!(sum, split.due, "{terms:?}");
            assert!(split.discount <= plain.due.saturating_sub(plain.earned), "{terms:?}");
        }
    }
}
