//! An operator: one role of one account, what it has at risk, and whether it may work.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    command::ResourceClass,
    ids::{AccountId, OperatorId, Role, UnbondingId},
    num::{Amount, Epoch, Factor, HalfLives, Height, Index, Timed, exp2_neg_floor},
    table::Rare,
};

use super::{Place, Rank, StakeEarnings, Term, TermKey, TermWeight};

/// May an operator take new work?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    Active,
    /// Not before it asks for release, from this epoch on.
    Jailed(Epoch),
    /// Never again.
    Tombstoned,
}

impl Standing {
    /// This, or jailed until then if that is longer.
    pub(crate) fn or_jailed(self, until: Epoch) -> Standing {
        match self {
            Standing::Active => Standing::Jailed(until),
            Standing::Jailed(already) => Standing::Jailed(already.max(until)),
            Standing::Tombstoned => self,
        }
    }
}

/// One role of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Whose it is.
    pub account: AccountId,
    /// What its bond is for.
    pub role: Role,
    /// With which hardware.
    pub class: ResourceClass,
    /// May it take new work?
    pub standing: Standing,
    /// Does it wait for a place in its active set? Never true of one that could not work there.
    pub outside: bool,
    /// All it has at risk: free bond and locks.
    pub stake: Amount,
    /// The least stake with which it may take new work: the minimum when it entered.
    pub stake_min: Amount,
    /// Faded count of offences, in parts per billion of one.
    pub strikes: Factor,
    /// When `strikes` was last faded.
    pub strikes_at: Epoch,
    /// When it abandoned jobs, within the window that counts.
    pub abandonments: Rare<Vec<Epoch>>,
    /// Entries in the unbonding queue, oldest first.
    pub unbondings: Rare<Vec<UnbondingId>>,
    /// Shares of slashes per unit of stake that it has already collected.
    pub judge_index: Index,
    /// Shares of slashes accrued and not yet collected.
    pub judge_accrued: Amount,
    /// What its stake earned of emission.
    pub emission: StakeEarnings,
    /// What of its stake it promised not to take out.
    pub lock: Rare<Term>,
}

/// One entry of the unbonding queue; the money is in its pot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbonding {
    /// Whose bond it was.
    pub operator: OperatorId,
    /// When it was queued: it answers for assignments accepted before.
    pub queued_at: Height,
    /// When it is paid out.
    pub matures: Epoch,
    /// What it took of the exit queue.
    pub place: Place,
}

impl Operator {
    pub(crate) fn new(
        account: AccountId,
        (role, class): (Role, ResourceClass),
        stake_min: Amount,
        now: Epoch,
        judge_index: Index,
    ) -> Operator {
        Operator {
            account,
            role,
            class,
            standing: Standing::Active,
            outside: false,
            stake: Amount::ZERO,
            stake_min,
            strikes: Factor::ZERO,
            strikes_at: now,
            abandonments: Rare::default(),
            unbondings: Rare::default(),
            judge_index,
            judge_accrued: Amount::ZERO,
            emission: StakeEarnings::default(),
            lock: Rare::default(),
        }
    }

    pub(crate) fn pool_key(&self) -> (Role, ResourceClass) {
        (self.role, self.class)
    }

    /// The stake that draws and shares count: nothing while it may not work.
    pub(crate) fn weight(&self) -> u64 {
        if self.may_work() { self.stake.units() } else { 0 }
    }

    /// What its pool is to know of its stake.
    pub(crate) fn rank(&self) -> Rank {
        let waits = if self.is_fit() && self.outside { self.stake.units() } else { 0 };
        Rank { weight: self.weight(), waits }
    }

    /// True if its standing and its stake let it work: then it may do what it took on, in the
    /// active set or not.
    pub fn is_fit(&self) -> bool {
        self.standing == Standing::Active && self.stake >= self.stake_min
    }

    /// True if it may take new work.
    pub fn may_work(&self) -> bool {
        self.is_fit() && !self.outside
    }

    /// Strikes as faded at `now`: halved in every `half_life`, down.
    pub(crate) fn strikes(&self, now: Epoch, half_life: u64) -> Factor {
        let passed = now.since(self.strikes_at).count();
        let left = exp2_neg_floor(HalfLives { passed, half_life });
        Factor::new(left.count_floor(self.strikes.parts())).unwrap_or(Factor::MAX)
    }

    /// Adds one strike.
    pub(crate) fn strike(&mut self, now: Epoch, halflife: u64) {
        self.strikes = self.strikes(now, halflife).saturating_add(Factor::ONE);
        self.strikes_at = now;
    }

    /// Takes a strike of `then` back that was unjust, as much as is left of it.
    pub(crate) fn unstrike(&mut self, now: Epoch, then: Epoch, half_life: u64) {
        let left = exp2_neg_floor(HalfLives { passed: now.since(then).count(), half_life });
        let left = Factor::new(left.count_floor(Factor::ONE.parts())).unwrap_or(Factor::ONE);
        self.strikes = self.strikes(now, half_life).saturating_sub(left);
        self.strikes_at = now;
    }

    /// What of its stake is locked: what it promised, or all that slashes left.
    pub fn locked(&self) -> Amount {
        self.lock.amount.min(self.stake)
    }

    /// What of its stake is not.
    pub fn unlocked(&self) -> Amount {
        self.stake.saturating_sub(self.locked())
    }

    /// What it has locked and until when.
    fn timed(&self) -> Timed {
        Timed::of(self.locked(), self.lock.until)
    }

    /// Its place among the sums and its part there, if it counts.
    pub(super) fn counted_term(&self) -> Option<(TermKey, Timed)> {
        let timed = self.timed();
        (self.is_fit() && !timed.is_zero()).then_some(((self.role, self.may_work()), timed))
    }

    /// What its lock adds to its own stake in votes, if it has one and is fit.
    pub(crate) fn term_adds(&self, weight: Option<TermWeight>) -> Amount {
        let counted = weight.zip(self.counted_term());
        counted.map_or(Amount::ZERO, |(weight, (_, timed))| weight.adds_floor(timed))
    }
}
