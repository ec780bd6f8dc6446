//! Retire program: its publisher takes it from the ledger, and its deposit back.

use crate::{
    command::RetireProgram,
    context::Context,
    event::Event,
    ids::{AccountId, ProgramId},
    ledger::{Pot, Reason},
    next::Next,
    storage::RetireProgramRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RetireProgram,
) -> Result<Next, RetireProgramRejected> {
    let RetireProgram { program } = *command;
    let programs = &cx.state.storage.programs;
    let found = programs.draft(&program, signer).or_else(|| programs.id(&program));
    let id = found.ok_or(RetireProgramRejected::NotPublished)?;
    let row = programs.row(id);
    if row.publisher != signer {
        return Err(RetireProgramRejected::NotThePublisher);
    }
    if row.jobs > 0 {
        return Err(RetireProgramRejected::NamedByJobs { jobs: row.jobs });
    }
    // From here on the command must succeed.
    let to = cx.free_pot(signer);
    let deposit = cx.pay_all(Pot::Program(id), to, Reason::ProgramDepositReturned);
    forget(cx, id);
    cx.journal.push(Event::ProgramRetired { program, account: signer, deposit });
    Ok(Next::Nothing)
}

/// Forgets a program and its bytes; its deposit has gone where it belongs.
pub(super) fn forget(cx: &mut Context<'_>, id: ProgramId) {
    cx.state.storage.programs.retire(id);
    cx.state.ledger.retire_program(id.index());
}
