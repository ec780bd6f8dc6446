//! The journal: what a daemon decided and may not decide again.
//!
//! Law: a decision is on the disk before it is acted on; a file is whole or absent.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use earnest_durable::Kind;
use earnest_protocol::{Address, Amount, Digest, Epoch, Factor, JobId};
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

/// Prices of stake, one small file an epoch: what was sealed is what is opened, whatever the source
/// says by then.
#[derive(Debug)]
pub(crate) struct PriceJournal {
    folder: PathBuf,
}

/// What was decided about one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PriceDecision {
    /// On which network: a folder may outlive one, and the epochs of the next begin at 0 again.
    pub(crate) network: Digest,
    /// For whom.
    pub(crate) account: Address,
    /// The price that was sealed.
    pub(crate) price: Factor,
}

/// Epochs whose prices are kept; one is opened in the epoch after its own.
const PRICES_KEPT: u64 = 8;

impl PriceJournal {
    pub(crate) fn open(folder: &Path) -> io::Result<PriceJournal> {
        let folder = folder.join("prices");
        earnest_durable::make_folder(&folder)?;
        earnest_durable::sweep(&folder)?;
        Ok(PriceJournal { folder })
    }

    fn path(&self, epoch: Epoch) -> PathBuf {
        self.folder.join(format!("{}.json", epoch.count()))
    }

    /// What was decided about `epoch`, if anything.
    pub(crate) fn decision(&self, epoch: Epoch) -> io::Result<Option<PriceDecision>> {
        match fs::read(self.path(epoch)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a decision down; it is on the disk when this returns. Those of long ago go.
    pub(crate) fn decide(&self, epoch: Epoch, decision: PriceDecision) -> io::Result<()> {
        let bytes = serde_json::to_vec(&decision)?;
        let path = self.path(epoch);
        earnest_durable::write(&path, Kind::Replacement, |file| file.write_all(&bytes))?;
        self.forget_before(epoch.count().saturating_sub(PRICES_KEPT))
    }

    fn forget_before(&self, first: u64) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let epoch = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            if epoch.is_some_and(|epoch| epoch < first) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
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
    #[test]
    fn a_price_outlives_its_journal_and_those_of_long_ago_go() {
        let folder = tempfile::tempdir().unwrap();
        let decision = |percent| PriceDecision {
            network: Digest::ZERO,
            account: Address::ZERO,
            price: Factor::percent(percent),
        };
        for epoch in 1..=12 {
            let journal = PriceJournal::open(folder.path()).unwrap();
            journal.decide(Epoch::new(epoch), decision(epoch)).unwrap();
        }
        let again = PriceJournal::open(folder.path()).unwrap();
        assert_eq!(again.decision(Epoch::new(3)).unwrap(), None);
        for epoch in 4..=12 {
            assert_eq!(again.decision(Epoch::new(epoch)).unwrap(), Some(decision(epoch)));
        }
    }
}
