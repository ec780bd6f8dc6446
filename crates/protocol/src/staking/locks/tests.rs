//! Sums of locks, against rows.

use super::*;
use crate::{
    command::ResourceClass,
    ids::AccountId,
    num::{Factor, Height, Index, TimedIndex},
    staking::Standing,
};

const ROLE: Role = Role::Validator;

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn weight(at: u64) -> TermWeight {
    let (boost, max) = (Factor::percent(400), Epochs::new(10));
    TermWeight { boost, max, at: Epoch::new(at) }
}

/// Validators with stakes of so many tokens.
fn staking(stakes: &[u64]) -> Staking {
    let mut staking = Staking::default();
    for (at, stake) in (0u64..).zip(stakes) {
        let key = (ROLE, ResourceClass::Cpu);
        let id = staking.enter(AccountId::new(at), key, tokens(10), Epoch::ZERO);
        hold(&mut staking, id, tokens(*stake));
    }
    staking
}

/// Gives it so much at stake.
fn hold(staking: &mut Staking, id: OperatorId, stake: Amount) {
    staking.change(id, |row| row.stake = stake);
    staking.refresh(id, Amount::ZERO, Height::ZERO);
}

fn id(at: u64) -> OperatorId {
    OperatorId::new(at)
}

/// What all rows come to, by a walk.
fn walked(staking: &Staking) -> BTreeMap<TermKey, Timed> {
    let mut sums: BTreeMap<TermKey, Timed> = BTreeMap::new();
    for (_, row) in staking.operators.iter() {
        if let Some((key, timed)) = row.counted_term() {
            let sum = sums.entry(key).or_default();
            *sum = sum.checked_add(timed).expect("small");
        }
    }
    sums
}

#[test]
fn sums_follow_stakes_standings_and_sets() {
    let mut staking = staking(&[100, 50, 20]);
    staking.lock(id(0), (tokens(80), Epoch::new(9)));
    staking.lock(id(1), (tokens(50), Epoch::new(5)));
    assert_eq!(staking.working_terms(ROLE), walked(&staking)[&(ROLE, true)]);
    let jailed = Standing::Jailed(Epoch::new(3));
    type Step = fn(&mut Operator);
    let steps: [(u64, Step); 5] = [
        (0, |row| row.stake = tokens(30)),
        (1, |row| row.outside = true),
        (0, |row| row.stake = tokens(9)),
        (0, |row| row.stake = tokens(100)),
        (2, |row| row.stake = tokens(0)),
    ];
    for (of, step) in steps {
        staking.change(id(of), step);
        assert_eq!(staking.term_sums(), walked(&staking));
    }
    staking.change(id(1), |row| row.standing = jailed);
    assert_eq!(staking.term_sums(), walked(&staking));
    assert_eq!(staking.operator(id(0)).locked(), tokens(80), "as promised, once it is back");
    staking.unlock(id(0));
    assert!(staking.term_sums().is_empty(), "one is jailed, one has no lock");
    assert_eq!(staking.longest_lock(Epoch::new(2)), Epochs::new(7), "the longest there ever was");
}

#[test]
fn if_all_power_were_no_amount_no_lock_counts() {
    let most = Amount::MAX.units() / Amount::TOKEN;
    let mut staking = staking(&[most / 2]);
    let stake = tokens(most / 2);
    staking.lock(id(0), (tokens(most / 2), Epoch::new(10)));
    assert_eq!(staking.power(stake, Some(weight(0))), (stake, None));
    let (power, locks) = staking.power(stake, Some(weight(9)));
    assert_eq!(locks, Some(weight(9)), "a tenth of the time is left");
    assert_eq!(power, Factor::percent(130).amount_ceil(stake).unwrap());
    assert_eq!(staking.power_of_operator(id(0), locks), power);
    // Nor in an epoch's emission: all would weigh more than 64 bits.
    let most = tokens(most);
    hold(&mut staking, id(0), most);
    staking.lock(id(0), (most, Epoch::new(10)));
    staking.share_emission(ROLE, tokens(1), Some(weight(0))).unwrap();
    assert_eq!(staking.emission.left(ROLE), TimedIndex::ZERO);
    assert!(staking.emission.of(ROLE) > Index::ZERO);
}

/// Two of 100 tokens share 16 tokens an epoch; one locked half of its own for ten epochs, at four
/// times the weight: 250 and 100 of 350, then 235 and 100, … until it is over.
#[test]
fn a_lock_earns_by_what_is_left_of_it_however_often_it_is_settled() {
    let earned = |settles: &[u64]| {
        let mut staking = staking(&[100, 100]);
        staking.lock(id(0), (tokens(50), Epoch::new(10)));
        for at in 0..=10 {
            staking.share_emission(ROLE, tokens(16), Some(weight(at))).unwrap();
            if settles.contains(&at) {
                staking.settle_emission(id(0));
            }
        }
        staking.settle_emission(id(0));
        staking.unlock(id(0));
        staking.share_emission(ROLE, tokens(16), Some(weight(11))).unwrap();
        [0, 1].map(|at| staking.stake_earned(id(at)).units())
    };
    let once = earned(&[]);
    let fair = |added: u64, of: u64| {
        let (own, all) = (u128::from(100 + added), u128::from(200 + added));
        u64::try_from(u128::from(tokens(16).units()) * if of == 0 { own } else { 100 } / all)
            .expect("small")
    };
    for (at, of) in [(0, 0), (1, 1)] {
        let sum: u64 = (0..=10).map(|left| fair(15 * left, of)).sum();
        let sum = sum + fair(0, of);
        assert!(once[at].abs_diff(sum) < 20, "{} and {sum}", once[at]);
    }
    assert!(once[0] + once[1] <= 12 * tokens(16).units());
    for settles in [&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10][..], &[9], &[0, 5]] {
        let often = earned(settles);
        assert!(often[0] <= once[0] && once[0] - often[0] < 25, "{often:?} and {once:?}");
        assert_eq!(often[1], once[1], "nobody else's changes");
    }
}
