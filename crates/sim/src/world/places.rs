//! A set of places, a bit each: whoever is asked for something is found without asking the others.

/// Places of members, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    words: Vec<u64>,
    count: u64,
}

impl Places {
    /// How many.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Takes a place in, or out.
    pub(super) fn put(&mut self, place: usize, is_in: bool) {
        let (at, bit) = (place / 64, 1u64 << (place % 64));
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        let word = &mut self.words[at];
        match (*word & bit != 0, is_in) {
            (false, true) => self.count += 1,
            (true, false) => self.count -= 1,
            _ => return,
        }
        *word ^= bit;
    }

    /// The first at `from` or after it.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let first = self.words.get(from / 64)? & (u64::MAX << (from % 64));
        let rest = self.words.iter().enumerate().skip(from / 64 + 1);
        let mut words =
            std::iter::once((from / 64, first)).chain(rest.map(|(at, word)| (at, *word)));
        let (at, word) = words.find(|(_, word)| *word != 0)?;
        Some(at * 64 + word.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_order_from_anywhere() {
        let mut places = Places::default();
        assert_eq!((places.next(0), places.count()), (None, 0));
        for place in [200, 0, 63, 64, 127, 129, 64] {
            places.put(place, true);
        }
        places.put(127, false);
        places.put(5_000, false);
        let from = |mut at| {
            let mut found = Vec::new();
            while let Some(place) = places.next(at) {
                found.push(place);
                at = place + 1;
            }
            found
        };
        assert_eq!(from(0), [0, 63, 64, 129, 200]);
        assert_eq!(from(64), [64, 129, 200]);
        assert_eq!(from(65), [129, 200]);
        assert_eq!(from(201), [] as [usize; 0]);
        assert_eq!(from(100_000), [] as [usize; 0]);
        assert_eq!(places.count(), 5);
    }
}
