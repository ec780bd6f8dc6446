//! Statistics: intervals, with the definitions they are computed by.

/// The two-sided standard normal quantile of a confidence, for the three that are offered.
pub fn quantile(confidence: f64) -> Option<f64> {
    [(0.9, 1.644_853_626_951), (0.95, 1.959_963_984_540), (0.99, 2.575_829_303_549)]
        .into_iter()
        .find(|(known, _)| (known - confidence).abs() < 1e-12)
        .map(|(_, z)| z)
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The share of successes, with Wilson's score interval (Wilson 1927).
pub fn share(successes: u64, trials: u64, z: f64) -> Interval {
    if trials == 0 {
        return Interval { mean: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    Interval { mean: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// A sum that forgets nothing: whole numbers only, so the order of adding does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    count: u64,
    total: i128,
    squares: i128,
}

impl Sum {
    /// Adds one observation, at most 2^62 in size.
    pub fn add(&mut self, value: i64) {
        self.count += 1;
        self.total += i128::from(value);
        self.squares += i128::from(value) * i128::from(value);
    }

    /// Adds all observations of another.
    pub fn merge(&mut self, other: &Sum) {
        self.count += other.count;
        self.total += other.total;
        self.squares += other.squares;
    }

    /// Observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean, with the normal interval over the sample's standard error.
    pub fn mean(&self, z: f64) -> Interval {
        if self.count == 0 {
            return Interval { mean: 0.0, low: 0.0, high: 0.0 };
        }
        let n = self.count as f64;
        let mean = self.total as f64 / n;
        let variance = if self.count < 2 {
            0.0
        } else {
            ((self.squares as f64 - n * mean * mean) / (n - 1.0)).max(0.0)
        };
        let half = z * (variance / n).sqrt();
        Interval { mean, low: mean - half, high: mean + half }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_intervals_are_the_published_ones() {
        // Newcombe 1998, table I: 81 of 263 at 95 %: 0.2553 to 0.3662; 0 of 20: 0 to 0.1611.
        let z = quantile(0.95).unwrap();
        let known = share(81, 263, z);
        assert!((known.low - 0.2553).abs() < 5e-5 && (known.high - 0.3662).abs() < 5e-5);
        let none = share(0, 20, z);
        assert!(none.low < 1e-12 && (none.high - 0.1611).abs() < 5e-5);
    }

    #[test]
    fn means_do_not_depend_on_the_order() {
        let values: Vec<i64> = (0..1_000).map(|i| (i * 7_919) % 1_001 - 500).collect();
        let mut forward = Sum::default();
        values.iter().for_each(|v| forward.add(*v));
        let (mut a, mut b) = (Sum::default(), Sum::default());
        values.iter().rev().enumerate().for_each(
            |(i, v)| {
                if i % 3 == 0 { a.add(*v) } else { b.add(*v) }
            },
        );
        a.merge(&b);
        assert_eq!(a, forward);
        let mut small = Sum::default();
        [1, 2, 3, 4].into_iter().for_each(|v| small.add(v));
        let interval = small.mean(1.0);
        // s = 1.290994, s / sqrt(4) = 0.645497.
        assert!((interval.mean - 2.5).abs() < 1e-12 && (interval.high - 3.145_497).abs() < 1e-6);
    }
}
