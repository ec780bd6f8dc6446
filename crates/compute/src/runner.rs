//! A run in a child process: the messages, and the child's side of the conversation.
//!
//! ```text
//!   parent: Request, then one frame a chunk ─► child
//!   child: Engine, (Leaves | Kept)*, Explained?, then Done | Failed ─► parent, and it ends
//! ```
//! A frame is its length (u32, little-endian) and so many bytes of postcard (chunks: raw). The
//! child reads nothing more once it runs, opens nothing and keeps nothing.
//! Laws: every frame is bounded by [`FRAME_BYTES_MAX`] before it is allocated; a parent trusts no
//! reply further than its shape (it may re-run any step itself). If the compiler refuses or fails,
//! the child goes on in the interpreter and says so with another `Engine`.
//! Not here: the sandbox of the operating system, wall clocks, killing (crate `worker`).

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::admission::{Admitted, admit};
use crate::checkpoint::{Checkpoint, Status};
use crate::digest::Digest;
use crate::executor::{EngineFault, EngineKind, Explanation, Machine, explain};
use crate::task::{Input, Task};
use crate::trace::Runner;

/// Most bytes of one frame (2 MiB): a state, a module or a chunk, and room around it.
pub const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most leaves in one reply.
pub const LEAF_BATCH_MAX: usize = 256;
/// Most single indices asked to be kept.
pub const KEEP_INDICES_MAX: usize = 4096;

/// What the child is to run. The chunks follow, one frame each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The original module.
    pub module: Vec<u8>,
    /// The task; its program and input root must be those of `module` and the chunks.
    pub task: Task,
    /// Which engine to prefer.
    pub engine: EngineKind,
    /// Continue after this checkpoint; `None`: begin with `init`.
    pub start: Option<Checkpoint>,
    /// Last step to run, at most `task.steps`.
    pub to: u64,
    /// Send every checkpoint whose index is a multiple; 0: none.
    pub keep_interval: u64,
    /// Send these checkpoints too.
    pub keep_indices: Vec<u64>,
    /// What to do besides if the task ends in a fault.
    pub on_fault: OnFault,
}

/// Whether a fault is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFault {
    /// It is a result like any other.
    Stay,
    /// Run the step again to say why and where: at most a second compilation and one step.
    Explain,
}

/// What the child answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// From here on this engine runs.
    Engine(EngineKind),
    /// Leaf digests in order; the first is leaf `first`.
    Leaves {
        /// Index of the first.
        first: u64,
        /// At most [`LEAF_BATCH_MAX`].
        digests: Vec<Digest>,
    },
    /// A checkpoint that was asked for.
    Kept(Checkpoint),
    /// Why the task ends in a fault, if that was asked; before `Done`.
    Explained(Explanation),
    /// The end: the last checkpoint. All leaves have been sent.
    Done(Checkpoint),
    /// The end: no claim about the task follows.
    Failed(Failure),
}

/// Why a child gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// The program is not admitted; the words are for people.
    #[error("the program is not admitted: {0}")]
    NotAdmitted(String),
    /// The chunks are not the task's input.
    #[error("the chunks are not the task's input")]
    OtherInput,
    /// The task's fields are out of range; the words are for people.
    #[error("the task is out of range: {0}")]
    TaskOutOfRange(String),
    /// Both engines failed.
    #[error(transparent)]
    Engine(EngineFault),
}

fn invalid(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

/// Writes one frame.
///
/// # Errors
/// The writer's, or `InvalidData` above [`FRAME_BYTES_MAX`].
pub fn write_frame(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    if FRAME_BYTES_MAX < bytes.len() {
        return Err(invalid("frame too long"));
    }
    let length = u32::try_from(bytes.len()).expect("FRAME_BYTES_MAX fits u32");
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(bytes)
}

/// Reads one frame; `None` at a clean end of the stream.
///
/// # Errors
/// The reader's, or `InvalidData` above [`FRAME_BYTES_MAX`].
pub fn read_frame(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0u8; 4];
    let mut got = 0;
    while got < length.len() {
        match reader.read(&mut length[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => got += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if FRAME_BYTES_MAX < length {
        return Err(invalid("frame too long"));
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

fn write_message<T: Serialize>(writer: &mut impl Write, message: &T) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(|_| invalid("unencodable message"))?;
    write_frame(writer, &bytes)
}

/// Parent: sends a request and its chunks, and flushes.
///
/// # Errors
/// The writer's.
pub fn write_request(
    writer: &mut impl Write,
    request: &Request,
    chunks: &[Vec<u8>],
) -> io::Result<()> {
    write_message(writer, request)?;
    for chunk in chunks {
        write_frame(writer, chunk)?;
    }
    writer.flush()
}

/// Parent: reads the next reply; `None` when the child has ended.
///
/// # Errors
/// The reader's, or `InvalidData` for bytes that are no reply.
pub fn read_reply(reader: &mut impl Read) -> io::Result<Option<Reply>> {
    let Some(bytes) = read_frame(reader)? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| invalid("not a reply"))
}

fn read_request(reader: &mut impl Read) -> io::Result<(Request, Vec<Vec<u8>>)> {
    let bytes = read_frame(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let request: Request = postcard::from_bytes(&bytes).map_err(|_| invalid("not a request"))?;
    if KEEP_INDICES_MAX < request.keep_indices.len() {
        return Err(invalid("too many indices to keep"));
    }
    let mut chunks = Vec::new();
    for _ in 0..request.task.chunk_count {
        chunks.push(read_frame(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?);
    }
    Ok((request, chunks))
}

/// Child: reads one request, runs it, streams the replies, returns. Uses no thread.
///
/// # Errors
/// Only the streams'; whatever fails in the run is a [`Reply::Failed`].
pub fn serve(mut reader: impl Read, mut writer: impl Write) -> io::Result<()> {
    let (request, chunks) = read_request(&mut reader)?;
    let mut sender = Sender {
        writer: &mut writer,
        first: 0,
        batch: Vec::new(),
        interval: request.keep_interval,
        indices: request.keep_indices.iter().copied().collect(),
        on_fault: request.on_fault,
        running: None,
    };
    let last = match conduct(&request, chunks, &mut sender)? {
        Ok(checkpoint) => Reply::Done(checkpoint),
        Err(failure) => Reply::Failed(failure),
    };
    sender.flush_leaves()?;
    write_message(&mut writer, &last)?;
    writer.flush()
}

struct Sender<'a, W: Write> {
    writer: &'a mut W,
    first: u64,
    batch: Vec<Digest>,
    interval: u64,
    indices: BTreeSet<u64>,
    on_fault: OnFault,
    /// The last checkpoint that was not a fault, kept only if a fault is to be explained.
    running: Option<Checkpoint>,
}

impl<W: Write> Sender<'_, W> {
    fn reply(&mut self, reply: &Reply) -> io::Result<()> {
        write_message(self.writer, reply)
    }

    fn leaf(&mut self, checkpoint: &Checkpoint, leaf: Digest) -> io::Result<()> {
        if self.batch.is_empty() {
            self.first = checkpoint.index;
        }
        self.batch.push(leaf);
        if self.on_fault == OnFault::Explain && checkpoint.status == Status::Running {
            self.running = Some(checkpoint.clone());
        }
        let due = checkpoint.index.checked_rem(self.interval) == Some(0);
        if due || self.indices.contains(&checkpoint.index) {
            self.flush_leaves()?;
            self.reply(&Reply::Kept(checkpoint.clone()))?;
            // A parent may take the time between two.
            self.writer.flush()?;
        }
        match self.batch.len() < LEAF_BATCH_MAX {
            true => Ok(()),
            false => self.flush_leaves(),
        }
    }

    fn flush_leaves(&mut self) -> io::Result<()> {
        if !self.batch.is_empty() {
            let digests = std::mem::take(&mut self.batch);
            self.reply(&Reply::Leaves { first: self.first, digests })?;
        }
        self.writer.flush()
    }
}

/// The outer error is the stream's, the inner the run's.
fn conduct<W: Write>(
    request: &Request,
    chunks: Vec<Vec<u8>>,
    sender: &mut Sender<'_, W>,
) -> io::Result<Result<Checkpoint, Failure>> {
    let task = &request.task;
    if let Err(why) = task.check() {
        return Ok(Err(Failure::TaskOutOfRange(why.to_string())));
    }
    let input = match Input::new(chunks) {
        Ok(input) if input.root() == task.input_root => input,
        Ok(_) | Err(_) => return Ok(Err(Failure::OtherInput)),
    };
    let admitted = match admit(&request.module) {
        Ok(admitted) if admitted.program() == task.program => admitted,
        Ok(_) => return Ok(Err(Failure::Engine(EngineFault::OtherProgram))),
        Err(why) => return Ok(Err(Failure::NotAdmitted(why.to_string()))),
    };
    let mut current = request.start.clone();
    for engine in [request.engine, EngineKind::Wasmi] {
        let outcome = attempt(request, &input, &admitted, engine, &mut current, sender)?;
        match outcome {
            Ok(()) => break,
            Err(fault) if engine == EngineKind::Wasmi => return Ok(Err(Failure::Engine(fault))),
            Err(_) => {} // The compiler's failure is no claim: the interpreter goes on from here.
        }
    }
    if let Some(Status::Fault { at }) = current.as_ref().map(|last| last.status)
        && request.on_fault == OnFault::Explain
    {
        let before = sender.running.take().or_else(|| request.start.clone());
        let why = explain(&admitted, task, before.as_ref(), input.chunk_of_step(at));
        sender.flush_leaves()?;
        // A host that fails now has told all it knows: the fault stands.
        if let Ok(Some(why)) = why {
            sender.reply(&Reply::Explained(why))?;
        }
    }
    Ok(current.ok_or(Failure::Engine(EngineFault::EngineAbsent)))
}

/// Advances `current` to the end in one engine; on a failure `current` is the last good checkpoint.
fn attempt<W: Write>(
    request: &Request,
    input: &Input,
    admitted: &Admitted,
    engine: EngineKind,
    current: &mut Option<Checkpoint>,
    sender: &mut Sender<'_, W>,
) -> io::Result<Result<(), EngineFault>> {
    let machine = match Machine::new(engine, admitted) {
        Ok(machine) => machine,
        Err(fault) => return Ok(Err(fault)),
    };
    sender.reply(&Reply::Engine(engine))?;
    let task_hash = request.task.hash();
    let runner = Runner::new(&machine, &request.task, input);
    loop {
        let next = match current.as_ref() {
            Some(done) if request.to <= done.index => return Ok(Ok(())),
            Some(before) => {
                let index = before.index.saturating_add(1);
                machine.step(&request.task, index, before, input.chunk_of_step(index))
            }
            None => machine.init(&request.task),
        };
        let next = match next {
            Ok(next) => next,
            Err(fault) => return Ok(Err(fault)),
        };
        sender.leaf(&next, runner.leaf_digest(&task_hash, &next))?;
        *current = Some(next);
    }
}
