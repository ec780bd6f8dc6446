//! What of a state is stored: the rows. The rest is made anew from them.
//!
//! Law: two states of one root have one future, since nothing else is read back.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    accounts::Accounts,
    credits::Credits,
    governance::{Governance, GovernanceRows},
    grants::Grants,
    ids::{
        AssignmentId, ExitId, JobId, KeepId, MoveId, OperatorId, ProposalId, RaterId, Role,
        SlashId, UnbondingId,
    },
    insurance::Insurance,
    ledger::{Ledger, Pot},
    market::{Market, Phase, Stage},
    num::{Blocks, Height},
    params::ParamsHistory,
    prices::{Prices, PricesRows},
    reputation::Reputation,
    rewards::Rewards,
    slashing::{SlashState, Slashing},
    staking::{MoveStage, PoolKey, Staking, StakingRows},
    storage::Storage,
    timers::{Timer, Timers},
    verification::Verification,
};

use super::{Chain, State};

#[derive(Serialize)]
struct Written<'a> {
    chain: &'a Chain,
    params: &'a ParamsHistory,
    accounts: &'a Accounts,
    ledger: &'a Ledger,
    staking: StakingRows,
    reputation: &'a Reputation,
    market: &'a Market,
    verification: &'a Verification,
    slashing: &'a Slashing,
    insurance: &'a Insurance,
    storage: &'a Storage,
    rewards: &'a Rewards,
    governance: GovernanceRows,
    prices: PricesRows,
    credits: &'a Credits,
    grants: &'a Grants,
}

#[derive(Deserialize)]
struct Read {
    chain: Chain,
    params: ParamsHistory,
    accounts: Accounts,
    ledger: Ledger,
    staking: StakingRows,
    reputation: Reputation,
    market: Market,
    verification: Verification,
    slashing: Slashing,
    insurance: Insurance,
    storage: Storage,
    rewards: Rewards,
    governance: GovernanceRows,
    prices: PricesRows,
    credits: Credits,
    grants: Grants,
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            chain: &self.chain,
            params: &self.params,
            accounts: &self.accounts,
            ledger: &self.ledger,
            staking: self.staking.rows(),
            reputation: &self.reputation,
            market: &self.market,
            verification: &self.verification,
            slashing: &self.slashing,
            insurance: &self.insurance,
            storage: &self.storage,
            rewards: &self.rewards,
            governance: self.governance.rows(),
            prices: self.prices.rows(),
            credits: &self.credits,
            grants: &self.grants,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Read::deserialize(deserializer)?;
        read.market.share_alike();
        let pins = pins(&read.market, &read.verification);
        let free = |id| read.ledger.balance(Pot::Bond(id));
        let staking = Staking::restore(read.staking, free, &pins);
        let mut state = State {
            chain: read.chain,
            params: read.params,
            accounts: read.accounts,
            ledger: read.ledger,
            staking,
            prices: Prices::restore(read.prices),
            credits: read.credits,
            reputation: read.reputation,
            market: read.market,
            verification: read.verification,
            slashing: read.slashing,
            insurance: read.insurance,
            storage: read.storage,
            rewards: read.rewards,
            governance: Governance::restore(read.governance),
            grants: read.grants,
            timers: Timers::default(),
        };
        state.timers = state.timers_from_rows();
        Ok(state)
    }
}

/// Which heights the draws of open cases count the weights of.
fn pins(market: &Market, verification: &Verification) -> Vec<(PoolKey, Height)> {
    let cases = verification.cases.iter();
    let pinned = cases.filter_map(|(index, case)| {
        let job = market.assignments.get(index)?.job;
        let class = market.orders.get(job.index())?.terms.class;
        Some(((Role::Validator, class), case.pool_at?))
    });
    pinned.collect()
}

impl State {
    /// Which heights the draws of open cases count the weights of, one entry for each.
    pub(crate) fn pool_pins(&self) -> Vec<(PoolKey, Height)> {
        pins(&self.market, &self.verification)
    }

    /// The timers that the rows ask for.
    pub(crate) fn timers_from_rows(&self) -> Timers {
        let mut timers = Timers::default();
        let now = self.chain.height;
        let mut set = |at: Height, timer| {
            if at > now {
                timers.set(at, timer);
            }
        };
        let after = |until: Height| until.after(Blocks::new(1));
        for (index, job) in self.market.jobs.iter() {
            let id = JobId::from_index(index);
            match (job.stage, &job.closed) {
                (Stage::Bidding | Stage::RevealingBids, _) => set(after(job.until), Timer::Job(id)),
                (Stage::Closed, Some(closed)) => set(closed.leaves, Timer::RetireJob(id)),
                (Stage::Assigned(_) | Stage::Closed, _) => {}
            }
        }
        for (index, assignment) in self.market.assignments.iter() {
            let id = AssignmentId::from_index(index);
            if assignment.phase == Phase::Closed {
                continue;
            }
            set(after(assignment.until), Timer::Assignment(id));
            let case = self.verification.case(id);
            if let Some(due) = case.seed.due {
                set(due, Timer::Seed(id));
            }
            for (place, request) in (0u16..).zip(&case.requests) {
                if !request.served {
                    set(after(request.until), Timer::Data(id, place));
                }
            }
            for (place, dispute) in (0u16..).zip(&self.verification.docket(id).disputes) {
                if dispute.ended.is_none() {
                    set(after(dispute.until()), Timer::Dispute(id, place));
                }
            }
        }
        for (index, slash) in self.slashing.slashes.iter() {
            if let SlashState::Executed(leaves) | SlashState::Reversed(leaves) = slash.state {
                set(leaves, Timer::RetireSlash(SlashId::from_index(index)));
            }
        }
        for (id, account) in self.accounts() {
            for row in &account.keys {
                timers.set_key(after(row.expires), id, row.key);
            }
        }
        for (index, keep) in self.storage.keeps.iter() {
            timers.set_lapse(after(keep.until), KeepId::from_index(index));
        }
        self.epoch_timers(&mut timers);
        timers
    }

    fn epoch_timers(&self, timers: &mut Timers) {
        for (index, rater) in self.reputation.raters.iter() {
            timers.set_epoch(rater.leaves, Timer::Rater(RaterId::from_index(index)));
        }
        for (index, operator) in self.staking.operators.iter() {
            if !operator.lock.amount.is_zero() {
                let id = OperatorId::from_index(index);
                timers.set_epoch(operator.lock.until, Timer::Lock(id));
            }
        }
        for (index, unbonding) in self.staking.unbondings.iter() {
            timers.set_epoch(unbonding.matures, Timer::Unbonding(UnbondingId::from_index(index)));
        }
        for (index, exit) in self.staking.exits.iter() {
            if exit.matures > self.chain.epoch.number {
                timers.set_epoch(exit.matures, Timer::Exit(ExitId::from_index(index)));
            }
        }
        for (index, row) in self.staking.moves.iter() {
            if row.stage == MoveStage::Bound {
                timers.set_epoch(row.matures, Timer::Move(MoveId::from_index(index)));
            }
        }
        for (index, row) in self.governance.proposals.iter() {
            timers.set_epoch(row.due, Timer::Proposal(ProposalId::from_index(index)));
        }
        for (index, slash) in self.slashing.slashes.iter() {
            if let SlashState::Pending(at) | SlashState::Held(at) = slash.state {
                timers.set_epoch(at, Timer::Slash(SlashId::from_index(index)));
            }
        }
    }
}
