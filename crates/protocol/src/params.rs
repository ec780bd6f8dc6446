//! Parameters: every number a network may choose, its range and the relations between them.
//!
//! Law: a [`Params`] exists only if each field is in its range and the relations hold, named as
//! in the threat model (R1 …); a job keeps the version it was posted under.
//! Not here: what a parameter does (the room that reads it); who may change one (governance, not
//! built yet).

use alloc::vec::Vec;
use core::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::{
    ids::ParamsVersion,
    num::{Amount, Blocks, Epochs, Factor, Gas, PARTS, Ratio},
};

macro_rules! raw_params {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ident = $default:expr;)*) => {
        /// Parameters as written in a genesis file, not yet checked.
        ///
        /// A file may leave out any field; the default stands in. Ratios and factors are in
        /// parts per billion, amounts in base units of 10^-9 token.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RawParams {
            $($(#[doc = $doc])* pub $name: $type,)*
        }

        impl RawParams {
            /// Every field: its name, the type that tells its unit, and what it is.
            pub const FIELDS: &'static [ParamField] = &[$(ParamField {
                name: stringify!($name),
                unit: stringify!($type),
                about: concat!($($doc),*),
            },)*];
        }

        impl Default for RawParams {
            fn default() -> Self {
                RawParams { $($name: $default,)* }
            }
        }
    };
}

raw_params! {
    // Time and fees.

    /// Least milliseconds between blocks, 1 to 3,600,000; windows hold only with it (M10).
    block_interval_min_ms: u64 = 1_000;
    /// Blocks in an epoch, 1 to 10^6: one hour of blocks by default.
    epoch_blocks: Blocks = Blocks::new(3_600);
    /// First base fee of an ordinary transaction, burnt; it moves by at most 1/8 a block.
    base_fee: Amount = amount(10_000);
    /// Ordinary transactions a block at which the base fee stays, 1 to 10^6.
    block_target: u64 = 1_000;

    // Staking.

    /// A provider's least bond before the entry curve.
    provider_bond_min: Amount = Amount::tokens(100);
    /// A validator's least bond before the entry curve.
    validator_bond_min: Amount = Amount::tokens(100);
    /// Active holders at which the entry curve has doubled (k = 1), at least 1.
    entry_scale: u64 = 1_000;
    /// The entry curve's exponent k: 0, 1 or 2; 0 keeps it flat.
    entry_exponent: u32 = 0;
    /// The entry curve's cap, 1 to 4 times: entrants cannot price out the next (m5).
    entry_cap: Factor = Factor::percent(400);
    /// Epochs from unbonding to withdrawal: 21 days of hours; R4 ties it to the longest job.
    unbonding_epochs: Epochs = Epochs::new(504);
    /// Entries one operator may have in the queue, 1 to 1,000.
    unbondings_max: u32 = 32;
    /// Epochs before a jailed operator may ask for release.
    jail_epochs: Epochs = Epochs::new(24);
    /// Abandonments within `offence_window_epochs` that jail, 1 to 100.
    abandonments_to_jail: u32 = 3;
    /// How far back abandonments count.
    offence_window_epochs: Epochs = Epochs::new(168);
    /// Epochs in which an operator's strikes halve, at least 1.
    strike_halflife_epochs: Epochs = Epochs::new(168);
    /// What each strike adds to the base share of a percentage slash.
    strike_factor: Factor = Factor::ONE;

    // Market.

    /// Blocks in which bids may be sealed, 1 to 10^5.
    bid_blocks: Blocks = Blocks::new(10);
    /// Blocks in which sealed bids may be opened; closes early when all are.
    bid_reveal_blocks: Blocks = Blocks::new(10);
    /// Blocks in which a winner may accept.
    accept_blocks: Blocks = Blocks::new(20);
    /// Bids a job may have, 1 to 64.
    bids_max: u32 = 32;
    /// Best bids kept until the winner accepts, 2 to 8; bounds how long losers wait (m4). Two,
    /// since the second price is the second bid's.
    ranks_max: u32 = 3;
    /// A bid's deposit as a share of the ceiling; at least a tenth for first price (R11).
    bid_deposit: Ratio = Ratio::percent(10);
    /// A requester's deposit as a multiple of the audit tariff; at least 2 pays the auditors
    /// that its own withholding of the seed makes necessary.
    requester_deposit: Factor = Factor::percent(200);
    /// The least quality in an auction, 1/2 to 1 (M25): bounds a veteran's lead over a newcomer.
    quality_min: Ratio = Ratio::percent(50);
    /// The protocol's share of what a provider is paid.
    take: Ratio = Ratio::percent(5);
    /// The burnt share of the take; the rest is split by `take_insurance`.
    take_burn: Ratio = Ratio::percent(50);
    /// The insurance's share of the take's rest; the treasury gets what remains.
    take_insurance: Ratio = Ratio::percent(50);
    /// Shortest deadline a job may set.
    deadline_blocks_min: Blocks = Blocks::new(5);
    /// Longest deadline a job may set: one day of seconds; R4.
    deadline_blocks_max: Blocks = Blocks::new(86_400);
    /// Blocks after the deadline in which a result is late, not abandoned.
    grace_blocks: Blocks = Blocks::new(60);
    /// The price's share left at the end of the grace.
    late_price_min: Ratio = Ratio::percent(50);
    /// Price of a million gas of the class `cpu`; 0 is refused.
    tariff_per_mgas: Amount = amount(1_000_000);
    /// Gas that the class `cpu` is expected to make in a block, for audit times (M9).
    reference_speed: Gas = Gas::new(200_000_000);

    // Work.

    /// Most gas of one step: the referee's time must stay below half a block (R5, M12).
    step_gas_max: Gas = Gas::new(70_000_000);
    /// Most gas of one job.
    work_bound_max: Gas = Gas::new(1_000_000_000_000);
    /// Most steps of one job, 1 to 2^24: whoever checks it keeps a hash of every state.
    steps_max: u64 = 1 << 20;
    /// Most input chunks of one job.
    chunks_max: u32 = 10_000;

    // Verification: the bound of section 4 of the mechanism.

    /// What abandoning costs, as a share of p_ref (C6).
    floor: Ratio = Ratio::percent(10);
    /// The share of the ceiling below which p_ref never falls (C15).
    ceiling_share: Ratio = Ratio::percent(50);
    /// The share of the pool assumed to collude; the largest operator's share if that is more.
    beta: Ratio = Ratio::percent(20);
    /// The share of honest auditors that copy, miss or fail (C12).
    laxity: Ratio = Ratio::percent(5);
    /// Seed slots in a row that a coalition may withhold, 0 to 4 (C8).
    seed_withholding: u32 = 1;
    /// The rate of canary jobs; 0 while canaries are not built.
    canary_rate: Ratio = Ratio::ZERO;
    /// The share of audit fees that a coalition is assumed to draw: s of the bound.
    coalition_fees: Ratio = Ratio::ONE;
    /// Collateral above the deterrent amount, 1 to 10 times.
    margin: Factor = Factor::percent(110);
    /// Most that reporters get of one slash, as a multiple of the audit tariff (C1, R7).
    reporter_max: Factor = Factor::ONE;
    /// Haircut of the collateral asset over the lock time, below 1 (M4); 0 for one asset.
    haircut: Ratio = Ratio::ZERO;
    /// Least audit rate a job may set (C11).
    audit_min: Ratio = Ratio::percent(2);
    /// Least detection probability a job may have (C11).
    detection_min: Ratio = Ratio::percent(1);
    /// Most auditors a job may ask for, 1 to 16.
    auditors_max: u8 = 8;
    /// Eligible operators beyond the auditors drawn (M1).
    pool_min: u32 = 1;
    /// Value at which required collateral begins to grow faster.
    tier_start: Amount = Amount::tokens(1_000);
    /// Value at which it has reached `tier_max`.
    tier_full: Amount = Amount::tokens(100_000);
    /// Most that value multiplies collateral by, 1 to 10 times.
    tier_max: Factor = Factor::percent(200);
    /// Most that reputation lowers collateral by; never below B_min (C2).
    reputation_discount_max: Ratio = Ratio::percent(30);
    /// Blocks from a commitment to the beacon of its draw, at least 1 (C8).
    seed_delay_blocks: Blocks = Blocks::new(2);
    /// Blocks after that beacon in which the requester may open its preimage.
    seed_blocks: Blocks = Blocks::new(20);
    /// Blocks every audit gets besides its work.
    audit_base_blocks: Blocks = Blocks::new(30);
    /// Times the reference duration that an audit may take, at least 1 (M9, R3).
    audit_slack: Factor = Factor::percent(300);
    /// An auditor's lock as a multiple of its tariff, at least 1: it pays for its own refill.
    audit_lock: Factor = Factor::percent(200);
    /// What a refilled seat earns more, per round (C10).
    refill_bonus: Ratio = Ratio::percent(50);
    /// Rounds in which a silent seat is drawn again, 0 to 4 (C10).
    redraws: u8 = 2;
    /// Blocks in which provider and auditors open what they sealed.
    reveal_blocks: Blocks = Blocks::new(20);
    /// Blocks in which anyone may challenge.
    challenge_blocks: Blocks = Blocks::new(60);
    /// Chess clock of each side of a dispute (M11).
    clock_blocks: Blocks = Blocks::new(120);
    /// A challenger's deposit: at least what the referee and the moves cost (R10).
    challenge_deposit: Amount = Amount::tokens(1);
    /// Disputes a job may have at once, 1 to 200.
    disputes_max: u32 = 200;
    /// Blocks in which requested bytes are to be produced.
    availability_blocks: Blocks = Blocks::new(60);
    /// Requests one account may make about one job, 1 to 100.
    data_requests_max: u32 = 4;
    /// Price of a kibibyte published on the ledger, paid by who asks to who answers.
    data_fee_per_kib: Amount = amount(100_000);

    // Slashing.

    /// Share of the free bond that a wrong result costs besides the collateral.
    slash_wrong_result: Ratio = Ratio::percent(5);
    /// Share of the free bond that a false audit costs besides the lock.
    slash_false_audit: Ratio = Ratio::percent(5);
    /// Most of the free bond that strikes can raise a percentage to.
    slash_max: Ratio = Ratio::percent(50);
    /// Most compensation as a multiple of the tariff cost (C16).
    compensation_max: Factor = Factor::percent(200);
    /// Least burnt share of every slash, above 0 (C1, R7).
    burn_min: Ratio = Ratio::percent(25);
    /// Reporters' share of what compensation leaves, before its cap.
    reporter_share: Ratio = Ratio::percent(50);
    /// Burnt share of what compensation and reporters leave (m8).
    burn_share: Ratio = Ratio::percent(50);
    /// The insurance's share of what burning leaves; honest peers get the rest. All of it by
    /// default: what peers get, a coalition of providers gets back, so the bound grows with it.
    insurance_share: Ratio = Ratio::ONE;
    /// Epochs that a wrong-result slash waits (C13).
    engine_stay_epochs: Epochs = Epochs::new(1);
    /// Epochs that it waits when unrelated operators were convicted alike (C13).
    engine_hold_epochs: Epochs = Epochs::new(24);

    // Reputation.

    /// Standard deviations between the mean and the score.
    reputation_z: Factor = Factor(1_645);
    /// What an epoch leaves of evidence.
    reputation_decay: Ratio = Ratio::percent(98);
    /// Value that counts as one event.
    reputation_unit: Amount = Amount::tokens(10);
    /// Most that one event counts.
    reputation_weight_max: Factor = Factor::ONE;
    /// Most evidence that one requester can give one provider (M28).
    reputation_pair_max: Factor = Factor::percent(300);
    /// Times the burnt fees that a success may count as value (M28).
    reputation_burn_multiple: Factor = Factor::percent(4_000);
}

/// One parameter, as tools show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamField {
    /// The field's name in a genesis file.
    pub name: &'static str,
    /// `Ratio` and `Factor` count parts per billion, `Amount` base units, `Gas` compute units,
    /// `Blocks` and `Epochs` themselves, anything else is a plain count.
    pub unit: &'static str,
    /// What it is, with its range and the reason for its default.
    pub about: &'static str,
}

const fn amount(units: u64) -> Amount {
    match Amount::new(units) {
        Some(amount) => amount,
        None => Amount::MAX,
    }
}

/// Thousandths as a factor.
#[expect(non_snake_case, reason = "reads as a literal in the table above")]
const fn Factor(thousandths: u64) -> Factor {
    match Factor::new(thousandths.saturating_mul(PARTS / 1_000)) {
        Some(factor) => factor,
        None => Factor::MAX,
    }
}

/// Parameters whose ranges and relations hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawParams", into = "RawParams")]
pub struct Params(RawParams);

impl Deref for Params {
    type Target = RawParams;
    fn deref(&self) -> &RawParams {
        &self.0
    }
}

impl Default for Params {
    fn default() -> Self {
        Params::try_from(RawParams::default()).expect("a test checks the defaults")
    }
}

impl From<Params> for RawParams {
    fn from(params: Params) -> RawParams {
        params.0
    }
}

/// Why parameters were refused. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum ParamsRejected {
    /// A field is outside its range.
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// Its value, in its own unit.
        got: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// The tier ends before it starts.
    TiersOutOfOrder {
        /// Where growth starts.
        start: Amount,
        /// Where it ends.
        full: Amount,
    },
    /// R4: a bond could leave before a job it answers for is final.
    UnbondingTooShort {
        /// Blocks of unbonding.
        unbonding: u64,
        /// Blocks that the longest job and its dispute may take.
        needed: u64,
    },
    /// R5: the referee could need more than half a block for one step.
    StepTooLong {
        /// The largest step.
        step_gas: u64,
        /// The largest step that fits.
        limit: u64,
    },
    /// R11: first price needs bid deposits of at least a tenth of the ceiling.
    BidDepositTooSmall {
        /// The share given, in parts per billion.
        got: u64,
        /// The least allowed.
        min: u64,
    },
}

impl core::fmt::Display for ParamsRejected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OutOfRange { field, got, min, max } => {
                write!(f, "{field} is {got}, allowed are {min} to {max}")
            }
            Self::TiersOutOfOrder { start, full } => {
                write!(f, "tier_start {start} is above tier_full {full}")
            }
            Self::UnbondingTooShort { unbonding, needed } => write!(
                f,
                "unbonding takes {unbonding} blocks, but a job and its dispute may take {needed}; \
                 raise unbonding_epochs or shorten deadlines and windows (R4)"
            ),
            Self::StepTooLong { step_gas, limit } => write!(
                f,
                "step_gas_max is {step_gas}, but half a block is enough for {limit} only; \
                 lower it or raise block_interval_min_ms (R5)"
            ),
            Self::BidDepositTooSmall { got, min } => {
                write!(f, "bid_deposit is {got} parts per billion, at least {min} are needed (R11)")
            }
        }
    }
}

/// Worst nanoseconds of the referee for 10 gas, measured on hostile programs (M12).
const REFEREE_NANOS_PER_10_GAS: u64 = 69;

impl TryFrom<RawParams> for Params {
    type Error = ParamsRejected;

    fn try_from(raw: RawParams) -> Result<Params, ParamsRejected> {
        check_ranges(&raw)?;
        if raw.tier_start > raw.tier_full {
            return Err(ParamsRejected::TiersOutOfOrder {
                start: raw.tier_start,
                full: raw.tier_full,
            });
        }
        let needed = raw.longest_liability().count();
        let unbonding = raw.epoch_blocks.times(raw.unbonding_epochs.count()).count();
        if unbonding < needed {
            return Err(ParamsRejected::UnbondingTooShort { unbonding, needed });
        }
        let limit = raw.block_interval_min_ms.saturating_mul(5_000_000) / REFEREE_NANOS_PER_10_GAS;
        if raw.step_gas_max.count() > limit {
            return Err(ParamsRejected::StepTooLong { step_gas: raw.step_gas_max.count(), limit });
        }
        let tenth = Ratio::percent(10);
        if raw.bid_deposit < tenth {
            return Err(ParamsRejected::BidDepositTooSmall {
                got: raw.bid_deposit.parts(),
                min: tenth.parts(),
            });
        }
        Ok(Params(raw))
    }
}

// tidy: ladder
fn check_ranges(raw: &RawParams) -> Result<(), ParamsRejected> {
    let one = PARTS;
    let blocks_max = 1 << 32;
    let ranges = [
        ("block_interval_min_ms", raw.block_interval_min_ms, 1, 3_600_000),
        ("epoch_blocks", raw.epoch_blocks.count(), 1, 1_000_000),
        ("block_target", raw.block_target, 1, 1_000_000),
        ("provider_bond_min", raw.provider_bond_min.units(), 1, Amount::MAX.units()),
        ("validator_bond_min", raw.validator_bond_min.units(), 1, Amount::MAX.units()),
        ("entry_scale", raw.entry_scale, 1, 1 << 32),
        ("entry_exponent", u64::from(raw.entry_exponent), 0, 2),
        ("entry_cap", raw.entry_cap.parts(), one, 4 * one),
        ("unbonding_epochs", raw.unbonding_epochs.count(), 1, 1 << 32),
        ("unbondings_max", u64::from(raw.unbondings_max), 1, 1_000),
        ("jail_epochs", raw.jail_epochs.count(), 1, 1 << 32),
        ("abandonments_to_jail", u64::from(raw.abandonments_to_jail), 1, 100),
        ("offence_window_epochs", raw.offence_window_epochs.count(), 1, 1 << 32),
        ("strike_halflife_epochs", raw.strike_halflife_epochs.count(), 1, 1 << 32),
        ("bid_blocks", raw.bid_blocks.count(), 1, 100_000),
        ("bid_reveal_blocks", raw.bid_reveal_blocks.count(), 1, 100_000),
        ("accept_blocks", raw.accept_blocks.count(), 1, 100_000),
        ("bids_max", u64::from(raw.bids_max), 1, 64),
        ("ranks_max", u64::from(raw.ranks_max), 2, 8),
        ("requester_deposit", raw.requester_deposit.parts(), 2 * one, 100 * one),
        ("quality_min", raw.quality_min.parts(), one / 2, one),
        ("deadline_blocks_min", raw.deadline_blocks_min.count(), 1, blocks_max),
        (
            "deadline_blocks_max",
            raw.deadline_blocks_max.count(),
            raw.deadline_blocks_min.count(),
            blocks_max,
        ),
        ("grace_blocks", raw.grace_blocks.count(), 0, blocks_max),
        ("tariff_per_mgas", raw.tariff_per_mgas.units(), 1, Amount::MAX.units()),
        ("reference_speed", raw.reference_speed.count(), 1, 1 << 50),
        ("step_gas_max", raw.step_gas_max.count(), 1, 100_000_000),
        ("work_bound_max", raw.work_bound_max.count(), 1, 1 << 50),
        ("steps_max", raw.steps_max, 1, 1 << 24),
        ("chunks_max", u64::from(raw.chunks_max), 0, 1 << 24),
        ("beta", raw.beta.parts(), 0, one - 1),
        ("laxity", raw.laxity.parts(), 0, one - 1),
        ("floor", raw.floor.parts(), 1, one),
        ("seed_withholding", u64::from(raw.seed_withholding), 0, 4),
        ("margin", raw.margin.parts(), one, 10 * one),
        ("reporter_max", raw.reporter_max.parts(), 0, 10 * one),
        ("haircut", raw.haircut.parts(), 0, one * 9 / 10),
        ("audit_min", raw.audit_min.parts(), 1, one),
        ("detection_min", raw.detection_min.parts(), 1, one),
        ("auditors_max", u64::from(raw.auditors_max), 1, 16),
        ("tier_max", raw.tier_max.parts(), one, 10 * one),
        ("seed_delay_blocks", raw.seed_delay_blocks.count(), 1, 1_000),
        ("seed_blocks", raw.seed_blocks.count(), 1, 100_000),
        ("audit_base_blocks", raw.audit_base_blocks.count(), 1, 100_000),
        ("audit_slack", raw.audit_slack.parts(), one, 100 * one),
        ("audit_lock", raw.audit_lock.parts(), one, 100 * one),
        ("redraws", u64::from(raw.redraws), 0, 4),
        ("reveal_blocks", raw.reveal_blocks.count(), 1, 100_000),
        ("challenge_blocks", raw.challenge_blocks.count(), 1, 1_000_000),
        ("clock_blocks", raw.clock_blocks.count(), 2, 1_000_000),
        ("challenge_deposit", raw.challenge_deposit.units(), 1, Amount::MAX.units()),
        ("disputes_max", u64::from(raw.disputes_max), 1, 200),
        ("availability_blocks", raw.availability_blocks.count(), 1, 1_000_000),
        ("data_requests_max", u64::from(raw.data_requests_max), 1, 100),
        ("burn_min", raw.burn_min.parts(), 1, one),
        ("slash_max", raw.slash_max.parts(), raw.slash_wrong_result.parts(), one),
        ("reputation_z", raw.reputation_z.parts(), 0, 10 * one),
        ("reputation_decay", raw.reputation_decay.parts(), 0, one - 1),
        ("reputation_unit", raw.reputation_unit.units(), 1, Amount::MAX.units()),
        ("reputation_weight_max", raw.reputation_weight_max.parts(), 1, 1_000 * one),
        ("reputation_pair_max", raw.reputation_pair_max.parts(), 1, 1_000 * one),
    ];
    for (field, got, min, max) in ranges {
        if got < min || max < got {
            return Err(ParamsRejected::OutOfRange { field, got, min, max });
        }
    }
    Ok(())
}

impl RawParams {
    /// ⌈gas · tariff⌉: what the class asks for that much work, if it can be expressed.
    pub fn tariff(&self, gas: Gas) -> Option<Amount> {
        self.tariff_per_mgas.share_ceil(gas.count(), 1_000_000)
    }

    /// Blocks an auditor has for a job of that work bound: reference duration times slack, plus
    /// the base (M9).
    pub fn audit_blocks(&self, gas_bound: Gas) -> Blocks {
        let reference = gas_bound.count().div_ceil(self.reference_speed.count().max(1));
        let slack = self.audit_slack.count_ceil(reference).unwrap_or(u64::MAX);
        Blocks::new(slack).plus(self.audit_base_blocks)
    }

    /// Blocks from a job's acceptance to the end of its last dispute and stay, at most (R4).
    pub fn longest_liability(&self) -> Blocks {
        let audit = self.audit_blocks(self.work_bound_max);
        // Each round may be drawn again, the last is open for twice as long.
        let rounds = u64::from(self.redraws).saturating_add(3);
        // In every round every seat, those of a withheld seed included, may ask for bytes as often
        // as one account may, and each request gives the round that much more time (M7).
        let seats = u64::from(self.auditors_max).saturating_add(2);
        let requests = u64::from(self.data_requests_max).saturating_mul(seats);
        let requests = requests.saturating_mul(u64::from(self.redraws).saturating_add(2));
        self.deadline_blocks_max
            .plus(self.grace_blocks)
            .plus(self.seed_delay_blocks)
            .plus(self.seed_blocks)
            .plus(audit.times(rounds))
            .plus(self.reveal_blocks)
            .plus(self.availability_blocks.times(requests))
            .plus(self.challenge_blocks)
            .plus(self.clock_blocks.times(2))
            .plus(self.epoch_blocks.times(self.engine_stay_epochs.count().saturating_add(1)))
    }
}

/// Every version in force or still pinned by a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParamsHistory {
    versions: Vec<Params>,
}

impl ParamsHistory {
    pub(crate) fn new(params: Params) -> ParamsHistory {
        ParamsHistory { versions: alloc::vec![params] }
    }

    /// The version that new jobs pin.
    pub(crate) fn current_version(&self) -> ParamsVersion {
        ParamsVersion::from_index(self.versions.len().saturating_sub(1))
    }

    pub(crate) fn current(&self) -> &Params {
        self.versions.last().expect("a history begins with one version and never shrinks")
    }

    pub(crate) fn at(&self, version: ParamsVersion) -> &Params {
        self.versions.get(version.index()).expect("only versions handed out are pinned")
    }
}
