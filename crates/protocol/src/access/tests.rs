use super::{AccessParams, Tier};
use crate::{
    num::{Amount, Ratio},
    params::{Params, RawParams},
};

fn three() -> AccessParams {
    AccessParams {
        stake_1: Amount::tokens(100),
        stake_2: Amount::tokens(1_000),
        stake_3: Amount::tokens(5_000),
        discount_1: Ratio::percent(10),
        discount_2: Ratio::percent(25),
        discount_3: Ratio::percent(50),
        ..AccessParams::default()
    }
}

#[test]
fn a_tier_is_the_highest_row_that_a_bond_reaches() {
    let access = three();
    let tier = |tokens| access.reached(Amount::tokens(tokens)).map(|row| row.tier);
    assert_eq!(
        [0, 99, 100, 999, 1_000, 5_000].map(tier),
        [None, None, Some(1), Some(1), Some(2), Some(3)]
    );
    let second = Tier { tier: 2, stake: Amount::tokens(1_000), discount: Ratio::percent(25) };
    assert_eq!(access.next(Amount::tokens(100)), Some(second));
    assert_eq!(access.next(Amount::tokens(5_000)), None);
    assert_eq!(access.discount(2), Ratio::percent(25));
    assert_eq!([0, 4, 5].map(|tier| access.discount(tier)), [Ratio::ZERO; 3]);
}

#[test]
fn no_default_has_a_tier() {
    let access = AccessParams::default();
    assert!(!access.is_on() && access.tiers().next().is_none());
    assert_eq!(access.reached(Amount::MAX), None);
}

#[test]
fn a_bond_that_is_split_has_no_higher_discount_on_any_part() {
    let access = three();
    let discount = |units| {
        let reached = access.reached(Amount::new(units).unwrap());
        reached.map_or(Ratio::ZERO, |row| row.discount)
    };
    let whole = Amount::tokens(6_000).units();
    for part in (0..=60).map(|hundreds| Amount::tokens(hundreds * 100).units()) {
        let best = discount(part).max(discount(whole - part));
        assert!(best <= discount(whole), "{part} of {whole}");
    }
}

#[test]
fn tiers_rise_without_a_gap_and_leave_a_tenth_of_a_take() {
    let refused = |change: fn(&mut AccessParams)| {
        let mut raw = RawParams { access: three(), ..RawParams::default() };
        change(&mut raw.access);
        Params::try_from(raw).err().map(|why| why.violations.len())
    };
    assert_eq!(refused(|_| ()), None);
    assert_eq!(refused(|access| access.stake_2 = access.stake_1), Some(1), "not above");
    assert_eq!(refused(|access| access.stake_2 = Amount::ZERO), Some(1), "a gap");
    assert_eq!(refused(|access| access.discount_3 = Ratio::percent(20)), Some(1), "falls");
    // 0.9 of the half that burns, and so much of the other: 0.9 in all, or a part more.
    assert_eq!(refused(|access| access.discount_3 = Ratio::percent(90)), None);
    assert_eq!(refused(|access| access.discount_3 = Ratio::percent(91)), Some(1), "too deep");
}
