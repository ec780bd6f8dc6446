//! Law: with what chance a draw comes out how, exactly.
//!
//! Seats go to equal weights without replacement, so the number of a coalition's among them is
//! hypergeometric. What the rules' own hash may be biased by, below 2^-63, is not counted.
//! Not here: how a class is realised on the rules (`tree`).

use earnest_protocol::num::PARTS;
use serde::{Deserialize, Serialize};

use crate::rational::Rational;

/// How one draw came out, as far as it matters to a coalition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// No audit.
    Spared,
    /// An audit, with so many of the newly drawn seats the coalition's.
    Seats(u32),
}

/// What a coalition learns at one moment: one draw, or the draws that its answer decides between.
pub(crate) type Label = Vec<Draw>;

/// C(n, k); `None` above 128 bits.
pub(crate) fn choose(n: u32, k: u32) -> Option<i128> {
    if n < k {
        return Some(0);
    }
    (0..k.min(n - k)).try_fold(1i128, |product, i| {
        product.checked_mul(i128::from(n - i))?.checked_div(i128::from(i) + 1)
    })
}

/// The chance that `hits` of `seats` drawn among `all` are among its `friends`.
pub(crate) fn hypergeometric(all: u32, friends: u32, seats: u32, hits: u32) -> Option<Rational> {
    if seats < hits || all < friends {
        return Some(Rational::ZERO);
    }
    let ways = choose(friends, hits)?.checked_mul(choose(all - friends, seats - hits)?)?;
    Rational::new(ways, choose(all, seats)?)
}

/// A draw of `seats`, made with the chance `rate` in parts per billion; outcomes of no chance are
/// left out.
pub(crate) fn draw(
    rate: u64,
    (all, friends): (u32, u32),
    seats: u32,
) -> Option<Vec<(Draw, Rational)>> {
    let audited = Rational::new(i128::from(rate), i128::from(PARTS))?;
    let mut law = vec![(Draw::Spared, Rational::ONE.minus(audited)?)];
    for hits in 0..=seats.min(friends) {
        let chance = hypergeometric(all, friends, seats, hits)?;
        law.push((Draw::Seats(hits), audited.times(chance)?));
    }
    law.retain(|(_, weight)| weight.is_positive());
    Some(law)
}

/// Two draws that do not know of each other.
pub(crate) fn both(
    one: &[(Draw, Rational)],
    two: &[(Draw, Rational)],
) -> Option<Vec<(Label, Rational)>> {
    let pairs = one.iter().flat_map(|one| two.iter().map(move |two| (one, two)));
    pairs.map(|((d, w), (e, v))| Some((vec![*d, *e], w.times(*v)?))).collect()
}

/// A draw of `seats` with the chance `rate`, and the certain draw of `extra` more that a withheld
/// beacon makes of the same seed: its first seats are the same.
pub(crate) fn shown_or_withheld(
    rate: u64,
    (all, friends): (u32, u32),
    (seats, extra): (u32, u32),
) -> Option<Vec<(Label, Rational)>> {
    let audited = Rational::new(i128::from(rate), i128::from(PARTS))?;
    let spared = Rational::ONE.minus(audited)?;
    let mut law: Vec<(Label, Rational)> = Vec::new();
    for hits in 0..=(seats + extra).min(friends) {
        let chance = hypergeometric(all, friends, seats + extra, hits)?;
        law.push((vec![Draw::Spared, Draw::Seats(hits)], spared.times(chance)?));
    }
    for first in 0..=seats.min(friends) {
        let chance = audited.times(hypergeometric(all, friends, seats, first)?)?;
        for more in 0..=extra.min(friends - first) {
            let next = hypergeometric(all - seats, friends - first, extra, more)?;
            let label = vec![Draw::Seats(first), Draw::Seats(first + more)];
            law.push((label, chance.times(next)?));
        }
    }
    law.retain(|(_, weight)| weight.is_positive());
    Some(law)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_sums_to_one() {
        let rate = PARTS / 10;
        for (friends, seats) in [(0, 1), (4, 2), (12, 3), (20, 4), (1, 4)] {
            let one = draw(rate, (20, friends), seats).expect("fits");
            let two = draw(PARTS, (20, friends), seats + 2).expect("fits");
            let sum = |law: &mut dyn Iterator<Item = Rational>| {
                law.fold(Rational::ZERO, |sum, weight| sum.plus(weight).expect("fits"))
            };
            assert_eq!(sum(&mut one.iter().map(|(_, weight)| *weight)), Rational::ONE);
            let both = both(&one, &two).expect("fits");
            assert_eq!(sum(&mut both.iter().map(|(_, weight)| *weight)), Rational::ONE);
            let shown = shown_or_withheld(rate, (20, friends), (seats, 2)).expect("fits");
            assert_eq!(sum(&mut shown.iter().map(|(_, weight)| *weight)), Rational::ONE);
        }
        assert_eq!(hypergeometric(20, 4, 2, 2), Rational::new(6, 190));
    }
}
