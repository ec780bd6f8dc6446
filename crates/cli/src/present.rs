//! What a text for people needs to know of the network it is about: its names and its clock.

use earnest_api::{Client, NetworkView, PageQuery};

use crate::{clock::Clock, failure::Failure, names::Names};

/// How many of the last blocks tell how fast a chain goes.
const BLOCKS: u32 = 21;

/// A network as it is now.
#[derive(Clone, Debug)]
pub struct Present {
    pub names: Names,
    pub clock: Clock,
}

impl Present {
    /// Asks the node.
    pub fn ask(client: &Client) -> Result<Present, Failure> {
        let network = client.network()?;
        let page = PageQuery { limit: Some(BLOCKS), ..PageQuery::default() };
        // A node that has only just begun to keep blocks may have none to show.
        let blocks = client.blocks(&page).map(|page| page.items).unwrap_or_default();
        let times: Vec<u64> = blocks.iter().map(|block| block.time_ms).collect();
        let NetworkView { name, height, params, epoch, epoch_first, .. } = network;
        let block_ms = pace(&times).unwrap_or(params.chain.block_interval_min_ms);
        let epoch_blocks = params.chain.epoch_blocks;
        let clock = Clock { height, block_ms, epoch_blocks, epoch: (epoch, epoch_first) };
        Ok(Present { names: Names::of(&name), clock })
    }
}

/// The time from one block to the next, of times that begin with the latest: half of all gaps are
/// no longer, so that a night in which a node stood still says nothing.
fn pace(times: &[u64]) -> Option<u64> {
    let mut gaps: Vec<u64> = times.windows(2).map(|pair| pair[0].saturating_sub(pair[1])).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::pace;

    #[test]
    fn a_night_without_blocks_does_not_slow_the_clock() {
        assert_eq!(pace(&[90_001_500, 90_001_000, 90_000_500, 500, 0]), Some(500));
        assert_eq!(pace(&[500]), None);
    }
}
