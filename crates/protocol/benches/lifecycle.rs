//! Job lifecycles and simple commands per second of the rules alone, on one core.
//!
//! A lifecycle: post, three sealed bids, their openings, accept, result, seed, two blind verdicts,
//! all openings, settlement; every tenth result is wrong and disputed to its conviction. No
//! signatures, no execution: what is measured is what `open_block`, `apply` and `root` cost.
#![allow(missing_docs, reason = "criterion's macros expand to public functions")]

mod support;

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::{Log, commands, lifecycles, replay, transfers, unshared};

/// The best of a few replays, as people want to read it.
fn say(name: &str, log: &Log, with_roots: bool) {
    let best = (0..5).map(|_| {
        let mut state = unshared(&log.start);
        state.root();
        let begun = Instant::now();
        replay(&mut state, log, with_roots);
        begun.elapsed()
    });
    let seconds = best.min().expect("five replays").as_secs_f64();
    let per = |count: u64| format!("{:.0}", count as f64 / seconds);
    let (jobs, all) = (log.lifecycles, commands(log));
    println!("{name}: {} lifecycles/s, {} commands/s", per(jobs), per(all));
    if jobs > 0 {
        println!("{name}: {:.2} commands a lifecycle", all as f64 / jobs as f64);
    }
}

fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lifecycle");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for accounts in [1_000, 100_000] {
        let log = lifecycles(accounts, 20, 100);
        for with_roots in [false, true] {
            let name = format!("jobs/accounts={accounts}/roots={with_roots}");
            say(&name, &log, with_roots);
            group.throughput(Throughput::Elements(log.lifecycles));
            group.bench_function(&name, |bencher| {
                let start = || {
                    let mut state = unshared(&log.start);
                    state.root();
                    state
                };
                let run = |mut state| {
                    replay(&mut state, &log, with_roots);
                    state
                };
                bencher.iter_batched(start, run, BatchSize::PerIteration);
            });
        }
    }
    let log = transfers(100_000, 20, 5_000);
    for with_roots in [false, true] {
        let name = format!("transfers/accounts=100000/roots={with_roots}");
        say(&name, &log, with_roots);
        group.throughput(Throughput::Elements(commands(&log)));
        group.bench_function(&name, |bencher| {
            let start = || {
                let mut state = unshared(&log.start);
                state.root();
                state
            };
            let run = |mut state| {
                replay(&mut state, &log, with_roots);
                state
            };
            bencher.iter_batched(start, run, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
