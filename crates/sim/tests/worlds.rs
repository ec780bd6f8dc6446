//! Single worlds: every law after every command, and luck that is shared between arms.

use earnest_protocol::{
    AccountId, JobId, Ratio,
    market::{CloseReason, Outcome},
};
use earnest_sim::{
    random::Luck,
    scenario::Scenario,
    world::{Arm, World},
};

fn scenario(line: &str, other: &str) -> Scenario {
    let small = include_str!("../../../scenarios/small.toml");
    let run = "invariants = \"run\"";
    assert!(small.contains(line) && small.contains(run));
    let small = small.replacen(run, "invariants = \"command\"", 1);
    Scenario::parse(&small.replacen(line, other, 1)).expect("a valid scenario")
}

fn world(scenario: &Scenario, arm: Arm) -> World {
    let luck = Luck::new(7, 3);
    let mut world = World::new(scenario, (Ratio::percent(50), 3), luck, arm).expect("begins");
    world.run().expect("no law is broken and no agent refused");
    world
}

fn ends(world: &World) -> Vec<(Outcome, CloseReason)> {
    let closed = world.state().jobs().filter_map(|(_, job)| job.closed);
    closed.map(|closed| (closed.outcome, closed.reason)).collect()
}

#[test]
fn laws_hold_after_every_command_in_trees_of_every_depth() {
    for steps in [1u64, 15, 16, 17, 256, 4_095, 4_096, 1 << 20] {
        // A bound covers at least what a step costs before its first instruction.
        let mgas = (steps * 2_000 / 1_000_000).max(1_000);
        let job = format!("[job]\nsteps = {steps}\nmgas = {mgas}\n\n[providers]");
        let world = world(&scenario("[providers]", &job), Arm::Lying);
        let ends = ends(&world);
        assert_eq!(ends.len(), 35, "{steps} steps");
        let rejected = ends.iter().filter(|end| end.0 == Outcome::Rejected).count();
        assert!((5..=28).contains(&rejected), "{steps} steps: {rejected} of 30 lies convicted");
        // Convicted by the referee in a game, never by silence.
        let judged = ends.iter().filter(|end| end.1 == CloseReason::WrongResult).count();
        assert_eq!(judged, rejected);
    }
}

#[test]
fn each_arm_ends_as_its_strategy_says() {
    let scenario = scenario("lazy = 30", "lazy = 30");
    let honest = ends(&world(&scenario, Arm::Honest));
    assert!(honest.iter().all(|end| *end == (Outcome::Accepted, CloseReason::Unchallenged)));
    let left = ends(&world(&scenario, Arm::Abandoning));
    let (bystanders, focal) = left.split_at(5);
    assert!(bystanders.iter().all(|end| end.0 == Outcome::Accepted));
    assert!(focal.iter().all(|end| *end == (Outcome::Expired, CloseReason::Abandoned)));
}

#[test]
fn arms_share_their_luck() {
    let scenario = scenario("lazy = 30", "lazy = 30");
    let (honest, lying) = (world(&scenario, Arm::Honest), world(&scenario, Arm::Lying));
    for job in (0..35).map(JobId::new) {
        let [a, b] = [&honest, &lying].map(|world| world.state().case(job).expect("posted"));
        assert_eq!(a.seed.drawn, b.seed.drawn, "the same beacon and preimage");
        let seats = |world: &World| -> Vec<Option<AccountId>> {
            let seats = &world.state().case(job).expect("posted").seats;
            seats.iter().map(|seat| seat.account).collect()
        };
        assert_eq!(seats(&honest), seats(&lying), "the same auditors");
    }
}

#[test]
fn nobody_but_the_bought_and_the_lax_lets_a_wrong_result_pass() {
    let scenario = scenario("laxity = 0.05", "laxity = 0.0");
    let world = world(&scenario, Arm::Lying);
    for (id, job) in world.state().jobs().skip(5) {
        let seats = &world.state().case(id).expect("posted").seats;
        // Requesters come first, then validators; the bought are the first fifth of them.
        let bought = |account: Option<AccountId>| account.is_some_and(|a| a.raw() < 2 + 20);
        let passes = seats.iter().all(|seat| bought(seat.account));
        let accepted = job.closed.is_some_and(|closed| closed.outcome == Outcome::Accepted);
        assert_eq!(passes, accepted, "{id}: {seats:?}");
    }
}

#[test]
fn a_job_leaves_the_ledger_and_how_it_ended_is_still_known() {
    let brief = "[params.market]\nretention_blocks = 1\n\n[params.staking]";
    let world = world(&scenario("[params.staking]", brief), Arm::Lying);
    let left = world.state().jobs().count();
    assert!(left < 35, "rows of jobs that ended earlier are gone, not {left} there");
    let outcomes = (0..35).map(|job| world.outcome(JobId::new(job)));
    let outcomes: Vec<Outcome> = outcomes.map(|outcome| outcome.expect("it ended")).collect();
    let counts = world.state().job_counts();
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count() as u64;
    assert_eq!(
        (count(Outcome::Accepted), count(Outcome::Rejected), count(Outcome::Expired)),
        (counts.accepted, counts.rejected, counts.expired)
    );
}
