//! The clock: the time that blocks carry, and how long making one has taken.
//!
//! Laws: nothing that decides a block reads another clock than the replica's own; a clock may go
//! back or ahead by any amount, and the rules bound what that does to blocks.
//! Not here: waiting for the next block (`replica`), time-outs of connections (`http`).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Where a replica reads the time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clocks.
    #[default]
    System,
    /// Clocks that somebody sets.
    Set(Arc<SetClock>),
}

/// Clocks that stand still until they are set.
#[derive(Debug, Default)]
pub struct SetClock {
    /// What blocks carry, in milliseconds since 1970; may be set back.
    pub unix_ms: AtomicU64,
    /// What durations are measured with, in milliseconds since any beginning; never set back.
    pub steady_ms: AtomicU64,
}

/// A moment to measure from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    System(Instant),
    Set(u64),
}

impl Clock {
    /// Milliseconds since 1970.
    pub(crate) fn unix_ms(&self) -> u64 {
        match self {
            Clock::System => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
            }
            Clock::Set(clock) => clock.unix_ms.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        match self {
            Clock::System => Moment::System(Instant::now()),
            Clock::Set(clock) => Moment::Set(clock.steady_ms.load(Ordering::Relaxed)),
        }
    }

    /// How long ago that was.
    pub(crate) fn since(&self, moment: Moment) -> Duration {
        match (self, moment) {
            (Clock::Set(clock), Moment::Set(then)) => {
                let now = clock.steady_ms.load(Ordering::Relaxed);
                Duration::from_millis(now.saturating_sub(then))
            }
            (_, Moment::System(then)) => then.elapsed(),
            (Clock::System, Moment::Set(_)) => Duration::ZERO,
        }
    }
}
