//! Scenarios that are refused, each with the field and what is allowed.

use earnest_sim::scenario::{Scenario, Setting};

const SMALL: &str = r#"
    name = "small"
    [requesters.all]
    count = 2
    [validators.all]
    count = 20
    [providers.honest]
    count = 20
"#;

fn refusal(text: &str, settings: &[&str]) -> String {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    match Scenario::parse(text, &settings) {
        Ok(_) => panic!("{settings:?} is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_group_that_the_scenario_has_not_is_named_with_those_that_it_has() {
    let of = |path: &str| Scenario::check_paths(SMALL, [path]).map_err(|why| why.to_string());
    for known in ["providers.honest.count", "providers.honest", "run.blocks", "params.chain.x"] {
        assert_eq!(of(known), Ok(()), "{known}");
    }
    let refused = of("providers.sloth.count").expect_err("no such group");
    assert!(refused.contains("providers.sloth.count"), "{refused}");
    assert!(refused.contains("providers.honest"), "{refused}");
    assert!(of("delegators.some.count").expect_err("none").contains("no delegators"));
}

#[test]
fn every_value_has_a_range_and_its_refusal_says_it() {
    assert!(Scenario::parse(SMALL, &[]).is_ok());
    for (setting, words) in [
        ("run.blocks=0", "run.blocks is 0, allowed are 1 to 10000000"),
        ("run.sample_blocks=0", "run.sample_blocks"),
        ("run.capital_rate=-1", "run.capital_rate"),
        ("job.price_max=0", "job.price_max"),
        ("job.mgas=0", "job.mgas"),
        ("job.steps=0", "job.steps"),
        ("job.audit_rate=0", "job.audit_rate"),
        ("job.auditors=17", "job.auditors is 17, allowed are 1 to 16"),
        ("job.deadline_blocks=0", "job.deadline_blocks"),
        ("job.outside_gain=-1", "job.outside_gain"),
        ("demand.jobs_per_block=1001", "demand.jobs_per_block"),
        ("demand.phases=[{from = 5, to = 5, factor = 1.0}]", "demand.phases.to"),
        ("demand.phases=[{from = 5, to = 6, factor = 101.0}]", "demand.phases.factor"),
        ("requesters.all.count=0", "requesters.all.count is 0"),
        ("requesters.all.balance=-1", "requesters.all.balance"),
        ("validators.all.laxity=1.1", "validators.all.laxity is 1.1, allowed are 0 to 1"),
        ("validators.all.bond=1e12", "validators.all.bond"),
        ("providers.honest.capacity=101", "providers.honest.capacity"),
        ("providers.honest.cost=[0.5, 0.4]", "providers.honest.cost must begin with its lower end"),
        ("providers.honest.work_blocks=[0, 4]", "providers.honest.work_blocks"),
        ("providers.honest.purse=Big", "providers.honest.purse must have 1 to 64 characters"),
        ("providers.honest.leaves={review_blocks = 0, below = 1.0}", "leaves.review_blocks"),
        ("providers.Big.count=1", "the name of [providers.Big]"),
        ("outages=[{group = \"providers.none\", share = 0.5, from = 1, to = 2}]", "no group has"),
        (
            "outages=[{group = \"providers.honest\", share = 2.0, from = 1, to = 2}]",
            "outages.share",
        ),
        ("name=[1]", "invalid type"),
        ("run.speed=3", "unknown field `speed`"),
    ] {
        let refused = refusal(SMALL, &[setting]);
        assert!(refused.contains(words), "{setting}: {refused}");
    }
    let both = ["providers.honest.count=1048576", "validators.all.count=1048576"];
    assert!(refusal(SMALL, &both).contains("people in all"));
}

#[test]
fn nobody_at_all_of_a_kind_is_refused() {
    for kind in ["requesters.all", "validators.all", "providers.honest"] {
        let without = SMALL.replacen(&format!("[{kind}]"), "[params.market]", 1);
        let without = without.replacen("count = 2\n", "", usize::from(kind == "requesters.all"));
        let refused = refusal(&without, &[]);
        assert!(refused.contains("at least one group") || refused.contains("count"), "{refused}");
    }
}

#[test]
fn the_lines_of_a_scenario_that_cannot_be_read_are_named() {
    let refused = refusal("name = \"x\"\nspeed = 3\n", &[]);
    assert!(refused.contains("line 2") && refused.contains("speed"), "{refused}");
}
