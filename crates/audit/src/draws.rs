//! Draws: whether the rules draw as often, and as evenly, as the law says that weighs every game.
//!
//! A game takes each class of a draw with its chance by the law, and only one luck that has it. So
//! rules that draw otherwise would go unseen, were it not for this: many lucks are tried, and how
//! often each class comes up is held against its chance.
//!
//! Law: a verdict is whole numbers. If the rules draw as the law says, they are accused with a
//! chance below 2^-29 a class (Bernstein's inequality: of `n` draws of chance p, t more or fewer
//! than n p come up with a chance of at most exp(-t² / (2 (n p (1 - p) + t / 3))) on either side).
//! What is too rare to be told from chance is not accused: a tenth of its chance more or less takes
//! thousands of lucks.

use std::collections::BTreeMap;

use crate::{
    cast::{Cast, Kind, Member},
    judge::{Deviation, Verdict, blank},
    law::Label,
    tree::{Law, first_draw},
};

/// Twice the exponent at which the rules are accused: e^-21 is below 2^-30.
const EXPONENT_TWICE: i128 = 42;

/// Who is counted among the drawn.
pub(crate) const MEMBERS: &[Member] = &[Member::Auditors];

/// Tries so many lucks of one kind of job.
pub(crate) fn draws(cast: &Cast, kind: &Kind, lucks: u64) -> Deviation {
    let found = count(cast, lucks);
    let (verdict, reason) = match found.and_then(|(counts, law)| accuse(&counts, &law, lucks)) {
        Ok(None) => (Verdict::Holds, format!("{lucks} draws come out as the law says")),
        Ok(Some(accusation)) => (Verdict::Pays, accusation),
        Err(why) => (Verdict::NotShown, why),
    };
    let about = "the rules draw as often, and as evenly, as the bound counts on";
    Deviation { verdict, reason: Some(reason), ..blank("draws-as-quoted", about, MEMBERS, kind) }
}

/// How often each class of the first draw comes up, and its chance by the law.
pub(crate) fn count(cast: &Cast, lucks: u64) -> Result<(BTreeMap<Label, i128>, Law), String> {
    let mut counts: BTreeMap<Label, i128> = BTreeMap::new();
    let mut law = Vec::new();
    for luck in 0..lucks {
        let (label, quoted) = first_draw(cast, luck)?;
        *counts.entry(label).or_default() += 1;
        law = quoted;
    }
    Ok((counts, law))
}

/// The first class that comes up as it would not by chance.
pub(crate) fn accuse(
    counts: &BTreeMap<Label, i128>,
    law: &Law,
    lucks: u64,
) -> Result<Option<String>, String> {
    let n = i128::from(lucks);
    if let Some(label) = counts.keys().find(|label| !law.iter().any(|(known, _)| known == *label)) {
        return Ok(Some(format!("{label:?} is drawn, which the law has not")));
    }
    for (label, chance) in law {
        let seen = counts.get(label).copied().unwrap_or(0);
        let (over, of) = (chance.numerator(), chance.denominator());
        let is_off = is_beyond_chance(n, seen, over, of).ok_or("a count needs over 128 bits")?;
        if is_off {
            return Ok(Some(format!(
                "{label:?} comes up {seen} times in {n} draws, and its chance is {over}/{of}"
            )));
        }
    }
    Ok(None)
}

/// True if `seen` of `n` draws of chance `over`/`of` is no chance: with t = |seen - n p|,
/// t² > `EXPONENT_TWICE` · (n p (1 - p) + t / 3), all times 3 `of`².
fn is_beyond_chance(n: i128, seen: i128, over: i128, of: i128) -> Option<bool> {
    let off = seen.checked_mul(of)?.checked_sub(n.checked_mul(over)?)?.checked_abs()?;
    let spread = n.checked_mul(over)?.checked_mul(of.checked_sub(over)?)?;
    let allowed = spread.checked_mul(3)?.checked_add(off.checked_mul(of)?)?;
    Some(off.checked_mul(off)?.checked_mul(3)? > allowed.checked_mul(EXPONENT_TWICE)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{law::Draw, rational::Rational};

    #[test]
    fn what_chance_does_is_not_accused_and_half_the_rate_is() {
        // 4,000 draws at a tenth: 400 expected, with a deviation of 19.
        for (seen, is_off) in [(400, false), (320, false), (480, false), (200, true), (600, true)] {
            assert_eq!(is_beyond_chance(4_000, seen, 1, 10), Some(is_off), "{seen}");
        }
        assert_eq!(is_beyond_chance(4_000, 4_000, 1, 1), Some(false), "a certain draw");
        assert_eq!(is_beyond_chance(4_000, 3_900, 1, 1), Some(true));
    }

    #[test]
    fn a_class_that_the_law_has_not_is_accused() {
        let law = vec![(vec![Draw::Spared], Rational::ONE)];
        let counts = BTreeMap::from([(vec![Draw::Spared], 9), (vec![Draw::Seats(1)], 1)]);
        assert!(accuse(&counts, &law, 10).expect("fits").is_some());
    }
}
