//! The rules change by vote: who counts for how much, when a change is in force, and for what.

mod appeals;
mod guard;
mod model;
mod payouts;
mod power;
mod random;
mod spends;
mod stages;
mod vectors;
