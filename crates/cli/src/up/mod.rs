//! `earnest up`: a whole network on one machine, each participant a process of its own.
//!
//! The node comes first, then providers, validators and the requester; the parent follows the
//! node's events, tells them to a person, and stops everybody.
//!
//! Laws: keys are derived from the seed and marked as development keys; the data folder is only
//! ever emptied if it is one of ours and no process lives in it or in a part of it.

pub mod account;
mod children;
mod home;
pub mod plan;
mod summary;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use clap::Args;
use earnest_api::{Client, EventId, EventRecord};

use crate::{
    failure::Failure,
    folders,
    output::{self, note, out},
    stop,
};
use account::Narrator;
use children::Member;
use home::{Setup, password_file};
use plan::{Behaviour, Participant, PlanRole};
use summary::Tally;

/// How the network is started.
#[derive(Args, Debug)]
pub struct UpArgs {
    /// The folder that the network lives in, resumed if it exists [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Begin anew: empties the folder first
    #[arg(long)]
    fresh: bool,
    /// Run until this height, then stop everything and print a summary
    #[arg(long, value_name = "HEIGHT")]
    blocks: Option<u64>,
    /// Fixes keys, job order and faults [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Time between blocks, such as 200ms or 1s [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    block_time: Option<Duration>,
    /// The port of the node's API; 0 for any free one
    #[arg(long, default_value_t = 7300)]
    port: u16,
}

/// A time such as `200ms`, `1s` or `1.5s`, from 20 ms to an hour.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text
            .strip_suffix('s')
            .and_then(|number| crate::money::tokens(number).ok())
            .map(|seconds| Duration::from_nanos(seconds.units())),
    };
    let (min, max) = (Duration::from_millis(20), Duration::from_secs(3_600));
    match parsed {
        Some(time) if min <= time && time <= max => Ok(time),
        _ => Err("give a time from 20ms to 3600s, such as 200ms or 1s".into()),
    }
}

/// Runs the network.
pub fn run(args: &UpArgs, json: bool) -> Result<(), Failure> {
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => folders::data()?.join("up"),
    };
    let (setup, _claim) = home::prepare(&folder, args)?;
    let cast = plan::cast(setup.seed);
    let stop = stop::on_interrupt()?;
    let mut network = Network::start(&folder, &setup, &cast, args)?;
    let outcome = network.follow(&cast, args.blocks, &stop);
    let summary = match outcome {
        Ok(()) if args.blocks.is_some() => {
            summary::summary(&network.client, &cast, &network.tally).map(Some)
        }
        other => other.map(|()| None),
    };
    let clean = network.stop();
    let summary = summary?;
    if let Some(summary) = summary {
        print_summary(&summary, json)?;
    }
    if clean { Ok(()) } else { Err(Failure::internal("a process had to be killed; see its log")) }
}

fn print_summary(summary: &serde_json::Value, json: bool) -> Result<(), Failure> {
    let text =
        if json { serde_json::to_string(summary) } else { serde_json::to_string_pretty(summary) };
    out!("{}", text.map_err(Failure::internal)?)?;
    if summary["conservation"] == "holds" {
        Ok(())
    } else {
        Err(Failure::check("conservation is broken", "keep the data folder: it shows where"))
    }
}

/// The processes, and what is known of what they did.
struct Network {
    client: Client,
    node: Member,
    others: Vec<Member>,
    tally: Tally,
    narrator: Narrator,
}

impl Network {
    fn start(
        folder: &Path,
        setup: &Setup,
        cast: &[Participant],
        args: &UpArgs,
    ) -> Result<Network, Failure> {
        let logs = folder.join("logs");
        let mut node_args = vec![
            "node".to_owned(),
            "--data".to_owned(),
            path(&folder.join("node")),
            "--development".to_owned(),
            setup.seed.to_string(),
            "--listen".to_owned(),
            format!("127.0.0.1:{}", args.port),
            "--block-time".to_owned(),
            format!("{}ms", setup.block_time_ms),
            "--until-input-closes".to_owned(),
        ];
        if let Some(height) = args.blocks {
            node_args.extend(["--halt-at".to_owned(), height.to_string()]);
        }
        let (node, heard) = Member::start_and_hear("node", &node_args, &logs)?;
        let client = Client::new(&heard);
        let mut others = Vec::new();
        // The node itself is the operator's process.
        for member in cast.iter().filter(|member| member.role != PlanRole::Replica) {
            let args = member_args(folder, setup, member, &heard)?;
            others.push(Member::start(member.name, &args, &logs)?);
        }
        let programs = earnest_worker::guests::all().map(|guest| {
            let digest = earnest_worker::requester::program_digest(guest.module);
            (digest, guest.name.to_owned())
        });
        let mut narrator = Narrator::new(programs);
        for member in cast {
            let account = client.account(&member.address)?;
            narrator.name_account(account.id, member.name);
        }
        greet(&heard, folder, cast);
        Ok(Network { client, node, others, tally: Tally::default(), narrator })
    }

    /// Tells what happens until `height`, an interrupt, or a process that dies.
    fn follow(
        &mut self,
        cast: &[Participant],
        height: Option<u64>,
        stop: &Arc<AtomicBool>,
    ) -> Result<(), Failure> {
        let (send, receive) = mpsc::sync_channel::<EventRecord>(1_024);
        let events = self.client.events(Some(EventId::START), &[]);
        std::thread::spawn(move || {
            for event in events {
                match event {
                    Ok(event) => {
                        if send.send(event).is_err() {
                            return;
                        }
                    }
                    // The node is gone or busy; the stream renews itself.
                    Err(_) => std::thread::sleep(Duration::from_millis(100)),
                }
            }
        });
        let mut idle = 0;
        while !stop.load(Ordering::SeqCst) {
            match receive.recv_timeout(Duration::from_millis(100)) {
                Ok(event) => {
                    idle = 0;
                    self.tell(&event)?;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => idle += 1,
            }
            if let Err(died) = self.check() {
                // An interrupt reaches everybody at once: give the flag a moment to rise.
                std::thread::sleep(Duration::from_millis(300));
                return if stop.load(Ordering::SeqCst) { Ok(()) } else { Err(died) };
            }
            // At the last height, a moment of silence says that every event has come.
            let Some(height) = height else { continue };
            if idle >= 5 && self.client.head()?.height.count() >= height {
                break;
            }
        }
        debug_assert!(!cast.is_empty(), "a network has participants");
        Ok(())
    }

    /// An error if anybody ended by itself.
    fn check(&mut self) -> Result<(), Failure> {
        self.node.check()?;
        self.others.iter_mut().try_for_each(Member::check)
    }

    fn tell(&mut self, event: &EventRecord) -> Result<(), Failure> {
        self.tally.note(event);
        self.narrator.line(event).map_or(Ok(()), |line| output::narrate(&line))
    }

    /// Stops everybody, the node last.
    fn stop(mut self) -> bool {
        for member in &mut self.others {
            member.ask_to_stop();
        }
        let others: Vec<bool> = self.others.into_iter().map(Member::stop).collect();
        self.node.stop() && others.into_iter().all(|clean| clean)
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// The command line of one participant.
fn member_args(
    folder: &Path,
    setup: &Setup,
    member: &Participant,
    node: &str,
) -> Result<Vec<String>, Failure> {
    let keys = folder.join("keys").join(member.name);
    let mut files = keys.read_dir().map_err(|error| Failure::file("read", &keys, error))?;
    let key = files.find_map(|entry| Some(entry.ok()?.path()));
    let hint = "begin anew with --fresh";
    let key =
        key.ok_or_else(|| Failure::config(format!("{} holds no key", keys.display()), hint))?;
    let mut args: Vec<String> = vec![member.role.name().into(), "run".into()];
    args.extend(["--node".into(), node.into(), "--key".into(), path(&key)]);
    args.extend(["--password-file".into(), path(&password_file(folder))]);
    args.extend(["--data".into(), path(&folder.join(member.name))]);
    args.push("--until-input-closes".into());
    match member.behaviour {
        Behaviour::Honest => {}
        Behaviour::Lazy => args.extend(["--fault".into(), "lazy=1".into()]),
        Behaviour::Silent => args.extend(["--fault".into(), "silent".into()]),
    }
    if member.role == PlanRole::Provider {
        // Whoever does not work can ask less: that is how it wins.
        let cost = match member.behaviour {
            Behaviour::Honest => "0.0030",
            Behaviour::Lazy => "0.0022",
            Behaviour::Silent => "0.0026",
        };
        args.extend(["--cost-per-mgas".into(), cost.into(), "--margin".into(), "15%".into()]);
    }
    if member.role == PlanRole::Requester {
        let deadline = plan::blocks_of(setup.block_time_ms, 45);
        args.extend(["--deadline".into(), deadline.to_string()]);
    }
    if member.role != PlanRole::Validator {
        args.extend(["--seed".into(), setup.seed.to_string()]);
    }
    Ok(args)
}

fn greet(node: &str, folder: &Path, cast: &[Participant]) {
    note!("earnest: a development network, its keys are known to everybody");
    note!("  API     {node}/v1/network");
    note!("  data    {}", folder.display());
    for member in cast {
        let what = match member.behaviour {
            Behaviour::Honest => member.role.name().to_owned(),
            Behaviour::Lazy => "lazy provider".to_owned(),
            Behaviour::Silent => "silent provider".to_owned(),
        };
        note!("  {:<7} {}  {what} (development key)", member.name, member.address);
    }
    note!("  height  what happens");
}
