//! One replay of a log, to be counted: `valgrind --tool=callgrind --toggle-collect='*replay*'`.
//!
//! The argument says which: `jobs`, `roots` (jobs with a root a block), `transfers`,
//! `few` or `many` (transfers between a thousand or a million accounts). A second one is
//! how often: then the shortest of so many replays is said, which on a shared machine says more
//! than a mean.

mod support;

use std::time::Instant;

use support::{Log, commands, lifecycles, replay, transfers, unshared};

fn log(name: &str) -> Option<(Log, bool)> {
    match name {
        "jobs" => Some((lifecycles(1_000, 5, 100), false)),
        "roots" => Some((lifecycles(1_000, 5, 100), true)),
        "transfers" => Some((transfers(10_000, 4, 5_000), false)),
        "many" => Some((transfers(1_000_000, 10, 5_000), false)),
        "few" => Some((transfers(1_000, 10, 5_000), false)),
        _ => None,
    }
}

fn main() {
    let Some((log, with_roots)) = std::env::args().nth(1).and_then(|name| log(&name)) else {
        return;
    };
    let times = std::env::args().nth(2).and_then(|times| times.parse().ok()).unwrap_or(1);
    let spent = (0..times).map(|_| {
        let mut state = unshared(&log.start);
        state.root();
        let begun = Instant::now();
        replay(&mut state, &log, with_roots);
        begun.elapsed()
    });
    let least = spent.min().unwrap_or_default();
    println!("{} lifecycles, {} commands: {least:?}", log.lifecycles, commands(&log));
}
