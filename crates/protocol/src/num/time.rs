//! Time and work: points apart from lengths.

use serde::{Deserialize, Serialize};

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The first, or none.
            pub const ZERO: $name = $name(0);

            /// From a plain count.
            pub const fn new(count: u64) -> $name {
                $name(count)
            }

            /// The plain count.
            pub const fn count(self) -> u64 {
                self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

counter!(
    /// A point in log time: the number of blocks before and including this one.
    Height
);
counter!(
    /// A length of log time.
    Blocks
);
counter!(
    /// A point in economic time.
    Epoch
);
counter!(
    /// A length of economic time.
    Epochs
);
counter!(
    /// Compute units: what the injected counter of a program counts.
    Gas
);

impl Height {
    /// The point `length` later; the far future if that overflows.
    pub const fn after(self, length: Blocks) -> Height {
        Height(self.0.saturating_add(length.0))
    }

    /// The length from `earlier` to here; none if `earlier` is later.
    pub const fn since(self, earlier: Height) -> Blocks {
        Blocks(self.0.saturating_sub(earlier.0))
    }

    /// The epoch this height lies in, with `epoch_blocks` ≥ 1 heights each.
    pub fn epoch(self, epoch_blocks: Blocks) -> Epoch {
        Epoch(self.0 / epoch_blocks.0.max(1))
    }

    /// True at the first height of an epoch.
    pub fn opens_epoch(self, epoch_blocks: Blocks) -> bool {
        self.0.is_multiple_of(epoch_blocks.0.max(1))
    }
}

impl Blocks {
    /// What is left of this length without `other`; none if that is longer.
    pub const fn less(self, other: Blocks) -> Blocks {
        Blocks(self.0.saturating_sub(other.0))
    }

    /// Both lengths together; the longest length if that overflows.
    pub const fn plus(self, other: Blocks) -> Blocks {
        Blocks(self.0.saturating_add(other.0))
    }

    /// This length `count` times; the longest length if that overflows.
    pub const fn times(self, count: u64) -> Blocks {
        Blocks(self.0.saturating_mul(count))
    }
}

impl Epoch {
    /// The point `length` later; the far future if that overflows.
    pub const fn after(self, length: Epochs) -> Epoch {
        Epoch(self.0.saturating_add(length.0))
    }

    /// The length from `earlier` to here; none if `earlier` is later.
    pub const fn since(self, earlier: Epoch) -> Epochs {
        Epochs(self.0.saturating_sub(earlier.0))
    }
}
