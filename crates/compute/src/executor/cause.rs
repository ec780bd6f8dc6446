//! Why a step stopped a program: for its author, never for a verdict.
//!
//! Law: every cause is the same FAULT to the ledger; nothing here enters a commitment. Key terms: a
//! *trap* is the program's own end, a *broken interface* a length or place that it may not return.
//! Known shortcomings: the interpreter keeps no frames, so where only it runs the function is not
//! known and too deep a recursion reads as `Unreachable`, which is how the depth count ends it.

use serde::{Deserialize, Serialize};

use crate::admission::{CALL_DEPTH_MAX, FunctionName, function_names};

/// What ended a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Cause {
    /// What a call pays before its first instruction is more than a step may use.
    #[error("starting the call costs {needed} gas, and a step may use {limit}")]
    StartUnpaid {
        /// Gas for the instance and what is carried in.
        needed: u64,
        /// The task's `step_gas_max`.
        limit: u64,
    },
    /// The step used more gas than it may.
    #[error("the step used more than the {limit} gas that one may use")]
    StepGas {
        /// The task's `step_gas_max`.
        limit: u64,
    },
    /// Calls inside one another beyond [`CALL_DEPTH_MAX`].
    #[error("calls are nested deeper than {CALL_DEPTH_MAX}: a recursion without end, or too deep")]
    CallDepth,
    /// An `unreachable` instruction.
    #[error("it reached `unreachable`: an abort, a panic or a failed assertion")]
    Unreachable,
    /// A load or store outside the memory.
    #[error("it read or wrote outside its memory")]
    MemoryOutOfBounds,
    /// A call through a table entry that is outside, empty or of another type.
    #[error("it called a function pointer that is null, outside the table or of another type")]
    IndirectCall,
    /// A division by zero, or the one quotient that does not fit.
    #[error("it divided by zero, or the quotient does not fit")]
    Division,
    /// A float that fits no integer was converted.
    #[error("it converted a float that fits no integer")]
    Conversion,
    /// The program reserves more for its state than any may.
    #[error("`state_len` returns {got} bytes, and a state has at most {limit}")]
    StateReserve {
        /// What it returned.
        got: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The returned state is longer than what is reserved for it.
    #[error("it returned a state of {got} bytes, more than the {reserved} of its `state_len`")]
    StateTooLong {
        /// What it returned.
        got: usize,
        /// What it reserves.
        reserved: usize,
    },
    /// The state before does not fit into what is reserved now.
    #[error("its `state_len` is {reserved} bytes, and the state before has {length}")]
    StateNotTaken {
        /// Bytes of the state before the step.
        length: usize,
        /// What it reserves.
        reserved: usize,
    },
    /// The chunk, or the seed, does not fit into what is reserved for it.
    #[error("its `input_cap` is {reserved} bytes, and the input has {length}")]
    InputTooLong {
        /// Bytes of the chunk, or 32 for the seed.
        length: usize,
        /// What it reserves.
        reserved: usize,
    },
    /// State or input reach beyond the memory.
    #[error("{length} bytes of state or input at {at} reach beyond its memory")]
    PlaceOutOfBounds {
        /// Where they begin.
        at: usize,
        /// How many they are.
        length: usize,
    },
    /// The step's index does not fit the program's i64.
    #[error("the step's index does not fit an i64")]
    StepIndex,
    /// Returning the state cost more than what was left of the step's gas.
    #[error(
        "returning {length} bytes of state costs more than is left of the {limit} gas of a step"
    )]
    StateUnpaid {
        /// Bytes of the state.
        length: usize,
        /// The task's `step_gas_max`.
        limit: u64,
    },
}

impl Cause {
    /// A stable name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Cause::StartUnpaid { .. } => "start-unpaid",
            Cause::StepGas { .. } => "step-gas",
            Cause::CallDepth => "recursion",
            Cause::Unreachable => "unreachable",
            Cause::MemoryOutOfBounds => "memory-out-of-bounds",
            Cause::IndirectCall => "indirect-call",
            Cause::Division => "division",
            Cause::Conversion => "conversion",
            Cause::StateReserve { .. } => "state-reserve-too-large",
            Cause::StateTooLong { .. } => "state-too-long",
            Cause::StateNotTaken { .. } => "state-not-taken",
            Cause::InputTooLong { .. } => "input-too-long",
            Cause::PlaceOutOfBounds { .. } => "place-out-of-bounds",
            Cause::StepIndex => "step-index",
            Cause::StateUnpaid { .. } => "state-unpaid",
        }
    }

    /// What the author of the program can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Cause::StartUnpaid { .. } => "ask for less memory or state, or raise --step-gas",
            Cause::StepGas { .. } => "split the work into more and smaller steps or chunks",
            Cause::CallDepth => "turn the recursion into a loop with a stack of its own",
            Cause::Unreachable => "look for what that function asserts or unwraps",
            Cause::MemoryOutOfBounds => {
                "look for an index or pointer out of range, or for more stack than was linked"
            }
            Cause::IndirectCall => "look for a function pointer that was never set or was cast",
            Cause::Division | Cause::Conversion => "check the operands before",
            Cause::StateReserve { .. } => "keep a smaller state",
            Cause::StateTooLong { .. } | Cause::StateNotTaken { .. } => {
                "let `state_len` return the most that `init` and `step` ever return"
            }
            Cause::InputTooLong { .. } => "give a smaller --chunk-size, or reserve more",
            Cause::PlaceOutOfBounds { .. } => {
                "check what `state` and `input` return, and give a smaller --chunk-size"
            }
            Cause::StepIndex => "ask for fewer steps",
            Cause::StateUnpaid { .. } => "return less state, or do less in a step",
        }
    }
}

/// What ended a step, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Why.
    pub cause: Cause,
    /// The index of the function that was running; `None` between calls, or if it is not known.
    pub function: Option<u32>,
    /// Calls that were open; 0 if it is not known.
    pub depth: u32,
}

impl From<Cause> for Explanation {
    fn from(cause: Cause) -> Explanation {
        Explanation { cause, function: None, depth: 0 }
    }
}

impl Explanation {
    /// In words, with the function's name in `module`: "in function 3 `parse`: it …".
    pub fn words(&self, module: &[u8]) -> String {
        let Some(index) = self.function else { return format!("failed: {}", self.cause) };
        let name = function_names(module).remove(&index);
        format!("failed in {}: {}", FunctionName { index, name }, self.cause)
    }

    /// Tells apart what the rewritten module says with one instruction: `unreachable`.
    pub(super) fn sharpened(self, gas_left: Option<i64>, limit: u64) -> Explanation {
        let depth = CALL_DEPTH_MAX.saturating_add(1);
        let cause = match self.cause {
            Cause::Unreachable if depth < self.depth => Cause::CallDepth,
            Cause::Unreachable if gas_left.is_some_and(|left| left < 0) => Cause::StepGas { limit },
            cause => cause,
        };
        Explanation { cause, ..self }
    }
}
