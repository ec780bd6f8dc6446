//! The state of a program between two steps, and its digest.
//!
//! ```text
//!   Running ──step──► Running ──► ... ──► Stopped(claim), and stays
//!      finished: `_start` returned │ exited: with a code │ trapped │ halted: at the bound
//! ```
//! Key terms: the *head* of a state is everything but the bytes of its pages: what evidence opens.
//! A *claim* is all of a stopped state, and is what a provider seals: its digest follows from it.
//! Laws: the digest binds the task, and of a running state the memory's root and size, the mutable
//! globals in order, the ticks and the output; of a stopped one nothing of memory or globals (an
//! instruction that trapped may have left half of its work in one engine). Ticks of a trap are the
//! end of the coarse step that it happened in, so that where in the step carries no information.
//! Not here: how a state arises (`run`, `evidence`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pages::{PAGE_BYTES, Page, PageTree, ZERO_PAGE, page_digest};
use super::stream::Frontier;
use crate::digest::{Digest, finish, hasher};

/// Pages in a block of 64 KiB, the unit by which a memory grows.
pub const PAGES_PER_BLOCK: u32 = 16;
/// Blocks of the largest memory (256 MiB).
pub const BLOCK_COUNT_MAX: u32 = 4096;
/// Most mutable globals.
pub const GLOBAL_COUNT_MAX: u32 = 256;

const RUNNING: &str = "earnest compute 2026-11 running state v1";
const STOPPED: &str = "earnest compute 2026-11 stopped state v1";

/// The value of a mutable global; floats by their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// An i32.
    I32(i32),
    /// An i64.
    I64(i64),
    /// The bits of an f32.
    F32(u32),
    /// The bits of an f64.
    F64(u64),
}

impl Value {
    fn tagged(self) -> (u8, u64) {
        match self {
            Value::I32(value) => (0, u64::from(value.cast_unsigned())),
            Value::I64(value) => (1, value.cast_unsigned()),
            Value::F32(bits) => (2, u64::from(bits)),
            Value::F64(bits) => (3, bits),
        }
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ending {
    /// `_start` returned.
    Finished,
    /// The program exited.
    Exited {
        /// With this code.
        code: u32,
    },
    /// It trapped, or broke the form of prepared programs.
    Trapped,
    /// It reached the task's bound of ticks.
    Halted,
}

/// What a whole run leaves: a stopped state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How it ended.
    pub ending: Ending,
    /// Ticks of the whole run.
    pub ticks: u64,
    /// Bytes put out.
    pub output_length: u64,
    /// Their root ([`Frontier::root`]).
    pub output_root: Digest,
}

impl Claim {
    /// The digest of the stopped state within the task of hash `task`.
    pub fn digest(&self, task: &Digest) -> Digest {
        let mut h = hasher(STOPPED);
        h.update(&task.0);
        let (tag, code) = match self.ending {
            Ending::Finished => (0u8, 0u32),
            Ending::Exited { code } => (1, code),
            Ending::Trapped => (2, 0),
            Ending::Halted => (3, 0),
        };
        h.update(&[tag]);
        h.update(&code.to_le_bytes());
        h.update(&self.ticks.to_le_bytes());
        h.update(&self.output_length.to_le_bytes());
        h.update(&self.output_root.0);
        finish(&h)
    }
}

/// A running state but for the bytes of its pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Ticks so far.
    pub ticks: u64,
    /// What was put out so far.
    pub output: Frontier,
    /// Blocks of 64 KiB that the memory has.
    pub blocks: u32,
    /// Root of its pages.
    pub memory: Digest,
    /// The mutable globals in order of their index.
    pub globals: Vec<Value>,
}

impl Head {
    /// The digest of the running state within the task of hash `task`.
    pub fn digest(&self, task: &Digest) -> Digest {
        let mut h = hasher(RUNNING);
        h.update(&task.0);
        h.update(&self.ticks.to_le_bytes());
        h.update(&self.output.length().to_le_bytes());
        h.update(&self.output.root().0);
        h.update(&self.blocks.to_le_bytes());
        h.update(&self.memory.0);
        h.update(&(self.globals.len() as u64).to_le_bytes());
        for global in &self.globals {
            let (tag, bits) = global.tagged();
            h.update(&[tag]);
            h.update(&bits.to_le_bytes());
        }
        finish(&h)
    }
}

/// A state, opened as far as a digest needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opened {
    /// The program goes on.
    Running(Head),
    /// It ended.
    Stopped(Claim),
}

impl Opened {
    /// The state's digest within the task of hash `task`.
    pub fn digest(&self, task: &Digest) -> Digest {
        match self {
            Opened::Running(head) => head.digest(task),
            Opened::Stopped(claim) => claim.digest(task),
        }
    }
}

/// A memory known whole. Pages are shared between copies until they are written; pages of zeros
/// are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    blocks: u32,
    /// As long as the memory; `None` for zeros.
    pages: Vec<Option<Arc<Page>>>,
    tree: PageTree,
}

/// Which pages of an engine's memory may differ from the state before.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'a> {
    /// Any.
    All,
    /// These alone, ascending.
    These(&'a [u32]),
}

impl Memory {
    /// A memory of `blocks` blocks of zeros.
    pub fn new(blocks: u32) -> Memory {
        let mut memory = Memory { blocks: 0, pages: Vec::new(), tree: PageTree::new() };
        memory.grow(blocks);
        memory
    }

    /// Blocks of 64 KiB.
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// The tree over its pages.
    pub fn tree(&self) -> &PageTree {
        &self.tree
    }

    /// Page `index`; zeros beyond the memory.
    pub fn page(&self, index: u32) -> &Page {
        let index = usize::try_from(index).expect("usize has 32 bits");
        self.pages.get(index).and_then(Option::as_deref).unwrap_or(ZERO_PAGE)
    }

    fn grow(&mut self, blocks: u32) {
        self.blocks = blocks.max(self.blocks);
        let pages = self.blocks.saturating_mul(PAGES_PER_BLOCK);
        self.pages.resize(usize::try_from(pages).expect("usize has 32 bits"), None);
    }

    /// Puts pages in their places; those beyond the memory are ignored.
    pub fn put(&mut self, pages: BTreeMap<u32, Box<Page>>) {
        let mut changed = Vec::new();
        for (index, page) in pages {
            let place = usize::try_from(index).expect("usize has 32 bits");
            if let Some(kept) = self.pages.get_mut(place) {
                changed.push((index, page_digest(&page)));
                *kept = (*page != *ZERO_PAGE).then(|| page.into());
            }
        }
        self.tree.update(&changed);
    }

    /// Takes over what an engine's memory holds: grows to its length, compares the candidates and
    /// copies those that changed, whose indices it returns, ascending. Bytes beyond the last whole
    /// page are ignored; an engine's memory has whole blocks.
    pub fn take(&mut self, bytes: &[u8], candidates: Candidates<'_>) -> Vec<u32> {
        let block = PAGE_BYTES.saturating_mul(16);
        self.grow(u32::try_from(bytes.len() / block).expect("memories have 32-bit addresses"));
        let mut changed = Vec::new();
        let (pages, _) = bytes.as_chunks::<PAGE_BYTES>();
        let mut consider = |index: u32, page: &Page| {
            let kept = &mut self.pages[usize::try_from(index).expect("usize has 32 bits")];
            if kept.as_deref().unwrap_or(ZERO_PAGE) != page {
                *kept = (page != ZERO_PAGE).then(|| Arc::new(*page));
                changed.push((index, page_digest(page)));
            }
        };
        match candidates {
            Candidates::All => (0..).zip(pages).for_each(|(index, page)| consider(index, page)),
            Candidates::These(indices) => {
                for index in indices {
                    let place = usize::try_from(*index).expect("usize has 32 bits");
                    pages.get(place).into_iter().for_each(|page| consider(*index, page));
                }
            }
        }
        self.tree.update(&changed);
        changed.into_iter().map(|(index, _)| index).collect()
    }

    /// Writes all pages to `bytes`, which is as long as the memory and holds zeros.
    pub fn copy_to(&self, bytes: &mut [u8]) {
        let (places, _) = bytes.as_chunks_mut::<PAGE_BYTES>();
        for (place, page) in places.iter_mut().zip(&self.pages) {
            if let Some(page) = page {
                *place = **page;
            }
        }
    }
}

/// A running state known whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Ticks so far.
    pub ticks: u64,
    /// What was put out so far, as far as its commitment needs it.
    pub output: Frontier,
    /// The memory.
    pub memory: Memory,
    /// The mutable globals in order of their index.
    pub globals: Vec<Value>,
}

impl Running {
    /// The state but for its pages.
    pub fn head(&self) -> Head {
        Head {
            ticks: self.ticks,
            output: self.output.clone(),
            blocks: self.memory.blocks(),
            memory: self.memory.tree().root(),
            globals: self.globals.clone(),
        }
    }
}

/// A state known whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The program goes on.
    Running(Running),
    /// It ended.
    Stopped(Claim),
}

impl State {
    /// What a digest needs of it.
    pub fn open(&self) -> Opened {
        match self {
            State::Running(running) => Opened::Running(running.head()),
            State::Stopped(claim) => Opened::Stopped(*claim),
        }
    }

    /// Its digest within the task of hash `task`.
    pub fn digest(&self, task: &Digest) -> Digest {
        self.open().digest(task)
    }

    /// Ticks so far.
    pub fn ticks(&self) -> u64 {
        match self {
            State::Running(running) => running.ticks,
            State::Stopped(claim) => claim.ticks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn running() -> Running {
        let mut memory = Memory::new(2);
        let mut bytes = vec![0; 2 * 65536];
        bytes[5000] = 1;
        assert_eq!(memory.take(&bytes, Candidates::All), [1]);
        let globals = vec![Value::I32(1), Value::I64(1)];
        Running { ticks: 9, output: Frontier::default(), memory, globals }
    }

    #[test]
    fn the_digest_binds_every_part_of_a_running_state() {
        let task = Digest([1; 32]);
        let head = running().head();
        let mut output = Frontier::default();
        output.append(&[0]);
        let others = [
            Head { ticks: 10, ..head.clone() },
            Head { output, ..head.clone() },
            Head { blocks: 3, ..head.clone() },
            Head { memory: PageTree::new().root(), ..head.clone() },
            Head { globals: vec![Value::I64(1), Value::I64(1)], ..head.clone() },
            Head { globals: vec![Value::I32(1)], ..head.clone() },
        ];
        let mut digests: Vec<_> = others.iter().map(|other| other.digest(&task)).collect();
        digests.push(head.digest(&task));
        digests.push(head.digest(&Digest([2; 32])));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), others.len() + 2);
    }

    #[test]
    fn the_digest_binds_every_part_of_a_claim() {
        let task = Digest([1; 32]);
        let root = Frontier::default().root();
        let claim =
            Claim { ending: Ending::Finished, ticks: 1, output_length: 0, output_root: root };
        let others = [
            Claim { ending: Ending::Exited { code: 0 }, ..claim },
            Claim { ending: Ending::Exited { code: 1 }, ..claim },
            Claim { ending: Ending::Trapped, ..claim },
            Claim { ending: Ending::Halted, ..claim },
            Claim { ticks: 2, ..claim },
            Claim { output_length: 1, ..claim },
            Claim { output_root: Digest([0; 32]), ..claim },
        ];
        let mut digests: Vec<_> = others.iter().map(|other| other.digest(&task)).collect();
        digests.push(claim.digest(&task));
        digests.push(claim.digest(&Digest([2; 32])));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), others.len() + 2);
    }

    #[test]
    fn the_format_is_pinned() {
        let task = Digest([1; 32]);
        let output_root = super::super::stream::output_root(&[3; 9000]);
        let claim = Claim { ending: Ending::Finished, ticks: 1, output_length: 9000, output_root };
        let pinned = [
            "f0ddcb651242c95579e94b7dfc376d5cd59f30f49a8c5e5397e602208e354eae",
            "0b7f7803346aaee23e43017cc35b36293dc035ca0c84559b65cbe7cd99bbb38c",
        ];
        let got = [Opened::Running(running().head()), Opened::Stopped(claim)];
        assert_eq!(got.map(|opened| opened.digest(&task).to_string()), pinned);
    }

    #[test]
    fn growth_changes_the_size_and_not_the_root() {
        let mut memory = running().memory;
        let root = memory.tree().root();
        let mut bytes = vec![0; 5 * 65536];
        bytes[5000] = 1;
        assert!(memory.take(&bytes, Candidates::All).is_empty());
        assert_eq!((memory.blocks(), memory.tree().root()), (5, root));
    }

    proptest! {
        #[test]
        fn pages_taken_over_are_the_memory_and_its_tree_that_of_all_pages(
            writes in proptest::collection::vec((0usize..3 * 65536, any::<u8>()), 0..40),
        ) {
            let mut memory = Memory::new(3);
            let mut bytes = vec![0; 3 * 65536];
            for write in writes.chunks(7) {
                let before = memory.clone();
                let pages = write.iter().map(|(at, _)| (at / PAGE_BYTES) as u32);
                let mut touched: Vec<u32> = pages.collect();
                touched.sort_unstable();
                touched.dedup();
                for (at, value) in write {
                    bytes[*at] = *value;
                }
                let mut other = memory.clone();
                let dirty = memory.take(&bytes, Candidates::All);
                prop_assert_eq!(&other.take(&bytes, Candidates::These(&touched)), &dirty);
                prop_assert_eq!(&other, &memory);
                prop_assert!(dirty.iter().all(|page| before.page(*page) != memory.page(*page)));
            }
            let mut again = vec![0; bytes.len()];
            memory.copy_to(&mut again);
            prop_assert!(again == bytes);
            let (pages, _) = bytes.as_chunks::<PAGE_BYTES>();
            prop_assert_eq!(memory.tree().root(), PageTree::of(pages).root());
        }
    }
}
