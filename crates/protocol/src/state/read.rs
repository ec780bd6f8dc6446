//! What may be read of a state.

use core::ops::Deref;

use crate::{
    accounts::Account,
    command::{ResourceClass, Sender, Transaction},
    ids::{
        AccountId, Address, Asset, AssignmentId, DelegationId, Digest, ExitId, JobId, KeepId,
        MoveId, OperatorId, ProgramId, RaterId, Role, SlashId, UnbondingId,
    },
    insurance::CoverQuote,
    ledger::{Assets, AssignmentPot, JobPot, Places, Pot},
    market::{Assignment, Job, JobCounts, Order, Phase},
    num::{Amount, Epoch, Height, Mixed, Rate, Ratio},
    params::Params,
    rejected::TransactionRejected,
    reputation::{Rater, Record},
    rewards::{Schedule, Vesting},
    slashing::{self, Claims, Slash},
    staking::{
        self, ActiveSet, Delegation, DelegationPool, Exit, Leave, Leaver, Move, MoveStage, Moved,
        Operator, SetPlace, SetTerms, Standing, TermWeight, Unbonding,
    },
    storage::{Keep, Program},
    verification::{Case, Docket},
};

use super::State;

/// The chain.
impl State {
    /// True while a deadline is ahead that moves something: of an open job, a slash that waits, a
    /// vote, stake that leaves. Not counted are rows that leave, bytes and keys.
    pub fn awaits(&self) -> bool {
        self.timers.awaits()
    }

    /// The network's name: the digest of its genesis.
    pub fn network(&self) -> Digest {
        self.chain.network
    }

    /// The last block opened.
    pub fn height(&self) -> Height {
        self.chain.height
    }

    /// The time of that block, in milliseconds since the Unix epoch.
    pub fn time_ms(&self) -> u64 {
        self.chain.time_ms
    }

    /// The epoch of that block.
    pub fn epoch(&self) -> Epoch {
        self.chain.epoch.number
    }

    /// The first block of that epoch.
    pub fn epoch_first(&self) -> Height {
        self.chain.epoch.first
    }

    /// The parameters that a job posted now would pin.
    pub fn params(&self) -> &Params {
        self.params.current()
    }

    /// What one unit of weight of an ordinary transaction costs in this block.
    pub fn base_fee(&self) -> Amount {
        self.chain.base_fee
    }

    /// Blocks so far in which the referee had no time left for one of the largest steps.
    pub fn full_blocks(&self) -> u64 {
        self.chain.full_blocks
    }

    /// The operator of the leading replica, whose bond pays for a withheld beacon.
    pub fn leader(&self) -> Option<OperatorId> {
        self.chain.leader
    }
}

/// Money and accounts.
impl State {
    /// Which assets there are.
    pub fn assets(&self) -> Assets {
        self.ledger.assets()
    }

    /// All money of an asset ever issued.
    pub fn issued(&self, asset: Asset) -> Amount {
        self.ledger.issued(asset)
    }

    /// What lies in each kind of place: a walk over every pot.
    pub fn places(&self) -> Places {
        self.ledger.places()
    }

    /// What lies in a pot; for `Burnt`, all that ever was burnt.
    pub fn balance(&self, pot: Pot) -> Amount {
        self.ledger.balance(pot)
    }

    /// What an account has at its disposal of the asset that pays.
    pub fn free(&self, account: AccountId) -> Amount {
        self.ledger.free(account)
    }

    /// The account of an address.
    pub fn account_id(&self, address: &Address) -> Option<AccountId> {
        self.accounts.id(address)
    }

    /// Who a signed transaction is from, for the address that its signature gave.
    ///
    /// # Errors
    /// `UnknownAccount` if the signer, or the one that it acts for, has none. Whether it is
    /// authorised is looked at by [`State::check`].
    pub fn sender(
        &self,
        signer: &Address,
        transaction: &Transaction,
    ) -> Result<Sender, TransactionRejected> {
        let account = transaction.on_behalf_of.as_ref();
        let key = account.map(|_| *signer);
        let account = self.account_id(account.unwrap_or(signer));
        let account = account.ok_or(TransactionRejected::UnknownAccount)?;
        Ok(Sender { account, key })
    }

    /// The next place in a sender's sequence; none without an account or an authorisation.
    pub fn next_nonce(&self, sender: impl Into<Sender>) -> Option<u64> {
        let Sender { account, key } = sender.into();
        let account = self.account(account)?;
        match key {
            None => Some(account.nonce),
            Some(key) => {
                let row = account.authorisation(&key)?;
                row.counts_at(self.height()).then_some(row.nonce)
            }
        }
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// How many accounts there are.
    pub fn account_count(&self) -> usize {
        self.accounts.rows.len()
    }

    /// Every account, in order of creation.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.rows.iter().map(|(index, row)| (AccountId::from_index(index), row))
    }
}

/// Stake, records and slashes.
impl State {
    /// An account's operator of a role.
    pub fn operator_id(&self, account: AccountId, role: Role) -> Option<OperatorId> {
        self.account(account)?.operator(role)
    }

    /// The tier of access that a job of this account would be posted with; 0 if none. Stake that
    /// leaves does not count, nor does any of whom is jailed (m11).
    pub fn access_tier(&self, account: AccountId) -> u8 {
        let operator = self.operator_id(account, Role::Access).map(|id| self.staking.operator(id));
        let active = operator.filter(|operator| operator.standing == Standing::Active);
        let reached = active.and_then(|operator| self.params().access().reached(operator.stake));
        reached.map_or(0, |row| row.tier)
    }

    /// An operator.
    pub fn operator(&self, id: OperatorId) -> Option<&Operator> {
        self.staking.operators.get(id.index())
    }

    /// The active set of a role and class as it stands now.
    pub fn active_set(&self, role: Role, class: ResourceClass) -> ActiveSet {
        self.staking.active_set((role, class), SetTerms::of(role, self.params().staking()))
    }

    /// Where an operator stands towards its active set.
    pub fn set_place(&self, id: OperatorId) -> Option<SetPlace> {
        self.operator(id).map(|_| self.staking.set_place(id))
    }

    /// What an operator has at stake and what takes a place in its active set now, if it waits for
    /// one.
    pub(crate) fn lacks_place(&self, id: OperatorId) -> Option<(Amount, Amount)> {
        let operator = self.staking.operator(id);
        let needed = || self.active_set(operator.role, operator.class).needed;
        operator.outside.then(|| (operator.stake, needed()))
    }

    /// How locks of bonds weigh now; none where a network has none.
    pub fn lock_weight(&self) -> Option<TermWeight> {
        TermWeight::of(self.params().staking(), self.epoch())
    }

    /// What an operator's own stake would weigh in a vote that began now, with what its lock adds;
    /// nothing if it has no say.
    pub fn vote_weight(&self, id: OperatorId) -> Amount {
        let stake = self.staking.stake_of_fit().saturating_add(self.ledger.delegated_total());
        let (_, locks) = self.staking.power(stake, self.lock_weight());
        let delegated = self.staking.delegated_to(id);
        self.staking.power_of_operator(id, locks).saturating_sub(delegated)
    }

    /// What of an operator's bond may leave: what backs nothing, and is not locked.
    pub fn unbondable(&self, id: OperatorId) -> Amount {
        self.free_of_jobs(id).min(self.staking.operator(id).unlocked())
    }

    /// What of an operator's bond backs nothing, locked or not.
    pub(crate) fn free_of_jobs(&self, id: OperatorId) -> Amount {
        let free = self.ledger.balance(Pot::Bond(id));
        let backs = if self.chain.leader == Some(id) {
            self.market.fallback_reserved
        } else {
            Amount::ZERO
        };
        free.saturating_sub(backs)
    }

    /// How many operators ever entered.
    pub fn operator_count(&self) -> usize {
        self.staking.operators.len()
    }

    /// Every operator, in order of entry.
    pub fn operators(&self) -> impl Iterator<Item = (OperatorId, &Operator)> {
        self.staking.operators.iter().map(|(index, row)| (OperatorId::from_index(index), row))
    }

    /// What a validator's share of slashes has come to.
    pub fn judge_reward(&self, id: OperatorId) -> Amount {
        self.staking.judge_reward(id)
    }

    /// What an operator itself earned by emission and was not paid, as it stands now: its part of
    /// what its work of the epochs before and its stake came to included.
    pub fn vesting(&self, id: OperatorId) -> Vesting {
        let by_stake = self.staking.stake_earned(id);
        let is_shared = self.assets() == Assets::Single;
        let own = |amount: Amount| {
            // What nobody earned need not be shared.
            let theirs = |all| self.staking.sharing(id, all).terms.delegators(all);
            let shared = is_shared && !amount.is_zero();
            amount.saturating_sub(if shared { theirs(amount) } else { Amount::ZERO })
        };
        self.rewards.vesting_at((id, by_stake), own, self.epoch(), self.params().rewards())
    }

    /// All that was ever emitted.
    pub fn emitted(&self) -> Amount {
        self.rewards.emitted
    }

    /// The yearly rate of the last epoch that was paid for, if a schedule runs that has one.
    pub fn emission_rate(&self) -> Option<Rate> {
        let rate = self.rewards.running?.standing.rate;
        Some(rate).filter(|rate| *rate != Rate::default())
    }

    /// How much of its goal is reached, if a schedule runs that has one: epochs of its baseline.
    pub fn goal_reached(&self) -> Option<Mixed> {
        let Schedule::Goal { baseline, .. } = Schedule::of(self.params().rewards()) else {
            return None;
        };
        Some(self.rewards.running?.standing.reached.epochs(&baseline))
    }

    /// What is left of the schedule after its cut, if one is made.
    pub fn emission_kept(&self) -> Option<Ratio> {
        let kept = self.rewards.running?.standing.kept;
        Some(kept).filter(|_| !self.params().rewards().cover_target.is_zero())
    }

    /// The most that an operator's paid work of this epoch attracts.
    pub fn open_claim(&self, id: OperatorId) -> Amount {
        let returns = self.rewards.open.returns;
        self.rewards.open_work(id).map_or(Amount::ZERO, |work| work.weight(returns))
    }

    /// What paid work of this epoch may attract, all operators together.
    pub fn open_claims(&self) -> Amount {
        self.rewards.open.claims
    }

    /// An operator's record as it stands now.
    pub fn reputation(&self, id: OperatorId) -> Record {
        self.reputation.record(id).faded(self.epoch(), self.params().reputation().decay)
    }

    /// What requesters have said of providers and is counted against them, in order of its number.
    pub fn raters(&self) -> impl ExactSizeIterator<Item = (RaterId, &Rater)> {
        self.reputation.raters.iter().map(|(index, row)| (RaterId::from_index(index), row))
    }

    /// What acts alone say of an operator now, and no rating: collateral follows it.
    pub fn proven_score(&self, id: OperatorId) -> Ratio {
        self.reputation.proven(id, self.epoch(), self.params().reputation())
    }

    /// The most that a job under these parameters may be worth for this operator to bid on it; none
    /// if it may bid on any.
    pub fn job_value_max(&self, id: OperatorId, params: &Params) -> Option<Amount> {
        params.reputation().job_value_max(self.reputation(id).carried)
    }

    /// An operator's score now, as auctions see it.
    pub fn score(&self, id: OperatorId) -> Ratio {
        self.reputation.score(id, self.epoch(), self.params().reputation())
    }

    /// An entry of the unbonding queue; none once it was paid out.
    pub fn unbonding(&self, id: UnbondingId) -> Option<&Unbonding> {
        self.staking.unbondings.get(id.index())
    }

    /// What others delegated to an operator.
    pub fn delegation_pool(&self, id: OperatorId) -> Option<&DelegationPool> {
        self.staking.delegation_pools.get(id.index()).map(Deref::deref)
    }

    /// The most that an operator may have delegated, in base units; what is there already may be
    /// more, if its own stake has shrunk since.
    pub fn delegation_max(&self, id: OperatorId) -> Amount {
        self.staking.delegation_cap(id, self.params().staking())
    }

    /// What an account delegated to an operator; none once all of it was withdrawn.
    pub fn delegation(&self, account: AccountId, operator: OperatorId) -> Option<&Delegation> {
        Some(self.staking.delegation(self.delegation_id(account, operator)?))
    }

    pub(crate) fn delegation_id(
        &self,
        account: AccountId,
        operator: OperatorId,
    ) -> Option<DelegationId> {
        let mut held = self.account(account)?.delegations.iter().copied();
        held.find(|id| self.staking.delegation(*id).operator == operator)
    }

    /// What a delegation has in its operator's pool, in base units, rounded down.
    pub fn delegated(&self, delegation: &Delegation) -> Amount {
        self.staking.delegated_floor(delegation)
    }

    /// What a delegation earned of the operator's pay and was not paid, in base units of the asset
    /// that pays, rounded down.
    pub fn delegation_earned(&self, delegation: &Delegation) -> Amount {
        self.staking.delegation_earned(delegation).whole_floor()
    }

    /// What of a delegation leaves or has matured: each exit, what is there in base units, rounded
    /// down, and from when on it may be withdrawn; exits that lost everything are left out.
    pub fn leaving(
        &self,
        delegation: &Delegation,
    ) -> impl Iterator<Item = (ExitId, Amount, Epoch)> {
        let entry = |&(id, claim)| {
            let matures = self.staking.exit(id)?.matures;
            Some((id, self.staking.leaving_floor((id, claim)), matures))
        };
        delegation.exits.iter().filter_map(entry)
    }

    /// What leaves an operator's delegation pool by one epoch; none once nobody has a share of it.
    pub fn exit(&self, id: ExitId) -> Option<&Exit> {
        self.staking.exit(id)
    }

    /// What of a delegation moved here and answers for another operator, too: each parcel, what is
    /// there in base units, rounded down, whom it left, and from when on it is free.
    pub fn moved(
        &self,
        delegation: &Delegation,
    ) -> impl Iterator<Item = (MoveId, Amount, OperatorId, Epoch)> {
        let bound = |entry: &Moved| {
            let parcel = self.staking.moved(entry.id);
            let there = self.staking.bound_part_floor(entry);
            let is_bound = parcel.stage == MoveStage::Bound;
            is_bound.then_some((entry.id, there, parcel.source, parcel.matures))
        };
        delegation.moves.iter().filter_map(bound)
    }

    /// All that is delegated to an operator and not leaving, moved stake included.
    pub fn delegated_to(&self, id: OperatorId) -> Amount {
        self.staking.delegated_to(id)
    }

    /// A parcel of moved stake; none once nobody has a part of it.
    pub fn parcel(&self, id: MoveId) -> Option<&Move> {
        self.staking.moves.get(id.index())
    }

    /// A delegation by its number; none once all of it was withdrawn.
    pub fn delegation_row(&self, id: DelegationId) -> Option<&Delegation> {
        self.staking.delegations.get(id.index())
    }

    /// How many delegations there ever were.
    pub fn delegation_count(&self) -> usize {
        self.staking.delegations.len()
    }

    /// What insuring a job comes to; none of a job that is not there.
    pub fn cover_quote(&self, job: JobId) -> Option<CoverQuote> {
        let order = self.order(job)?;
        let judged = self.params.at(order.params);
        let tariff = crate::bound::in_stake_ceil(order.bound.tariff, order.bound.stake_price);
        // The least collateral, of which as much is paid to others as ever may be.
        let claims = Claims {
            injured: Some(order.requester),
            tariff: tariff.unwrap_or(Amount::MAX),
            reporters: alloc::vec![order.requester],
            reward_max: order.quote.reward_max,
        };
        let least = slashing::plan(order.quote.collateral_min, &claims, judged.slashing());
        let pool = self.balance(Pot::Insurance(Asset::Stake));
        let insured = judged.insurance();
        let of_pair = insured.pair_share.amount_floor(pool.saturating_add(self.covers()));
        let cover_max = insured.cover_share.amount_floor(least.sunk()).min(of_pair);
        let available = self.insurance.available(self.epoch(), pool, self.params().insurance());
        let chance = order.quote.detection.times_ceil(self.params().insurance().wrong_share);
        Some(CoverQuote { cover_max, available, chance })
    }

    /// All that is promised to requesters, of open jobs and of slashes that wait.
    pub fn covers(&self) -> Amount {
        self.ledger.covers()
    }

    /// What was promised to requesters in this epoch and did not come back in it.
    pub fn covers_promised(&self) -> Amount {
        self.insurance.promised(self.epoch())
    }

    /// When `amount` of what is delegated may be withdrawn, if it begins to leave now.
    pub fn undelegation_matures(&self, amount: Amount) -> Epoch {
        let leave = self.leave(Leaver::Delegated, amount);
        staking::end_of_exit(leave.matures, self.params().staking())
    }

    /// When `amount` of an operator's own bond is paid out, if it begins to leave now.
    pub fn unbond_matures(&self, id: OperatorId, amount: Amount) -> Epoch {
        self.leave(Leaver::Own(self.staking.operator(id).pool_key()), amount).matures
    }

    /// What it comes to if `amount` begins to leave now.
    pub(crate) fn leave(&self, leaver: Leaver, amount: Amount) -> Leave {
        let now = (self.epoch(), self.ledger.delegated_total());
        self.staking.leave(leaver, amount, now, self.params().staking())
    }

    /// The largest share that one offence would take now of what is delegated to an operator, by
    /// its strikes.
    pub fn loss_share_max(&self, id: OperatorId) -> Ratio {
        let params = self.params().slashing();
        let halflife = params.strike_halflife_epochs.count();
        let strikes = self.operator(id).map(|row| row.strikes(self.epoch(), halflife));
        let share = slashing::share_max(strikes.unwrap_or_default(), params);
        share.times_ceil(params.delegated_answers)
    }

    /// Every delegation, in order of the first.
    pub fn delegations(&self) -> impl Iterator<Item = (DelegationId, &Delegation)> {
        self.staking.delegations.iter().map(|(index, row)| (DelegationId::from_index(index), row))
    }

    /// A slash; none some time after it was paid out.
    pub fn slash(&self, id: SlashId) -> Option<&Slash> {
        self.slashing.slashes.get(id.index())
    }

    /// How many slashes there ever were.
    pub fn slash_count(&self) -> usize {
        self.slashing.slashes.len()
    }

    /// Every slash that is still there, in order of conviction.
    pub fn slashes(&self) -> impl Iterator<Item = (SlashId, &Slash)> {
        self.slashing.slashes.iter().map(|(index, row)| (SlashId::from_index(index), row))
    }
}

/// Jobs.
impl State {
    /// What was asked; none some time after the job closed.
    pub fn order(&self, id: JobId) -> Option<&Order> {
        self.market.orders.get(id.index())
    }

    /// Where a job stands; none some time after it closed.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.market.get(id)
    }

    /// The phase of a job, its assignment included.
    pub fn phase(&self, id: JobId) -> Option<Phase> {
        self.market.phase(id)
    }

    /// Every job that is still there, in order of posting.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = (JobId, &Job)> {
        self.market.jobs.iter().map(|(index, row)| (JobId::from_index(index), row))
    }

    /// How many jobs came to what.
    pub fn job_counts(&self) -> JobCounts {
        self.market.counts
    }

    /// The assignment of a job that is being done, or the last one it had.
    pub fn assignment_of(&self, id: JobId) -> Option<(AssignmentId, &Assignment)> {
        let last = *self.job(id)?.assignments.last()?;
        Some((last, self.assignment(last)?))
    }

    /// An assignment; none some time after its job closed.
    pub fn assignment(&self, id: AssignmentId) -> Option<&Assignment> {
        self.market.assignments.get(id.index())
    }

    /// The verification of a job's last assignment.
    pub fn case(&self, id: JobId) -> Option<&Case> {
        let (last, _) = self.assignment_of(id)?;
        self.verification.cases.get(last.index()).map(Deref::deref)
    }

    /// The disputes about a job's last assignment.
    pub fn docket(&self, id: JobId) -> Option<&Docket> {
        let (last, _) = self.assignment_of(id)?;
        self.verification.dockets.get(last.index()).map(Deref::deref)
    }

    /// The digest of a node of a job's result: the root, or what a disclosure said.
    pub fn digest(&self, id: JobId, node: crate::command::Node) -> Option<Digest> {
        let (last, _) = self.assignment_of(id)?;
        self.verification.digest(last, node)
    }

    /// The pots of a job that hold anything.
    pub fn job_pots(&self, id: JobId) -> &[(JobPot, Amount)] {
        self.ledger.job_pots(id)
    }

    /// The pots of an assignment that hold anything.
    pub fn assignment_pots(&self, id: AssignmentId) -> &[(AssignmentPot, Amount)] {
        self.ledger.assignment_pots(id)
    }

    /// The parameters that a job is judged by.
    pub fn job_params(&self, order: &Order) -> &Params {
        self.params.at(order.params)
    }
}

/// Storage.
impl State {
    /// Every keep that has not left, in the order in which they were paid; where many end at one
    /// height, some that are over stand for a few blocks more.
    pub fn keeps(&self) -> impl Iterator<Item = (KeepId, &Keep)> {
        self.storage.keeps.iter().map(|(index, keep)| (KeepId::from_index(index), keep))
    }

    /// One keep; none if it has left.
    pub fn keep(&self, id: KeepId) -> Option<&Keep> {
        self.storage.keep(id)
    }

    /// Kibibytes that are kept now.
    pub fn kept_kib(&self) -> u64 {
        self.storage.used_kib
    }

    /// Every program that somebody published or has begun to.
    pub fn programs(&self) -> impl Iterator<Item = (ProgramId, &Program)> {
        let rows = self.storage.programs.rows.iter();
        rows.map(|(index, row)| (ProgramId::from_index(index), row))
    }

    /// How many were ever begun: the number of the next.
    pub fn program_count(&self) -> usize {
        self.storage.programs.rows.len()
    }

    /// One row; none if it has left.
    pub fn program_at(&self, id: ProgramId) -> Option<&Program> {
        self.storage.programs.get(id)
    }

    /// The number of the program of this name, if jobs may name it.
    pub fn program_id(&self, program: &Digest) -> Option<ProgramId> {
        self.storage.programs.id(program)
    }

    /// The program of this name, if jobs may name it.
    pub fn program(&self, program: &Digest) -> Option<&Program> {
        self.storage.programs.id(program).and_then(|id| self.storage.programs.get(id))
    }

    /// The bytes that are there of a program, part by part.
    pub fn program_code(&self, program: &Program) -> alloc::vec::Vec<&[u8]> {
        self.storage.programs.code(program)
    }

    /// What programs take of their room now, in kibibytes.
    pub fn programs_kib(&self) -> u64 {
        self.storage.programs.used_kib()
    }
}
