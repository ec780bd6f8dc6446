//! Crates: which crate may depend on which of ours, and on which of others.

use toml::de::{DeTable, DeValue};

use super::{Finding, Laws, Tree};

pub(super) fn check(tree: &Tree, laws: &Laws, findings: &mut Vec<Finding>) {
    for (path, text) in &tree.files {
        let folder = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        let Some(name) = folder else { continue };
        let mut report = |at: usize, advice: String| {
            let line = text[..at].lines().count().max(1);
            findings.push(Finding::new(path, line, "edges", advice));
        };
        if !laws.crates.iter().any(|(krate, _)| *krate == name) {
            report(0, format!("`{name}` is a new crate: add its edges to tidy, with the reason"));
        }
        let each = &mut |section: &str, at, dependency: &str, value: &DeValue<'_>| {
            let advice = edge(laws, name, dependency, section == "dev-dependencies");
            advice.into_iter().for_each(|advice| report(at, advice));
            let features = value.get("features").and_then(|features| features.get_ref().as_array());
            let features = features.into_iter().flatten().filter_map(|one| one.get_ref().as_str());
            for feature in features {
                let advice = feature_of(laws, name, dependency, feature);
                advice.into_iter().for_each(|advice| report(at, advice));
            }
        };
        // What does not parse does not build, and cargo says why.
        DeTable::parse(text).iter().for_each(|manifest| dependencies(manifest.get_ref(), each));
    }
}

/// Calls `each` with section, position, package and value of every dependency, also of those for
/// one target only.
fn dependencies(table: &DeTable<'_>, each: &mut impl FnMut(&str, usize, &str, &DeValue<'_>)) {
    for (section, value) in table {
        let Some(inner) = value.get_ref().as_table() else { continue };
        if !section.get_ref().ends_with("dependencies") {
            dependencies(inner, each);
            continue;
        }
        for (name, value) in inner {
            let package = value.get_ref().get("package").and_then(|name| name.get_ref().as_str());
            let package = package.unwrap_or(name.get_ref());
            each(section.get_ref(), name.span().end, package, value.get_ref());
        }
    }
}

/// What to do about a dependency of the crate `name`, if it is not allowed there.
fn edge(laws: &Laws, name: &str, dependency: &str, is_test: bool) -> Option<String> {
    let edges = laws.crates.iter().find(|(krate, _)| *krate == name).map_or(&[][..], |(_, to)| *to);
    if let Some(target) = dependency.strip_prefix("earnest-") {
        if !edges.contains(&target) {
            return Some(format!("`{name}` may not depend on `{target}`"));
        }
        let of_tests = |one: &str| laws.crates_of_tests.contains(&one);
        let is_astray = of_tests(target) && !of_tests(name) && !is_test;
        return is_astray.then(|| format!("`{target}` belongs into [dev-dependencies]"));
    }
    if name == "protocol" && !is_test && !laws.dependencies_of_rules.contains(&dependency) {
        let allowed = laws.dependencies_of_rules.join(", ");
        return Some(format!("the rules depend on {allowed} alone, not on `{dependency}`"));
    }
    let (_, rooms) = laws.dependencies.iter().find(|(start, _)| dependency.starts_with(start))?;
    let is_astray = !rooms.contains(&name) && !is_test;
    let room = rooms.join("` and `");
    is_astray.then(|| format!("`{dependency}` lives in `{room}`; ask that crate instead"))
}

/// What to do about a feature that the crate `name` turns on, if it may not.
fn feature_of(laws: &Laws, name: &str, dependency: &str, feature: &str) -> Option<String> {
    let owner = dependency.strip_prefix("earnest-")?;
    let (_, _, may, why) =
        laws.features.iter().find(|(f, of, ..)| (*f, *of) == (feature, owner))?;
    let is_astray = !may.contains(&name);
    is_astray.then(|| format!("`{name}` may not turn on `{feature}`: {why}"))
}
