//! The leading replica's hash chains, made as far as a run needs them.
//!
//! Law: chain c ends in a draw of (seed, run, c), so that every arm of a run sees one beacon.
//! Not here: what a beacon decides (`earnest-protocol`).

use std::collections::VecDeque;

use earnest_protocol::{BlockHead, Blocks, Digest, Height, genesis::BeaconGenesis, seal};

use crate::luck::{Entity, Luck, Purpose};

/// Blocks that one chain serves: a few times what a short run takes.
const CHAIN_BLOCKS: u64 = 64;

/// The chains of one run that are in use.
#[derive(Clone, Debug)]
pub(crate) struct Beacon {
    luck: Luck,
    leader: Entity,
    /// How many chains are behind and forgotten.
    behind: usize,
    /// `links[c][0]` is the anchor of chain `behind + c`, `links[c][i]` what its block i shows.
    links: VecDeque<Vec<Digest>>,
}

impl Beacon {
    pub(crate) fn new(luck: Luck, leader: Entity) -> Beacon {
        let mut beacon = Beacon { luck, leader, behind: 0, links: VecDeque::new() };
        beacon.grow(2);
        beacon
    }

    pub(crate) fn genesis(&self) -> BeaconGenesis {
        let chain_blocks = Blocks::new(CHAIN_BLOCKS);
        BeaconGenesis { chain_blocks, anchor: self.links[0][0], next_anchor: self.links[1][0] }
    }

    /// The head of the block at `height` ≥ 1; heights may only go up.
    pub(crate) fn head(&mut self, height: u64) -> BlockHead {
        let at = height - 1;
        let chain = usize::try_from(at / CHAIN_BLOCKS).expect("a run has few blocks");
        let place = usize::try_from(at % CHAIN_BLOCKS).expect("below the chain's length");
        while self.behind < chain {
            self.links.pop_front();
            self.behind += 1;
        }
        self.grow(3);
        BlockHead {
            height: Height::new(height),
            // The largest of the least intervals that a network may set.
            time_ms: height.saturating_mul(3_600_000),
            beacon: Some(self.links[0][place + 1]),
            next_anchor: (place == 0).then(|| self.links[2][0]),
        }
    }

    fn grow(&mut self, count: usize) {
        while self.links.len() < count {
            let chain = self.behind + self.links.len();
            let chain = u32::try_from(chain).expect("a run has fewer than 2^32 blocks");
            let mut links = vec![self.luck.draw(self.leader, chain, Purpose::Beacon).digest()];
            for i in 0..CHAIN_BLOCKS as usize {
                links.push(seal::beacon_link(&links[i]));
            }
            links.reverse();
            self.links.push_back(links);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_opens_the_one_before_it_across_chains() {
        let mut beacon = Beacon::new(Luck::new(1, 1), Entity::new("leader", 0));
        let mut anchors = vec![beacon.genesis().anchor, beacon.genesis().next_anchor];
        let mut link = anchors[0];
        for height in 1..=3 * CHAIN_BLOCKS {
            let head = beacon.head(height);
            if let Some(anchor) = head.next_anchor {
                link = anchors[anchors.len() - 2];
                anchors.push(anchor);
            }
            let shown = head.beacon.expect("always shown");
            assert_eq!(seal::beacon_link(&shown), link, "block {height}");
            link = shown;
        }
        assert_eq!(anchors.len(), 5);
    }
}
