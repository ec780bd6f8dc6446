//! Events on the wire: each with its place in the one ordered log.
//!
//! Law: (height, index) orders all events of a network; a reader that stops resumes after the
//! last place it saw and misses nothing.

use core::fmt;
use std::str::FromStr;

use earnest_protocol::{Event, Height};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The place of an event; as text `height-index`, the `id` of server-sent events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// The block it happened in.
    pub height: Height,
    /// Its place among the events of that block, from 0.
    pub index: u32,
}

impl EventId {
    /// Before every event: blocks begin at height 1.
    pub const START: EventId = EventId { height: Height::ZERO, index: 0 };
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.height, self.index)
    }
}

/// Text that is no place of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `height-index`, such as 120-3")]
pub struct InvalidEventId;

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<EventId, InvalidEventId> {
        let (height, index) = text.split_once('-').ok_or(InvalidEventId)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(height) || !digits(index) {
            return Err(InvalidEventId);
        }
        let height = height.parse().map(Height::new).map_err(|_| InvalidEventId)?;
        let index = index.parse().map_err(|_| InvalidEventId)?;
        Ok(EventId { height, index })
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An event and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The block it happened in.
    pub height: Height,
    /// Its place among the events of that block, from 0.
    pub index: u32,
    /// What happened; its `kind` names which event it is.
    pub event: Event,
}

impl EventRecord {
    /// Its place.
    pub fn id(&self) -> EventId {
        EventId { height: self.height, index: self.index }
    }

    /// What kind of event it is, as `kinds=` filters name it, such as `job_posted`.
    pub fn kind(&self) -> String {
        kind_of(&self.event)
    }
}

/// What kind of event this is, as `kinds=` filters name it, such as `job_posted`.
pub fn kind_of(event: &Event) -> String {
    let value = serde_json::to_value(event).expect("events have string keys only");
    value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned()
}
