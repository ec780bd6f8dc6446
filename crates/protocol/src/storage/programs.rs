//! Programs: prepared modules that the ledger itself holds, for the jobs that name them.
//!
//! Key terms: a program comes in *parts*, rows of their own; before the last it is a *draft*, of
//! whom publishes it alone; then the referee admits it once, or it goes.
//!
//! Laws: an admitted program is named by the hash of its bytes, and there is one of each; while an
//! open job names it it stays; what programs take sums to what is recorded and never exceeds their
//! room. A draft is found by its publisher, so that nobody can be in another's way.
//! Rounding: what a kibibyte's deposit is in a room so full down.
//! Known shortcoming: a program stays as long as its publisher leaves the deposit.
//! Not here: what a program does, whether it can be judged (the referee).

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Room, params::StorageParams};
use crate::{
    command::{ProgramForm, Task},
    ids::{AccountId, Digest, PartId, ProgramId},
    num::Amount,
    params::Params,
    shared::{Arc, own},
    table::Table,
};

/// The name of a program of these bytes.
pub fn program_name(code: &[u8]) -> Digest {
    Digest(*blake3::hash(code).as_bytes())
}

/// Bytes of each part of a program but its last.
pub const PART_BYTES: u32 = 256 * 1_024;

/// What of the referee's time a kibibyte takes when its program is admitted.
pub(crate) const ADMISSION_GAS_PER_KIB: u64 = 8_192;

/// Most bytes of a program: what the referee cannot admit within a block, and one of the largest
/// steps beside it, it never could.
pub fn program_bytes_max(params: &Params) -> u32 {
    let (budget, step) = (params.chain().referee_gas, params.market().step_gas_max);
    let budget = budget.count().saturating_sub(step.count()).div_euclid(ADMISSION_GAS_PER_KIB);
    let kib = u64::from(params.storage().program_kib_max).min(budget);
    u32::try_from(kib.saturating_mul(1_024)).unwrap_or(u32::MAX)
}

/// Kibibytes that a program counts at least: it takes rows and a place in the index, too.
const LEAST_KIB: u32 = 64;

/// A program that somebody published, or began to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Who published it, and has the deposit.
    pub publisher: AccountId,
    /// The BLAKE3 hash of its bytes.
    pub program: Digest,
    /// How many these are.
    pub bytes: u32,
    /// The parts that are there, in order.
    pub parts: Vec<PartId>,
    /// What every run begins with, as the referee reads it; none of a draft.
    pub first: Option<Vec<u8>>,
    /// Open jobs that name it.
    pub jobs: u64,
}

impl Program {
    /// How many parts so many bytes have.
    pub fn parts_of(bytes: u32) -> u32 {
        bytes.div_ceil(PART_BYTES)
    }

    /// Bytes of one of its parts.
    pub(crate) fn part_bytes(bytes: u32, part: u32) -> u32 {
        bytes.saturating_sub(part.saturating_mul(PART_BYTES)).min(PART_BYTES)
    }

    /// True if jobs may name it.
    pub fn is_admitted(&self) -> bool {
        self.first.is_some()
    }

    /// Kibibytes of the room that it takes.
    pub fn kibibytes(&self) -> u32 {
        kibibytes(self.bytes)
    }
}

/// Kibibytes of the room that a program of so many bytes takes.
pub(crate) fn kibibytes(bytes: u32) -> u32 {
    bytes.div_ceil(1_024).max(LEAST_KIB)
}

/// Bytes of a part; branches share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part(Arc<Vec<u8>>);

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::command::Field::write(&*self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Vec<u8> as crate::command::Field>::read(deserializer).map(|bytes| Part(Arc::new(bytes)))
    }
}

/// Which row a program is; a draft also by its publisher.
type Index = BTreeMap<(Digest, Option<AccountId>), ProgramId>;

/// Every program that has not left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    pub(crate) rows: Table<Program>,
    pub(crate) parts: Table<Part>,
    used_kib: u64,
    index: Arc<Index>,
}

#[derive(Serialize)]
struct Written<'a> {
    rows: &'a Table<Program>,
    parts: &'a Table<Part>,
}

#[derive(Deserialize)]
struct Read {
    rows: Table<Program>,
    parts: Table<Part>,
}

impl Serialize for Programs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { rows: &self.rows, parts: &self.parts }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Programs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { rows, parts } = Read::deserialize(deserializer)?;
        let mut index = Index::new();
        let mut used_kib = 0u64;
        for (place, row) in rows.iter() {
            index.insert(key(row), ProgramId::from_index(place));
            used_kib = used_kib.saturating_add(u64::from(row.kibibytes()));
        }
        Ok(Programs { rows, parts, used_kib, index: Arc::new(index) })
    }
}

fn key(row: &Program) -> (Digest, Option<AccountId>) {
    (row.program, (!row.is_admitted()).then_some(row.publisher))
}

impl Programs {
    /// What all take of the room, in kibibytes.
    pub(crate) fn used_kib(&self) -> u64 {
        self.used_kib
    }

    /// The admitted program of this name.
    pub(crate) fn id(&self, program: &Digest) -> Option<ProgramId> {
        self.index.get(&(*program, None)).copied()
    }

    /// What `publisher` has begun to publish under this name.
    pub(crate) fn draft(&self, program: &Digest, publisher: AccountId) -> Option<ProgramId> {
        self.index.get(&(*program, Some(publisher))).copied()
    }

    pub(crate) fn get(&self, id: ProgramId) -> Option<&Program> {
        self.rows.get(id.index())
    }

    pub(crate) fn row(&self, id: ProgramId) -> &Program {
        self.get(id).expect("the index knows programs that are there")
    }

    /// The bytes that are there, part by part.
    pub(crate) fn code(&self, row: &Program) -> Vec<&[u8]> {
        let parts = row.parts.iter().map(|id| self.parts.get(id.index()));
        parts.map(|part| part.expect("parts stay with their program").0.as_slice()).collect()
    }

    /// Opens a draft; the caller has checked that there is room.
    pub(super) fn open(&mut self, publisher: AccountId, program: Digest, bytes: u32) -> ProgramId {
        let (parts, first) = (Vec::new(), None);
        let row = Program { publisher, program, bytes, parts, first, jobs: 0 };
        self.used_kib = self.used_kib.saturating_add(u64::from(row.kibibytes()));
        let id = ProgramId::from_index(self.rows.len());
        own(&mut self.index).insert(key(&row), id);
        self.rows.push(row);
        id
    }

    /// Adds the next part of a draft.
    pub(super) fn add(&mut self, id: ProgramId, bytes: &[u8]) {
        let part = PartId::from_index(self.parts.push(Part(Arc::new(bytes.to_vec()))));
        self.row_mut(id).parts.push(part);
    }

    /// Makes a draft a program that jobs may name.
    pub(super) fn admit(&mut self, id: ProgramId, first: Vec<u8>) {
        let before = key(self.row(id));
        let row = self.row_mut(id);
        row.first = Some(first);
        let after = key(row);
        let index = own(&mut self.index);
        index.remove(&before);
        index.insert(after, id);
    }

    /// Forgets a program and its bytes.
    pub(super) fn retire(&mut self, id: ProgramId) {
        let row = self.row(id).clone();
        self.used_kib = self.used_kib.saturating_sub(u64::from(row.kibibytes()));
        own(&mut self.index).remove(&key(&row));
        for part in row.parts {
            self.parts.retire(part.index());
        }
        self.rows.retire(id.index());
    }

    fn row_mut(&mut self, id: ProgramId) -> &mut Program {
        self.rows.get_mut(id.index()).expect("the index knows programs that are there")
    }

    /// The program of a task, if it is a published one.
    fn of(&self, task: &Task) -> Option<ProgramId> {
        match task.form {
            ProgramForm::Stepwise => None,
            ProgramForm::Paged(_) => self.id(&task.program),
        }
    }

    /// True if a task's program is there, where it has to be.
    pub(crate) fn has(&self, task: &Task) -> bool {
        task.form == ProgramForm::Stepwise || self.of(task).is_some()
    }

    /// An open job names the task's program from now on.
    pub(crate) fn pin(&mut self, task: &Task) {
        if let Some(id) = self.of(task) {
            let row = self.row_mut(id);
            row.jobs = row.jobs.saturating_add(1);
        }
    }

    /// It does no longer.
    pub(crate) fn unpin(&mut self, task: &Task) {
        if let Some(id) = self.of(task) {
            let row = self.row_mut(id);
            row.jobs = row.jobs.saturating_sub(1);
        }
    }

    /// The bytes of a task's program, part by part; none of one that brings its own.
    pub(crate) fn code_of(&self, task: &Task) -> Vec<&[u8]> {
        self.of(task).map_or_else(Vec::new, |id| self.code(self.row(id)))
    }

    /// What every run of a task's program begins with; nothing of one that brings its own.
    pub(crate) fn first_of(&self, task: &Task) -> &[u8] {
        let first = self.of(task).and_then(|id| self.row(id).first.as_deref());
        first.unwrap_or_default()
    }

    /// The index that the rows ask for: what it has to be.
    pub(crate) fn is_indexed(&self) -> bool {
        let found = self.rows.iter().map(|(place, row)| (key(row), ProgramId::from_index(place)));
        found.collect::<Index>() == *self.index && self.index.len() == self.rows.live()
    }
}

/// The deposit for a program of so many bytes while `used_kib` are taken; none if it has no room.
pub fn program_deposit(params: &StorageParams, used_kib: u64, bytes: u32) -> Option<Amount> {
    let whole = params.program_room_kib();
    let kib = u64::from(kibibytes(bytes));
    let left = whole.checked_sub(used_kib)?.checked_sub(kib)?;
    let room = Room { left, whole, doublings: params.program_deposit_doublings };
    let each = room.price_floor(params.program_deposit_per_kib);
    Some(each.checked_times(kib).unwrap_or(Amount::MAX))
}
