//! The plan of a development network: who takes part, with what, under which parameters.
//!
//! Law: a plan follows from its seed and block time alone; its keys are for development only.

use earnest_api::Signer;
use earnest_protocol::{
    Address, Amount, Blocks, Epochs, Factor, Gas, Ratio, RawParams, Role,
    genesis::{GenesisAccount, GenesisOperator},
};
use serde::{Deserialize, Serialize};

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

/// One process of the network besides the node.
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
}

impl PlanRole {
    /// The bonded role, if it is one.
    pub fn bonded(self) -> Option<Role> {
        match self {
            PlanRole::Provider => Some(Role::Provider),
            PlanRole::Validator => Some(Role::Validator),
            PlanRole::Requester => None,
        }
    }

    /// The word for it, as in commands and output.
    pub fn name(self) -> &'static str {
        match self {
            PlanRole::Provider => "provider",
            PlanRole::Validator => "validator",
            PlanRole::Requester => "requester",
        }
    }
}

/// The participants of every development network: name, role, behaviour, tokens, bonded tokens.
const CAST: [(&str, PlanRole, Behaviour, u64, u64); 8] = [
    ("ada", PlanRole::Provider, Behaviour::Honest, 1_000, 500),
    ("grace", PlanRole::Provider, Behaviour::Honest, 1_000, 500),
    ("loki", PlanRole::Provider, Behaviour::Lazy, 200, 100),
    ("hush", PlanRole::Provider, Behaviour::Silent, 200, 6),
    ("vera", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("vito", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("vida", PlanRole::Validator, Behaviour::Honest, 1_000, 500),
    ("rosa", PlanRole::Requester, Behaviour::Honest, 10_000, 0),
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
    let accounts = cast.iter().map(|p| GenesisAccount { address: p.address, balance: p.balance });
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
    let raw = RawParams {
        block_interval_min_ms: block_time_ms,
        epoch_blocks: seconds(40),
        provider_bond_min: Amount::tokens(5),
        validator_bond_min: Amount::tokens(20),
        jail_epochs: Epochs::new(100),
        abandonments_to_jail: 2,
        bid_blocks: seconds(8),
        bid_reveal_blocks: seconds(40),
        accept_blocks: seconds(50),
        deadline_blocks_min: seconds(10),
        deadline_blocks_max: seconds(3_000),
        grace_blocks: seconds(20),
        tariff_per_mgas: Amount::new(4_000_000).unwrap_or(Amount::ZERO),
        reference_speed: Gas::new(block_time_ms.saturating_mul(500_000)),
        // The referee must be done within half a block (R5).
        step_gas_max: Gas::new((block_time_ms.saturating_mul(5_000_000) / 69).min(70_000_000)),
        work_bound_max: Gas::new(100_000_000_000),
        seed_blocks: seconds(40),
        audit_base_blocks: seconds(100),
        audit_slack: Factor::percent(300),
        reveal_blocks: seconds(60),
        challenge_blocks: seconds(16),
        clock_blocks: seconds(120),
        availability_blocks: seconds(60),
        challenge_deposit: Amount::tokens(1),
        insurance_share: Ratio::percent(50),
        engine_stay_epochs: Epochs::new(1),
        engine_hold_epochs: Epochs::new(10),
        reputation_unit: Amount::tokens(1),
        reputation_decay: Ratio::new(999_000_000).unwrap_or(Ratio::ONE),
        reputation_pair_max: Factor::percent(2_000),
        tier_start: Amount::tokens(100),
        tier_full: Amount::tokens(10_000),
        ..RawParams::default()
    };
    let liability = raw.longest_liability().count();
    let epochs = liability.div_ceil(raw.epoch_blocks.count()).saturating_add(1);
    RawParams { unbonding_epochs: Epochs::new(epochs), ..raw }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earnest_protocol::{Genesis, Params, State, genesis::BeaconGenesis};

    #[test]
    fn every_block_time_has_valid_parameters() {
        for block_time_ms in [50, 200, 500, 1_000, 12_000] {
            Params::try_from(params(block_time_ms)).expect("ranges and relations hold");
        }
    }

    #[test]
    fn the_cast_fits_its_genesis() {
        let (accounts, operators) = accounts(&cast(7));
        let beacon = BeaconGenesis::default();
        let genesis = Genesis {
            name: "dev".into(),
            time_ms: 0,
            params: params(200),
            beacon,
            accounts,
            operators,
        };
        let state = State::new(&genesis).expect("a valid beginning");
        assert_eq!(state.operators().filter(|(_, operator)| operator.may_work()).count(), 7);
    }
}
