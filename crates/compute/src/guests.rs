//! Three ready programs with their inputs: a first job, an example of the guest interface, and what
//! the tests and benchmarks run.
//!
//! Sources, build script, manifest and the licences of the data: `crates/compute/guests`.
//! Not here: anything the rest of the crate depends on; a guest is an ordinary program.

use std::fmt;

use crate::digest::Digest;
use crate::task::{Input, Task};

const DIGITS: &[u8] = include_bytes!("../guests/digits/digits.wasm");
const NBODY: &[u8] = include_bytes!("../guests/nbody/nbody.wasm");
const WORDCOUNT: &[u8] = include_bytes!("../guests/wordcount/wordcount.wasm");
const DIGITS_DATA: &[u8] = include_bytes!("../guests/digits/digits.bin");
const HAMLET: &[u8] = include_bytes!("../guests/wordcount/hamlet.txt");

/// Digits in a training chunk.
const TRAIN_BATCH: usize = 32;
/// Training chunks; the rest of the digits are never trained on.
const TRAIN_CHUNKS: usize = 46;
/// Digits in a test chunk.
const TEST_BATCH: usize = 65;
/// Pieces the text is cut into.
const TEXT_CHUNKS: usize = 256;

/// A program with everything a task over it needs.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Its name: `digits`, `nbody` or `wordcount`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// The module.
    pub module: &'static [u8],
    /// The input's chunks.
    pub chunks: Vec<Vec<u8>>,
    /// Steps that make a meaningful whole.
    pub steps: u64,
    /// A cap that no step of it reaches: about twice its dearest step.
    pub step_gas_max: u64,
}

impl Guest {
    /// The input, hashed.
    pub fn input(&self) -> Input {
        Input::new(self.chunks.clone()).expect("chunks are below 17 KiB and at most 256")
    }

    /// The task of the default number of steps with this seed; its gas bound is steps + 1 times the
    /// step's cap, so that it never halts.
    pub fn task(&self, seed: Digest) -> Task {
        let input = self.input();
        Task {
            program: Digest::of_program(self.module),
            input_root: input.root(),
            chunk_count: input.count(),
            steps: self.steps,
            seed,
            step_gas_max: self.step_gas_max,
            gas_bound: self.steps.saturating_add(1).saturating_mul(self.step_gas_max),
        }
    }
}

/// All three, `digits` first.
pub fn all() -> [Guest; 3] {
    [
        Guest {
            name: "digits",
            summary: "trains a small neural network on handwritten digits and tests it",
            module: DIGITS,
            chunks: digits_chunks(),
            steps: 306, // Six times through 46 training and 5 test chunks.
            step_gas_max: 1_600_000,
        },
        Guest {
            name: "nbody",
            summary: "simulates 32 bodies under gravity and reports the energy error",
            module: NBODY,
            chunks: Vec::new(),
            steps: 300,
            step_gas_max: 1_500_000,
        },
        Guest {
            name: "wordcount",
            summary: "counts the words of Shakespeare's Hamlet",
            module: WORDCOUNT,
            chunks: text_chunks(HAMLET),
            steps: 256, // Once through the text.
            step_gas_max: 400_000,
        },
    ]
}

/// The guest of that name.
pub fn by_name(name: &str) -> Option<Guest> {
    all().into_iter().find(|guest| guest.name == name)
}

fn digits_chunks() -> Vec<Vec<u8>> {
    let (train, test) = DIGITS_DATA.split_at(TRAIN_CHUNKS * TRAIN_BATCH * 65);
    let chunk = |kind: u8, rows: &[u8]| {
        let count = u8::try_from(rows.len() / 65).expect("batches are below 73");
        let labels = rows.chunks(65).map(|row| row[0]);
        let images = rows.chunks(65).flat_map(|row| row[1..].iter().copied());
        [count, kind].into_iter().chain(labels).chain(images).collect::<Vec<u8>>()
    };
    let train = train.chunks(TRAIN_BATCH * 65).map(|rows| chunk(0, rows));
    train.chain(test.chunks(TEST_BATCH * 65).map(|rows| chunk(1, rows))).collect()
}

/// Cuts at line ends into [`TEXT_CHUNKS`] pieces of about equal length.
fn text_chunks(text: &[u8]) -> Vec<Vec<u8>> {
    let mut chunks = Vec::with_capacity(TEXT_CHUNKS);
    let mut start = 0;
    for piece in 1..=TEXT_CHUNKS {
        let least = (text.len() * piece / TEXT_CHUNKS).max(start);
        let line = text[least..].iter().position(|byte| *byte == b'\n');
        let end = line.map_or(text.len(), |line| least + line + 1);
        chunks.push(text[start..end].to_vec());
        start = end;
    }
    chunks
}

/// One value read from a state.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A measure.
    Real(f64),
    /// Words.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Count(count) => write!(f, "{count}"),
            Value::Real(real) if *real != 0.0 && real.abs() < 1e-3 => write!(f, "{real:.3e}"),
            Value::Real(real) => write!(f, "{real:.4}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// The documented output fields of a guest's state; empty for another name or a shorter state. The
/// offsets are those of `manifest.toml`.
pub fn report(name: &str, state: &[u8]) -> Vec<(&'static str, Value)> {
    let fields = match name {
        "digits" => digits_report(state),
        "nbody" => nbody_report(state),
        "wordcount" => wordcount_report(state),
        _ => None,
    };
    fields.unwrap_or_default()
}

fn u32_at(state: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(state.get(at..at + 4)?.try_into().ok()?))
}

fn count_at(state: &[u8], at: usize) -> Option<Value> {
    u32_at(state, at).map(|count| Value::Count(count.into()))
}

fn f32_at(state: &[u8], at: usize) -> Option<Value> {
    u32_at(state, at).map(|bits| Value::Real(f32::from_bits(bits).into()))
}

fn f64_at(state: &[u8], at: usize) -> Option<Value> {
    let bytes = state.get(at..at + 8)?.try_into().ok()?;
    Some(Value::Real(f64::from_le_bytes(bytes)))
}

fn digits_report(state: &[u8]) -> Option<Vec<(&'static str, Value)>> {
    Some(vec![
        ("accuracy", f32_at(state, 0)?),
        ("confidence", f32_at(state, 4)?),
        ("updates", count_at(state, 8)?),
        ("right", count_at(state, 12)?),
        ("tested", count_at(state, 16)?),
    ])
}

fn nbody_report(state: &[u8]) -> Option<Vec<(&'static str, Value)>> {
    Some(vec![
        ("energy_error", f64_at(state, 0)?),
        ("energy", f64_at(state, 8)?),
        ("energy_first", f64_at(state, 16)?),
        ("time", f64_at(state, 24)?),
    ])
}

fn wordcount_report(state: &[u8]) -> Option<Vec<(&'static str, Value)>> {
    let mut top = Vec::new();
    for entry in state.get(120..280)?.chunks(16) {
        let (count, word) = entry.split_at(4);
        let word: String = word.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect();
        let count = u32::from_le_bytes(count.try_into().ok()?);
        if 0 < count {
            top.push(format!("{word} {count}"));
        }
    }
    Some(vec![
        ("words", count_at(state, 8)?),
        ("distinct", count_at(state, 12)?),
        ("lines", count_at(state, 4)?),
        ("bytes", count_at(state, 0)?),
        ("top", Value::Text(top.join(", "))),
    ])
}
