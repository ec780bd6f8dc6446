//! Providers that learn: lying becomes a habit where it pays, and nowhere else.

use earnest_sim::{
    run::{Keeper, Nothing, Outcome, Sample, run},
    scenario::{Scenario, Setting},
};

/// Learners in one purse with validators; who is jailed is soon back, so that it can learn from it.
const MARKET: &str = r#"
    name = "habit"
    run = { blocks = 1600, sample_blocks = 100 }
    demand = { jobs_per_block = 3.0 }
    job = { audit_rate = 0.25, auditors = 2, deadline_blocks = 8 }
    [requesters.all]
    count = 3
    [validators.diligent]
    count = 20
    [validators.bought]
    count = 5
    purse = "learners"
    [providers.learners]
    count = 40
    purse = "learners"
    learns = { by = "trial", lie_rates = [0.0, 1.0], every_blocks = 80, explore = 0.1 }
    [params.chain]
    epoch_blocks = 100
    [params.staking]
    jail_epochs = 1
    unbonding_epochs = 3500
    [params.market]
    bid_blocks = 1
    grace_blocks = 0
    [params.verification]
    challenge_blocks = 2
"#;

fn scenario(settings: &[&str]) -> Scenario {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    Scenario::parse(MARKET, &settings).expect("a scenario")
}

/// How many of the forty would lie at the end of a run.
fn minded(settings: &[&str]) -> u64 {
    let scenario = scenario(settings);
    let outcome = run(&scenario, 5, 0, &mut Nothing).expect("it closes");
    assert_eq!(outcome.error, None, "{settings:?}");
    let place = scenario.groups.iter().position(|group| group.name == "providers.learners");
    let tally = &outcome.groups[place.expect("a group")];
    assert!(tally.lies > 0 && tally.paid > 100, "they tried both: {tally:?}");
    tally.minded
}

#[test]
fn lying_becomes_a_habit_only_where_most_auditors_are_bought() {
    // Weights move slowly: a policy that is seldom played is seldom weighed.
    for (rule, habit) in [("trial", 25), ("weights", 15)] {
        let by = format!("providers.learners.learns.by={rule}");
        let explore = "providers.learners.learns.explore=0.2";
        let caught = minded(&[&by, explore]);
        let covered = minded(&[&by, explore, "validators.bought.count=980"]);
        assert!(caught < 15, "{rule}: {caught} of 40 lie though it costs them");
        assert!(covered > habit, "{rule}: {covered} of 40 lie though it pays");
    }
}

#[test]
fn one_seed_learns_the_same_twice_and_whatever_is_kept_of_it() {
    #[derive(Default)]
    struct Kept(Vec<u64>);
    impl Keeper for Kept {
        fn sample(&mut self, sample: &Sample) {
            self.0.extend(sample.groups.iter().map(|tally| tally.minded));
        }
    }
    let scenario = scenario(&["run.blocks=400"]);
    let mut kept = Kept::default();
    let [one, other]: [Outcome; 2] =
        [run(&scenario, 7, 3, &mut kept).unwrap(), run(&scenario, 7, 3, &mut Nothing).unwrap()];
    assert_eq!(one.groups, other.groups);
    assert!(kept.0.iter().any(|minded| *minded > 0));
}
