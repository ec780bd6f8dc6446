//! State: all there is, and what may be read of it.
//!
//! Law: nothing outside this crate changes a field; the root depends on the rows alone.
//! Not here: transitions (`apply`, `epoch`).

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    genesis::{BeaconGenesis, Genesis, GenesisOperator, GenesisRejected},
    ids::{AccountId, Address, Digest, JobId, OperatorId, Role, SlashId, UnbondingId},
    ledger::{JobPot, Ledger, Pot, Reason},
    market::{Job, JobCounts, Market},
    num::{Amount, Epoch, Height, Ratio},
    params::{Params, ParamsHistory},
    reputation::{Record, Reputation},
    slashing::{Slash, Slashing},
    staking::{Operator, Staking, Unbonding},
    table::Table,
    verification::{Case, Verification},
};

/// One who holds money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who signs for it.
    pub address: Address,
    /// How many transactions it has made: the nonce of the next.
    pub nonce: u64,
    /// Its provider bond, if it has one.
    pub provider: Option<OperatorId>,
    /// Its validator bond, if it has one.
    pub validator: Option<OperatorId>,
}

/// The whole state of a network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub(crate) chain: Chain,
    pub(crate) params: ParamsHistory,
    pub(crate) accounts: Table<Account>,
    pub(crate) by_address: BTreeMap<Address, AccountId>,
    pub(crate) ledger: Ledger,
    pub(crate) staking: Staking,
    pub(crate) reputation: Reputation,
    pub(crate) market: Market,
    pub(crate) verification: Verification,
    pub(crate) slashing: Slashing,
    pub(crate) timers: Timers,
}

/// Where the chain is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) network: Digest,
    pub(crate) height: Height,
    pub(crate) time_ms: u64,
    pub(crate) base_fee: Amount,
    /// Ordinary transactions since the block opened.
    pub(crate) ordinary: u64,
    pub(crate) beacon: Beacon,
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

/// What falls due when. Derived from the rows, so not part of the root.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timers(pub(crate) BTreeMap<Height, Vec<Timer>>);

/// One thing that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// A job's phase ends.
    Job(JobId),
    /// The beacon of a job's draw is shown.
    Seed(JobId),
    /// A dispute's clock runs out.
    Dispute(JobId, u32),
    /// Requested bytes are overdue.
    Data(JobId, u32),
    /// Unbonded stake leaves.
    Unbonding(UnbondingId),
    /// A slash is paid out.
    Slash(SlashId),
}

impl Timers {
    pub(crate) fn set(&mut self, at: Height, timer: Timer) {
        self.0.entry(at).or_default().push(timer);
    }
}

impl State {
    /// The state at height 0.
    pub fn new(genesis: &Genesis) -> Result<State, GenesisRejected> {
        let params = Params::try_from(genesis.params).map_err(GenesisRejected::Params)?;
        if genesis.beacon.chain_blocks.count() == 0 {
            return Err(GenesisRejected::BeaconChainEmpty);
        }
        let mut state = State {
            chain: Chain {
                network: genesis.network(),
                height: Height::ZERO,
                time_ms: genesis.time_ms,
                base_fee: params.base_fee,
                ordinary: 0,
                beacon: Beacon {
                    genesis: genesis.beacon,
                    link: genesis.beacon.anchor,
                    anchors: [genesis.beacon.anchor, genesis.beacon.next_anchor],
                    shown: None,
                },
            },
            params: ParamsHistory::new(params),
            accounts: Table::default(),
            by_address: BTreeMap::new(),
            ledger: Ledger::default(),
            staking: Staking::default(),
            reputation: Reputation::default(),
            market: Market::default(),
            verification: Verification::default(),
            slashing: Slashing::default(),
            timers: Timers::default(),
        };
        for account in &genesis.accounts {
            let address = account.address;
            if state.by_address.contains_key(&address) {
                return Err(GenesisRejected::DuplicateAccount { address });
            }
            let id = state.open_account(address);
            state.ledger.issue(id, account.balance).ok_or(GenesisRejected::SupplyTooLarge)?;
        }
        for operator in &genesis.operators {
            state.enter_at_genesis(operator)?;
        }
        Ok(state)
    }

    fn enter_at_genesis(&mut self, operator: &GenesisOperator) -> Result<(), GenesisRejected> {
        let GenesisOperator { address, role, bond } = *operator;
        let account = self.account_id(&address);
        let covered = account.filter(|id| self.free(*id) >= bond && !bond.is_zero());
        let account = covered.ok_or(GenesisRejected::BondNotCovered { address, bond })?;
        if self.operator_id(account, role).is_some() {
            return Err(GenesisRejected::DuplicateOperator { address });
        }
        let id = self.open_operator(account, role);
        let mut journal = crate::event::Journal::default();
        let (source, target) = (Pot::Free(account), Pot::Bond(id));
        self.ledger.transfer(source, target, bond, Reason::Bond, &mut journal);
        self.staking.set_stake(id, bond);
        Ok(())
    }

    /// Opens the account of a new address.
    pub(crate) fn open_account(&mut self, address: Address) -> AccountId {
        let account = Account { address, nonce: 0, provider: None, validator: None };
        let id = AccountId::from_index(self.accounts.push(account));
        self.by_address.insert(address, id);
        self.ledger.free.push(Amount::ZERO);
        id
    }

    /// Opens an operator of an account that has none of this role.
    pub(crate) fn open_operator(&mut self, account: AccountId, role: Role) -> OperatorId {
        let now = self.epoch();
        let minimum = self.staking.stake_min(role, self.params.current());
        let id = self.staking.enter(account, role, minimum, now);
        self.ledger.bonds.push(Amount::ZERO);
        self.reputation.enter(now);
        let row = self.account_mut(account);
        match role {
            Role::Provider => row.provider = Some(id),
            Role::Validator => row.validator = Some(id),
        }
        id
    }

    pub(crate) fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.get_mut(id.index()).expect("only identifiers handed out are used")
    }

    /// The root over everything that can be asked for; costs what changed since the last call.
    pub fn root(&mut self) -> Digest {
        let globals = (
            &self.chain,
            &self.params,
            &self.ledger.totals,
            self.staking.providers.peer_index,
            self.staking.validators.peer_index,
            self.market.counts,
            self.market.audit_locks_expected,
            &self.slashing.pending,
        );
        let globals = postcard::to_allocvec(&globals).expect("globals encode into memory");
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 state");
        hasher.update(&globals);
        for root in [
            self.accounts.root(),
            self.ledger.free.root(),
            self.ledger.bonds.root(),
            self.ledger.unbondings.root(),
            self.ledger.slashes.root(),
            self.ledger.jobs.root(),
            self.staking.operators.root(),
            self.staking.unbondings.root(),
            self.reputation.records.root(),
            self.reputation.pairs.root(),
            self.market.jobs.root(),
            self.verification.cases.root(),
            self.slashing.slashes.root(),
        ] {
            hasher.update(&root.0);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

/// What may be read.
impl State {
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
        self.chain.height.epoch(self.params.current().epoch_blocks)
    }

    /// The parameters that a job posted now would pin.
    pub fn params(&self) -> &Params {
        self.params.current()
    }

    /// What an ordinary transaction costs in this block.
    pub fn base_fee(&self) -> Amount {
        self.chain.base_fee
    }

    /// All money ever issued.
    pub fn issued(&self) -> Amount {
        self.ledger.issued()
    }

    /// What lies in a pot; for `Burnt`, all that ever was burnt.
    pub fn balance(&self, pot: Pot) -> Amount {
        self.ledger.balance(pot)
    }

    /// What an account has at its disposal.
    pub fn free(&self, account: AccountId) -> Amount {
        self.ledger.balance(Pot::Free(account))
    }

    /// The account of an address.
    pub fn account_id(&self, address: &Address) -> Option<AccountId> {
        self.by_address.get(address).copied()
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.index())
    }

    /// Every account, in order of creation.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = (AccountId, &Account)> {
        self.accounts.iter().enumerate().map(|(i, row)| (AccountId::from_index(i), row))
    }

    /// An account's operator of a role.
    pub fn operator_id(&self, account: AccountId, role: Role) -> Option<OperatorId> {
        let account = self.account(account)?;
        match role {
            Role::Provider => account.provider,
            Role::Validator => account.validator,
        }
    }

    /// An operator.
    pub fn operator(&self, id: OperatorId) -> Option<&Operator> {
        self.staking.operators.get(id.index())
    }

    /// Every operator, in order of entry.
    pub fn operators(&self) -> impl ExactSizeIterator<Item = (OperatorId, &Operator)> {
        self.staking.operators.iter().enumerate().map(|(i, row)| (OperatorId::from_index(i), row))
    }

    /// An operator's record as it stands now.
    pub fn reputation(&self, id: OperatorId) -> Record {
        self.reputation.record(id).faded(self.epoch(), self.params().reputation_decay)
    }

    /// An operator's score now.
    pub fn score(&self, id: OperatorId) -> Ratio {
        self.reputation.score(id, self.epoch(), self.params())
    }

    /// An entry of the unbonding queue.
    pub fn unbonding(&self, id: UnbondingId) -> Option<&Unbonding> {
        self.staking.unbondings.get(id.index())
    }

    /// A job.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.market.job(id)
    }

    /// Every job, in order of posting.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = (JobId, &Job)> + ExactSizeIterator {
        self.market.jobs.iter().enumerate().map(|(i, row)| (JobId::from_index(i), row))
    }

    /// How many jobs came to what.
    pub fn job_counts(&self) -> JobCounts {
        self.market.counts
    }

    /// The verification of a job.
    pub fn case(&self, id: JobId) -> Option<&Case> {
        self.verification.cases.get(id.index())
    }

    /// The pots of a job that hold anything.
    pub fn job_pots(&self, id: JobId) -> &[(JobPot, Amount)] {
        self.ledger.job_pots(id)
    }

    /// The parameters that a job is judged by.
    pub fn job_params(&self, job: &Job) -> &Params {
        self.params.at(job.params)
    }

    /// A slash.
    pub fn slash(&self, id: SlashId) -> Option<&Slash> {
        self.slashing.slashes.get(id.index())
    }

    /// Every slash, in order of conviction.
    pub fn slashes(&self) -> impl ExactSizeIterator<Item = (SlashId, &Slash)> {
        self.slashing.slashes.iter().enumerate().map(|(i, row)| (SlashId::from_index(i), row))
    }
}
