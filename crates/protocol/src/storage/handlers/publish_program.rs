//! Publish program: the next part of a program comes; with the last the referee admits it, or it
//! goes and its deposit burns.
//!
//! Whoever publishes can hash and admit the bytes at home, while each admission takes the referee's
//! time: a deposit that came back would let it be taken for the fee of one short part.

use alloc::vec::Vec;

use crate::{
    command::PublishProgram,
    context::Context,
    event::Event,
    ids::{AccountId, ProgramId},
    ledger::{Pot, Reason},
    next::Next,
    num::{Amount, Gas},
    state::State,
    storage::{
        Program, PublishProgramRejected, program_bytes_max, program_deposit, program_name,
        programs::{ADMISSION_GAS_PER_KIB, kibibytes},
    },
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &PublishProgram,
) -> Result<Next, PublishProgramRejected> {
    let PublishProgram { program, bytes_total, part, ref bytes } = *command;
    let draft = check(cx.state, signer, command)?;
    // From here on the command must succeed.
    let id = draft.unwrap_or_else(|| {
        let deposit = deposit(cx.state, signer, command).expect("checked above");
        cx.state.ledger.open_program();
        let id = cx.state.storage.programs.open(signer, program, bytes_total);
        let from = cx.free_pot(signer);
        cx.pay(from, Pot::Program(id), deposit, Reason::ProgramDeposit);
        id
    });
    cx.state.storage.programs.add(id, bytes);
    let parts = part.saturating_add(1);
    cx.journal.push(Event::ProgramPartPublished { program, account: signer, parts });
    if parts == Program::parts_of(bytes_total) {
        admit(cx, signer, id);
    }
    Ok(Next::Nothing)
}

/// The draft that the part belongs to, if it is not the first.
fn check(
    state: &State,
    signer: AccountId,
    command: &PublishProgram,
) -> Result<Option<ProgramId>, PublishProgramRejected> {
    let PublishProgram { program, bytes_total, part, ref bytes } = *command;
    let (params, programs) = (state.params().storage(), &state.storage.programs);
    let (wanted, min, max) = (bytes_total, 1, program_bytes_max(state.params()));
    if wanted < min || wanted > max {
        return Err(PublishProgramRejected::SizeOutOfRange { wanted, min, max });
    }
    if programs.id(&program).is_some() {
        return Err(PublishProgramRejected::AlreadyPublished);
    }
    let draft = programs.draft(&program, signer);
    let row = draft.map(|id| programs.row(id));
    let begun = row.map_or(bytes_total, |row| row.bytes);
    if bytes_total != begun {
        return Err(PublishProgramRejected::SizeChanged { wanted: bytes_total, begun });
    }
    let next = row.map_or(0, |row| u32::try_from(row.parts.len()).unwrap_or(u32::MAX));
    if part != next {
        return Err(PublishProgramRejected::PartNotNext { part, next });
    }
    let wanted = Program::part_bytes(bytes_total, part);
    let got = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    if got != wanted {
        return Err(PublishProgramRejected::PartOfOtherSize { got, wanted });
    }
    if row.is_none() {
        let Some(wanted) = deposit(state, signer, command) else {
            let free_kib = params.program_room_kib().saturating_sub(programs.used_kib());
            let wanted_kib = u64::from(kibibytes(bytes_total));
            return Err(PublishProgramRejected::RoomFull { wanted_kib, free_kib });
        };
        let free = state.ledger.free(signer);
        if wanted > free {
            return Err(PublishProgramRejected::ExceedsFree { wanted, free });
        }
    }
    Ok(draft)
}

/// What the first part of a program takes; nothing if there is no room, or it is not the first.
pub(crate) fn deposit(
    state: &State,
    signer: AccountId,
    command: &PublishProgram,
) -> Option<Amount> {
    let programs = &state.storage.programs;
    if programs.draft(&command.program, signer).is_some() {
        return None;
    }
    program_deposit(state.params().storage(), programs.used_kib(), command.bytes_total)
}

/// What of the referee's time a part takes: the last has the program admitted.
pub(crate) fn admission_gas(command: &PublishProgram) -> Gas {
    let PublishProgram { bytes_total, part, .. } = *command;
    let is_last = part.saturating_add(1) == Program::parts_of(bytes_total);
    let kibibytes = if is_last { u64::from(bytes_total.div_ceil(1_024)) } else { 0 };
    Gas::new(kibibytes.saturating_mul(ADMISSION_GAS_PER_KIB))
}

/// All of a program is there: the referee admits it, or it goes.
fn admit(cx: &mut Context<'_>, account: AccountId, id: ProgramId) {
    let programs = &cx.state.storage.programs;
    let row = programs.row(id);
    let (program, bytes) = (row.program, row.bytes);
    let code: Vec<u8> = programs.code(row).concat();
    let first = if program_name(&code) == program { cx.referee.admits(&code) } else { None };
    let spent = u64::from(bytes.div_ceil(1_024)).saturating_mul(ADMISSION_GAS_PER_KIB);
    let spent = cx.state.chain.referee_gas.count().saturating_add(spent);
    cx.state.chain.referee_gas = Gas::new(spent);
    let pot = Pot::Program(id);
    if let Some(first) = first {
        cx.state.storage.programs.admit(id, first);
        let deposit = cx.state.ledger.balance(pot);
        cx.journal.push(Event::ProgramPublished { program, account, bytes, deposit });
        return;
    }
    let fire = cx.fire();
    let deposit = cx.pay_all(pot, fire, Reason::ProgramDepositBurnt);
    super::retire_program::forget(cx, id);
    cx.journal.push(Event::ProgramNotAdmitted { program, account, deposit });
}
