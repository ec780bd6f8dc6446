//! When a height comes, in the time of people.
//!
//! Law: a height is exact, the time beside it is a guess from how fast the last blocks came.

use earnest_protocol::{Blocks, Epoch, Height};

/// Where a chain is, and how fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The last block.
    pub height: Height,
    /// From one block to the next, in milliseconds.
    pub block_ms: u64,
    /// Blocks in an epoch.
    pub epoch_blocks: Blocks,
    /// The epoch of the last block, and the height at which it began: a vote may change how long
    /// epochs are.
    pub epoch: (Epoch, Height),
}

impl Clock {
    /// `block 213 (in 40 s)`: when a window closes whose last height is this.
    pub fn block(&self, height: Height) -> String {
        format!("block {height} ({})", self.distance(height))
    }

    /// `epoch 31 (in 4 min)`: when it opens.
    pub fn epoch(&self, epoch: Epoch) -> String {
        let (now, first) = self.epoch;
        let ahead = self.epoch_blocks.times(epoch.since(now).count());
        let behind = self.epoch_blocks.times(now.since(epoch).count());
        let opens = Height::new(first.after(ahead).since(Height::ZERO.after(behind)).count());
        format!("epoch {epoch} ({})", self.distance(opens))
    }

    /// True in this epoch and later.
    pub fn has_opened(&self, epoch: Epoch) -> bool {
        epoch <= self.epoch.0
    }

    fn distance(&self, height: Height) -> String {
        let (ahead, behind) = (height.since(self.height), self.height.since(height));
        let time = |blocks: Blocks| span(blocks.count().saturating_mul(self.block_ms));
        match (ahead.count(), behind.count()) {
            (0, 0) => "now".to_owned(),
            (0, _) => format!("{} ago", time(behind)),
            _ => format!("in {}", time(ahead)),
        }
    }
}

/// A time in the largest unit of which there are some, in milliseconds; begun units count whole.
pub fn span(ms: u64) -> String {
    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (unit, name) = match ms {
        0..=119_999 => (SECOND, "s"),
        _ if ms < 2 * HOUR => (MINUTE, "min"),
        _ if ms < 2 * DAY => (HOUR, "h"),
        _ => (DAY, "days"),
    };
    format!("{} {name}", ms.div_ceil(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_and_epochs_say_when_they_come() {
        let (height, epoch_blocks) = (Height::new(133), Blocks::new(10));
        let epoch = (Epoch::new(13), Height::new(132));
        let clock = Clock { height, block_ms: 500, epoch_blocks, epoch };
        assert_eq!(clock.block(Height::new(213)), "block 213 (in 40 s)");
        assert_eq!(clock.block(Height::new(133)), "block 133 (now)");
        assert_eq!(clock.block(Height::new(13)), "block 13 (60 s ago)");
        assert_eq!(clock.epoch(Epoch::new(31)), "epoch 31 (in 90 s)");
        assert_eq!(clock.epoch(Epoch::new(u64::MAX)).split(' ').next_back(), Some("days)"));
        assert_eq!(span(7_200_001), "3 h");
        assert_eq!(span(150_000), "3 min");
    }
}
