//! Reputation: what an operator's verified past says, as a lower bound that must be earned.
//!
//! Key terms: evidence is a faded count of successes S and failures F; with α = 1 + S and
//! β = 1 + F its *bound* is max(0, mean − z·sd) of the Beta distribution, its *keeping* α / (α + F).
//!
//! ```text
//!   2 dimensions:  score = bound(correctness) · bound(timeliness)
//!   3 dimensions:  score = bound(correctness) · keeping(timeliness) · keeping(availability)
//! ```
//!
//! A bound must be earned: without evidence it is near zero. A keeping only takes: it is one until
//! the first failure, so that nobody is worse off for what it was never asked, and successes win
//! back what failures took. One bound is enough to let a new name begin at the bottom.
//!
//! Law: evidence fades to ignorance, never to a ratio (M28); a success is worth what was burnt for
//! it, whoever asked: requesters are free, so a name can be bought, and this is its price.
//! Law: a success never lowers a score, a failure never raises it; a name without evidence is below
//! every name that has successes alone, and so are the parts of one that was split.
//! Law: one act is one event of a dimension. Silence counts as lateness where availability does not.
//! Rounding: evidence and score down, the deviation up.
//! Known shortcomings: whoever keeps one name for what it does well and one for what it does not
//! keeps the first clean; but the other works at a newcomer's score.
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
    /// Was it there when it had to be? Nothing where two dimensions count.
    pub availability: Evidence,
    /// When the record was last faded.
    pub faded_at: Epoch,
}

/// Which dimension an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Correctness,
    Timeliness,
    Availability,
}

impl Dimension {
    /// Where an event of this dimension is booked: where availability does not count, silence is
    /// lateness, and having been there is nothing that a job's own success does not say.
    fn home(self, success: bool, params: &ReputationParams) -> Option<Dimension> {
        match (self, success) {
            (Dimension::Availability, true) if !params.counts_availability() => None,
            (Dimension::Availability, false) if !params.counts_availability() => {
                Some(Dimension::Timeliness)
            }
            (Dimension::Correctness | Dimension::Timeliness | Dimension::Availability, _) => {
                Some(self)
            }
        }
    }
}

impl Evidence {
    /// A lower bound on the chance of success, near zero without evidence.
    pub fn bound(self, z: Factor) -> Ratio {
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

    /// What failures leave: all without any, and the share of successes among many.
    pub fn keeping(self) -> Ratio {
        let alpha = self.success.parts().saturating_add(PARTS);
        let kept = mul_div_floor(PARTS, alpha, alpha.saturating_add(self.failure.parts()));
        kept.and_then(Ratio::new).unwrap_or(Ratio::ONE)
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
        self.availability.fade(rate);
        self.faded_at = now;
        self
    }

    fn evidence_mut(&mut self, dimension: Dimension) -> &mut Evidence {
        match dimension {
            Dimension::Correctness => &mut self.correctness,
            Dimension::Timeliness => &mut self.timeliness,
            Dimension::Availability => &mut self.availability,
        }
    }

    /// What each dimension leaves of a score; it is their product.
    pub fn parts(self, params: &ReputationParams) -> Parts {
        let correctness = self.correctness.bound(params.z);
        if params.counts_availability() {
            let [timeliness, availability] =
                [self.timeliness, self.availability].map(Evidence::keeping);
            return Parts { correctness, timeliness, availability };
        }
        // Mostly there is one success of each kind for every job, or nothing yet.
        let alike = self.timeliness == self.correctness;
        let timeliness = if alike { correctness } else { self.timeliness.bound(params.z) };
        Parts { correctness, timeliness, availability: Ratio::ONE }
    }

    /// All dimensions together, as auctions see them.
    pub fn score(self, params: &ReputationParams) -> Ratio {
        let Parts { correctness, timeliness, availability } = self.parts(params);
        correctness.times_floor(timeliness).times_floor(availability)
    }
}

/// What each dimension leaves of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The bound of correctness.
    pub correctness: Ratio,
    /// The keeping of timeliness; its bound where two dimensions count.
    pub timeliness: Ratio,
    /// The keeping of availability; one where two dimensions count.
    pub availability: Ratio,
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
    params: ReputationParams,
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
        let known = scored.filter(|scored| scored.at == now && scored.params == *params);
        let compute = || record.faded(now, params.decay).score(params);
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
            let Some(home) = note.dimension.home(note.success, params) else { continue };
            let evidence = record.evidence_mut(home);
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
        let home = dimension.home(false, params).expect("a failure always counts somewhere");
        let evidence = record.evidence_mut(home);
        evidence.failure = evidence.failure.saturating_sub(left);
        kept.rescore(now, params)
    }
}

impl Kept {
    /// Scores a record that was changed.
    fn rescore(&mut self, now: Epoch, params: &ReputationParams) -> Ratio {
        let score = self.record.score(params);
        self.scored = Some(Scored { at: now, params: *params, score });
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
