//! Output: the one place where this program writes to its standard streams.
//!
//! Laws: results go to standard output; a reader that has seen enough and closed it ends the
//! program quietly, with the status that a shell gives to any tool that a closed pipe stopped.
//! Notes go to standard error; nobody has to read them, so a note that cannot be written is lost
//! and nothing else, but for a narration: it ends with its last listener.
//! Not here: what a failure says (`failure`).

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
};

use serde_json::json;

use crate::{
    failure::{Failure, Status},
    text::{length, wrap},
};

/// Writes a line of a result.
///
/// Not `println!`, which panics when the reader is gone.
macro_rules! out {
    ($($text:tt)*) => { $crate::output::result(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes a sentence of a result, broken between words if the reader's terminal is narrower.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::sentence(format_args!($($text)*)) };
}

/// Writes a line for whoever watches, broken between words if their terminal is narrower.
macro_rules! note {
    ($($text:tt)*) => { $crate::output::aside(format_args!($($text)*)) };
}

pub(crate) use {note, out, say};

/// Writes a part of a result, all of which is on its way when this returns.
pub fn result(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    write(io::stdout().lock(), text)
}

/// Writes bytes that are a result, as they are.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut to = io::stdout().lock();
    written(to.write_all(bytes).and_then(|()| to.flush()))
}

/// Writes bytes to standard error, if anybody listens.
pub fn bytes_aside(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}

/// Writes a line to standard error, if anybody listens.
pub fn remark(text: fmt::Arguments<'_>) {
    let _ = write(io::stderr().lock(), format_args!("{text}\n"));
}

/// The same, each line of it broken between words where it is wider than the terminal; a file or a
/// pipe gets lines as they are, for programs that look for words in them.
pub fn aside(text: fmt::Arguments<'_>) {
    match columns(io::stderr()) {
        Some(columns) => remark(format_args!("{}", fit(&text.to_string(), columns))),
        None => remark(text),
    }
}

/// Writes a line of a result that is a sentence: broken between words where it is wider than the
/// terminal, and as it is into a file or a pipe.
pub fn sentence(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    match columns(io::stdout()) {
        Some(columns) => result(format_args!("{}\n", fit(&text.to_string(), columns))),
        None => result(format_args!("{text}\n")),
    }
}

/// The columns of a terminal, at least 40; none if it is no terminal, or does not say.
fn columns(of: impl IsTerminal + AsFd) -> Option<usize> {
    let size =
        of.is_terminal().then(|| rustix::termios::tcgetwinsize(of.as_fd()).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0).map(|columns| columns.max(40))
}

/// A text whose lines are at most `width` columns wide, unless a word is; what goes on is indented.
fn fit(text: &str, width: usize) -> String {
    let line = |line: &str| {
        if length(line) <= width {
            return line.to_owned();
        }
        let words = line.trim_start();
        let left = line.len().saturating_sub(words.len());
        let further = left.saturating_add(2);
        let rest = wrap(words, width.saturating_sub(further));
        format!("{:left$}{}", "", rest.join(&format!("\n{:further$}", "")))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes over the line before, if anybody looks.
pub fn over(text: fmt::Arguments<'_>) {
    let _ = write(io::stderr().lock(), format_args!("\r{text}"));
}

/// What a logged line begins with.
#[derive(Clone, Copy, Debug)]
pub enum Lines {
    /// Time and level: for the log of a daemon.
    Dated,
    /// Nothing: for a person who watches.
    Plain,
}

/// From here on what a daemon does is logged to standard error, if anybody listens; to be called
/// once.
pub fn log(lines: Lines) {
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_target(false)
        .log_internal_errors(false); // They would be told by a macro that panics.
    match lines {
        Lines::Dated => log.init(),
        Lines::Plain => log.without_time().with_level(false).init(),
    }
}

/// Says on standard error why a command failed: to a person, or as one JSON object; nothing if the
/// reader is gone, who has seen enough.
pub fn failure(failure: &Failure, json: bool) {
    let Failure { status, code, detail, hint } = failure;
    let detail = detail.trim_end();
    if *status == Status::ReaderGone {
        return;
    }
    if json {
        let error = json!({ "error": { "code": code, "detail": detail, "hint": hint } });
        remark(format_args!("{error}"));
    } else {
        note!("error: {detail} [{code}]\n  try: {hint}");
    }
}

/// Writes a line of a story to standard error; an error once nobody listens.
pub fn narrate(line: &str) -> Result<(), Failure> {
    write(io::stderr().lock(), format_args!("{line}\n"))
}

/// Writes over the line of standard error that a story ends with; an error once nobody listens.
pub fn draw(text: &str) -> Result<(), Failure> {
    write(io::stderr().lock(), format_args!("{text}"))
}

fn write(mut to: impl Write, text: fmt::Arguments<'_>) -> Result<(), Failure> {
    written(to.write_fmt(text).and_then(|()| to.flush()))
}

fn written(done: io::Result<()>) -> Result<(), Failure> {
    done.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => {
            Failure::new(Status::ReaderGone, "reader-gone", error, "read to the end")
        }
        _ => {
            let hint = "check what the output was sent to";
            Failure::config(format!("the output cannot be written: {error}"), hint)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn what_is_too_wide_for_a_terminal_is_broken_between_words() {
        let text = "error: the work bound is 1000 gas [code]\n  try: raise it";
        assert_eq!(fit(text, 80), text);
        let narrow = "error: the work bound is 1000\n  gas [code]\n  try: raise it";
        assert_eq!(fit(text, 32), narrow);
        assert_eq!(fit("  try: one two three", 14), "  try: one\n    two three");
    }
}
