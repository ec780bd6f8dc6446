//! What a world of many providers takes in memory, while everyone is at work.
//!
//! Run with `cargo run --release -p earnest-sim --no-default-features --example memory -- FILE`;
//! without a file it is the honest baseline.

use std::mem::size_of;

use earnest_protocol::{
    Event,
    accounts::Account,
    market::{Assignment, Bid, Job, Order},
    staking::Operator,
    verification::{Case, Docket},
};
use earnest_sim::{agents::Agent, luck::Luck, scenario::Scenario, world::World};

fn main() {
    let baseline = include_str!("../../../scenarios/baseline.toml");
    let text = std::env::args().nth(1).map(|path| std::fs::read_to_string(path).expect("a file"));
    let text = text.unwrap_or_else(|| baseline.to_owned());
    let scenario = Scenario::parse(&text, &[]).expect("a scenario");
    let blocks = scenario.run.blocks;
    println!("before: {} kB", resident());
    let mut world = World::new(&scenario, Luck::new(1, 0)).expect("it begins");
    println!("genesis: {} kB", resident());
    world.begin().expect("they begin");
    println!("begun: {} kB", resident());
    for block in 1..=blocks {
        world.block().expect("it goes on");
        if block % (blocks / 8).max(1) == 0 {
            let open = world.state().job_counts().open;
            let bids: usize = world.state().jobs().map(|(_, job)| job.bids.capacity()).sum();
            println!("block {block}: {} kB, {open} jobs with room for {bids} bids", resident());
        }
    }
    println!("agent {} bytes", size_of::<Agent<'_>>());
    println!("account {}, operator {}", size_of::<Account>(), size_of::<Operator>());
    println!("order {}, job {}", size_of::<Order>(), size_of::<Job>());
    println!("assignment {}, case {}", size_of::<Assignment>(), size_of::<Case>());
    println!("docket {}, bid {}", size_of::<Docket>(), size_of::<Bid>());
    println!("event {}", size_of::<Event>());
}

/// Resident memory of this process, in kB; nothing where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
