//! What one asks of staking.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod bond;
pub(crate) mod claim_rewards;
pub(crate) mod unbond;
pub(crate) mod unjail;
