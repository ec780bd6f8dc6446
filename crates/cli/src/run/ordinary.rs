//! A run of an ordinary program: linked, shut in, its output on ours.
//!
//! Laws: standard output carries the program's output and nothing else, unless JSON is asked for;
//! standard error the program's, then one line about the run. Our exit status is the program's.
//! Known shortcomings: nothing is counted yet, so the run is bounded by time and shows no price.

use std::process::ExitCode;

use earnest_prepare::link::{self, LinkRejected, region::REGION_BYTES};
use earnest_worker::sandbox::{
    Digest, RunnerCommand,
    program::{self, Ending, Exit, INPUT_BYTES_MAX, OUTPUT_BYTES_MAX, Trial, TrialError},
};
use serde_json::{Value, json};

use super::RunArgs;
use crate::{
    daemons::program_runner,
    failure::{Failure, Status},
    output::{self, note, out},
};

pub fn run(args: &RunArgs, module: &[u8], json: bool) -> Result<ExitCode, Failure> {
    if let Some(word) = args.first_of_steps() {
        let detail = format!("{word} is for programs that compute in steps; this one has `_start`");
        return Err(Failure::usage(detail, "give --stdin, --dir, --env or arguments after `--`"));
    }
    let linked = link::link(module).map_err(|why| not_linked(&why))?;
    let input = args.given.bundle(&args.program, args.seed_bytes())?;
    if INPUT_BYTES_MAX < u64::try_from(input.len()).unwrap_or(u64::MAX) {
        let detail = format!("the input has {} bytes, more than {INPUT_BYTES_MAX}", input.len());
        return Err(Failure::usage(detail, "give less by --dir and --stdin"));
    }
    let ran = tried(&program_runner()?, &linked, &input, args.given.seconds)?;
    let errors = link::standard_error(&ran.shown);
    match &args.out {
        Some(path) => std::fs::write(path, &ran.output)
            .map_err(|error| Failure::file("write", path, error))?,
        None if json => {}
        None => output::bytes(&ran.output)?,
    }
    let value = value(module, &linked, &ran, &errors);
    if json {
        out!("{value}")?;
    } else {
        output::bytes_aside(&errors);
        note!("{}", sentence(&value, &ran.ending));
    }
    match &ran.ending.exit {
        Exit::Code(code) => Ok(ExitCode::from(u8::try_from(*code).unwrap_or(u8::MAX))),
        Exit::Fault(words) => Err(stopped(format!("the program stopped by a fault: {words}"))),
        Exit::TooMuchOutput => Err(stopped(format!(
            "the program put out more than {OUTPUT_BYTES_MAX} bytes and was stopped"
        ))),
    }
}

/// What a program that cannot be linked is refused with.
pub fn not_linked(why: &LinkRejected) -> Failure {
    let hint = "docs/guests.md tells how to compile and what is not there";
    Failure::new(Status::Usage, "not-linked", why, hint)
}

fn stopped(detail: String) -> Failure {
    let hint = "what it said on standard error stands above; docs/guests.md says what is not there";
    Failure::new(Status::ProgramStopped, "program-stopped", detail, hint)
}

fn tried(
    runner: &RunnerCommand,
    linked: &[u8],
    input: &[u8],
    cpu_seconds: u32,
) -> Result<program::Ran, Failure> {
    let shown_bytes = u64::try_from(REGION_BYTES).unwrap_or(u64::MAX);
    let trial = Trial { module: linked, input, shown_bytes, cpu_seconds };
    program::run(runner, &trial).map_err(|why| match why {
        TrialError::EndedEarly => {
            let hint = "raise --seconds; all memory together is at most 512 MiB";
            Failure::new(Status::ProgramStopped, "program-stopped", why, hint)
        }
        TrialError::Sandbox(_) | TrialError::Engine(_) => {
            let hint = "`earnest doctor` says which layers of the sandbox this machine has";
            Failure::config(why, hint)
        }
    })
}

fn value(module: &[u8], linked: &[u8], ran: &program::Ran, errors: &[u8]) -> Value {
    let Ending { exit, memory_bytes, compile_nanos, run_nanos } = &ran.ending;
    let code = match exit {
        Exit::Code(code) => Some(*code),
        Exit::Fault(_) | Exit::TooMuchOutput => None,
    };
    json!({
        "program": Digest::of_program(module).to_string(),
        "module_bytes": module.len(),
        "linked_bytes": linked.len(),
        "exit_code": code,
        "output": Digest::of_program(&ran.output).to_string(),
        "output_bytes": ran.output.len(),
        "errors": String::from_utf8_lossy(errors),
        "memory_bytes": memory_bytes,
        "compile_millis": compile_nanos / 1_000_000,
        "run_millis": run_nanos / 1_000_000,
    })
}

fn sentence(value: &Value, ending: &Ending) -> String {
    let how = match &ending.exit {
        Exit::Code(code) => format!("exited with {code}"),
        Exit::Fault(_) | Exit::TooMuchOutput => "stopped".to_owned(),
    };
    format!(
        "[{how}: {} bytes put out, {} KiB of memory, compiled in {} ms, run in {} ms]",
        value["output_bytes"],
        ending.memory_bytes / 1024,
        value["compile_millis"],
        value["run_millis"]
    )
}
