//! Rooms: which crate may depend on which, which module may read which, what the rules may touch.
//!
//! The tables below are the repository's architecture in a form that can fail; a new edge is a
//! change of this file, with the reason in its commit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Source, Tree, modules::Modules, source::Kind};

/// Each crate with the crates of ours it may depend on.
const CRATE_EDGES: &[(&str, &[&str])] = &[
    ("api", &["protocol"]),
    ("cli", &["api", "node", "protocol", "sim", "worker"]),
    ("compute", &[]),
    ("node", &["api", "compute", "protocol"]),
    ("protocol", &[]),
    ("sim", &["protocol"]),
    ("worker", &["api", "compute", "protocol"]),
];

/// All that the rules may depend on.
const PROTOCOL_DEPENDENCIES: &[&str] = &["blake3", "postcard", "serde"];

/// Third-party crates that live in one room, by the beginning of their names.
const ROOM_DEPENDENCIES: &[(&str, &str)] = &[
    ("alloy", "api"),
    ("landlock", "worker"),
    ("seccompiler", "worker"),
    ("wasm-encoder", "compute"),
    ("wasmi", "compute"),
    ("wasmtime", "compute"),
];

/// The name of the compiling engine, and the crates that may start it: a node never compiles.
const JIT: (&str, &[&str]) = ("Jit", &["compute", "worker"]);

/// The modules of `protocol` from the bottom up: each reads only those before it.
const LADDER: &[&str] = &[
    "num",
    "ids",
    "params",
    "bound",
    "ledger",
    "staking",
    "reputation",
    "market",
    "verification",
    "slashing",
];

/// Modules of `protocol` that tell a story of several rungs; no rung reads them.
const STORIES: &[&str] = &["apply", "epoch", "genesis", "invariant", "rejected", "state"];

/// Upward reads that are accepted, each with its reason; an unused one is a finding.
const UPWARD: &[(&str, &str, &str)] = &[];

/// Words that the rules may not contain, and what is used instead.
const PROTOCOL_NEVER: &[(&str, &str)] = &[
    ("HashMap", "BTreeMap: iteration order must be the same everywhere"),
    ("HashSet", "BTreeSet: iteration order must be the same everywhere"),
    ("Instant", "the height in the block's head: the rules read no clock"),
    ("SystemTime", "the time in the block's head: the rules read no clock"),
    ("async", "a plain function: the rules wait for nothing"),
    ("f32", "Ratio or Factor: the rules use no floats"),
    ("f64", "Ratio or Factor: the rules use no floats"),
    ("println", "an event: the rules write nothing"),
    ("rand", "the beacon (`seal::draw_below`): the rules draw from the block alone"),
    ("std", "`core` or `alloc`: the rules build without std"),
    ("unsafe", "safe code"),
];

pub(super) fn check(
    tree: &Tree,
    sources: &BTreeMap<&str, Source<'_>>,
    modules: &Modules,
    findings: &mut Vec<Finding>,
) {
    manifests(tree, findings);
    engines(sources, modules, findings);
    let exports = exports(sources);
    let mut used = BTreeSet::new();
    for (path, source) in sources {
        let Some(inside) = path.strip_prefix("crates/protocol/src/") else { continue };
        if modules.is_test(path) {
            continue;
        }
        purity(path, source, findings);
        let module = inside.split(['/', '.']).next().unwrap_or("");
        ladder(path, module, source, &exports, &mut used, findings);
    }
    for (path, module, _) in UPWARD.iter().filter(|(path, ..)| tree.get(path).is_some()) {
        if !used.contains(&(*path, *module)) {
            let advice = format!("no longer reads `{module}`; remove the exception from tidy");
            findings.push(Finding::new(path, 1, "ladder", advice));
        }
    }
}

/// Every `key = value` of a manifest as (section, key, value); a dotted key counts by its first
/// part. Enough of TOML for manifests.
pub(super) fn values(manifest: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut section = "";
    manifest.lines().filter_map(move |line| {
        let line = line.trim();
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            return None;
        }
        let (key, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let key = key.trim().split('.').next().unwrap_or("");
        Some((section, key, value.trim()))
    })
}

fn manifests(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.iter() {
        let folder = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        let Some(name) = folder else { continue };
        let Some((_, edges)) = CRATE_EDGES.iter().find(|(crate_name, _)| *crate_name == name)
        else {
            let advice = format!("`{name}` is a new room: add its edges to tidy, with the reason");
            findings.push(Finding::new(path, 1, "edges", advice));
            continue;
        };
        for (section, dependency, value) in values(text) {
            if !section.ends_with("dependencies") {
                continue;
            }
            if value.contains("\"jit\"") && !JIT.1.contains(&name) {
                let advice = format!("`{name}` may not turn on `jit`: only workers compile");
                findings.push(Finding::new(path, 1, "engines", advice));
            }
            let line = text.lines().zip(1..).find(|(line, _)| line.starts_with(dependency));
            let line = line.map_or(1, |(_, number)| number);
            if let Some(advice) = edge_advice(name, section, dependency, edges) {
                findings.push(Finding::new(path, line, "edges", advice));
            }
        }
    }
}

/// What to do about `dependency` of the crate `name`, if it is not allowed there.
fn edge_advice(name: &str, section: &str, dependency: &str, edges: &[&str]) -> Option<String> {
    if let Some(target) = dependency.strip_prefix("earnest-") {
        let is_allowed = edges.contains(&target);
        return (!is_allowed).then(|| format!("`{name}` may not depend on `{target}`"));
    }
    let is_test = section == "dev-dependencies";
    if name == "protocol" && !is_test && !PROTOCOL_DEPENDENCIES.contains(&dependency) {
        let allowed = PROTOCOL_DEPENDENCIES.join(", ");
        return Some(format!("the rules depend on {allowed} alone, not on `{dependency}`"));
    }
    let room = ROOM_DEPENDENCIES.iter().find(|(start, _)| dependency.starts_with(start));
    let (_, room) = room.filter(|(_, room)| *room != name && !is_test)?;
    Some(format!("`{dependency}` lives in `{room}`; ask that crate instead"))
}

fn engines(sources: &BTreeMap<&str, Source<'_>>, modules: &Modules, findings: &mut Vec<Finding>) {
    let (engine, rooms) = JIT;
    for (path, source) in sources {
        let Some((name, _)) = path.strip_prefix("crates/").and_then(|p| p.split_once("/src/"))
        else {
            continue;
        };
        if rooms.contains(&name) || modules.is_test(path) {
            continue;
        }
        for (_, token) in source.product().filter(|(at, _)| source.word(*at) == Some(engine)) {
            let advice = format!("`{engine}`: only the job runner in `worker` starts that engine");
            findings.push(Finding::new(path, token.line, "engines", advice));
        }
    }
}

/// Which module the names re-exported at the root of `protocol` come from.
fn exports<'a>(sources: &BTreeMap<&str, Source<'a>>) -> BTreeMap<&'a str, &'a str> {
    let mut exports = BTreeMap::new();
    let Some(root) = sources.get("crates/protocol/src/lib.rs") else { return exports };
    for (at, token) in root.product() {
        let Some(module) = root.word(at + 1).filter(|_| token.text == "use") else { continue };
        if !root.reads(at + 2, &[":", ":"]) {
            continue;
        }
        let end = if root.is(at + 4, "{") { root.closing(at + 4) } else { at + 5 };
        for name in (at + 4..end).filter_map(|at| root.word(at)) {
            exports.insert(name, module);
        }
    }
    exports
}

fn purity(path: &str, source: &Source<'_>, findings: &mut Vec<Finding>) {
    for (at, token) in source.product() {
        if token.kind == Kind::Float {
            let advice = format!("`{}`: use Ratio or Factor, the rules use no floats", token.text);
            findings.push(Finding::new(path, token.line, "purity", advice));
        }
        let never = PROTOCOL_NEVER.iter().find(|(word, _)| *word == token.text);
        let Some((word, instead)) = never.filter(|_| token.kind == Kind::Word) else { continue };
        // Crate names count as paths only, so that a field may bear the name.
        let is_crate = matches!(*word, "std" | "rand");
        if !is_crate || source.reads(at + 1, &[":", ":"]) {
            let advice = format!("`{word}`: use {instead}");
            findings.push(Finding::new(path, token.line, "purity", advice));
        }
    }
}

fn ladder(
    path: &str,
    module: &str,
    source: &Source<'_>,
    exports: &BTreeMap<&str, &str>,
    used: &mut BTreeSet<(&'static str, &'static str)>,
    findings: &mut Vec<Finding>,
) {
    let Some(rung) = LADDER.iter().position(|name| *name == module) else { return };
    for (name, line) in crate_paths(source) {
        let target = exports.get(name).copied().unwrap_or(name);
        let is_story = STORIES.contains(&target);
        let is_above = LADDER.iter().position(|name| *name == target).is_some_and(|at| rung < at);
        if !is_story && !is_above {
            continue;
        }
        let accepted = UPWARD.iter().find(|(file, to, _)| *file == path && *to == target);
        if let Some((file, to, _)) = accepted {
            used.insert((*file, *to));
        } else {
            let advice = format!(
                "`{module}` may not read `{target}`, which stands above it; \
                 tell stories of two rooms in `apply` or `epoch`"
            );
            findings.push(Finding::new(path, line, "ladder", advice));
        }
    }
}

/// The first name of every path that begins at the crate's root, with its line.
fn crate_paths<'a>(source: &Source<'a>) -> Vec<(&'a str, usize)> {
    let mut found = Vec::new();
    for (at, _) in source.product() {
        if !source.reads(at, &["crate", ":", ":"]) {
            continue;
        }
        let first = at + 3;
        let mut add = |at: usize| {
            found.extend(source.word(at).map(|name| (name, source.tokens[at].line)));
        };
        if !source.is(first, "{") {
            add(first);
            continue;
        }
        let (mut at, end) = (first + 1, source.closing(first));
        add(at);
        while at < end {
            match source.tokens[at].text {
                "{" => at = source.closing(at),
                "," => add(at + 1),
                _ => {}
            }
            at += 1;
        }
    }
    found
}
