//! The daemon: follows the ledger and makes each due move, until it is told to stop.
//!
//! Law: a pass depends on the ledger and the journal alone, so a pass that is cut off is made
//! again; a refused command is logged and never ends the daemon; jobs run beside the loop, so
//! that no deadline waits for a computation.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    time::{Duration, Instant},
};

use earnest_api::{Client, JobView, Refusal, Session};
use earnest_keys::Signer;
use earnest_protocol::{Blocks, Digest, Height, JobId, Role};
use tracing::{info, warn};

use crate::{
    chain::{Chain, ChainError},
    executions::Executions,
    outputs::Answered,
    pace::{Paces, Untimed},
    results::Results,
    sandbox::RunnerCommand,
    tidings::{Tidings, standing},
};

/// How often the ledger is looked at when nothing is heard of it.
const PULSE: Duration = Duration::from_millis(1_000);
/// The shortest time between two passes.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a daemon waits for a node that does not answer, before it asks again.
const NODE_PATIENCE: Duration = Duration::from_millis(500);
/// How often it asks at its start: for a minute.
const PATIENT_TRIES: u32 = 120;

/// What every daemon needs.
pub struct Setup {
    /// The node.
    pub node: String,
    /// Whose daemon this is.
    pub signer: Signer,
    /// The account that the key acts for, if that is not its own.
    pub account: Option<earnest_protocol::Address>,
    /// Where it remembers.
    pub data: PathBuf,
    /// How jobs are run.
    pub runner: RunnerCommand,
    /// Raised to stop.
    pub stop: Arc<AtomicBool>,
    /// Called once, when the daemon has looked at the ledger and made every move that was due.
    pub ready: fn(),
}

/// What a role does with a job that concerns it, or might.
pub(crate) trait Duty {
    /// The bond that it needs, if it needs one.
    const ROLE: Option<Role>;

    /// Makes the next due move about one open job.
    fn attend(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError>;

    /// Does what concerns no job in particular, once a pass.
    fn round(&mut self, _work: &mut Work, _open: &[JobId]) -> Result<(), ChainError> {
        Ok(())
    }
}

/// What a duty works with.
pub(crate) struct Work {
    pub(crate) chain: Chain,
    pub(crate) executions: Executions,
    pub(crate) paces: Paces,
    pub(crate) runner: RunnerCommand,
    /// Jobs whose programs are too slow, as was said.
    declined: BTreeSet<JobId>,
    /// Jobs that wait for their programs to be timed.
    untimed: Untimed,
    sent: Vec<Sent>,
    /// What the rules refused lately: each try costs a fee.
    refused: Vec<Refused>,
    /// Outputs of open jobs that were looked for and not there, since which height, and how much of
    /// them was not.
    missed: BTreeMap<JobId, (Height, usize)>,
    /// Of those that were asked for on the ledger, what was answered.
    pub(crate) answered: BTreeMap<JobId, Answered>,
}

impl Work {
    pub(crate) fn new(chain: Chain, runner: RunnerCommand, results: Results) -> Work {
        let (sent, refused) = (Vec::new(), Vec::new());
        let (executions, paces) = (Executions::new(results), Paces::default());
        let (declined, untimed) = (BTreeSet::new(), Untimed::default());
        let (missed, answered) = (BTreeMap::new(), BTreeMap::new());
        Work {
            chain,
            executions,
            paces,
            runner,
            declined,
            untimed,
            sent,
            refused,
            missed,
            answered,
        }
    }

    /// True if so many parts of a job's output have been missing for some blocks: who revealed it
    /// sends them after the reveal, and needs a moment for each.
    ///
    /// # Errors
    /// If the node does not answer.
    pub(crate) fn is_overdue(
        &mut self,
        job: JobId,
        (parts, is_large): (usize, bool),
    ) -> Result<bool, ChainError> {
        let patience = if is_large { CHUNKS_DELIVERY } else { DELIVERY };
        let now = self.chain.client().head()?.height;
        let entry = self.missed.entry(job).or_insert((now, parts));
        if entry.1 != parts {
            *entry = (now, parts);
        }
        Ok(now.since(entry.0) >= patience)
    }

    /// How many hundredths of the time that its gas declares a job's program takes here. None while
    /// that is being tried, and of programs that are too slow, which is said once a job.
    ///
    /// # Errors
    /// If the node does not give the program or its input.
    pub(crate) fn percent_of_time(&mut self, job: &JobView) -> Result<Option<u64>, ChainError> {
        let Work { chain, paces, runner, .. } = self;
        let Some(pace) = paces.get(&job.terms.task, chain, runner)? else {
            self.untimed.waits(job.id);
            return Ok(None);
        };
        self.untimed.is_timed(job.id);
        let percent = pace.percent();
        if percent.is_none() && self.declined.insert(job.id) {
            warn!("job {}: declined, {pace}", job.id);
        }
        Ok(percent)
    }

    /// The salt of this account's seal about a job: the same after any crash (M29), as long as the
    /// same key acts for it.
    pub(crate) fn salt(&self, purpose: &str, job: JobId) -> Digest {
        let session = self.chain.session();
        let (network, job) = (session.network(), job.raw().to_le_bytes());
        let own = [network.0.as_slice(), job.as_slice()];
        match session.on_behalf_of() {
            None => session.signer().derive(purpose, &own),
            Some(account) => {
                session.signer().derive(purpose, &[own[0], own[1], account.0.as_slice()])
            }
        }
    }

    /// Sends a command, unless the very same one is on its way or was refused a moment ago; true
    /// if it was sent now.
    ///
    /// Nobody waits for a block here: what became of it is looked at before the next pass.
    pub(crate) fn send(&mut self, command: earnest_protocol::Command) -> Result<bool, ChainError> {
        self.send_as(command, Hands::One)
    }

    /// The same, of a move that another program of this account may make at the same time: its
    /// requester's daemon and a person at the command line. That it is refused is told only if it
    /// is due all the same; else the other was first, and nothing is wrong.
    ///
    /// # Errors
    /// If the node does not take it.
    pub(crate) fn send_if_first(
        &mut self,
        command: earnest_protocol::Command,
    ) -> Result<bool, ChainError> {
        self.send_as(command, Hands::Several)
    }

    fn send_as(
        &mut self,
        command: earnest_protocol::Command,
        hands: Hands,
    ) -> Result<bool, ChainError> {
        let key = key(&command);
        self.refused.retain(|refused| refused.at.elapsed() < REFUSAL_STANDS);
        if let Some(refused) = self.refused.iter_mut().find(|refused| refused.key == key) {
            if let Some(refusal) = refused.untold.take() {
                warn!("refused: {refusal}");
            }
            return Ok(false);
        }
        if self.sent.iter().any(|sent| sent.key == key) {
            return Ok(false);
        }
        let hash = self.chain.submit(command)?;
        self.sent.push(Sent { key, hash, at: Instant::now(), hands });
        Ok(true)
    }

    /// True if `command` is on its way: what is costly to find out for it need not be again.
    pub(crate) fn is_sent(&self, command: &earnest_protocol::Command) -> bool {
        let key = key(command);
        self.sent.iter().any(|sent| sent.key == key)
    }

    /// Looks what became of the commands on their way; a refusal is logged, not an error.
    pub(crate) fn settle_sent(&mut self) -> Result<(), ChainError> {
        let mut waiting = Vec::new();
        for sent in std::mem::take(&mut self.sent) {
            let receipt = match self.chain.client().transaction(&sent.hash) {
                Ok(receipt) => receipt,
                Err(error) if error.is_not_found() => {
                    self.chain.resync();
                    continue;
                }
                Err(error) => {
                    waiting.push(sent);
                    self.sent = waiting;
                    return Err(error.into());
                }
            };
            match receipt.refusal {
                Some(refusal) => {
                    let untold = match sent.hands {
                        Hands::Several => Some(refusal),
                        Hands::One => {
                            warn!("refused: {refusal}");
                            if refusal.is(AUDIT_CAPACITY_EXCEEDED) {
                                continue;
                            }
                            None
                        }
                    };
                    self.refused.push(Refused { key: sent.key, at: Instant::now(), untold });
                }
                None if receipt.height.is_some() => {}
                None if sent.at.elapsed() < LOST_AFTER => waiting.push(sent),
                None => self.chain.resync(),
            }
        }
        self.sent = waiting;
        Ok(())
    }
}

/// Who makes a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hands {
    /// This program alone.
    One,
    /// Any program of this account.
    Several,
}

/// A command on its way.
struct Sent {
    key: [u8; 32],
    hash: Digest,
    at: Instant,
    hands: Hands,
}

/// A command that was refused.
struct Refused {
    key: [u8; 32],
    at: Instant,
    /// Why, if that is told only to whoever still has reason to make the move.
    untold: Option<Refusal>,
}

/// Equal commands have equal keys.
fn key(command: &earnest_protocol::Command) -> [u8; 32] {
    let bytes = postcard::to_stdvec(command).expect("a command encodes into memory");
    *blake3::hash(&bytes).as_bytes()
}

/// What is refused now and may be accepted in the next block: other jobs' audits end.
pub(crate) const AUDIT_CAPACITY_EXCEEDED: &str = "accept-job/audit-capacity-exceeded";
/// Blocks that an output may take to arrive after its reveal.
const DELIVERY: Blocks = Blocks::new(3);
/// Blocks that some more chunks of a large one may take.
const CHUNKS_DELIVERY: Blocks = Blocks::new(10);
/// When a command that is in no block is given up and may be sent again.
const LOST_AFTER: Duration = Duration::from_secs(15);
/// How long a refusal is taken as the answer to the same command.
const REFUSAL_STANDS: Duration = Duration::from_secs(10);

/// Runs a daemon until its stop flag is raised.
///
/// # Errors
/// If the account does not exist, or has not authorised the key ([`ChainError`]), or its folder
/// cannot be written; anything else is waited out.
pub(crate) fn run<D: Duty>(setup: Setup, mut duty: D) -> Result<(), Box<dyn std::error::Error>> {
    let Setup { node, signer, account, data, stop, runner, ready } = setup;
    let results = Results::open(&data)?;
    let client = Client::new(&node);
    let Some(_) = patiently(&stop, || client.head())? else { return Ok(()) };
    let session = Session::open_for(client.clone(), signer, account).map_err(ChainError::from)?;
    let chain = Chain::open(session)?;
    // Early: what happens before it hears is seen by the first look, and told by nobody.
    let heard = listen(&client, &stop, Tidings::of(chain.me));
    let mut work = Work::new(chain, runner, results);
    let mut ready = Some(ready);
    while !stop.load(Ordering::SeqCst) {
        if let Err(error) = pass(&mut work, &mut duty) {
            warn!("{error}");
            std::thread::sleep(NODE_PATIENCE);
        }
        if let Some(tell) = ready.take() {
            match D::ROLE.map(|role| standing(&work.chain, role)) {
                None => info!("ready"),
                Some(Ok(standing)) if standing.works => info!("ready: {}", standing.said),
                Some(Ok(standing)) => warn!("ready, but idle: {}", standing.said),
                Some(Err(error)) => warn!("ready; where it stands is not known: {error}"),
            }
            tell();
        }
        wait(&heard, &work, &stop);
    }
    Ok(())
}

/// One look at every open job.
fn pass(work: &mut Work, duty: &mut impl Duty) -> Result<(), ChainError> {
    work.settle_sent()?;
    let open = work.chain.open_jobs()?;
    work.executions.begin_pass(&open);
    work.untimed.begin_pass();
    work.declined.retain(|job| open.binary_search(job).is_ok());
    work.missed.retain(|job, _| open.binary_search(job).is_ok());
    work.answered.retain(|job, _| open.binary_search(job).is_ok());
    for id in &open {
        let job = match work.chain.job(*id) {
            Ok(job) => job,
            Err(ChainError::Node(error)) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        if let Err(error) = duty.attend(work, &job) {
            warn!("job {id}: {error}");
            // It was not heard whether its execution is needed.
            work.executions.keep(*id);
            work.untimed.keep(*id);
        }
    }
    work.executions.end_pass();
    work.untimed.end_pass();
    duty.round(work, &open)
}

/// Tries until the node answers; none if it is to stop first.
fn patiently<T, E>(
    stop: &AtomicBool,
    mut ask: impl FnMut() -> Result<T, E>,
) -> Result<Option<T>, ChainError>
where
    ChainError: From<E>,
{
    for tried in 0..PATIENT_TRIES {
        if stop.load(Ordering::SeqCst) {
            return Ok(None);
        }
        match ask().map_err(ChainError::from) {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) if tried == 0 => warn!("{error}; trying for a minute"),
            Err(_) => {}
        }
        std::thread::sleep(NODE_PATIENCE);
    }
    ask().map(Some).map_err(ChainError::from)
}

/// A signal for every batch of events; those that concern the account are told.
fn listen(client: &Client, stop: &Arc<AtomicBool>, mut tidings: Tidings) -> Receiver<()> {
    let (send, heard) = sync_channel(1);
    let (client, stop) = (client.clone(), Arc::clone(stop));
    std::thread::spawn(move || {
        for event in client.events(None, &[]) {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            match event {
                Ok(record) => {
                    tidings.tell(&record.event);
                    // A full channel holds a signal already.
                    _ = send.try_send(());
                }
                Err(_) => std::thread::sleep(NODE_PATIENCE),
            }
        }
    });
    heard
}

/// Waits for an event, a finished execution, or a pulse.
fn wait(heard: &Receiver<()>, work: &Work, stop: &AtomicBool) {
    std::thread::sleep(PAUSE);
    let mut waited = Duration::ZERO;
    let any_finished = || work.executions.any_finished() || work.paces.any_finished();
    while waited < PULSE && !stop.load(Ordering::SeqCst) && !any_finished() {
        match heard.recv_timeout(Duration::from_millis(50)) {
            Ok(()) => return,
            Err(RecvTimeoutError::Timeout) => waited += Duration::from_millis(50),
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_millis(50));
                waited += Duration::from_millis(50);
            }
        }
    }
}
