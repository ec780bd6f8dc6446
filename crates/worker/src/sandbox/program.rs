//! Ordinary programs, run whole in the sandbox: for their authors, no job, no money.
//!
//! Law: a program is bounded by the ticks that the author gives, its process by processor time.
//! Not here: how it is prepared (`prepare`), what is shown of a run (crate `cli`).

use std::{io, process::ChildStdout, time::Duration};

pub use earnest_compute::paged::{
    run::COARSE_TICKS,
    state::{Claim, Ending as End},
    survey::{Judged, Survey},
    task::TICKS_MAX,
    whole::{Ending, INPUT_BYTES_MAX, OUTPUT_BYTES_MAX},
};
use earnest_compute::{
    EngineFault,
    paged::{
        survey,
        whole::{Answer, Order, read_answer, write_order},
    },
};

use super::{
    Cancellation, DATA_BYTES_MAX, Limits, PAGED_DATA_BYTES_MAX, RunnerCommand, SandboxError,
    Service, command, converse,
};

/// A plain program and what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The plain module.
    pub module: &'a [u8],
    /// Its input: a bundle.
    pub input: &'a [u8],
    /// The most ticks, 1 to [`TICKS_MAX`].
    pub ticks_bound: u64,
    /// From where on the memory at the end is wanted.
    pub shown_at: u64,
    /// How much of it.
    pub shown_bytes: u64,
    /// The most processor time, compiling included, in seconds.
    pub cpu_seconds: u32,
}

/// What a run left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the program put out.
    pub output: Vec<u8>,
    /// The part of its memory that was wanted.
    pub shown: Vec<u8>,
    /// How it ended, how large it was, how long it took.
    pub ending: Ending,
}

/// Why there is no run to tell of.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The sandbox failed, or ended the program for its time.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The engine failed.
    #[error(transparent)]
    Engine(EngineFault),
    /// The process ended without an answer: it used up its time or its memory.
    #[error("the program's process ended early: it used up its time or its memory")]
    EndedEarly,
}

/// Runs a program in a child that is started by `runner`.
///
/// # Errors
/// The sandbox's or the engine's: nothing that the program is to blame for, but for its time.
pub fn run(runner: &RunnerCommand, trial: &Trial<'_>) -> Result<Ran, TrialError> {
    let wall_clock = Duration::from_secs(u64::from(trial.cpu_seconds).saturating_mul(4));
    let limits = Limits { cpu_seconds: trial.cpu_seconds, wall_clock, data_bytes: DATA_BYTES_MAX };
    // A child is trusted no further than its frames: none is longer than this.
    let most = usize::try_from(OUTPUT_BYTES_MAX).expect("64 MiB");
    let (mut output, mut shown, mut last) = (Vec::new(), Vec::new(), None);
    let hear = &mut |from: &mut ChildStdout| {
        while let Some(answer) = read_answer(from)? {
            match answer {
                Answer::Output(mut bytes) if output.len() <= most - bytes.len() => {
                    output.append(&mut bytes);
                }
                Answer::Output(_) => return Err(io::ErrorKind::FileTooLarge.into()),
                Answer::Shown(bytes) => shown = bytes,
                Answer::Ended(ending) => last = Some(Ok(ending)),
                Answer::Failed(fault) => last = Some(Err(fault)),
            }
        }
        Ok(())
    };
    let child = command(runner).spawn().map_err(SandboxError::Io)?;
    let Trial { module, input, ticks_bound, shown_at, shown_bytes, .. } = *trial;
    let order = Order { module_bytes: 0, input_bytes: 0, ticks_bound, shown_at, shown_bytes };
    let ask = |to: &mut _| write_order(to, order, module, input);
    converse(child, (Service::Whole, limits), &Cancellation::default(), &ask, hear)?;
    match last {
        Some(Ok(ending)) => Ok(Ran { output, shown, ending }),
        Some(Err(fault)) => Err(TrialError::Engine(fault)),
        None => Err(TrialError::EndedEarly),
    }
}

/// Looks at every fine step of a run of the pausable `module`, in a child that is started by
/// `runner`, in at most `cpu_seconds` of its processor.
///
/// # Errors
/// The sandbox's or the engine's, or the child used up its time.
pub fn survey(
    runner: &RunnerCommand,
    (module, input): (&[u8], &[u8]),
    (ticks_bound, cpu_seconds): (u64, u32),
) -> Result<Survey, TrialError> {
    let wall_clock = Duration::from_secs(u64::from(cpu_seconds).saturating_mul(4));
    let limits = Limits { cpu_seconds, wall_clock, data_bytes: PAGED_DATA_BYTES_MAX };
    let mut answer = None;
    let hear = &mut |from: &mut ChildStdout| {
        answer = survey::read_answer(from)?;
        Ok(())
    };
    let child = command(runner).spawn().map_err(SandboxError::Io)?;
    let ask = |to: &mut _| survey::write_order(to, module, input, ticks_bound);
    converse(child, (Service::Survey, limits), &Cancellation::default(), &ask, hear)?;
    match answer {
        Some(Ok(survey)) => Ok(survey),
        Some(Err(fault)) => Err(TrialError::Engine(fault)),
        None => Err(TrialError::EndedEarly),
    }
}
