//! Statistics: exact sums, and the intervals that are drawn from them.
//!
//! Shares get the exact interval of Clopper and Pearson, which covers at least as often as it says
//! also at small counts, or Wilson's, which is shorter; means get Student's t. Sums are whole
//! numbers, so that the order in which runs are merged cannot change a bit of them.
//!
//! Not here: what is measured (`compare`), how it is shown (`summary`).

/// A count, a sum and a sum of squares of whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    sum: i128,
    squares: i128,
}

impl Moments {
    /// Takes one more number in; at most 2^55 in size, at most 2^16 · 2^16 of them.
    pub fn push(&mut self, value: i64) {
        let value = i128::from(value);
        self.count += 1;
        self.sum += value;
        self.squares += value * value; // 110 + 16 bits.
    }

    /// Takes all numbers of `other` in.
    pub fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 of nothing.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The unbiased variance; 0 of fewer than two.
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let n = i128::from(self.count);
        let exact = n.checked_mul(self.squares).zip(self.sum.checked_mul(self.sum));
        let pairs = match exact {
            Some((scaled, square)) => (scaled - square) as f64,
            None => self.count as f64 * self.squares as f64 - (self.sum as f64).powi(2),
        };
        let count = self.count as f64;
        (pairs / count / (count - 1.0)).max(0.0)
    }

    /// The Student t interval of the mean at `confidence`; the whole line of fewer than two.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        if self.count < 2 {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let t = t_quantile(0.5 + confidence / 2.0, (self.count - 1) as f64);
        let half = t * (self.variance() / self.count as f64).sqrt();
        (self.mean() - half, self.mean() + half)
    }
}

/// The Wilson score interval of a share: `hits` of `trials` at `confidence`.
///
/// Unlike the textbook interval it stays within 0 to 1 and does not collapse at its ends.
pub fn wilson(hits: u64, trials: u64, confidence: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let z = normal_quantile(0.5 + confidence / 2.0);
    let (n, share) = (trials as f64, hits as f64 / trials as f64);
    let weight = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / weight;
    let half = z / weight * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if hits == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if hits == trials { 1.0 } else { (middle + half).min(1.0) };
    (low, high)
}

/// The interval of Clopper and Pearson (1934) of a share: `hits` of `trials` at `confidence`, which
/// contains the true share at least so often, whatever it is. No hit in n gives about 0 to 3/n at
/// 95 % on one side, 3.7/n here.
pub fn exact(hits: u64, trials: u64, confidence: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let tail = (1.0 - confidence) / 2.0;
    let (hit, miss) = (hits as f64, (trials - hits.min(trials)) as f64);
    // P(X ≥ k | p) = I_p(k, n − k + 1): the ends are where a tail of the binomial is `tail`.
    let low = if hits == 0 { 0.0 } else { root(|p| beta(p, hit, miss + 1.0) - tail) };
    let high = if miss == 0.0 { 1.0 } else { root(|p| beta(p, hit + 1.0, miss) - (1.0 - tail)) };
    (low, high)
}

/// Where a rising function crosses zero in 0 to 1, to 2^-50.
fn root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and
/// Stegun 26.5.8), evaluated as Lentz does; to about 10^-12.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    let front =
        (a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    let tiny = 1e-300;
    let away = |value: f64| if value.abs() < tiny { tiny } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() <= 1e-15 * fraction.abs() {
            break;
        }
    }
    front * fraction / a
}

/// The logarithm of the gamma function for x ≥ 1, by Stirling's series after moving x up; to about
/// 10^-12 of its size.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series =
        1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1_260.0 - inverse / 1_680.0));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series / x
}

/// The standard normal quantile of `p` in (0, 1), to about 10^-9 (Acklam's approximation).
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
        1.0,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        0.007_784_695_709_041_462,
        0.322_467_129_070_039_8,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let polynomial = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = 0.024_25;
    if p < tail {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    } else if p > 1.0 - tail {
        -normal_quantile(1.0 - p)
    } else {
        let q = p - 0.5;
        q * polynomial(&A, q * q) / polynomial(&B, q * q)
    }
}

/// Student's t quantile of `p` with `freedom` ≥ 1 degrees, by the expansion of Cornish and Fisher
/// (Abramowitz and Stegun 26.7.5); within 10^-4 from 20 degrees on, too short below 5.
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    let z = normal_quantile(p);
    let (z3, z5, z7, z9) = (z.powi(3), z.powi(5), z.powi(7), z.powi(9));
    let terms = [
        (z3 + z) / 4.0,
        (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0,
        (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0,
        (79.0 * z9 + 776.0 * z7 + 1_482.0 * z5 - 1_920.0 * z3 - 945.0 * z) / 92_160.0,
    ];
    let powers = (1..).map(|k| freedom.powi(k));
    z + terms.iter().zip(powers).map(|(term, power)| term / power).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, within: f64) {
        assert!((got - expected).abs() <= within, "{got}, expected {expected}");
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        close(normal_quantile(0.5), 0.0, 1e-9);
        close(normal_quantile(0.975), 1.959_963_985, 1e-8);
        close(normal_quantile(0.995), 2.575_829_304, 1e-8);
        close(normal_quantile(0.000_5), -3.290_526_731, 1e-8);
        close(t_quantile(0.995, 10.0), 3.169_3, 1e-3);
        close(t_quantile(0.995, 30.0), 2.750_0, 1e-4);
        close(t_quantile(0.975, 100.0), 1.984_0, 1e-4);
        close(t_quantile(0.995, 1e9), 2.575_829_304, 1e-7);
    }

    #[test]
    fn wilson_gives_the_published_intervals() {
        // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I,
        // method 3, at 95 %.
        for (hits, trials, low, high) in [
            (81, 263, 0.255_3, 0.366_2),
            (15, 148, 0.062_4, 0.160_5),
            (0, 20, 0.0, 0.161_1),
            (1, 29, 0.006_1, 0.171_8),
        ] {
            let interval = wilson(hits, trials, 0.95);
            close(interval.0, low, 5.1e-5);
            close(interval.1, high, 5.1e-5);
        }
        assert_eq!(wilson(20, 20, 0.95).1, 1.0);
        assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
    }

    #[test]
    fn exact_gives_the_published_intervals() {
        // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I,
        // method 5, at 95 %.
        for (hits, trials, low, high) in [
            (81, 263, 0.252_7, 0.367_6),
            (15, 148, 0.057_8, 0.161_7),
            (0, 20, 0.0, 0.168_4),
            (1, 29, 0.000_9, 0.177_6),
        ] {
            let interval = exact(hits, trials, 0.95);
            close(interval.0, low, 5.1e-5);
            close(interval.1, high, 5.1e-5);
        }
        close(exact(20, 20, 0.95).0, 1.0 - 0.168_4, 5.1e-5);
        close(exact(0, 1_000_000, 0.95).1, 3.689e-6, 1e-9);
    }

    #[test]
    fn exact_covers_as_often_as_it_says_at_small_counts() {
        // The chance that the interval contains the true share, summed over all outcomes.
        for (trials, share) in [(60u64, 0.038), (20, 0.5), (900, 0.002)] {
            let mut chance = (1.0f64 - share).powi(trials as i32);
            let mut covered = 0.0;
            for hits in 0..=trials {
                let (low, high) = exact(hits, trials, 0.99);
                covered += if (low..=high).contains(&share) { chance } else { 0.0 };
                chance *= (trials - hits) as f64 / (hits + 1) as f64 * share / (1.0 - share);
            }
            assert!(covered >= 0.99, "{trials} trials of {share}: {covered}");
        }
    }

    #[test]
    fn moments_merge_to_the_same_whatever_the_order() {
        let numbers: Vec<i64> = (0..100).map(|i| (i * i * 7_919) % 1_003 - 400).collect();
        let mut all = Moments::default();
        numbers.iter().for_each(|x| all.push(*x));
        let mut parts = [Moments::default(); 3];
        numbers.iter().enumerate().for_each(|(i, x)| parts[i % 3].push(*x));
        let mut merged = parts[2];
        merged.merge(&parts[0]);
        merged.merge(&parts[1]);
        assert_eq!(merged, all);

        let mut known = Moments::default();
        [2, 4, 4, 4, 5, 5, 7, 9].into_iter().for_each(|x| known.push(x));
        close(known.mean(), 5.0, 0.0);
        close(known.variance(), 32.0 / 7.0, 1e-12);
        let (low, high) = known.interval(0.95);
        close(high - 5.0, 5.0 - low, 1e-12);
        // 2.3646 · √(32/7/8), the table's t with 7 degrees.
        close(high - 5.0, 2.364_6 * (4.0f64 / 7.0).sqrt(), 2e-3);
    }

    #[test]
    fn a_constant_has_no_spread_however_large() {
        let mut same = Moments::default();
        (0..10_000).for_each(|_| same.push(-1_000_000_000_000_123));
        assert_eq!(same.variance(), 0.0);
    }
}
