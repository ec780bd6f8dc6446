//! Views of published programs.
//!
//! Law: as of all views, nothing is said that the state does not say.

use earnest_protocol::{Amount, Digest, ProgramId, State, ledger::Pot, storage};
use serde::{Deserialize, Serialize};

use crate::{AccountRef, views::account_ref};

/// A program that somebody published, or has begun to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramView {
    /// Its number.
    pub id: ProgramId,
    /// The BLAKE3 hash of its bytes, by which a job names it.
    pub program: Digest,
    /// Who published it, and has the deposit back when it is retired.
    pub publisher: AccountRef,
    /// How many bytes it has.
    pub bytes: u32,
    /// How many parts of it are there.
    pub parts: u32,
    /// True if all of it is there, and jobs may name it.
    pub is_published: bool,
    /// Open jobs that name it: while there are any, it stays.
    pub jobs: u64,
    /// What stands behind the room that it takes, in base units.
    pub deposit: Amount,
}

/// What room there is for published programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRoomView {
    /// Kibibytes that published programs may take.
    pub room_kib: u64,
    /// Kibibytes that they do.
    pub used_kib: u64,
    /// Most bytes of one program.
    pub bytes_max: u64,
    /// The deposit for the next program of a mebibyte, in base units; none if it has no room.
    pub deposit: Option<Amount>,
}

/// One row; none if it has left.
pub fn program(state: &State, id: ProgramId) -> Option<ProgramView> {
    let row = state.program_at(id)?;
    Some(ProgramView {
        id,
        program: row.program,
        publisher: account_ref(state, row.publisher),
        bytes: row.bytes,
        parts: u32::try_from(row.parts.len()).unwrap_or(u32::MAX),
        is_published: row.is_admitted(),
        jobs: row.jobs,
        deposit: state.balance(Pot::Program(id)),
    })
}

/// The published program of this name.
pub fn published(state: &State, program: &Digest) -> Option<ProgramView> {
    self::program(state, state.program_id(program)?)
}

/// What room there is.
pub fn room(state: &State) -> ProgramRoomView {
    let params = state.params().storage();
    let used_kib = state.programs_kib();
    ProgramRoomView {
        room_kib: params.program_room_kib(),
        used_kib,
        bytes_max: u64::from(storage::program_bytes_max(state.params())),
        deposit: storage::program_deposit(params, used_kib, 1 << 20),
    }
}
