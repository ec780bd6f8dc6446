//! Luck: randomness without a state, so that no draw depends on who drew before.
//!
//! A draw is one block of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
//! 1, 2, 3", SC 2011), a counter-based generator that passes `BigCrush`. The key is the seed; the
//! counter is (run, entity, step, purpose, block). The published vectors are in the tests.
//!
//! Key terms: an *entity* is a member of a group, named by the group's name and its place in it,
//! so that nobody's luck changes when a group is added or grows; a *run* is numbered within its
//! point, so that all points of a sweep share their luck.
//!
//! Laws: a draw is a pure function of (seed, run, entity, step, purpose); two worlds that ask the
//! same question get the same answer, so that their difference is paired.
//! Not here: chance that the protocol draws itself (its beacon is fed from here, see `beacon`).

use earnest_protocol::{Digest, Ratio, num::PARTS};

use crate::statistics::normal_quantile;

/// What a draw is for. The numbers are part of the results: they never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    /// The last preimage of a beacon chain; step: which chain.
    Beacon = 1,
    /// A requester's preimage of a job's seed; step: which of its jobs.
    SeedPreimage = 2,
    /// What hides a bid; step: the job.
    BidSalt = 4,
    /// What hides a result or a verdict; step: the job.
    ResultSalt = 5,
    /// Does a provider lie; step: the job.
    Lie = 6,
    /// The first wrong leaf of a lie; step: the job.
    WrongLeaf = 7,
    /// Does an honest auditor copy; step: the job.
    Laxity = 8,
    /// What a task is made from; step: which of its requester's jobs.
    Task = 9,
    /// How long until a requester's next job; step: which of its jobs.
    Arrival = 10,
    /// Does an arrival count while demand is low; step: which of its requester's jobs.
    Thinning = 11,
    /// What a provider's work costs; step: 0.
    Cost = 12,
    /// What a provider adds to its cost; step: 0.
    Margin = 13,
    /// When an agent enters; step: 0.
    Entry = 14,
    /// Does an idle provider look at the board, and at what; step: the height.
    Browse = 15,
    /// Does a provider abandon; step: the job.
    Abandon = 16,
    /// How long work takes; step: the job.
    Work = 17,
    /// Is an auditor silent; step: the job.
    Silence = 18,
    /// Does somebody check a result that it was not drawn for; step: the job.
    Watch = 19,
    /// Does somebody challenge a right result; step: the job.
    Grief = 20,
    /// Is a member struck by an outage; step: which outage.
    Outage = 21,
    /// Who acts first in a block; step: the height.
    Order = 22,
    /// Points of a design; step: which point.
    Design = 23,
    /// What one who learns does next; step: which of its rounds.
    Policy = 24,
    /// A preimage that a draw is looked for with; step: which of them.
    Stratum = 25,
    /// How what stake is worth walks; step: the height.
    Worth = 26,
    /// Does it jump, and how far; step: the height.
    Jump = 27,
    /// How wrong a validator sees it; step: the epoch.
    Sight = 28,
    /// What hides a price; step: the epoch.
    PriceSalt = 29,
    /// Does a validator post no price; step: the epoch.
    PriceSilence = 30,
    /// What an operator keeps of its pay; step: 0.
    Commission = 31,
    /// Which of the operators that are equally good to it a delegator joins; step: the height.
    Follow = 32,
    /// Does somebody have a say in a vote; step: the motion.
    Turnout = 33,
    /// In which block of the voting; step: the motion.
    Ballot = 34,
}

/// Members a group may have: places are 20 bits of an entity.
pub const MEMBERS_MAX: u32 = 1 << 20;

/// Who draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity(u32);

impl Entity {
    /// The member of the group `name` at `place`, below [`MEMBERS_MAX`]. Names of which 12 bits of
    /// a hash are equal cannot be told apart: a scenario that has two such is refused.
    pub fn new(name: &str, place: u32) -> Entity {
        Entity(Entity::group(name) << 20 | place & (MEMBERS_MAX - 1))
    }

    /// What tells a group's name from others, 12 bits.
    pub fn group(name: &str) -> u32 {
        let hash = blake3::hash(name.as_bytes());
        let [a, b, ..] = *hash.as_bytes();
        u32::from(a) << 4 | u32::from(b) >> 4
    }
}

/// The luck of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Luck {
    seed: u64,
    run: u32,
}

/// One question put to luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    luck: Luck,
    entity: u32,
    step: u32,
    purpose: Purpose,
    first: u16,
}

impl Luck {
    /// The luck of run `run` under `seed`.
    pub const fn new(seed: u64, run: u32) -> Luck {
        Luck { seed, run }
    }

    /// What `entity` draws at `step` for `purpose`.
    pub const fn draw(self, Entity(entity): Entity, step: u32, purpose: Purpose) -> Draw {
        Draw { luck: self, entity, step, purpose, first: 0 }
    }
}

impl Draw {
    /// Another draw for the same purpose, independent of this one.
    #[must_use]
    pub const fn again(self) -> Draw {
        Draw { first: self.first.wrapping_add(256), ..self }
    }

    /// 128 fair bits; different for each `block`.
    fn block(self, block: u16) -> [u32; 4] {
        let Draw { luck: Luck { seed, run }, entity, step, purpose, first } = self;
        let last = u32::from(purpose as u16) << 16 | u32::from(first.wrapping_add(block));
        philox4x32([run, entity, step, last], [low(seed), low(seed >> 32)])
    }

    fn word(self, block: u16) -> u64 {
        let [a, b, _, _] = self.block(block);
        u64::from(b) << 32 | u64::from(a)
    }

    /// Any of the 2^64 numbers, each as likely.
    pub fn uniform(self) -> u64 {
        self.word(0)
    }

    /// A number below `bound`, each exactly as likely; 0 if `bound` is 0.
    ///
    /// Lemire's multiplication with rejection: the few words that would favour some are redrawn.
    pub fn below(self, bound: u64) -> u64 {
        let mut block = 0u16;
        loop {
            let product = u128::from(self.word(block)) * u128::from(bound); // 64 + 64 bits.
            let (high, rest) = ((product >> 64) as u64, product as u64);
            // What is in excess is below the bound: mostly nothing has to be divided.
            if rest >= bound || rest >= bound.wrapping_neg() % bound || block == 255 {
                return high;
            }
            block += 1;
        }
    }

    /// A number in [0, 1): a multiple of 2^-53.
    pub fn unit(self) -> f64 {
        (self.uniform() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Any of the ratios from `low` to `high`, each as likely.
    pub fn between(self, low: Ratio, high: Ratio) -> Ratio {
        let span = high.parts().saturating_sub(low.parts()).saturating_add(1);
        Ratio::new(low.parts().saturating_add(self.below(span))).unwrap_or(high)
    }

    /// A waiting time of mean 1, exponentially distributed: at most 37.
    pub fn waiting(self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// A number of the standard normal distribution, within about 8.3 of 0.
    pub fn normal(self) -> f64 {
        // The middle of one of 2^53 equal parts, so that it is neither 0 nor 1.
        let unit = ((self.uniform() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
        normal_quantile(unit.min(1.0 - f64::EPSILON))
    }

    /// True with chance `rate`, exactly.
    pub fn chance(self, rate: Ratio) -> bool {
        match rate.parts() {
            0 => false,
            // What is certain need not be drawn.
            PARTS => true,
            parts => self.below(PARTS) < parts,
        }
    }

    /// 32 fair bytes.
    pub fn digest(self) -> Digest {
        let mut bytes = [0; 32];
        let words = self.block(0).into_iter().chain(self.block(1));
        for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        Digest(bytes)
    }
}

const fn low(wide: u64) -> u32 {
    (wide & 0xffff_ffff) as u32
}

/// One block of Philox4x32 with ten rounds.
fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [a, b, c, d] = counter;
        let left = u64::from(a) * 0xd251_1f53;
        let right = u64::from(c) * 0xcd9e_8d57;
        counter =
            [low(right >> 32) ^ b ^ key[0], low(right), low(left >> 32) ^ d ^ key[1], low(left)];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_vectors() {
        // Random123, kat_vectors, philox4x32 10.
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        for (counter, key, expected) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (pi, [0xa409_3822, 0x299f_31d0], [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
        ] {
            assert_eq!(philox4x32(counter, key), expected);
        }
    }

    #[test]
    fn a_draw_is_the_block_at_its_key_and_counter() {
        let seed = 0x299f_31d0_a409_3822;
        let draw = Luck::new(seed, 7).draw(Entity(8), 9, Purpose::Cost);
        let block = philox4x32([7, 8, 9, 12 << 16], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(draw.uniform(), u64::from(block[1]) << 32 | u64::from(block[0]));
        assert_eq!(draw.digest().0[..4], block[0].to_le_bytes());
        assert_eq!(draw.uniform(), draw.uniform(), "a draw leaves nothing behind");
        for other in [
            Luck::new(seed + 1, 7).draw(Entity(8), 9, Purpose::Cost),
            Luck::new(seed, 8).draw(Entity(8), 9, Purpose::Cost),
            Luck::new(seed, 7).draw(Entity(9), 9, Purpose::Cost),
            Luck::new(seed, 7).draw(Entity(8), 8, Purpose::Cost),
            Luck::new(seed, 7).draw(Entity(8), 9, Purpose::Lie),
        ] {
            assert_ne!(other.uniform(), draw.uniform());
        }
    }

    #[test]
    fn a_member_keeps_its_luck_whoever_else_is_there() {
        assert_ne!(Entity::new("honest", 3), Entity::new("lazy", 3));
        assert_ne!(Entity::new("honest", 3), Entity::new("honest", 4));
        assert_eq!(Entity::new("honest", 3).0 >> 20, Entity::group("honest"));
    }

    #[test]
    fn waiting_times_have_mean_one() {
        let luck = Luck::new(5, 6);
        let draws = 40_000u32;
        let times = (0..draws).map(|step| luck.draw(Entity(1), step, Purpose::Arrival).waiting());
        assert!((times.sum::<f64>() / f64::from(draws) - 1.0).abs() < 0.025, "five errors");
    }

    #[test]
    fn numbers_below_a_bound_are_equally_likely() {
        let luck = Luck::new(1, 2);
        for bound in [1u64, 2, 3, 7, 10] {
            let mut counts = vec![0u64; bound as usize];
            let draws = 7_000 * bound;
            for step in 0..draws {
                counts[luck.draw(Entity(0), step as u32, Purpose::Lie).below(bound) as usize] += 1;
            }
            // Five standard deviations of a binomial count around 7,000.
            assert!(counts.iter().all(|count| count.abs_diff(7_000) < 420), "{counts:?}");
        }
        assert_eq!(luck.draw(Entity(0), 0, Purpose::Lie).below(0), 0);
        let top =
            (0..1_000).map(|step| luck.draw(Entity(0), step, Purpose::Lie).below(1 << 63)).max();
        assert!(top.is_some_and(|top| top > 1 << 62));
    }

    #[test]
    fn chances_and_units_have_their_means() {
        let luck = Luck::new(3, 4);
        let draws = 40_000u32;
        let hits = (0..draws)
            .filter(|step| luck.draw(Entity(1), *step, Purpose::Laxity).chance(Ratio::percent(5)));
        assert!(hits.count().abs_diff(2_000) < 220, "five standard deviations");
        let sum: f64 =
            (0..draws).map(|step| luck.draw(Entity(1), step, Purpose::Cost).unit()).sum();
        assert!((sum / f64::from(draws) - 0.5).abs() < 0.0073, "five standard errors");
        assert!(!luck.draw(Entity(1), 1, Purpose::Lie).chance(Ratio::ZERO));
        assert!(luck.draw(Entity(1), 1, Purpose::Lie).chance(Ratio::ONE));
    }
}
