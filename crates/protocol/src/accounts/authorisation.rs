//! Authorisations: which keys may act on an account's behalf, for what, and how far.
//!
//! Key terms: a *key* is an address that signs for an account that is not its own; its *scope* says
//! which commands it may ask, its *limit* how much they may take.
//!
//! Laws: an account has at most [`KEYS_MAX`]; a row counts up to its last height, and leaves in the
//! block after it, or, if more than a thousand expire at once, in one that follows; no nonce that a
//! key once used is ever good again, whatever was revoked and authorised since.
//! Known shortcomings: a limit counts what leaves the free money and not what comes back, such as
//! the deposit of a bid that lost; bonds that a key's acts lock or forfeit are not in it.
//! Not here: what is asked of a key's transaction (`crate::authorisation`).

use serde::{Deserialize, Serialize};

use super::Account;
use crate::{
    command::Scope,
    ids::Address,
    num::{Amount, Height},
};

/// Most keys that one account may have authorised at once.
pub const KEYS_MAX: u32 = 16;

/// A key that may act on an account's behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Who signs.
    pub key: Address,
    /// What it may ask.
    pub scope: Scope,
    /// The last height at which it may ask anything.
    pub expires: Height,
    /// The most that it may take from the account's free money, fees included.
    pub spend_max: Amount,
    /// What it has taken of that.
    pub spent: Amount,
    /// The nonce of its next transaction.
    pub nonce: u64,
}

impl Authorisation {
    /// May it act at this height?
    pub fn counts_at(&self, height: Height) -> bool {
        height <= self.expires
    }

    /// What it may still take.
    pub fn left(&self) -> Amount {
        self.spend_max.saturating_sub(self.spent)
    }
}

impl Account {
    /// What a key is authorised for; nothing if it is not. A row that has expired
    /// ([`Authorisation::counts_at`]) may still be there.
    pub fn authorisation(&self, key: &Address) -> Option<&Authorisation> {
        self.keys.iter().find(|row| row.key == *key)
    }

    /// The same, to be changed.
    pub(crate) fn authorisation_mut(&mut self, key: &Address) -> Option<&mut Authorisation> {
        self.keys.iter_mut().find(|row| row.key == *key)
    }

    /// Takes a key's row out. Its nonces are used for ever: the next key's begin after them.
    pub(crate) fn remove_key(&mut self, key: &Address) -> Option<Authorisation> {
        let place = self.keys.iter().position(|row| row.key == *key)?;
        let row = self.keys.remove(place);
        self.key_nonce = self.key_nonce.max(row.nonce);
        Some(row)
    }
}
