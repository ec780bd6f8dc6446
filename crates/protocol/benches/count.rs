//! One replay of a log, to be counted: `valgrind --tool=callgrind --toggle-collect='*replay*'`.
//!
//! The argument says which: `jobs`, `roots` (jobs with a root a block) or `transfers`.

mod support;

use support::{Log, commands, lifecycles, replay, transfers, unshared};

fn log(name: &str) -> Option<(Log, bool)> {
    match name {
        "jobs" => Some((lifecycles(1_000, 5, 100), false)),
        "roots" => Some((lifecycles(1_000, 5, 100), true)),
        "transfers" => Some((transfers(10_000, 4, 5_000), false)),
        _ => None,
    }
}

fn main() {
    let Some((log, with_roots)) = std::env::args().nth(1).and_then(|name| log(&name)) else {
        return;
    };
    let mut state = unshared(&log.start);
    state.root();
    replay(&mut state, &log, with_roots);
    println!("{} lifecycles, {} commands", log.lifecycles, commands(&log));
}
