//! Laws of published programs: all of them are there, and stay while a job names them.

use alloc::collections::BTreeMap;

use super::Broken;
use crate::{
    command::ProgramForm,
    ids::Digest,
    market::Stage,
    state::State,
    storage::{PART_BYTES, Program},
};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let programs = &state.storage.programs;
    let sizes = state.programs().map(|(_, row)| u64::from(row.kibibytes()));
    let (recorded, found) = (programs.used_kib(), sizes.fold(0, u64::saturating_add));
    if recorded != found {
        return Err(Broken::ProgramRoom { recorded, found });
    }
    if !programs.is_indexed() {
        return Err(Broken::ProgramIndex);
    }
    for (program, row) in state.programs() {
        if !is_whole(state, row) {
            return Err(Broken::ProgramBytes { program });
        }
    }
    let parts: usize = state.programs().map(|(_, row)| row.parts.len()).sum();
    if parts != programs.parts.live() {
        return Err(Broken::ProgramParts);
    }
    jobs(state)
}

/// True if each part that is there has its bytes, and an admitted program all parts.
fn is_whole(state: &State, row: &Program) -> bool {
    let lengths = state.program_code(row).into_iter().map(<[u8]>::len);
    let wanted = (0..).map(|part: u32| row.bytes.saturating_sub(part.saturating_mul(PART_BYTES)));
    let wanted = wanted.map(|left| left.min(PART_BYTES));
    let is_right = |(length, wanted): (usize, u32)| u32::try_from(length) == Ok(wanted);
    let parts = u32::try_from(row.parts.len()).unwrap_or(u32::MAX);
    let all = Program::parts_of(row.bytes);
    lengths.zip(wanted).all(is_right) && (parts < all || row.is_admitted()) && parts <= all
}

fn jobs(state: &State) -> Result<(), Broken> {
    let mut found: BTreeMap<Digest, u64> = BTreeMap::new();
    for (id, job) in state.jobs() {
        let task = &state.market.order(id).terms.task;
        if job.stage != Stage::Closed && task.form != ProgramForm::Stepwise {
            let count = found.entry(task.program).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (program, row) in state.programs() {
        let wanted = if row.is_admitted() { found.remove(&row.program).unwrap_or(0) } else { 0 };
        if row.jobs != wanted {
            return Err(Broken::ProgramJobs { program, recorded: row.jobs, found: wanted });
        }
    }
    match found.into_iter().next() {
        Some((program, jobs)) => Err(Broken::ProgramMissing { program, jobs }),
        None => Ok(()),
    }
}
