//! What a step of everybody costs with the full rules, and what of it the rules take by themselves.
//!
//! Run with `cargo run --release -p earnest-sim --no-default-features --example cost -- PROVIDERS
//! BLOCKS ROUNDS`, or without numbers for a small one; `benches/beside.py` runs it beside other
//! tools. One line of JSON comes out. A step is a block in the life of one who is in the market;
//! everybody is at work nearly all the time. The rules' own cost is that of all blocks and commands
//! of the run, done again on a bare ledger; both are the best of all rounds, which take turns.

use std::{fs, hint::black_box};

use earnest_sim::{
    luck::Luck,
    run::{Nothing, run},
    scenario::Scenario,
    world::World,
};

fn main() {
    let words = std::env::args().skip(1).map(|word| word.parse().expect("a number"));
    let words: Vec<u64> = words.collect();
    let (providers, blocks, rounds) = match words[..] {
        [] => (100, 100, 1),
        [providers, blocks, rounds] => (providers, blocks, rounds),
        _ => panic!("three numbers are wanted, or none"),
    };
    let scenario = busy(providers, blocks);
    let (mut whole, mut rules, mut steps) = (f64::MAX, f64::MAX, 0);
    for _ in 0..rounds {
        let before = now();
        let outcome = run(&scenario, 1, 0, &mut Nothing).expect("it begins");
        whole = whole.min(now() - before);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        steps = outcome.agent_steps;
    }
    // Before the script, which takes room of its own.
    let peak = status("VmHWM");
    let mut world = World::recorded(&scenario, Luck::new(1, 0)).expect("it begins");
    world.begin().expect("they begin");
    while world.state().height().count() < blocks || !world.is_quiet() {
        world.block().expect("it goes on");
    }
    let script = world.script().expect("it was kept");
    for _ in 0..rounds {
        let before = now();
        black_box(script.play());
        rules = rules.min(now() - before);
    }
    println!(
        "{{\"tool\": \"earnest\", \"variant\": \"full rules\", \"n\": {providers}, \"steps\": \
         {blocks}, \"cpu_s\": {whole:.4}, \"rules_cpu_s\": {rules:.4}, \"over_rules\": {:.3}, \
         \"agent_steps\": {steps}, \"agent_steps_per_cpu_s\": {:.0}, \"rss_peak_mb\": {:.1}}}",
        whole / rules - 1.0,
        steps as f64 / whole,
        peak as f64 / 1024.0,
    );
}

/// Providers each of whom works on one job or another nearly all the time, as in the bench.
fn busy(providers: u64, blocks: u64) -> Scenario {
    let settings = [
        format!("run.blocks={blocks}"),
        format!("providers.honest.count={providers}"),
        format!("demand.jobs_per_block={}.0", providers / 40),
    ];
    let settings = settings.map(|setting| setting.parse().expect("a setting"));
    Scenario::parse(include_str!("../benches/busy.toml"), &settings).expect("a scenario")
}

/// Seconds that this thread has computed.
fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A line of what the system says of this process, in kB; nothing where it does not say.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
