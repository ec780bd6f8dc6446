//! Licences: everything we build on, against the lists of `deny.toml`, without a network.
//!
//! Checked of every package in the graph: its licence has a choice that is allowed, it comes from
//! the registry or from here, it is not banned but through its wrappers. The lists are cargo-deny's
//! own, so that `cargo deny check` reads the same file where it is installed.
//! Known shortcomings: advisories and duplicates are cargo-deny's alone; a package that names only
//! a licence file is refused and must be looked at.

use std::{collections::BTreeSet, fs, path::Path, process::Command, process::ExitCode};

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `deny.toml`, as far as it is held here.
struct Lists {
    allowed: BTreeSet<String>,
    /// Crates with further licences that they alone may have.
    exceptions: Vec<(String, Vec<String>)>,
    /// Crates with those that alone may depend on them.
    banned: Vec<(String, Vec<String>)>,
}

/// `cargo xtask licences`.
pub(crate) fn run(root: &Path) -> Result<ExitCode, String> {
    let text = fs::read_to_string(root.join("deny.toml"))
        .map_err(|error| format!("deny.toml cannot be read: {error}"))?;
    let lists = Lists::read(&text)?;
    let packages = packages(root)?;
    let findings: Vec<String> = packages.iter().flat_map(|one| lists.check(one)).collect();
    findings.iter().for_each(|finding| println!("{finding}"));
    eprintln!("licences: {} packages, {} findings", packages.len(), findings.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(8) })
}

/// Every package of the lock file; those that only other systems use were never fetched.
fn packages(root: &Path) -> Result<Vec<Value>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["metadata", "--format-version", "1", "--all-features"]);
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        command.args(["--filter-platform", target]);
    }
    let output = command.output().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let all: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    Ok(all["packages"].as_array().cloned().unwrap_or_default())
}

impl Lists {
    fn read(text: &str) -> Result<Lists, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("deny.toml: {error}"))?;
        let words = |value: Option<&toml::Value>| -> Vec<String> {
            let all = value.and_then(toml::Value::as_array);
            let words = all.into_iter().flatten().filter_map(toml::Value::as_str);
            words.map(str::to_owned).collect()
        };
        let named = |section: &str, list: &str, field: &str| -> Vec<(String, Vec<String>)> {
            let rows = table.get(section).and_then(|section| section.get(list));
            let rows = rows.and_then(toml::Value::as_array).into_iter().flatten();
            rows.filter_map(|row| {
                Some((row.get("crate")?.as_str()?.to_owned(), words(row.get(field))))
            })
            .collect()
        };
        let allowed: BTreeSet<String> =
            words(table.get("licenses").and_then(|l| l.get("allow"))).into_iter().collect();
        if allowed.is_empty() {
            return Err("deny.toml allows no licence; name some under [licenses] allow".to_owned());
        }
        let exceptions = named("licenses", "exceptions", "allow");
        Ok(Lists { allowed, exceptions, banned: named("bans", "deny", "wrappers") })
    }

    fn check(&self, package: &Value) -> Vec<String> {
        let (name, version) = (text(package, "name"), text(package, "version"));
        let mut findings = Vec::new();
        // Our own crates have no source.
        if let Some(source) = package["source"].as_str() {
            if source != REGISTRY {
                findings.push(format!("{name} {version}: comes from {source}, not the registry"));
            }
            let licence = text(package, "license");
            if !self.is_allowed(name, licence) {
                findings.push(format!(
                    "{name} {version}: its licence `{licence}` is not among those of deny.toml; \
                     use another crate, or allow it there with a reason"
                ));
            }
        }
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies.filter_map(|one| one["name"].as_str()) {
            let ban = self.banned.iter().find(|(banned, _)| banned == dependency);
            if ban.is_some_and(|(_, wrappers)| !wrappers.iter().any(|wrapper| wrapper == name)) {
                findings.push(format!("{name} {version}: depends on {dependency}, see deny.toml"));
            }
        }
        findings
    }

    /// True if one of the choices in `licence`, an SPDX expression, is allowed in all its parts.
    fn is_allowed(&self, name: &str, licence: &str) -> bool {
        let more = self.exceptions.iter().filter(|(exempt, _)| exempt == name);
        let more: Vec<&String> = more.flat_map(|(_, licences)| licences).collect();
        let is_one = |word: &str| {
            self.allowed.contains(word) || more.iter().any(|allowed| allowed.as_str() == word)
        };
        let mut words = words_of(licence).into_iter().peekable();
        let holds = either(&mut words, &is_one);
        holds == Some(true) && words.next().is_none()
    }
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or("none")
}

/// Words and brackets; the old `/` means OR, and `X WITH Y` is one licence.
fn words_of(licence: &str) -> Vec<String> {
    let spaced = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<String> = Vec::new();
    let mut parts = spaced.split_whitespace();
    while let Some(part) = parts.next() {
        match (part, words.last_mut()) {
            ("WITH", Some(last)) => {
                let exception = parts.next().unwrap_or_default();
                last.push_str(&format!(" WITH {exception}"));
            }
            _ => words.push(part.to_owned()),
        }
    }
    words
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

/// `a OR b OR …`; none if it is no expression.
fn either(words: &mut Words, is_one: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut holds = both(words, is_one)?;
    while words.next_if(|word| word == "OR").is_some() {
        holds |= both(words, is_one)?;
    }
    Some(holds)
}

fn both(words: &mut Words, is_one: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut holds = one(words, is_one)?;
    while words.next_if(|word| word == "AND").is_some() {
        holds &= one(words, is_one)?;
    }
    Some(holds)
}

fn one(words: &mut Words, is_one: &impl Fn(&str) -> bool) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let holds = either(words, is_one)?;
        return words.next_if(|word| word == ")").map(|_| holds);
    }
    Some(is_one(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> Lists {
        let text = r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
            exceptions = [{ crate = "file-wise", allow = ["MPL-2.0"] }]
            [bans]
            deny = [{ crate = "engine", wrappers = ["compute"] }]"#;
        Lists::read(text).expect("lists")
    }

    #[test]
    fn an_expression_needs_one_choice_that_is_allowed_in_all_its_parts() {
        for (licence, is_allowed) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("MIT AND GPL-3.0", false),
            ("GPL-3.0 OR MIT AND GPL-3.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("Apache-2.0 WITH Classpath-exception-2.0", false),
            ("none", false),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(lists().is_allowed("any", licence), is_allowed, "{licence}");
        }
        assert!(lists().is_allowed("file-wise", "MPL-2.0"));
        assert!(!lists().is_allowed("any", "MPL-2.0"));
    }

    #[test]
    fn a_package_is_named_with_what_is_wrong() {
        let package = |source: Value, licence: &str, name: &str| {
            serde_json::json!({ "name": name, "version": "1.0.0", "source": source,
                "license": licence, "dependencies": [{ "name": "engine" }] })
        };
        let registry = Value::from(REGISTRY);
        assert_eq!(lists().check(&package(registry.clone(), "MIT", "compute")).len(), 0);
        assert_eq!(lists().check(&package(Value::Null, "none", "compute")).len(), 0);
        assert_eq!(lists().check(&package(registry.clone(), "MIT", "node")).len(), 1);
        assert_eq!(lists().check(&package(registry, "GPL-3.0", "compute")).len(), 1);
        assert_eq!(lists().check(&package("git+https://x".into(), "MIT", "compute")).len(), 1);
    }
}
