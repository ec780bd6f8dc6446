//! Files: old or new and whole, whatever happens on the way, and no drafts stay behind.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use earnest_durable::{Kind, is_draft, make_folder, sweep, write};

const EVERY_KIND: [Kind; 3] = [Kind::Replacement, Kind::New, Kind::Secret];

fn put(path: &Path, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    write(path, kind, |file| file.write_all(bytes))
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    names
}

fn drafts(folder: &Path) -> usize {
    names(folder).iter().filter(|path| is_draft(path)).count()
}

#[test]
fn only_a_replacement_replaces() {
    let folder = tempfile::tempdir().expect("a folder");
    for kind in EVERY_KIND {
        let path = folder.path().join(format!("{kind:?}"));
        put(&path, kind, b"old").expect("nothing is there");
        let again = put(&path, kind, b"new").map_err(|error| error.kind());
        let (expected, bytes): (_, &[u8]) = match kind {
            Kind::Replacement => (Ok(()), b"new"),
            Kind::New | Kind::Secret => (Err(io::ErrorKind::AlreadyExists), b"old"),
        };
        assert_eq!((again, fs::read(&path).expect("there")), (expected, bytes.to_vec()));
    }
    assert_eq!(names(folder.path()).len(), 3, "and nothing else");
}

#[test]
fn a_secret_is_its_owners_from_its_first_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let plain = folder.path().join("plain");
    fs::write(&plain, b"by the mask").expect("written");
    for (kind, expected) in
        [(Kind::Replacement, mode(&plain)), (Kind::New, mode(&plain)), (Kind::Secret, 0o600)]
    {
        let path = folder.path().join(format!("{kind:?}"));
        let during = write(&path, kind, |file| {
            file.write_all(b"a byte")?;
            let draft = names(folder.path()).into_iter().find(|path| is_draft(path));
            assert_eq!(mode(&draft.expect("being written")), expected);
            Ok(())
        });
        during.expect("written");
        assert_eq!(mode(&path), expected);
    }
}

#[test]
fn a_write_that_fails_half_way_leaves_the_old_file_and_no_draft() {
    let folder = tempfile::tempdir().expect("a folder");
    for kind in EVERY_KIND {
        let path = folder.path().join(format!("{kind:?}"));
        let half = |file: &mut dyn Write| file.write_all(b"half of the n");
        let fail =
            || write(&path, kind, |file| half(file).and(Err(io::Error::other("the disk is full"))));
        assert_eq!(fail().map_err(|error| error.to_string()), Err("the disk is full".to_owned()));
        assert!(!path.exists());
        put(&path, kind, b"old").expect("nothing is there");
        fail().expect_err("it fails again");
        let panics = AssertUnwindSafe(|| {
            write(&path, kind, |file| {
                half(file)?;
                panic!("a bug of the caller")
            })
        });
        catch_unwind(panics).expect_err("it panics");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(drafts(folder.path()), 0);
    }
    let nowhere = folder.path().join("no/such/folder");
    assert_eq!(
        put(&nowhere, Kind::New, b"").map_err(|error| error.kind()),
        Err(io::ErrorKind::NotFound)
    );
}

#[test]
fn folders_are_made_to_any_depth_and_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("a/b/c");
    make_folder(&deep).expect("made");
    make_folder(&deep).expect("there already");
    put(&deep.join("file"), Kind::New, b"in it").expect("written");
    make_folder(&deep.join("file")).expect_err("a file is in the way");
}

/// A process of its own that writes, for others to kill. It is this test program again, told what
/// to do by its environment.
struct Writer(Child);

impl Writer {
    fn start(test: &str, folder: &Path) -> Writer {
        let program = std::env::current_exe().expect("a running test");
        let child = Command::new(program)
            .args([test, "--exact", "--nocapture"])
            .env("WRITE_IN", folder)
            .stdout(Stdio::piped())
            .spawn();
        Writer(child.expect("starts"))
    }

    /// Waits for a line that ends with this word.
    fn hear(&mut self, word: &str) {
        let lines = BufReader::new(self.0.stdout.as_mut().expect("piped")).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with(word)), "no {word}");
    }

    fn kill(mut self) {
        self.0.kill().expect("ours");
        self.0.wait().expect("ours");
    }
}

#[test]
fn a_writer_killed_half_way_leaves_the_old_file_and_a_draft_that_is_swept() {
    if let Some(folder) = std::env::var_os("WRITE_IN") {
        let path = Path::new(&folder).join("file");
        let written = write(&path, Kind::Replacement, |file| {
            file.write_all(b"half of the n")?;
            println!("half");
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        });
        return written.expect("killed before");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    put(&path, Kind::Replacement, b"old").expect("written");
    let name = "a_writer_killed_half_way_leaves_the_old_file_and_a_draft_that_is_swept";
    let mut writer = Writer::start(name, folder.path());
    writer.hear("half");
    sweep(folder.path()).expect("swept");
    assert_eq!(drafts(folder.path()), 1, "its writer lives");
    writer.kill();
    assert_eq!(fs::read(&path).expect("there"), b"old");
    assert_eq!(drafts(folder.path()), 1);
    sweep(folder.path()).expect("swept");
    assert_eq!(names(folder.path()), [path], "and nothing else is swept");
}

#[test]
fn a_writer_killed_at_any_moment_leaves_one_whole_file() {
    const BYTES: usize = 300_000;
    if let Some(folder) = std::env::var_os("WRITE_IN") {
        let path = Path::new(&folder).join("file");
        for byte in (1..=255u8).cycle() {
            // In pieces, so that there are many moments.
            let piece = [byte; BYTES / 100];
            let fill = |file: &mut dyn Write| (0..100).try_for_each(|_| file.write_all(&piece));
            write(&path, Kind::Replacement, fill).expect("written");
            if byte == 1 {
                println!("begun");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let name = "a_writer_killed_at_any_moment_leaves_one_whole_file";
    for round in 0..30 {
        let mut writer = Writer::start(name, folder.path());
        writer.hear("begun");
        std::thread::sleep(Duration::from_micros(round * 777));
        writer.kill();
        let bytes = fs::read(&path).expect("there");
        let first = *bytes.first().expect("not empty");
        assert!(bytes.len() == BYTES && bytes.iter().all(|byte| *byte == first), "round {round}");
        sweep(folder.path()).expect("swept");
        assert_eq!(names(folder.path()), std::slice::from_ref(&path), "round {round}");
    }
}
