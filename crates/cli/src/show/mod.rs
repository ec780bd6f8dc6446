//! What a node shows, as text for people: pure functions of a view, the clock and a width.
//!
//! Laws: nothing here asks, reads or prints, but for [`width`]; an amount has its unit, a height
//! says when it comes; text keeps to its width unless a single word is wider.
//! Not here: who asks the node (each command), what an event means (`tell`).

pub mod access;
pub mod account;
pub mod delegation;
pub mod event;
pub mod flows;
pub mod job;
pub mod network;
pub mod record;
pub mod standing;
pub mod story;
pub mod sums;
pub mod table;
pub mod transaction;

use std::io::{IsTerminal, stdout};

/// As wide as a pipe is taken to be, in columns.
const PLAIN_WIDTH: usize = 80;
/// Lines wider than this are hard to follow with the eye, in columns.
const WIDTH_MAX: usize = 120;

/// The columns to use: those of the terminal, at most 120; 80 of a pipe.
pub fn width() -> usize {
    if !stdout().is_terminal() {
        return PLAIN_WIDTH;
    }
    let size = rustix::termios::tcgetwinsize(stdout()).ok();
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    columns.unwrap_or(PLAIN_WIDTH).clamp(40, WIDTH_MAX)
}

#[cfg(test)]
pub mod tests;
