//! A node without threads and sockets: each thing that it does is done when its owner says so.
//!
//! It is the replica that runs behind HTTP, with the same store, log, waiting room and upkeep; only
//! the waiting between blocks and the edge are left out. What happens is then a function of the
//! calls, of the disk below and of the clock that was given.
//! Not here: when to do what (its owner), serving others (`node`, `http`).

use earnest_api::{Problem, Receipt, SignedTransaction};
use earnest_protocol::{Digest, Height, State};

use crate::{
    blobs::BlobError,
    boot::Notice,
    clock::Clock,
    config::NodeConfig,
    http,
    node::{StartError, Stopper, prepare},
    replica::{Halt, Replica},
    shared::{Head, Poisoned},
};

/// A node whose owner makes its blocks.
#[derive(Debug)]
pub struct SteppedNode {
    replica: Replica,
    notices: Vec<Notice>,
    /// Kept, so that the replica is not told that nobody can stop it.
    _stopper: Stopper,
}

impl SteppedNode {
    /// Opens a data directory, as a start does, and gets room for the first block.
    ///
    /// # Errors
    /// Why it cannot start; or why it stopped at once.
    pub fn start(config: NodeConfig, clock: Clock) -> Result<SteppedNode, SteppedError> {
        let (mut replica, stopper, notices) = prepare(config, clock)?;
        replica.begin()?;
        Ok(SteppedNode { replica, notices, _stopper: stopper })
    }

    /// What the start had to say.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What was published last: whoever asks may have been told of this height, and of no later.
    pub fn head(&self) -> Head {
        self.replica.shared.head()
    }

    /// The hash of the block that was published last; the network's name before the first.
    pub fn tip(&self) -> Digest {
        self.replica.log.tip()
    }

    /// Hands in a transaction, as HTTP does.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn submit(&self, signed: SignedTransaction) -> Result<Receipt, Box<Problem>> {
        http::admit(&self.replica.shared, signed)
    }

    /// Stores a blob, as HTTP does once the bytes are there.
    ///
    /// # Errors
    /// Why it was not stored.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        self.replica.shared.blobs.put(bytes)
    }

    /// The bytes of a blob; none if it is not there.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BlobError> {
        self.replica.shared.blobs.read(digest)
    }

    /// Makes a block of what waits, and then what is due after it. False if there is no room for a
    /// block.
    ///
    /// # Errors
    /// Why the node has to stop; what [`head`](SteppedNode::head) says holds all the same.
    pub fn step(&mut self) -> Result<bool, Halt> {
        self.replica.step(None)
    }

    /// Reads the state that is published.
    ///
    /// # Errors
    /// If a panic was caught while it was changed.
    pub fn read<T>(&self, with: impl FnOnce(&State) -> T) -> Result<T, Halt> {
        let state = self.replica.shared.state().map_err(|Poisoned| Halt::Poisoned)?;
        Ok(with(&state))
    }

    /// Ends as a node that is told to stop does.
    ///
    /// # Errors
    /// Why it could not end well.
    pub fn stop(mut self) -> Result<Height, Halt> {
        self.replica.end()?;
        Ok(self.head().height)
    }
}

/// Why a stepped node is not there.
#[derive(Debug, thiserror::Error)]
pub enum SteppedError {
    /// It cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It stopped before its first block.
    #[error(transparent)]
    Halt(#[from] Halt),
}
