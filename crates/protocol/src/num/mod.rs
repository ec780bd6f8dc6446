//! Numbers: raw integers end here.
//!
//! Key terms: an [`Amount`] is a count of 10^-9 token; a [`Ratio`] is a share of a whole and a
//! [`Factor`] any other multiple, both in parts per billion; a [`Height`] is a point in log time,
//! [`Blocks`] a length of it, and the same for [`Epoch`] and [`Epochs`]; an [`Index`] is what one
//! unit of weight has ever earned, [`Earned`] what somebody's came to; [`Shares`] are a claim on a
//! [`SharePool`]; a [`Decay`] is what is left after some half-lives; a [`Rate`] is a share a year;
//! [`Returns`] are what is granted for much; [`Timed`] are amounts until an epoch each.
//!
//! Law: every division names its direction (`_floor` or `_ceil`); no type here has `+`, `-`, `*`
//! or `/`, so that no operator can hide an overflow or a rounding.
//! Not here: what a number is for.
#![allow(clippy::arithmetic_side_effects)] // The one room that may use raw operators.

mod amount;
mod decimal;
mod exp2;
mod factor;
mod index;
mod rate;
mod returns;
mod shares;
mod time;
mod timed;

pub use amount::Amount;
pub use decimal::Decimal;
pub use exp2::{Decay, HalfLives, Mixed, doubled_floor, exp2_neg_floor, exp2_neg_mixed_floor};
pub use factor::{Factor, PARTS, Ratio};
pub use index::{Earned, Index};
pub use rate::{Approach, Rate};
pub use returns::{Exponent, Returns};
pub use shares::{Claim, SharePool, Shares, Slashed};
pub use time::{Blocks, Epoch, Epochs, Gas, Height};
pub use timed::{Timed, TimedIndex};

/// ⌊a·b/c⌋ over 128 bits, or `None` if `c` is 0 or the result needs more than 64 bits.
pub(crate) fn mul_div_floor(a: u64, b: u64, c: u64) -> Option<u64> {
    if let Some(product) = a.checked_mul(b) {
        return product.checked_div(c); // Most fit 64 bits, which divide several times faster.
    }
    let product = u128::from(a) * u128::from(b); // 64 + 64 bits fit 128.
    u64::try_from(product.checked_div(u128::from(c))?).ok()
}

/// ⌈a·b/c⌉ over 128 bits, or `None` if `c` is 0 or the result needs more than 64 bits.
pub(crate) fn mul_div_ceil(a: u64, b: u64, c: u64) -> Option<u64> {
    if c == 0 {
        return None;
    }
    if let Some(product) = a.checked_mul(b) {
        return Some(product.div_ceil(c)); // As above.
    }
    let product = u128::from(a) * u128::from(b); // 64 + 64 bits fit 128.
    u64::try_from(product.div_ceil(u128::from(c))).ok()
}

/// ⌈√x⌉.
pub(crate) fn sqrt_ceil(x: u128) -> u128 {
    // Most fit 64 bits, whose root is found several times faster.
    let root = u64::try_from(x).map_or_else(|_| x.isqrt(), |x| u128::from(x.isqrt()));
    if root * root == x { root } else { root + 1 }
}

#[cfg(test)]
mod tests;
