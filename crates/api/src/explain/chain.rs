//! Words for blocks and genesis files.

use earnest_protocol::{BlockRejected, ParamsRejected, genesis::GenesisRejected};

use super::{Words, money, say};

/// The words for a refused block.
pub(crate) fn block(rejected: BlockRejected) -> Words {
    match rejected {
        BlockRejected::HeightMismatch { got, expected } => say(
            format!("The block has height {got}, but {expected} follows"),
            "Fetch the blocks in between, or drop this one if it is old.",
        ),
        BlockRejected::TooEarly { time_ms, earliest_ms } => say(
            format!("The block is of {time_ms} ms, but may be of {earliest_ms} ms at the earliest"),
            "Wait for the least interval between blocks; check the proposer's clock.",
        ),
        BlockRejected::BeaconMismatch => say(
            "The beacon is not the preimage of the last link of its chain",
            "Propose with the replica's own beacon chain, or withhold the beacon.",
        ),
        BlockRejected::AnchorMismatch => say(
            "An anchor belongs into the first block of each beacon chain, and in no other",
            "Anchor the chain after next when a chain begins.",
        ),
    }
}

/// The words for a refused genesis.
pub(crate) fn genesis(rejected: &GenesisRejected) -> Words {
    match rejected {
        GenesisRejected::Params(rejected) => params(rejected),
        GenesisRejected::BeaconChainEmpty => {
            say("A beacon chain serves no block", "Set `beacon.chain_blocks` to at least 1.")
        }
        GenesisRejected::DuplicateAccount { address } => {
            say(format!("{address} is listed twice"), "Keep one entry, with the whole balance.")
        }
        GenesisRejected::SupplyTooLarge => say(
            format!("All balances together exceed {}", money(earnest_protocol::Amount::MAX)),
            "Lower the balances.",
        ),
        GenesisRejected::BondNotCovered { address, bond } => say(
            format!("{address} bonds {}, which its balance does not cover", money(*bond)),
            "Give its account at least that balance; a bond is more than nothing.",
        ),
        GenesisRejected::DuplicateOperator { address } => say(
            format!("{address} bonds twice for one role"),
            "Keep one bond per address and role.",
        ),
    }
}

fn params(rejected: &ParamsRejected) -> Words {
    let hint = match rejected {
        ParamsRejected::OutOfRange { .. } => "Set the parameter within its range.",
        ParamsRejected::TiersOutOfOrder { .. } => "Set `tier_full` to at least `tier_start`.",
        ParamsRejected::UnbondingTooShort { .. } => {
            "Raise `unbonding_epochs`, or shorten deadlines and windows."
        }
        ParamsRejected::StepTooLong { .. } => {
            "Lower `step_gas_max`, or raise `block_interval_min_ms`."
        }
        ParamsRejected::BidDepositTooSmall { .. } => "Raise `bid_deposit` to at least a tenth.",
    };
    say(rejected.to_string(), hint)
}
