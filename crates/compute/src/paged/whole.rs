//! A plain program run once, whole, in a child process: the messages and the child's side.
//!
//! ```text
//!   parent: Order, module, input ─► child
//!   child: Output*, Shown, then Ended | Failed ─► parent, and it ends
//! ```
//! Frames are those of `runner`; module and input are cut into as many as they need. For an author
//! who tries a program: the claim is that of a job, the pausable module is not there.
//! Law: every length is bounded before anything is allocated; the child opens nothing.
//! Known shortcomings: the output is sent when the program has ended.
//! Not here: the run (`run`), clocks and killing (crate `worker`).

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::program::{Kind, Program};
use super::run::{COARSE_TICKS, Plain};
use super::state::Claim;
use super::task::{Input, Task};
use super::wire::{PIECE_BYTES, invalid, read_message, read_pieces, write_message, write_pieces};
use crate::digest::Digest;
use crate::executor::{EngineFault, EngineKind};

/// Most bytes of a plain module (8 MiB).
pub const MODULE_BYTES_MAX: u64 = super::program::MODULE_BYTES_MAX as u64;
/// Most bytes of an input (128 MiB): a child may write to half a GiB of memory in all.
pub const INPUT_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Most bytes of an output (64 MiB); one more and the program traps.
pub const OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes of memory that can be asked to be shown.
pub const SHOWN_BYTES_MAX: u64 = 1024 * 1024;

/// What the child is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Bytes of the module that follows.
    pub module_bytes: u64,
    /// Bytes of the input that follows.
    pub input_bytes: u64,
    /// Ticks after which the program is halted.
    pub ticks_bound: u64,
    /// From where on the memory is to be sent when the program has ended.
    pub shown_at: u64,
    /// How much of it.
    pub shown_bytes: u64,
}

/// What a run leaves besides its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How it ended, after how many ticks, with which output: what a job's provider would seal.
    pub claim: Claim,
    /// Coarse steps that it took.
    pub slices: u64,
    /// Bytes of its memory then.
    pub memory_bytes: u64,
    /// Nanoseconds of compiling.
    pub compile_nanos: u64,
    /// Nanoseconds of running.
    pub run_nanos: u64,
}

/// What the child answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The next bytes of the output.
    Output(#[serde(with = "crate::bytes")] Vec<u8>),
    /// The part of the memory that was asked for.
    Shown(#[serde(with = "crate::bytes")] Vec<u8>),
    /// The end.
    Ended(Ending),
    /// The end: the engine failed, which says nothing of the program.
    Failed(EngineFault),
}

/// All that a run has left, in the child.
struct Ran {
    output: Vec<u8>,
    shown: Vec<u8>,
    ending: Ending,
}

/// Parent: sends an order for this module and input, whose lengths it gets here, and flushes.
///
/// # Errors
/// The writer's, or `InvalidData` above a bound.
pub fn write_order(
    writer: &mut impl Write,
    order: Order,
    module: &[u8],
    input: &[u8],
) -> io::Result<()> {
    let long = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let order = Order { module_bytes: long(module), input_bytes: long(input), ..order };
    check(&order)?;
    write_message(writer, &order)?;
    write_pieces(writer, module)?;
    write_pieces(writer, input)?;
    writer.flush()
}

/// Parent: reads the next answer; `None` when the child has ended.
///
/// # Errors
/// The reader's, or `InvalidData` for bytes that are no answer.
pub fn read_answer(reader: &mut impl Read) -> io::Result<Option<Answer>> {
    read_message(reader)
}

/// Child: reads one order, runs it, answers, returns. Uses no thread.
///
/// # Errors
/// Only the streams'; whatever fails in the run is [`Answer::Failed`].
pub fn serve(mut reader: impl Read, mut writer: impl Write) -> io::Result<()> {
    let order: Order = read_message(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    check(&order)?;
    let module = read_pieces(&mut reader, order.module_bytes)?;
    let input = read_pieces(&mut reader, order.input_bytes)?;
    let last = match carry_out(&order, &module, input) {
        Ok(ran) => {
            for piece in ran.output.chunks(PIECE_BYTES) {
                write_message(&mut writer, &Answer::Output(piece.to_vec()))?;
            }
            write_message(&mut writer, &Answer::Shown(ran.shown))?;
            Answer::Ended(ran.ending)
        }
        Err(fault) => Answer::Failed(fault),
    };
    write_message(&mut writer, &last)?;
    writer.flush()
}

fn carry_out(order: &Order, module: &[u8], input: Vec<u8>) -> Result<Ran, EngineFault> {
    let begun = Instant::now();
    let refused = |why: &dyn std::fmt::Display| EngineFault::Compile(why.to_string());
    let program = Program::read(module, Kind::Plain).map_err(|why| refused(&why))?;
    let plain = Plain::new(EngineKind::Jit, &program)?;
    let compiling = begun.elapsed();
    let input = Input::new(input).ok_or_else(|| refused(&"the input is too long"))?;
    let task = Task {
        program: Digest::of_program(module),
        input_root: input.tree().root(),
        input_length: order.input_bytes,
        ticks_bound: order.ticks_bound,
        output_bound: OUTPUT_BYTES_MAX,
    };
    task.check().map_err(|why| refused(&why))?;
    let (mut shown, mut memory_bytes) = (Vec::new(), 0);
    let show = |memory: &[u8]| {
        memory_bytes = u64::try_from(memory.len()).unwrap_or(u64::MAX);
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(memory.len());
        let (start, end) = (order.shown_at, order.shown_at.saturating_add(order.shown_bytes));
        shown = memory[at(start)..at(end)].to_vec();
    };
    let begun = Instant::now();
    let outcome = plain.run_to_end(&task, &Arc::new(input), show)?;
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let ending = Ending {
        claim: outcome.claim,
        slices: (outcome.claim.ticks / COARSE_TICKS).saturating_add(1),
        memory_bytes,
        compile_nanos: nanos(compiling),
        run_nanos: nanos(begun.elapsed()),
    };
    Ok(Ran { output: outcome.output, shown, ending })
}

fn check(order: &Order) -> io::Result<()> {
    let fits = order.module_bytes <= MODULE_BYTES_MAX
        && order.input_bytes <= INPUT_BYTES_MAX
        && order.shown_bytes <= SHOWN_BYTES_MAX;
    if fits { Ok(()) } else { Err(invalid("the order is above a bound")) }
}
