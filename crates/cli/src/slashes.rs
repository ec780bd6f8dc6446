//! `earnest query slashes`: what was taken from whom, for what, and who got it.
//!
//! The state forgets a slash's amount once it is paid out; the event of the payment has it, split.
//! So both are read and joined.
//!
//! Known shortcoming: a node keeps a bounded number of events, and none from before its start; an
//! older split is then unknown, and said to be.

use std::{
    collections::BTreeMap,
    sync::mpsc::{RecvTimeoutError, sync_channel},
    time::Duration,
};

use earnest_api::{Client, EventId, Page, PageQuery, SlashView};
use earnest_protocol::{
    Event, SlashId,
    slashing::{SlashState, Waterfall},
};
use serde_json::json;

use crate::{
    failure::Failure,
    output::out,
    present::Present,
    show::{self, table::wrap, tokens},
    up::account::{parts, word},
};

/// How long nothing may be heard before the events are taken to be over.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Prints a page of slashes.
pub fn run(client: &Client, page: &PageQuery, json: bool) -> Result<(), Failure> {
    let page = client.slashes(page)?;
    let executed = page.items.iter().filter(|s| matches!(s.state, SlashState::Executed(_))).count();
    let splits = splits(client, executed);
    if json {
        return out!("{}", object(&page, &splits));
    }
    if page.items.is_empty() {
        return out!("no slashes");
    }
    let present = Present::ask(client)?;
    for slash in &page.items {
        out!("{}", text(slash, splits.get(&slash.id), &present))?;
    }
    more(&page)
}

/// Says so if there are more rows than a page has.
pub fn more<T>(page: &Page<T>) -> Result<(), Failure> {
    match &page.next_cursor {
        Some(cursor) => out!("there are more: --limit, or --cursor {cursor} for the next"),
        None => Ok(()),
    }
}

/// The splits of `count` executed slashes, or of those that the node still tells of.
fn splits(client: &Client, count: usize) -> BTreeMap<SlashId, Waterfall> {
    let mut splits = BTreeMap::new();
    let (send, heard) = sync_channel(64);
    let events = client.events(Some(EventId::START), &["slashed"]);
    if 0 < count {
        // The stream never ends by itself; its thread ends with this program.
        std::thread::spawn(move || {
            for event in events {
                if send.send(event).is_err() {
                    return;
                }
            }
        });
    }
    while splits.len() < count {
        match heard.recv_timeout(SILENCE) {
            Ok(Ok(record)) => {
                if let Event::Slashed { slash: Some(id), waterfall, .. } = record.event {
                    splits.insert(id, waterfall);
                }
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    splits
}

fn object(page: &Page<SlashView>, splits: &BTreeMap<SlashId, Waterfall>) -> serde_json::Value {
    let mut object = json!(page);
    let rows = object["items"].as_array_mut().into_iter().flatten();
    for (row, slash) in rows.zip(&page.items) {
        row["waterfall"] = json!(splits.get(&slash.id));
    }
    object
}

fn text(slash: &SlashView, split: Option<&Waterfall>, present: &Present) -> String {
    let SlashView { id, offence, account, role, job, pending, state, .. } = slash;
    let who = present.names.full(&account.address);
    let head = format!("slash {id}  {} by {} {who}", word(offence), word(role));
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
    let lines = wrap(&format!("job {job}: {what}"), show::width().saturating_sub(2));
    format!("{head}\n  {}", lines.join("\n  "))
}
