//! Emission: what other networks published comes out of ours under their settings, and no cap is
//! passed by a unit.

use earnest_protocol::{
    Address, Amount, Asset, BlockHead, Blocks, Digest, Epochs, Event, Genesis, Height, Journal,
    Ratio, RawParams, Role, State,
    genesis::{GenesisAccount, GenesisOperator},
    num::Rate,
    params::RewardsParams,
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
        let mut params = RawParams { rewards, ..RawParams::default() };
        params.chain.epoch_blocks = Blocks::new(1);
        params.staking.unbonding_epochs = Epochs::new(1 << 30);
        params.staking.provider_bond_min = Amount::UNIT;
        let address = Address([1; 20]);
        let account = GenesisAccount { address, balance: units(supply), payment: Amount::ZERO };
        let operator = GenesisOperator { address, role: Role::Provider, bond: units(bonded) };
        let accounts = if supply == 0 { vec![] } else { vec![account] };
        let operators = if bonded == 0 { vec![] } else { vec![operator] };
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
fn a_bonded_goal_moves_the_rate_as_in_cosmos() {
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
fn a_years_provisions_are_cut_into_blocks_as_in_cosmos() {
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
fn a_bonded_goal_moves_the_rate_by_steps_as_in_livepeer() {
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
fn a_decay_pays_what_filecoin_mints() {
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
fn a_fixed_emission_adds_up() {
    let fixed = rewards(1, |rewards| rewards.epoch_amount = Amount::tokens(200));
    let mut network = Network::new(fixed, 1, 0);
    let minted: u64 = network.epochs(7).iter().map(|epoch| epoch.minted).sum();
    assert_eq!(minted, Amount::tokens(1_400).units());
    assert_eq!(network.state.emitted(), Amount::tokens(1_400));
}

/// The same test: the sole allocation has all of it.
#[test]
fn a_sole_stake_has_all_that_goes_by_stake() {
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

/// A year of 8,760 epochs, ten times over, in every schedule: the sum of all pots is what was
/// issued, and what was issued is what the events say.
#[test]
fn ten_years_of_epochs_conserve_to_the_unit() {
    for schedule in 1..=6 {
        let rewards = rewards(schedule, |rewards| {
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
