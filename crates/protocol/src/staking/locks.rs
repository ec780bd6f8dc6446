//! Locks: own stake that its owner promised not to take out before an epoch, and what that adds to
//! its weight in votes and, where a network says so, in what is emitted by stake.
//!
//! Key terms: a *lock* is such a promise of one operator; it moves no money, and what it covers is
//! the promised amount or, once a slash left less, all of the stake; its *left* is the epochs to
//! its end.
//!
//! ```text
//! adds(now) = locked · (lock_boost − 1) · (until − now) / lock_epochs_max
//! ```
//!
//! Law: a lock counts by what is left of it, so that nothing is gained by one that is nearly over,
//! and more of it later costs its whole time. Its amount and its end only grow.
//! Law: it holds whatever the operator's standing, or an offence would be the cheapest way out of
//! it; it ends by time alone. It keeps no slash from being taken, nor stake from its jobs.
//! Law: what all locks add is a function of two sums (`Timed`), so a vote, an epoch and a change of
//! one lock cost the same for one lock and for a million. The sums are made anew from rows.
//! Law: nothing but votes and emission by stake sees it: no draw, bound, collateral, set, price or
//! judge's share.
//! Law: what all add is counted up and what one adds down; if all together were more than an amount
//! can be, no lock counts in that vote or epoch.
//! Known shortcomings: one lock an operator: more or longer is for all of it. What is bonded again
//! after a slash is locked as far as the promise goes.
//! Not here: what may be unbonded (`handlers/unbond`), when a lock ends (`handlers/lock_bond`).

use alloc::{collections::BTreeMap, vec::Vec};

use super::{Operator, Staking, Term, TermKey, TermWeight};
use crate::{
    ids::{OperatorId, Role},
    num::{Amount, Epoch, Epochs, Timed},
    table::Rare,
};

impl Staking {
    /// Changes an operator's row; the sums of locks follow. The caller has settled what it earned
    /// and brings its pool up to date.
    pub(super) fn change(&mut self, id: OperatorId, change: impl FnOnce(&mut Operator)) {
        let before = self.operator(id).counted_term();
        let row = self.operator_mut(id);
        change(row);
        let (after, until) = (row.counted_term(), row.lock.until);
        self.lock_until = self.lock_until.max(until);
        if before == after {
            return;
        }
        if let Some((key, timed)) = before {
            let there = self.terms.remove(&key).unwrap_or_default();
            let left = there.checked_sub(timed).expect("what counted is in the sum");
            self.put_term(key, left);
        }
        if let Some((key, timed)) = after {
            self.count_term(key, timed);
        }
    }

    fn count_term(&mut self, key: TermKey, timed: Timed) {
        let there = self.terms.remove(&key).unwrap_or_default();
        let sum = there.checked_add(timed).expect("stakes sum to at most the supply");
        self.put_term(key, sum);
    }

    /// Locks so much of an operator's stake until an epoch, in place of what it had; the caller has
    /// settled what it earned.
    pub(super) fn lock(&mut self, id: OperatorId, (amount, until): (Amount, Epoch)) {
        let settled = self.emission.left(self.operator(id).role);
        self.change(id, |row| row.lock = Rare::from(Term { amount, until, settled }));
    }

    /// Ends an operator's lock; the caller has settled what it earned.
    pub(super) fn unlock(&mut self, id: OperatorId) {
        self.change(id, |row| row.lock = Rare::default());
    }

    /// Sums the locks of all rows.
    pub(super) fn sum_terms(&mut self) {
        let rows = self.operators.iter();
        let locked: Vec<_> = rows
            .filter(|(_, row)| !row.lock.amount.is_zero())
            .map(|(_, row)| (row.lock.until, row.counted_term()))
            .collect();
        for (until, counted) in locked {
            self.lock_until = self.lock_until.max(until);
            if let Some((key, timed)) = counted {
                self.count_term(key, timed);
            }
        }
    }

    fn put_term(&mut self, key: TermKey, timed: Timed) {
        if !timed.is_zero() {
            self.terms.insert(key, timed);
        }
    }

    /// Every sum of locks.
    pub(crate) fn term_sums(&self) -> BTreeMap<TermKey, Timed> {
        self.terms.clone()
    }

    /// What is locked by those of a role that may work.
    pub(super) fn working_terms(&self, role: Role) -> Timed {
        self.terms.get(&(role, true)).copied().unwrap_or_default()
    }

    /// All power that could vote, if `stake` is that of all who are fit and what is delegated, and
    /// how locks count in it.
    pub(crate) fn power(
        &self,
        stake: Amount,
        weight: Option<TermWeight>,
    ) -> (Amount, Option<TermWeight>) {
        let adds = |weight: TermWeight| {
            let mut sums = self.terms.values();
            let all = sums.try_fold(Timed::default(), |sum, timed| sum.checked_add(*timed))?;
            Some((stake.checked_add(weight.adds_ceil(all)?)?, Some(weight)))
        };
        weight.and_then(adds).unwrap_or((stake, None))
    }

    /// The latest end of a lock, if one is not over at `now`.
    pub(crate) fn longest_lock(&self, now: Epoch) -> Epochs {
        self.lock_until.since(now)
    }
}

#[cfg(test)]
mod tests;
