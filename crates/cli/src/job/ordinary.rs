//! Ordinary programs as jobs: prepared and tried here, published where the ledger lacks them.
//!
//! Laws: a program is tried with the very bytes that the job's input will be, so that its ticks are
//! the job's; nothing is published before it came to an end here.
//! Not here: what a program is given (`run::given`), the terms (`earnest-worker`, `requester`).

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

/// What is wanted of an ordinary program, and its pausable module.
pub fn wanted(args: &SubmitArgs, module: &[u8]) -> Result<(Wanted, Option<Vec<u8>>), Failure> {
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
    let source = linked(module)?;
    let prepared = prepare(&source).map_err(|why| refused(&why))?;
    let input = Wanted::filled_up(args.given.bundle(&args.program, args.seed_bytes().0)?);
    note!("trying the program in a sandbox");
    let ran = tried(&runner()?, &args.given, &prepared.plain, &input)?;
    output::bytes_aside(&link::standard_error(&ran.shown));
    came_to_an_end(args, &ran)?;
    let claim = ran.ending.claim;
    let program = program_digest(&prepared.pausable);
    let (ticks, output_bytes) = (claim.ticks, claim.output_length);
    let wanted = Wanted::Paged { program, source, input, ticks, output_bytes };
    Ok((wanted, Some(prepared.pausable)))
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
