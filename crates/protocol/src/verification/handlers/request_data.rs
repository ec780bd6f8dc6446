//! Request: bytes that were not served off the ledger are asked for on it, prepaid.
//!
//! Before acceptance the requester answers for program and input, afterwards the provider, who
//! accepted by saying that it has them (M6); the provider answers for the output (M8), of a large
//! one chunk by chunk: so many at once as one account may ask for anything.

use crate::{
    command::{DataItem, ProgramForm, RequestData},
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, JobId, Role},
    ledger::{AssignmentPot, Pot, Reason},
    market::{self, Phase, live_in_phase},
    next::Next,
    num::{Amount, Blocks},
    state::State,
    timers::Timer,
    verification::{DataRequest, RequestDataRejected, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RequestData,
) -> Result<Next, RequestDataRejected> {
    let RequestData { job: id, item } = *command;
    let live = live_in_phase!(
        cx,
        id,
        RequestDataRejected,
        Offered | Auditing | AuditingOpen | Challengeable
    );
    let params = cx.pinned(id);
    check(cx.state, (id, live), signer, item)?;
    let requests = &cx.state.verification.case(live).requests;
    if requests.iter().any(|request| request.item == item && !request.served) {
        return Err(RequestDataRejected::AlreadyRequested);
    }
    let limit = params.verification().data_requests_max;
    check_limit(cx.state, (id, live), (signer, item), limit)?;
    // Each account has few, and few accounts may ask: seats and disputes are bounded too, and the
    // chunks of an output are for its requester alone.
    let index = u16::try_from(requests.len());
    let index = index.map_err(|_| RequestDataRejected::RequestsAtLimit { limit })?;
    let wanted = fee(cx.state, id, item).expect("the job was found above");
    let free = cx.state.ledger.free(signer);
    if wanted > free {
        return Err(RequestDataRejected::ExceedsFree { wanted, free });
    }
    // From here on the command must succeed.
    let assignment = *cx.state.market.assignment(live);
    let answerable = match assignment.phase {
        Phase::Offered => cx.state.market.order(id).requester,
        _ => assignment.account,
    };
    let window = params.verification().availability_blocks;
    let until = cx.now().after(window);
    let (from, pot) = (cx.free_pot(signer), AssignmentPot::DataFee(index));
    cx.pay(from, Pot::Assignment(live, pot), wanted, Reason::DataFee);
    let request =
        DataRequest { asker: signer, item, answerable, until, served: false, server: None };
    cx.state.verification.case_mut(live).requests.push(request);
    cx.state.timers.set(until.after(Blocks::new(1)), Timer::Data(live, index));
    if assignment.phase != Phase::Challengeable {
        // Whoever waits for these bytes gets the time back that it waits (M7).
        let longer = assignment.until.after(window);
        market::acts::enter_phase(cx, live, assignment.phase, longer);
    }
    cx.journal.push(Event::DataRequested { job: id, asker: signer, item, until });
    Ok(Next::Nothing)
}

/// What asking for an item is prepaid with; nothing if there is no such job.
pub(crate) fn fee(state: &State, id: JobId, item: DataItem) -> Option<Amount> {
    state.market.phase(id)?;
    let params = state.params.at(state.market.order(id).params);
    let fee = params.verification().data_fee_per_kib.checked_times(item.kibibytes_max());
    Some(fee.unwrap_or(Amount::MAX))
}

/// Whether an account may ask once more. Of an output's chunks there may be so many unanswered
/// requests as of anything else in all, so that nobody owes more at once; in all one for each chunk
/// and as many again.
fn check_limit(
    state: &State,
    (id, live): (JobId, AssignmentId),
    (signer, item): (AccountId, DataItem),
    limit: u32,
) -> Result<(), RequestDataRejected> {
    let is_chunk = |item: DataItem| matches!(item, DataItem::OutputChunk(_));
    let requests = &state.verification.case(live).requests;
    let alike = |request: &&DataRequest| {
        request.asker == signer && is_chunk(request.item) == is_chunk(item)
    };
    let all = requests.iter().filter(alike).count();
    let waiting = requests.iter().filter(alike).filter(|request| !request.served).count();
    let chunks = state.market.order(id).terms.task.form.output_chunks();
    let limits = match is_chunk(item) {
        true => [(waiting, limit), (all, limit.saturating_add(chunks))],
        false => [(all, limit); 2],
    };
    let at = |(made, limit): &(usize, u32)| u32::try_from(*made).unwrap_or(u32::MAX) >= *limit;
    match limits.into_iter().find(at) {
        Some((_, limit)) => Err(RequestDataRejected::RequestsAtLimit { limit }),
        None => Ok(()),
    }
}

fn check(
    state: &State,
    (id, live): (JobId, AssignmentId),
    signer: AccountId,
    item: DataItem,
) -> Result<(), RequestDataRejected> {
    let (order, assignment) = (state.market.order(id), state.market.assignment(live));
    let case = state.verification.case(live);
    let entitled = match assignment.phase {
        Phase::Offered => assignment.account == signer,
        Phase::Auditing | Phase::AuditingOpen => {
            let operator = state.operator_id(signer, Role::Validator);
            operator.is_some_and(|operator| case.seat_of(operator).is_some())
        }
        _ => {
            let docket = state.verification.docket(live);
            let is_challenger = docket.dispute_of(signer).is_some();
            // Many challengers would ask for many chunks at once.
            order.requester == signer || is_challenger && item == DataItem::Output
        }
    };
    if !entitled {
        return Err(RequestDataRejected::NotEntitled);
    }
    let disputed = assignment.phase == Phase::Challengeable;
    let chunks = order.terms.task.form.output_chunks();
    // What cannot be paid need not be delivered.
    let has_output =
        disputed && state.chain.height <= assignment.until && acts::is_payable(state, live);
    let exists = match item {
        // What is published is on the ledger.
        DataItem::Program => !disputed && order.terms.task.form == ProgramForm::Stepwise,
        DataItem::Input(chunk) => !disputed && chunk < order.terms.task.chunk_count,
        DataItem::Output => has_output && chunks == 0,
        DataItem::OutputChunk(chunk) => has_output && chunk < chunks,
    };
    if !exists {
        return Err(RequestDataRejected::NoSuchItem);
    }
    if case.receipt && matches!(item, DataItem::Output | DataItem::OutputChunk(_)) {
        return Err(RequestDataRejected::AlreadyConfirmed);
    }
    Ok(())
}
