//! The journal: what a daemon decided and may not decide again.
//!
//! Law: a decision is on the disk before it is acted on; a file is whole or absent.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use earnest_durable::Kind;
use earnest_protocol::{Amount, JobId};
use serde::{Deserialize, Serialize};

/// Decisions, one small file a job.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
}

/// What was decided about one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// The price that was sealed.
    pub(crate) price: Amount,
}

impl Journal {
    pub(crate) fn open(folder: &Path) -> io::Result<Journal> {
        let folder = folder.join("decisions");
        earnest_durable::make_folder(&folder)?;
        earnest_durable::sweep(&folder)?;
        Ok(Journal { folder })
    }

    fn path(&self, job: JobId) -> PathBuf {
        self.folder.join(format!("{job}.json"))
    }

    /// What was decided about `job`, if anything.
    pub(crate) fn decision(&self, job: JobId) -> io::Result<Option<Decision>> {
        match fs::read(self.path(job)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a decision down; it is on the disk when this returns.
    pub(crate) fn decide(&self, job: JobId, decision: Decision) -> io::Result<()> {
        let bytes = serde_json::to_vec(&decision)?;
        earnest_durable::write(&self.path(job), Kind::Replacement, |file| file.write_all(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_outlives_its_journal() {
        let folder = tempfile::tempdir().unwrap();
        let (job, price) = (JobId::new(7), Amount::tokens(3));
        Journal::open(folder.path()).unwrap().decide(job, Decision { price }).unwrap();
        let again = Journal::open(folder.path()).unwrap();
        assert_eq!(again.decision(job).unwrap(), Some(Decision { price }));
        assert_eq!(again.decision(JobId::new(8)).unwrap(), None);
    }
}
