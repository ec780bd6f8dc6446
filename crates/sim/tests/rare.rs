//! Rare draws beside what is known of them exactly, and beside plain runs.

use earnest_sim::{
    rare::{Question, Rare, rare},
    scenario::Setting,
};

/// One lie after the other, before two in ten auditors that are bought and some that copy.
const MARKET: &str = r#"
    name = "rare"
    run = { blocks = 60, sample_blocks = 60 }
    demand = { jobs_per_block = 0.5 }
    job = { audit_rate = 0.1, auditors = 3, deadline_blocks = 8 }
    [requesters.all]
    count = 1
    [validators.diligent]
    count = 16
    laxity = 0.2
    [validators.bought]
    count = 4
    purse = "cartel"
    [providers.liars]
    count = 4
    purse = "cartel"
    lie_rate = 1.0
    [params.market]
    bid_blocks = 1
    grace_blocks = 0
    [params.verification]
    challenge_blocks = 2
"#;

fn found(settings: &[&str], runs: u32, threads: usize) -> Result<Rare, String> {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let question = Question {
        text: MARKET,
        settings,
        group: "providers.liars",
        runs,
        seed: Some(1),
        threads: Some(threads),
        confidence: 0.99,
    };
    rare(&question, &|_, _| {}).map_err(|error| error.to_string())
}

/// Ways to seat three of twenty with so many of four, as chances.
const SEATS: [f64; 4] = [560.0 / 1_140.0, 480.0 / 1_140.0, 96.0 / 1_140.0, 4.0 / 1_140.0];

#[test]
fn an_audit_misses_as_often_as_all_its_auditors_are_bought_or_copy() {
    let found = found(&[], 120, 2).unwrap();
    let truth: f64 =
        SEATS.iter().zip([0.008, 0.04, 0.2, 1.0]).map(|(chance, miss)| 0.1 * chance * miss).sum();
    let [low, high] = found.missed.interval;
    assert!((low..=high).contains(&truth), "{truth}: {found:?}");
    let [low, high] = found.stands.interval;
    assert!((low..=high).contains(&(0.9 + truth)), "{truth}: {found:?}");
    for (stratum, chance) in found.strata.iter().skip(1).zip(SEATS) {
        assert!((stratum.chance - 0.1 * chance).abs() < 1e-12, "{stratum:?}");
    }
    let counts: Vec<_> = found.strata.iter().map(|one| (one.stands, one.runs)).collect();
    assert_eq!(counts[0], (120, 120), "nobody looks");
    let (stood, runs) = counts[4];
    assert!(stood == runs && (5..120).contains(&runs), "all look away: {counts:?}");
    assert!((found.majority - 0.1 * (SEATS[2] + SEATS[3])).abs() < 1e-12);
    assert!(found.missed.saved > 2.0, "{:?}", found.missed);
}

#[test]
fn threads_change_nothing() {
    assert_eq!(found(&[], 8, 1), found(&[], 8, 3));
}

#[test]
fn where_the_law_does_not_hold_nothing_is_told() {
    for (settings, words) in [
        (["validators.bought.bond=200000.0"], "must have one bond"),
        (["providers.other.count=0"], "providers.other.count"),
        (["outages=[{group = \"requesters.all\", share = 1.0, from = 1, to = 999}]"], ""),
    ] {
        let refused = found(&settings, 4, 1);
        match words {
            "" => assert!(refused.is_err() || refused.unwrap().runs[0] == 0),
            words => assert!(refused.unwrap_err().contains(words), "{settings:?}"),
        }
    }
    let question = Question {
        text: MARKET,
        settings: Vec::new(),
        group: "validators.bought",
        runs: 1,
        seed: None,
        threads: None,
        confidence: 0.99,
    };
    let refused = rare(&question, &|_, _| {}).unwrap_err().to_string();
    assert_eq!(refused, "strata cannot be told: no group of providers is called validators.bought");
}
