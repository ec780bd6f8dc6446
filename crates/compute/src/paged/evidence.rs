//! Evidence of one step, and the referee who executes it.
//!
//! ```text
//!   a state that both agree on ──opened──► head, touched pages, touched input, one proof each
//!        └─ the checking module runs to the boundary ─► the state that follows ─► Holds or Fails
//! ```
//! Laws: [`Referee::judge`] is a pure function of its arguments, total on any bytes; what the
//! agreed state and the task do not bind is not heard; a page that is not given is never taken for
//! zeros, however little of it is touched: the evidence is not heard. Pages that a memory gains
//! within the step are zeros by the law of growth; if they are written, they too must be given, for
//! their path.
//! What costs more than [`STEP_GAS_MAX`] is not heard either: a finer step is to be shown.
//! Known shortcomings: the referee sets aside memory as large as the program's, so its fixed cost
//! grows with it; how deep calls may nest is the interpreter's own limit.
//! Not here: who must show evidence when (`dispute`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Host, Instance, Source, Touch};
use super::pace::{After, Pace, Stop};
use super::pages::{DEPTH, PAGE_BYTES, Page, PageProof, ZERO_PAGE, page_digest};
use super::program::{Kind, Program};
use super::run::{Machine, Session, Tracking};
use super::state::{Claim, Head, Opened, PAGES_PER_BLOCK, State, Value};
use super::task::{Input, Task};
use crate::bisection::Ruling;
use crate::digest::Digest;
use crate::executor::{EngineFault, EngineKind};

/// Most bytes of encoded evidence (1 MiB).
pub const EVIDENCE_BYTES_MAX: usize = 1024 * 1024;
/// Most gas of a step that a referee executes: a tenth of a second or so.
pub const STEP_GAS_MAX: i64 = 1 << 25;

/// Some pages of a tree, with what shows that they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// Which, ascending.
    pub indices: Vec<u32>,
    /// Their bytes, one behind the other.
    #[serde(with = "crate::bytes")]
    pub bytes: Vec<u8>,
    /// Their common proof.
    pub proof: PageProof,
}

impl Pages {
    /// The pages by their index, if they are those of the tree of root `root`.
    fn verify(&self, root: &Digest) -> Option<BTreeMap<u32, Box<Page>>> {
        let (pages, []) = self.bytes.as_chunks::<PAGE_BYTES>() else { return None };
        let siblings = self.indices.len().max(1).checked_mul(usize::try_from(DEPTH).ok()?)?;
        if pages.len() != self.indices.len() || siblings < self.proof.0.len() {
            return None;
        }
        let hashed = self.indices.iter().zip(pages);
        let digests: Vec<_> = hashed.map(|(i, page)| (*i, page_digest(page))).collect();
        if self.proof.root(&digests)? != *root {
            return None;
        }
        Some(self.indices.iter().copied().zip(pages.iter().map(|page| Box::new(*page))).collect())
    }
}

/// Everything needed to execute one step. Of a state that has stopped, the claim alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The state before the step, opened.
    pub before: Opened,
    /// Pages of its memory that the step touches.
    pub memory: Pages,
    /// Pages of the input that it reads.
    pub input: Pages,
}

/// Why evidence is not heard. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceRejected {
    /// More bytes than allowed: show a finer step.
    #[error("{length} bytes exceed {limit}: show a finer step")]
    TooLong {
        /// Their number.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The bytes are not encoded evidence.
    #[error("not encoded evidence")]
    Malformed,
    /// The opened state is not the agreed one.
    #[error("the opened state is not the agreed one")]
    OtherState,
    /// The task binds another program than the referee's.
    #[error("the task binds another program")]
    OtherProgram,
    /// The opened state cannot be one of this program.
    #[error("the opened state is none of this program")]
    NoState,
    /// Pages of memory are not those of the state.
    #[error("the pages of memory are not those of the opened state")]
    OtherPages,
    /// Pages of the input are not the task's.
    #[error("the pages of the input are not the task's")]
    OtherInput,
    /// The step touches a page that was not given.
    #[error("the step touches a page that is not given")]
    PageMissing,
    /// The step costs more gas than a referee spends: show a finer step.
    #[error("the step costs more than {STEP_GAS_MAX} gas: show a finer step")]
    TooMuchWork,
    /// The referee's engine failed: no claim about the step.
    #[error("no claim: {0}")]
    NoClaim(EngineFault),
}

impl Evidence {
    /// The bytes to send.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("these types have no unserialisable parts")
    }

    /// Reads what [`Evidence::encode`] wrote; trailing bytes are refused.
    ///
    /// # Errors
    /// `TooLong` or `Malformed`.
    pub fn decode(bytes: &[u8]) -> Result<Evidence, EvidenceRejected> {
        if EVIDENCE_BYTES_MAX < bytes.len() {
            let (length, limit) = (bytes.len(), EVIDENCE_BYTES_MAX);
            return Err(EvidenceRejected::TooLong { length, limit });
        }
        match postcard::take_from_bytes(bytes) {
            Ok((evidence, [])) => Ok(evidence),
            Ok(_) | Err(_) => Err(EvidenceRejected::Malformed),
        }
    }
}

/// A program, ready to be judged by: the checking module in the interpreter.
pub struct Referee {
    engine: Engine,
    program: Program,
}

impl Referee {
    /// Loads the pausable module.
    ///
    /// # Errors
    /// It is not the pausable one, or the interpreter refuses it.
    pub fn new(program: &Program) -> Result<Referee, EngineFault> {
        if program.kind() != Kind::Pausable {
            return Err(EngineFault::OtherProgram);
        }
        let engine = Engine::new(EngineKind::Wasmi, &program.checking(), Kind::Pausable)?;
        Ok(Referee { engine, program: program.clone() })
    }

    /// The digest of the state that a task begins with: it follows from program and task alone.
    pub fn first(&self, task: &Task) -> Digest {
        self.program.first_state().digest(&task.hash())
    }

    /// Rules whether the state of digest `after` is what `task` makes of the one of digest `before`
    /// at the first boundary of at least `target` ticks.
    ///
    /// # Errors
    /// The evidence is not heard, or (`NoClaim`) the engine failed; nothing is ruled.
    pub fn judge(
        &self,
        task: &Task,
        (before, after): (&Digest, &Digest),
        target: u64,
        evidence: &[u8],
    ) -> Result<Ruling, EvidenceRejected> {
        let evidence = Evidence::decode(evidence)?;
        let hash = task.hash();
        if evidence.before.digest(&hash) != *before {
            return Err(EvidenceRejected::OtherState);
        }
        let expected = match evidence.before {
            Opened::Running(head) if head.ticks < target => {
                self.follow(task, head, &evidence.memory, &evidence.input, target)?.digest(&hash)
            }
            // Ended, or beyond that boundary already: it stays as it is.
            Opened::Running(_) | Opened::Stopped(_) => *before,
        };
        Ok(if expected == *after { Ruling::Holds } else { Ruling::Fails })
    }

    /// The state that follows `head`.
    fn follow(
        &self,
        task: &Task,
        mut head: Head,
        memory: &Pages,
        input: &Pages,
        target: u64,
    ) -> Result<Opened, EvidenceRejected> {
        if task.program != self.program.digest() {
            return Err(EvidenceRejected::OtherProgram);
        }
        if !head.output.is_whole() || !self.program.fits(head.blocks, &head.globals) {
            return Err(EvidenceRejected::NoState);
        }
        let known = memory.verify(&head.memory).ok_or(EvidenceRejected::OtherPages)?;
        let pages = input.verify(&task.input_root).ok_or(EvidenceRejected::OtherInput)?;
        let mut pace = Pace::new(head.ticks, task.ticks_bound, 1);
        let given = pace.toward(target);
        let source = Source::Pages { length: task.input_length, pages };
        let mut host = Host::new(source, Touch::Checked, pace);
        host.room = task.output_bound.saturating_sub(head.output.length());
        let mut instance = self
            .engine
            .instance(host, self.program.globals().len())
            .map_err(EvidenceRejected::NoClaim)?;
        let instance = instance.as_mut();
        restore(instance, &head, &known).map_err(not_heard)?;
        let (left, exit) = (self.program.left(), self.program.exit());
        instance.set_global(left, Value::I64(given)).map_err(not_heard)?;
        instance.set_gas(STEP_GAS_MAX).map_err(not_heard)?;
        let outcome = instance.call();
        let counters =
            (instance.global(left).map_err(not_heard)?, instance.global(exit).map_err(not_heard)?);
        let (Value::I64(left), Value::I32(exit)) = counters else {
            return Err(EvidenceRejected::NoState);
        };
        let after = pace.conclude(outcome, left, exit).map_err(not_heard)?;
        head.output.append(&std::mem::take(&mut instance.host().output));
        match after {
            After::Ended(ending, ticks) => {
                let (output_length, output_root) = (head.output.length(), head.output.root());
                Ok(Opened::Stopped(Claim { ending, ticks, output_length, output_root }))
            }
            After::Paused(ticks) => {
                head.ticks = ticks;
                self.take(instance, &mut head, memory)?;
                Ok(Opened::Running(head))
            }
        }
    }

    /// Takes over memory and globals after a pause.
    fn take(
        &self,
        instance: &mut dyn Instance,
        head: &mut Head,
        given: &Pages,
    ) -> Result<(), EvidenceRejected> {
        for (position, value) in head.globals.iter_mut().enumerate() {
            *value = match position == self.program.left() {
                true => Value::I64(0),
                false => instance.global(position).map_err(not_heard)?,
            };
        }
        let (pages, _) = instance.memory().as_chunks::<PAGE_BYTES>();
        let page = |index: u32| usize::try_from(index).ok().and_then(|index| pages.get(index));
        let old = head.blocks.saturating_mul(PAGES_PER_BLOCK);
        let written = (0u32..).zip(pages).skip(usize::try_from(old).expect("usize has 32 bits"));
        for (index, page) in written {
            // Of a page that the memory gained, only zeros need no path.
            if page != ZERO_PAGE && given.indices.binary_search(&index).is_err() {
                return Err(EvidenceRejected::PageMissing);
            }
        }
        let digests: Vec<_> = given
            .indices
            .iter()
            .map(|index| (*index, page_digest(page(*index).unwrap_or(ZERO_PAGE))))
            .collect();
        let blocks = pages.len() as u64 / u64::from(PAGES_PER_BLOCK);
        head.blocks = u32::try_from(blocks).expect("memories have 32-bit addresses");
        head.memory = given.proof.root(&digests).ok_or(EvidenceRejected::OtherPages)?;
        Ok(())
    }
}

/// Writes the known part of a state, and says in the map what is known.
fn restore(
    instance: &mut dyn Instance,
    head: &Head,
    known: &BTreeMap<u32, Box<Page>>,
) -> Result<(), Stop> {
    instance.grow(head.blocks)?;
    let size = head.blocks.saturating_mul(PAGES_PER_BLOCK);
    let (places, _) = instance.memory().as_chunks_mut::<PAGE_BYTES>();
    for (index, page) in known {
        if let Some(place) = places.get_mut(usize::try_from(*index).expect("usize has 32 bits")) {
            *place = **page;
        }
    }
    // Beyond the memory an access traps by itself, and what a growth brings is known: zeros.
    let map = instance.map();
    map.fill(1);
    let size = usize::try_from(size).expect("usize has 32 bits");
    map.get_mut(..size).unwrap_or_default().fill(0);
    for index in known.keys() {
        let place = usize::try_from(*index).expect("usize has 32 bits");
        map.get_mut(place).into_iter().for_each(|mark| *mark = 1);
    }
    for (position, value) in head.globals.iter().enumerate() {
        instance.set_global(position, *value)?;
    }
    Ok(())
}

fn not_heard(stop: Stop) -> EvidenceRejected {
    match stop {
        Stop::Missing => EvidenceRejected::PageMissing,
        Stop::Exceeded => EvidenceRejected::TooMuchWork,
        Stop::Fault(fault) => EvidenceRejected::NoClaim(fault),
        // Not in the program: `conclude` has told those.
        Stop::Trap | Stop::Unreachable => EvidenceRejected::NoState,
    }
}

/// Makes the evidence of the step from `before` to the first boundary of at least `target` ticks:
/// executes it with a machine that marks what it touches.
///
/// # Errors
/// The host's failures, or a machine that does not mark.
pub fn make_evidence(
    machine: &Machine,
    task: &Task,
    input: &Arc<Input>,
    before: State,
    target: u64,
) -> Result<Evidence, EngineFault> {
    let opened = before.open();
    let State::Running(running) = before else {
        let (memory, input) = (Pages::default(), Pages::default());
        return Ok(Evidence { before: opened, memory, input });
    };
    if machine.tracking() != Tracking::Mark {
        return Err(EngineFault::Compile("the machine does not mark pages".to_owned()));
    }
    let memory = running.memory.clone();
    let mut session = Session::restore(machine, task, input, State::Running(running))?;
    let touched = session.advance(target)?.touched;
    let tree = memory.tree();
    let proof = tree.prove(&touched.memory).unwrap_or_default();
    let bytes = touched.memory.iter().flat_map(|index| *memory.page(*index)).collect();
    let memory = Pages { indices: touched.memory, bytes, proof };
    let proof = input.tree().prove(&touched.input).unwrap_or_default();
    let bytes = touched.input.iter().flat_map(|index| input.page(*index)).collect();
    let input = Pages { indices: touched.input, bytes, proof };
    Ok(Evidence { before: opened, memory, input })
}
