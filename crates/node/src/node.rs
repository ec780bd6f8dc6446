//! A node: a replica and its HTTP edge, started and stopped together.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use earnest_protocol::{Digest, Height, State};

use crate::{
    beacon::Beacon,
    blobs::Blobs,
    boot::{BootError, Notice, boot},
    clock::Clock,
    config::NodeConfig,
    http::{self, HttpServer},
    replica::{Control, Halt, Replica, panic_message},
    shared::{Phase, Shared},
    store::{Store, StoreError},
};

/// Messages to the replica that wait.
const CONTROLS_MAX: usize = 16;

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory does not check.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Pages cannot come from there.
    #[error(
        "`{0}` is nowhere that a web page comes from: write https://NAME or http://NAME:PORT, \
         without a path, or * for all pages"
    )]
    Origin(String),
    /// The system gave no thread, or no blob folder.
    #[error("the system refused: {0}")]
    System(io::Error),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> StartError {
        StartError::Boot(BootError::Store(error))
    }
}

/// The ledger node of a network with one operator.
#[derive(Debug)]
pub struct Node;

impl Node {
    /// Starts a node over a data directory: reads and checks it, then makes blocks and serves.
    ///
    /// # Errors
    /// Why not; see [`BootError`] for what is wrong with the directory and what to do.
    pub fn start(config: NodeConfig) -> Result<NodeHandle, StartError> {
        let (address, hosts) = (config.listen, config.allowed_hosts.clone());
        let origins = http::origins(&config.allowed_origins).map_err(StartError::Origin)?;
        let (replica, stopper, notices) = prepare(config, Clock::System)?;
        let shared = Arc::clone(&replica.shared);
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let http = http::serve(listener, Arc::clone(&shared), (hosts, origins))
            .map_err(StartError::System)?;
        let thread = thread::Builder::new().name("replica".into());
        let replica = thread.spawn(move || run(replica)).map_err(StartError::System)?;
        Ok(NodeHandle { address, shared, stopper, replica, http, notices })
    }
}

/// Reads a data directory and stands where it ends, before anything listens or makes blocks.
pub(crate) fn prepare(
    config: NodeConfig,
    clock: Clock,
) -> Result<(Replica, Stopper, Vec<Notice>), StartError> {
    let store = Store::open(&config.dir)?;
    let secret = store.beacon_secret()?;
    let booted = boot(&store, config.limits, config.repair)?;
    let log = booted.log.expect("`boot` opens the log");
    let blobs = Blobs::open(&config.dir, config.limits).map_err(StartError::System)?;
    blobs.begin(&booted.state);
    let mut notices = booted.notices;
    let room = booted.state.params().storage().room_kib().saturating_mul(1_024);
    let limit = config.limits.blobs_bytes_max;
    if limit < room {
        notices.push(Notice::BlobLimitBelowRoom { limit, room });
    }
    let genesis = store.genesis();
    let named = (store.network(), genesis.name.clone(), config.limits);
    let beacon = Beacon::new(secret, genesis.beacon.chain_blocks);
    let trial = booted.state.clone();
    let place = (config.dir.clone(), config.idle_block_time.max(config.block_time));
    let shared = Shared::new(named, place, blobs, (booted.state, booted.root), booted.history);
    let shared = Arc::new(shared);
    let (control, receiver) = sync_channel(CONTROLS_MAX);
    let replica = Replica {
        config,
        clock,
        shared,
        store,
        log,
        beacon,
        hold: None,
        snapshot_at: booted.snapshot,
        snapshot_full_at: None,
        trial,
        root: booted.root,
        control: receiver,
        made: Instant::now(),
    };
    Ok((replica, Stopper { control }, notices))
}

/// Runs a replica; a panic outside the rules is an end like any other.
fn run(replica: Replica) -> Result<Height, Halt> {
    let shared = Arc::clone(&replica.shared);
    catch_unwind(AssertUnwindSafe(|| replica.run())).unwrap_or_else(|panic| {
        let head = shared.head();
        shared.head.send_replace(crate::shared::Head { phase: Phase::Stopped, ..head });
        let height = Height::new(head.height.count().saturating_add(1));
        let message = panic_message(panic.as_ref());
        Err(Halt::Panicked { height, message, file: None })
    })
}

/// Asks a node to stop; may be given to a signal handler's thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    control: SyncSender<Control>,
}

impl Stopper {
    /// Asks; [`NodeHandle::wait`] returns when it is done. Asking again does nothing.
    pub fn stop(&self) {
        // Full or closed: it is stopping already.
        let _ = self.control.try_send(Control::Stop);
    }
}

/// A node that runs. Dropping it leaves the node running until the process ends.
#[derive(Debug)]
pub struct NodeHandle {
    address: SocketAddr,
    shared: Arc<Shared>,
    stopper: Stopper,
    replica: JoinHandle<Result<Height, Halt>>,
    http: HttpServer,
    notices: Vec<Notice>,
}

impl NodeHandle {
    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as clients name it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The network's name in signatures.
    pub fn network(&self) -> Digest {
        self.shared.network
    }

    /// What a person should know about this start.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The last block.
    pub fn height(&self) -> Height {
        self.shared.head().height
    }

    /// What the node is doing.
    pub fn phase(&self) -> Phase {
        self.shared.head().phase
    }

    /// The root of the state after it.
    pub fn root(&self) -> Digest {
        self.shared.head().root
    }

    /// Reads the state as it is after the last block; none if the node is at fault. No block is
    /// published meanwhile.
    pub fn read<T>(&self, with: impl FnOnce(&State) -> T) -> Option<T> {
        self.shared.state().ok().map(|state| with(&state))
    }

    /// Makes blocks from now on, if it was [to be told](crate::Begin::WhenTold).
    pub fn begin(&self) {
        // Full or closed: it is stopping.
        let _ = self.stopper.control.send(Control::Begin);
    }

    /// Makes a block now and returns its height; none if the node stopped or its disk is full.
    pub fn make_block(&self) -> Option<Height> {
        let (reply, made) = sync_channel(1);
        self.stopper.control.send(Control::MakeBlock(reply)).ok()?;
        made.recv().ok()
    }

    /// Something that can ask this node to stop.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// True if the node makes no more blocks; [`wait`](NodeHandle::wait) then says why.
    pub fn is_finished(&self) -> bool {
        self.replica.is_finished()
    }

    /// Waits until the node stops; returns the height of its last block.
    ///
    /// # Errors
    /// If it stopped because something is wrong.
    pub fn wait(self) -> Result<Height, Halt> {
        let ended = self.replica.join();
        self.http.stop();
        ended.unwrap_or(Err(Halt::Poisoned))
    }

    /// Stops: the block being made is finished, a snapshot written, connections closed.
    ///
    /// # Errors
    /// If it had stopped because something is wrong.
    pub fn stop(self) -> Result<Height, Halt> {
        // A full queue is emptied block by block, so this waits a little at most.
        let _ = self.stopper.control.send(Control::Stop);
        self.wait()
    }
}
