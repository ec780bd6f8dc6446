//! The beacon: the operator's hash chains, from which draws get their chance.
//!
//! Key terms: chain k serves blocks k·n + 1 to (k + 1)·n, where n is `chain_blocks`. Its first
//! preimage is a hash of the secret and k; each further one is the [`beacon_link`] of the one
//! before; the last link is its *anchor*. Preimages are shown from the anchor downwards, so that
//! each is the preimage of what was shown before it.
//!
//! Laws: which preimage is shown follows from the state alone (the link it asks for), so a node
//! that restarts shows the same one again for the same height, and a link is never shown at two
//! heights; an anchor is known two chains ahead; the secret never leaves this module but to disk.
//! Known shortcoming: two nodes started from one copy of a data directory would both show theirs.
//! Not here: when an anchor is due and what a withheld preimage means (`earnest-protocol`).

use std::{fmt, io, path::Path};

use earnest_durable::{Kind, fs};
use earnest_protocol::{Blocks, Digest, Height, State, genesis::BeaconGenesis, seal::beacon_link};

/// Name of the secret's file in a data directory; readable by its owner only.
pub const FILE_NAME: &str = "beacon.secret";

/// What all chains are derived from.
#[derive(Clone, PartialEq, Eq)]
pub struct BeaconSecret([u8; 32]);

impl fmt::Debug for BeaconSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BeaconSecret(..)")
    }
}

impl BeaconSecret {
    /// A secret that everybody can compute: for tests and networks worth nothing.
    pub fn of_seed(seed: u64) -> BeaconSecret {
        let key = blake3::derive_key("earnest 2026 development beacon", &seed.to_le_bytes());
        BeaconSecret(key)
    }

    /// A fresh secret.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn random() -> io::Result<BeaconSecret> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(BeaconSecret(bytes))
    }

    /// What a genesis says about these chains.
    pub fn genesis(&self, chain_blocks: Blocks) -> BeaconGenesis {
        let anchor = |chain| anchor(self, chain, chain_blocks);
        BeaconGenesis { chain_blocks, anchor: anchor(0), next_anchor: anchor(1) }
    }

    /// Writes the secret into a new file that only its owner may read.
    ///
    /// # Errors
    /// If the file exists or the disk says no.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join(FILE_NAME);
        earnest_durable::write(&path, Kind::Secret, |file| file.write_all(&self.0))
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// If the file is not there or not 32 bytes.
    pub(crate) fn read(folder: &Path) -> io::Result<BeaconSecret> {
        let bytes = fs::read(&folder.join(FILE_NAME))?;
        let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "a beacon secret is 32 bytes");
        Ok(BeaconSecret(bytes.try_into().map_err(wrong)?))
    }
}

/// The first preimage of a chain: the last that is shown.
fn origin(secret: &BeaconSecret, chain: u64) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 beacon chain");
    hasher.update(&secret.0).update(&chain.to_le_bytes());
    Digest(*hasher.finalize().as_bytes())
}

fn anchor(secret: &BeaconSecret, chain: u64, chain_blocks: Blocks) -> Digest {
    let first = origin(secret, chain);
    (0..chain_blocks.count()).fold(first, |link, _| beacon_link(&link))
}

/// The beacon of a running node.
#[derive(Debug)]
pub struct Beacon {
    secret: BeaconSecret,
    chain_blocks: Blocks,
    /// The chain whose preimages are below.
    chain: Option<u64>,
    /// Its preimages, the last to be shown first.
    preimages: Vec<Digest>,
}

/// What a block shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The preimage; none if the secret does not fit the chain.
    pub beacon: Option<Digest>,
    /// The anchor of the chain after next, in the first block of a chain.
    pub next_anchor: Option<Digest>,
}

impl Beacon {
    /// The chains of `secret`, of `chain_blocks` ≥ 1 blocks each.
    pub fn new(secret: BeaconSecret, chain_blocks: Blocks) -> Beacon {
        Beacon { secret, chain_blocks, chain: None, preimages: Vec::new() }
    }

    /// What the block at `height`, the next after `state`, shows.
    pub fn show(&mut self, state: &State, height: Height) -> Shown {
        let chain = height.count().saturating_sub(1) / self.chain_blocks.count().max(1);
        self.prepare(chain);
        let link = state.link_at(height);
        let opens = state.opens_chain(height);
        let next_anchor =
            opens.then(|| anchor(&self.secret, chain.saturating_add(2), self.chain_blocks));
        Shown { beacon: self.preimage_of(&link), next_anchor }
    }

    /// Computes the preimages of a chain, once; 32 bytes a block of the chain.
    fn prepare(&mut self, chain: u64) {
        if self.chain == Some(chain) {
            return;
        }
        let first = origin(&self.secret, chain);
        let links = std::iter::successors(Some(first), |link| Some(beacon_link(link)));
        let count = usize::try_from(self.chain_blocks.count()).unwrap_or(usize::MAX);
        self.preimages = links.take(count).collect();
        self.chain = Some(chain);
    }

    /// Drops preimages shown before; the last left is the one that `link` hides.
    fn preimage_of(&mut self, link: &Digest) -> Option<Digest> {
        let at = self.preimages.iter().rposition(|preimage| beacon_link(preimage) == *link)?;
        self.preimages.truncate(at.saturating_add(1));
        self.preimages.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use earnest_protocol::{BlockHead, Genesis, Journal};

    use super::*;

    fn genesis(secret: &BeaconSecret, chain_blocks: u64) -> Genesis {
        let beacon = secret.genesis(Blocks::new(chain_blocks));
        Genesis { name: "test".into(), beacon, ..Genesis::default() }
    }

    fn step(state: &mut State, beacon: &mut Beacon, shows: bool) -> Option<Digest> {
        let height = state.height().after(Blocks::new(1));
        let Shown { beacon: shown, next_anchor } = beacon.show(state, height);
        assert!(shown.is_some(), "height {height}");
        let shown = shown.filter(|_| shows);
        let time_ms = state.time_ms() + 1_000;
        let head = BlockHead { height, time_ms, beacon: shown, next_anchor };
        state.open_block(&head, &mut Journal::default()).unwrap();
        shown
    }

    #[test]
    fn every_block_shows_a_preimage_never_shown_before() {
        for chain_blocks in [1, 2, 3, 7] {
            let secret = BeaconSecret::of_seed(chain_blocks);
            let mut state = State::new(&genesis(&secret, chain_blocks)).unwrap();
            let mut beacon = Beacon::new(secret, Blocks::new(chain_blocks));
            let shown: BTreeSet<_> =
                (0..40).map(|_| step(&mut state, &mut beacon, true).unwrap()).collect();
            assert_eq!(shown.len(), 40);
        }
    }

    #[test]
    fn a_restarted_or_withheld_beacon_goes_on_where_the_state_is() {
        let secret = BeaconSecret::of_seed(1);
        let mut state = State::new(&genesis(&secret, 5)).unwrap();
        let mut beacon = Beacon::new(secret.clone(), Blocks::new(5));
        for round in 0..40 {
            if round % 3 == 0 {
                let height = state.height().after(Blocks::new(1));
                let before = beacon.show(&state, height);
                beacon = Beacon::new(secret.clone(), Blocks::new(5));
                assert_eq!(beacon.show(&state, height), before);
            }
            step(&mut state, &mut beacon, round % 4 != 1);
        }
    }

    #[test]
    fn another_secret_shows_nothing() {
        let state = State::new(&genesis(&BeaconSecret::of_seed(1), 5)).unwrap();
        let mut other = Beacon::new(BeaconSecret::of_seed(2), Blocks::new(5));
        assert_eq!(other.show(&state, Height::new(1)).beacon, None);
    }

    #[test]
    fn the_secret_is_kept_from_others_and_shown_nowhere() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let secret = BeaconSecret::random().unwrap();
        secret.write(folder.path()).unwrap();
        assert_eq!(BeaconSecret::read(folder.path()).unwrap(), secret);
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(secret.write(folder.path()).is_err(), "never overwritten");
        assert_eq!(format!("{secret:?}"), "BeaconSecret(..)");
    }
}
