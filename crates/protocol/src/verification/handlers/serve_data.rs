//! Serve: requested bytes are produced; the prepaid price goes to who produced them, at once for
//! an output and else when the bytes have helped with the work. Whoever waits for an output chunk
//! by chunk gets time back for each: it may ask for the next.

use crate::{
    command::{DataItem, ServeData},
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, JobId},
    ledger::{AssignmentPot, Pot, Reason},
    market::{self, live_in_phase},
    next::Next,
    num::{Blocks, Height},
    timers::Timer,
    verification::{Claim, ServeDataRejected},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ServeData,
) -> Result<Next, ServeDataRejected> {
    let ServeData { job: id, item, ref bytes } = *command;
    let live = live_in_phase!(
        cx,
        id,
        ServeDataRejected,
        Offered | Executing | Auditing | AuditingOpen | Revealing | Challengeable
    );
    let case = cx.state.verification.case(live);
    let mut open = (0u16..).zip(&case.requests);
    let open = open.find(|(_, request)| request.item == item && !request.served);
    let (slot, request) = open.ok_or(ServeDataRejected::NotRequested)?;
    let until = request.until;
    let output = case.claim().map(Claim::output);
    let task = cx.state.market.order(id).terms.task;
    if !cx.referee.serves(&task, item, output.as_ref(), bytes) {
        return Err(ServeDataRejected::BytesMismatch);
    }
    // From here on the command must succeed.
    let requests = &mut cx.state.verification.case_mut(live).requests;
    let request = requests.get_mut(usize::from(slot)).expect("just found");
    (request.served, request.server) = (true, Some(signer));
    cx.state.timers.clear(until.after(Blocks::new(1)), Timer::Data(live, slot));
    if matches!(item, DataItem::Output | DataItem::OutputChunk(_)) {
        // Whoever waits for the output has what it asked for; the rest is to help with work.
        let (from, to) = (AssignmentPot::DataFee(slot), cx.free_pot(signer));
        cx.pay_all(Pot::Assignment(live, from), to, Reason::DataFee);
    }
    if matches!(item, DataItem::OutputChunk(_)) {
        give_time_back(cx, (id, live), until);
    }
    cx.journal.push(Event::DataServed { job: id, item });
    Ok(Next::FinishIfSettled(live))
}

/// Lengthens the window by an answered chunk's share of the blocks that it took: whoever asks for
/// as many at once as it may has them all back. Rounded up, to the advantage of who waits.
fn give_time_back(cx: &mut Context<'_>, (id, live): (JobId, AssignmentId), until: Height) {
    let params = cx.pinned(id);
    let verification = params.verification();
    let waited = verification.availability_blocks.less(until.since(cx.now()));
    let share = verification.share_of_wait(waited);
    market::acts::lengthen(cx, live, share);
}
