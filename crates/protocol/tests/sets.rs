//! Active sets: who may take new work where a network limits how many do, and how a place changes
//! hands.

use earnest_testkit::{votes, world};

use earnest_protocol::{
    Amount, Command, Digest, Event, Factor, JobId, OperatorId, ParamsRejected, Ratio, RawParams,
    Rejected, Role,
    command::*,
    ledger::Pot,
    market::{CommitBidRejected, Outcome, Phase},
    params::{Params, Violation},
    staking::{ActiveSet, SetPlace, Standing},
};
use world::{World, params_with, root};

const ROLE: Role = Role::Provider;
const TOKEN: u64 = 1_000_000_000;

/// Three places for the four providers of 50,000 tokens each; a tenth more takes one.
fn three(raw: &mut RawParams) {
    raw.staking.providers_active_max = 3;
    raw.staking.active_margin = Ratio::percent(10);
}

fn small() -> World {
    World::new(params_with(three))
}

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn bond(world: &mut World, name: &str, amount: Amount) {
    world.ok(name, Command::Bond(Bond { role: ROLE, amount }));
}

fn unbond(world: &mut World, name: &str, amount: Amount) {
    world.ok(name, Command::Unbond(Unbond { role: ROLE, amount }));
}

fn place(world: &World, name: &str) -> SetPlace {
    world.state.set_place(world.operator(name, ROLE)).expect("bonded")
}

fn set(world: &World) -> ActiveSet {
    world.state.active_set(ROLE, ResourceClass::Cpu)
}

/// Who is in the set of providers, in order of entry.
fn members(world: &World) -> Vec<&'static str> {
    let rows = world.state.operators();
    let rows = rows.filter(|(_, row)| row.role == ROLE && row.may_work());
    rows.map(|(_, row)| world.name(row.account)).collect()
}

/// Who entered and who left since the last call, in order, and by whom.
fn turns(world: &mut World) -> Vec<(&'static str, bool, Option<&'static str>)> {
    let events = std::mem::take(&mut world.events);
    let turn = |event: Event| match event {
        Event::ActiveSetEntered { account, .. } => Some((world.name(account), true, None)),
        Event::ActiveSetLeft { account, by, .. } => {
            Some((world.name(account), false, by.map(|by| world.name(by))))
        }
        _ => None,
    };
    events.into_iter().filter_map(turn).collect()
}

fn bid(world: &mut World, name: &str, job: JobId) -> Result<(), Rejected> {
    let seal = world.seal_bid(name, job, tokens(4));
    world.send(name, Command::CommitBid(CommitBid { job, seal }))
}

#[test]
fn of_equals_those_who_came_first_are_in_and_whoever_waits_is_told_what_takes_a_place() {
    let mut world = small();
    assert_eq!(members(&world), ["P1", "P2", "P3"]);
    assert_eq!(place(&world, "P1"), SetPlace::In);
    assert_eq!(place(&world, "P4"), SetPlace::Waiting(0));
    let expected = ActiveSet {
        max: 3,
        count: 3,
        stake: tokens(150_000),
        least: tokens(50_000),
        needed: tokens(55_000),
        waiting: 1,
        waiting_stake: tokens(50_000),
        first_waiting: tokens(50_000),
    };
    assert_eq!(set(&world), expected);
    let job = world.post(world.terms());
    let (stake, needed) = (tokens(50_000), tokens(55_000));
    let refused = CommitBidRejected::OutsideActiveSet { stake, needed };
    assert_eq!(bid(&mut world, "P4", job), Err(Rejected::CommitBid(refused)));
    assert_eq!(bid(&mut world, "P3", job), Ok(()));
}

/// A unit below the margin changes nothing; the unit takes the place of the last of the least.
#[test]
fn a_place_changes_hands_for_the_margin_and_not_for_a_unit_less() {
    let mut world = small();
    bond(&mut world, "P4", tokens(5_000).saturating_sub(Amount::UNIT));
    assert_eq!(members(&world), ["P1", "P2", "P3"]);
    assert_eq!(turns(&mut world), []);
    bond(&mut world, "P4", Amount::UNIT);
    assert_eq!(members(&world), ["P1", "P2", "P4"]);
    assert_eq!(turns(&mut world), [("P3", false, Some("P4")), ("P4", true, None)]);
    // P3 is the first that waits, and needs a tenth more than P2.
    assert_eq!(place(&world, "P3"), SetPlace::Waiting(0));
    assert_eq!(set(&world).needed, tokens(55_000));
    bond(&mut world, "P3", tokens(5_000));
    assert_eq!(members(&world), ["P1", "P3", "P4"]);
    assert_eq!(turns(&mut world), [("P2", false, Some("P3")), ("P3", true, None)]);
}

/// Without a margin more by one unit is enough, and as much is not.
#[test]
fn without_a_margin_it_takes_more_all_the_same() {
    let mut world = World::new(params_with(|raw| {
        three(raw);
        raw.staking.active_margin = Ratio::ZERO;
    }));
    assert_eq!(members(&world), ["P1", "P2", "P3"], "as much is not more");
    bond(&mut world, "P4", Amount::UNIT);
    assert_eq!(members(&world), ["P1", "P2", "P4"]);
}

/// What was taken on goes on to its pay and its emission, from the sealed bid on.
#[test]
fn who_is_displaced_finishes_what_it_took_on_and_is_paid_for_it() {
    for displaced_in in [Phase::Bidding, Phase::RevealingBids, Phase::Offered, Phase::Executing] {
        let mut world = World::new(params_with(|raw| {
            three(raw);
            raw.rewards.schedule = 1;
            raw.rewards.epoch_amount = tokens(100);
        }));
        let displace = |world: &mut World, phase: Phase| {
            if phase == displaced_in {
                bond(world, "P4", tokens(20_000));
                assert_eq!(place(world, "P3"), SetPlace::Waiting(0));
            }
        };
        let job = world.post(world.terms());
        world.bid("P3", job, 10);
        displace(&mut world, Phase::Bidding);
        world.until_phase(job, Phase::RevealingBids);
        displace(&mut world, Phase::RevealingBids);
        world.open_bid("P3", job, 10);
        world.until_phase(job, Phase::Offered);
        displace(&mut world, Phase::Offered);
        world.ok("P3", Command::AcceptJob(AcceptJob { job }));
        displace(&mut world, Phase::Executing);
        world.commit("P3", job, root(None));
        world.audit(job, root(None));
        world.reveal("P3", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted, "{displaced_in:?}");
        assert!(!world.closed(job).paid.is_zero());
        let id = world.operator("P3", ROLE);
        assert!(!world.state.open_claim(id).is_zero(), "its work attracts emission");
        assert_eq!(
            world.state.operator(id).expect("bonded").stake,
            tokens(50_000),
            "all came back"
        );
        // Nothing new.
        let job = world.post(world.terms());
        assert!(bid(&mut world, "P3", job).is_err());
    }
}

/// Who waits answers for what it did: a lie costs it what it would have cost.
#[test]
fn who_is_displaced_still_answers_for_its_jobs() {
    let lost = |displaced: bool| {
        let mut world = small();
        let job = world.assign(world.terms(), &[("P3", 10)]);
        if displaced {
            bond(&mut world, "P4", tokens(20_000));
        }
        let wrong = root(Some(3));
        world.commit("P3", job, wrong);
        world.audit(job, root(None));
        world.reveal("P3", job, wrong, root(None));
        world.play("P3", job, 3, true);
        world.until_phase(job, Phase::Closed);
        world.blocks(200);
        assert!(matches!(
            world.state.operator(world.operator("P3", ROLE)).expect("bonded").standing,
            Standing::Jailed(_)
        ));
        assert_eq!(place(&world, "P3"), SetPlace::Unfit);
        world.wealth("P3")
    };
    assert_eq!(lost(true), lost(false));
}

/// LPT4 (Livepeer, test/unit/BondingManager.js): of 1000 bonded a slash of half leaves 500, and as
/// the offender has left the set, the set's stake falls by the whole 1000.
#[test]
fn lpt4_who_is_slashed_and_jailed_leaves_its_set_with_all_of_its_stake() {
    let mut world = World::new(params_with(|raw| {
        three(raw);
        (raw.slashing.wrong_result, raw.slashing.copied_root) =
            (Ratio::percent(50), Ratio::percent(50));
        raw.slashing.share_max = Ratio::percent(50);
    }));
    for name in ["P1", "P2", "P3", "P4"] {
        unbond(&mut world, name, tokens(49_000));
    }
    unbond(&mut world, "P4", tokens(1_000));
    assert_eq!(members(&world), ["P1", "P2", "P3"]);
    let id = world.operator("P3", ROLE);
    let stake = |world: &World| world.state.operator(id).expect("bonded").stake;
    let job = world.assign(world.terms(), &[("P3", 10)]);
    let locked = tokens(1_000).saturating_sub(world.state.balance(Pot::Bond(id)));
    bond(&mut world, "P3", locked);
    assert_eq!(world.state.balance(Pot::Bond(id)), tokens(1_000), "beside the collateral");
    let all = set(&world).stake;
    let wrong = root(Some(3));
    world.commit("P3", job, wrong);
    world.audit(job, root(None));
    world.reveal("P3", job, wrong, root(None));
    world.play("P3", job, 3, true);
    world.until_phase(job, Phase::Closed);
    let whole = locked.saturating_add(tokens(1_000));
    assert_eq!(set(&world).stake, all.saturating_sub(whole), "the whole of it");
    world.blocks(50 * 30);
    assert_eq!(stake(&world), tokens(500), "half of 1,000, and no collateral");
}

/// A place is nobody's while its holder cannot work.
#[test]
fn who_is_jailed_holds_no_place_and_comes_back_like_a_newcomer() {
    let mut world = small();
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    assert_eq!(members(&world), ["P2", "P3", "P4"]);
    world.blocks(200);
    world.ok("P1", Command::Unjail(Unjail { role: ROLE }));
    assert_eq!(place(&world, "P1"), SetPlace::Waiting(0), "it lost some, and others were there");
    let stake = world.state.operator(world.operator("P1", ROLE)).expect("bonded").stake;
    let more = set(&world).needed.saturating_sub(stake);
    bond(&mut world, "P1", more);
    assert_eq!(members(&world), ["P1", "P2", "P3"]);
}

/// The margin protects who keeps its stake, not who takes it out.
#[test]
fn who_unbonds_below_one_that_waits_gives_it_its_place_and_a_margin_below_nothing_else_does() {
    let mut world = small();
    unbond(&mut world, "P1", Amount::UNIT);
    assert_eq!(members(&world), ["P2", "P3", "P4"], "by a unit, though no tenth");
    assert_eq!(turns(&mut world), [("P1", false, Some("P4")), ("P4", true, None)]);
    // As much as the first that waits is enough to stay.
    unbond(&mut world, "P2", Amount::UNIT);
    assert_eq!(members(&world), ["P2", "P3", "P4"]);
    // And what is bonded again is no claim to the place.
    let again = Command::CancelUnbond(CancelUnbond { role: ROLE, amount: Amount::UNIT });
    world.ok("P1", again);
    assert_eq!(members(&world), ["P2", "P3", "P4"]);
}

#[test]
fn a_free_place_goes_to_the_largest_that_waits_at_once() {
    let mut world = small();
    bond(&mut world, "W", tokens(600));
    bond(&mut world, "X", tokens(700));
    assert_eq!(
        (place(&world, "X"), place(&world, "W")),
        (SetPlace::Waiting(1), SetPlace::Waiting(2))
    );
    for (name, next) in [("P1", "P4"), ("P2", "X"), ("P3", "W")] {
        unbond(&mut world, name, tokens(50_000));
        assert_eq!(turns(&mut world), [(name, false, None), (next, true, None)]);
    }
    assert_eq!((set(&world).least, set(&world).needed), (tokens(600), tokens(660)));
    assert_eq!(place(&world, "P1"), SetPlace::Unfit);
}

/// Own stake earns while it is in the set, to the unit, and nothing outside.
#[test]
fn stake_outside_earns_nothing_and_inside_what_it_would_have() {
    let earned = |world: &World, name: &str| {
        let vesting = world.state.vesting(world.operator(name, ROLE));
        vesting.ready.saturating_add(vesting.unvested()).units()
    };
    let emit = |raw: &mut RawParams| {
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = tokens(600);
        raw.rewards.stake_share = Ratio::ONE;
        raw.rewards.validator_share = Ratio::ZERO;
    };
    let mut world = World::new(params_with(|raw| {
        three(raw);
        emit(raw);
    }));
    let mut all = World::new(params_with(emit));
    world.blocks(50);
    all.blocks(50);
    let [inside, outside] = ["P1", "P4"].map(|name| earned(&world, name));
    assert!(inside > 0, "an epoch was paid for");
    assert_eq!(outside, 0);
    // An index rounds down: a unit of dust in all.
    assert_eq!(inside, 200 * TOKEN - 1, "three share what four did");
    assert!(150 * TOKEN - earned(&all, "P1") <= 1);
    bond(&mut world, "P4", tokens(40_000));
    let before = earned(&world, "P3");
    world.blocks(50);
    assert_eq!(earned(&world, "P3"), before, "it waits now");
    let share = 600 * TOKEN / 19 * 9;
    assert!(earned(&world, "P4").abs_diff(share) <= 19, "90,000 of the 190,000 inside");
}

/// Whoever loses its place has all that its stake earned there; whoever is let in has nothing of
/// what was earned before.
#[test]
fn a_place_that_changes_hands_takes_nothing_along_that_was_earned() {
    let earned = |world: &World, name: &str| {
        let vesting = world.state.vesting(world.operator(name, ROLE));
        vesting.ready.saturating_add(vesting.unvested()).units()
    };
    let mut world = World::new(params_with(|raw| {
        three(raw);
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = tokens(600);
        (raw.rewards.stake_share, raw.rewards.validator_share) = (Ratio::ONE, Ratio::ZERO);
    }));
    world.blocks(50);
    let before = earned(&world, "P3");
    assert!(before > 0 && earned(&world, "P4") == 0);
    bond(&mut world, "P4", tokens(40_000));
    assert_eq!((earned(&world, "P3"), earned(&world, "P4")), (before, 0));
    world.blocks(50);
    // A place becomes free, for which P3 did nothing.
    unbond(&mut world, "P1", tokens(50_000));
    assert_eq!(place(&world, "P3"), SetPlace::In);
    assert_eq!(earned(&world, "P3"), before);
}

/// What judges have of a slash is theirs who were in the set, in it still or not.
#[test]
fn a_judge_that_loses_its_place_keeps_its_share_of_slashes() {
    let mut world = World::new(params_with(|raw| {
        raw.staking.validators_active_max = 5;
        (raw.verification.auditors_max, raw.verification.pool_min) = (3, 0);
        (raw.slashing.burn_share, raw.slashing.insurance_share) = (Ratio::ZERO, Ratio::ZERO);
    }));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    world.blocks(200);
    let share = |world: &World, name| {
        world.state.judge_reward(world.operator(name, Role::Validator)).units()
    };
    let before = share(&world, "V5");
    assert!(before > 0 && share(&world, "V6") == 0, "{before}");
    let amount = tokens(20_000);
    world.ok("V6", Command::Bond(Bond { role: Role::Validator, amount }));
    let places = ["V5", "V6"]
        .map(|name| world.state.set_place(world.operator(name, Role::Validator)).expect("bonded"));
    assert_eq!(places[1], SetPlace::In);
    assert!(matches!(places[0], SetPlace::Waiting(_)), "{places:?}");
    assert_eq!((share(&world, "V5"), share(&world, "V6")), (before, 0));
    // A place becomes free, for which V5 did nothing.
    let amount = tokens(50_000);
    world.ok("V1", Command::Unbond(Unbond { role: Role::Validator, amount }));
    assert_eq!(share(&world, "V5"), before);
}

/// Whoever waits may be trusted by others as before: what leaves it may stay, what is with another
/// may come.
#[test]
fn stake_may_be_delegated_to_whoever_waits_and_come_back_to_it() {
    let mut world = World::new(params_with(|raw| {
        three(raw);
        raw.staking.delegation_max = Factor::percent(1_000);
        raw.staking.commission_raise_max = Ratio::ONE;
    }));
    let (rate, ceiling) = (Ratio::percent(10), Ratio::percent(10));
    for name in ["P1", "P4"] {
        world.ok(name, Command::SetCommission(SetCommission { role: ROLE, rate, ceiling }));
    }
    let (source, target) = (world.id("P1"), world.id("P4"));
    let amount = tokens(100);
    for operator in [source, target] {
        world.ok("W", Command::Delegate(Delegate { operator, role: ROLE, amount }));
    }
    world.ok("W", Command::Undelegate(Undelegate { operator: target, role: ROLE, amount }));
    let operator = target;
    world.ok("W", Command::CancelUndelegation(CancelUndelegation { operator, role: ROLE }));
    world.ok("W", Command::Redelegate(Redelegate { source, target, role: ROLE, amount }));
    assert_eq!(place(&world, "P4"), SetPlace::Waiting(0));
    let id = world.operator("P4", ROLE);
    assert_eq!(world.state.balance(Pot::Delegated(id)), tokens(100), "what left it is back");
}

/// A winner whose word waits for room in the audits is let in when there is some, in its set or
/// not; if it is not fit to work any more, it is not.
#[test]
fn a_word_that_waits_for_room_holds_while_its_operator_is_fit() {
    for (displaced, unfit) in [(false, false), (true, false), (false, true)] {
        let mut world = World::new(params_with(|raw| {
            three(raw);
            raw.staking.provider_bond_min = tokens(20_000);
            raw.verification.audit_lock = Factor::percent(10_000);
            raw.market.tariff_per_mgas = Amount::new(TOKEN / 4).expect("small");
        }));
        let jobs: Vec<JobId> = (0..4).map(|_| world.post(world.terms())).collect();
        for (job, name) in jobs.iter().zip(["P1", "P1", "P1", "P3"]) {
            world.bid(name, *job, 10);
        }
        world.until_phase(jobs[0], Phase::RevealingBids);
        for (job, name) in jobs.iter().zip(["P1", "P1", "P1", "P3"]) {
            world.open_bid(name, *job, 10);
        }
        for (job, name) in jobs.iter().zip(["P1", "P1", "P1", "P3"]) {
            world.ok(name, Command::AcceptJob(AcceptJob { job: *job }));
        }
        let job = jobs[3];
        assert_eq!(world.phase(job), Phase::Offered, "there is no room");
        if displaced {
            bond(&mut world, "P4", tokens(20_000));
            assert_eq!(place(&world, "P3"), SetPlace::Waiting(0));
        }
        if unfit {
            let free = world.state.balance(Pot::Bond(world.operator("P3", ROLE)));
            unbond(&mut world, "P3", free);
            assert_eq!(place(&world, "P3"), SetPlace::Unfit);
        }
        let amount = tokens(1_000);
        world.ok("V1", Command::Bond(Bond { role: Role::Validator, amount }));
        world.blocks(3);
        assert_eq!(world.phase(job) == Phase::Executing, !unfit, "{displaced} {unfit}");
    }
}

/// A schedule that follows bonded stake counts that of who may take new work, and no more.
#[test]
fn a_goal_of_bonded_stake_counts_nobody_who_waits() {
    let mut world = World::new(params_with(|raw| {
        three(raw);
        (raw.rewards.schedule, raw.rewards.goal_measure) = (7, 1);
        (raw.rewards.goal_total, raw.rewards.goal_start) = (tokens(1_000), tokens(10_000_000));
    }));
    let begun = world.state.epoch();
    while world.state.epoch() == begun {
        world.block();
    }
    let all = world.state.operators().filter(|(_, row)| row.may_work());
    let stake: u64 = all.map(|(_, row)| row.stake.units()).sum();
    let reached = world.state.goal_reached().expect("it has a goal");
    assert_eq!((reached.whole, reached.part), (0, stake));
    assert_eq!(set(&world).waiting_stake, tokens(50_000));
}

/// Who waits has its stake at risk and its say: a set cannot vote itself small.
#[test]
fn who_waits_votes_with_all_that_is_behind_it() {
    let mut world = World::new(votes::params_with(20, three));
    let id = votes::propose(&mut world, "P1", &[("staking.providers_active_max", 2)]);
    votes::pass(&mut world, id);
    let before = votes::tally(&world, id).no;
    votes::vote(&mut world, "P4", id, BallotChoice::No);
    let said = votes::tally(&world, id).no.units() - before.units();
    assert_eq!(said, 50_000 * TOKEN);
    let all = world.state.operators().map(|(_, row)| row.stake.units()).sum();
    let power = world.state.proposal(id).expect("it has begun").power;
    assert_eq!(power.units(), all, "of all who are fit");
}

/// A size that is voted holds from the block in which it comes into force.
#[test]
fn a_set_follows_the_size_that_is_voted() {
    let mut world = World::new(votes::params_with(1, |_| {}));
    assert_eq!(set(&world), ActiveSet { needed: Amount::ZERO, ..set(&world) });
    assert_eq!((set(&world).max, set(&world).count), (0, 4));
    bond(&mut world, "P4", Amount::UNIT);
    for (places, inside) in [
        (2, &["P1", "P4"][..]),
        (3, &["P1", "P2", "P4"][..]),
        (1, &["P4"][..]),
        (0, &["P1", "P2", "P3", "P4"][..]),
    ] {
        let id = votes::propose(&mut world, "P1", &[("staking.providers_active_max", places)]);
        votes::accept(&mut world, &[id]);
        while world.state.params().staking().providers_active_max != places {
            world.block();
        }
        assert_eq!(members(&world), inside, "{places} places");
    }
}

/// R18: a full set of validators is enough for the largest audit.
#[test]
fn a_set_of_validators_too_small_for_an_audit_is_refused() {
    let rejected = |places: u64| {
        let raw = params_with(|raw| raw.staking.validators_active_max = places);
        Params::try_from(raw).err().map(|ParamsRejected { violations }| violations)
    };
    let needed = 11; // Eight auditors, one to draw again, two parties.
    assert_eq!(rejected(10), Some(vec![Violation::ActiveSetTooSmall { places: 10, needed }]));
    assert_eq!(rejected(11), None);
    assert_eq!(rejected(0), None);
}

/// A validator that waits is drawn for nothing while its set does.
#[test]
fn a_validator_that_waits_is_not_drawn() {
    let mut world = World::new(params_with(|raw| {
        raw.staking.validators_active_max = 5;
        (raw.verification.auditors_max, raw.verification.pool_min) = (3, 0);
    }));
    let waiting = ["V6", "V7", "V8"];
    for round in 0..20u8 {
        let mut terms = world.terms();
        terms.seed_seal = earnest_protocol::seal::seed(&Digest([round; 32]));
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_with("P1", job, root(None), Digest([round; 32]));
        let drawn = world.auditors(job);
        assert!(drawn.iter().all(|name| !waiting.contains(name)), "{drawn:?}");
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
    }
    let ids: Vec<OperatorId> =
        waiting.iter().map(|name| world.operator(name, Role::Validator)).collect();
    assert!(ids.iter().all(|id| world.state.judge_reward(*id).is_zero()));
}

#[test]
fn a_state_that_is_stored_and_read_has_its_sets() {
    let mut world = small();
    bond(&mut world, "P4", tokens(5_000));
    bond(&mut world, "X", tokens(700));
    let bytes = postcard::to_allocvec(&world.state).expect("it encodes");
    let mut back: earnest_protocol::State = postcard::from_bytes(&bytes).expect("and decodes");
    assert_eq!(back.root(), world.state.root());
    assert_eq!(back.active_set(ROLE, ResourceClass::Cpu), set(&world));
    let first =
        |state: &earnest_protocol::State, name: &str| state.set_place(world.operator(name, ROLE));
    for name in ["P1", "P3", "P4", "X"] {
        assert_eq!(first(&back, name), first(&world.state, name));
    }
}
