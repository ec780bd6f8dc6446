//! Relations: what must hold between parameters, so that no window, lock or lane is too small.
//!
//! Law: every violation is found at once, ranges first, then relations by their number.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use serde::Serialize;

use crate::{
    command::ProgramForm,
    num::{Amount, Blocks, Decimal, Epochs, Exponent, Factor, Gas, PARTS, Ratio},
};

use super::{GovernanceParams, Params, RawParams, SlashingParams};

/// One thing that is wrong with parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Violation {
    /// A field is outside its range.
    OutOfRange {
        /// Which room.
        room: &'static str,
        /// Which field.
        field: &'static str,
        /// Its value, in its own unit.
        got: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A lower end is above its upper end.
    OutOfOrder {
        /// The lower end.
        lower: &'static str,
        /// The upper end.
        upper: &'static str,
        /// What the lower end is.
        got: u64,
        /// What the upper end is.
        max: u64,
    },
    /// R2: one percentage alone exceeds the cap that strikes may raise it to.
    ShareAboveMax {
        /// The percentage, in parts per billion.
        share: u64,
        /// The cap.
        max: u64,
    },
    /// R4: a bond could leave before a job it answers for is final.
    UnbondingTooShort {
        /// Blocks of unbonding.
        unbonding: u64,
        /// Blocks that the longest job and its dispute may take.
        needed: u64,
    },
    /// R5: the referee could need more than half a block for the steps of one.
    StepTooLong {
        /// The referee's gas in a block.
        gas: u64,
        /// The most that fits.
        limit: u64,
    },
    /// R5: the largest step never fits the referee's budget.
    StepExceedsBudget {
        /// The largest step.
        step_gas: u64,
        /// The referee's gas in a block.
        budget: u64,
    },
    /// R6: all answers that may be asked for at once do not fit their window.
    LaneTooNarrow {
        /// Kibibytes of the protected lane in a block.
        lane_kib: u64,
        /// Kibibytes needed.
        needed_kib: u64,
    },
    /// R10: a challenge costs less than the work it makes.
    ChallengeTooCheap {
        /// The deposit.
        deposit: Amount,
        /// What the moves and the referee cost.
        needed: Amount,
    },
    /// R15: the bytes of the longest job cannot be kept until it is over.
    KeepTooShort {
        /// Blocks that one may pay at once.
        blocks: u64,
        /// Blocks that the longest undisputed job takes.
        needed: u64,
    },
    /// R18: an active set of validators is too small for the largest audit.
    ActiveSetTooSmall {
        /// Places.
        places: u64,
        /// Auditors of the largest audit, those to draw again, and two parties who may be of them.
        needed: u64,
    },
    /// R9: a job could attract as much emission as it burnt.
    EmissionCapTooHigh {
        /// The cap, in parts per billion of what is burnt.
        cap: u64,
        /// The most allowed.
        limit: u64,
    },
    /// R19: it could pay to work under several names where returns diminish.
    NamesTooCheap {
        /// What an epoch of the smaller bond costs.
        cost: Amount,
        /// What one name more may gain in an epoch.
        gain: Amount,
    },
    /// R16: the treasury could be spent faster than any vote may let it.
    SpentTooFast {
        /// The share of an epoch, in parts per billion.
        share: u64,
        /// The most allowed of so short an epoch.
        most: u64,
    },
    /// M10, M21: blocks could come faster than what is alive was told.
    BlocksTooFast {
        /// Least milliseconds between blocks.
        interval_ms: u64,
        /// What they are now.
        least_ms: u64,
    },
    /// M21: bonds that leave would wait longer than they were told.
    EpochTooLong {
        /// Blocks of an epoch.
        blocks: u64,
        /// What they are now.
        most: u64,
    },
    /// With one asset, it is worth itself.
    StakePriceNotOne {
        /// The price given, in parts per billion.
        got: u64,
    },
    /// A tier of access does not ask for more than the one before, or that one is not there.
    TierNotAbove {
        /// What the tier before asks for.
        below: Amount,
        /// What it asks for.
        above: Amount,
    },
    /// R21: too much of a take could come back to who pays itself.
    DiscountTooDeep {
        /// What may come back of it, by emission and by discount, in parts per billion.
        back: u64,
        /// The most allowed.
        most: u64,
    },
    /// With one asset, there is no price to feed.
    FeedOfOneAsset {
        /// The epochs of its average.
        got: u64,
    },
    /// R20: credits are converted at a price that nobody says.
    CreditsWithoutFeed {
        /// The larger of what an epoch may burn and give back, in parts per billion.
        got: u64,
    },
}

impl Params {
    /// What of these does not fit a network of one asset.
    pub(crate) fn unfit_for_one(&self) -> Option<Violation> {
        let (price, span) = (self.chain.stake_price, self.prices.average_epochs.count());
        if price != Factor::ONE {
            return Some(Violation::StakePriceNotOne { got: price.parts() });
        }
        self.prices.is_on().then_some(Violation::FeedOfOneAsset { got: span })
    }
}

/// A value of the parameter at `path` as people write it; of what is none, the number.
fn shown(path: &str, value: u64) -> String {
    let field = RawParams::fields().find(|field| field.is_at(path));
    field.map_or_else(|| value.to_string(), |field| field.shown(value))
}

/// Parts per billion of a whole, in per cent.
fn percent(parts: &u64) -> Decimal {
    Decimal { count: *parts, places: 7 }
}

fn tokens(amount: &Amount) -> Decimal {
    Decimal { count: amount.units(), places: 9 }
}

impl fmt::Display for Violation {
    // tidy: ladder
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { room, field, got, min, max } => {
                let path = alloc::format!("{room}.{field}");
                let [got, min, max] = [got, min, max].map(|value| shown(&path, *value));
                // The unit is said once.
                let min = min.split(' ').next().unwrap_or_default();
                write!(f, "{path} is {got}; allowed are {min} to {max}")
            }
            Self::OutOfOrder { lower, upper, got, max } => {
                // What is no parameter is counted as the other is.
                let path = if lower.contains(' ') { upper } else { lower };
                let (got, max) = (shown(path, *got), shown(upper, *max));
                write!(f, "{lower} is {got}, above {upper}, which is {max}")
            }
            Self::ShareAboveMax { share, max } => write!(
                f,
                "a slash of {} % exceeds slashing.share_max, which is {} % (R2)",
                percent(share),
                percent(max)
            ),
            Self::UnbondingTooShort { unbonding, needed } => write!(
                f,
                "unbonding takes {unbonding} blocks, but a job and its dispute may take {needed}; \
                 raise staking.unbonding_epochs or shorten deadlines and windows (R4)"
            ),
            Self::StepTooLong { gas, limit } => write!(
                f,
                "chain.referee_gas is {gas}, but half a block is enough for {limit} only; lower \
                 it or raise chain.block_interval_min_ms (R5)"
            ),
            Self::StepExceedsBudget { step_gas, budget } => write!(
                f,
                "market.step_gas_max {step_gas} exceeds chain.referee_gas {budget}: such a step \
                 could never be judged (R5)"
            ),
            Self::LaneTooNarrow { lane_kib, needed_kib } => write!(
                f,
                "chain.lane_kib is {lane_kib}, but {needed_kib} are needed to answer all requests \
                 of one job within verification.availability_blocks (R6)"
            ),
            Self::ChallengeTooCheap { deposit, needed } => write!(
                f,
                "verification.challenge_deposit of {} tokens does not cover the {} that its moves \
                 and the referee cost (R10)",
                tokens(deposit),
                tokens(needed)
            ),
            Self::KeepTooShort { blocks, needed } => write!(
                f,
                "storage.keep_blocks_max is {blocks}, but the longest job takes {needed}; raise it \
                 or shorten deadlines and windows (R15)"
            ),
            Self::ActiveSetTooSmall { places, needed } => write!(
                f,
                "staking.validators_active_max is {places}, but the largest audit needs {needed} \
                 eligible validators; raise it, set it to 0, or lower verification.auditors_max \
                 (R18)"
            ),
            Self::EmissionCapTooHigh { cap, limit } => write!(
                f,
                "rewards.emission_cap is {} %, allowed are up to {} %: a job that burns its fees \
                 must get less than them back, or paying oneself pays (R9)",
                percent(cap),
                percent(limit)
            ),
            Self::NamesTooCheap { cost, gain } => write!(
                f,
                "the smaller bond costs {} tokens an epoch at rewards.bond_cost, but with \
                 rewards.work_exponent one name more may gain {}; raise bonds, or emit less, by a \
                 schedule with a most (R19)",
                tokens(cost),
                tokens(gain)
            ),
            Self::SpentTooFast { share, most } => write!(
                f,
                "governance.spend_epoch_share is {} %, allowed in so short an epoch are up to {} \
                 %: the treasury lasts however epochs are cut (R16)",
                percent(share),
                percent(most)
            ),
            Self::BlocksTooFast { interval_ms, least_ms } => write!(
                f,
                "chain.block_interval_min_ms would be {interval_ms}, but what is alive counts on \
                 blocks of {least_ms}; a vote can raise it and not lower it (M10, M21)"
            ),
            Self::EpochTooLong { blocks, most } => write!(
                f,
                "chain.epoch_blocks would be {blocks}, but bonds that leave were told epochs of \
                 {most}; a vote can lower it and not raise it (M21)"
            ),
            Self::StakePriceNotOne { got } => write!(
                f,
                "chain.stake_price is {}, but this network has one asset, which is worth itself",
                Decimal { count: *got, places: 9 }
            ),
            Self::FeedOfOneAsset { got } => write!(
                f,
                "prices.average_epochs is {got}, but this network has one asset, which needs no \
                 price feed"
            ),
            Self::CreditsWithoutFeed { got } => write!(
                f,
                "credits.mint_share or credits.redeem_share is {} %, but credits need a price \
                 feed, and that two assets; set prices.average_epochs (R20)",
                percent(got)
            ),
            Self::TierNotAbove { below, above } => write!(
                f,
                "access.stake_1 to access.stake_4 rise from tier to tier, but {below} is followed \
                 by {above}"
            ),
            Self::DiscountTooDeep { back, most } => write!(
                f,
                "of a take {back} parts per billion may come back, by rewards.emission_cap of \
                 what burns and by access.discount of the rest, but {most} at most (R21)"
            ),
        }
    }
}

/// Everything that is wrong with parameters; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParamsRejected {
    /// Ranges first, then relations.
    pub violations: Vec<Violation>,
}

impl fmt::Display for ParamsRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fmt::Display::fmt(violation, f)?;
        }
        Ok(())
    }
}

/// Worst nanoseconds of the referee for 10 gas, measured on hostile programs (M12).
const REFEREE_NANOS_PER_10_GAS: u64 = 69;
/// Kibibytes of a chunk of input or output with its path, of which each seat, or who ordered, may
/// ask for several.
const CHUNK_KIB: u64 = 262;
/// Kibibytes of the largest answer that one block of the protected lane must carry: an output.
const ANSWER_KIB: u64 = 1_024;
/// Kibibytes of the largest evidence: program, state, chunk, and its paths.
const EVIDENCE_KIB: u64 = 64 + 1_024 + 256 + 16;
/// What a dispute's moves weigh at most, in transfers: a step with its evidence in each of three
/// trees, of which two may show nothing; the levels of the tree over most steps and of the two
/// finer ones, each a node (2) with its kibibyte (1) and the child that is rejected (1); and two
/// finer trees (4) with their children and paths.
const DISPUTE_WEIGHT: u64 = 3 * (20 + EVIDENCE_KIB) + (7 + 4 + 3) * 4 + 2 * (4 + 17);

/// The treasury's share that may leave with each block of an epoch, in parts per billion: a
/// hundredth in an hour of seconds, so that half of it lasts for three days against any majority.
const SPEND_PARTS_PER_BLOCK: u64 = 2_777;

/// What a lower tier's discount is called.
pub(super) const TIER_DISCOUNT: &str = "access.discount of a tier";

/// What of a take may come back to whoever pays itself where there are discounts, in parts per
/// billion: it loses a tenth, as it does of what burns at the default `rewards.emission_cap`.
const TAKE_BACK_MAX: u64 = 900_000_000;

pub(super) fn check(raw: &RawParams) -> Result<(), ParamsRejected> {
    let ranges = raw.chain.outside().chain(raw.staking.outside());
    let ranges = ranges.chain(raw.market.outside()).chain(raw.verification.outside());
    let ranges = ranges
        .chain(raw.slashing.outside())
        .chain(raw.insurance.outside())
        .chain(raw.reputation.outside())
        .chain(raw.storage.outside())
        .chain(raw.rewards.outside())
        .chain(raw.governance.outside())
        .chain(raw.prices.outside())
        .chain(raw.credits.outside())
        .chain(raw.access.outside());
    let mut violations: Vec<Violation> = ranges
        .map(|outside| Violation::OutOfRange {
            room: outside.field.room,
            field: outside.field.name,
            got: outside.got,
            min: outside.field.min,
            max: outside.field.max,
        })
        .collect();
    let relations = [
        orders(raw),
        shares(raw),
        escapes(raw),
        unbonding(raw),
        steps(raw),
        budget(raw),
        lane(raw),
        deposit(raw),
        keep(raw),
        emission(raw),
        names(raw),
        spending(raw),
        pricing(raw),
        backing(raw),
        places(raw),
        tiers(raw),
        discount(raw),
    ];
    violations.extend(relations.into_iter().flatten());
    if violations.is_empty() { Ok(()) } else { Err(ParamsRejected { violations }) }
}

fn orders(raw: &RawParams) -> Option<Violation> {
    let (market, verification) = (&raw.market, &raw.verification);
    if verification.tier_start > verification.tier_full {
        let (got, max) = (verification.tier_start.units(), verification.tier_full.units());
        let (lower, upper) = ("verification.tier_start", "verification.tier_full");
        return Some(Violation::OutOfOrder { lower, upper, got, max });
    }
    let (lower, upper) = ("market.deadline_blocks_min", "market.deadline_blocks_max");
    let (got, max) = (market.deadline_blocks_min.count(), market.deadline_blocks_max.count());
    if got > max {
        return Some(Violation::OutOfOrder { lower, upper, got, max });
    }
    let (lower, upper) = ("insurance.waiting_blocks", "market.bid_blocks");
    let (got, max) = (raw.insurance.waiting_blocks.count(), market.bid_blocks.count());
    if got > max {
        return Some(Violation::OutOfOrder { lower, upper, got, max });
    }
    let (lower, upper) = ("rewards.rate_min", "rewards.rate_max");
    let (got, max) = (raw.rewards.rate_min.parts(), raw.rewards.rate_max.parts());
    if got > max {
        return Some(Violation::OutOfOrder { lower, upper, got, max });
    }
    let (lower, upper) = ("governance.pause_blocks_max", "governance.pause_window_blocks");
    let governance = &raw.governance;
    let (got, max) = (governance.pause_blocks_max, governance.pause_window_blocks);
    let (got, max) = (got.count(), max.count());
    (got > max).then_some(Violation::OutOfOrder { lower, upper, got, max })
}

/// R17: an average never of one old price alone where new work begins, and a haircut that covers
/// the most that the price moves before the next counts.
fn pricing(raw: &RawParams) -> Option<Violation> {
    let prices = raw.prices;
    if !prices.is_on() {
        return None;
    }
    let (lower, upper) = ("prices.stale_epochs", "prices.average_epochs");
    let (got, max) = (prices.stale_epochs.count(), prices.average_epochs.count());
    if got > max {
        return Some(Violation::OutOfOrder { lower, upper, got, max });
    }
    let (lower, upper) = ("prices.step", "prices.haircut");
    let (got, max) = (prices.step.parts(), prices.haircut.parts());
    (got > max).then_some(Violation::OutOfOrder { lower, upper, got, max })
}

/// R20: credits are converted at prices that count, and are slowed before they are stopped.
fn backing(raw: &RawParams) -> Option<Violation> {
    let credits = raw.credits;
    if credits.is_on() && !raw.prices.is_on() {
        let got = credits.mint_share.max(credits.redeem_share).parts();
        return Some(Violation::CreditsWithoutFeed { got });
    }
    let (lower, upper) = ("credits.halt_ratio", "credits.warn_ratio");
    let (got, max) = (credits.halt_ratio.parts(), credits.warn_ratio.parts());
    (got > max).then_some(Violation::OutOfOrder { lower, upper, got, max })
}

fn shares(raw: &RawParams) -> Option<Violation> {
    let slashing = &raw.slashing;
    let share = slashing.wrong_result.max(slashing.false_audit).max(slashing.copied_root);
    let (share, max) = (share.parts(), slashing.share_max.parts());
    (share > max).then_some(Violation::ShareAboveMax { share, max })
}

/// To have oneself reported as copied is no way out of a dearer conviction (p11).
fn escapes(raw: &RawParams) -> Option<Violation> {
    let slashing = &raw.slashing;
    let upper = "slashing.copied_root";
    let (lower, got) = match slashing.copied_root {
        copied if copied < slashing.wrong_result => {
            ("slashing.wrong_result", slashing.wrong_result.parts())
        }
        copied if copied < slashing.false_audit => {
            ("slashing.false_audit", slashing.false_audit.parts())
        }
        _ => return None,
    };
    Some(Violation::OutOfOrder { lower, upper, got, max: slashing.copied_root.parts() })
}

fn unbonding(raw: &RawParams) -> Option<Violation> {
    let needed = raw.longest_liability().count();
    let unbonding = raw.chain.epoch_blocks.times(raw.staking.unbonding_epochs.count()).count();
    (unbonding < needed).then_some(Violation::UnbondingTooShort { unbonding, needed })
}

fn steps(raw: &RawParams) -> Option<Violation> {
    let gas = raw.chain.referee_gas.count();
    let half_a_block = raw.chain.block_interval_min_ms.saturating_mul(5_000_000);
    let limit = half_a_block.div_euclid(REFEREE_NANOS_PER_10_GAS);
    (gas > limit).then_some(Violation::StepTooLong { gas, limit })
}

fn budget(raw: &RawParams) -> Option<Violation> {
    let (step_gas, budget) = (raw.market.step_gas_max.count(), raw.chain.referee_gas.count());
    (step_gas > budget).then_some(Violation::StepExceedsBudget { step_gas, budget })
}

fn lane(raw: &RawParams) -> Option<Violation> {
    let verification = &raw.verification;
    let seats = u64::from(verification.auditors_max).saturating_add(2);
    let requests = u64::from(verification.data_requests_max).saturating_mul(seats);
    let kib = requests.saturating_mul(CHUNK_KIB);
    let needed_kib = kib.div_ceil(verification.availability_blocks.count().max(1)).max(ANSWER_KIB);
    let lane_kib = raw.chain.lane_kib;
    (lane_kib < needed_kib).then_some(Violation::LaneTooNarrow { lane_kib, needed_kib })
}

fn deposit(raw: &RawParams) -> Option<Violation> {
    let needed = raw.chain.base_fee.checked_times(DISPUTE_WEIGHT).unwrap_or(Amount::MAX);
    let deposit = raw.verification.challenge_deposit;
    (deposit < needed).then_some(Violation::ChallengeTooCheap { deposit, needed })
}

fn keep(raw: &RawParams) -> Option<Violation> {
    let longest = raw.job_duration(raw.market.deadline_blocks_max, raw.market.work_bound_max);
    let (blocks, needed) = (raw.storage.keep_blocks_max.count(), longest.count());
    (blocks < needed).then_some(Violation::KeepTooShort { blocks, needed })
}

/// R18: the largest audit finds its auditors, and those of a seat that is drawn again, in a full
/// set, though its requester and its provider be of it.
fn places(raw: &RawParams) -> Option<Violation> {
    let (places, verification) = (raw.staking.validators_active_max, &raw.verification);
    let spare = u64::from(verification.pool_min).saturating_add(2);
    let needed = u64::from(verification.auditors_max).saturating_add(spare);
    (0 < places && places < needed).then_some(Violation::ActiveSetTooSmall { places, needed })
}

/// All that a job attracts is its claim, which the cap bounds by what it burnt.
fn emission(raw: &RawParams) -> Option<Violation> {
    let (cap, limit) = (raw.rewards.emission_cap.parts(), PARTS.saturating_sub(1));
    (cap > limit).then_some(Violation::EmissionCapTooHigh { cap, limit })
}

/// Where returns diminish, whoever works under one name more has at most 1 − 2^(γ − 1) of what an
/// epoch emits more than under one less: each name has to have a bond that costs as much.
fn names(raw: &RawParams) -> Option<Violation> {
    let (rewards, staking) = (&raw.rewards, &raw.staking);
    let share = Exponent::of_quarters(rewards.work_exponent).split_gain_ceil();
    if share == Ratio::ZERO {
        return None;
    }
    let gain = share.amount_ceil(rewards.epoch_most().unwrap_or(Amount::MAX));
    let bond = staking.provider_bond_min.min(staking.validator_bond_min);
    let a_year = rewards.bond_cost.amount_floor(bond);
    let cost = a_year.share_floor(1, rewards.epochs_per_year).unwrap_or(Amount::ZERO);
    (cost < gain).then_some(Violation::NamesTooCheap { cost, gain })
}

/// Tiers rise without a gap, in what they ask and in what they give: to split a bond over accounts
/// gains nothing.
fn tiers(raw: &RawParams) -> Option<Violation> {
    let rows = raw.access.rows();
    let pairs = rows.iter().zip(rows.iter().skip(1));
    let mut pairs = pairs.filter(|(_, upper)| !upper.stake.is_zero());
    pairs.find_map(|(lower, upper)| {
        if lower.stake.is_zero() || lower.stake >= upper.stake {
            let (below, above) = (lower.stake, upper.stake);
            return Some(Violation::TierNotAbove { below, above });
        }
        let (got, max) = (lower.discount.parts(), upper.discount.parts());
        let (lower, upper) = (TIER_DISCOUNT, "that of the next tier");
        (got > max).then_some(Violation::OutOfOrder { lower, upper, got, max })
    })
}

/// R21: whoever pays itself with a discount loses a tenth of the take, whatever its job attracts.
fn discount(raw: &RawParams) -> Option<Violation> {
    let (discount, burns) = (raw.access.discount_max(), raw.market.take_burn);
    if discount == Ratio::ZERO {
        return None;
    }
    let emitted = raw.rewards.emission_cap.times_ceil(burns).parts();
    let back = emitted.saturating_add(discount.times_ceil(burns.complement()).parts());
    (back > TAKE_BACK_MAX).then_some(Violation::DiscountTooDeep { back, most: TAKE_BACK_MAX })
}

/// Epochs may be made shorter by vote, and with them the time in which a share leaves.
fn spending(raw: &RawParams) -> Option<Violation> {
    let (share, most) = (raw.governance.spend_epoch_share.parts(), raw.spend_parts_max());
    (share > most).then_some(Violation::SpentTooFast { share, most })
}

impl RawParams {
    /// What `governance.spend_epoch_share` may be at most, in parts per billion (R16).
    pub fn spend_parts_max(&self) -> u64 {
        self.chain.epoch_blocks.count().saturating_mul(SPEND_PARTS_PER_BLOCK)
    }

    /// What would change the time that deadlines and waits were told that have begun under `now`:
    /// windows count blocks and waits count epochs, so neither may change against those who wait.
    pub(super) fn retimes(&self, now: &Params) -> Option<Violation> {
        let (chain, now) = (&self.chain, now.chain());
        let (interval_ms, least_ms) = (chain.block_interval_min_ms, now.block_interval_min_ms);
        if interval_ms < least_ms {
            return Some(Violation::BlocksTooFast { interval_ms, least_ms });
        }
        let (blocks, most) = (chain.epoch_blocks.count(), now.epoch_blocks.count());
        (blocks > most).then_some(Violation::EpochTooLong { blocks, most })
    }

    /// What work that is judged by `live` would meet if these were in force: its own market,
    /// audits and slashes, and the blocks, bonds and room that all share. Bonds that leave already
    /// leave with the epoch that they were told.
    pub(super) fn beside(&self, live: &Params) -> RawParams {
        let live = RawParams::from(*live);
        let RawParams { market, verification, slashing, insurance, reputation, access, .. } = live;
        let mut staking = self.staking;
        staking.unbonding_epochs = staking.unbonding_epochs.min(live.staking.unbonding_epochs);
        RawParams {
            market,
            verification,
            slashing,
            insurance,
            reputation,
            staking,
            access,
            ..*self
        }
    }

    /// Blocks from a job's posting to its end, if its first winner takes it, its first auditors
    /// come and nobody disputes it; at most.
    pub fn job_duration(&self, deadline: Blocks, gas_bound: Gas) -> Blocks {
        let (market, verification) = (&self.market, &self.verification);
        market
            .bid_blocks
            .plus(market.bid_reveal_blocks)
            .plus(market.accept_blocks)
            .plus(deadline)
            .plus(market.grace_blocks)
            .plus(verification.seed_delay_blocks)
            .plus(verification.seed_blocks)
            .plus(verification.audit_blocks(gas_bound, market))
            .plus(verification.reveal_blocks)
            .plus(verification.challenge_window(gas_bound, market))
    }

    /// Blocks from a job's acceptance to the end of its last dispute, stay and appeal, at most
    /// (R4).
    pub fn longest_liability(&self) -> Blocks {
        let (market, verification) = (&self.market, &self.verification);
        let audit = verification.audit_blocks(market.work_bound_max, market);
        // Each round may be drawn again, the last is open for twice as long.
        let rounds = u64::from(verification.redraws).saturating_add(3);
        // In every round every seat, those of a withheld seed included, may ask for bytes as often
        // as one account may, and each request gives the round that much more time (M7).
        let seats = u64::from(verification.auditors_max).saturating_add(2);
        let requests = u64::from(verification.data_requests_max).saturating_mul(seats);
        let requests = requests.saturating_mul(u64::from(verification.redraws).saturating_add(2));
        // The requester may ask for each chunk of the output, and for as many again as one account
        // may; each gives the window its share of the time that it took.
        let chunks = u64::from(ProgramForm::Paged(market.output_kib_max()).output_chunks());
        let again = u64::from(verification.data_requests_max);
        let chunks = if chunks > 0 { chunks.saturating_add(again) } else { 0 };
        let share = verification.share_of_wait(verification.availability_blocks);
        let stay = self.slashing.engine_stay_epochs.count().saturating_add(1);
        let stay = stay.saturating_add(appeal_wait(&self.slashing, &self.governance).count());
        market
            .deadline_blocks_max
            .plus(market.grace_blocks)
            .plus(verification.seed_delay_blocks)
            .plus(verification.seed_blocks)
            .plus(audit.times(rounds))
            .plus(verification.reveal_blocks)
            .plus(verification.availability_blocks.times(requests))
            .plus(share.times(chunks))
            .plus(verification.challenge_window(market.work_bound_max, market))
            .plus(verification.dispute_blocks_max(market.work_bound_max, market))
            .plus(self.chain.epoch_blocks.times(stay))
    }
}

impl Params {
    /// Epochs from an appeal to its decision, at most.
    pub fn appeal_wait(&self) -> Epochs {
        appeal_wait(&self.slashing, &self.governance)
    }
}

/// The rest of the epoch that an appeal is made in, its voting, and the answer to a late quorum;
/// nothing where nobody may appeal.
fn appeal_wait(slashing: &SlashingParams, governance: &GovernanceParams) -> Epochs {
    let voting = slashing.appeal_epochs.count();
    let late = governance.late_quorum_epochs.count().saturating_add(1);
    Epochs::new(if voting == 0 { 0 } else { voting.saturating_add(late).saturating_add(1) })
}
