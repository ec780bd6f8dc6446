//! Figures: what is measured of a run, in one list for comparisons, sweeps, wishes and the like.
//!
//! Law: a measure is a column of a table of runs, so that what is read from a sweep's files and
//! what was just played are the same number.
//! Not here: how values of many runs are put together (`compare`, `digest`).

use serde::Serialize;

use crate::{
    run::Outcome,
    scenario::{Kind, Scenario},
    schema,
    tables::{Cell, Column},
};

/// What is measured of each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Its name: `accepted`, `providers.lazy profit`.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// Does a comparison tell it?
    #[serde(skip)]
    pub(crate) is_headline: bool,
    #[serde(skip)]
    from: From,
    /// Which column.
    #[serde(skip)]
    column: usize,
    /// By how much it is divided.
    #[serde(skip)]
    members: i64,
}

/// A row of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Its own.
    Run,
    /// One of a group's.
    Group(usize),
    /// One of those of delegations.
    Backing(usize),
    /// One of those of proposals.
    Vote(usize),
    /// Its price's, where stake has one.
    Price,
}

/// The rows of one run that measures are taken from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// Of `runs`.
    pub(crate) run: Vec<Cell>,
    /// Of `run_groups`.
    pub(crate) groups: Vec<Vec<Cell>>,
    /// Of `run_delegations`.
    pub(crate) backing: Vec<Vec<Cell>>,
    /// Of `run_proposals`.
    pub(crate) votes: Vec<Vec<Cell>>,
    /// Of `run_prices`, if there is one.
    pub(crate) price: Option<Vec<Cell>>,
}

impl Rows {
    /// Those of a run that was just played.
    pub(crate) fn of(scenario: &Scenario, outcome: &Outcome) -> Rows {
        Rows {
            run: schema::run_row(0, &[], outcome),
            groups: schema::run_group_rows(0, scenario, outcome),
            backing: schema::run_backing_rows(0, scenario, outcome),
            votes: schema::run_proposal_rows(0, scenario, outcome),
            price: schema::run_price_row(0, outcome),
        }
    }
}

impl Measure {
    /// Its value in a run.
    pub(crate) fn of(&self, rows: &Rows) -> i64 {
        let row = match self.from {
            From::Run => Some(&rows.run),
            From::Group(place) => rows.groups.get(place),
            From::Backing(place) => rows.backing.get(place),
            From::Vote(place) => rows.votes.get(place),
            From::Price => rows.price.as_ref(),
        };
        match row.and_then(|row| row.get(self.column)) {
            Some(Cell::Whole(value)) => value.div_euclid(self.members.max(1)),
            Some(Cell::Real(value)) if [PRICE, PER_MILLION].contains(&self.unit) => {
                (value * 1e6).round() as i64
            }
            Some(Cell::Real(value)) => value.round() as i64,
            _ => 0,
        }
    }
}

/// A list that grows.
struct List(Vec<Measure>);

impl List {
    fn add(&mut self, name: String, unit: &'static str, (from, column): (From, &str)) {
        let columns: &[Column] = match from {
            From::Run => schema::RUNS,
            From::Group(_) => schema::RUN_GROUPS,
            From::Backing(_) => schema::RUN_DELEGATIONS,
            From::Vote(_) => schema::RUN_PROPOSALS,
            From::Price => schema::RUN_PRICES,
        };
        let column = columns.iter().position(|known| known.name == column);
        let column = column.expect("a column of ours");
        self.0.push(Measure { name, unit, is_headline: false, from, column, members: 1 });
    }

    /// The same, of what a comparison tells.
    fn headline(&mut self, name: String, unit: &'static str, from: (From, &str)) {
        self.add(name, unit, from);
        self.0.last_mut().expect("it was just added").is_headline = true;
    }
}

/// What money is counted in: what pays, that of each member, and what is bonded and slashed.
#[derive(Clone, Copy)]
struct Money {
    pays: &'static str,
    each: &'static str,
    stake: &'static str,
}

impl Money {
    const fn of(scenario: &Scenario) -> Money {
        match scenario.price {
            None => {
                let each = "base units a member";
                Money { pays: "base units", each, stake: "base units" }
            }
            Some(_) => Money {
                pays: "base units that pay",
                each: "base units that pay a member",
                stake: "base units of stake",
            },
        }
    }
}

/// All that is measured of a run of `scenario`.
pub(crate) fn all(scenario: &Scenario) -> Vec<Measure> {
    let mut list = List(Vec::new());
    for name in ["posted", "accepted", "rejected", "expired"] {
        list.headline(name.to_owned(), "jobs", (From::Run, name));
    }
    for name in ["no_bids", "abandoned"] {
        list.add(name.to_owned(), "jobs", (From::Run, name));
    }
    let money = Money::of(scenario);
    list.headline("burnt".to_owned(), money.pays, (From::Run, "burnt"));
    for name in ["insurance", "treasury"] {
        list.add(name.to_owned(), money.pays, (From::Run, name));
    }
    if scenario.price.is_some() {
        prices(&mut list);
    }
    let mut backed = 0;
    for (place, group) in scenario.groups.iter().enumerate() {
        let from = From::Group(place);
        let named = |what: &str| format!("{} {what}", group.name);
        list.headline(named("profit"), money.each, (from, "profit"));
        list.0.last_mut().expect("it was just added").members = i64::from(group.count);
        match group.kind {
            Kind::Requesters | Kind::Delegators(_) | Kind::Voters(_) => {}
            Kind::Validators(_) => list.add(named("missed"), "audits", (from, "missed")),
            Kind::Providers(_) => {
                list.headline(named("minded to lie"), "members", (from, "minded"));
                list.add(named("active"), "members", (from, "active"));
                for column in ["paid", "lies", "convicted"] {
                    list.add(named(column), "jobs", (from, column));
                }
            }
        }
        list.add(named("slashed"), money.stake, (from, "slashed"));
        if schema::is_backed(scenario, group) {
            backing(&mut list, &named, (&group.kind, money), From::Backing(backed));
            backed += 1;
        }
    }
    for (place, motion) in scenario.motions.iter().enumerate() {
        votes(&mut list, &motion.name, (From::Vote(place), money));
    }
    list.0
}

/// What is measured of a proposal.
fn votes(list: &mut List, name: &str, (from, money): (From, Money)) {
    let named = |what: &str| format!("proposals.{name} {what}");
    list.headline(named("in force"), "times", (from, "in_force"));
    list.add(named("extended"), "times", (from, "extended"));
    list.add(named("turnout"), PER_MILLION, (from, "turnout"));
    for answer in ["yes", "no", "abstain", "veto"] {
        list.add(named(answer), money.stake, (from, answer));
    }
    list.add(named("live"), "jobs", (from, "live"));
}

/// What is measured of what stake is worth, and of where it went.
fn prices(list: &mut List) {
    for (name, unit, column) in [
        ("stake worth", PRICE, "worth"),
        ("stake counted as", PRICE, "counted"),
        ("prices counted", "rounds", "rounds"),
        ("prices missed", "rounds", "missed"),
        ("stake burnt", "base units of stake", "burnt"),
        ("stake in insurance", "base units of stake", "insurance"),
        ("stake in treasury", "base units of stake", "treasury"),
    ] {
        list.add(name.to_owned(), unit, (From::Price, column));
    }
}

/// The unit of prices, which are measured in whole numbers, too.
const PRICE: &str = "millionths of a token that pays";

/// The unit of shares, and of deviations as shares of the mean.
pub(crate) const PER_MILLION: &str = "parts of a million";

/// What a number of a measure is told in, and how many of its own units that is.
pub(crate) fn shown_in(unit: &str) -> (String, f64) {
    match unit.strip_prefix("base units") {
        Some(rest) => (format!("tokens{rest}"), 1e9),
        None if unit == PER_MILLION => ("share".to_owned(), 1e6),
        None if unit == PRICE => ("tokens that pay for one of stake".to_owned(), 1e6),
        None => (unit.to_owned(), 1.0),
    }
}

/// What is measured of stake behind others' work.
fn backing(
    list: &mut List,
    named: &dyn Fn(&str) -> String,
    (kind, money): (&Kind, Money),
    from: From,
) {
    if let Kind::Delegators(_) = kind {
        list.headline(named("earned"), money.pays, (from, "earned"));
        list.headline(named("lost"), money.stake, (from, "lost"));
        for column in ["moves", "exits"] {
            list.add(named(column), "times", (from, column));
        }
    } else {
        list.headline(named("taken"), money.stake, (from, "taken"));
        list.add(named("spread of what is taken"), "HHI", (from, "hhi"));
    }
}
