//! A job of a prepared program in a child process: what a worker asks, and the child's side.
//!
//! ```text
//!   parent: Request, module, input ─► child
//!   child, to Run:  Leaves*, Output*, Ran
//!          to Show: for each question in turn
//!                   Refine: Leaves*, Made
//!                   Prove:  Evidence*, Made │ Leaves*, TooLarge
//!          or Failed instead of the rest               ─► parent, and it ends
//! ```
//! Each ask begins with the job: nothing is kept between two children. All questions of one ask are
//! answered on one way through the job. The module is the pausable one, the job's law.
//! Laws: leaves of a whole run are sent up to the one that is the claim, and all later ones are
//! equal to it; a run is told of only if the interpreter agrees with it on one fine step, which
//! follows from the task and the run's length (C13); what fails in the compiler is done again in
//! the interpreter, from the question that it failed at; an answer does not depend on what else is
//! asked; every length is bounded before anything is allocated.
//! Known shortcomings: the module is compiled anew for each ask.
//! Not here: the sandbox of the operating system, clocks, killing (crate `worker`).

mod conduct;

use std::io::{self, Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dispute::{LEVELS, Span};
use super::program::MODULE_BYTES_MAX;
use super::state::Claim;
use super::task::{INPUT_BYTES_MAX, Task};
use super::wire::{PIECE_BYTES, invalid, read_message, read_pieces, write_message, write_pieces};
use crate::digest::Digest;
use crate::executor::EngineFault;

/// Most leaves in one reply.
pub const LEAF_BATCH_MAX: usize = 4096;

/// Most steps of a tree that is asked for: those within a coarse step.
pub const REFINED_STEPS_MAX: u64 = LEVELS[0] / LEVELS[1];

/// Most questions of one ask: more than one result can have games about it.
pub const QUESTIONS_MAX: usize = 128;

/// What a byte that is put out may take: it is copied, hashed and handed on, which no tick counts.
pub const OUTPUT_NANOS_PER_BYTE: u64 = 5;

/// How much of the processor's time the process has used so far: what its neighbours use is not its
/// program's.
pub type Clock = fn() -> Duration;

/// What the child is to find out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The whole run: leaves at the boundaries of coarse steps, the output, the claim.
    Run,
    /// What disputes ask for: at most [`QUESTIONS_MAX`], by [`Question::begin`], ascending.
    Show(Vec<Question>),
}

/// What a dispute asks for inside a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// The leaves of the tree over a span.
    Refine(Span),
    /// Evidence of the step that ends in leaf `index` of the tree over a span; of one too large for
    /// any, the leaves of the tree within it, where there is a finer one.
    Prove {
        /// The span.
        span: Span,
        /// 1 to its steps.
        index: u64,
    },
}

impl Question {
    /// The ticks at whose boundary the state lies that the answer begins with.
    pub fn begin(&self) -> u64 {
        match self {
            Question::Refine(span) => span.begin,
            Question::Prove { span, index } => span.boundary(index.saturating_sub(1)),
        }
    }

    /// The ticks at whose boundary the last state lies that it needs.
    pub fn end(&self) -> u64 {
        match self {
            Question::Refine(span) => span.boundary(span.steps),
            Question::Prove { span, index } => span.boundary(*index),
        }
    }

    /// Most leaves that the answer has.
    pub fn leaves_max(&self) -> u64 {
        let span = match self {
            Question::Refine(span) => Some(*span),
            Question::Prove { span, index } => span.within(*index),
        };
        span.map_or(0, |span| span.steps.saturating_add(1))
    }
}

/// What the child is told, besides module and input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The task; its program and input root must be those of the module and the input.
    pub task: Task,
    /// What is asked about it.
    pub ask: Ask,
    /// For development networks: at the boundary of so many ticks, at least 1, the output gets a
    /// byte that the program did not put out. Nothing if the run's last coarse step ends before it.
    pub altered_at: Option<u64>,
}

/// What the child answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The next leaves in order, at most [`LEAF_BATCH_MAX`].
    Leaves(Vec<Digest>),
    /// The next bytes of the output.
    Output(#[serde(with = "crate::bytes")] Vec<u8>),
    /// The next bytes of the evidence.
    Evidence(#[serde(with = "crate::bytes")] Vec<u8>),
    /// The end of a run.
    Ran(Ran),
    /// The end of what was asked for.
    Made,
    /// The end of what was asked for: no referee hears evidence of a step so large. The leaves
    /// before are those of the tree within it.
    TooLarge,
    /// The end: no claim about the task follows.
    Failed(Failure),
}

/// What a run leaves besides its leaves and its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// What is sealed.
    pub claim: Claim,
    /// Nanoseconds, by the child's [`Clock`], of the quickest of its coarse steps, compiling aside,
    /// and less [`OUTPUT_NANOS_PER_BYTE`] for what it put out; the last, which is shorter, counts
    /// where there is no other.
    pub step_nanos: u64,
}

/// Why a child gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// The module is not a prepared program; the words are for people.
    #[error("the module is not a prepared program: {0}")]
    NotPrepared(String),
    /// The task's fields are out of range; the words are for people.
    #[error("the task is out of range: {0}")]
    TaskOutOfRange(String),
    /// The bytes are not the task's input.
    #[error("the bytes are not the task's input")]
    OtherInput,
    /// The interpreter does not agree with the compiled run.
    #[error("the two engines disagree about the step before {ticks} ticks")]
    EnginesDisagree {
        /// The boundary that the step ends at.
        ticks: u64,
    },
    /// Both engines failed.
    #[error(transparent)]
    Engine(#[from] EngineFault),
}

#[derive(Serialize, Deserialize)]
struct Head {
    module_bytes: u64,
    request: Request,
}

/// Parent: sends a request with its module and input, and flushes.
///
/// # Errors
/// The writer's, or `InvalidData` above a bound.
pub fn write_request(
    writer: &mut impl Write,
    request: &Request,
    module: &[u8],
    input: &[u8],
) -> io::Result<()> {
    let head = Head { module_bytes: module.len() as u64, request: request.clone() };
    check(&head)?;
    if head.request.task.input_length != input.len() as u64 {
        return Err(invalid("the input is not as long as the task says"));
    }
    write_message(writer, &head)?;
    write_pieces(writer, module)?;
    write_pieces(writer, input)?;
    writer.flush()
}

/// Parent: reads the next reply; `None` when the child has ended.
///
/// # Errors
/// The reader's, or `InvalidData` for bytes that are no reply.
pub fn read_reply(reader: &mut impl Read) -> io::Result<Option<Reply>> {
    read_message(reader)
}

/// Child: reads one request, carries it out, answers, returns. Uses no thread; the clock times
/// steps and decides nothing.
///
/// # Errors
/// Only the streams'; whatever fails in the run is a [`Reply::Failed`].
pub fn serve(mut reader: impl Read, mut writer: impl Write, clock: Clock) -> io::Result<()> {
    let head: Head = read_message(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    check(&head)?;
    let module = read_pieces(&mut reader, head.module_bytes)?;
    let input = read_pieces(&mut reader, head.request.task.input_length)?;
    let mut tell = |found: Found| found.send(&mut writer);
    match conduct::carry_out(&head.request, &module, input, (clock, &mut tell)) {
        Ok(()) => writer.flush(),
        Err(Stop::Stream(error)) => Err(error),
        Err(Stop::Failure(failure)) => {
            write_message(&mut writer, &Reply::Failed(failure))?;
            writer.flush()
        }
    }
}

/// What is to be sent of one answer.
struct Found {
    leaves: Vec<Digest>,
    output: Vec<u8>,
    evidence: Vec<u8>,
    last: Reply,
}

impl Found {
    fn send(self, writer: &mut impl Write) -> io::Result<()> {
        for batch in self.leaves.chunks(LEAF_BATCH_MAX) {
            write_message(writer, &Reply::Leaves(batch.to_vec()))?;
        }
        for piece in self.output.chunks(PIECE_BYTES) {
            write_message(writer, &Reply::Output(piece.to_vec()))?;
        }
        for piece in self.evidence.chunks(PIECE_BYTES) {
            write_message(writer, &Reply::Evidence(piece.to_vec()))?;
        }
        write_message(writer, &self.last)?;
        writer.flush()
    }
}

/// Why a child says no more.
enum Stop {
    /// It can find out no more.
    Failure(Failure),
    /// Its parent hears no more.
    Stream(io::Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl From<EngineFault> for Stop {
    fn from(fault: EngineFault) -> Stop {
        Stop::Failure(Failure::Engine(fault))
    }
}

fn check(head: &Head) -> io::Result<()> {
    let asked = match &head.request.ask {
        Ask::Run => true,
        Ask::Show(questions) => {
            questions.len() <= QUESTIONS_MAX
                && questions.is_sorted_by_key(Question::begin)
                && questions.iter().all(|asked| asked.leaves_max() <= REFINED_STEPS_MAX + 1)
        }
    };
    let fits = head.module_bytes <= MODULE_BYTES_MAX as u64
        && head.request.task.input_length <= INPUT_BYTES_MAX;
    if fits && asked { Ok(()) } else { Err(invalid("the request is above a bound")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A parent that does not bound what it writes gets no answer, and nothing is run for it.
    #[test]
    fn a_child_bounds_what_it_is_asked_itself() {
        let (program, input_root) = (Digest([1; 32]), Digest([2; 32]));
        let (input_length, ticks_bound, output_bound) = (0, 1, 0);
        let task = Task { program, input_root, input_length, ticks_bound, output_bound };
        let served = |module_bytes: u64, questions: Vec<Question>| {
            let (task, ask) = (task.clone(), Ask::Show(questions));
            let request = Request { task, ask, altered_at: None };
            let mut sent = Vec::new();
            write_message(&mut sent, &Head { module_bytes, request })?;
            let mut told = Vec::new();
            serve(&sent[..], &mut told, || Duration::ZERO).map(|()| told.len())
        };
        let refine = |begin, steps| Question::Refine(Span { level: 1, begin, steps });
        let most = REFINED_STEPS_MAX;
        let bound = |result: io::Result<usize>| match result {
            Ok(told) => assert_ne!(told, 0, "it says that this is no module"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof),
        };
        bound(served(0, vec![refine(7, most); QUESTIONS_MAX]));
        bound(served(MODULE_BYTES_MAX as u64, Vec::new()));
        for refused in [
            served(0, vec![refine(7, most); QUESTIONS_MAX + 1]),
            served(0, vec![refine(7, most), refine(6, most)]),
            served(0, vec![refine(7, most + 1)]),
            served(MODULE_BYTES_MAX as u64 + 1, Vec::new()),
        ] {
            assert_eq!(refused.expect_err("above a bound").kind(), io::ErrorKind::InvalidData);
        }
    }
}
