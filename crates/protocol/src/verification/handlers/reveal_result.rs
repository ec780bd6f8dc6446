//! Reveal: the provider opens its result and shows that its output is the tree's last leaf.

use crate::{
    command::RevealResult,
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    seal,
    verification::{Claim, RevealResultRejected},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RevealResult,
) -> Result<Next, RevealResultRejected> {
    let RevealResult { job: id, opening, ref output_proof } = *command;
    let live = live_in_phase!(cx, id, RevealResultRejected, Revealing);
    if cx.state.market.assignment(live).account != signer {
        return Err(RevealResultRejected::NotTheProvider);
    }
    let result = cx.state.verification.case(live).result.expect("sealed before revealing");
    if result.claim.is_some() {
        return Err(RevealResultRejected::AlreadyRevealed);
    }
    let address = cx.state.accounts.account(signer).address;
    if seal::result(&cx.state.chain.network, id, &address, &opening) != result.seal {
        return Err(RevealResultRejected::SealMismatch);
    }
    let task = cx.state.market.order(id).terms.task;
    let (wanted, got) = (task.steps, opening.steps);
    if wanted != got {
        return Err(RevealResultRejected::StepsMismatch { wanted, got });
    }
    let first = cx.state.storage.programs.first_of(&task);
    let output = cx.referee.output(&task, first, &opening.root, output_proof);
    let output = output.filter(|o| o.state == opening.output && o.gas == opening.gas);
    let output = output.ok_or(RevealResultRejected::OutputProofInvalid)?;
    // From here on the command must succeed.
    let case = cx.state.verification.case_mut(live);
    let result = case.result.as_mut().expect("just read");
    result.claim = Some(Claim::new(&opening));
    result.steps_paid = output.steps_paid.min(wanted);
    result.ending = output.ending;
    let complete = !case.has_sealed_seats();
    cx.journal.push(Event::ResultRevealed {
        job: id,
        account: signer,
        root: opening.root,
        output: opening.output,
        gas: opening.gas,
        ending: output.ending,
    });
    Ok(if complete { Next::OpenWindow(live) } else { Next::Nothing })
}
