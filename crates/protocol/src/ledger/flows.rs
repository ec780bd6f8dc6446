//! Flows: what moved between kinds of places, summed by reason.
//!
//! Law: they are sums of movements and of nothing else, by the reasons that these name, so that no
//! reason can be left out; what lay in each place, with what entered it and less what left it, is
//! what lies there.
//! Known shortcoming: a sum is shown as no more than the largest supply, which money that moves to
//! and fro exceeds; places are worked out from what it is.
//! Not here: over which blocks they are summed (hosts).

use alloc::collections::BTreeMap;

use super::{Assets, Movement, Place, Reason};
use crate::{ids::Asset, num::Amount};

/// Which movements are summed as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Of which asset.
    pub asset: Asset,
    /// Whence; `Burnt` means that it is new.
    pub source: Place,
    /// Where to.
    pub target: Place,
    /// Why.
    pub reason: Reason,
}

/// What lies in each kind of place.
pub type Places = BTreeMap<(Asset, Place), Amount>;

/// Movements, summed, in base units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows(BTreeMap<Flow, u128>);

impl Flows {
    /// The sums of some movements in a network of these assets.
    pub fn of(movements: &[Movement], assets: Assets) -> Flows {
        let mut flows = Flows::default();
        for &Movement { source, target, amount, reason } in movements {
            let asset = assets.of(source);
            let flow = Flow { asset, source: source.place(), target: target.place(), reason };
            flows.add(flow, u128::from(amount.units()));
        }
        flows
    }

    /// Adds what moved after.
    pub fn extend(&mut self, later: &Flows) {
        later.0.iter().for_each(|(flow, units)| self.add(*flow, *units));
    }

    /// Every sum, in order of asset, places and reason.
    pub fn iter(&self) -> impl Iterator<Item = (Flow, Amount)> {
        self.0.iter().map(|(flow, units)| (*flow, amount(*units)))
    }

    /// What lies in each place after this, if `before` lay there.
    pub fn after(&self, before: &Places) -> Places {
        let wide =
            |(place, amount): (&(Asset, Place), &Amount)| (*place, u128::from(amount.units()));
        let mut units: BTreeMap<(Asset, Place), u128> = before.iter().map(wide).collect();
        for (Flow { asset, target, .. }, moved) in &self.0 {
            let there = units.entry((*asset, *target)).or_default();
            *there = there.saturating_add(*moved);
        }
        // What came is handed on, whatever the order of reasons; new money left no place.
        let left = self.0.iter().filter(|(flow, _)| flow.source != Place::Burnt);
        for (Flow { asset, source, .. }, moved) in left {
            let there = units.entry((*asset, *source)).or_default();
            *there = there.saturating_sub(*moved);
        }
        units.into_iter().map(|(place, units)| (place, amount(units))).collect()
    }

    fn add(&mut self, flow: Flow, units: u128) {
        let sum = self.0.entry(flow).or_default();
        *sum = sum.saturating_add(units);
    }
}

fn amount(units: u128) -> Amount {
    u64::try_from(units).ok().and_then(Amount::new).unwrap_or(Amount::MAX)
}
