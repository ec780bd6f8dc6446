//! The sandbox: untrusted programs run in a child process that can compute, and nothing else.
//!
//! The child has pipes for input and output, no environment, no files, no network, no other
//! processes, bounded CPU time and memory; the parent bounds the wall clock and what it reads.
//! Layers, each enough for most escapes: `no_new_privs`, resource limits, landlock (best effort,
//! as the kernel has it), a seccomp allow-list; and the engine's own isolation within.
//!
//! Law: limits are in force before the first byte of a program is read.
//! Known shortcomings: address space is not limited (the compiling engine reserves much of it);
//! resident memory is bounded by the program's admission, not by the system.

use std::{
    ffi::OsString,
    io,
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
    Checkpoint, Digest, EngineKind, Input, Status, Task,
    runner::{Reply, Request},
};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// Seconds of processor time a job's process may use.
const CPU_SECONDS_MAX: u64 = 3_600;
/// How long a job's process may run at all.
const WALL_CLOCK_MAX: Duration = Duration::from_secs(4 * 3_600);

/// How the child is started: this executable, with the words that lead to [`child_main`].
#[derive(Clone, Debug)]
pub struct RunnerCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Why a job's process gave no result.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It could not be started, or its pipes broke.
    #[error("the job's process: {0}")]
    Io(#[from] io::Error),
    /// It took longer than anything may.
    #[error("the job's process took too long")]
    TimedOut,
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
    run_within(WALL_CLOCK_MAX, runner, request, chunks, with)
}

/// [`run`] with another bound on the wall clock.
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
    let mut child = Command::new(&runner.program)
        .args(&runner.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().expect("just piped");
    let mut output = child.stdout.take().expect("just piped");
    let watch = Watch::over(child, limit);
    let talked = write_request(&mut input, request, chunks).and_then(|()| {
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

/// The child's whole life: shuts itself in, then serves one request.
pub fn child_main() -> ExitCode {
    if let Err(error) = shut_in() {
        eprintln!("the sandbox is not available: {error}");
        return ExitCode::from(3);
    }
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}

/// Gives up everything that computing does not need.
fn shut_in() -> Result<(), Box<dyn std::error::Error>> {
    rustix::thread::set_no_new_privs(true)?;
    let limit =
        |resource, max| setrlimit(resource, Rlimit { current: Some(max), maximum: Some(max) });
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, 16)?;
    limit(Resource::Cpu, CPU_SECONDS_MAX)?;
    enclose()?;
    let filter: BpfProgram = SeccompFilter::new(
        ALLOWED.iter().map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Errno(1), // EPERM
        SeccompAction::Allow,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?
    .try_into()?;
    seccompiler::apply_filter(&filter)?;
    Ok(())
}

/// Takes away every file and every socket, as far as this kernel can.
fn enclose() -> Result<RulesetStatus, landlock::RulesetError> {
    let abi = ABI::V4;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// What an engine needs of the system: memory, its own signals, two pipes, time and an end.
const ALLOWED: &[i64] = &[
    calls::READ,
    calls::WRITE,
    calls::READV,
    calls::WRITEV,
    calls::CLOSE,
    calls::MMAP,
    calls::MUNMAP,
    calls::MPROTECT,
    calls::MADVISE,
    calls::MREMAP,
    calls::BRK,
    calls::FUTEX,
    calls::SIGALTSTACK,
    calls::RT_SIGACTION,
    calls::RT_SIGPROCMASK,
    calls::RT_SIGRETURN,
    calls::CLOCK_GETTIME,
    calls::GETRANDOM,
    calls::SCHED_YIELD,
    calls::SCHED_GETAFFINITY,
    calls::GETPID,
    calls::GETTID,
    calls::MEMBARRIER,
    calls::RSEQ,
    calls::EXIT,
    calls::EXIT_GROUP,
];

/// Numbers of system calls.
#[cfg(target_arch = "x86_64")]
mod calls {
    pub(super) const READ: i64 = 0;
    pub(super) const WRITE: i64 = 1;
    pub(super) const CLOSE: i64 = 3;
    pub(super) const MMAP: i64 = 9;
    pub(super) const MPROTECT: i64 = 10;
    pub(super) const MUNMAP: i64 = 11;
    pub(super) const BRK: i64 = 12;
    pub(super) const RT_SIGACTION: i64 = 13;
    pub(super) const RT_SIGPROCMASK: i64 = 14;
    pub(super) const RT_SIGRETURN: i64 = 15;
    pub(super) const READV: i64 = 19;
    pub(super) const WRITEV: i64 = 20;
    pub(super) const SCHED_YIELD: i64 = 24;
    pub(super) const MREMAP: i64 = 25;
    pub(super) const MADVISE: i64 = 28;
    pub(super) const GETPID: i64 = 39;
    pub(super) const EXIT: i64 = 60;
    pub(super) const SIGALTSTACK: i64 = 131;
    pub(super) const GETTID: i64 = 186;
    pub(super) const FUTEX: i64 = 202;
    pub(super) const SCHED_GETAFFINITY: i64 = 204;
    pub(super) const CLOCK_GETTIME: i64 = 228;
    pub(super) const EXIT_GROUP: i64 = 231;
    pub(super) const GETRANDOM: i64 = 318;
    pub(super) const MEMBARRIER: i64 = 324;
    pub(super) const RSEQ: i64 = 334;
}

/// Numbers of system calls.
#[cfg(target_arch = "aarch64")]
mod calls {
    pub(super) const CLOSE: i64 = 57;
    pub(super) const READ: i64 = 63;
    pub(super) const WRITE: i64 = 64;
    pub(super) const READV: i64 = 65;
    pub(super) const WRITEV: i64 = 66;
    pub(super) const EXIT: i64 = 93;
    pub(super) const EXIT_GROUP: i64 = 94;
    pub(super) const FUTEX: i64 = 98;
    pub(super) const CLOCK_GETTIME: i64 = 113;
    pub(super) const SCHED_GETAFFINITY: i64 = 123;
    pub(super) const SCHED_YIELD: i64 = 124;
    pub(super) const SIGALTSTACK: i64 = 132;
    pub(super) const RT_SIGACTION: i64 = 134;
    pub(super) const RT_SIGPROCMASK: i64 = 135;
    pub(super) const RT_SIGRETURN: i64 = 139;
    pub(super) const GETPID: i64 = 172;
    pub(super) const GETTID: i64 = 178;
    pub(super) const BRK: i64 = 214;
    pub(super) const MUNMAP: i64 = 215;
    pub(super) const MREMAP: i64 = 216;
    pub(super) const MMAP: i64 = 222;
    pub(super) const MPROTECT: i64 = 226;
    pub(super) const MADVISE: i64 = 233;
    pub(super) const GETRANDOM: i64 = 278;
    pub(super) const MEMBARRIER: i64 = 283;
    pub(super) const RSEQ: i64 = 293;
}
