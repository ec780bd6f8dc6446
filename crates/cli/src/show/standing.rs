//! Operators in words, and how spends end: may it work, and if not, since what and until when.

use earnest_api::OperatorView;
use earnest_protocol::{Ratio, Role, governance::SpendEnding, staking::Standing};

use crate::{clock::Clock, money, text::tokens};

/// The word for a role, as commands take it.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Provider => "provider",
        Role::Validator => "validator",
        Role::Replica => "replica",
    }
}

/// May an operator take new work, and what to do if it may not.
pub fn standing(operator: &OperatorView, clock: &Clock) -> String {
    let role = role(operator.role);
    match operator.standing {
        Standing::Active if operator.may_work => "active, takes new work".to_owned(),
        Standing::Active => {
            let least = tokens(operator.stake_min);
            format!("takes no new work: its stake is below the least, {least}; bond more")
        }
        Standing::Jailed(until) if clock.has_opened(until) => {
            format!("jailed, and may ask for release now: `earnest stake unjail --role {role}`")
        }
        Standing::Jailed(until) => format!(
            "jailed until {}; `earnest stake unjail --role {role}` then releases it",
            clock.epoch(until)
        ),
        Standing::Tombstoned => {
            "excluded for ever; what its bond still has can be unbonded".to_owned()
        }
    }
}

/// What auctions see of an operator.
pub fn reputation(operator: &OperatorView) -> String {
    let OperatorView { score, correctness, timeliness, availability, .. } = *operator;
    let [score, right, in_time, there] =
        [score, correctness, timeliness, availability].map(money::percent);
    // Where two dimensions count, silence is lateness.
    let there = if availability == Ratio::ONE { String::new() } else { format!(", there {there}") };
    let rated = match operator.ratings {
        Ratio::ONE => String::new(),
        ratings => format!(", after ratings {}", money::percent(ratings)),
    };
    let most = operator.job_value_max;
    let most = most.map(|most| format!("; jobs of up to {}", tokens(most))).unwrap_or_default();
    format!("{score} (right {right}, in time {in_time}{there}{rated}){most}")
}

/// Why a spend pays nothing more.
pub fn ending(why: SpendEnding) -> &'static str {
    match why {
        SpendEnding::Paid => "all is paid",
        SpendEnding::Stopped => "a vote stopped it",
        SpendEnding::Council => "the council stopped it",
        SpendEnding::Lapsed => "the treasury could not pay it in time",
    }
}
