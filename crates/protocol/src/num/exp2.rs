//! Powers of two to a negative exponent, for what halves in a stated time: decays, emissions.

use super::{Amount, PARTS, Ratio};

/// A time as a multiple of a half-life: `passed` / `half_life`, both in one unit of time.
///
/// With a half-life of 0 everything is gone as soon as any time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfLives {
    /// How long it was.
    pub passed: u64,
    /// How long half of it takes to go.
    pub half_life: u64,
}

/// What is left of a whole after some half-lives: 0 to 2^64 parts of 2^-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decay(u128);

/// 2^(−passed / half_life), down.
///
/// Exact wherever a whole number of half-lives has passed, up to 64; 0 after more than 64.
/// Elsewhere below the exact value by less than 2 parts of 2^-64, and never above it. Never
/// increasing in `passed`. (The error: the exponent is rounded up to 2^-64, which costs at most
/// ln 2 of a part; 64 factors and their table, each down by at most 2^-127, cost less than 2^-56
/// of a part together; the result is cut to whole parts.)
///
/// ```
/// use earnest_protocol::num::{Amount, HalfLives, exp2_neg_floor};
///
/// let decay = |passed| exp2_neg_floor(HalfLives { passed, half_life: 6 });
/// assert_eq!(decay(12).amount_floor(Amount::tokens(10)).units(), 2_500_000_000);
/// assert_eq!(decay(3).ratio_floor().parts(), 707_106_781); // 1/√2.
/// ```
pub fn exp2_neg_floor(time: HalfLives) -> Decay {
    power_floor(u128::from(time.passed) << 64, time.half_life)
}

/// A count with a part of one more: `whole` + `part` / `of`, where `part` is below `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// How many there are.
    pub whole: u64,
    /// So much of one more; at least `of` is all of it, less 2^-64.
    pub part: u64,
    /// How much makes one, at least 1.
    pub of: u64,
}

/// 2^(−passed / half_life), down.
///
/// Below the exact value by less than 3 parts of 2^-64, as the part is rounded up to 2^-64 first;
/// else as [`exp2_neg_floor`]. Never increasing in `passed`.
pub fn exp2_neg_mixed_floor(passed: Mixed, half_life: u64) -> Decay {
    let Mixed { whole, part, of } = passed;
    let fraction = (u128::from(part) << 64).div_ceil(u128::from(of.max(1)));
    let fraction = fraction.min(u128::from(u64::MAX));
    power_floor((u128::from(whole) << 64) | fraction, half_life)
}

/// ⌊amount · 2^(passed / time)⌋, or less by no more than 2^(passed / time) · amount · 2^-62, and at
/// most [`Amount::MAX`]; `amount` itself if it never doubles, which a time of 0 says.
///
/// Exact wherever a whole number of times has passed. Never decreasing in `passed`.
pub fn doubled_floor(amount: Amount, time: HalfLives) -> Amount {
    let HalfLives { passed, half_life } = time;
    if half_life == 0 || amount.is_zero() {
        return amount;
    }
    let (times, more) = (passed / half_life, passed % half_life);
    // 2^(more / time) is twice 2^-((time - more) / time); the latter has 64 bits after the point.
    let rest = exp2_neg_floor(HalfLives { passed: half_life - more, half_life });
    let product = u128::from(amount.units()) * rest.parts(); // 63 + 65 bits, at most 2^127.
    let shift = u32::try_from(times).ok().and_then(|times| 63u32.checked_sub(times));
    let units = shift.and_then(|shift| u64::try_from(product >> shift).ok());
    units.and_then(Amount::new).unwrap_or(Amount::MAX)
}

/// 2^(−passed / half_life) of 2^-64 parts that passed, down.
fn power_floor(passed: u128, half_life: u64) -> Decay {
    if passed == 0 {
        return Decay::ALL;
    }
    if half_life == 0 {
        return Decay::NONE;
    }
    // Up, so that the power is down. Of 64 + 64 bits.
    let exponent = passed.div_ceil(u128::from(half_life));
    let (whole, fraction) = (exponent >> 64, exponent & u128::from(u64::MAX));
    let Some(whole) = u32::try_from(whole).ok().filter(|whole| *whole <= 64) else {
        return Decay::NONE;
    };
    let mut power = ONE;
    for (bit, root) in (0..64).rev().zip(ROOTS) {
        if (fraction >> bit) & 1 == 1 {
            power = times_floor(power, root);
        }
    }
    Decay((power >> 63) >> whole) // 127 − 63 = 64 bits after the point.
}

impl Decay {
    /// All of it is left.
    pub const ALL: Decay = Decay(1 << 64);
    /// Nothing is left.
    pub const NONE: Decay = Decay(0);

    /// What goes until only `later` is left; nothing if that is more than this.
    pub const fn until(self, later: Decay) -> Decay {
        Decay(self.0.saturating_sub(later.0))
    }

    /// Parts of 2^-64, at most 2^64.
    pub const fn parts(self) -> u128 {
        self.0
    }

    /// What is left, in parts per billion, down: less than 1 + 2^-33 parts below what
    /// is left exactly.
    pub fn ratio_floor(self) -> Ratio {
        Ratio::new(self.count_floor(PARTS)).expect("at most the whole is left")
    }

    /// ⌊amount · self⌋: less than 2 units below what is left exactly.
    pub fn amount_floor(self, amount: Amount) -> Amount {
        Amount::new(self.count_floor(amount.units())).expect("at most the whole is left")
    }

    /// ⌊count · self⌋: less than 1 + count · 2^-63 below what is left exactly.
    pub fn count_floor(self, count: u64) -> u64 {
        let product = u128::from(count) * self.0; // 2^64 times less than 2^64.
        u64::try_from(product >> 64).expect("at most the whole is left")
    }
}

/// 1 in the scale of [`ROOTS`].
const ONE: u128 = 1 << 127;

/// ⌊a · b / 2^127⌋ of two numbers of at most 2^127.
fn times_floor(a: u128, b: u128) -> u128 {
    let split = |x: u128| (x >> 64, x & u128::from(u64::MAX));
    let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
    // The high halves are at most 2^63, so the products of different halves are below 2^127 and
    // their sum with a carry of 64 bits is below 2^128.
    let middle = a_high * b_low + a_low * b_high + ((a_low * b_low) >> 64);
    ((a_high * b_high) << 1) + (middle >> 63)
}

/// ⌊2^127 · 2^(−2^−i)⌋ for i from 1 to 64: the square root of the one before, beginning with that
/// of one half.
const ROOTS: [u128; 64] = [
    0x5a827999_fcef3242_2cbec4d9_baa55f4f,
    0x6ba27e65_6b4eb57a_1cd345dc_c8169fef,
    0x75606373_ee921c97_6816bad9_b8372a7d,
    0x7a92be8a_92436616_3dce863d_76cc07e1,
    0x7d41d96d_b915019d_3e12dd8a_18aebfe6,
    0x7e9f0606_7a4360ba_429f9d2c_98f07701,
    0x7f4f08ae_3dc7c425_d6e92cca_f3ce9784,
    0x7fa765ac_a88f6452_980dd10b_f78c6ebe,
    0x7fd3ab29_0e46d768_cf9d0da4_7dca62c4,
    0x7fe9d3a8_e07bf085_e9dcfc57_0097df03,
    0x7ff4e959_7bed93aa_eef8e945_1bc521c6,
    0x7ffa748d_ff8dc61e_c419c707_5f942526,
    0x7ffd3a3f_50020332_11c7c97b_c9202c02,
    0x7ffe9d1d_bc0a75a9_e6bb14eb_87f508b5,
    0x7fff4e8e_6306ed58_936f0d76_2543f3dc,
    0x7fffa747_12c3cdfd_04f51319_b012060d,
    0x7fffd3a3_81b1fa28_aa136bb6_3b15b5b0,
    0x7fffe9d1_beed0189_9def43d4_1bce4499,
    0x7ffff4e8_defb81d7_790f526e_7d83416c,
    0x7ffffa74_6f5f012f_1209451e_a30398f8,
    0x7ffffd3a_37a7d0a8_33c47de4_4ba85fb8,
    0x7ffffe9d_1bd1fc58_3f3e2438_ee006bb7,
    0x7fffff4e_8de8832d_284b893a_bc978e41,
    0x7fffffa7_46f422d6_d63b921e_6848a59b,
    0x7fffffd3_a37a09bb_7ba09266_a418c36a,
    0x7fffffe9_d1bd02f1_c1f0a648_139e4a7a,
    0x7ffffff4_e8de80fd_e2005fc1_16e49b5a,
    0x7ffffffa_746f4060_314231b2_ca4db0d7,
    0x7ffffffd_3a37a028_68b19923_5450704d,
    0x7ffffffe_9d1bd012_485cec9e_d1e0f5e7,
    0x7fffffff_4e8de808_a92f7e52_085c755b,
    0x7fffffff_a746f404_35d80129_96b8f2a6,
    0x7fffffff_d3a37a02_133c1114_ed551e7d,
    0x7fffffff_e9d1bd01_07b20caa_7ed3776e,
    0x7fffffff_f4e8de80_835e075d_41694da0,
    0x7fffffff_fa746f40_419043f0_a1333645,
    0x7fffffff_fd3a37a0_20c07208_d0b9145f,
    0x7fffffff_fe9d1bd0_105e4d08_8864632b,
    0x7fffffff_ff4e8de8_082eab85_4c342729,
    0x7fffffff_ffa746f4_04173702_e81a90e4,
    0x7fffffff_ffd3a37a_020b93d1_848d67c3,
    0x7fffffff_ffe9d1bd_0105c7fc_c666bbb5,
    0x7fffffff_fff4e8de_8082e383_643b5fcf,
    0x7fffffff_fffa746f_404171a2_f25fb065,
    0x7fffffff_fffd3a37_a020b8c9_c9405851,
    0x7fffffff_fffe9d1b_d0105c62_f8a44c30,
    0x7fffffff_ffff4e8d_e8082e31_01532e1a,
    0x7fffffff_ffffa746_f4041718_61e9d90d,
    0x7fffffff_ffffd3a3_7a020b8c_2944fd06,
    0x7fffffff_ffffe9d1_bd0105c6_12b682a3,
    0x7fffffff_fffff4e8_de8082e3_08e04259,
    0x7fffffff_fffffa74_6f404171_8451616e,
    0x7fffffff_fffffd3a_37a020b8_c22100c7,
    0x7fffffff_fffffe9d_1bd0105c_610e9468,
    0x7fffffff_ffffff4e_8de8082e_3086cf35,
    0x7fffffff_ffffffa7_46f40417_184348da,
    0x7fffffff_ffffffd3_a37a020b_8c219cbd,
    0x7fffffff_ffffffe9_d1bd0105_c610cc72,
    0x7fffffff_fffffff4_e8de8082_e30865be,
    0x7fffffff_fffffffa_746f4041_718432c0,
    0x7fffffff_fffffffd_3a37a020_b8c21958,
    0x7fffffff_fffffffe_9d1bd010_5c610caa,
    0x7fffffff_ffffffff_4e8de808_2e308654,
    0x7fffffff_ffffffff_a746f404_1718432a,
];

#[cfg(test)]
mod tests;
