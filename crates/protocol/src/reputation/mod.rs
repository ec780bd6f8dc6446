//! Reputation: what an operator's verified past says, as a lower bound that must be earned.
//!
//! Key terms: evidence is a faded count of successes S and failures F; with α = 1 + S and
//! β = 1 + F the score is max(0, mean − z·sd) of the Beta distribution.
//!
//! Law: evidence fades to ignorance, never to a ratio (M28); a success is worth what was burnt for
//! it, whoever asked: requesters are free, so a name can be bought, and this is its price.
//! Rounding: evidence and score down, the deviation up.
//! Known shortcomings: two dimensions only; availability and ratings come with leases.
//! Not here: money; what a score is used for.

pub(crate) mod acts;
pub(crate) mod params;

use serde::{Deserialize, Serialize};

use crate::{
    ids::OperatorId,
    num::{Amount, Epoch, Factor, PARTS, Ratio, mul_div_floor, sqrt_ceil},
    table::Table,
};
use params::ReputationParams;

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

    fn evidence_mut(&mut self, dimension: Dimension) -> &mut Evidence {
        match dimension {
            Dimension::Correctness => &mut self.correctness,
            Dimension::Timeliness => &mut self.timeliness,
        }
    }

    /// Correctness and timeliness together, as auctions see them.
    pub fn score(self, z: Factor) -> Ratio {
        let correctness = self.correctness.score(z);
        // Mostly there is one success of each kind for every job, or nothing yet.
        let alike = self.timeliness == self.correctness;
        correctness.times_floor(if alike { correctness } else { self.timeliness.score(z) })
    }
}

/// Every record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reputation {
    pub(crate) records: Table<Kept>,
}

/// A record, and its score as it stood when last changed; the score is never stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    record: Record,
    #[serde(skip)]
    scored: Option<Scored>,
}

/// A score that holds as long as the epoch and the parameters it was computed with.
#[derive(Clone, Copy, Debug)]
struct Scored {
    at: Epoch,
    z: Factor,
    decay: Ratio,
    score: Ratio,
}

/// One verified event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pub(crate) dimension: Dimension,
    pub(crate) success: bool,
    pub(crate) weight: Factor,
}

impl Reputation {
    pub(crate) fn enter(&mut self, now: Epoch) {
        let record = Record { faded_at: now, ..Record::default() };
        self.records.push(Kept { record, scored: None });
    }

    fn kept(&self, operator: OperatorId) -> Kept {
        self.records.get(operator.index()).copied().unwrap_or_default()
    }

    pub(crate) fn record(&self, operator: OperatorId) -> Record {
        self.kept(operator).record
    }

    /// The operator's score now.
    pub(crate) fn score(
        &self,
        operator: OperatorId,
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let Kept { record, scored } = self.kept(operator);
        let known = scored.filter(|scored| {
            scored.at == now && scored.z == params.z && scored.decay == params.decay
        });
        let compute = || record.faded(now, params.decay).score(params.z);
        known.map_or_else(compute, |scored| scored.score)
    }

    /// Books events of one operator and returns its score after them.
    pub(crate) fn note(
        &mut self,
        operator: OperatorId,
        notes: &[Note],
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let kept = self.records.get_mut(operator.index());
        let kept = kept.expect("a record opens with its operator");
        let record = &mut kept.record;
        *record = record.faded(now, params.decay);
        for note in notes {
            let evidence = record.evidence_mut(note.dimension);
            let count = if note.success { &mut evidence.success } else { &mut evidence.failure };
            *count = count.saturating_add(note.weight);
        }
        kept.rescore(now, params)
    }

    /// Takes a failure back that was booked then; what has faded of it since is gone already.
    pub(crate) fn unmark(
        &mut self,
        (operator, dimension): (OperatorId, Dimension),
        (weight, then): (Factor, Epoch),
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let kept = self.records.get_mut(operator.index());
        let kept = kept.expect("a record opens with its operator");
        let record = &mut kept.record;
        *record = record.faded(now, params.decay);
        let left = weight.ratio_floor(params.decay.pow_floor(now.since(then).count()));
        let evidence = record.evidence_mut(dimension);
        evidence.failure = evidence.failure.saturating_sub(left);
        kept.rescore(now, params)
    }
}

impl Kept {
    /// Scores a record that was changed.
    fn rescore(&mut self, now: Epoch, params: &ReputationParams) -> Ratio {
        let score = self.record.score(params.z);
        self.scored = Some(Scored { at: now, z: params.z, decay: params.decay, score });
        score
    }
}

/// What a paid job says for its provider: its value, at most what was burnt for it justifies.
pub(crate) fn weigh_success(value: Amount, burnt: Amount, params: &ReputationParams) -> Factor {
    let justified = params.burn_multiple.amount_floor(burnt);
    weigh(value.min(justified.unwrap_or(Amount::MAX)), params)
}

/// ⌊value / unit⌋ in parts, at most the cap of one event.
pub(crate) fn weigh(value: Amount, params: &ReputationParams) -> Factor {
    let parts = mul_div_floor(value.units(), PARTS, params.unit.units());
    Factor::new(parts.unwrap_or(u64::MAX)).unwrap_or(Factor::MAX).min(params.weight_max)
}

#[cfg(test)]
mod tests;
