//! The formulas: what a conversion gives, how well credits are backed, and what an epoch has room
//! for.

use serde::{Deserialize, Serialize};

use crate::{
    credits::params::CreditsParams,
    num::{Amount, Factor, Ratio},
};

/// A thousandth: what one step of a falling ratio is.
const STEP: u64 = 1_000_000;

/// The numbers that credits are minted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintTerms {
    /// What is burnt.
    pub stake: Amount,
    /// The least of the last price, the average and what validators said, down.
    pub price: Factor,
    /// What less is given.
    pub spread: Ratio,
}

impl MintTerms {
    /// Credits, down twice; `None` above any supply.
    pub fn credits(&self) -> Option<Amount> {
        Some(self.spread.complement().amount_floor(self.price.amount_floor(self.stake)?))
    }
}

/// The numbers that credits are redeemed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemTerms {
    /// What is burnt.
    pub credits: Amount,
    /// The most of the last price, the average and what validators said, up.
    pub price: Factor,
    /// What less is given.
    pub spread: Ratio,
}

impl RedeemTerms {
    /// Stake, down twice; `None` above any supply.
    pub fn stake(&self) -> Option<Amount> {
        self.price.divide_floor(self.spread.complement().amount_floor(self.credits))
    }
}

/// What stake is worth to whoever converts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditPrices {
    /// Where it is burnt: the least of the last price, the average and what validators said, down.
    pub least: Factor,
    /// Where it is given back: the most of these, up.
    pub most: Factor,
}

/// How well credits are backed, and what that leaves of an epoch's room to redeem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The stake behind all credits now.
    pub backing: Amount,
    /// The same when this epoch opened.
    pub opened: Amount,
    /// All credits there are.
    pub supply: Amount,
    /// The least of the last price, the average and what validators said, down.
    pub price: Factor,
    /// Stake that this epoch has given back.
    pub returned: Amount,
}

impl Room {
    /// The collateral ratio, down: the worth of the backing over all credits; the most there is, of
    /// no credits.
    pub fn ratio(&self) -> Factor {
        let worth = self.price.amount_floor(self.backing).unwrap_or(Amount::MAX);
        Factor::of_floor(worth.units(), self.supply.units())
    }

    /// Is nothing given back?
    pub fn is_halted(&self, params: &CreditsParams) -> bool {
        self.ratio() < params.halt_ratio.factor()
    }

    /// Is less given back than at other times?
    pub fn is_slowed(&self, params: &CreditsParams) -> bool {
        self.ratio() < params.warn_ratio.factor()
    }

    /// Stake that may yet be given back in this epoch, down.
    pub fn left(&self, params: &CreditsParams) -> Amount {
        if self.is_halted(params) {
            return Amount::ZERO;
        }
        let whole = params.redeem_share.amount_floor(self.opened);
        let slow = slowdown(params.warn_growth, steps(params.warn_ratio, self.ratio()));
        let most = slow.divide_floor(whole).unwrap_or(Amount::ZERO);
        most.saturating_sub(self.returned)
    }
}

/// Whole thousandths that a ratio is below `warn`.
pub fn steps(warn: Ratio, ratio: Factor) -> u64 {
    warn.factor().saturating_sub(ratio).parts().div_euclid(STEP)
}

/// How many times more slowly what is below `warn` by so many steps is given back: (1 + growth)^s,
/// up.
pub fn slowdown(growth: Ratio, steps: u64) -> Factor {
    Factor::growth_ceil(growth, steps)
}
