//! Names for accounts: those of the participants of `earnest up`, in its networks alone.
//!
//! Laws: a name stands for an address only where the network says that it is a development
//! network, and of which seed; whatever takes an account takes either.
//! Key term: the *seed* of a development network fixes all its keys, which are worth nothing.
//! Known shortcoming: nobody signs what a network is called. A node that calls itself a development
//! network is believed, so money that is worth something is sent to addresses, never to names.

use std::collections::BTreeMap;

use earnest_api::Client;
use earnest_protocol::Address;

use crate::{failure::Failure, up::plan};

/// What a development network is called, before its seed.
const NAME: &str = "development network of seed ";

/// The name of the development network of `seed`.
pub fn of_network(seed: u64) -> String {
    format!("{NAME}{seed}")
}

/// The seed of the development network of this name; none if it is no such network.
pub fn seed_of(network: &str) -> Option<u64> {
    network.strip_prefix(NAME)?.parse().ok()
}

/// An account as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who signs for it.
    Address(Address),
    /// A participant of a development network.
    Name(String),
}

/// An account: 0x and 40 hexadecimal digits, or a name of a development network.
pub fn who(text: &str) -> Result<Who, String> {
    if text.starts_with("0x") {
        return address(text).map(Who::Address);
    }
    if plan::cast(0).iter().any(|member| member.name == text) {
        return Ok(Who::Name(text.to_owned()));
    }
    let known: Vec<&str> = plan::cast(0).iter().map(|member| member.name).collect();
    let known = known.join(", ");
    Err(format!(
        "it is no address, which is 0x and 40 hexadecimal digits, and no name; a network of \
         `earnest up` knows {known}"
    ))
}

/// The names of one network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    by_address: BTreeMap<Address, &'static str>,
}

impl Names {
    /// Those of the network of this name: none, unless it is a development network.
    pub fn of(network: &str) -> Names {
        let cast = seed_of(network).map(plan::cast).unwrap_or_default();
        let by_address = cast.into_iter().map(|member| (member.address, member.name)).collect();
        Names { by_address }
    }

    /// The name of an account, if it has one.
    pub fn of_address(&self, address: &Address) -> Option<&'static str> {
        self.by_address.get(address).copied()
    }

    /// The name of an account; if it has none, the beginning and the end of its address.
    pub fn short(&self, address: &Address) -> String {
        match self.by_address.get(address) {
            Some(name) => (*name).to_owned(),
            None => {
                let text = address.to_string();
                let (begin, end) = (text.get(..8), text.get(text.len().saturating_sub(4)..));
                format!("{}…{}", begin.unwrap_or_default(), end.unwrap_or_default())
            }
        }
    }

    /// An account's address, after its name if it has one.
    pub fn full(&self, address: &Address) -> String {
        match self.by_address.get(address) {
            Some(name) => format!("{name} {address}"),
            None => address.to_string(),
        }
    }

    /// The address of an account, if the name is one of this network.
    fn address(&self, who: &Who) -> Option<Address> {
        match who {
            Who::Address(address) => Some(*address),
            Who::Name(name) => {
                let found = self.by_address.iter().find(|(_, known)| *known == name);
                found.map(|(address, _)| *address)
            }
        }
    }
}

/// An address as it is written.
pub fn address(text: &str) -> Result<Address, String> {
    earnest_keys::address(text).map_err(|why| why.to_string())
}

/// The address of an account; asks the node only for what a name means there.
pub fn resolve(client: &Client, who: &Who) -> Result<Address, Failure> {
    if let Who::Address(address) = who {
        return Ok(*address);
    }
    let network = client.network()?.name;
    Names::of(&network).address(who).ok_or_else(|| {
        let Who::Name(name) = who else { unreachable!("an address is itself") };
        Failure::usage(
            format!("`{name}` is a name of development networks, and `{network}` is none"),
            "give the address, 0x and 40 hexadecimal digits; `earnest query accounts` lists all",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_the_keys_of_a_development_network_and_nowhere_else() {
        let ada = plan::key(5, "ada").address();
        let names = Names::of(&of_network(5));
        assert_eq!(names.address(&Who::Name("ada".into())), Some(ada));
        assert_eq!(names.short(&ada), "ada");
        assert_eq!(names.full(&ada), format!("ada {ada}"));
        for other in ["main", "development network of seed 5b", "", &of_network(6)] {
            let names = Names::of(other);
            assert_ne!(names.address(&Who::Name("ada".into())), Some(ada), "{other}");
            let text = ada.to_string();
            let short = names.short(&ada);
            let (begin, end) = short.split_once('…').expect("shortened");
            assert!(text.starts_with(begin) && text.ends_with(end), "{short}");
        }
    }

    #[test]
    fn an_unknown_name_says_which_are_known() {
        let refused = who("frob").expect_err("no participant");
        assert!(refused.contains("ada, grace, loki") && refused.contains("0x"), "{refused}");
        assert!(who("0x12").is_err());
        let text = plan::key(5, "ada").address().to_string();
        assert_eq!(who(&text), Ok(Who::Address(plan::key(5, "ada").address())));
    }
}
