//! The dispute about one leaf: what a player sends, and what the referee decides.
//!
//! ```text
//!   root ─ provider opens exactly its 16 children ─► challenger names the first child it rejects
//!        ─ ... one level down each round ...       ─► a leaf i: provider sends `StepEvidence`
//!        ─ `judge` recomputes that one step  ─► Holds: challenger loses | Fails: provider loses
//! ```
//! By naming child c the challenger accepts the children before it, so leaf i - 1 is agreed and
//! lies under the same root: its path is checked, no dispute about it is possible.
//! Laws: `judge` is pure and total on any bytes; evidence that is not what the task and the root
//! bind is rejected (the provider's clock runs on), never ruled upon; leaf 0 follows from program
//! and seed alone; after a stopped leaf the next follows without any execution. The game is
//! one-sided: `Holds` says nothing about the rest of either tree.
//! Not here: clocks, deposits, whose turn it is (the ledger).

use serde::{Deserialize, Serialize};

use crate::admission::{AdmissionRejected, MODULE_BYTES_MAX, STATE_BYTES_MAX, admit};
use crate::checkpoint::{ARITY, Checkpoint, Leaf, LeafProof, Position, Status, Tree, state_hash};
use crate::digest::Digest;
use crate::executor::{EngineFault, EngineKind, Machine};
use crate::task::{CHUNK_BYTES_MAX, ChunkPath, Input, NO_CHUNK, Task, chunk_hash};
use crate::trace::{Kept, Runner};

/// Most bytes of encoded evidence: module, state, chunk, and 16 KiB for paths and leaves.
pub const EVIDENCE_BYTES_MAX: usize =
    MODULE_BYTES_MAX + STATE_BYTES_MAX + CHUNK_BYTES_MAX + 16 * 1024;

/// The leaf before the disputed one, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Leaf i - 1.
    pub leaf: Leaf,
    /// Its path to the committed root.
    pub path: LeafProof,
}

/// Everything needed to recompute one step. Empty fields are right where nothing is to be executed
/// (after a stopped leaf) or read (leaf 0, an empty input).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEvidence {
    /// The original module.
    #[serde(with = "crate::bytes")]
    pub program: Vec<u8>,
    /// The state after step i - 1.
    #[serde(with = "crate::bytes")]
    pub pre_state: Vec<u8>,
    /// The chunk step i reads.
    #[serde(with = "crate::bytes")]
    pub chunk: Vec<u8>,
    /// Its path to the task's input root.
    pub chunk_path: ChunkPath,
    /// Leaf i - 1; `None` for leaf 0.
    pub before: Option<Before>,
    /// The disputed leaf, opened.
    pub after: Leaf,
}

/// The referee's decision about one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ruling {
    /// The leaf is what the task makes of the leaf before: the challenger loses.
    Holds,
    /// It is not: the provider loses.
    Fails,
}

/// Why evidence is not heard. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceRejected {
    /// More bytes than allowed.
    #[error("{length} bytes exceed {limit}")]
    TooLong {
        /// Their number.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The bytes are not an encoded `StepEvidence`.
    #[error("not encoded evidence")]
    Malformed,
    /// The task has no such leaf.
    #[error("leaf {index} is beyond the last, {last}")]
    NoSuchLeaf {
        /// The index asked for.
        index: u64,
        /// The task's last.
        last: u64,
    },
    /// `after` does not hash to the disputed leaf or carries another index.
    #[error("the opened leaf is not the disputed one")]
    OtherLeaf,
    /// Leaf i - 1 is absent (or present for leaf 0), carries another index, or its path does not
    /// end in the root.
    #[error("the leaf before is not proven under the root")]
    BeforeNotProven,
    /// The program is not the task's.
    #[error("the program is not the task's")]
    OtherProgram,
    /// The state is not the one leaf i - 1 binds.
    #[error("the state is not the one the leaf before binds")]
    OtherPreState,
    /// The chunk is not the one the task lets this step read.
    #[error("the chunk is not the one this step reads")]
    OtherChunk,
    /// The task's program cannot be admitted: the task should never have been posted.
    #[error("the program is not admitted: {0}")]
    ProgramNotAdmitted(AdmissionRejected),
    /// The referee's engine failed: no claim about the leaf.
    #[error("no claim: {0}")]
    NoClaim(EngineFault),
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("these types have no unserialisable parts")
}

/// Decodes all of `bytes`; trailing bytes are refused.
fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

impl StepEvidence {
    /// The bytes to send.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what [`StepEvidence::encode`] wrote.
    ///
    /// # Errors
    /// `TooLong` or `Malformed`.
    pub fn decode(bytes: &[u8]) -> Result<StepEvidence, EvidenceRejected> {
        if EVIDENCE_BYTES_MAX < bytes.len() {
            return Err(EvidenceRejected::TooLong {
                length: bytes.len(),
                limit: EVIDENCE_BYTES_MAX,
            });
        }
        decode(bytes).ok_or(EvidenceRejected::Malformed)
    }
}

/// Rules whether leaf `index`, of digest `leaf`, in the tree of root `root`, follows from the leaf
/// before it. Pure: the same arguments give the same answer in every node. At most one step is
/// executed, in the interpreter, of at most `task.step_gas_max` gas.
///
/// # Errors
/// The evidence is not what task and root bind, or (`NoClaim`) the engine failed; nothing is ruled.
pub fn judge(
    task: &Task,
    root: &Digest,
    index: u64,
    leaf: &Digest,
    evidence: &[u8],
) -> Result<Ruling, EvidenceRejected> {
    let mut evidence = StepEvidence::decode(evidence)?;
    let task_hash = task.hash();
    if task.steps < index {
        return Err(EvidenceRejected::NoSuchLeaf { index, last: task.steps });
    }
    if evidence.after.index != index || evidence.after.digest(&task_hash) != *leaf {
        return Err(EvidenceRejected::OtherLeaf);
    }
    let expected = match (index.checked_sub(1), evidence.before.take()) {
        (None, None) => {
            let machine = load(task, &evidence.program)?;
            machine.init(task).map_err(EvidenceRejected::NoClaim)?.leaf(NO_CHUNK)
        }
        (Some(previous), Some(before)) if before.leaf.index == previous => {
            let digest = before.leaf.digest(&task_hash);
            if !before.path.verify(root, task.steps, previous, &digest) {
                return Err(EvidenceRejected::BeforeNotProven);
            }
            follow(task, &before.leaf, evidence)?
        }
        _ => return Err(EvidenceRejected::BeforeNotProven),
    };
    Ok(match expected.digest(&task_hash) == *leaf {
        true => Ruling::Holds,
        false => Ruling::Fails,
    })
}

fn load(task: &Task, program: &[u8]) -> Result<Machine, EvidenceRejected> {
    if Digest::of_program(program) != task.program {
        return Err(EvidenceRejected::OtherProgram);
    }
    let admitted = admit(program).map_err(EvidenceRejected::ProgramNotAdmitted)?;
    Machine::new(EngineKind::Wasmi, &admitted).map_err(EvidenceRejected::NoClaim)
}

/// The leaf that must follow `before`.
fn follow(task: &Task, before: &Leaf, evidence: StepEvidence) -> Result<Leaf, EvidenceRejected> {
    let index = evidence.after.index;
    match before.status {
        Status::Running => {}
        Status::Fault { .. } | Status::Halted { .. } => {
            return Ok(Leaf { index, ..before.clone() });
        }
    }
    let machine = load(task, &evidence.program)?;
    if state_hash(&evidence.pre_state) != before.state {
        return Err(EvidenceRejected::OtherPreState);
    }
    let chunk = match task.chunk_index(index) {
        None if evidence.chunk.is_empty() => NO_CHUNK,
        None => return Err(EvidenceRejected::OtherChunk),
        Some(position) => {
            let hash = chunk_hash(&evidence.chunk);
            let path = &evidence.chunk_path;
            if !path.verify(&task.input_root, task.chunk_count, position, &hash) {
                return Err(EvidenceRejected::OtherChunk);
            }
            hash
        }
    };
    let before = Checkpoint {
        index: before.index,
        state: evidence.pre_state,
        gas: before.gas,
        status: before.status,
    };
    let after =
        machine.step(task, index, &before, &evidence.chunk).map_err(EvidenceRejected::NoClaim)?;
    Ok(after.leaf(chunk))
}

/// The output of a task: leaf n, opened, with its path. Proves what the root binds, not that it is
/// right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputProof {
    /// Leaf n.
    pub leaf: Leaf,
    /// The rightmost path.
    pub path: LeafProof,
}

/// What a root says the result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// [`state_hash`] of the output, or the constant of a stopped task.
    pub state_hash: Digest,
    /// Cumulative gas.
    pub gas: u64,
    /// Final status.
    pub status: Status,
}

impl OutputProof {
    /// The bytes to send: at most about 3 KiB.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Makes the proof from one's own tree and last checkpoint (`chunk`: the hash the last step
    /// read).
    pub fn new(tree: &Tree, last: &Checkpoint, chunk: Digest) -> Option<OutputProof> {
        Some(OutputProof { leaf: last.leaf(chunk), path: tree.prove(tree.steps())? })
    }
}

/// Most bytes of an encoded [`OutputProof`].
pub const OUTPUT_PROOF_BYTES_MAX: usize = 8 * 1024;

/// The output that `root` binds, if `proof` shows it. Pure, total on any bytes.
pub fn verify_output(task: &Task, root: &Digest, proof: &[u8]) -> Option<Output> {
    if OUTPUT_PROOF_BYTES_MAX < proof.len() {
        return None;
    }
    let OutputProof { leaf, path } = decode(proof)?;
    let digest = leaf.digest(&task.hash());
    let shown = leaf.index == task.steps && path.verify(root, task.steps, leaf.index, &digest);
    shown.then_some(Output { state_hash: leaf.state, gas: leaf.gas, status: leaf.status })
}

/// The challenger's move: the first child (0 to 15) in which `theirs` differs from one's own tree
/// at `at`; `None` if all agree or the place is not an inner node.
pub fn first_rejected(own: &Tree, at: Position, theirs: &[Digest; ARITY]) -> Option<u8> {
    let children = own.children(at)?;
    (0u8..).zip(children.iter().zip(theirs)).find(|(_, (a, b))| a != b).map(|(child, _)| child)
}

/// Why a player cannot make evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceUnavailable {
    /// The tree has no such leaf.
    #[error("the tree has no such leaf")]
    NoSuchLeaf,
    /// The engine failed while recomputing a state.
    #[error(transparent)]
    Engine(EngineFault),
}

/// What the provider sends for leaf `index` of its own `tree`: `before` and `after` are its
/// checkpoints i - 1 (`None` for leaf 0) and i. Pure; see [`evidence_from_run`] to recompute them.
pub fn build_evidence(
    program: &[u8],
    input: &Input,
    tree: &Tree,
    before: Option<&Checkpoint>,
    after: &Checkpoint,
) -> Result<StepEvidence, EvidenceUnavailable> {
    let index = after.index;
    if tree.steps() < index || before.is_none() != (index == 0) {
        return Err(EvidenceUnavailable::NoSuchLeaf);
    }
    let opened = match before {
        None => None,
        Some(before) => {
            let path = tree.prove(before.index).ok_or(EvidenceUnavailable::NoSuchLeaf)?;
            Some(Before { leaf: before.leaf(input.chunk_hash_of_step(before.index)), path })
        }
    };
    let runs = before.is_none_or(|before| before.status == Status::Running);
    let chunk_index = index.checked_sub(1).and_then(|i| i.checked_rem(input.count().into()));
    let path = chunk_index.and_then(|i| input.path(u32::try_from(i).ok()?));
    Ok(StepEvidence {
        program: if runs { program.to_vec() } else { Vec::new() },
        pre_state: before.map_or_else(Vec::new, |before| before.state.clone()),
        chunk: if runs { input.chunk_of_step(index).to_vec() } else { Vec::new() },
        chunk_path: if runs { path.unwrap_or_default() } else { ChunkPath::default() },
        before: opened,
        after: after.leaf(input.chunk_hash_of_step(index)),
    })
}

/// [`build_evidence`] with the two checkpoints recomputed from those kept of an honest run.
///
/// # Errors
/// No such leaf, or the engine failed.
pub fn evidence_from_run(
    program: &[u8],
    runner: &Runner<'_>,
    input: &Input,
    (tree, kept): (&Tree, &Kept),
    index: u64,
) -> Result<StepEvidence, EvidenceUnavailable> {
    let engine = EvidenceUnavailable::Engine;
    let Some(previous) = index.checked_sub(1) else {
        let first = runner.run(None, 0, |_, _| {}).map_err(engine)?;
        return build_evidence(program, input, tree, None, &first);
    };
    let before = runner.checkpoint_at(kept, previous).map_err(engine)?;
    let after = runner.run(Some(before.clone()), index, |_, _| {}).map_err(engine)?;
    build_evidence(program, input, tree, Some(&before), &after)
}
