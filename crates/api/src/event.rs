//! Events on the wire: each with its place in the one ordered log.
//!
//! Law: (height, index) orders all events of a network; a reader that stops resumes after the
//! last place it saw and misses nothing.

use core::fmt;
use std::{io, str::FromStr};

use earnest_protocol::{Event, Height};
use serde::{Deserialize, Serialize};

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
    pub fn kind(&self) -> &'static str {
        kind_of(&self.event)
    }
}

/// What kind of event this is, as `kinds=` filters name it, such as `job_posted`.
///
/// It costs the same for every event, however large: a filter looks at thousands at once.
pub fn kind_of(event: &Event) -> &'static str {
    let mut beginning = Beginning::default();
    // It takes no more than the beginning, and says so.
    let _ = serde_json::to_writer(&mut beginning, event);
    let named =
        beginning.text().strip_prefix(r#"{"kind":""#).and_then(|rest| rest.split('"').next());
    let known = |named: &str| EVENT_KINDS.iter().find(|kind| **kind == named).copied();
    named.and_then(known).expect("an event's JSON begins with its kind, and every kind is listed")
}

/// The first bytes that are written: enough for any kind.
struct Beginning {
    bytes: [u8; 64],
    count: usize,
}

impl Default for Beginning {
    fn default() -> Self {
        Beginning { bytes: [0; 64], count: 0 }
    }
}

impl Beginning {
    fn text(&self) -> &str {
        let written = self.bytes.get(..self.count).unwrap_or_default();
        core::str::from_utf8(written).unwrap_or_default()
    }
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes.get_mut(self.count..).unwrap_or_default();
        let taken = room.len().min(bytes.len());
        for (place, byte) in room.iter_mut().zip(bytes) {
            *place = *byte;
        }
        self.count = self.count.saturating_add(taken);
        // Nothing written is an error to who wants all to be.
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every kind of event, in the order in which events are declared.
pub const EVENT_KINDS: &[&str] = &[
    "epoch_opened",
    "beacon_withheld",
    "account_opened",
    "key_authorised",
    "key_revoked",
    "key_expired",
    "transferred",
    "bonded",
    "unbonding",
    "unbond_cancelled",
    "bond_locked",
    "lock_ended",
    "withdrawn",
    "jailed",
    "unjailed",
    "active_set_entered",
    "active_set_left",
    "rewards_claimed",
    "reputation_changed",
    "job_posted",
    "bid_evicted",
    "bid_committed",
    "bidding_closed",
    "bid_revealed",
    "job_offered",
    "job_accepted",
    "result_committed",
    "seed_opened",
    "seed_withheld",
    "audit_spared",
    "audit_drawn",
    "draw_put_off",
    "verdict_committed",
    "audit_missed",
    "revealing",
    "result_revealed",
    "verdict_revealed",
    "challenge_window",
    "dispute_opened",
    "node_opened",
    "child_rejected",
    "step_refined",
    "step_judged",
    "dispute_closed",
    "data_requested",
    "data_served",
    "data_withheld",
    "receipt_confirmed",
    "report_sealed",
    "copy_reported",
    "paid",
    "job_closed",
    "data_kept",
    "program_part_published",
    "program_published",
    "program_not_admitted",
    "program_retired",
    "stake_taken",
    "slash_pending",
    "slash_held",
    "slash_reversed",
    "slashed",
    "job_insured",
    "cover_paid",
    "job_rated",
    "delegated",
    "undelegating",
    "undelegation_cancelled",
    "delegation_withdrawn",
    "delegation_slashed",
    "redelegated",
    "redelegation_settled",
    "commission_set",
    "delegation_earned",
    "delegation_rewarded",
    "emitted",
    "work_claimed",
    "emission_earned",
    "stake_rewarded",
    "emission_paid",
    "proposed",
    "voting_opened",
    "ballot_cast",
    "ballot_reduced",
    "voting_extended",
    "proposal_queued",
    "proposal_defeated",
    "proposal_executed",
    "proposal_expired",
    "proposal_cancelled",
    "appeal_opened",
    "slash_appealed",
    "council_ballot_cast",
    "lane_paused",
    "appeal_granted",
    "spend_proposed",
    "stop_proposed",
    "spend_began",
    "spend_paid",
    "spend_ended",
    "price_sealed",
    "price_opened",
    "price_counted",
    "price_missed",
    "credits_minted",
    "credits_redeemed",
    "grant_claimed",
    "listed_claimed",
    "list_closed",
];

#[cfg(test)]
mod tests {
    use super::EVENT_KINDS;
    use earnest_protocol::{
        AccountId, Amount, Event, Height,
        slashing::{SplitTerms, Way},
    };

    #[test]
    fn the_kinds_are_those_that_events_are_read_by() {
        let unknown = serde_json::json!({"kind": "?"});
        let said = serde_json::from_value::<Event>(unknown).expect_err("no such kind").to_string();
        // "unknown variant `?`, expected one of `a`, `b`"
        let read: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
        assert_eq!(EVENT_KINDS, read);
    }

    #[test]
    fn the_kind_of_an_event_is_what_its_json_says() {
        let (account, offence) =
            (AccountId::new(1), earnest_protocol::slashing::Offence::WrongResult);
        let slashed = Event::Slashed {
            slash: None,
            offence,
            account,
            role: None,
            job: earnest_protocol::JobId::new(3),
            waterfall: Default::default(),
            terms: Box::new(SplitTerms {
                own: Amount::ZERO,
                delegated: Amount::ZERO,
                way: Way::Burnt,
            }),
        };
        let auditors = (0..1_000).map(AccountId::new).collect();
        let (job, until) = (earnest_protocol::JobId::new(3), Height::ZERO);
        let drawn = Event::AuditDrawn { job, auditors, vacant: 0, round: 0, until };
        for event in [slashed, drawn, Event::ReportSealed { account }] {
            let json = serde_json::to_value(&event).expect("events have string keys only");
            assert_eq!(json["kind"], super::kind_of(&event));
        }
    }

    #[test]
    fn the_beginning_of_an_event_has_room_for_every_kind() {
        for kind in EVENT_KINDS {
            assert!(kind.len() + r#"{"kind":"","#.len() < 64, "{kind}");
        }
    }
}
