//! Words for transactions, blocks and genesis files.

use earnest_protocol::{
    BlockRejected, ParamsRejected, TransactionRejected, genesis::GenesisRejected, params::Violation,
};

use super::{Words, exceeds_free, money, say, scope_name};

/// The words for a transaction whose command was not looked at.
pub(super) fn transaction(rejected: TransactionRejected) -> Words {
    match rejected {
        TransactionRejected::UnknownAccount => say(
            "The signer, or the one that it acts for, has no account on this network",
            "Send something to its address first; also check that you signed for this network.",
        ),
        TransactionRejected::KeyNotAuthorised => say(
            "The account has not authorised this key, or the key was revoked or has expired",
            "Have the account's own key authorise it with `authorise_key`.",
        ),
        TransactionRejected::KeyOutOfScope { scope } => say(
            format!("This key may only {}", scope_name(scope)),
            "Send this with the account's own key, or with one that is authorised for it.",
        ),
        TransactionRejected::Expired { valid_until, height } => say(
            format!("The transaction was valid until height {valid_until}; now it is {height}"),
            "Sign it again with a later `valid_until`.",
        ),
        TransactionRejected::NonceUsed { got, next } => say(
            format!("Nonce {got} is used; the next is {next}"),
            "Sign it again with the sender's next nonce.",
        ),
        TransactionRejected::NonceTooHigh { got, next } => say(
            format!("Nonce {got} is too high; the account's next is {next}"),
            "Submit the transactions in between first, or sign with the next nonce.",
        ),
        TransactionRejected::FeeExceedsFree { fee, free } => {
            let (detail, _) = exceeds_free("The fee is", fee, free);
            say(
                detail,
                "Fund the account with the asset that pays, wait for locks to return, or ask for \
                 less; where two assets are, stake pays no fee.",
            )
        }
        TransactionRejected::KeyLimitExceeded { wanted, left } => say(
            format!(
                "The command and its fee would take {}, but this key may take {} more",
                money(wanted),
                money(left)
            ),
            "Have the account's own key authorise it again, with a limit that covers this.",
        ),
        TransactionRejected::RefereeBusy { wanted, left } => say(
            format!(
                "The step may need {wanted} gas, but the referee has {left} left in this block"
            ),
            "Nothing needs to be done: it waits for a later block, and its clock stands still.",
        ),
    }
}

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
        GenesisRejected::NoPaymentAsset { address } => say(
            format!("{address} holds a payment asset, but this network has one asset"),
            "Leave out its `payment`, or set `assets` to `dual`.",
        ),
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
        GenesisRejected::GrantOutOfRange { address, cliff, ends } => say(
            format!(
                "{address} is granted nothing, or its end at {ends} is before its cliff at {cliff}"
            ),
            "Give each grant an `amount`, and an `ends` of at least its `cliff`.",
        ),
        GenesisRejected::DuplicateGrant { address } => {
            say(format!("{address} has two grants"), "Keep one, or grant to another address.")
        }
        GenesisRejected::ListOutOfRange { places, total, closes } => say(
            format!("A list of {places} places gives {} until height {closes}", money(*total)),
            "Name 1 to 1,048,576 places, a `total`, and a `closes` of at least 2: \
             `earnest grants list FILE` counts them.",
        ),
        GenesisRejected::CouncilOutOfRange { members, threshold } => say(
            format!("{threshold} of {members} members speak for the council"),
            "Name 1 to 32 members, and a threshold of at least 1 and at most all of them.",
        ),
        GenesisRejected::GuardUnknown { address } => say(
            format!("{address} is to guard the network, but has no account, or is named twice"),
            "Give it an account, and name each member of the council once.",
        ),
        GenesisRejected::CouncilOutOfPhase { phase } => say(
            format!("The network begins in phase {phase}, which does not go with its council"),
            "Name a `council` and set `governance.phase` to 0 or 1, or leave out both.",
        ),
    }
}

fn params(rejected: &ParamsRejected) -> Words {
    let hint = match rejected.violations.as_slice() {
        [one] => violation(one),
        _ => "Mend each of them; `earnest query params` lists every range and default.",
    };
    say(rejected.to_string(), hint)
}

fn violation(violation: &Violation) -> &'static str {
    match violation {
        Violation::OutOfRange { .. } => "Set the parameter within its range.",
        Violation::OutOfOrder { .. } => "Set the upper end to at least the lower.",
        Violation::ShareAboveMax { .. } => {
            "Raise `slashing.share_max`, or lower the share that exceeds it."
        }
        Violation::UnbondingTooShort { .. } => {
            "Raise `staking.unbonding_epochs`, or shorten deadlines and windows."
        }
        Violation::StepTooLong { .. } => {
            "Lower `chain.referee_gas`, or raise `chain.block_interval_min_ms`."
        }
        Violation::StepExceedsBudget { .. } => {
            "Lower `market.step_gas_max`, or raise `chain.referee_gas`."
        }
        Violation::LaneTooNarrow { .. } => {
            "Raise `chain.lane_kib` or `verification.availability_blocks`."
        }
        Violation::ChallengeTooCheap { .. } => {
            "Raise `verification.challenge_deposit`, or lower `chain.base_fee`."
        }
        Violation::KeepTooShort { .. } => {
            "Raise `storage.keep_blocks_max`, or shorten deadlines and windows."
        }
        Violation::ActiveSetTooSmall { .. } => {
            "Raise `staking.validators_active_max`, set it to 0, or lower \
             `verification.auditors_max`."
        }
        Violation::EmissionCapTooHigh { .. } => "Lower `rewards.emission_cap` below 1.",
        Violation::NamesTooCheap { .. } => {
            "Raise `staking.provider_bond_min` and `validator_bond_min`, emit less in an epoch, or \
             set `rewards.work_exponent` to 4; diminishing returns need a schedule with a most: 1, \
             2, 3 or 9."
        }
        Violation::SpentTooFast { .. } => {
            "Lower `governance.spend_epoch_share`, or leave `chain.epoch_blocks` as long as it is."
        }
        Violation::BlocksTooFast { .. } => {
            "Leave `chain.block_interval_min_ms`, or raise it; make windows longer instead."
        }
        Violation::EpochTooLong { .. } => {
            "Leave `chain.epoch_blocks`, or lower it; change what is counted in epochs instead."
        }
        Violation::StakePriceNotOne { .. } => {
            "Set `chain.stake_price` to 1, or the genesis' `assets` to `dual`."
        }
        Violation::CreditsWithoutFeed { .. } => {
            "Set `prices.average_epochs`, in a network of two assets, or leave both shares 0."
        }
        Violation::TierNotAbove { .. } => {
            "Let each tier ask for more than the one before, and none follow one that asks for 0."
        }
        Violation::DiscountTooDeep { .. } => {
            "Lower the discount of the highest tier, or `rewards.emission_cap`; what burns is \
             `market.take_burn`."
        }
        Violation::FeedOfOneAsset { .. } => {
            "Leave `prices.average_epochs` 0, or set the genesis' `assets` to `dual`."
        }
    }
}
