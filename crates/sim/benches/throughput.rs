//! How many jobs a second the rules carry through a simulated world, on one thread.
#![allow(missing_docs)] // The macros below write undocumented functions.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use earnest_protocol::Ratio;
use earnest_sim::{
    random::Luck,
    scenario::Scenario,
    world::{Arm, World},
};

const JOBS: u64 = 250;

fn lazy_provider(c: &mut Criterion) {
    let text = include_str!("../../../scenarios/lazy-provider.toml");
    let scenario = Scenario::parse(text).expect("a committed scenario");
    let mut group = c.benchmark_group("sim::run");
    group.throughput(Throughput::Elements(JOBS));
    for (name, arm) in
        [("honest", Arm::Honest), ("lying", Arm::Lying), ("abandoning", Arm::Abandoning)]
    {
        for (rate, auditors) in [(Ratio::percent(10), 1), (Ratio::ONE, 3)] {
            let id = format!("arm={name}/audit={}%x{auditors}", rate.parts() / 10_000_000);
            group.bench_function(id, |b| {
                b.iter(|| {
                    let luck = Luck::new(1, 1);
                    let world = World::new(&scenario, (rate, auditors), luck, arm);
                    let mut world = world.expect("a valid network");
                    world.run().expect("no agent is refused");
                    black_box(world.commands())
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, lazy_provider);
criterion_main!(benches);
