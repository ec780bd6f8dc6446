//! Operators in words, and how spends end: may it work, and if not, since what and until when.

use earnest_api::OperatorView;
use earnest_protocol::{
    Ratio, Role,
    governance::SpendEnding,
    staking::{ActiveSet, SetPlace, Standing},
};

use crate::{clock::Clock, money, text::tokens};

/// The word for a role, as commands take it.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Provider => "provider",
        Role::Validator => "validator",
        Role::Replica => "replica",
        Role::Access => "access",
    }
}

/// May an operator take new work, and what to do if it may not.
pub fn standing(operator: &OperatorView, clock: &Clock) -> String {
    let role = role(operator.role);
    match operator.standing {
        Standing::Active if operator.role == Role::Access => "active, counts for a tier".to_owned(),
        Standing::Active if operator.may_work => match set(&operator.active_set) {
            Some(set) => format!("active, takes new work; {set}"),
            None => "active, takes new work".to_owned(),
        },
        Standing::Active if operator.is_fit => waits(operator),
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

/// Who is in an active set, and what takes a place there; nothing where everybody may work.
pub fn set(set: &ActiveSet) -> Option<String> {
    let ActiveSet { max, count, least, needed, waiting, first_waiting, .. } = *set;
    if max == 0 {
        return None;
    }
    let places = format!("{count} of {max} places in the active set are taken");
    if needed.is_zero() {
        return Some(places);
    }
    let waiting = match waiting {
        0 => "nobody waits".to_owned(),
        1 => format!("1 waits with {}", tokens(first_waiting)),
        _ => format!("{waiting} wait with up to {}", tokens(first_waiting)),
    };
    let (least, needed) = (tokens(least), tokens(needed));
    Some(format!("{places}, the least has {least}; {needed} takes its place, and {waiting}"))
}

fn waits(operator: &OperatorView) -> String {
    let ActiveSet { max, needed, .. } = operator.active_set;
    let before = match operator.place {
        SetPlace::Waiting(0) => "as the first".to_owned(),
        SetPlace::Waiting(1) => "after 1 other".to_owned(),
        SetPlace::Waiting(before) => format!("after {before} others"),
        SetPlace::In | SetPlace::Unfit => "now".to_owned(),
    };
    let needed = tokens(needed);
    format!(
        "waits {before} for one of {max} places in the active set: finishes what it took on and \
         takes nothing new; a stake of {needed} takes a place now"
    )
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
