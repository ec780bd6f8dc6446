//! How much a job's process may use: memory the same for all, time by the gas of the request.
//!
//! Law: a bound on gas is a bound on time ([`REFEREE_PICOS_PER_GAS`], the slower engine's), so a
//! process that is still busy long after it is no job, but something that broke out of one.
//! The parent sends the limits ahead of the request, in bytes of their own.

use std::{
    io::{self, Read},
    os::fd::AsFd,
    time::Duration,
};

use earnest_compute::{
    REFEREE_PICOS_PER_GAS,
    paged::job::{self, Ask, Question},
    runner::Request,
};

/// Most seconds of processor time, whatever the gas.
pub const CPU_SECONDS_MAX: u32 = 3_600;
/// Longest time on the wall clock, whatever the gas.
pub const WALL_CLOCK_MAX: Duration = Duration::from_secs(4 * 3_600);
/// Most bytes of address space (10 GiB): the compiler reserves 4 GiB for each of two memories and
/// touches almost none of them.
pub const ADDRESS_BYTES_MAX: u64 = 10 << 30;
/// Most bytes that can be written to (512 MiB), wherever they lie.
pub const DATA_BYTES_MAX: u64 = 512 << 20;
/// The same for a job of a prepared program (1 GiB): its memory, the state of it that was committed
/// to last, and the tree over that.
pub const PAGED_DATA_BYTES_MAX: u64 = 1 << 30;

/// Processor seconds for starting, compiling and hashing, besides the gas.
const CPU_SECONDS_BESIDES: u64 = 30;
/// How much more processor time than declared the gas may take.
const CPU_SLACK: u64 = 2;
/// The same for the ticks of a prepared program, whose pausable form is slower: by half as a rule,
/// by six for the worst that was measured.
const PAGED_CPU_SLACK: u64 = 12;
/// Processor seconds for compiling the largest prepared program twice.
const PAGED_CPU_SECONDS_BESIDES: u64 = 120;
/// Processor seconds for each answer of several: some nine thousand states, of each 4,096 pages at
/// most, take 70.
const ANSWER_CPU_SECONDS: u64 = 100;
/// Ticks in one gas.
const TICKS_PER_GAS: u64 = 64;
/// How much longer than that it may take on a machine that does other work.
const WALL_SLACK: u64 = 4;

/// The limits of one request that differ from others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processor time, in seconds.
    pub cpu_seconds: u32,
    /// Time on the wall clock; the parent's to watch, and not sent.
    pub wall_clock: Duration,
    /// Bytes that can be written to.
    pub data_bytes: u64,
}

impl Limits {
    /// Not a job's: asks the child to say which layers it has, and to end.
    pub(super) const REPORT: Limits =
        Limits { cpu_seconds: 0, wall_clock: Duration::ZERO, data_bytes: DATA_BYTES_MAX };

    /// What this request can need.
    pub fn of(request: &Request) -> Limits {
        let task = &request.task;
        let done = request.start.as_ref().map_or(0, |start| start.index);
        // `init` is a call as well.
        let calls = request.to.saturating_sub(done).saturating_add(1);
        let gas = calls.saturating_mul(task.step_gas_max).min(
            // The step in which the bound is reached is carried to its end.
            task.gas_bound.saturating_add(task.step_gas_max),
        );
        Limits::of_gas(gas, CPU_SLACK, CPU_SECONDS_BESIDES)
    }

    /// What this request about a prepared program can need.
    pub fn of_paged(request: &job::Request) -> Limits {
        let bound = request.task.ticks_bound;
        let (ticks, answers) = match &request.ask {
            Ask::Run => (bound, 0),
            Ask::Show(questions) => {
                let last = questions.iter().map(Question::end).max().unwrap_or(0);
                (last.min(bound), questions.len() as u64)
            }
        };
        let gas = ticks / TICKS_PER_GAS;
        let besides = answers.saturating_mul(ANSWER_CPU_SECONDS);
        let besides = besides.saturating_add(PAGED_CPU_SECONDS_BESIDES);
        let limits = Limits::of_gas(gas, PAGED_CPU_SLACK, besides);
        Limits { data_bytes: PAGED_DATA_BYTES_MAX, ..limits }
    }

    fn of_gas(gas: u64, slack: u64, besides: u64) -> Limits {
        let picos = u128::from(gas) * u128::from(REFEREE_PICOS_PER_GAS);
        let seconds = u64::try_from(picos / 1_000_000_000_000).unwrap_or(u64::MAX);
        let cpu = seconds.saturating_mul(slack).saturating_add(besides);
        let wall = Duration::from_secs(cpu.saturating_mul(WALL_SLACK));
        let most = u64::from(CPU_SECONDS_MAX);
        Limits {
            cpu_seconds: u32::try_from(cpu.min(most)).unwrap_or(CPU_SECONDS_MAX),
            wall_clock: wall.min(WALL_CLOCK_MAX),
            data_bytes: DATA_BYTES_MAX,
        }
    }

    /// As they are sent.
    pub fn to_bytes(self) -> [u8; 12] {
        let [a, b, c, d] = self.cpu_seconds.to_le_bytes();
        let [e, f, g, h, i, j, k, l] = self.data_bytes.to_le_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The child's: reads them from its input, and not a byte more.
    ///
    /// # Errors
    /// The input's.
    pub fn read() -> io::Result<Limits> {
        let mut bytes = [0u8; 12];
        // Standard input has a buffer, which would take the program in as well.
        let mut input = std::fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
        input.read_exact(&mut bytes)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let cpu_seconds = u32::from_le_bytes([a, b, c, d]).min(CPU_SECONDS_MAX);
        let data_bytes = u64::from_le_bytes([e, f, g, h, i, j, k, l]).min(PAGED_DATA_BYTES_MAX);
        Ok(Limits { cpu_seconds, wall_clock: Duration::ZERO, data_bytes })
    }
}

#[cfg(test)]
mod tests {
    use earnest_compute::{Digest, EngineKind, Task};

    use super::*;

    fn request(steps: u64, step_gas_max: u64, gas_bound: u64) -> Request {
        let (program, input_root, seed) = (Digest([1; 32]), Digest([2; 32]), Digest([3; 32]));
        let (chunk_count, engine) = (0, EngineKind::Jit);
        let task = Task { program, input_root, chunk_count, steps, seed, step_gas_max, gas_bound };
        Request {
            module: Vec::new(),
            task,
            engine,
            start: None,
            to: steps,
            keep_interval: 0,
            keep_indices: Vec::new(),
            on_fault: earnest_compute::runner::OnFault::Stay,
        }
    }

    #[test]
    fn time_follows_from_the_gas_that_can_be_used() {
        // Two calls of 16 million gas take a fifth of a second: what is besides decides.
        let small = Limits::of(&request(1, 16_000_000, 1 << 40));
        assert_eq!((small.cpu_seconds, small.wall_clock), (30, Duration::from_secs(120)));
        // 10^10 gas take 69 s in the slower engine.
        let bounded = Limits::of(&request(1_000_000, 16_000_000, 10_000_000_000));
        assert_eq!((bounded.cpu_seconds, bounded.wall_clock), (168, Duration::from_secs(672)));
        let endless = Limits::of(&request(u64::MAX, u64::MAX, u64::MAX));
        assert_eq!((endless.cpu_seconds, endless.wall_clock), (CPU_SECONDS_MAX, WALL_CLOCK_MAX));
    }
}
