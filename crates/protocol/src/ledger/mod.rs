//! Ledger: every balance, as double entry between typed pots.
//!
//! Key terms: a [`Pot`] is a place where money lies; a [`Movement`] takes an amount from one pot
//! to another for a [`Reason`].
//!
//! Invariant: the pots sum to `issued − burnt`, after every movement.
//! Rounding: none; amounts arrive already rounded, with the direction named where it was done.
//! Not here: whether a movement is deserved.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    event::Journal,
    ids::{AccountId, JobId, OperatorId, Role, SlashId, UnbondingId},
    num::Amount,
    table::Table,
};

/// A place where money lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pot {
    /// An account's own, at its disposal.
    Free(AccountId),
    /// An operator's bond that backs nothing right now.
    Bond(OperatorId),
    /// One entry of the unbonding queue.
    Unbonding(UnbondingId),
    /// A pot of one job.
    Job(JobId, JobPot),
    /// Stake taken and not yet paid out.
    Slash(SlashId),
    /// Shares of slashes that belong to honest peers of a role.
    Peers(Role),
    /// What insures requesters; paid out by a policy not built yet.
    Insurance,
    /// The network's own.
    Treasury,
    /// Out of circulation; only ever a target.
    Burnt,
}

/// A pot of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobPot {
    /// The requester's price ceiling.
    Escrow,
    /// Audit fees, and the locks of auditors who missed.
    AuditFees,
    /// The requester's deposit.
    Deposit,
    /// The deposit of a bid.
    BidDeposit(u8),
    /// The collateral of a bid.
    Collateral(u8),
    /// The lock of an auditor's seat.
    AuditLock(u8),
    /// The deposit of an open challenger.
    ChallengeDeposit(u8),
    /// The prepaid price of requested bytes.
    DataFee(u8),
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is a whole sentence of the mechanism")]
pub enum Reason {
    Issue,
    BaseFee,
    Transfer,
    Bond,
    Unbond,
    Withdraw,
    Escrow,
    AuditFeeEscrow,
    RequesterDeposit,
    BidDeposit,
    BidDepositReturned,
    BidForfeited,
    CollateralLocked,
    CollateralReleased,
    AuditLocked,
    AuditLockReleased,
    AuditMissed,
    AuditFee,
    AuditFeeExtra,
    ChallengeDeposit,
    ChallengeDepositReturned,
    ChallengeLost,
    DataFee,
    DataFeeReturned,
    Price,
    Take,
    Refund,
    RequesterForfeit,
    Slash,
    Compensation,
    ReporterReward,
    SlashBurnt,
    SlashInsurance,
    SlashPeers,
    PeerReward,
    Leftover,
}

/// One movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Where it came from; `Burnt` as a source means newly issued.
    pub source: Pot,
    /// Where it went.
    pub target: Pot,
    /// How much, in base units; never zero.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
}

/// The pots of one job that hold anything, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobPots(Vec<(JobPot, Amount)>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    issued: Amount,
    burnt: Amount,
    treasury: Amount,
    insurance: Amount,
    provider_peers: Amount,
    validator_peers: Amount,
}

/// Every balance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) free: Table<Amount>,
    pub(crate) bonds: Table<Amount>,
    pub(crate) unbondings: Table<Amount>,
    pub(crate) slashes: Table<Amount>,
    pub(crate) jobs: Table<JobPots>,
    pub(crate) totals: Totals,
}

impl Ledger {
    /// Creates `amount` in an account; at genesis only.
    pub(crate) fn issue(&mut self, target: AccountId, amount: Amount) -> Option<()> {
        self.totals.issued = self.totals.issued.checked_add(amount)?;
        self.put(Pot::Free(target), amount);
        Some(())
    }

    /// What lies in `pot`; for `Burnt`, all that ever was burnt.
    pub(crate) fn balance(&self, pot: Pot) -> Amount {
        match pot {
            Pot::Free(id) => row(&self.free, id.index()),
            Pot::Bond(id) => row(&self.bonds, id.index()),
            Pot::Unbonding(id) => row(&self.unbondings, id.index()),
            Pot::Slash(id) => row(&self.slashes, id.index()),
            Pot::Job(id, pot) => self.jobs.get(id.index()).map_or(Amount::ZERO, |p| p.get(pot)),
            Pot::Peers(Role::Provider) => self.totals.provider_peers,
            Pot::Peers(Role::Validator) => self.totals.validator_peers,
            Pot::Insurance => self.totals.insurance,
            Pot::Treasury => self.totals.treasury,
            Pot::Burnt => self.totals.burnt,
        }
    }

    /// Moves `amount` from `source` to `target`; the caller has checked that it is there.
    pub(crate) fn transfer(
        &mut self,
        source: Pot,
        target: Pot,
        amount: Amount,
        reason: Reason,
        journal: &mut Journal,
    ) {
        if amount.is_zero() {
            return;
        }
        self.take(source, amount);
        self.put(target, amount);
        journal.movements.push(Movement { source, target, amount, reason });
    }

    /// Moves all of `source` to `target` and says how much that was.
    pub(crate) fn transfer_all(
        &mut self,
        source: Pot,
        target: Pot,
        reason: Reason,
        journal: &mut Journal,
    ) -> Amount {
        let amount = self.balance(source);
        self.transfer(source, target, amount, reason, journal);
        amount
    }

    /// All money ever issued.
    pub(crate) fn issued(&self) -> Amount {
        self.totals.issued
    }

    /// Every pot added up; `None` if that exceeds any possible supply.
    pub(crate) fn sum(&self) -> Option<Amount> {
        let rows = self.free.iter().chain(self.bonds.iter()).chain(self.unbondings.iter());
        let rows = rows.chain(self.slashes.iter());
        let jobs = self.jobs.iter().flat_map(|pots| pots.0.iter().map(|(_, amount)| amount));
        let t = &self.totals;
        let own = [&t.treasury, &t.insurance, &t.provider_peers, &t.validator_peers];
        rows.chain(jobs).chain(own).try_fold(Amount::ZERO, |sum, &amount| sum.checked_add(amount))
    }

    /// The pots of a job that hold anything.
    pub(crate) fn job_pots(&self, job: JobId) -> &[(JobPot, Amount)] {
        self.jobs.get(job.index()).map_or(&[], |pots| pots.0.as_slice())
    }

    fn take(&mut self, pot: Pot, amount: Amount) {
        let balance = self.balance(pot).checked_sub(amount);
        let balance = balance.expect("every caller checks the balance before it moves money");
        self.set(pot, balance);
    }

    fn put(&mut self, pot: Pot, amount: Amount) {
        let balance = self.balance(pot).checked_add(amount);
        let balance = balance.expect("a pot holds at most the supply, which fits an amount");
        self.set(pot, balance);
    }

    fn set(&mut self, pot: Pot, balance: Amount) {
        match pot {
            Pot::Free(id) => set_row(&mut self.free, id.index(), balance),
            Pot::Bond(id) => set_row(&mut self.bonds, id.index(), balance),
            Pot::Unbonding(id) => set_row(&mut self.unbondings, id.index(), balance),
            Pot::Slash(id) => set_row(&mut self.slashes, id.index(), balance),
            Pot::Job(id, pot) => {
                self.jobs.get_mut(id.index()).expect("a job's pots open with it").set(pot, balance);
            }
            Pot::Peers(Role::Provider) => self.totals.provider_peers = balance,
            Pot::Peers(Role::Validator) => self.totals.validator_peers = balance,
            Pot::Insurance => self.totals.insurance = balance,
            Pot::Treasury => self.totals.treasury = balance,
            Pot::Burnt => {
                assert!(balance >= self.totals.burnt, "nothing takes money out of the fire");
                self.totals.burnt = balance;
            }
        }
    }
}

fn row(table: &Table<Amount>, index: usize) -> Amount {
    table.get(index).copied().unwrap_or(Amount::ZERO)
}

fn set_row(table: &mut Table<Amount>, index: usize, balance: Amount) {
    *table.get_mut(index).expect("a pot opens with its owner") = balance;
}

impl JobPots {
    fn get(&self, pot: JobPot) -> Amount {
        self.0.iter().find(|(name, _)| *name == pot).map_or(Amount::ZERO, |(_, amount)| *amount)
    }

    fn set(&mut self, pot: JobPot, balance: Amount) {
        match self.0.binary_search_by_key(&pot, |(name, _)| *name) {
            Ok(at) if balance.is_zero() => {
                self.0.remove(at);
            }
            Ok(at) => {
                if let Some((_, amount)) = self.0.get_mut(at) {
                    *amount = balance;
                }
            }
            Err(_) if balance.is_zero() => {}
            Err(at) => self.0.insert(at, (pot, balance)),
        }
    }
}
