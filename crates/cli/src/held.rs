//! Money that an account has, wherever a pot of the ledger holds it: a function of views.
//!
//! Laws: every row is what one pot holds or, of delegations, a share of one; what could not be told
//! apart is a row of its own and said to be so.
//! Key term: money is *held* where a pot has it, and *locked* where it is the part of a bond that
//! backs an open job.
//! Not here: asking the node (`asked`), how it looks (`show::account`).

use std::collections::BTreeMap;

use earnest_api::{
    AccountView, AnyPot, DelegationView, GrantView, JobView, OperatorView, ProgramView,
    ProposalView, SlashView,
};
use earnest_protocol::{
    AccountId, Amount, Digest, Epoch, Height, JobId, OperatorId, ProposalId, Role, SlashId,
    ledger::{AssignmentPot, JobPot},
    market::Phase,
    verification::SeatState,
};
use serde::Serialize;

/// Where an amount of an account's money lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// At its disposal.
    Free,
    /// At its disposal, of the asset that is bonded where another one pays.
    FreeStake,
    /// In a bond, backing nothing.
    FreeBond { role: Role },
    /// Locked in an open job; none names the jobs that were not looked through.
    Locked { role: Role, job: Option<JobId> },
    /// On its way out of a bond.
    Unbonding { role: Role, epoch: Epoch },
    /// The price ceiling of its job.
    Escrow { job: JobId },
    /// What the auditors of its job may come to.
    AuditFees { job: JobId },
    /// The deposit for its part of its job's seed.
    Deposit { job: JobId },
    /// The deposit of its bid.
    BidDeposit { job: JobId },
    /// The deposit behind its challenge.
    ChallengeDeposit { job: JobId },
    /// The price of bytes that it asked for.
    DataFee { job: JobId },
    /// The deposit behind its proposal, appeal or stop.
    ProposalDeposit { proposal: ProposalId },
    /// The deposit for the room that a program takes which it published.
    ProgramDeposit { program: Digest },
    /// A judge's share of slashes, to be collected.
    Accrued { role: Role },
    /// Earned by emission, to be collected.
    Vested { role: Role },
    /// Earned by emission; all of it may be collected by this epoch.
    Unvested { role: Role, epoch: Epoch },
    /// Granted by the genesis, and come free: to be claimed.
    Granted,
    /// Granted by the genesis; all of it has come free at this height.
    Ungranted { cliff: Height, ends: Height },
    /// Behind somebody else's operator.
    Delegated { operator: OperatorId },
    /// On its way out from there; back from this epoch on.
    Undelegating { operator: OperatorId, epoch: Epoch },
    /// Moved there from another operator, bound until this epoch.
    Moved { operator: OperatorId, epoch: Epoch },
    /// What it earned there, to be withdrawn.
    Earned { operator: OperatorId },
    /// Taken by a slash that is not paid out.
    Slashed { slash: SlashId },
}

/// An amount, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    #[serde(flatten)]
    pub place: Place,
    pub amount: Amount,
}

/// What a node answered of an account: everything of the network's that may be the account's.
#[derive(Clone, Debug)]
pub struct Asked {
    pub account: AccountView,
    pub operators: Vec<OperatorView>,
    /// The jobs to be looked through.
    pub jobs: Vec<JobView>,
    pub slashes: Vec<SlashView>,
    pub delegations: Vec<DelegationView>,
    pub proposals: Vec<ProposalView>,
    pub programs: Vec<ProgramView>,
}

/// All that is known of an account's money.
#[derive(Clone, Debug)]
pub struct Money {
    pub account: AccountView,
    pub operators: Vec<OperatorView>,
    pub held: Vec<Held>,
    /// Where the jobs stand that were looked through, and until when.
    pub jobs: BTreeMap<JobId, (Phase, Height)>,
    /// Its slashes that are not paid out.
    pub slashes: Vec<SlashView>,
    /// What it has behind others.
    pub delegations: Vec<DelegationView>,
}

/// What an account holds, from what a node answered.
pub fn gather(asked: Asked) -> Money {
    let Asked { account, operators, jobs, slashes, delegations, proposals, programs } = asked;
    let own = account.id;
    let slashes: Vec<SlashView> =
        slashes.into_iter().filter(|slash| slash.account.id == own).collect();
    let mut held = vec![Held { place: Place::Free, amount: account.free }];
    held.extend(account.free_stake.map(|amount| Held { place: Place::FreeStake, amount }));
    held.extend(account.grant.iter().flat_map(of_grant));
    let (locks, others): (Vec<Held>, Vec<Held>) = jobs
        .iter()
        .flat_map(|job| in_job(job, own))
        .partition(|held| matches!(held.place, Place::Locked { .. }));
    for operator in &operators {
        held.extend(in_bond(operator, &locks));
    }
    held.extend(others);
    held.extend(proposals.iter().filter(|row| row.account.id == own).map(|row| {
        let place = Place::ProposalDeposit { proposal: row.id };
        Held { place, amount: row.deposit }
    }));
    held.extend(programs.iter().filter(|row| row.publisher.id == own).map(|row| {
        let place = Place::ProgramDeposit { program: row.program };
        Held { place, amount: row.deposit }
    }));
    held.extend(delegations.iter().flat_map(behind_another));
    held.extend(slashes.iter().map(|slash| {
        let place = Place::Slashed { slash: slash.id };
        Held { place, amount: slash.pending }
    }));
    held.retain(|held| !held.amount.is_zero() || held.place == Place::Free);
    let jobs = jobs.iter().map(|job| (job.id, (job.phase, job.until))).collect();
    Money { account, operators, held, jobs, slashes, delegations }
}

impl Money {
    /// What is the account's own: all but what slashes took.
    pub fn in_all(&self) -> Amount {
        let own = self.held.iter().filter(|held| !matches!(held.place, Place::Slashed { .. }));
        own.fold(Amount::ZERO, |sum, held| sum.saturating_add(held.amount))
    }
}

/// What of a grant was not claimed.
fn of_grant(grant: &GrantView) -> [Held; 2] {
    let GrantView { amount, claimed, claimable, cliff, ends } = *grant;
    let place = Place::Ungranted { cliff, ends };
    let rest = amount.saturating_sub(claimed).saturating_sub(claimable);
    [Held { place: Place::Granted, amount: claimable }, Held { place, amount: rest }]
}

/// What one bond holds: free, locked job by job, and on its way out.
fn in_bond(operator: &OperatorView, locks: &[Held]) -> Vec<Held> {
    let role = operator.role;
    let of_role = |held: &&Held| matches!(held.place, Place::Locked { role: of, .. } if of == role);
    let locks: Vec<Held> = locks.iter().filter(of_role).copied().collect();
    let known = locks.iter().fold(Amount::ZERO, |sum, held| sum.saturating_add(held.amount));
    let mut all = vec![Held { place: Place::FreeBond { role }, amount: operator.free_bond }];
    all.extend(locks);
    let others = Place::Locked { role, job: None };
    all.push(Held { place: others, amount: operator.locked.saturating_sub(known) });
    all.extend(operator.unbondings.iter().map(|entry| {
        let place = Place::Unbonding { role, epoch: entry.matures };
        Held { place, amount: entry.amount }
    }));
    all.push(Held { place: Place::Accrued { role }, amount: operator.judge_accrued });
    all.push(Held { place: Place::Vested { role }, amount: operator.rewards.ready });
    all.extend(operator.rewards.vesting.iter().map(|piece| {
        let place = Place::Unvested { role, epoch: piece.ends };
        Held { place, amount: piece.amount }
    }));
    all
}

/// What one open job holds of an account.
fn in_job(view: &JobView, account: AccountId) -> Vec<Held> {
    let pots = view.pots.iter().filter_map(|pot| {
        let place = match pot.pot {
            AnyPot::Job(of_job) => in_order(view, of_job, account),
            AnyPot::Assignment(of_assignment) => in_assignment(view, of_assignment, account),
        };
        Some(Held { place: place?, amount: pot.amount })
    });
    // Which seat a lock is of is not shown; the seats say what they lock.
    let seats = view.seats.iter().filter(|seat| {
        let locks = [SeatState::Vacant, SeatState::Refuted, SeatState::Failed];
        !locks.contains(&seat.state) && seat.account.is_some_and(|auditor| auditor.id == account)
    });
    let place = Place::Locked { role: Role::Validator, job: Some(view.id) };
    pots.chain(seats.map(|_| Held { place, amount: view.audit_lock })).collect()
}

/// What a pot of a job's order is to an account; none if it is somebody else's.
fn in_order(view: &JobView, pot: JobPot, account: AccountId) -> Option<Place> {
    let job = view.id;
    let is_own = match pot {
        // Promised to whoever posted it, and not its own before a conviction.
        JobPot::Cover => return None,
        JobPot::Escrow | JobPot::AuditFees | JobPot::Deposit => view.requester.id == account,
        JobPot::BidDeposit(slot) | JobPot::Collateral(slot) => {
            view.bids.get(usize::from(slot)).is_some_and(|bid| bid.account.id == account)
        }
    };
    is_own.then_some(match pot {
        JobPot::Cover => return None,
        JobPot::Escrow => Place::Escrow { job },
        JobPot::AuditFees => Place::AuditFees { job },
        JobPot::Deposit => Place::Deposit { job },
        JobPot::BidDeposit(_) => Place::BidDeposit { job },
        JobPot::Collateral(_) => Place::Locked { role: Role::Provider, job: Some(job) },
    })
}

/// The same of a pot of its assignment, but for the locks of seats.
fn in_assignment(view: &JobView, pot: AssignmentPot, account: AccountId) -> Option<Place> {
    let job = view.id;
    match pot {
        AssignmentPot::Collateral => {
            let place = Place::Locked { role: Role::Provider, job: Some(job) };
            view.assignment.is_some_and(|winner| winner.account == account).then_some(place)
        }
        AssignmentPot::AuditLock(_) => None,
        AssignmentPot::ChallengeDeposit(_) => {
            let dispute = view.disputes.iter().find(|dispute| dispute.lock == pot)?;
            (dispute.challenger.id == account).then_some(Place::ChallengeDeposit { job })
        }
        AssignmentPot::DataFee(index) => {
            let asked = view.requests.get(usize::from(index))?;
            (asked.asker.id == account).then_some(Place::DataFee { job })
        }
    }
}

/// What one delegation has in its operator's pool, on its way out and earned.
fn behind_another(view: &DelegationView) -> Vec<Held> {
    let DelegationView { operator, delegated, earned, .. } = *view;
    let mut all = vec![Held { place: Place::Delegated { operator }, amount: delegated }];
    all.extend(view.leaving.iter().map(|part| {
        let place = Place::Undelegating { operator, epoch: part.matures };
        Held { place, amount: part.amount }
    }));
    all.extend(view.moved.iter().map(|part| {
        let place = Place::Moved { operator, epoch: part.matures };
        Held { place, amount: part.amount }
    }));
    all.push(Held { place: Place::Earned { operator }, amount: earned });
    all
}
