//! What keeps `earnest up` from running: each is told in one sentence that says what to do, and
//! nothing is lost.
//!
//! The small and the read-only disk are real ones, which only root can mount: without it those
//! tests say that they were skipped.

mod common;

use std::{net::TcpListener, process::Command};

use common::{Done, earnest};
use tempfile::TempDir;

/// A file system of its own, in memory, unmounted with its test.
struct Disk(TempDir);

impl Disk {
    /// None, and said so, if this process may not mount.
    fn mount(options: &str) -> Option<Disk> {
        let at = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at.path());
        if mount.output().is_ok_and(|done| done.status.success()) {
            return Some(Disk(at));
        }
        println!("skipped: nothing can be mounted here");
        None
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Exit status 3, one error in one line that names `what`, and one remedy.
fn is_refused(done: &Done, what: &str) {
    assert_eq!(done.code, Some(3), "{done:?}");
    let told: Vec<&str> = done.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(matches!(told[..], [told] if told.contains(what)), "{what:?}: {done:?}");
    assert_eq!(done.err.lines().filter(|line| line.starts_with("  try: ")).count(), 1, "{done:?}");
    assert_eq!(done.out, "");
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_is_made() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("net").display().to_string();
    let done = earnest(&["up", "--data", &data, "--port", &port]);
    is_refused(&done, &format!("cannot serve on port {port}"));
    assert!(done.err.contains("--port"), "{done:?}");
    assert!(!folder.path().join("net").exists(), "nothing was made");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let Some(disk) = Disk::mount("size=1m,ro") else { return };
    let data = disk.path("net");
    is_refused(&earnest(&["up", "--data", &data, "--port", "0"]), &data);
}

#[test]
fn a_full_disk_ends_a_network_that_goes_on_once_there_is_room() {
    let Some(disk) = Disk::mount("size=3m") else { return };
    let data = disk.path("net");
    let up = || {
        let words = ["up", "--data", &data, "--port", "0", "--block-time", "200ms", "--quiet"];
        earnest(&[&words[..], &["--blocks", "3"]].concat())
    };
    is_refused(&up(), "the disk is full");
    let mut remount = Command::new("mount");
    let larger = remount.args(["-o", "remount,size=64m"]).arg(disk.0.path()).status();
    assert!(larger.is_ok_and(|status| status.success()));
    let done = up();
    assert!(done.code == Some(0) && done.out.contains("at height 3"), "{done:?}");
}
