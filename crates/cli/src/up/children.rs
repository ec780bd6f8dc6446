//! Children: the processes of a development network, started and stopped by their parent.
//!
//! Law: a child ends when its standard input closes, so none outlives its parent; only a child
//! that does not end by itself is killed, by its own pid.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use crate::failure::Failure;

/// How long a child may take to end by itself.
const GRACE: Duration = Duration::from_secs(15);

/// A running child.
#[derive(Debug)]
pub struct Member {
    name: String,
    child: Child,
    /// Open as long as the child shall run.
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Member {
    /// Starts `earnest` with `args`; what it says goes to a log file of its name.
    pub fn start(name: &str, args: &[String], logs: &Path) -> Result<Member, Failure> {
        let mut command = prepare(name, args, logs)?;
        command.stdout(Stdio::null());
        Member::spawn(name, command, logs)
    }

    /// The same, and waits for its first line of standard output.
    pub fn start_and_hear(
        name: &str,
        args: &[String],
        logs: &Path,
    ) -> Result<(Member, String), Failure> {
        let mut command = prepare(name, args, logs)?;
        command.stdout(Stdio::piped());
        let mut member = Member::spawn(name, command, logs)?;
        let output = member.child.stdout.take().expect("just piped");
        let mut line = String::new();
        let heard = BufReader::new(output).read_line(&mut line);
        if heard.map_or(0, |length| length) == 0 {
            return Err(member.died());
        }
        Ok((member, line.trim().to_owned()))
    }

    fn spawn(name: &str, mut command: Command, logs: &Path) -> Result<Member, Failure> {
        let mut child = command
            .spawn()
            .map_err(|error| Failure::internal(format!("cannot start {name}: {error}")))?;
        let input = child.stdin.take();
        Ok(Member { name: name.to_owned(), child, input, log: log_path(logs, name) })
    }

    /// An error if the child ended by itself.
    pub fn check(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(self.died()),
        }
    }

    fn died(&self) -> Failure {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        let last: Vec<&str> = lines.into_iter().rev().collect();
        Failure::internal(format!(
            "{} ended by itself; the end of {}:\n  {}",
            self.name,
            self.log.display(),
            last.join("\n  ")
        ))
    }

    /// Asks the child to end.
    pub fn ask_to_stop(&mut self) {
        self.input = None;
    }

    /// Waits until the child has ended; kills it if it takes too long. True if it ended well.
    pub fn stop(mut self) -> bool {
        self.ask_to_stop();
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => break,
            }
        }
        // It had its time; what it had acknowledged is in its log.
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn log_path(logs: &Path, name: &str) -> PathBuf {
    logs.join(format!("{name}.log"))
}

fn prepare(name: &str, args: &[String], logs: &Path) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    let path = log_path(logs, name);
    let log = File::options().create(true).append(true).open(&path);
    let log = log.map_err(|error| Failure::file("write", &path, error))?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stderr(log);
    Ok(command)
}
