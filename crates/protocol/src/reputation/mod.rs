//! Reputation: what an operator's verified past says, as a lower bound that must be earned.
//!
//! Key terms: evidence is a faded count of successes S and failures F; with α = 1 + S and
//! β = 1 + F its *bound* is max(0, mean − z·sd) of the Beta distribution, and its *keeping* is
//! α / (α + F).
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
//! Where ratings count, the score that auctions see is less by at most `rating_share` of what bad
//! ratings left; what follows acts alone is called *proven*, and is what collateral follows.
//! A *rater* is one requester towards one provider, remembered for a while and then forgotten.
//!
//! Law: evidence fades to ignorance, never to a ratio (M28); a success is worth what was burnt for
//! it, whoever asked: requesters are free, so a name can be bought, and this is its price.
//! Law: a success never lowers a score, a failure never raises it; a name without evidence is below
//! every name that has successes alone, and a part of a name that keeps four of five is below the
//! whole.
//! Law: where `carried_multiple` is set, a job is worth at most that times what its provider has
//! *carried*: what was paid to it and justified by what burnt, faded, and lost by a conviction; or
//! `carried_floor`, with which everybody begins. So no name is milked on small jobs for a large
//! one. Known shortcoming: it is counted a job, not for all that a name has under way.
//! Law: one act is one event of a dimension. Silence counts as lateness where availability does
//! not.
//! Rounding: evidence and score down, the deviation up.
//! Known shortcomings: whoever keeps one name for what it does well and one for what it does not
//! keeps the first clean; but the other works at a newcomer's score.
//! Not here: money; what a score is used for.

pub(crate) mod acts;
pub(crate) mod params;

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ids::{AccountId, OperatorId, RaterId},
    num::{Amount, Epoch, Factor, PARTS, Ratio, mul_div_floor, sqrt_ceil},
    shared::{Arc, own},
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
    /// Would those who paid for them ask again?
    pub ratings: Evidence,
    /// What it was paid for, as far as what burnt for it justifies, and lost no more since to a
    /// conviction: faded like evidence, and not capped an event.
    pub carried: Amount,
    /// When the record was last faded.
    pub faded_at: Epoch,
}

/// Which dimension an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Correctness,
    Timeliness,
    Availability,
    Ratings,
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
            (
                Dimension::Correctness
                | Dimension::Timeliness
                | Dimension::Availability
                | Dimension::Ratings,
                _,
            ) => Some(self),
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
        if now == self.faded_at {
            return self;
        }
        let rate = decay.pow_floor(now.since(self.faded_at).count());
        self.correctness.fade(rate);
        self.timeliness.fade(rate);
        self.availability.fade(rate);
        self.ratings.fade(rate);
        self.carried = rate.amount_floor(self.carried);
        self.faded_at = now;
        self
    }

    fn evidence_mut(&mut self, dimension: Dimension) -> &mut Evidence {
        match dimension {
            Dimension::Correctness => &mut self.correctness,
            Dimension::Timeliness => &mut self.timeliness,
            Dimension::Availability => &mut self.availability,
            Dimension::Ratings => &mut self.ratings,
        }
    }

    /// What each dimension leaves of a score; it is their product.
    pub fn parts(self, params: &ReputationParams) -> Parts {
        let correctness = self.correctness.bound(params.z);
        let ratings = self.said(params);
        if params.counts_availability() {
            let [timeliness, availability] =
                [self.timeliness, self.availability].map(Evidence::keeping);
            return Parts { correctness, timeliness, availability, ratings };
        }
        // Mostly there is one success of each kind for every job, or nothing yet.
        let alike = self.timeliness == self.correctness;
        let timeliness = if alike { correctness } else { self.timeliness.bound(params.z) };
        Parts { correctness, timeliness, availability: Ratio::ONE, ratings }
    }

    /// What ratings leave of a score: at least all but their share.
    fn said(self, params: &ReputationParams) -> Ratio {
        let share = params.rating_share;
        if self.ratings.failure == Factor::ZERO || share == Ratio::ZERO {
            return Ratio::ONE;
        }
        share.complement().saturating_add(share.times_floor(self.ratings.keeping()))
    }

    /// What acts alone say.
    pub fn proven(self, params: &ReputationParams) -> Ratio {
        let Parts { correctness, timeliness, availability, .. } = self.parts(params);
        correctness.times_floor(timeliness).times_floor(availability)
    }

    /// All dimensions together, as auctions see them.
    pub fn score(self, params: &ReputationParams) -> Ratio {
        self.proven(params).times_floor(self.said(params))
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
    /// What ratings leave; one where none count.
    pub ratings: Ratio,
}

/// Every record.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reputation {
    pub(crate) records: Table<Kept>,
    pub(crate) raters: Table<Rater>,
}

impl<'de> Deserialize<'de> for Reputation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (records, raters) =
            <(Table<Kept>, Table<Rater>) as Deserialize>::deserialize(deserializer)?;
        let mut all = Reputation { records, raters };
        let pairs = all.raters.iter().map(|(index, row)| (RaterId::from_index(index), row.pair()));
        let pairs: Vec<(RaterId, Pair)> = pairs.collect();
        for (id, (requester, operator)) in pairs {
            if let Some(kept) = all.records.get_mut(operator.index()) {
                kept.remember(requester, id);
            }
        }
        Ok(all)
    }
}

/// Who says something, and of whom.
type Pair = (AccountId, OperatorId);

/// What one requester has said of one provider.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rater {
    /// Who says it.
    pub requester: AccountId,
    /// Of whom.
    pub operator: OperatorId,
    /// In how many events, all ratings together.
    pub weight: Factor,
    /// When that is forgotten, and another row may begin.
    pub leaves: Epoch,
}

impl Rater {
    pub(crate) const fn pair(&self) -> Pair {
        (self.requester, self.operator)
    }
}

/// A record, and its score as it stood when last changed; the score is never stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    record: Record,
    #[serde(skip)]
    scored: Option<Scored>,
    /// Who has said something of it; a function of the raters' rows.
    #[serde(skip)]
    raters: Option<Arc<BTreeMap<AccountId, RaterId>>>,
}

/// A proven score that holds as long as the epoch and the parameters it was computed with.
#[derive(Clone, Copy, Debug)]
struct Scored {
    at: Epoch,
    z: Factor,
    decay: Ratio,
    dimensions: u8,
    score: Ratio,
}

impl Scored {
    fn holds(&self, now: Epoch, params: &ReputationParams) -> bool {
        let ReputationParams { z, decay, dimensions, .. } = *params;
        self.at == now && (self.z, self.decay, self.dimensions) == (z, decay, dimensions)
    }
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
        self.records.push(Kept { record, ..Kept::default() });
    }

    pub(crate) fn record(&self, operator: OperatorId) -> Record {
        self.records.get(operator.index()).map_or_else(Record::default, |kept| kept.record)
    }

    /// What acts alone say of the operator now.
    pub(crate) fn proven(
        &self,
        operator: OperatorId,
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let Some(Kept { record, scored, .. }) = self.records.get(operator.index()) else {
            return Record::default().proven(params);
        };
        let known = scored.filter(|scored| scored.holds(now, params));
        let compute = || record.faded(now, params.decay).proven(params);
        known.map_or_else(compute, |scored| scored.score)
    }

    /// The operator's score now.
    pub(crate) fn score(
        &self,
        operator: OperatorId,
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let proven = self.proven(operator, now, params);
        let record = self.record(operator);
        if record.ratings.failure == Factor::ZERO {
            return proven;
        }
        proven.times_floor(record.faded(now, params.decay).said(params))
    }

    /// A paid job adds to what the operator has carried.
    pub(crate) fn carry(
        &mut self,
        operator: OperatorId,
        value: Amount,
        now: Epoch,
        params: &ReputationParams,
    ) {
        let kept = self.kept_mut(operator);
        kept.record = kept.record.faded(now, params.decay);
        kept.record.carried = kept.record.carried.saturating_add(value);
        kept.rescore(now, params);
    }

    /// A conviction takes all that the operator has carried; says how much that was.
    pub(crate) fn drop_carried(
        &mut self,
        operator: OperatorId,
        now: Epoch,
        params: &ReputationParams,
    ) -> Amount {
        let kept = self.kept_mut(operator);
        kept.record = kept.record.faded(now, params.decay);
        kept.rescore(now, params);
        core::mem::take(&mut kept.record.carried)
    }

    /// Gives back what a conviction took then, as much as would be left of it.
    pub(crate) fn regain_carried(
        &mut self,
        operator: OperatorId,
        lost: (Amount, Epoch),
        now: Epoch,
        params: &ReputationParams,
    ) {
        self.carry(operator, left_of(lost, now, params), now, params);
    }

    fn kept_mut(&mut self, operator: OperatorId) -> &mut Kept {
        self.records.get_mut(operator.index()).expect("a record opens with its operator")
    }

    /// What a requester has said of a provider, if that is remembered.
    pub(crate) fn said(&self, requester: AccountId, operator: OperatorId) -> Option<Rater> {
        self.raters.get(self.rater((requester, operator))?.index()).copied()
    }

    /// The row of a pair, as the operator lists it.
    pub(crate) fn rater(&self, (requester, operator): Pair) -> Option<RaterId> {
        self.records.get(operator.index())?.raters.as_ref()?.get(&requester).copied()
    }

    /// How many rows operators list.
    pub(crate) fn listed(&self) -> usize {
        let lists = self.records.iter().filter_map(|(_, kept)| kept.raters.as_ref());
        lists.map(|raters| raters.len()).fold(0, usize::saturating_add)
    }

    /// Adds to what a requester has said of a provider. Says which row that began, if it did.
    pub(crate) fn say(
        &mut self,
        (requester, operator): Pair,
        weight: Factor,
        leaves: Epoch,
    ) -> Option<RaterId> {
        let raters = self.kept_mut(operator).raters.as_ref();
        let known = raters.and_then(|raters| raters.get(&requester)).copied();
        if let Some(row) = known.and_then(|id| self.raters.get_mut(id.index())) {
            row.weight = row.weight.saturating_add(weight);
            return None;
        }
        let row = Rater { requester, operator, weight, leaves };
        let id = RaterId::from_index(self.raters.push(row));
        self.kept_mut(operator).remember(requester, id);
        Some(id)
    }

    /// Forgets how much a requester has said of a provider; what it said fades as it would.
    pub(crate) fn forget_rater(&mut self, id: RaterId) {
        let Some(row) = self.raters.get(id.index()).copied() else { return };
        self.raters.retire(id.index());
        self.kept_mut(row.operator).forget(row.requester);
    }

    /// Books events of one operator and returns its score after them.
    pub(crate) fn note(
        &mut self,
        operator: OperatorId,
        notes: &[Note],
        now: Epoch,
        params: &ReputationParams,
    ) -> Ratio {
        let kept = self.kept_mut(operator);
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
        let kept = self.kept_mut(operator);
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
        let ReputationParams { z, decay, dimensions, .. } = *params;
        let score = self.record.proven(params);
        self.scored = Some(Scored { at: now, z, decay, dimensions, score });
        score.times_floor(self.record.said(params))
    }

    fn remember(&mut self, requester: AccountId, id: RaterId) {
        own(self.raters.get_or_insert_with(|| Arc::new(BTreeMap::new()))).insert(requester, id);
    }

    fn forget(&mut self, requester: AccountId) {
        let Some(raters) = self.raters.as_mut() else { return };
        own(raters).remove(&requester);
        if raters.is_empty() {
            self.raters = None;
        }
    }
}

/// What is left now of what was carried then.
pub(crate) fn left_of(
    (carried, then): (Amount, Epoch),
    now: Epoch,
    params: &ReputationParams,
) -> Amount {
    params.decay.pow_floor(now.since(then).count()).amount_floor(carried)
}

/// What a paid job says for its provider: its value, at most what was burnt for it justifies.
pub(crate) fn weigh_success(value: Amount, burnt: Amount, params: &ReputationParams) -> Factor {
    weigh(justified(value, burnt, params), params)
}

/// What of a paid job's value what was burnt for it justifies.
pub(crate) fn justified(value: Amount, burnt: Amount, params: &ReputationParams) -> Amount {
    value.min(params.burn_multiple.amount_floor(burnt).unwrap_or(Amount::MAX))
}

/// ⌊value / unit⌋ in parts, at most the cap of one event.
pub(crate) fn weigh(value: Amount, params: &ReputationParams) -> Factor {
    let parts = mul_div_floor(value.units(), PARTS, params.unit.units());
    Factor::new(parts.unwrap_or(u64::MAX)).unwrap_or(Factor::MAX).min(params.weight_max)
}

#[cfg(test)]
mod tests;
