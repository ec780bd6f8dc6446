//! The plan of a development network: who takes part, with what, under which parameters.
//!
//! Law: a plan follows from its seed, block time and changed parameters alone; its keys are for
//! development only.

use earnest_keys::Signer;
use earnest_protocol::{
    Address, Amount, Blocks, Epochs, Factor, Gas, Ratio, RawParams, Role,
    command::ProgramForm,
    genesis::{GenesisAccount, GenesisOperator},
    params::{
        ChainParams, GovernanceParams, InsuranceParams, MarketParams, ReputationParams,
        RewardsParams, SlashingParams, StakingParams, StorageParams, VerificationParams,
    },
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, params};

/// What a participant is here to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Does its work.
    Honest,
    /// Returns plausible but wrong states from some step on.
    Lazy,
    /// Accepts jobs and never delivers.
    Silent,
}

/// Somebody who has an account from the beginning.
#[derive(Clone, Debug)]
pub struct Participant {
    pub name: &'static str,
    pub role: PlanRole,
    pub behaviour: Behaviour,
    pub address: Address,
    /// What it begins with, its bond included.
    pub balance: Amount,
    /// The part of it that is bonded from the beginning.
    pub bond: Amount,
}

/// What a participant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanRole {
    Provider,
    Validator,
    Requester,
    /// Its bond pays for beacons that the node withholds.
    Replica,
    /// Gives money to whoever asks.
    Faucet,
}

impl PlanRole {
    /// The bonded role, if it is one.
    pub fn bonded(self) -> Option<Role> {
        match self {
            PlanRole::Provider => Some(Role::Provider),
            PlanRole::Validator => Some(Role::Validator),
            PlanRole::Replica => Some(Role::Replica),
            PlanRole::Requester | PlanRole::Faucet => None,
        }
    }

    /// True if a process of its own acts for it: the node is the replica's, and whoever asks for
    /// money signs as the faucet.
    pub fn has_process(self) -> bool {
        !matches!(self, PlanRole::Replica | PlanRole::Faucet)
    }

    /// The word for it, as in commands and output.
    pub fn name(self) -> &'static str {
        match self {
            PlanRole::Provider => "provider",
            PlanRole::Validator => "validator",
            PlanRole::Requester => "requester",
            PlanRole::Replica => "replica",
            PlanRole::Faucet => "faucet",
        }
    }
}

/// Who gives money away.
pub const FAUCET: &str = "faye";

/// The participants of every development network: name, role, behaviour, tokens, bonded tokens.
const CAST: [(&str, PlanRole, Behaviour, u64, u64); 10] = [
    ("ada", PlanRole::Provider, Behaviour::Honest, 1_000, 500),
    ("grace", PlanRole::Provider, Behaviour::Honest, 1_000, 500),
    ("loki", PlanRole::Provider, Behaviour::Lazy, 200, 100),
    ("hush", PlanRole::Provider, Behaviour::Silent, 200, 6),
    ("vera", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("vito", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("vida", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("rosa", PlanRole::Requester, Behaviour::Honest, 10_000, 0),
    ("nora", PlanRole::Replica, Behaviour::Honest, 1_100, 1_000),
    (FAUCET, PlanRole::Faucet, Behaviour::Honest, 1_000_000, 0),
];

/// Everyone who takes part, with the keys of `seed`.
pub fn cast(seed: u64) -> Vec<Participant> {
    let member = |&(name, role, behaviour, balance, bond): &(_, PlanRole, Behaviour, u64, u64)| {
        Participant {
            name,
            role,
            behaviour,
            address: key(seed, name).address(),
            balance: Amount::tokens(balance),
            bond: Amount::tokens(bond),
        }
    };
    CAST.iter().map(member).collect()
}

/// A participant's key: never worth anything outside a development network.
pub fn key(seed: u64, name: &str) -> Signer {
    Signer::dev_key(seed, name)
}

/// What the network begins with.
pub fn accounts(cast: &[Participant]) -> (Vec<GenesisAccount>, Vec<GenesisOperator>) {
    let account = |p: &Participant| GenesisAccount {
        address: p.address,
        balance: p.balance,
        payment: Amount::ZERO,
    };
    let accounts = cast.iter().map(account);
    let operators = cast.iter().filter_map(|p| {
        Some(GenesisOperator { address: p.address, role: p.role.bonded()?, bond: p.bond })
    });
    (accounts.collect(), operators.collect())
}

/// Blocks in so many tenths of a second, at least 3.
pub fn blocks_of(block_time_ms: u64, tenths: u64) -> Blocks {
    let ms = tenths.saturating_mul(100);
    Blocks::new(ms.div_ceil(block_time_ms.max(1)).max(3))
}

/// Windows of a few seconds each, whatever the block time: long enough for a busy machine, and
/// most end early, when everybody has moved.
pub fn params(block_time_ms: u64) -> RawParams {
    let seconds = |tenths: u64| blocks_of(block_time_ms, tenths);
    // The referee must be done within half a block, and with one step at least (R5).
    let gas = Gas::new((block_time_ms.saturating_mul(5_000_000) / 69).min(70_000_000));
    // Beside one of the largest steps there is time for a program that is published.
    let step = Gas::new(gas.count() / 2).max(ProgramForm::STEP_GAS).min(gas);
    let mut raw = RawParams {
        chain: ChainParams {
            block_interval_min_ms: block_time_ms,
            epoch_blocks: seconds(40),
            referee_gas: gas,
            ..ChainParams::default()
        },
        staking: StakingParams {
            provider_bond_min: Amount::tokens(5),
            validator_bond_min: Amount::tokens(20),
            jail_epochs: Epochs::new(100),
            abandonments_to_jail: 2,
            ..StakingParams::default()
        },
        market: MarketParams {
            bid_blocks: seconds(8),
            bid_reveal_blocks: seconds(40),
            accept_blocks: seconds(50),
            deadline_blocks_min: seconds(10),
            deadline_blocks_max: seconds(3_000),
            grace_blocks: seconds(20),
            tariff_per_mgas: Amount::new(4_000_000).unwrap_or(Amount::ZERO),
            reference_speed: Gas::new(block_time_ms.saturating_mul(500_000)),
            step_gas_max: step.min(RawParams::default().market.step_gas_max),
            work_bound_max: Gas::new(100_000_000_000),
            ..MarketParams::default()
        },
        verification: verification(&seconds),
        slashing: SlashingParams {
            insurance_share: Ratio::percent(50),
            engine_stay_epochs: Epochs::new(1),
            engine_hold_epochs: Epochs::new(10),
            appeal_epochs: Epochs::new(8),
            appeal_deposit_min: Amount::tokens(5),
            ..SlashingParams::default()
        },
        reputation: ReputationParams {
            unit: Amount::tokens(1),
            decay: Ratio::new(999_000_000).unwrap_or(Ratio::ONE),
            rating_share: Ratio::percent(10),
            ..ReputationParams::default()
        },
        storage: StorageParams::default(),
        rewards: RewardsParams::default(),
        insurance: InsuranceParams::default(),
        // Epochs are of four seconds: a proposal is over within a minute, and Nora can carry it.
        governance: GovernanceParams {
            deposit: Amount::tokens(20),
            quorum: Ratio::percent(25),
            delay_epochs: Epochs::new(1),
            voting_epochs: Epochs::new(8),
            late_quorum_epochs: Epochs::new(2),
            timelock_epochs: Epochs::new(2),
            expiry_epochs: Epochs::new(10),
            memory_epochs: Epochs::new(100),
            spend_wait_epochs: Epochs::new(50),
            ..GovernanceParams::default()
        },
        ..RawParams::default()
    };
    raw.staking.unbonding_epochs = outlasting(&raw);
    raw.governance.spend_epoch_share = spendable(&raw);
    raw
}

/// The same, changed by each `room.name=value`: a bond still leaves as soon as the longest job is
/// over and no sooner, and the treasury is spent no faster than it may, unless that is set, too.
///
/// # Errors
/// What is no parameter, and what does not go together.
pub fn params_with(block_time_ms: u64, sets: &[String]) -> Result<RawParams, Failure> {
    let mut raw = params(block_time_ms);
    for set in sets {
        raw = params::apply(&raw, set)?;
    }
    let is_set = |path: &str| sets.iter().any(|set| set.trim_start().starts_with(path));
    if !is_set("staking.unbonding_epochs") {
        raw.staking.unbonding_epochs = outlasting(&raw);
    }
    if !is_set("governance.spend_epoch_share") {
        raw.governance.spend_epoch_share = spendable(&raw);
    }
    params::checked(raw).map(RawParams::from)
}

/// What may leave the treasury in an epoch of that length (R16): not much even in a long one.
fn spendable(raw: &RawParams) -> Ratio {
    Ratio::new(raw.spend_parts_max().min(40_000)).unwrap_or(Ratio::ZERO)
}

/// Epochs after which the longest job that begins now is over.
fn outlasting(raw: &RawParams) -> Epochs {
    let liability = raw.longest_liability().count();
    Epochs::new(liability.div_ceil(raw.chain.epoch_blocks.count().max(1)).saturating_add(1))
}

fn verification(seconds: &impl Fn(u64) -> Blocks) -> VerificationParams {
    VerificationParams {
        seed_blocks: seconds(40),
        // A database's or an interpreter's program takes many seconds to compile, for each question
        // of a dispute, where all who take part share a busy machine.
        audit_base_blocks: seconds(300),
        audit_slack: Factor::percent(300),
        reveal_blocks: seconds(60),
        challenge_blocks: seconds(16),
        clock_blocks: seconds(1_200),
        // All answers that may be asked for at once fit the lane of so many blocks (R6).
        availability_blocks: seconds(60).max(Blocks::new(12)),
        challenge_deposit: Amount::tokens(1),
        tier_start: Amount::tokens(100),
        tier_full: Amount::tokens(10_000),
        ..VerificationParams::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earnest_protocol::{
        Genesis, Params, State, genesis::BeaconGenesis, ledger::Assets, storage,
    };

    #[test]
    fn every_block_time_has_valid_parameters() {
        for block_time_ms in [50, 200, 500, 1_000, 12_000] {
            let params =
                Params::try_from(params(block_time_ms)).expect("ranges and relations hold");
            assert!(ProgramForm::STEP_GAS <= params.market().step_gas_max);
            assert!(storage::program_bytes_max(&params) > 128 * 1_024, "{block_time_ms}");
        }
    }

    #[test]
    fn the_programs_of_docs_programs_can_be_published() {
        let kib_max = |block_time_ms| {
            let params = Params::try_from(params(block_time_ms)).expect("valid");
            storage::program_bytes_max(&params) / 1_024
        };
        // Pausable: bzip2 with 398 KiB, Lua with 948, QuickJS with 3,157, SQLite with 3,442.
        let most = [100, 200, 500, 1_000].map(kib_max);
        assert_eq!(most, [442, 884, 2_469, 4_096]);
    }

    #[test]
    fn a_wait_follows_from_what_is_set_unless_it_is_set() {
        let short = params_with(200, &["market.deadline_blocks_max=100".into()]).expect("valid");
        assert_eq!(short.market.deadline_blocks_max, Blocks::new(100));
        assert!(short.staking.unbonding_epochs < params(200).staking.unbonding_epochs);
        let sets = ["staking.unbonding_epochs=20000", "staking.delegation_max=3"];
        let set = params_with(200, &sets.map(str::to_owned)).expect("valid");
        assert_eq!(set.staking.unbonding_epochs, Epochs::new(20_000));
        assert_eq!(set.staking.delegation_max, Factor::percent(300));
        let early = params_with(200, &["staking.unbonding_epochs=1".into()]);
        assert!(early.is_err(), "a bond that leaves before its jobs are over (R4)");
        let short = params_with(200, &["chain.epoch_blocks=10".into()]).expect("valid");
        assert_eq!(short.governance.spend_epoch_share.parts(), 27_770);
        let off = ["chain.epoch_blocks=10", "governance.spend_epoch_share=0"].map(str::to_owned);
        let off = params_with(200, &off).expect("valid");
        assert_eq!(off.governance.spend_epoch_share, Ratio::ZERO);
    }

    #[test]
    fn the_cast_fits_its_genesis() {
        let (accounts, operators) = accounts(&cast(7));
        let beacon = BeaconGenesis::default();
        let genesis = Genesis {
            name: "dev".into(),
            time_ms: 0,
            assets: Assets::Single,
            params: params(200),
            beacon,
            accounts,
            operators,
            ..Genesis::default()
        };
        let state = State::new(&genesis).expect("a valid beginning");
        assert_eq!(state.operators().filter(|(_, operator)| operator.may_work()).count(), 8);
        assert!(state.leader().is_some(), "somebody pays for withheld beacons");
    }
}
