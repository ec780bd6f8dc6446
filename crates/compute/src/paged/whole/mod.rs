//! A linked program run once, whole, in a child process: the messages and the child's side.
//!
//! ```text
//!   parent: Order, module, input ─► child
//!   child: Output*, Shown, then Ended | Failed ─► parent, and it ends
//! ```
//! Frames are those of `runner`; module and input are cut into as many as they need. For an author
//! who tries a program: nothing is counted, so that nobody may claim what comes out.
//! Laws: every length is bounded before anything is allocated; the child opens nothing.
//! Known shortcomings: compiled code alone; how deep it may call is the engine's to say.
//! Not here: runs by slices, and what they commit to; clocks and killing (crate `worker`).

#[cfg(feature = "jit")]
mod compiled;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::executor::EngineFault;
use crate::runner::{FRAME_BYTES_MAX, read_frame, write_frame};

/// Most bytes of a linked program (32 MiB).
pub const MODULE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most bytes of an input (128 MiB): a child may write to half a GiB of memory in all.
pub const INPUT_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Most bytes of an output (64 MiB); more stops the program.
pub const OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes of memory that can be asked to be shown.
pub const SHOWN_BYTES_MAX: u64 = 1024 * 1024;

const PIECE_BYTES: usize = FRAME_BYTES_MAX / 2;

/// What the child is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Bytes of the module that follows.
    pub module_bytes: u64,
    /// Bytes of the input that follows.
    pub input_bytes: u64,
    /// How much of the memory's beginning is to be sent when the program has ended.
    pub shown_bytes: u64,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// With a code; 0 if `_start` returned.
    Code(u32),
    /// By a fault; the engine's words, for people.
    Fault(String),
    /// It put out more than [`OUTPUT_BYTES_MAX`].
    TooMuchOutput,
}

/// What a run leaves besides its output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How it ended.
    pub exit: Exit,
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
    /// The beginning of the memory.
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

fn invalid(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

/// Parent: sends an order for this module and input, and flushes.
///
/// # Errors
/// The writer's, or `InvalidData` above a bound.
pub fn write_order(
    writer: &mut impl Write,
    module: &[u8],
    input: &[u8],
    shown_bytes: u64,
) -> io::Result<()> {
    let long = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let order = Order { module_bytes: long(module), input_bytes: long(input), shown_bytes };
    check(&order)?;
    write_message(writer, &order)?;
    for piece in module.chunks(PIECE_BYTES).chain(input.chunks(PIECE_BYTES)) {
        write_frame(writer, piece)?;
    }
    writer.flush()
}

/// Parent: reads the next answer; `None` when the child has ended.
///
/// # Errors
/// The reader's, or `InvalidData` for bytes that are no answer.
pub fn read_answer(reader: &mut impl Read) -> io::Result<Option<Answer>> {
    let Some(bytes) = read_frame(reader)? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| invalid("not an answer"))
}

/// Child: reads one order, runs it, answers, returns. Uses no thread.
///
/// # Errors
/// Only the streams'; whatever fails in the run is [`Answer::Failed`].
pub fn serve(mut reader: impl Read, mut writer: impl Write) -> io::Result<()> {
    let order = read_frame(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let order: Order = postcard::from_bytes(&order).map_err(|_| invalid("not an order"))?;
    check(&order)?;
    let module = read_pieces(&mut reader, order.module_bytes)?;
    let input = read_pieces(&mut reader, order.input_bytes)?;
    let last = match carry_out(&module, input, order.shown_bytes) {
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

#[cfg(feature = "jit")]
fn carry_out(module: &[u8], input: Vec<u8>, shown_bytes: u64) -> Result<Ran, EngineFault> {
    compiled::run(module, input, shown_bytes)
}

#[cfg(not(feature = "jit"))]
fn carry_out(_module: &[u8], _input: Vec<u8>, _shown_bytes: u64) -> Result<Ran, EngineFault> {
    Err(EngineFault::EngineAbsent)
}

fn check(order: &Order) -> io::Result<()> {
    let fits = order.module_bytes <= MODULE_BYTES_MAX
        && order.input_bytes <= INPUT_BYTES_MAX
        && order.shown_bytes <= SHOWN_BYTES_MAX;
    if fits { Ok(()) } else { Err(invalid("the order is above a bound")) }
}

fn write_message<T: Serialize>(writer: &mut impl Write, message: &T) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(|_| invalid("unencodable message"))?;
    write_frame(writer, &bytes)
}

/// Reads pieces until they are so many bytes; each that comes is not empty.
fn read_pieces(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| invalid("too long for this machine"))?;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let piece = read_frame(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if piece.is_empty() || length - bytes.len() < piece.len() {
            return Err(invalid("the pieces are not what the order says"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
