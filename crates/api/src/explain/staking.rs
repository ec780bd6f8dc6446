//! Words for bonds, jail and rewards.

use earnest_protocol::staking::{
    BondRejected, ClaimRewardsRejected, UnbondRejected, UnjailRejected,
};

use super::{Words, exceeds_free, exceeds_free_bond, money, say};

pub(super) fn bond(rejected: BondRejected) -> Words {
    match rejected {
        BondRejected::AmountMustBePositive => {
            say("A bond is more than nothing", "Name an amount above zero.")
        }
        BondRejected::Tombstoned => tombstoned(),
        BondRejected::ExceedsFree { wanted, free } => exceeds_free("The bond is of", wanted, free),
        BondRejected::BelowMinimum { wanted, minimum } => say(
            format!("The stake would be {}, but this role needs {}", money(wanted), money(minimum)),
            "Bond at least the difference.",
        ),
    }
}

pub(super) fn unbond(rejected: UnbondRejected) -> Words {
    match rejected {
        UnbondRejected::AmountMustBePositive => {
            say("Unbonding takes out more than nothing", "Name an amount above zero.")
        }
        UnbondRejected::NotAnOperator => not_an_operator(),
        UnbondRejected::ExceedsFreeBond { wanted, free_bond } => {
            exceeds_free_bond("Unbonding would take", wanted, free_bond)
        }
        UnbondRejected::UnbondingsAtLimit { limit } => say(
            format!("The queue of withdrawals already has its {limit} entries"),
            "Wait for an entry to mature, then unbond the rest in one go.",
        ),
    }
}

pub(super) fn unjail(rejected: UnjailRejected) -> Words {
    match rejected {
        UnjailRejected::NotAnOperator => not_an_operator(),
        UnjailRejected::NotJailed => {
            say("This operator is not in jail", "Nothing needs to be done.")
        }
        UnjailRejected::Tombstoned => tombstoned(),
        UnjailRejected::JailedUntil { until, now } => say(
            format!("This operator is jailed until epoch {until}; now it is epoch {now}"),
            "Ask again when that epoch has begun.",
        ),
        UnjailRejected::BelowMinimum { stake, minimum } => say(
            format!("The stake is {}, but this role needs {}", money(stake), money(minimum)),
            "Bond at least the difference, then ask for release again.",
        ),
    }
}

pub(super) fn claim_rewards(rejected: ClaimRewardsRejected) -> Words {
    match rejected {
        ClaimRewardsRejected::NotAnOperator => not_an_operator(),
        ClaimRewardsRejected::NothingAccrued => say(
            "No rewards have accrued for this role",
            "Shares of slashes accrue while the operator is active; look again later.",
        ),
    }
}

fn not_an_operator() -> Words {
    say("The account has no bond for this role", "Bond for the role first, or name the other.")
}

fn tombstoned() -> Words {
    say(
        "This operator is tombstoned and never returns",
        "Unbond what is left; work goes on under another account.",
    )
}
