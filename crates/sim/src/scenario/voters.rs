//! Voters: stake with a say, what it says to proposals, and which proposals there are.
//!
//! Key terms: a *motion* is a proposal as a scenario writes it, under a name of its own.
//!
//! Laws: whoever names no motion has the run that was there before; what is no parameter of the
//! rules is refused here, what is out of its range or breaks a relation by the rules, in the run.
//! Not here: when somebody votes (`agents`), what a vote comes to (`earnest-protocol`).

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Epochs, Ratio, RawParams,
    command::{BallotChoice, ParamChange},
};
use serde::Deserialize;

use super::{
    Group, Kind, ScenarioRejected,
    check::{BALANCE_MAX, BLOCKS_MAX, Checked, count, name, share, tokens},
};
use crate::luck::MEMBERS_MAX;

/// Stake that does no work: bonded as a provider that never bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voters {
    /// What each has bonded when the network begins.
    pub bond: Amount,
    /// For how many epochs each promises, at first, that all of it stays; 0 promises nothing.
    pub lock_epochs: Epochs,
}

/// What a group does about proposals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Votes {
    /// What it says.
    pub says: Says,
    /// The chance that a member has a say in a vote at all.
    pub turnout: Ratio,
    /// When it says it.
    pub when: When,
}

/// What somebody says to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// Always this.
    Yes,
    /// Always this.
    No,
    /// Always this.
    Abstain,
    /// Always this.
    Veto,
    /// Yes to what raises what its role is paid for the same work, no to what lowers it, and
    /// nothing to anything else.
    Gain,
}

/// When somebody votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// In any block of the voting, as luck has it.
    #[default]
    During,
    /// In the last block before the voting was to end when it began.
    Last,
    /// Once the proposal would be accepted as the tally stands; looked at once an epoch.
    Alarmed,
}

/// A proposal as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    /// What it is called.
    pub name: String,
    /// The block in which it is proposed.
    pub at: u64,
    /// The place of the group whose first member proposes it.
    pub by: usize,
    /// What it changes.
    pub changes: Vec<ParamChange>,
}

impl Motion {
    /// What it is called by luck.
    pub(crate) fn token(&self) -> u32 {
        let [a, b, c, d, ..] = *blake3::hash(self.name.as_bytes()).as_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

impl Says {
    /// What it says to whatever is proposed, if it looks at nothing.
    pub(crate) const fn always(self) -> Option<BallotChoice> {
        match self {
            Says::Yes => Some(BallotChoice::Yes),
            Says::No => Some(BallotChoice::No),
            Says::Abstain => Some(BallotChoice::Abstain),
            Says::Veto => Some(BallotChoice::Veto),
            Says::Gain => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVotes {
    says: Says,
    #[serde(default = "all")]
    turnout: f64,
    #[serde(default)]
    when: When,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVoters {
    count: u32,
    #[serde(default = "hundred_thousand")]
    bond: f64,
    /// Free money beside the bond, for fees and deposits.
    #[serde(default = "thousand")]
    balance: f64,
    purse: Option<String>,
    #[serde(default)]
    lock_epochs: u64,
    votes: Option<RawVotes>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMotion {
    at: u64,
    by: String,
    changes: BTreeMap<String, toml::Table>,
}

fn all() -> f64 {
    1.0
}

fn hundred_thousand() -> f64 {
    1e5
}

fn thousand() -> f64 {
    1e3
}

/// People who are alike, under the name of their section and their own.
pub(super) fn group(
    section: &str,
    group: String,
    (members, purse, balance): (u32, Option<String>, f64),
    (kind, votes): (Kind, Option<RawVotes>),
) -> Checked<Group> {
    name(&format!("the name of [{section}.{group}]"), &group)?;
    let whole = format!("{section}.{group}");
    let field = |name: &str| format!("{whole}.{name}");
    count(&field("count"), members.into(), 1, MEMBERS_MAX.into())?;
    if let Some(purse) = &purse {
        name(&field("purse"), purse)?;
    }
    let balance = tokens(&field("balance"), balance, 0.0, BALANCE_MAX)?;
    let purse = purse.unwrap_or_else(|| whole.clone());
    let votes = votes.map(|votes| votes.check(&whole)).transpose()?;
    Ok(Group { name: whole, count: members, purse, balance, votes, kind })
}

impl RawVotes {
    pub(super) fn check(self, group: &str) -> Checked<Votes> {
        let turnout = share(&format!("{group}.votes.turnout"), self.turnout)?;
        Ok(Votes { says: self.says, turnout, when: self.when })
    }
}

impl RawVoters {
    pub(super) fn check(self, name: String) -> Checked<Group> {
        let field = |field: &str| format!("voters.{name}.{field}");
        let kind = Kind::Voters(Voters {
            bond: tokens(&field("bond"), self.bond, 0.001, BALANCE_MAX)?,
            lock_epochs: Epochs::new(count(
                &field("lock_epochs"),
                self.lock_epochs,
                0,
                BLOCKS_MAX,
            )?),
        });
        let money = (self.count, self.purse, self.balance);
        group("voters", name, money, (kind, self.votes))
    }
}

/// All motions, by their names.
pub(super) fn motions(raw: BTreeMap<String, RawMotion>, groups: &[Group]) -> Checked<Vec<Motion>> {
    raw.into_iter().map(|(name, raw)| raw.check(name, groups)).collect()
}

impl RawMotion {
    fn check(self, motion: String, groups: &[Group]) -> Checked<Motion> {
        name(&format!("the name of [proposals.{motion}]"), &motion)?;
        let field = |field: &str| format!("proposals.{motion}.{field}");
        count(&field("at"), self.at, 1, BLOCKS_MAX)?;
        let Some(by) = groups.iter().position(|group| group.name == self.by) else {
            return Err(ScenarioRejected::Unknown { field: field("by"), name: self.by });
        };
        let mut changes = Vec::new();
        for (room, values) in self.changes {
            for (name, value) in values {
                let path = format!("{room}.{name}");
                let value = read((&room, &name), value).map_err(|detail| {
                    let field = field(&format!("changes.{path}"));
                    ScenarioRejected::NoParameter { field, detail }
                })?;
                changes.push(ParamChange { path, value });
            }
        }
        Ok(Motion { at: self.at, by, changes, name: motion })
    }
}

/// A parameter's value in its own unit, written as `[params.ROOM]` has it.
fn read((room, name): (&str, &str), value: toml::Value) -> Result<u64, String> {
    let room_of = toml::Table::from_iter([(name.to_owned(), value)]);
    let whole = toml::Table::from_iter([(room.to_owned(), toml::Value::Table(room_of))]);
    let raw: RawParams =
        whole.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    raw.value(&format!("{room}.{name}")).ok_or_else(|| "no vote changes it".to_owned())
}

/// Refuses a say in nothing, and a gain of those who are paid for nothing.
pub(super) fn whole(groups: &[Group], motions: &[Motion]) -> Checked<()> {
    for group in groups {
        let Some(votes) = group.votes else { continue };
        let field = format!("{}.votes", group.name);
        if motions.is_empty() {
            return Err(ScenarioRejected::Meaningless { field, section: "proposals.NAME" });
        }
        if votes.says == Says::Gain && group.kind.paid_as().is_none() {
            let section = "providers.NAME, validators.NAME or delegators.NAME";
            let field = format!("{field}.says = \"gain\"");
            return Err(ScenarioRejected::Meaningless { field, section });
        }
    }
    Ok(())
}
