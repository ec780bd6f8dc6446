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

/// Whose decisions: a folder may serve several networks and accounts, or outlive one.
pub(crate) type Owner = (Digest, Address);

/// Decisions, one small file for each job, account and network.
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

    fn path(&self, job: JobId, own: Owner) -> PathBuf {
        self.folder.join(format!("{job}-{}.json", name(own)))
    }

    /// What its owner decided about `job`, if anything.
    pub(crate) fn decision(&self, job: JobId, own: Owner) -> io::Result<Option<Decision>> {
        match fs::read(self.path(job, own)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a decision down; it is on the disk when this returns.
    pub(crate) fn decide(&self, job: JobId, own: Owner, decision: Decision) -> io::Result<()> {
        let bytes = serde_json::to_vec(&decision)?;
        let path = self.path(job, own);
        earnest_durable::write(&path, Kind::Replacement, |file| file.write_all(&bytes))
    }
}

/// Prices of stake, one small file for each epoch, account and network: what was sealed is what is
/// opened, whatever the source says by then. None is written over.
#[derive(Debug)]
pub(crate) struct PriceJournal {
    folder: PathBuf,
}

/// What was decided about one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PriceDecision {
    /// On which network: a folder may serve several, or outlive one.
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

    fn path(&self, epoch: Epoch, owner: &str) -> PathBuf {
        self.folder.join(format!("{}-{owner}.json", epoch.count()))
    }

    /// What an account decided about `epoch` on a network, if anything.
    pub(crate) fn decision(
        &self,
        epoch: Epoch,
        (network, account): Owner,
    ) -> io::Result<Option<PriceDecision>> {
        let was: PriceDecision = match fs::read(self.path(epoch, &name((network, account)))) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(was).filter(|was| (was.network, was.account) == (network, account)))
    }

    /// Writes a decision down, unless there is one of this epoch, account and network already, and
    /// returns what stands; it is on the disk then. The account's of long ago go.
    pub(crate) fn decide(
        &self,
        epoch: Epoch,
        decision: PriceDecision,
    ) -> io::Result<PriceDecision> {
        let bytes = serde_json::to_vec(&decision)?;
        let owner = name((decision.network, decision.account));
        let path = self.path(epoch, &owner);
        match earnest_durable::write(&path, Kind::New, |file| file.write_all(&bytes)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let own = (decision.network, decision.account);
                return self.decision(epoch, own)?.ok_or(error);
            }
            Err(error) => return Err(error),
        }
        self.forget_before(epoch.count().saturating_sub(PRICES_KEPT), &owner)?;
        Ok(decision)
    }

    /// Others' stay: epochs of another network may be fewer.
    fn forget_before(&self, first: u64, owner: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let parts = path.file_stem().and_then(|stem| stem.to_str()?.split_once('-'));
            let own = parts.filter(|(_, of)| *of == owner);
            let epoch = own.and_then(|(epoch, _)| epoch.parse::<u64>().ok());
            if epoch.is_some_and(|epoch| epoch < first) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// An account on a network, as its files are named: 16 hexadecimal digits.
fn name((network, account): Owner) -> String {
    let hash = blake3::Hasher::new().update(&network.0).update(&account.0).finalize();
    format!("{:.16}", hash.to_hex().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_outlives_its_journal_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let job = JobId::new(7);
        let ann = (Digest::ZERO, Address::ZERO);
        let others = [(Digest::ZERO, Address([1; 20])), (Digest([1; 32]), Address::ZERO)];
        let owners = [(ann, 3), (others[0], 5), (others[1], 9)];
        for (own, price) in owners {
            let journal = Journal::open(folder.path()).unwrap();
            assert_eq!(journal.decision(job, own).unwrap(), None);
            journal.decide(job, own, Decision { price: Amount::tokens(price) }).unwrap();
        }
        let again = Journal::open(folder.path()).unwrap();
        for (own, price) in owners {
            let decision = Decision { price: Amount::tokens(price) };
            assert_eq!(again.decision(job, own).unwrap(), Some(decision));
        }
        assert_eq!(again.decision(JobId::new(8), ann).unwrap(), None);
    }

    #[test]
    fn a_price_outlives_its_journal_and_those_of_long_ago_go() {
        let folder = tempfile::tempdir().unwrap();
        let own = (Digest::ZERO, Address::ZERO);
        let decision = |percent| price_of(own, percent);
        for epoch in 1..=12 {
            let journal = PriceJournal::open(folder.path()).unwrap();
            journal.decide(Epoch::new(epoch), decision(epoch)).unwrap();
        }
        let again = PriceJournal::open(folder.path()).unwrap();
        assert_eq!(again.decision(Epoch::new(3), own).unwrap(), None);
        for epoch in 4..=12 {
            assert_eq!(again.decision(Epoch::new(epoch), own).unwrap(), Some(decision(epoch)));
        }
    }

    #[test]
    fn accounts_and_networks_that_share_a_folder_keep_their_own_prices() {
        let folder = tempfile::tempdir().unwrap();
        let journal = PriceJournal::open(folder.path()).unwrap();
        let epoch = Epoch::new(7);
        let ann = (Digest::ZERO, Address::ZERO);
        let others = [(Digest::ZERO, Address([1; 20])), (Digest([1; 32]), Address::ZERO)];
        let owners = [ann, others[0], others[1]];
        for (own, percent) in owners.into_iter().zip([100, 200, 300]) {
            assert_eq!(journal.decision(epoch, own).unwrap(), None);
            let decision = price_of(own, percent);
            assert_eq!(journal.decide(epoch, decision).unwrap(), decision);
        }
        // What stands is not written over.
        let stands = journal.decide(epoch, price_of(ann, 900)).unwrap();
        assert_eq!(stands, price_of(ann, 100));
        // One forgets its own alone.
        journal.decide(Epoch::new(1_000), price_of(ann, 100)).unwrap();
        assert_eq!(journal.decision(epoch, ann).unwrap(), None);
        for (own, percent) in others.into_iter().zip([200, 300]) {
            assert_eq!(journal.decision(epoch, own).unwrap(), Some(price_of(own, percent)));
        }
    }

    fn price_of((network, account): (Digest, Address), percent: u64) -> PriceDecision {
        PriceDecision { network, account, price: Factor::percent(percent) }
    }
}
