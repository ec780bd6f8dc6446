//! Claims: the most emission that one job attracts, and whose it is.
//!
//! Law: all parts together are at most `emission_cap` of what the job burnt, and at most what its
//! work is worth at the tariff.
//! Rounding: down; what the auditors' parts leave is claimed by nobody, and not minted, nor is what
//! a score leaves.
//! Not here: what a claim comes to in its epoch (`acts`).

use serde::{Deserialize, Serialize};

use crate::{
    ids::Role,
    num::{Amount, Factor, Gas, PARTS, Ratio},
    params::Params,
};

/// The numbers that the claims of one job are worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimTerms {
    /// What of the price burnt, in the asset that pays.
    pub burnt: Amount,
    /// What the work costs at the tariff, in the asset that pays.
    pub worth: Amount,
    /// What a unit that is bonded is worth in units that pay.
    pub stake_price: Factor,
    /// The most that is attracted, as a share of what burnt.
    pub emission_cap: Ratio,
    /// The auditors' share.
    pub validator_share: Ratio,
    /// How many auditors share it.
    pub auditors: u32,
    /// The share of somebody's part that follows its score.
    pub performance_share: Ratio,
    /// Its score: of correct and timely work, or of correct audits.
    pub score: Ratio,
}

impl ClaimTerms {
    pub(crate) fn new(
        (burnt, gas): (Amount, Gas),
        auditors: u32,
        stake_price: Factor,
        params: &Params,
    ) -> ClaimTerms {
        let rewards = params.rewards();
        ClaimTerms {
            burnt,
            worth: params.market().tariff(gas).unwrap_or(Amount::MAX),
            stake_price,
            emission_cap: rewards.emission_cap,
            validator_share: rewards.validator_share,
            auditors,
            performance_share: rewards.performance_share,
            score: Ratio::ONE,
        }
    }

    /// min(⌊`emission_cap` · burnt⌋, worth), in the stake asset.
    pub fn all(&self) -> Amount {
        let price = self.stake_price.parts();
        let in_stake = |amount: Amount| amount.share_floor(PARTS, price).unwrap_or(Amount::MAX);
        self.emission_cap.amount_floor(in_stake(self.burnt)).min(in_stake(self.worth))
    }

    /// The auditors' share of it.
    pub fn audits(&self) -> Amount {
        self.validator_share.amount_floor(self.all())
    }

    /// The provider's part, or that of each auditor, whatever its score.
    pub fn part(&self, role: Role) -> Amount {
        let audits = self.audits();
        match role {
            Role::Provider => self.all().saturating_sub(audits),
            Role::Validator | Role::Replica | Role::Access => {
                audits.share_floor(1, u64::from(self.auditors)).unwrap_or(Amount::ZERO)
            }
        }
    }

    /// What may be claimed of a part: 1 − `performance_share` · (1 − score), down.
    pub fn performance(&self) -> Ratio {
        self.performance_share.times_ceil(self.score.complement()).complement()
    }

    /// What the provider, or each auditor, may claim of it.
    pub fn claim(&self, role: Role) -> Amount {
        self.performance().amount_floor(self.part(role))
    }
}
