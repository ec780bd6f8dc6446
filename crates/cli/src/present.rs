//! What a text for people needs to know of the network it is about: its names and its clock.

use earnest_api::Client;

use crate::{clock::Clock, failure::Failure, names::Names};

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
        let clock = Clock::of(client, &network);
        Ok(Present { names: Names::of(&network.name), clock })
    }
}
