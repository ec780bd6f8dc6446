//! The world as a command: `cargo xtask world --seeds N --seed S --threads T --json`.
//!
//! Exit status: 0, or 8 if something was found, or 2 if it was asked wrongly.

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use earnest_world::{Finding, Life, live};

const USAGE: &str = "usage: cargo xtask world [--seeds N] [--seed N] [--threads N] [--json]

  lives N lives (100) from a seed (1) on: a node over a disk, a clock and a power supply that fail;
  prints what was found with the one command that shows it again";

struct Asked {
    seeds: u64,
    first: u64,
    threads: u64,
    is_json: bool,
}

fn asked() -> Result<Asked, String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = u64::try_from(threads).unwrap_or(1);
    let mut asked = Asked { seeds: 100, first: 1, threads, is_json: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().and_then(|value| value.parse().ok());
            value.ok_or(format!("{word} wants a number"))
        };
        match word.as_str() {
            "--seeds" => asked.seeds = number()?,
            "--seed" => asked.first = number()?,
            "--threads" => asked.threads = number()?.clamp(1, 64),
            "--json" => asked.is_json = true,
            other => return Err(format!("there is no `{other}`")),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    let asked = match asked() {
        Ok(asked) => asked,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A panic of the node is a finding, printed with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let (lived, found) = run(&asked);
    let seconds = started.elapsed().as_secs_f64();
    found.iter().for_each(|finding| eprintln!("{finding}\n"));
    let seeds: Vec<u64> = found.iter().map(|finding| finding.seed).collect();
    print(&asked, &lived, &seeds, seconds);
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(8) }
}

/// Lives each seed, on some threads, until a few findings are there.
fn run(asked: &Asked) -> (Life, Vec<Finding>) {
    const FINDINGS_MAX: usize = 5;
    let next = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let found = Mutex::new((Life::default(), Vec::new()));
    thread::scope(|scope| {
        for _ in 0..asked.threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= asked.seeds {
                        return;
                    }
                    let lived = live(asked.first.wrapping_add(at));
                    let mut found = found.lock().expect("nobody panics while holding it");
                    match lived {
                        Ok(life) => found.0 = found.0.and(life),
                        Err(finding) => found.1.push(*finding),
                    }
                    is_over.store(found.1.len() >= FINDINGS_MAX, Ordering::Relaxed);
                }
            });
        }
    });
    let (life, mut findings) = found.into_inner().expect("nobody panics while holding it");
    findings.sort_unstable_by_key(|finding| finding.seed);
    (life, findings)
}

fn print(asked: &Asked, life: &Life, found_in: &[u64], seconds: f64) {
    let found = found_in.len();
    let Life { starts, blocks, cuts, kills, failures, refusals, full, flips, blobs, operations } =
        life;
    let Asked { seeds, first, .. } = asked;
    if asked.is_json {
        println!(
            "{{\"seeds\":{seeds},\"seed\":{first},\"findings\":{found},\
             \"found_in\":{found_in:?},\"starts\":{starts},\"blocks\":{blocks},\
             \"power_cuts\":{cuts},\"kills\":{kills},\"failures\":{failures},\
             \"refusals\":{refusals},\"full\":{full},\"flips\":{flips},\"blobs\":{blobs},\
             \"operations\":{operations},\"seconds\":{seconds:.1}}}"
        );
    } else {
        eprintln!(
            "{seeds} lives from seed {first} in {seconds:.1} s: {found} findings, {starts} starts, \
             {blocks} blocks, {cuts} power cuts, {kills} kills, {failures} failures, {refusals} \
             refusals, {full} times full, {flips} bits turned over, {blobs} blobs, {operations} \
             operations"
        );
    }
}
