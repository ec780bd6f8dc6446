//! Goals: how far a network has come along what it set out to do.
//!
//! Key terms: a *baseline* says how much is meant to be there, or to be done, in each epoch since
//! the goal was set; how many of these epochs have been *reached* is what is emitted by.
//! Laws: an epoch counts for at most its own baseline, so that as many epochs are reached as have
//! passed, or fewer; whoever has fallen behind catches up on at most [`STEPS`] of them in one,
//! and what would be more is not kept.
//! Rounding: baselines down.
//! Not here: what is measured, and what is emitted (`schedule`).

use serde::{Deserialize, Serialize};

use crate::num::{Amount, HalfLives, Mixed, doubled_floor};

/// The most epochs of a baseline that one epoch catches up on.
pub const STEPS: u32 = 64;

/// How much is meant to be there in each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// In the first.
    pub start: Amount,
    /// So much more in each that follows, before it doubles.
    pub step: Amount,
    /// Epochs in which it doubles besides; 0 if it does not.
    pub doubling: u64,
}

impl Baseline {
    /// (start + epoch · step) · 2^(epoch / doubling), down, at least a unit.
    pub fn at(&self, epoch: u64) -> Amount {
        let added = self.step.checked_times(epoch).unwrap_or(Amount::MAX);
        let time = HalfLives { passed: epoch, half_life: self.doubling };
        doubled_floor(self.start.saturating_add(added), time).max(Amount::UNIT)
    }
}

/// How much of a goal is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Epochs of the baseline that are reached in full.
    pub epochs: u64,
    /// What there is of the next.
    pub part: Amount,
}

impl Reached {
    /// Further by what was measured in an epoch of age `age`, as far as it counts.
    pub fn after(self, measured: Amount, age: u64, baseline: &Baseline) -> Reached {
        let mut more = measured.min(baseline.at(age));
        let mut reached = self;
        for _ in 0..STEPS {
            let room = baseline.at(reached.epochs).saturating_sub(reached.part);
            if more < room {
                let part = reached.part.saturating_add(more);
                return Reached { part, ..reached };
            }
            more = more.saturating_sub(room);
            let epochs = reached.epochs.saturating_add(1);
            reached = Reached { epochs, part: Amount::ZERO };
        }
        reached
    }

    /// Epochs of the baseline, and the part of the next.
    pub fn epochs(&self, baseline: &Baseline) -> Mixed {
        let of = baseline.at(self.epochs).units();
        Mixed { whole: self.epochs, part: self.part.units(), of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u64) -> Amount {
        Amount::new(units).unwrap()
    }

    const GROWING: Baseline =
        Baseline { start: Amount::tokens(1), step: Amount::tokens(1), doubling: 0 };

    #[test]
    fn no_epoch_counts_for_more_than_its_own_baseline() {
        let mut reached = Reached::default();
        for age in 0..100 {
            reached = reached.after(Amount::MAX, age, &GROWING);
            assert_eq!(reached, Reached { epochs: age + 1, part: Amount::ZERO });
        }
    }

    #[test]
    fn who_has_fallen_behind_catches_up_on_so_many_epochs_and_keeps_no_more() {
        let reached = Reached::default().after(Amount::MAX, 1_000_000, &GROWING);
        assert_eq!(reached, Reached { epochs: 64, part: Amount::ZERO });
        // 65 and a half of the next: what was above the first 64 is gone.
        let more = reached.after(units(65_000_000_000 + 33_000_000_000), 1_000_000, &GROWING);
        assert_eq!(more, Reached { epochs: 65, part: units(33_000_000_000) });
    }

    /// A year of 30 seconds' epochs, as Filecoin's baseline doubles in (FIL8).
    #[test]
    fn a_baseline_doubles_exactly_and_grows_evenly_between() {
        let year = 365 * 24 * 60 * 2;
        let start = units(1 << 60);
        let baseline = Baseline { start, step: Amount::ZERO, doubling: year };
        assert_eq!(baseline.at(year), units(1 << 61));
        assert_eq!(baseline.at(2 * year), units(1 << 62));
        assert_eq!(baseline.at(3 * year), Amount::MAX);
        assert_eq!(baseline.at(u64::MAX), Amount::MAX);
        // 2^(1/2) and 2^60 of it, to 15 digits.
        assert_eq!(baseline.at(year / 2).units() / 1_000, 1_630_477_228_166_597);
        let grows = (1..1_000).all(|epoch| baseline.at(epoch - 1) < baseline.at(epoch));
        assert!(grows);
    }

    #[test]
    fn a_baseline_of_nothing_is_a_unit() {
        let none = Baseline { start: Amount::ZERO, step: Amount::ZERO, doubling: 7 };
        assert_eq!(none.at(0), Amount::UNIT);
        assert_eq!(none.at(u64::MAX), Amount::UNIT);
    }
}
