//! The verbs of rewards: each refuses, then changes, then says what follows.

pub(crate) mod claim_rewards;
