//! What a dispute about a run would take, for authors: every fine step of it looked at, in a child.
//!
//! ```text
//!   parent: Order, module, input ─► child: Answer ─► parent, and it ends
//! ```
//! Key terms: a *fine step* is one of 2^14 ticks, the default step of a dispute; the *largest* is
//! the first that touches the most pages of memory and input.
//! Laws: evidence of the largest step, and of some that are spread over the run, is made and judged
//! as in a dispute, and the referee holds with each that it hears; the child opens nothing.
//! Known shortcomings: the referee is timed on those steps alone, and on a machine that does other
//! work; a step that touches few pages and is slow all the same may be missed.
//! Not here: disputes themselves (`dispute`), clocks and killing (crate `worker`).

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::dispute::LEVELS;
use super::evidence::{EVIDENCE_BYTES_MAX, EvidenceRejected, Referee, make_evidence};
use super::pages::PAGE_BYTES;
use super::program::{Kind, Program};
use super::run::{Machine, Session, Tracking};
use super::state::{Claim, State};
use super::task::{Input, Task};
use super::whole::{INPUT_BYTES_MAX, MODULE_BYTES_MAX, OUTPUT_BYTES_MAX};
use super::wire::{invalid, read_message, read_pieces, write_message, write_pieces};
use crate::bisection::Ruling;
use crate::executor::{EngineFault, EngineKind};

/// Steps that are judged besides the largest, at most.
const SPREAD: u64 = 16;

/// What the child is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    module_bytes: u64,
    input_bytes: u64,
    ticks_bound: u64,
}

/// What a dispute would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Fine steps of the run.
    pub steps: u64,
    /// Those whose pages alone are longer than evidence may be: a finer tree is due within them.
    pub too_large: u64,
    /// The largest.
    pub largest: Judged,
    /// Of all that were judged, the one that took the referee longest.
    pub slowest: Judged,
    /// How many were judged.
    pub judged: u64,
    /// Nanoseconds of loading the program into the referee, once.
    pub load_nanos: u64,
    /// How the pausable run ended: as the plain one does.
    pub claim: Claim,
}

/// A fine step that was shown to the referee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The boundary that it begins at, in ticks.
    pub begin: u64,
    /// Pages of memory and input that it touches.
    pub pages: u64,
    /// Bytes of its evidence.
    pub evidence_bytes: u64,
    /// Nanoseconds of the referee.
    pub nanos: u64,
    /// Whether the referee heard it; else a finer tree is due.
    pub is_heard: bool,
}

/// What the child answers; the words are for people.
type Answer = Result<Survey, EngineFault>;

/// Parent: sends the pausable module, its input and the most ticks, and flushes.
///
/// # Errors
/// The writer's, or `InvalidData` above a bound.
pub fn write_order(
    writer: &mut impl Write,
    module: &[u8],
    input: &[u8],
    ticks_bound: u64,
) -> io::Result<()> {
    let long = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let order = Order { module_bytes: long(module), input_bytes: long(input), ticks_bound };
    check(&order)?;
    write_message(writer, &order)?;
    write_pieces(writer, module)?;
    write_pieces(writer, input)?;
    writer.flush()
}

/// Parent: reads the answer; `None` if the child ended without one.
///
/// # Errors
/// The reader's, or `InvalidData` for bytes that are no answer.
pub fn read_answer(reader: &mut impl Read) -> io::Result<Option<Result<Survey, EngineFault>>> {
    read_message::<Answer>(reader)
}

/// Child: reads one order, carries it out, answers, returns. Uses no thread.
///
/// # Errors
/// Only the streams'; whatever fails in the run is part of the answer.
pub fn serve(mut reader: impl Read, mut writer: impl Write) -> io::Result<()> {
    let order: Order = read_message(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    check(&order)?;
    let module = read_pieces(&mut reader, order.module_bytes)?;
    let input = read_pieces(&mut reader, order.input_bytes)?;
    let answer: Answer = survey(EngineKind::Jit, &module, input, order.ticks_bound);
    write_message(&mut writer, &answer)?;
    writer.flush()
}

fn check(order: &Order) -> io::Result<()> {
    let fits = order.module_bytes <= MODULE_BYTES_MAX && order.input_bytes <= INPUT_BYTES_MAX;
    if fits { Ok(()) } else { Err(invalid("the order is above a bound")) }
}

/// Looks at every fine step of a run of at most `ticks_bound` ticks in `engine`.
///
/// # Errors
/// It is no pausable module, the task is out of range, or an engine failed.
pub fn survey(
    engine: EngineKind,
    module: &[u8],
    input: Vec<u8>,
    ticks_bound: u64,
) -> Result<Survey, EngineFault> {
    let refused = |why: &dyn std::fmt::Display| EngineFault::Compile(why.to_string());
    let program = Program::read(module, Kind::Pausable).map_err(|why| refused(&why))?;
    let input = Input::new(input).ok_or_else(|| refused(&"the input is too long"))?;
    let task = Task {
        program: program.digest(),
        input_root: input.tree().root(),
        input_length: input.bytes().len() as u64,
        ticks_bound,
        output_bound: OUTPUT_BYTES_MAX,
    };
    task.check().map_err(|why| refused(&why))?;
    let run = Run { engine, program: &program, task: &task, input: &Arc::new(input) };
    let machine = Machine::new(engine, &program, Tracking::Mark)?;
    let walk = run.walk(&machine)?;
    run.judge(&machine, &walk)
}

struct Run<'a> {
    engine: EngineKind,
    program: &'a Program,
    task: &'a Task,
    input: &'a Arc<Input>,
}

/// What is seen on the way through all fine steps.
struct Walk {
    steps: u64,
    too_large: u64,
    /// Pages of the largest, and the index of the boundary that it begins at.
    largest: (u64, u64),
    claim: Claim,
}

impl Run<'_> {
    fn walk(&self, machine: &Machine) -> Result<Walk, EngineFault> {
        let [_, fine, _] = LEVELS;
        let mut session = Session::start(machine, self.task, self.input)?;
        let (mut steps, mut too_large, mut largest) = (0u64, 0u64, (0, 0));
        let claim = loop {
            if let State::Stopped(claim) = session.state() {
                break *claim;
            }
            let touched = session.advance(fine.saturating_mul(steps.saturating_add(1)))?.touched;
            let pages = touched.memory.len().saturating_add(touched.input.len());
            if EVIDENCE_BYTES_MAX < pages.saturating_mul(PAGE_BYTES) {
                too_large = too_large.saturating_add(1);
            }
            let pages = u64::try_from(pages).unwrap_or(u64::MAX);
            if largest.0 < pages {
                largest = (pages, steps);
            }
            steps = steps.saturating_add(1);
        };
        Ok(Walk { steps, too_large, largest, claim })
    }

    /// Has the referee judge the largest step, and some spread over the run.
    fn judge(&self, machine: &Machine, walk: &Walk) -> Result<Survey, EngineFault> {
        let [_, fine, _] = LEVELS;
        let begun = Instant::now();
        let referee = Referee::new(self.program)?;
        let load_nanos = nanos(begun.elapsed());
        let spread = SPREAD.min(walk.steps);
        let evenly = (0..spread).map(|k| k.saturating_mul(walk.steps) / spread.max(1));
        let mut places: Vec<u64> = evenly.chain([walk.largest.1]).collect();
        places.sort_unstable();
        places.dedup();
        // On the way nothing is marked.
        let bare = Machine::new(self.engine, self.program, Tracking::Compare)?;
        let mut state = self.program.first_state();
        let (mut largest, mut slowest) = (None, None::<Judged>);
        for place in &places {
            let begin = place.saturating_mul(fine);
            // One session at a time: a marking module has two memories, each of 4 GiB of addresses.
            let mut session = Session::restore(&bare, self.task, self.input, state)?;
            session.advance(begin)?;
            state = session.into_state();
            let judged = self.judge_one(machine, &referee, (&state, begin))?;
            if *place == walk.largest.1 {
                largest = Some(judged);
            }
            if slowest.is_none_or(|slowest| slowest.nanos < judged.nanos) {
                slowest = Some(judged);
            }
        }
        let (Some(largest), Some(slowest)) = (largest, slowest) else {
            return Err(EngineFault::Compile("a run without steps".to_owned()));
        };
        let judged = u64::try_from(places.len()).unwrap_or(u64::MAX);
        let Walk { steps, too_large, claim, .. } = *walk;
        Ok(Survey { steps, too_large, largest, slowest, judged, load_nanos, claim })
    }

    fn judge_one(
        &self,
        machine: &Machine,
        referee: &Referee,
        (before, begin): (&State, u64),
    ) -> Result<Judged, EngineFault> {
        let [_, fine, _] = LEVELS;
        let target = begin.saturating_add(fine);
        let hash = self.task.hash();
        let mut session = Session::restore(machine, self.task, self.input, before.clone())?;
        session.advance(target)?;
        let (first, last) = (before.digest(&hash), session.into_state().digest(&hash));
        let evidence = make_evidence(machine, self.task, self.input, before.clone(), target)?;
        let pages = evidence.memory.indices.len().saturating_add(evidence.input.indices.len());
        let evidence = evidence.encode();
        let asked = Instant::now();
        let ruling = referee.judge(self.task, (&first, &last), target, &evidence);
        let nanos = nanos(asked.elapsed());
        let is_heard = match ruling {
            Ok(Ruling::Holds) => true,
            Err(EvidenceRejected::TooLong { .. } | EvidenceRejected::TooMuchWork) => false,
            Ok(Ruling::Fails) => return Err(otherwise("it fails")),
            Err(why) => return Err(otherwise(&why)),
        };
        let long = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (pages, evidence_bytes) = (long(pages), long(evidence.len()));
        Ok(Judged { begin, pages, evidence_bytes, nanos, is_heard })
    }
}

fn otherwise(why: impl std::fmt::Display) -> EngineFault {
    EngineFault::Resource(format!("the referee rules otherwise than the run: {why}"))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
