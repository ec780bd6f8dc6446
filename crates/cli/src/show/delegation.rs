//! Delegations as text: on which terms an operator takes them, and what somebody has in one.

use earnest_api::{DelegationView, OperatorView};
use earnest_protocol::Ratio;

use super::{standing::role, table::list};
use crate::{
    clock::Clock,
    money::{percent, show},
    present::Present,
    text::tokens,
};

/// All that a delegator can know of an operator before it joins.
pub fn terms(operator: &OperatorView, present: &Present, width: usize) -> String {
    let (terms, clock) = (&operator.delegations, &present.clock);
    let mut rows = vec![
        ("standing", works(operator).to_owned()),
        ("reputation", percent(operator.score)),
        (
            "own stake",
            format!(
                "{}, of which {} back open jobs",
                tokens(operator.stake),
                show(operator.locked)
            ),
        ),
        (
            "delegated",
            format!(
                "{}, of at most {}; {} more leave",
                tokens(terms.delegated),
                show(terms.max),
                show(terms.leaving)
            ),
        ),
        ("commission", commission(operator, clock)),
        (
            "offences",
            format!(
                "one takes at most {} of a delegation, after the operator's own free bond",
                percent(terms.loss_max)
            ),
        ),
        ("leaving", leaving(operator, clock)),
    ];
    let joining = match terms.slashes_waiting {
        _ if terms.commission == Ratio::ONE => {
            Some("nothing may join: the operator keeps all of its pay")
        }
        0 if operator.is_fit => None,
        0 => Some("nothing may join now: the operator may not work"),
        _ => Some("nothing may join now: a slash may still be undone"),
    };
    rows.extend(joining.map(|why| ("joining", why.to_owned())));
    let head = format!("{} {}", role(operator.role), present.names.full(&operator.account.address));
    format!("{head}\n{}", rows_of(rows, width))
}

fn works(operator: &OperatorView) -> &'static str {
    match (operator.may_work, operator.is_fit) {
        (true, _) => "may work",
        (false, true) => "waits for a place in its active set, and takes no new work",
        (false, false) => "may not work now",
    }
}

fn commission(operator: &OperatorView, clock: &Clock) -> String {
    let terms = &operator.delegations;
    let from = match clock.has_opened(terms.commission_changeable) {
        true => "from now on".to_owned(),
        false => format!("from {} on", clock.epoch(terms.commission_changeable)),
    };
    format!(
        "{}, at most {} {from}, never more than {}",
        percent(terms.commission),
        percent(terms.commission_next_max),
        percent(terms.commission_ceiling)
    )
}

fn leaving(operator: &OperatorView, clock: &Clock) -> String {
    let terms = &operator.delegations;
    let first = clock.epoch(terms.matures);
    let rest = match terms.all_matures {
        all if all > terms.matures => format!(", all of it from {} on", clock.epoch(all)),
        _ => String::new(),
    };
    format!("what is taken back now is back from {first} on{rest}")
}

/// What somebody has in one operator.
pub fn held(row: &DelegationView, present: &Present, width: usize) -> String {
    let clock = &present.clock;
    let mut rows = vec![
        ("delegated", tokens(row.delegated)),
        ("earned", format!("{}, to be withdrawn", tokens(row.earned))),
    ];
    rows.extend(row.leaving.iter().map(|part| {
        let (amount, when) = (tokens(part.amount), clock.epoch(part.matures));
        ("leaving", format!("{amount}, back from {when} on"))
    }));
    rows.extend(row.moved.iter().map(|part| {
        let (amount, until) = (tokens(part.amount), clock.epoch(part.matures));
        ("moved", format!("{amount}, answers for operator {}, too, until {until}", part.source))
    }));
    let head = format!("{} {}", role(row.role), present.names.full(&row.account.address));
    format!("{head}\n{}", rows_of(rows, width))
}

fn rows_of(rows: Vec<(&str, String)>, width: usize) -> String {
    let rows: Vec<_> = rows.into_iter().map(|(name, what)| (name.to_owned(), what)).collect();
    list(&rows, width)
}
