//! The columns of every table, and how a row of each is made.
//!
//! | table | one row for each |
//! |---|---|
//! | `runs` | run |
//! | `run_groups` | run and group: what became of it |
//! | `steps` | sample of a run |
//! | `step_groups` | sample and group |
//! | `people` | participant of a run |
//! | `prices`, `run_prices` | sample and run, where stake has a price of its own |
//! | `delegations`, `run_delegations` | sample and run, and group, where somebody delegates |
//! | `run_proposals` | run and proposal, where there are any |
//! | `run_votes` | run, proposal and group: what it said |
//! | `votes` | ballot of a run |
//!
//! Laws: money is whole base units of 10^-9 token; counts are since the beginning of the run;
//! columns are only ever added at the end.
//! Not here: files (`tables`).

use earnest_protocol::{Amount, Epoch, command::BallotChoice, governance};

use crate::{
    motions::{Cast, Course},
    run::{Outcome, Person, Sample},
    scenario::{Group, Kind, Scenario, Setting},
    tables::{Cell, Column},
    tally::{Tally, units},
};

/// One row for each run.
pub const RUNS: &[Column] = &[
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
    Column::text("settings", "what the point sets, as path=value, separated by semicolons"),
    Column::text("status", "ok or failed"),
    Column::text("error", "why it failed"),
    Column::whole("height", "last block"),
    Column::whole("commands", "commands that the rules carried out"),
    Column::whole("agent_steps", "blocks lived through, summed over active participants"),
    Column::whole("posted", "jobs posted"),
    Column::whole("accepted", "jobs whose result stands and was paid"),
    Column::whole("rejected", "jobs whose result was convicted"),
    Column::whole("expired", "jobs without a result"),
    Column::whole("open", "jobs that never ended"),
    Column::whole("unchallenged", "jobs closed with nothing against the result"),
    Column::whole("wrong_result", "jobs closed by a conviction"),
    Column::whole("not_revealed", "jobs whose sealed result was never opened"),
    Column::whole("copied", "jobs whose sealed result was known to somebody else"),
    Column::whole("data_withheld", "jobs whose provider did not produce bytes"),
    Column::whole("input_missing", "jobs whose requester did not produce bytes"),
    Column::whole("no_bids", "jobs for which nobody opened a bid"),
    Column::whole("not_accepted", "jobs that no winner accepted"),
    Column::whole("abandoned", "jobs whose provider committed nothing in time"),
    Column::whole("audit_unavailable", "jobs for which too few auditors answered"),
    Column::real("income_gini", "Gini coefficient of what providers were paid, 0 to 1"),
    Column::real("income_hhi", "Herfindahl-Hirschman index of the same, 0 to 10,000"),
    Column::whole("income_nakamoto", "fewest providers who were paid more than a third"),
    Column::whole("purses", "change of what everybody holds, base units"),
    Column::whole("burnt", "taken out of circulation, base units"),
    Column::whole("insurance", "in the insurance, base units"),
    Column::whole("treasury", "in the treasury, base units"),
    Column::whole("honest_losses", "times that somebody blameless was slashed or judged wrong"),
];

macro_rules! tally_columns {
    ($($first:expr),* $(,)?) => {
        &[
            $($first,)*
            Column::text("group", "which group"),
            Column::whole("members", "how many it has"),
            Column::whole("active", "members that are in the market"),
            Column::whole("taken", "jobs accepted to do"),
            Column::whole("paid", "jobs paid for"),
            Column::whole("income", "paid for work and audits, base units"),
            Column::whole("lies", "wrong results that came to an end"),
            Column::whole("convicted", "of them convicted"),
            Column::whole("audited", "of them audited"),
            Column::whole("misjudged", "right results that were convicted"),
            Column::whole("slashes", "slashes and forfeits"),
            Column::whole("slashed", "taken by them, base units"),
            Column::whole("missed", "audits missed"),
            Column::whole("cost", "what work cost off the ledger, base units"),
            Column::whole("gain", "what wrong results were worth outside, base units"),
            Column::whole("profit", "held now, less at first, less cost, plus gain, base units"),
            Column::whole("capital_cost", "what stake would have earned elsewhere, base units"),
            Column::whole("commands", "commands carried out"),
            Column::whole("refused", "commands refused"),
            Column::whole("minded", "active members that would make a result up now and then"),
        ]
    };
}

/// One row for each run and group.
pub const RUN_GROUPS: &[Column] = tally_columns![
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
];

/// One row for each sample and group.
pub const STEP_GROUPS: &[Column] = tally_columns![Column::whole("height", "after which block")];

/// One row for each sample of a run.
pub const STEPS: &[Column] = &[
    Column::whole("height", "after which block"),
    Column::whole("epoch", "in which epoch"),
    Column::whole("posted", "jobs posted so far"),
    Column::whole("accepted", "jobs whose result stands and was paid, so far"),
    Column::whole("rejected", "jobs whose result was convicted, so far"),
    Column::whole("expired", "jobs without a result, so far"),
    Column::whole("open", "jobs that are open now"),
    Column::whole("commands", "commands carried out so far"),
    Column::whole("working", "jobs being worked on now"),
    Column::whole("places", "jobs that active providers can work on at once"),
    Column::whole("base_fee", "price of one transfer, base units"),
    Column::whole("burnt", "taken out of circulation so far, base units"),
];

/// One row for each sample of a run whose stake has a price of its own.
pub const PRICES: &[Column] = &[
    Column::whole("height", "after which block"),
    Column::real("worth", "units that pay for one of stake, outside"),
    Column::real("counted", "the last price that counted"),
    Column::real("secures", "what new work takes stake for; 0 while the feed is stale"),
    Column::real("mints", "what stake is minted at"),
    Column::whole("collateral", "what a job would lock, base units of stake; 0 if none may begin"),
];

/// One row for each run whose stake has a price of its own.
pub const RUN_PRICES: &[Column] = &[
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
    Column::real("worth", "units that pay for one of stake at the end, outside"),
    Column::real("counted", "the last price that counted"),
    Column::whole("rounds", "rounds of the price feed that counted"),
    Column::whole("missed", "rounds that did not"),
    Column::whole("purses", "change of the stake that everybody holds, base units of stake"),
    Column::whole("burnt", "stake taken out of circulation, base units of stake"),
    Column::whole("insurance", "stake in the insurance, base units of stake"),
    Column::whole("treasury", "stake in the treasury, base units of stake"),
];

macro_rules! backing_columns {
    ($($first:expr),* $(,)?) => {
        &[
            $($first,)*
            Column::text("group", "which group: one that delegates, or lets others delegate to it"),
            Column::whole("behind", "what it has behind others, on its way out or not, base units"),
            Column::whole("earned", "what that earned, paid or not, base units that pay"),
            Column::whole("lost", "what slashes took of it, base units"),
            Column::whole("moves", "times that some of it moved to somebody else"),
            Column::whole("exits", "times that some of it began to leave"),
            Column::whole("taken", "what others have behind its members, base units"),
            Column::real("hhi", "Herfindahl-Hirschman index of that over members, 0 to 10,000"),
        ]
    };
}

/// One row for each run and group that has to do with delegations, where there are any.
pub const RUN_DELEGATIONS: &[Column] = backing_columns![
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
];

/// One row for each sample and group that has to do with delegations, where there are any.
pub const DELEGATIONS: &[Column] = backing_columns![Column::whole("height", "after which block")];

/// One row for each run and proposal, where there are any.
pub const RUN_PROPOSALS: &[Column] = &[
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
    Column::text("proposal", "which"),
    Column::text("by", "the group that proposes it"),
    Column::text(
        "stage",
        "unproposed, refused, pending, active, defeated, queued, expired, adopted",
    ),
    Column::text("why", "why it was refused, defeated, or expired"),
    Column::whole("in_force", "1 if it came in force"),
    Column::whole("opened", "epoch that began its voting; 0 if none did"),
    Column::whole("closed", "epoch that ended it; 0 if none did"),
    Column::whole("adopted", "epoch that put it in force; 0 if none did"),
    Column::whole("extended", "1 if its voting was made longer, for its quorum came late"),
    Column::whole("power", "all power that could vote, base units of stake"),
    Column::whole("yes", "power for it"),
    Column::whole("no", "power against it"),
    Column::whole("abstain", "power that said neither"),
    Column::whole("veto", "power against it and its deposit"),
    Column::real("turnout", "what voted, of all power, 0 to 1"),
    Column::whole("live", "jobs open when it came in force, which keep the rules they began with"),
];

/// One row for each run, proposal and group that votes.
pub const RUN_VOTES: &[Column] = &[
    Column::whole("point", "point of the sweep, from 0"),
    Column::whole("run", "run of its point, from 0"),
    Column::text("proposal", "about which"),
    Column::text("group", "which group"),
    Column::whole("ballots", "members with a ballot that counts"),
    Column::whole("yes", "their power for it, base units of stake"),
    Column::whole("no", "against it"),
    Column::whole("abstain", "neither"),
    Column::whole("veto", "against it and its deposit"),
];

/// One row for each ballot of a run.
pub const VOTES: &[Column] = &[
    Column::text("proposal", "about which"),
    Column::text("group", "whose group"),
    Column::whole("place", "place in the group, from 0"),
    Column::text("said", "yes, no, abstain or veto"),
    Column::whole("weight", "power when it was cast; what its delegators say later is taken off"),
    Column::whole("height", "in which block"),
    Column::whole("epoch", "in which epoch"),
];

/// One row for each participant of a run.
pub const PEOPLE: &[Column] = &[
    Column::text("group", "which group"),
    Column::whole("place", "place in the group, from 0"),
    Column::whole("profit", "held now, less at first, less cost, plus gain, base units"),
    Column::whole("capital_cost", "what stake would have earned elsewhere, base units"),
];

/// The row of a run.
pub fn run_row(point: u64, settings: &[Setting], outcome: &Outcome) -> Vec<Cell> {
    let settings: Vec<String> = settings.iter().map(Setting::to_string).collect();
    let error = outcome.error.as_ref().map(ToString::to_string);
    let mut row: Vec<Cell> = vec![
        point.into(),
        u64::from(outcome.run).into(),
        settings.join(";").as_str().into(),
        if error.is_some() { "failed" } else { "ok" }.into(),
        error.unwrap_or_default().as_str().into(),
        outcome.height.into(),
        outcome.commands.into(),
        outcome.agent_steps.into(),
    ];
    row.extend(outcome.jobs.iter().chain(&outcome.closed).map(|count| Cell::from(*count)));
    let (income, closing) = (outcome.income, outcome.closing);
    row.extend([income.gini.into(), income.hhi.into(), income.nakamoto.into()]);
    row.extend(
        [closing.purses, closing.burnt, closing.insurance, closing.treasury].map(Cell::from),
    );
    row.push(outcome.honest_losses.into());
    row
}

/// The rows of a run's groups.
pub fn run_group_rows(point: u64, scenario: &Scenario, outcome: &Outcome) -> Vec<Vec<Cell>> {
    let first = [point.into(), u64::from(outcome.run).into()];
    group_rows(&first, scenario, &outcome.groups)
}

/// The row of a sample.
pub fn step_row(sample: &Sample) -> Vec<Cell> {
    let mut row: Vec<Cell> = vec![sample.height.into(), sample.epoch.into()];
    row.extend(sample.jobs.map(Cell::from));
    row.extend([sample.commands, sample.work.0, sample.work.1].map(Cell::from));
    row.extend([sample.base_fee, sample.burnt].map(Cell::from));
    row
}

/// The rows of a sample's groups.
pub fn step_group_rows(scenario: &Scenario, sample: &Sample) -> Vec<Vec<Cell>> {
    group_rows(&[sample.height.into()], scenario, &sample.groups)
}

/// The row of a sample's price, if there is one.
pub fn price_row(sample: &Sample) -> Option<Vec<Cell>> {
    let price = sample.price?;
    let mut row: Vec<Cell> = vec![sample.height.into()];
    let secures = price.secures.unwrap_or(0.0);
    row.extend([price.worth, price.counted, secures, price.mints].map(Cell::from));
    row.push(price.collateral.unwrap_or(0).into());
    Some(row)
}

/// The row of a run's price, if there is one.
pub fn run_price_row(point: u64, outcome: &Outcome) -> Option<Vec<Cell>> {
    let ended = outcome.ended?;
    let mut row: Vec<Cell> = vec![point.into(), u64::from(outcome.run).into()];
    row.extend([ended.price.worth, ended.price.counted].map(Cell::from));
    row.extend(ended.rounds.map(Cell::from));
    let stake = ended.stake;
    row.extend([stake.purses, stake.burnt, stake.insurance, stake.treasury].map(Cell::from));
    Some(row)
}

/// A table of runs: its name, its columns, and rows of it.
pub(crate) type Run = (&'static str, &'static [Column], Vec<Vec<Cell>>);

/// The tables of runs that any of these has, `runs` last: it says that the others are whole.
pub(crate) fn run_columns<'s>(
    all: impl Iterator<Item = &'s Scenario> + Clone,
) -> Vec<(&'static str, &'static [Column])> {
    let mut tables = vec![("run_groups", RUN_GROUPS)];
    if all.clone().any(|scenario| scenario.price.is_some()) {
        tables.push(("run_prices", RUN_PRICES));
    }
    if all.clone().any(Scenario::delegates) {
        tables.push(("run_delegations", RUN_DELEGATIONS));
    }
    if all.clone().any(Scenario::votes) {
        tables.extend([("run_proposals", RUN_PROPOSALS), ("run_votes", RUN_VOTES)]);
    }
    tables.push(("runs", RUNS));
    tables
}

/// All rows of one run, table by table.
pub(crate) fn run_tables(
    point: u64,
    scenario: &Scenario,
    settings: &[Setting],
    outcome: &Outcome,
) -> Vec<Run> {
    let rows = |name: &str| match name {
        "runs" => vec![run_row(point, settings, outcome)],
        "run_groups" => run_group_rows(point, scenario, outcome),
        "run_prices" => run_price_row(point, outcome).into_iter().collect(),
        "run_proposals" => run_proposal_rows(point, scenario, outcome),
        "run_votes" => run_vote_rows(point, scenario, outcome),
        _ => run_backing_rows(point, scenario, outcome),
    };
    let names = run_columns(std::iter::once(scenario)).into_iter();
    names.map(|(name, columns)| (name, columns, rows(name))).collect()
}

/// Has a group to do with delegations, where there are any?
pub(crate) fn is_backed(scenario: &Scenario, group: &Group) -> bool {
    let takes = group.kind.commission().is_some();
    scenario.delegates() && (takes || matches!(group.kind, Kind::Delegators(_)))
}

/// The rows of a run's delegations.
pub fn run_backing_rows(point: u64, scenario: &Scenario, outcome: &Outcome) -> Vec<Vec<Cell>> {
    let first = [point.into(), u64::from(outcome.run).into()];
    backing_rows(&first, scenario, &outcome.groups)
}

/// The rows of a run's proposals.
pub fn run_proposal_rows(point: u64, scenario: &Scenario, outcome: &Outcome) -> Vec<Vec<Cell>> {
    let epoch = |at: Option<Epoch>| Cell::from(at.map_or(0, Epoch::count));
    let rows = scenario.motions.iter().zip(&outcome.motions).map(|(motion, course)| {
        let (stage, why) = course.fate.words();
        let mut row: Vec<Cell> = vec![point.into(), u64::from(outcome.run).into()];
        let by = scenario.groups[motion.by].name.as_str();
        row.extend([motion.name.as_str(), by, stage, &why].map(Cell::from));
        row.push(u64::from(course.adopted.is_some()).into());
        row.extend([course.opened, course.closed, course.adopted].map(epoch));
        row.push(u64::from(course.is_extended).into());
        row.push(units(course.power).into());
        row.extend(answers(&course.tally));
        row.extend([turnout(course).into(), course.live.into()]);
        row
    });
    rows.collect()
}

/// The power behind each answer.
fn answers(tally: &governance::Tally) -> [Cell; 4] {
    [tally.yes, tally.no, tally.abstain, tally.veto].map(|power| units(power).into())
}

/// What voted, of all power.
pub(crate) fn turnout(course: &Course) -> f64 {
    let share = |part: Amount, whole: Amount| units(part) as f64 / units(whole).max(1) as f64;
    share(course.tally.turnout(), course.power)
}

/// The rows of what groups said in a run.
pub fn run_vote_rows(point: u64, scenario: &Scenario, outcome: &Outcome) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for (motion, course) in scenario.motions.iter().zip(&outcome.motions) {
        for (group, said) in scenario.groups.iter().zip(&course.groups) {
            if group.votes.is_some() {
                let mut row: Vec<Cell> = vec![point.into(), u64::from(outcome.run).into()];
                row.extend([motion.name.as_str(), group.name.as_str()].map(Cell::from));
                row.push(said.ballots.into());
                row.extend(answers(&said.tally));
                rows.push(row);
            }
        }
    }
    rows
}

/// The row of a ballot.
pub fn vote_row(scenario: &Scenario, cast: &Cast) -> Vec<Cell> {
    let said = match cast.choice {
        BallotChoice::Yes => "yes",
        BallotChoice::No => "no",
        BallotChoice::Abstain => "abstain",
        BallotChoice::Veto => "veto",
    };
    let group = scenario.groups[usize::from(cast.group)].name.as_str();
    let mut row: Vec<Cell> = vec![scenario.motions[cast.motion].name.as_str().into(), group.into()];
    row.extend([u64::from(cast.place).into(), said.into(), units(cast.power).into()]);
    row.extend([cast.height, cast.epoch].map(Cell::from));
    row
}

/// The rows of a sample's delegations.
pub fn backing_step_rows(scenario: &Scenario, sample: &Sample) -> Vec<Vec<Cell>> {
    backing_rows(&[sample.height.into()], scenario, &sample.groups)
}

fn backing_rows(first: &[Cell], scenario: &Scenario, tallies: &[Tally]) -> Vec<Vec<Cell>> {
    let groups = scenario.groups.iter().zip(tallies);
    let backed = groups.filter(|(group, _)| is_backed(scenario, group));
    let row = |(group, tally): (&Group, &Tally)| {
        let backing = &tally.backing;
        let mut row = first.to_vec();
        row.push(group.name.as_str().into());
        row.extend([backing.behind, backing.earned(), backing.lost()].map(Cell::from));
        row.extend([backing.moves, backing.exits].map(Cell::from));
        row.extend([backing.taken.into(), backing.hhi.into()]);
        row
    };
    backed.map(row).collect()
}

/// The row of a participant.
pub fn person_row(scenario: &Scenario, person: &Person) -> Vec<Cell> {
    let group = &scenario.groups[usize::from(person.group)];
    let place = u64::from(person.place);
    vec![group.name.as_str().into(), place.into(), person.profit.into(), person.capital_cost.into()]
}

fn group_rows(first: &[Cell], scenario: &Scenario, tallies: &[Tally]) -> Vec<Vec<Cell>> {
    let row = |(group, tally): (&Group, &Tally)| {
        let mut row = first.to_vec();
        row.push(group.name.as_str().into());
        row.extend([u64::from(group.count), tally.active, tally.taken, tally.paid].map(Cell::from));
        row.push(tally.income.into());
        let counts = [tally.lies, tally.convicted, tally.audited, tally.misjudged, tally.slashes];
        row.extend(counts.map(Cell::from));
        row.extend([tally.slashed.into(), tally.missed.into()]);
        row.extend([tally.cost, tally.gain, tally.profit, tally.capital_cost].map(Cell::from));
        row.extend([tally.commands, tally.refusals(), tally.minded].map(Cell::from));
        row
    };
    scenario.groups.iter().zip(tallies).map(row).collect()
}
