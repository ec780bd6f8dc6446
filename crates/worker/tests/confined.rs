//! Confinement, tried from inside: a probe shuts itself in by the function that job runners use,
//! and then does what no program may. The probe is this test again; nothing shipped contains it.
//!
//! Each attempt is made without any layer, which must succeed or the attempt proves nothing; behind
//! each layer alone, which says what refuses it; and behind all of them, as a job runs.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::{fd::AsRawFd, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use earnest_worker::sandbox::{self, DATA_BYTES_MAX, Layer, Limits, RunnerCommand, confine};
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    sched::{CloneFlags, unshare},
    sys::ptrace,
    unistd::{Pid, chroot, close},
};

/// What a probe does, and the layers of which each must refuse it alone.
struct Probe {
    name: &'static str,
    attempt: fn(&Targets) -> Result<(), String>,
    refused_by: &'static [Layer],
    needs: Needs,
}

/// Who may do it outside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Privilege,
}

/// What the probes aim at.
struct Targets {
    /// A process of the same user.
    victim: i32,
    /// A port that listens.
    port: u16,
    /// A descriptor that was left open.
    descriptor: i32,
    /// A file that may be written.
    file: String,
}

use Layer::{Calls, Capabilities, Descriptors, Landlock, Namespaces, Root};

const PROBES: [Probe; 13] = [
    Probe {
        name: "open a file",
        attempt: |_| done(File::open("/etc/passwd")),
        refused_by: &[Root, Landlock, Layer::Limits, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "write a file",
        attempt: |targets| done(fs::write(&targets.file, "out")),
        refused_by: &[Root, Landlock, Layer::Limits, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "write an open file",
        attempt: |_| done(io::stderr().write_all(b"out")),
        refused_by: &[Layer::Limits],
        needs: Needs::Nothing,
    },
    Probe {
        name: "connect a socket",
        attempt: |targets| {
            let address = SocketAddr::from(([127, 0, 0, 1], targets.port));
            done(TcpStream::connect_timeout(&address, Duration::from_secs(5)))
        },
        refused_by: &[Namespaces, Landlock, Layer::Limits, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        // The limit on processes does not bind the privileged.
        name: "fork",
        attempt: |_| done(Command::new("/bin/true").spawn().and_then(|mut child| child.wait())),
        refused_by: &[Root, Landlock, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "start a thread",
        attempt: |_| {
            let thread = std::thread::Builder::new().spawn(|| ()).map_err(|e| e.to_string())?;
            thread.join().map_err(|_| "it panicked".to_owned())
        },
        refused_by: &[Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "execute",
        attempt: |_| Err(Command::new("/bin/true").exec().to_string()),
        refused_by: &[Root, Landlock, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "trace a process",
        attempt: |targets| {
            let victim = Pid::from_raw(targets.victim);
            done(ptrace::seize(victim, ptrace::Options::empty()))
        },
        refused_by: &[Namespaces, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "signal a process",
        attempt: |targets| {
            let victim = rustix::process::Pid::from_raw(targets.victim).expect("a process");
            done(rustix::process::kill_process(victim, rustix::process::Signal::CONT))
        },
        refused_by: &[Landlock, Calls],
        needs: Needs::Nothing,
    },
    Probe {
        name: "use an inherited descriptor",
        attempt: |targets| done(close(targets.descriptor)),
        refused_by: &[Descriptors],
        needs: Needs::Nothing,
    },
    Probe {
        name: "allocate too much",
        attempt: |_| {
            let mut bytes: Vec<u8> = Vec::new();
            let most = usize::try_from(DATA_BYTES_MAX).expect("512 MiB");
            bytes.try_reserve_exact(most + 1).map_err(|error| error.to_string())?;
            bytes.push(1);
            std::hint::black_box(bytes.as_ptr());
            Ok(())
        },
        refused_by: &[Layer::Limits],
        needs: Needs::Nothing,
    },
    Probe {
        name: "use a capability",
        attempt: |_| done(chroot("/")),
        refused_by: &[Capabilities, Calls],
        needs: Needs::Privilege,
    },
    Probe {
        name: "get other capabilities",
        attempt: |_| done(unshare(CloneFlags::CLONE_NEWUSER)),
        refused_by: &[Calls],
        needs: Needs::Nothing,
    },
];

fn done<T, E: ToString>(outcome: Result<T, E>) -> Result<(), String> {
    outcome.map(drop).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "probe", probe, layers, victim, port, descriptor, file] => {
            let targets = Targets {
                victim: victim.parse().expect("a number"),
                port: port.parse().expect("a number"),
                descriptor: descriptor.parse().expect("a number"),
                file: file.to_owned(),
            };
            run_probe(probe.parse().expect("a number"), layers, &targets)
        }
        // Runners that list tests before they run them.
        [_, "--list", ..] => {
            println!("confined: test");
            ExitCode::SUCCESS
        }
        _ => try_all(),
    }
}

/// Inside: shuts itself in behind `layers`, says what stands, tries, and says what came of it.
fn run_probe(probe: usize, layers: &str, targets: &Targets) -> ExitCode {
    let named = |layer: &Layer| layers.contains(&format!("[{layer}]"));
    let layers: Vec<Layer> = Layer::ALL.into_iter().filter(named).collect();
    let environment = std::env::vars_os().count();
    let limits = Limits { cpu_seconds: 10, wall_clock: Duration::ZERO, data_bytes: DATA_BYTES_MAX };
    let standing = confine(&layers, limits).expect("what no kernel lacks");
    for (layer, standing) in standing {
        println!("{layer} {standing}");
    }
    println!("environment {environment}");
    match (PROBES[probe].attempt)(targets) {
        Ok(()) => println!("done"),
        Err(why) => println!("refused: {why}"),
    }
    ExitCode::SUCCESS
}

/// What became of an attempt.
struct Tried {
    refusal: Option<String>,
    absent: Vec<String>,
}

/// Outside: starts the probe as a job runner is started, and hears it out.
fn try_one(probe: usize, layers: &[Layer], targets: &Targets, errors: &Path) -> Tried {
    let words = [
        "probe".to_owned(),
        probe.to_string(),
        layers.iter().map(|layer| format!("[{layer}]")).collect(),
        targets.victim.to_string(),
        targets.port.to_string(),
        targets.descriptor.to_string(),
        targets.file.clone(),
    ];
    let program = std::env::current_exe().expect("this test");
    let runner = RunnerCommand { program, args: words.map(Into::into).to_vec() };
    let mut command = sandbox::command(&runner);
    command.stderr(File::create(errors).expect("a file"));
    let mut child = command.spawn().expect("this test starts");
    let mut text = String::new();
    let mut output = child.stdout.take().expect("piped");
    output.read_to_string(&mut text).expect("text");
    let status = child.wait().expect("ours");
    let name = PROBES[probe].name;
    assert!(text.contains("environment 0"), "{name}: {text}{}", said(errors));
    let refusal = match text.lines().last() {
        Some("done") => None,
        Some(line) if line.starts_with("refused: ") => Some(line["refused: ".len()..].to_owned()),
        // It became another program, which ended well.
        _ if status.success() => None,
        _ => Some(format!("killed, {status}")),
    };
    let absent = text.lines().filter(|line| line.contains(" absent")).map(str::to_owned).collect();
    Tried { refusal, absent }
}

fn said(errors: &Path) -> String {
    fs::read_to_string(errors).unwrap_or_default()
}

/// The layers that are put up to try one alone: a root needs namespaces.
fn alone(layer: Layer) -> Vec<Layer> {
    match layer {
        Layer::Root => vec![Layer::Namespaces, Layer::Root],
        _ => vec![layer],
    }
}

fn try_all() -> ExitCode {
    let scratch = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let leaked = File::open("/etc/passwd").expect("a file that everybody may read");
    fcntl(&leaked, FcntlArg::F_SETFD(FdFlag::empty())).expect("left open for children");
    let mut victim = victim();
    let targets = Targets {
        victim: i32::try_from(victim.id()).expect("a process"),
        port: listener.local_addr().expect("bound").port(),
        descriptor: leaked.as_raw_fd(),
        file: scratch.path().join("written").display().to_string(),
    };
    let errors = scratch.path().join("errors");
    let (mut passed, mut wrong) = (0, Vec::new());
    for (index, probe) in PROBES.iter().enumerate() {
        let found = try_behind_each(index, probe, &targets, &errors);
        passed += usize::from(found.is_empty());
        wrong.extend(found);
    }
    victim.kill().expect("ours");
    victim.wait().expect("ours");
    wrong.iter().for_each(|wrong| println!("WRONG {wrong}"));
    println!("{passed} passed, {} failed", PROBES.len() - passed);
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn victim() -> Child {
    let mut command = Command::new("/bin/sleep");
    command.arg("120").stdin(Stdio::null()).spawn().expect("a process to aim at")
}

fn try_behind_each(index: usize, probe: &Probe, targets: &Targets, errors: &Path) -> Vec<String> {
    let (name, mut wrong) = (probe.name, Vec::new());
    let outside = try_one(index, &[], targets, errors);
    if let Some(why) = outside.refusal.filter(|_| probe.needs == Needs::Nothing) {
        wrong.push(format!("{name}: refused behind nothing: {why}"));
    }
    let mut refusals = BTreeMap::new();
    for layer in Layer::ALL {
        let tried = try_one(index, &alone(layer), targets, errors);
        let must = probe.refused_by.contains(&layer) && tried.absent.is_empty();
        if must && tried.refusal.is_none() {
            wrong.push(format!("{name}: not refused by {layer} alone"));
        }
        if let Some(why) = tried.refusal {
            refusals.insert(layer.to_string(), why);
        }
    }
    match try_one(index, &Layer::ALL, targets, errors) {
        Tried { refusal: Some(why), absent } if index == 0 => {
            println!("{name}: refused ({why}); alone by {refusals:?}; without {absent:?}");
        }
        Tried { refusal: Some(why), .. } => {
            println!("{name}: refused ({why}); alone by {refusals:?}");
        }
        Tried { refusal: None, .. } => wrong.push(format!("{name}: not refused by all layers")),
    }
    wrong
}
