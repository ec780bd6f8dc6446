//! An account's money as text: how much lies where, until when, and why.

use earnest_protocol::{Digest, Height, OperatorId, Role, slashing::SlashState};

use super::{
    access,
    job::phase,
    standing::{reputation, role, standing},
    table::{Kind, list, table},
};
use crate::{
    clock::Clock,
    held::{Held, Money, Place},
    money,
    present::Present,
    up::account::word,
};

/// Everything about an account's money.
pub fn money(money: &Money, present: &Present, width: usize) -> String {
    let mut head = vec![("nonce".to_owned(), nonce(money))];
    for operator in &money.operators {
        let what = standing(operator, &present.clock);
        let what = match operator.role {
            Role::Access => what,
            _ => format!("{what}; reputation {}", reputation(operator)),
        };
        head.push((role(operator.role).to_owned(), what));
    }
    if let Some(tier) = &money.account.tier {
        head.push(("tier".to_owned(), access::tier(tier)));
    }
    if let Some(earned) = money.account.earned.filter(|earned| !earned.is_zero()) {
        let what =
            format!("{} by work, as many credits may be redeemed", crate::money::show(earned));
        head.push(("earned".to_owned(), what));
    }
    for key in &money.account.keys {
        let until = present.clock.block(key.expires);
        let (spent, most) = (crate::money::show(key.spent), crate::text::tokens(key.spend_max));
        let what = format!(
            "{} may {} until {until}, spent {spent} of {most}",
            present.names.short(&key.key),
            word(&key.scope)
        );
        head.push(("key".to_owned(), what));
    }
    let columns = [("tokens", Kind::Number), ("where and why", Kind::Sentence)];
    let row = |held: &Held| vec![money::show(held.amount), why(held, money, present)];
    let mut rows: Vec<Vec<String>> = money.held.iter().map(row).collect();
    if money.account.free_stake.is_none() {
        rows.push(vec![money::show(money.in_all()), "in all".to_owned()]);
    }
    let who = present.names.full(&money.account.address);
    format!("{who}\n{}\n\n{}", list(&head, width), table(&columns, &rows, width))
}

fn nonce(money: &Money) -> String {
    let (nonce, next) = (money.account.nonce, money.account.next_nonce);
    match next.saturating_sub(nonce) {
        0 => format!("{nonce}"),
        waiting => format!("{nonce}, and {waiting} waiting: the next to sign is {next}"),
    }
}

fn why(held: &Held, money: &Money, present: &Present) -> String {
    let clock = &present.clock;
    let job = |job| match money.jobs.get(&job) {
        Some((stands, until)) => {
            format!("job {job}, {} until {}", phase(*stands), clock.block(*until))
        }
        None => format!("job {job}"),
    };
    match held.place {
        Place::Free => "free".to_owned(),
        Place::FreeStake => "free, of the asset that is bonded".to_owned(),
        Place::FreeBond { role: of } => {
            format!("{} bond, backs nothing now: can be unbonded", role(of))
        }
        Place::Locked { role: of, job: Some(id) } => {
            format!("{} bond, locked for {}", role(of), job(id))
        }
        Place::Locked { role: of, job: None } => format!(
            "{} bond, locked for older jobs, or for one that ended while this was asked",
            role(of)
        ),
        Place::Unbonding { role: of, epoch } => leaves(of, &clock.epoch(epoch)),
        Place::Escrow { job: id } => {
            format!("price ceiling of {}; what the price leaves comes back", job(id))
        }
        Place::AuditFees { job: id } => {
            format!("for the auditors of {}; what they do not earn comes back", job(id))
        }
        Place::Deposit { job: id } => {
            format!("deposit of {}; comes back once the seed is open", job(id))
        }
        Place::BidDeposit { job: id } => {
            format!("deposit of a bid for {}; comes back if the bid is opened", job(id))
        }
        Place::ChallengeDeposit { job: id } => {
            format!("behind a challenge in {}; lost if the step holds", job(id))
        }
        Place::DataFee { job: id } => format!("price of bytes asked for in {}", job(id)),
        Place::ProposalDeposit { proposal } => {
            format!("deposit of proposal {proposal}; `earnest gov show {proposal}` says until when")
        }
        Place::ProgramDeposit { program } => published(program),
        Place::Accrued { role: of } => {
            let role = role(of);
            format!("share of slashes; `earnest stake claim --role {role}` collects it")
        }
        Place::Vested { role: of } => vested(role(of)),
        Place::Unvested { role: of, epoch } => {
            format!("earned by emission as a {}; vests until {}", role(of), clock.epoch(epoch))
        }
        Place::Granted => "granted, and free: `earnest grants claim` pays it out".to_owned(),
        Place::Ungranted { cliff, ends } => granted(clock, cliff, ends),
        Place::Delegated { operator } => format!("delegated {}", behind(operator, money, present)),
        Place::Undelegating { operator, epoch } => {
            let when = clock.epoch(epoch);
            format!("leaves {}; can be withdrawn in {when}", whose(operator, money, present))
        }
        Place::Moved { operator, epoch } => {
            let when = clock.epoch(epoch);
            let whose = whose(operator, money, present);
            format!("moved to {whose}; until {when} it stays and answers for both operators")
        }
        Place::Earned { operator } => {
            let whose = whose(operator, money, present);
            format!("earned with {whose}; `earnest stake withdraw` pays it out")
        }
        Place::Slashed { slash } => taken(slash, money, present),
    }
}

/// Its whole hash is wider than a row; `earnest program list` has it.
fn published(program: Digest) -> String {
    let hash: String = program.to_string().chars().take(18).collect();
    format!("deposit of program {hash}…; `earnest program retire` gives it back")
}

/// What leaves a bond; access stake answers for no work.
fn leaves(of: Role, when: &str) -> String {
    let answers = if of == Role::Access { "" } else { "; until then it can be slashed" };
    format!("leaves the {} bond, paid out in {when}{answers}", role(of))
}

/// What of a grant has not come free.
fn granted(clock: &Clock, cliff: Height, ends: Height) -> String {
    let ends = clock.block(ends);
    let before = match clock.is_ahead(cliff) {
        true => format!("nothing of it is free before {}, ", clock.block(cliff)),
        false => String::new(),
    };
    format!("granted; {before}all of it free from {ends} on")
}

fn vested(role: &str) -> String {
    format!("earned by emission; `earnest stake claim --role {role}` collects it")
}

/// Behind whom, in which role.
fn behind(operator: OperatorId, money: &Money, present: &Present) -> String {
    format!("to {}; `earnest stake undelegate` takes it back", whose(operator, money, present))
}

fn whose(operator: OperatorId, money: &Money, present: &Present) -> String {
    let known = money.delegations.iter().find(|row| row.operator == operator);
    known.map_or_else(
        || format!("operator {operator}"),
        |row| format!("{} as a {}", present.names.short(&row.account.address), role(row.role)),
    )
}

/// What a slash took and has not paid out.
fn taken(id: earnest_protocol::SlashId, money: &Money, present: &Present) -> String {
    let Some(slash) = money.slashes.iter().find(|slash| slash.id == id) else {
        return format!("taken by slash {id}");
    };
    let (what, job) = (word(&slash.offence), slash.job);
    let when = match slash.state {
        SlashState::Pending(epoch) => format!("paid out in {}", present.clock.epoch(epoch)),
        SlashState::Held(epoch) => {
            format!("held until {}: the engine is under suspicion", present.clock.epoch(epoch))
        }
        SlashState::Appealed(proposal) => {
            format!("appealed: `earnest gov show {proposal}` says until when")
        }
        SlashState::Executed(_) | SlashState::Reversed(_) => "over".to_owned(),
    };
    format!("lost: taken by slash {id} for {what} in job {job}, {when}")
}
