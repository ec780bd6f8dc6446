//! A run of an ordinary program: prepared, shut in, its output on ours.
//!
//! Laws: standard output carries the program's output and nothing else, unless JSON is asked for;
//! standard error the program's, then one line about the run. Our exit status is the program's.
//! Known shortcoming: it does not say why a program faulted, since all faults are one.

use std::process::ExitCode;

use earnest_prepare::{
    Rejected, STACK_BYTES,
    link::{self, region::REGION_BYTES},
};
use earnest_worker::sandbox::{
    CPU_SECONDS_MAX, Digest, RunnerCommand,
    program::{
        self, End, Ending, INPUT_BYTES_MAX, Judged, OUTPUT_BYTES_MAX, Survey, Trial, TrialError,
    },
};
use serde_json::{Value, json};

use super::{GivenArgs, RunArgs};
use crate::{
    daemons::runner,
    failure::{Failure, Status},
    output::{self, note, out},
};

/// How much more processor time than a run the look at every step of it may take.
const SURVEY_SLOWER: u32 = 10;

pub fn run(args: &RunArgs, module: &[u8], json: bool) -> Result<ExitCode, Failure> {
    if let Some(word) = args.first_of_steps() {
        let detail = format!("{word} is for programs that compute in steps; this one has `_start`");
        return Err(Failure::usage(detail, "give --stdin, --dir, --env or arguments after `--`"));
    }
    let linked = linked(module)?;
    let plain = earnest_prepare::plain(&linked).map_err(|why| refused(&why))?;
    let input = args.given.bundle(&args.program, args.seed_bytes())?;
    if INPUT_BYTES_MAX < u64::try_from(input.len()).unwrap_or(u64::MAX) {
        let detail = format!("the input has {} bytes, more than {INPUT_BYTES_MAX}", input.len());
        return Err(Failure::usage(detail, "give less by --dir and --stdin"));
    }
    let ran = tried(&runner()?, &args.given, &plain, &input)?;
    let errors = link::standard_error(&ran.shown);
    match &args.out {
        Some(path) => std::fs::write(path, &ran.output)
            .map_err(|error| Failure::file("write", path, error))?,
        None if json => {}
        None => output::bytes(&ran.output)?,
    }
    let mut value = value(module, &plain, &ran, &errors);
    if !json {
        output::bytes_aside(&errors);
        note!("{}", sentence(&value, &ran.ending));
    }
    if args.evidence {
        let survey = surveyed(&args.given, &linked, &input)?;
        if survey.claim != ran.ending.claim {
            let hint = "this is a fault of earnest: report it with the program and the input";
            return Err(Failure::check("the two forms of the program end otherwise", hint));
        }
        value["evidence"] = survey_value(&survey);
        if !json {
            note!("{}", survey_sentence(&survey));
        }
    }
    if json {
        out!("{value}")?;
    }
    match ran.ending.claim.ending {
        End::Finished => Ok(ExitCode::SUCCESS),
        End::Exited { code } => Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))),
        End::Trapped => {
            let hint = format!(
                "read above what it said; an access outside its memory, a division by zero, an \
                 abort, calls too deep or more than {OUTPUT_BYTES_MAX} bytes put out are faults"
            );
            Err(stopped("the program stopped by a fault", &hint))
        }
        End::Halted => {
            let detail = format!("the program was halted after {} ticks", ran.ending.claim.ticks);
            Err(stopped(&detail, "give more by --ticks"))
        }
    }
}

/// A program with the system in it, or what is in the way.
pub fn linked(module: &[u8]) -> Result<Vec<u8>, Failure> {
    link::link(module).map_err(|why| in_the_way(why.to_string(), "change that"))
}

/// What a pass refuses.
pub fn refused(why: &Rejected) -> Failure {
    in_the_way(format!("the program is refused: {why}"), why.remedy())
}

fn in_the_way(detail: String, hint: &str) -> Failure {
    let hint = format!("{hint}; docs/guests.md tells how to compile and what is not there");
    Failure::new(Status::Usage, "not-prepared", detail, &hint)
}

fn stopped(detail: &str, hint: &str) -> Failure {
    Failure::new(Status::ProgramStopped, "program-stopped", detail, hint)
}

/// What a dispute about such a run would take.
fn surveyed(given: &GivenArgs, linked: &[u8], input: &[u8]) -> Result<Survey, Failure> {
    let prepared = earnest_prepare::prepare(linked).map_err(|why| refused(&why))?;
    let seconds = given.seconds.saturating_mul(SURVEY_SLOWER).min(CPU_SECONDS_MAX);
    let modules = (prepared.pausable.as_slice(), input);
    program::survey(&runner()?, modules, (given.ticks_bound(), seconds)).map_err(not_run)
}

fn survey_value(survey: &Survey) -> Value {
    let judged = |step: &Judged| {
        json!({
            "begin_ticks": step.begin,
            "pages": step.pages,
            "bytes": step.evidence_bytes,
            "referee_micros": step.nanos / 1_000,
            "is_heard": step.is_heard,
        })
    };
    json!({
        "steps": survey.steps,
        "steps_too_large": survey.too_large,
        "largest": judged(&survey.largest),
        "slowest": judged(&survey.slowest),
        "judged": survey.judged,
        "load_millis": survey.load_nanos / 1_000_000,
    })
}

fn survey_sentence(survey: &Survey) -> String {
    let Survey { steps, too_large, largest, slowest, judged, load_nanos, .. } = survey;
    let finer = match too_large {
        0 => String::new(),
        count => format!("; {count} need a finer step"),
    };
    let millis = |nanos: u64| format!("{}.{}", nanos / 1_000_000, nanos / 100_000 % 10);
    format!(
        "[in a dispute: the largest of {steps} steps of 2^14 ticks touches {} pages, its evidence \
         has {} bytes{finer}; the referee takes {} ms for it, at most {} for {judged} that were \
         tried, and {} once to load the program]",
        largest.pages,
        largest.evidence_bytes,
        millis(largest.nanos),
        millis(slowest.nanos),
        millis(*load_nanos),
    )
}

/// One run in the sandbox.
pub fn tried(
    runner: &RunnerCommand,
    given: &GivenArgs,
    plain: &[u8],
    input: &[u8],
) -> Result<program::Ran, Failure> {
    let trial = Trial {
        module: plain,
        input,
        ticks_bound: given.ticks_bound(),
        shown_at: STACK_BYTES.into(),
        shown_bytes: u64::try_from(REGION_BYTES).expect("half a MiB"),
        cpu_seconds: given.seconds,
    };
    program::run(runner, &trial).map_err(not_run)
}

fn not_run(why: TrialError) -> Failure {
    match why {
        TrialError::EndedEarly => {
            let hint = "raise --seconds; all memory together is at most 512 MiB";
            Failure::new(Status::ProgramStopped, "program-stopped", why, hint)
        }
        TrialError::Sandbox(_) | TrialError::Engine(_) => {
            let hint = "`earnest doctor` says which layers of the sandbox this machine has";
            Failure::config(why, hint)
        }
    }
}

fn value(module: &[u8], plain: &[u8], ran: &program::Ran, errors: &[u8]) -> Value {
    let Ending { claim, slices, memory_bytes, compile_nanos, run_nanos } = ran.ending;
    let code = match claim.ending {
        End::Finished => Some(0),
        End::Exited { code } => Some(code),
        End::Trapped | End::Halted => None,
    };
    json!({
        "program": Digest::of_program(module).to_string(),
        "program_bytes": module.len(),
        "plain_bytes": plain.len(),
        "exit_code": code,
        "ticks": claim.ticks,
        "slices": slices,
        "output": claim.output_root.to_string(),
        "output_bytes": claim.output_length,
        "errors": String::from_utf8_lossy(errors),
        "memory_bytes": memory_bytes,
        "compile_millis": compile_nanos / 1_000_000,
        "run_millis": run_nanos / 1_000_000,
    })
}

fn sentence(value: &Value, ending: &Ending) -> String {
    let how = match ending.claim.ending {
        End::Finished => "exited with 0".to_owned(),
        End::Exited { code } => format!("exited with {code}"),
        End::Trapped => "stopped".to_owned(),
        End::Halted => "halted".to_owned(),
    };
    format!(
        "[{how}: {} bytes put out, {} KiB of memory, {} ticks in {} coarse steps, compiled in {} \
         ms, run in {} ms]",
        ending.claim.output_length,
        ending.memory_bytes / 1024,
        ending.claim.ticks,
        ending.slices,
        value["compile_millis"],
        value["run_millis"]
    )
}
