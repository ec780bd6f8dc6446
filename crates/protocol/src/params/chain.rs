//! Parameters of the chain itself: blocks, epochs, fees, and what one asset is worth in the other.

use super::declare::{AMOUNT_MAX, amount, params};
use crate::num::{Amount, Blocks, Factor, Gas, PARTS};

params! {
    /// Blocks, epochs, fees and assets.
    ChainParams in "chain" {
        /// Least milliseconds between blocks; windows hold only with it (M10).
        block_interval_min_ms: u64 = 1_000, 1..=3_600_000, "a second: workers answer within it";
        /// Blocks in an epoch.
        epoch_blocks: Blocks = Blocks::new(3_600), 1..=1_000_000, "one hour of blocks";
        /// First base fee of one unit of weight, burnt; it moves by at most 1/8 a block.
        base_fee: Amount = amount(10_000), 0..=AMOUNT_MAX, "10^-5 token for a transfer";
        /// Weight of a block at which the base fee stays; a transfer weighs 1.
        block_target: u64 = 1_000, 1..=1_000_000, "a tenth of what one core applies in a second";
        /// Kibibytes that every block keeps for moves of the protected lane (M11, R6).
        lane_kib: u64 = 1_024, 1..=1_048_576, "as many answers as all seats of a job may ask for";
        /// Most gas that the referee re-executes in one block; a step that does not fit waits, and
        /// the clocks that depend on it stand still (M11, M12).
        referee_gas: Gas = Gas::new(70_000_000), 1..=1_000_000_000_000,
            "half a second of the interpreter: four of the largest steps";
        /// What one unit of the stake asset is worth in the payment asset; 1 if they are one.
        stake_price: Factor = Factor::ONE, 1..=PARTS * 1_000_000, "one asset";
    }
}
