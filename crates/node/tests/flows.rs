//! Where money came from and went, epoch by epoch: it adds up to the unit, and a start makes the
//! same of the same log.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use earnest_api::{AssetFlowsView, ClientError, FlowsView, PageQuery};
use earnest_node::{Limits, Node, NodeConfig, NodeHandle};
use earnest_protocol::{
    Amount, Blocks, Command, Epoch, Epochs, Height, Ratio, Role,
    command::Bond,
    ledger::{Place, Reason},
};

use common::{client, create_with, sign, signer, start, still, transfer};

/// Epochs of five blocks; each emits three tokens to the treasury.
fn create(dir: &std::path::Path) {
    create_with(dir, |network| {
        let params = &mut network.params;
        params.chain.epoch_blocks = Blocks::new(5);
        params.staking.unbonding_epochs = Epochs::new(10_000_000);
        params.rewards.schedule = 1;
        params.rewards.epoch_amount = Amount::tokens(3);
        params.rewards.treasury_share = Ratio::ONE;
    });
}

fn carry_out(node: &NodeHandle, nonce: u64, command: Command) {
    client(node).submit(&sign(&node.network(), 1, nonce, command)).unwrap();
    node.make_block().unwrap();
}

fn flows(node: &NodeHandle, epoch: u64) -> FlowsView {
    client(node).flows(Some(Epoch::new(epoch))).unwrap()
}

fn code(error: ClientError) -> (u16, String) {
    let problem = error.problem().expect("a problem");
    (problem.status, problem.code.clone())
}

fn sum(sums: &[earnest_api::SumView], reason: Reason) -> Amount {
    sums.iter().find(|sum| sum.reason == reason).map_or(Amount::ZERO, |sum| sum.amount)
}

fn closing(asset: &AssetFlowsView, place: Place) -> Amount {
    asset.places.iter().find(|of| of.place == place).map_or(Amount::ZERO, |of| of.closing)
}

/// What all accounts have at their disposal.
fn free(node: &NodeHandle) -> Amount {
    let accounts = client(node).accounts(&PageQuery::default()).unwrap();
    assert!(accounts.next_cursor.is_none(), "all are on one page");
    accounts.items.iter().fold(Amount::ZERO, |sum, account| sum.saturating_add(account.free))
}

#[test]
fn an_epoch_adds_up_and_the_same_log_gives_the_same_table() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let (mut nonce, bond) = (0, Bond { role: Role::Provider, amount: Amount::tokens(100) });
    while client(&node).head().unwrap().epoch < Epoch::new(1) {
        carry_out(&node, nonce, transfer(signer(2).address(), 7));
        nonce += 1;
    }
    let first = client(&node).head().unwrap().height;
    carry_out(&node, nonce, Command::Bond(bond));
    let so_far = client(&node).flows(None).unwrap();
    assert_eq!((so_far.epoch, so_far.is_over, so_far.is_whole), (Epoch::new(1), false, true));
    assert_eq!((so_far.first, so_far.last), (first, first.after(Blocks::new(1))));
    let [stake] = &so_far.assets[..] else { panic!("one asset") };
    assert_eq!(closing(stake, Place::Accounts), free(&node));
    while client(&node).head().unwrap().epoch < Epoch::new(2) {
        nonce += 1;
        carry_out(&node, nonce, transfer(signer(2).address(), 7));
    }

    let before = flows(&node, 1);
    assert!(before.is_over && before.is_whole, "{before:?}");
    let [stake] = &before.assets[..] else { panic!("one asset") };
    assert!(stake.holds && stake.adds_up(), "{before:?}");
    assert_eq!(sum(&stake.minted, Reason::Emission), Amount::tokens(3));
    let fees = sum(&stake.burnt, Reason::BaseFee);
    let paid = stake.opening.saturating_add(Amount::tokens(3)).checked_sub(fees).unwrap();
    assert_eq!((stake.closing, stake.burnt.len()), (paid, 1), "nothing else came or went");
    assert_eq!(closing(stake, Place::Bonds), Amount::tokens(100));
    let bonded = stake.moves.iter().find(|of| of.reason == Reason::Bond).unwrap();
    assert_eq!((bonded.source, bonded.target), (Place::Accounts, Place::Bonds));
    assert_eq!(bonded.amount, Amount::tokens(100));
    // One epoch begins with what the last one left.
    let [next] = &flows(&node, 2).assets[..] else { panic!("one asset") };
    assert_eq!(next.opening, stake.closing);
    // A number that is told to be wrong is seen to be.
    let forged = AssetFlowsView { closing: stake.opening, ..stake.clone() };
    assert!(!forged.adds_up());
    assert_eq!(
        code(client(&node).flows(Some(Epoch::new(99))).unwrap_err()),
        (404, "flows/not-yet".to_owned())
    );
    node.stop().unwrap();

    // A short log is read from its beginning.
    let node = start(dir.path());
    assert_eq!(flows(&node, 1), before);
    node.stop().unwrap();

    // A long one from the snapshot that the last stop left: what was before is not known.
    let limits = Limits { replay_bytes_max: 0, ..Limits::default() };
    let node = Node::start(NodeConfig { limits, ..still(dir.path()) }).unwrap();
    let from = client(&node).head().unwrap().height;
    carry_out(&node, nonce + 1, transfer(signer(2).address(), 7));
    let part = client(&node).flows(None).unwrap();
    assert_eq!((part.is_whole, part.first), (false, from.after(Blocks::new(1))), "{part:?}");
    assert!(Height::ZERO < from && part.assets.iter().all(|asset| asset.holds), "{part:?}");
    assert_eq!(closing(&part.assets[0], Place::Accounts), free(&node));
    assert_eq!(
        code(client(&node).flows(Some(Epoch::new(1))).unwrap_err()),
        (410, "flows/not-kept".to_owned())
    );
    node.stop().unwrap();
}

#[test]
fn no_more_epochs_are_kept_than_the_limit_says() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let limits = Limits { epochs_max: 2, ..Limits::default() };
    let node = Node::start(NodeConfig { limits, ..still(dir.path()) }).unwrap();
    while client(&node).head().unwrap().epoch < Epoch::new(3) {
        node.make_block().unwrap();
    }
    assert_eq!(flows(&node, 2).kept_from, Epoch::new(2));
    assert_eq!(
        code(client(&node).flows(Some(Epoch::new(1))).unwrap_err()),
        (410, "flows/not-kept".to_owned())
    );
    node.stop().unwrap();
}
