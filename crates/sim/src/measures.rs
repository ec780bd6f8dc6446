//! Measures of how something is spread, with their definitions.
//!
//! Not here: intervals (`statistics`).

/// How evenly something is spread over units; all zero of nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Concentration {
    /// Gini: Σᵢ Σⱼ |xᵢ − xⱼ| / (2 n² mean). 0 if all have the same, near 1 if one has all.
    pub gini: f64,
    /// Herfindahl and Hirschman: 10,000 Σ (xᵢ / Σx)². Above 2,500 is called concentrated.
    pub hhi: f64,
    /// Nakamoto: how many of the largest together hold more than a third.
    pub nakamoto: u64,
}

/// How evenly `values` are spread; negative ones count as nothing.
pub fn concentration(values: &[i64]) -> Concentration {
    let mut values: Vec<i64> = values.iter().map(|value| (*value).max(0)).collect();
    values.sort_unstable();
    let total: i128 = values.iter().map(|value| i128::from(*value)).sum();
    if total == 0 {
        return Concentration::default();
    }
    // In order, Σᵢ Σⱼ |xᵢ − xⱼ| = 2 Σ (2i − n − 1) xᵢ for i from 1.
    let count = values.len() as i128;
    let ranked = (1i128..).zip(&values);
    let spread: i128 = ranked.map(|(i, x)| (2 * i - count - 1) * i128::from(*x)).sum();
    let share = |value: &i64| *value as f64 / total as f64;
    let mut held = 0i128;
    let largest = values.iter().rev().take_while(|value| {
        let before = held;
        held += i128::from(**value);
        3 * before <= total
    });
    Concentration {
        nakamoto: largest.count() as u64,
        gini: spread as f64 / (count as f64 * total as f64),
        hhi: 10_000.0 * values.iter().map(|value| share(value).powi(2)).sum::<f64>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_equality_and_one_who_has_all() {
        let same = concentration(&[5; 100]);
        assert_eq!((same.gini, same.nakamoto), (0.0, 34));
        assert!((same.hhi - 100.0).abs() < 1e-9);
        let one = concentration(&[0, 0, 0, 7]);
        assert_eq!((one.gini, one.hhi, one.nakamoto), (0.75, 10_000.0, 1));
        assert_eq!(concentration(&[0, -3]), Concentration::default());
        assert_eq!(concentration(&[]), Concentration::default());
    }

    #[test]
    fn a_gini_known_by_its_definition() {
        let values = [1i64, 2, 3, 10];
        let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs()));
        let by_definition = pairs.sum::<i64>() as f64 / (2.0 * 16.0 * 4.0);
        assert!((concentration(&values).gini - by_definition).abs() < 1e-12);
    }
}
