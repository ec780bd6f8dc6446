//! How a network begins in which a scenario's people take part.
//!
//! Law: accounts are numbered in the order of the groups, members within a group in order, the
//! replica's operator last.

use earnest_protocol::{
    Address, Amount, Digest, Genesis, Role,
    command::{Auction, GainTiming, PostJob, ProgramForm, ResourceClass, Task, Visibility},
    genesis::{BeaconGenesis, GenesisAccount, GenesisOperator},
    ledger::Assets,
    num::PARTS,
};

use crate::scenario::{Group, Kind, Scenario};

/// Most that the replica's operator bonds: half of the largest supply.
const LEADER_BOND_MAX: Amount = Amount::tokens(4_000_000_000);

/// The terms of every job; seeds are each job's own.
pub(super) fn terms(scenario: &Scenario) -> PostJob {
    let job = &scenario.job;
    let step_gas = job.gas_bound.min(scenario.params.market.step_gas_max);
    PostJob {
        task: Task {
            program: Digest([1; 32]),
            input_root: Digest([2; 32]),
            chunk_count: 1,
            steps: job.steps,
            seed: Digest::ZERO,
            step_gas_max: step_gas,
            gas_bound: job.gas_bound,
            form: ProgramForm::Stepwise,
        },
        class: ResourceClass::Cpu,
        price_max: job.price_max,
        deadline_blocks: job.deadline_blocks,
        auction: Auction::SecondPrice,
        reputation_min: earnest_protocol::Ratio::ZERO,
        audit_rate: job.audit_rate,
        auditors: job.auditors,
        outside_gain: job.outside_gain,
        gain_timing: GainTiming::Final,
        seed_seal: Digest::ZERO,
        visibility: Visibility::Public,
    }
}

/// The beginning.
pub(super) fn genesis(scenario: &Scenario, beacon: BeaconGenesis) -> Genesis {
    let members = scenario.groups.iter().flat_map(|group| (0..group.count).map(move |_| group));
    let (mut accounts, mut operators) = (Vec::new(), Vec::new());
    for (place, group) in (0..).zip(members) {
        accounts.push(GenesisAccount {
            address: address(place),
            balance: stake(group),
            payment: if scenario.price.is_some() { group.balance } else { Amount::ZERO },
        });
        if let Some((role, bond)) = bonded(group) {
            operators.push(GenesisOperator { address: address(place), role, bond });
        }
    }
    let (leader, bond) = (address(scenario.people()), leader_bond(scenario));
    accounts.push(GenesisAccount { address: leader, balance: bond, payment: Amount::ZERO });
    operators.push(GenesisOperator { address: leader, role: Role::Replica, bond });
    Genesis {
        name: scenario.name.clone(),
        time_ms: 0,
        assets: if scenario.price.is_some() { Assets::Dual } else { Assets::Single },
        params: scenario.params,
        beacon,
        accounts,
        operators,
        ..Genesis::default()
    }
}

/// What a member begins with of what is bonded, bonded or not.
pub(super) fn stake(group: &Group) -> Amount {
    let more = match &group.kind {
        Kind::Delegators(delegators) => delegators.stake,
        _ => bonded(group).map_or(Amount::ZERO, |(_, bond)| bond),
    };
    group.balance.saturating_add(more)
}

/// What a member has bonded when the network begins, and for which role.
fn bonded(group: &Group) -> Option<(Role, Amount)> {
    match &group.kind {
        Kind::Validators(validators) => Some((Role::Validator, validators.bond)),
        Kind::Voters(voters) => Some((Role::Provider, voters.bond)),
        Kind::Requesters | Kind::Providers(_) | Kind::Delegators(_) => None,
    }
}

/// What the replica's operator bonds: what two auditors more cost in every job that can be worked
/// on at once, so that each job is quoted as if it were the only one.
fn leader_bond(scenario: &Scenario) -> Amount {
    let places = scenario.groups.iter().map(|group| match &group.kind {
        Kind::Providers(providers) => u64::from(group.count) * u64::from(providers.capacity),
        Kind::Requesters | Kind::Validators(_) | Kind::Delegators(_) | Kind::Voters(_) => 0,
    });
    let tariff = scenario.params.market.tariff(scenario.job.gas_bound);
    let all = tariff.and_then(|tariff| tariff.checked_times(places.sum::<u64>() * 2));
    let all = all.and_then(|all| match &scenario.price {
        None => Some(all),
        // So much stake as is worth it at first.
        Some(price) => {
            let units = u128::from(all.units()) * u128::from(PARTS); // 63 + 30 bits.
            let units = units.div_ceil(u128::from(price.start.parts().max(1)));
            u64::try_from(units).ok().and_then(Amount::new)
        }
    });
    // With a tariff that cannot be paid, no job can be posted either.
    all.unwrap_or(Amount::ZERO).max(Amount::tokens(1_000)).min(LEADER_BOND_MAX)
}

fn address(place: u32) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[16..].copy_from_slice(&place.to_be_bytes());
    Address(bytes)
}
