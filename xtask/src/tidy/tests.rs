use std::path::Path;

use super::*;

/// Checks a small repository and compares the findings, one `path:line: rule` a line.
fn expect(files: &[(&str, &str)], expected: &[&str]) {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.files.insert(String::from(*path), String::from(*text));
    }
    let place = |f: &Finding| format!("{}:{}: {}", f.path, f.line, f.rule);
    let found: Vec<String> = check(&tree).iter().map(place).collect();
    assert_eq!(found, expected, "in {files:#?}");
}

const ROOT: &str = "crates/protocol/src/lib.rs";

/// A protocol crate of one module.
fn expect_module(name: &str, text: &str, expected: &[&str]) {
    let root = format!("//! Root.\npub use staking::Operator;\nmod {name};\n");
    let path = format!("crates/protocol/src/{name}.rs");
    let others = ["staking", "market", "apply"].map(|other| {
        let is_declared = other != name;
        (format!("crates/protocol/src/{other}.rs"), is_declared)
    });
    let mut root = root;
    let mut files = vec![(path.as_str(), text)];
    for (path, is_declared) in &others {
        if *is_declared {
            let name = path.rsplit('/').next().unwrap_or("").replace(".rs", "");
            root.push_str(&format!("mod {name};\n"));
            files.push((path.as_str(), "//! Another.\n"));
        }
    }
    files.push((ROOT, root.as_str()));
    expect(&files, expected);
}

#[test]
fn this_repository_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent folder");
    let tree = Tree::read(root).expect("the repository is readable");
    assert!(tree.len() > 20, "read {} files in {}", tree.len(), root.display());
    let findings: Vec<String> = check(&tree).iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn lines_are_short_clean_and_finished() {
    let long = format!("//! {}\n", "x".repeat(97));
    expect(&[("xtask/src/main.rs", &long)], &["xtask/src/main.rs:1: columns"]);
    expect(&[("README.md", &long)], &[]);
    expect(&[("README.md", "one \ntwo")], &["README.md:1: whitespace", "README.md:2: whitespace"]);
    let marked = format!("//! {}: later.\n", concat!("FIX", "ME"));
    expect(&[("xtask/src/main.rs", &marked)], &["xtask/src/main.rs:1: marker"]);
    let path = format!("see {}someone/x\nsee a{0}b\n", concat!("/home", "/"));
    expect(&[("README.md", &path)], &["README.md:1: machine"]);
}

#[test]
fn a_long_function_is_split_or_marked_as_a_ladder() {
    let body = "    x();\n".repeat(FUNCTION_LINES_MAX - 2);
    let fits = format!("//! Head.\nfn f(a: [u8; 2]) {{\n{body}}}\n");
    let path = "xtask/src/main.rs";
    expect(&[(path, &fits)], &[]);
    let long =
        fits.replace("fn f", "/// Doc.\n#[cold]\nfn f").replacen("x();", "x();\n    y();", 1);
    expect(&[(path, &long)], &["xtask/src/main.rs:4: function length"]);
    let marked = long.replace("/// Doc.", "/// Doc.\n// tidy: ladder");
    expect(&[(path, &marked)], &[]);
    let stale = fits.replace("fn f", "// tidy: ladder\nfn f");
    expect(&[(path, &stale)], &["xtask/src/main.rs:2: function length"]);
}

#[test]
fn a_long_file_is_split() {
    let long = format!("//! Head.\n{}", "//\n".repeat(FILE_LINES_MAX));
    expect(&[("xtask/src/main.rs", &long)], &["xtask/src/main.rs:801: file length"]);
}

#[test]
fn every_file_is_declared_and_has_a_head() {
    let root = "//! Root.\nmod a;\n#[cfg(test)]\nmod tests;\nmod lost;\n";
    let files = [
        ("crates/sim/src/lib.rs", root),
        ("crates/sim/src/a.rs", "mod b;\n"),
        ("crates/sim/src/a/b.rs", "//! Head.\n"),
        ("crates/sim/src/tests.rs", "fn no_head_needed() {}\n"),
        ("crates/sim/src/dead.rs", "//! Head.\n"),
    ];
    expect(
        &files,
        &[
            "crates/sim/src/a.rs:1: module head",
            "crates/sim/src/dead.rs:1: dead file",
            "crates/sim/src/lib.rs:5: modules",
        ],
    );
}

#[test]
fn targets_and_paths_named_elsewhere_are_not_dead() {
    let files = [
        ("crates/cli/Cargo.toml", "[[bin]]\npath = \"src/extra.rs\"\n"),
        ("crates/cli/src/extra.rs", "//! Head.\n#[path = \"odd/place.rs\"]\nmod place;\n"),
        ("crates/cli/src/odd/place.rs", "//! Head.\n"),
        ("crates/cli/src/bin/tool.rs", "//! Head.\n"),
    ];
    expect(&files, &[]);
}

#[test]
fn a_crate_depends_only_along_the_edges() {
    let path = "crates/node/Cargo.toml";
    let edges = "[dependencies]\nearnest-api.workspace = true\naxum.workspace = true\n";
    expect(&[(path, edges)], &[]);
    let sim = edges.replace("-api", "-sim");
    expect(&[(path, &sim)], &["crates/node/Cargo.toml:2: edges"]);
    let tests = sim.replace("[dep", "[dev-dep");
    expect(&[(path, &tests)], &["crates/node/Cargo.toml:2: edges"]);
    let jit = edges.replace("axum", "wasmtime");
    expect(&[(path, &jit)], &["crates/node/Cargo.toml:3: edges"]);
    expect(&[("crates/new/Cargo.toml", "")], &["crates/new/Cargo.toml:1: edges"]);
    let clock = "[dependencies]\nserde.workspace = true\nchrono = \"1\"\n";
    expect(&[("crates/protocol/Cargo.toml", clock)], &["crates/protocol/Cargo.toml:3: edges"]);
}

#[test]
fn only_workers_compile() {
    let jit = "//! Head.\nfn f() { Machine::new(EngineKind::Jit); }\n";
    expect(&[("crates/node/src/lib.rs", jit)], &["crates/node/src/lib.rs:2: engines"]);
    expect(&[("crates/worker/src/lib.rs", jit)], &[]);
    let on = "[dependencies]\nearnest-compute = { workspace = true, features = [\"jit\"] }\n";
    expect(&[("crates/node/Cargo.toml", on)], &["crates/node/Cargo.toml:1: engines"]);
    expect(&[("crates/worker/Cargo.toml", on)], &[]);
}

#[test]
fn a_rung_reads_only_those_below_it() {
    expect_module("ledger", "//! Head.\nuse crate::{event::Journal, num::Amount};\n", &[]);
    expect_module(
        "ledger",
        "//! Head.\nuse crate::{\n    num::{A, B},\n    market::Job,\n};\n",
        &["crates/protocol/src/ledger.rs:4: ladder"],
    );
    let story = "//! Head.\nfn f() { crate::apply::g(); }\n";
    expect_module("ledger", story, &["crates/protocol/src/ledger.rs:2: ladder"]);
    let exported = "//! Head.\nuse crate::Operator;\n";
    expect_module("ledger", exported, &["crates/protocol/src/ledger.rs:2: ladder"]);
    let tested = "//! Head.\n#[cfg(test)]\nmod tests {\n    use crate::market::Job;\n}\n";
    expect_module("ledger", tested, &[]);
    expect_module("epoch", "//! Head.\nuse crate::market::Job;\n", &[]);
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
        "fn f() { rand::random(); }",
        "async fn f() {}",
    ] {
        let text = format!("//! Head.\n{impure}\n");
        expect_module("num", &text, &["crates/protocol/src/num.rs:2: purity"]);
    }
    for pure in [
        "fn f(x: T) -> u8 { x.0.1 + 0x1e9 + 1_000 }",
        "fn f() -> R { 0..10 }",
        "fn f(x: u8) -> u8 { 1.max(x) } // 1.5, f64, HashMap",
        "const X: &str = \"1.5 f64 HashMap std::time\";",
        "#[cfg(test)]\nfn f() -> f64 { 1.5 }",
        "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' }",
    ] {
        expect_module("num", &format!("//! Head.\n{pure}\n"), &[]);
    }
}

#[test]
fn names_come_from_the_glossary() {
    let path = "crates/sim/src/lib.rs";
    let names = "//! Head: an era ago.\nfn f(current_era: u8) {}\nstruct MinerView;\n\
                 fn stake(&mut self) {}\nfn get_bond() {}\nconst ERAS: u8 = 1;\n";
    let places: Vec<String> = (2..=6).map(|line| format!("{path}:{line}: glossary")).collect();
    expect(&[(path, names)], &places.iter().map(String::as_str).collect::<Vec<_>>());
    let good = "//! Head.\nfn stake(&self, iterations: u8) {}\nfn get_mut() {}\nlet x = operand;\n";
    expect(&[(path, good)], &[]);
}

#[test]
fn links_lead_somewhere_and_decisions_have_one_shape() {
    let files = [
        ("README.md", "[a](docs/a.md) [b](docs/b.md#x) [c](https://x.y/z.md) [d](docs)\n"),
        ("docs/a.md", "[up](../README.md) [self](#here)\n"),
        ("docs/adr/0002-x.md", "# 2. X\n## Status\n## Context\n## Options\n## Decision\n"),
        (
            "docs/adr/0003-y.md",
            "# 4. Y\n## Status\n## Context\n## Options\n## Decision\n\
                                ## Consequences\n",
        ),
    ];
    expect(
        &files,
        &["README.md:1: link", "docs/adr/0002-x.md:1: decision", "docs/adr/0003-y.md:1: decision"],
    );
}
