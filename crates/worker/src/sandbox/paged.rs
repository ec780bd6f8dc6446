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

#[cfg(test)]
mod tests {
    use earnest_compute::paged::{dispute::Span, job::QUESTIONS_MAX, task::Task};
    use earnest_protocol::RawParams;

    use super::*;

    const SPAN: Span = Span { level: 2, begin: 0, steps: 4 };

    fn hearing(ask: Ask) -> Hearing {
        let (program, input_root) = (WorkDigest([1; 32]), WorkDigest([2; 32]));
        let (input_length, ticks_bound, output_bound) = (0, 1, 10);
        let task = Task { program, input_root, input_length, ticks_bound, output_bound };
        let bounds = Bounds::of(&Request { task, ask, altered_at: None });
        Hearing { bounds, heard: Vec::new(), now: Heard::default() }
    }

    /// Whether a child may say all of it.
    fn is_heard(ask: Ask, replies: Vec<Reply>) -> bool {
        let mut hearing = hearing(ask);
        replies.into_iter().all(|reply| hearing.hear(reply))
    }

    fn leaves(count: usize) -> Reply {
        Reply::Leaves(vec![WorkDigest([1; 32]); count])
    }

    #[test]
    fn an_answer_is_heard_up_to_its_last_byte_and_none_that_was_not_asked_for() {
        let refine = || Ask::Show(vec![Question::Refine(SPAN)]);
        let prove = || Ask::Show(vec![Question::Prove { span: SPAN, index: 1 }]);
        // Five leaves are around four steps; in pieces it is as in one.
        assert!(is_heard(refine(), vec![leaves(5), Reply::Made]));
        assert!(is_heard(refine(), vec![leaves(4), leaves(1), Reply::Made]));
        assert!(!is_heard(refine(), vec![leaves(6)]));
        assert!(!is_heard(refine(), vec![leaves(5), leaves(1)]));
        assert!(!is_heard(refine(), vec![Reply::Output(vec![0])]));
        // Evidence is at most what a referee hears, and its step has no finer tree.
        let evidence = |bytes| Reply::Evidence(vec![0; bytes]);
        assert!(is_heard(prove(), vec![evidence(EVIDENCE_BYTES_MAX), Reply::Made]));
        assert!(!is_heard(prove(), vec![evidence(EVIDENCE_BYTES_MAX + 1)]));
        assert!(!is_heard(prove(), vec![evidence(EVIDENCE_BYTES_MAX), evidence(1)]));
        assert!(!is_heard(prove(), vec![leaves(1)]));
        // A lazy provider's child adds one byte to a run's output.
        assert!(is_heard(Ask::Run, vec![Reply::Output(vec![0; 10]), Reply::Output(vec![0])]));
        assert!(!is_heard(Ask::Run, vec![Reply::Output(vec![0; 12])]));
        assert!(!is_heard(Ask::Run, vec![evidence(1)]));
    }

    /// Each answer has bounds of its own, and there is none behind the last.
    #[test]
    fn as_many_answers_are_heard_as_were_asked_for() {
        let mut hearing = hearing(Ask::Show(vec![Question::Refine(SPAN); QUESTIONS_MAX]));
        for _ in 0..QUESTIONS_MAX {
            assert!(hearing.hear(leaves(5)) && hearing.hear(Reply::Made));
        }
        assert!(!hearing.hear(leaves(0)) && !hearing.hear(Reply::Made));
        assert_eq!(hearing.heard.len(), QUESTIONS_MAX);
        assert!(hearing.heard.iter().all(|heard| heard.leaves.len() == 5));
    }

    /// One ask has room for a question of every game that a network's parameters allow about one
    /// result: open challenges, the dissent of its auditors, and of two more for a withheld seed.
    #[test]
    fn one_ask_has_room_for_all_games_about_a_result() {
        let most = |path| {
            let field = RawParams::fields().find(|field| field.is_at(path));
            usize::try_from(field.expect("there is one").max).expect("small")
        };
        let games = most("verification.disputes_max") + most("verification.auditors_max") + 2;
        assert!(games <= QUESTIONS_MAX, "{games}");
    }
}
