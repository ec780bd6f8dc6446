//! Delegators: stake that stands behind somebody else's work, and whom it follows.
//!
//! Law: whoever names none of them has the run that was there before.
//! Not here: what a delegator does in a block (`agents`), who takes stake (`commission` of the
//! groups that work), what the rules make of it (`earnest-protocol`).

use earnest_protocol::{Amount, Blocks, Factor, Role};
use serde::Deserialize;

use super::{
    Group, Kind, ScenarioRejected,
    check::{BALANCE_MAX, BLOCKS_MAX, Checked, count, span, tokens},
    voters::{RawVotes, group},
};

/// How those who delegate choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegators {
    /// What each delegates, all to one operator at first.
    pub stake: Amount,
    /// To operators of which role.
    pub role: Role,
    /// Whom it follows.
    pub policy: Policy,
    /// Blocks between two looks at what there is, at least 1.
    pub every_blocks: Blocks,
    /// Blocks in which members come, each at a block of its own.
    pub enters: (u64, u64),
}

/// Whom a delegator follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Whoever would have earned it most so far; it moves when that is somebody else.
    Return,
    /// Whoever keeps least; it moves when somebody keeps less.
    Commission,
    /// Anybody, for good.
    Stays,
    /// Anybody, until a slash reaches it: then it unbonds, and joins one that was never slashed.
    Flees,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDelegators {
    count: u32,
    policy: Policy,
    #[serde(default = "thousand")]
    stake: f64,
    /// Free money beside it, for fees.
    #[serde(default = "ten")]
    balance: f64,
    purse: Option<String>,
    #[serde(default)]
    role: RawRole,
    #[serde(default = "hundred")]
    every_blocks: u64,
    #[serde(default = "first")]
    enters: [u64; 2],
    votes: Option<RawVotes>,
}

/// Replicas have no pay that delegators share in.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawRole {
    #[default]
    Provider,
    Validator,
}

fn thousand() -> f64 {
    1e3
}

fn ten() -> f64 {
    10.0
}

fn hundred() -> u64 {
    100
}

fn first() -> [u64; 2] {
    [1, 1]
}

impl RawDelegators {
    pub(super) fn check(self, name: String) -> Checked<Group> {
        let field = |field: &str| format!("delegators.{name}.{field}");
        let kind = Kind::Delegators(Delegators {
            stake: tokens(&field("stake"), self.stake, 0.001, BALANCE_MAX)?,
            role: match self.role {
                RawRole::Provider => Role::Provider,
                RawRole::Validator => Role::Validator,
            },
            policy: self.policy,
            every_blocks: Blocks::new(count(
                &field("every_blocks"),
                self.every_blocks,
                1,
                BLOCKS_MAX,
            )?),
            enters: span(&field("enters"), self.enters, 1, BLOCKS_MAX)?,
        });
        let money = (self.count, self.purse, self.balance);
        group("delegators", name, money, (kind, self.votes))
    }
}

/// Refuses those whom nobody would let join.
pub(super) fn whole(groups: &[Group], delegation_max: Factor) -> Checked<()> {
    for group in groups {
        let Kind::Delegators(delegators) = group.kind else { continue };
        if delegation_max == Factor::ZERO {
            let section = "params.staking] and a delegation_max [above 0";
            return Err(ScenarioRejected::Meaningless { field: group.name.clone(), section });
        }
        let takes = |other: &Group| {
            other.kind.role() == Some(delegators.role) && other.kind.commission().is_some()
        };
        if !groups.iter().any(takes) {
            let section = match delegators.role {
                Role::Validator => "validators.NAME with a commission",
                Role::Provider | Role::Replica | Role::Access => "providers.NAME with a commission",
            };
            return Err(ScenarioRejected::Meaningless { field: group.name.clone(), section });
        }
    }
    Ok(())
}
