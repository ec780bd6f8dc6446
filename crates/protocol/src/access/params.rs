//! Parameters of access: the tiers that a requester's bond reaches, and what each gives.

use crate::{
    num::{Amount, Ratio},
    params::declare::{AMOUNT_MAX, ONE, params},
};

/// How many tiers a network may have.
pub const TIERS_MAX: usize = 4;

params! {
    /// Tiers of access: how much a requester bonds, and what of the take's rest it has back.
    AccessParams in "access" {
        /// Access stake that reaches tier 1, and the least that is bonded; 0: there are no tiers.
        stake_1: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "off: every requester pays alike";
        /// Access stake that reaches tier 2, above that of tier 1; 0: that was the last.
        stake_2: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "off: every requester pays alike";
        /// Access stake that reaches tier 3, above that of tier 2; 0: that was the last.
        stake_3: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "off: every requester pays alike";
        /// Access stake that reaches tier 4, above that of tier 3; 0: that was the last.
        stake_4: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "off: every requester pays alike";
        /// What of a take a requester of tier 1 has back, of the part that does not burn (R21).
        discount_1: Ratio = Ratio::ZERO, 0..=ONE, "nothing until it is chosen";
        /// The same of tier 2; no less than of tier 1.
        discount_2: Ratio = Ratio::ZERO, 0..=ONE, "nothing until it is chosen";
        /// The same of tier 3; no less than of tier 2.
        discount_3: Ratio = Ratio::ZERO, 0..=ONE, "nothing until it is chosen";
        /// The same of tier 4; no less than of tier 3.
        discount_4: Ratio = Ratio::ZERO, 0..=ONE, "nothing until it is chosen";
    }
}

/// One tier that a network has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tier {
    /// Its number, from 1.
    pub tier: u8,
    /// The access stake that reaches it.
    pub stake: Amount,
    /// What of a take its requester has back, of the part that does not burn.
    pub discount: Ratio,
}

impl AccessParams {
    /// All four rows, as they are written.
    pub(crate) fn rows(&self) -> [Tier; TIERS_MAX] {
        let stakes = [self.stake_1, self.stake_2, self.stake_3, self.stake_4];
        let discounts = [self.discount_1, self.discount_2, self.discount_3, self.discount_4];
        let mut tier = 0_u8;
        let mut rows = stakes.map(|stake| {
            tier = tier.saturating_add(1);
            Tier { tier, stake, discount: Ratio::ZERO }
        });
        for (row, discount) in rows.iter_mut().zip(discounts) {
            row.discount = discount;
        }
        rows
    }

    /// The tiers that there are, the lowest first.
    pub fn tiers(&self) -> impl Iterator<Item = Tier> + use<> {
        self.rows().into_iter().take_while(|row| !row.stake.is_zero())
    }

    /// May access stake be bonded?
    pub fn is_on(&self) -> bool {
        !self.stake_1.is_zero()
    }

    /// The highest tier that so much reaches.
    pub fn reached(&self, stake: Amount) -> Option<Tier> {
        self.tiers().take_while(|row| row.stake <= stake).last()
    }

    /// The tier after that, if there is one.
    pub fn next(&self, stake: Amount) -> Option<Tier> {
        self.tiers().find(|row| row.stake > stake)
    }

    /// What a job of a tier has back; nothing of no tier.
    pub fn discount(&self, tier: u8) -> Ratio {
        let row = self.tiers().find(|row| row.tier == tier);
        row.map_or(Ratio::ZERO, |row| row.discount)
    }

    /// The most that any tier has back.
    pub(crate) fn discount_max(&self) -> Ratio {
        self.tiers().last().map_or(Ratio::ZERO, |row| row.discount)
    }
}
