//! Grants: what a genesis gave is claimed, at random.

use earnest_protocol::{
    AccountId, Address, Amount, Command, State,
    command::{ClaimGrant, ClaimListed},
    grants::{Entry, ListTree},
};

use super::{Op, edge};
use crate::grants::{entries, known};

/// Somebody claims what came free of a grant, one unit more, or less; or an entry, at times a wrong
/// one.
pub(super) fn claim(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    if op.amount.is_multiple_of(2) {
        let grants: Vec<_> = state.grants().collect();
        let grant = grants.get(usize::from(op.who) % (grants.len() + 1));
        let whose = grant.map_or(anyone, |grant| grant.account);
        let to = state.account(whose).expect("granted").address;
        let free = grant.map_or(Amount::UNIT, |grant| grant.claimable(state.height()));
        let amount = edge(free, op.amount / 2);
        return (anyone, Command::ClaimGrant(ClaimGrant { to, amount }));
    }
    let known = known(state);
    let all = entries(|place| known[place]);
    // Neighbours in one row, and in the next; at times behind the last.
    let place = u32::from(op.who) * 5 / 4;
    let entry = all.get(usize::try_from(place).expect("small")).copied();
    let entry = entry.unwrap_or(Entry { address: Address::ZERO, amount: Amount::UNIT });
    let mut proof = ListTree::new(&all).expect("few").prove(place);
    let amount = match op.amount % 16 {
        1 => entry.amount.saturating_add(Amount::UNIT),
        3 => {
            proof.pop();
            entry.amount
        }
        _ => entry.amount,
    };
    let claim = ClaimListed { place, to: entry.address, amount, proof };
    (anyone, Command::ClaimListed(claim))
}
