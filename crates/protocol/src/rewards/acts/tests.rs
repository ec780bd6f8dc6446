//! Claims at the largest number that can be counted.

use std::vec;

use super::*;
use crate::{
    event::Journal,
    genesis::{Genesis, GenesisAccount, GenesisOperator},
    ids::{AccountId, Address},
    num::{Epochs, Factor, Ratio},
    params::RawParams,
    referee::Unasked,
};

/// Two operators, who are one, of a network that emits a token in an epoch.
fn beginning(change: impl FnOnce(&mut RawParams)) -> (State, [OperatorId; 2]) {
    let address = Address([1; 20]);
    let (balance, bond) = (Amount::tokens(10_000), Amount::tokens(5_000));
    let mut genesis = Genesis::default();
    genesis.params.rewards.schedule = 1;
    genesis.params.rewards.epoch_amount = Amount::tokens(1);
    change(&mut genesis.params);
    genesis.accounts = vec![GenesisAccount { address, balance, payment: Amount::ZERO }];
    let roles = [Role::Provider, Role::Validator];
    genesis.operators = roles.map(|role| GenesisOperator { address, role, bond }).to_vec();
    let state = State::new(&genesis).expect("a valid beginning");
    let operators = roles.map(|role| state.operator_id(AccountId::new(0), role).expect("bonded"));
    (state, operators)
}

/// Of a job of which all that there may be burnt.
fn largest() -> ClaimTerms {
    ClaimTerms {
        burnt: Amount::MAX,
        worth: Amount::MAX,
        stake_price: Factor::ONE,
        emission_cap: Ratio::ONE,
        validator_share: Ratio::percent(60),
        auditors: 1,
        performance_share: Ratio::ZERO,
        score: Ratio::ONE,
    }
}

/// With two assets what a job burns may be worth more of the other than there is.
#[test]
fn a_claim_that_cannot_be_counted_is_cut_and_the_epoch_pays_what_it_minted() {
    let (mut state, [first, second]) = beginning(|_| {});
    let mut journal = Journal::default();
    let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
    let (terms, vests) = (largest(), VestTerms::new(cx.params().rewards()));
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

/// Where returns diminish what claims weigh may be counted when the claims cannot: jobs of two
/// versions, each of which claims all that there may be, do not have the epoch twice.
#[test]
fn claims_of_several_terms_that_cannot_be_counted_are_paid_what_was_minted_once() {
    for quarters in [2, 3] {
        let (mut state, [first, second]) = beginning(|raw| {
            raw.rewards.work_exponent = quarters;
            (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
        });
        let mut journal = Journal::default();
        let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
        let older = VestTerms::new(cx.params().rewards());
        let newer = VestTerms { delay: Epochs::ZERO, ..older };
        for vests in [older, newer, older, newer] {
            note(&mut cx, JobId::new(0), second, (&largest(), vests));
            note(&mut cx, JobId::new(0), first, (&largest(), vests));
        }
        emit(&mut cx);
        [first, second].into_iter().for_each(|operator| settle(&mut cx, operator));
        assert_eq!(cx.state.balance(Pot::Emission), Amount::ZERO);
        state.check_invariants().expect("all of it is somewhere");
    }
}

/// All claims of a round weigh by what was in force at its first, though a vote changes that before
/// the next: the epoch pays in full what it minted, to both by the same rule.
#[test]
fn returns_that_change_within_a_round_count_from_the_next() {
    let rounds = |changes: bool| {
        let (mut state, [first, second]) = beginning(|raw| {
            raw.rewards.work_exponent = 2;
            raw.rewards.work_unit = Amount::new(100).expect("small");
            (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
        });
        let claim = |units| ClaimTerms {
            burnt: Amount::new(units).expect("small"),
            validator_share: Ratio::ZERO,
            ..largest()
        };
        let mut journal = Journal::default();
        let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
        let vests = VestTerms::new(cx.params().rewards());
        let of_second = |units| ClaimTerms { validator_share: Ratio::ONE, ..claim(units) };
        note(&mut cx, JobId::new(0), first, (&claim(10_000), vests));
        if changes {
            let mut raw = RawParams::from(*cx.state.params());
            raw.rewards.work_exponent = 4;
            let params = cx.state.params.adoptable(raw).expect("lawful");
            cx.state.params.adopt(params);
        }
        note(&mut cx, JobId::new(0), second, (&of_second(40_000), vests));
        note(&mut cx, JobId::new(0), first, (&claim(30_000), vests));
        let open = cx.state.rewards.open;
        emit(&mut cx);
        note(&mut cx, JobId::new(0), first, (&claim(40_000), vests));
        (open, cx.state.rewards.open.claims)
    };
    // √(100 · 40,000), twice.
    let (open, next) = rounds(false);
    assert_eq!((open.claims.units(), next.units()), (4_000, 2_000));
    assert_eq!(rounds(true).0, open);
    assert_eq!(rounds(true).1.units(), 40_000, "the next round by what is in force then");
}
