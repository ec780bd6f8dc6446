//! What grows with a network and what does not: commands beside a million accounts, an epoch's
//! opening, a branch, delegators of one operator, places of many that wait, and the memory of ever
//! more closed jobs.
//!
//! `EARNEST_LIFECYCLES` (300,000) says how many jobs are lived, `EARNEST_DELEGATORS` (1,000,000)
//! how many delegate to one operator; the rest takes some seconds.

mod support;

use std::time::{Duration, Instant};

use earnest_protocol::State;
use support::{Recorder, commands, delegated, placed, replay, transfers_among, unshared, wave};

/// A number from the environment.
fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The best of five replays, each of a state of its own.
fn best(start: &State, run: impl Fn(&mut State)) -> Duration {
    let once = || {
        let mut state = unshared(start);
        state.root();
        let begun = Instant::now();
        run(&mut state);
        begun.elapsed()
    };
    (0..5).map(|_| once()).min().expect("five replays")
}

fn commands_beside_many_accounts() {
    let mut first = 0.0;
    let all = [1_000, 100_000, 1_000_000].map(|accounts| (accounts, accounts));
    for (accounts, active) in all.into_iter().chain([(1_000_000, 1_000)]) {
        let log = transfers_among(accounts, active, 10, 5_000);
        let spent = best(&log.start, |state| replay(state, &log, false));
        let each = spent.as_secs_f64() * 1e9 / commands(&log) as f64;
        first = if first == 0.0 { each } else { first };
        println!(
            "transfer/accounts={accounts}/active={active}: {each:.0} ns, x {:.2}",
            each / first
        );
    }
}

/// Blocks of an epoch are 50 here; every fiftieth opens one.
fn an_epochs_opening() {
    let mut recorder = Recorder::forgetful(1_000_000);
    let mut spent = [Duration::MAX; 2];
    for block in 1..=200u32 {
        let begun = Instant::now();
        recorder.block();
        let opens = usize::from(block.is_multiple_of(50));
        spent[opens] = spent[opens].min(begun.elapsed());
    }
    println!("block/accounts=1000000/idle: {:?}, opening an epoch {:?}", spent[0], spent[1]);
    let state = &recorder.state;
    let begun = Instant::now();
    let branches: Vec<State> = (0..100).map(|_| state.clone()).collect();
    let each = begun.elapsed() / 100;
    println!("branch/accounts=1000000: {each:?} each of {}", branches.len());
}

/// Ten jobs, of which one pays those who delegate to an operator and one slashes them.
fn one_operator_of_many_delegators() {
    let most = number("EARNEST_DELEGATORS", 1_000_000).max(1_000);
    let mut first = 0.0;
    for delegators in [10, most] {
        let log = delegated(most, delegators);
        let spent = best(&log.start, |state| replay(state, &log, false));
        let each = spent.as_secs_f64() * 1e6 / log.lifecycles as f64;
        first = if first == 0.0 { each } else { first };
        println!("delegation/delegators={delegators}: {each:.1} µs a job, x {:.2}", each / first);
    }
}

/// Bonds that each take a place of a hundred, and the same where everybody may work.
fn places_of_many_that_wait() {
    for (accounts, places) in [(10_000, 0), (10_000, 100), (1_000_000, 0), (1_000_000, 100)] {
        let log = placed(accounts, places);
        let spent = best(&log.start, |state| replay(state, &log, false));
        let each = spent.as_secs_f64() * 1e6 / commands(&log) as f64;
        println!("bond/providers={}/places={places}: {each:.2} µs", accounts / 2);
    }
}

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4_096.0 / (1 << 20) as f64
}

fn memory_of_closed_jobs() {
    let wanted = number("EARNEST_LIFECYCLES", 300_000);
    let (accounts, count) = (10_000, 100);
    let mut recorder = Recorder::forgetful(accounts);
    let (mut lived, mut next) = (0, 10_000);
    let begun = Instant::now();
    while lived < wanted {
        wave(&mut recorder, accounts, lived, count);
        lived += count;
        if lived >= next {
            recorder.state.root();
            let (rows, seconds) = (recorder.state.jobs().count(), begun.elapsed().as_secs_f64());
            println!(
                "memory/lifecycles={lived}: {:.1} MiB resident, {rows} jobs with rows, {:.0}/s \
                 with every participant played",
                resident(),
                f64::from(lived) / seconds
            );
            next *= if next < 100_000 { 10 } else { 2 };
        }
    }
    println!("memory/lifecycles={lived}: {:.1} MiB resident", resident());
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    // First: what others leave behind would count as its memory.
    memory_of_closed_jobs();
    commands_beside_many_accounts();
    an_epochs_opening();
    one_operator_of_many_delegators();
    places_of_many_that_wait();
}
