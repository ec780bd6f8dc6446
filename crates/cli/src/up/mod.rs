//! `earnest up`: a whole network on one machine, each participant a process of its own.
//!
//! The node comes first, then providers, validators and the requester; once all are there, blocks
//! begin. The parent follows the node's events, tells them to a person, and stops everybody.
//!
//! Laws: keys are derived from the seed and marked as development keys; the data folder is only
//! ever emptied if it is one of ours and no process lives in it or in a part of it; however a run
//! ends in order, it ends with its summary.

pub mod account;
mod children;
mod home;
pub mod plan;
mod summary;
mod view;
mod words;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use clap::Args;
use earnest_api::{BlockRoom, Client, EventId, EventRecord};
use earnest_node::Store;
use earnest_protocol::Height;

use crate::{
    clock::Clock,
    failure::{Failure, Status},
    folders, money,
    output::out,
    stop,
};
use account::Narrator;
use children::{Groups, Member, Place};
use home::{Setup, password_file};
use plan::{Behaviour, Participant, PlanRole};
use summary::Tally;
use view::{View, ViewArgs};

/// After so many tenths of a second without an event the disk is looked at.
const SILENCE: u32 = 10;
/// How long the story may take to catch up with the last block.
const CATCH_UP: Duration = Duration::from_secs(10);

/// How the network is started.
#[derive(Args, Debug)]
pub struct UpArgs {
    /// The folder that the network lives in, resumed if it exists [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Begin anew: empties the folder first
    #[arg(long)]
    fresh: bool,
    /// Run until this height, then stop everything; as with Ctrl-C, a summary comes last
    #[arg(long, value_name = "HEIGHT")]
    blocks: Option<u64>,
    /// Fixes keys, job order and faults [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// For development: blocks as soon as there is something to do, as fast as `--block-time` says,
    /// and none while there is nothing; only who is honest takes part, and posts no job by itself
    #[arg(long)]
    instant: bool,
    /// Time between blocks, such as 200ms or 1s [default: 500ms, and 100ms with --instant]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    block_time: Option<Duration>,
    /// Change one parameter of the network, such as --set staking.delegation_max=3; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE")]
    sets: Vec<String>,
    /// The port of the node's API; 0 for any free one
    #[arg(long, default_value_t = 7300)]
    port: u16,
    #[command(flatten)]
    view: ViewArgs,
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
    let groups = Groups::default();
    let stop = stop::on_interrupt_or({
        let groups = groups.clone();
        move || groups.kill()
    })?;
    let started = Network::start(&folder, &setup, &cast, args, &groups);
    // An interrupt may reach a child before it leads a group of its own, and end it.
    let mut network = started.map_err(|failure| match stop.load(Ordering::SeqCst) {
        true => Failure::new(
            Status::Interrupted,
            "interrupted",
            "stopped before everybody was there",
            "start it again: it goes on with what there is",
        ),
        false => failure,
    })?;
    let outcome = network.follow(args.blocks, &stop);
    network.dismiss();
    let outcome = outcome.and_then(|()| network.conclude(&cast, json));
    let clean = network.stop();
    outcome?;
    if clean { Ok(()) } else { Err(Failure::internal("a process had to be killed; see its log")) }
}

/// An error if the port is another's: the node would say so, but in its log.
fn free(port: u16) -> Result<(), Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(|error| {
        let problem = format!("cannot serve on port {port}: {error}");
        Failure::config(
            problem,
            "choose another with --port (0: any free one), or stop what uses it",
        )
    })
}

fn print_summary(summary: &serde_json::Value, json: bool) -> Result<(), Failure> {
    if json {
        out!("{}", serde_json::to_string(summary).map_err(Failure::internal)?)?;
    } else {
        out!("{}", words::summary(summary))?;
    }
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
    events: Receiver<EventRecord>,
    /// False once a process had to be killed.
    clean: bool,
    tally: Tally,
    narrator: Narrator,
    view: View,
    /// What happened up to here was told when it happened.
    told: Height,
}

impl Network {
    fn start(
        folder: &Path,
        setup: &Setup,
        cast: &[Participant],
        args: &UpArgs,
        groups: &Groups,
    ) -> Result<Network, Failure> {
        let logs = folder.join("logs");
        let place = Place { logs: &logs, groups };
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
            "--begin-on-input".to_owned(),
        ];
        node_args.extend(args.instant.then(|| "--instant".to_owned()));
        node_args.extend(setup.sets.iter().map(|set| format!("--set={set}")));
        if let Some(height) = args.blocks {
            node_args.extend(["--halt-at".to_owned(), height.to_string()]);
        }
        let is_new = !Store::is_at(&folder.join("node"));
        let mut node = Member::start("node", &node_args, place)?;
        let heard = node.hear()?;
        let client = Client::new(&heard);
        let told = if is_new { Height::ZERO } else { client.head()?.height };
        let mut others = Vec::new();
        for member in cast.iter().filter(|member| takes_part(member, args.instant)) {
            let args = member_args(folder, setup, member, &heard)?;
            others.push(Member::start(member.name, &args, place)?);
        }
        // Deadlines count blocks: there are none until everybody is there to keep them.
        others.iter_mut().try_for_each(|other| other.hear().map(drop))?;
        let programs = earnest_worker::guests::all().map(|guest| {
            let digest = earnest_worker::requester::program_digest(guest.module);
            (digest, guest.name.to_owned())
        });
        let mut narrator = Narrator::new(Clock::of(&client, &client.network()?), programs);
        let mut liars = BTreeSet::new();
        for member in cast {
            let account = client.account(&member.address)?;
            narrator.name_account(account.id, member.name);
            if member.behaviour == Behaviour::Lazy {
                liars.insert(account.id);
                narrator.name_liar(account.id);
            }
        }
        let view = View::new(&args.view);
        for line in heading(&heard, folder, cast, told) {
            view.head(&line)?;
        }
        let events = listen(&client);
        node.tell()?;
        let tally = Tally::new(liars);
        Ok(Network { client, node, others, events, clean: true, tally, narrator, view, told })
    }

    /// Tells what happens until `height`, an interrupt, or a process that dies.
    fn follow(&mut self, height: Option<u64>, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
        let mut idle = 0;
        while !stop.load(Ordering::SeqCst) {
            match self.events.recv_timeout(Duration::from_millis(100)) {
                Ok(event) => {
                    idle = 0;
                    self.tell(&event)?;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => idle += 1,
            }
            self.check()?;
            self.stand()?;
            if idle % SILENCE == 0 {
                self.has_room()?;
            }
            // At the last height, a moment of silence says that every event has come.
            let Some(height) = height else { continue };
            if idle >= 5 && self.client.head()?.height.count() >= height {
                break;
            }
        }
        Ok(())
    }

    /// Tells what is left to tell up to the height of now, and sums up.
    fn conclude(&mut self, cast: &[Participant], json: bool) -> Result<(), Failure> {
        let height = self.client.head()?.height;
        let deadline = Instant::now() + CATCH_UP;
        let mut reached = false;
        while !reached && Instant::now() < deadline {
            // A moment of silence says that the last blocks had no events.
            let Ok(event) = self.events.recv_timeout(Duration::from_millis(500)) else { break };
            reached = height < event.height;
            self.tell(&event)?;
        }
        self.view.close()?;
        print_summary(&summary::summary(&self.client, cast, &self.tally)?, json)
    }

    /// An error if anybody ended by itself.
    fn check(&mut self) -> Result<(), Failure> {
        self.node.check()?;
        self.others.iter_mut().try_for_each(Member::check)
    }

    /// An error if the disk is full: then no block comes, and nobody would know why.
    fn has_room(&self) -> Result<(), Failure> {
        // A node that is busy is asked again.
        let Ok(storage) = self.client.storage() else { return Ok(()) };
        if storage.room != BlockRoom::Full {
            return Ok(());
        }
        let detail = format!(
            "the disk is full: {} are free, too few for another block after {}",
            crate::text::bytes(storage.free_bytes),
            storage.height
        );
        let hint = "make room and start it again: nothing is lost, and it goes on from there";
        Err(Failure::new(Status::Config, "disk-full", detail, hint))
    }

    fn tell(&mut self, event: &EventRecord) -> Result<(), Failure> {
        self.tally.note(event);
        let line = self.narrator.line(event);
        if event.height <= self.told {
            return Ok(());
        }
        line.map_or(Ok(()), |line| self.view.tell(&line))?;
        self.view.stand(self.narrator.status())
    }

    /// Shows where the network stands, on a terminal, although nothing is to be told.
    fn stand(&mut self) -> Result<(), Failure> {
        if self.view.has_status()
            && let Ok(head) = self.client.head()
        {
            self.narrator.reach(head.height);
            self.view.stand(self.narrator.status())?;
        }
        Ok(())
    }

    /// Stops everybody but the node.
    fn dismiss(&mut self) {
        for member in &mut self.others {
            member.ask_to_stop();
        }
        for member in self.others.drain(..) {
            self.clean &= member.stop();
        }
    }

    /// Stops the node; true if nobody had to be killed.
    fn stop(mut self) -> bool {
        // Whoever does not watch any more has said so before.
        let _ = self.view.close();
        self.node.stop() && self.clean
    }
}

/// True if a process of its own acts for it: in an instant network for nobody who cheats, nor for
/// who posts jobs, or there would always be something to do.
fn takes_part(member: &Participant, instant: bool) -> bool {
    let is_quiet = member.role != PlanRole::Requester && member.behaviour == Behaviour::Honest;
    member.role.has_process() && (is_quiet || !instant)
}

/// The events of a network from its beginning.
fn listen(client: &Client) -> Receiver<EventRecord> {
    let (send, receive) = mpsc::sync_channel::<EventRecord>(1_024);
    let events = client.events(Some(EventId::START), &[]);
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
    receive
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

/// What a person needs to know to use the network: where it is, and whose keys have money.
fn heading(node: &str, folder: &Path, cast: &[Participant], told: Height) -> Vec<String> {
    let mut lines = vec![
        "earnest: a development network, its keys are known to everybody".to_owned(),
        format!("  API     {node}/v1/network"),
        format!("  data    {}", folder.display()),
        format!("  keys    {}", folder.join("keys/NAME").display()),
        format!("          their password: {}", password_file(folder).display()),
    ];
    for member in cast {
        let what = match member.behaviour {
            Behaviour::Honest => member.role.name().to_owned(),
            Behaviour::Lazy => "lazy provider".to_owned(),
            Behaviour::Silent => "silent provider".to_owned(),
        };
        let free = member.balance.saturating_sub(member.bond);
        let (name, address) = (member.name, member.address);
        let (free, bond) = (money::show(free), money::show(member.bond));
        let bonded = if member.bond.is_zero() { String::new() } else { format!(", {bond} bonded") };
        lines.push(format!("  {name:<7} {address}  {what}"));
        lines.push(format!("          began with {free} tokens free{bonded}"));
    }
    lines.push("  money   earnest faucet ACCOUNT TOKENS".to_owned());
    if told > Height::ZERO {
        lines.push(format!("  going on after height {told}"));
    }
    lines.push("  height  what happens".to_owned());
    lines
}
