//! Flows: where money came from and went in an epoch, as tables that a person can add up.
//!
//! Law: every number is one that the node gave; none is worked out here.

use earnest_api::{AssetFlowsView, FlowsView, MoveView, PlaceFlowsView, SumView};
use earnest_protocol::{
    Amount, Asset,
    ledger::{Place, Reason},
};

use super::table::{Kind, table};
use crate::{money, text::wrap};

/// A table of the supply of each asset, one of its places and one of what moved.
pub fn flows(view: &FlowsView, width: usize) -> String {
    let FlowsView { epoch, is_whole, is_over, first, last, assets, .. } = view;
    let until = if *is_over { "" } else { ", so far" };
    let mut head = format!("epoch {epoch}{until}: blocks {first} to {last}");
    if !is_whole {
        head.push_str(", and not those before, which this node did not carry out since its start");
    }
    let mut parts = vec![wrap(&head, width).join("\n")];
    for asset in assets {
        let name = match (assets.len(), asset.asset) {
            (1, _) => "tokens".to_owned(),
            (_, Asset::Stake) => "stake, in tokens".to_owned(),
            (_, Asset::Payment) => "payment, in tokens".to_owned(),
        };
        parts.push(supply(&name, asset, width));
        parts.push(places(asset, width));
        if !asset.moves.is_empty() {
            parts.push(moves(&asset.moves, width));
        }
    }
    parts.join("\n\n")
}

fn supply(name: &str, asset: &AssetFlowsView, width: usize) -> String {
    let AssetFlowsView { opening, minted, burnt, closing, holds, .. } = asset;
    let mut rows = vec![vec!["there was".to_owned(), money::show(*opening)]];
    let row = |sign: &str, what: &str, sum: &SumView| {
        vec![
            format!("{what}: {}", reason(sum.reason)),
            format!("{sign}{}", money::show(sum.amount)),
        ]
    };
    rows.extend(minted.iter().map(|sum| row("+", "minted", sum)));
    rows.extend(burnt.iter().map(|sum| row("-", "burnt", sum)));
    let end = if *holds { "there is" } else { "there is, AND IT DOES NOT ADD UP" };
    rows.push(vec![end.to_owned(), money::show(*closing)]);
    table(&[(name, Kind::Word), ("", Kind::Number)], &rows, width)
}

fn places(asset: &AssetFlowsView, width: usize) -> String {
    let row = |of: &PlaceFlowsView| {
        let numbers = [of.opening, of.entered, of.left, of.closing];
        let mut cells = vec![place(of.place).to_owned()];
        cells.extend(numbers.map(money::show));
        cells
    };
    let is_used = |of: &&PlaceFlowsView| {
        [of.opening, of.entered, of.left, of.closing].iter().any(|amount| *amount > Amount::ZERO)
    };
    let rows: Vec<Vec<String>> = asset.places.iter().filter(is_used).map(row).collect();
    let columns = [
        ("in", Kind::Word),
        ("there was", Kind::Number),
        ("entered", Kind::Number),
        ("left", Kind::Number),
        ("there is", Kind::Number),
    ];
    table(&columns, &rows, width)
}

fn moves(moves: &[MoveView], width: usize) -> String {
    let row = |of: &MoveView| {
        let (source, target) = (place(of.source).to_owned(), place(of.target).to_owned());
        vec![source, target, reason(of.reason), money::show(of.amount)]
    };
    let rows: Vec<Vec<String>> = moves.iter().map(row).collect();
    let columns =
        [("from", Kind::Word), ("to", Kind::Word), ("for", Kind::Word), ("moved", Kind::Number)];
    table(&columns, &rows, width)
}

/// A reason in the ledger's own word.
fn reason(reason: Reason) -> String {
    let word = serde_json::to_value(reason).ok();
    word.and_then(|word| Some(word.as_str()?.replace('_', " "))).unwrap_or_default()
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Accounts => "accounts",
        Place::Bonds => "bonds",
        Place::Collateral => "collateral",
        Place::Unbonding => "unbonding",
        Place::Delegated => "delegated",
        Place::Escrow => "escrow",
        Place::Deposits => "deposits",
        Place::Rewards => "rewards to be paid",
        Place::Slashes => "slashes",
        Place::Insurance => "insurance",
        Place::Treasury => "treasury",
        Place::Grants => "grants",
        Place::Burnt => "burnt",
    }
}

#[cfg(test)]
mod tests {
    use earnest_protocol::{Epoch, Height};

    use super::*;

    #[test]
    fn a_table_is_of_what_the_node_gave() {
        let tokens = Amount::tokens;
        let view = FlowsView {
            epoch: Epoch::new(7),
            is_whole: true,
            is_over: false,
            first: Height::new(281),
            last: Height::new(300),
            kept_from: Epoch::ZERO,
            assets: vec![AssetFlowsView {
                asset: Asset::Stake,
                opening: tokens(100),
                minted: vec![SumView { reason: Reason::Emission, amount: tokens(5) }],
                burnt: vec![SumView { reason: Reason::BaseFee, amount: tokens(2) }],
                closing: tokens(103),
                holds: true,
                places: vec![PlaceFlowsView {
                    place: Place::Accounts,
                    opening: tokens(100),
                    entered: tokens(1),
                    left: tokens(2),
                    closing: tokens(99),
                }],
                moves: vec![MoveView {
                    source: Place::Escrow,
                    target: Place::Accounts,
                    reason: Reason::Price,
                    amount: tokens(1),
                }],
            }],
        };
        let told = flows(&view, 80);
        let lines = [
            "epoch 7, so far: blocks 281 to 300",
            "",
            "tokens",
            "there was         100",
            "minted: emission   +5",
            "burnt: base fee    -2",
            "there is          103",
            "",
            "in        there was  entered  left  there is",
            "accounts        100        1     2        99",
            "",
            "from    to        for    moved",
            "escrow  accounts  price      1",
        ];
        assert_eq!(told.lines().collect::<Vec<&str>>(), lines, "{told}");
        let mut broken = view;
        broken.assets[0].holds = false;
        assert!(flows(&broken, 80).contains("DOES NOT ADD UP"));
    }
}
