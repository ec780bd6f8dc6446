//! Ordinary programs as jobs: prepared and tried here, published where the ledger lacks them.
//!
//! Laws: a program is tried with the very bytes that the job's input will be, so that its ticks are
//! the job's; nothing is published before it came to an end here.
//! Not here: what a program is given (`run::given`), the terms (`earnest-worker`, `requester`).

use std::time::{Duration, Instant};

use earnest_prepare::{link, prepare};
use earnest_worker::{
    requester::{Wanted, program_digest},
    sandbox::program::{COARSE_TICKS, End, Ran},
};

use super::SubmitArgs;
use crate::{
    daemons::runner,
    failure::{Failure, Status},
    output::{self, note},
    run::{linked, refused, tried},
};

/// Coarse steps that a provider times before it bids.
const TIMED_STEPS: u64 = 4;

/// The pausable module of a program that was prepared and tried here.
pub struct Ready {
    pub pausable: Vec<u8>,
    /// What it took to prepare, compile and time it as a provider does.
    pub took: Duration,
}

impl Ready {
    /// Whether a provider to whom the program is new may be later than bids are taken for so many
    /// milliseconds. It fetches the program and looks at the steps of the pausable form, on a
    /// machine that does other work: as long again, twice.
    pub fn may_be_late(&self, window_ms: u64) -> bool {
        u128::from(window_ms) < self.took.as_millis().saturating_mul(3)
    }
}

/// What is wanted of an ordinary program, and its pausable module.
pub fn wanted(args: &SubmitArgs, module: &[u8]) -> Result<(Wanted, Option<Ready>), Failure> {
    let steps = &args.steps;
    let given = [
        (steps.input.is_some(), "--input"),
        (steps.chunk_size.is_some(), "--chunk-size"),
        (steps.steps.is_some(), "--steps"),
    ];
    if let Some((_, word)) = given.into_iter().find(|(given, _)| *given) {
        let detail = format!("{word} is for programs that compute in steps; this one has `_start`");
        return Err(Failure::usage(detail, "give --stdin, --dir, --env or arguments after `--`"));
    }
    let begun = Instant::now();
    let source = linked(module)?;
    let prepared = prepare(&source).map_err(|why| refused(&why))?;
    let input = Wanted::filled_up(args.given.bundle(&args.program, args.seed_bytes().0)?);
    note!("trying the program in a sandbox");
    let ran = tried(&runner()?, &args.given, &prepared.plain, &input)?;
    let took = begun.elapsed().saturating_sub(untimed(&ran));
    output::bytes_aside(&link::standard_error(&ran.shown));
    came_to_an_end(args, &ran)?;
    let claim = ran.ending.claim;
    let program = program_digest(&prepared.pausable);
    let (ticks, output_bytes) = (claim.ticks, claim.output_length);
    let wanted = Wanted::Paged { program, source, input, ticks, output_bytes };
    Ok((wanted, Some(Ready { pausable: prepared.pausable, took })))
}

/// How long the steps took that nobody times.
fn untimed(ran: &Ran) -> Duration {
    let steps = ran.ending.claim.ticks.div_ceil(COARSE_TICKS).max(1);
    let later = u128::from(steps.saturating_sub(TIMED_STEPS));
    let nanos = u128::from(ran.ending.run_nanos).saturating_mul(later) / u128::from(steps);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Says how the program ended here; a fault is a result that nobody wants to pay for unasked.
fn came_to_an_end(args: &SubmitArgs, ran: &Ran) -> Result<(), Failure> {
    let claim = ran.ending.claim;
    let how = match claim.ending {
        End::Finished => "exits with 0".to_owned(),
        End::Exited { code } => format!("exits with {code}"),
        End::Trapped => "stops by a fault".to_owned(),
        End::Halted => format!("is not through after {} ticks", claim.ticks),
    };
    let steps = claim.ticks.div_ceil(COARSE_TICKS);
    note!(
        "it {how}, puts out {} bytes and takes {} ticks in {steps} steps",
        claim.output_length,
        claim.ticks
    );
    let is_end = matches!(claim.ending, End::Finished | End::Exited { .. });
    if is_end || args.gas_bound.is_some() {
        return Ok(());
    }
    let hint = "mend it, or raise --ticks; with --gas-bound it is posted all the same";
    Err(Failure::new(Status::ProgramStopped, "program-stopped", format!("the program {how}"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_short_that_is_less_than_thrice_what_it_took_here() {
        let ready = Ready { pausable: Vec::new(), took: Duration::from_millis(4_000) };
        assert!(ready.may_be_late(10_000) && ready.may_be_late(11_999));
        assert!(!ready.may_be_late(12_000));
    }
}
