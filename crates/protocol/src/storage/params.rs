//! Parameters of storage.

use crate::{
    num::{Amount, Blocks},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, amount, params},
};

params! {
    /// Bytes that the network keeps for those who pay.
    StorageParams in "storage" {
        /// Price of a mebibyte for a thousand blocks while the room is empty, burnt.
        price: Amount = amount(1_000_000), 0..=AMOUNT_MAX, "10^-3 token, as for 5 ms of computing";
        /// How often the price doubles from an empty room to a full one.
        price_doublings: u32 = 10, 0..=20, "filling it costs 148 times what keeping little does";
        /// Mebibytes that may be kept at a time: what every node must have room for.
        room_mib: u32 = 4_096, 1..=1 << 20, "a small disk";
        /// Longest time that bytes may be kept for at once.
        keep_blocks_max: Blocks = Blocks::new(172_800), 1..=BLOCKS_MAX, "two of the longest jobs";
        /// Most kibibytes of a published program.
        program_kib_max: u32 = 4_096, 1..=8_192, "a database twice; a referee reads it in time";
        /// Mebibytes that published programs may take: in the state, its snapshots and backups.
        program_room_mib: u32 = 128, 1..=1 << 16, "some hundred programs, in every memory";
        /// Deposit for a kibibyte of a published program while their room is empty.
        program_deposit_per_kib: Amount = amount(10_000_000), 0..=AMOUNT_MAX,
            "some 20 tokens for a database";
        /// How often that deposit doubles from an empty room to a full one.
        program_deposit_doublings: u32 = 10, 0..=20, "filling it locks 148 times as much";
    }
}

impl StorageParams {
    /// All that may be kept at once, in kibibytes.
    pub fn room_kib(&self) -> u64 {
        u64::from(self.room_mib).saturating_mul(1_024)
    }

    /// All that published programs may take, in kibibytes.
    pub fn program_room_kib(&self) -> u64 {
        u64::from(self.program_room_mib).saturating_mul(1_024)
    }
}
