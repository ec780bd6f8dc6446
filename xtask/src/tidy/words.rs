//! Words: names that the glossary (`docs/glossary.md`) replaces by one other.
//!
//! A name is taken apart at `_` and at capitals, so `current_era` is found and `iteration` is not.

use std::collections::BTreeMap;

use super::{Finding, Source, source::Kind};

/// A word never used in a name, and what is said instead.
const REPLACED: &[(&str, &str)] = &[
    ("chill", "jail"),
    ("collateralise", "bond"),
    ("collateralize", "bond"),
    ("cooldown", "unbonding"),
    ("era", "epoch"),
    ("eras", "epochs"),
    ("inflation", "emission"),
    ("miner", "provider"),
    ("miners", "providers"),
    ("nominate", "delegate"),
    ("nominator", "delegator"),
    ("restake", "bond"),
    ("staked", "bonded"),
    ("tax", "fee"),
    ("unstake", "unbond"),
    ("unstaked", "unbonded"),
];

pub(super) fn check(sources: &BTreeMap<&str, Source<'_>>, findings: &mut Vec<Finding>) {
    for (path, source) in sources.iter().filter(|(path, _)| path.starts_with("crates/")) {
        for (at, token) in source.tokens.iter().enumerate() {
            if token.kind != Kind::Word {
                continue;
            }
            let mut report = |advice: String| {
                findings.push(Finding::new(path, token.line, "glossary", advice));
            };
            for part in parts(token.text) {
                let replaced = REPLACED.iter().find(|(never, _)| *never == part);
                if let Some((never, say)) = replaced {
                    report(format!("`{}`: say {say}, never {never}", token.text));
                }
            }
            let is_verb = source.reads(at, &["fn", "stake", "(", "&", "mut", "self"]);
            if is_verb || token.text == "StakeRejected" {
                report("the verb is bond; stake is the money at risk".into());
            }
            let is_getter = token.text == "fn"
                && source.word(at + 1).is_some_and(|name| {
                    name.strip_prefix("get_").is_some_and(|rest| !rest.starts_with("mut"))
                });
            if is_getter {
                report("drop `get_`: name what is returned".into());
            }
        }
    }
}

/// The words a name is made of, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        let starts_part = c == '_' || c.is_uppercase();
        // A run of capitals is one word, as in a constant.
        let in_capitals = c.is_uppercase() && name.to_uppercase() == name;
        if starts_part && !in_capitals {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("never empty").extend(c.to_lowercase());
        }
    }
    parts
}
