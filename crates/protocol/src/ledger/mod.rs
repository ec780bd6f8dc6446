//! Ledger: every balance, as double entry between typed pots.
//!
//! Key terms: a [`Pot`] is a place where money of one asset lies; a [`Movement`] takes an amount
//! from one pot to another for a [`Reason`]. A network has one asset or two ([`Assets`]): what is
//! bonded, and what pays.
//!
//! Invariant: for each asset the pots sum to `issued − burnt`, after every movement; no movement
//! turns one asset into another: what is converted is burnt in one and issued in the other.
//! Rounding: none; amounts arrive already rounded, with the direction named where it was done.
//! Not here: whether a movement is deserved.

mod flows;
mod pot;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use flows::{Flow, Flows, Places};
pub use pot::{AssignmentPot, JobPot, Place, Pot, Reason};

use crate::{
    ids::{
        AccountId, Asset, AssignmentId, ExitId, JobId, MoveId, OperatorId, ProgramId, ProposalId,
        SlashId, UnbondingId,
    },
    num::Amount,
    table::Table,
};

/// Which assets a network has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assets {
    /// One, bonded and paid with.
    #[default]
    Single,
    /// Two: `stake` is bonded, `payment` pays.
    Dual,
}

impl Assets {
    /// The asset that pays for jobs and fees.
    pub const fn payment(self) -> Asset {
        match self {
            Assets::Single => Asset::Stake,
            Assets::Dual => Asset::Payment,
        }
    }

    /// Every asset there is.
    pub fn all(self) -> &'static [Asset] {
        match self {
            Assets::Single => &[Asset::Stake],
            Assets::Dual => &[Asset::Stake, Asset::Payment],
        }
    }

    /// Which of them lies in a pot.
    pub const fn of(self, pot: Pot) -> Asset {
        match pot {
            Pot::Free(_, asset)
            | Pot::Insurance(asset)
            | Pot::Treasury(asset)
            | Pot::Burnt(asset) => asset,
            Pot::Job(_, JobPot::Collateral(_) | JobPot::Cover)
            | Pot::Assignment(_, AssignmentPot::Collateral | AssignmentPot::AuditLock(_))
            | Pot::Bond(_)
            | Pot::Unbonding(_)
            | Pot::Delegated(_)
            | Pot::Exit(_)
            | Pot::Moved(_)
            | Pot::Slash(_)
            | Pot::Cover(_)
            | Pot::Proposal(_)
            | Pot::Judges
            | Pot::Emission
            | Pot::Grants
            | Pot::Vesting(_) => Asset::Stake,
            Pot::Job(..) | Pot::Assignment(..) | Pot::DelegationRewards(_) | Pot::Program(_) => {
                self.payment()
            }
        }
    }
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

/// The pots of one owner that hold anything, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purse<P>(Vec<(P, Amount)>);

impl<P> Default for Purse<P> {
    fn default() -> Self {
        Purse(Vec::new())
    }
}

/// What the network itself holds of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    issued: Amount,
    burnt: Amount,
    treasury: Amount,
    insurance: Amount,
}

/// Every balance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    assets: Assets,
    /// Free balances in the stake asset, by account.
    free: Table<Amount>,
    /// The same in the payment asset; empty in a network of one.
    free_payment: Table<Amount>,
    bonds: Table<Amount>,
    unbondings: Table<Amount>,
    slashes: Table<Amount>,
    /// By slash.
    covers: Table<Amount>,
    delegated: Table<Amount>,
    exits: Table<Amount>,
    moves: Table<Amount>,
    /// In the payment asset, by operator.
    delegation_rewards: Table<Amount>,
    proposals: Table<Amount>,
    /// In the payment asset.
    programs: Table<Amount>,
    jobs: Table<Purse<JobPot>>,
    assignments: Table<Purse<AssignmentPot>>,
    totals: [Totals; 2],
    /// Shares of slashes that belong to the judges of offenders.
    judges: Amount,
    /// Minted and not settled.
    emission: Amount,
    /// Granted and listed at genesis, and not claimed.
    grants: Amount,
    /// By operator.
    vesting: Table<Amount>,
    /// All that is delegated and not leaving, moved stake included.
    delegated_total: Amount,
    /// All that lies in covers, of jobs and of slashes.
    covers_total: Amount,
}

/// Pots for which the purse of a new job has room: it holds three before anybody bids.
const JOB_ROOM: usize = 4;
/// Pots for which an emptied purse keeps room.
const ROOM_KEPT: usize = 8;

/// What a balance could be.
const SUPPLY: &str = "a pot holds at most the supply, which fits an amount";

/// Pots open with their owners.
impl Ledger {
    pub(crate) fn new(assets: Assets) -> Ledger {
        Ledger { assets, ..Ledger::default() }
    }

    pub(crate) fn assets(&self) -> Assets {
        self.assets
    }

    pub(crate) fn open_account(&mut self) {
        self.free.push(Amount::ZERO);
        if self.assets == Assets::Dual {
            self.free_payment.push(Amount::ZERO);
        }
    }

    /// The pots of an operator: its bond, what others delegate to it, what they earn and what
    /// it does.
    pub(crate) fn open_bond(&mut self) {
        self.bonds.push(Amount::ZERO);
        self.delegated.push(Amount::ZERO);
        self.delegation_rewards.push(Amount::ZERO);
        self.vesting.push(Amount::ZERO);
    }

    pub(crate) fn open_exit(&mut self) {
        self.exits.push(Amount::ZERO);
    }

    pub(crate) fn open_move(&mut self) {
        self.moves.push(Amount::ZERO);
    }

    pub(crate) fn open_proposal(&mut self) {
        self.proposals.push(Amount::ZERO);
    }

    pub(crate) fn open_program(&mut self) {
        self.programs.push(Amount::ZERO);
    }

    pub(crate) fn open_unbonding(&mut self) {
        self.unbondings.push(Amount::ZERO);
    }

    pub(crate) fn open_slash(&mut self) {
        self.slashes.push(Amount::ZERO);
        self.covers.push(Amount::ZERO);
    }

    pub(crate) fn open_job(&mut self) {
        self.jobs.push(Purse(Vec::with_capacity(JOB_ROOM)));
    }

    pub(crate) fn open_assignment(&mut self) {
        self.assignments.push(Purse::default());
    }

    /// Forgets the empty purse of a job whose rows retire.
    pub(crate) fn retire_job(&mut self, job: JobId) {
        assert!(self.job_pots(job).is_empty(), "only an empty purse retires");
        self.jobs.retire(job.index());
    }

    /// Forgets the empty purse of an assignment whose rows retire.
    pub(crate) fn retire_assignment(&mut self, assignment: AssignmentId) {
        assert!(self.assignment_pots(assignment).is_empty(), "only an empty purse retires");
        self.assignments.retire(assignment.index());
    }

    /// Forgets the empty pot of an entry that was paid out.
    pub(crate) fn retire_unbonding(&mut self, index: usize) {
        self.unbondings.retire(index);
    }

    /// Forgets the empty pot of an exit that nobody has a share of.
    pub(crate) fn retire_exit(&mut self, index: usize) {
        self.exits.retire(index);
    }

    /// Forgets the empty pot of a move that nobody has a share of.
    pub(crate) fn retire_move(&mut self, index: usize) {
        self.moves.retire(index);
    }

    /// Forgets the empty pots of a slash that was paid out.
    pub(crate) fn retire_slash(&mut self, index: usize) {
        self.slashes.retire(index);
        self.covers.retire(index);
    }

    /// Forgets the empty pot of a proposal that is forgotten.
    pub(crate) fn retire_proposal(&mut self, index: usize) {
        self.proposals.retire(index);
    }

    /// Forgets the empty pot of a program that has left.
    pub(crate) fn retire_program(&mut self, index: usize) {
        self.programs.retire(index);
    }

    /// The roots of all tables, in a fixed order.
    pub(crate) fn roots(&mut self) -> [crate::ids::Digest; 15] {
        [
            self.free.root(),
            self.free_payment.root(),
            self.bonds.root(),
            self.unbondings.root(),
            self.slashes.root(),
            self.covers.root(),
            self.delegated.root(),
            self.exits.root(),
            self.moves.root(),
            self.delegation_rewards.root(),
            self.proposals.root(),
            self.programs.root(),
            self.jobs.root(),
            self.assignments.root(),
            self.vesting.root(),
        ]
    }

    /// What the root covers besides the tables.
    pub(crate) fn globals(&self) -> (Assets, [Totals; 2], [Amount; 5]) {
        let sums =
            [self.judges, self.emission, self.grants, self.delegated_total, self.covers_total];
        (self.assets, self.totals, sums)
    }

    /// All that is promised to requesters: what was ever set aside and is neither paid nor back.
    pub(crate) fn covers(&self) -> Amount {
        self.covers_total
    }

    /// All that is delegated and not leaving, moved stake included.
    pub(crate) fn delegated_total(&self) -> Amount {
        self.delegated_total
    }
}

/// Balances and movements.
impl Ledger {
    /// Creates `amount` in a pot; at genesis only. `None` above the largest supply.
    pub(crate) fn issue(&mut self, target: Pot, amount: Amount) -> Option<()> {
        let issued = &mut self.total_mut(self.asset_of(target)).issued;
        *issued = issued.checked_add(amount)?;
        self.put(target, amount);
        Some(())
    }

    /// What an account has free of the asset that pays.
    pub(crate) fn free(&self, account: AccountId) -> Amount {
        self.balance(self.free_pot(account))
    }

    /// The pot of an account's free money in the asset that pays.
    pub(crate) fn free_pot(&self, account: AccountId) -> Pot {
        Pot::Free(account, self.assets.payment())
    }

    /// Which asset lies in a pot.
    pub(crate) fn asset_of(&self, pot: Pot) -> Asset {
        self.assets.of(pot)
    }

    /// What lies in `pot`; for `Burnt`, all that ever was burnt.
    pub(crate) fn balance(&self, pot: Pot) -> Amount {
        match pot {
            Pot::Free(id, Asset::Stake) => row(&self.free, id.index()),
            Pot::Free(id, Asset::Payment) => row(&self.free_payment, id.index()),
            Pot::Bond(id) => row(&self.bonds, id.index()),
            Pot::Unbonding(id) => row(&self.unbondings, id.index()),
            Pot::Slash(id) => row(&self.slashes, id.index()),
            Pot::Cover(id) => row(&self.covers, id.index()),
            Pot::Delegated(id) => row(&self.delegated, id.index()),
            Pot::Exit(id) => row(&self.exits, id.index()),
            Pot::Moved(id) => row(&self.moves, id.index()),
            Pot::DelegationRewards(id) => row(&self.delegation_rewards, id.index()),
            Pot::Proposal(id) => row(&self.proposals, id.index()),
            Pot::Program(id) => row(&self.programs, id.index()),
            Pot::Job(id, pot) => self.jobs.get(id.index()).map_or(Amount::ZERO, |p| p.get(pot)),
            Pot::Assignment(id, pot) => {
                self.assignments.get(id.index()).map_or(Amount::ZERO, |p| p.get(pot))
            }
            Pot::Judges => self.judges,
            Pot::Emission => self.emission,
            Pot::Grants => self.grants,
            Pot::Vesting(id) => row(&self.vesting, id.index()),
            Pot::Insurance(asset) => self.total(asset).insurance,
            Pot::Treasury(asset) => self.total(asset).treasury,
            Pot::Burnt(asset) => self.total(asset).burnt,
        }
    }

    /// Moves `amount` from `source` to `target`; the caller has checked that it is there.
    pub(crate) fn transfer(
        &mut self,
        source: Pot,
        target: Pot,
        amount: Amount,
        reason: Reason,
        movements: &mut Vec<Movement>,
    ) {
        if amount.is_zero() {
            return;
        }
        let (given, taken) = (self.asset_of(source), self.asset_of(target));
        assert!(given == taken, "no movement turns {source:?} into {target:?}");
        self.take(source, amount);
        self.put(target, amount);
        movements.push(Movement { source, target, amount, reason });
    }

    /// Issues `amount` of its asset into `target`; the caller has checked that the supply stays
    /// within the largest.
    pub(crate) fn mint(
        &mut self,
        target: Pot,
        amount: Amount,
        reason: Reason,
        movements: &mut Vec<Movement>,
    ) {
        if amount.is_zero() {
            return;
        }
        let asset = self.asset_of(target);
        let issued = &mut self.total_mut(asset).issued;
        *issued = issued.checked_add(amount).expect(SUPPLY);
        self.put(target, amount);
        movements.push(Movement { source: Pot::Burnt(asset), target, amount, reason });
    }

    /// All money of an asset ever issued.
    pub(crate) fn issued(&self, asset: Asset) -> Amount {
        self.total(asset).issued
    }

    /// Every pot of an asset added up; `None` if that exceeds any possible supply.
    pub(crate) fn sum(&self, asset: Asset) -> Option<Amount> {
        let mut sum = Some(Amount::ZERO);
        self.each(asset, &mut |_, amount| sum = sum.and_then(|sum| sum.checked_add(amount)));
        sum
    }

    /// What lies in each kind of place: a walk over every pot.
    pub(crate) fn places(&self) -> Places {
        let mut places = Places::new();
        for &asset in self.assets.all() {
            self.each(asset, &mut |pot, amount| {
                let there = places.entry((asset, pot.place())).or_default();
                *there = there.saturating_add(amount);
            });
            places.insert((asset, Place::Burnt), self.total(asset).burnt);
        }
        places
    }

    /// Hands out every pot of an asset that there is, but for `Burnt`, with what lies in it.
    fn each(&self, asset: Asset, each: &mut impl FnMut(Pot, Amount)) {
        let total = self.total(asset);
        each(Pot::Treasury(asset), total.treasury);
        each(Pot::Insurance(asset), total.insurance);
        let free = if asset == Asset::Stake { &self.free } else { &self.free_payment };
        walk(free, |at| Pot::Free(AccountId::from_index(at), asset), each);
        if asset == self.assets.payment() {
            let rewards = &self.delegation_rewards;
            walk(rewards, |at| Pot::DelegationRewards(OperatorId::from_index(at)), each);
            walk(&self.programs, |at| Pot::Program(ProgramId::from_index(at)), each);
        }
        if asset == Asset::Stake {
            walk(&self.bonds, |at| Pot::Bond(OperatorId::from_index(at)), each);
            walk(&self.unbondings, |at| Pot::Unbonding(UnbondingId::from_index(at)), each);
            walk(&self.slashes, |at| Pot::Slash(SlashId::from_index(at)), each);
            walk(&self.vesting, |at| Pot::Vesting(OperatorId::from_index(at)), each);
            walk(&self.proposals, |at| Pot::Proposal(ProposalId::from_index(at)), each);
            walk(&self.delegated, |at| Pot::Delegated(OperatorId::from_index(at)), each);
            walk(&self.exits, |at| Pot::Exit(ExitId::from_index(at)), each);
            walk(&self.moves, |at| Pot::Moved(MoveId::from_index(at)), each);
            walk(&self.covers, |at| Pot::Cover(SlashId::from_index(at)), each);
            each(Pot::Judges, self.judges);
            each(Pot::Emission, self.emission);
            each(Pot::Grants, self.grants);
        }
        let jobs = self.jobs.iter().flat_map(|(index, purse)| {
            let job = JobId::from_index(index);
            purse.0.iter().map(move |(pot, amount)| (Pot::Job(job, *pot), *amount))
        });
        let assignments = self.assignments.iter().flat_map(|(index, purse)| {
            let id = AssignmentId::from_index(index);
            purse.0.iter().map(move |(pot, amount)| (Pot::Assignment(id, *pot), *amount))
        });
        for (pot, amount) in jobs.chain(assignments) {
            if self.asset_of(pot) == asset {
                each(pot, amount);
            }
        }
    }

    /// The pots of a job that hold anything.
    pub(crate) fn job_pots(&self, job: JobId) -> &[(JobPot, Amount)] {
        self.jobs.get(job.index()).map_or(&[], |purse| purse.0.as_slice())
    }

    /// The pots of an assignment that hold anything.
    pub(crate) fn assignment_pots(&self, id: AssignmentId) -> &[(AssignmentPot, Amount)] {
        self.assignments.get(id.index()).map_or(&[], |purse| purse.0.as_slice())
    }

    fn total(&self, asset: Asset) -> &Totals {
        let [stake, payment] = &self.totals;
        if asset == Asset::Stake { stake } else { payment }
    }

    fn total_mut(&mut self, asset: Asset) -> &mut Totals {
        let [stake, payment] = &mut self.totals;
        if asset == Asset::Stake { stake } else { payment }
    }

    fn take(&mut self, pot: Pot, amount: Amount) {
        if is_delegated(pot) {
            self.delegated_total = self.delegated_total.saturating_sub(amount);
        }
        if is_cover(pot) {
            self.covers_total = self.covers_total.saturating_sub(amount);
        }
        self.change(pot, |balance| {
            let left = balance.checked_sub(amount);
            left.expect("every caller checks the balance before it moves money")
        });
    }

    fn put(&mut self, pot: Pot, amount: Amount) {
        if is_delegated(pot) {
            self.delegated_total = self.delegated_total.saturating_add(amount);
        }
        if is_cover(pot) {
            self.covers_total = self.covers_total.saturating_add(amount);
        }
        self.change(pot, |balance| balance.checked_add(amount).expect(SUPPLY));
    }

    /// Looks a pot up once and changes what lies in it.
    fn change(&mut self, pot: Pot, change: impl FnOnce(Amount) -> Amount) {
        let balance = match pot {
            Pot::Free(id, Asset::Stake) => row_mut(&mut self.free, id.index()),
            Pot::Free(id, Asset::Payment) => row_mut(&mut self.free_payment, id.index()),
            Pot::Bond(id) => row_mut(&mut self.bonds, id.index()),
            Pot::Unbonding(id) => row_mut(&mut self.unbondings, id.index()),
            Pot::Slash(id) => row_mut(&mut self.slashes, id.index()),
            Pot::Cover(id) => row_mut(&mut self.covers, id.index()),
            Pot::Delegated(id) => row_mut(&mut self.delegated, id.index()),
            Pot::Exit(id) => row_mut(&mut self.exits, id.index()),
            Pot::Moved(id) => row_mut(&mut self.moves, id.index()),
            Pot::DelegationRewards(id) => row_mut(&mut self.delegation_rewards, id.index()),
            Pot::Proposal(id) => row_mut(&mut self.proposals, id.index()),
            Pot::Program(id) => row_mut(&mut self.programs, id.index()),
            Pot::Job(id, pot) => {
                return row_mut(&mut self.jobs, id.index()).change(pot, change);
            }
            Pot::Assignment(id, pot) => {
                return row_mut(&mut self.assignments, id.index()).change(pot, change);
            }
            Pot::Judges => &mut self.judges,
            Pot::Emission => &mut self.emission,
            Pot::Grants => &mut self.grants,
            Pot::Vesting(id) => row_mut(&mut self.vesting, id.index()),
            Pot::Insurance(asset) => &mut self.total_mut(asset).insurance,
            Pot::Treasury(asset) => &mut self.total_mut(asset).treasury,
            Pot::Burnt(asset) => {
                let burnt = &mut self.total_mut(asset).burnt;
                let after = change(*burnt);
                assert!(after >= *burnt, "nothing takes money out of the fire");
                *burnt = after;
                return;
            }
        };
        *balance = change(*balance);
    }
}

fn walk(table: &Table<Amount>, pot: impl Fn(usize) -> Pot, each: &mut impl FnMut(Pot, Amount)) {
    table.iter().for_each(|(index, amount)| each(pot(index), *amount));
}

fn is_delegated(pot: Pot) -> bool {
    matches!(pot, Pot::Delegated(_) | Pot::Moved(_))
}

fn is_cover(pot: Pot) -> bool {
    matches!(pot, Pot::Job(_, JobPot::Cover) | Pot::Cover(_))
}

fn row(table: &Table<Amount>, index: usize) -> Amount {
    table.get(index).copied().unwrap_or(Amount::ZERO)
}

fn row_mut<T: Clone>(table: &mut Table<T>, index: usize) -> &mut T {
    table.get_mut(index).expect("a pot opens with its owner and stays as long as it holds money")
}

impl<P: Copy + Ord> Purse<P> {
    fn get(&self, pot: P) -> Amount {
        self.0.iter().find(|(name, _)| *name == pot).map_or(Amount::ZERO, |(_, amount)| *amount)
    }

    /// Changes a pot; one that becomes empty leaves the purse.
    fn change(&mut self, pot: P, change: impl FnOnce(Amount) -> Amount) {
        match self.0.binary_search_by_key(&pot, |(name, _)| *name) {
            Ok(at) => {
                let Some((_, amount)) = self.0.get_mut(at) else { return };
                *amount = change(*amount);
                if amount.is_zero() {
                    self.0.remove(at);
                    // What a job holds for its bids is gone long before the job is.
                    if ROOM_KEPT <= self.0.capacity() && self.0.len() <= self.0.capacity() / 2 {
                        self.0.shrink_to_fit();
                    }
                }
            }
            Err(at) => {
                let amount = change(Amount::ZERO);
                if !amount.is_zero() {
                    if self.0.is_empty() {
                        self.0.reserve_exact(1); // Many never hold more.
                    }
                    self.0.insert(at, (pot, amount));
                }
            }
        }
    }
}
