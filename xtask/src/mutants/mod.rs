//! Mutants: faults put into a copy of the repository, one at a time; does what checks it notice?
//!
//! The faults are data (`mutants.toml` beside what should notice them), each with what was found of
//! it and, if that is nothing, the reason. What checks is a program that is built and run in the
//! copy: the audit over the rules (`audit`), the world over the storage code (`world`).
//!
//! Laws: the working tree is never changed; a fault whose text does not stand exactly once in its
//! file is refused, here and by a test, so that no fault is silently none. What changed against the
//! list fails, whether for better or worse.
//! Not here: mutants that a tool makes of every line (`cargo mutants`, docs/mutants.md).

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde_json::json;

pub(crate) mod audit;
pub(crate) mod world;

/// What is said of a fault that nothing noticed.
const MISSED: &str = "missed";

/// One fault.
struct Mutant {
    name: String,
    about: String,
    file: String,
    from: String,
    to: String,
    /// What was found of it.
    recorded: String,
    /// Why it is missed; only what is missed has one.
    reason: Option<String>,
}

/// What a person asked for.
struct Asked<'a> {
    /// Names between commas; all if there are none.
    only: Option<&'a str>,
    as_json: bool,
}

impl<'a> Asked<'a> {
    fn read(command: &str, words: &[&'a str]) -> Result<Asked<'a>, String> {
        let mut asked = Asked { only: None, as_json: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--json" => asked.as_json = true,
                "--only" => asked.only = Some(*words.next().ok_or("--only wants a name")?),
                other => return Err(format!("{command} does not know {other}")),
            }
        }
        Ok(asked)
    }

    fn choose<'m>(&self, mutants: &'m [Mutant], list: &str) -> Result<Vec<&'m Mutant>, String> {
        let Some(names) = self.only else { return Ok(mutants.iter().collect()) };
        let named = |name: &str| {
            let found = mutants.iter().find(|mutant| mutant.name == name);
            found.ok_or(format!("there is no mutant {name}; {list} has them"))
        };
        names.split(',').map(named).collect()
    }
}

/// Prints what became of each fault, and counts what is not as recorded.
struct Report {
    list: &'static str,
    as_json: bool,
    changed: usize,
}

impl Report {
    fn new(list: &'static str, as_json: bool) -> Report {
        Report { list, as_json, changed: 0 }
    }

    fn found(&mut self, mutant: &Mutant, word: &str, by: &[String]) {
        let change = change(mutant, word);
        let change = change
            .map(|(what, was)| format!("{what}: {} says \"{was}\", now \"{word}\"", self.list));
        let by: Vec<&str> = match (&mutant.reason, word) {
            (Some(reason), MISSED) => vec![reason],
            _ => by.iter().map(String::as_str).collect(),
        };
        self.say((&mutant.name, &mutant.about), word, &by, change.as_deref());
    }

    fn broken(&mut self, mutant: &Mutant, why: &str) {
        let change = Some("it could not be tried");
        self.say((&mutant.name, &mutant.about), "broken", &[why], change);
    }

    fn say(&mut self, (name, about): (&str, &str), word: &str, by: &[&str], change: Option<&str>) {
        self.changed += usize::from(change.is_some());
        if self.as_json {
            println!("{}", json!({ "name": name, "found": word, "by": by, "changed": change }));
            return;
        }
        let change =
            change.map_or(String::new(), |change| format!("\n          CHANGED: {change}"));
        println!("{word:9} {name:28} {about}\n          {}{change}", by.join(", "));
    }

    fn end(self) -> ExitCode {
        ExitCode::from(if self.changed == 0 { 0 } else { 8 })
    }
}

/// How what was found differs from what the list says, and what that is, if it does.
fn change<'a>(mutant: &'a Mutant, found: &str) -> Option<(&'static str, &'a str)> {
    let was = mutant.recorded.as_str();
    match (was, found) {
        (was, found) if was == found => None,
        (MISSED, _) => Some(("it is found now and was missed", was)),
        (_, MISSED) => Some(("it is missed now and was found", was)),
        _ => Some(("it is found otherwise", was)),
    }
}

fn list(root: &Path, list: &str) -> Result<Vec<Mutant>, String> {
    let text = fs::read_to_string(root.join(list)).map_err(|error| format!("{list}: {error}"))?;
    read(&text, list)
}

fn read(text: &str, list: &str) -> Result<Vec<Mutant>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| format!("{list}: {error}"))?;
    let rows = table.get("mutant").and_then(toml::Value::as_array).ok_or("no [[mutant]]")?;
    let mutants = rows.iter().map(|row| {
        let field = |name: &str| {
            let value = row.get(name).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or(format!("{list}: a mutant has no {name}"))
        };
        let (name, recorded, reason) = (field("name")?, field("found")?, field("reason").ok());
        if (recorded == MISSED) != reason.is_some() {
            return Err(format!("{list}: {name}: what is missed, and only that, has a reason"));
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
struct Copy(PathBuf);

impl Copy {
    fn of(root: &Path, name: &str) -> Result<Copy, String> {
        let copy = Copy(root.join("target").join(name));
        let tree = copy.tree();
        if tree.exists() {
            copy.remove()?;
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
        Ok(copy)
    }

    fn folder(&self) -> &Path {
        &self.0
    }

    fn tree(&self) -> PathBuf {
        self.0.join("tree")
    }

    fn remove(&self) -> Result<(), String> {
        let tree = self.tree();
        fs::remove_dir_all(&tree).map_err(|error| format!("{}: {error}", tree.display()))
    }

    /// Does something while a fault is in the copy.
    fn with<T>(
        &self,
        mutant: &Mutant,
        work: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let (path, whole, changed) = mutated(&self.tree(), mutant)?;
        fs::write(&path, changed).map_err(|error| error.to_string())?;
        let done = work();
        fs::write(&path, whole).map_err(|error| error.to_string())?;
        done
    }

    /// Cargo in the copy.
    fn cargo(&self, words: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(self.tree()).env("CARGO_TARGET_DIR", self.0.join("target")).args(words);
        cargo
    }
}

fn mutated(tree: &Path, mutant: &Mutant) -> Result<(PathBuf, String, String), String> {
    let path = tree.join(&mutant.file);
    let whole = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", mutant.file))?;
    match whole.matches(&mutant.from).count() {
        1 => {
            let changed = whole.replacen(&mutant.from, &mutant.to, 1);
            Ok((path, whole, changed))
        }
        count => Err(format!(
            "{}: its text stands {count} times in {}, not once",
            mutant.name, mutant.file
        )),
    }
}

/// What a program that ended by itself said first.
fn first_error(errors: &[u8]) -> String {
    let errors = String::from_utf8_lossy(errors);
    let first = errors.lines().find(|line| line.contains("error") || line.contains("panic"));
    first.unwrap_or("it ended by itself").to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    #[test]
    fn every_fault_stands_once_in_its_file_under_a_name_of_its_own() {
        for (file, words) in
            [(audit::LIST, &["pays", "not shown", MISSED][..]), (world::LIST, &["found", MISSED])]
        {
            let mutants = list(Path::new(ROOT), file).unwrap_or_else(|why| panic!("{why}"));
            assert!(mutants.len() >= 12, "{file}");
            for mutant in &mutants {
                let (_, whole, changed) =
                    mutated(Path::new(ROOT), mutant).unwrap_or_else(|why| panic!("{why}"));
                assert_ne!(whole, changed, "{} changes nothing", mutant.name);
                assert!(words.contains(&mutant.recorded.as_str()), "{file}: {}", mutant.name);
            }
            let names: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
            assert_eq!(names.len(), mutants.len(), "{file}");
        }
    }

    fn row(rest: &str) -> Result<Vec<Mutant>, String> {
        let row = "[[mutant]]\nname = \"a\"\nabout = \"b\"\nfile = \"c\"\nfrom = \"d\"\nto = \"e\"";
        read(&format!("{row}\n{rest}"), "here")
    }

    #[test]
    fn what_is_not_as_recorded_is_a_change_in_either_direction() {
        let of = |text: &str| row(text).expect("a fault").remove(0);
        let (found, missed) = (of("found = \"pays\""), of("found = \"missed\"\nreason = \"f\""));
        assert!(change(&found, "pays").is_none() && change(&missed, "missed").is_none());
        assert_eq!(change(&found, "missed"), Some(("it is missed now and was found", "pays")));
        assert_eq!(change(&missed, "pays"), Some(("it is found now and was missed", "missed")));
        assert_eq!(change(&found, "not shown"), Some(("it is found otherwise", "pays")));
    }

    #[test]
    fn what_is_missed_and_only_that_has_a_reason() {
        assert!(row("found = \"pays\"").is_ok());
        assert!(row("found = \"missed\"\nreason = \"f\"").is_ok());
        assert!(row("found = \"missed\"").is_err());
        assert!(row("found = \"pays\"\nreason = \"f\"").is_err());
        assert!(row("").is_err());
    }
}
