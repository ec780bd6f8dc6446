//! Payments: how what a provider or an auditor is paid for a job is worked out.
//!
//! Law: these are the formulas that the rules themselves pay by; who has the numbers of an event
//! has its amounts, to the unit.
//! Not here: each formula (`market`, `staking`), what else a job moves (`slashing`, `rewards`).

use serde::{Deserialize, Serialize};

use crate::{market::PriceTerms, num::Amount, staking::ShareTerms};

/// The numbers that an auditor's fee is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeTerms {
    /// What an audit costs.
    pub tariff: Amount,
    /// What the seat earns more, because others left it.
    pub refills: Amount,
    /// What was left of the audit fees.
    pub there: Amount,
}

impl FeeTerms {
    /// The tariff and what refills add, as far as it is there.
    pub fn fee(&self) -> Amount {
        self.tariff.saturating_add(self.refills).min(self.there)
    }
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A result that stands.
    Price(PriceTerms),
    /// An audit.
    Fee(FeeTerms),
}

/// The numbers that a payment is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayTerms {
    /// For what.
    pub work: Work,
    /// How delegators share in it; none for who has no operator.
    pub shared: Option<ShareTerms>,
}

impl PayTerms {
    /// All that is earned, the delegators' part included.
    pub fn earned(&self) -> Amount {
        match &self.work {
            Work::Price(terms) => terms.split().earned,
            Work::Fee(terms) => terms.fee(),
        }
    }

    /// The delegators' part of it.
    pub fn delegators(&self) -> Amount {
        self.shared.map_or(Amount::ZERO, |terms| terms.delegators(self.earned()))
    }

    /// What is left for whoever did the work.
    pub fn own(&self) -> Amount {
        self.earned().saturating_sub(self.delegators())
    }
}
