//! The witness: what was acknowledged, and a second state that follows the log by itself.
//!
//! Laws checked: whatever was acknowledged is in the log, with the hash and the root that it had; a
//! start stands at most one block beyond it; a replay of the same blocks that knows no fault gives
//! the same root; every law of the rules holds; no drafts are left; stored blobs are
//! whole while somebody pays for them, and gone some blocks later.
//! Not here: which faults excuse a start that refuses (`life`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use earnest_node::{
    NodeReferee, Repair, SteppedNode,
    log::{LogError, Reading, Record, Segments},
    replay,
};
use earnest_protocol::{Digest, Genesis, Height, State};

use crate::disk::Disk;

/// Every name that somebody pays for.
pub(crate) fn paid(state: &State) -> BTreeSet<Digest> {
    state.keeps().map(|(_, keep)| keep.root).collect()
}

/// What the node answers for.
#[derive(Debug)]
pub(crate) struct Witness {
    network: Digest,
    /// By height, the hash and the root of each block that was acknowledged.
    told: BTreeMap<u64, (Digest, Digest)>,
    state: State,
    root: Digest,
    tip: Digest,
    referee: NodeReferee,
    pub(crate) blobs: BTreeMap<Digest, Vec<u8>>,
}

/// A block that was read.
type Seen = (Height, Digest);

impl Witness {
    pub(crate) fn new(genesis: &Genesis) -> Witness {
        let state = State::new(genesis).expect("the genesis of a life keeps to the rules");
        let (network, mut state) = (genesis.network(), state);
        let root = state.root();
        Witness {
            network,
            told: BTreeMap::new(),
            state,
            root,
            tip: network,
            referee: NodeReferee::new(),
            blobs: BTreeMap::new(),
        }
    }

    /// The last height that anybody was told of.
    pub(crate) fn height(&self) -> u64 {
        self.told.keys().next_back().copied().unwrap_or(0)
    }

    /// Notes what the node has published.
    pub(crate) fn note(&mut self, node: &SteppedNode) -> Result<(), String> {
        let (head, tip) = (node.head(), node.tip());
        let height = head.height.count();
        if height == 0 {
            return Ok(());
        }
        let told = *self.told.entry(height).or_insert((tip, head.root));
        if told == (tip, head.root) {
            Ok(())
        } else {
            Err(format!("block {height} was published twice, as {told:?} and as {tip}"))
        }
    }

    /// Reads what the log has beyond what was read before, and carries it out.
    pub(crate) fn follow(&mut self, dir: &Path) -> Result<(), String> {
        let from = self.state.height();
        let blocks = records(dir, &self.network, from).map_err(|error| error.to_string())?;
        for Record { block, hash, .. } in blocks {
            if block.height() <= self.state.height() {
                continue;
            }
            let signers = replay::signers(&self.network, &block);
            let signers = signers.map_err(|error| error.to_string())?;
            let done =
                replay::carry_out(&mut self.state, &self.root, &block, &signers, &self.referee);
            self.root = done.map_err(|error| error.to_string())?.root;
            self.tip = hash;
        }
        Ok(())
    }

    /// Holds the node against what the witness has seen.
    pub(crate) fn compare(&self, node: &SteppedNode) -> Result<(), String> {
        let (head, tip) = (node.head(), node.tip());
        let mine = (self.state.height(), self.root, self.tip);
        if mine != (head.height, head.root, tip) {
            let (height, root) = (head.height, head.root);
            return Err(format!(
                "the node stands at block {height} ({tip}), root {root}; a replay without faults \
                 at {mine:?}"
            ));
        }
        let laws = node.read(State::check_invariants).map_err(|halt| halt.to_string())?;
        laws.map_err(|law| format!("a law does not hold: {law:?}"))
    }

    /// A start: nothing that was acknowledged is gone or changed.
    pub(crate) fn check_start(&self, node: &SteppedNode) -> Result<(), String> {
        let (height, told) = (node.head().height.count(), self.height());
        if height < told {
            return Err(format!("started at block {height}, but {told} was acknowledged"));
        }
        if height > told.saturating_add(1) {
            return Err(format!("started at block {height}, but only {told} were made"));
        }
        Ok(())
    }

    /// Who stored a blob is owed it as long as somebody pays for it.
    pub(crate) fn forget_unpaid(&mut self, node: &SteppedNode) -> Result<(), String> {
        let paid = node.read(paid).map_err(|halt| halt.to_string())?;
        self.blobs.retain(|name, _| paid.contains(name));
        Ok(())
    }

    /// On a calm disk nothing stays that nobody pays for.
    pub(crate) fn check_dropped(
        node: &SteppedNode,
        names: impl Iterator<Item = Digest>,
    ) -> Result<(), String> {
        let paid = node.read(paid).map_err(|halt| halt.to_string())?;
        for name in names.filter(|name| !paid.contains(name)) {
            if !matches!(node.blob(&name), Ok(None)) {
                return Err(format!("blob {name} stays, and nobody pays for it"));
            }
        }
        Ok(())
    }

    /// Every blob that was stored and is paid for is there.
    pub(crate) fn check_blobs(&self, node: &SteppedNode) -> Result<(), String> {
        for (digest, bytes) in &self.blobs {
            match node.blob(digest) {
                Ok(Some(read)) if read == *bytes => {}
                other => return Err(format!("blob {digest} was stored, and now: {other:?}")),
            }
        }
        Ok(())
    }

    /// Every block of the log is the one that was acknowledged at its height.
    pub(crate) fn check_log(&self, dir: &Path) -> Result<(), String> {
        let blocks =
            records(dir, &self.network, Height::ZERO).map_err(|error| error.to_string())?;
        let seen: Vec<Seen> =
            blocks.iter().map(|record| (record.block.height(), record.hash)).collect();
        for (height, hash) in &seen {
            let told = self.told.get(&height.count());
            if told.is_some_and(|(told, _)| told != hash) {
                return Err(format!("block {height} is {hash}, but {told:?} was acknowledged"));
            }
        }
        let last = seen.last().map_or(0, |(height, _)| height.count());
        if last < self.height() && !seen.is_empty() {
            return Err(format!("the log ends at {last}, {} was acknowledged", self.height()));
        }
        Ok(())
    }

    /// No drafts are left.
    pub(crate) fn check_drafts(disk: &Disk, dir: &Path) -> Result<(), String> {
        let files = disk.files_below(dir);
        match files.iter().find(|path| earnest_durable::is_draft(path)) {
            Some(draft) => Err(format!("{} is left", draft.display())),
            None => Ok(()),
        }
    }
}

/// The blocks of the log from the segment of a height on.
fn records(dir: &Path, network: &Digest, from: Height) -> Result<Vec<Record>, LogError> {
    let segments = Segments::find(dir, network)?;
    let mut records = Vec::new();
    Reading::of(segments, from, Repair::Refuse, |record| {
        records.push(record);
        Ok::<_, LogError>(())
    })?;
    Ok(records)
}
