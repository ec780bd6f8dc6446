//! Stories: what crosses rooms in the life of a job, and the one driver that carries it out.
//!
//! `auction` brings a job to its provider, `run` to a sealed result and its seed, `audit` to open
//! verdicts, `dispute` through challenges, `settle` to its end.
//!
//! Law: a story changes what it is about and returns what follows ([`Next`]); no story calls
//! another. Every chain of them ends: each step takes a job strictly further along its life, or
//! redraws seats, which rounds bound.
//! Not here: formulas (the rooms), time (`epoch`).

mod auction;
mod audit;
mod dispute;
mod run;
mod settle;

use crate::{
    context::Context,
    ids::{AssignmentId, JobId},
    market::{Phase, Stage},
    next::Next,
    num::Blocks,
};

pub(crate) use dispute::{clock_ran_out, data_overdue};
pub(crate) use run::take_beacon;
pub(crate) use settle::retire_job;

/// Carries out what follows, and what follows from that.
pub(crate) fn drive(cx: &mut Context<'_>, mut next: Next) {
    loop {
        next = match next {
            Next::Nothing => return,
            Next::CloseAuction(job) => auction::close_auction(cx, job),
            Next::Offer(job) => auction::offer(cx, job),
            Next::DropRequests(id) => run::drop_requests(cx, id),
            Next::Draw(id) => run::draw(cx, id),
            Next::DrawSeats(id) => audit::draw_seats(cx, id),
            Next::Reveal(id) => audit::begin_reveal(cx, id),
            Next::OpenWindow(id) => audit::open_window(cx, id),
            Next::StepJudged(id, node) => dispute::step_judged(cx, id, node),
            Next::ChallengeLost(id, index) => dispute::challenge_lost(cx, id, index),
            Next::FinishIfSettled(id) => settle::finish_if_settled(cx, id),
            Next::AuditorCopied(id, seat, finder) => audit::auditor_copied(cx, id, seat, finder),
            Next::ProviderCopied(id, finder) => settle::provider_copied(cx, id, finder),
            Next::Convict(id, reason) => settle::convict(cx, id, reason),
            Next::End(id, outcome, reason) => settle::end_assignment(cx, id, outcome, reason),
            Next::Close(job, outcome, reason) => settle::close_job(cx, job, outcome, reason),
        };
    }
}

/// A job's stage is over, unless it moved on meanwhile.
pub(crate) fn lapse_job(cx: &mut Context<'_>, id: JobId) -> Next {
    let job = cx.state.market.job(id);
    if job.until.after(Blocks::new(1)) != cx.now() {
        return Next::Nothing;
    }
    match job.stage {
        Stage::Bidding => auction::close_bidding(cx, id),
        Stage::RevealingBids => Next::CloseAuction(id),
        Stage::Assigned(_) | Stage::Closed => Next::Nothing,
    }
}

/// An assignment's phase is over, unless it moved on or was extended meanwhile.
pub(crate) fn lapse_assignment(cx: &mut Context<'_>, id: AssignmentId) -> Next {
    let assignment = cx.state.market.assignment(id);
    if assignment.until.after(Blocks::new(1)) != cx.now() {
        return Next::Nothing;
    }
    match assignment.phase {
        Phase::Offered => auction::lapse_offer(cx, id),
        Phase::Executing => run::abandon(cx, id),
        Phase::Committed => run::lapse_seed(cx, id),
        Phase::Auditing | Phase::AuditingOpen => audit::lapse_audit(cx, id),
        Phase::Revealing => audit::lapse_reveal(cx, id),
        Phase::Challengeable => Next::FinishIfSettled(id),
        Phase::Bidding | Phase::RevealingBids | Phase::Closed => Next::Nothing,
    }
}
