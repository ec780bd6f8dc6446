//! Earnest: the command line.
fn main() {}
