//! Jobs of ordinary programs, asked of a child about.

use std::{process::ChildStdout, time::Duration};

use earnest_compute::{
    Digest as WorkDigest,
    paged::{
        dispute::coarse_steps,
        evidence::EVIDENCE_BYTES_MAX,
        job::{self, Ask, Question, Ran, Reply, Request},
    },
};

use super::{Cancellation, Limits, RunnerCommand, SandboxError, Service, command, converse};

/// All that a child said of one thing that was asked.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) leaves: Vec<WorkDigest>,
    pub(crate) output: Vec<u8>,
    pub(crate) evidence: Vec<u8>,
    pub(crate) last: Option<Last>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Last {
    Ran(Ran),
    Made,
    TooLarge,
    Failed(job::Failure),
}

/// What is heard of an ask, one answer after the other.
struct Hearing {
    bounds: Vec<Bounds>,
    heard: Vec<Heard>,
    /// The answer that has begun.
    now: Heard,
}

impl Hearing {
    /// A child is trusted no further than its frames: each string has a bound, and nobody answers
    /// more than was asked.
    fn hear(&mut self, reply: Reply) -> bool {
        let Some(bounds) = self.bounds.get(self.heard.len()) else { return false };
        let now = &mut self.now;
        match reply {
            Reply::Leaves(mut leaves) => now.leaves.append(&mut leaves),
            Reply::Output(mut bytes) => now.output.append(&mut bytes),
            Reply::Evidence(mut bytes) => now.evidence.append(&mut bytes),
            Reply::Ran(ran) => now.last = Some(Last::Ran(ran)),
            Reply::Made => now.last = Some(Last::Made),
            Reply::TooLarge => now.last = Some(Last::TooLarge),
            Reply::Failed(failure) => now.last = Some(Last::Failed(failure)),
        }
        let lengths = [now.leaves.len(), now.output.len(), now.evidence.len()];
        let most = [bounds.leaves, bounds.output, bounds.evidence];
        let within = lengths.iter().zip(most).all(|(length, most)| *length <= most);
        if within && now.last.is_some() {
            self.heard.push(std::mem::take(now));
        }
        within
    }
}

/// Most of each that an honest child sends.
struct Bounds {
    leaves: usize,
    output: usize,
    evidence: usize,
}

impl Bounds {
    fn of(request: &Request) -> Vec<Bounds> {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        match &request.ask {
            Ask::Run => vec![Bounds {
                leaves: size(coarse_steps(request.task.ticks_bound)).saturating_add(1),
                output: size(request.task.output_bound).saturating_add(1),
                evidence: 0,
            }],
            Ask::Show(questions) => {
                let of = |question: &Question| Bounds {
                    leaves: size(question.leaves_max()),
                    output: 0,
                    evidence: EVIDENCE_BYTES_MAX,
                };
                questions.iter().map(of).collect()
            }
        }
    }
}

/// Asks a child about a job, within the limits that follow from it or a shorter time. What it has
/// answered is heard whatever comes after: with the error that ended it, if one did.
pub(crate) fn ask(
    (runner, cancellation): (&RunnerCommand, &Cancellation),
    request: &Request,
    (module, input): (&[u8], &[u8]),
    wall_clock: Option<Duration>,
) -> (Vec<Heard>, Result<(), SandboxError>) {
    let mut limits = Limits::of_paged(request);
    limits.wall_clock = wall_clock.map_or(limits.wall_clock, |most| most.min(limits.wall_clock));
    let (bounds, heard, now) = (Bounds::of(request), Vec::new(), Heard::default());
    let mut hearing = Hearing { bounds, heard, now };
    let hear = &mut |from: &mut ChildStdout| {
        while let Some(reply) = job::read_reply(from)? {
            if !hearing.hear(reply) {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(())
    };
    let ask = |to: &mut _| job::write_request(to, request, module, input);
    let ended = command(runner).spawn().map_err(SandboxError::from);
    let ended =
        ended.and_then(|child| converse(child, (Service::Paged, limits), cancellation, &ask, hear));
    (hearing.heard, ended)
}

/// The same, of the one thing that was asked.
pub(crate) fn ask_one(
    runner: (&RunnerCommand, &Cancellation),
    request: &Request,
    bytes: (&[u8], &[u8]),
    wall_clock: Option<Duration>,
) -> Result<Heard, SandboxError> {
    let (mut heard, ended) = ask(runner, request, bytes, wall_clock);
    ended?;
    Ok(heard.pop().unwrap_or_default())
}
