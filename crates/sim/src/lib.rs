//! Earnest: sim.
