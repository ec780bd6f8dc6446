//! A plain run: from beginning to end, at nearly the speed of the program as it was.

use std::sync::Arc;

use super::super::engine::{Boundaries, Engine, Host, Source, Touch};
use super::super::pace::{After, COARSE_TICKS, Pace, fault};
use super::super::program::{Kind, Program};
use super::super::state::{Claim, Value};
use super::super::stream::output_root;
use super::super::task::{Input, Task};
use crate::executor::{EngineFault, EngineKind};

/// What a whole run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What to seal.
    pub claim: Claim,
    /// What the program put out.
    pub output: Vec<u8>,
}

/// A plain module, loaded.
pub struct Plain {
    engine: Engine,
    program: Program,
}

impl Plain {
    /// Loads (and for `Jit` compiles) the plain module.
    ///
    /// # Errors
    /// The engine is absent or refuses the module, or the module is not the plain one.
    pub fn new(engine: EngineKind, program: &Program) -> Result<Plain, EngineFault> {
        if program.kind() != Kind::Plain {
            return Err(EngineFault::OtherProgram);
        }
        let engine = Engine::new(engine, program.code(), Kind::Plain)?;
        Ok(Plain { engine, program: program.clone() })
    }

    /// Runs it to its end. That it belongs to the task's pausable module is the caller's to know.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn run(&self, task: &Task, input: &Arc<Input>) -> Result<Outcome, EngineFault> {
        self.run_to_end(task, input, |_memory| {})
    }

    /// The same of a module that is watched, and tells the ticks and the memory at each boundary
    /// of `every` ticks (at least 1) and of each coarse step.
    ///
    /// # Errors
    /// The module draws its ticks itself ([`REST`](crate::paged::form::REST)), so that nobody is
    /// told of its boundaries; and the host's failures.
    pub fn run_observed(
        &self,
        task: &Task,
        input: &Arc<Input>,
        every: u64,
        observe: impl FnMut(u64, &[u8]) + Send + 'static,
    ) -> Result<Outcome, EngineFault> {
        if self.program.rest().is_some() {
            return Err(EngineFault::OtherProgram);
        }
        self.run_with(task, input, every, Some(Box::new(observe)), |_memory| {})
    }

    /// Runs it to its end and shows the memory there.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn run_to_end(
        &self,
        task: &Task,
        input: &Arc<Input>,
        show: impl FnOnce(&[u8]),
    ) -> Result<Outcome, EngineFault> {
        self.run_with(task, input, COARSE_TICKS, None, show)
    }

    fn run_with(
        &self,
        task: &Task,
        input: &Arc<Input>,
        every: u64,
        boundaries: Option<Boundaries>,
        show: impl FnOnce(&[u8]),
    ) -> Result<Outcome, EngineFault> {
        let pace = Pace::new(0, task.ticks_bound, every);
        let mut host = Host::new(Source::Whole(Arc::clone(input)), Touch::Unseen, pace);
        host.room = task.output_bound;
        host.boundaries = boundaries;
        let mut instance = self.engine.instance(host, self.program.globals().len())?;
        let (given, drawable) = match self.program.rest() {
            Some(_) => instance.host().pace.whole(),
            None => (instance.host().pace.next().unwrap_or(1), 0),
        };
        instance.set_global(self.program.left(), Value::I64(given)).map_err(fault)?;
        if let Some(rest) = self.program.rest() {
            instance.set_global(rest, Value::I64(drawable)).map_err(fault)?;
        }
        let outcome = instance.call();
        show(instance.memory());
        if let Some(rest) = self.program.rest()
            && let Value::I64(rest) = instance.global(rest).map_err(fault)?
        {
            instance.host().pace.drew(drawable, rest);
        }
        let left = instance.global(self.program.left()).map_err(fault)?;
        let exit = instance.global(self.program.exit()).map_err(fault)?;
        let (Value::I64(left), Value::I32(exit)) = (left, exit) else {
            return Err(EngineFault::Compile("a counter of another type".to_owned()));
        };
        let host = instance.host();
        let output = std::mem::take(&mut host.output);
        match host.pace.conclude(outcome, left, exit).map_err(fault)? {
            After::Ended(ending, ticks) => {
                let output_length = output.len() as u64;
                let output_root = output_root(&output);
                Ok(Outcome { claim: Claim { ending, ticks, output_length, output_root }, output })
            }
            After::Paused(_) => Err(EngineFault::Compile("a plain module paused".to_owned())),
        }
    }
}
