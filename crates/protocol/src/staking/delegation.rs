//! Delegation: stake that others put behind an operator, in shares of one pool.
//!
//! Key terms: a *delegation pool* is all stake delegated to one operator and not leaving; an *exit*
//! is all of it that leaves by one epoch; a *delegation* is what one account has of both, in
//! shares.
//!
//! ```text
//!   free ──delegate──► pool ──undelegate──► exit ──matures──► withdrawn, by its owner, any time
//!                        ▲────── cancel ──────┘
//! ```
//!
//! Law: a slash, a reward and an epoch cost the same for one delegation and for a million: they
//! touch the pool and at most [`exits_max`](StakingParams::exits_max) + 1 exits.
//! Law: delegated stake backs no job, audit or beacon (C5); it has no weight in a draw. It is lost
//! only after the operator's own free bond and whatever else of its own has not left, at most by
//! the offence's percentage, and burnt.
//! Law: what an operator's work pays is shared with its delegators in proportion to stake, less its
//! commission; earnings belong to the shares that earned them, never enter the price, and are the
//! same claimed often or once.
//! Law: an exit matures at least `unbonding_epochs` after whatever enters it, so it outlives every
//! dispute (R4); until then it answers for whatever was accepted before the last entered it.
//! Rounding: shares and what they pay down, for those who stay; an exit's epoch up; a commission
//! down, the delegators' part up, for the operator can repeat it; what one is paid of that down.
//! Known shortcomings: exits are shared by a span of epochs, so whoever left first answers for
//! what was accepted until the last of that span left. What an index drops of a payment, less than
//! a unit, stays in its pot.
//! Not here: how much is slashed (`slashing`), where the money lies (`ledger`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Commission, Operator, Place, Staking, params::StakingParams};
use crate::{
    ids::{AccountId, DelegationId, ExitId, MoveId, OperatorId, Role},
    num::{Amount, Claim, Earned, Epoch, Height, Index, SharePool},
    table::Blank,
};

/// What is delegated to one operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationPool {
    /// What is not leaving.
    pub shares: SharePool,
    /// What leaves and has not matured, in the order in which it was opened.
    pub exits: Vec<ExitId>,
    /// Parcels that moved here and answer for where they came from, too, in that order.
    pub moves_in: Vec<MoveId>,
    /// Parcels that moved away and answer for this operator, too.
    pub moves_out: Vec<MoveId>,
    /// Slashes of the operator that are not paid out: until they are, nothing joins the pool, so
    /// that what a reversal gives back belongs to those who lost it.
    pub slashes_waiting: u32,
    /// The operator's part of what its work pays.
    pub commission: Commission,
    /// What one share has ever earned.
    pub index: Index,
    /// What it was when each generation before this one closed, oldest first.
    pub closed: Vec<Index>,
}

/// What leaves one operator's pool by one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// To whom it was delegated.
    pub operator: OperatorId,
    /// Who has how much of it.
    pub shares: SharePool,
    /// When the last entered: it answers for assignments accepted before.
    pub queued_at: Height,
    /// From when on it may be withdrawn, and answers for nothing.
    pub matures: Epoch,
    /// The last place that something in it took in the exit queue.
    pub place: Place,
}

/// What one account delegated to one operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Whose it is.
    pub account: AccountId,
    /// To whom.
    pub operator: OperatorId,
    /// Its part of the pool.
    pub claim: Claim,
    /// Its parts of exits, oldest first; of each exit at most one.
    pub exits: Vec<(ExitId, Claim)>,
    /// Its parts of parcels that moved here, oldest first; of each at most one.
    pub moves: Vec<Moved>,
    /// The pool's index when its earnings were last settled.
    pub since: Index,
    /// What it had earned then and was not paid.
    pub earned: Earned,
}

/// One delegation's part of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Of which parcel.
    pub id: MoveId,
    /// How much of it.
    pub claim: Claim,
    /// The parcel's index when its earnings were last settled.
    pub since: Index,
}

impl Blank for DelegationPool {
    const BLANK: &'static DelegationPool = &DelegationPool {
        shares: SharePool::EMPTY,
        exits: Vec::new(),
        moves_in: Vec::new(),
        moves_out: Vec::new(),
        slashes_waiting: 0,
        commission: Commission::ALL,
        index: Index::ZERO,
        closed: Vec::new(),
    };
}

impl DelegationPool {
    /// What one share of a generation has ever earned.
    pub(super) fn index_of(&self, generation: u32) -> Index {
        let generation = usize::try_from(generation).unwrap_or(usize::MAX);
        self.closed.get(generation).copied().unwrap_or(self.index)
    }
}

impl Staking {
    pub(crate) fn delegation_pool(&self, id: OperatorId) -> &DelegationPool {
        self.delegation_pools.get(id.index()).expect("every operator has a pool")
    }

    pub(crate) fn delegation_pool_mut(&mut self, id: OperatorId) -> &mut DelegationPool {
        self.delegation_pools.get_mut(id.index()).expect("every operator has a pool")
    }

    pub(crate) fn delegation(&self, id: DelegationId) -> &Delegation {
        self.delegations.get(id.index()).expect("an account lists only its live delegations")
    }

    pub(crate) fn delegation_mut(&mut self, id: DelegationId) -> &mut Delegation {
        self.delegations.get_mut(id.index()).expect("an account lists only its live delegations")
    }

    /// An exit; none once all of it was withdrawn, cancelled or slashed.
    pub(crate) fn exit(&self, id: ExitId) -> Option<&Exit> {
        self.exits.get(id.index())
    }

    pub(crate) fn exit_mut(&mut self, id: ExitId) -> &mut Exit {
        self.exits.get_mut(id.index()).expect("a pool lists only live exits")
    }

    /// What a delegation has in the pool (down), parcels that joined it included.
    pub(crate) fn delegated_floor(&self, delegation: &Delegation) -> Amount {
        let claim = self.claim_of(delegation);
        self.delegation_pool(delegation.operator).shares.value_floor(claim)
    }

    /// What one entry of a delegation has in its exit (down); nothing if the exit is gone.
    pub(crate) fn leaving_floor(&self, (id, claim): (ExitId, Claim)) -> Amount {
        self.exit(id).map_or(Amount::ZERO, |exit| exit.shares.value_floor(claim))
    }

    /// What a delegation has earned and was not paid, exactly. Void shares earned until they became
    /// void.
    pub(crate) fn delegation_earned(&self, delegation: &Delegation) -> Earned {
        let pool = self.delegation_pool(delegation.operator);
        let until = pool.index_of(delegation.claim.generation());
        let more = until.earned(delegation.since, delegation.claim.shares().count());
        let own = more.and_then(|more| delegation.earned.checked_add(more));
        let moves = delegation.moves.iter();
        let moves = moves.map(|entry| self.moved_earned(pool, entry));
        let sum = moves.fold(own, |sum, more| sum?.checked_add(more?));
        sum.expect("shares earn at most what their pool was paid")
    }

    /// Accrues what a delegation earned, before its shares change, and gives it its shares of
    /// parcels that have joined the pool.
    pub(crate) fn settle_delegation(&mut self, id: DelegationId) {
        let row = self.delegation(id);
        let (earned, claim) = (self.delegation_earned(row), self.claim_of(row));
        let since = self.delegation_pool(row.operator).index;
        let row = self.delegation_mut(id);
        (row.since, row.earned, row.claim) = (since, earned, claim);
        let entries = core::mem::take(&mut row.moves);
        let entries = entries.into_iter().filter_map(|entry| self.settle_moved(entry)).collect();
        self.delegation_mut(id).moves = entries;
    }

    /// The most that an operator may have delegated: `delegation_max` times its own stake (down).
    pub(crate) fn delegation_cap(&self, id: OperatorId, params: &StakingParams) -> Amount {
        let Operator { role, stake, .. } = *self.operator(id);
        if role == Role::Access {
            return Amount::ZERO; // A tier is one's own.
        }
        params.delegation_max.amount_floor(stake).unwrap_or(Amount::MAX)
    }
}
