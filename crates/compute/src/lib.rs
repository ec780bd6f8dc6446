//! Earnest: compute.
