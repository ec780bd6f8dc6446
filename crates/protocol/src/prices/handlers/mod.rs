//! One file for each command about prices.

pub(crate) mod open_price;
pub(crate) mod seal_price;
