//! Published vectors of slashes and of fees, out of this engine under settings.
//!
//! ETH7: consensus-specs, `slash_validator` with presets/mainnet. EIG1: eigenlayer-contracts,
//! src/test/unit/AllocationManagerUnit.t.sol; EIG6: there, docs/core/accounting. GRT4, GRT5: The
//! Graph's contracts, disputes/poi.test.ts and HorizonStaking.sol. DOT5, DOT6: polkadot-sdk, tests
//! of substrate/frame/staking. FEE1: go-ethereum, consensus/misc/eip1559/eip1559_test.go. AK8: the
//! monthly price that Akash shows of a price by the block.
//!
//! Slashes of a job take its lock as well; the vectors are of what goes besides.

use earnest_testkit::{
    votes,
    world::{World, params_with, root},
};

use earnest_protocol::{
    AccountId, Amount, Asset, Blocks, Command, Epoch, Epochs, Event, Factor, Gas, JobId, Ratio,
    RawParams, Role, SlashId,
    command::{AcceptJob, BallotChoice, Bond, Delegate, Transfer, Unbond, Unjail},
    ledger::Pot,
    market::Phase,
    slashing::{Claims, ClaimsTerms, SlashState, SplitTerms, Taken, Waterfall, Way, plan},
    storage,
};

const ROLE: Role = Role::Provider;

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

/// A conviction costs `share` of what is free, the second as much as the first; anybody may
/// delegate; waits are short.
fn costing(share: Ratio) -> impl FnOnce(&mut RawParams) {
    move |raw| {
        raw.staking.unbonding_epochs = Epochs::new(12);
        raw.staking.delegation_max = Factor::percent(10_000);
        raw.staking.provider_bond_min = Amount::UNIT;
        raw.staking.delegation_min = Amount::UNIT;
        raw.market.chunks_max = 4;
        raw.market.work_bound_max = Gas::new(1_000_000_000);
        raw.market.deadline_blocks_max = Blocks::new(50);
        (raw.verification.auditors_max, raw.verification.redraws) = (2, 0);
        (raw.verification.disputes_max, raw.verification.data_requests_max) = (1, 1);
        raw.verification.clock_blocks = Blocks::new(2);
        // A name saves nothing of a lock.
        raw.verification.reputation_discount_max = Ratio::ZERO;
        (raw.slashing.wrong_result, raw.slashing.copied_root) = (share, share);
        (raw.slashing.share_max, raw.slashing.strike_factor) = (share, Factor::ZERO);
    }
}

/// What a job of ten tokens locks.
fn lock(world: &World) -> Amount {
    world.state.quote_job(None, &world.terms()).expect("it may be posted").collateral
}

/// Has P1 keep what a job of ten tokens locks and `own` besides; all else leaves for good.
fn keeps(world: &mut World, own: Amount) {
    let kept = lock(world).saturating_add(own);
    let amount = free(world).checked_sub(kept).expect("it has more");
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount }));
    world.blocks(50 * 13);
}

fn free(world: &World) -> Amount {
    units(world.free_bond("P1"))
}

/// P1 wins a job, which leaves it `own`.
fn works(world: &mut World, own: Amount) -> JobId {
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    assert_eq!(free(world), own, "beside the lock");
    job
}

/// Its result is wrong, and it is convicted.
fn is_convicted(world: &mut World, job: JobId) -> SlashId {
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    world.state.slashes().map(|(id, _)| id).last().expect("convicted")
}

fn delegates(world: &mut World, name: &str, amount: Amount) {
    world.opens("P1", ROLE);
    let operator = world.id("P1");
    world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
}

/// What a name has in P1's pool.
fn delegated(world: &World, name: &str) -> Amount {
    let operator = world.operator("P1", ROLE);
    let held = world.state.delegation(world.id(name), operator);
    held.map_or(Amount::ZERO, |held| world.state.delegated(held))
}

/// P1 is released and has what a job locks besides what was left of its bond.
fn enlists_again(world: &mut World) {
    world.blocks(50 * 3);
    world.ok("P1", Command::Bond(Bond { role: ROLE, amount: lock(world) }));
    world.ok("P1", Command::Unjail(Unjail { role: ROLE }));
}

/// A base unit is a Gwei. A share is a count of billionths: Electra's 4,096th of 32 ETH is met to
/// half of one. What reporters get is a share of the slash here, and issued there: of 512
/// parts of the stake Bellatrix takes 16, and the whistleblower has one.
#[test]
fn eth7_a_slash_takes_a_share_of_the_stake_and_a_reporter_has_a_share_of_it() {
    let eth = |count| tokens(count);
    let penalty = |share, stake| {
        Taken { lock: Amount::ZERO, share, free: stake, delegated: Amount::ZERO }.wanted()
    };
    let bellatrix = Ratio::new(1_000_000_000 / 32).expect("a share");
    assert_eq!(penalty(bellatrix, eth(32)), units(1_000_000_000));
    let reported = reported(units(1_000_000_000), Ratio::new(62_500_000).expect("a sixteenth"));
    assert_eq!(reported.reporter, units(62_500_000));

    let electra = Ratio::new(244_141).expect("a 4,096th, up");
    for (stake, published) in [(32, 7_812_500), (2_048, 500_000_000)] {
        let off = penalty(electra, eth(stake)).units().abs_diff(published);
        assert!(off * 2 <= stake, "{off} Gwei of {stake} ETH");
    }
}

/// A slash without an injured side, of which one reporter has `share` and the rest burns.
fn reported(amount: Amount, share: Ratio) -> Waterfall {
    let mut raw = RawParams::default();
    (raw.slashing.reporter_share, raw.slashing.burn_share) = (share, Ratio::ONE);
    let reporters = vec![AccountId::new(1)];
    let claims = Claims { reporters, reward_max: Amount::MAX, ..Claims::default() };
    plan(amount, &claims, &raw.slashing)
}

#[test]
fn grt4_a_fortieth_is_taken_of_which_the_fisherman_has_half() {
    let share = Ratio::new(25_000_000).expect("2.5 %");
    let (free, delegated) = (units(100_000), Amount::ZERO);
    let taken = Taken { lock: Amount::ZERO, share, free, delegated }.wanted();
    let paid = reported(taken, Ratio::percent(50));
    assert_eq!((taken, paid.reporter, paid.burnt), (units(2_500), units(1_250), units(1_250)));
}

/// 150 are slashed of 100, half of which thaw since the work was taken on, and of a pool of 100:
/// what is left of bond, of what thaws and of the pool, if delegated stake answers for so much.
fn thawing(answers: Ratio) -> [Amount; 3] {
    let mut world = World::new(params_with(|raw| {
        costing(Ratio::percent(75))(raw);
        raw.slashing.delegated_answers = answers;
    }));
    keeps(&mut world, tokens(100));
    delegates(&mut world, "W", tokens(100));
    let operator = world.operator("P1", ROLE);
    assert_eq!(world.state.loss_share_max(operator), Ratio::percent(75).times_ceil(answers));
    let job = works(&mut world, tokens(100));
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount: tokens(50) }));
    is_convicted(&mut world, job);
    let row = world.state.operator(operator).expect("bonded");
    let thawing = row.unbondings.iter().map(|id| world.state.balance(Pot::Unbonding(*id)));
    [row.stake, thawing.max().expect("it thaws still"), delegated(&world, "W")]
}

#[test]
fn grt5_what_thaws_is_slashed_and_the_pool_if_it_answers_for_what_the_provider_lacks() {
    assert_eq!(thawing(Ratio::ONE), [Amount::ZERO, Amount::ZERO, tokens(50)]);
    assert_eq!(thawing(Ratio::ZERO), [Amount::ZERO, Amount::ZERO, tokens(100)]);
    // Between: a half of the 75 that are its share, which is less than what is lacking.
    let half = [Amount::ZERO, Amount::ZERO, units(62_500_000_000)];
    assert_eq!(thawing(Ratio::percent(50)), half);

    // The verifier has half of what was the provider's; all that was delegated burns.
    let way = Way::Claims(ClaimsTerms {
        injured: false,
        tariff: Amount::ZERO,
        reporters: 1,
        reward_max: Amount::MAX,
        compensation_max: Factor::ZERO,
        burn_min: Ratio::percent(25),
        reporter_share: Ratio::percent(50),
        burn_share: Ratio::ONE,
        insurance_share: Ratio::ONE,
        judges: true,
    });
    let split = SplitTerms { own: tokens(100), delegated: tokens(50), way }.split();
    assert_eq!((split.reporter, split.burnt), (tokens(50), tokens(100)));
}

#[test]
fn eig1_a_quarter_slashed_leaves_three_quarters_of_all_shares() {
    let mut world = World::new(params_with(costing(Ratio::percent(25))));
    keeps(&mut world, Amount::ZERO);
    delegates(&mut world, "W", tokens(100));
    let job = works(&mut world, Amount::ZERO);
    is_convicted(&mut world, job);
    assert_eq!(delegated(&world, "W"), tokens(75));
}

/// As far as stake here goes: what the beacon chain takes itself is no loss of ours.
#[test]
fn eig6_what_is_added_after_a_slash_counts_in_full_and_what_was_there_as_it_was_left() {
    let mut world = World::new(params_with(costing(Ratio::percent(75))));
    keeps(&mut world, Amount::ZERO);
    delegates(&mut world, "W", tokens(32));
    let job = works(&mut world, Amount::ZERO);
    is_convicted(&mut world, job);
    assert_eq!(delegated(&world, "W"), tokens(8));
    enlists_again(&mut world);
    delegates(&mut world, "W", tokens(32));
    assert_eq!(delegated(&world, "W"), tokens(40));
}

/// 1,000 of 2,000 are bonded: slashed by a tenth, and by a tenth again once enlisted anew.
#[test]
fn dot5_the_second_tenth_is_of_what_the_first_left() {
    let mut world = World::new(params_with(costing(Ratio::percent(10))));
    keeps(&mut world, tokens(1_000));
    for (before, after) in [(1_000, 900), (900, 810)] {
        let job = works(&mut world, tokens(before));
        is_convicted(&mut world, job);
        assert_eq!(free(&world), tokens(after), "with 1,000 elsewhere, {}", 1_000 + after);
        enlists_again(&mut world);
    }
}

/// Deferred by two epochs, a slash for epoch 1 is applied as epoch 3 begins (staking-async), by
/// three as epoch 4 does (before).
#[test]
fn dot6_a_slash_is_paid_out_when_the_epochs_that_it_waits_are_over() {
    for (deferred, applied) in [(2, 3), (3, 4)] {
        let mut world = World::new(params_with(|raw| {
            costing(Ratio::percent(10))(raw);
            raw.slashing.engine_stay_epochs = Epochs::new(deferred);
        }));
        votes::until(&mut world, Epoch::new(1));
        let job = world.assign(world.terms(), &[("P1", 10)]);
        let slash = is_convicted(&mut world, job);
        assert_eq!(world.state.epoch(), Epoch::new(1));
        let state = |world: &World| world.state.slash(slash).expect("remembered").state;
        while world.state.epoch() < Epoch::new(applied) {
            assert_eq!(state(&world), SlashState::Pending(Epoch::new(applied)));
            assert!(!paid_out(&world, slash));
            world.block();
        }
        assert!(matches!(state(&world), SlashState::Executed(_)) && paid_out(&world, slash));
    }
}

fn paid_out(world: &World, wanted: SlashId) -> bool {
    let paid = |event: &Event| match event {
        Event::Slashed { slash, .. } => *slash,
        _ => None,
    };
    world.seen(paid).contains(&wanted)
}

/// A base fee of 10^9 and a target of ten: of Ethereum's 10 million gas, a millionth. It began
/// there, and a vote has let it fall since.
fn a_fee_of_a_token() -> World {
    let mut world = World::new(votes::params_with(8, |raw| {
        (raw.chain.base_fee, raw.chain.block_target) = (tokens(1), 10);
        raw.verification.challenge_deposit = tokens(20_000);
    }));
    let lower = votes::propose(&mut world, "R", &[("chain.base_fee", 500_000_000)]);
    votes::pass(&mut world, lower);
    for name in ["P1", "P2"] {
        votes::vote(&mut world, name, lower, BallotChoice::Yes);
    }
    votes::pass(&mut world, lower);
    votes::pass(&mut world, lower);
    assert_eq!(world.state.params().chain().base_fee, units(500_000_000));
    assert_eq!(world.state.base_fee(), tokens(1));
    world
}

#[test]
fn fee1_the_base_fee_follows_how_full_a_block_was_as_in_ethereum() {
    for (used, published) in [
        (10, 1_000_000_000),
        (9, 987_500_000),
        (11, 1_012_500_000),
        (20, 1_125_000_000),
        (0, 875_000_000),
    ] {
        let mut world = a_fee_of_a_token();
        let (to, asset, amount) = (world.address("X"), Asset::Stake, Amount::UNIT);
        for _ in 0..used {
            world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
        }
        world.block();
        assert_eq!(world.state.base_fee(), units(published), "{used} of 10");
    }
}

/// What is paid for by the block here are bytes: a mebibyte at 100 millionths of a token a block,
/// for thirty days of blocks of 6.5 seconds.
#[test]
fn ak8_a_price_by_the_block_comes_to_what_akash_shows_for_a_month() {
    let mut raw = RawParams::default();
    (raw.storage.price, raw.storage.price_doublings) = (units(100 * 1_000), 0);
    let month = Blocks::new(30 * 24 * 3_600 * 10 / 65);
    let price = storage::price(&raw.storage, 0, 1_024, month).expect("there is room");
    assert_eq!(price, units(39_876_900));
}
