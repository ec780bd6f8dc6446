//! What one asks of accounts.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod authorise_key;
pub(crate) mod revoke_key;
pub(crate) mod transfer;
