//! How many places change hands in one block.

use std::vec::Vec;

use super::*;
use crate::{
    event::Journal,
    genesis::{Genesis, GenesisAccount, GenesisOperator},
    ids::{Address, Role},
    num::Amount,
    params::RawParams,
    referee::Unasked,
    state::State,
};

/// So many providers, all of whom may work.
fn network(count: u32) -> State {
    let (balance, bond) = (Amount::tokens(1_000), Amount::tokens(500));
    let addresses = (0..count).map(|n| {
        let mut bytes = [1; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Address(bytes)
    });
    let addresses: Vec<Address> = addresses.collect();
    let account = |address| GenesisAccount { address, balance, payment: Amount::ZERO };
    let operator = |address| GenesisOperator { address, role: Role::Provider, bond };
    let genesis = Genesis {
        accounts: addresses.iter().copied().map(account).collect(),
        operators: addresses.into_iter().map(operator).collect(),
        ..Genesis::default()
    };
    State::new(&genesis).expect("a valid beginning")
}

/// Votes a set of so many, and says how many are in it after each of some blocks.
fn sizes(state: &mut State, max: u64, blocks: usize) -> Vec<u64> {
    let mut raw = RawParams::from(*state.params());
    raw.staking.providers_active_max = max;
    let params = state.params.adoptable(raw).expect("lawful");
    state.params.adopt(params);
    let mut journal = Journal::default();
    let sizes = (0..blocks).map(|_| {
        let mut cx = Context { state: &mut *state, journal: &mut journal, referee: &Unasked };
        settle_all(&mut cx);
        let key = *cx.state.staking.pool_keys().first().expect("one role and class");
        cx.state.staking.pool(key).expect("it is there").active()
    });
    let sizes = sizes.collect();
    state.check_invariants().expect("all are in it or wait");
    sizes
}

/// A set that is voted smaller or larger by as many as change places in one block is in order after
/// one, and by one more after two.
#[test]
fn a_block_changes_as_many_places_as_it_has_time_for() {
    let all = TURNS_MAX + 4;
    let mut state = network(u32::try_from(all).expect("small"));
    assert_eq!(sizes(&mut state, 4, 2), [4, 4], "the last that a block has time for");
    assert_eq!(sizes(&mut state, 0, 2), [all, all]);
    assert_eq!(sizes(&mut state, 3, 3), [4, 3, 3], "one more");
    assert_eq!(sizes(&mut state, 0, 3), [all - 1, all, all]);
}
