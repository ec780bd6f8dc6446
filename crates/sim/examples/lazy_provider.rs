//! Does skipping the work ever pay? Prints the table of `scenarios/lazy-provider.toml`, or of the
//! file named, for the seeds named after it, and fails if a claim does not hold.

use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let committed = || Ok(include_str!("../../../scenarios/lazy-provider.toml").to_owned());
    let text = args.next().map_or_else(committed, std::fs::read_to_string)?;
    let seeds: Vec<Option<u64>> =
        args.map(|seed| seed.parse().map(Some)).collect::<Result<_, _>>()?;
    let seeds = if seeds.is_empty() { vec![None] } else { seeds };
    let mut holds = true;
    for seed in seeds {
        let begun = Instant::now();
        let options = earnest_sim::RunOptions { seed, threads: None };
        let report = earnest_sim::run(&text, options, &|_| {})?;
        let (seconds, jobs) = (begun.elapsed().as_secs_f64(), report.manifest.jobs);
        println!("{}", report.table());
        println!("{seconds:.1} s, {:.0} jobs/s\n", jobs as f64 / seconds);
        holds &= report.holds();
    }
    if holds { Ok(()) } else { Err("a claim does not hold".into()) }
}
