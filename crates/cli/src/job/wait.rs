//! `earnest job wait`: waits for the end of a job, whoever's it is, and says how it ended.
//!
//! Law: the exit status is that of `earnest job submit`.
//! Not here: a requester's moves (`earnest job follow` makes them); without them a job of one's own
//! ends in a larger audit and a lost deposit.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use clap::Args;
use earnest_api::{Client, ClientError, JobView};
use earnest_protocol::{JobId, market::Phase};

use crate::{
    failure::{Failure, Status},
    output::note,
    present::Present,
    show, stop,
};

/// How long to wait between two looks: the first, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Which job, and how long.
#[derive(Args, Debug)]
pub struct WaitArgs {
    /// Which job
    job: u64,
    /// Give up after so many seconds (exit status 7) [default: never]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

pub fn run(args: &WaitArgs, client: &Client, json: bool) -> Result<(), Failure> {
    let stop = stop::on_interrupt()?;
    let view = end_of(client, JobId::new(args.job), args.timeout, &stop)?;
    super::conclude(client, &view, None, json)
}

/// The job once it is closed.
fn end_of(
    client: &Client,
    job: JobId,
    timeout: Option<u64>,
    stop: &AtomicBool,
) -> Result<JobView, Failure> {
    let begun = Instant::now();
    // Nobody there at all is an error now, not a silent wait.
    let mut view = client.job(job)?;
    let (mut pause, longest) = PAUSE;
    let mut told = None;
    while view.phase != Phase::Closed {
        if told != Some(view.phase) {
            told = Some(view.phase);
            // When a phase ends is a guess, and worth no failure.
            if let Ok(present) = Present::ask(client) {
                note!("{}", show::job::head(&view, &present.clock));
            }
        }
        if stop.load(Ordering::SeqCst) {
            let hint = "run `earnest job wait` with the job's number to go on";
            return Err(Failure::new(Status::Interrupted, "interrupted", "stopped waiting", hint));
        }
        let left = timeout.map(|most| Duration::from_secs(most).saturating_sub(begun.elapsed()));
        if left == Some(Duration::ZERO) {
            let detail = format!("job {job} is not closed: {}", show::job::phase(view.phase));
            let hint = "wait longer with --timeout; `earnest job status` says until when";
            return Err(Failure::new(Status::TimedOut, "timed-out", detail, hint));
        }
        std::thread::sleep(pause.min(left.unwrap_or(pause)));
        pause = pause.saturating_mul(2).min(longest);
        view = look_again(client, job, view)?;
    }
    Ok(view)
}

/// The job as it is now, or as it was if the node does not answer for a moment.
fn look_again(client: &Client, job: JobId, before: JobView) -> Result<JobView, ClientError> {
    match client.job(job) {
        Err(error) if error.is_transient() => Ok(before),
        answer => answer,
    }
}
