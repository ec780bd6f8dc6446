//! An operator's status as text: standing, money at risk, what it earned and lost, and its bids.

use earnest_api::{OperatorView, SlashView};
use earnest_protocol::{
    Amount, Role,
    command::Auction,
    slashing::{SlashState, Waterfall},
};

use super::{
    job::reason,
    standing::{reputation, role, standing},
    table::{Kind, list, table},
};
use crate::{
    money,
    present::Present,
    record::{Bid, Fate, Record, Slash},
    text::{count, tokens, wrap},
    up::account::{parts, word},
};

/// Most bids that are told, the latest ones.
const BIDS_TOLD: usize = 10;

/// Everything about an operator; `collateral` is what the latest job asks a provider to lock.
pub fn status(
    operator: &OperatorView,
    record: &Record,
    collateral: Option<Amount>,
    present: &Present,
    width: usize,
) -> String {
    let who = present.names.full(&operator.account.address);
    let mut rows = vec![
        ("standing", standing(operator, &present.clock)),
        ("reputation", reputation(operator)),
        ("at risk", at_risk(operator)),
        ("earned", earned(operator, record, present)),
    ];
    if operator.role == Role::Provider {
        rows.push(("room", room(operator, collateral)));
    } else if operator.role == Role::Validator {
        let (drawn, missed) = (record.drawn_count, record.missed_count);
        rows.push(("audits", format!("drawn {}, missed {missed}", times(drawn))));
    }
    if !operator.judge_accrued.is_zero() {
        let (accrued, role) = (tokens(operator.judge_accrued), role(operator.role));
        let how = format!("{accrued} of slashes; `earnest stake claim --role {role}` collects it");
        rows.push(("to collect", how));
    }
    let rewards = &operator.rewards;
    if !rewards.ready.is_zero() {
        let (ready, role) = (tokens(rewards.ready), role(operator.role));
        let how = format!("{ready} of emission; `earnest stake claim --role {role}` collects it");
        rows.push(("to collect", how));
    }
    if let Some(last) = rewards.vesting.iter().map(|piece| piece.ends).max() {
        let (unvested, when) = (tokens(rewards.unvested), present.clock.epoch(last));
        rows.push(("vesting", format!("{unvested} of emission, the last of it in {when}")));
    }
    if let Some(lock) = &operator.lock {
        let (there, when) = (tokens(lock.there), present.clock.epoch(lock.until));
        let weight = tokens(operator.vote_weight);
        rows.push(("locked", format!("{there} until {when}; votes with the weight of {weight}")));
    }
    for entry in &operator.unbondings {
        let when = present.clock.epoch(entry.matures);
        rows.push(("leaving", format!("{}, paid out in {when}", tokens(entry.amount))));
    }
    if operator.unbond_all_matures > operator.unbond_matures {
        let first = present.clock.epoch(operator.unbond_matures);
        let all = present.clock.epoch(operator.unbond_all_matures);
        rows.push(("way out", format!("exits queue: the first of it in {first}, all in {all}")));
    }
    let lost = if record.slashes.is_empty() { "nothing".to_owned() } else { tokens(record.lost()) };
    rows.push(("slashed", lost));
    let rows: Vec<_> = rows.into_iter().map(|(name, what)| (name.to_owned(), what)).collect();
    let mut text = format!("{} {who}\n{}", role(operator.role), list(&rows, width));
    for slash in &record.slashes {
        text.push_str(&format!("\n{}", slashed(slash, present, width)));
    }
    if !record.bids.is_empty() {
        text.push_str(&format!("\n\n{}", bids(record, present, width)));
    }
    text
}

fn at_risk(operator: &OperatorView) -> String {
    let OperatorView { stake, free_bond, locked, stake_min, .. } = operator;
    let [free, locked, least] = [free_bond, locked, stake_min].map(|amount| money::show(*amount));
    format!("{}: {free} free, {locked} locked in open jobs; the least is {least}", tokens(*stake))
}

fn earned(operator: &OperatorView, record: &Record, present: &Present) -> String {
    let what = match (operator.role, record.paid_count) {
        (Role::Provider, 1) => "1 job".to_owned(),
        (Role::Provider, count) => format!("{count} jobs"),
        (_, 1) => "1 audit".to_owned(),
        (_, count) => format!("{count} audits"),
    };
    format!("{} for {what} since {}", tokens(record.paid), present.clock.block(record.since))
}

/// How many more jobs a bond can back.
fn room(operator: &OperatorView, collateral: Option<Amount>) -> String {
    if !operator.is_fit {
        return "none while it takes no new work".to_owned();
    }
    let Some(collateral) = collateral.filter(|amount| !amount.is_zero()) else {
        return "no job was posted by which to tell".to_owned();
    };
    let count = operator.free_bond.units() / collateral.units().max(1);
    let collateral = tokens(collateral);
    match count {
        0 => format!("none for a job like the latest, which locks {collateral}: bond more"),
        1 => format!("for 1 more job like the latest, which locks {collateral}"),
        _ => format!("for {count} more jobs like the latest, which locks {collateral}"),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn slashed(slash: &Slash, present: &Present, width: usize) -> String {
    let Slash { height, job, offence, waterfall } = slash;
    let (amount, offence, parts) = (tokens(waterfall.amount), word(offence), parts(waterfall));
    let block = present.clock.block(*height);
    let text = format!("{block}, job {job}: {amount} for {offence}: {parts}");
    format!("    {}", wrap(&text, width.saturating_sub(4)).join("\n    "))
}

fn bids(record: &Record, present: &Present, width: usize) -> String {
    let taken = record.bids.values().filter(|bid| bid.fate == Fate::Taken).count();
    let since = present.clock.block(record.since);
    let all = u64::try_from(record.bids.len()).unwrap_or(u64::MAX);
    let all = format!("{} since {since}", count(all, "bid"));
    let head = format!("{all}, {taken} of the jobs taken; the latest of the others:");
    let head = wrap(&head, width).join("\n");
    let others = record.bids.iter().rev().filter(|(_, bid)| bid.fate != Fate::Taken);
    let rows: Vec<Vec<String>> = others
        .take(BIDS_TOLD)
        .map(|(job, bid)| {
            let asked = bid.asked.map_or_else(|| "-".to_owned(), tokens);
            vec![job.to_string(), asked, why(bid, present)]
        })
        .collect();
    if rows.is_empty() {
        return format!("{all}, all of the jobs taken");
    }
    let columns =
        [("job", Kind::Number), ("asked", Kind::Number), ("what came of it", Kind::Sentence)];
    format!("{head}\n{}", table(&columns, &rows, width))
}

/// Why a bid did not win, as far as anybody can tell.
fn why(bid: &Bid, present: &Present) -> String {
    match bid.fate {
        Fate::Unknown => "the job has left the state, and no event says to whom it went".to_owned(),
        Fate::Taken => "taken".to_owned(),
        Fate::NotAccepted => "won, but the job was not accepted in time".to_owned(),
        Fate::Evicted => "a larger bond took its place".to_owned(),
        Fate::NotOpened => "never opened: its deposit is lost".to_owned(),
        Fate::NobodyTook { reason: why } => format!("nobody took the job: {}", reason(why)),
        Fate::Open => "not decided".to_owned(),
        Fate::LostTo { winner, price, auction } => {
            let (who, price_text) = (present.names.short(&winner.address), tokens(price));
            let is_dearer = bid.asked.is_some_and(|asked| asked <= price);
            match auction {
                Auction::SecondPrice => format!("{who} bid better, and is paid {price_text}"),
                Auction::FirstPrice if is_dearer => {
                    format!("{who} asked {price_text}, and its reputation counted for more")
                }
                Auction::FirstPrice => format!("{who} asked {price_text}"),
            }
        }
    }
}

/// A slash: what was taken from whom, and who got it, as far as the node has its `split`.
pub fn slash(
    slash: &SlashView,
    split: Option<&Waterfall>,
    present: &Present,
    width: usize,
) -> String {
    let SlashView { id, offence, account, role: of, job, pending, state, .. } = slash;
    let address = account.address;
    let who = present.names.of_address(&address).map_or(address.to_string(), str::to_owned);
    let head = format!("slash {id}  {} by {} {who}", word(offence), self::role(*of));
    let taken = format!("{} taken", tokens(*pending));
    let what = match (state, split) {
        (SlashState::Pending(epoch), _) => {
            format!("{taken}, paid out in {}", present.clock.epoch(*epoch))
        }
        (SlashState::Held(epoch), _) => {
            let until = present.clock.epoch(*epoch);
            format!("{taken}, held until {until}: the engine is under suspicion")
        }
        (SlashState::Appealed(proposal), _) => {
            format!("{taken}, appealed: `earnest gov show {proposal}`")
        }
        (SlashState::Reversed(_), _) => "undone: every token went back".into(),
        (SlashState::Executed(_), Some(split)) => {
            format!("{} lost: {}", tokens(split.amount), parts(split))
        }
        (SlashState::Executed(_), None) => {
            "paid out; the node no longer has the event that says how it was split".into()
        }
    };
    let lines = wrap(&format!("job {job}: {what}"), width.saturating_sub(2));
    format!("{head}\n  {}", lines.join("\n  "))
}
