//! Parameters of credits.

use crate::{
    num::{Amount, Ratio},
    params::declare::{AMOUNT_MAX, ONE, amount, params},
};

params! {
    /// Credits: what pays, minted by burning what is bonded, in a network of two assets.
    CreditsParams in "credits" {
        /// Share of the stake's supply that an epoch may burn for credits; 0: nobody mints any.
        mint_share: Ratio = Ratio::ZERO, 0..=ONE / 10,
            "off until a genesis or a vote lets it; 1 % of an hour is what a wrong price costs";
        /// Share of the backing that an epoch may give back for credits, as it stood when the
        /// epoch opened; 0: nobody redeems any.
        redeem_share: Ratio = Ratio::ZERO, 0..=ONE / 10,
            "off until a genesis or a vote lets it; 1 % of an hour lasts four days";
        /// Who may redeem: 0 whoever earned them by work, as much as it earned; 1 anybody.
        redeemers: u8 = 0, 0..=1, "what was minted is for work; leftovers are sold to who worked";
        /// What each conversion gives less than the price says, of that.
        spread: Ratio = quarter(), 0..=ONE / 10, "a quarter of a per cent, as Akash has it";
        /// Fewest credits that a conversion mints or burns, in base units.
        least: Amount = amount(500_000_000), 1..=AMOUNT_MAX, "half a credit, as Akash has it";
        /// Collateral ratio below which each epoch gives back less.
        warn_ratio: Ratio = Ratio::percent(95), 0..=ONE, "as Akash has it";
        /// Collateral ratio below which nothing is given back, at most `warn_ratio` (R20).
        halt_ratio: Ratio = Ratio::percent(90), 0..=ONE, "as Akash has it";
        /// How much more slowly for each thousandth below `warn_ratio`, compounded.
        warn_growth: Ratio = Ratio::percent(10), ONE / 100..=ONE, "as Akash: 117 times at 0.9";
    }
}

/// 25 of 10,000.
const fn quarter() -> Ratio {
    match Ratio::new(2_500_000) {
        Some(ratio) => ratio,
        None => Ratio::ONE,
    }
}

impl CreditsParams {
    /// May credits be minted or redeemed?
    pub fn is_on(&self) -> bool {
        self.mint_share > Ratio::ZERO || self.redeem_share > Ratio::ZERO
    }

    /// Is it counted who earned what?
    pub fn counts_earned(&self) -> bool {
        self.is_on() && self.redeemers == 0
    }
}
