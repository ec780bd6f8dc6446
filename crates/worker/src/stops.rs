//! Stops: that a job's program stopped before its last step, where, and why.
//!
//! An accepted result whose output is the mark of a fault or of a spent gas bound is a true result
//! and paid as far as it went, but no last state. The ledger has the mark alone; step and cause
//! come from running the job again, here.
//!
//! Law: what is told was computed from bytes that were checked against the job.
//! Known shortcoming: a trap, a recursion too deep and a state too large all read as "traps".

use std::sync::Arc;

use earnest_api::{Client, JobView};
use earnest_compute::{
    Digest as WorkDigest, Status,
    checkpoint::{FAULT_STATE, HALT_STATE},
};
use earnest_protocol::{Digest, Gas, command::Task};

use crate::{
    chain::material,
    execution::{Order, measure, task_of},
    requester::WishError,
    sandbox::RunnerCommand,
};

/// What an output that is no state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A step trapped, broke the guest interface or used more gas than a step may.
    Fault,
    /// The gas bound of the whole job was spent.
    GasBound,
}

impl Mark {
    /// The mark that this output is; none if it is the hash of a state.
    pub fn of(output: &Digest) -> Option<Mark> {
        match WorkDigest(output.0) {
            FAULT_STATE => Some(Mark::Fault),
            HALT_STATE => Some(Mark::GasBound),
            _ => None,
        }
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Fault => "fault",
            Mark::GasBound => "gas_bound",
        }
    }

    /// What is known without running anything.
    pub fn about(self) -> &'static str {
        match self {
            Mark::Fault => "a step trapped, or used more gas than a step may",
            Mark::GasBound => "the gas bound of the job was spent before its last step",
        }
    }
}

/// What kept a program from its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing: here it runs to its end.
    None,
    /// The bound that the job was posted with is too low for it.
    BoundTooLow,
    /// The program itself, whatever the bound.
    Program,
}

/// Where and why a job's program stops, found by running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// In which step; 0 is `init`, none if it runs to its end.
    pub step: Option<u64>,
    /// Why.
    pub cause: Cause,
    /// Gas used up to there.
    pub gas: Gas,
    /// The same in words.
    pub detail: String,
}

/// Runs a job again, in the sandbox, and says where and why its program stops.
///
/// # Errors
/// If its program or input is not on the node any more, or cannot be run here.
pub fn explain(client: &Client, job: &JobView, runner: &RunnerCommand) -> Result<Stop, WishError> {
    let task = &job.terms.task;
    let (program, input) = material(client, task)?;
    let input = Arc::new(input);
    let run = |task: &Task| {
        let (runner, program, input) = (runner.clone(), program.clone(), Arc::clone(&input));
        let order = Order { runner, program, input, task: task_of(task), wrong_from: None };
        measure(order).map_err(WishError::Execution)
    };
    let end = run(task)?;
    let gas = Gas::new(end.gas);
    let (step, cause) = match end.status {
        Status::Running => (None, Cause::None),
        Status::Halted { at } => (Some(at), Cause::BoundTooLow),
        Status::Fault { at } => {
            let market = client.params()?.market;
            let (step_gas_max, gas_bound) = (market.step_gas_max, market.work_bound_max);
            // With all the gas that the rules allow, does this very step end well?
            let wide = Task { step_gas_max, gas_bound, steps: at.max(1), ..task.clone() };
            let is_bound =
                task.step_gas_max < step_gas_max && run(&wide)?.status == Status::Running;
            (Some(at), if is_bound { Cause::BoundTooLow } else { Cause::Program })
        }
    };
    Ok(Stop { step, cause, gas, detail: detail(end.status, cause, task) })
}

fn detail(status: Status, cause: Cause, task: &Task) -> String {
    let Task { steps, gas_bound, step_gas_max, .. } = task;
    let step = |at| if at == 0 { "`init`".to_owned() } else { format!("step {at} of {steps}") };
    match (status, cause) {
        (Status::Running, _) => {
            "here the program runs to its end: the accepted result is wrong".into()
        }
        (Status::Halted { at }, _) => format!(
            "{} spends the rest of the {gas_bound} gas that the job was posted with",
            step(at)
        ),
        (Status::Fault { at }, Cause::BoundTooLow) => format!(
            "{} uses more than {step_gas_max} gas: the job was posted with {gas_bound} in all",
            step(at)
        ),
        (Status::Fault { at }, _) => format!(
            "{} traps, or uses more than {step_gas_max} gas, the most that a step may",
            step(at)
        ),
    }
}
