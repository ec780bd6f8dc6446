//! The loop: which input next, and what is a finding.

use std::{
    fmt::Write,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::{Duration, Instant},
};

use earnest_testkit::{
    bytes::{self, damage},
    soak::Random,
};

use crate::targets::{self, Bench, Outcome, Target};

/// What to do.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How long, over all targets.
    pub(crate) time: Duration,
    /// One target; all if none.
    pub(crate) target: Option<&'static str>,
    /// Where the random numbers begin.
    pub(crate) seed: u64,
    /// Say it as JSON.
    pub(crate) json: bool,
}

/// Most bytes of noise, and of an input after damage.
const NOISE_BYTES_MAX: u64 = 512;
/// Most bytes that this process may ever have had in memory (1 GiB).
const RESIDENT_BYTES_MAX: u64 = 1 << 30;

/// What a target came to.
struct Row {
    name: &'static str,
    inputs: u64,
    taken: u64,
    slowest: Duration,
}

pub(crate) fn run(plan: &Plan) -> ExitCode {
    let names: Vec<&'static str> = match plan.target {
        Some(name) => vec![name],
        None => targets::NAMES.iter().map(|(name, _)| *name).collect(),
    };
    let share = plan.time / u32::try_from(names.len()).expect("a few targets");
    let bench = Bench::new();
    let mut rows = Vec::new();
    for name in names {
        let row = match name {
            targets::RULES => rules(plan.seed, share),
            _ => decoder(bench.target(name), plan.seed, share),
        };
        match row {
            Ok(row) => rows.push(row),
            Err(finding) => {
                eprintln!("{finding}\nthe same again: --target {name} --seed {}", plan.seed);
                return ExitCode::from(8);
            }
        }
    }
    let resident = resident_most();
    if resident.is_some_and(|bytes| RESIDENT_BYTES_MAX < bytes) {
        eprintln!("memory grew to {resident:?} bytes, more than {RESIDENT_BYTES_MAX}");
        return ExitCode::from(8);
    }
    print(plan, &rows);
    ExitCode::SUCCESS
}

/// Commands that decode, applied to living states: the target that the rules had first.
fn rules(seed: u64, time: Duration) -> Result<Row, String> {
    let started = Instant::now();
    let tried = catch_unwind(|| bytes::run(seed, |_| started.elapsed() < time));
    let tried = tried.map_err(|_| "damaged bytes broke the rules, see above".to_owned())?;
    let (inputs, taken) = (tried.inputs, tried.accepted);
    Ok(Row { name: targets::RULES, inputs, taken, slowest: Duration::ZERO })
}

fn decoder(mut target: Target<'_>, seed: u64, time: Duration) -> Result<Row, String> {
    let mut random = Random::new(seed);
    let mut row = Row { name: target.name, inputs: 0, taken: 0, slowest: Duration::ZERO };
    // Seeds themselves first: a target that refuses all of them would test nothing.
    for seed in target.seeds.clone() {
        if try_one(&mut target, &seed, &mut row)? == Outcome::Refused {
            return Err(format!("{} refuses a seed: {}", row.name, hex(&seed)));
        }
    }
    let started = Instant::now();
    while started.elapsed() < time {
        let input = match random.next_u64() % 16 {
            0 => noise(&mut random),
            _ => {
                let at = random.next_u64() as usize % target.seeds.len();
                damage(target.seeds[at].clone(), &mut random)
            }
        };
        try_one(&mut target, &input, &mut row)?;
    }
    Ok(row)
}

fn try_one(target: &mut Target<'_>, input: &[u8], row: &mut Row) -> Result<Outcome, String> {
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.law)(input)));
    let taken = started.elapsed();
    row.inputs += 1;
    row.slowest = row.slowest.max(taken);
    let name = target.name;
    let outcome = outcome.map_err(|_| format!("{name}: a law is broken by {}", hex(input)))?;
    if target.time_most < taken {
        return Err(format!("{name}: {taken:?}, more than {:?}: {}", target.time_most, hex(input)));
    }
    row.taken += u64::from(outcome == Outcome::Taken);
    Ok(outcome)
}

fn noise(random: &mut Random) -> Vec<u8> {
    let length = random.next_u64() % NOISE_BYTES_MAX;
    (0..length).map(|_| random.next_u64() as u8).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The most memory that this process ever had, in bytes; none where the system does not say.
fn resident_most() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn print(plan: &Plan, rows: &[Row]) {
    let total: u64 = rows.iter().map(|row| row.inputs).sum();
    if plan.json {
        let targets: Vec<_> = rows
            .iter()
            .map(|row| {
                let slowest = row.slowest.as_millis();
                let (name, inputs, taken) = (row.name, row.inputs, row.taken);
                serde_json::json!({ "target": name, "inputs": inputs, "taken": taken,
                                    "slowest_ms": slowest as u64 })
            })
            .collect();
        let seed = plan.seed;
        let report = serde_json::json!({ "inputs": total, "violations": 0, "seed": seed,
                                         "targets": targets });
        println!("{report}");
        return;
    }
    for Row { name, inputs, taken, slowest } in rows {
        println!("{name:<12} {inputs:>10} inputs, {taken:>9} taken, slowest {slowest:?}");
    }
    println!("{total} inputs: nothing panicked, every law held");
}
