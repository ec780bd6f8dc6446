//! Sets of many operators, and what a change costs them.

use std::vec::Vec;

use super::*;
use crate::{
    command::ResourceClass,
    ids::AccountId,
    num::{Epoch, Height},
    params::Params,
};

const KEY: PoolKey = (Role::Provider, ResourceClass::Cpu);

fn terms(max: u64) -> SetTerms {
    SetTerms { max, margin: Ratio::percent(5) }
}

/// As many providers, the stakes of all different and in no order.
fn crowd(count: u64, terms: SetTerms) -> Staking {
    let mut staking = Staking::default();
    for at in 0..count {
        let id = staking.enter(AccountId::new(at), KEY, Amount::UNIT, Epoch::ZERO);
        bond(&mut staking, id, 1_000_000 + at * 7_919 % count, terms);
    }
    staking
}

fn bond(staking: &mut Staking, id: OperatorId, stake: u64, terms: SetTerms) {
    staking.operator_mut(id).stake = Amount::new(stake).expect("small");
    staking.settle_set(id, terms);
    staking.refresh(id, Amount::ZERO, Height::ZERO);
    if let Some(turn) = staking.turn(KEY, terms) {
        carry_out(staking, turn);
    }
}

fn carry_out(staking: &mut Staking, turn: Turn) {
    match turn {
        Turn::Enters(id) => staking.set_outside(id, false, Height::ZERO),
        Turn::Leaves(id) => staking.set_outside(id, true, Height::ZERO),
        Turn::Replaced(out, by) => {
            staking.set_outside(out, true, Height::ZERO);
            staking.set_outside(by, false, Height::ZERO);
        }
    }
}

/// Stakes of those in the set, ascending, and of those who wait.
fn stakes(staking: &Staking) -> (Vec<u64>, Vec<u64>) {
    let rows = staking.operators.iter().map(|(_, row)| row);
    let (inside, waiting): (Vec<_>, Vec<_>) = rows.partition(|row| row.may_work());
    let units = |rows: Vec<&super::super::Operator>| {
        let mut units: Vec<u64> = rows.into_iter().map(|row| row.stake.units()).collect();
        units.sort_unstable();
        units
    };
    (units(inside), units(waiting))
}

#[test]
fn a_set_is_in_order_after_every_change_whatever_came_before() {
    let terms = terms(100);
    let mut staking = crowd(3_000, terms);
    let (inside, waiting) = stakes(&staking);
    assert_eq!((inside.len(), waiting.len()), (100, 2_900));
    // Nobody had five per cent more than anybody: those who came first are in.
    assert!((0..100).all(|at| staking.operator(OperatorId::new(at)).may_work()));
    for step in 0..3_000u64 {
        let id = OperatorId::new(step * 2_741 % 3_000);
        let stake = step * 48_271 % 2_000_003; // At times nothing: not fit.
        bond(&mut staking, id, if step % 17 == 0 { 0 } else { stake }, terms);
        assert_eq!(staking.turn(KEY, terms), None);
        let set = staking.active_set(KEY, terms);
        assert!(set.count == 100 && set.first_waiting < set.needed);
    }
}

/// Voted smaller, a set keeps the largest; larger or off, it takes the largest that wait.
#[test]
fn a_voted_size_is_reached_by_one_step_a_place() {
    let mut staking = crowd(3_000, terms(0));
    let steps = |staking: &mut Staking, terms: SetTerms| {
        let mut steps = 0;
        while let Some(turn) = staking.turn(KEY, terms) {
            carry_out(staking, turn);
            steps += 1;
        }
        steps
    };
    for (max, expected) in [(100, 2_900), (2_000, 1_900), (1_999, 1), (0, 1_001), (3_000, 0)] {
        assert_eq!(steps(&mut staking, terms(max)), expected, "to {max}");
        let (inside, waiting) = stakes(&staking);
        let least = inside.first().copied().unwrap_or_default();
        assert!(waiting.last().is_none_or(|first| *first <= least), "the largest are in");
        assert!(max == 0 || u64::try_from(inside.len()).expect("few") <= max);
    }
}

#[test]
fn a_place_is_told_without_looking_at_everybody() {
    let staking = crowd(500, terms(10));
    let mut waiting: Vec<(u64, OperatorId)> = staking
        .operators
        .iter()
        .filter(|(_, row)| row.outside)
        .map(|(index, row)| (row.stake.units(), OperatorId::from_index(index)))
        .collect();
    waiting.sort_by_key(|&(stake, id)| (core::cmp::Reverse(stake), id));
    for (before, (_, id)) in (0..).zip(&waiting) {
        assert_eq!(staking.set_place(*id), SetPlace::Waiting(before));
    }
    assert_eq!(staking.set_place(OperatorId::new(0)), SetPlace::In);
}

#[test]
fn the_margin_is_rounded_up_and_never_nothing() {
    let of = |margin, least| SetTerms { max: 1, margin }.needed(least);
    assert_eq!(of(Ratio::ZERO, 100), 101);
    assert_eq!(of(Ratio::percent(5), 100), 105);
    assert_eq!(of(Ratio::percent(5), 101), 107, "5.05 up");
    assert_eq!(of(Ratio::ONE, 7), 14);
    let max = Amount::MAX.units();
    assert_eq!(of(Ratio::ONE, max), max, "more than there is takes no place");
    let params = Params::default();
    assert_eq!(SetTerms::of(Role::Replica, params.staking()).max, 0);
}
