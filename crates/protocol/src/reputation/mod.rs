//! Reputation: what an operator's verified past says, as a lower bound that must be earned.
//!
//! Key terms: evidence is a faded count of successes S and failures F; with α = 1 + S and
//! β = 1 + F the score is max(0, mean − z·sd) of the Beta distribution.
//!
//! Law: evidence fades to ignorance, never to a ratio (M28); one requester's word counts up to a
//! cap, and a success at most what its burnt fees justify.
//! Rounding: evidence and score down, the deviation up.
//! Known shortcomings: two dimensions only; availability and ratings come with leases.
//! Not here: money; what a score is used for.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, OperatorId},
    num::{Amount, Epoch, Factor, PARTS, Ratio, mul_div_floor, sqrt_ceil},
    params::RawParams,
    table::Table,
};

/// Faded successes and failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Successes.
    pub success: Factor,
    /// Failures.
    pub failure: Factor,
}

/// One operator's record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Were the results right?
    pub correctness: Evidence,
    /// Were they in time?
    pub timeliness: Evidence,
    /// When the record was last faded.
    pub faded_at: Epoch,
}

/// Which dimension an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Correctness,
    Timeliness,
}

impl Evidence {
    /// The score: a lower bound on the chance of success.
    pub fn score(self, z: Factor) -> Ratio {
        let alpha = u128::from(self.success.parts()).wrapping_add(u128::from(PARTS));
        let beta = u128::from(self.failure.parts()).wrapping_add(u128::from(PARTS));
        let parts = u128::from(PARTS);
        let sum = alpha.wrapping_add(beta); // Below 2^51 each: nothing here wraps.
        let mean = alpha.wrapping_mul(parts).checked_div(sum).unwrap_or(0);
        let spread = mean.wrapping_mul(parts.saturating_sub(mean));
        let variance = spread.wrapping_mul(parts).div_ceil(sum.wrapping_add(parts));
        let deviation = sqrt_ceil(variance);
        let margin = deviation.wrapping_mul(u128::from(z.parts())).div_ceil(parts);
        let score = u64::try_from(mean.saturating_sub(margin)).unwrap_or(0);
        Ratio::new(score).unwrap_or(Ratio::ONE)
    }

    fn fade(&mut self, rate: Ratio) {
        self.success = self.success.ratio_floor(rate);
        self.failure = self.failure.ratio_floor(rate);
    }
}

impl Record {
    /// This record as it stands in epoch `now`.
    pub fn faded(mut self, now: Epoch, decay: Ratio) -> Record {
        let rate = decay.pow_floor(now.since(self.faded_at).count());
        self.correctness.fade(rate);
        self.timeliness.fade(rate);
        self.faded_at = now;
        self
    }

    /// Correctness and timeliness together, as auctions see them.
    pub fn score(self, z: Factor) -> Ratio {
        self.correctness.score(z).times_floor(self.timeliness.score(z))
    }
}

/// What one requester has already said for one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pair {
    requester: AccountId,
    operator: OperatorId,
    given: Factor,
    faded_at: Epoch,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reputation {
    pub(crate) records: Table<Record>,
    pub(crate) pairs: Table<Pair>,
    /// Where the pair of each requester and operator is.
    pair_rows: BTreeMap<(AccountId, OperatorId), usize>,
}

/// What a finished job says for its provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Praise {
    pub(crate) requester: AccountId,
    pub(crate) value: Amount,
    pub(crate) burnt: Amount,
}

impl Reputation {
    pub(crate) fn enter(&mut self, now: Epoch) {
        self.records.push(Record { faded_at: now, ..Record::default() });
    }

    pub(crate) fn record(&self, operator: OperatorId) -> Record {
        self.records.get(operator.index()).copied().unwrap_or_default()
    }

    /// The operator's score now.
    pub(crate) fn score(&self, operator: OperatorId, now: Epoch, params: &RawParams) -> Ratio {
        let record = self.record(operator).faded(now, params.reputation_decay);
        record.score(params.reputation_z)
    }

    /// How much a success counts: its value, at most what was burnt for it and what this
    /// requester may still say; books it against the pair.
    pub(crate) fn weigh_success(
        &mut self,
        operator: OperatorId,
        praise: Praise,
        now: Epoch,
        params: &RawParams,
    ) -> Factor {
        let justified = params.reputation_burn_multiple.amount_floor(praise.burnt);
        let value = praise.value.min(justified.unwrap_or(Amount::MAX));
        let weight = weigh(value, params);
        let Praise { requester, .. } = praise;
        let fresh = Pair { requester, operator, given: Factor::ZERO, faded_at: now };
        let row =
            *self.pair_rows.entry((requester, operator)).or_insert_with(|| self.pairs.push(fresh));
        let pair = self.pairs.get_mut(row).expect("just found or pushed");
        let rate = params.reputation_decay.pow_floor(now.since(pair.faded_at).count());
        pair.given = pair.given.ratio_floor(rate);
        pair.faded_at = now;
        let room = params.reputation_pair_max.saturating_sub(pair.given);
        let weight = weight.min(room);
        pair.given = pair.given.saturating_add(weight);
        weight
    }

    pub(crate) fn note(
        &mut self,
        operator: OperatorId,
        dimension: Dimension,
        success: bool,
        weight: Factor,
        now: Epoch,
        params: &RawParams,
    ) {
        let record = self.records.get_mut(operator.index());
        let record = record.expect("a record opens with its operator");
        *record = record.faded(now, params.reputation_decay);
        let evidence = match dimension {
            Dimension::Correctness => &mut record.correctness,
            Dimension::Timeliness => &mut record.timeliness,
        };
        let count = if success { &mut evidence.success } else { &mut evidence.failure };
        *count = count.saturating_add(weight);
    }
}

/// ⌊value / unit⌋ in parts, at most the cap of one event.
pub(crate) fn weigh(value: Amount, params: &RawParams) -> Factor {
    let parts = mul_div_floor(value.units(), PARTS, params.reputation_unit.units());
    Factor::new(parts.unwrap_or(u64::MAX)).unwrap_or(Factor::MAX).min(params.reputation_weight_max)
}

#[cfg(test)]
mod tests;
