//! Stake with a price of its own: the feed follows it, locks follow the feed, all accounts close.

use earnest_sim::{
    design,
    digest::Digest,
    run::{self, Keeper, Outcome, Sample},
    scenario::{Scenario, Setting},
    sweep::Sweep,
    tables::Format,
    tally::Priced,
};

const SMALL: &str = r#"
    name = "priced"
    run = { blocks = 900, sample_blocks = 10 }
    demand = { jobs_per_block = 0.2 }
    [price]
    start = 2.0
    [requesters.all]
    count = 2
    [validators.most]
    count = 20
    [validators.some]
    count = 10
    [providers.honest]
    count = 10
    [params.chain]
    epoch_blocks = 60
    [params.staking]
    unbonding_epochs = 6_000
    [params.prices]
    average_epochs = 3
    stale_epochs = 3
"#;

#[derive(Default)]
struct Prices(Vec<(u64, Priced)>);

impl Keeper for Prices {
    fn sample(&mut self, sample: &Sample) {
        self.0.extend(sample.price.map(|price| (sample.height, price)));
    }
}

fn play(settings: &[&str]) -> (Vec<(u64, Priced)>, Outcome) {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = Scenario::parse(SMALL, &settings).expect("a scenario");
    let mut prices = Prices::default();
    let outcome = run::run(&scenario, 3, 0, &mut prices).expect("it begins");
    // Money closes in both assets, and nobody honest is hurt, or the run fails.
    assert_eq!(outcome.error, None, "{settings:?}");
    (prices.0, outcome)
}

fn at(prices: &[(u64, Priced)], height: u64) -> Priced {
    prices.iter().find(|(of, _)| *of == height).expect("a sample").1
}

#[test]
fn what_new_work_takes_stake_for_follows_what_validators_see() {
    let (prices, outcome) = play(&["price.steps=[{ at = 300, to = 1.9 }]"]);
    let (before, after) = (at(&prices, 290), at(&prices, 900));
    assert_eq!((before.worth, before.counted, after.worth, after.counted), (2.0, 2.0, 1.9, 1.9));
    // A fifth less: the haircut.
    assert_eq!((before.secures, after.secures), (Some(1.6), Some(1.52)));
    let locked = [before, after].map(|price| price.collateral.expect("jobs may be posted"));
    assert!(locked[0] < locked[1], "cheaper stake, more of it: {locked:?}");
    let ended = outcome.ended.expect("two assets");
    assert!(ended.rounds[0] >= 12 && outcome.jobs[1] > 50, "{ended:?}");
    assert_eq!(ended.stake.sum(), 0);
}

#[test]
fn a_fall_is_followed_by_steps_and_the_feed_lags() {
    let (prices, _) = play(&["price.steps=[{ at = 300, to = 1.0 }]"]);
    let soon = at(&prices, 400);
    assert!(soon.worth == 1.0 && soon.counted > 1.8, "{soon:?}");
    assert!(soon.secures.is_some_and(|secures| secures > 1.4), "stake is taken for too much");
    let counted: Vec<f64> = prices.iter().map(|(_, price)| price.counted).collect();
    let falls = |pair: &[f64]| pair[1] >= pair[0] * (1.0 - 0.05) - 1e-9;
    assert!(counted.windows(2).all(falls), "at most a step of a twentieth");
}

#[test]
fn without_a_feed_the_parameter_counts_whatever_stake_is_worth() {
    let off = ["params.prices.average_epochs=0", "price.steps=[{ at = 300, to = 0.5 }]"];
    let (prices, outcome) = play(&off);
    let last = at(&prices, 900);
    assert_eq!((last.worth, last.counted, last.secures), (0.5, 2.0, Some(2.0)));
    assert_eq!(outcome.ended.map(|ended| ended.rounds), Some([0, 0]));
}

#[test]
fn more_than_a_third_that_says_nothing_stops_new_work() {
    let silent = ["validators.some.price_silence=1.0", "validators.some.count=11"];
    let (prices, outcome) = play(&silent);
    let last = at(&prices, 900);
    assert_eq!((last.secures, last.collateral), (None, None), "the feed is stale");
    assert_eq!(outcome.ended.map(|ended| ended.rounds[0]), Some(0));
    let refused = outcome.groups.iter().flat_map(|tally| tally.refused.keys());
    assert!(refused.clone().any(|why| why.contains("Stale")), "{:?}", refused.collect::<Vec<_>>());
}

#[test]
fn a_third_cannot_push_the_price_and_two_thirds_can() {
    let (prices, _) = play(&["validators.some.price_bias=3.0"]);
    assert_eq!(at(&prices, 900).counted, 2.0);
    let (prices, _) = play(&["validators.most.price_bias=3.0"]);
    let counted = at(&prices, 900).counted;
    // Twelve steps of a twentieth up, at least.
    assert!(counted > 2.0 * 1.05f64.powi(11), "{counted}");
}

#[test]
fn what_stake_is_worth_is_luck_of_its_own() {
    let walk = ["price.volatility=0.5", "price.jumps={ in_1000_blocks = 4, factor = [0.7, 1.2] }"];
    let worth = |others: &[&str]| {
        let all: Vec<&str> = walk.iter().chain(others).copied().collect();
        let (prices, _) = play(&all);
        let within = prices.into_iter().filter(|(height, _)| *height <= 900);
        within.map(|(height, price)| (height, price.worth)).collect::<Vec<_>>()
    };
    let plain = worth(&[]);
    assert!(plain.windows(2).any(|pair| pair[0].1 != pair[1].1), "it moves");
    assert_eq!(plain, worth(&[]), "one seed, one price");
    assert_eq!(plain, worth(&["providers.more.count=5", "params.prices.average_epochs=0"]));
}

#[test]
fn a_liar_who_waits_lies_only_while_its_bond_is_worth_too_little() {
    let waits = ["providers.waiting={ count = 5, lie_rate = 1.0, lies_below = 0.6 }"];
    let (_, calm) = play(&waits);
    assert_eq!(calm.groups.iter().map(|tally| tally.lies).sum::<u64>(), 0);
    let (_, crash) = play(&[waits[0], "price.steps=[{ at = 400, to = 0.5 }]"]);
    assert!(crash.groups.iter().map(|tally| tally.lies).sum::<u64>() > 0);
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let single = SMALL.replace("[price]\n    start = 2.0", "");
    for (text, setting, words) in [
        (SMALL, "price.volatility=-0.1", "price.volatility is -0.1, allowed are 0 to 10"),
        (SMALL, "price.start=0", "price.start is 0"),
        (SMALL, "price.colour=1", "unknown field `colour`"),
        (SMALL, "price.steps=[{ at = 5, to = 1.0 }, { at = 5, to = 2.0 }]", "price.steps.at is 5"),
        (SMALL, "price.jumps={ in_1000_blocks = 1, factor = [2, 1] }", "lower end"),
        (SMALL, "validators.most.price_bias=0", "validators.most.price_bias"),
        (&single, "validators.most.price_bias=2", "says nothing without [price]"),
        (&single, "providers.honest.lies_below=0.5", "providers.honest.lies_below says nothing"),
    ] {
        let setting: Setting = setting.parse().expect("a setting");
        let refused = Scenario::parse(text, std::slice::from_ref(&setting));
        let refused = refused.expect_err("it cannot be").to_string();
        assert!(refused.contains(words), "{setting}: {refused}");
    }
}

#[test]
fn a_sweep_measures_what_stake_is_worth_and_wishes_may_be_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let lists = ["price.start=2.0,3.0".to_owned(), "run.blocks=130".to_owned()];
    let points = design::grid(&lists).expect("a grid");
    let sweep = Sweep { text: SMALL, points, runs: 2, seed: None, threads: Some(1) };
    let wishes = vec!["stake counted as > 2.5".parse().expect("a wish")];
    Digest::check(&sweep, &wishes).expect("it is measured");
    sweep.write(folder.path(), Format::Csv, &|_, _| {}).expect("it sweeps");
    let digest = Digest::read(&sweep, (folder.path(), Format::Csv), &wishes).expect("it is read");
    assert_eq!(digest.hits, [0, 2]);
    let worth = digest.measures.iter().position(|one| one.name == "stake worth").expect("one");
    let means: Vec<f64> = digest.values.iter().map(|values| values[worth].mean()).collect();
    assert_eq!(means, [2e6, 3e6], "millionths");
}
