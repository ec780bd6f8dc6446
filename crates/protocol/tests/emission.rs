//! Emission: what other networks published comes out of ours under their settings, and no cap is
//! passed by a unit.
//!
//! A test that holds rows of one network begins with their label and says where they are published:
//! COS1 and COS2 of Cosmos, LPT1 of Livepeer, FIL1, FIL3 and FIL8 of Filecoin, GRT3 of The Graph,
//! DOT1, DOT10 and DOT11 of Polkadot. FIL7 is in `rewards.rs`.

use earnest_protocol::{
    Address, Amount, Asset, BlockHead, Blocks, Digest, Epochs, Event, Factor, Genesis, Height,
    Journal, Ratio, RawParams, Role, State,
    genesis::{GenesisAccount, GenesisOperator},
    num::Rate,
    params::RewardsParams,
    rewards::Cut,
};

/// A network of one holder, whose epochs are blocks.
struct Network {
    state: State,
    journal: Journal,
}

/// What an epoch came to, in base units.
#[derive(Debug, PartialEq, Eq)]
struct Epoch {
    /// In parts of 10^-18.
    rate: u64,
    scheduled: u64,
    minted: u64,
}

fn units(units: u64) -> Amount {
    Amount::new(units).expect("an amount")
}

fn ratio(parts: u64) -> Ratio {
    Ratio::new(parts).expect("a share")
}

/// One that emits everything to its treasury, so that no work is needed.
fn rewards(schedule: u8, change: impl FnOnce(&mut RewardsParams)) -> RewardsParams {
    let mut rewards =
        RewardsParams { schedule, treasury_share: Ratio::ONE, ..RewardsParams::default() };
    change(&mut rewards);
    rewards
}

impl Network {
    /// With a supply of which so much is bonded.
    fn new(rewards: RewardsParams, supply: u64, bonded: u64) -> Network {
        let bonds = if bonded == 0 { vec![] } else { vec![bonded] };
        Network::with_bonds(rewards, supply, &bonds)
    }

    /// The same, with so much bonded by each of several.
    fn with_bonds(rewards: RewardsParams, supply: u64, bonds: &[u64]) -> Network {
        let mut params = RawParams { rewards, ..RawParams::default() };
        params.chain.epoch_blocks = Blocks::new(1);
        params.staking.unbonding_epochs = Epochs::new(1 << 30);
        params.staking.provider_bond_min = Amount::UNIT;
        let holders = u8::try_from(bonds.len()).expect("few").max(u8::from(supply > 0));
        let address = |of: u8| Address([of; 20]);
        let account = |of: u8| {
            let bonded = bonds.get(usize::from(of) - 1).copied().unwrap_or_default();
            let balance = units(if of == 1 { supply.max(bonded) } else { bonded });
            GenesisAccount { address: address(of), balance, payment: Amount::ZERO }
        };
        let operator = |(of, bond): (u8, &u64)| GenesisOperator {
            address: address(of),
            role: Role::Provider,
            bond: units(*bond),
        };
        let accounts = (1..=holders).map(account).collect();
        let operators = (1u8..).zip(bonds).map(operator).collect();
        let genesis = Genesis { params, accounts, operators, ..Genesis::default() };
        let state = State::new(&genesis).expect("a valid beginning");
        Network { state, journal: Journal::default() }
    }

    /// Opens a block, which ends an epoch.
    fn epoch(&mut self) -> Epoch {
        let height = Height::new(self.state.height().count() + 1);
        let next_anchor = Some(Digest::ZERO);
        let time_ms = height.count() * 1_000;
        let head = BlockHead { height, time_ms, beacon: None, next_anchor };
        let before = self.state.issued(Asset::Stake).units();
        self.journal.clear();
        self.state.open_block(&head, &mut self.journal).expect("it follows");
        let minted = self.state.issued(Asset::Stake).units() - before;
        let emitted = self.journal.events.iter().find_map(|event| match event {
            Event::Emitted { scheduled, .. } => Some(scheduled.units()),
            _ => None,
        });
        let scheduled = emitted.expect("a schedule runs");
        let rate = self.state.emission_rate().map_or(0, Rate::parts);
        Epoch { rate, scheduled, minted }
    }

    fn epochs(&mut self, count: u64) -> Vec<Epoch> {
        (0..count).map(|_| self.epoch()).collect()
    }
}

/// cosmos-sdk, x/mint/types/minter_test.go: 18 decimals, year of 6,311,520
/// blocks, goal .67, change .13, .07 to .20.
#[test]
fn cos1_a_bonded_goal_moves_the_rate_as_in_cosmos() {
    let moved = |bonded: u64, start: u64| {
        let rewards = rewards(5, |rewards| {
            (rewards.rate_start, rewards.rate_min) = (ratio(start), Ratio::percent(7));
            rewards.epochs_per_year = 6_311_520;
        });
        let after = Network::new(rewards, 1_000_000, bonded).epoch().rate;
        i128::from(after) - i128::from(start) * 1_000_000_000
    };
    for (bonded, start, expected) in [
        (0, 70_000_000, 20_597_257_079),
        (1_000_000, 200_000_000, -10_144_917_666),
        (500_000, 100_000_000, 5_226_169_707),
        (670_000, 150_000_000, 0),
        (1_000_000, 70_000_000, 0),
        (0, 200_000_000, 0),
    ] {
        assert_eq!(moved(bonded, start), expected, "{bonded} bonded, from {start}");
    }
}

/// The same file, `TestBlockProvision`: a year's provisions in 6,311,520 blocks.
#[test]
fn cos2_a_years_provisions_are_cut_into_blocks_as_in_cosmos() {
    for (a_year, expected) in [(6_311_520, 1), (6_311_521, 1), (12_623_040, 2), (3_155_760, 0)] {
        let rewards = rewards(4, |rewards| {
            (rewards.rate_start, rewards.rate_factor) = (Ratio::percent(10), Ratio::ONE);
            rewards.epochs_per_year = 6_311_520;
        });
        let epoch = Network::new(rewards, 10 * a_year, 0).epoch();
        assert_eq!((epoch.scheduled, epoch.minted), (expected, expected));
    }
}

/// livepeer/protocol, test/unit/Minter.js: rate 26 %, change .02 %, target 50 %.
#[test]
fn lpt1_a_bonded_goal_moves_the_rate_by_steps_as_in_livepeer() {
    let round = |supply, bonded, change| {
        let rewards = rewards(6, |rewards| {
            (rewards.rate_start, rewards.rate_change) = (ratio(260_000_000), ratio(change));
            (rewards.bonded_goal, rewards.epochs_per_year) = (Ratio::percent(50), 1);
        });
        Network::new(rewards, supply, bonded).epoch()
    };
    for (supply, bonded, change, expected) in [
        (1_000, 400, 200_000, 260_200_000),
        (1_000, 600, 200_000, 259_800_000),
        (1_000, 500, 200_000, 260_000_000),
        (0, 0, 200_000, 260_200_000),
        (1_000, 600, 300_000_000, 0),
        (1_300, 600, 200_000, 260_200_000),
    ] {
        assert_eq!(round(supply, bonded, change).rate, expected * 1_000_000_000);
    }
    assert_eq!(round(1_200, 600, 200_000).minted, 312, "at 26 % of 1,200");
    let rewards = rewards(6, |rewards| {
        (rewards.rate_start, rewards.rate_change) = (ratio(260_000_000), ratio(200_000));
        rewards.bonded_goal = Ratio::percent(50);
    });
    let rates = Network::new(rewards, 1_000, 400).epochs(3).into_iter().map(|epoch| epoch.rate);
    let steps = [260_200_000, 260_400_000, 260_600_000].map(|rate| rate * 1_000_000_000);
    assert_eq!(rates.collect::<Vec<_>>(), steps, "from one round to the next");
}

/// filecoin-project/builtin-actors, actors/reward/testdata/TestSimpleReward.golden, in 10^-9 of a
/// token, down: 330,000,000 in half-lives of six years of 30 seconds. Their first epoch is what
/// halving would pay for the one before ours, so that all they ever mint is their total and it.
#[test]
fn fil1_a_decay_pays_what_filecoin_mints_by_time() {
    for (age, expected) in [
        (0, 36_266_264_293),
        (5_000, 36_246_341_860),
        (10_000, 36_226_430_372),
        (490_000, 34_364_980_812),
        (2_555_000, 27_387_841_182),
    ] {
        let rewards = rewards(2, |rewards| {
            rewards.schedule_age_epochs = Epochs::new(age);
            rewards.decay_total = units(330_000_036_266_264_294);
            rewards.half_life_epochs = Epochs::new(6 * 365 * 24 * 60 * 2);
        });
        let epoch = Network::new(rewards, 1, 0).epoch();
        assert_eq!((epoch.scheduled, epoch.minted), (expected, expected), "age {age}");
    }
}

/// filecoin-project/builtin-actors, actors/reward/tests/reward_actor_test.rs: of the first epoch's
/// 36,266,264,293,777,134,739 · 10^-18 one of five wins has 7,253,252,858,755,426,947. Ours are
/// stakes.
#[test]
fn fil3_a_fifth_of_the_first_epoch_is_that_of_one_in_five() {
    let rewards = rewards(2, |rewards| {
        rewards.decay_total = units(330_000_036_266_264_294);
        rewards.half_life_epochs = Epochs::new(6 * FILECOINS_YEAR);
        (rewards.treasury_share, rewards.stake_share) = (Ratio::ZERO, Ratio::ONE);
        rewards.validator_share = Ratio::ZERO;
    });
    let mut network = Network::with_bonds(rewards, 1, &[1 << 40; 5]);
    assert_eq!(network.epoch().minted, 36_266_264_293);
    for (operator, _) in network.state.operators() {
        let earned = network.state.vesting(operator).total().units();
        assert!((7_253_252_857..=7_253_252_858).contains(&earned), "less what an index drops");
    }
}

/// Epochs of 30 seconds.
const FILECOINS_YEAR: u64 = 365 * 24 * 60 * 2;

/// 770,000,000 in half-lives of six years of a goal of bonded stake.
fn filecoins_baseline(change: impl FnOnce(&mut RewardsParams)) -> RewardsParams {
    rewards(7, |rewards| {
        (rewards.goal_total, rewards.goal_measure) = (Amount::tokens(770_000_000), 1);
        rewards.half_life_epochs = Epochs::new(6 * FILECOINS_YEAR);
        (rewards.goal_start, rewards.goal_step) = (units(2_048), units(2_048));
        change(rewards);
    })
}

/// filecoin-project/builtin-actors, actors/reward/src/logic.rs, `test_compute_r_theta`: where
/// each epoch t is meant to have 2,048 · (t + 1) of power, what there was in all so far is worth so
/// many epochs: 0.5, 0.25, 15.25. They count from the end of the first epoch, we from its
/// beginning.
#[test]
fn fil8_power_below_its_baseline_reaches_a_part_of_an_epoch() {
    for (bonded, epochs, in_all, theta) in [
        (2_048, 2, 2_048 + 2 * 2_048 / 2, (0, 4_096 / 2, 4_096)),
        (1_536, 2, 2_048 + 2 * 2_048 / 4, (0, 4_096 / 4, 4_096)),
        // Eight epochs are met in full, twelve have 17,792 each.
        (17_792, 20, 136 * 2_048 + 17 * 2_048 / 4, (15, 17 * 2_048 / 4, 17 * 2_048)),
    ] {
        let mut network = Network::new(filecoins_baseline(|_| {}), 1 << 20, bonded);
        network.epochs(epochs);
        let counted: u64 = (1..=epochs).map(|epoch| bonded.min(2_048 * epoch)).sum();
        assert_eq!(counted, in_all);
        let reached = network.state.goal_reached().expect("it has a goal");
        assert_eq!((reached.whole - 1, reached.part, reached.of), theta);
    }
}

/// filecoin-project/specs-actors at ca595d7,
/// actors/builtin/reward/testdata/TestBaselineReward.golden, in 10^-9 of a token, down: what one
/// epoch of the baseline is worth after so many, of 700,000,000. It is 770,000,000 today; their
/// rows of that are not among what we could read.
#[test]
fn fil8_what_a_goal_pays_is_what_filecoin_mints_as_its_baseline_is_met() {
    for (reached, expected) in [
        (0, 76_928_430_956),
        (5_000, 76_886_171_255),
        (10_000, 76_843_934_769),
        (15_000, 76_801_721_484),
        (700_000, 71_232_351_224),
        (710_000, 71_154_111_462),
    ] {
        let rewards = filecoins_baseline(|rewards| {
            rewards.schedule_age_epochs = Epochs::new(reached);
            (rewards.goal_total, rewards.goal_step) = (Amount::tokens(700_000_000), Amount::ZERO);
        });
        let epoch = Network::new(rewards, 1 << 20, 2_048).epoch();
        assert_eq!((epoch.scheduled, epoch.minted), (expected, expected), "after {reached}");
    }
}

/// The two together: 330,000,000 by time and 770,000,000 by the baseline.
#[test]
fn fil8_a_network_may_emit_by_time_and_by_its_goal_at_once() {
    let rewards = filecoins_baseline(|rewards| {
        rewards.decay_total = units(330_000_036_266_264_294);
    });
    let paid = Network::new(rewards, 1 << 20, 2_048).epochs(2);
    // 770,000,000 · (1 − 2^(−1/6,307,200)), and as much from there to 1.5 epochs.
    assert_eq!(paid[0].minted, 36_266_264_293 + 84_621_274_052);
    assert_eq!(paid[1].minted, 36_266_260_308 + 42_310_633_538);
}

/// paritytech/polkadot-sdk, substrate/frame/staking/src/inflation.rs, `npos_curve_is_sensible`: a
/// supply of 100,000, from 2.5 % to 10 % a year of 365.25 days, half of it meant to be bonded,
/// falling off by 5 %. Theirs is cut into straight pieces, so that theirs above the goal is off
/// by up to `test_precision`, 0.5 % of the most; ours is the curve itself.
#[test]
fn dot1_a_curve_pays_what_polkadots_does() {
    let paid = |bonded: u64, quarters_of_a_day: u64| {
        let rewards = rewards(8, |rewards| {
            (rewards.rate_min, rewards.rate_max) = (ratio(25_000_000), Ratio::percent(10));
            rewards.bonded_goal = Ratio::percent(50);
            rewards.epochs_per_year = 1_461;
        });
        let epoch = Network::new(rewards, 100_000 * TOKEN, bonded * TOKEN).epoch();
        (epoch.scheduled * quarters_of_a_day + TOKEN / 2) / TOKEN
    };
    let year = 365 * 4;
    for (bonded, expected) in [
        (0, 2_498),
        (5_000, 3_248),
        (25_000, 6_246),
        (40_000, 8_494),
        (50_000, 9_993),
        (75_000, 2_733),
        (95_000, 2_513),
    ] {
        assert_eq!(paid(bonded, year), expected, "{bonded} bonded");
    }
    for (bonded, theirs, ours) in [(60_000, 4_379, 4_372), (100_000, 2_505, 2_506)] {
        assert_eq!(paid(bonded, year), ours);
        assert!(u64::abs_diff(theirs, ours) <= 50, "0.5 % of 10,000");
    }
    assert_eq!([25_000, 50_000, 75_000].map(|bonded| paid(bonded, 4)), [17, 27, 7], "a day");
    assert_eq!([25_000, 50_000, 75_000].map(|bonded| paid(bonded, 1)), [4, 7, 2], "six hours");
}

/// The same test: an hour of 5 · 10^27, half of it bonded, is 57,038,500 · 10^15; of theirs, whose
/// part of a year is rounded to a billionth. Ours at 5 · 10^9.
#[test]
fn dot1_a_large_supply_pays_an_hour() {
    let rewards = rewards(8, |rewards| {
        (rewards.rate_min, rewards.rate_max) = (ratio(25_000_000), Ratio::percent(10));
        rewards.bonded_goal = Ratio::percent(50);
        rewards.epochs_per_year = 8_766;
    });
    let supply = 5_000_000_000 * TOKEN;
    let hour = Network::new(rewards, supply, supply / 2).epoch().scheduled;
    assert_eq!(hour, 57_038_558_065_252);
    assert!(hour.abs_diff(57_038_500_000_000) < supply / 10 / 1_000_000_000);
}

/// polkadot-fellows/runtimes, asset-hub-polkadot/src/staking/mod.rs: in each two years of 365.25
/// days 26.28 % of what is left to 2.1 · 10^9. From what was left when a day was 153,132, in 2026,
/// follow 112,889 from 2028 and 83,222 from 2030 on.
#[test]
fn dot10_a_cap_is_approached_in_steps_as_on_polkadot() {
    let left = units(425_658_760 * TOKEN);
    let halves_of_days = |age, count| {
        let rewards = rewards(9, |rewards| {
            (rewards.decay_total, rewards.step_share) = (left, ratio(262_800_000));
            rewards.step_epochs = Epochs::new(1_461);
            rewards.schedule_age_epochs = Epochs::new(age);
        });
        let paid = Network::new(rewards, 1, 0).epochs(count);
        (paid.iter().map(|epoch| epoch.minted).sum::<u64>() + TOKEN / 2) / TOKEN
    };
    let days = [0, 1_461, 2_922].map(|age| halves_of_days(age, 2));
    assert_eq!(days, [153_132, 112_889, 83_222]);
    assert_eq!(halves_of_days(0, 1_461), 111_863_122, "26.28 % of it");
}

/// The same repository, asset-hub-polkadot/src/staking/stepped_curve.rs: from 100 to 200 by halves
/// 150, 175, 187.5, 193.75; from 50 to 100 by fifths the steps are 10 and 8.
#[test]
fn dot11_each_step_goes_the_same_share_of_what_is_left() {
    let steps = |supply, total, share| {
        let rewards = rewards(9, |rewards| {
            (rewards.decay_total, rewards.step_share) = (Amount::tokens(total), share);
            rewards.step_epochs = Epochs::new(1);
        });
        let mut network = Network::new(rewards, supply * TOKEN, 0);
        let stands = |_| {
            network.epoch();
            network.state.issued(Asset::Stake).units()
        };
        (0..4).map(stands).collect::<Vec<_>>()
    };
    let halves = [150_000, 175_000, 187_500, 193_750].map(|thousandths| thousandths * 1_000_000);
    assert_eq!(steps(100, 100, Ratio::percent(50)), halves);
    assert_eq!(steps(50, 50, Ratio::percent(20))[..2], [60 * TOKEN, 68 * TOKEN]);
}

const TOKEN: u64 = 1_000_000_000;

/// bitcoin/bitcoin, src/test/validation_tests.cpp, `subsidy_limit_test`: all that is ever paid is
/// 2,099,999,997,690,000 satoshi.
#[test]
fn halvings_pay_what_bitcoin_does_to_the_unit() {
    let first = 5_000_000_000;
    let mut sum = 0;
    for halvings in 0..70 {
        let paid = [210_000 * halvings, 210_000 * halvings + 209_998].map(|age| {
            let rewards = rewards(3, |rewards| {
                rewards.schedule_age_epochs = Epochs::new(age);
                rewards.epoch_amount = units(first);
                rewards.half_life_epochs = Epochs::new(210_000);
            });
            let paid = Network::new(rewards, 0, 0).epochs(2);
            assert!(paid.iter().all(|epoch| epoch.minted == paid[0].minted));
            paid[0].minted
        });
        assert_eq!(paid[0], paid[1], "no halving between");
        assert_eq!(paid[0], first.checked_shr(u32::try_from(halvings).unwrap()).unwrap_or(0));
        sum += 210_000 * paid[0];
    }
    assert_eq!(sum, 2_099_999_997_690_000);
}

/// graphprotocol/contracts, rewards-distribution.test.ts: 200 a block, 7 blocks.
#[test]
fn grt3_a_fixed_emission_adds_up() {
    let fixed = rewards(1, |rewards| rewards.epoch_amount = Amount::tokens(200));
    let mut network = Network::new(fixed, 1, 0);
    let minted: u64 = network.epochs(7).iter().map(|epoch| epoch.minted).sum();
    assert_eq!(minted, Amount::tokens(1_400).units());
    assert_eq!(network.state.emitted(), Amount::tokens(1_400));
}

/// The same test: the sole allocation has all of it.
#[test]
fn grt3_a_sole_stake_has_all_that_goes_by_stake() {
    let fixed = rewards(1, |rewards| {
        rewards.epoch_amount = Amount::tokens(200);
        (rewards.treasury_share, rewards.stake_share) = (Ratio::ZERO, Ratio::ONE);
        rewards.validator_share = Ratio::ZERO;
    });
    let mut network = Network::new(fixed, 1_000, 512);
    network.epochs(7);
    let (operator, _) = network.state.operators().next().expect("bonded");
    assert_eq!(network.state.vesting(operator).total(), Amount::tokens(1_400));
}

#[test]
fn what_would_go_to_stake_that_nobody_has_is_not_minted() {
    let fixed = rewards(1, |rewards| {
        rewards.epoch_amount = units(1_000);
        (rewards.treasury_share, rewards.stake_share) = (Ratio::ZERO, Ratio::ONE);
        rewards.validator_share = Ratio::percent(40);
    });
    let epoch = Network::new(fixed, 1_000, 512).epoch();
    assert_eq!((epoch.scheduled, epoch.minted), (1_000, 600), "no validator is bonded");
}

#[test]
fn disinflation_falls_every_year_to_its_floor() {
    let rewards = rewards(4, |rewards| {
        rewards.epochs_per_year = 10;
        rewards.rate_min = ratio(15_000_000);
    });
    let mut network = Network::new(rewards, 1_000_000_000_000, 0);
    let rates: Vec<u64> = network.epochs(150).iter().map(|epoch| epoch.rate).collect();
    let a_year: Vec<u64> = rates.iter().step_by(10).copied().collect();
    assert!(rates.chunks(10).all(|year| year.iter().all(|rate| *rate == year[0])));
    // 8 %, and 15 % less each year, down.
    assert_eq!(a_year[..3], [80_000_000, 68_000_000, 57_800_000].map(|ppb| ppb * 1_000_000_000));
    assert_eq!(a_year[10], 15_749_952_320_000_000);
    assert_eq!(a_year[11..], [15_000_000_000_000_000; 4]);
}

#[test]
fn the_lifetimes_cap_is_reached_and_never_passed_by_a_unit() {
    let rewards = rewards(1, |rewards| {
        (rewards.epoch_amount, rewards.lifetime_max) = (units(300), units(1_000));
    });
    let mut network = Network::new(rewards, 5, 0);
    let minted: Vec<u64> = network.epochs(6).iter().map(|epoch| epoch.minted).collect();
    assert_eq!(minted, [300, 300, 300, 100, 0, 0]);
    assert_eq!(network.state.check_invariants(), Ok(()));
}

#[test]
fn the_largest_supply_is_reached_and_never_passed() {
    let rewards = rewards(1, |rewards| rewards.epoch_amount = Amount::MAX);
    let mut network = Network::new(rewards, Amount::MAX.units() - 7, 0);
    let minted: Vec<u64> = network.epochs(3).iter().map(|epoch| epoch.minted).collect();
    assert_eq!(minted, [7, 0, 0]);
    assert_eq!(network.state.issued(Asset::Stake), Amount::MAX);
}

#[test]
fn work_that_nobody_did_is_not_minted() {
    let mut fixed = rewards(1, |rewards| rewards.epoch_amount = units(1_000));
    fixed.treasury_share = ratio(100_900_000);
    let mut network = Network::new(fixed, 1_000_000, 0);
    let epoch = network.epoch();
    assert_eq!((epoch.scheduled, epoch.minted), (1_000, 100), "100.9 for the treasury, down");
}

/// Ten tokens an epoch that should be worth six: an eighth less in each epoch, down to 60 %.
#[test]
fn a_schedule_is_cut_to_what_it_should_be_worth_by_steps() {
    let cut = |target, step| {
        let rewards = rewards(1, |rewards| {
            rewards.epoch_amount = Amount::tokens(10);
            (rewards.cover_target, rewards.cover_step) = (units(target), ratio(step));
        });
        let mut network = Network::new(rewards, 1, 0);
        let mut kept = Vec::new();
        for epoch in network.epochs(5) {
            assert_eq!(epoch.scheduled, epoch.minted);
            kept.push(epoch.minted / 10_000_000);
        }
        kept
    };
    let eighth = 125_000_000;
    assert_eq!(cut(6 * TOKEN, eighth), [875, 750, 625, 600, 600]);
    assert_eq!(cut(TOKEN, eighth), [875, 750, 625, 500, 500], "by half at most");
    assert_eq!(cut(10 * TOKEN, eighth), [1_000; 5]);
    assert_eq!(cut(u64::MAX >> 1, eighth), [1_000; 5], "and never raised");
    assert_eq!(cut(0, eighth), [1_000; 5], "off");
    assert_eq!(cut(1, 1), [999; 5], "a billionth an epoch");
}

/// What a hundred units should be worth, at three prices, beside how much was left before: a price
/// that rises cuts, one that falls gives back, by a step at most either way.
#[test]
fn a_cut_follows_the_price_by_a_step_either_way() {
    let kept = |target, price, kept| {
        let (target, price) = (units(target), Factor::percent(price));
        let cut = Cut { target, step: Ratio::percent(10), price };
        cut.kept_floor(units(100), Ratio::percent(kept))
    };
    assert_eq!(kept(150, 200, 75), Ratio::percent(75));
    assert_eq!(kept(150, 100, 75), Ratio::percent(85));
    assert_eq!(kept(150, 300, 75), Ratio::percent(65));
    assert_eq!(kept(150, 100, 95), Ratio::ONE);
    assert_eq!(kept(60, 100, 65), Ratio::percent(60));
}

/// Nobody works, and the goal is one of work: nothing is reached, and nothing emitted.
#[test]
fn a_goal_of_work_emits_nothing_where_nobody_works() {
    let rewards = rewards(7, |rewards| {
        (rewards.goal_total, rewards.decay_total) = (Amount::tokens(1_000), Amount::tokens(500));
        rewards.half_life_epochs = Epochs::new(10);
    });
    let mut network = Network::new(rewards, 1_000, 512);
    assert!(network.epochs(20).iter().all(|epoch| epoch.minted == 0));
    let reached = network.state.goal_reached().expect("it has a goal");
    assert_eq!((reached.whole, reached.part), (0, 0));
}

/// A year of 8,760 epochs, ten times over, in every schedule: the sum of all pots is what was
/// issued, and what was issued is what the events say.
#[test]
fn ten_years_of_epochs_conserve_to_the_unit() {
    for schedule in 1..=9 {
        let rewards = rewards(schedule, |rewards| {
            rewards.goal_measure = 1;
            (rewards.goal_total, rewards.goal_step) = (Amount::tokens(100), units(7));
            (rewards.treasury_share, rewards.stake_share) =
                (ratio(333_333_333), Ratio::percent(50));
            (rewards.epoch_amount, rewards.decay_total) = (units(7_777_777), Amount::tokens(1_000));
            rewards.half_life_epochs = Epochs::new(17_520);
            rewards.lifetime_max = units(100_000_000_000);
        });
        let supply = 3_000_000_000_001;
        let mut network = Network::new(rewards, supply, 1_999_999_999_999);
        let mut minted = 0;
        for _ in 0..87_600 {
            let epoch = network.epoch();
            assert!(epoch.minted <= epoch.scheduled * 2 / 3);
            minted += epoch.minted;
        }
        assert_eq!(network.state.emitted().units(), minted, "schedule {schedule}");
        assert_eq!(network.state.issued(Asset::Stake).units(), supply + minted);
        assert!(minted <= 100_000_000_000 && 0 < minted);
        assert_eq!(network.state.check_invariants(), Ok(()));
    }
}
