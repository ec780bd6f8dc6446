//! Soak: machines run for as many commands as one likes, in every setting, with restarts, branches
//! and replays.

use std::collections::BTreeSet;

use crate::{
    machine::{Machine, Setting},
    ops::Op,
};

/// How long to run, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Commands to send, accepted or refused.
    pub commands: u64,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// What a soak came to. A broken law is a panic; so one that ends found none.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Commands sent.
    pub commands: u64,
    /// Of which refused.
    pub refused: u64,
    /// Blocks opened.
    pub blocks: u64,
    /// Jobs posted.
    pub jobs: u64,
    /// Times that a state went through its bytes.
    pub restarts: u64,
    /// Times that a run was repeated and compared.
    pub replays: u64,
    /// Kinds of events and refusals seen.
    pub seen: BTreeSet<String>,
}

/// Commands that one machine lives for.
const LIFE: u64 = 4_000;
/// Commands between two restarts.
const RESTART: u64 = 500;

/// A small generator of random numbers (xorshift64*), good enough to choose commands by.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed; 0 counts as another number.
    pub fn new(seed: u64) -> Random {
        Random(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn op(&mut self) -> Op {
        let bytes = self.next_u64().to_le_bytes();
        Op::from((bytes[3], bytes[4], bytes[5], bytes[6]))
    }
}

/// Runs `plan`; `progress` hears of each machine that ended.
pub fn run(plan: Plan, mut progress: impl FnMut(&Tally)) -> Tally {
    let mut tally = Tally::default();
    let mut random = Random::new(plan.seed);
    let mut settings = Setting::ALL.iter().copied().cycle();
    while tally.commands < plan.commands {
        let setting = settings.next().expect("a cycle never ends");
        let left = plan.commands - tally.commands;
        live(setting, left.min(LIFE), &mut random, &mut tally);
        progress(&tally);
    }
    tally
}

/// One machine's life. Every fourth is lived twice, once with more restarts, and compared.
fn live(setting: Setting, commands: u64, random: &mut Random, tally: &mut Tally) {
    let begin = *random;
    let machine = lived(setting, commands, random, RESTART);
    tally.restarts += commands / RESTART + 1;
    let counts = machine.world.state.job_counts();
    tally.commands += machine.accepted + machine.refused;
    tally.refused += machine.refused;
    tally.blocks += machine.blocks;
    tally.jobs += counts.posted;
    if tally.replays * 4 * LIFE <= tally.commands {
        let mut again = begin;
        let mut twin = lived(setting, commands, &mut again, 7);
        let mut state = machine.world.state.clone();
        assert_eq!(state.root(), twin.world.state.root(), "{setting:?} replayed");
        tally.replays += 1;
    }
    tally.seen.extend(machine.seen);
}

fn lived(setting: Setting, commands: u64, random: &mut Random, restart: u64) -> Machine {
    let mut machine = Machine::new(setting);
    let (mut sent, mut ops) = (0, 0);
    while sent < commands {
        machine.run(random.op());
        ops += 1;
        if ops % restart == 0 {
            machine.restart();
        }
        sent = machine.accepted + machine.refused;
    }
    machine.run_out();
    machine
}
