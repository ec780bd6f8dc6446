//! What one asks of staking.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod bond;
pub(crate) mod cancel_unbond;
pub(crate) mod cancel_undelegation;
pub(crate) mod delegate;
pub(crate) mod lock_bond;
pub(crate) mod redelegate;
pub(crate) mod set_commission;
pub(crate) mod unbond;
pub(crate) mod undelegate;
pub(crate) mod unjail;
pub(crate) mod withdraw_delegation;
