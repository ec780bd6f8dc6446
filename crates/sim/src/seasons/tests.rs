//! What seasons find where the answer is known.

use super::*;

fn network(params: &RawParams) -> Network<'_> {
    Network { params, collusion: params.verification.beta }
}

const FEW: Effort = Effort { policies: 6, runs: 2, measured: 24 };

#[test]
fn corners_come_first_and_every_policy_lies_in_its_box() {
    for entry in ENTRIES {
        let words = |place| -> Vec<String> {
            policy(entry, 7, place).iter().map(Setting::to_string).collect()
        };
        let low: Vec<f64> = entry.choices.iter().map(|choice| choice.low).collect();
        let high: Vec<f64> = entry.choices.iter().map(|choice| choice.high).collect();
        let value = |text: &String| text.split_once('=').unwrap().1.parse::<f64>().unwrap();
        let values = |place| words(place).iter().map(value).collect::<Vec<f64>>();
        let last = (1 << entry.choices.len()) - 1;
        assert_eq!((values(0), values(last)), (low.clone(), high.clone()), "{}", entry.id);
        for place in 0..50 {
            for ((value, low), high) in values(place).iter().zip(&low).zip(&high) {
                assert!((low..=high).contains(&value), "{}: {value}", entry.id);
            }
        }
        assert_eq!(words(40), words(40), "one seed, one policy");
        assert_ne!(words(40), words(41));
    }
}

#[test]
fn to_copy_audits_is_known_to_pay_and_is_seen_to() {
    let found = assumed(network(&RawParams::default()), FEW, 3).unwrap();
    assert_eq!(found.verdict, Verdict::Pays, "{found:?}");
    assert!(found.interval[0] <= found.gain && found.gain <= found.interval[1]);
    let difference = found.profits[0] - found.profits[1];
    assert!((difference - found.gain).abs() < 1.0, "{found:?}");
}

#[test]
fn to_lie_or_to_leave_for_a_season_does_not_pay_and_one_seed_says_the_same_twice() {
    let found = measure(network(&RawParams::default()), FEW, 3, &|_| {}).unwrap();
    for season in &found {
        assert_ne!(season.verdict, Verdict::Pays, "{season:?}");
        assert!(season.gain < 0.0, "the search found nothing that gains: {season:?}");
    }
    let again = measure(network(&RawParams::default()), FEW, 3, &|_| {}).unwrap();
    let text = |found: &[Season]| serde_json::to_string(found).unwrap();
    assert_eq!(text(&found), text(&again));
}

#[test]
fn a_verdict_needs_its_interval() {
    assert_eq!(verdict([1.0, 9.0], 100.0), Verdict::Pays);
    assert_eq!(verdict([-9.0, 4.9], 100.0), Verdict::Holds);
    assert_eq!(verdict([-9.0, 5.1], 100.0), Verdict::NotShown, "five of a hundred would matter");
    assert_eq!(verdict([f64::NEG_INFINITY, f64::INFINITY], 100.0), Verdict::NotShown);
}

#[test]
fn a_run_that_fails_ends_the_entry_and_says_which() {
    let mut raw = RawParams::default();
    raw.staking.provider_bond_min = Amount::tokens(1_000_000_000);
    let found = measure(network(&raw), FEW, 3, &|_| {});
    // Nobody can enter: nothing is earned, so nothing can be shown to hold.
    let shown = |season: &Season| season.verdict == Verdict::Holds && season.profits[1] > 0.0;
    assert!(found.is_err() || !found.unwrap().iter().any(shown));
}
