//! What is to be computed: a program, its input, its number of steps and its limits, bound by one
//! hash.
//!
//! Key terms: a *step* is one call of the program's `step`; steps are numbered from 1, and 0 is the
//! initial state. A *chunk* is the piece of the input that a step reads: step i reads chunk
//! (i - 1) mod `chunk_count`, so that a short input may be read many times (training epochs).
//! Law: `Task::hash` binds every field; two tasks of equal hash have equal results.
//! Not here: who pays (nothing in this crate knows money), how a step runs (`executor`).

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, finish, hasher};

/// Most bytes of one input chunk (256 KiB).
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// Most chunks of one input.
pub const CHUNK_COUNT_MAX: u32 = 1 << 20;
/// Most steps of one task (16^6).
pub const STEPS_MAX: u64 = 1 << 24;
/// Most gas that one step may be given: about 0.7 s of an interpreter in the worst case, its start
/// included.
pub const STEP_GAS_LIMIT: u64 = 100_000_000;
/// Stands where a leaf binds no chunk: leaf 0, an empty input, a stopped task.
pub const NO_CHUNK: Digest = Digest(*b"earnest compute: no chunk read.|");

const TASK: &str = "earnest compute 2026-11 task v1";
const CHUNK_NODE: &str = "earnest compute 2026-11 input node v1";
const INPUT_ROOT: &str = "earnest compute 2026-11 input root v1";

/// A computation. All fields are bound by [`Task::hash`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// BLAKE3 of the original module (before admission rewrites it).
    pub program: Digest,
    /// Root over the hashes of the input chunks; binds their number.
    pub input_root: Digest,
    /// Number of chunks, 0 to [`CHUNK_COUNT_MAX`]; 0 means an empty input.
    pub chunk_count: u32,
    /// Number of steps, 1 to [`STEPS_MAX`].
    pub steps: u64,
    /// The 32 bytes given to `init`.
    pub seed: Digest,
    /// Gas one step (or `init`) may use, 1 to [`STEP_GAS_LIMIT`]; more is a fault. Its fixed part
    /// counts ([`step_gas_fixed`](crate::Admitted::step_gas_fixed)): no range is checked against
    /// it, because it needs the program and the state, so a cap below it is a fault as well.
    pub step_gas_max: u64,
    /// Gas the whole task may use, 1 to 2^62; more halts it.
    pub gas_bound: u64,
}

/// Why a task is not one. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskRejected {
    /// `steps` is 0 or above the limit.
    #[error("steps {steps} is not within 1..={limit}")]
    StepsOutOfRange {
        /// What was asked.
        steps: u64,
        /// The most allowed.
        limit: u64,
    },
    /// `step_gas_max` is 0 or above the limit.
    #[error("step gas {step_gas_max} is not within 1..={limit}")]
    StepGasOutOfRange {
        /// What was asked.
        step_gas_max: u64,
        /// The most allowed.
        limit: u64,
    },
    /// `gas_bound` is 0 or above 2^62.
    #[error("gas bound {gas_bound} is not within 1..=2^62")]
    GasBoundOutOfRange {
        /// What was asked.
        gas_bound: u64,
    },
    /// `chunk_count` is above the limit.
    #[error("{chunk_count} chunks exceed {limit}")]
    TooManyChunks {
        /// What was asked.
        chunk_count: u32,
        /// The most allowed.
        limit: u32,
    },
}

impl Task {
    /// The hash that stands for this task in every leaf.
    pub fn hash(&self) -> Digest {
        let mut h = hasher(TASK);
        h.update(&self.program.0);
        h.update(&self.input_root.0);
        h.update(&self.chunk_count.to_le_bytes());
        h.update(&self.steps.to_le_bytes());
        h.update(&self.seed.0);
        h.update(&self.step_gas_max.to_le_bytes());
        h.update(&self.gas_bound.to_le_bytes());
        finish(&h)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first field out of its range.
    pub fn check(&self) -> Result<(), TaskRejected> {
        if self.steps < 1 || STEPS_MAX < self.steps {
            return Err(TaskRejected::StepsOutOfRange { steps: self.steps, limit: STEPS_MAX });
        }
        if self.step_gas_max < 1 || STEP_GAS_LIMIT < self.step_gas_max {
            return Err(TaskRejected::StepGasOutOfRange {
                step_gas_max: self.step_gas_max,
                limit: STEP_GAS_LIMIT,
            });
        }
        if self.gas_bound < 1 || (1 << 62) < self.gas_bound {
            return Err(TaskRejected::GasBoundOutOfRange { gas_bound: self.gas_bound });
        }
        if CHUNK_COUNT_MAX < self.chunk_count {
            return Err(TaskRejected::TooManyChunks {
                chunk_count: self.chunk_count,
                limit: CHUNK_COUNT_MAX,
            });
        }
        Ok(())
    }

    /// The chunk that step `index` (1-based) reads; `None` for index 0 and for an empty input.
    pub fn chunk_index(&self, index: u64) -> Option<u32> {
        let position = index.checked_sub(1)?.checked_rem(u64::from(self.chunk_count))?;
        Some(u32::try_from(position).expect("a remainder of a u32 divisor fits u32"))
    }
}

/// The hash of one chunk's bytes: plain blake3, so that a chunk is a blob under its own hash.
///
/// Nodes of the tree above hash under a key of their own, so no chunk can pass for a node.
pub fn chunk_hash(chunk: &[u8]) -> Digest {
    Digest(*blake3::hash(chunk).as_bytes())
}

fn pair_hash(left: &Digest, right: &Digest) -> Digest {
    let mut h = hasher(CHUNK_NODE);
    h.update(&left.0);
    h.update(&right.0);
    finish(&h)
}

/// The tree over `leaves`: leaves first, the single top last.
fn levels_over(leaves: Vec<Digest>) -> Vec<Vec<Digest>> {
    let mut levels = vec![leaves];
    while let Some(below) = levels.last().filter(|level| 1 < level.len()) {
        let above = below.chunks(2).map(|pair| match pair {
            [left, right] => pair_hash(left, right),
            // An odd last node is carried up unchanged: the count fixes the shape.
            _ => pair[0],
        });
        let above = above.collect();
        levels.push(above);
    }
    levels
}

fn root_hash(count: u32, top: Option<&Digest>) -> Digest {
    let mut h = hasher(INPUT_ROOT);
    h.update(&count.to_le_bytes());
    if let Some(top) = top {
        h.update(&top.0);
    }
    finish(&h)
}

/// Why bytes are not an input. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputRejected {
    /// More chunks than allowed.
    #[error("{count} chunks exceed {limit}")]
    TooManyChunks {
        /// Chunks given.
        count: usize,
        /// The most allowed.
        limit: u32,
    },
    /// A chunk is longer than allowed.
    #[error("chunk {index} has {length} bytes, more than {limit}")]
    ChunkTooLong {
        /// Which chunk, from 0.
        index: u32,
        /// Its length in bytes.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
}

/// The input of a task: its chunks, with their hashes and root.
#[derive(Clone, Debug)]
pub struct Input {
    chunks: Vec<Vec<u8>>,
    /// Chunk hashes first, the single top last.
    levels: Vec<Vec<Digest>>,
    root: Digest,
}

/// Siblings from a chunk's hash up to the input root.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChunkPath(pub Vec<Digest>);

impl Input {
    /// Hashes `chunks`.
    ///
    /// # Errors
    /// Too many chunks, or one that is too long.
    pub fn new(chunks: Vec<Vec<u8>>) -> Result<Input, InputRejected> {
        let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        if CHUNK_COUNT_MAX < count {
            return Err(InputRejected::TooManyChunks {
                count: chunks.len(),
                limit: CHUNK_COUNT_MAX,
            });
        }
        for (index, chunk) in (0u32..).zip(&chunks) {
            if CHUNK_BYTES_MAX < chunk.len() {
                return Err(InputRejected::ChunkTooLong {
                    index,
                    length: chunk.len(),
                    limit: CHUNK_BYTES_MAX,
                });
            }
        }
        let levels = levels_over(chunks.iter().map(|c| chunk_hash(c)).collect());
        let root = root_hash(count, levels.last().and_then(|top| top.first()));
        Ok(Input { chunks, levels, root })
    }

    /// The root over chunks of which only the hashes are known; `None` for too many.
    pub fn root_of(chunk_hashes: &[Digest]) -> Option<Digest> {
        let count = u32::try_from(chunk_hashes.len()).ok().filter(|c| *c <= CHUNK_COUNT_MAX)?;
        let levels = levels_over(chunk_hashes.to_vec());
        Some(root_hash(count, levels.last().and_then(|top| top.first())))
    }

    /// The root that a task binds.
    pub fn root(&self) -> Digest {
        self.root
    }

    /// Number of chunks.
    pub fn count(&self) -> u32 {
        u32::try_from(self.chunks.len()).expect("checked against CHUNK_COUNT_MAX in `new`")
    }

    /// All chunks.
    pub fn chunks(&self) -> &[Vec<u8>] {
        &self.chunks
    }

    /// The bytes that step `index` (1-based) of a task over this input reads: empty for index 0 and
    /// for an empty input.
    pub fn chunk_of_step(&self, index: u64) -> &[u8] {
        self.position(index).map_or(&[], |position| self.chunks[position].as_slice())
    }

    /// The hash a leaf binds at `index`: [`NO_CHUNK`] where nothing is read.
    pub fn chunk_hash_of_step(&self, index: u64) -> Digest {
        self.position(index).map_or(NO_CHUNK, |position| self.levels[0][position])
    }

    /// The path that shows chunk `index` to be part of the input; `None` beyond the last chunk.
    pub fn path(&self, index: u32) -> Option<ChunkPath> {
        let mut position = usize::try_from(index).ok().filter(|i| *i < self.chunks.len())?;
        let mut siblings = Vec::new();
        for level in &self.levels {
            siblings.extend(level.get(position ^ 1));
            position /= 2;
        }
        Some(ChunkPath(siblings))
    }

    fn position(&self, step: u64) -> Option<usize> {
        let count = u64::try_from(self.chunks.len()).ok()?;
        usize::try_from(step.checked_sub(1)?.checked_rem(count)?).ok()
    }
}

impl ChunkPath {
    /// Whether a chunk of hash `chunk` is chunk `index` of `count` under `root`. Never panics.
    pub fn verify(&self, root: &Digest, count: u32, index: u32, chunk: &Digest) -> bool {
        if count <= index {
            return false;
        }
        let mut siblings = self.0.iter();
        let (mut node, mut position, mut width) = (*chunk, index, count);
        while 1 < width {
            let has_sibling = position ^ 1 < width;
            if has_sibling {
                let Some(sibling) = siblings.next() else { return false };
                node = match position % 2 {
                    0 => pair_hash(&node, sibling),
                    _ => pair_hash(sibling, &node),
                };
            }
            position /= 2;
            width = width.div_ceil(2);
        }
        siblings.next().is_none() && root_hash(count, Some(&node)) == *root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_is_proved_and_no_other() {
        for count in 0u32..20 {
            let chunks = (0..count).map(|i| vec![i as u8; i as usize]).collect();
            let input = Input::new(chunks).expect("small");
            for index in 0..count {
                let path = input.path(index).expect("within");
                let hash = chunk_hash(&input.chunks()[index as usize]);
                assert!(path.verify(&input.root(), count, index, &hash));
                assert!(!path.verify(&input.root(), count, index ^ 1, &hash) || count == 1);
                assert!(!path.verify(&input.root(), count + 1, index, &hash));
                assert!(!path.verify(&input.root(), count, index, &NO_CHUNK));
            }
            assert!(input.path(count).is_none());
        }
    }

    #[test]
    fn inputs_of_another_length_have_another_root() {
        let root = |chunks: Vec<Vec<u8>>| Input::new(chunks).expect("small").root();
        assert_ne!(root(vec![]), root(vec![vec![]]));
        assert_ne!(root(vec![vec![1]]), root(vec![vec![1], vec![1]]));
        assert_ne!(root(vec![vec![1, 2]]), root(vec![vec![1], vec![2]]));
    }

    #[test]
    fn oversized_input_is_refused_with_its_numbers() {
        let refused = Input::new(vec![vec![], vec![0; CHUNK_BYTES_MAX + 1]]).expect_err("too long");
        assert_eq!(
            refused,
            InputRejected::ChunkTooLong {
                index: 1,
                length: CHUNK_BYTES_MAX + 1,
                limit: CHUNK_BYTES_MAX
            }
        );
    }
}
