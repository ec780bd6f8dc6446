//! Prove: the accused lays one step before the referee.

use crate::{
    command::{Node, ProveStep},
    context::Context,
    event::Event,
    ids::AccountId,
    market::live_in_phase,
    next::Next,
    num::Gas,
    referee::{Ruling, StepCase},
    verification::{ProveStepRejected, Turn, depth},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ProveStep,
) -> Result<Next, ProveStepRejected> {
    let ProveStep { job: id, leaf, ref evidence } = *command;
    let live = live_in_phase!(cx, id, ProveStepRejected, Challengeable);
    if cx.state.market.assignment(live).account != signer {
        return Err(ProveStepRejected::NotTheProvider);
    }
    let task = cx.state.market.order(id).terms.task;
    let node = Node { level: depth(task.steps), index: leaf };
    if cx.state.verification.docket(live).awaiting(Turn::Accused, node).is_empty() {
        return Err(ProveStepRejected::NotAwaited);
    }
    let case = cx.state.verification.case(live);
    let root = case.claim().expect("a disputed result is open").root();
    let digest = cx.state.verification.digest(live, node);
    let digest = digest.expect("a disputed leaf's parent was disclosed");
    let case = StepCase { task: &task, root: &root, leaf, digest: &digest, evidence };
    let ruling = cx.referee.judge(&case).map_err(|_| ProveStepRejected::EvidenceInvalid)?;
    // From here on the command must succeed. Evidence that is none was refused before anything was
    // executed: its bytes have paid, and no clock stands still for it.
    let spent = cx.state.chain.referee_gas.count().saturating_add(task.step_gas_max.count());
    cx.state.chain.referee_gas = Gas::new(spent);
    let holds = ruling == Ruling::Holds;
    cx.state.verification.docket_mut(live).ruled.push((leaf, holds));
    cx.journal.push(Event::StepJudged { job: id, leaf, holds });
    Ok(Next::StepJudged(live, leaf))
}
