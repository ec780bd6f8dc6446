//! A whole run: every leaf, the tree over them, and enough kept checkpoints to answer a dispute.
//!
//! Laws: a run from any kept checkpoint gives the same leaves as the run from the start; memory is
//! bounded: 34 bytes a step for the tree and [`Keep::bytes_max`] for checkpoints (when they would
//! exceed it, every second one is dropped and the interval doubles).
//! Not here: what to reveal (`bisection`), the child process (`runner`).

use crate::checkpoint::{Checkpoint, Status, Tree};
use crate::digest::Digest;
use crate::executor::{EngineFault, Machine};
use crate::task::{Input, Task};

/// Which checkpoints a run keeps: those whose index is a multiple of the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Steps between kept checkpoints, at least 1.
    pub interval: u64,
    /// Most bytes of kept states.
    pub bytes_max: usize,
}

impl Default for Keep {
    /// Every 16th, within 64 MiB.
    fn default() -> Keep {
        Keep { interval: 16, bytes_max: 64 * 1024 * 1024 }
    }
}

/// The kept checkpoints of a run, in order of index.
#[derive(Clone, Debug)]
pub struct Kept {
    keep: Keep,
    bytes: usize,
    checkpoints: Vec<Checkpoint>,
}

impl Kept {
    /// Nothing kept yet.
    pub fn new(keep: Keep) -> Kept {
        let keep = Keep { interval: keep.interval.max(1), ..keep };
        Kept { keep, bytes: 0, checkpoints: Vec::new() }
    }

    /// Keeps `checkpoint` if its index is due. Indices must rise.
    pub fn offer(&mut self, checkpoint: &Checkpoint) {
        if !checkpoint.index.is_multiple_of(self.keep.interval) {
            return;
        }
        self.bytes = self.bytes.saturating_add(checkpoint.state.len());
        self.checkpoints.push(checkpoint.clone());
        while self.keep.bytes_max < self.bytes && 1 < self.checkpoints.len() {
            self.keep.interval = self.keep.interval.saturating_mul(2);
            let (interval, first) = (self.keep.interval, self.checkpoints[0].index);
            self.checkpoints.retain(|c| c.index == first || c.index.is_multiple_of(interval));
            self.bytes = self.checkpoints.iter().map(|c| c.state.len()).sum();
            if u64::MAX / 2 < interval {
                break;
            }
        }
    }

    /// The last kept checkpoint at or before `index`.
    pub fn at_or_before(&self, index: u64) -> Option<&Checkpoint> {
        let after = self.checkpoints.partition_point(|c| c.index <= index);
        self.checkpoints.get(after.checked_sub(1)?)
    }

    /// All of them.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }
}

/// One task, its input and a machine to run it.
pub struct Runner<'a> {
    machine: &'a Machine,
    task: &'a Task,
    input: &'a Input,
}

/// The result of a whole run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The tree over all leaves.
    pub tree: Tree,
    /// Kept checkpoints.
    pub kept: Kept,
    /// The last checkpoint: output state, cumulative gas, status.
    pub last: Checkpoint,
}

impl Trace {
    /// What is committed to.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The output's bytes; empty if the task stopped.
    pub fn output(&self) -> &[u8] {
        &self.last.state
    }

    /// Cumulative gas.
    pub fn gas(&self) -> u64 {
        self.last.gas
    }

    /// The final status.
    pub fn status(&self) -> Status {
        self.last.status
    }
}

impl<'a> Runner<'a> {
    /// Binds the three together. The caller has checked that `input.root()` is the task's.
    pub fn new(machine: &'a Machine, task: &'a Task, input: &'a Input) -> Runner<'a> {
        Runner { machine, task, input }
    }

    /// The leaf digest of a checkpoint of this task.
    pub fn leaf_digest(&self, task_hash: &Digest, checkpoint: &Checkpoint) -> Digest {
        checkpoint.leaf(self.input.chunk_hash_of_step(checkpoint.index)).digest(task_hash)
    }

    /// Runs from `start` (exclusive; `None`: from `init`, inclusive) to step `to`, calling `on`
    /// with each new checkpoint and its leaf digest. Returns the last checkpoint.
    ///
    /// # Errors
    /// The host's failure; what was reported before it stands.
    pub fn run(
        &self,
        start: Option<Checkpoint>,
        to: u64,
        mut on: impl FnMut(&Checkpoint, Digest),
    ) -> Result<Checkpoint, EngineFault> {
        let task_hash = self.task.hash();
        let mut current = match start {
            Some(checkpoint) => checkpoint,
            None => {
                let first = self.machine.init(self.task)?;
                on(&first, self.leaf_digest(&task_hash, &first));
                first
            }
        };
        if self.task.steps < to {
            return Err(EngineFault::OutOfOrder { index: to, after: current.index });
        }
        while current.index < to {
            let index = current.index + 1;
            let chunk = self.input.chunk_of_step(index);
            current = self.machine.step(self.task, index, &current, chunk)?;
            on(&current, self.leaf_digest(&task_hash, &current));
        }
        Ok(current)
    }

    /// Runs the whole task; `progress` is called with each finished step's index.
    ///
    /// # Errors
    /// The host's failure.
    pub fn run_all(&self, keep: Keep, mut progress: impl FnMut(u64)) -> Result<Trace, EngineFault> {
        let mut leaves = Vec::new();
        let mut kept = Kept::new(keep);
        let last = self.run(None, self.task.steps, |checkpoint, leaf| {
            leaves.push(leaf);
            kept.offer(checkpoint);
            progress(checkpoint.index);
        })?;
        let tree = Tree::build(leaves).ok_or(EngineFault::OutOfOrder { index: 1, after: 0 })?;
        Ok(Trace { tree, kept, last })
    }

    /// Whether `leaf` is the digest of the leaf that follows `before`: one step, in this runner's
    /// machine. With an interpreting machine it checks a compiled run before it is committed to.
    ///
    /// # Errors
    /// The host's failure, or no step follows.
    pub fn follows(&self, before: &Checkpoint, leaf: &Digest) -> Result<bool, EngineFault> {
        let next = before.index.saturating_add(1);
        let mut found = None;
        self.run(Some(before.clone()), next, |_, digest| found = Some(digest))?;
        Ok(found.as_ref() == Some(leaf))
    }

    /// The checkpoint at `index`, recomputed from the nearest kept one.
    ///
    /// # Errors
    /// The host's failure.
    pub fn checkpoint_at(&self, kept: &Kept, index: u64) -> Result<Checkpoint, EngineFault> {
        self.run(kept.at_or_before(index).cloned(), index, |_, _| {})
    }
}
