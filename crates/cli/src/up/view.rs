//! The view: how the story looks, on a terminal or in a pipe.
//!
//! On a terminal: colours, and a last line that stays and says where the network stands. In a
//! pipe: the same words, plain, 80 columns wide.
//!
//! Laws: a line is broken between words only, and what goes on is indented under its beginning;
//! colour adds nothing that the words do not say.
//! Known shortcoming: a character counts as one column, however wide it is.

use std::io::{IsTerminal, stderr};

use clap::{Args, ValueEnum};
use earnest_protocol::JobId;

use super::account::{Line, Status, Tone};
use crate::{
    failure::Failure,
    output,
    text::{count, wrap},
};

/// What is shown, and how.
#[derive(Args, Debug)]
pub struct ViewArgs {
    /// Whether the story has colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
    /// Tell nothing but the summary
    #[arg(long, conflicts_with = "follow")]
    pub quiet: bool,
    /// Tell only what happens to this job
    #[arg(long, value_name = "JOB")]
    follow: Option<u64>,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// Where the story goes.
#[derive(Debug)]
pub struct View {
    style: Style,
    /// On a terminal that shows it: the line that stays.
    status: Option<String>,
    is_terminal: bool,
    is_quiet: bool,
    follow: Option<JobId>,
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// Columns of a line; at least 40.
    width: usize,
    has_colours: bool,
}

/// Where the words of a line of the story begin: after the height.
const INDENT: usize = 8;
/// As wide as a pipe is taken to be.
const PLAIN_WIDTH: usize = 80;

impl View {
    pub fn new(args: &ViewArgs) -> View {
        let is_terminal = stderr().is_terminal();
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let has_colours = match args.color {
            Colour::Auto => is_terminal && !wants_none,
            Colour::Always => true,
            Colour::Never => false,
        };
        View {
            style: Style { width: width(is_terminal), has_colours },
            status: None,
            is_terminal: is_terminal && !args.quiet,
            is_quiet: args.quiet,
            follow: args.follow.map(JobId::new),
        }
    }

    fn wants(&self, line: &Line) -> bool {
        !self.is_quiet && self.follow.is_none_or(|job| line.job == Some(job))
    }

    /// Tells a line, if it is one of those to tell.
    pub fn tell(&mut self, line: &Line) -> Result<(), Failure> {
        if !self.wants(line) {
            return Ok(());
        }
        self.style.width = width(self.is_terminal);
        let text = self.style.story(line);
        match &self.status {
            Some(status) => output::draw(&format!("\r\x1b[K{text}\n{status}")),
            None => output::narrate(&text),
        }
    }

    /// True if there is a line that stays.
    pub fn has_status(&self) -> bool {
        self.is_terminal
    }

    /// Renews the line that stays.
    pub fn stand(&mut self, status: &Status) -> Result<(), Failure> {
        if !self.is_terminal {
            return Ok(());
        }
        let text = self.style.status(status);
        if self.status.as_ref() != Some(&text) {
            output::draw(&format!("\r\x1b[K{text}"))?;
            self.status = Some(text);
        }
        Ok(())
    }

    /// Takes away the line that stays.
    pub fn close(&mut self) -> Result<(), Failure> {
        self.status.take().map_or(Ok(()), |_| output::draw("\r\x1b[K"))
    }

    /// Tells a line of the heading.
    pub fn head(&self, text: &str) -> Result<(), Failure> {
        if self.is_quiet { Ok(()) } else { output::narrate(text) }
    }
}

/// The columns of the terminal, or of a pipe.
fn width(is_terminal: bool) -> usize {
    let size = if is_terminal { rustix::termios::tcgetwinsize(stderr()).ok() } else { None };
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    columns.unwrap_or(PLAIN_WIDTH).max(40)
}

impl Style {
    /// A line of the story: its height, and its words broken to the width.
    fn story(self, line: &Line) -> String {
        let words = wrap(&line.text, self.width.saturating_sub(INDENT));
        let words = words.join(&format!("\n{:INDENT$}", ""));
        let height = self.paint(Tone::Faint, &format!("{:>6}", line.height));
        format!("{height}  {}", self.paint(line.tone, &words))
    }

    /// The line that stays; cut, not broken, as it must remain one line.
    fn status(self, status: &Status) -> String {
        let jobs = count(u64::try_from(status.jobs).unwrap_or(u64::MAX), "job");
        let mut text = format!("height {} | {jobs} alive", status.height);
        if let Some(payout) = &status.payout {
            text.push_str(&format!(" | last payout: {payout}"));
        }
        let width = self.width.saturating_sub(1);
        let hint = " | Ctrl-C ends";
        if text.chars().count().saturating_add(hint.len()) <= width {
            text.push_str(hint);
        }
        let cut: String = text.chars().take(width).collect();
        self.paint(Tone::Status, &cut)
    }

    fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Faint => "2",
            Tone::Earned => "32",
            Tone::Convicted => "1;31",
            Tone::LiePassed => "1;33",
            Tone::Fault => "33",
            Tone::Status => "7",
        };
        if self.has_colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests;
