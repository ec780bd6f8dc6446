//! A pausable run: restored from any state, moved on step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::engine::{Engine, Host, Instance, Source, Touch, Touched};
use super::super::pace::{After, Pace, fault};
use super::super::program::{Kind, Program};
use super::super::state::{Candidates, Claim, PAGES_PER_BLOCK, Running, State, Value};
use super::super::task::{Input, Task};
use crate::executor::{EngineFault, EngineKind};

/// How a session finds the pages that a step touched or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// All pages are compared after each step: right for long ones. Nothing is known of reads.
    Compare,
    /// The module marks what it touches: right for short steps, and for evidence.
    Mark,
}

/// A pausable module, loaded.
pub struct Machine {
    engine: Engine,
    program: Program,
    tracking: Tracking,
}

impl Machine {
    /// Loads (and for `Jit` compiles) the pausable module.
    ///
    /// # Errors
    /// The engine is absent or refuses the module, or the module is not the pausable one.
    pub fn new(
        engine: EngineKind,
        program: &Program,
        tracking: Tracking,
    ) -> Result<Machine, EngineFault> {
        if program.kind() != Kind::Pausable {
            return Err(EngineFault::OtherProgram);
        }
        let code = match tracking {
            Tracking::Compare => program.bare(),
            Tracking::Mark => program.marking(),
        };
        let engine = Engine::new(engine, &code, Kind::Pausable)?;
        Ok(Machine { engine, program: program.clone(), tracking })
    }

    /// How it finds pages.
    pub fn tracking(&self) -> Tracking {
        self.tracking
    }

    /// The program that is loaded.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

/// What a step did, besides moving the state on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Pages of the memory that changed, ascending. Of a step that ended the run: none.
    pub changed: Vec<u32>,
    /// Pages that it touched, if the module marks them.
    pub touched: Touched,
    /// What it put out.
    pub output: Vec<u8>,
}

/// A run that stands at a state.
pub struct Session<'m> {
    machine: &'m Machine,
    task: Task,
    instance: Box<dyn Instance + 'm>,
    state: State,
}

impl<'m> Session<'m> {
    /// Puts a run of `task` at `state`, one that an honest run of the same task was at.
    ///
    /// # Errors
    /// The host's failures; the task binds another program; the state's globals or size are not
    /// of this program.
    pub fn restore(
        machine: &'m Machine,
        task: &Task,
        input: &Arc<Input>,
        state: State,
    ) -> Result<Session<'m>, EngineFault> {
        let program = &machine.program;
        if task.program != program.digest() {
            return Err(EngineFault::OtherProgram);
        }
        let touch = match machine.tracking {
            Tracking::Compare => Touch::Unseen,
            Tracking::Mark => Touch::Marked,
        };
        let pace = Pace::new(state.ticks(), task.ticks_bound, 1);
        let host = Host::new(Source::Whole(Arc::clone(input)), touch, pace);
        let mut instance = machine.engine.instance(host, program.globals().len())?;
        if let State::Running(running) = &state {
            if !program.fits(running.memory.blocks(), &running.globals) {
                return Err(EngineFault::OtherProgram);
            }
            instance.grow(running.memory.blocks()).map_err(fault)?;
            running.memory.copy_to(instance.memory());
            for (position, value) in running.globals.iter().enumerate() {
                instance.set_global(position, *value).map_err(fault)?;
            }
            instance.host().room = task.output_bound.saturating_sub(running.output.length());
        }
        Ok(Session { machine, task: task.clone(), instance, state })
    }

    /// A run of `task` at its beginning.
    ///
    /// # Errors
    /// As [`Session::restore`].
    pub fn start(
        machine: &'m Machine,
        task: &Task,
        input: &Arc<Input>,
    ) -> Result<Session<'m>, EngineFault> {
        Session::restore(machine, task, input, machine.program.first_state())
    }

    /// The state that the run stands at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state, the run over.
    pub fn into_state(self) -> State {
        self.state
    }

    /// Moves on to the first boundary at which at least `target` ticks have passed, or to the end.
    ///
    /// # Errors
    /// Only the host's failures; the session is of no use after one.
    pub fn advance(&mut self, target: u64) -> Result<Step, EngineFault> {
        let mut whole = Step::default();
        let (mut changed, mut touched) = (BTreeSet::new(), BTreeSet::new());
        while let State::Running(running) = &mut self.state
            && running.ticks < target
        {
            let program = &self.machine.program;
            let mut pace = Pace::new(running.ticks, self.task.ticks_bound, 1);
            let after = call(self.instance.as_mut(), program, &mut pace, target)?;
            let pages = touch(self.instance.as_mut());
            touched.extend(pages.iter().copied());
            let output = std::mem::take(&mut self.instance.host().output);
            running.output.append(&output);
            whole.output.extend(output);
            match after {
                After::Paused(ticks) => {
                    running.ticks = ticks;
                    let candidates = match self.machine.tracking {
                        Tracking::Compare => Candidates::All,
                        Tracking::Mark => Candidates::These(&pages),
                    };
                    changed.extend(running.memory.take(self.instance.memory(), candidates));
                    take_globals(self.instance.as_mut(), program, running)?;
                }
                After::Ended(ending, ticks) => {
                    let (output_length, output_root) =
                        (running.output.length(), running.output.root());
                    self.state =
                        State::Stopped(Claim { ending, ticks, output_length, output_root });
                }
            }
        }
        whole.changed = changed.into_iter().collect();
        let input = std::mem::take(&mut self.instance.host().input_touched);
        whole.touched =
            Touched { memory: touched.into_iter().collect(), input: input.into_iter().collect() };
        Ok(whole)
    }
}

/// One call of the module, toward `target`.
fn call(
    instance: &mut dyn Instance,
    program: &Program,
    pace: &mut Pace,
    target: u64,
) -> Result<After, EngineFault> {
    instance.map().fill(0);
    let given = pace.toward(target);
    instance.set_global(program.left(), Value::I64(given)).map_err(fault)?;
    let outcome = instance.call();
    let left = instance.global(program.left()).map_err(fault)?;
    let exit = instance.global(program.exit()).map_err(fault)?;
    let (Value::I64(left), Value::I32(exit)) = (left, exit) else {
        return Err(EngineFault::Compile("a counter of another type".to_owned()));
    };
    pace.conclude(outcome, left, exit).map_err(fault)
}

/// The pages of memory that are marked.
fn touch(instance: &mut dyn Instance) -> Vec<u32> {
    let size = instance.memory().len() as u64 / (64 * 1024) * u64::from(PAGES_PER_BLOCK);
    let (eights, _) = instance.map().as_chunks::<8>();
    let marked = (0u32..).zip(eights).filter(|(_, eight)| u64::from_le_bytes(**eight) != 0);
    let pages = marked.flat_map(|(place, eight)| {
        let first = place.saturating_mul(8);
        (first..).zip(eight).filter(|(_, mark)| **mark != 0).map(|(page, _)| page)
    });
    pages.filter(|page| u64::from(*page) < size).collect()
}

/// Takes the globals over; the count of ticks left is none of the state's.
fn take_globals(
    instance: &mut dyn Instance,
    program: &Program,
    running: &mut Running,
) -> Result<(), EngineFault> {
    for (position, value) in running.globals.iter_mut().enumerate() {
        *value = match position == program.left() {
            true => Value::I64(0),
            false => instance.global(position).map_err(fault)?,
        };
    }
    Ok(())
}
