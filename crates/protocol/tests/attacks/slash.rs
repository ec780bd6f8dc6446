//! Where a slash goes and what it leaves alone: C1, C13, C14, C16, M22, M23.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Event, JobId, Ratio, Role,
    command::*,
    ledger::{AssignmentPot, Pot},
    market::{CloseReason, Outcome, Phase},
    slashing::{Offence, SlashState, Waterfall},
    staking::Standing,
};

use super::{FEE, TOKEN};
use crate::world::{World, params, params_with, root};

/// A wrong result of a provider's, played to its conviction by two auditors.
fn convicted(world: &mut World, name: &str, wrong: Digest) -> JobId {
    let job = world.assign(world.terms(), &[(name, 10)]);
    world.commit(name, job, wrong);
    world.audit(job, root(None));
    world.reveal(name, job, wrong, root(None));
    world.play(name, job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    job
}

/// Every payout of a wrong-result slash.
fn payouts(world: &World) -> Vec<Waterfall> {
    world.seen(|event| match event {
        Event::Slashed { offence: Offence::WrongResult, waterfall, .. } => Some(*waterfall),
        _ => None,
    })
}

#[test]
fn c1_reporting_oneself_when_an_auditor_is_drawn_gets_nothing_back() {
    let mut world = World::new(params());
    let friends = ["P1", "W"];
    let before = world.coalition(&friends);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let collateral = world.held(job, AssignmentPot::Collateral);
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    // The friend files too, and is even the one whose game ends first.
    world.ok("W", Command::Challenge(Challenge { job }));
    world.narrow("P1", job, "W", 3);
    world.prove("P1", job, 3);
    world.blocks(110);
    let lost = before - world.coalition(&friends);
    assert!(lost >= i64::try_from(collateral).expect("small") + 3 * FEE, "auditors are first");
}

#[test]
fn c1_reporting_oneself_unaudited_gets_back_the_reporters_cap_and_no_more() {
    let mut world = World::new(params());
    let friends = ["P1", "W"];
    let before = world.coalition(&friends);
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    let (quote, wrong) = (world.quote(job), root(Some(3)));
    let collateral = world.held(job, AssignmentPot::Collateral);
    world.commit("P1", job, wrong);
    world.reveal_result("P1", job, wrong);
    world.ok("W", Command::Challenge(Challenge { job }));
    world.play("P1", job, 3, true);
    world.blocks(110);
    let lost = before - world.coalition(&friends);
    let least = i64::try_from(collateral - quote.reward_max.units()).expect("small");
    assert!(lost > least && least > i64::try_from(quote.exit_cost.units()).expect("small"));
}

#[test]
fn c13_a_slash_waits_and_two_convictions_alike_wait_longer() {
    let mut world = World::new(params());
    let wrong = root(Some(3));
    let first = convicted(&mut world, "P1", wrong);
    assert!(payouts(&world).is_empty(), "nothing is paid before the stay is over");
    let second = convicted(&mut world, "P2", wrong);
    assert_ne!(first, second);
    let states: Vec<SlashState> = world.state.slashes().map(|(_, slash)| slash.state).collect();
    let [SlashState::Held(a), SlashState::Held(b)] = states[..] else { panic!("{states:?}") };
    assert_eq!(a, b);
    world.blocks(110);
    assert!(payouts(&world).is_empty(), "held, though the ordinary stay is over");
    world.blocks(50 * 25);
    assert_eq!(payouts(&world).len(), 2, "there is no vote yet: the hold lapses");
}

#[test]
fn c13_one_operator_convicted_twice_is_no_sign_of_a_broken_engine() {
    let mut world = World::new(params());
    let terms = world.terms();
    let jobs: Vec<JobId> = (0..2).map(|_| world.assign(terms.clone(), &[("P1", 10)])).collect();
    let wrong = root(Some(3));
    for job in jobs {
        world.commit("P1", job, wrong);
        world.audit(job, root(None));
        world.reveal("P1", job, wrong, root(None));
        world.play("P1", job, 3, true);
    }
    world.blocks(110);
    assert_eq!(payouts(&world).len(), 2);
}

#[test]
fn c14_a_conviction_leaves_the_collateral_of_other_jobs_alone() {
    let mut world = World::new(params());
    let terms = world.terms();
    let jobs: Vec<JobId> = (0..3).map(|_| world.assign(terms.clone(), &[("P1", 10)])).collect();
    let locked = world.held(jobs[1], AssignmentPot::Collateral);
    let free = world.free_bond("P1");
    world.commit("P1", jobs[0], root(Some(3)));
    world.audit(jobs[0], root(None));
    world.reveal("P1", jobs[0], root(Some(3)), root(None));
    world.play("P1", jobs[0], 3, true);
    assert_eq!(world.held(jobs[1], AssignmentPot::Collateral), locked);
    assert_eq!(world.held(jobs[2], AssignmentPot::Collateral), locked);
    assert_eq!(world.free_bond("P1"), free - free.div_ceil(20), "a twentieth of what is free");
    // In jail it still finishes what it took on, and is paid for it.
    world.commit("P1", jobs[1], root(None));
    world.audit(jobs[1], root(None));
    world.reveal("P1", jobs[1], root(None), root(None));
    world.until_phase(jobs[1], Phase::Closed);
    assert_eq!(world.closed(jobs[1]).outcome, Outcome::Accepted);
}

#[test]
fn c14_as_many_convictions_as_one_can_lock_for_are_all_paid_in_full() {
    let mut world = World::new(params());
    let (role, amount) = (Role::Provider, Amount::tokens(49_900));
    world.ok("P1", Command::Unbond(Unbond { role, amount }));
    let mut terms = world.terms();
    (terms.audit_rate, terms.deadline_blocks) = (Ratio::percent(50), Blocks::new(100));
    let need = world.state.quote_job(None, &terms).expect("a quote").collateral.units();
    let count = usize::try_from(100_000_000_000 / need).expect("small");
    assert!((3..20).contains(&count), "{count}");
    let jobs: Vec<JobId> = (0..count).map(|_| world.assign(terms.clone(), &[("P1", 10)])).collect();
    let collateral: u64 = jobs.iter().map(|job| world.held(*job, AssignmentPot::Collateral)).sum();
    // All sealed, audited where drawn, and never opened: a mass conviction by silence.
    for job in &jobs {
        world.commit("P1", *job, root(Some(3)));
        world.audit(*job, root(None));
    }
    world.blocks(20);
    assert!(jobs.iter().all(|job| world.closed(*job).reason == CloseReason::NotRevealed));
    let taken: u64 = payouts(&world).iter().map(|waterfall| waterfall.amount.units()).sum();
    assert!(taken >= collateral, "{taken} of {collateral}");
    let stake = world.state.operator(world.operator("P1", Role::Provider)).expect("known").stake;
    assert!(stake < Amount::tokens(100));
}

#[test]
fn c14_an_operator_without_free_bond_is_convicted_without_breaking_anything() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let all = Amount::new(world.free_bond("P1")).expect("small");
    world.ok("P1", Command::Unbond(Unbond { role: Role::Provider, amount: all }));
    let before = world.coalition(&["P1"]);
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    // Stake that left after the job was accepted still answers for it.
    let lost = before - world.coalition(&["P1"]);
    let twentieth = i64::try_from(all.units().div_ceil(20)).expect("small");
    assert!(lost > twentieth, "{lost} of {all} unbonding");
    let id = world.operator("P1", Role::Provider);
    assert!(matches!(world.state.operator(id).expect("known").standing, Standing::Jailed(_)));
}

#[test]
fn c14_stake_that_left_before_a_job_does_not_answer_for_it() {
    let mut world = World::new(params());
    let (role, amount) = (Role::Provider, Amount::tokens(30_000));
    world.ok("P1", Command::Unbond(Unbond { role, amount }));
    world.block();
    convicted(&mut world, "P1", root(Some(3)));
    let id = world.operator("P1", Role::Provider);
    let queued = world.state.operator(id).expect("known").unbondings[0];
    assert_eq!(world.state.balance(Pot::Unbonding(queued)), amount);
}

#[test]
fn c16_convicting_a_friend_on_purpose_returns_less_than_it_burns() {
    for percent in [2, 20, 100] {
        let mut world = World::new(params());
        let friends = ["R", "P1", "W"];
        let before = world.coalition(&friends);
        let mut terms = world.terms();
        terms.audit_rate = Ratio::percent(percent);
        let job = world.assign(terms, &[("P1", 10)]);
        let wrong = root(Some(3));
        world.commit("P1", job, wrong);
        world.audit(job, root(None));
        world.reveal("P1", job, wrong, root(None));
        world.ok("W", Command::Challenge(Challenge { job }));
        world.play("P1", job, 3, true);
        world.blocks(110);
        let [waterfall] = payouts(&world)[..] else { panic!("one slash") };
        let profit = world.coalition(&friends) - before;
        let burnt = i64::try_from(waterfall.burnt.units()).expect("small");
        assert!(profit < -burnt, "{profit} at {percent} %");
        let quarter = waterfall.amount.share_ceil(1, 4).expect("a share");
        assert!(waterfall.burnt >= quarter);
        let most = waterfall.amount.units() - quarter.units();
        assert!(waterfall.compensation.units() <= most.min(2_000_000_000));
    }
}

#[test]
fn c16_nothing_but_the_slash_pays_compensation() {
    // A tiny slash against a large tariff: what is injured beyond it is not made up.
    let mut world = World::new(params_with(|raw| raw.verification.floor = Ratio::percent(1)));
    let before = world.coalition(&["R"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let exit = i64::try_from(world.quote(job).exit_cost.units()).expect("small");
    world.until_phase(job, Phase::Closed);
    let compensation = world.coalition(&["R"]) - before + 4 * FEE;
    assert_eq!(compensation, exit * 3 / 4, "three quarters of the exit, the rest burnt");
    assert!(compensation < 2 * TOKEN);
    assert_eq!(world.state.balance(Pot::Insurance(Asset::Stake)), Amount::ZERO);
}

#[test]
fn m22_repeated_offences_cost_more_and_fade() {
    let share = |jobs: u32, wait: u64| {
        let mut world =
            World::new(params_with(|raw| raw.slashing.strike_halflife_epochs = epochs(2)));
        let mut last = 0;
        for _ in 0..jobs {
            let free = world.free_bond("P1");
            convicted(&mut world, "P1", root(Some(3)));
            last = (free - world.free_bond("P1")) * 1_000 / free;
            world.blocks(wait);
            let unjail = Unjail { role: Role::Provider };
            world.blocks(101);
            world.ok("P1", Command::Unjail(unjail));
        }
        last
    };
    let (once, twice, later) = (share(1, 0), share(2, 0), share(2, 50 * 40));
    assert!(once < twice, "{once} then {twice} per mille");
    assert!(later < twice, "{later} after forty epochs");
}

fn epochs(count: u64) -> earnest_protocol::Epochs {
    earnest_protocol::Epochs::new(count)
}

#[test]
fn a_false_audit_loses_its_lock_and_a_share_of_the_bond() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [liar, honest] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(liar, job, root(Some(3)));
    world.audit_as(honest, job, root(None));
    world.reveal_result("P1", job, root(None));
    world.reveal_verdict(liar, job, root(Some(3)));
    world.reveal_verdict(honest, job, root(None));
    let before = world.coalition(&[liar]);
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    world.blocks(110);
    let lost = before - world.coalition(&[liar]);
    // Two tariffs and a twentieth of p_ref; and a twentieth of the rest of 50,000, up.
    assert_eq!(lost, 2_500_000_000 + 2_499_875_000_000);
    let jailed = world.state.operator(world.operator(liar, Role::Validator)).expect("known");
    assert!(matches!(jailed.standing, Standing::Jailed(_)));
}
