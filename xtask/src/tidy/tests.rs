//! Each rule over small made-up repositories, kept to laws of their own; then this repository.

use std::{collections::BTreeMap, path::Path};

use super::{shape::FILE_LINES_MAX, shape::FUNCTION_LINES_MAX, *};

const LAWS: Laws = Laws {
    ladder: "num ledger staking market state context
             staking::acts staking::handlers market::acts market::handlers
             stories::* stories apply lib",
    rooms: &["staking", "market"],
    homes: &[("State", &["apply"])],
    accepted: &[],
    crates: &[
        ("api", &["protocol", "testkit"]),
        ("compute", &[]),
        ("node", &["api", "compute"]),
        ("protocol", &["testkit"]),
        ("testkit", &["protocol"]),
        ("worker", &["compute"]),
    ],
    crates_of_tests: &["testkit"],
    dependencies_of_rules: &["serde"],
    dependencies: &[("wasm", &["compute"])],
    features: &[("jit", "compute", &["worker"], "only workers compile")],
    never: &[
        (&["protocol"], "HashMap", "BTreeMap"),
        (&["protocol"], "async", "a function"),
        (&["protocol"], "f64", "Ratio"),
        (&["protocol"], "println", "an event"),
        (&["protocol"], "std::", "core"),
        (&["protocol"], "unsafe", "safe code"),
    ],
    indexes: &[("scenarios/", ".toml", "scenarios/README.md")],
};

fn found(files: &[(&str, &str)], laws: &Laws) -> Vec<Finding> {
    let files = files.iter().map(|(path, text)| (String::from(*path), String::from(*text)));
    check(&Tree { files: files.collect() }, laws)
}

/// Checks a small repository and compares the findings, one `path:line: rule` each.
#[track_caller]
fn expect(files: &[(&str, &str)], expected: &[&str]) {
    let place = |f: &Finding| format!("{}:{}: {}", f.path, f.line, f.rule);
    let found: Vec<String> = found(files, &LAWS).iter().map(place).collect();
    assert_eq!(found, expected, "in {files:#?}");
}

/// The files of a crate of these modules and all around them; the code of each begins in line 2.
fn of_modules(krate: &str, modules: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: BTreeMap<&str, String> = BTreeMap::from([("", String::new())]);
    for (path, code) in modules {
        *all.entry(path).or_default() += code;
        for (end, _) in path.match_indices("::") {
            all.entry(&path[..end]).or_default();
        }
    }
    let names: Vec<&str> = all.keys().copied().filter(|path| !path.is_empty()).collect();
    for name in names {
        let (around, name) = name.rsplit_once("::").unwrap_or(("", name));
        *all.entry(around).or_default() += &format!("\npub mod {name};\n");
    }
    let file = |path: &str| match path {
        "" => format!("crates/{krate}/src/lib.rs"),
        path => format!("crates/{krate}/src/{}/mod.rs", path.replace("::", "/")),
    };
    let text = |code| format!("//! Law: one. Not here: two.\n{code}");
    all.iter().map(|(path, code)| (file(path), text(code))).collect()
}

/// Checks a crate of these modules, whose findings are one `path/of/module:line: rule` each.
#[track_caller]
fn expect_in(krate: &str, modules: &[(&str, &str)], expected: &[&str]) {
    let files = of_modules(krate, modules);
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let place = |f: &Finding| format!("{}:{}: {}", f.path, f.line, f.rule);
    let short =
        |f: &Finding| place(f).replace(&format!("crates/{krate}/src/"), "").replace("/mod.rs", "");
    let found: Vec<String> = found(&files, &LAWS).iter().map(short).collect();
    assert_eq!(found, expected, "in {files:#?}");
}

#[test]
fn this_repository_is_tidy() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let tree = Tree::read(root).expect("the repository is readable");
    assert!(tree.files.len() > 20, "read {} files", tree.files.len());
    let findings: Vec<String> = check(&tree, &laws::LAWS).iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn a_rung_reads_only_those_below_it() {
    let market = ("market", "pub struct Job;");
    let read = |code: &str, expected: &[&str]| {
        expect_in("protocol", &[market, ("num", ""), ("ledger", code)], expected);
    };
    read("use crate::num::{self, Amount};", &[]);
    let above = &["ledger:2: ladder"];
    read("use crate::market::Job;", above);
    read("use crate::{num::A, market::{Job as Work}};", above);
    read("use crate::market::*;", above);
    read("use crate::*;", above);
    read("use super::market;", above);
    read("fn f() { crate::market::g(); }", above);
    read("fn f() { use crate::market as m; }", above);
    read("fn f(x: Vec<crate::market::Job>) {}", above);
    read("fn f(x: u8) { match x { crate::market::ONE => {} _ => {} } }", above);
    read("#[derive(crate::market::Derive)] struct S;", above);
    read("#[serde(with = \"crate::market::hex\")] struct S;", above);
    read("impl From<crate::market::Job> for S {}", above);
    read("#[cfg(test)]\nmod tests { use crate::market::Job; }", &[]);
    read("impl S {\n#[cfg(test)]\nfn f() { crate::market::g() } }", &[]);
    read("// crate::market::Job\nconst X: &str = \"see crate::market\";", &[]);
}

#[test]
fn a_path_within_a_macro_counts() {
    let market = ("market", "");
    let above = &["ledger:2: ladder"];
    for code in [
        "fn f() { assert!(crate::market::is_open(), \"closed\"); }",
        "macro_rules! m { ($x:expr) => { $crate::market::f($x) }; }",
        "table! { one => [crate::market::A] }",
        "fn f() { vec![(1, super::market::A)]; }",
    ] {
        expect_in("protocol", &[market, ("ledger", code)], above);
    }
}

#[test]
fn a_re_export_is_read_where_it_is_defined() {
    let root = ("", "pub use market::Job;\npub use num::Amount;");
    let market = ("market", "mod job { pub struct Job; }\npub use job::*;\npub use acts::post;");
    let acts = ("market::acts", "pub fn post() {}");
    let num = ("num", "pub struct Amount;");
    let read = |module, code: &str, expected: &[&str]| {
        // That a head re-exports what stands above it is a finding of its own.
        let expected: Vec<&str> = expected.iter().copied().chain(["market:4: ladder"]).collect();
        expect_in("protocol", &[root, market, acts, num, (module, code)], &expected);
    };
    read("ledger", "use crate::Amount;", &[]);
    read("ledger", "use crate::Job;", &["ledger:2: ladder"]);
    read("ledger", "fn f(job: crate::market::Job) {}", &["ledger:2: ladder"]);
    read("context", "use crate::market::Job;", &[]);
    read("context", "use crate::market::post;", &["context:2: ladder"]);
    read("context", "use crate::market;\nfn f() { market::post(); }", &["context:3: ladder"]);
}

#[test]
fn every_module_stands_on_the_ladder() {
    expect_in("protocol", &[("num::amount", ""), ("extra", "")], &["extra:1: ladder"]);
    expect_in("sim", &[("extra", "")], &[]);
}

#[test]
fn verbs_stand_above_the_context_and_in_the_order_of_their_rooms() {
    let read = |module, code: &str, expected: &[&str]| {
        let nodes = ["context", "staking::acts", "market::acts", "market::handlers::post"];
        let nodes = nodes.map(|node| (node, ""));
        let modules = [&nodes[..], &[(module, code)]].concat();
        expect_in("protocol", &modules, expected);
    };
    read("market::handlers", "use crate::{context::Context, staking::acts};", &[]);
    read("staking", "use crate::context::Context;", &["staking:2: ladder"]);
    read("staking::handlers", "use crate::market::Job;\nuse crate::staking::acts::f;", &[]);
    read("staking::handlers", "use crate::market::acts::f;", &["staking/handlers:2: ladder"]);
    read("stories::run", "use crate::market::handlers::post;", &[]);
}

#[test]
fn a_story_reads_no_other_story() {
    let (run, post) = (("stories::run", ""), ("stories", "fn f() { run::f(); post::f(); }"));
    let told = ("stories::post", "fn f() { super::run::f(); }");
    expect_in("protocol", &[run, post, told], &["stories/post:2: ladder"]);
    let untold = ("stories::post", "");
    expect_in("protocol", &[run, post, untold], &[]);
}

#[test]
fn a_ring_through_inherent_methods_is_caught() {
    let state = ("state", "pub struct State;\nimpl State {}");
    // Neither names the other: each calls a method of `self`.
    let market =
        ("market::handlers", "use crate::state::State;\nimpl State { fn a(&self) { self.b() } }");
    let staking =
        ("staking::handlers", "use crate::state::State;\nimpl State { fn b(&self) { self.a() } }");
    let ring = &["market/handlers:3: homes", "staking/handlers:3: homes"];
    expect_in("protocol", &[state, market, staking], ring);
    let entry = ("apply", "impl crate::state::State { pub fn apply(&mut self) {} }");
    expect_in("protocol", &[state, entry], &[]);
    // A part of the entry is not the entry.
    let part = ("apply::part", entry.1);
    expect_in("protocol", &[state, part], &["apply/part:2: homes"]);
}

#[test]
fn an_inherent_impl_stands_in_the_room_of_its_type() {
    let state = ("state", "pub struct State<'a>(&'a u8);\npub type Same<'a> = State<'a>;");
    for code in [
        "use crate::state::State as S;\nimpl<'a> S<'a> {}",
        "use crate::state::Same;\nimpl Same<'_> {}",
        "\nimpl super::state::State<'_> where u8: Copy {}",
        "use crate::state::State;\nverbs! { impl State { fn f() {} } }",
    ] {
        expect_in("protocol", &[state, ("context", code)], &["context:3: homes"]);
        expect_in("sim", &[state, ("context", code)], &["context:3: homes"]);
    }
    let of_trait = "impl Verbs for crate::state::State<'_> {}\nstruct Own;\nimpl Own {}";
    expect_in("protocol", &[state, ("context", of_trait)], &[]);
    let beside = [("market::job", "pub struct Job;"), ("market::bid", "impl super::job::Job {}")];
    expect_in("protocol", &beside, &[]);
    // A verb stands on another rung than the noun.
    let verb = [("market", "pub struct Job;"), ("market::acts", "impl crate::market::Job {}")];
    expect_in("protocol", &verb, &["market/acts:2: homes"]);
}

#[test]
fn verbs_touch_their_own_room_and_those_below() {
    let touch = |code: &str, expected: &[&str]| {
        expect_in("protocol", &[("staking::handlers", code)], expected);
    };
    let above = &["staking/handlers:2: fields"];
    touch("fn f(cx: C) { cx.state.staking.x(); cx.state.ledger.y(); }", &[]);
    touch("fn f(cx: C) { cx.state.market.x(); }", above);
    touch("fn f(cx: C) { assert!(cx.state.market.is_open()); }", above);
    touch("fn f(cx: C) { cx.market().x(); }", above);
    touch("fn f(State { market, .. }: S) {}", above);
    touch("fn f(cx: C) -> u8 { cx.params().market.window + cx.params.market.x }", &[]);
    touch("fn f(market: u8) { Event { market } }", &[]);
    touch("fn f() { let x = 0..market; }", &[]);
    let market = ("market::handlers", "fn f(cx: C) { cx.state.staking.x(); cx.state.market.y(); }");
    expect_in("protocol", &[market], &[]);
}

#[test]
fn a_ring_is_told_with_each_of_its_readings() {
    let modules = [
        ("agents", "pub use provider::Provider;"),
        ("agents::provider", "use crate::world::View;\npub struct Provider;"),
        ("world", "use crate::agents::Provider;\npub struct View;"),
        ("report", "use crate::world::View;"),
    ];
    expect_in("sim", &modules, &["agents/provider:2: ring"]);
    let files = of_modules("sim", &modules);
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found_in_ring = found(&files, &LAWS);
    for step in [
        "`agents` reads `world` at crates/sim/src/agents/provider/mod.rs:2",
        "`world` reads `agents` at crates/sim/src/world/mod.rs:2",
    ] {
        assert!(found_in_ring[0].advice.contains(step), "{}", found_in_ring[0]);
    }
    let accepted = Laws { accepted: &[("sim", "agents", "world", "a reason")], ..LAWS };
    assert_eq!(found(&files, &accepted), []);
    let unused = Laws { accepted: &[("sim", "report", "world", "a reason")], ..LAWS };
    let rules: Vec<&str> = found(&files, &unused).iter().map(|f| f.rule).collect();
    assert_eq!(rules, ["ring", "accepted"]);
}

#[test]
fn a_head_and_its_parts_are_no_ring_but_parts_may_make_one() {
    let head = ("a", "mod b; struct H; fn f() { b::f(); }");
    expect_in("sim", &[head, ("a::b", "use super::H;")], &[]);
    let ring = [("a::b", "use super::c::C;"), ("a::c", "use super::b::B;\nstruct C;")];
    expect_in("sim", &ring, &["a/b:2: ring"]);
    expect_in(
        "protocol",
        &[("num::a", "use super::b::B;"), ("num::b", "use super::a::A;")],
        &["num/a:2: ring"],
    );
    let three = [("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "use crate::a;")];
    expect_in("sim", &three, &["a:2: ring"]);
}

#[test]
fn a_known_reading_against_the_ladder_is_accepted_until_it_ends() {
    let accepted = &[("protocol", "ledger", "market", "a reason")];
    let laws = Laws { accepted, ..LAWS };
    for (code, expected) in [("use crate::market::A;", None), ("", Some("accepted"))] {
        let files = of_modules("protocol", &[("market", ""), ("ledger", code)]);
        let files: Vec<_> = files.iter().map(|(p, text)| (p.as_str(), text.as_str())).collect();
        assert_eq!(found(&files, &laws).first().map(|f| f.rule), expected);
    }
}

#[test]
fn the_rules_touch_no_float_clock_or_hash_order() {
    for impure in [
        "const X: u8 = 1.5 as u8;",
        "const X: f64 = 1;",
        "const X: u64 = 1e9;",
        "use alloc::HashMap;",
        "use std::vec::Vec;",
        "fn f() { std::thread::yield_now(); }",
        "fn f() { println!(); }",
        "fn f() { assert!(x < 0.5); }",
        "async fn f() {}",
        "fn f() { unsafe { g() } }",
    ] {
        expect_in("protocol", &[("num", impure)], &["num:2: purity"]);
        expect_in("sim", &[("num", impure)], &[]);
    }
    for pure in [
        "fn f(x: T) -> u8 { x.0.1 + 0x1e9 + 1_000 }",
        "fn f(x: T) { assert!(x.0.1 < 2); }",
        "fn f(x: u8) -> R { 0..1.max(x) } // 1.5, f64, HashMap",
        "const X: &str = \"1.5 f64 HashMap std::time\";",
        "#[cfg(test)]\nfn f() -> f64 { 1.5 }",
        "#[cfg(test)]\nextern crate std;",
        "#[cfg(all(test, unix))]\nmod tests { use std::time::Instant; }",
    ] {
        expect_in("protocol", &[("num", pure)], &[]);
    }
}

#[test]
fn a_crate_depends_only_along_the_edges() {
    let path = "crates/node/Cargo.toml";
    let edges = "[dependencies]\nearnest-api.workspace = true\naxum.workspace = true\n";
    expect(&[(path, edges)], &[]);
    let worker = edges.replace("-api", "-worker");
    expect(&[(path, &worker)], &["crates/node/Cargo.toml:2: edges"]);
    expect(&[(path, &worker.replace("[dep", "[dev-dep"))], &["crates/node/Cargo.toml:2: edges"]);
    expect(
        &[(path, &worker.replace("[", "[target.'cfg(unix)'."))],
        &["crates/node/Cargo.toml:2: edges"],
    );
    let renamed = "[dependencies]\napi = { package = \"earnest-worker\", path = \"x\" }\n";
    expect(&[(path, renamed)], &["crates/node/Cargo.toml:2: edges"]);
    let engine = edges.replace("axum", "wasmtime");
    expect(&[(path, &engine)], &["crates/node/Cargo.toml:3: edges"]);
    expect(&[(path, &engine.replace("[dep", "[dev-dep"))], &[]);
    expect(&[("crates/new/Cargo.toml", "")], &["crates/new/Cargo.toml:1: edges"]);
    let clock = "[dependencies]\nserde.workspace = true\nchrono = \"1\"\n";
    expect(&[("crates/protocol/Cargo.toml", clock)], &["crates/protocol/Cargo.toml:3: edges"]);
}

#[test]
fn the_test_kit_stays_out_of_what_is_shipped() {
    let path = "crates/api/Cargo.toml";
    let kit = "[dev-dependencies]\nearnest-testkit.workspace = true\n";
    expect(&[(path, kit)], &[]);
    expect(&[(path, &kit.replace("dev-", ""))], &["crates/api/Cargo.toml:2: edges"]);
}

#[test]
fn only_workers_turn_on_the_compiler() {
    let on = "[dependencies]\nearnest-compute = { workspace = true, features = [\"jit\"] }\n";
    expect(&[("crates/node/Cargo.toml", on)], &["crates/node/Cargo.toml:2: edges"]);
    expect(&[("crates/worker/Cargo.toml", on)], &[]);
}

#[test]
fn every_file_is_declared_and_has_a_head() {
    let files = [
        ("crates/sim/src/lib.rs", "//! Root.\nmod a;\n#[cfg(test)]\nmod tests;\nmod c { mod d; }"),
        ("crates/sim/src/a.rs", "mod b;\n"),
        ("crates/sim/src/a/b.rs", "//! Head.\n"),
        ("crates/sim/src/c/d.rs", "//! Head.\n"),
        ("crates/sim/src/tests.rs", "mod more;\nfn no_head_needed() {}\n"),
        ("crates/sim/src/tests/more.rs", ""),
        ("crates/sim/src/dead.rs", "//! Head.\n"),
        ("crates/sim/src/bin/tool.rs", "//! Head.\n"),
        ("crates/cli/Cargo.toml", "[[bin]]\npath = \"src/extra.rs\"\n"),
        ("crates/cli/src/extra.rs", "//! Head.\n"),
    ];
    let expected = [
        "crates/cli/Cargo.toml:1: edges",
        "crates/sim/src/a.rs:1: module head",
        "crates/sim/src/dead.rs:1: dead file",
    ];
    expect(&files, &expected);
    expect(&[("xtask/src/main.rs", "//! Head.\nfn f( {}\n")], &["xtask/src/main.rs:2: syntax"]);
}

#[test]
fn the_head_of_a_room_says_its_laws_and_its_limits() {
    let room = |head| {
        [
            ("crates/protocol/src/lib.rs", "//! Root.\nmod market;\n"),
            ("crates/protocol/src/market/mod.rs", head),
        ]
    };
    expect(&room("//! M.\n//! Invariant: x.\n//! Not here: y.\n"), &[]);
    let missing = ["crates/protocol/src/market/mod.rs:1: module head"];
    expect(&room("//! M.\n//! Invariant: x.\n"), &missing);
    expect(&room("//! M.\n//! Not here: y.\n\n// Law: z.\n"), &missing);
}

#[test]
fn lines_files_and_functions_are_short() {
    let path = "xtask/src/main.rs";
    let wide = format!("//! {}\n", "x".repeat(97));
    expect(&[(path, &wide)], &["xtask/src/main.rs:1: columns"]);
    expect(&[("README.md", &wide)], &[]);
    let high = format!("//! Head.\n{}", "//\n".repeat(FILE_LINES_MAX));
    expect(&[(path, &high)], &["xtask/src/main.rs:801: file length"]);

    let body = "    x();\n".repeat(FUNCTION_LINES_MAX - 2);
    let fits = format!("//! Head.\n\nfn f(a: [u8; 2]) {{\n{body}}}\n");
    expect(&[(path, &fits)], &[]);
    let long = fits.replacen("x();", "x();\n    y();", 1).replace("fn f", "/// Doc.\nfn f");
    expect(&[(path, &long)], &["xtask/src/main.rs:4: function length"]);
    let within = long.replace("fn f", "mod t {\nimpl T {\nfn f") + "}}\n";
    expect(&[(path, &within)], &["xtask/src/main.rs:6: function length"]);
    expect(&[(path, &long.replace("/// Doc.", "// tidy: ladder"))], &[]);
    let stale = fits.replace("fn f", "// tidy: ladder\nfn f");
    expect(&[(path, &stale)], &["xtask/src/main.rs:3: function length"]);
}

#[test]
fn decisions_have_one_shape_and_indexes_name_all() {
    let headings = "## Status\n## Context\n## Options\n## Decision\n## Consequences\n";
    let (good, wrong) = (format!("# 2. X\n{headings}"), format!("# 4. Y\n{headings}"));
    let late = headings.replacen("## Status", "## Why\n## Status", 1);
    for (name, text) in [
        ("0003-y.md", &wrong),
        ("4-y.md", &wrong),
        ("0004-y.md", &format!("# 4. Y\n{late}")),
        ("0004-y.md", &headings.into()),
    ] {
        let path = format!("docs/adr/{name}");
        expect(&[(&path, text)], &[&format!("{path}:1: decision")]);
    }
    expect(&[("docs/adr/0002-x.md", &good), ("docs/adr/README.md", "")], &[]);
    let twice = [("docs/adr/0002-x.md", good.as_str()), ("docs/adr/0002-y.md", &good)];
    expect(&twice, &["docs/adr/0002-y.md:1: decision"]);

    let scenarios =
        [("scenarios/README.md", "a.toml\n"), ("scenarios/a.toml", ""), ("scenarios/b.toml", "")];
    expect(&scenarios, &["scenarios/b.toml:1: index"]);
    let long = "x\n".repeat(251);
    expect(&[("ARCHITECTURE.md", &long)], &["ARCHITECTURE.md:250: architecture"]);
    let path = format!("see {}someone/x\nsee a{0}b\n", concat!("/home", "/"));
    expect(&[("README.md", &path)], &["README.md:1: machine"]);
}
