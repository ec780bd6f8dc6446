//! Active sets: who of a role and class may take new work, where a network wants a limit.
//!
//! Key terms: an operator is *fit* if its standing and stake let it work; fit operators are in
//! their *active set* or *wait* for a place there; its *least* is the smallest stake in it, of
//! equals the operator that came last.
//!
//! ```text
//!   not fit ──bond, release──► in the set ──another exceeds the least──► waits
//!      ▲                           ▲ └──────────unbond, slash, jail──► not fit
//!      └──unbond, slash, jail── waits ──a place is free, or it exceeds the least──► in the set
//! ```
//!
//! Law: nobody waits while a place is free; whoever waits does not exceed the least of the full set
//! by the margin. So a place changes hands for more stake alone, and a set's stake never falls by
//! it.
//! Law: own stake ranks, locks included; what others delegated does not (C5).
//! Law: one stake or standing that changes makes at most one place change hands, so a set is in
//! order after every command; a set whose size was voted changes by portions, block by block.
//! Law: the margin protects who keeps its stake: who unbonds below one that waits gives it the
//! place.
//! Rounding: the margin up.
//! Not here: what an operator outside may still do: all that it took on (`market`,
//! `verification`); replicas, of which one leads.

use serde::{Deserialize, Serialize};

use super::{PoolKey, Staking, Waiting, params::StakingParams};
use crate::{
    ids::{OperatorId, Role},
    num::{Amount, Height, Ratio},
};

/// How large a set is, and what takes a place in a full one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetTerms {
    /// Operators; 0 for all.
    pub(crate) max: u64,
    margin: Ratio,
}

/// One step that brings a set in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A place is free.
    Enters(OperatorId),
    /// There are more operators than places.
    Leaves(OperatorId),
    /// The second exceeds the first, the least.
    Replaced(OperatorId, OperatorId),
}

/// An active set of a role and class as it stands now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSet {
    /// Places; 0 if everybody may work.
    pub max: u64,
    /// Operators in it.
    pub count: u64,
    /// Their own stake, in base units.
    pub stake: Amount,
    /// The smallest stake in it; 0 if nobody is.
    pub least: Amount,
    /// The least own stake that takes a place now; 0 while one is free: then the least bond does.
    pub needed: Amount,
    /// Operators that wait for a place.
    pub waiting: u64,
    /// Their own stake, in base units.
    pub waiting_stake: Amount,
    /// The largest stake of those; 0 if nobody waits.
    pub first_waiting: Amount,
}

/// Where an operator stands towards its active set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetPlace {
    /// In it.
    In,
    /// Waiting: so many others come before it when a place is free.
    Waiting(u64),
    /// Neither: its standing or its stake does not let it work.
    Unfit,
}

impl SetTerms {
    /// What the active sets of a role are to be.
    pub(crate) fn of(role: Role, params: &StakingParams) -> SetTerms {
        let max = match role {
            Role::Provider => params.providers_active_max,
            Role::Validator => params.validators_active_max,
            Role::Replica | Role::Access => 0,
        };
        SetTerms { max, margin: params.active_margin }
    }

    /// The least stake that takes the place of `least`: the margin more (up), and more at all.
    fn needed(self, least: u64) -> u64 {
        let least = Amount::new(least).expect("a stake is a part of the supply");
        let more = self.margin.amount_ceil(least).max(Amount::UNIT);
        least.saturating_add(more).units()
    }
}

impl Staking {
    /// What brings a set in order next; nothing if it is.
    pub(crate) fn turn(&self, key: PoolKey, terms: SetTerms) -> Option<Turn> {
        let pool = self.pool(key)?;
        let lightest = pool.lightest();
        if 0 < terms.max && terms.max < pool.active() {
            return lightest.map(|(_, id)| Turn::Leaves(id));
        }
        let (stake, first) = pool.first_waiting()?;
        if terms.max == 0 || pool.active() < terms.max {
            return Some(Turn::Enters(first));
        }
        let (least, last) = lightest?;
        (terms.needed(least) <= stake).then_some(Turn::Replaced(last, first))
    }

    /// Who takes the place of an operator in a full set that unbonded by its own will: the first
    /// that waits, if it has more.
    pub(crate) fn overtaken(&self, id: OperatorId) -> Option<Turn> {
        let pool = self.pool(self.operator(id).pool_key())?;
        let (stake, first) = pool.first_waiting()?;
        let weight = pool.rank(id).weight;
        (0 < weight && weight < stake).then_some(Turn::Replaced(id, first))
    }

    /// Says whether an operator whose stake or standing changed is in its set or waits: whoever
    /// was either stays it, who becomes fit enters a set with a free place that nobody waits for.
    pub(crate) fn settle_set(&mut self, id: OperatorId, terms: SetTerms) {
        let operator = self.operator(id);
        let (is_fit, was_outside) = (operator.is_fit(), operator.outside);
        let pool = self.pool(operator.pool_key());
        let was = pool.map(|pool| pool.rank(id)).unwrap_or_default();
        let was_fit = 0 < was.weight || 0 < was.waits;
        let (active, waiting) = pool.map_or((0, 0), |pool| (pool.active(), pool.waiting().count));
        let is_open = terms.max == 0 || active < terms.max;
        let outside = match (is_fit, was_fit) {
            (false, _) => false,
            (true, true) => was_outside,
            (true, false) => !(is_open && waiting == 0),
        };
        if outside != was_outside {
            self.change(id, |row| row.outside = outside);
        }
    }

    /// Puts a fit operator into its set or out of it, from block `now` on; the caller has settled
    /// what its stake earned.
    pub(crate) fn set_outside(&mut self, id: OperatorId, outside: bool, now: Height) {
        self.change(id, |row| row.outside = outside);
        let operator = self.operator(id);
        let (key, rank) = (operator.pool_key(), operator.rank());
        let pool = self.pools.entry(key).or_default();
        let free = pool.free(id);
        pool.set(id, rank, free, now);
    }

    /// Every role and class that somebody ever entered.
    pub(crate) fn pool_keys(&self) -> alloc::vec::Vec<PoolKey> {
        self.pools.keys().copied().collect()
    }

    /// A set as it stands now.
    pub(crate) fn active_set(&self, key: PoolKey, terms: SetTerms) -> ActiveSet {
        let pool = self.pool(key).cloned().unwrap_or_default();
        let amount = |units| Amount::new(units).expect("stakes sum to at most the supply");
        let least = pool.lightest().map_or(0, |(weight, _)| weight);
        let Waiting { count: waiting, total } = pool.waiting();
        let is_open = terms.max == 0 || pool.active() < terms.max;
        ActiveSet {
            max: terms.max,
            count: pool.active(),
            stake: amount(pool.total()),
            least: amount(least),
            needed: amount(if is_open { 0 } else { terms.needed(least) }),
            waiting,
            waiting_stake: amount(total),
            first_waiting: amount(pool.first_waiting().map_or(0, |(stake, _)| stake)),
        }
    }

    /// Where an operator stands.
    pub(crate) fn set_place(&self, id: OperatorId) -> SetPlace {
        let operator = self.operator(id);
        let pool = self.pool(operator.pool_key());
        match (operator.is_fit(), operator.outside) {
            (false, _) => SetPlace::Unfit,
            (true, false) => SetPlace::In,
            (true, true) => SetPlace::Waiting(pool.map_or(0, |pool| pool.before(id))),
        }
    }
}

#[cfg(test)]
mod tests;
