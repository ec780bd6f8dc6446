//! The sandbox: untrusted programs run in a child process that can compute, and nothing else.
//!
//! The child has pipes for input and output, no environment, no files, no network, no other
//! processes, and bounded time and memory; the parent bounds the wall clock and what it reads. Each
//! layer ([`Layer`]) is enough for most escapes; the engine's own isolation lies within.
//!
//! Laws: every layer stands before the first byte of a program is read; time is limited by the gas
//! that the request may use; a layer that the kernel lacks is reported ([`layers`]), and only those
//! that kernels may lack can be absent.
//! Code map: here the parent's side, `limits` (how much), `confine` (the child's side), `calls`,
//! `paged` (jobs of ordinary programs), `program` (these run whole, for their authors).
//! Known shortcomings: without user namespaces the child keeps the network namespace of its parent
//! and has `seccomp` alone between it and the network; only Linux confines.

mod calls;
mod confine;
mod limits;
pub(crate) mod paged;
pub mod program;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What a request is made of, and its replies.
pub use earnest_compute::{
    AdmissionRejected, Admitted, Cause, Checkpoint, Digest, EngineKind, Explanation, Input, Status,
    Task, admission, admit, checkpoint,
    runner::{self, OnFault, Reply, Request},
};
use earnest_compute::{
    paged::{job, survey, whole},
    runner::{read_reply, serve, write_request},
};

pub use self::{
    confine::{ConfineError, Layer, Standing, confine},
    limits::{
        ADDRESS_BYTES_MAX, CPU_SECONDS_MAX, DATA_BYTES_MAX, Limits, PAGED_DATA_BYTES_MAX,
        WALL_CLOCK_MAX,
    },
};

/// How the child is started: this executable, with the words that lead to [`child_main`].
#[derive(Clone, Debug)]
pub struct RunnerCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// What a child is asked for, in one byte behind its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    /// A job of a program that computes in steps.
    Steps = 1,
    /// A job of a prepared program.
    Paged = 2,
    /// A prepared program, run whole.
    Whole = 3,
    /// What a dispute about such a run would take.
    Survey = 4,
}

/// Ends the children of a run before their time; clones end the same ones.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Ends what runs, and all that would be started: soon, not at once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How often it is looked at whether a child was cancelled.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
/// How long a child may take to say which layers it has.
const WALL_CLOCK_OF_REPORT: Duration = Duration::from_secs(20);

/// Why a job's process gave no result.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It could not be started, or its pipes broke.
    #[error("the job's process: {0}")]
    Io(#[from] io::Error),
    /// It took longer than anything may.
    #[error("the job's process took too long")]
    TimedOut,
    /// Nobody needs its result any more.
    #[error("the job's process was ended: its result is no longer needed")]
    Cancelled,
    /// It could not shut itself in.
    #[error("the job's process is not confined: {0}; jobs need Linux with seccomp")]
    NotConfined(String),
}

/// The child before it starts: two pipes, no environment, no folder of its own.
pub fn command(runner: &RunnerCommand) -> Command {
    let mut command = Command::new(&runner.program);
    command
        .args(&runner.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Which layers a child of this machine has, as it says itself.
///
/// # Errors
/// If it cannot be started, or a layer is missing that no kernel may lack.
pub fn layers(runner: &RunnerCommand) -> Result<Vec<(Layer, Standing)>, SandboxError> {
    let mut child = command(runner).spawn()?;
    let mut input = child.stdin.take().expect("just piped");
    let mut output = child.stdout.take().expect("just piped");
    let watch = Watch::over(child, WALL_CLOCK_OF_REPORT, Cancellation::default());
    let mut text = String::new();
    let asked = input.write_all(&Limits::REPORT.to_bytes());
    drop(input);
    let read = asked.and_then(|()| output.by_ref().take(4096).read_to_string(&mut text));
    watch.end()?;
    read?;
    let rows: Option<Vec<_>> = text.lines().map(confine::read_row).collect();
    match rows.filter(|rows| rows.len() == Layer::ALL.len()) {
        Some(rows) => Ok(rows),
        None => Err(SandboxError::NotConfined(text.trim().to_owned())),
    }
}

/// Runs a request in a child and hands each reply to `with`.
///
/// # Errors
/// If the child cannot be started, breaks off, or takes too long.
pub fn run(
    runner: &RunnerCommand,
    request: &Request,
    chunks: &[Vec<u8>],
    with: &mut dyn FnMut(Reply),
) -> Result<(), SandboxError> {
    run_unless(&Cancellation::default(), runner, request, chunks, with)
}

/// [`run`], unless it is cancelled first.
///
/// # Errors
/// As for [`run`], and [`SandboxError::Cancelled`].
pub fn run_unless(
    cancellation: &Cancellation,
    runner: &RunnerCommand,
    request: &Request,
    chunks: &[Vec<u8>],
    with: &mut dyn FnMut(Reply),
) -> Result<(), SandboxError> {
    let limits = Limits::of(request);
    let hear = &mut |output: &mut ChildStdout| hear_replies(output, with);
    let (child, ask) = (command(runner).spawn()?, ask(request, chunks));
    converse(child, (Service::Steps, limits), cancellation, &ask, hear)
}

/// [`run`] with another bound on the wall clock than the one that follows from the gas.
///
/// # Errors
/// As for [`run`].
pub fn run_within(
    limit: Duration,
    runner: &RunnerCommand,
    request: &Request,
    chunks: &[Vec<u8>],
    with: &mut dyn FnMut(Reply),
) -> Result<(), SandboxError> {
    let limits = Limits { wall_clock: limit, ..Limits::of(request) };
    let hear = &mut |output: &mut ChildStdout| hear_replies(output, with);
    let (child, ask) = (command(runner).spawn()?, ask(request, chunks));
    converse(child, (Service::Steps, limits), &Cancellation::default(), &ask, hear)
}

fn ask<'a>(
    request: &'a Request,
    chunks: &'a [Vec<u8>],
) -> impl Fn(&mut ChildStdin) -> io::Result<()> + 'a {
    move |input| write_request(input, request, chunks)
}

fn hear_replies(output: &mut ChildStdout, with: &mut dyn FnMut(Reply)) -> io::Result<()> {
    while let Some(reply) = read_reply(output)? {
        with(reply);
    }
    Ok(())
}

/// One conversation: what is asked, then what is heard, within these limits.
fn converse(
    mut child: Child,
    (service, limits): (Service, Limits),
    cancellation: &Cancellation,
    ask: &dyn Fn(&mut ChildStdin) -> io::Result<()>,
    hear: &mut dyn FnMut(&mut ChildStdout) -> io::Result<()>,
) -> Result<(), SandboxError> {
    let mut input = child.stdin.take().expect("just piped");
    let mut output = child.stdout.take().expect("just piped");
    let watch = Watch::over(child, limits.wall_clock, cancellation.clone());
    let asked = input
        .write_all(&limits.to_bytes())
        .and_then(|()| input.write_all(&[service as u8]))
        .and_then(|()| ask(&mut input));
    let talked = asked.and_then(|()| {
        drop(input);
        hear(&mut output)
    });
    watch.end()?;
    talked.map_err(SandboxError::Io)
}

/// Kills a child that outlives its time, or its use.
struct Watch {
    child: Arc<Mutex<Child>>,
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Result<(), SandboxError>>,
}

impl Watch {
    fn over(child: Child, limit: Duration, cancellation: Cancellation) -> Watch {
        let (child, over) = (Arc::new(Mutex::new(child)), Arc::new(AtomicBool::new(false)));
        let (watched, done) = (Arc::clone(&child), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let deadline = Instant::now() + limit;
            while !done.load(Ordering::SeqCst) {
                let left = deadline.saturating_duration_since(Instant::now());
                let reason = match (cancellation.is_cancelled(), left.is_zero()) {
                    (true, _) => SandboxError::Cancelled,
                    (false, true) => SandboxError::TimedOut,
                    (false, false) => {
                        std::thread::park_timeout(left.min(WATCH_INTERVAL));
                        continue;
                    }
                };
                if let Ok(mut child) = watched.lock() {
                    // Already gone is as good.
                    let _ = child.kill();
                }
                return Err(reason);
            }
            Ok(())
        });
        Watch { child, over, thread }
    }

    /// Ends the child, whatever it does; an error if it had to be killed before it was through.
    fn end(self) -> Result<(), SandboxError> {
        self.over.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        let ended = self.thread.join().unwrap_or(Ok(()));
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
        ended
    }
}

/// The child's whole life: learns its limits, shuts itself in, then serves one request.
pub fn child_main() -> ExitCode {
    let limits = match Limits::read() {
        Ok(limits) => limits,
        Err(error) => {
            eprintln!("no limits came in: {error}");
            return ExitCode::from(3);
        }
    };
    let standing = match confine(&Layer::ALL, limits) {
        Ok(standing) => standing,
        Err(error) => {
            if limits == Limits::REPORT {
                println!("{error}");
            }
            eprintln!("the sandbox is not available: {error}");
            return ExitCode::from(3);
        }
    };
    if limits == Limits::REPORT {
        standing.iter().for_each(|(layer, standing)| println!("{layer}: {standing}"));
        return ExitCode::SUCCESS;
    }
    match serve_one() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}

fn serve_one() -> io::Result<()> {
    let (mut input, output) = (io::stdin().lock(), io::stdout().lock());
    let mut service = [0];
    input.read_exact(&mut service)?;
    match service {
        [byte] if byte == Service::Steps as u8 => serve(input, output),
        [byte] if byte == Service::Paged as u8 => job::serve(input, output, processor_time),
        [byte] if byte == Service::Whole as u8 => whole::serve(input, output),
        [byte] if byte == Service::Survey as u8 => survey::serve(input, output),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// What this process, of one thread, has used of the processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let whole = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(whole, u32::try_from(time.tv_nsec).unwrap_or_default())
}
