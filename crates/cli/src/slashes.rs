//! `earnest query slashes`: what was taken from whom, for what, and who got it.
//!
//! The state forgets a slash's amount once it is paid out; the event of the payment has it, split.
//! So both are read and joined.
//!
//! Known shortcoming: a node keeps a bounded number of events, and none from before its start; an
//! older split is then unknown, and said to be.
//! Not here: how it looks (`show::record`).

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

use crate::{failure::Failure, output::out, present::Present, show};

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
        let split = splits.get(&slash.id);
        out!("{}", show::record::slash(slash, split, &present, show::width()))?;
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
