//! Moves: delegated stake on its way from one operator to another, answering for both.
//!
//! Key terms: a *parcel* is all that moves from one operator, its source, to another, its target,
//! within one span of epochs; it is *bound* until the source's past is judged, then it is *joined*
//! to the target's pool.
//!
//! ```text
//!   pool of the source ──redelegate──► bound ──matures──► joined: part of the target's pool
//!                                        └──slashed to nothing──► lost
//! ```
//!
//! Law: a bound parcel answers for whatever the source accepted before the last entered it and for
//! all that the target does; it earns with the target; it moves no further and cannot leave.
//! Law: a pool has at most `moves_max` bound parcels in and as many out, so that a slash and a
//! payment cost the same however many delegate; whoever may not move may always undelegate.
//! Law: a slash that waits puts its joining off by `engine_hold_epochs` at most, so that nobody is
//! bound for as long as others care to be convicted.
//! Rounding: shares down, for those who stay; the parcel's epoch up.
//! Known shortcomings: whoever moved first in a span, a quarter of the wait, answers for what the
//! source accepted until its last moved; a bound parcel leaves only after it joined; who fills an
//! operator's parcels with least delegations keeps others from moving, not from leaving.
//! Not here: how much is slashed (`slashing`).

use serde::{Deserialize, Serialize};

use super::{
    Delegation, DelegationPool, Moved, Staking, params::StakingParams, queue::end_of_span,
};
use crate::{
    ids::{MoveId, OperatorId},
    num::{Amount, Claim, Earned, Epoch, Height, Index, SharePool, Shares},
};

/// Spans that the wait of moves is cut into: one source has at most so many parcels and one more
/// on their way to one target.
const SPANS: u64 = 4;

/// A parcel of delegated stake that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Whose pool it left.
    pub source: OperatorId,
    /// Whose it goes to.
    pub target: OperatorId,
    /// Who has how much of it: of its stake while it is bound, of the pool's shares that it got
    /// once it joined.
    pub shares: SharePool,
    /// What one share earned while it was bound.
    pub index: Index,
    /// When the last entered: it answers for what the source accepted before.
    pub moved_at: Height,
    /// From when on it is free.
    pub matures: Epoch,
    /// From when on it would have been, had no slash waited.
    pub due: Epoch,
    /// Where it stands.
    pub stage: MoveStage,
    /// How many delegations have a part of it.
    pub holders: u64,
}

/// Where a parcel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveStage {
    /// It answers for both operators.
    Bound,
    /// It is part of the target's pool since this was the pool's index, in this generation.
    Joined(Index, u32),
    /// A slash took nearly all of it and closed it.
    Lost,
}

/// When what moves now is free: after the wait, at the next end of a quarter of it.
pub(crate) fn matures(now: Epoch, params: &StakingParams) -> Epoch {
    end_of_span(now.after(params.unbonding_epochs), params.unbonding_epochs, SPANS)
}

impl Staking {
    pub(crate) fn moved(&self, id: MoveId) -> &Move {
        self.moves.get(id.index()).expect("a parcel stays as long as anybody has a part of it")
    }

    pub(crate) fn moved_mut(&mut self, id: MoveId) -> &mut Move {
        self.moves.get_mut(id.index()).expect("a parcel stays as long as anybody has a part of it")
    }

    /// All that is delegated to an operator and not leaving, bound parcels included.
    pub(crate) fn delegated_to(&self, id: OperatorId) -> Amount {
        let pool = self.delegation_pool(id);
        let moved = pool.moves_in.iter().map(|id| self.moved(*id).shares.amount());
        moved.fold(pool.shares.amount(), Amount::saturating_add)
    }

    /// What a delegation has bound in parcels (down).
    pub(crate) fn bound_floor(&self, delegation: &Delegation) -> Amount {
        let parts = delegation.moves.iter().map(|entry| self.bound_part_floor(entry));
        parts.fold(Amount::ZERO, Amount::saturating_add)
    }

    /// What one part of a parcel is worth while it is bound (down), nothing otherwise.
    pub(crate) fn bound_part_floor(&self, entry: &Moved) -> Amount {
        let parcel = self.moved(entry.id);
        match parcel.stage {
            MoveStage::Bound => parcel.shares.value_floor(entry.claim),
            MoveStage::Joined(..) | MoveStage::Lost => Amount::ZERO,
        }
    }

    /// A delegation's claim on its pool, with its shares of parcels that have joined it.
    pub(crate) fn claim_of(&self, delegation: &Delegation) -> Claim {
        let pool = self.delegation_pool(delegation.operator);
        let mut claim = delegation.claim;
        for entry in &delegation.moves {
            let joined = self.joined_floor(entry);
            if let Some((_, generation, shares)) = joined
                && generation == pool.shares.generation()
                && !shares.is_zero()
            {
                pool.shares.adopt(&mut claim, shares).expect("they are part of its shares");
            }
        }
        claim
    }

    /// True if a delegation has a share of a bound parcel.
    pub(crate) fn has_bound(&self, delegation: &Delegation) -> bool {
        delegation.moves.iter().any(|entry| {
            let parcel = self.moved(entry.id);
            parcel.stage == MoveStage::Bound && !parcel.shares.shares_of(entry.claim).is_zero()
        })
    }

    /// Of a parcel that joined: the pool's index and generation then, and one part's shares (down).
    fn joined_floor(&self, entry: &Moved) -> Option<(Index, u32, Shares)> {
        let parcel = self.moved(entry.id);
        let MoveStage::Joined(since, generation) = parcel.stage else { return None };
        let shares = parcel.shares.value_floor(entry.claim).units();
        Some((since, generation, Shares::new(shares).expect("an amount is of as many bits")))
    }

    /// What one part of a parcel earned, bound and joined; `None` above what an amount can be.
    pub(super) fn moved_earned(&self, pool: &DelegationPool, entry: &Moved) -> Option<Earned> {
        let bound = self.moved(entry.id).index;
        let bound = bound.earned(entry.since, entry.claim.shares().count())?;
        let Some((since, generation, shares)) = self.joined_floor(entry) else {
            return Some(bound);
        };
        bound.checked_add(pool.index_of(generation).earned(since, shares.count())?)
    }

    /// Leaves a part of a bound parcel settled; takes one of any other out of it, and forgets the
    /// parcel with its last holder.
    pub(super) fn settle_moved(&mut self, mut entry: Moved) -> Option<Moved> {
        let parcel = self.moved_mut(entry.id);
        if parcel.stage == MoveStage::Bound {
            entry.since = parcel.index;
            return Some(entry);
        }
        parcel.shares.redeem_all_floor(&mut entry.claim);
        parcel.holders = parcel.holders.saturating_sub(1);
        if parcel.holders == 0 {
            self.moves.retire(entry.id.index());
        }
        None
    }
}
