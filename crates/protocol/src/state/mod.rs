//! State: all there is, and what may be read of it.
//!
//! Law: nothing outside this crate changes a field; the root covers every row and every number
//! that decides anything, and what it does not cover (timers, pools, indexes) is a function of
//! them, made anew when a state is loaded.
//! Not here: transitions (each room's handlers, `stories`, `epoch`).

mod branch;
mod credits;
mod grants;
mod prices;
mod proposals;
mod read;
mod stored;

use crate::{
    accounts::Accounts,
    command::ResourceClass,
    credits::Credits,
    genesis::{
        BeaconGenesis, COUNCIL_MAX, Genesis, GenesisCouncil, GenesisGuardian, GenesisOperator,
        GenesisRejected,
    },
    governance::{self, Governance, Guard},
    grants::Grants,
    ids::{AccountId, Address, Asset, Digest, OperatorId, Role},
    insurance::Insurance,
    ledger::{Assets, Ledger, Pot, Reason},
    market::Market,
    num::{Amount, Epoch, Gas, Height},
    params::{Params, ParamsHistory, ParamsRejected},
    prices::Prices,
    reputation::Reputation,
    rewards::Rewards,
    slashing::Slashing,
    staking::{PoolKey, SetTerms, Staking, Turn},
    storage::Storage,
    timers::Timers,
    verification::Verification,
};

use serde::{Deserialize, Serialize};

/// The whole state of a network.
///
/// A clone is a branch: it costs little, and what changes in one is not seen in the other.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) chain: Chain,
    pub(crate) params: ParamsHistory,
    pub(crate) accounts: Accounts,
    pub(crate) ledger: Ledger,
    pub(crate) staking: Staking,
    pub(crate) prices: Prices,
    pub(crate) credits: Credits,
    pub(crate) reputation: Reputation,
    pub(crate) market: Market,
    pub(crate) verification: Verification,
    pub(crate) slashing: Slashing,
    pub(crate) insurance: Insurance,
    pub(crate) storage: Storage,
    pub(crate) rewards: Rewards,
    pub(crate) governance: Governance,
    pub(crate) grants: Grants,
    pub(crate) timers: Timers,
}

/// Where the chain is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) network: Digest,
    pub(crate) height: Height,
    pub(crate) time_ms: u64,
    pub(crate) epoch: EpochMark,
    pub(crate) base_fee: Amount,
    /// Weight of ordinary transactions since the block opened.
    pub(crate) weight: u64,
    /// Gas that the referee re-executed since the block opened.
    pub(crate) referee_gas: Gas,
    /// Blocks in which it had no time left for one of the largest steps.
    pub(crate) full_blocks: u64,
    pub(crate) beacon: Beacon,
    /// Whose bond pays for a withheld beacon.
    pub(crate) leader: Option<OperatorId>,
}

/// An epoch, and where it began: its length may be voted, its past may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EpochMark {
    pub(crate) number: Epoch,
    pub(crate) first: Height,
}

/// The leading replica's hash chain, as far as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beacon {
    pub(crate) genesis: BeaconGenesis,
    /// What the next preimage must hash to.
    pub(crate) link: Digest,
    /// The ends of the next chain and of the one after it.
    pub(crate) anchors: [Digest; 2],
    /// What this block showed, if it did.
    pub(crate) shown: Option<Digest>,
}

impl Chain {
    fn new(genesis: &Genesis, params: &Params) -> Chain {
        Chain {
            network: genesis.network(),
            height: Height::ZERO,
            time_ms: genesis.time_ms,
            epoch: EpochMark { number: Epoch::ZERO, first: Height::ZERO },
            base_fee: params.chain().base_fee,
            weight: 0,
            referee_gas: Gas::ZERO,
            full_blocks: 0,
            beacon: Beacon {
                genesis: genesis.beacon,
                link: genesis.beacon.anchor,
                anchors: [genesis.beacon.anchor, genesis.beacon.next_anchor],
                shown: None,
            },
            leader: None,
        }
    }
}

impl State {
    /// The state at height 0.
    ///
    /// # Errors
    /// Why a network cannot begin so.
    pub fn new(genesis: &Genesis) -> Result<State, GenesisRejected> {
        let params = Params::try_from(genesis.params).map_err(GenesisRejected::Params)?;
        let unfit = params.unfit_for_one().filter(|_| genesis.assets == Assets::Single);
        if let Some(violation) = unfit {
            let violations = alloc::vec![violation];
            return Err(GenesisRejected::Params(ParamsRejected { violations }));
        }
        if genesis.beacon.chain_blocks.count() == 0 {
            return Err(GenesisRejected::BeaconChainEmpty);
        }
        let mut state = State {
            chain: Chain::new(genesis, &params),
            params: ParamsHistory::new(params),
            accounts: Accounts::default(),
            ledger: Ledger::new(genesis.assets),
            staking: Staking::default(),
            prices: Prices::default(),
            credits: Credits::default(),
            reputation: Reputation::default(),
            market: Market::default(),
            verification: Verification::default(),
            slashing: Slashing::default(),
            insurance: Insurance::default(),
            storage: Storage::default(),
            rewards: Rewards::default(),
            governance: Governance::default(),
            grants: Grants::default(),
            timers: Timers::default(),
        };
        for account in &genesis.accounts {
            let address = account.address;
            if state.accounts.id(&address).is_some() {
                return Err(GenesisRejected::DuplicateAccount { address });
            }
            if genesis.assets == Assets::Single && !account.payment.is_zero() {
                return Err(GenesisRejected::NoPaymentAsset { address });
            }
            let id = state.open_account(address);
            state.issue_at_genesis(Pot::Free(id, Asset::Stake), account.balance)?;
            if !account.payment.is_zero() {
                state.issue_at_genesis(Pot::Free(id, Asset::Payment), account.payment)?;
            }
        }
        state.grant_at_genesis(genesis)?;
        for operator in &genesis.operators {
            state.enter_at_genesis(operator)?;
        }
        state.governance.guard = state.guard_at_genesis(genesis)?;
        Ok(state)
    }

    fn issue_at_genesis(&mut self, target: Pot, amount: Amount) -> Result<(), GenesisRejected> {
        self.ledger.issue(target, amount).ok_or(GenesisRejected::SupplyTooLarge)
    }

    fn guard_at_genesis(&self, genesis: &Genesis) -> Result<Guard, GenesisRejected> {
        let phase = self.params().governance().phase;
        if genesis.council.is_some() != (phase < governance::PHASE_STAKE) {
            return Err(GenesisRejected::CouncilOutOfPhase { phase });
        }
        let known = |address: Address| {
            self.accounts.id(&address).ok_or(GenesisRejected::GuardUnknown { address })
        };
        let mut guard = Guard::default();
        if let Some(GenesisCouncil { members, threshold }) = &genesis.council {
            let (count, threshold) = (members.len(), *threshold);
            if usize::from(threshold) > count || threshold == 0 || count > COUNCIL_MAX {
                let members = u64::try_from(count).unwrap_or(u64::MAX);
                return Err(GenesisRejected::CouncilOutOfRange { members, threshold });
            }
            for &address in members {
                let id = known(address)?;
                if guard.council.contains(&id) {
                    return Err(GenesisRejected::GuardUnknown { address });
                }
                guard.council.push(id);
            }
            guard.threshold = threshold;
        }
        if let Some(GenesisGuardian { address, sunset }) = genesis.guardian {
            guard.guardian = Some((known(address)?, sunset));
        }
        Ok(guard)
    }

    fn enter_at_genesis(&mut self, operator: &GenesisOperator) -> Result<(), GenesisRejected> {
        let GenesisOperator { address, role, bond } = *operator;
        let free = |id| self.ledger.balance(Pot::Free(id, Asset::Stake));
        let account = self.accounts.id(&address);
        let covered = account.filter(|id| free(*id) >= bond && !bond.is_zero());
        let account = covered.ok_or(GenesisRejected::BondNotCovered { address, bond })?;
        if self.operator_id(account, role).is_some() {
            return Err(GenesisRejected::DuplicateOperator { address });
        }
        let id = self.open_operator(account, (role, ResourceClass::Cpu));
        let (source, target) = (Pot::Free(account, Asset::Stake), Pot::Bond(id));
        let mut movements = alloc::vec::Vec::new();
        self.ledger.transfer(source, target, bond, Reason::Bond, &mut movements);
        self.staking.operator_mut(id).stake = bond;
        let pooled = if role == Role::Validator { bond } else { Amount::ZERO };
        let terms = SetTerms::of(role, self.params.current().staking());
        self.staking.settle_set(id, terms);
        self.staking.refresh(id, pooled, Height::ZERO);
        match self.staking.turn((role, ResourceClass::Cpu), terms) {
            Some(Turn::Replaced(out, by)) => {
                self.staking.set_outside(out, true, Height::ZERO);
                self.staking.set_outside(by, false, Height::ZERO);
            }
            // A newcomer finds a free place, or waits.
            Some(Turn::Enters(_) | Turn::Leaves(_)) | None => {}
        }
        if role == Role::Replica && self.chain.leader.is_none() {
            self.chain.leader = Some(id);
        }
        Ok(())
    }

    /// Opens the account of a new address.
    pub(crate) fn open_account(&mut self, address: Address) -> AccountId {
        self.ledger.open_account();
        self.accounts.open(address)
    }

    /// Opens an operator of an account that has none of this role.
    pub(crate) fn open_operator(&mut self, account: AccountId, key: PoolKey) -> OperatorId {
        let now = self.chain.epoch.number;
        let minimum = self.staking.stake_min(key, self.params.current().staking());
        let id = self.staking.enter(account, key, minimum, now);
        self.ledger.open_bond();
        self.reputation.enter(now);
        self.rewards.enter();
        let operators = &mut self.accounts.account_mut(account).operators;
        operators.reserve_exact(1); // Most have one role.
        operators.push((key.0, id));
        id
    }

    /// The root over everything that decides; costs what changed since the last call.
    pub fn root(&mut self) -> Digest {
        let globals = (
            &self.chain,
            &self.params,
            self.ledger.globals(),
            self.staking.globals(),
            self.market.counts,
            self.market.audit_locks_reserved,
            self.market.fallback_reserved,
            self.storage.used_kib,
            self.storage.programs.used_kib(),
            self.rewards.globals(),
            self.governance.globals(),
            &self.insurance,
            self.prices.globals(),
            &self.credits,
            &self.grants.list,
        );
        let globals = postcard::to_allocvec(&globals).expect("globals encode into memory");
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 state");
        hasher.update(&globals);
        for root in self.ledger.roots() {
            hasher.update(&root.0);
        }
        for root in [
            self.accounts.rows.root(),
            self.staking.operators.root(),
            self.staking.unbondings.root(),
            self.staking.delegation_pools.root(),
            self.staking.delegations.root(),
            self.staking.exits.root(),
            self.staking.moves.root(),
            self.reputation.records.root(),
            self.market.orders.root(),
            self.market.jobs.root(),
            self.market.assignments.root(),
            self.verification.cases.root(),
            self.verification.dockets.root(),
            self.slashing.slashes.root(),
            self.storage.keeps.root(),
            self.storage.programs.rows.root(),
            self.storage.programs.parts.root(),
            self.rewards.rounds.root(),
            self.rewards.earnings.root(),
            self.governance.proposals.root(),
            self.governance.ballots.root(),
            self.prices.posts.root(),
            self.reputation.raters.root(),
            self.grants.rows.root(),
            self.grants.taken.root(),
        ] {
            hasher.update(&root.0);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}
