//! Randomness: every draw is a pure function of who draws it, when and what for.
//!
//! A draw is keyed by (seed, run, entity, step, purpose), so it does not depend on the order of
//! draws, on threads, or on what is measured; two scenarios share their luck.
//!
//! Source: BLAKE3 in its key-derivation mode, whose test vectors are public.

/// The source of one run's draws.
#[derive(Clone, Copy, Debug)]
pub struct Random {
    seed: u64,
    run: u64,
}

impl Random {
    /// The draws of one run of one experiment.
    pub fn new(seed: u64, run: u64) -> Random {
        Random { seed, run }
    }

    /// 32 bytes.
    pub fn bytes(&self, purpose: &str, entity: u64, step: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 simulated draw");
        for word in [self.seed, self.run, entity, step] {
            hasher.update(&word.to_le_bytes());
        }
        *hasher.update(purpose.as_bytes()).finalize().as_bytes()
    }

    /// 64 uniform bits.
    pub fn bits(&self, purpose: &str, entity: u64, step: u64) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes(purpose, entity, step);
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// A number below `bound` ≥ 1; the bias is below 2^-64 · bound.
    pub fn below(&self, purpose: &str, entity: u64, step: u64, bound: u64) -> u64 {
        let wide = u128::from(self.bits(purpose, entity, step)) * u128::from(bound.max(1));
        u64::try_from(wide >> 64).expect("the high half of a 128-bit product")
    }

    /// True with chance `parts` per billion.
    pub fn chance(&self, purpose: &str, entity: u64, step: u64, parts: u64) -> bool {
        self.below(purpose, entity, step, 1_000_000_000) < parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_and_on_nothing_else() {
        let random = Random::new(1, 2);
        let first = random.bits("audit", 3, 4);
        assert_eq!(first, 0x5887_4913_76ac_cf16, "draws are frozen: {first:#x}");
        assert_eq!(first, Random::new(1, 2).bits("audit", 3, 4));
        for other in [
            Random::new(2, 2).bits("audit", 3, 4),
            Random::new(1, 3).bits("audit", 3, 4),
            random.bits("audit", 4, 4),
            random.bits("audit", 3, 5),
            random.bits("audits", 3, 4),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn chances_come_out() {
        let random = Random::new(7, 0);
        let hits = (0..100_000).filter(|i| random.chance("coin", *i, 0, 250_000_000)).count();
        assert!((24_400..25_600).contains(&hits), "{hits}");
        let mean: u64 = (0..10_000).map(|i| random.below("die", i, 0, 6)).sum();
        assert!((24_500..25_500).contains(&mean), "{mean}");
    }
}
