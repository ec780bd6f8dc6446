//! Agent-steps a second on one thread: the full rules, everyone at work.
#![allow(missing_docs)] // The macros below write undocumented functions.

use std::hint::black_box;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use earnest_sim::{
    run::{Nothing, run},
    scenario::Scenario,
};

/// Providers, each of whom works on one job or another nearly all the time.
fn busy(providers: u64, blocks: u64) -> Scenario {
    let settings = [
        format!("run.blocks={blocks}"),
        format!("providers.honest.count={providers}"),
        format!("demand.jobs_per_block={}.0", providers / 40),
    ];
    let settings = settings.map(|setting| setting.parse().expect("a setting"));
    Scenario::parse(include_str!("busy.toml"), &settings).expect("a scenario")
}

fn agent_steps(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim::run");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for providers in [1_000, 10_000] {
        let scenario = busy(providers, 400);
        let steps = run(&scenario, 1, 0, &mut Nothing).expect("it begins").agent_steps;
        group.throughput(Throughput::Elements(steps));
        group.bench_function(format!("providers={providers}"), |b| {
            b.iter(|| black_box(run(&scenario, 1, 0, &mut Nothing).expect("it begins").commands));
        });
    }
    group.finish();
}

criterion_group!(benches, agent_steps);
criterion_main!(benches);
