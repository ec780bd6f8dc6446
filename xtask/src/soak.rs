//! Soak: the rules under random commands, for as long as one likes.
//!
//! Not here: what is sent and checked (`earnest-testkit`).

use std::{process::ExitCode, time::Instant};

use earnest_testkit::{
    kinds,
    soak::{self, Plan, Tally},
};

/// `--name N` in `words`, or what stands in for it.
fn number(words: &[&str], name: &str, default: u64) -> Result<u64, String> {
    let Some(at) = words.iter().position(|word| *word == name) else { return Ok(default) };
    let value = words.get(at + 1).ok_or(format!("{name} wants a number"))?;
    value.parse().map_err(|_| format!("{name} wants a number, not `{value}`"))
}

/// Every word is an option of `options` or its number, or `--json`.
fn check(words: &[&str], options: &[&str]) -> Result<bool, String> {
    let mut words = words.iter();
    let mut json = false;
    while let Some(word) = words.next() {
        if *word == "--json" {
            json = true;
        } else if options.contains(word) {
            words.next();
        } else {
            return Err(format!(
                "there is no `{word}`; there are {} and --json",
                options.join(", ")
            ));
        }
    }
    Ok(json)
}

/// `cargo xtask soak`.
pub(crate) fn run_soak(words: &[&str]) -> Result<ExitCode, String> {
    let json = check(words, &["--commands", "--seed"])?;
    let plan =
        Plan { commands: number(words, "--commands", 100_000)?, seed: number(words, "--seed", 1)? };
    let started = Instant::now();
    let done = std::panic::catch_unwind(|| {
        soak::run(plan, |tally| {
            if !json {
                eprint!("\r{} commands, {} jobs", tally.commands, tally.jobs);
            }
        })
    });
    let seconds = started.elapsed().as_secs_f64();
    let Ok(tally) = done else {
        let seed = plan.seed;
        println!("{{\"seed\":{seed},\"violations\":1,\"seconds\":{seconds:.1}}}");
        eprintln!("a law is broken, see above; the same again: --seed {seed}");
        return Ok(ExitCode::from(8));
    };
    if json {
        print_json(&tally, plan.seed, seconds)
    } else {
        print(&tally, seconds)
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(tally: &Tally, seed: u64, seconds: f64) {
    let Tally { commands, refused, blocks, jobs, restarts, replays, seen } = tally;
    let missed: Vec<String> = kinds::missed(seen).into_iter().collect();
    let (missed, kinds) = (missed.join("\",\""), seen.len());
    let missed = if missed.is_empty() { missed } else { format!("\"{missed}\"") };
    println!(
        "{{\"commands\":{commands},\"refused\":{refused},\"violations\":0,\"blocks\":{blocks},\
         \"jobs\":{jobs},\"restarts\":{restarts},\"replays\":{replays},\"kinds\":{kinds},\
         \"missed\":[{missed}],\"seed\":{seed},\"seconds\":{seconds:.1}}}"
    );
}

fn print(tally: &Tally, seconds: f64) {
    eprintln!();
    println!(
        "{} commands, {} refused, {} blocks, {} jobs, {} restarts, {} replays in {seconds:.1} s: \
         every law held and both ledgers agree",
        tally.commands, tally.refused, tally.blocks, tally.jobs, tally.restarts, tally.replays
    );
    println!("{} kinds of events and refusals:", tally.seen.len());
    tally.seen.iter().for_each(|kind| println!("  {kind}"));
    let missed = kinds::missed(&tally.seen);
    println!("{} kinds of events never seen:", missed.len());
    missed.iter().for_each(|kind| println!("  {kind}"));
}
