//! Parameters of the market.

use crate::{
    command::ProgramForm,
    num::{Amount, Blocks, Factor, Gas, Ratio},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, amount, params},
};

params! {
    /// Orders, auctions, prices, and the size of work.
    MarketParams in "market" {
        /// Blocks in which bids may be sealed.
        bid_blocks: Blocks = Blocks::new(10), 1..=100_000, "ten chances to see the posting";
        /// Blocks in which sealed bids may be opened; closes early when all are.
        bid_reveal_blocks: Blocks = Blocks::new(10), 1..=100_000, "as long as the sealing";
        /// Blocks in which a winner may accept.
        accept_blocks: Blocks = Blocks::new(20), 1..=100_000,
            "time to fetch and hash every byte of the input";
        /// Bids a job may have; more evict the smallest bond (ADR 23).
        bids_max: u32 = 32, 1..=64, "more than any class has real competitors";
        /// Best bids kept until the winner accepts; bounds how long losers wait (m4). At least
        /// two, since the second price is the second bid's.
        ranks_max: u32 = 3, 2..=8, "two failures in a row are rare";
        /// A bid's deposit as a share of the ceiling (R11).
        bid_deposit: Ratio = Ratio::percent(10), ONE / 10..=ONE, "the least that R11 allows";
        /// A requester's deposit as a multiple of the audit tariff; at least 2 pays the auditors
        /// that its own withholding of the seed makes necessary.
        requester_deposit: Factor = Factor::percent(200), 2 * ONE..=100 * ONE, "exactly those two";
        /// The least quality in an auction (M25): bounds a veteran's lead over a newcomer.
        quality_min: Ratio = Ratio::percent(50), ONE / 2..=ONE, "at most twice the price";
        /// The protocol's share of what a provider is paid.
        take: Ratio = Ratio::percent(5), 0..=ONE / 2, "below what card networks take of a sale";
        /// The burnt share of the take; the rest is split by `take_insurance`.
        take_burn: Ratio = Ratio::percent(50), 0..=ONE, "burning makes self-dealing cost";
        /// The insurance's share of the take's rest; the treasury gets what remains.
        take_insurance: Ratio = Ratio::percent(50), 0..=ONE, "half and half";
        /// Shortest deadline a job may set.
        deadline_blocks_min: Blocks = Blocks::new(5), 1..=BLOCKS_MAX, "some blocks to be included";
        /// Longest deadline a job may set (R4).
        deadline_blocks_max: Blocks = Blocks::new(86_400), 1..=BLOCKS_MAX, "one day of seconds";
        /// Blocks after the deadline in which a result is late, not abandoned.
        grace_blocks: Blocks = Blocks::new(60), 0..=BLOCKS_MAX, "a minute of seconds";
        /// The price's share left at the end of the grace.
        late_price_min: Ratio = Ratio::percent(50), 0..=ONE, "half: late is better than never";
        /// Price of a million gas of the class `cpu`.
        tariff_per_mgas: Amount = amount(1_000_000), 1..=AMOUNT_MAX, "10^-3 token for 5 ms";
        /// Gas that the class `cpu` is expected to make in a block, for audit times (M9).
        reference_speed: Gas = Gas::new(200_000_000), 1..=1 << 50, "one slow core with checks";
        /// Most gas of one step: the referee's time must stay below half a block (R5, M12).
        step_gas_max: Gas = Gas::new(16_000_000), 1..=100_000_000, "a ninth of a second at worst";
        /// Least gas of one step: what any step costs before its first instruction, so that a work
        /// bound covers all its steps.
        step_gas_least: Gas = Gas::new(1_968), 0..=1_000_000, "what the executor charges at least";
        /// Most gas of one job.
        work_bound_max: Gas = Gas::new(1_000_000_000_000), 1..=1 << 50, "an hour and a half";
        /// Most steps of one job: whoever checks it keeps a hash of every state.
        steps_max: u64 = 1 << 20, 1..=1 << 24, "32 MiB of hashes";
        /// Most input chunks of one job, and most chunks of an output that is more than one piece.
        chunks_max: u32 = 10_000, 0..=1 << 24, "2.4 GiB of input";
        /// Blocks that a closed job's rows stay readable before only their hashes do.
        retention_blocks: Blocks = Blocks::new(3_600), 1..=1_000_000,
            "an hour to fetch the output; archives keep the log";
    }
}

impl MarketParams {
    /// Most kibibytes that a paged program may put out: one piece, or as many chunks as there may
    /// be.
    pub fn output_kib_max(&self) -> u32 {
        let chunks = self.chunks_max.saturating_mul(ProgramForm::CHUNK_KIB);
        chunks.clamp(ProgramForm::PIECE_KIB_MAX, ProgramForm::OUTPUT_KIB_MAX)
    }

    /// ⌈gas · tariff⌉: what the class asks for that much work, if it can be expressed.
    pub fn tariff(&self, gas: Gas) -> Option<Amount> {
        self.tariff_per_mgas.share_ceil(gas.count(), 1_000_000)
    }

    /// Blocks that so much work takes at the reference speed, times `slack`, up.
    pub(crate) fn duration(&self, gas_bound: Gas, slack: Factor) -> Blocks {
        let reference = gas_bound.count().div_ceil(self.reference_speed.count().max(1));
        Blocks::new(slack.count_ceil(reference).unwrap_or(u64::MAX))
    }
}
