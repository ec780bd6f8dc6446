//! Time that only passes when it is asked for: a microsecond a question, and what is slept.
//!
//! Realtime starts at the same moment in every run. A program that waits for a second by looking at
//! the clock asks a million times, and ends.

use crate::errno::{Answer, Errno};
use crate::host;
use crate::state::State;

/// 2000-01-01T00:00:00Z in nanoseconds of Unix time.
const REALTIME_START: u64 = 946_684_800_000_000_000;
/// Nanoseconds that a question takes; also the resolution.
pub const QUESTION: u64 = 1000;

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
const CLOCK: u8 = 0;
const ABSOLUTE: u16 = 1;

/// The time by one of the four clocks.
pub fn time(state: &mut State, clock: u32) -> Answer<u64> {
    let start = start(clock)?;
    state.now = state.now.wrapping_add(QUESTION);
    Ok(start.wrapping_add(state.now))
}

fn start(clock: u32) -> Answer<u64> {
    match clock {
        0 => Ok(REALTIME_START),
        1..=3 => Ok(0),
        _ => Err(Errno::INVAL),
    }
}

/// Waits for the first of some events, which costs no time but that of the clock: streams are
/// always ready, and if only clocks are asked for, the time becomes that of the earliest.
pub fn poll(state: &mut State, asked: u32, events: u32, count: u32) -> Answer<u32> {
    if count == 0 {
        return Err(Errno::INVAL);
    }
    let before = state.now;
    let mut earliest = None;
    let mut streams = false;
    for index in 0..count {
        match due(before, asked.wrapping_add(index.wrapping_mul(SUBSCRIPTION_BYTES))) {
            None => streams = true,
            Some(due) => earliest = Some(earliest.map_or(due, |earliest: u64| earliest.min(due))),
        }
    }
    if !streams {
        state.now = before.max(earliest.unwrap_or(0));
    }
    let mut written = 0u32;
    for index in 0..count {
        let at = asked.wrapping_add(index.wrapping_mul(SUBSCRIPTION_BYTES));
        if due(before, at).is_none_or(|due| due <= state.now) {
            let event = events.wrapping_add(written.wrapping_mul(EVENT_BYTES));
            let (user, kind) = (host::load64(at), host::load8(at.wrapping_add(8)));
            host::clear(event, EVENT_BYTES);
            host::store64(event, user);
            host::store8(event.wrapping_add(10), kind);
            written += 1;
        }
    }
    Ok(written)
}

/// When a subscription is due, in nanoseconds since the start; nothing for a stream.
fn due(now: u64, at: u32) -> Option<u64> {
    if host::load8(at.wrapping_add(8)) != CLOCK {
        return None;
    }
    let timeout = host::load64(at.wrapping_add(24));
    if host::load16(at.wrapping_add(40)) & ABSOLUTE == 0 {
        return Some(now.saturating_add(timeout));
    }
    let start = start(host::load32(at.wrapping_add(16))).unwrap_or(0);
    Some(timeout.saturating_sub(start))
}
