//! Audit mutants: faults put into a copy of the rules, one at a time; does the audit notice?
//!
//! The faults are data (`crates/audit/mutants.toml`). Each is put into a copy of what git knows,
//! the audit's `edges` example is built and run there, and what does not hold is what it noticed.
//!
//! Laws: the working tree is never changed; a fault whose text does not stand exactly once in its
//! file is refused, here and by a test, so that no fault is silently none.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde_json::json;

const LIST: &str = "crates/audit/mutants.toml";

/// One fault.
struct Mutant {
    name: String,
    about: String,
    file: String,
    from: String,
    to: String,
}

/// What became of one.
enum Found {
    /// These entries do not hold any more, first words of each line.
    Noticed(Vec<String>),
    Missed,
    /// It does not compile, or the audit could not be run.
    Broken(String),
}

pub(crate) fn run(root: &Path, words: &[&str]) -> Result<ExitCode, String> {
    let (mut only, mut as_json) = (None, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--json" => as_json = true,
            "--only" => only = Some(*words.next().ok_or("--only wants a name")?),
            other => return Err(format!("audit-mutants does not know {other}")),
        }
    }
    let mutants = read(root)?;
    let chosen: Vec<&Mutant> =
        mutants.iter().filter(|mutant| only.is_none_or(|name| mutant.name == name)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no mutant of that name; {LIST} has them"));
    }
    let copy = copy(root)?;
    let mut missed = 0;
    for mutant in chosen {
        let found = try_one(&copy, mutant)?;
        missed += usize::from(!matches!(found, Found::Noticed(_)));
        println!("{}", told(mutant, &found, as_json));
    }
    fs::remove_dir_all(copy.join("tree")).map_err(|error| error.to_string())?;
    Ok(ExitCode::from(if missed == 0 { 0 } else { 8 }))
}

fn told(mutant: &Mutant, found: &Found, as_json: bool) -> String {
    let (word, by) = match found {
        Found::Noticed(entries) => ("noticed", entries.join(", ")),
        Found::Missed => ("missed", String::new()),
        Found::Broken(why) => ("broken", why.clone()),
    };
    if as_json {
        json!({ "name": mutant.name, "found": word, "by": by }).to_string()
    } else {
        format!("{word:8} {:28} {}\n         {by}", mutant.name, mutant.about)
    }
}

fn read(root: &Path) -> Result<Vec<Mutant>, String> {
    let text = fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| format!("{LIST}: {error}"))?;
    let list = table.get("mutant").and_then(toml::Value::as_array).ok_or("no [[mutant]]")?;
    let mutants = list.iter().map(|row| {
        let field = |name: &str| {
            let value = row.get(name).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or(format!("{LIST}: a mutant has no {name}"))
        };
        Ok(Mutant {
            name: field("name")?,
            about: field("about")?,
            file: field("file")?,
            from: field("from")?,
            to: field("to")?,
        })
    });
    mutants.collect()
}

/// A folder with what git knows of the repository in `tree`, beside a target folder that stays.
fn copy(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join("target/audit-mutants");
    let tree = folder.join("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree).map_err(|error| format!("{}: {error}", tree.display()))?;
    }
    let list = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output();
    let list = list.map_err(|error| format!("git: {error}"))?;
    let names = String::from_utf8(list.stdout).map_err(|error| error.to_string())?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let to = tree.join(name);
        let parent = to.parent().ok_or("a file without a folder")?;
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        fs::copy(root.join(name), &to).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(folder)
}

fn mutated(tree: &Path, mutant: &Mutant) -> Result<(String, String), String> {
    let path = tree.join(&mutant.file);
    let whole = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", mutant.file))?;
    match whole.matches(&mutant.from).count() {
        1 => Ok((whole.clone(), whole.replacen(&mutant.from, &mutant.to, 1))),
        count => Err(format!(
            "{}: its text stands {count} times in {}, not once",
            mutant.name, mutant.file
        )),
    }
}

fn try_one(folder: &Path, mutant: &Mutant) -> Result<Found, String> {
    let tree = folder.join("tree");
    let (whole, changed) = mutated(&tree, mutant)?;
    let path = tree.join(&mutant.file);
    fs::write(&path, changed).map_err(|error| error.to_string())?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ran = Command::new(cargo)
        .current_dir(&tree)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .args(["run", "--quiet", "--release", "--package", "earnest-audit", "--example", "edges"])
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    fs::write(&path, whole).map_err(|error| error.to_string())?;
    let lines = String::from_utf8_lossy(&ran.stdout);
    let entries: Vec<String> = lines.lines().map(str::to_owned).collect();
    Ok(match ran.status.code() {
        Some(0) => Found::Missed,
        Some(8) => Found::Noticed(entries),
        _ => {
            let errors = String::from_utf8_lossy(&ran.stderr);
            let first =
                errors.lines().find(|line| line.contains("error") || line.contains("panic"));
            Found::Broken(first.unwrap_or("the audit ended by itself").to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_stands_once_in_its_file_under_a_name_of_its_own() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mutants = read(root).expect("a list");
        assert!(mutants.len() >= 12);
        for mutant in &mutants {
            let (whole, changed) = mutated(root, mutant).unwrap_or_else(|why| panic!("{why}"));
            assert_ne!(whole, changed, "{} changes nothing", mutant.name);
        }
        let names: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
        assert_eq!(names.len(), mutants.len());
    }
}
