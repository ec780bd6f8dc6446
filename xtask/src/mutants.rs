//! Audit mutants: faults put into a copy of the rules, one at a time; does the audit notice?
//!
//! The faults are data (`crates/audit/mutants.toml`), each with what was found of it and, if that
//! is nothing, the reason. The audit's `edges` example is built and run in a copy of what git
//! knows, first without a fault (the *baseline*), then with each.
//!
//! Laws: the working tree is never changed; a fault is found only by what the baseline has not; a
//! fault whose text does not stand exactly once in its file is refused, here and by a test, so that
//! no fault is silently none. What changed against the list fails, whether for better or worse.

use std::{
    collections::BTreeSet,
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
    recorded: Word,
    /// Why it is missed; only what is missed has one.
    reason: Option<String>,
}

/// What became of a fault, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Something pays that did not.
    Pays,
    /// Something is not shown that was.
    NotShown,
    /// Nothing differs.
    Missed,
}

impl Word {
    const ALL: [Word; 3] = [Word::Pays, Word::NotShown, Word::Missed];

    fn text(self) -> &'static str {
        match self {
            Word::Pays => "pays",
            Word::NotShown => "not shown",
            Word::Missed => "missed",
        }
    }
}

/// What does not hold: setting, entry with kind, and word, as the example prints them.
type Lines = BTreeSet<String>;

/// What came of playing.
enum Played {
    Lines(Lines),
    /// It does not compile, or the audit could not be run.
    Broken(String),
}

/// A fault beside the baseline.
struct Found {
    word: Word,
    /// Lines that the baseline has not.
    by: Vec<String>,
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
    let text = fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let mutants = read(&text)?;
    let chosen: Vec<&Mutant> =
        mutants.iter().filter(|mutant| only.is_none_or(|name| mutant.name == name)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no mutant of that name; {LIST} has them"));
    }
    let folder = copy(root)?;
    let baseline = match play(&folder, "baseline")? {
        Played::Lines(lines) => lines,
        Played::Broken(why) => return Err(format!("the rules without a fault: {why}")),
    };
    let list: Vec<&str> = baseline.iter().map(String::as_str).collect();
    let word = if list.is_empty() { "holds" } else { "does not" };
    println!("{}", told("baseline", "the rules without a fault", word, &list, None, as_json));
    let mut changed = 0;
    for mutant in chosen {
        let (word, by, change) = match try_one(&folder, mutant)? {
            Played::Lines(lines) => {
                let found = compare(&baseline, &lines);
                (found.word.text(), found.by, change(mutant, found.word))
            }
            Played::Broken(why) => ("broken", vec![why], Some("it could not be played".into())),
        };
        changed += usize::from(change.is_some());
        let by: Vec<&str> = match (&mutant.reason, word) {
            (Some(reason), "missed") => vec![reason],
            _ => by.iter().map(String::as_str).collect(),
        };
        println!("{}", told(&mutant.name, &mutant.about, word, &by, change.as_deref(), as_json));
    }
    fs::remove_dir_all(folder.join("tree")).map_err(|error| error.to_string())?;
    Ok(ExitCode::from(if changed == 0 { 0 } else { 8 }))
}

/// Only what the baseline has not was found by the fault.
fn compare(baseline: &Lines, lines: &Lines) -> Found {
    let by: Vec<String> = lines.difference(baseline).cloned().collect();
    let ends = |word: Word| by.iter().any(|line| line.ends_with(word.text()));
    let word = match (ends(Word::Pays), by.is_empty()) {
        (true, _) => Word::Pays,
        (false, false) => Word::NotShown,
        (false, true) => Word::Missed,
    };
    Found { word, by }
}

/// How what was found differs from what the list says, if it does.
fn change(mutant: &Mutant, found: Word) -> Option<String> {
    let (was, is) = (mutant.recorded.text(), found.text());
    if mutant.recorded == found {
        return None;
    }
    let what = match (mutant.recorded, found) {
        (Word::Missed, _) => "the audit now finds what it missed",
        (_, Word::Missed) => "the audit now misses what it found",
        _ => "it is found otherwise",
    };
    Some(format!("{what}: {LIST} says \"{was}\", now \"{is}\""))
}

fn told(
    name: &str,
    about: &str,
    word: &str,
    by: &[&str],
    change: Option<&str>,
    as_json: bool,
) -> String {
    if as_json {
        return json!({ "name": name, "found": word, "by": by, "changed": change }).to_string();
    }
    let change = change.map_or(String::new(), |change| format!("\n          CHANGED: {change}"));
    format!("{word:9} {name:28} {about}\n          {}{change}", by.join(", "))
}

fn read(text: &str) -> Result<Vec<Mutant>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| format!("{LIST}: {error}"))?;
    let list = table.get("mutant").and_then(toml::Value::as_array).ok_or("no [[mutant]]")?;
    let mutants = list.iter().map(|row| {
        let field = |name: &str| {
            let value = row.get(name).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or(format!("{LIST}: a mutant has no {name}"))
        };
        let (name, recorded) = (field("name")?, field("found")?);
        let recorded = Word::ALL.into_iter().find(|word| word.text() == recorded).ok_or(
            format!("{LIST}: {name} was found \"{recorded}\"; write pays, not shown or missed"),
        )?;
        let reason = field("reason").ok();
        if (recorded == Word::Missed) != reason.is_some() {
            return Err(format!("{LIST}: {name}: what is missed, and only that, has a reason"));
        }
        Ok(Mutant {
            name,
            recorded,
            reason,
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

fn try_one(folder: &Path, mutant: &Mutant) -> Result<Played, String> {
    let tree = folder.join("tree");
    let (whole, changed) = mutated(&tree, mutant)?;
    let path = tree.join(&mutant.file);
    fs::write(&path, changed).map_err(|error| error.to_string())?;
    let played = play(folder, &mutant.name);
    fs::write(&path, whole).map_err(|error| error.to_string())?;
    played
}

/// Builds and runs the audit in the copy; traces of what does not hold go to `traces/<name>`.
fn play(folder: &Path, name: &str) -> Result<Played, String> {
    let traces = folder.join("traces").join(name);
    if traces.exists() {
        fs::remove_dir_all(&traces).map_err(|error| format!("{}: {error}", traces.display()))?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ran = Command::new(cargo)
        .current_dir(folder.join("tree"))
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .args(["run", "--quiet", "--release", "--package", "earnest-audit", "--example", "edges"])
        .arg("--")
        .arg(&traces)
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    let lines = String::from_utf8_lossy(&ran.stdout).lines().map(str::to_owned).collect();
    Ok(match ran.status.code() {
        Some(0 | 8) => Played::Lines(lines),
        _ => {
            let errors = String::from_utf8_lossy(&ran.stderr);
            let first =
                errors.lines().find(|line| line.contains("error") || line.contains("panic"));
            Played::Broken(first.unwrap_or("the audit ended by itself").to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Mutant> {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        read(&fs::read_to_string(root.join(LIST)).expect("it is there")).expect("a list")
    }

    fn lines(list: &[&str]) -> Lines {
        list.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn every_fault_stands_once_in_its_file_under_a_name_of_its_own() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mutants = list();
        assert!(mutants.len() >= 12);
        for mutant in &mutants {
            let (whole, changed) = mutated(root, mutant).unwrap_or_else(|why| panic!("{why}"));
            assert_ne!(whole, changed, "{} changes nothing", mutant.name);
        }
        let names: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
        assert_eq!(names.len(), mutants.len());
    }

    #[test]
    fn a_fault_is_found_only_by_what_the_baseline_has_not() {
        let baseline = lines(&["edge: abandonment/rare pays"]);
        let word = |list: &[&str]| compare(&baseline, &lines(list)).word;
        assert_eq!(word(&["edge: abandonment/rare pays"]), Word::Missed);
        assert_eq!(word(&[]), Word::Missed, "what holds now is no find");
        assert_eq!(word(&["edge: abandonment/rare not shown"]), Word::NotShown);
        let both =
            ["edge: abandonment/rare pays", "edge: lie/rare not shown", "edge: lie/pair pays"];
        let found = compare(&baseline, &lines(&both));
        assert_eq!(found.word, Word::Pays);
        assert_eq!(found.by, ["edge: lie/pair pays", "edge: lie/rare not shown"]);
    }

    #[test]
    fn what_is_not_as_recorded_is_a_change_in_either_direction() {
        for mutant in &list() {
            for word in Word::ALL {
                let change = change(mutant, word);
                assert_eq!(change.is_none(), word == mutant.recorded, "{change:?}");
                if let Some(change) = change {
                    let misses = change.contains("now misses what it found");
                    let finds = change.contains("now finds what it missed");
                    assert_eq!(misses, word == Word::Missed, "{change}");
                    assert_eq!(finds, mutant.recorded == Word::Missed, "{change}");
                }
            }
        }
    }

    #[test]
    fn what_is_missed_and_only_that_has_a_reason() {
        let row = |rest: &str| {
            let row =
                "[[mutant]]\nname = \"a\"\nabout = \"b\"\nfile = \"c\"\nfrom = \"d\"\nto = \"e\"";
            read(&format!("{row}\n{rest}"))
        };
        assert!(row("found = \"pays\"").is_ok());
        assert!(row("found = \"missed\"\nreason = \"f\"").is_ok());
        assert!(row("found = \"missed\"").is_err());
        assert!(row("found = \"pays\"\nreason = \"f\"").is_err());
        assert!(row("found = \"noticed\"").is_err());
        assert!(row("").is_err());
    }
}
