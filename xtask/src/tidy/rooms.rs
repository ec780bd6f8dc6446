//! Rooms: which module may read which, whose fields it may touch, and what code may never say.
//!
//! Law: a reading is found where a path leads, whatever re-exports it passes through. What no path
//! shows, a method added to a type from afar, is forbidden instead.
//! Known shortcomings: a method may be called without naming its type; the value came from
//! somewhere that was named.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, Laws,
    modules::{Crate, join},
    source::Module,
};

/// The crate whose modules form a ladder.
const RULES: &str = "protocol";

/// Readings as (reader, read), each with the first line of every file that has it.
type Edges = BTreeMap<(String, String), BTreeMap<String, usize>>;

pub(super) fn check(crates: &[Crate], laws: &Laws, findings: &mut Vec<Finding>) {
    let mut needed = BTreeSet::new();
    for krate in crates {
        for (at, module) in &krate.modules {
            let mut report = |line, rule, advice| {
                findings.push(Finding::new(&module.file, line, rule, advice));
            };
            words(laws, krate, module, &mut report);
            homes(laws, krate, at, module, &mut report);
            if krate.name == RULES {
                fields(laws, at, module, &mut report);
                if rung(laws, at).is_none() {
                    report(1, "ladder", format!("add `{at}` to the ladder in tidy"));
                }
            }
        }
        let accepted = laws.accepted.iter().filter(|(of, ..)| *of == krate.name);
        let accepted = accepted.map(|(_, from, to, _)| (String::from(*from), String::from(*to)));
        let accepted: BTreeSet<(String, String)> = accepted.collect();
        let (mut up, mut level) = readings(laws, krate);
        let turns = turning(&level);
        let used = accepted.iter().filter(|edge| up.contains_key(edge) || turns.contains(edge));
        needed.extend(used.map(|edge| (krate.name.clone(), edge.clone())));
        level.retain(|edge, _| !accepted.contains(edge));
        rings(&level, findings);
        up.retain(|edge, _| !accepted.contains(edge));
        for ((from, to), (file, line)) in
            up.iter().flat_map(|(e, files)| files.iter().map(move |f| (e, f)))
        {
            let advice = format!("`{from}` may not read `{to}`, which stands above or beside it");
            findings.push(Finding::new(file, *line, "ladder", advice));
        }
    }
    for (krate, from, to, _) in laws.accepted {
        if !needed.contains(&((*krate).into(), ((*from).into(), (*to).into()))) {
            let advice = format!("`{from}` and `{to}` of `{krate}` are in order; remove the entry");
            findings.push(Finding::new("xtask/src/tidy/laws.rs", 1, "accepted", advice));
        }
    }
}

type Report<'a> = &'a mut dyn FnMut(usize, &'static str, String);

fn words(laws: &Laws, krate: &Crate, module: &Module, report: Report<'_>) {
    let is_float = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let never = laws.never.iter().filter(|(crates, ..)| crates.contains(&krate.name.as_str()));
    for (path, line) in &module.paths {
        // The name of a crate counts at the beginning of a path, so that a field may bear it.
        let says = |word: &str| match word.strip_suffix("::") {
            Some(of) => path.len() > 1 && path[0] == of,
            None => path.iter().any(|name| name == word),
        };
        for (_, word, instead) in never.clone().filter(|(_, word, _)| says(word)) {
            report(*line, "purity", format!("`{word}`: use {instead}"));
        }
        if krate.name == RULES && is_float(&path[0]) {
            report(*line, "purity", format!("{}: the rules use no floats, but Ratio", path[0]));
        }
    }
}

/// A type's inherent impls stand in its room.
fn homes(laws: &Laws, krate: &Crate, at: &str, module: &Module, report: Report<'_>) {
    let room = |path: &str| match rung(laws, path) {
        Some((_, node)) if krate.name == RULES => node,
        _ => path.split("::").next().unwrap_or("").into(),
    };
    for (path, line) in &module.impls {
        let (Some(home), Some(name)) = (krate.resolve(at, path), path.last()) else { continue };
        let may = laws.homes.iter().any(|(of, homes)| of == name && homes.contains(&at));
        let is_alias = krate.modules[&home].aliases.contains(name);
        if is_alias || room(&home) != room(at) && !may {
            let advice = format!(
                "`impl {name}` belongs into the room of `{home}`: methods added from elsewhere \
                 are readings that no path shows"
            );
            report(*line, "homes", advice);
        }
    }
}

/// A room's code touches its own field of the state and those of the rooms below it.
fn fields(laws: &Laws, at: &str, module: &Module, report: Report<'_>) {
    let rank = |name: &str| laws.rooms.iter().position(|room| *room == name);
    let Some(own) = rank(at.split("::").next().unwrap_or("")) else { return };
    for (name, line) in &module.fields {
        if rank(name).is_some_and(|rank| own < rank) {
            let advice = format!("`{at}` may not touch `.{name}`, which stands above it");
            report(*line, "fields", advice);
        }
    }
}

/// What is read against the ladder, and what is read by modules beside each other: of one rung, or
/// in a crate without a ladder.
fn readings(laws: &Laws, krate: &Crate) -> (Edges, Edges) {
    let (mut up, mut level) = (Edges::new(), Edges::new());
    for (at, module) in &krate.modules {
        for (path, line) in &module.paths {
            let Some(to) = krate.resolve(at, path).filter(|to| to != at) else { continue };
            // `pub(crate)` and `pub(super)`, or a variable with the name of a part.
            let is_word = matches!(path[0].as_str(), "crate" | "super" | "self");
            if path.len() == 1 && (is_word || to == join(at, &path[0])) {
                continue;
            }
            let rungs = rung(laws, at).zip(rung(laws, &to)).filter(|_| krate.name == RULES);
            let (edges, edge) = match rungs {
                Some(((low, _), (high, _))) if high < low => continue,
                Some(((_, from), (_, read))) if from != read => (&mut up, Some((from, read))),
                _ => (&mut level, siblings(at, &to)),
            };
            if let Some(edge) = edge {
                let first = edges.entry(edge).or_default().entry(module.file.clone());
                first.and_modify(|first| *first = *line.min(first)).or_insert(*line);
            }
        }
    }
    (up, level)
}

/// Place and name of the ladder's entry that the module at `path` belongs to.
fn rung(laws: &Laws, path: &str) -> Option<(usize, String)> {
    let path: Vec<&str> = if path.is_empty() { vec!["lib"] } else { path.split("::").collect() };
    let rungs = laws.ladder.split_whitespace().enumerate().filter_map(|(place, entry)| {
        let entry: Vec<&str> = entry.split("::").collect();
        let node = path.get(..entry.len())?;
        let fits = entry.iter().zip(node).all(|(name, part)| *name == "*" || name == part);
        fits.then(|| (entry.len(), !entry.contains(&"*"), place, node.join("::")))
    });
    rungs.max().map(|(.., place, node)| (place, node))
}

/// The two modules beside each other that contain `from` and `to`; a head and its parts are one.
fn siblings(from: &str, to: &str) -> Option<(String, String)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (from.split("::").collect(), to.split("::").collect());
    let at = a.iter().zip(&b).position(|(a, b)| a != b)?;
    let has_root = from.is_empty() || to.is_empty();
    (!has_root).then(|| (a[..=at].join("::"), b[..=at].join("::")))
}

/// The readings that lead back to the reader.
fn turning(edges: &Edges) -> BTreeSet<&(String, String)> {
    edges.keys().filter(|(from, to)| reached(edges, to).contains(from.as_str())).collect()
}

/// All that a module reads, by however many steps.
fn reached<'a>(edges: &'a Edges, start: &str) -> BTreeSet<&'a str> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![start]);
    while let Some(next) = waiting.pop() {
        let read = edges.keys().filter(|(from, _)| from == next).map(|(_, to)| to.as_str());
        waiting.extend(read.filter(|to| found.insert(*to)).collect::<Vec<_>>());
    }
    found
}

/// Reports every group of modules that read each other, directly or by others.
fn rings(edges: &Edges, findings: &mut Vec<Finding>) {
    let mut waiting = turning(edges);
    while let Some((start, _)) = waiting.first() {
        let all = reached(edges, start);
        let is_in =
            |from: &str| all.contains(from) && reached(edges, from).contains(start.as_str());
        let ring: Vec<_> = waiting.iter().copied().filter(|(from, _)| is_in(from)).collect();
        let steps = ring.iter().map(|edge| {
            let ((from, to), files) = (edge, &edges[*edge]);
            let places = files.iter().map(|(file, line)| format!(" {file}:{line}"));
            format!("\n  `{from}` reads `{to}` at{}", places.collect::<String>())
        });
        let (file, line) = edges[ring[0]].iter().next().expect("each reading stands somewhere");
        let advice = format!("a ring; let one read less:{}", steps.collect::<String>());
        findings.push(Finding::new(file, *line, "ring", advice));
        waiting.retain(|edge| !ring.contains(edge));
    }
}
