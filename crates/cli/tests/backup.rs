//! A network is backed up, lost and restored, by the program alone.

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use common::{Done, Network, earnest};
use serde_json::Value;

fn json(words: &[&str]) -> Value {
    let done = earnest(&[words, &["--json"]].concat());
    assert_eq!(done.code, Some(0), "{words:?}: {done:?}");
    serde_json::from_str(&done.out).expect("one JSON object")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Checks the exit status, and that the error names all of these.
fn fails(done: &Done, code: i32, names: &[&str]) {
    assert_eq!(done.code, Some(code), "{done:?}");
    for name in names {
        assert!(done.err.contains(name), "{name:?} in {}", done.err);
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_network_that_runs_is_backed_up_lost_and_restored() {
    let network = Network::start();
    let (data, backup) = (network.path(""), network.folder.path().join("backup"));
    let before = network.json(&["query", "network"])["height"].as_u64().expect("a height");
    let taken = json(&["backup", &data, "--to", text(&backup), "--blobs"]);
    let height = taken["height"].as_u64().expect("a height");
    assert!(before <= height, "what was acknowledged before is in it: {before}, {height}");
    assert_eq!((&taken["running"], &taken["blobs"]), (&Value::Bool(true), &Value::Bool(true)));
    let secret = fs::metadata(backup.join("data/beacon.secret")).expect("the secret");
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);

    let folder = network.stop();
    fs::remove_dir_all(folder.path().join("net")).expect("lost");
    let restored = folder.path().join("restored");
    let made = json(&["restore", text(&backup), "--to", text(&restored)]);
    for what in ["height", "root", "network"] {
        assert_eq!(made[what], taken[what]);
    }
    let secret = fs::metadata(restored.join("beacon.secret")).expect("the secret");
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    let doctor = earnest(&["doctor", "--data", text(&restored)]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.out.contains(&format!("to {height} replays")), "{doctor:?}");

    // It goes on from there.
    let halt = (height + 3).to_string();
    let node = ["node", "--data", text(&restored), "--listen", "127.0.0.1:0", "--halt-at", &halt];
    let mut child = std::process::Command::new(common::EARNEST)
        .args(node)
        .args(["--block-time", "200ms", "--until-input-closes", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("one JSON object");
    let url = said["url"].as_str().expect("an address").to_owned();
    let reached = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        json(&["query", "network", "--node", &url])["height"].as_u64() == Some(height + 3)
    });
    drop(child.stdin.take());
    child.wait().expect("ends");
    assert!(reached, "{height} and three more");
}

#[test]
fn a_backup_that_is_not_whole_is_refused_and_nothing_is_restored_over_anything() {
    let network = Network::start();
    let data = network.path("");
    let folder = network.stop();
    let backup = folder.path().join("backup");
    let taken = json(&["backup", &data, "--to", text(&backup)]);
    assert_eq!(taken["running"], Value::Bool(false));
    fails(&earnest(&["backup", &data, "--to", text(&backup)]), 3, &["not empty", "--to"]);
    fails(&earnest(&["backup", text(&backup), "--to", "x"]), 5, &["holds no network"]);

    let node = folder.path().join("net/node");
    let over = ["restore", text(&backup), "--to", text(&node)];
    fails(&earnest(&over), 3, &["holds a network already"]);
    let other = folder.path().join("net");
    fails(&earnest(&["restore", text(&backup), "--to", text(&other)]), 3, &["not empty"]);

    // Whichever file is damaged, cut or gone: it is named, and no network is made.
    let target = folder.path().join("target");
    let restore = ["restore", text(&backup), "--to", text(&target)];
    let all = files(&backup.join("data"));
    assert!(all.len() >= 5, "{all:?}");
    for path in &all {
        let whole = fs::read(path).expect("a file");
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        for (bytes, why) in [
            (Some(&damaged[..]), "another hash"),
            (Some(&whole[1..]), "another size"),
            (None, "missing"),
        ] {
            match bytes {
                Some(bytes) => fs::write(path, bytes).expect("written"),
                None => fs::remove_file(path).expect("removed"),
            }
            fails(&earnest(&restore), 3, &[name, why]);
            assert!(!target.join("genesis.json").exists());
            fs::write(path, &whole).expect("written");
        }
    }
    let manifest = backup.join("manifest.json");
    let whole = fs::read_to_string(&manifest).expect("a manifest");
    let edited = whole.replacen("\"files\"", "\"fyles\"", 1);
    fs::write(&manifest, edited).expect("written");
    fails(&earnest(&restore), 3, &["manifest.json", "fyles"]);
    fs::write(&manifest, whole.replacen("\"path\": \"", "\"path\": \"../", 1)).expect("written");
    fails(&earnest(&restore), 3, &["leads out of the backup"]);
    fs::write(&manifest, whole.replacen("\"format\": 1", "\"format\": 9", 1)).expect("written");
    fails(&earnest(&restore), 3, &["format 9", "reads 1"]);
    fs::remove_file(&manifest).expect("removed");
    fails(&earnest(&restore), 3, &["not finished", "earnest backup"]);
    fs::write(&manifest, whole).expect("written");
    json(&restore);
}
