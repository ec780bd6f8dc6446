//! Scales: from what is measured to places on paper, with round numbers on the way.

use crate::words::fixed;

/// One axis.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    /// Where its ends stand on paper.
    from: f64,
    to: f64,
    step: f64,
    places: usize,
}

impl Scale {
    /// An axis that holds all finite `values`, between `from` and `to` on paper, with about
    /// `wanted` round numbers.
    pub(crate) fn new(
        values: impl Iterator<Item = f64>,
        (from, to): (f64, f64),
        wanted: u32,
    ) -> Scale {
        let finite = values.filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (mut low, mut high) = ends.unwrap_or((0.0, 1.0));
        // What does not change stands in the middle of something.
        if high - low <= 1e-12 * high.abs().max(low.abs()) || high == low {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = if (0.0..1.0).contains(&low) {
                (0.0, low + room)
            } else {
                (low - room, high + room)
            };
        }
        let (step, places) = round((high - low) / f64::from(wanted.max(1)));
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Scale { low, high, from, to, step, places }
    }

    /// Where a value stands on paper.
    pub(crate) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Its round numbers: each with its place and its text.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round() as u32;
        let value = |nth: u32| self.low + f64::from(nth) * self.step;
        (0..=count.min(40)).map(value).map(|v| (self.at(v), fixed(v, self.places))).collect()
    }

    /// Where nothing stands, if it is on the axis.
    pub(crate) fn zero(&self) -> Option<f64> {
        (self.low <= 0.0 && 0.0 <= self.high).then(|| self.at(0.0))
    }
}

/// A round number of about this size, and the places that it takes to write it.
fn round(size: f64) -> (f64, usize) {
    let (mut power, mut places) = (1.0, 0usize);
    while power * 10.0 <= size && power < 1e15 {
        power *= 10.0;
    }
    while power > size && places < 12 {
        places += 1;
        power = 10f64.powi(-i32::try_from(places).unwrap_or(12));
    }
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| power * step >= size * 0.999);
    let step = step.unwrap_or(10.0);
    (power * step, if step == 10.0 { places.saturating_sub(1) } else { places })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64]) -> Vec<String> {
        let scale = Scale::new(values.iter().copied(), (0.0, 100.0), 5);
        scale.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers_around_everything() {
        assert_eq!(texts(&[0.0, 4_080.0]), ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]);
        assert_eq!(texts(&[-1.0, 1.0]), ["−1", "−0.5", "0", "0.5", "1"]);
        assert_eq!(texts(&[0.0, 0.004]), ["0", "0.001", "0.002", "0.003", "0.004"]);
        assert_eq!(texts(&[]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert!(texts(&[7.0, 7.0]).len() > 2, "what stands still has an axis, too");
        assert!(texts(&[f64::NAN, f64::INFINITY, 3.0]).len() > 2);
        assert!(texts(&[-1e300, 1e300]).len() < 50, "nothing is drawn without end");
    }

    #[test]
    fn ends_stand_at_the_ends_of_the_paper() {
        let scale = Scale::new([0.0, 10.0].into_iter(), (200.0, 20.0), 5);
        assert_eq!((scale.at(0.0), scale.at(10.0), scale.zero()), (200.0, 20.0, Some(200.0)));
    }
}
