//! The leading replica's hash chains of one world, made as far as its blocks need them.
//!
//! Law: all chains and the requester's preimage are functions of the world's luck, so that another
//! luck is another draw and nothing else.
//! Not here: what a beacon decides (`earnest-protocol`).

use earnest_protocol::{BlockHead, Blocks, Digest, Height, genesis::BeaconGenesis, seal};

/// Blocks that one chain serves.
const CHAIN_BLOCKS: u64 = 64;

/// All chains of one world made so far.
#[derive(Clone, Debug)]
pub(crate) struct Beacon {
    luck: u64,
    /// For each chain its anchor, then what its blocks show.
    links: Vec<Vec<Digest>>,
    /// Links not shown in their block: later ones come that much later.
    skipped: u64,
}

/// 32 bytes that only `luck` and `place` decide.
pub(crate) fn digest(luck: u64, place: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&luck.to_le_bytes());
    bytes[8..16].copy_from_slice(&place.to_le_bytes());
    seal::seed(&Digest(bytes))
}

impl Beacon {
    pub(crate) fn new(luck: u64) -> Beacon {
        let mut beacon = Beacon { luck, links: Vec::new(), skipped: 0 };
        beacon.grow(2);
        beacon
    }

    pub(crate) fn genesis(&self) -> BeaconGenesis {
        let chain_blocks = Blocks::new(CHAIN_BLOCKS);
        BeaconGenesis { chain_blocks, anchor: self.links[0][0], next_anchor: self.links[1][0] }
    }

    /// The head of the block at `height` ≥ 1, with a beacon or without.
    pub(crate) fn head(&mut self, height: u64, shows: bool) -> BlockHead {
        let at = height - 1;
        let (chain, place) = (at / CHAIN_BLOCKS, at % CHAIN_BLOCKS);
        if place == 0 {
            self.skipped = 0; // Another chain begins.
        }
        let chain = usize::try_from(chain).expect("a world has few blocks");
        self.grow(chain + 3);
        let link = usize::try_from(place + 1 - self.skipped).expect("below the chain's length");
        if !shows {
            self.skipped += 1;
        }
        BlockHead {
            height: Height::new(height),
            time_ms: height.saturating_mul(3_600_000), // The largest interval a network may set.
            beacon: shows.then(|| self.links[chain][link]),
            next_anchor: (place == 0).then(|| self.links[chain + 2][0]),
        }
    }

    fn grow(&mut self, count: usize) {
        while self.links.len() < count {
            let chain = u64::try_from(self.links.len()).expect("few chains");
            let mut links = vec![digest(self.luck, chain + 1)];
            for i in 0..CHAIN_BLOCKS as usize {
                links.push(seal::beacon_link(&links[i]));
            }
            links.reverse();
            self.links.push(links);
        }
    }
}
