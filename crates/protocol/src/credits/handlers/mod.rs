//! One file for each command about credits.

pub(crate) mod mint_credits;
pub(crate) mod redeem_credits;
