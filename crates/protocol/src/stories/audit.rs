//! Audit: seats are drawn, verdicts sealed and opened, silent seats drawn again.

use alloc::vec::Vec;

use crate::{
    bound::{BoundTerms, quote},
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, OperatorId, Role},
    ledger::{AssignmentPot, JobPot, Pot, Reason},
    market::{self, CloseReason, Outcome, Phase, handlers::reveal_bid::bound_at},
    next::Next,
    num::{Amount, Blocks, Height, Ratio},
    slashing::{
        self, Offence,
        acts::{Behind, Conviction, Payout},
    },
    staking::{self, Among, Field, Pool},
    verification::{Draw, Missed, Seat, SeatState, Seating, Stake, acts, beta, cap},
};

/// The validators that may not judge a job: its requester's and its provider's own.
fn parties(cx: &Context<'_>, live: AssignmentId) -> Vec<OperatorId> {
    let assignment = cx.state.market.assignment(live);
    let requester = cx.state.market.order(assignment.job).requester;
    let own = [requester, assignment.account].map(|a| cx.state.operator_id(a, Role::Validator));
    own.into_iter().flatten().collect()
}

/// Draws an operator for every vacant seat and locks its stake; what stays vacant is open. If those
/// who can lock are too few for the quote's share, more of them are drawn, as far as what refills
/// would have cost pays for it; while even so the collateral would not deter, the draw waits:
/// nobody is drawn from a pool that the collateral does not cover (M1). At last those are drawn,
/// too, whose bonds back other work, with as much of the lock as they have free.
pub(super) fn draw_seats(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let job = cx.state.market.assignment(live).job;
    let order = cx.state.market.order(job);
    let (audit_blocks, tariff) = (order.audit_blocks, order.bound.tariff);
    let round = cx.state.verification.case(live).round;
    let sample = sample(cx, live);
    if sample.is_none() && round < redraws(cx, live) {
        let wait = cx.pinned(job).verification().audit_base_blocks;
        let until = audit_until(cx, live, wait);
        market::acts::enter_phase(cx, live, Phase::Auditing, until);
        cx.journal.push(Event::DrawPutOff { job, round, until });
        return Next::Nothing;
    }
    // Else whoever locks all bonds elsewhere would risk nothing by a wrong result.
    let sample = sample.or_else(|| last_sample(cx, live));
    if let Some(Sample { seats, .. }) = sample {
        let case = cx.state.verification.case_mut(live);
        let more = seats.saturating_sub(case.seats.len());
        case.seats.extend((0..more).map(|_| Seat::vacant(tariff)));
    }
    let vacant = vacant_seats(cx, live);
    let drawn = sample.map_or_else(Vec::new, |sample| draw(cx, live, sample, vacant.len()));
    for (&seat, &operator) in vacant.iter().zip(&drawn) {
        acts::take_seat(cx, live, seat, operator, (Seating::Drawn, SeatState::Drawn));
    }
    let case = cx.state.verification.case(live);
    let left = u32::try_from(vacant.len().saturating_sub(drawn.len())).expect("few seats");
    let auditors = case.seats.iter().filter_map(|seat| seat.account).collect();
    let until = audit_until(cx, live, audit_blocks);
    let phase = if left == 0 { Phase::Auditing } else { Phase::AuditingOpen };
    market::acts::enter_phase(cx, live, phase, until);
    cx.journal.push(Event::AuditDrawn { job, auditors, vacant: left, round, until });
    Next::Nothing
}

/// `blocks` from now, or later if who was drawn before has longer: a draw in between, after a leak,
/// takes no time from who works or waits for bytes (M7, M9).
fn audit_until(cx: &Context<'_>, live: AssignmentId, blocks: Blocks) -> Height {
    let market::Assignment { phase, until, .. } = *cx.state.market.assignment(live);
    let fresh = cx.now().after(blocks);
    match phase {
        Phase::Auditing | Phase::AuditingOpen => fresh.max(until),
        _ => fresh,
    }
}

/// How a draw is made so that the collateral deters.
#[derive(Clone, Copy)]
struct Sample {
    /// Among whom.
    among: Among,
    /// What a seat locks.
    lock: Amount,
    /// The most that one operator counts for.
    cap: u64,
    /// Seats, those that are taken included.
    seats: usize,
}

/// The pool that an assignment's auditors are drawn from, and of which block.
fn pool<'a>(cx: &'a Context<'_>, live: AssignmentId) -> Option<(&'a Pool, Height)> {
    let job = cx.state.market.assignment(live).job;
    let at = cx.state.verification.case(live).pool_at;
    let pool = cx.state.staking.auditors(cx.state.market.order(job).terms.class)?;
    Some((pool, at.expect("the weights are kept while a draw may come")))
}

/// The set of the block that sealed the result is drawn from, as long as it does. Whoever waited
/// then is drawn with it once it leaves a seat vacant, or one of it was silent: else places taken
/// for that block, and left or kept silent, would keep a result from its audit. A set whose bonds
/// only back other work is waited for, unless it and who waited can lock as much as it has; but
/// never in the last round, else a set that is busy by its own doing would be asked alone in all.
fn sample(cx: &Context<'_>, live: AssignmentId) -> Option<Sample> {
    let (pool, at) = pool(cx, live)?;
    let lock = cx.state.market.order(cx.state.market.assignment(live).job).audit_lock;
    let [set, fit] = [Among::Set, Among::Fit].map(|among| Field { at, among });
    let of_set = sample_of(cx, live, (pool, set, lock));
    if pool.total_at(fit) == pool.total_at(set) {
        return of_set; // Nobody waited.
    }
    let case = cx.state.verification.case(live);
    let parties = parties(cx, live);
    let seated = case.seats.iter().filter_map(|seat| seat.operator);
    let out: Vec<OperatorId> = parties.iter().chain(&*case.barred).copied().chain(seated).collect();
    let left = pool.able_at(set, lock.units(), &out).count;
    let taken = case.seats.len().saturating_sub(vacant_seats(cx, live).len());
    let fills = |sample: &Sample| {
        usize::try_from(left).is_ok_and(|left| sample.seats <= taken.saturating_add(left))
    };
    let is_last = redraws(cx, live) <= case.round;
    let of_set = of_set.filter(|sample| !is_last && fills(sample));
    if of_set.is_some() && case.barred.is_empty() {
        return of_set;
    }
    let of_set_still = pool.able_still(set, 0, &parties).total;
    let stands_in = of_set_still <= pool.able_at(fit, lock.units(), &parties).total;
    let of_fit = stands_in.then(|| sample_of(cx, live, (pool, fit, lock))).flatten();
    of_fit.or(of_set)
}

/// The last round's: among all that could work then and still may, with what they have free.
fn last_sample(cx: &Context<'_>, live: AssignmentId) -> Option<Sample> {
    let (pool, at) = pool(cx, live)?;
    sample_of(cx, live, (pool, Field { at, among: Among::Fit }, Amount::ZERO))
}

/// Nobody counts for more than the quote's share. If those who can lock are too few for that, all
/// count in full, in as many seats as make the collateral that is locked deter the largest; `None`
/// if the pool or the money has not so many.
fn sample_of(
    cx: &Context<'_>,
    live: AssignmentId,
    (pool, field, lock): (&Pool, Field, Amount),
) -> Option<Sample> {
    let assignment = cx.state.market.assignment(live);
    let (job, price) = (assignment.job, assignment.price);
    let (order, params) = (cx.state.market.order(job), cx.pinned(job));
    let (share, out) = (order.bound.beta, &parties(cx, live));
    let seats = cx.state.verification.case(live).seats.len();
    let among = field.among;
    if let Some(cap) = cap(pool, field, lock, out, share) {
        return Some(Sample { among, lock, cap, seats });
    }
    let able = pool.able_at(field, lock.units(), out);
    let bound = BoundTerms { beta: beta(able, share), ..bound_at(order, price, &params) };
    let held = cx.state.ledger.balance(Pot::Assignment(live, AssignmentPot::Collateral));
    let taken = u64::try_from(seats).expect("few seats");
    let most = taken.saturating_add(spare_seats(cx, live)).min(able.count);
    (taken..=most).find_map(|seats| {
        let (auditors, seats) = (u32::try_from(seats).ok()?, usize::try_from(seats).ok()?);
        let fallback_auditors = bound.fallback_auditors.max(auditors);
        let bound = BoundTerms { auditors, fallback_auditors, ..bound };
        let needed = quote(&bound, &params).ok()?.collateral_min;
        (needed <= held).then_some(Sample { among, lock, cap: u64::MAX, seats })
    })
}

/// Seats beyond those there are that the money for refills pays.
fn spare_seats(cx: &Context<'_>, live: AssignmentId) -> u64 {
    let job = cx.state.market.assignment(live).job;
    let seats = &cx.state.verification.case(live).seats;
    let owed = seats.iter().fold(Amount::ZERO, |sum, seat| sum.saturating_add(seat.pay));
    let spare = cx.state.ledger.balance(Pot::Job(job, JobPot::AuditFees)).saturating_sub(owed);
    let tariff = cx.state.market.order(job).bound.tariff;
    let paid = spare.units().checked_div(tariff.units()).unwrap_or(0);
    let most = u64::from(cx.pinned(job).verification().auditors_max).saturating_add(2);
    paid.min(most.saturating_sub(u64::try_from(seats.len()).unwrap_or(u64::MAX)))
}

fn vacant_seats(cx: &Context<'_>, live: AssignmentId) -> Vec<usize> {
    let seats = cx.state.verification.case(live).seats.iter().enumerate();
    let vacant = seats.filter(|(_, seat)| seat.state == SeatState::Vacant);
    vacant.map(|(place, _)| place).collect()
}

fn redraws(cx: &Context<'_>, live: AssignmentId) -> u8 {
    let job = cx.state.market.assignment(live).job;
    cx.pinned(job).verification().redraws
}

fn draw(cx: &Context<'_>, live: AssignmentId, sample: Sample, count: usize) -> Vec<OperatorId> {
    let Some((pool, at)) = pool(cx, live) else { return Vec::new() };
    let (case, out) = (cx.state.verification.case(live), parties(cx, live));
    let may = |operator: OperatorId| {
        !out.contains(&operator)
            && !case.barred.contains(&operator)
            && case.seat_of(operator).is_none()
    };
    let draw = Draw {
        pool,
        field: Field { at, among: sample.among },
        seed: case.seed.drawn.as_ref().expect("seats are drawn with a seed"),
        round: case.round,
        lock: sample.lock,
        cap: sample.cap,
    };
    draw.seats(count, may)
}

/// The time for verdicts is over: silent seats are drawn again, then opened to all, then the job
/// is refunded (C10).
pub(super) fn lapse_audit(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let was_open = cx.state.market.assignment(live).phase == Phase::AuditingOpen;
    let round = cx.state.verification.case(live).round;
    let may_redraw = !was_open && round < redraws(cx, live);
    for seat in cx.state.verification.case(live).silent_seats() {
        // A draw that was only put off found nobody silent, and nobody earns more for it.
        if vacate(cx, live, seat) && may_redraw {
            raise_pay(cx, live, seat);
        }
    }
    if was_open {
        // Silence in one seat must not save a result that another seat convicts: who sealed a
        // verdict opens it.
        if cx.state.verification.case(live).has_sealed_seats() {
            return Next::Reveal(live);
        }
        return Next::End(live, Outcome::Expired, CloseReason::AuditUnavailable);
    }
    if may_redraw {
        cx.state.verification.case_mut(live).round = round.saturating_add(1);
        return Next::DrawSeats(live);
    }
    let job = cx.state.market.assignment(live).job;
    let audit_blocks = cx.state.market.order(job).audit_blocks;
    let until = cx.now().after(audit_blocks.times(2));
    let vacant = cx.state.verification.case(live).silent_seats().len();
    let vacant = u32::try_from(vacant).expect("few seats");
    let auditors = Vec::new();
    market::acts::enter_phase(cx, live, Phase::AuditingOpen, until);
    cx.journal.push(Event::AuditDrawn { job, auditors, vacant, round, until });
    Next::Nothing
}

/// A drawn auditor sealed nothing: its seat and its lock are free; at the end of the case it is
/// known whether anybody could have done better. Returns if anybody was drawn at all.
fn vacate(cx: &mut Context<'_>, live: AssignmentId, seat: usize) -> bool {
    let job = cx.state.market.assignment(live).job;
    let case = cx.state.verification.case_mut(live);
    let row = case.seat_mut(seat);
    row.state = SeatState::Vacant;
    let (pay, pot) = (row.pay, Pot::Assignment(live, AssignmentPot::AuditLock(row.lock)));
    let taken = row.operator.take().zip(row.account.take());
    let Some((operator, account)) = taken else { return false };
    let lock = cx.state.ledger.balance(pot);
    staking::acts::release(cx, operator, pot, Reason::AuditLockReleased);
    let case = cx.state.verification.case_mut(live);
    case.barred.push(operator);
    case.missed.push(Missed { operator, account, lock, pay });
    cx.journal.push(Event::AuditMissed { job, account });
    true
}

/// A refilled seat earns more, as far as the requester's escrow has it.
fn raise_pay(cx: &mut Context<'_>, live: AssignmentId, seat: usize) {
    let job = cx.state.market.assignment(live).job;
    let bonus = cx.pinned(job).verification().refill_bonus;
    let there = cx.state.ledger.balance(Pot::Job(job, JobPot::AuditFees));
    let case = cx.state.verification.case_mut(live);
    let owed = case.seats.iter().fold(Amount::ZERO, |sum, seat| sum.saturating_add(seat.pay));
    let row = case.seat_mut(seat);
    let bonus = bonus.amount_floor(row.pay).min(there.saturating_sub(owed));
    row.pay = row.pay.saturating_add(bonus);
}

/// Somebody knew an auditor's verdict: its seat is drawn anew, and the leak costs more than
/// silence would have.
pub(super) fn auditor_copied(
    cx: &mut Context<'_>,
    live: AssignmentId,
    seat: usize,
    finder: AccountId,
) -> Next {
    let assignment = *cx.state.market.assignment(live);
    let job = assignment.job;
    let params = cx.pinned(job);
    let case = cx.state.verification.case_mut(live);
    let row = case.seat_mut(seat);
    row.state = SeatState::Vacant;
    row.account = None;
    let operator = row.operator.take().expect("a sealed seat is taken");
    let (lock, value) = (Pot::Assignment(live, AssignmentPot::AuditLock(row.lock)), row.pay);
    case.barred.push(operator);
    case.round = case.round.saturating_add(1);
    let amount = cx.state.ledger.balance(lock);
    let half = Ratio::percent(50).amount_floor(amount);
    let conviction = Conviction {
        offence: Offence::CopiedRoot,
        operator,
        job,
        behind: Behind::Locked(lock, amount),
        accepted_at: assignment.accepted_at(),
        value,
        root: None,
        payout: Payout::Finder(finder, half),
    };
    slashing::acts::convict(cx, conviction, &params);
    Next::DrawSeats(live)
}

/// Everybody has sealed, or nobody was drawn: all open together.
pub(super) fn begin_reveal(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let job = cx.state.market.assignment(live).job;
    let until = cx.now().after(cx.pinned(job).verification().reveal_blocks);
    acts::let_go_of_pool(cx, live);
    market::acts::enter_phase(cx, live, Phase::Revealing, until);
    cx.journal.push(Event::Revealing { job, until });
    Next::Nothing
}

/// The time to open is over: a result not opened is a wrong one (C7), a verdict not opened costs
/// its lock.
pub(super) fn lapse_reveal(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let seats = cx.state.verification.case(live).seats.iter().enumerate();
    let sealed = seats.filter(|(_, seat)| matches!(seat.state, SeatState::Committed(_)));
    let sealed: Vec<usize> = sealed.map(|(place, _)| place).collect();
    for place in sealed {
        fail_seat(cx, live, place);
    }
    if cx.state.verification.case(live).claim().is_none() {
        return Next::Convict(live, CloseReason::NotRevealed);
    }
    Next::OpenWindow(live)
}

fn fail_seat(cx: &mut Context<'_>, live: AssignmentId, place: usize) {
    let assignment = *cx.state.market.assignment(live);
    let params = cx.pinned(assignment.job);
    let row = cx.state.verification.case_mut(live).seat_mut(place);
    row.state = SeatState::Failed;
    let (value, account) = (row.pay, row.account.expect("a sealed seat is taken"));
    let operator = row.operator.expect("a sealed seat is taken");
    let lock = Pot::Assignment(live, AssignmentPot::AuditLock(row.lock));
    let conviction = Conviction {
        offence: Offence::MissedAudit,
        operator,
        job: assignment.job,
        behind: Behind::Locked(lock, cx.state.ledger.balance(lock)),
        accepted_at: assignment.accepted_at(),
        value,
        root: None,
        payout: Payout::Fire,
    };
    slashing::acts::convict(cx, conviction, &params);
    cx.journal.push(Event::AuditMissed { job: assignment.job, account });
}

/// Every dissenting verdict opens a dispute by itself; anyone else may open one too.
pub(super) fn open_window(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let job = cx.state.market.assignment(live).job;
    let until = cx.now().after(cx.state.market.order(job).challenge_blocks);
    market::acts::enter_phase(cx, live, Phase::Challengeable, until);
    cx.journal.push(Event::ChallengeWindow { job, until });
    let case = cx.state.verification.case(live);
    let claim = *case.claim().expect("the result is open");
    let dissents: Vec<(AccountId, Stake)> = (0u16..)
        .zip(&case.seats)
        .filter(|(_, s)| matches!(s.state, SeatState::Revealed(own) if !own.agrees(&claim)))
        .map(|(place, s)| (s.account.expect("a seat with a verdict is taken"), Stake::Seat(place)))
        .collect();
    for (challenger, behind) in dissents {
        acts::open_dispute(cx, live, challenger, behind);
    }
    Next::Nothing
}
