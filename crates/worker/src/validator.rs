//! The validator: computes what it is drawn for, blind, and disputes what differs; says what stake
//! is worth, if it is told where to look (`posting`).

use earnest_api::{DisputeView, JobView, SeatView};
use earnest_compute::Digest as WorkDigest;
use earnest_protocol::{
    Command, JobId, Role,
    command::{CommitVerdict, RejectChild, RevealVerdict},
    market::Phase,
    seal,
    verification::{SeatState, Turn},
};
use tracing::{info, warn};

use crate::{
    chain::ChainError,
    daemon::{Duty, Setup, Work, run as run_daemon},
    execution::{Execution, Order},
    executions::Need,
    posting::{Posting, PriceOptions, tell_of_silence},
};

/// Runs a validator until its stop flag is raised.
///
/// # Errors
/// If its account does not exist or its folder cannot be written.
pub fn run(setup: Setup, prices: Option<PriceOptions>) -> Result<(), Box<dyn std::error::Error>> {
    let posting = prices.map(|prices| Posting::new(prices, &setup.data)).transpose()?;
    run_daemon(setup, Validator { posting, is_silence_told: false })?;
    Ok(())
}

struct Validator {
    /// What it says of the price of stake, if it says any.
    posting: Option<Posting>,
    /// True once it was said that it says none where it is asked.
    is_silence_told: bool,
}

impl Duty for Validator {
    const ROLE: Option<Role> = Some(Role::Validator);

    fn round(&mut self, work: &mut Work, _open: &[JobId]) -> Result<(), ChainError> {
        match &mut self.posting {
            Some(posting) => posting.round(work),
            None if self.is_silence_told => Ok(()),
            None => {
                tell_of_silence(&work.chain)?;
                self.is_silence_told = true;
                Ok(())
            }
        }
    }

    fn attend(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let me = work.chain.me;
        let seat = job.seats.iter().find(|seat| seat.account.is_some_and(|who| who.id == me));
        match (job.phase, seat) {
            (Phase::Auditing | Phase::AuditingOpen, Some(seat)) => commit(work, job, seat),
            (Phase::AuditingOpen, None) => take_open_seat(work, job),
            (Phase::Revealing, Some(seat)) => reveal(work, job, seat),
            (Phase::Challengeable, Some(_)) => pursue(work, job),
            _ => Ok(()),
        }
    }
}

fn execution<'a>(
    work: &'a mut Work,
    job: &JobView,
) -> Result<Option<&'a mut Execution>, ChainError> {
    let Work { chain, executions, runner, .. } = work;
    let need = match job.phase {
        Phase::Challengeable => Need::Dispute,
        _ => Need::Work,
    };
    executions.get((job.id, need), |cancellation| {
        let (runner, task) = (runner.clone(), job.terms.task);
        let material = chain.material(&task)?;
        Ok(Order { runner, task, material, lie: None, keeps_output: false, cancellation })
    })
}

fn commit(work: &mut Work, job: &JobView, seat: &SeatView) -> Result<(), ChainError> {
    if !matches!(seat.state, SeatState::Drawn) {
        return Ok(());
    }
    seal_verdict(work, job)
}

/// Somebody stayed silent: its seat is open to whoever audits.
fn take_open_seat(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let me = work.chain.me;
    let vacant = job.seats.iter().any(|seat| matches!(seat.state, SeatState::Vacant));
    let own = job.requester.id == me || job.provider.is_some_and(|provider| provider.id == me);
    if !vacant || own {
        return Ok(());
    }
    // Nobody must: so it is tried before money is locked for it.
    match work.percent_of_time(job)? {
        Some(_) => seal_verdict(work, job),
        None => Ok(()),
    }
}

fn seal_verdict(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let id = job.id;
    let salt = work.salt("verdict", id);
    let Some(opening) = execution(work, job)?.map(|done| done.opening(salt)) else {
        return Ok(());
    };
    let session = work.chain.session();
    let seal = seal::result(session.network(), id, &session.address(), &opening);
    if work.send(Command::CommitVerdict(CommitVerdict { job: id, seal }))? {
        info!("job {id}: verdict sealed");
    }
    Ok(())
}

fn reveal(work: &mut Work, job: &JobView, seat: &SeatView) -> Result<(), ChainError> {
    let id = job.id;
    let SeatState::Committed(sealed) = seat.state else { return Ok(()) };
    let salt = work.salt("verdict", id);
    let Some(opening) = execution(work, job)?.map(|done| done.opening(salt)) else {
        return Ok(());
    };
    let session = work.chain.session();
    if seal::result(session.network(), id, &session.address(), &opening) != sealed {
        warn!("job {id}: this is not what was sealed; nothing is opened");
        return Ok(());
    }
    work.send(Command::RevealVerdict(RevealVerdict { job: id, opening }))?;
    Ok(())
}

/// Names the first child that differs from one's own, wherever it is one's move.
fn pursue(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let (me, id) = (work.chain.me, job.id);
    let mine =
        |d: &&DisputeView| d.ended.is_none() && d.challenger.id == me && d.turn == Turn::Challenger;
    let Some(dispute) = job.disputes.iter().find(mine) else { return Ok(()) };
    let node = dispute.node;
    let Some(opened) = job.opened.iter().find(|opened| opened.node == node) else {
        return Ok(());
    };
    let theirs: Vec<WorkDigest> = opened.children.iter().map(|c| WorkDigest(c.0)).collect();
    let Ok(theirs) = <[WorkDigest; 16]>::try_from(theirs) else { return Ok(()) };
    let Some(done) = execution(work, job)? else { return Ok(()) };
    match done.rejects(node, &theirs) {
        Ok(Some(Some(child))) => {
            work.send(Command::RejectChild(RejectChild { job: id, child }))?;
        }
        Ok(Some(None)) => info!("job {id}: every child at {node:?} agrees with ours"),
        Ok(None) => {} // Computed beside the loop.
        Err(error) => warn!("job {id}: no answer at {node:?}: {error}"),
    }
    Ok(())
}
