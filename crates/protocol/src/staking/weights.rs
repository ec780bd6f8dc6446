//! Weights: the active stake of a role, ready to be drawn from and asked for its largest share.
//!
//! Law: a draw, a change and the largest share cost O(log n), whoever asks how often.
//! Not here: who may be drawn for what (`verification`).

use alloc::{collections::BTreeSet, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::OperatorId;

/// A Fenwick tree over operators, with an order by weight beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    values: Vec<u64>,
    /// `sums[i]` covers the block of `values` that ends at `i`, one-based.
    sums: Vec<u64>,
    total: u64,
    by_weight: BTreeSet<(u64, OperatorId)>,
}

fn low_bit(index: usize) -> usize {
    index & index.wrapping_neg()
}

impl Weights {
    /// Makes room for the operator in row `index`.
    pub(crate) fn grow(&mut self, index: usize) {
        while self.values.len() <= index {
            self.values.push(0);
            let at = self.values.len();
            // The block that ends here covers `low_bit` values, the last of which is 0.
            let from = at.wrapping_sub(low_bit(at));
            let sum = self.prefix(at.wrapping_sub(1)).wrapping_sub(self.prefix(from));
            self.sums.push(sum);
        }
    }

    /// The sum of the first `count` values.
    fn prefix(&self, count: usize) -> u64 {
        let (mut at, mut sum) = (count, 0u64);
        while at > 0 {
            let block = self.sums.get(at.wrapping_sub(1)).copied().unwrap_or(0);
            sum = sum.checked_add(block).expect("weights sum to at most the supply");
            at &= at.wrapping_sub(1);
        }
        sum
    }

    pub(crate) fn set(&mut self, id: OperatorId, weight: u64) {
        let index = id.index();
        self.grow(index);
        let value = self.values.get_mut(index).expect("grown");
        let before = core::mem::replace(value, weight);
        if before == weight {
            return;
        }
        if before > 0 {
            self.by_weight.remove(&(before, id));
        }
        if weight > 0 {
            self.by_weight.insert((weight, id));
        }
        let shift = |sum: u64| {
            let without = sum.checked_sub(before).expect("a sum covers its values");
            without.checked_add(weight).expect("weights sum to at most the supply")
        };
        self.total = shift(self.total);
        let mut at = index.wrapping_add(1);
        while let Some(block) = self.sums.get_mut(at.wrapping_sub(1)) {
            *block = shift(*block);
            at = at.wrapping_add(low_bit(at));
        }
    }

    pub(crate) fn of(&self, id: OperatorId) -> u64 {
        self.values.get(id.index()).copied().unwrap_or(0)
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many have any weight.
    pub(crate) fn active(&self) -> usize {
        self.by_weight.len()
    }

    /// From the heaviest down.
    pub(crate) fn heaviest_first(&self) -> impl Iterator<Item = (u64, OperatorId)> + '_ {
        self.by_weight.iter().rev().copied()
    }

    /// Who holds the unit at `position` < total, counting through operators in order.
    pub(crate) fn holder(&self, position: u64) -> Option<OperatorId> {
        if position >= self.total {
            return None;
        }
        let (mut at, mut rest) = (0usize, position);
        let mut step = self.sums.len().checked_next_power_of_two()?;
        while step > 0 {
            let next = at.wrapping_add(step);
            if let Some(&block) = self.sums.get(next.wrapping_sub(1))
                && block <= rest
            {
                rest = rest.checked_sub(block).expect("just compared");
                at = next;
            }
            step >>= 1;
        }
        Some(OperatorId::from_index(at))
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<u64>::deserialize(deserializer)?;
        let mut weights = Weights::default();
        for (index, weight) in values.into_iter().enumerate() {
            weights.grow(index);
            weights.set(OperatorId::from_index(index), weight);
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_the_holder_that_counting_finds() {
        let mut weights = Weights::default();
        let plan = [3u64, 0, 5, 1, 0, 0, 7, 2, 2, 0, 11];
        for (index, &weight) in plan.iter().enumerate() {
            weights.grow(index);
            weights.set(OperatorId::from_index(index), weight + 1);
            weights.set(OperatorId::from_index(index), weight);
        }
        let units = plan.iter().enumerate().flat_map(|(i, &w)| core::iter::repeat_n(i, w as usize));
        let mut position = 0;
        for index in units {
            assert_eq!(weights.holder(position), Some(OperatorId::from_index(index)));
            position += 1;
        }
        assert_eq!(weights.total(), position);
        assert_eq!(weights.holder(position), None);
        assert_eq!(weights.heaviest_first().next(), Some((11, OperatorId::new(10))));
        assert_eq!(weights.active(), 7);
    }
}
