//! What may be read of credits, and at which prices they are converted.

use crate::{
    credits::{CreditPrices, Credits, NoPrice, PRICE_EPOCHS, Room},
    ids::Asset,
    ledger::Pot,
    num::{Amount, Factor},
};

use super::State;

impl State {
    /// What was converted.
    pub fn credits(&self) -> &Credits {
        &self.credits
    }

    /// The prices of conversions made now.
    ///
    /// # Errors
    /// No price has counted yet, or none when this epoch opened.
    pub fn credit_prices(&self) -> Result<CreditPrices, NoPrice> {
        let feed = self.price_feed().ok_or(NoPrice::Yet)?;
        let (counted, now) = (feed.counted, self.epoch());
        if now.since(counted) >= PRICE_EPOCHS {
            return Err(NoPrice::Stale { counted, now, limit: PRICE_EPOCHS });
        }
        Ok(CreditPrices { least: feed.burn_price(), most: feed.mint_price() })
    }

    /// All there is of an asset: issued and not burnt.
    pub fn supply(&self, asset: Asset) -> Amount {
        self.issued(asset).saturating_sub(self.balance(Pot::Burnt(asset)))
    }

    /// Stake that may yet be burnt for credits in this epoch, of the supply as it would be had the
    /// epoch burnt none for them.
    pub fn mint_room(&self) -> Amount {
        let (burnt, _) = self.credits.of_epoch(self.epoch());
        let supply = self.supply(Asset::Stake).saturating_add(burnt);
        let share = self.params().credits().mint_share;
        share.amount_floor(supply).saturating_sub(burnt)
    }

    /// How well credits are backed where stake is worth so much, and what this epoch has given
    /// back.
    pub fn redeem_room(&self, price: Factor) -> Room {
        let now = self.epoch();
        let (_, returned) = self.credits.of_epoch(now);
        Room {
            backing: self.credits.backing(),
            opened: self.credits.backing_at(now),
            supply: self.supply(Asset::Payment),
            price,
            returned,
        }
    }
}
