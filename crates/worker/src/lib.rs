//! Earnest: worker.
