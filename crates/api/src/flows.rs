//! Views of flows: where money came from and went in an epoch, by the reasons of its movements.
//!
//! Laws: every row is a sum of movements, by the reason that the ledger gave; what is said to be
//! there at the beginning and the end is what the ledger held, so that a reader adds up the rest.
//! Not here: over which epochs a node keeps them.

use std::collections::{BTreeMap, BTreeSet};

use earnest_protocol::{
    Amount, Asset, Epoch, Height,
    ledger::{Flow, Flows, Place, Places, Reason},
};
use serde::{Deserialize, Serialize};

/// Where money came from and went in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowsView {
    /// Which.
    pub epoch: Epoch,
    /// Are all its blocks counted, so far? Not if the node started from a snapshot within it.
    pub is_whole: bool,
    /// Has it ended? Else this is what it came to by its last block.
    pub is_over: bool,
    /// The first block that is counted.
    pub first: Height,
    /// The last.
    pub last: Height,
    /// The first epoch that the node still knows of.
    pub kept_from: Epoch,
    /// Each asset of the network.
    pub assets: Vec<AssetFlowsView>,
}

/// One asset's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetFlowsView {
    /// Which.
    pub asset: Asset,
    /// What there was before the first block, in base units.
    pub opening: Amount,
    /// What was newly issued, by reason.
    pub minted: Vec<SumView>,
    /// What was taken out of circulation, by reason.
    pub burnt: Vec<SumView>,
    /// What there is after the last block, as the ledger says.
    pub closing: Amount,
    /// Is `closing` the `opening` with all that was minted and less all that was burnt, and what
    /// lies in all places, to the unit?
    pub holds: bool,
    /// Each kind of place that held any.
    pub places: Vec<PlaceFlowsView>,
    /// What moved between places and within them, by reason.
    pub moves: Vec<MoveView>,
}

/// What was minted or burnt for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumView {
    /// Why.
    pub reason: Reason,
    /// How much, in base units.
    pub amount: Amount,
}

/// One kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceFlowsView {
    /// Which.
    pub place: Place,
    /// What lay in it before the first block, in base units.
    pub opening: Amount,
    /// What entered it from elsewhere, new money included.
    pub entered: Amount,
    /// What left it, burnt money included.
    pub left: Amount,
    /// What lies in it after the last block.
    pub closing: Amount,
}

/// What moved between two places for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    /// Whence.
    pub source: Place,
    /// Where to.
    pub target: Place,
    /// Why.
    pub reason: Reason,
    /// How much, in base units.
    pub amount: Amount,
}

/// What there was of each asset before, and what there is after.
pub type Supplies = BTreeMap<Asset, (Amount, Amount)>;

/// The part of each asset, from sums of movements and from what the ledger held.
pub fn flows(
    supplies: &Supplies,
    (before, after): (&Places, &Places),
    flows: &Flows,
) -> Vec<AssetFlowsView> {
    let of_asset = |(&asset, &(opening, closing)): (&Asset, &(Amount, Amount))| {
        let own = flows.iter().filter(|(flow, _)| flow.asset == asset);
        let own = Own(own.collect());
        let view = AssetFlowsView {
            asset,
            opening,
            minted: own.by_reason(|flow| flow.source == Place::Burnt),
            burnt: own.by_reason(|flow| flow.target == Place::Burnt),
            closing,
            holds: false,
            places: own.places(asset, before, after),
            moves: own.moves(),
        };
        AssetFlowsView { holds: view.adds_up(), ..view }
    };
    supplies.iter().map(of_asset).collect()
}

/// The sums of one asset.
struct Own(Vec<(Flow, Amount)>);

impl Own {
    fn by_reason(&self, is_one: impl Fn(&Flow) -> bool) -> Vec<SumView> {
        let mut sums: BTreeMap<Reason, Amount> = BTreeMap::new();
        for (flow, amount) in self.0.iter().filter(|(flow, _)| is_one(flow)) {
            let sum = sums.entry(flow.reason).or_default();
            *sum = sum.saturating_add(*amount);
        }
        sums.into_iter().map(|(reason, amount)| SumView { reason, amount }).collect()
    }

    fn places(&self, asset: Asset, before: &Places, after: &Places) -> Vec<PlaceFlowsView> {
        let kinds = before.keys().chain(after.keys());
        let kinds = kinds.filter(|(of, place)| *of == asset && *place != Place::Burnt);
        let kinds: BTreeSet<Place> = kinds.map(|(_, place)| *place).collect();
        let there =
            |places: &Places, kind: Place| places.get(&(asset, kind)).copied().unwrap_or_default();
        let view = |place| PlaceFlowsView {
            place,
            opening: there(before, place),
            entered: self.crossing(|flow| flow.target == place),
            left: self.crossing(|flow| flow.source == place),
            closing: there(after, place),
        };
        kinds.into_iter().map(view).collect()
    }

    /// What crossed from one kind of place to another.
    fn crossing(&self, is_one: impl Fn(&Flow) -> bool) -> Amount {
        let crossing = self.0.iter().filter(|(flow, _)| flow.source != flow.target && is_one(flow));
        total(crossing.map(|(_, amount)| *amount))
    }

    fn moves(&self) -> Vec<MoveView> {
        let is_move = |flow: &Flow| flow.source != Place::Burnt && flow.target != Place::Burnt;
        let view = |(flow, amount): &(Flow, Amount)| {
            let Flow { source, target, reason, .. } = *flow;
            MoveView { source, target, reason, amount: *amount }
        };
        self.0.iter().filter(|(flow, _)| is_move(flow)).map(view).collect()
    }
}

impl AssetFlowsView {
    /// Adds everything up anew.
    pub fn adds_up(&self) -> bool {
        let wide = |amount: Amount| u128::from(amount.units());
        let sum = |sums: &[SumView]| sums.iter().map(|sum| wide(sum.amount)).sum::<u128>();
        let there = |pick: fn(&PlaceFlowsView) -> Amount| {
            self.places.iter().map(|place| wide(pick(place))).sum::<u128>()
        };
        let place_adds_up = |place: &PlaceFlowsView| {
            wide(place.opening) + wide(place.entered) == wide(place.closing) + wide(place.left)
        };
        wide(self.opening) + sum(&self.minted) == wide(self.closing) + sum(&self.burnt)
            && there(|place| place.opening) == wide(self.opening)
            && there(|place| place.closing) == wide(self.closing)
            && self.places.iter().all(place_adds_up)
    }
}

fn total(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_add)
}
