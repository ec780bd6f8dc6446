//! Failures: what went wrong, what to do about it, and with which status to exit.
//!
//! Law: every failure a person can cause names its cause and its remedy.

use std::{fmt, process::ExitCode};

use earnest_api::{ClientError, Refusal};
use earnest_worker::claim::ClaimError;

/// The documented exit statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A fault of this program.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A file or setting is wrong.
    Config = 3,
    /// The rules refused it.
    Refused = 4,
    /// There is no such thing.
    NotFound = 5,
    /// No node answers.
    Unreachable = 6,
    /// It took too long, or is not final yet.
    TimedOut = 7,
    /// A check did not hold.
    CheckFailed = 8,
    /// A check came to no answer.
    NotShown = 9,
    /// The program of a job stopped by itself before its last step.
    ProgramStopped = 10,
    /// A person stopped it.
    Interrupted = 130,
    /// Whoever read the output closed it: what a shell says of a tool that SIGPIPE ended.
    ReaderGone = 141,
}

/// Why a command failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// With which status to exit.
    pub status: Status,
    /// A stable name.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// What to do.
    pub hint: String,
}

impl Failure {
    pub fn new(status: Status, code: &str, detail: impl fmt::Display, hint: &str) -> Failure {
        Failure { status, code: code.into(), detail: detail.to_string(), hint: hint.into() }
    }

    /// The command line is wrong.
    pub fn usage(detail: impl fmt::Display, hint: &str) -> Failure {
        Failure::new(Status::Usage, "usage", detail, hint)
    }

    /// A file or setting is wrong.
    pub fn config(detail: impl fmt::Display, hint: &str) -> Failure {
        Failure::new(Status::Config, "config", detail, hint)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl fmt::Display, hint: &str) -> Failure {
        Failure::new(Status::NotFound, "not-found", detail, hint)
    }

    /// A check did not hold.
    pub fn check(detail: impl fmt::Display, hint: &str) -> Failure {
        Failure::new(Status::CheckFailed, "check-failed", detail, hint)
    }

    /// A fault of this program or its machine.
    pub fn internal(detail: impl fmt::Display) -> Failure {
        let hint = "this is a fault of earnest or of the machine; the logs say more";
        Failure::new(Status::Internal, "internal", detail, hint)
    }

    /// A file that cannot be read or written.
    pub fn file(what: &str, path: &std::path::Path, error: impl fmt::Display) -> Failure {
        let hint = "check that the path exists, may be used and has room";
        Failure::config(format!("cannot {what} {}: {error}", path.display()), hint)
    }

    /// The rules' "no".
    pub fn refused(refusal: &Refusal) -> Failure {
        Failure::new(Status::Refused, &refusal.code, &refusal.detail, &refusal.hint)
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status as u8)
    }
}

impl From<ClaimError> for Failure {
    fn from(error: ClaimError) -> Failure {
        let (code, hint) = match &error {
            ClaimError::InUse { .. } => {
                ("in-use", "stop that process first, or use another folder and another key")
            }
            ClaimError::Disk { .. } => {
                ("config", "check that the path exists, may be used and has room")
            }
        };
        Failure::new(Status::Config, code, error, hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        if let Some(problem) = error.problem() {
            let status = match problem.status {
                404 | 410 => Status::NotFound,
                409 | 422 => Status::Refused,
                408 | 429 | 503 | 504 => Status::TimedOut,
                400 | 405 | 413 | 415 => Status::Usage,
                _ => Status::Internal,
            };
            return Failure::new(status, &problem.code, &problem.detail, &problem.hint);
        }
        let (status, code, hint) = match &error {
            ClientError::Unreachable { .. } => (
                Status::Unreachable,
                "node-unreachable",
                "start a node (`earnest up`), or name one with --node URL",
            ),
            ClientError::TimedOut { .. } => {
                (Status::TimedOut, "timed-out", "ask again; `earnest query network` shows progress")
            }
            ClientError::TlsNeeded { .. } => (
                Status::Config,
                "node-needs-tls",
                "build with `--features tls`, or put a proxy on this machine and name it with \
                 --node http://…; see docs/two-machines.md",
            ),
            ClientError::NotTrusted { .. } => (
                Status::Config,
                "node-not-trusted",
                "name the file of the authority that vouches for it in SSL_CERT_FILE; see \
                 docs/two-machines.md",
            ),
            _ => (
                Status::Internal,
                "node-answer",
                "check that the address is that of an earnest node of this version",
            ),
        };
        Failure::new(status, code, &error, hint)
    }
}
