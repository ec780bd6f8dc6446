//! Insurance: what a convicted result cost its requester beyond what its slash may pay.
//!
//! Key terms: the *pool* is what insures (`Pot::Insurance`): its part of slashes and takes, and all
//! premiums; a *cover* is the loss beyond compensation that a requester insured, and lies in a pot
//! of its job from then on, so that no cover is promised twice and none is unfunded; what a slash
//! *sinks* is what of it nobody gets: its burnt part and the pool's.
//!
//! ```text
//!   pool ──insure──► cover of a job ──convicted──► cover of a slash ──paid──► requester and pool
//!                        └──closed otherwise──► pool     └──reversed──► pool
//! ```
//!
//! Law: a cover is bought while bids are sealed, `waiting_blocks` before they are opened at the
//! latest, so nobody insures what has happened, nor knows yet who will do the job.
//! Law: besides compensation a cover pays at most `cover_share` of what the slash sinks. So whoever
//! is on both sides loses more than it gets, whatever the premium (C16).
//! Law: in an epoch at most `epoch_share` of the pool is promised, what comes back in it not
//! counted, and at most `pair_share` of it, with all covers, paid to one requester for one
//! provider's offences; no cover is sold above that, and the first of a pair's in an epoch is paid
//! as it was sold, whatever the pool lost since.
//! Formula: premium = loading · d · `wrong_share` · cover, with d as the job's quote has it.
//! Rounding: premiums up; limits and what is paid down.
//! Known shortcomings: covers are in what is bonded, whatever pays. Abandoned jobs are not insured:
//! leaving costs little, and would be a cheap way to a cover. A pair that uses other accounts has
//! other limits, and the epoch's in common with all.
//! Not here: who is guilty (`verification`), what a slash pays (`slashing`).

pub(crate) mod acts;
pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use rejected::InsureJobRejected;

use crate::{
    ids::AccountId,
    num::{Amount, Epoch, Ratio},
};
use params::InsuranceParams;

/// What was promised, less what of it came back unneeded, and what was paid in one epoch; of the
/// last in which anything was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Insurance {
    epoch: Epoch,
    promised: Amount,
    /// By requester and convicted provider.
    paid: BTreeMap<(AccountId, AccountId), Amount>,
}

/// What insuring a job comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverQuote {
    /// The largest cover that a conviction of this job is sure to pay in full, if no other job of
    /// this requester was paid for in that epoch for the same provider.
    pub cover_max: Amount,
    /// What the pool has left to promise in this epoch.
    pub available: Amount,
    /// The chance that a cover is taken to be paid, for the premium, in parts per billion.
    pub chance: Ratio,
}

impl CoverQuote {
    /// What a cover costs; `None` above any amount.
    pub fn premium(&self, cover: Amount, params: &InsuranceParams) -> Option<Amount> {
        params.loading.amount_ceil(self.chance.amount_ceil(cover))
    }
}

impl Insurance {
    /// What was promised in this epoch and did not come back in it.
    pub(crate) fn promised(&self, now: Epoch) -> Amount {
        if self.epoch == now { self.promised } else { Amount::ZERO }
    }

    /// What of `pool`, the money not promised, may be promised yet in this epoch.
    pub(crate) fn available(&self, now: Epoch, pool: Amount, params: &InsuranceParams) -> Amount {
        let promised = self.promised(now);
        let limit = params.epoch_share.amount_floor(pool.saturating_add(promised));
        limit.saturating_sub(promised).min(pool)
    }

    fn begin(&mut self, now: Epoch) {
        if self.epoch != now {
            *self = Insurance { epoch: now, ..Insurance::default() };
        }
    }

    fn promise(&mut self, now: Epoch, cover: Amount) {
        self.begin(now);
        self.promised = self.promised.saturating_add(cover);
    }

    /// A cover that was promised in this epoch is not needed.
    fn let_go(&mut self, now: Epoch, cover: Amount) {
        if self.epoch == now {
            self.promised = self.promised.saturating_sub(cover);
        }
    }

    /// Writes down what a pair is paid: all of the first that it wants in an epoch, which was
    /// within its share when it was sold, however small the pool is now; of what comes after, what
    /// keeps it within its share of `pool`, which is all that insures, promised or not.
    fn pay(
        &mut self,
        (now, pool): (Epoch, Amount),
        pair: (AccountId, AccountId),
        wanted: Amount,
        params: &InsuranceParams,
    ) -> Amount {
        self.begin(now);
        let paid = self.paid.get(&pair).copied().unwrap_or_default();
        let limit = params.pair_share.amount_floor(pool.saturating_add(paid));
        let room = if paid.is_zero() { wanted } else { limit.saturating_sub(paid) };
        let amount = wanted.min(room);
        if !amount.is_zero() {
            self.paid.insert(pair, paid.saturating_add(amount));
        }
        amount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u64) -> Amount {
        Amount::new(units).expect("small")
    }

    /// What may be promised of a pool that has lost so much in this epoch already.
    fn left(pool: u64, taken: u64, one_of: u64) -> Amount {
        let now = Epoch::new(3);
        let epoch_share = Ratio::of_floor(1, one_of);
        let params = InsuranceParams { epoch_share, ..InsuranceParams::default() };
        let mut insurance = Insurance::default();
        insurance.promise(Epoch::new(2), units(pool));
        insurance.promise(now, units(taken));
        insurance.available(now, units(pool - taken), &params)
    }

    /// LPT6, LP1 (livepeer/protocol, test/unit/TicketBroker.js; mixins/MixinReserve.sol): a
    /// reserve pays one of so many in a round what is its part of all that was there, less what it
    /// had. What an epoch may promise of the insurance is the same of its share.
    #[test]
    fn lpt6_an_epoch_takes_of_a_pool_what_a_round_does_of_a_reserve_in_livepeer() {
        let (reserve, face) = (1_000, units(1_000));
        let paid = face.min(left(reserve, 0, 10));
        assert_eq!(paid, units(100));
        assert_eq!(reserve - paid.units(), 900);
        assert_eq!(left(reserve, paid.units(), 10), Amount::ZERO);
        let eth = 1_000_000_000;
        assert_eq!(left(eth, 0, 100), units(eth / 100));
        assert_eq!(left(eth, eth / 200, 100), units(eth / 200));
    }
}
