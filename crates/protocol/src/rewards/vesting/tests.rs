//! Vesting against a slow book that keeps every payment apart, and its bounds.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::num::Ratio;

fn units(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn params(delay: u64, vesting: u64, at_once: u64) -> VestTerms {
    VestTerms {
        delay: Epochs::new(delay),
        vesting: Epochs::new(vesting),
        at_once: Ratio::new(at_once).unwrap(),
    }
}

/// builtin-actors, actors/miner/tests/apply_rewards.rs: of 600,000 three quarters are locked, and a
/// penalty of 300,000 leaves 150,000 of them.
#[test]
fn a_penalty_is_taken_out_of_what_is_locked_as_in_filecoin() {
    let mut vesting = Vesting::default();
    vesting.put(units(600_000), Epoch::new(7), &params(0, 180, 250_000_000));
    vesting.follow(Epoch::new(7));
    assert_eq!((vesting.ready, vesting.unvested()), (units(150_000), units(450_000)));
    vesting.take_unvested(units(300_000));
    assert_eq!((vesting.ready, vesting.unvested()), (units(150_000), units(150_000)));
}

/// FL2 (fluencelabs/deal, script/Deploy.s.sol's periods): 600 of epoch 7 vest in six periods of
/// three epochs. Theirs count from the beginning of the period, epoch 6, and at its ends, between
/// which ours vest evenly.
#[test]
fn fl2_a_reward_has_vested_by_a_sixth_more_at_the_end_of_each_period_as_in_fluence() {
    let mut vesting = Vesting::default();
    vesting.put(units(600), Epoch::new(6), &params(0, 18, 0));
    let vested = (1..=6u64).map(|period| {
        vesting.follow(Epoch::new(6 + 3 * period));
        vesting.ready.units()
    });
    assert_eq!(vested.collect::<Vec<_>>(), [100, 200, 300, 400, 500, 600]);
}

#[derive(Clone, Debug)]
enum Op {
    Earn(u64),
    Pass(u64),
    Claim,
    Slash(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let amount = prop_oneof![0..5u64, 0..1u64 << 40];
    prop_oneof![
        3 => amount.clone().prop_map(Op::Earn),
        3 => (0..40u64).prop_map(Op::Pass),
        1 => Just(Op::Claim),
        1 => amount.prop_map(Op::Slash),
    ]
}

/// One payment, kept for ever: when each part of it may be had.
struct Grant {
    from: u64,
    ends: u64,
    at_once: u64,
    rest: u64,
}

impl Grant {
    fn new(amount: u64, earned: u64, (delay, vesting, at_once): (u64, u64, u64)) -> Grant {
        let gathered = |at: u64, length: u64| {
            let span = length.div_ceil(16).max(1);
            at.div_ceil(span) * span
        };
        let from = gathered(earned + delay, delay);
        let ends = gathered(from + vesting, vesting);
        let late = u128::from(amount) * u128::from(1_000_000_000 - at_once);
        let rest = u64::try_from(late.div_ceil(1_000_000_000)).unwrap();
        Grant { from, ends, at_once: amount - rest, rest }
    }

    /// In 10^-6 units.
    fn vested(&self, now: u64) -> u128 {
        if now < self.from {
            return 0;
        }
        let passed = u128::from(now.min(self.ends) - self.from);
        let all = u128::from(self.ends - self.from).max(1);
        let passed = if now >= self.ends { all } else { passed };
        u128::from(self.at_once) * 1_000_000 + u128::from(self.rest) * 1_000_000 * passed / all
    }
}

proptest! {
    #[test]
    fn whatever_happens_rows_are_bounded_and_every_unit_is_somewhere(
        ops in proptest::collection::vec(op(), 1..200),
        (delay, vesting) in (0..50u64, 1..300u64),
        at_once in 0..=1_000_000_000u64,
    ) {
        let params = params(delay, vesting, at_once);
        let (mut book, mut now) = (Vesting::default(), 0u64);
        let (mut earned, mut gone) = (0u64, 0u64);
        for op in ops {
            match op {
                Op::Earn(amount) => {
                    book.put(units(amount), Epoch::new(now), &params);
                    earned += amount;
                }
                Op::Pass(epochs) => {
                    now += epochs;
                    book.follow(Epoch::new(now));
                }
                Op::Claim => gone += core::mem::take(&mut book.ready).units(),
                Op::Slash(wanted) => {
                    let (ready, there) = (book.ready, book.unvested());
                    let taken = units(wanted).min(there);
                    book.take_unvested(taken);
                    prop_assert_eq!(book.ready, ready, "what has vested is nobody's to take");
                    prop_assert_eq!(book.unvested(), there.saturating_sub(taken));
                    gone += taken.units();
                }
            }
            prop_assert_eq!(book.total().units(), earned - gone);
            let spans = usize::try_from(SPANS).unwrap() + 2;
            prop_assert!(book.waiting.len() <= spans && book.lines.len() <= spans, "{:?}", book);
        }
        book.follow(Epoch::new(now + delay + 2 * vesting + 100));
        prop_assert_eq!(book.unvested(), Amount::ZERO);
    }

    #[test]
    fn what_has_vested_is_what_a_book_of_every_payment_says(
        ops in proptest::collection::vec((0..1u64 << 40, 0..20u64), 1..60),
        terms in (0..50u64, 1..300u64, 0..=1_000_000_000u64),
    ) {
        let params = params(terms.0, terms.1, terms.2);
        let (mut book, mut now, mut grants) = (Vesting::default(), 0u64, Vec::new());
        let mut followed = 0u128;
        for (amount, epochs) in ops {
            book.put(units(amount), Epoch::new(now), &params);
            grants.push(Grant::new(amount, now, terms));
            now += epochs;
            book.follow(Epoch::new(now));
            followed += 1;
            let vested: u128 = grants.iter().map(|grant| grant.vested(now)).sum();
            let ready = u128::from(book.ready.units()) * 1_000_000;
            // Less than a unit for each line that was followed, and the book's own parts.
            let dust = followed * u128::from(SPANS + 2) * 1_000_000;
            let parts = u128::try_from(grants.len()).unwrap();
            prop_assert!(ready <= vested + parts && vested <= ready + dust, "{ready} {vested}");
        }
    }
}

#[test]
fn what_would_be_had_last_is_taken_first() {
    let line = |ends, amount| Line { ends: Epoch::new(ends), amount: units(amount) };
    let (until, ends) = (Epoch::new(5), Epoch::new(40));
    let waiting = Waiting { until, at_once: units(10), rest: units(30), ends };
    let lines = [line(10, 100), line(20, 100)].into();
    let mut vesting = Vesting { waiting: [waiting].into(), lines, ..Vesting::default() };
    vesting.take_unvested(units(35));
    let left = Waiting { at_once: units(5), rest: units(0), ..waiting };
    assert_eq!(vesting.waiting, [left]);
    vesting.take_unvested(units(65));
    assert_eq!(
        (&vesting.waiting[..], &vesting.lines[..]),
        (&[][..], &[line(10, 100), line(20, 40)][..])
    );
}

#[test]
fn payments_of_other_terms_are_kept_apart() {
    let mut vesting = Vesting::default();
    for epochs in [320, 160, 320] {
        vesting.put(units(100), Epoch::new(7), &params(16, epochs, 0));
    }
    let rests: Vec<_> = vesting.waiting.iter().map(|waiting| waiting.rest).collect();
    assert_eq!(rests, [units(100), units(200)]);
}
