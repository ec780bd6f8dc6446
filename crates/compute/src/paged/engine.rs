//! A module in one of two engines, behind one seam.
//!
//! Key terms: an *instance* is a module with its memory and globals in an engine; the *host* is
//! what the module imports, written once for both engines; the *map* is a second memory with a byte
//! for each page, which only the variants of `program` that watch touches have.
//! Laws: what the program does wrong is a [`Stop::Trap`], whatever the engine calls it; what the
//! host cannot do (memory, compilation, native stack) is a [`Stop::Fault`] and never a claim; a
//! growth within the module's maximum never fails otherwise.
//! Known shortcomings: the compiling engine does not make floats canonical, because prepared code
//! does so itself.
//! Not here: what a call means for a state (`run`), hashes.

mod calls;
mod host;
mod interpreter;
#[cfg(feature = "jit")]
mod jit;

use super::form::CALL_BYTES_MAX;
use super::pace::Stop;
use super::program::{GAS, Kind, MAP, MISSING};
use super::state::Value;
use crate::executor::{EngineFault, EngineKind};

pub(super) use host::{Boundaries, Host, Source, Touch, Touched};

/// A module with its memory and globals.
pub(super) trait Instance {
    /// Calls what its kind is run by; 0 for a plain module.
    fn call(&mut self) -> Result<i32, Stop>;
    /// The mutable global at a position among them.
    fn global(&mut self, position: usize) -> Result<Value, Stop>;
    /// Sets it.
    fn set_global(&mut self, position: usize, value: Value) -> Result<(), Stop>;
    /// Sets the gas of the step, in the checking variant.
    fn set_gas(&mut self, gas: i64) -> Result<(), Stop>;
    /// The memory.
    fn memory(&mut self) -> &mut [u8];
    /// Grows it to so many blocks.
    fn grow(&mut self, blocks: u32) -> Result<(), Stop>;
    /// The map; empty in a module without one.
    fn map(&mut self) -> &mut [u8];
    /// What it imports.
    fn host(&mut self) -> &mut Host;
}

/// A module, loaded.
enum Backend {
    Interpreter(interpreter::Interpreter),
    #[cfg(feature = "jit")]
    Jit(Box<jit::Jit>),
}

/// A module, loaded into an engine.
pub(super) struct Engine {
    backend: Backend,
}

impl Engine {
    /// Loads `code`, a module of `kind`.
    pub(super) fn new(engine: EngineKind, code: &[u8], kind: Kind) -> Result<Engine, EngineFault> {
        let backend = match engine {
            EngineKind::Wasmi => Backend::Interpreter(interpreter::Interpreter::new(code, kind)?),
            #[cfg(feature = "jit")]
            EngineKind::Jit => Backend::Jit(Box::new(jit::Jit::new(code, kind)?)),
            #[cfg(not(feature = "jit"))]
            EngineKind::Jit => return Err(EngineFault::EngineAbsent),
        };
        Ok(Engine { backend })
    }

    /// A fresh instance.
    pub(super) fn instance(
        &self,
        host: Host,
        globals: usize,
    ) -> Result<Box<dyn Instance + '_>, EngineFault> {
        Ok(match &self.backend {
            Backend::Interpreter(engine) => Box::new(engine.instance(host, globals)?),
            #[cfg(feature = "jit")]
            Backend::Jit(engine) => Box::new(engine.instance(host, globals)?),
        })
    }
}

/// The bytes of a call of the host, if they lie in memory.
fn region(memory: usize, pointer: i32, length: u32) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(pointer.cast_unsigned()).expect("usize has 32 bits");
    let end = start.checked_add(usize::try_from(length).expect("usize has 32 bits"))?;
    (end <= memory).then_some(start..end)
}

fn lost(name: &str) -> EngineFault {
    EngineFault::Compile(format!("export {name} lost"))
}
