use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

/// Ethereum's mainnet: 128 to 256 a churn, whole tokens, the 65,536th part.
fn ethereum() -> StakingParams {
    StakingParams {
        unbonding_epochs: Epochs::new(256),
        exit_epochs: Epochs::new(65_536),
        exit_churn_min: tokens(128),
        exit_churn_max: tokens(256),
        exit_churn_step: tokens(1),
        exit_wait_max_epochs: Epochs::new(1 << 32),
        ..StakingParams::default()
    }
}

/// consensus-specs, specs/electra/beacon-chain.md, `get_activation_exit_churn_limit`: ETH9.
#[test]
fn eth9_churn_follows_the_stake_between_its_bounds() {
    let churn = |total| churn(tokens(total), &ethereum());
    for (total, expected) in
        [(1, 128), (8_388_608, 128), (8_454_144, 129), (16_777_216, 256), (34_000_000, 256)]
    {
        assert_eq!(churn(total), tokens(expected), "of {total}");
    }
    let uncapped = StakingParams { exit_churn_max: Amount::MAX, ..ethereum() };
    assert_eq!(super::churn(tokens(34_000_000), &uncapped), tokens(518));
}

/// consensus-specs, tests/…/electra/block_processing/test_process_voluntary_exit.py, by name: who
/// leaves, after how much has found room, in how many epochs, and what room is left. There an exit
/// begins at the first epoch that is free; here that is the present one.
#[test]
fn the_exits_of_ethereums_specification_get_its_epochs_and_leave_its_room() {
    let now = Epoch::new(69);
    let churn = tokens(128);
    let cases: [(&str, &[u64], u64, u64); 8] = [
        ("min_balance_exit", &[32], 0, 96),
        ("min_balance_exits_up_to_churn", &[32, 32, 32, 32], 0, 0),
        ("min_balance_exits_above_churn", &[32, 32, 32, 32, 32], 1, 96),
        ("max_balance_exit", &[2_048], 15, 0),
        ("exit_with_balance_equal_to_churn_limit", &[128], 0, 0),
        ("exit_with_balance_multiple_of_churn_limit", &[3 * 128], 2, 0),
        ("exit_existing_churn_and_churn_limit_balance", &[1, 128], 1, 127),
        ("exit_existing_churn_and_balance_multiple_of_churn_limit", &[1, 3 * 128], 3, 127),
    ];
    for (name, leaving, epochs, left) in cases {
        let mut queue = ExitQueue::default();
        let places = leaving.iter().map(|amount| queue.take(now, tokens(*amount), churn));
        let place = places.last().expect("somebody leaves");
        assert_eq!(place.epoch, now.after(Epochs::new(epochs)), "{name}");
        assert_eq!(queue.room, tokens(left), "{name}");
        // `withdrawable_epoch`: 256 later.
        let matures = matures(place.epoch, now, &ethereum());
        assert_eq!(matures, now.after(Epochs::new(epochs + 256)), "{name}");
    }
}

/// Polkadot's: half of what backs the lowest third leaves in 403,200 blocks, within 28,800 if few
/// do, and never later.
fn polkadot() -> StakingParams {
    StakingParams {
        unbonding_epochs: Epochs::new(28_800),
        exit_epochs: Epochs::new(2 * 403_200),
        exit_churn_min: Amount::UNIT,
        exit_overlap_epochs: Epochs::new(28_800),
        exit_wait_max_epochs: Epochs::new(403_200 - 28_800),
        ..StakingParams::default()
    }
}

/// RFC-0097, its formula and its constants, a block an epoch; its limit is 120 million tokens. A
/// block less than there, for the block in which the last unit finds room is counted.
#[test]
fn unbonding_times_are_those_of_polkadots_queue() {
    let (params, now) = (polkadot(), Epoch::new(1_000_000));
    // So that a block's room is a whole number of units.
    let bonded = tokens(2 * 403_200 * 300);
    let churn = churn(bonded, &params);
    assert_eq!(churn, tokens(300));
    let mut queue = ExitQueue::default();
    // A hundredth, a quarter and all of that, which goes beyond the end; then one block's room.
    for (leaves, back, wait) in [
        (403_200 * 3, 4_032, 28_800),
        (403_200 * 75, 4_032 + 100_800, 4_032 + 100_800 - 1),
        (403_200 * 300, 4_032 + 100_800 + 403_200, 403_200),
        (300, 4_033 + 100_800 + 403_200, 403_200),
    ] {
        let place = queue.take(now, tokens(leaves), churn);
        assert_eq!(place.epoch, now.after(Epochs::new(back - 1)));
        assert_eq!(matures(place.epoch, now, &params), now.after(Epochs::new(wait)), "{leaves}");
    }
    // "So unbonding and rebonding leaves this number unaffected."
    let before = queue.waiting(now);
    let place = queue.take(now, tokens(403_200), churn);
    queue.give_back(now, (tokens(403_200), Amount::ZERO), place);
    assert_eq!(queue.waiting(now), before);
}

#[test]
fn room_that_has_passed_does_not_come_back_and_room_ahead_does() {
    let at = Epoch::new;
    let churn = tokens(10);
    let mut queue = ExitQueue::default();
    let first = queue.take(at(5), tokens(35), churn);
    assert_eq!((first.epoch, queue.room), (at(8), tokens(5)));
    let other = queue.take(at(5), tokens(5), churn);
    assert_eq!((other.epoch, queue.room), (at(8), tokens(0)));
    // Of 35 in epochs 5 to 8, ten a piece, 20 at most are ahead in epoch 7.
    let mut late = queue;
    late.give_back(at(7), (tokens(35), Amount::ZERO), first);
    assert_eq!((late.edge, late.room), (at(7), tokens(10)));
    let mut over = queue;
    over.give_back(at(9), (tokens(35), Amount::ZERO), first);
    assert_eq!(over, queue, "it has all passed");
    // At half the churn, half of it is as many epochs.
    let mut slower = ExitQueue::default();
    let dear = slower.take(at(5), tokens(20), tokens(10));
    slower.take(at(5), tokens(20), tokens(5));
    assert_eq!((slower.edge, slower.churn), (at(10), tokens(5)));
    slower.give_back(at(5), (tokens(20), Amount::ZERO), dear);
    assert_eq!((slower.edge, slower.room), (at(9), tokens(5)));
}

#[derive(Clone, Debug)]
enum Step {
    Leave(u64),
    Stay(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1u64..400).prop_map(Step::Leave),
        2 => (0usize..16).prop_map(Step::Stay),
        2 => (1u64..4).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Whoever leaves, stays after all and leaves again: by no epoch has more left than there was
    /// room for since the queue was last empty, and nobody waits longer than all that waits, at
    /// the churn, comes to.
    #[test]
    fn no_more_leaves_by_any_epoch_than_there_was_room_for(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        const CHURN: u64 = 100;
        let churn = Amount::new(CHURN).expect("small");
        let (mut queue, mut now) = (ExitQueue::default(), Epoch::new(3));
        let mut began = now;
        let mut left: Vec<(Amount, Place)> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(epochs) => now = now.after(Epochs::new(epochs)),
                Step::Stay(pick) => {
                    let ahead: Vec<usize> =
                        (0..left.len()).filter(|at| left[*at].1.epoch >= now).collect();
                    if !ahead.is_empty() {
                        let (amount, place) = left.remove(ahead[pick % ahead.len()]);
                        queue.give_back(now, (amount, Amount::ZERO), place);
                    }
                }
                Step::Leave(units) => {
                    let gone = left.iter().all(|(_, place)| place.epoch < now);
                    if queue.edge < now && gone {
                        (began, left) = (now, Vec::new());
                    }
                    let amount = Amount::new(units).expect("small");
                    let waiting = queue.waiting(now).units();
                    let place = queue.take(now, amount, churn);
                    prop_assert!(queue.room <= queue.churn);
                    prop_assert!(place.epoch.since(now).count() <= (waiting + units - 1) / CHURN);
                    left.push((amount, place));
                }
            }
            for (_, by) in &left {
                let gone = left.iter().filter(|(_, place)| place.epoch <= by.epoch);
                let gone: u64 = gone.map(|(amount, _)| amount.units()).sum();
                let room = (by.epoch.since(began).count() + 1) * CHURN;
                prop_assert!(gone <= room, "{gone} by {:?}, room for {room}", by.epoch);
            }
        }
    }
}
