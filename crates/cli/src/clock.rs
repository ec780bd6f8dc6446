//! When a height comes, in the time of people.
//!
//! Law: a height is exact, the time beside it is a guess from how fast the last blocks came.

use earnest_api::{Client, NetworkView, PageQuery};
use earnest_protocol::{Blocks, Epoch, Epochs, Height};

use crate::text::count;

/// How many of the last blocks tell how fast a chain goes.
const BLOCKS: u32 = 21;

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
    /// That of a network as its node shows it, which is asked for its last blocks.
    pub fn of(client: &Client, network: &NetworkView) -> Clock {
        let page = PageQuery { limit: Some(BLOCKS), ..PageQuery::default() };
        // A node that has only just begun to keep blocks may have none to show.
        let blocks = client.blocks(&page).map(|page| page.items).unwrap_or_default();
        let times: Vec<u64> = blocks.iter().map(|block| block.time_ms).collect();
        let NetworkView { height, params, epoch, epoch_first, .. } = network;
        let block_ms = pace(&times).unwrap_or(params.chain.block_interval_min_ms);
        let (epoch_blocks, epoch) = (params.chain.epoch_blocks, (*epoch, *epoch_first));
        Clock { height: *height, block_ms, epoch_blocks, epoch }
    }

    /// Is that height still to come?
    pub fn is_ahead(&self, height: Height) -> bool {
        self.height < height
    }

    /// `block 213 (in 40 s)`: when a window closes whose last height is this.
    pub fn block(&self, height: Height) -> String {
        format!("block {height} ({})", self.distance(height))
    }

    /// `80 blocks (40 s)`: how long so many take.
    pub fn length(&self, blocks: Blocks) -> String {
        let time = span(blocks.count().saturating_mul(self.block_ms));
        format!("{} ({time})", count(blocks.count(), "block"))
    }

    /// `10 epochs (40 s)`: how long so many take.
    pub fn epochs(&self, epochs: Epochs) -> String {
        let blocks = self.epoch_blocks.times(epochs.count());
        let time = span(blocks.count().saturating_mul(self.block_ms));
        format!("{} ({time})", count(epochs.count(), "epoch"))
    }

    /// `40 s`: how long ago a block came.
    pub fn age(&self, height: Height) -> String {
        let blocks = self.height.since(height).count();
        span(blocks.saturating_mul(self.block_ms))
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

/// The time from one block to the next, of times that begin with the latest: half of all gaps are
/// no longer, so that a night in which a node stood still says nothing.
fn pace(times: &[u64]) -> Option<u64> {
    let mut gaps: Vec<u64> = times.windows(2).map(|pair| pair[0].saturating_sub(pair[1])).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
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

/// A moment, in milliseconds since 1970: `2026-11-26 17:31:17.051 UTC`.
pub fn utc(ms: u64) -> String {
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03} UTC")
}

/// The date that is so many days after 1970-01-01. Years begin in March, so that a leap day is the
/// last of one; 400 of them have 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    // Days after the 1st of March of the year 0.
    let days = days.saturating_add(719_468);
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = cycle * 400 + year + u64::from(10 <= month);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates() {
        for (ms, told) in [
            (0, "1970-01-01 00:00:00.000 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00.000 UTC"),
            (951_868_799_999, "2000-02-29 23:59:59.999 UTC"),
            (951_868_800_000, "2000-03-01 00:00:00.000 UTC"),
            (1_795_715_077_051, "2026-11-26 17:44:37.051 UTC"),
            (4_107_542_399_000, "2100-02-28 23:59:59.000 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00:00.000 UTC"),
        ] {
            assert_eq!(utc(ms), told);
        }
        // Every day follows the one before it, for a thousand years.
        let mut last = date(0);
        for day in 1..365_243 {
            let next = date(day);
            let (year, month, of_month) = last;
            let follows = next == (year, month, of_month + 1)
                || next == (year, month + 1, 1) && 28 <= of_month
                || next == (year + 1, 1, 1) && (month, of_month) == (12, 31);
            assert!(follows && next.2 <= 31, "{last:?} {next:?}");
            last = next;
        }
    }

    #[test]
    fn a_night_without_blocks_does_not_slow_the_clock() {
        assert_eq!(pace(&[90_001_500, 90_001_000, 90_000_500, 500, 0]), Some(500));
        assert_eq!(pace(&[500]), None);
    }

    #[test]
    fn heights_and_epochs_say_when_they_come() {
        let (height, epoch_blocks) = (Height::new(133), Blocks::new(10));
        let epoch = (Epoch::new(13), Height::new(132));
        let clock = Clock { height, block_ms: 500, epoch_blocks, epoch };
        assert_eq!(clock.block(Height::new(213)), "block 213 (in 40 s)");
        assert_eq!(clock.block(Height::new(133)), "block 133 (now)");
        assert_eq!(clock.block(Height::new(13)), "block 13 (60 s ago)");
        assert_eq!(clock.age(Height::new(13)), "60 s");
        assert_eq!(clock.length(Blocks::new(1)), "1 block (1 s)");
        assert_eq!(clock.epochs(Epochs::new(30)), "30 epochs (3 min)");
        assert_eq!(clock.epoch(Epoch::new(31)), "epoch 31 (in 90 s)");
        assert_eq!(clock.epoch(Epoch::new(u64::MAX)).split(' ').next_back(), Some("days)"));
        assert_eq!(span(7_200_001), "3 h");
        assert_eq!(span(150_000), "3 min");
    }
}
