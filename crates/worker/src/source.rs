//! Source: where a validator learns what stake is worth: a file, or a program that prints it.
//!
//! Laws: it is asked beside the loop, so that no deadline waits for it; a program is started
//! without a shell, gets no password and no input, and is ended with all that it started after some
//! seconds; no more than some KiB are read of anything; what is not one decimal number above 0 is
//! no price; what is no regular file is not read.
//! Known shortcomings: what a program starts in a group of its own is left to itself; a disk that
//! does not answer keeps a thread for as long, one an epoch.
//! Not here: when it is asked, and what is said of the answer (`posting`).

use std::{
    fs,
    io::{self, Read},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant, SystemTime},
};

use earnest_api::scaled;
use earnest_protocol::Factor;
use nix::fcntl::OFlag;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The longest that a program may take to print a price.
const PROGRAM_TIME_MAX: Duration = Duration::from_secs(10);
/// The longest that an answer may take: a program's time, and some seconds to read what it said.
const ANSWER_TIME_MAX: Duration = PROGRAM_TIME_MAX.saturating_add(Duration::from_secs(5));
/// How far ahead of this machine's clock a file may be dated.
const AHEAD_MAX: Duration = Duration::from_secs(60);
/// The most bytes that are read of a file, and of what a program prints.
const BYTES_MAX: u64 = 4_096;
/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long the end of an output may take to arrive after its program has ended.
const END_ARRIVES: Duration = Duration::from_millis(500);
/// Characters of a wrong answer that are quoted.
const QUOTED_MAX: usize = 80;

/// Where prices come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file that holds one.
    File {
        /// Which.
        path: PathBuf,
        /// What it holds is no price any more after nobody has written it for so long.
        age_max: Duration,
    },
    /// A program that prints one.
    Program {
        /// Which; a name without a slash is looked for where programs are.
        program: PathBuf,
        /// The words that it is given.
        args: Vec<String>,
    },
}

/// Why a source gave no price.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} was last written {} s ago, and is too old after {}", path.display(), age.as_secs(),
            max.as_secs())]
    Old { path: PathBuf, age: Duration, max: Duration },
    #[error("{} is dated {} s in the future: set the clock right, and write the file anew",
            path.display(), ahead.as_secs())]
    Ahead { path: PathBuf, ahead: Duration },
    #[error("{} is no regular file", path.display())]
    NotAFile { path: PathBuf },
    #[error("{} does not start: {error}", program.display())]
    NotStarted { program: PathBuf, error: io::Error },
    #[error("{} took more than {} s, and was ended", program.display(),
            PROGRAM_TIME_MAX.as_secs())]
    TooSlow { program: PathBuf },
    #[error("{} failed, {status}: {said}", program.display())]
    Failed { program: PathBuf, status: std::process::ExitStatus, said: String },
    #[error("{} says more than {} KiB, where a price is one number", of.display(),
            BYTES_MAX / 1_024)]
    TooLong { of: PathBuf },
    #[error(
        "{} says \"{said}\", which is no price; it must be one decimal number such as 0.25, with \
         at most nine digits after the point, and at most a million", of.display()
    )]
    NotAPrice { of: PathBuf, said: String },
    #[error("{} says 0, and stake is worth something", of.display())]
    Zero { of: PathBuf },
    #[error("{} does not answer; it is asked again in the next epoch", of.display())]
    Silent { of: PathBuf },
    #[error("nothing came back from who asked it")]
    Lost,
}

/// A source that was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Which file or program.
    of: PathBuf,
    since: Instant,
    answer: Receiver<Result<Factor, SourceError>>,
    stop: Arc<AtomicBool>,
}

impl Asked {
    /// What the source says, if it has answered; an error once that takes too long.
    pub(crate) fn answer(&self) -> Option<Result<Factor, SourceError>> {
        use std::sync::mpsc::TryRecvError;
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) if ANSWER_TIME_MAX < self.since.elapsed() => {
                Some(Err(SourceError::Silent { of: self.of.clone() }))
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(SourceError::Lost)),
        }
    }
}

impl Drop for Asked {
    /// A program that still runs is ended.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

impl Source {
    /// Asks it, beside whoever asks.
    pub(crate) fn ask(&self) -> Asked {
        let (send, answer) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let (source, flag) = (self.clone(), Arc::clone(&stop));
        std::thread::spawn(move || {
            let _ = send.send(source.price(&flag));
        });
        Asked { of: self.path().to_owned(), since: Instant::now(), answer, stop }
    }

    fn path(&self) -> &Path {
        match self {
            Source::File { path, .. } => path,
            Source::Program { program, .. } => program,
        }
    }

    fn price(&self, stop: &AtomicBool) -> Result<Factor, SourceError> {
        let said = match self {
            Source::File { path, age_max } => file(path, *age_max)?,
            Source::Program { program, args } => run(program, args, stop)?,
        };
        price_in(self.path(), &said)
    }
}

fn file(path: &PathBuf, max: Duration) -> Result<Vec<u8>, SourceError> {
    let unreadable = |error| SourceError::Unreadable { path: path.clone(), error };
    let regular = |about: fs::Metadata| match about.is_file() {
        true => Ok(about),
        false => Err(SourceError::NotAFile { path: path.clone() }),
    };
    // To open a device may do something; a pipe that takes its place after the look opens at once.
    regular(fs::metadata(path).map_err(unreadable)?)?;
    let at_once = OFlag::O_NONBLOCK.bits();
    let file = fs::File::options().read(true).custom_flags(at_once).open(path);
    let file = file.map_err(unreadable)?;
    let about = regular(file.metadata().map_err(unreadable)?)?;
    match SystemTime::now().duration_since(about.modified().map_err(unreadable)?) {
        Ok(age) if max < age => return Err(SourceError::Old { path: path.clone(), age, max }),
        Ok(_) => {}
        // Its age would not be known for that long.
        Err(error) if AHEAD_MAX < error.duration() => {
            return Err(SourceError::Ahead { path: path.clone(), ahead: error.duration() });
        }
        Err(_) => {}
    }
    let mut said = Vec::new();
    file.take(BYTES_MAX.saturating_add(1)).read_to_end(&mut said).map_err(unreadable)?;
    Ok(said)
}

fn run(program: &PathBuf, args: &[String], stop: &AtomicBool) -> Result<Vec<u8>, SourceError> {
    let not_started = |error| SourceError::NotStarted { program: program.clone(), error };
    let mut child = Command::new(program)
        .args(args)
        .env_remove("EARNEST_PASSWORD")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(not_started)?;
    let out = child.stdout.take().map(drain);
    let err = child.stderr.take().map(drain);
    let in_time = ends_in_time(&child, stop);
    // Whatever it started ends with it; it is not reaped yet, so the group is still its own.
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    let status = child.wait().map_err(not_started)?;
    let said = |pipe: Option<Receiver<Vec<u8>>>| pipe?.recv_timeout(END_ARRIVES).ok();
    let too_slow = || SourceError::TooSlow { program: program.clone() };
    let printed = said(out);
    // Whoever prints on is cut off there, and may take that for a failure.
    if printed.as_ref().is_some_and(|printed| is_too_long(printed)) {
        return Err(SourceError::TooLong { of: program.clone() });
    }
    if !in_time {
        return Err(too_slow());
    }
    if !status.success() {
        let said = quoted(&said(err).unwrap_or_default());
        return Err(SourceError::Failed { program: program.clone(), status, said });
    }
    printed.ok_or_else(too_slow)
}

/// Waits until a child has ended, and leaves it to be reaped; false if it takes too long, or nobody
/// waits for it any more.
fn ends_in_time(child: &Child, stop: &AtomicBool) -> bool {
    let began = Instant::now();
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while began.elapsed() < PROGRAM_TIME_MAX && !stop.load(Ordering::SeqCst) {
        match waitid(WaitId::Pid(Pid::from_child(child)), ended) {
            Ok(Some(_)) => return true,
            Ok(None) | Err(rustix::io::Errno::INTR) => std::thread::sleep(POLL),
            Err(_) => return false,
        }
    }
    false
}

/// Reads as much of a pipe as is looked at, beside whoever waits for it.
fn drain(from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, read) = sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.take(BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    read
}

fn is_too_long(said: &[u8]) -> bool {
    BYTES_MAX < u64::try_from(said.len()).unwrap_or(u64::MAX)
}

fn price_in(of: &Path, said: &[u8]) -> Result<Factor, SourceError> {
    let of = of.to_owned();
    if is_too_long(said) {
        return Err(SourceError::TooLong { of });
    }
    let text = std::str::from_utf8(said).ok().map(str::trim);
    let price = text.and_then(|text| Factor::new(scaled(text, 9)?));
    match price {
        Some(Factor::ZERO) => Err(SourceError::Zero { of }),
        Some(price) => Ok(price),
        None => Err(SourceError::NotAPrice { of, said: quoted(said) }),
    }
}

/// What was said, as it may stand in a log: in one line, with what nobody sees escaped.
fn quoted(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let text = text.trim();
    let mut quoted: String = text.chars().take(QUOTED_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED_MAX).is_some() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &Source) -> Result<Factor, SourceError> {
        source.price(&AtomicBool::new(false))
    }

    fn program(words: &[&str]) -> Source {
        let args = words[1..].iter().map(|word| (*word).to_owned()).collect();
        Source::Program { program: words[0].into(), args }
    }

    #[test]
    fn what_is_no_price_is_quoted_with_what_nobody_sees_and_by_whom() {
        let why = |said: &str| price_in(Path::new("p.txt"), said.as_bytes()).unwrap_err();
        let two = why("0.25\n0.26\n").to_string();
        assert!(two.starts_with(r#"p.txt says "0.25\n0.26", which is no price"#), "{two}");
        let marked = why("\u{feff}0.25\n").to_string();
        assert!(marked.starts_with(r#"p.txt says "\u{feff}0.25", which"#), "{marked}");
        let long = why(&"x".repeat(90)).to_string();
        assert!(long.contains("x…\""), "{long}");
    }

    #[test]
    fn a_price_is_one_decimal_number_above_zero() {
        let file = Path::new("price");
        for (text, parts) in [("0.25", 250_000_000), (" 3\n", 3_000_000_000), ("0.000000001", 1)] {
            assert_eq!(price_in(file, text.as_bytes()).unwrap().parts(), parts, "{text}");
        }
        for text in ["", "abc", "-1", "1e3", "0,25", "1 2", "1\n2", "25%", "1000001", "NaN", ".5"] {
            let answer = price_in(file, text.as_bytes());
            assert!(matches!(answer, Err(SourceError::NotAPrice { .. })), "{text}: {answer:?}");
        }
        assert!(matches!(price_in(file, b"0.0"), Err(SourceError::Zero { .. })));
        assert!(matches!(price_in(file, &[b'1'; 5_000]), Err(SourceError::TooLong { .. })));
        assert!(matches!(price_in(file, &[0xff, 0xfe]), Err(SourceError::NotAPrice { .. })));
    }

    #[test]
    fn a_file_that_is_old_or_not_there_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("price");
        let source = |age_max| Source::File { path: path.clone(), age_max };
        let hour = Duration::from_secs(3_600);
        assert!(matches!(said(&source(hour)), Err(SourceError::Unreadable { .. })));
        fs::write(&path, "1.5\n").unwrap();
        assert_eq!(said(&source(hour)).unwrap(), Factor::percent(150));
        let date = |to: SystemTime| {
            fs::File::options().write(true).open(&path).unwrap().set_modified(to).unwrap();
        };
        date(SystemTime::now() - 2 * hour);
        assert!(matches!(said(&source(hour)), Err(SourceError::Old { .. })));
        date(SystemTime::now() + Duration::from_secs(30));
        assert_eq!(said(&source(hour)).unwrap(), Factor::percent(150), "clocks differ a little");
        date(SystemTime::now() + hour);
        assert!(matches!(said(&source(hour)), Err(SourceError::Ahead { .. })));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let age_max = Duration::from_secs(3_600);
        for path in [pipe, folder.path().to_owned(), "/dev/zero".into()] {
            let answer = said(&Source::File { path: path.clone(), age_max });
            assert!(matches!(answer, Err(SourceError::NotAFile { .. })), "{path:?}: {answer:?}");
        }
    }

    #[test]
    fn who_does_not_answer_in_time_is_told_of() {
        let (_silent, answer) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let mut asked = Asked { of: "price".into(), since: Instant::now(), answer, stop };
        assert!(asked.answer().is_none());
        asked.since = asked.since.checked_sub(2 * ANSWER_TIME_MAX).unwrap();
        let told = asked.answer().unwrap().unwrap_err();
        assert!(matches!(told, SourceError::Silent { .. }), "{told}");
    }

    #[test]
    fn a_program_prints_a_price_or_says_why_not() {
        assert_eq!(said(&program(&["echo", "0.5"])).unwrap(), Factor::percent(50));
        // No shell: what one would carry out is a word like any other.
        let literal = said(&program(&["echo", "$(echo 1)"])).unwrap_err().to_string();
        assert!(literal.contains(r#"echo says "$(echo 1)", which is no price"#), "{literal}");
        let failed = said(&program(&["sh", "-c", "echo no market >&2; exit 3"])).unwrap_err();
        let failed = failed.to_string();
        assert!(failed.contains("3: no market"), "{failed}");
        let missing = said(&program(&["/nowhere/price"])).unwrap_err();
        assert!(matches!(missing, SourceError::NotStarted { .. }), "{missing}");
        let endless = said(&program(&["sh", "-c", "yes"])).unwrap_err().to_string();
        assert_eq!(endless, "sh says more than 4 KiB, where a price is one number");
    }

    #[test]
    fn whatever_a_program_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let late = format!("(sleep 1; touch {}) & echo 2", mark.display());
        let began = Instant::now();
        assert_eq!(said(&program(&["sh", "-c", &late])).unwrap(), Factor::percent(200));
        assert!(began.elapsed() < Duration::from_secs(1), "nobody waits for what it left");
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(!mark.exists(), "it was ended with the program");
    }

    #[test]
    fn a_program_that_hangs_is_ended_when_nobody_waits_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let late = format!("sleep 1; touch {}", mark.display());
        let asked = program(&["sh", "-c", &late]).ask();
        std::thread::sleep(Duration::from_millis(200));
        assert!(asked.answer().is_none());
        drop(asked);
        std::thread::sleep(Duration::from_millis(1_800));
        assert!(!mark.exists());
    }
}
