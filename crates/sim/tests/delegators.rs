//! Delegators: stake behind others' work goes where its policy says, and all accounts close.

use std::fs;

use earnest_sim::{
    SimError, design, files,
    run::{self, Nothing, Outcome},
    scenario::{Scenario, Setting},
    sweep::Sweep,
    tables::Format,
    tally::Backing,
};

const SMALL: &str = r#"
    name = "delegated"
    run = { blocks = 600, sample_blocks = 100 }
    demand = { jobs_per_block = 0.5 }
    job = { audit_rate = 1.0 }
    [requesters.all]
    count = 2
    [validators.all]
    count = 30
    [providers.dear]
    count = 10
    commission = [0.3, 0.4]
    [providers.cheap]
    count = 3
    commission = [0.01, 0.02]
    [delegators.some]
    count = 12
    policy = "commission"
    stake = 20.0
    every_blocks = 50
    [params.staking]
    delegation_max = 3_000_000_000
    unbonding_epochs = 6_000
    [params.chain]
    epoch_blocks = 60
    [params.slashing]
    wrong_result = 500_000_000
    copied_root = 500_000_000
"#;

fn play(text: &str, settings: &[&str]) -> Outcome {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = Scenario::parse(text, &settings).expect("a scenario");
    let outcome = run::run(&scenario, 3, 0, &mut Nothing).expect("it begins");
    assert_eq!(outcome.error, None, "{settings:?}");
    assert_eq!(outcome.closing.sum(), 0, "to the unit: {settings:?}");
    assert!((0..10_000).contains(&outcome.closing.rounding), "{:?}", outcome.closing);
    outcome
}

/// What became of the groups: those who keep much, those who keep little, and delegators.
fn backing(outcome: &Outcome) -> [Backing; 3] {
    let [.., cheap, dear, some] = &outcome.groups[..] else { panic!("five groups") };
    [dear.backing, cheap.backing, some.backing]
}

#[test]
fn whoever_follows_terms_is_behind_those_who_keep_least() {
    let [dear, cheap, some] = backing(&play(SMALL, &[]));
    assert_eq!((dear.taken, cheap.taken, some.moves), (0, 240_000_000_000, 0));
    assert_eq!((some.put, some.behind, some.lost()), (240_000_000_000, 240_000_000_000, 0));
    assert!(some.earned() > 0, "{some:?}");
}

#[test]
fn whoever_follows_terms_moves_when_somebody_comes_who_keeps_less() {
    let [_, cheap, some] = backing(&play(SMALL, &["providers.cheap.enters=[200, 220]"]));
    assert_eq!((cheap.taken, some.moves, some.exits), (240_000_000_000, 12, 0));
    assert!(some.rewarded > 0, "what was earned before is paid when it moves: {some:?}");
}

#[test]
fn whoever_stays_is_spread_over_all_and_never_moves() {
    let [dear, cheap, some] =
        backing(&play(SMALL, &["delegators.some.policy=stays", "delegators.some.count=40"]));
    assert!(dear.taken > cheap.taken && cheap.taken > 0, "{dear:?} {cheap:?}");
    assert_eq!((some.moves, some.exits), (0, 0));
}

#[test]
fn whoever_follows_pay_leaves_those_whose_slashes_cost_it_more_than_it_earned() {
    let lies = ["providers.cheap.lie_rate=1.0", "delegators.some.policy=return"];
    let [dear, cheap, some] = backing(&play(SMALL, &lies));
    assert!(some.earned() > 0 && dear.taken > cheap.taken, "{dear:?} {cheap:?} {some:?}");
}

#[test]
fn a_slash_takes_from_who_is_behind_a_liar_and_makes_the_wary_leave() {
    let lies = ["providers.cheap.lie_rate=1.0", "providers.dear.lie_rate=1.0"];
    let [.., stays] = backing(&play(SMALL, &lies));
    assert!(stays.lost() > 0 && stays.exits == 0, "{stays:?}");
    // Spread over all of them, small stakes would stand behind what operators have free themselves.
    let flight = ["delegators.some.policy=flees", "delegators.some.stake=100.0"];
    let [.., flees] = backing(&play(SMALL, &[lies, flight].concat()));
    assert!(flees.exits > 0 && flees.lost() > 0, "{flees:?}");
    assert!(flees.lost() < flees.put);
}

/// What makes disputes, and so the wait of who leaves, short.
const SHORT: &str = "run.blocks=7000 job.mgas=100 demand.jobs_per_block=0.02 \
    params.chain.epoch_blocks=10 params.chain.referee_gas=1400000 \
    params.staking.unbonding_epochs=520 params.market.step_gas_max=1400000 \
    params.market.work_bound_max=100000000 params.market.deadline_blocks_max=60 \
    params.market.grace_blocks=5 params.verification.seed_blocks=30 \
    params.verification.audit_base_blocks=40 params.verification.redraws=0 \
    params.verification.auditors_max=2 params.verification.data_requests_max=1 \
    params.verification.availability_blocks=12 params.verification.reveal_blocks=30 \
    params.verification.clock_blocks=40";

#[test]
fn whoever_flees_waits_and_then_joins_one_that_was_never_slashed() {
    let mut settings: Vec<&str> = SHORT.split_whitespace().collect();
    settings.extend(["delegators.some.policy=flees", "delegators.some.count=24"]);
    settings.extend(["delegators.some.stake=100.0", "providers.cheap.lie_rate=1.0"]);
    settings.push("providers.cheap.cost=[0.1, 0.2]");
    let [dear, cheap, some] = backing(&play(SMALL, &settings));
    assert!(some.exits > 0 && some.returned > 0, "{some:?}");
    assert_eq!((cheap.taken, dear.taken), (0, some.behind), "{cheap:?} {dear:?} {some:?}");
}

#[test]
fn in_a_network_of_two_assets_stake_and_what_it_earns_close_each() {
    let outcome = play(SMALL, &["price.start=2.0"]);
    let [.., some] = backing(&outcome);
    assert!(some.earned() > 0);
    let stake = outcome.ended.expect("two assets").stake;
    assert_eq!(stake.sum(), 0, "{stake:?}");
}

#[test]
fn delegators_change_nobodys_luck() {
    let without =
        SMALL.replace("[delegators.some]", "[delegators.none]").replace("0.01, 0.02", "0.0, 0.0");
    let (one, other) = (play(SMALL, &[]), play(&without, &["delegators.none.enters=[900, 900]"]));
    assert_eq!(one.jobs, other.jobs);
    let paid = |outcome: &Outcome| outcome.groups.iter().map(|g| g.paid).collect::<Vec<_>>();
    assert_eq!(paid(&one), paid(&other));
    assert_eq!(backing(&other)[2].put, 0);
}

#[test]
fn a_sweep_has_a_table_of_delegations_whose_rows_are_those_of_its_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let [all, one] = ["all", "one"].map(|name| folder.path().join(name));
    let points = design::grid(&["delegators.some.policy=commission,stays".to_owned()]);
    let points = points.expect("a grid");
    let point = points[1].clone();
    let sweep = Sweep { text: SMALL, points, runs: 2, seed: Some(9), threads: Some(1) };
    sweep.write(&all, Format::Csv, &|_, _| {}).expect("it sweeps");
    files::write_run(SMALL, &point, (Some(9), 1), (&one, Format::Csv), &mut Nothing)
        .expect("it runs");
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).expect("it was written");
    let (swept, run) = (read("all/run_delegations/00000.csv"), read("one/run_delegations.csv"));
    assert_eq!(swept.lines().count(), 1 + 4 * 3);
    let rows = run.lines().skip(1).map(|line| line.replacen("0,1,", "1,1,", 1));
    for row in rows {
        assert!(swept.lines().any(|line| line == row), "{row} is not in\n{swept}");
    }
    assert!(read("one/delegations.csv").lines().count() > 6);
}

#[test]
fn delegators_whom_nobody_lets_join_are_refused() {
    for (from, to, word) in [
        ("commission = [0.01, 0.02]", "", ""),
        ("delegation_max = 3_000_000_000", "", "delegation_max"),
        ("policy = \"commission\"", "policy = \"commission\"\nrole = \"validator\"", "validators"),
        ("commission = [0.3, 0.4]", "commission = [0.3, 1.0]", "providers.dear.commission"),
    ] {
        let parsed = Scenario::parse(&SMALL.replace(from, to), &[]);
        match (word, parsed) {
            ("", parsed) => assert!(parsed.is_ok(), "one group that lets others join is enough"),
            (_, Err(SimError::Scenario(refused))) => {
                assert!(refused.to_string().contains(word), "{refused}");
            }
            (_, other) => panic!("{word}: {other:?}"),
        }
    }
}
