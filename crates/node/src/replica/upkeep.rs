//! Upkeep of the disk between blocks: room for the next one, snapshots, pruning.
//!
//! Laws: without room for the largest block no block is made and no transaction taken, so that
//! nobody's deadline passes while nobody can act; the node goes on by itself when there is room.
//! A snapshot that finds the disk full is put off, and never stops the node. Segments are removed
//! only behind two snapshots that were read again and check.
//! Not here: how room is held and segments removed (`log`).

use earnest_api::{BlockRetention, BlockRoom, StorageView};
use earnest_durable::Hold;
use earnest_protocol::Height;

use super::{Halt, Replica};
use crate::{
    config::{Check, Retention},
    log::LogError,
    shared::{Head, Phase},
    snapshot,
};

impl Replica {
    /// Gets room for the next block. Without it the node says that its disk is full, and takes no
    /// transactions until it has.
    pub(super) fn has_room(&mut self) -> Result<bool, Halt> {
        let block = self.config.limits.encoded_block_bytes_max();
        let mut room = self.log.make_room(block.saturating_add(self.draft_bytes()));
        if matches!(room, Err(LogError::NoRoom { .. })) {
            self.free_room()?;
            room = self.log.make_room(block);
        }
        let phase = match room {
            Ok(_) => Phase::Running,
            Err(LogError::NoRoom { .. }) => Phase::Full,
            Err(error) => return Err(error.into()),
        };
        let head = self.shared.head();
        if head.phase != phase {
            self.shared.head.send_replace(Head { phase, ..head });
        }
        self.hold = room.ok();
        self.show_storage();
        Ok(phase == Phase::Running)
    }

    /// Room that is held for the draft of a snapshot, behind which segments can be removed.
    fn draft_bytes(&self) -> u64 {
        match self.config.retention {
            Retention::Archive => 0,
            Retention::Pruned => {
                let latest = snapshot::latest_bytes(&self.store.snapshots());
                latest.saturating_add(latest / 4)
            }
        }
    }

    /// Writes a snapshot into the room that was held for it, and removes what is behind.
    fn free_room(&mut self) -> Result<(), Halt> {
        let is_of_use = self.config.retention == Retention::Pruned
            && self.trial.height() > self.snapshot_at
            && self.may_try_snapshot();
        if is_of_use {
            self.log.give_back()?;
            self.snapshot()?;
        }
        Ok(())
    }

    pub(super) fn is_snapshot_due(&self) -> bool {
        let since = self.trial.height().since(self.snapshot_at).count();
        since >= self.config.snapshot_blocks.max(1) && self.may_try_snapshot()
    }

    /// False for some blocks after a snapshot found the disk full.
    fn may_try_snapshot(&self) -> bool {
        let pause = (self.config.snapshot_blocks / 16).max(1);
        let full_at = self.snapshot_full_at;
        full_at.is_none_or(|at| self.trial.height().since(at).count() >= pause)
    }

    /// Writes a snapshot, if the disk has room for it, and removes what is behind.
    pub(super) fn snapshot(&mut self) -> Result<(), Halt> {
        if self.config.check == Check::Snapshot {
            self.check_laws()?;
        }
        let state = self.shared.state()?;
        let (folder, height) = (self.store.snapshots(), state.height());
        match snapshot::write(&folder, &state, &self.root, &self.log.tip()) {
            Ok(_) => (self.snapshot_at, self.snapshot_full_at) = (height, None),
            Err(error) if earnest_durable::is_full(&error) => {
                self.snapshot_full_at = Some(height);
                return Ok(());
            }
            Err(error) => return Err(Halt::Snapshot(error)),
        }
        drop(state);
        self.prune()
    }

    /// Removes the segments that two snapshots have left behind.
    pub(super) fn prune(&mut self) -> Result<(), Halt> {
        if self.config.retention == Retention::Archive {
            return Ok(());
        }
        let behind = snapshot::both_after(&self.store.snapshots(), &self.store.network());
        let Some(height) = behind.map_err(Halt::Snapshot)? else { return Ok(()) };
        match self.log.prune(height) {
            // Not even for the note of what is removed: later, then.
            Ok(_) | Err(LogError::NoRoom { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Publishes what is on the disk.
    pub(super) fn show_storage(&self) {
        let segments = self.log.segments();
        let view = StorageView {
            height: self.log.height(),
            blocks_from: Height::new(self.log.base().height.count().saturating_add(1)),
            retention: match self.config.retention {
                Retention::Archive => BlockRetention::Archive,
                Retention::Pruned => BlockRetention::Pruned,
            },
            log_bytes: segments.bytes(),
            segment_count: u64::try_from(segments.count()).unwrap_or(u64::MAX),
            snapshot: self.snapshot_at,
            is_snapshot_put_off: self.snapshot_full_at.is_some(),
            room: match self.hold {
                Some(Hold::Held) => BlockRoom::Held,
                Some(Hold::Unsupported) => BlockRoom::Watched,
                None => BlockRoom::Full,
            },
            held_bytes: self.log.held_bytes(),
            free_bytes: earnest_durable::free_bytes(self.store.dir()).unwrap_or(0),
        };
        self.shared.show_storage(view);
    }
}
