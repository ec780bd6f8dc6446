//! Notes: what a world knows of each job beside the ledger, until the job closes.
//!
//! Jobs are numbered one by one and close in about that order, so notes stand in a row.
//! Law: memory grows with the jobs since the oldest that has not closed.
//! Not here: what is on the ledger.

use std::collections::VecDeque;

use earnest_protocol::{AccountId, Digest, JobId};
use smallvec::SmallVec;

/// A result as its provider tells it.
#[derive(Clone, Copy, Debug)]
pub struct Whisper {
    /// The root that it sealed.
    pub root: Digest,
    /// Whose purse it plays for.
    pub purse: u16,
}

/// One job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    /// Which bidders, and then which worker, it concerns.
    pub(crate) engaged: SmallVec<[AccountId; 4]>,
    /// Its result is audited.
    pub(crate) is_audited: bool,
    /// What its provider tells of its result.
    pub(crate) whisper: Option<Whisper>,
    is_open: bool,
}

/// Every job that has not closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// The number of the first.
    first: u64,
    row: VecDeque<Note>,
}

impl Notes {
    fn place(&self, job: JobId) -> Option<usize> {
        usize::try_from(job.raw().checked_sub(self.first)?).ok()
    }

    /// What is known of a job, if it was posted and has not closed.
    pub(crate) fn get(&self, job: JobId) -> Option<&Note> {
        self.row.get(self.place(job)?).filter(|note| note.is_open)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, job: JobId) -> Option<&mut Note> {
        let place = self.place(job)?;
        self.row.get_mut(place).filter(|note| note.is_open)
    }

    /// A job was posted: the next, or one after it.
    pub(crate) fn open(&mut self, job: JobId) {
        if self.row.is_empty() {
            self.first = job.raw();
        }
        let Some(place) = self.place(job) else { return };
        if self.row.len() <= place {
            self.row.resize_with(place + 1, Note::default);
        }
        self.row[place].is_open = true;
    }

    /// A job closed.
    pub(crate) fn forget(&mut self, job: JobId) {
        if let Some(note) = self.get_mut(job) {
            *note = Note::default();
        }
        while self.row.front().is_some_and(|note| !note.is_open) {
            self.row.pop_front();
            self.first += 1;
        }
    }

    /// Every job, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (JobId, &Note)> {
        let row = (self.first..).map(JobId::new).zip(&self.row);
        row.filter(|(_, note)| note.is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_closed_jobs_go_as_soon_as_none_before_them_is_open() {
        let job = JobId::new;
        let mut notes = Notes::default();
        for id in 3..9 {
            notes.open(job(id));
            notes.get_mut(job(id)).expect("open").engaged.push(AccountId::new(id));
        }
        for closed in [4, 5, 8] {
            notes.forget(job(closed));
        }
        assert!(notes.get(job(4)).is_none() && notes.get(job(2)).is_none());
        assert_eq!(notes.iter().map(|(id, _)| id.raw()).collect::<Vec<_>>(), [3, 6, 7]);
        assert_eq!((notes.first, notes.row.len()), (3, 6));
        notes.forget(job(3));
        assert_eq!((notes.first, notes.row.len()), (6, 3));
        notes.open(job(9));
        assert_eq!(notes.get(job(7)).expect("open").engaged[..], [AccountId::new(7)]);
        for closed in [6, 7, 9] {
            notes.forget(job(closed));
        }
        assert!(notes.row.is_empty());
        notes.open(job(12));
        assert_eq!((notes.first, notes.row.len()), (12, 1));
    }
}
