//! Context: what one command or one step of time works with.
//!
//! Law: money moves through [`Context::pay`] alone, which writes the movement down.
//! Not here: what is done with it (each room's handlers and acts, `stories`).

use alloc::sync::Arc;

use crate::{
    event::{Event, Journal},
    ids::{AccountId, Address, Asset, JobId},
    ledger::{Pot, Reason},
    num::{Amount, Epoch, Height},
    params::Params,
    referee::Referee,
    state::State,
};

/// The state, where to write what happened, and whom to ask.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) journal: &'a mut Journal,
    pub(crate) referee: &'a dyn Referee,
}

impl Context<'_> {
    pub(crate) fn now(&self) -> Height {
        self.state.chain.height
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.state.chain.epoch.number
    }

    /// The parameters that what begins now is judged by.
    pub(crate) fn params(&self) -> &Params {
        self.state.params.current()
    }

    /// The parameters that a job is judged by.
    pub(crate) fn pinned(&self, job: JobId) -> Arc<Params> {
        self.state.params.at(self.state.market.order(job).params).clone()
    }

    /// Moves `amount` from `source` to `target`; the caller has checked that it is there.
    pub(crate) fn pay(&mut self, source: Pot, target: Pot, amount: Amount, reason: Reason) {
        let movements = &mut self.journal.movements;
        self.state.ledger.transfer(source, target, amount, reason, movements);
        match target {
            Pot::Free(account, Asset::Payment) if reason.is_earned() => self.earn(account, amount),
            _ => {}
        }
    }

    /// Counts what an account earned, where that is what it may redeem.
    fn earn(&mut self, account: AccountId, amount: Amount) {
        if self.params().credits().counts_earned() {
            let account = self.state.accounts.account_mut(account);
            account.earned = account.earned.saturating_add(amount);
        }
    }

    /// Issues `amount` of its asset into `target`; the caller has checked that it fits.
    pub(crate) fn mint(&mut self, target: Pot, amount: Amount, reason: Reason) {
        self.state.ledger.mint(target, amount, reason, &mut self.journal.movements);
    }

    /// Moves all of `source` to `target` and says how much that was.
    pub(crate) fn pay_all(&mut self, source: Pot, target: Pot, reason: Reason) -> Amount {
        let amount = self.state.ledger.balance(source);
        self.pay(source, target, amount, reason);
        amount
    }

    /// The account of an address, which is opened if there is none.
    pub(crate) fn account_at(&mut self, address: Address) -> AccountId {
        self.state.accounts.id(&address).unwrap_or_else(|| {
            let account = self.state.open_account(address);
            self.journal.push(Event::AccountOpened { account, address });
            account
        })
    }

    /// What an account has free of the asset that pays.
    pub(crate) fn free_pot(&self, account: AccountId) -> Pot {
        self.state.ledger.free_pot(account)
    }

    /// Where the asset that pays is burnt.
    pub(crate) fn fire(&self) -> Pot {
        Pot::Burnt(self.state.ledger.assets().payment())
    }
}
