//! Refusals: every one has a code of its own, both numbers and a hint.

use std::collections::BTreeSet;

use earnest_api::{
    Problem, Refusal,
    catalogue::{everything, of_chains, violations},
    openapi,
};
use earnest_keys::SignatureRejected;
use earnest_protocol::{
    Amount, Command, ParamsRejected, Ratio, Rejected, TransactionRejected,
    accounts::TransferRejected, genesis::GenesisRejected, market::PostJobRejected,
    staking::BondRejected, verification::BoundRejected,
};

fn a(tokens: u64) -> Amount {
    Amount::tokens(tokens)
}

fn r(percent: u64) -> Ratio {
    Ratio::percent(percent)
}

#[test]
fn every_command_is_refused_here() {
    let refused = everything();
    let refused: BTreeSet<&str> =
        refused.iter().filter_map(Rejected::command).map(|command| command.name).collect();
    let missing: Vec<&&str> =
        Command::NAMES.iter().filter(|name| !refused.contains(*name)).collect();
    assert!(missing.is_empty(), "add the refusals of {missing:?} to `catalogue`");
}

#[test]
fn everything_wrong_with_parameters_is_said_at_once() {
    let rejected = |violations| GenesisRejected::Params(ParamsRejected { violations });
    let all = Refusal::from(&rejected(violations()));
    assert_eq!(all.code, "genesis/params");
    let listed = all.fields["violations"].as_array().expect("a list");
    assert_eq!(listed.len(), violations().len());
    let mut hints = BTreeSet::new();
    for (listed, violation) in listed.iter().zip(violations()) {
        let detail = listed["detail"].as_str().expect("text");
        assert!(detail == violation.to_string() && all.detail.contains(detail), "{detail}");
        let code = listed["code"].as_str().expect("text");
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        hints.insert(Refusal::from(&rejected(vec![violation])).hint);
    }
    assert_eq!(hints.len(), violations().len(), "each alone says what to do: {hints:?}");
    assert_eq!((&listed[0]["room"], &listed[0]["got"]), (&"market".into(), &99.into()));
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_says_what_to_do() {
    let refusals: Vec<Refusal> = everything().iter().map(Refusal::from).collect();
    let refusals: Vec<Refusal> = refusals.into_iter().chain(of_chains()).collect();
    let mut codes = BTreeSet::new();
    for refusal in &refusals {
        assert!(codes.insert(refusal.code.clone()), "{} twice", refusal.code);
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '/');
        assert!(refusal.code.contains('/') && refusal.code.chars().all(plain), "{}", refusal.code);
        assert!(refusal.hint.ends_with('.') && refusal.hint.len() > 10, "{refusal}");
        assert!(refusal.detail.len() > 10 && !refusal.detail.ends_with('.'), "{refusal}");
        assert!(!refusal.detail.contains("  ") && !refusal.hint.contains("  "), "{refusal}");
        for value in refusal.fields.values() {
            let is_list = value.is_array() && refusal.code == "genesis/params";
            assert!(value.is_string() || value.is_u64() || is_list, "{} {value}", refusal.code);
        }
    }
    assert_eq!(codes.len(), 354 + 20);
}

#[test]
fn the_detail_shows_every_number() {
    for rejected in everything() {
        let refusal = Refusal::from(&rejected);
        let shown = |name: &str, value: &serde_json::Value| match value {
            // Amounts are shown in tokens.
            serde_json::Value::String(text) => {
                let tokens = text.parse().map(|units| earnest_api::decimal(units, 9));
                let tokens = tokens.is_ok_and(|tokens| refusal.detail.contains(&tokens));
                tokens || refusal.detail.contains(text) || name == "phase"
            }
            number if number.as_u64() == Some(0) => true,
            // Ratios are shown in per cent.
            number => {
                let parts = number.as_u64().unwrap_or_default();
                let percent = format!("{} %", parts / 10_000_000);
                refusal.detail.contains(&parts.to_string()) || refusal.detail.contains(&percent)
            }
        };
        for (name, value) in &refusal.fields {
            assert!(shown(name, value), "{name} = {value} is missing in: {refusal}");
        }
    }
}

#[test]
fn refusals_become_problems_with_the_right_status() {
    let problem = |rejected: Rejected| Problem::from(rejected);
    let wanted = problem(BondRejected::ExceedsFree { wanted: a(5), free: a(3) }.into());
    assert_eq!((wanted.status, wanted.code.as_str()), (422, "bond/exceeds-free"));
    assert_eq!(wanted.kind, "urn:earnest:problem:bond/exceeds-free");
    assert_eq!(wanted.fields["wanted"], "5000000000");
    let detail =
        "The bond is of 5 tokens, but the account has 3 tokens free of the asset that is bonded";
    assert_eq!(wanted.detail, detail);
    let nonce = problem(TransactionRejected::NonceUsed { got: 1, next: 2 }.into());
    assert_eq!((nonce.status, nonce.code.as_str()), (409, "transaction/nonce-used"));
    let nested = BoundRejected::DetectionTooLow { detection: r(1), minimum: r(2) };
    let nested = problem(PostJobRejected::NoQuote(nested).into());
    assert_eq!(nested.code, "post-job/no-quote/detection-too-low");
    assert_eq!(nested.fields["minimum"], 20_000_000);
    assert_eq!(Problem::from(SignatureRejected::HighS).status, 400);
    let again: Problem = serde_json::from_value(serde_json::to_value(&wanted).unwrap()).unwrap();
    assert_eq!(again, wanted);
}

#[test]
fn a_code_belongs_to_its_family() {
    let refusal = Refusal::from(Rejected::from(TransferRejected::AmountMustBePositive));
    assert!(refusal.is("transfer") && refusal.is("transfer/amount-must-be-positive"));
    assert!(!refusal.is("trans"));
}

#[test]
fn the_description_has_every_refusal_with_its_hint_and_its_fields() {
    let document = openapi::document();
    let described = document["x-earnest-refusals"].as_array().unwrap();
    let mut codes = BTreeSet::new();
    for refusal in everything().into_iter().map(Refusal::from) {
        let found = described.iter().find(|one| one["code"] == *refusal.code);
        let found = found.unwrap_or_else(|| panic!("{} is not described", refusal.code));
        assert_eq!(found["hint"], *refusal.hint, "{}", refusal.code);
        let fields: Vec<&str> =
            found["fields"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
        assert_eq!(fields, refusal.fields.keys().collect::<Vec<_>>(), "{}", refusal.code);
        codes.insert(refusal.code);
    }
    let others = described.iter().filter_map(|one| one["code"].as_str());
    let others: Vec<&str> = others.filter(|code| !codes.contains(*code)).collect();
    assert_eq!(others, Vec::<&str>::new(), "and no other");
}
