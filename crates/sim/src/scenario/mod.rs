//! Scenarios: who takes part, what they want, what happens to them, and for how long.
//!
//! A scenario is TOML (`raw`). People come in *groups*, each under a name of its own:
//! `[providers.lazy]`. Whoever shares a *purse* shares profit and secrets. Unknown fields are
//! errors; every value has a range. Shares are decimals (`0.05`), money is tokens, time is
//! blocks; `[params.<room>]` takes the protocol's own parameters in its own units (ratios in
//! parts per billion, amounts in base units of 10^-9 token, as strings).
//!
//! Laws: a [`Scenario`] exists only if every value is in its range; one text with the same values
//! set gives one scenario.
//! Not here: the protocol's ranges and relations (`earnest-protocol` checks its own parameters).

mod check;
mod delegators;
mod price;
mod raw;
mod set;
mod voters;

use earnest_protocol::{Amount, Blocks, Gas, Height, Ratio, RawParams, Role};
use serde::Deserialize;

use crate::{error::SimError, luck::MEMBERS_MAX};

pub use delegators::{Delegators, Policy};
pub(crate) use price::scaled;
pub use price::{Jumps, Price, Step};
pub use set::Setting;
pub use voters::{Motion, Says, Voters, Votes, When};

/// How often every law of the protocol is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariants {
    /// Conservation with every sample, every law at the end of a run.
    #[default]
    Run,
    /// Every law after every command and every block; slow.
    Command,
}

/// A scenario whose values are in range.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows, for people.
    pub description: String,
    /// The seed of all luck, unless the host says otherwise.
    pub seed: u64,
    /// How long a run lasts and what is kept of it.
    pub run: RunTerms,
    /// What every job asks for.
    pub job: JobTerms,
    /// How often jobs are asked for.
    pub demand: Demand,
    /// Everyone, group by group: requesters, validators, providers, delegators, voters, each by
    /// name.
    pub groups: Vec<Group>,
    /// When members of a group cannot act.
    pub outages: Vec<Outage>,
    /// What is put to the vote, by name.
    pub motions: Vec<Motion>,
    /// What stake is worth over time, in a network of two assets; none is one of one.
    pub price: Option<Price>,
    /// The protocol's parameters, as overridden.
    pub params: RawParams,
}

/// How long a run lasts and what is kept of it.
#[derive(Clone, Copy, Debug)]
pub struct RunTerms {
    /// Blocks in which jobs are posted: 1 to 10^7. Then those that are open come to their end.
    pub blocks: u64,
    /// Blocks between two samples, 1 to 10^6.
    pub sample_blocks: u64,
    /// How often laws are checked.
    pub invariants: Invariants,
    /// What capital would earn elsewhere in a year of blocks at their least interval, 0 to 10.
    pub capital_rate: f64,
}

/// What every job asks for.
#[derive(Clone, Copy, Debug)]
pub struct JobTerms {
    /// The price ceiling: .001 to 10^4 tokens.
    pub price_max: Amount,
    /// The work bound: 1 to 10^6 million gas.
    pub gas_bound: Gas,
    /// Steps of the computation, 1 to 2^32.
    pub steps: u64,
    /// Blocks from acceptance to the deadline, 1 to 10^5.
    pub deadline_blocks: Blocks,
    /// What a wrong result that is never convicted is worth outside the protocol, declared
    /// truly: 0 to 10^4 tokens.
    pub outside_gain: Amount,
    /// The chance that a result is audited, above 0.
    pub audit_rate: Ratio,
    /// Auditors drawn then, 1 to 16.
    pub auditors: u8,
}

/// How often jobs are asked for.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Jobs a block on average, all requesters together: 0 to 1,000.
    pub jobs_per_block: f64,
    /// When demand is another multiple of that.
    pub phases: Vec<Phase>,
}

/// A time in which demand is a multiple of what it is otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// The first block.
    pub from: u64,
    /// The first block after it.
    pub to: u64,
    /// 0 to 100.
    pub factor: f64,
}

/// People who are alike.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name: `providers.honest`.
    pub name: String,
    /// How many: 1 to [`MEMBERS_MAX`].
    pub count: u32,
    /// With whom they share profit and secrets: with themselves alone unless they say so.
    pub purse: String,
    /// What each begins with.
    pub balance: Amount,
    /// What they say to proposals, if they vote.
    pub votes: Option<Votes>,
    /// What they do.
    pub kind: Kind,
}

/// What a group does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Asks for work.
    Requesters,
    /// Audits.
    Validators(Validators),
    /// Works.
    Providers(Providers),
    /// Stands behind others' work with its money.
    Delegators(Delegators),
    /// Has stake, and works for nobody.
    Voters(Voters),
}

/// How providers work, cheat and decide.
#[derive(Clone, Debug)]
pub struct Providers {
    /// Jobs at once, 1 to 100: each bonds so many times the collateral that is quoted at its entry.
    pub capacity: u32,
    /// What the work of one job costs, as shares of the ceiling: each draws its own.
    pub cost: (Ratio, Ratio),
    /// What is asked above the cost, as shares of the ceiling: each draws its own.
    pub margin: (Ratio, Ratio),
    /// The chance that one with room looks for a job in a block.
    pub attention: Ratio,
    /// Blocks that the work of one job takes, at least 1.
    pub work_blocks: (u64, u64),
    /// The share of jobs in which it makes the result up.
    pub lie_rate: Ratio,
    /// Jobs done honestly before the first lie.
    pub lies_after: u32,
    /// What making a result up costs, as a share of the ceiling.
    pub lie_cost: Ratio,
    /// It makes a result up only while stake is worth less than this share of what the job takes it
    /// for, if anything is said.
    pub lies_below: Option<f64>,
    /// Does it bond more when what it has bonded is worth too little for its jobs?
    pub tops_up: bool,
    /// The share of jobs that it accepts and leaves.
    pub abandon_rate: Ratio,
    /// Blocks in which members enter, each at a block of its own.
    pub enters: (u64, u64),
    /// It leaves when it earned less than this in so many blocks.
    pub leaves: Option<Leaves>,
    /// It learns how often to make results up; `lie_rate` means nothing then.
    pub learns: Option<Learns>,
    /// What it keeps of its pay before those who delegate to it have their part: each draws its
    /// own, for good. None lets nobody delegate.
    pub commission: Option<(Ratio, Ratio)>,
}

/// How a provider learns what pays.
#[derive(Clone, Debug)]
pub struct Learns {
    /// How it chooses.
    pub by: Rule,
    /// What it chooses between: the share of jobs in which it makes the result up, 2 to 8 of them.
    pub lie_rates: Vec<Ratio>,
    /// Blocks from one choice to the next, at least 1.
    pub every_blocks: Blocks,
    /// The chance that it plays any of them, whatever it knows; above 0.
    pub explore: Ratio,
}

/// How one who learns chooses what to do next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// What earned most so far.
    #[default]
    Trial,
    /// Anything, with a chance that grows with what it earned.
    Weights,
    /// What a fellow did that earned more.
    Imitation,
}

/// When a provider gives up.
#[derive(Clone, Copy, Debug)]
pub struct Leaves {
    /// It looks at what it earned every so many blocks, at least 1.
    pub review_blocks: u64,
    /// And leaves if that is less, in base units; may be negative.
    pub below: i64,
}

/// How validators judge.
#[derive(Clone, Copy, Debug)]
pub struct Validators {
    /// What each bonds.
    pub bond: Amount,
    /// What doing the work of an audit costs, as a share of the ceiling.
    pub cost: Ratio,
    /// The share of audits in which it copies what the provider tells instead of working.
    pub laxity: Ratio,
    /// The share of audits that it misses.
    pub silence: Ratio,
    /// The share of results that it checks without being drawn, and challenges if they are wrong.
    pub watch: Ratio,
    /// The share of results that it challenges though they are right.
    pub grief: Ratio,
    /// How many times what stake is worth it posts to the price feed; 1 is what it sees.
    pub price_bias: f64,
    /// The share of epochs in which it posts no price.
    pub price_silence: Ratio,
    /// What it keeps of its pay before those who delegate to it have their part: each draws its
    /// own, for good. None lets nobody delegate.
    pub commission: Option<(Ratio, Ratio)>,
}

/// When members of a group cannot act.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Which group: `providers.honest`.
    pub group: String,
    /// The chance that it strikes a member.
    pub share: Ratio,
    /// The first block.
    pub from: u64,
    /// The first block after it.
    pub to: u64,
}

/// Which value of a scenario is out of range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScenarioRejected {
    /// A name of 1 to 64 characters is needed.
    #[error("{field} must have 1 to 64 characters of a-z, 0-9, - and _")]
    Name {
        /// Which.
        field: String,
    },
    /// A number is out of its range.
    #[error("{field} is {got}, allowed are {min} to {max}")]
    OutOfRange {
        /// Which field.
        field: String,
        /// Its value.
        got: f64,
        /// The least allowed.
        min: f64,
        /// The most allowed.
        max: f64,
    },
    /// The lower end of a range is above its upper end.
    #[error("{field} must begin with its lower end")]
    RangeReversed {
        /// Which field.
        field: String,
    },
    /// A kind of people is missing.
    #[error("there must be at least one group of {kind}: [{kind}.NAME] with a count")]
    Nobody {
        /// Which.
        kind: &'static str,
    },
    /// Two names whose luck would be one.
    #[error("the groups {one} and {other} would have the same luck; rename one of them")]
    SameLuck {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A value that means nothing without another section.
    #[error("{field} says nothing without [{section}]: add it, or leave the value out")]
    Meaningless {
        /// Which field.
        field: String,
        /// What is missing.
        section: &'static str,
    },
    /// What no parameter may be changed to.
    #[error("{field} cannot be proposed: {detail}")]
    NoParameter {
        /// Which field.
        field: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A group or purse that is not there.
    #[error("{field} names {name}, which no group has")]
    Unknown {
        /// Which field.
        field: String,
        /// What it says.
        name: String,
    },
    /// More people than a run holds.
    #[error("{count} people in all, allowed are {max}")]
    TooMany {
        /// How many.
        count: u64,
        /// The most allowed.
        max: u32,
    },
}

/// The group of the replica's operator, which no scenario may use.
pub(crate) const LEADER: &str = "leader";

/// Kinds of groups, as a scenario names their tables.
const KINDS: [&str; 4] = ["requesters", "validators", "providers", "delegators"];

impl Scenario {
    /// Reads and checks a scenario, with some of its values set to others.
    ///
    /// # Errors
    /// [`SimError::Syntax`] with the parser's words, [`SimError::Setting`], or
    /// [`SimError::Scenario`] with the field.
    pub fn parse(text: &str, settings: &[Setting]) -> Result<Scenario, SimError> {
        let syntax = |error: toml::de::Error| SimError::Syntax { detail: error.to_string() };
        let table: toml::Table = toml::from_str(text).map_err(syntax)?;
        if !settings.is_empty() {
            return Scenario::of(table, settings);
        }
        // From the text itself, so that errors name their lines.
        let raw: raw::RawScenario = toml::from_str(text).map_err(syntax)?;
        raw.check(&table).map_err(SimError::Scenario)
    }

    /// That no path sets a value of a group that the scenario has not: such a group would be played
    /// with defaults that nobody wrote.
    ///
    /// # Errors
    /// [`SimError::Group`] with the groups that there are, [`SimError::Syntax`].
    pub fn check_paths<'a>(
        text: &str,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), SimError> {
        let syntax = |error: toml::de::Error| SimError::Syntax { detail: error.to_string() };
        let table: toml::Table = toml::from_str(text).map_err(syntax)?;
        for path in paths {
            let mut parts = path.split('.');
            let (Some(kind), Some(name)) = (parts.next(), parts.next()) else { continue };
            let groups = table.get(kind).and_then(toml::Value::as_table);
            let has = groups.is_some_and(|groups| groups.contains_key(name));
            if !KINDS.contains(&kind) || has {
                continue;
            }
            let names = groups.into_iter().flat_map(toml::Table::keys);
            let known: Vec<String> = names.map(|name| format!("{kind}.{name}")).collect();
            let known = if known.is_empty() { format!("no {kind}") } else { known.join(", ") };
            return Err(SimError::Group { path: path.to_owned(), known });
        }
        Ok(())
    }

    /// The same, of a text that was parsed before.
    pub(crate) fn of(mut table: toml::Table, settings: &[Setting]) -> Result<Scenario, SimError> {
        for setting in settings {
            setting.put(&mut table)?;
        }
        let syntax = |error: toml::de::Error| SimError::Syntax { detail: error.to_string() };
        let raw: raw::RawScenario = table.clone().try_into().map_err(syntax)?;
        raw.check(&table).map_err(SimError::Scenario)
    }

    /// People in all, the replica's operator not counted.
    pub fn people(&self) -> u32 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Who asks for work, in all.
    pub(crate) fn requesters(&self) -> u32 {
        let asking = self.groups.iter().filter(|group| matches!(group.kind, Kind::Requesters));
        asking.map(|group| group.count).sum()
    }

    /// Is anything put to the vote?
    pub fn votes(&self) -> bool {
        !self.motions.is_empty()
    }

    /// Does anybody delegate?
    pub fn delegates(&self) -> bool {
        self.groups.iter().any(|group| matches!(group.kind, Kind::Delegators(_)))
    }
}

impl Kind {
    /// What its members keep of their pay, if others may delegate to them.
    pub const fn commission(&self) -> Option<(Ratio, Ratio)> {
        match self {
            Kind::Validators(validators) => validators.commission,
            Kind::Providers(providers) => providers.commission,
            Kind::Requesters | Kind::Delegators(_) | Kind::Voters(_) => None,
        }
    }

    /// The role whose work its members are paid for, or share in the pay of.
    pub const fn paid_as(&self) -> Option<Role> {
        match self {
            Kind::Requesters | Kind::Voters(_) => None,
            Kind::Validators(_) => Some(Role::Validator),
            Kind::Providers(_) => Some(Role::Provider),
            Kind::Delegators(delegators) => Some(delegators.role),
        }
    }

    /// The role that its members bond for.
    pub const fn role(&self) -> Option<Role> {
        match self {
            Kind::Requesters | Kind::Delegators(_) => None,
            Kind::Validators(_) => Some(Role::Validator),
            Kind::Providers(_) | Kind::Voters(_) => Some(Role::Provider),
        }
    }

    /// True of those whom no rule may make lose: they do what the protocol asks.
    pub fn is_honest(&self) -> bool {
        let never = Ratio::ZERO;
        match self {
            Kind::Requesters | Kind::Delegators(_) | Kind::Voters(_) => true,
            Kind::Validators(v) => v.laxity == never && v.silence == never && v.grief == never,
            Kind::Providers(p) => {
                let lies = p.lie_rate != never || p.learns.is_some();
                !lies && p.abandon_rate == never
            }
        }
    }
}

impl Demand {
    /// The multiple at a height.
    pub(crate) fn factor(&self, height: Height) -> f64 {
        let now = height.count();
        let phases = self.phases.iter().filter(|phase| (phase.from..phase.to).contains(&now));
        phases.map(|phase| phase.factor).product()
    }

    /// The largest multiple there ever is.
    pub(crate) fn factor_max(&self) -> f64 {
        // Factors of phases that overlap are multiplied: the bounds where one begins are enough.
        let begins = self.phases.iter().map(|phase| self.factor(Height::new(phase.from)));
        begins.fold(1.0, f64::max)
    }
}

/// Everyone in a run, the replica's operator not counted.
const PEOPLE_MAX: u32 = MEMBERS_MAX;
