//! `earnest query slashes`: what was taken from whom, for what, and who got it.
//!
//! The state forgets a slash's amount once it is paid out; the event of the payment has it, split.
//! So both are read and joined.
//!
//! Known shortcoming: a node keeps a bounded number of events, and none from before its start; an
//! older split is then unknown, and said to be.
//! Not here: how it looks (`show::record`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::sync_channel,
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
    output::{out, say},
    present::Present,
    show,
};

/// How long nothing may be heard before the events are taken to be over.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Prints a page of slashes.
pub fn run(client: &Client, page: &PageQuery, json: bool) -> Result<(), Failure> {
    let page = client.slashes(page)?;
    let executed = page.items.iter().filter(|s| matches!(s.state, SlashState::Executed(_)));
    let splits = splits(client, executed.map(|slash| slash.id).collect());
    if json {
        return out!("{}", object(&page, &splits));
    }
    if page.items.is_empty() {
        return say!("no slashes");
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
        Some(cursor) => say!("there are more: --limit, or --cursor {cursor} for the next"),
        None => Ok(()),
    }
}

/// The splits of these executed slashes, or of those that the node still tells of.
fn splits(client: &Client, wanted: BTreeSet<SlashId>) -> BTreeMap<SlashId, Waterfall> {
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let (send, heard) = sync_channel(64);
    let events = client.events(Some(EventId::START), &["slashed"]);
    // The stream never ends by itself; its thread ends with this program.
    std::thread::spawn(move || {
        for event in events {
            if send.send(event).is_err() {
                return;
            }
        }
    });
    let told = std::iter::from_fn(|| heard.recv_timeout(SILENCE).ok()?.ok());
    let told = told.filter_map(|record| match record.event {
        Event::Slashed { slash: Some(id), waterfall, .. } => Some((id, waterfall)),
        _ => None,
    });
    find(told, wanted)
}

/// What is told of those that are wanted; it asks for no more once all of them are there. The
/// oldest come first, which may be none of them.
fn find<T>(
    told: impl Iterator<Item = (SlashId, T)>,
    mut wanted: BTreeSet<SlashId>,
) -> BTreeMap<SlashId, T> {
    let mut found = BTreeMap::new();
    for (id, what) in told {
        if wanted.remove(&id) {
            found.insert(id, what);
        }
        if wanted.is_empty() {
            break;
        }
    }
    found
}

fn object(page: &Page<SlashView>, splits: &BTreeMap<SlashId, Waterfall>) -> serde_json::Value {
    let mut object = json!(page);
    let rows = object["items"].as_array_mut().into_iter().flatten();
    for (row, slash) in rows.zip(&page.items) {
        row["waterfall"] = json!(splits.get(&slash.id));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_newest_slashes_is_found_behind_older_ones() {
        let told = (0..7).map(|id| (SlashId::new(id), id));
        let wanted = [5, 6].map(SlashId::new).into();
        let found = find(told, wanted);
        assert_eq!(found.into_values().collect::<Vec<_>>(), [5, 6]);
        // Nothing is waited for that is not wanted.
        let told = std::iter::once((SlashId::new(3), 3)).chain(std::iter::from_fn(|| panic!()));
        assert_eq!(find(told, [SlashId::new(3)].into()).len(), 1);
    }
}
