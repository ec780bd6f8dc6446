//! The state root after a block that touched ten thousand of a million accounts.
#![allow(missing_docs, reason = "criterion's macros expand to public functions")]

mod support;

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::{replay, transfers};

fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("root");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    // 5,000 transfers touch 10,000 balances and 5,000 nonces.
    let log = transfers(1_000_000, 1, 5_000);
    let mut clean = log.start.clone();
    let begun = Instant::now();
    clean.root();
    println!("root/first of 1,000,000 accounts: {:?}", begun.elapsed());
    let mut dirty = clean.clone();
    replay(&mut dirty, &log, false);
    group.throughput(Throughput::Elements(15_000));
    group.bench_function("dirty=15000/accounts=1000000", |bencher| {
        bencher.iter_batched(
            || dirty.clone(),
            |mut state| (state.root(), state),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
