//! Children: the processes of a development network, started and stopped by their parent.
//!
//! Laws: a child ends when its standard input closes, so none outlives its parent; only a child
//! that does not end by itself, or whose person does not want to wait, is killed, by its own pid.
//! Each child leads a process group of its own: a terminal's interrupt reaches the parent alone,
//! which ends the others in order.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::failure::Failure;

/// How long a child may take to end by itself.
const GRACE: Duration = Duration::from_secs(15);

/// The process groups of the children that run, for whoever must end them at once.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<Mutex<Vec<Pid>>>);

impl Groups {
    /// Kills every child and what it started.
    pub fn kill(&self) {
        for group in self.change(std::mem::take) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn change<T>(&self, act: impl FnOnce(&mut Vec<Pid>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a child is entered: its log's folder, and the groups that run.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub logs: &'a Path,
    pub groups: &'a Groups,
}

/// A running child.
#[derive(Debug)]
pub struct Member {
    name: String,
    child: Child,
    groups: Groups,
    /// Open as long as the child shall run.
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Member {
    /// Starts `earnest` with `args`; what it complains of goes to a log file of its name.
    pub fn start(name: &str, args: &[String], place: Place<'_>) -> Result<Member, Failure> {
        let mut command = prepare(name, args, place.logs)?;
        command.stdout(Stdio::piped());
        Member::spawn(name, command, place)
    }

    /// Waits for its one line of standard output, which says that it is there.
    pub fn hear(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let output = self.child.stdout.take().map(BufReader::new);
        let heard = output.map(|mut output| output.read_line(&mut line));
        match heard {
            Some(Ok(1..)) => Ok(line.trim().to_owned()),
            _ => Err(self.died()),
        }
    }

    /// Says go.
    pub fn tell(&mut self) -> Result<(), Failure> {
        let told = self.input.as_mut().map(|input| input.write_all(b"go\n"));
        if told.is_some_and(|told| told.is_ok()) { Ok(()) } else { Err(self.died()) }
    }

    fn spawn(name: &str, mut command: Command, place: Place<'_>) -> Result<Member, Failure> {
        // Held while it starts, so that nobody starts behind the back of `kill`.
        let spawned = place.groups.change(|groups| {
            let child = command.process_group(0).spawn();
            groups.extend(child.as_ref().ok().map(Pid::from_child));
            child
        });
        let mut child =
            spawned.map_err(|error| Failure::internal(format!("cannot start {name}: {error}")))?;
        let input = child.stdin.take();
        let (groups, log) = (place.groups.clone(), log_path(place.logs, name));
        Ok(Member { name: name.to_owned(), child, groups, input, log })
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
        // Its number may be another's from now on.
        let group = Pid::from_child(&self.child);
        self.groups.change(|groups| groups.retain(|known| *known != group));
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
