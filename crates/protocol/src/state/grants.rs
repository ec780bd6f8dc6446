//! Grants of a genesis, and what may be read of them.

use alloc::collections::BTreeMap;

use super::State;
use crate::{
    genesis::{Genesis, GenesisGrant, GenesisList, GenesisRejected},
    grants::{Grant, List, PLACES_MAX},
    ids::AccountId,
    ledger::Pot,
    num::{Amount, Height},
};

impl State {
    /// What the genesis granted an account; most have nothing.
    pub fn grant(&self, account: AccountId) -> Option<&Grant> {
        self.grants.of(account)
    }

    /// All that the genesis granted, by account.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.rows.iter().map(|(_, grant)| grant)
    }

    /// The genesis' list, if it names one.
    pub fn list(&self) -> Option<&List> {
        self.grants.list.as_ref()
    }

    /// Was a place of the list paid?
    pub fn is_listed_paid(&self, place: u32) -> bool {
        self.grants.is_taken(place)
    }

    pub(super) fn grant_at_genesis(&mut self, genesis: &Genesis) -> Result<(), GenesisRejected> {
        let mut grants = BTreeMap::new();
        for grant in &genesis.grants {
            let address = grant.address;
            let known = self.accounts.id(&address);
            let account = known.unwrap_or_else(|| self.open_account(address));
            if grants.insert(account, *grant).is_some() {
                return Err(GenesisRejected::DuplicateGrant { address });
            }
        }
        for (account, GenesisGrant { address, amount, cliff, ends }) in grants {
            if amount.is_zero() || ends < cliff {
                return Err(GenesisRejected::GrantOutOfRange { address, cliff, ends });
            }
            let grant = Grant { account, amount, claimed: Amount::ZERO, cliff, ends };
            self.grants.rows.push(grant);
            self.issue_at_genesis(Pot::Grants, amount)?;
        }
        if let Some(GenesisList { root, places, total, closes }) = genesis.list {
            let is_within = (1..=PLACES_MAX).contains(&places);
            if !is_within || total.is_zero() || closes <= Height::new(1) {
                return Err(GenesisRejected::ListOutOfRange { places, total, closes });
            }
            self.grants.begin(List { root, places, paid: 0, left: total, closes });
            self.issue_at_genesis(Pot::Grants, total)?;
        }
        Ok(())
    }
}
