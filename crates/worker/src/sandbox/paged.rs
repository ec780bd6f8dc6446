//! Jobs of ordinary programs, asked of a child about.

use std::{process::ChildStdout, time::Duration};

use earnest_compute::{
    Digest as WorkDigest,
    paged::{
        dispute::coarse_steps,
        evidence::EVIDENCE_BYTES_MAX,
        job::{self, Ran, Reply, Request},
    },
};

use super::{Cancellation, Limits, RunnerCommand, SandboxError, Service, command, converse};

/// All that a child said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) leaves: Vec<WorkDigest>,
    pub(crate) output: Vec<u8>,
    pub(crate) evidence: Vec<u8>,
    pub(crate) last: Option<Last>,
}

/// How a conversation ended.
#[derive(Debug)]
pub(crate) enum Last {
    Ran(Ran),
    Made,
    TooLarge,
    Failed(job::Failure),
}

impl Heard {
    /// A child is trusted no further than its frames: each string has a bound.
    fn hear(&mut self, reply: Reply, bounds: &Bounds) -> bool {
        match reply {
            Reply::Leaves(mut leaves) => self.leaves.append(&mut leaves),
            Reply::Output(mut bytes) => self.output.append(&mut bytes),
            Reply::Evidence(mut bytes) => self.evidence.append(&mut bytes),
            Reply::Ran(ran) => self.last = Some(Last::Ran(ran)),
            Reply::Made => self.last = Some(Last::Made),
            Reply::TooLarge => self.last = Some(Last::TooLarge),
            Reply::Failed(failure) => self.last = Some(Last::Failed(failure)),
        }
        let lengths = [self.leaves.len(), self.output.len(), self.evidence.len()];
        lengths.iter().zip([bounds.leaves, bounds.output, bounds.evidence]).all(|(l, b)| *l <= b)
    }
}

/// Most of each that an honest child sends.
struct Bounds {
    leaves: usize,
    output: usize,
    evidence: usize,
}

impl Bounds {
    fn of(request: &Request) -> Bounds {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX).saturating_add(1);
        let leaves = match request.ask {
            job::Ask::Run => size(coarse_steps(request.task.ticks_bound)),
            job::Ask::Refine(span) => size(span.steps),
            job::Ask::Prove { .. } => 0,
        };
        Bounds { leaves, output: size(request.task.output_bound), evidence: EVIDENCE_BYTES_MAX }
    }
}

/// Asks a child about a job, within the limits that follow from it or a shorter time.
pub(crate) fn ask(
    (runner, cancellation): (&RunnerCommand, &Cancellation),
    request: &Request,
    (module, input): (&[u8], &[u8]),
    wall_clock: Option<Duration>,
) -> Result<Heard, SandboxError> {
    let mut limits = Limits::of_paged(request);
    limits.wall_clock = wall_clock.map_or(limits.wall_clock, |most| most.min(limits.wall_clock));
    let (mut heard, bounds) = (Heard::default(), Bounds::of(request));
    let hear = &mut |from: &mut ChildStdout| {
        while let Some(reply) = job::read_reply(from)? {
            if !heard.hear(reply, &bounds) {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(())
    };
    let child = command(runner).spawn()?;
    let ask = |to: &mut _| job::write_request(to, request, module, input);
    converse(child, (Service::Paged, limits), cancellation, &ask, hear)?;
    Ok(heard)
}
