//! What several verbs do with a case: open a dispute, set its clock, seat an auditor.
//!
//! Law: whatever changes a clock moves its timer.
//! Not here: what a lost dispute costs (`stories`).

use crate::{
    command::{Node, ProgramForm, Task},
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, Digest, JobId, OperatorId},
    ledger::{AssignmentPot, Pot, Reason},
    num::{Blocks, Gas},
    referee::{Ruling, StepCase},
    staking::{self, Among, Field},
    state::State,
    timers::Timer,
    verification::{
        DataRequest, Dispute, Ended, Geometry, Loser, LossReason, SeatState, Seating, Stake, Turn,
        is_payable as is_payable_by, params::Clocks,
    },
};

/// Begins a game at the root; if the root was disclosed for another, that serves this one.
pub(crate) fn open_dispute(
    cx: &mut Context<'_>,
    id: AssignmentId,
    challenger: AccountId,
    behind: Stake,
) {
    let (job, accused) = {
        let assignment = cx.state.market.assignment(id);
        (assignment.job, assignment.account)
    };
    let (params, task) = (cx.pinned(job), cx.state.market.order(job).terms.task);
    let work = (task.form, task.gas_bound);
    let clocks = params.verification().dispute_clocks(work, params.market());
    let others = lengthen_others(cx, id, clocks.besides);
    let longer = clocks.accused.plus(clocks.besides.times(others));
    let clocks = Clocks { accused: longer, ..clocks };
    let steps = task.steps;
    let now = (cx.now(), cx.state.chain.full_blocks);
    let docket = cx.state.verification.docket_mut(id);
    let mut dispute = Dispute::new(challenger, behind, now, clocks);
    if docket.children(dispute.node).is_some() {
        dispute.turn = Turn::Challenger;
    }
    docket.disputes.push(dispute);
    let index = docket.disputes.len().saturating_sub(1);
    set_clock(cx, id, index);
    cx.journal.push(Event::DisputeOpened { job, challenger, accused, steps });
}

/// Gives the accused that much more in each game that is open, whose answers wait for those of one
/// more. Returns how many there are.
fn lengthen_others(cx: &mut Context<'_>, id: AssignmentId, blocks: Blocks) -> u64 {
    let mut count = 0u64;
    for index in 0..cx.state.verification.docket(id).disputes.len() {
        if cx.state.verification.docket(id).dispute(index).ended.is_none() {
            clear_clock(cx, id, index);
            let dispute = cx.state.verification.docket_mut(id).dispute_mut(index);
            dispute.accused_left = dispute.accused_left.plus(blocks);
            set_clock(cx, id, index);
            count = count.saturating_add(1);
        }
    }
    count
}

/// May the open result of an assignment be paid, if nothing else comes up?
pub(crate) fn is_payable(state: &State, id: AssignmentId) -> bool {
    let wanted = state.market.order(state.market.assignment(id).job).bound.auditors;
    let case = state.verification.case(id);
    case.claim().is_some_and(|claim| is_payable_by(&case.seats, claim, wanted))
}

fn timer(id: AssignmentId, index: usize) -> Timer {
    Timer::Dispute(id, u16::try_from(index).expect("disputes are limited to some thousand"))
}

/// Sets the timer of the side to move.
pub(crate) fn set_clock(cx: &mut Context<'_>, id: AssignmentId, index: usize) {
    let dispute = cx.state.verification.docket(id).dispute(index);
    let at = dispute.until().after(Blocks::new(1));
    cx.state.timers.set(at, timer(id, index));
}

/// Stops the timer of the side to move.
pub(crate) fn clear_clock(cx: &mut Context<'_>, id: AssignmentId, index: usize) {
    let dispute = cx.state.verification.docket(id).dispute(index);
    let at = dispute.until().after(Blocks::new(1));
    cx.state.timers.clear(at, timer(id, index));
}

/// Books a move in a game, after the blocks that its clock stood still.
pub(crate) fn make_move(
    cx: &mut Context<'_>,
    id: AssignmentId,
    index: usize,
    node: Node,
    next: Turn,
) {
    clear_clock(cx, id, index);
    let now = cx.now();
    stand_still(cx, id, index);
    cx.state.verification.docket_mut(id).dispute_mut(index).moved(now, node, next);
    set_clock(cx, id, index);
}

/// Takes blocks in which the referee had no time left off the clock of who waits for it; its timer
/// is the caller's.
pub(crate) fn stand_still(cx: &mut Context<'_>, id: AssignmentId, index: usize) {
    let (full_blocks, geometry) = (cx.state.chain.full_blocks, geometry_of(cx, id));
    cx.state.verification.docket_mut(id).stand_still(index, full_blocks, geometry);
}

/// Records what the referee found at a leaf, after the blocks for which games waited for it there:
/// from now on they wait for it no more.
pub(crate) fn hear(cx: &mut Context<'_>, id: AssignmentId, node: Node, ruling: Ruling) {
    for index in cx.state.verification.docket(id).awaiting(Turn::Accused, node) {
        clear_clock(cx, id, index);
        stand_still(cx, id, index);
        set_clock(cx, id, index);
    }
    cx.state.verification.docket_mut(id).ruled.push((node, ruling));
}

/// The shape of the tree of an assignment's result.
pub(crate) fn geometry_of(cx: &Context<'_>, id: AssignmentId) -> Geometry {
    let job = cx.state.market.assignment(id).job;
    Geometry::of(&cx.state.market.order(job).terms.task)
}

/// A disputed step, before anything is laid before the referee.
pub(crate) struct Disputed {
    task: Task,
    root: Digest,
    node: Node,
    leaf: u64,
    digest: Digest,
}

impl Disputed {
    /// The case, with what is shown.
    pub(crate) fn shown<'a>(&'a self, code: &'a [&'a [u8]], evidence: &'a [u8]) -> StepCase<'a> {
        let Disputed { task, root, node, leaf, digest } = self;
        StepCase { task, root, node: *node, leaf: *leaf, digest, code, evidence }
    }
}

/// The step that ends in a leaf which a dispute has come to.
pub(crate) fn step_case(state: &State, id: AssignmentId, (task, node): (&Task, Node)) -> Disputed {
    let place = Geometry::of(task).place(node).expect("a dispute comes to nodes that exist");
    let leaf = place.leaf().expect("the caller looked that it is one");
    let root = state.verification.tree_root(id, place.tree);
    let root = root.expect("a dispute passes a tree's root on its way to a leaf");
    let digest = state.verification.digest(id, node);
    let digest = digest.expect("a disputed leaf's parent was disclosed");
    Disputed { task: *task, root, node, leaf, digest }
}

/// What of the referee's time a step of a job takes. A paged program's is as dear as the largest:
/// its memory is set aside, however little of it is touched.
pub(crate) fn judgement_gas(state: &State, job: JobId) -> Gas {
    let order = state.market.order(job);
    match order.terms.task.form {
        ProgramForm::Stepwise => order.terms.task.step_gas_max,
        ProgramForm::Paged(_) => state.params.at(order.params).market().step_gas_max,
    }
}

/// Records how a dispute ended.
pub(crate) fn end_dispute(
    cx: &mut Context<'_>,
    id: AssignmentId,
    index: usize,
    loser: Loser,
    reason: LossReason,
) {
    clear_clock(cx, id, index);
    let assignment = *cx.state.market.assignment(id);
    let job = assignment.job;
    let steps = cx.state.market.order(job).terms.task.steps;
    let geometry = geometry_of(cx, id);
    let dispute = cx.state.verification.docket_mut(id).dispute_mut(index);
    dispute.ended = Some(Ended { loser, reason });
    let (challenger, moves) = (dispute.challenger, dispute.moves);
    let step = geometry.leaves(dispute.node).first().copied();
    cx.journal.push(Event::DisputeClosed {
        job,
        challenger,
        accused: assignment.account,
        steps,
        moves,
        step,
        loser,
        reason,
    });
}

/// Seats an operator and locks its stake, at most what it has free, in a lock of its own.
pub(crate) fn take_seat(
    cx: &mut Context<'_>,
    id: AssignmentId,
    seat: usize,
    operator: OperatorId,
    (seating, state): (Seating, SeatState),
) {
    let account = cx.state.staking.operator(operator).account;
    let job = cx.state.market.assignment(id).job;
    let free = cx.state.ledger.balance(Pot::Bond(operator));
    let amount = cx.state.market.order(job).audit_lock.min(free);
    let case = cx.state.verification.case_mut(id);
    let lock = case.locks;
    case.locks = lock.checked_add(1).expect("each lock takes a transaction or a draw");
    let row = case.seat_mut(seat);
    row.operator = Some(operator);
    row.account = Some(account);
    (row.seating, row.lock, row.state) = (seating, lock, state);
    let pot = Pot::Assignment(id, AssignmentPot::AuditLock(lock));
    staking::acts::lock(cx, operator, pot, amount, Reason::AuditLocked);
}

/// Was an operator in its active set, or did it wait for a place there, when the result was sealed?
pub(crate) fn counted(state: &State, id: AssignmentId, operator: OperatorId) -> bool {
    let class = state.market.order(state.market.assignment(id).job).terms.class;
    let at = state.verification.case(id).pool_at;
    at.zip(state.staking.auditors(class))
        .is_some_and(|(at, pool)| 0 < pool.weight_at(Field { at, among: Among::Fit }, operator))
}

/// Forgets which weights the draw counts, when no draw will come any more.
pub(crate) fn let_go_of_pool(cx: &mut Context<'_>, id: AssignmentId) {
    let job = cx.state.market.assignment(id).job;
    let class = cx.state.market.order(job).terms.class;
    if let Some(at) = cx.state.verification.case_mut(id).pool_at.take() {
        cx.state.staking.unpin_auditors(class, at);
    }
}

/// Ends every request, and pays its prepaid price to where it belongs.
pub(crate) fn settle_data_fees(cx: &mut Context<'_>, id: AssignmentId) {
    let requests = cx.state.verification.case(id).requests.clone();
    for (slot, request) in (0u16..).zip(&requests) {
        cx.state.timers.clear(request.until.after(Blocks::new(1)), Timer::Data(id, slot));
        let (to, reason) = match due(cx.state, id, request) {
            Due::Server(account) => (cx.free_pot(account), Reason::DataFee),
            Due::Asker => (cx.free_pot(request.asker), Reason::DataFeeReturned),
            Due::Nobody => (cx.fire(), Reason::DataFee),
        };
        cx.pay_all(Pot::Assignment(id, AssignmentPot::DataFee(slot)), to, reason);
    }
    if !requests.is_empty() {
        let requests = &mut cx.state.verification.case_mut(id).requests;
        requests.iter_mut().for_each(|request| request.served = true);
    }
}

/// To whom the price of a request goes.
enum Due {
    Server(AccountId),
    Asker,
    Nobody,
}

/// Bytes are paid for if the work that they were for was done. If nobody could do it, whoever
/// asked has its money back: else what cannot be done would earn by being asked for. Who could,
/// as others show, and did not, pays and profits nobody.
fn due(state: &State, id: AssignmentId, request: &DataRequest) -> Due {
    let Some(server) = request.server else { return Due::Asker };
    let (assignment, case) = (state.market.assignment(id), state.verification.case(id));
    if request.answerable == state.market.order(assignment.job).requester {
        // The winner asked before it accepted.
        return assignment.accepted.map_or(Due::Asker, |_| Due::Server(server));
    }
    let own = case.seats.iter().find(|seat| seat.account == Some(request.asker));
    if own.is_some_and(|seat| !seat.is_silent()) {
        Due::Server(server)
    } else if case.somebody_managed() {
        Due::Nobody
    } else {
        Due::Asker
    }
}
