//! Cast: who takes part in a game of one job, and who of them is one purse.
//!
//! Law: bonds are the least that the job needs, so that nothing deters but what the bound counts
//! and what the rules take of any bond.
//! Not here: what anybody does (`honest`, `moves`).

use earnest_protocol::{
    AccountId, Address, Amount, Authenticated, Command, Digest, Epochs, Factor, Gas, Genesis,
    Height, Journal, Params, Ratio, RawParams, Role, State, Transaction,
    command::{
        Auction, Delegate, GainTiming, PostJob, ProgramForm, ResourceClass, SetCommission, Task,
        Visibility,
    },
    genesis::{GenesisAccount, GenesisCouncil, GenesisGuardian, GenesisOperator, GenesisRejected},
    ledger::Assets,
    market::PostJobRejected,
    seal,
    verification::Quote,
};
use serde::{Deserialize, Serialize};

use crate::{
    beacon::{self, Beacon},
    points::Late,
    truth::Truth,
    words::refusal,
};

/// Fewest and most validators of a game, all with the same bond.
const VALIDATORS: std::ops::RangeInclusive<u32> = 10..=16;
/// Steps of a job: one level of the tree, so that a dispute is three moves.
const STEPS: u64 = 10;
/// Free money of everybody beside bonds, in ceilings of the job, and in tokens.
const PURSE: (u64, u64) = (1_000, 10_000);
/// What a provider keeps of its pay for ever, where somebody delegates to it.
const COMMISSION: Ratio = Ratio::percent(10);
/// Members of a council, the provider being the first, where there is one.
const COUNCIL: u64 = 5;
/// How many of them speak for it.
pub(crate) const COUNCIL_THRESHOLD: u8 = 3;
/// The phase from which on there is no council.
const PHASE_OF_STAKE: u8 = 2;

pub(crate) const REQUESTER: AccountId = AccountId::new(0);
pub(crate) const PROVIDER: AccountId = AccountId::new(1);
pub(crate) const CHALLENGER: AccountId = AccountId::new(2);
pub(crate) const OPERATOR: AccountId = AccountId::new(3);
const FIRST_VALIDATOR: u64 = 4;

/// Whom a coalition may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// Who asked for the work.
    Requester,
    /// Who does it.
    Provider,
    /// As large a share of the validators as the world has bribable ones.
    Auditors,
    /// Somebody with money and no role.
    Challenger,
    /// Who leads the ledger; it may keep its beacon back.
    Operator,
    /// Who delegates to the provider, in a kind in which somebody does.
    Delegator,
    /// So many members of the council as the kind says, beside the provider's own seat.
    Council,
    /// Who may pause new jobs and new delegations.
    Guardian,
}

/// A kind of job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Its name in reports.
    pub id: String,
    /// How the price is found; there is one bid.
    pub auction: Auction,
    /// The chance of an audit.
    pub audit_rate: Ratio,
    /// Auditors drawn.
    pub auditors: u8,
    /// The most that is paid.
    pub price_max: Amount,
    /// What the requester declares that a wrong result is worth outside.
    pub outside_gain: Amount,
    /// When it is worth that.
    pub gain_timing: GainTiming,
    /// Gas of the job.
    pub gas_bound: Gas,
    /// What somebody delegated to the provider before, as a multiple of its bond.
    #[serde(default = "nobody", skip_serializing_if = "is_nobody")]
    pub delegated: Factor,
    /// What the provider has bonded beside what the job locks, as a multiple of that.
    #[serde(default = "nobody", skip_serializing_if = "is_nobody")]
    pub spare: Factor,
    /// May a convicted provider appeal?
    #[serde(default, skip_serializing_if = "is_not")]
    pub appeals: bool,
    /// How many members of the council can be bought, the provider being one more.
    #[serde(default, skip_serializing_if = "is_none")]
    pub bought: u8,
    /// Where there is a feed, what it values a unit of stake at when the job is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<Factor>,
}

fn nobody() -> Factor {
    Factor::ZERO
}

fn is_not(appeals: &bool) -> bool {
    !appeals
}

fn is_none(bought: &u8) -> bool {
    *bought == 0
}

fn is_nobody(delegated: &Factor) -> bool {
    *delegated == Factor::ZERO
}

/// The validators of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// All of them.
    pub all: u32,
    /// Those that can be bribed.
    pub bribable: u32,
}

impl Pool {
    /// The smallest pool whose bribable share comes nearest to `share` without exceeding it.
    pub fn of_share(share: Ratio) -> Pool {
        let of = |all: u32| {
            let bribable = u64::from(all) * share.parts() / earnest_protocol::num::PARTS;
            Pool { all, bribable: u32::try_from(bribable).expect("at most all of them") }
        };
        let mut best = of(*VALIDATORS.start());
        for pool in VALIDATORS.map(of) {
            let (one, other) = (pool.bribable * best.all, best.bribable * pool.all);
            if other < one {
                best = pool;
            }
        }
        best
    }
}

/// Everything that a game begins with but its luck.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    /// What is played: the price of stake is that of the job, and no feed moves it.
    pub(crate) raw: RawParams,
    /// What was asked for.
    pub(crate) told: RawParams,
    pub(crate) assets: Assets,
    pub(crate) kind: Kind,
    pub(crate) members: Vec<Member>,
    /// How many validators there are, and how many of them a coalition with auditors has.
    pub(crate) pool: Pool,
    pub(crate) quote: Quote,
    /// What the provider, a newcomer, locks at the ceiling.
    pub(crate) collateral: Amount,
    pub(crate) provider_bond: Amount,
    /// Where the coalition waits, if anywhere.
    pub(crate) late: Option<Late>,
}

impl Cast {
    /// The cast of a game, the provider's bond just what the job locks.
    ///
    /// # Errors
    /// Why the rules refuse a job of this kind.
    pub(crate) fn new(
        params: &Params,
        kind: &Kind,
        members: &[Member],
        pool: Pool,
    ) -> Result<Cast, String> {
        let told = RawParams::from(*params);
        let mut raw = told;
        if let Some(untouched) = untouched(params) {
            raw.prices.average_epochs = Epochs::ZERO;
            // Credits go with the feed (R20): in one job nobody converts any.
            (raw.credits.mint_share, raw.credits.redeem_share) = (Ratio::ZERO, Ratio::ZERO);
            raw.chain.stake_price = kind.posted_at.unwrap_or(untouched);
        }
        let is_dual = told.chain.stake_price != Factor::ONE || params.prices().is_on();
        let assets = if is_dual { Assets::Dual } else { Assets::Single };
        if is_dual && kind.delegated != Factor::ZERO {
            return Err("delegated stake is not valued in a network of two assets".into());
        }
        let mut cast = Cast {
            raw,
            told,
            assets,
            kind: kind.clone(),
            members: members.to_vec(),
            pool,
            quote: Quote {
                p_ref: Amount::ZERO,
                e: Ratio::ZERO,
                detection: Ratio::ZERO,
                exit_cost: Amount::ZERO,
                gain: Amount::ZERO,
                reward_max: Amount::ZERO,
                collateral_min: Amount::ZERO,
                collateral: Amount::ZERO,
                collateral_tiered: Amount::ZERO,
            },
            collateral: Amount::ZERO,
            provider_bond: raw.staking.provider_bond_min,
            late: None,
        };
        let refused =
            |why: PostJobRejected| format!("the rules refuse such a job: {}", refusal(&why));
        let state = cast.first_block()?;
        cast.quote = state.quote_job(Some(REQUESTER), &cast.terms(0)).map_err(refused)?;
        let provider = state.operator_id(PROVIDER, Role::Provider).expect("it bonded at genesis");
        let score = state.proven_score(provider);
        cast.collateral = cast.quote.collateral_for(score, params.verification());
        let spare = kind.spare.amount_floor(cast.collateral).unwrap_or(Amount::MAX);
        let bond = cast.collateral.saturating_add(spare);
        cast.provider_bond = bond.max(raw.staking.provider_bond_min);
        let mut state = cast.first_block()?;
        let command = Command::PostJob(cast.terms(0));
        let transaction = Transaction {
            nonce: 0,
            valid_until: Height::new(u64::MAX),
            command,
            on_behalf_of: None,
        };
        let signed = Authenticated { sender: REQUESTER.into(), transaction };
        let posted = state.apply(&signed, &Truth, &mut Journal::default());
        posted.map_err(|why| format!("the rules refuse such a job: {}", refusal(&why)))?;
        cast.delegate(&mut state)?;
        Ok(cast)
    }

    /// The same, the coalition waiting somewhere.
    pub(crate) fn waiting(self, late: Option<Late>) -> Cast {
        Cast { late, ..self }
    }

    fn first_block(&self) -> Result<State, String> {
        let (mut state, mut beacon) = self.begin(0)?;
        let opened = state.open_block(&beacon.head(1, true), &mut Journal::default());
        opened.expect("the first block of a chain");
        Ok(state)
    }

    pub(crate) fn has(&self, member: Member) -> bool {
        self.members.contains(&member)
    }

    /// Whose purse an account's is.
    pub(crate) fn is_one_of(&self, account: AccountId) -> bool {
        match account {
            REQUESTER => self.has(Member::Requester),
            PROVIDER => self.has(Member::Provider),
            CHALLENGER => self.has(Member::Challenger),
            OPERATOR => self.has(Member::Operator),
            other if self.delegates(other) => self.has(Member::Delegator),
            other if other == self.guardian() => self.has(Member::Guardian),
            other if self.sits(other) => {
                let first = self.newcomers();
                self.has(Member::Council) && other.raw() < first + u64::from(self.kind.bought)
            }
            validator => {
                self.has(Member::Auditors)
                    && validator.raw() < FIRST_VALIDATOR + u64::from(self.pool.bribable)
            }
        }
    }

    /// Who delegates to the provider, if anybody does.
    pub(crate) fn delegator(&self) -> AccountId {
        AccountId::new(FIRST_VALIDATOR + u64::from(self.pool.all))
    }

    /// A provider that does nothing but take delegations, if anybody delegates.
    pub(crate) fn rival(&self) -> AccountId {
        AccountId::new(self.delegator().raw() + 1)
    }

    /// True for who delegates to the provider.
    pub(crate) fn delegates(&self, account: AccountId) -> bool {
        self.kind.delegated != Factor::ZERO && account == self.delegator()
    }

    /// The number of the first account that is there for a council or a guardian alone.
    fn newcomers(&self) -> u64 {
        let delegating = if self.kind.delegated == Factor::ZERO { 0 } else { 2 };
        self.delegator().raw() + delegating
    }

    fn has_council(&self) -> bool {
        self.raw.governance.phase < PHASE_OF_STAKE
    }

    /// Members of the council: those that can be bought, then honest ones, the provider last; none
    /// where stake decides alone.
    pub(crate) fn council(&self) -> Vec<AccountId> {
        if !self.has_council() {
            return Vec::new();
        }
        let first = self.newcomers();
        let others = (first..first + COUNCIL - 1).map(AccountId::new);
        others.chain([PROVIDER]).collect()
    }

    /// True for who is there as a member of the council alone.
    pub(crate) fn sits(&self, account: AccountId) -> bool {
        account != PROVIDER && self.council().contains(&account)
    }

    /// Who may pause, in a game of a coalition that has it.
    pub(crate) fn guardian(&self) -> AccountId {
        let seats = if self.has_council() { COUNCIL - 1 } else { 0 };
        AccountId::new(self.newcomers() + seats)
    }

    /// What the delegator puts behind the provider in a game of this kind.
    pub(crate) fn delegated(&self) -> Amount {
        self.kind.delegated.amount_floor(self.provider_bond).unwrap_or(Amount::MAX)
    }

    /// What of a pay to the provider its delegator earns (up).
    pub(crate) fn delegators_part_ceil(&self, paid: Amount) -> Amount {
        let (own, delegated) = (self.provider_bond, self.delegated());
        let shared = COMMISSION.complement().amount_ceil(paid);
        let all = own.saturating_add(delegated).units();
        shared.share_ceil(delegated.units(), all).unwrap_or(Amount::ZERO)
    }

    /// Has the provider and its rival take delegations, and the delegator join the provider.
    ///
    /// # Errors
    /// Why the rules refuse it.
    pub(crate) fn delegate(&self, state: &mut State) -> Result<(), String> {
        if self.kind.delegated == Factor::ZERO {
            return Ok(());
        }
        let takes = SetCommission { role: Role::Provider, rate: COMMISSION, ceiling: COMMISSION };
        let behind =
            Delegate { operator: PROVIDER, role: Role::Provider, amount: self.delegated() };
        for (sender, command) in [
            (PROVIDER, Command::SetCommission(takes.clone())),
            (self.rival(), Command::SetCommission(takes)),
            (self.delegator(), Command::Delegate(behind)),
        ] {
            let (nonce, valid_until) = (0, Height::new(u64::MAX));
            let transaction = Transaction { nonce, valid_until, command, on_behalf_of: None };
            let signed = Authenticated { sender: sender.into(), transaction };
            let done = state.apply(&signed, &Truth, &mut Journal::default());
            done.map_err(|why| {
                format!("nobody can delegate to such a provider: {}", refusal(&why))
            })?;
        }
        Ok(())
    }

    /// Every validator's account.
    pub(crate) fn validators(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..u64::from(self.pool.all)).map(|place| AccountId::new(FIRST_VALIDATOR + place))
    }

    /// How many validators the coalition has.
    pub(crate) fn friends(&self) -> u32 {
        if self.has(Member::Auditors) { self.pool.bribable } else { 0 }
    }

    pub(crate) fn preimage(luck: u64) -> Digest {
        beacon::digest(luck, 0)
    }

    /// What the requester posts.
    pub(crate) fn terms(&self, luck: u64) -> PostJob {
        let Kind { auction, audit_rate, auditors, price_max, .. } = self.kind;
        PostJob {
            task: Task {
                program: Digest([1; 32]),
                input_root: Digest([2; 32]),
                chunk_count: 1,
                steps: STEPS,
                seed: Digest::ZERO,
                step_gas_max: self.raw.market.step_gas_max,
                gas_bound: self.kind.gas_bound,
                form: ProgramForm::Stepwise,
            },
            class: ResourceClass::Cpu,
            price_max,
            deadline_blocks: self.raw.market.deadline_blocks_min,
            auction,
            reputation_min: Ratio::ZERO,
            audit_rate,
            auditors,
            outside_gain: self.kind.outside_gain,
            gain_timing: self.kind.gain_timing,
            seed_seal: seal::seed(&Cast::preimage(luck)),
            visibility: Visibility::Public,
        }
    }

    /// The network at its beginning, and its beacon.
    pub(crate) fn state(&self, luck: u64) -> (State, Beacon) {
        self.begin(luck).expect("it began when the cast was made, and luck changes no balance")
    }

    fn begin(&self, luck: u64) -> Result<(State, Beacon), String> {
        let beacon = Beacon::new(luck);
        let validators: Vec<AccountId> = self.validators().collect();
        let validator_bond = self.raw.staking.validator_bond_min;
        let bond = |account: AccountId| match account {
            PROVIDER => Some((Role::Provider, self.provider_bond)),
            OPERATOR => Some((Role::Replica, Amount::tokens(1_000))),
            REQUESTER | CHALLENGER => None,
            other if self.delegates(other) || self.sits(other) => None,
            other if self.has(Member::Guardian) && other == self.guardian() => None,
            other if validators.contains(&other) => Some((Role::Validator, validator_bond)),
            _ => Some((Role::Provider, self.provider_bond)),
        };
        let named = [REQUESTER, PROVIDER, CHALLENGER, OPERATOR];
        let mut accounts: Vec<AccountId> =
            named.into_iter().chain(validators.iter().copied()).collect();
        if self.kind.delegated != Factor::ZERO {
            accounts.extend([self.delegator(), self.rival()]);
        }
        accounts.extend(self.council().into_iter().filter(|account| self.sits(*account)));
        let guards = self.has(Member::Guardian);
        accounts.extend(guards.then(|| self.guardian()));
        let ceilings = self.kind.price_max.checked_times(PURSE.0).unwrap_or(Amount::MAX);
        let purse = Amount::tokens(PURSE.1).saturating_add(ceilings);
        let balance = |account| {
            let bonded = bond(account).map_or(Amount::ZERO, |(_, bond)| bond);
            let delegates = self.delegates(account);
            let delegated = if delegates { self.delegated() } else { Amount::ZERO };
            purse.saturating_add(bonded).saturating_add(delegated)
        };
        let genesis = Genesis {
            name: "audit".into(),
            time_ms: 0,
            assets: self.assets,
            params: self.raw,
            beacon: beacon.genesis(),
            accounts: accounts
                .iter()
                .map(|&id| GenesisAccount {
                    address: address(id),
                    balance: balance(id),
                    payment: if self.assets == Assets::Dual { purse } else { Amount::ZERO },
                })
                .collect(),
            operators: accounts
                .iter()
                .filter_map(|&id| {
                    let (role, bond) = bond(id)?;
                    Some(GenesisOperator { address: address(id), role, bond })
                })
                .collect(),
            council: self.has_council().then(|| GenesisCouncil {
                members: self.council().into_iter().map(address).collect(),
                threshold: COUNCIL_THRESHOLD,
            }),
            guardian: guards.then(|| GenesisGuardian {
                address: address(self.guardian()),
                sunset: Height::new(u64::MAX),
            }),
            ..Genesis::default()
        };
        let began = State::new(&genesis);
        Ok((began.map_err(|why| never_began(&why))?, beacon))
    }
}

/// That a network cannot begin, and why.
fn never_began(why: &GenesisRejected) -> String {
    let told = match why {
        GenesisRejected::Params(rejected) => rejected.to_string(),
        other => refusal(other),
    };
    format!("no network of such a job can begin: {told}")
}

/// What new work values stake at when everybody has posted what it is worth.
pub(crate) fn untouched(params: &Params) -> Option<Factor> {
    let (rules, worth) = (params.prices(), params.chain().stake_price);
    rules.is_on().then(|| worth.ratio_floor(rules.haircut.complement()))
}

/// The address of an account, which is its number.
pub(crate) fn address(account: AccountId) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[12..].copy_from_slice(&account.raw().to_be_bytes());
    Address(bytes)
}
