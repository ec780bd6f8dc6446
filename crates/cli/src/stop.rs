//! Stopping: one flag that an interrupt, or the end of standard input, raises.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::failure::Failure;

/// A flag raised by an interrupt or a request to terminate; a second one ends the process.
pub fn on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    on_interrupt_or(|| {})
}

/// The same; `at_once` comes before the end that the second one brings.
pub fn on_interrupt_or(at_once: impl Fn() + Send + 'static) -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            // Asked twice: do not wait for anything any more.
            at_once();
            std::process::exit(130);
        }
    })
    .map_err(Failure::internal)?;
    Ok(flag)
}

/// Raises the flag, too, when standard input ends: a parent that goes takes its children along.
/// The flag that is returned is raised when something comes before: the parent says go.
pub fn on_closed_input(flag: &Arc<AtomicBool>) -> Arc<AtomicBool> {
    let (flag, heard) = (Arc::clone(flag), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&heard);
    std::thread::spawn(move || {
        let mut sink = [0u8; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(1..)) {
            told.store(true, Ordering::SeqCst);
        }
        flag.store(true, Ordering::SeqCst);
    });
    heard
}
