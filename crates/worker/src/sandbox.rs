//! The sandbox: untrusted programs run in a child process that can compute, and nothing else.
//!
//! The child has pipes for input and output, no environment, no files, no network, no other
//! processes, and bounded time and memory; the parent bounds the wall clock and what it reads. Each
//! layer ([`Layer`]) is enough for most escapes; the engine's own isolation lies within.
//!
//! Laws: every layer stands before the first byte of a program is read; time is limited by the gas
//! that the request may use; a layer that the kernel lacks is reported ([`layers`]), and only those
//! that kernels may lack can be absent.
//! Code map: here the parent's side, `limits` (how much), `confine` (the child's side), `calls`.
//! Known shortcomings: without user namespaces the child keeps the network namespace of its parent
//! and has `seccomp` alone between it and the network; only Linux confines.

mod calls;
mod confine;
mod limits;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use earnest_compute::runner::{read_reply, serve, write_request};
/// What a request is made of, and its replies.
pub use earnest_compute::{
    AdmissionRejected, Admitted, Cause, Checkpoint, Digest, EngineKind, Explanation, Input, Status,
    Task, admission, admit, checkpoint,
    runner::{self, OnFault, Reply, Request},
};

pub use self::{
    confine::{ConfineError, Layer, Standing, confine},
    limits::{ADDRESS_BYTES_MAX, CPU_SECONDS_MAX, DATA_BYTES_MAX, Limits, WALL_CLOCK_MAX},
};

/// How the child is started: this executable, with the words that lead to [`child_main`].
#[derive(Clone, Debug)]
pub struct RunnerCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

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
    let watch = Watch::over(child, WALL_CLOCK_OF_REPORT);
    let mut text = String::new();
    let asked = input.write_all(&Limits::REPORT.to_bytes());
    drop(input);
    let read = asked.and_then(|()| output.by_ref().take(4096).read_to_string(&mut text));
    if watch.end() {
        return Err(SandboxError::TimedOut);
    }
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
    run_within(Limits::of(request).wall_clock, runner, request, chunks, with)
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
    let mut child = command(runner).spawn()?;
    let mut input = child.stdin.take().expect("just piped");
    let mut output = child.stdout.take().expect("just piped");
    let watch = Watch::over(child, limit);
    let asked = input
        .write_all(&Limits::of(request).to_bytes())
        .and_then(|()| write_request(&mut input, request, chunks));
    let talked = asked.and_then(|()| {
        drop(input);
        while let Some(reply) = read_reply(&mut output)? {
            with(reply);
        }
        Ok(())
    });
    if watch.end() {
        return Err(SandboxError::TimedOut);
    }
    talked.map_err(SandboxError::Io)
}

/// Kills a child that outlives its time.
struct Watch {
    child: Arc<Mutex<Child>>,
    over: Arc<AtomicBool>,
    killed: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn over(child: Child, limit: Duration) -> Watch {
        let child = Arc::new(Mutex::new(child));
        let (over, killed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let watched = (Arc::clone(&child), Arc::clone(&over), Arc::clone(&killed));
        let thread = std::thread::spawn(move || {
            let (child, over, killed) = watched;
            let deadline = Instant::now() + limit;
            while !over.load(Ordering::SeqCst) {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    killed.store(true, Ordering::SeqCst);
                    if let Ok(mut child) = child.lock() {
                        // Already gone is as good.
                        let _ = child.kill();
                    }
                    return;
                }
                std::thread::park_timeout(left.min(Duration::from_secs(1)));
            }
        });
        Watch { child, over, killed, thread }
    }

    /// Ends the child, whatever it does; true if it had to be killed for its time.
    fn end(self) -> bool {
        self.over.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        let _ = self.thread.join();
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.killed.load(Ordering::SeqCst)
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
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}
