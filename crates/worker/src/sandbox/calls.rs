//! The system calls that a job's process may make, and on which descriptors.
//!
//! An allow-list: what is not here answers EPERM. Reading is allowed on the input alone, writing on
//! the output and the channel of errors alone, so that a descriptor that leaked in is of no use.
//! Not here: why and when it is put up (`confine`).

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// EPERM, on every architecture of ours.
const REFUSED: u32 = 1;

/// The filter as a program for the kernel.
pub(super) fn filter() -> Result<BpfProgram, BackendError> {
    let on = |descriptor: u64| {
        let (operator, length) = (SeccompCmpOp::Eq, SeccompCmpArgLen::Dword);
        let condition = SeccompCondition::new(0, length, operator, descriptor)?;
        SeccompRule::new(vec![condition])
    };
    let mut rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect::<Vec<_>>();
    for call in [numbers::READ, numbers::READV] {
        rules.push((call, vec![on(0)?]));
    }
    for call in [numbers::WRITE, numbers::WRITEV] {
        rules.push((call, vec![on(1)?, on(2)?]));
    }
    SeccompFilter::new(
        rules.into_iter().collect(),
        SeccompAction::Errno(REFUSED),
        SeccompAction::Allow,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?
    .try_into()
}

/// What an engine needs of the system: memory, its own signals, two pipes, time and an end.
const ALLOWED: &[i64] = &[
    numbers::CLOSE,
    numbers::MMAP,
    numbers::MUNMAP,
    numbers::MPROTECT,
    numbers::MADVISE,
    numbers::MREMAP,
    numbers::BRK,
    numbers::FUTEX,
    numbers::SIGALTSTACK,
    numbers::RT_SIGACTION,
    numbers::RT_SIGPROCMASK,
    numbers::RT_SIGRETURN,
    numbers::CLOCK_GETTIME,
    numbers::GETRANDOM,
    numbers::SCHED_YIELD,
    numbers::SCHED_GETAFFINITY,
    numbers::GETPID,
    numbers::GETTID,
    numbers::MEMBARRIER,
    numbers::RSEQ,
    numbers::EXIT,
    numbers::EXIT_GROUP,
];

/// Numbers of system calls.
#[cfg(target_arch = "x86_64")]
mod numbers {
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
mod numbers {
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
