//! The targets: each reader with its seeds, its law and its bound on time.
//!
//! Code map: `wire` (what others send to a node), `disk` (what a data directory keeps), `work`
//! (programs, evidence, the pipe to a job), `paged` (prepared programs, their evidence), `author`
//! (ordinary programs, what they are given, the pipe to their jobs), `edge` (a node that listens).

mod author;
mod disk;
mod edge;
mod paged;
mod wire;
mod work;

use std::time::Duration;

use earnest_node::NodeHandle;
use tempfile::TempDir;

/// What became of an input whose law held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was read.
    Taken,
    /// It was refused.
    Refused,
}

/// What becomes of an input.
pub(crate) type Law<'a> = Box<dyn FnMut(&[u8]) -> Outcome + 'a>;

/// One reader.
pub(crate) struct Target<'a> {
    pub(crate) name: &'static str,
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Panics where the law is broken.
    pub(crate) law: Law<'a>,
    /// Longer than this is a finding.
    pub(crate) time_most: Duration,
}

/// The target over the rules, which is not a reader.
pub(crate) const RULES: &str = "rules";

/// Every target and what it reads.
pub(crate) const NAMES: [(&str, &str); 23] = [
    (RULES, "commands, applied to living states; every law after each"),
    ("transaction", "a signed transaction, as clients send it (JSON)"),
    ("wire", "a signed transaction, as blocks keep it"),
    ("command", "a command"),
    ("api", "what a node answers, as clients read it (JSON)"),
    ("events", "a stream of events, as clients read it"),
    ("block", "a block"),
    ("log", "the file of blocks, with a node's whole start behind it"),
    ("committed", "the file of what was acknowledged, likewise"),
    ("snapshot", "the file of a state, likewise"),
    ("state", "the state inside a snapshot, behind its checksum"),
    ("genesis", "a genesis (JSON), and the state made of it"),
    ("http", "requests to a node that listens"),
    ("admission", "a program: admitted, loaded, and run for two steps"),
    ("evidence", "evidence of a step, and of an output"),
    ("program", "a prepared program: read, loaded in each variant, and run for some steps"),
    ("pages", "evidence of a prepared program's step, judged; and moves of its dispute"),
    ("output", "a chunk of an output with its place, and the list of one's chunks"),
    ("bundle", "what an ordinary program is given, encoded"),
    ("ordinary", "an ordinary program: linked, prepared, and loaded"),
    ("job", "the pipes between a worker and the process of an ordinary program's job"),
    ("keystore", "an encrypted key file, opened with its password"),
    ("runner", "the pipes between a worker and the process of a job"),
];

/// What targets share: a node with a short chain, and its files after it stopped.
pub(crate) struct Bench {
    node: NodeHandle,
    stopped: TempDir,
    _running: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let (running, stopped) = (folder(), folder());
        disk::make_chain(stopped.path());
        let node = edge::start(running.path());
        Bench { node, stopped, _running: running }
    }

    pub(crate) fn target(&self, name: &str) -> Target<'_> {
        match name {
            "transaction" => wire::transaction(),
            "wire" => wire::stored_transaction(),
            "command" => wire::command(),
            "api" => wire::api(&self.node.url()),
            "events" => wire::events(),
            "block" => disk::block(self.stopped.path()),
            "log" => disk::file(self.stopped.path(), disk::Kept::Log),
            "committed" => disk::file(self.stopped.path(), disk::Kept::Committed),
            "snapshot" => disk::file(self.stopped.path(), disk::Kept::Snapshot),
            "state" => disk::state(self.stopped.path()),
            "genesis" => disk::genesis(self.stopped.path()),
            "keystore" => disk::keystore(),
            "http" => edge::http(&self.node),
            "admission" => work::admission(),
            "evidence" => work::evidence(),
            "runner" => work::runner(),
            "program" => paged::program(),
            "pages" => paged::pages(),
            "output" => paged::output(),
            "bundle" => author::bundle(),
            "ordinary" => author::ordinary(),
            "job" => author::job(),
            _ => unreachable!("names come from `NAMES`"),
        }
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for a node")
}

/// The law of encodings: what was read is written as something that is read as the same.
fn keeps<T, E>(
    input: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
    write: impl Fn(&T) -> Result<Vec<u8>, E>,
) -> Outcome {
    let Some(value) = read(input) else { return Outcome::Refused };
    let write = |value| write(value).unwrap_or_else(|_| panic!("what was read can be written"));
    let written = write(&value);
    let again = read(&written).expect("what was written can be read");
    assert!(write(&again) == written, "it changed on the way");
    Outcome::Taken
}
