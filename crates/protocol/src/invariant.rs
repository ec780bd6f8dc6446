//! Invariants: what is always true, by name.
//!
//! Checked after every command in tests and simulations, after every block where a host asks for
//! it, on demand on a live node. A broken one is our own fault: the host stops and says where.

mod credits;
mod delegations;
mod grants;
mod prices;
mod programs;
mod proposals;
mod raters;
mod rewards;

use alloc::{collections::BTreeMap, vec::Vec};

use serde::Serialize;

use crate::{
    accounts::KEYS_MAX,
    ids::{
        AccountId, Address, Asset, AssignmentId, BallotId, Digest, ExitId, JobId, MoveId,
        OperatorId, ParamsVersion, ProgramId, ProposalId, RaterId, Role, SlashId,
    },
    ledger::{AssignmentPot, JobPot, Pot},
    market::{Phase, Stage, handlers::post_job::reserved_locks},
    num::{Amount, Epoch, Timed},
    slashing::SlashState,
    staking,
    state::State,
};

/// A law that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields say where, and both numbers")]
pub enum Broken {
    /// Conservation: an asset's pots sum to what was issued less what was burnt.
    Conservation { asset: Asset, pots: Option<Amount>, expected: Option<Amount> },
    /// An operator's stake is its free bond and every lock it has in open jobs.
    Stake { operator: OperatorId, recorded: Amount, found: Amount },
    /// A pool knows each operator's weight and free bond, and who waits could work.
    Pool { operator: OperatorId, weight: u64, free: u64 },
    /// Nobody waits while a place in an active set is free, and whoever waits does not exceed the
    /// least of a full one by the margin.
    ActiveSet { role: Role, count: u64, waiting: u64 },
    /// What is locked is summed as its rows say, for each role, of those in their set and of those
    /// who wait; no lock is past its end.
    Locks,
    /// A closed job holds no money.
    ClosedJobHolds { job: JobId, amount: Amount },
    /// An ended assignment holds no money.
    EndedAssignmentHolds { assignment: AssignmentId, amount: Amount },
    /// A paid slash holds no money, and no cover waits for it.
    PaidSlashHolds { amount: Amount },
    /// An open job's deadline has not passed.
    Overdue { job: JobId },
    /// What falls due is what the rows say.
    Timers,
    /// The judges' pot covers what judges accrued.
    JudgesUncovered { accrued: Amount, there: Amount },
    /// The counts of jobs add up.
    JobCounts,
    /// What accepted jobs reserve of audit capacity adds up.
    AuditLocks { recorded: Amount, found: Amount },
    /// What accepted jobs reserve of the leader's bond adds up, and is there.
    Fallback { recorded: Amount, found: Amount, bond: Amount },
    /// A version of the parameters is pinned as often as something is judged by it.
    ParamsPins { version: ParamsVersion, recorded: u64, found: u64 },
    /// Kept kibibytes are those recorded.
    StorageRoom { recorded: u64, found: u64 },
    /// What programs take of their room is what is recorded.
    ProgramRoom { recorded: u64, found: u64 },
    /// The index of programs is what the rows say.
    ProgramIndex,
    /// All bytes of an admitted program are there, and of a draft those of its parts.
    ProgramBytes { program: ProgramId },
    /// No part outlives its program.
    ProgramParts,
    /// A program knows how many open jobs name it.
    ProgramJobs { program: ProgramId, recorded: u64, found: u64 },
    /// A program that an open job names is there.
    ProgramMissing { program: Digest, jobs: u64 },
    /// Authorised keys are few and stay within their limits.
    Key { account: AccountId, key: Address },
    /// What lies in an operator's pot of earnings is what its row says.
    Vesting { operator: OperatorId, recorded: Amount, found: Amount },
    /// The emission's pot holds what is left of the rounds, each awaited by as many as it counts,
    /// and what was minted for stake, and covers what is owed of both.
    Emission { left: Amount, owed: Amount, there: Amount },
    /// The open epoch's claims are those of its claimants.
    Claims { recorded: Amount, found: Amount },
    /// A delegation pool's amount is what lies in its pot.
    DelegationPool { operator: OperatorId, recorded: Amount, found: Amount },
    /// What is left of an epoch's room in an exit queue is no more than the room.
    ExitQueue { room: Amount, churn: Amount },
    /// An exit's amount is what lies in its pot, somebody has a share of it, and its operator's
    /// pool lists it until it matures.
    Exit { exit: ExitId, recorded: Amount, found: Amount },
    /// The shares of all delegations are those of the pools and of the exits.
    DelegationShares { recorded: u128, found: u128 },
    /// A bound parcel's amount is what lies in its pot, its operators list it, and as many have a
    /// part of it as it counts.
    Move { parcel: MoveId, recorded: Amount, found: Amount },
    /// What delegators of an operator earned and were not paid is there for them.
    DelegationRewards { operator: OperatorId, earned: Option<Amount>, there: Amount },
    /// A commission is at most its ceiling, and each generation that closed left its index.
    Commission { operator: OperatorId },
    /// A pool knows how many slashes of its operator wait.
    SlashesWaiting { operator: OperatorId, recorded: u32, found: u32 },
    /// An account lists its delegations.
    Delegations { account: AccountId },
    /// Open proposals are those counted, and their votes those that have a snapshot.
    Proposals { recorded: u32, found: u32 },
    /// A deposit stands behind a proposal until its vote is over.
    ProposalDeposit { proposal: ProposalId, there: Amount },
    /// A tally is what the ballots say, each with what its delegators left it.
    Tally { proposal: ProposalId },
    /// An account lists its ballots about what is voted on, each once.
    Ballot { ballot: BallotId },
    /// A slash waits for an open appeal about its own conviction, and none is open without one.
    Appeal { slash: SlashId },
    /// A spend that runs is listed once, and nothing of it was paid before its epoch; what would
    /// stop one is known to it.
    Spend { proposal: ProposalId },
    /// What spends that run have still to pay is in the treasury.
    TreasuryPromised { asset: Asset, promised: Amount, there: Amount },
    /// What is delegated in all is the sum of what is delegated to each.
    DelegatedTotal { recorded: Amount, found: Amount },
    /// What is promised to requesters in all is what lies in covers, of open jobs and of slashes
    /// that wait: every cover is funded.
    Covers { recorded: Amount, found: Amount },
    /// What was opened of a round is what its posts say, each validator has one, and all together
    /// weigh no more than there is.
    PriceRound { epoch: Epoch, recorded: Amount, opened: Amount },
    /// Prices are sealed in this epoch's round and opened in that before; no other post is there;
    /// the price is the last of the average.
    Prices,
    /// More stake was given back for credits than was burnt for them.
    CreditsUnbacked { returned: Amount, burnt: Amount },
    /// What was converted is part of what was issued and burnt, and nothing of one asset.
    Credits,
    /// What was granted and listed and not claimed is what lies in its pot.
    Grants { recorded: Amount, there: Amount },
    /// Each account has one grant at most and has claimed no more than has come free; as many
    /// places of the list were paid as it counts, and nothing is left of one that an epoch
    /// has found closed.
    GrantRows,
    /// What a requester has said of a provider weighs something, is not due to leave, and is listed
    /// by its operator under its requester.
    Rater { rater: RaterId },
    /// Operators list no rater whose row is gone.
    Raters { recorded: u64, found: u64 },
    /// Heights whose weights a draw may still count are those that pools keep.
    PoolPins,
}

impl State {
    /// Checks every law; costs a walk over all rows.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn check_invariants(&self) -> Result<(), Broken> {
        self.check_conservation()?;
        check_jobs(self)?;
        check_assignments(self)?;
        check_operators(self)?;
        delegations::check(self)?;
        rewards::check(self)?;
        proposals::check(self)?;
        prices::check(self)?;
        credits::check(self)?;
        grants::check(self)?;
        raters::check(self)?;
        check_covers(self)?;
        check_reserves(self)?;
        check_pins(self)?;
        check_storage(self)?;
        programs::check(self)?;
        check_keys(self)?;
        if self.timers != self.timers_from_rows() {
            return Err(Broken::Timers);
        }
        Ok(())
    }

    /// Checks conservation alone.
    ///
    /// # Errors
    /// Both sums, if they differ.
    pub fn check_conservation(&self) -> Result<(), Broken> {
        for &asset in self.assets().all() {
            let pots = self.ledger.sum(asset);
            let expected = self.issued(asset).checked_sub(self.balance(Pot::Burnt(asset)));
            if pots.is_none() || pots != expected {
                return Err(Broken::Conservation { asset, pots, expected });
            }
        }
        Ok(())
    }
}

fn check_keys(state: &State) -> Result<(), Broken> {
    for (id, account) in state.accounts() {
        for (place, row) in (0u32..).zip(&account.keys) {
            let named = account.keys.iter().filter(|other| other.key == row.key).count();
            let holds = place < KEYS_MAX
                && named == 1
                && row.spent <= row.spend_max
                && row.key != account.address;
            if !holds {
                return Err(Broken::Key { account: id, key: row.key });
            }
        }
    }
    Ok(())
}

fn check_jobs(state: &State) -> Result<(), Broken> {
    let mut open = 0u64;
    for (id, job) in state.jobs() {
        match job.stage {
            Stage::Closed => {
                if let Some((_, amount)) = state.job_pots(id).first() {
                    return Err(Broken::ClosedJobHolds { job: id, amount: *amount });
                }
                continue;
            }
            Stage::Bidding | Stage::RevealingBids => {
                if job.until < state.height() {
                    return Err(Broken::Overdue { job: id });
                }
            }
            Stage::Assigned(assignment) => {
                let row = state.market.assignment(assignment);
                let settled = state.verification.is_settled(assignment);
                let late = row.until < state.height();
                if late && (row.phase != Phase::Challengeable || settled) {
                    return Err(Broken::Overdue { job: id });
                }
            }
        }
        open = open.saturating_add(1);
    }
    let c = state.job_counts();
    let ended = c.accepted.saturating_add(c.rejected).saturating_add(c.expired);
    if open != c.open || ended.saturating_add(open) != c.posted {
        return Err(Broken::JobCounts);
    }
    Ok(())
}

fn check_assignments(state: &State) -> Result<(), Broken> {
    for (index, row) in state.market.assignments.iter() {
        let assignment = AssignmentId::from_index(index);
        let held = state.assignment_pots(assignment).first();
        if let Some((_, amount)) = held.filter(|_| row.phase == Phase::Closed) {
            return Err(Broken::EndedAssignmentHolds { assignment, amount: *amount });
        }
    }
    for (id, slash) in state.slashes() {
        let amount = state.balance(Pot::Slash(id)).saturating_add(state.balance(Pot::Cover(id)));
        let over = matches!(slash.state, SlashState::Executed(_) | SlashState::Reversed(_));
        if over && !amount.is_zero() {
            return Err(Broken::PaidSlashHolds { amount });
        }
    }
    Ok(())
}

fn check_covers(state: &State) -> Result<(), Broken> {
    let jobs = state.jobs().map(|(id, _)| state.balance(Pot::Job(id, JobPot::Cover)));
    let slashes = state.slashes().map(|(id, _)| state.balance(Pot::Cover(id)));
    let (recorded, found) =
        (state.covers(), jobs.chain(slashes).fold(Amount::ZERO, Amount::saturating_add));
    if recorded == found { Ok(()) } else { Err(Broken::Covers { recorded, found }) }
}

/// Whose stake lies in a pot of an assignment.
fn holder(state: &State, id: AssignmentId, pot: AssignmentPot) -> Option<OperatorId> {
    let case = state.verification.case(id);
    match pot {
        AssignmentPot::Collateral => Some(state.market.assignment(id).operator),
        AssignmentPot::AuditLock(lock) => {
            let seat = case.seats.iter().find(|seat| seat.lock == lock && seat.operator.is_some());
            seat.and_then(|seat| seat.operator)
        }
        AssignmentPot::ChallengeDeposit(_) | AssignmentPot::DataFee(_) => None,
    }
}

fn locked_stakes(state: &State) -> BTreeMap<OperatorId, Amount> {
    let mut locked: BTreeMap<OperatorId, Amount> = BTreeMap::new();
    let mut add = |operator, amount| {
        let sum: &mut Amount = locked.entry(operator).or_default();
        *sum = sum.saturating_add(amount);
    };
    for (id, job) in state.jobs() {
        for &(pot, amount) in state.job_pots(id) {
            if let JobPot::Collateral(slot) = pot {
                add(job.bid(slot).operator, amount);
            }
        }
    }
    for (index, _) in state.market.assignments.iter() {
        let id = AssignmentId::from_index(index);
        for &(pot, amount) in state.assignment_pots(id) {
            if let Some(operator) = holder(state, id, pot) {
                add(operator, amount);
            }
        }
    }
    locked
}

fn check_operators(state: &State) -> Result<(), Broken> {
    let locked = locked_stakes(state);
    let mut accrued = Amount::ZERO;
    for (id, operator) in state.operators() {
        let free = state.balance(Pot::Bond(id));
        let found = free.saturating_add(locked.get(&id).copied().unwrap_or_default());
        if operator.stake != found {
            let recorded = operator.stake;
            return Err(Broken::Stake { operator: id, recorded, found });
        }
        let pool = state.staking.pool(operator.pool_key());
        let (rank, known) = pool.map(|pool| (pool.rank(id), pool.free(id))).unwrap_or_default();
        let pooled = staking::acts::pooled_free(state, id);
        let fits = operator.is_fit() || !operator.outside;
        if rank != operator.rank() || known != pooled.units() || !fits {
            let weight = rank.weight;
            return Err(Broken::Pool { operator: id, weight, free: known });
        }
        accrued = accrued.saturating_add(state.judge_reward(id));
    }
    let there = state.balance(Pot::Judges);
    if accrued > there {
        return Err(Broken::JudgesUncovered { accrued, there });
    }
    check_locks(state)?;
    check_sets(state)
}

fn check_locks(state: &State) -> Result<(), Broken> {
    let mut found: BTreeMap<(Role, bool), Timed> = BTreeMap::new();
    for (_, row) in state.operators() {
        let is_over = !row.lock.amount.is_zero() && row.lock.until <= state.epoch();
        if is_over
            || row.lock.until.since(state.epoch()) > state.staking.longest_lock(state.epoch())
        {
            return Err(Broken::Locks);
        }
        let timed = Timed::of(row.locked(), row.lock.until);
        if row.is_fit() && !row.locked().is_zero() {
            let sum = found.entry((row.role, row.may_work())).or_default();
            *sum = sum.checked_add(timed).ok_or(Broken::Locks)?;
        }
    }
    if found != state.staking.term_sums() {
        return Err(Broken::Locks);
    }
    Ok(())
}

/// A set too large to be brought in order in one block may be on its way to a voted size.
fn check_sets(state: &State) -> Result<(), Broken> {
    for key in state.staking.pool_keys() {
        let set = state.active_set(key.0, key.1);
        let terms = staking::SetTerms::of(key.0, state.params().staking());
        let all = set.count.saturating_add(set.waiting);
        if state.staking.turn(key, terms).is_some() && all <= staking::acts::set::TURNS_MAX {
            let (count, waiting) = (set.count, set.waiting);
            return Err(Broken::ActiveSet { role: key.0, count, waiting });
        }
    }
    Ok(())
}

fn check_reserves(state: &State) -> Result<(), Broken> {
    let (mut locks, mut fallback) = (Amount::ZERO, Amount::ZERO);
    for (id, job) in state.jobs() {
        fallback = fallback.saturating_add(job.fallback);
        let order = state.market.order(id);
        let live = state.market.live(id).map(|live| state.market.assignment(live));
        if live.is_some_and(|live| live.accepted.is_some()) {
            let own = reserved_locks(order.audit_lock, &order.bound).unwrap_or(Amount::MAX);
            locks = locks.saturating_add(own);
        }
    }
    let recorded = state.market.audit_locks_reserved;
    if recorded != locks {
        return Err(Broken::AuditLocks { recorded, found: locks });
    }
    let recorded = state.market.fallback_reserved;
    let bond = state.leader().map_or(Amount::ZERO, |leader| state.balance(Pot::Bond(leader)));
    if recorded != fallback || recorded > bond {
        return Err(Broken::Fallback { recorded, found: fallback, bond });
    }
    Ok(())
}

fn check_storage(state: &State) -> Result<(), Broken> {
    let sizes = state.keeps().map(|(_, keep)| u64::from(keep.kibibytes));
    let found = sizes.fold(0, u64::saturating_add);
    let recorded = state.kept_kib();
    if recorded != found {
        return Err(Broken::StorageRoom { recorded, found });
    }
    Ok(())
}

fn check_pins(state: &State) -> Result<(), Broken> {
    let mut found: BTreeMap<ParamsVersion, u64> = BTreeMap::new();
    let orders = state.market.orders.iter().map(|(_, order)| order.params);
    let waits = SlashState::waits;
    let slashes = state.slashes().filter(|(_, slash)| waits(slash.state));
    let proposals = state.proposals().filter(|(_, row)| row.stage.is_open());
    let slashes = slashes.map(|(_, slash)| slash.params);
    for version in orders.chain(slashes).chain(proposals.map(|(_, row)| row.params)) {
        let count = found.entry(version).or_default();
        *count = count.saturating_add(1);
    }
    for (version, recorded) in state.params.pins() {
        let found = found.get(&version).copied().unwrap_or(0);
        if recorded != found {
            return Err(Broken::ParamsPins { version, recorded, found });
        }
    }
    let mut wanted: Vec<_> = state.pool_pins();
    wanted.sort_unstable();
    if wanted != state.staking.pool_pins() {
        return Err(Broken::PoolPins);
    }
    Ok(())
}
