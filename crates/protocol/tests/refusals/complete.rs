//! No variant without a row: the refusals are read from the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use earnest_protocol::{Command, Rejected};

/// What no command of this version can reach, and why.
const UNREACHED: [(&str, &str); 8] = [
    ("Bond::Tombstoned", "equivocation, the one offence that tombstones, is not built yet"),
    ("CancelUnbond::Tombstoned", "the same"),
    ("Unjail::Tombstoned", "the same"),
    ("LockBond::Tombstoned", "the same"),
    (
        "Delegate::PoolFull",
        "a pool must first lose all but a millionth, in a dozen slashes or more",
    ),
    ("CancelUndelegation::PoolFull", "the same"),
    ("Undelegate::ExitFull", "the same of an exit"),
    ("Redelegate::MoveFull", "the same of a parcel"),
];

/// Where refusals are declared.
const SOURCES: [&str; 15] = [
    "accounts/rejected.rs",
    "bound/mod.rs",
    "credits/rejected.rs",
    "genesis.rs",
    "governance/rejected.rs",
    "grants/rejected.rs",
    "insurance/rejected.rs",
    "market/rejected.rs",
    "params/relations.rs",
    "prices/rejected.rs",
    "rejected.rs",
    "rewards/rejected.rs",
    "staking/rejected.rs",
    "storage/rejected.rs",
    "verification/rejected.rs",
];

/// Every file called `rejected.rs` below `folder`.
fn called_rejected(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of this crate") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            found.extend(called_rejected(&path));
        } else if path.ends_with("rejected.rs") {
            found.push(path);
        }
    }
    found
}

/// Words and signs of a source, without comments.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or("");
        let mut word = String::new();
        for sign in code.chars().chain([' ']) {
            if sign.is_ascii_alphanumeric() || sign == '_' || sign == '$' {
                word.push(sign);
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if "{}(),<>".contains(sign) {
                tokens.push(sign.to_string());
            }
        }
    }
    tokens
}

/// The variants of every `…Rejected { … }` in a source, and of what parameters violate.
fn variants(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut found = BTreeSet::new();
    let is_verification = source.contains("Why a verification command was refused");
    for (at, pair) in tokens.windows(2).enumerate() {
        let violation = (pair[0] == "Violation").then_some("Violation");
        let kind = pair[0].strip_suffix("Rejected").filter(|kind| !kind.is_empty());
        let Some(kind) = kind.or(violation) else {
            continue;
        };
        let before = at.checked_sub(1).map_or("", |before| tokens[before].as_str());
        if pair[1] != "{" || ["impl", "for", "struct"].contains(&before) {
            continue;
        }
        if is_verification && before != "enum" {
            found.extend([format!("{kind}::JobNotFound"), format!("{kind}::WrongPhase")]);
        }
        let mut depth = 1;
        for window in tokens[at + 1..].windows(2) {
            let starts = depth == 1 && ["{", ",", "}"].contains(&window[0].as_str());
            let name = &window[1];
            if starts && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                found.insert(format!("{kind}::{name}"));
            }
            match name.as_str() {
                "{" | "(" => depth += 1,
                "}" | ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn every_variant_of_every_refusal_has_a_row() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut declared = BTreeSet::new();
    let files: BTreeSet<PathBuf> = SOURCES.iter().map(|name| src.join(name)).collect();
    for file in called_rejected(&src) {
        assert!(files.contains(&file), "name {file:?} in SOURCES");
    }
    for file in files {
        let source = fs::read_to_string(file).expect("a source of this crate");
        declared.extend(variants(&source));
    }
    assert!(declared.len() > 120, "the sources were not understood: {declared:?}");
    let mut reached = crate::outside::reached();
    reached.extend(crate::rows().iter().map(crate::Row::name));
    reached.extend(crate::rows().iter().filter_map(crate::Row::bound));
    let excused: BTreeSet<String> = UNREACHED.iter().map(|(name, _)| (*name).into()).collect();
    let missing: Vec<&String> =
        declared.iter().filter(|v| !reached.contains(*v) && !excused.contains(*v)).collect();
    assert!(missing.is_empty(), "no row reaches {missing:?}");
    let unknown: Vec<&String> = reached.iter().filter(|v| !declared.contains(*v)).collect();
    assert!(unknown.is_empty(), "rows of refusals that are not declared: {unknown:?}");
    assert!(excused.iter().all(|v| declared.contains(v) && !reached.contains(v)));
}

/// A refusal declared where the test above does not look would escape it, but not this.
#[test]
fn every_command_has_a_row() {
    let rows = crate::rows();
    let refused: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| Rejected::command(&row.expected))
        .map(|command| command.name)
        .collect();
    let missing: Vec<&&str> =
        Command::NAMES.iter().filter(|name| !refused.contains(*name)).collect();
    assert!(missing.is_empty(), "no row refuses {missing:?}");
}
