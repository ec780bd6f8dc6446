//! A person at the terminal, and what it types without anybody seeing it.
//!
//! Laws: nothing is shown from the moment that something slow may begin to the last answer; what
//! was typed ahead is taken, for it was meant; the terminal is as it was on every way out, Ctrl-C
//! included.
//! Known shortcomings: a signal from elsewhere (`kill`) that ends the program at a question leaves
//! the terminal silent, as it does with every program that asks so; `stty sane` brings it back.
//! What was typed before the program had begun was shown by then.
//! Not here: what is asked, and what an answer has to be (`secret`).

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use crate::failure::{Failure, Status};

/// A terminal that does not show what is typed, as long as this lives; inside another, it is as
/// that left it afterwards.
pub struct Unseen {
    terminal: File,
    before: Termios,
    interrupt: u8,
}

impl Unseen {
    /// Silences the terminal that the person sits at; none if nobody sits at one.
    ///
    /// # Errors
    /// If the terminal cannot be silenced: then nobody is asked.
    pub fn begin() -> Result<Option<Unseen>, Failure> {
        io::stdin().is_terminal().then(Unseen::silence).transpose().map_err(|error| {
            let hint = "give the secret by a file or a pipe";
            Failure::usage(format!("the terminal would show what is typed: {error}"), hint)
        })
    }

    fn silence() -> io::Result<Unseen> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let interrupt = before.special_codes[SpecialCodeIndex::VINTR];
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ICANON);
        // Ctrl-C ends a line instead of the program, which then ends itself and tidies up.
        silent.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Unseen { terminal, before, interrupt })
    }

    /// The line that is typed after `prompt`, at most `bytes_max` of it; none if the input ends
    /// before it.
    ///
    /// # Errors
    /// If Ctrl-C was typed, or what was typed is too long or no text.
    pub fn ask(&mut self, prompt: &str, bytes_max: usize) -> Result<Option<String>, Failure> {
        let line = self.line(prompt, bytes_max);
        // The end of the line was not shown either.
        let _ = self.terminal.write_all(b"\n");
        let line = line.map_err(|error| {
            Failure::usage(format!("nothing can be typed: {error}"), "give it by a file or a pipe")
        })?;
        let Some(mut line) = line else { return Ok(None) };
        match line.pop_if(|last| *last == b'\n' || *last == self.interrupt) {
            Some(last) if last == self.interrupt => {
                let hint = "the same command asks again; nothing was written or sent";
                let detail = "stopped at the prompt";
                return Err(Failure::new(Status::Interrupted, "interrupted", detail, hint));
            }
            _ if bytes_max < line.len() => {
                let detail = format!("more than {bytes_max} bytes were typed");
                return Err(Failure::usage(detail, "type it again, and only it"));
            }
            _ => {}
        }
        let text = String::from_utf8(line);
        text.map(Some).map_err(|_| Failure::usage("what was typed is no text", "type it again"))
    }

    /// Bytes up to the end of a line, which is among them; none if the input ends before the first.
    fn line(&mut self, prompt: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        self.terminal.write_all(prompt.as_bytes())?;
        let mut line = Vec::new();
        let mut piece = [0; 256];
        loop {
            let read = self.terminal.read(&mut piece)?;
            line.extend_from_slice(&piece[..read]);
            let ends = |last: &u8| *last == b'\n' || *last == self.interrupt;
            match read {
                0 if line.is_empty() => return Ok(None),
                0 => return Ok(Some(line)),
                // The rest of a line that is too long is read, so that no shell runs it.
                _ if line.last().is_some_and(ends) => return Ok(Some(line)),
                _ => line.truncate(bytes_max.saturating_add(1)),
            }
        }
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
