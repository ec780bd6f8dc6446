//! Programs whose state is their memory: runs, states, evidence, disputes.

mod accesses;
mod disputes;
mod evidence;
mod jobs;
mod programs;
mod refusals;
mod runs;
