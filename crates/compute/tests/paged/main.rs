//! Programs whose state is their memory: runs, states, evidence, disputes.

mod disputes;
mod evidence;
mod programs;
mod runs;
