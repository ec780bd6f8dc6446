//! The child's work: a job run from its beginning, as far as an ask needs it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::super::dispute::{LEVELS, Player, Span};
use super::super::evidence::{EVIDENCE_BYTES_MAX, Referee, make_evidence};
use super::super::program::{Kind, Program};
use super::super::run::{COARSE_TICKS, Machine, Session, Tracking};
use super::super::state::{Claim, State};
use super::super::stream::output_root;
use super::super::task::{Input, Task};
use super::{
    Ask, Clock, Failure, Found, OUTPUT_NANOS_PER_BYTE, Question, Ran, Reply, Request, Stop,
};
use crate::digest::{Digest, finish, hasher};
use crate::executor::{EngineFault, EngineKind};

const TRIED: &str = "earnest compute 2026-11 step tried again v1";

/// Takes what was found, one answer after the other.
type Tell<'a> = dyn FnMut(Found) -> io::Result<()> + 'a;

pub(super) fn carry_out(
    request: &Request,
    module: &[u8],
    input: Vec<u8>,
    (clock, tell): (Clock, &mut Tell<'_>),
) -> Result<(), Stop> {
    let task = &request.task;
    task.check().map_err(|why| Failure::TaskOutOfRange(why.to_string()))?;
    let program = Program::read(module, Kind::Pausable)
        .map_err(|why| Failure::NotPrepared(why.to_string()))?;
    if program.digest() != task.program {
        return Err(EngineFault::OtherProgram.into());
    }
    let input = Input::new(input).filter(|input| input.tree().root() == task.input_root);
    let input = Arc::new(input.ok_or(Failure::OtherInput)?);
    let altered_at = request.altered_at.filter(|at| 0 < *at);
    let job = |engine| Job { program: &program, task, input: &input, altered_at, engine, clock };
    let mut told = 0;
    match job(EngineKind::Jit).find(&request.ask, &mut told, tell) {
        Err(Stop::Failure(Failure::Engine(_))) => {
            job(EngineKind::Wasmi).find(&request.ask, &mut told, tell)
        }
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
    clock: Clock,
}

/// A session, and what was put out since the job's beginning.
struct Walk<'m> {
    session: Session<'m>,
    output: Vec<u8>,
}

/// The two machines that show what lies inside a job.
struct Guide {
    bare: Machine,
    marking: Machine,
}

/// How far the job has been run.
#[derive(Clone)]
struct Way {
    at: u64,
    state: State,
    output: Vec<u8>,
}

impl Job<'_> {
    /// Answers what is asked, but for the first `told` answers.
    fn find(&self, ask: &Ask, told: &mut usize, tell: &mut Tell<'_>) -> Result<(), Stop> {
        match ask {
            Ask::Run => tell(self.run()?).map_err(Stop::Stream),
            Ask::Show(questions) => self.show(questions, told, tell),
        }
    }

    /// One way through the job, a stop at each place that is asked about. On the way there nothing
    /// is marked, and the machine's memory is given back at each stop.
    fn show(
        &self,
        questions: &[Question],
        told: &mut usize,
        tell: &mut Tell<'_>,
    ) -> Result<(), Stop> {
        let guide = Guide {
            bare: self.machine()?,
            marking: Machine::new(self.engine, self.program, Tracking::Mark)?,
        };
        let mut referee = None;
        let mut way = Way { at: 0, state: self.program.first_state(), output: Vec::new() };
        for question in questions.iter().skip(*told) {
            self.go_on(&guide, &mut way, question.begin())?;
            let found = match question {
                Question::Refine(span) => {
                    let leaves = self.leaves(&guide, &way, *span)?;
                    let (output, evidence) = (Vec::new(), Vec::new());
                    Found { leaves, output, evidence, last: Reply::Made }
                }
                Question::Prove { span, index } => {
                    self.prove(&guide, &way, (*span, *index), &mut referee)?
                }
            };
            tell(found).map_err(Stop::Stream)?;
            *told = told.saturating_add(1);
        }
        Ok(())
    }

    /// Moves on to a boundary that is not before, altered on the way if that is asked for.
    fn go_on(&self, guide: &Guide, way: &mut Way, to: u64) -> Result<(), EngineFault> {
        if way.at == to {
            return Ok(());
        }
        // Whoever fails on the way has no further use for it; nothing is held twice.
        let state = std::mem::replace(&mut way.state, self.program.first_state());
        let output = std::mem::take(&mut way.output);
        let session = Session::restore(&guide.bare, self.task, self.input, state)?;
        let mut walk = Walk { session, output };
        self.advance(&mut walk, &guide.bare, (way.at, to))?;
        *way = Way { at: to, state: walk.session.into_state(), output: walk.output };
        Ok(())
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
            let (begun, before) = ((self.clock)(), walk.output.len());
            self.advance(&mut walk, &machine, (from, to))?;
            leaves.push(walk.session.state().digest(&hash));
            let is_last = matches!(walk.session.state(), State::Stopped(_));
            if !is_last || quickest.is_none() {
                let put_out = walk.output.len().saturating_sub(before) as u64;
                let besides = put_out.saturating_mul(OUTPUT_NANOS_PER_BYTE);
                let took = (self.clock)().saturating_sub(begun);
                let took = took.saturating_sub(Duration::from_nanos(besides));
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

    /// The leaves of the tree over a span that begins where the way has come to.
    fn leaves(&self, guide: &Guide, way: &Way, span: Span) -> Result<Vec<Digest>, EngineFault> {
        let mut player = Player::new(&guide.marking, self.task, self.input);
        player.keep(span.begin, way.state.clone());
        let end = span.boundary(span.steps);
        if let Some(at) = self.altered_at.filter(|at| span.begin < *at && *at <= end) {
            let mut aside = way.clone();
            self.go_on(guide, &mut aside, at)?;
            player.keep(at, aside.state);
        }
        Ok(player.tree(span)?.leaves().to_vec())
    }

    /// Evidence of the step that begins where the way has come to, or the tree within it.
    fn prove(
        &self,
        guide: &Guide,
        way: &Way,
        (span, index): (Span, u64),
        referee: &mut Option<Referee>,
    ) -> Result<Found, Failure> {
        let (before, target) = (way.state.clone(), span.boundary(index));
        let digest = before.digest(&self.task.hash());
        let evidence = make_evidence(&guide.marking, self.task, self.input, before, target)?;
        let evidence = evidence.encode();
        // What a referee does not hear is not worth being sent.
        if evidence.len() <= EVIDENCE_BYTES_MAX {
            let referee = match referee {
                Some(referee) => referee,
                none => none.insert(Referee::new(self.program)?),
            };
            if referee.judge(self.task, (&digest, &digest), target, &evidence).is_ok() {
                let (leaves, output) = (Vec::new(), Vec::new());
                return Ok(Found { leaves, output, evidence, last: Reply::Made });
            }
        }
        let leaves = match span.within(index) {
            Some(finer) => self.leaves(guide, way, finer)?,
            None => Vec::new(),
        };
        let (output, evidence) = (Vec::new(), Vec::new());
        Ok(Found { leaves, output, evidence, last: Reply::TooLarge })
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
