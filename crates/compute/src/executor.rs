//! One step of a task, in one of two engines.
//!
//! Key terms: the *interpreter* (wasmi) judges, in-process and anywhere; the *compiler* (wasmtime,
//! feature `jit`) computes, in a sandboxed child only. Both run the module that admission rewrote.
//! Laws: the next checkpoint is a function of task, index, previous checkpoint and chunk; each call
//! happens in a fresh instance, and pays for it and for the bytes it reads before it is made; what
//! the guest does wrong becomes FAULT, what the host cannot do becomes [`EngineFault`], which is
//! never a verdict. NaNs are canonical in both engines.
//! Not here: hashing (`checkpoint`), whole runs (`trace`), clocks and processes (crate `worker`).

mod cause;
mod interpreter;
#[cfg(feature = "jit")]
mod jit;

use serde::{Deserialize, Serialize};

use crate::admission::{Admitted, STATE_BYTES_MAX, moved_gas};
use crate::checkpoint::{Checkpoint, Status};
use crate::task::Task;

pub use cause::{Cause, Explanation};

/// Which engine runs the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineKind {
    /// wasmi: a pure interpreter. The referee's engine.
    Wasmi,
    /// wasmtime: compiles first. Needs the feature `jit`.
    Jit,
}

/// The host could not carry out a step: no claim about the task follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum EngineFault {
    /// This build has no such engine.
    #[error("this build has no such engine")]
    EngineAbsent,
    /// The engine refused to compile or instantiate the module; its words, for people.
    #[error("the engine refused the module: {0}")]
    Compile(String),
    /// Memory, stack or another resource of the engine ran out before a limit of ours.
    #[error("the engine ran out of a resource: {0}")]
    Resource(String),
    /// The checkpoint cannot be continued: its index is not the step's predecessor, or beyond n.
    #[error("step {index} does not follow checkpoint {after}")]
    OutOfOrder {
        /// The step asked for.
        index: u64,
        /// The checkpoint's index.
        after: u64,
    },
    /// The task binds another program.
    #[error("the task binds another program")]
    OtherProgram,
}

/// Why a call into the guest ended early.
enum Stop {
    /// The guest's own doing: becomes FAULT, whatever the reason.
    Guest(Explanation),
    /// The host's: no claim.
    Host(EngineFault),
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Stop {
        Stop::Guest(cause.into())
    }
}

/// A fresh instance of the rewritten module. The seam between the two engines.
trait Instance {
    /// Calls an export of type `() -> i32`.
    fn query(&mut self, name: &'static str) -> Result<i32, Stop>;
    /// Calls `step`.
    fn step(&mut self, index: i64, input_len: i32) -> Result<i32, Stop>;
    /// The guest's memory.
    fn memory(&mut self) -> &mut [u8];
    /// Sets the gas counter.
    fn fill_gas(&mut self, gas: i64) -> Result<(), Stop>;
    /// Reads the gas counter; negative when exhausted.
    fn gas_left(&mut self) -> Result<i64, Stop>;
}

enum Backend {
    Interpreter(interpreter::Interpreter),
    #[cfg(feature = "jit")]
    Jit(Box<jit::Jit>),
}

/// An admitted program, loaded into an engine.
pub struct Machine {
    backend: Backend,
    admitted: Admitted,
}

/// What one call of the guest is to do.
#[derive(Clone, Copy)]
enum Call<'a> {
    Init { seed: &'a [u8; 32] },
    Step { index: u64, state: &'a [u8], chunk: &'a [u8] },
}

impl Call<'_> {
    /// What must be paid before the first instruction.
    fn gas_before(self, admitted: &Admitted) -> u64 {
        match self {
            Call::Init { .. } => admitted.init_gas_before(),
            Call::Step { state, chunk, .. } => admitted.step_gas_before(state.len(), chunk.len()),
        }
    }
}

impl Machine {
    /// Loads (and for `Jit` compiles) the module. Within the admission limits: interpreter < 10 ms,
    /// compiler at worst about a second.
    ///
    /// # Errors
    /// The engine is absent or refuses the module. A module that the compiler refuses may still run
    /// in the interpreter.
    pub fn new(engine: EngineKind, admitted: &Admitted) -> Result<Machine, EngineFault> {
        let backend = match engine {
            EngineKind::Wasmi => Backend::Interpreter(interpreter::Interpreter::new(admitted)?),
            #[cfg(feature = "jit")]
            EngineKind::Jit => Backend::Jit(Box::new(jit::Jit::new(admitted)?)),
            #[cfg(not(feature = "jit"))]
            EngineKind::Jit => return Err(EngineFault::EngineAbsent),
        };
        Ok(Machine { backend, admitted: admitted.clone() })
    }

    /// Which engine this is.
    pub fn engine(&self) -> EngineKind {
        match &self.backend {
            Backend::Interpreter(_) => EngineKind::Wasmi,
            #[cfg(feature = "jit")]
            Backend::Jit(_) => EngineKind::Jit,
        }
    }

    /// The program that is loaded.
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// Checkpoint 0: the state that `init` makes of the task's seed.
    ///
    /// # Errors
    /// Only the host's failures; a trap is a checkpoint of status `Fault { at: 0 }`.
    pub fn init(&self, task: &Task) -> Result<Checkpoint, EngineFault> {
        let call = Call::Init { seed: task.seed.as_bytes() };
        self.advance(task, 0, 0, call)
    }

    /// The checkpoint after step `index`, which must be one more than `before.index`; `chunk` is
    /// what the task lets this step read. A stopped task stays as it is.
    ///
    /// # Errors
    /// Only the host's failures; a trap is a checkpoint of status `Fault { at: index }`.
    pub fn step(
        &self,
        task: &Task,
        index: u64,
        before: &Checkpoint,
        chunk: &[u8],
    ) -> Result<Checkpoint, EngineFault> {
        if before.index.checked_add(1) != Some(index) || task.steps < index {
            return Err(EngineFault::OutOfOrder { index, after: before.index });
        }
        match before.status {
            Status::Running => {}
            Status::Fault { .. } | Status::Halted { .. } => return Ok(before.stay()),
        }
        self.advance(task, index, before.gas, Call::Step { index, state: &before.state, chunk })
    }

    fn advance(
        &self,
        task: &Task,
        index: u64,
        gas_before: u64,
        call: Call<'_>,
    ) -> Result<Checkpoint, EngineFault> {
        match self.attempt(task, call) {
            Ok((state, used)) => {
                Ok(Checkpoint::reached(task, index, state, gas_before.saturating_add(used)))
            }
            Err(Stop::Guest(_)) => Ok(Checkpoint::fault(task, index, gas_before)),
            Err(Stop::Host(fault)) => Err(fault),
        }
    }

    /// One call in a fresh instance: the new state and the gas used.
    fn attempt(&self, task: &Task, call: Call<'_>) -> Result<(Vec<u8>, u64), Stop> {
        if task.program != self.admitted.program() {
            return Err(Stop::Host(EngineFault::OtherProgram));
        }
        let (needed, limit) = (call.gas_before(&self.admitted), task.step_gas_max);
        let budget = limit.checked_sub(needed).ok_or(Cause::StartUnpaid { needed, limit })?;
        let (state, left) = match &self.backend {
            Backend::Interpreter(engine) => self.call(&mut engine.instance()?, limit, budget, call),
            #[cfg(feature = "jit")]
            Backend::Jit(engine) => self.call(&mut engine.instance()?, limit, budget, call),
        }?;
        Ok((state, limit.saturating_sub(left)))
    }

    /// [`Machine::exchange`], with what a trap means by the state of the counters.
    fn call(
        &self,
        instance: &mut impl Instance,
        limit: u64,
        budget: u64,
        call: Call<'_>,
    ) -> Result<(Vec<u8>, u64), Stop> {
        let outcome = self.exchange(instance, limit, budget, call);
        outcome.map_err(|stop| match stop {
            Stop::Guest(why) => Stop::Guest(why.sharpened(instance.gas_left().ok(), limit)),
            host @ Stop::Host(_) => host,
        })
    }

    /// The guest interface, once for both engines: returns the new state and what is left of
    /// `budget`.
    fn exchange(
        &self,
        instance: &mut impl Instance,
        limit: u64,
        budget: u64,
        call: Call<'_>,
    ) -> Result<(Vec<u8>, u64), Stop> {
        instance.fill_gas(i64::try_from(budget).map_err(|_| Cause::StepGas { limit })?)?;
        let state_at = place(instance.query("state")?);
        let state_cap = place(instance.query("state_len")?);
        let input_at = place(instance.query("input")?);
        let input_cap = match self.admitted.has_input_cap() {
            true => place(instance.query("input_cap")?),
            false => usize::MAX,
        };
        let (state, input): (&[u8], &[u8]) = match call {
            Call::Init { seed } => (&[], seed),
            Call::Step { state, chunk, .. } => (state, chunk),
        };
        interface(state_cap, input_cap, state.len(), input.len())?;
        region(instance, state_at, state_cap)?;
        region(instance, state_at, state.len())?.copy_from_slice(state);
        region(instance, input_at, input.len())?.copy_from_slice(input);
        let length = match call {
            Call::Init { .. } => instance.query("init")?,
            Call::Step { index, chunk, .. } => {
                let index = i64::try_from(index).map_err(|_| Cause::StepIndex)?;
                let length = i32::try_from(chunk.len()).expect("it was copied into 16 MiB");
                instance.step(index, length)?
            }
        };
        let left = u64::try_from(instance.gas_left()?).map_err(|_| Cause::StepGas { limit })?;
        let length = place(length);
        if state_cap < length {
            return Err(Cause::StateTooLong { got: length, reserved: state_cap }.into());
        }
        let unpaid = Cause::StateUnpaid { length, limit };
        let left = left.checked_sub(moved_gas(length)).ok_or(unpaid)?;
        Ok((region(instance, state_at, length)?.to_vec(), left))
    }
}

/// A guest's i32 as a place or length: the guest means it unsigned.
fn place(value: i32) -> usize {
    usize::try_from(value.cast_unsigned()).expect("usize has at least 32 bits")
}

/// Whether what the queries answered can hold what is carried in.
fn interface(state_cap: usize, input_cap: usize, state: usize, input: usize) -> Result<(), Cause> {
    if STATE_BYTES_MAX < state_cap {
        return Err(Cause::StateReserve { got: state_cap, limit: STATE_BYTES_MAX });
    }
    if state_cap < state {
        return Err(Cause::StateNotTaken { length: state, reserved: state_cap });
    }
    if input_cap < input {
        return Err(Cause::InputTooLong { length: input, reserved: input_cap });
    }
    Ok(())
}

fn region(instance: &mut impl Instance, at: usize, length: usize) -> Result<&mut [u8], Stop> {
    let out = Cause::PlaceOutOfBounds { at, length };
    let end = at.checked_add(length).ok_or(out)?;
    instance.memory().get_mut(at..end).ok_or(out.into())
}

/// Why the step after `before` (`None`: `init`) is a fault; `None` if it is not. Runs it again,
/// where it can in the compiler, which knows the function.
///
/// # Errors
/// The host's failure.
pub fn explain(
    admitted: &Admitted,
    task: &Task,
    before: Option<&Checkpoint>,
    chunk: &[u8],
) -> Result<Option<Explanation>, EngineFault> {
    let call = match before {
        None => Call::Init { seed: task.seed.as_bytes() },
        Some(before) if before.status != Status::Running => return Ok(None),
        Some(before) => {
            Call::Step { index: before.index.saturating_add(1), state: &before.state, chunk }
        }
    };
    let mut outcome = Err(EngineFault::EngineAbsent);
    #[cfg(feature = "jit")]
    if let Ok(engine) = jit::Jit::with_frames(admitted) {
        let machine =
            Machine { backend: Backend::Jit(Box::new(engine)), admitted: admitted.clone() };
        outcome = machine.why(task, call);
    }
    if outcome.is_err() {
        outcome = Machine::new(EngineKind::Wasmi, admitted)?.why(task, call);
    }
    outcome
}

impl Machine {
    fn why(&self, task: &Task, call: Call<'_>) -> Result<Option<Explanation>, EngineFault> {
        match self.attempt(task, call) {
            Ok(_) => Ok(None),
            Err(Stop::Guest(why)) => Ok(Some(why)),
            Err(Stop::Host(fault)) => Err(fault),
        }
    }
}
