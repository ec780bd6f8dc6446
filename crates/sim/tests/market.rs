//! Markets over time: what becomes of those who work, lie, leave, copy and make trouble.

use earnest_protocol::num::PARTS;
use earnest_sim::{
    luck::Luck,
    run::{Nothing, Outcome, run},
    scenario::{Scenario, Setting},
    statistics, summary,
    tally::Tally,
    world::World,
};

/// Short windows, so that much happens in few blocks.
const MARKET: &str = r#"
    name = "market"
    run = { blocks = 400, sample_blocks = 50 }
    demand = { jobs_per_block = 3.0 }
    job = { audit_rate = 0.25, auditors = 2, deadline_blocks = 8 }
    [requesters.all]
    count = 3
    [validators.diligent]
    count = 40
    [providers.honest]
    count = 60
    [params.chain]
    epoch_blocks = 100
    [params.staking]
    unbonding_epochs = 3500
    [params.market]
    bid_blocks = 1
    grace_blocks = 0
    [params.verification]
    challenge_blocks = 2
"#;

fn play(settings: &[&str], seed: u64) -> (Scenario, Outcome) {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = Scenario::parse(MARKET, &settings).unwrap_or_else(|error| panic!("{error}"));
    let outcome = run(&scenario, seed, 0, &mut Nothing).expect("the network begins");
    (scenario, outcome)
}

/// The rules alone, given the blocks and commands of a run, come to the very ledger that it left.
#[test]
fn a_script_that_is_played_leaves_the_ledger_of_its_run() {
    let scenario = Scenario::parse(MARKET, &[]).unwrap_or_else(|error| panic!("{error}"));
    let mut world = World::recorded(&scenario, Luck::new(7, 0)).expect("it begins");
    world.begin().expect("they begin");
    for _ in 0..200 {
        world.block().expect("it goes on");
    }
    let (root, accepted) = (world.state().clone().root(), world.state().job_counts().accepted);
    let script = world.script().expect("it was kept");
    assert!(accepted > 100, "{accepted} jobs were paid");
    assert_eq!(script.play().root(), root);
    let plain = World::new(&scenario, Luck::new(7, 0)).expect("it begins");
    assert!(plain.script().is_none(), "nobody asked for it");
}

/// Fewer validators than a job of two auditors needs: nothing is posted, and the table says why.
#[test]
fn a_run_says_why_jobs_could_not_be_posted() {
    let (scenario, outcome) = play(&["validators.diligent.count=2"], 1);
    let told = summary::run_table(&scenario, 1, &outcome);
    assert!(told.contains("refused to requesters: PostJob/PoolTooSmall "), "{told}");
    let (scenario, outcome) = play(&[], 1);
    assert!(!summary::run_table(&scenario, 1, &outcome).contains("refused to requesters"));
}

fn group<'a>((scenario, outcome): &'a (Scenario, Outcome), name: &str) -> &'a Tally {
    let place = scenario.groups.iter().position(|group| group.name == name);
    &outcome.groups[place.expect("a group of the scenario")]
}

fn each((scenario, outcome): &(Scenario, Outcome), name: &str) -> i64 {
    let place = scenario.groups.iter().position(|group| group.name == name).expect("a group");
    outcome.groups[place].profit / i64::from(scenario.groups[place].count)
}

#[test]
fn honest_work_is_paid_and_nobody_honest_loses() {
    let played = play(&["run.invariants=command", "run.blocks=120"], 1);
    let (_, outcome) = &played;
    assert_eq!(outcome.error, None);
    let [posted, accepted, rejected, _, open] = outcome.jobs;
    assert!(posted > 250 && accepted > 100, "{:?}", outcome.jobs);
    assert_eq!((rejected, open, outcome.honest_losses), (0, 0, 0));
    let honest = group(&played, "providers.honest");
    assert_eq!(honest.taken, honest.paid);
    assert_eq!(honest.paid, accepted);
    // Second prices pay each at least what it asked, which is more than its cost.
    assert!(honest.profit > 0 && honest.income > honest.cost);
    assert!(group(&played, "validators.diligent").profit > 0);
    assert!(group(&played, "requesters.all").profit < 0);
}

#[test]
fn all_accounts_close_whatever_anybody_does() {
    let settings = [
        "providers.liar.count=10",
        "providers.liar.lie_rate=0.5",
        "providers.leaver.count=5",
        "providers.leaver.abandon_rate=0.3",
        "validators.lax.count=10",
        "validators.lax.laxity=0.5",
        "validators.silent.count=5",
        "validators.silent.silence=0.3",
        "validators.grim.count=3",
        "validators.grim.grief=0.1",
        "validators.watcher.count=3",
        "validators.watcher.watch=0.3",
        "job.outside_gain=5",
    ];
    for seed in 1..=3 {
        let played = play(&settings, seed);
        let (_, outcome) = &played;
        assert_eq!(outcome.error, None, "seed {seed}");
        assert_eq!(outcome.closing.sum(), 0, "seed {seed}: {:?}", outcome.closing);
        assert!(group(&played, "providers.liar").convicted > 0);
        assert!(group(&played, "providers.leaver").slashed > 0);
        assert!(group(&played, "validators.silent").missed > 0);
        assert!(group(&played, "validators.grim").slashed > 0);
        assert_eq!(group(&played, "providers.honest").slashes, 0);
    }
}

#[test]
fn a_lie_is_convicted_as_often_as_its_auditors_are_neither_bought_nor_absent() {
    let settings = [
        "providers.honest.count=1",
        "providers.liar.count=80",
        "providers.liar.lie_rate=1.0",
        "providers.liar.purse=cartel",
        "validators.diligent.count=16",
        "validators.bought.count=4",
        "validators.bought.purse=cartel",
        "run.blocks=1500",
        // Who is convicted stays in the market, so that there are enough lies to count.
        "providers.liar.balance=10000000",
        "params.slashing.wrong_result=1000000",
    ];
    let (mut lies, mut convicted) = (0, 0);
    for seed in 1..=4 {
        let played = play(&settings, seed);
        let liar = group(&played, "providers.liar");
        lies += liar.lies;
        convicted += liar.convicted;
    }
    // A quarter is audited, by 2 of 20, of whom 4 are bought: 1 − C(4,2)/C(20,2).
    let expected = 0.25 * (1.0 - (4.0 * 3.0) / (20.0 * 19.0));
    let (low, high) = statistics::exact(convicted, lies, 0.999);
    assert!(lies > 300, "{lies} lies");
    assert!((low..=high).contains(&expected), "{convicted} of {lies}, {expected} expected");
}

/// What is promised is a least chance: more is what a designer hopes for, and no fault.
#[test]
fn catching_more_than_was_promised_is_no_fault_with_any_luck() {
    let lies = "providers.liars.lie_rate=0.5";
    let settings = ["providers.liars.count=20", lies, "validators.diligent.watch=1.0"];
    for seed in 1..=4 {
        let played = play(&settings, seed);
        assert_eq!(played.1.error, None);
        let liars = group(&played, "providers.liars");
        // A quarter of all results is audited; whoever watches catches the others, too.
        assert!(liars.lies > 10 && liars.lies < 2 * liars.convicted, "{liars:?}");
        let told = summary::run_table(&played.0, seed, &played.1);
        assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
        assert!(!told.contains("FAILED") && !told.contains("HOLD"), "{told}");
        assert_eq!(
            told.matches("seed").count(),
            1,
            "it names its luck and asks for no other: {told}"
        );
    }
}

#[test]
fn lying_earns_less_than_honest_work_beside_it() {
    let lying = ["providers.liar.count=20", "providers.liar.lie_rate=0.3"];
    let (mut honest, mut liar) = (0, 0);
    for seed in 1..=4 {
        let played = play(&lying, seed);
        assert_eq!(played.1.error, None);
        honest += each(&played, "providers.honest");
        liar += each(&played, "providers.liar");
    }
    assert!(liar < 0 && honest > 0, "liar {liar}, honest {honest}");
}

#[test]
fn those_whom_an_outage_strikes_lose_and_that_is_no_false_loss() {
    let struck = ["outages=[{group = \"providers.honest\", share = 0.5, from = 100, to = 160}]"];
    let played = play(&struck, 1);
    let (_, outcome) = &played;
    assert_eq!(outcome.error, None);
    assert!(group(&played, "providers.honest").slashes > 0, "some were at work when it struck");
    assert_eq!(outcome.honest_losses, 0);
}

#[test]
fn providers_enter_and_leave_as_it_pays() {
    let late = [
        "providers.late.count=30",
        "providers.late.enters=[100, 200]",
        "providers.dear.count=20",
        "providers.dear.cost=[0.9, 0.95]",
        "providers.dear.leaves={review_blocks = 60, below = 1.0}",
    ];
    let played = play(&late, 1);
    assert_eq!(played.1.error, None);
    assert!(group(&played, "providers.late").paid > 0);
    let dear = group(&played, "providers.dear");
    assert!(dear.active < 20, "who asks too much finds no work and leaves: {}", dear.active);
}

#[test]
fn demand_is_as_written() {
    let phases = "demand.phases=[{from = 100, to = 200, factor = 3.0}]";
    let steady = play(&[], 1).1.jobs[0] as f64;
    let burst = play(&[phases], 1).1.jobs[0] as f64;
    // 400 blocks at 3 a block, and 200 blocks' worth more; five standard deviations.
    assert!((steady - 1_200.0).abs() < 175.0, "{steady}");
    assert!((burst - 1_800.0).abs() < 215.0, "{burst}");
}

#[test]
fn nobodys_luck_changes_when_a_group_is_added() {
    // Whoever is added never acts; the others' profits are the same to the unit.
    let alone = play(&["run.blocks=100"], 5);
    let beside =
        play(&["run.blocks=100", "providers.absent.count=9", "providers.absent.attention=0"], 5);
    let paid = |played: &(Scenario, Outcome)| {
        let honest = group(played, "providers.honest");
        (honest.cost, honest.taken)
    };
    assert_eq!(alone.1.jobs[0], beside.1.jobs[0], "the same jobs come at the same time");
    assert_eq!(paid(&alone).0 / PARTS as i64, paid(&beside).0 / PARTS as i64);
}

#[test]
fn what_the_rules_refuse_is_an_outcome() {
    let poor = play(&["requesters.all.balance=5"], 1);
    assert_eq!(poor.1.error, None);
    let refused = &group(&poor, "requesters.all").refused;
    assert!(refused.keys().any(|reason| reason.contains("ExceedsFree")), "{refused:?}");
    assert_eq!(poor.1.jobs[0], 0);
}
