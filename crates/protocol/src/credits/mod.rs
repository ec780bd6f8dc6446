//! Credits: what pays, minted by burning what is bonded, and given back for it.
//!
//! Key terms: a *credit* is a unit that pays, of a network of two assets that keeps it at one unit
//! of account by these rules; the *backing* is the stake that was burnt for credits, less what was
//! given back for them; the *collateral ratio* is the worth of the backing over all credits there
//! are; the *spread* is what a conversion gives less than the price says.
//!
//! ```text
//!   MintCredits    stake burnt ──► stake · least price · (1 − spread)     credits issued
//!   RedeemCredits  credits burnt ──► credits · (1 − spread) / most price  stake issued
//! ```
//!
//! Law: of the last price, the average and what validators said last, whoever converts gets the
//! worst, both ways, so that a price that moves within the spread is nobody's gain, nor one that
//! follows a market by steps (M5).
//! Law: all stake that credits ever gave back is at most what was burnt for credits, whatever the
//! feed says: nobody who neither mints nor redeems has less of the stake's supply by it.
//! Law: an epoch burns at most `mint_share` of the stake's supply, and gives back at most
//! `redeem_share` of the backing at its opening: what a wrong price costs, and how fast.
//! Law: below `halt_ratio` nothing is given back, and between it and `warn_ratio` less in each
//! epoch; minting goes on, since a credit minted at its price never lowers a ratio below 1.
//! Law: a price converts in the epoch that it counted for and in no other, so that nobody keeps an
//! old one by silence (M5); nor is there a conversion by the parameter that counts before there is
//! one, or in a network of one asset.
//! Rounding: what a conversion gives down, three times at most; the ratio down; what an epoch may
//! burn or give back down.
//! Known shortcomings: an epoch's room goes to whoever comes first; who has earned may sell that
//! it has, by redeeming what others minted; the fee of the first `MintCredits` is in credits, which
//! somebody has to send; each asset's supply counts what was burnt for ever, so that 2^63 - 1 units
//! are all that is ever minted; what a genesis issues to pay with is credits that nothing backs.
//! Not here: the price (`prices`), what is paid with credits (`market`).

pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;
mod terms;

use serde::{Deserialize, Serialize};

pub use rejected::{MintCreditsRejected, NoPrice, RedeemCreditsRejected};
pub use terms::{CreditPrices, MintTerms, RedeemTerms, Room, slowdown, steps};

use crate::num::{Amount, Epoch, Epochs};

/// Epochs in which a price that has counted converts: the one that it counted for.
pub(crate) const PRICE_EPOCHS: Epochs = Epochs::new(1);

/// What was converted since the network began, and in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credits {
    /// Stake burnt for credits.
    pub stake_burnt: Amount,
    /// Stake given back for credits; at most what was burnt.
    pub stake_returned: Amount,
    /// Credits minted.
    pub minted: Amount,
    /// Credits redeemed.
    pub redeemed: Amount,
    /// The last epoch in which anything was converted.
    pub epoch: Epoch,
    /// Of the stake burnt, what was in that epoch.
    pub epoch_burnt: Amount,
    /// Of the stake given back, what was in it.
    pub epoch_returned: Amount,
}

impl Credits {
    /// The stake behind all credits.
    pub fn backing(&self) -> Amount {
        self.stake_burnt.saturating_sub(self.stake_returned)
    }

    /// Stake that this epoch has burnt, and given back.
    pub fn of_epoch(&self, now: Epoch) -> (Amount, Amount) {
        if self.epoch == now { (self.epoch_burnt, self.epoch_returned) } else { Default::default() }
    }

    /// The backing when this epoch opened.
    pub fn backing_at(&self, now: Epoch) -> Amount {
        let (burnt, returned) = self.of_epoch(now);
        // Both sums are of one supply, and what the epoch burnt is part of the backing.
        self.backing().saturating_add(returned).saturating_sub(burnt)
    }

    pub(crate) fn mint(&mut self, now: Epoch, stake: Amount, credits: Amount) {
        let (burnt, returned) = self.of_epoch(now);
        (self.epoch, self.epoch_burnt) = (now, burnt.saturating_add(stake));
        self.epoch_returned = returned;
        self.stake_burnt = self.stake_burnt.saturating_add(stake);
        self.minted = self.minted.saturating_add(credits);
    }

    pub(crate) fn redeem(&mut self, now: Epoch, credits: Amount, stake: Amount) {
        let (burnt, returned) = self.of_epoch(now);
        (self.epoch, self.epoch_returned) = (now, returned.saturating_add(stake));
        self.epoch_burnt = burnt;
        self.stake_returned = self.stake_returned.saturating_add(stake);
        self.redeemed = self.redeemed.saturating_add(credits);
    }
}

#[cfg(test)]
mod tests;
