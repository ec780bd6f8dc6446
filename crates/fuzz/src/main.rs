//! Fuzz: damaged bytes for everything that reads bytes which others send, or which a disk kept.
//!
//! Key terms: a *target* is a reader with seeds, whole inputs that it takes, and a *law*, what must
//! hold of any input. Inputs are seeds damaged in a few places, and noise. Laws of all targets:
//! nothing panics, one input takes a bounded time, all of them together a bounded memory; what a
//! target demands besides stands with it in `targets`.
//! Known shortcomings: nothing is learnt from which code an input reaches (that needs a compiler
//! that is not stable); the seeds are whole instead, and the readers that check a hash first have a
//! target of their own behind it.
//! Not here: random commands under the rules' own machines (`earnest-testkit`).

mod run;
mod targets;

use std::{process::ExitCode, time::Duration};

use run::Plan;

const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [--target NAME] [--seed N] [--json]
       cargo xtask fuzz --list

  --seconds N    how long, shared by the targets (default 60)
  --target NAME  this one alone
  --seed N       where the random numbers begin (default 1)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words == ["--list"] {
        for (name, about) in targets::NAMES {
            println!("{name:<12} {about}");
        }
        return ExitCode::SUCCESS;
    }
    match read(&words) {
        Ok(plan) => run::run(&plan),
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn read(words: &[&str]) -> Result<Plan, String> {
    let mut plan = Plan { time: Duration::from_secs(60), target: None, seed: 1, json: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut next = || words.next().ok_or(format!("{word} wants a value"));
        match *word {
            "--json" => plan.json = true,
            "--seconds" => plan.time = Duration::from_secs(number(word, next()?)?),
            "--seed" => plan.seed = number(word, next()?)?,
            "--target" => plan.target = Some(known(next()?)?),
            _ => return Err(format!("there is no `{word}`")),
        }
    }
    Ok(plan)
}

fn number(word: &str, text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{word} wants a number, not `{text}`"))
}

fn known(name: &str) -> Result<&'static str, String> {
    let found = targets::NAMES.iter().find(|(known, _)| *known == name);
    let (name, _) = found.ok_or(format!("there is no target `{name}`; --list shows all"))?;
    Ok(name)
}
