//! Claims at the largest number that can be counted.

use std::vec;

use super::*;
use crate::{
    event::Journal,
    genesis::{Genesis, GenesisAccount, GenesisOperator},
    ids::{AccountId, Address},
    num::{Factor, Ratio},
    referee::Unasked,
};

/// With two assets what a job burns may be worth more of the other than there is.
#[test]
fn a_claim_that_cannot_be_counted_is_cut_and_the_epoch_pays_what_it_minted() {
    let address = Address([1; 20]);
    let (balance, bond) = (Amount::tokens(10_000), Amount::tokens(5_000));
    let mut genesis = Genesis::default();
    genesis.params.rewards.schedule = 1;
    genesis.params.rewards.epoch_amount = Amount::tokens(1);
    genesis.accounts = vec![GenesisAccount { address, balance, payment: Amount::ZERO }];
    let roles = [Role::Provider, Role::Validator];
    genesis.operators = roles.map(|role| GenesisOperator { address, role, bond }).to_vec();
    let mut state = State::new(&genesis).expect("a valid beginning");
    let [first, second] =
        roles.map(|role| state.operator_id(AccountId::new(0), role).expect("bonded"));
    let mut journal = Journal::default();
    let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
    let vests = VestTerms::new(cx.params().rewards());
    let terms = ClaimTerms {
        burnt: Amount::MAX,
        worth: Amount::MAX,
        stake_price: Factor::ONE,
        emission_cap: Ratio::ONE,
        validator_share: Ratio::percent(60),
        auditors: 1,
        performance_share: Ratio::ZERO,
        score: Ratio::ONE,
    };
    // Two fifths of all, the same again, and of three fifths the fifth that is left.
    for operator in [first, first, second, second] {
        note(&mut cx, JobId::new(0), operator, (&terms, vests));
    }
    let returns = returns(cx.params().rewards());
    assert_eq!(cx.state.rewards.open, Open { claims: Amount::MAX, claimants: 2, returns });
    emit(&mut cx);
    [first, second].into_iter().for_each(|operator| settle(&mut cx, operator));
    assert_eq!(cx.state.balance(Pot::Emission), Amount::ZERO);
    state.check_invariants().expect("all of it is somewhere");
}
