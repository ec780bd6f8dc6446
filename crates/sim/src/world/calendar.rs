//! The calendar: who wants to be reminded of what, and when.

use std::collections::BTreeMap;

use earnest_protocol::Height;

use crate::view::Reminder;

/// Reminders by the block in which they fall due, in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar(BTreeMap<Height, Vec<(usize, Reminder)>>);

impl Calendar {
    /// Reminds the agent at `place` when the block at `at` opens.
    pub(super) fn add(&mut self, at: Height, place: usize, what: Reminder) {
        self.0.entry(at).or_default().push((place, what));
    }

    /// Takes the first of what is due.
    pub(super) fn due(&mut self, now: Height) -> Option<Vec<(usize, Reminder)>> {
        let first = self.0.first_entry()?;
        (*first.key() <= now).then(|| first.remove())
    }
}
