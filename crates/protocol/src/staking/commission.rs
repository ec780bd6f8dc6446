//! Commission: what an operator keeps of its pay before its delegators share in the rest.
//!
//! Law: it never exceeds the operator's own ceiling, which only falls; it rises by at most
//! `commission_raise_max` at once, and changes once in `commission_wait_epochs`. So whoever
//! delegates knows the most that it can be at any later epoch.
//! Law: an operator that never set one keeps everything; while one is everything nobody may put
//! stake behind its operator, so that nobody's bond backs strangers unasked.
//! Rounding: the commission down and the delegators' part up: the operator, who could cut its work
//! into many small jobs, gains nothing by it.
//! Not here: who is paid what (`acts/earn`).

use serde::{Deserialize, Serialize};

use super::{SetCommissionRejected, params::StakingParams};
use crate::num::{Amount, Epoch, Ratio};

/// What an operator keeps of its pay, and how far that can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commission {
    /// The share that it keeps.
    pub rate: Ratio,
    /// The most that it ever will be.
    pub ceiling: Ratio,
    /// When it last changed; none before the first time.
    pub changed: Option<Epoch>,
}

/// The numbers that the delegators' part of a pay is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareTerms {
    /// What the operator keeps before anything is shared.
    pub commission: Ratio,
    /// Its own stake.
    pub own: Amount,
    /// What is delegated to it.
    pub delegated: Amount,
    /// What of their part found no share to go to, and stays the operator's.
    pub unshared: Amount,
}

impl ShareTerms {
    /// The pay less the commission, times what is delegated over all that is at risk (up); nothing
    /// if nothing is delegated.
    pub fn part_ceil(&self, pay: Amount) -> Amount {
        let shared = self.commission.complement().amount_ceil(pay);
        let at_risk = self.own.saturating_add(self.delegated);
        shared.share_ceil(self.delegated.units(), at_risk.units()).unwrap_or(Amount::ZERO)
    }

    /// What of a pay the delegators earned.
    pub fn delegators(&self, pay: Amount) -> Amount {
        self.part_ceil(pay).saturating_sub(self.unshared)
    }
}

impl Default for Commission {
    fn default() -> Commission {
        Commission::ALL
    }
}

impl Commission {
    /// All of it, as long as nobody says otherwise.
    pub(crate) const ALL: Commission =
        Commission { rate: Ratio::ONE, ceiling: Ratio::ONE, changed: None };

    /// True if it leaves delegators anything; only then may stake join the operator's pool.
    pub fn shares(&self) -> bool {
        self.rate < Ratio::ONE
    }

    /// From when on it may change; at once before the first time.
    pub fn changeable(&self, params: &StakingParams) -> Epoch {
        let wait = params.commission_wait_epochs;
        self.changed.map_or(Epoch::new(0), |changed| changed.after(wait))
    }

    /// The most that it can be at the next change.
    pub fn next_max(&self, params: &StakingParams) -> Ratio {
        self.rate.saturating_add(params.commission_raise_max).min(self.ceiling)
    }

    /// The commission after a change to `rate` under `ceiling` at `now`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(crate) fn changed_to(
        &self,
        (rate, ceiling): (Ratio, Ratio),
        now: Epoch,
        params: &StakingParams,
    ) -> Result<Commission, SetCommissionRejected> {
        if rate > ceiling {
            return Err(SetCommissionRejected::AboveCeiling { wanted: rate, ceiling });
        }
        if ceiling > self.ceiling {
            let (wanted, ceiling) = (ceiling, self.ceiling);
            return Err(SetCommissionRejected::CeilingRaised { wanted, ceiling });
        }
        let until = self.changeable(params);
        if now < until {
            return Err(SetCommissionRejected::TooSoon { until, now });
        }
        let max = self.next_max(params);
        if rate > max {
            return Err(SetCommissionRejected::RaisedTooMuch { wanted: rate, max });
        }
        Ok(Commission { rate, ceiling, changed: Some(now) })
    }
}
