//! Earnest: node.
