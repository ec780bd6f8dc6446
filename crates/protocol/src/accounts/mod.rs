//! Accounts: who signs, for whom and in which order, and what each has at its disposal.
//!
//! Key terms: an account opens with the first transfer to its address and never closes; its
//! *nonce* counts its transactions; a *sealed report* binds a finder to what it found before it
//! says so; a *key* acts on an account's behalf (`authorisation`).
//!
//! Law: an address is looked up once, at the edge; inside the rules an account is a number.
//! Known shortcomings: an account never leaves the state, however little it holds; opening one
//! costs its opener a transfer.
//! Not here: balances (`ledger`), bonds (`staking`).

mod authorisation;
pub(crate) mod handlers;
mod rejected;

use alloc::{boxed::Box, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use authorisation::{Authorisation, KEYS_MAX};
pub use rejected::{AuthoriseKeyRejected, RevokeKeyRejected, TransferRejected};

use crate::{
    directory::Directory,
    ids::{AccountId, Address, BallotId, DelegationId, Digest, OperatorId, Role},
    num::{Amount, Height},
    table::{Rare, Table},
};

/// One who holds money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who signs for it.
    pub address: Address,
    /// How many transactions it has signed itself: the nonce of the next.
    pub nonce: u64,
    /// Its operators, at most one of each role, in order of entry.
    pub operators: Vec<(Role, OperatorId)>,
    /// What it has sealed of somebody's leaked result, and when.
    pub report: Option<Box<(Digest, Height)>>,
    /// Keys that may act on its behalf, at most [`KEYS_MAX`], in the order they were authorised.
    pub keys: Rare<Vec<Authorisation>>,
    /// Where the nonces of the next new key begin: after all that a key which left has used.
    pub key_nonce: u64,
    /// What it delegated, at most one to each operator, in order of the first.
    pub delegations: Rare<Vec<DelegationId>>,
    /// Its ballots about what is voted on; one about what is over leaves when it votes again, or
    /// with its row.
    pub ballots: Rare<Vec<BallotId>>,
    /// Credits that it earned by work and has not redeemed, where that bounds what it may; counted
    /// in what pays.
    pub earned: Amount,
}

impl Account {
    /// Its operator of a role.
    pub fn operator(&self, role: Role) -> Option<OperatorId> {
        self.operators.iter().find(|(own, _)| *own == role).map(|(_, id)| *id)
    }
}

/// Every account, and where each address is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) rows: Table<Account>,
    by_address: Directory,
}

impl Accounts {
    /// Opens the account of a new address.
    pub(crate) fn open(&mut self, address: Address) -> AccountId {
        let account = Account {
            address,
            nonce: 0,
            operators: Vec::new(),
            delegations: Rare::default(),
            ballots: Rare::default(),
            report: None,
            keys: Rare::default(),
            key_nonce: 0,
            earned: Amount::ZERO,
        };
        let id = AccountId::from_index(self.rows.push(account));
        self.by_address.insert(address, id);
        id
    }

    pub(crate) fn id(&self, address: &Address) -> Option<AccountId> {
        self.by_address.get(address)
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.rows.get(id.index())
    }

    pub(crate) fn account(&self, id: AccountId) -> &Account {
        self.get(id).expect("only identifiers handed out are used")
    }

    pub(crate) fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.rows.get_mut(id.index()).expect("only identifiers handed out are used")
    }
}

impl Serialize for Accounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Accounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Table::<Account>::deserialize(deserializer)?;
        let mut by_address = Directory::default();
        for (index, account) in rows.iter() {
            by_address.insert(account.address, AccountId::from_index(index));
        }
        Ok(Accounts { rows, by_address })
    }
}
