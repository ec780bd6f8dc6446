//! Earnest: api.
