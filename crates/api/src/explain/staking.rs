//! Words for bonds, jail, rewards and delegations.

use earnest_protocol::{
    Amount,
    staking::{
        BondRejected, CancelUnbondRejected, CancelUndelegationRejected, DelegateRejected,
        LockBondRejected, RedelegateRejected, SetCommissionRejected, UnbondRejected,
        UndelegateRejected, UnjailRejected, WithdrawDelegationRejected,
    },
};

use super::{Words, exceeds_free_bond, exceeds_free_of, money, percent, say};

/// What bonds and delegations are of.
const BONDED: &str = "the asset that is bonded";

pub(super) fn bond(rejected: BondRejected) -> Words {
    match rejected {
        BondRejected::AmountMustBePositive => {
            say("A bond is more than nothing", "Name an amount above zero.")
        }
        BondRejected::NotOffered => say(
            "This network has no tiers of access, so access stake would give nothing",
            "Look at `access` in `earnest query params`; a genesis or a vote may set tiers.",
        ),
        BondRejected::Tombstoned => tombstoned(),
        BondRejected::ExceedsFree { wanted, free } => {
            exceeds_free_of(BONDED, "The bond is of", wanted, free)
        }
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
        UnbondRejected::Locked { wanted, unlocked, until } => say(
            format!(
                "Unbonding would take {}, but {} of the stake are not locked until epoch {until}",
                money(wanted),
                money(unlocked)
            ),
            "Unbond at most what is not locked, or wait for the lock's end.",
        ),
        UnbondRejected::UnbondingsAtLimit { limit } => say(
            format!("The queue of withdrawals already has its {limit} entries"),
            "Wait for an entry to mature, then unbond the rest in one go.",
        ),
    }
}

pub(super) fn lock_bond(rejected: LockBondRejected) -> Words {
    match rejected {
        LockBondRejected::NotOffered => say(
            "Bonds are not locked in this network: nothing would weigh more for it",
            "Nothing needs to be done; `earnest query params` shows `staking.lock_boost`.",
        ),
        LockBondRejected::AmountMustBePositive => {
            say("A lock is of more than nothing", "Name an amount above zero.")
        }
        LockBondRejected::EpochsOutOfRange { wanted, max } => say(
            format!("A lock is for 1 to {max} epochs, not for {wanted}"),
            "Name a number of epochs in that range.",
        ),
        LockBondRejected::NotAnOperator => not_an_operator(),
        LockBondRejected::Tombstoned => tombstoned(),
        LockBondRejected::ExceedsStake { wanted, stake } => say(
            format!("{} would be locked, but {} are at stake", money(wanted), money(stake)),
            "Bond the difference first, or lock less.",
        ),
        LockBondRejected::BelowLocked { wanted, locked } => say(
            format!(
                "{} are locked, and a lock never covers less: not {}",
                money(locked),
                money(wanted)
            ),
            "Name all that is to be locked, what is locked included.",
        ),
        LockBondRejected::EndsSooner { wanted, until } => say(
            format!("The lock ends in epoch {until}, and never sooner, such as in {wanted}"),
            "Name at least as many epochs as are left of it.",
        ),
    }
}

pub(super) fn cancel_unbond(rejected: CancelUnbondRejected) -> Words {
    match rejected {
        CancelUnbondRejected::AmountMustBePositive => {
            say("Bonding again takes more than nothing", "Name an amount above zero.")
        }
        CancelUnbondRejected::NotAnOperator => not_an_operator(),
        CancelUnbondRejected::Tombstoned => tombstoned(),
        CancelUnbondRejected::ExceedsUnbonding { wanted, unbonding } => say(
            format!("{} would be bonded again, but {} leave", money(wanted), money(unbonding)),
            "Name at most what still leaves; what was paid out can be bonded anew.",
        ),
        CancelUnbondRejected::BelowMinimum { wanted, minimum } => say(
            format!("The stake would be {}, but this role needs {}", money(wanted), money(minimum)),
            "Bond the difference first, or cancel more.",
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

pub(super) fn delegate(rejected: DelegateRejected) -> Words {
    match rejected {
        DelegateRejected::Paused { until } => say(
            format!("The guardian has paused new delegations until block {until}"),
            "Delegate then; what is delegated may leave at any time.",
        ),
        DelegateRejected::BelowMinimum { wanted, minimum } => say(
            format!("The delegation is of {}, the least is {}", money(wanted), money(minimum)),
            "Delegate at least as much at once.",
        ),
        DelegateRejected::NotAnOperator => say(
            "That account has no bond for this role",
            "Name an account that is bonded, and the role that it is bonded for.",
        ),
        DelegateRejected::MayNotWork => may_not_work(),
        DelegateRejected::ExceedsFree { wanted, free } => {
            exceeds_free_of(BONDED, "The delegation is of", wanted, free)
        }
        DelegateRejected::DelegationsAtLimit { limit } => say(
            format!("The account already delegates to {limit} operators"),
            "Add to one of them, or take all back from one and withdraw it.",
        ),
        DelegateRejected::KeepsEverything => keeps_everything(),
        DelegateRejected::SlashWaits => slash_waits(),
        DelegateRejected::ExceedsCap { total, max } => exceeds_cap(total, max),
        DelegateRejected::PoolFull => pool_full(),
    }
}

pub(super) fn redelegate(rejected: RedelegateRejected) -> Words {
    match rejected {
        RedelegateRejected::BelowMinimum { wanted, minimum } => say(
            format!("{} would move, the least is {}", money(wanted), money(minimum)),
            "Move at least as much at once, or undelegate it.",
        ),
        RedelegateRejected::NotDelegated => not_delegated(),
        RedelegateRejected::SameOperator => {
            say("The stake is with that operator already", "Name another operator as the target.")
        }
        RedelegateRejected::StillBound { wanted, free } => say(
            format!(
                "{} would move, but only {} answers for this operator alone",
                money(wanted),
                money(free)
            ),
            "Wait until what moved here before is free, or move less.",
        ),
        RedelegateRejected::ExceedsDelegation { wanted, delegated } => say(
            format!(
                "{} would move, but the delegation is worth {}",
                money(wanted),
                money(delegated)
            ),
            "Move at most what it is worth.",
        ),
        RedelegateRejected::RestBelowMinimum { rest, minimum } => say(
            format!("{} would stay, the least delegation is {}", money(rest), money(minimum)),
            "Move less, or all of it.",
        ),
        RedelegateRejected::NotAnOperator => say(
            "The account that it would go to has no bond for this role",
            "Name an account that is bonded for the same role.",
        ),
        RedelegateRejected::MayNotWork => may_not_work(),
        RedelegateRejected::DelegationsAtLimit { limit } => say(
            format!("The account already delegates to {limit} operators"),
            "Move to one of them, or take all back from one and withdraw it.",
        ),
        RedelegateRejected::KeepsEverything => keeps_everything(),
        RedelegateRejected::SlashWaits => slash_waits(),
        RedelegateRejected::ExceedsCap { total, max } => exceeds_cap(total, max),
        RedelegateRejected::MovesAtLimit { limit } => say(
            format!("One of the two operators already has {limit} parcels on the move"),
            "Wait until one of them is free, or undelegate.",
        ),
        RedelegateRejected::MoveFull => say(
            "What moves with this span has lost so much that this buys no share of it",
            "Ask again when the next span has begun.",
        ),
    }
}

pub(super) fn set_commission(rejected: SetCommissionRejected) -> Words {
    match rejected {
        SetCommissionRejected::NotAnOperator => not_an_operator(),
        SetCommissionRejected::AboveCeiling { wanted, ceiling } => say(
            format!(
                "The commission would be {}, above its own ceiling of {}",
                percent(wanted),
                percent(ceiling)
            ),
            "Lower the rate, or name a ceiling that covers it.",
        ),
        SetCommissionRejected::CeilingRaised { wanted, ceiling } => say(
            format!(
                "The ceiling would be {}, but {} was promised",
                percent(wanted),
                percent(ceiling)
            ),
            "Keep the ceiling or lower it; whoever delegated relies on it.",
        ),
        SetCommissionRejected::TooSoon { until, now } => say(
            format!("The commission may change from epoch {until} on; now it is epoch {now}"),
            "Ask again when that epoch has begun.",
        ),
        SetCommissionRejected::RaisedTooMuch { wanted, max } => say(
            format!(
                "The commission would be {}, but may rise to {} at once",
                percent(wanted),
                percent(max)
            ),
            "Raise it in steps, one at a time.",
        ),
    }
}

pub(super) fn undelegate(rejected: UndelegateRejected) -> Words {
    match rejected {
        UndelegateRejected::AmountMustBePositive => {
            say("Undelegating takes back more than nothing", "Name an amount above zero.")
        }
        UndelegateRejected::NotDelegated => not_delegated(),
        UndelegateRejected::ExceedsDelegation { wanted, delegated } => say(
            format!(
                "{} would be taken back, but the delegation is worth {}",
                money(wanted),
                money(delegated)
            ),
            "Take back at most what it is worth.",
        ),
        UndelegateRejected::RestBelowMinimum { rest, minimum } => say(
            format!("{} would stay, but a delegation is at least {}", money(rest), money(minimum)),
            "Take back less, or all of it.",
        ),
        UndelegateRejected::SlashWaits => say(
            "A slash of what leaves in this span may still be undone, and what it gives back is \
             for those who lost it",
            "Ask again when the next span has begun, or the slash is paid out.",
        ),
        UndelegateRejected::ExitFull => say(
            "What leaves with this span has lost so much that this buys no share of it",
            "Ask again when the next span has begun.",
        ),
    }
}

pub(super) fn cancel_undelegation(rejected: CancelUndelegationRejected) -> Words {
    match rejected {
        CancelUndelegationRejected::NotDelegated => not_delegated(),
        CancelUndelegationRejected::NothingLeaves => say(
            "Nothing that could still be kept leaves this operator",
            "What has matured may be withdrawn and delegated again.",
        ),
        CancelUndelegationRejected::MayNotWork => may_not_work(),
        CancelUndelegationRejected::KeepsEverything => keeps_everything(),
        CancelUndelegationRejected::SlashWaits => slash_waits(),
        CancelUndelegationRejected::ExceedsCap { total, max } => exceeds_cap(total, max),
        CancelUndelegationRejected::PoolFull => pool_full(),
    }
}

pub(super) fn withdraw_delegation(rejected: WithdrawDelegationRejected) -> Words {
    match rejected {
        WithdrawDelegationRejected::NotDelegated => not_delegated(),
        WithdrawDelegationRejected::NothingMatured => say(
            "Nothing that was delegated to this operator has matured, and it earned no unit",
            "Undelegate first, and ask again in the epoch in which it matures.",
        ),
    }
}

fn keeps_everything() -> Words {
    say(
        "This operator keeps all of its pay and takes no delegations",
        "Delegate to an operator whose commission is below 100 %: `earnest stake terms` shows it.",
    )
}

fn slash_waits() -> Words {
    say(
        "A slash of this operator may still be undone",
        "Wait until it is paid out, or delegate to another operator.",
    )
}

fn exceeds_cap(total: Amount, max: Amount) -> Words {
    say(
        format!(
            "{} would be delegated, but the operator's own stake allows {}",
            money(total),
            money(max)
        ),
        "Delegate less, or to another operator.",
    )
}

fn pool_full() -> Words {
    say(
        "The operator's pool has lost so much that this buys no share of it",
        "Delegate to another operator.",
    )
}

fn not_delegated() -> Words {
    say("The account delegated nothing to this operator", "Name the operator and its role.")
}

fn may_not_work() -> Words {
    say(
        "This operator gets no work now: it is jailed, tombstoned or below its minimum",
        "Wait until it works again, or delegate to another operator.",
    )
}

pub(super) fn not_an_operator() -> Words {
    say("The account has no bond for this role", "Bond for the role first, or name the other.")
}

fn tombstoned() -> Words {
    say(
        "This operator is tombstoned and never returns",
        "Unbond what is left; work goes on under another account.",
    )
}
