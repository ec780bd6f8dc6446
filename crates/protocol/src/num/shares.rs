//! `Shares` and `SharePool`: claims on a pool that loses by slashes, each settled in O(1).
//!
//! Key terms: the *price* of a share is amount / shares; a *generation* is the life of a pool
//! from empty to the slash that closes it.
//!
//! ```text
//!   empty ──mint 1:1──► open ──redeem all──► empty, same generation
//!                         └──slash below the least price──► empty, next generation
//! ```
//!
//! Law: the pool's amount is what was put in, less what was redeemed, slashed and closed, to the
//! unit; the shares of all claims of its generation sum to its own.
//! Law: minting and redeeming never lower the price, so whoever acts takes nothing from those who
//! stay; to mint and redeem at once never pays.
//! Law: a pool has shares if and only if it has an amount, and then at most
//! [`SharePool::SHARES_PER_UNIT_MAX`] a unit, so that nobody mints into a pool that has lost
//! everything.
//! Rounding: shares minted and amounts paid down, shares burnt for an exact amount up; the dust
//! stays in the price, and is less than one unit or one share for each act.
//! Known shortcomings: at a price p a pool holds at most p · 2^63 units, at the least price 8,796
//! tokens; it refuses more, and starts again at 1:1 once all have left. Rewards must not enter the
//! price (share them with an [`Index`](super::Index)): only dust and undone slashes raise it.
//! Shares that were all but redeemed can be worth more than one unit each; whoever would mint none
//! is refused.
//! Not here: who holds a claim, where the money lies (`ledger`), the least deposit (`params`).

use serde::{Deserialize, Serialize};

use super::Amount;

/// A count of shares of one pool, at most 2^63 − 1; written as an [`Amount`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shares(Amount);

impl Shares {
    /// None.
    pub const ZERO: Shares = Shares(Amount::ZERO);

    /// `count` shares, or `None` above 2^63 − 1.
    pub const fn new(count: u64) -> Option<Shares> {
        match Amount::new(count) {
            Some(count) => Some(Shares(count)),
            None => None,
        }
    }

    /// How many.
    pub const fn count(self) -> u64 {
        self.0.units()
    }

    /// True for none.
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// `self + other`, or `None` above 2^63 − 1.
    pub fn checked_add(self, other: Shares) -> Option<Shares> {
        self.0.checked_add(other.0).map(Shares)
    }

    /// `self − other`, or `None` if `other` is more.
    pub fn checked_sub(self, other: Shares) -> Option<Shares> {
        self.0.checked_sub(other.0).map(Shares)
    }
}

/// What a holder has of a pool: void once the pool is in another generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    shares: Shares,
    generation: u32,
}

/// An amount that is held in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharePool {
    shares: Shares,
    amount: Amount,
    generation: u32,
}

/// What a slash took from a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slashed {
    /// What was asked for, or all there was if that is less.
    pub taken: Amount,
    /// What was left when the pool closed, to be burnt: it is nobody's. Nothing if it is open.
    pub dust: Amount,
}

impl SharePool {
    /// Nothing in nobody's hands.
    pub const EMPTY: SharePool =
        SharePool { shares: Shares::ZERO, amount: Amount::ZERO, generation: 0 };

    /// The most shares that an open pool has for each unit of its amount, 2^20.
    pub const SHARES_PER_UNIT_MAX: u64 = 1 << 20;

    /// The most by which what is restored lifts a pool's amount above its shares, 2^20 units.
    pub const DUST_MAX: Amount = match Amount::new(1 << 20) {
        Some(dust) => dust,
        None => Amount::ZERO,
    };

    /// All shares of this generation.
    pub const fn shares(&self) -> Shares {
        self.shares
    }

    /// What they are worth together.
    pub const fn amount(&self) -> Amount {
        self.amount
    }

    /// True if a share is worth less than one unit: a slash took from it.
    pub const fn has_lost(&self) -> bool {
        self.amount.units() < self.shares.count()
    }

    /// How often the pool was closed.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The shares of `held` that are not void.
    pub fn shares_of(&self, held: Claim) -> Shares {
        if held.generation == self.generation { held.shares } else { Shares::ZERO }
    }

    /// What `held` is worth: ⌊amount · held / shares⌋, 0 if void. Down: for those who stay.
    pub fn value_floor(&self, held: Claim) -> Amount {
        self.value_of_floor(self.shares_of(held))
    }

    /// What `shares` are worth, at most all of them: ⌊amount · shares / all⌋.
    fn value_of_floor(&self, shares: Shares) -> Amount {
        let part = shares.count().min(self.shares.count());
        self.amount.share_floor(part, self.shares.count()).unwrap_or(Amount::ZERO)
    }

    /// The shares that `amount` buys: ⌊shares · amount / all⌋, 1:1 in an empty pool. Down: for
    /// those who stay.
    ///
    /// `None` if it buys no share at all, or if the pool's amount or shares would pass 2^63 − 1.
    pub fn shares_floor(&self, amount: Amount) -> Option<Shares> {
        self.amount.checked_add(amount)?;
        let bought = if self.shares.is_zero() {
            Shares(amount)
        } else {
            Shares(self.shares.0.share_floor(amount.units(), self.amount.units())?)
        };
        self.shares.checked_add(bought)?;
        (!bought.is_zero()).then_some(bought)
    }

    /// The shares that withdrawing exactly `amount` burns: ⌈shares · amount / all⌉. Up: for those
    /// who stay.
    ///
    /// `None` if there is not as much, or if it would burn the last share and leave an amount
    /// behind; redeem all shares instead.
    pub fn shares_for_ceil(&self, amount: Amount) -> Option<Shares> {
        let rest = self.amount.checked_sub(amount)?;
        if amount.is_zero() {
            return Some(Shares::ZERO);
        }
        let burnt = Shares(self.shares.0.share_ceil(amount.units(), self.amount.units())?);
        (burnt < self.shares || rest.is_zero()).then_some(burnt)
    }

    /// Puts `amount` in for a holder, as [`SharePool::shares_floor`] says; returns the shares it
    /// gets. What `held` had in an earlier generation is dropped. `None` changes nothing.
    pub fn mint_floor(&mut self, held: &mut Claim, amount: Amount) -> Option<Shares> {
        let bought = self.shares_floor(amount)?;
        let shares = self.shares_of(*held).checked_add(bought)?;
        let all = (self.shares.checked_add(bought)?, self.amount.checked_add(amount)?);
        (self.shares, self.amount) = all;
        *held = Claim { shares, generation: self.generation };
        Some(bought)
    }

    /// Takes `shares` of a holder back; returns what it is paid, 0 for a part of one unit.
    /// `None`, if it has fewer that are not void, changes nothing.
    pub fn redeem_floor(&mut self, held: &mut Claim, shares: Shares) -> Option<Amount> {
        let rest = self.shares_of(*held).checked_sub(shares)?;
        let paid = self.value_of_floor(shares);
        let left = (self.shares.checked_sub(shares)?, self.amount.checked_sub(paid)?);
        (self.shares, self.amount) = left;
        *held = Claim { shares: rest, generation: self.generation };
        Some(paid)
    }

    /// Takes all that a holder has, void or not, and returns what it is paid.
    pub fn redeem_all_floor(&mut self, held: &mut Claim) -> Amount {
        let shares = self.shares_of(*held);
        let paid = self.redeem_floor(held, shares);
        paid.expect("a holder has what it has")
    }

    /// Gives back to all holders in proportion what a slash took from them; returns how much they
    /// took: no more than makes a share worth one unit again, and the dust of
    /// [`SharePool::DUST_MAX`], so that those who stayed gain nothing from those who left.
    pub fn restore(&mut self, amount: Amount) -> Amount {
        if self.shares.is_zero() {
            return Amount::ZERO;
        }
        let most = self.shares.0.saturating_add(Self::DUST_MAX);
        let restored = amount.min(most.saturating_sub(self.amount));
        self.amount = self.amount.saturating_add(restored);
        restored
    }

    /// Pays a holder exactly `amount`, as [`SharePool::shares_for_ceil`] says; returns the shares
    /// burnt. `None`, also if it has fewer that are not void, changes nothing.
    pub fn withdraw_ceil(&mut self, held: &mut Claim, amount: Amount) -> Option<Shares> {
        let burnt = self.shares_for_ceil(amount)?;
        let rest = self.shares_of(*held).checked_sub(burnt)?;
        let left = (self.shares.checked_sub(burnt)?, self.amount.checked_sub(amount)?);
        (self.shares, self.amount) = left;
        *held = Claim { shares: rest, generation: self.generation };
        Some(burnt)
    }

    /// Adds shares that are part of this pool, and nobody's, to what a holder has; what it had in
    /// an earlier generation is dropped. `None` above 2^63 − 1 changes nothing.
    pub fn adopt(&self, held: &mut Claim, shares: Shares) -> Option<()> {
        let shares = self.shares_of(*held).checked_add(shares)?;
        *held = Claim { shares, generation: self.generation };
        Some(())
    }

    /// The same holders with `amount`, of whatever else, in place of what they had.
    ///
    /// `None` if that is less than one unit for 2^20 shares.
    pub fn exchanged(self, amount: Amount) -> Option<SharePool> {
        let scaled = u128::from(amount.units()) * u128::from(Self::SHARES_PER_UNIT_MAX);
        (u128::from(self.shares.count()) <= scaled).then_some(SharePool { amount, ..self })
    }

    /// Takes `amount` from all holders in proportion, or all there is if that is less.
    ///
    /// If the price falls below one unit for 2^20 shares, the pool closes: all shares are void,
    /// the next generation begins empty, and what is left is handed out to be burnt.
    pub fn slash(&mut self, amount: Amount) -> Slashed {
        let taken = amount.min(self.amount);
        self.amount = self.amount.saturating_sub(taken);
        // amount / shares < 2^-20, of 63 + 20 bits.
        let scaled = u128::from(self.amount.units()) * u128::from(Self::SHARES_PER_UNIT_MAX);
        if u128::from(self.shares.count()) <= scaled {
            return Slashed { taken, dust: Amount::ZERO };
        }
        let generation = self.generation.checked_add(1);
        let generation = generation.expect("each closing takes a slash of a bond of its own");
        let dust = self.amount;
        *self = SharePool { shares: Shares::ZERO, amount: Amount::ZERO, generation };
        Slashed { taken, dust }
    }
}

impl Claim {
    /// The shares, void or not.
    pub const fn shares(self) -> Shares {
        self.shares
    }

    /// The pool's generation when they were minted.
    pub const fn generation(self) -> u32 {
        self.generation
    }
}

#[cfg(test)]
mod tests;
