//! Earnest: protocol.
