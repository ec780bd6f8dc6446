//! Directions and edges of the number types.

use super::*;

#[test]
fn ratios_round_in_the_direction_they_name() {
    let third = Ratio::of_floor(1, 3);
    assert_eq!(third.parts(), 333_333_333);
    assert_eq!(Ratio::of_ceil(1, 3).parts(), 333_333_334);
    let ten = Amount::new(10).expect("small");
    assert_eq!(third.amount_floor(ten).units(), 3);
    assert_eq!(third.amount_ceil(ten).units(), 4);
    assert_eq!(Ratio::ONE.amount_ceil(Amount::MAX), Amount::MAX);
}

#[test]
fn powers_by_squaring_stay_below_the_exact_value_and_end_at_zero() {
    let almost = Ratio::new(980_000_000).expect("below one");
    assert_eq!(almost.pow_floor(0), Ratio::ONE);
    assert_eq!(almost.pow_floor(2).parts(), 960_400_000);
    assert_eq!(almost.pow_floor(1 << 40), Ratio::ZERO);
}

#[test]
fn amounts_refuse_to_pass_their_bounds() {
    assert_eq!(Amount::new(u64::MAX), None);
    assert_eq!(Amount::MAX.checked_add(Amount::UNIT), None);
    assert_eq!(Amount::ZERO.checked_sub(Amount::UNIT), None);
    assert_eq!(Amount::MAX.checked_times(2), None);
    assert_eq!(Factor::percent(200).amount_ceil(Amount::MAX), None);
}

#[test]
fn square_roots_are_the_least_that_cover() {
    for x in [0u128, 1, 2, 3, 4, 99, 100, 101, u128::from(u64::MAX)] {
        let root = sqrt_ceil(x);
        assert!(x <= root * root && (root == 0 || (root - 1) * (root - 1) < x));
    }
}
