//! A life: runs of one node, from nothing, with what befalls them.
//!
//! ```text
//!   make the store ──► start ──► steps ──► stop | kill | power cut ──► start ──► …
//!                        │                       bits flip ▲
//!                        └ refuses: only for an injected fault, and never for good
//! ```
//!
//! Law: what happens is a function of the seed alone.
//! Not here: what a disk does (`disk`), what must hold (`witness`).

use std::{
    error::Error,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use earnest_node::{
    Clock, Halt, Limits, NodeConfig, Phase, Retention, SetClock, SteppedNode, Store,
    blobs::BlobError, log::LogError,
};

use crate::{
    disk::{Cut, Disk, Fault, Plan},
    draws::Draws,
    network::{self, BEGAN_MS, Network},
    witness::{self, Witness},
};

/// Bytes of a disk that is never full.
const PLENTY: u64 = 4 << 20;
/// How often a start is tried before it counts as refused for good.
const STARTS_MAX: u64 = 8;
/// Where the node's directory is.
const DIR: &str = "/node";

/// What a life had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Starts that succeeded.
    pub starts: u64,
    /// Blocks that were acknowledged.
    pub blocks: u64,
    /// Power cuts.
    pub cuts: u64,
    /// Kills.
    pub kills: u64,
    /// Operations of the disk that failed.
    pub failures: u64,
    /// Starts that refused for a fault, and said so.
    pub refusals: u64,
    /// Times a full disk stopped the making of blocks.
    pub full: u64,
    /// Bits that were turned over.
    pub flips: u64,
    /// Blobs that were stored.
    pub blobs: u64,
    /// Operations that changed the disk.
    pub operations: u64,
}

impl Life {
    /// The sums of two.
    #[must_use]
    pub fn and(self, other: Life) -> Life {
        Life {
            starts: self.starts.saturating_add(other.starts),
            blocks: self.blocks.saturating_add(other.blocks),
            cuts: self.cuts.saturating_add(other.cuts),
            kills: self.kills.saturating_add(other.kills),
            failures: self.failures.saturating_add(other.failures),
            refusals: self.refusals.saturating_add(other.refusals),
            full: self.full.saturating_add(other.full),
            flips: self.flips.saturating_add(other.flips),
            blobs: self.blobs.saturating_add(other.blobs),
            operations: self.operations.saturating_add(other.operations),
        }
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose life.
    pub seed: u64,
    /// What is wrong.
    pub what: String,
    /// What happened before, in order.
    pub trace: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        write!(f, "the same again: cargo xtask world --seeds 1 --seed {}", self.seed)
    }
}

/// Lives the life of a seed.
///
/// # Errors
/// What was found.
pub fn live(seed: u64) -> Result<Life, Box<Finding>> {
    let mut world = World::of(seed);
    let disk = world.disk.clone();
    let lived = catch_unwind(AssertUnwindSafe(|| disk.under(|| world.run())));
    let what = match lived {
        Ok(Ok(())) => return Ok(world.told()),
        Ok(Err(what)) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
            format!("a panic: {}", text.unwrap_or_default())
        }
    };
    Err(Box::new(Finding { seed, what, trace: world.trace }))
}

struct World {
    draws: Draws,
    disk: Disk,
    network: Network,
    witness: Witness,
    clock: Arc<SetClock>,
    config: NodeConfig,
    is_without_hold: bool,
    /// A bit that was turned over in a file and is to be put right.
    flipped: Option<(PathBuf, u64)>,
    /// A blob whose upload failed.
    unstored: Option<Vec<u8>>,
    life: Life,
    trace: Vec<String>,
}

/// How a run goes on after something.
enum Next {
    On,
    /// The process is over.
    Ended,
}

impl World {
    fn of(seed: u64) -> World {
        let mut draws = Draws::new(seed);
        let network = Network::drawn(&mut draws);
        let witness = Witness::new(&network.genesis);
        let disk = Disk::new(draws.fork(), PLENTY);
        let clock = Arc::new(SetClock::default());
        clock.unix_ms.store(BEGAN_MS, Ordering::Relaxed);
        let config = NodeConfig {
            snapshot_blocks: draws.below(8).saturating_add(2),
            retention: if draws.once_in(2) { Retention::Archive } else { Retention::Pruned },
            check: earnest_node::Check::Snapshot,
            limits: Limits {
                block_bytes_max: 16 << 10,
                segment_bytes_max: draws.below(6_000).saturating_add(500),
                replay_bytes_max: draws.below(12_000),
                disk_floor_bytes: 16 << 10,
                ..Limits::default()
            },
            ..NodeConfig::new(DIR)
        };
        let is_without_hold = draws.once_in(3);
        World {
            draws,
            disk,
            network,
            witness,
            clock,
            config,
            is_without_hold,
            flipped: None,
            unstored: None,
            life: Life::default(),
            trace: Vec::new(),
        }
    }

    fn say(&mut self, line: String) {
        self.trace.push(line);
    }

    fn told(&self) -> Life {
        let tally = self.disk.tally();
        let (failures, operations) = (tally.failures, tally.operations);
        Life { blocks: self.witness.height(), failures, operations, ..self.life }
    }

    fn run(&mut self) -> Result<(), String> {
        self.create()?;
        for _ in 0..self.draws.below(6).saturating_add(3) {
            self.plan();
            if let Some(node) = self.start()? {
                self.steps(node)?;
            }
            if self.disk.tally().lost_flushes > 0 && self.draws.once_in(2) {
                break; // What is lost then may be refused for good.
            }
        }
        self.last_run()
    }

    /// At the end nothing fails any more, and there is room: the node must be well.
    fn last_run(&mut self) -> Result<(), String> {
        self.disk.resize(PLENTY);
        self.disk.end_run(Cut::Process);
        let Some(mut node) = self.start()? else {
            return if self.is_excused_for_good() {
                Ok(())
            } else {
                Err("it does not start although nothing fails any more".to_owned())
            };
        };
        self.tick();
        match node.step() {
            Ok(true) => {}
            other => return Err(format!("no block on a disk that has room: {other:?}")),
        }
        self.look(&node)?;
        Witness::check_dropped(&node, network::every_blob().map(|bytes| network::name_of(&bytes)))?;
        node.stop().map_err(|halt| format!("it does not stop well: {halt}"))?;
        Ok(())
    }

    /// Makes the data directory, again and again if that fails.
    fn create(&mut self) -> Result<(), String> {
        if self.draws.once_in(4) {
            let at = self.draws.below(40);
            let fault = self.fault();
            self.say(format!("making the store, {fault:?} at operation {at}"));
            self.disk.plan(Plan { fault: Some((at, fault)), ..self.calm() });
        } else {
            self.disk.plan(self.calm());
        }
        for _ in 0..3 {
            let dir = self.config.dir.clone();
            if Store::is_at(&dir) && !self.disk.is_off() {
                return Ok(());
            }
            match Store::create(&dir, &self.network.genesis, &self.network.secret) {
                Ok(()) => return Ok(()),
                Err(error) => self.say(format!("not made: {error}")),
            }
            let cut = self.cut();
            self.end(cut);
        }
        Err("the store cannot be made although nothing fails any more".to_owned())
    }

    fn calm(&self) -> Plan {
        Plan { is_without_hold: self.is_without_hold, ..Plan::default() }
    }

    fn fault(&mut self) -> Fault {
        if self.draws.once_in(4) { Fault::Failure } else { Fault::Off }
    }

    fn cut(&mut self) -> Cut {
        if self.draws.once_in(3) { Cut::Process } else { Cut::Power }
    }

    fn end(&mut self, cut: Cut) {
        self.say(format!("the run ends: {cut:?}"));
        match cut {
            Cut::Power => self.life.cuts = self.life.cuts.saturating_add(1),
            Cut::Process => self.life.kills = self.life.kills.saturating_add(1),
        }
        self.disk.end_run(cut);
    }

    /// What befalls the next run.
    fn plan(&mut self) {
        let mut plan = self.calm();
        if !self.draws.once_in(5) {
            let fault = (self.draws.below(100), self.fault());
            self.say(format!("{:?} at operation {}", fault.1, fault.0));
            plan.fault = Some(fault);
        }
        if self.draws.once_in(6) {
            plan.slow_ms = self.draws.below(400);
        }
        self.disk.plan(plan);
        if self.draws.once_in(6) {
            self.flip();
        }
    }

    /// Turns one bit of one file over.
    fn flip(&mut self) {
        let files = self.disk.files_below(&self.config.dir);
        if files.is_empty() {
            return; // A flush that failed had kept the folder's own name.
        }
        let path = files[self.draws.place(files.len())].clone();
        let is_ledger = !path.ends_with("lock") && !path.to_string_lossy().contains("/blobs/");
        let bits = self.disk.size(&path).unwrap_or(0).saturating_mul(8);
        let bit = self.draws.below(bits);
        if is_ledger && self.disk.flip(&path, bit) {
            self.say(format!("bit {bit} of {} turns over", path.display()));
            self.life.flips = self.life.flips.saturating_add(1);
            self.flipped = Some((path, bit));
        }
    }

    /// Starts the node; none if it refused, and may.
    fn start(&mut self) -> Result<Option<SteppedNode>, String> {
        for attempt in 0..STARTS_MAX {
            let before = self.disk.tally();
            let clock = Clock::Set(Arc::clone(&self.clock));
            let error = match SteppedNode::start(self.config.clone(), clock) {
                Ok(node) => return self.started(node, before.failures).map(Some),
                Err(error) => error,
            };
            self.say(format!("start refused: {error}"));
            let failed = self.disk.tally().failures > before.failures;
            if failed || self.disk.is_off() {
                let cut = self.cut();
                self.end(cut);
                self.plan_again(attempt);
            } else if is_full(&error) && self.disk.tally().full > before.full {
                self.say("the disk gets room".to_owned());
                self.disk.resize(PLENTY);
            } else if self.witness.height() == 0 && !Store::is_at(&self.config.dir) {
                // The power went before its making was on the disk, and nobody was told of a block.
                self.say("the store is made again".to_owned());
                self.create()?;
            } else if let Some((path, bit)) = self.flipped.take() {
                // Named; and once it is put right, nothing is the matter.
                self.life.refusals = self.life.refusals.saturating_add(1);
                self.say(format!("bit {bit} of {} is put right", path.display()));
                self.disk.flip(&path, bit);
            } else if self.is_excused_for_good() {
                self.life.refusals = self.life.refusals.saturating_add(1);
                return Ok(None);
            } else {
                return Err(format!("attempt {attempt} to start is refused: {error}"));
            }
        }
        Err("it does not start".to_owned())
    }

    /// A start after a fault may meet the next one, but not for ever.
    fn plan_again(&mut self, attempt: u64) {
        if attempt < STARTS_MAX / 2 && self.draws.once_in(2) {
            let fault = (self.draws.below(20), self.fault());
            self.say(format!("{:?} at operation {}", fault.1, fault.0));
            self.disk.plan(Plan { fault: Some(fault), ..self.calm() });
        }
    }

    /// After a flush that failed nobody knows what is on the disk: what was written then may be
    /// lost later, and the loss must be named.
    fn is_excused_for_good(&self) -> bool {
        self.disk.tally().lost_flushes > 0
    }

    fn started(&mut self, node: SteppedNode, failures: u64) -> Result<SteppedNode, String> {
        self.life.starts = self.life.starts.saturating_add(1);
        let head = node.head();
        self.say(format!("started at block {}", head.height));
        node.notices().iter().for_each(|notice| self.trace.push(format!("  {notice}")));
        self.witness.check_start(&node)?;
        // What a flush that failed had to keep may go, and is then known to be gone.
        if !self.is_excused_for_good() && !self.disk.is_off() {
            self.witness.check_blobs(&node)?;
        }
        // It may start at a block in which some have lapsed, before anybody pays for them again.
        self.witness.forget_unpaid(&node)?;
        self.witness.note(&node)?;
        if !self.disk.is_off() {
            // The removal of one that was begun at this very start may have failed.
            if self.disk.tally().failures == failures {
                Witness::check_drafts(&self.disk, &self.config.dir)?;
            }
            self.look(&node)?;
            let dir = self.config.dir.clone();
            let checked = self.disk.calmly(|| self.witness.check_log(&dir));
            if self.flipped.is_none() {
                checked?;
            }
        }
        // A bit that a start does not mind may yet matter to a later one.
        if let Some((path, bit)) = self.flipped.take() {
            self.disk.flip(&path, bit);
        }
        Ok(node)
    }

    /// Reads on in the log, and compares.
    fn look(&mut self, node: &SteppedNode) -> Result<(), String> {
        if self.disk.is_off() {
            return Ok(());
        }
        let dir = self.config.dir.clone();
        let followed = self.disk.calmly(|| self.witness.follow(&dir));
        match followed {
            Err(_) if self.flipped.is_some() => Ok(()),
            Err(error) => Err(format!("the log cannot be followed: {error}")),
            Ok(()) => self.witness.compare(node),
        }
    }

    fn steps(&mut self, mut node: SteppedNode) -> Result<(), String> {
        for _ in 0..self.draws.below(14).saturating_add(1) {
            self.tick();
            if self.draws.once_in(20) {
                let bytes = self.disk.used().saturating_add(self.draws.below(60_000));
                self.say(format!("the disk has {bytes} bytes from here on"));
                self.disk.resize(bytes);
            }
            self.send(&node)?;
            if let Next::Ended = self.step(&mut node)? {
                drop(node);
                let cut = self.cut();
                self.end(cut);
                return Ok(());
            }
        }
        self.finish(node)
    }

    /// Hands in transactions and now and then a blob.
    fn send(&mut self, node: &SteppedNode) -> Result<(), String> {
        let sent = node.read(|state| self.network.transactions(state, &mut self.draws));
        for signed in sent.map_err(|halt| halt.to_string())? {
            // Refusals are the rules' affair.
            let _ = node.submit(signed);
        }
        if self.draws.once_in(3) {
            self.store(node)?;
        }
        Ok(())
    }

    /// Stores a blob, if somebody pays for it.
    fn store(&mut self, node: &SteppedNode) -> Result<(), String> {
        // Whoever was not told that it is stored tries again, also after a restart.
        let bytes = self.unstored.take().unwrap_or_else(|| network::blob(&mut self.draws));
        let name = network::name_of(&bytes);
        let paid = node.read(witness::paid).map_err(|halt| halt.to_string())?;
        match node.put_blob(&bytes) {
            Ok(_) if !paid.contains(&name) => Err(format!("blob {name} was taken for nothing")),
            Ok(digest) => {
                self.say(format!("blob {digest} is stored"));
                self.life.blobs = self.life.blobs.saturating_add(1);
                self.witness.blobs.insert(digest, bytes);
                Ok(())
            }
            Err(BlobError::NotKept { .. }) if !paid.contains(&name) => Ok(()),
            Err(error) => {
                self.say(format!("a blob is not stored: {error}"));
                self.unstored = Some(bytes);
                let may_fail = match error {
                    BlobError::DiskFull { .. } => true,
                    BlobError::Io(_) => self.disk.tally().failures > 0,
                    _ => false,
                };
                if may_fail { Ok(()) } else { Err(format!("a blob was not stored: {error}")) }
            }
        }
    }

    fn step(&mut self, node: &mut SteppedNode) -> Result<Next, String> {
        let before = (node.head().height, self.disk.tally());
        let stepped = node.step();
        self.witness.note(node)?;
        self.witness.forget_unpaid(node)?;
        match stepped {
            Ok(true) => {
                self.look(node)?;
                Ok(Next::On)
            }
            Ok(false) => {
                self.life.full = self.life.full.saturating_add(1);
                if node.head().height != before.0 || node.head().phase != Phase::Full {
                    return Err(format!("no room, but the node says {:?}", node.head()));
                }
                if self.draws.once_in(2) {
                    self.say("full; the disk gets room".to_owned());
                    self.disk.resize(PLENTY);
                }
                Ok(Next::On)
            }
            Err(halt) => {
                self.say(format!("stopped after block {}: {halt}", node.head().height));
                let tally = self.disk.tally();
                let has_failed = self.disk.is_off() || tally.failures > before.1.failures;
                if has_failed && is_of_disk(&halt) {
                    Ok(Next::Ended)
                } else {
                    Err(format!("it stopped by itself: {halt}"))
                }
            }
        }
    }

    /// Ends a run to which nothing happened.
    fn finish(&mut self, node: SteppedNode) -> Result<(), String> {
        if !self.draws.once_in(3) {
            drop(node);
            let cut = self.cut();
            self.end(cut);
            return Ok(());
        }
        let before = self.disk.tally();
        match node.stop() {
            Ok(height) => self.say(format!("stopped at block {height}")),
            Err(_) if self.disk.is_off() || self.disk.tally().failures > before.failures => {}
            Err(halt) => return Err(format!("it does not stop well: {halt}")),
        }
        let cut = self.cut();
        self.end(cut);
        Ok(())
    }

    /// Time passes; now and then a clock jumps.
    fn tick(&mut self) {
        let passed = self.disk.take_time().saturating_add(1_000);
        self.clock.steady_ms.fetch_add(passed, Ordering::Relaxed);
        let mut now = self.clock.unix_ms.load(Ordering::Relaxed).saturating_add(passed);
        let hour = 3_600_000;
        match self.draws.below(40) {
            0 => now = now.saturating_sub(self.draws.below(10 * 365 * 24 * hour)),
            1 => now = now.saturating_add(self.draws.below(48 * hour)),
            _ => {}
        }
        self.clock.unix_ms.store(now, Ordering::Relaxed);
    }
}

/// True if the disk's failure is why the node stopped.
fn is_of_disk(halt: &Halt) -> bool {
    matches!(halt, Halt::Log(_) | Halt::Snapshot(_))
}

/// True if an error is that there is no room.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.into_iter().any(|error| {
        let io = error.downcast_ref::<io::Error>().is_some_and(earnest_durable::is_full);
        io || matches!(error.downcast_ref::<LogError>(), Some(LogError::NoRoom { .. }))
    })
}
