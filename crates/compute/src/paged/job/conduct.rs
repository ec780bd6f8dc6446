//! The child's work: a job run from its beginning, as far as an ask needs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::dispute::{LEVELS, Player, Span};
use super::super::evidence::{EVIDENCE_BYTES_MAX, Referee, make_evidence};
use super::super::program::{Kind, Program};
use super::super::run::{COARSE_TICKS, Machine, Session, Tracking};
use super::super::state::{Claim, State};
use super::super::stream::output_root;
use super::super::task::{Input, Task};
use super::{Ask, Failure, Ran, Reply, Request};
use crate::digest::{Digest, finish, hasher};
use crate::executor::{EngineFault, EngineKind};

const TRIED: &str = "earnest compute 2026-11 step tried again v1";

/// What is to be sent.
pub(super) struct Found {
    pub(super) leaves: Vec<Digest>,
    pub(super) output: Vec<u8>,
    pub(super) evidence: Vec<u8>,
    pub(super) last: Reply,
}

pub(super) fn carry_out(
    request: &Request,
    module: &[u8],
    input: Vec<u8>,
) -> Result<Found, Failure> {
    let task = &request.task;
    task.check().map_err(|why| Failure::TaskOutOfRange(why.to_string()))?;
    let program = Program::read(module, Kind::Pausable)
        .map_err(|why| Failure::NotPrepared(why.to_string()))?;
    if program.digest() != task.program {
        return Err(Failure::Engine(EngineFault::OtherProgram));
    }
    let input = Input::new(input).filter(|input| input.tree().root() == task.input_root);
    let input = Arc::new(input.ok_or(Failure::OtherInput)?);
    let altered_at = request.altered_at.filter(|at| 0 < *at);
    let job = |engine| Job { program: &program, task, input: &input, altered_at, engine };
    match job(EngineKind::Jit).find(request.ask) {
        Err(Failure::Engine(_)) => job(EngineKind::Wasmi).find(request.ask),
        found => found,
    }
}

/// A job in one engine.
struct Job<'a> {
    program: &'a Program,
    task: &'a Task,
    input: &'a Arc<Input>,
    altered_at: Option<u64>,
    engine: EngineKind,
}

/// A session, and what was put out since the job's beginning.
struct Walk<'m> {
    session: Session<'m>,
    output: Vec<u8>,
}

impl Job<'_> {
    fn find(&self, ask: Ask) -> Result<Found, Failure> {
        match ask {
            Ask::Run => self.run(),
            Ask::Refine(span) => {
                let machine = Machine::new(self.engine, self.program, Tracking::Mark)?;
                let leaves = self.player(&machine, span)?.tree(span)?.leaves().to_vec();
                let (output, evidence) = (Vec::new(), Vec::new());
                Ok(Found { leaves, output, evidence, last: Reply::Made })
            }
            Ask::Prove { span, index } => self.prove(span, index),
        }
    }

    fn machine(&self) -> Result<Machine, EngineFault> {
        Machine::new(self.engine, self.program, Tracking::Compare)
    }

    fn begin<'m>(&self, machine: &'m Machine) -> Result<Walk<'m>, EngineFault> {
        let session = Session::start(machine, self.task, self.input)?;
        Ok(Walk { session, output: Vec::new() })
    }

    /// Moves a walk on to a boundary, altered on the way if that is asked for. A walk stops at each
    /// boundary but once.
    fn advance<'m>(
        &self,
        walk: &mut Walk<'m>,
        machine: &'m Machine,
        (from, to): (u64, u64),
    ) -> Result<(), EngineFault> {
        if let Some(at) = self.altered_at.filter(|at| from < *at && *at <= to) {
            walk.output.extend(walk.session.advance(at)?.output);
            let state = alter(walk.session.state().clone(), &mut walk.output);
            walk.session = Session::restore(machine, self.task, self.input, state)?;
        }
        walk.output.extend(walk.session.advance(to)?.output);
        Ok(())
    }

    fn run(&self) -> Result<Found, Failure> {
        let machine = self.machine()?;
        let hash = self.task.hash();
        let mut walk = self.begin(&machine)?;
        let mut quickest = None;
        let mut leaves = vec![walk.session.state().digest(&hash)];
        let mut tried = (0, walk.session.state().clone());
        let claim = loop {
            let step = leaves.len() as u64;
            let from = step.saturating_sub(1).saturating_mul(COARSE_TICKS);
            let to = step.saturating_mul(COARSE_TICKS);
            let begun = Instant::now();
            self.advance(&mut walk, &machine, (from, to))?;
            leaves.push(walk.session.state().digest(&hash));
            let is_last = matches!(walk.session.state(), State::Stopped(_));
            if !is_last || quickest.is_none() {
                let took = begun.elapsed();
                quickest = Some(quickest.map_or(took, |quickest: Duration| quickest.min(took)));
            }
            match walk.session.state() {
                State::Stopped(claim) => break *claim,
                State::Running(_) if drawn(&hash, step).is_multiple_of(step.saturating_add(1)) => {
                    tried = (to, walk.session.state().clone());
                }
                State::Running(_) => {}
            }
        };
        let step_nanos = quickest.unwrap_or_default().as_nanos();
        let step_nanos = u64::try_from(step_nanos).unwrap_or(u64::MAX);
        let output = std::mem::take(&mut walk.output);
        drop(walk);
        if self.altered_at.is_none() {
            self.try_again(&machine, tried, &claim)?;
        }
        let last = Reply::Ran(Ran { claim, step_nanos });
        Ok(Found { leaves, output, evidence: Vec::new(), last })
    }

    /// One fine step again, in the interpreter. The states of the coarse boundaries had the same
    /// chance each to be the one that it is taken behind.
    fn try_again(
        &self,
        machine: &Machine,
        (begin, state): (u64, State),
        claim: &Claim,
    ) -> Result<(), Failure> {
        let [_, fine, _] = LEVELS;
        let ticks = claim.ticks.saturating_sub(begin).clamp(1, COARSE_TICKS);
        let index = drawn(&self.task.hash(), claim.ticks) % ticks.div_ceil(fine);
        let from = begin.saturating_add(index.saturating_mul(fine));
        let to = from.saturating_add(fine);
        let mut session = Session::restore(machine, self.task, self.input, state)?;
        session.advance(from)?;
        let before = session.state().clone();
        session.advance(to)?;
        let after = session.into_state();
        let interpreter = Machine::new(EngineKind::Wasmi, self.program, Tracking::Compare)?;
        let mut again = Session::restore(&interpreter, self.task, self.input, before)?;
        again.advance(to)?;
        match *again.state() == after {
            true => Ok(()),
            false => Err(Failure::EnginesDisagree { ticks: to }),
        }
    }

    /// A player who knows the states that the tree over a span stands on. On the way there nothing
    /// is marked.
    fn player<'m>(&self, machine: &'m Machine, span: Span) -> Result<Player<'m>, EngineFault> {
        let bare = self.machine()?;
        let mut walk = self.begin(&bare)?;
        self.advance(&mut walk, &bare, (0, span.begin))?;
        let mut player = Player::new(machine, self.task, self.input);
        player.keep(span.begin, walk.session.state().clone());
        let end = span.boundary(span.steps);
        if let Some(at) = self.altered_at.filter(|at| span.begin < *at && *at <= end) {
            self.advance(&mut walk, &bare, (span.begin, at))?;
            player.keep(at, walk.session.into_state());
        }
        Ok(player)
    }

    fn prove(&self, span: Span, index: u64) -> Result<Found, Failure> {
        let machine = Machine::new(self.engine, self.program, Tracking::Mark)?;
        let player = self.player(&machine, span)?;
        let before = player.state_at(span.boundary(index.saturating_sub(1)))?;
        let target = span.boundary(index);
        let digest = before.digest(&self.task.hash());
        let evidence = make_evidence(&machine, self.task, self.input, before, target)?.encode();
        let found =
            |evidence, last| Ok(Found { leaves: Vec::new(), output: Vec::new(), evidence, last });
        // What a referee does not hear is not worth being sent.
        let is_heard = evidence.len() <= EVIDENCE_BYTES_MAX
            && Referee::new(self.program)?
                .judge(self.task, (&digest, &digest), target, &evidence)
                .is_ok();
        match is_heard {
            true => found(evidence, Reply::Made),
            false => found(Vec::new(), Reply::TooLarge),
        }
    }
}

/// A number that follows from the task and `salt`.
fn drawn(task: &Digest, salt: u64) -> u64 {
    let mut h = hasher(TRIED);
    h.update(&task.0);
    h.update(&salt.to_le_bytes());
    let Digest([a, b, c, d, e, f, g, h, ..]) = finish(&h);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// A state with a byte more of output than the program put out.
fn alter(state: State, output: &mut Vec<u8>) -> State {
    match state {
        State::Running(mut running) => {
            running.output.append(b"!");
            output.push(b'!');
            State::Running(running)
        }
        State::Stopped(claim) => {
            output.push(b'!');
            let (output_length, output_root) = (output.len() as u64, output_root(output));
            State::Stopped(Claim { output_length, output_root, ..claim })
        }
    }
}
