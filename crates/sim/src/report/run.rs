//! One run as a page: key figures, how they came about, who got what, where the money went.

use std::fmt::Write as _;

use earnest_page::{Interval, Intervals, Lines, SERIES_MAX, Series, figure};
use earnest_protocol::Epoch;

use super::{Asked, COMMAND_MAX, PROFIT, cards, more, page, section, short, tokens};
use crate::{
    run::{Keeper, Outcome, Person, Sample},
    scenario::{Kind, Scenario, Setting},
    schema,
    tally::{Closing, Priced, Tally, units},
};

/// Samples that are kept for plots: when there are more, every other is let go.
const KEPT_MAX: usize = 256;

/// What a page needs of a run, kept as it happens; bounded, however long the run.
#[derive(Clone, Debug)]
pub struct Track {
    /// The groups that are drawn, by their places in the scenario.
    drawn: Vec<usize>,
    kept: Vec<Kept>,
    /// Of how many samples one is kept.
    stride: u64,
    seen: u64,
    last: Option<Kept>,
    /// Profits of the members of each group that is drawn, in base units.
    people: Vec<Vec<i64>>,
}

/// A sample, of the groups that are drawn alone.
#[derive(Clone, Debug)]
struct Kept {
    height: u64,
    jobs: [u64; 5],
    work: (u64, u64),
    base_fee: i64,
    burnt: i64,
    price: Option<Priced>,
    groups: Vec<Slim>,
}

/// What is drawn of a group.
#[derive(Clone, Copy, Debug)]
struct Slim {
    active: u64,
    minded: u64,
    profit: i64,
    lies: u64,
    convicted: u64,
    slashed: i64,
}

impl From<&Tally> for Slim {
    fn from(tally: &Tally) -> Slim {
        let &Tally { active, minded, profit, lies, convicted, slashed, .. } = tally;
        Slim { active, minded, profit, lies, convicted, slashed }
    }
}

impl Track {
    /// Nothing of a run yet. If there are more groups than a plot has lines, providers are drawn
    /// before validators, these before delegators and voters, and requesters last.
    pub fn new(scenario: &Scenario) -> Track {
        let rank = |kind: &Kind| match kind {
            Kind::Providers(_) => 0,
            Kind::Validators(_) => 1,
            Kind::Delegators(_) => 2,
            Kind::Voters(_) => 3,
            Kind::Requesters => 4,
        };
        let mut drawn: Vec<usize> = (0..scenario.groups.len()).collect();
        drawn.sort_by_key(|place| rank(&scenario.groups[*place].kind));
        drawn.truncate(SERIES_MAX);
        drawn.sort_unstable();
        let people = vec![Vec::new(); drawn.len()];
        Track { drawn, kept: Vec::new(), stride: 1, seen: 0, last: None, people }
    }

    /// All that is drawn: samples of the time in which jobs are posted, the last of them included.
    fn all(&self, scenario: &Scenario) -> Vec<&Kept> {
        let last = self.last.iter();
        let last = last.filter(|last| self.kept.last().is_none_or(|k| k.height < last.height));
        let all = self.kept.iter().chain(last);
        all.filter(|kept| kept.height <= scenario.run.blocks).collect()
    }
}

impl Keeper for Track {
    fn sample(&mut self, sample: &Sample) {
        let kept = Kept {
            height: sample.height,
            jobs: sample.jobs,
            work: sample.work,
            base_fee: sample.base_fee,
            burnt: sample.burnt,
            price: sample.price,
            groups: self.drawn.iter().map(|place| (&sample.groups[*place]).into()).collect(),
        };
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(kept.clone());
            if self.kept.len() > KEPT_MAX {
                let mut place = 0usize;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
        }
        self.seen += 1;
        self.last = Some(kept);
    }

    fn person(&mut self, person: &Person) {
        let place = self.drawn.iter().position(|drawn| *drawn == usize::from(person.group));
        if let Some(place) = place {
            self.people[place].push(person.profit);
        }
    }
}

/// A run as a page.
pub fn run(
    asked: &Asked<'_>,
    settings: &[Setting],
    (scenario, outcome): (&Scenario, &Outcome),
    track: &Track,
) -> String {
    let set: Vec<String> = settings.iter().map(Setting::to_string).collect();
    let mut rows = vec![("set", if set.is_empty() { "as written".into() } else { set.join("; ") })];
    if outcome.run > 0 {
        rows.push(("run", outcome.run.to_string()));
    }
    rows.push(("blocks", format!("{}, jobs posted in {}", outcome.height, scenario.run.blocks)));
    let mut again = format!("earnest sim run {}.toml --seed {}", scenario.name, asked.seed);
    if outcome.run > 0 {
        let _ = write!(again, " --run {}", outcome.run);
    }
    for setting in &set {
        let _ = write!(again, " --set '{}'", setting.replace('\'', "'\\''"));
    }
    if again.len() > COMMAND_MAX {
        again = format!("a command of {} bytes, too long for a page", again.len());
    }
    rows.push(("again", again));
    let mut body = String::new();
    if let Some(error) = &outcome.error {
        let error = short(&error.to_string());
        let _ = write!(body, "<p class=pays>This run failed: {}", earnest_page::escape(&error));
    }
    body.push_str(&cards(&figures(scenario, outcome, track)));
    body.push_str(
        "<h2>How it came about</h2><p>While jobs are posted. What ends after that, as stays of \
         slashes do, is in the tables below.",
    );
    let beyond = scenario.groups.len() - track.drawn.len();
    body.push_str(&more(beyond, "groups are not drawn: what became of them is in the tables"));
    body.push_str("<div class=plots>");
    for plot in plots(scenario, track) {
        body.push_str(&plot.html());
    }
    body.push_str(&spread(scenario, track).html());
    body.push_str("</div>");
    body.push_str(&groups(scenario, outcome));
    body.push_str(&delegations(scenario, outcome));
    body.push_str(&votes(scenario, outcome));
    body.push_str(&jobs(outcome));
    body.push_str(&money(outcome, scenario.delegates()));
    body.push_str(&refusals(scenario, outcome));
    page(asked, "one run", &rows, &body)
}

/// What matters first.
fn figures(
    scenario: &Scenario,
    outcome: &Outcome,
    track: &Track,
) -> Vec<(&'static str, String, String)> {
    let [posted, accepted, rejected, expired, open] = outcome.jobs;
    let of = |part: u64| format!("{} of all", share(part, posted));
    let count = |count: u64| figure(count as f64);
    let mut all = vec![
        ("jobs posted", count(posted), format!("{} blocks", count(outcome.height))),
        ("paid", count(accepted), of(accepted)),
        ("convicted", count(rejected), of(rejected)),
        ("expired", count(expired), format!("{}; {open} open", of(expired))),
    ];
    let work = track
        .all(scenario)
        .iter()
        .fold((0, 0), |sum, kept| (sum.0 + kept.work.0, sum.1 + kept.work.1));
    all.push(("places at work", share(work.0, work.1), "mean over samples".into()));
    let lies: u64 = outcome.groups.iter().map(|tally| tally.lies).sum();
    let caught: u64 = outcome.groups.iter().map(|tally| tally.convicted).sum();
    if lies > 0 {
        all.push(("lies caught", share(caught, lies), format!("{caught} of {lies}")));
    }
    let slashed: i64 = outcome.groups.iter().map(|tally| tally.slashed).sum();
    let [pays, stake] = assets(scenario);
    all.push(("slashed", figure(tokens(slashed)), format!("{stake}, forfeits included")));
    all.push(("burnt", figure(tokens(outcome.closing.burnt)), pays.to_owned()));
    let income = outcome.income;
    let third = format!("Gini, 0 to 1; a third is paid to {}", income.nakamoto);
    all.push(("spread of income", figure(income.gini), third));
    let apart = [Some(outcome.closing), outcome.ended.map(|ended| ended.stake)];
    let apart: Vec<String> = apart
        .iter()
        .flatten()
        .zip([pays, stake])
        .filter(|(closing, _)| closing.sum() != 0)
        .map(|(closing, of)| format!("{} {of}", figure(tokens(closing.sum()))))
        .collect();
    let closes = match apart.is_empty() {
        true => "close".to_owned(),
        false => format!("{} apart", apart.join(" and ")),
    };
    let of = if outcome.ended.is_some() { ", of either asset" } else { "" };
    all.push(("all accounts", closes, format!("changes of all purses and pots add up to 0{of}")));
    let hurt = count(outcome.honest_losses);
    all.push(("honest people hurt", hurt, "slashed or judged wrong without an outage".into()));
    all
}

/// What money is told in: what pays, and what is bonded and slashed.
fn assets(scenario: &Scenario) -> [&'static str; 2] {
    match scenario.price {
        None => ["tokens"; 2],
        Some(_) => ["tokens that pay", "tokens of stake"],
    }
}

fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{} %", figure(part as f64 / whole as f64 * 100.0)),
    }
}

fn line(name: &str, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), points, ..Series::default() }
}

fn lines(id: &str, title: &str, about: &str, up: &str, series: Vec<Series>) -> Lines {
    let [id, title, about, up] = [id, title, about, up].map(str::to_owned);
    Lines { id, title, about, across: "block".to_owned(), up, series, ..Lines::default() }
}

/// What is drawn over time.
fn plots(scenario: &Scenario, track: &Track) -> Vec<Lines> {
    let course = Course { all: track.all(scenario), scenario, track };
    let mut plots = Vec::from(course.profits());
    let rates = rates(&course.all);
    plots.push(lines("jobs", "Jobs a block", "Between two samples.", "jobs a block", rates));
    if scenario.price.is_some() {
        plots.extend(prices(&course.all));
    }
    plots.push(course.work());
    // These are of interest only where something happens.
    let optional = [course.lies(), course.slashed()].into_iter();
    let optional = optional.chain(course.members()).chain(course.fees());
    plots.extend(optional.filter(|plot| moves(&plot.series)));
    plots
}

/// The samples that are drawn, and of whom they are.
struct Course<'a> {
    all: Vec<&'a Kept>,
    scenario: &'a Scenario,
    track: &'a Track,
}

impl Course<'_> {
    /// A value at each sample.
    fn over(&self, value: impl Fn(&Kept) -> f64) -> Vec<(f64, f64)> {
        self.all.iter().map(|kept| (kept.height as f64, value(kept))).collect()
    }

    /// A line for each group: what is drawn of it, and how many members it has, make a value.
    fn each(&self, value: impl Fn(&Slim, f64) -> f64) -> Vec<Series> {
        let groups = self.track.drawn.iter().enumerate().map(|(place, group)| {
            let group = &self.scenario.groups[*group];
            let members = f64::from(group.count);
            let points = self.over(|kept| value(&kept.groups[place], members));
            Series { look: Some(place), ..line(&group.name, points) }
        });
        groups.collect()
    }

    /// The same, of providers alone.
    fn providers(&self, value: impl Fn(&Slim) -> f64) -> Vec<Series> {
        let mut each = self.each(|slim, _| value(slim));
        each.retain(|one| one.name.starts_with("providers."));
        each
    }

    /// What is earned, and what is paid for it.
    fn profits(&self) -> [Lines; 2] {
        let profit = self.each(|slim, members| tokens(slim.profit) / members);
        // Requesters pay for all of it: on one axis with them nothing else would be seen.
        let (paying, earning): (Vec<_>, Vec<_>) =
            profit.into_iter().partition(|one| one.name.starts_with("requesters."));
        let about = "The same, of those who pay: what a result is worth to them is not counted.";
        let up = format!("{} a member", assets(self.scenario)[0]);
        [
            lines("earn", "Profit of each member", PROFIT, &up, earning),
            lines("pay", "Profit of each requester", about, &up, paying),
        ]
    }

    fn work(&self) -> Lines {
        let busy = self.over(|kept| kept.work.0 as f64 / kept.work.1.max(1) as f64 * 100.0);
        let about = "Jobs being worked on, of those that active providers can work on at once.";
        lines("work", "Places at work", about, "%", vec![line("at work", busy)])
    }

    fn lies(&self) -> Lines {
        let sum = |name: &str, all: &[Series]| {
            let first = all.first().map_or(&[][..], |one| &one.points);
            let at = |nth: usize| all.iter().map(|one| one.points[nth].1).sum::<f64>();
            line(name, first.iter().enumerate().map(|(nth, p)| (p.0, at(nth))).collect())
        };
        let told = sum("lies", &self.providers(|slim| slim.lies as f64));
        let caught = sum("convicted", &self.providers(|slim| slim.convicted as f64));
        let about = "Wrong results that came to an end so far, of the groups that are drawn.";
        lines("lies", "Lies and convictions", about, "jobs", vec![told, caught])
    }

    fn slashed(&self) -> Lines {
        let slashed = self.each(|slim, _| tokens(slim.slashed));
        let [_, stake] = assets(self.scenario);
        lines("slashed", "Slashed", "Slashes and forfeits so far.", stake, slashed)
    }

    /// Who takes part, and who of them would lie.
    fn members(&self) -> [Lines; 2] {
        let active = self.providers(|slim| slim.active as f64);
        let minded = self.providers(|slim| slim.minded as f64);
        let about = "Active members who would make a result up now and then.";
        [
            lines("active", "In the market", "Members who take part.", "members", active),
            lines("minded", "Minded to lie", about, "members", minded),
        ]
    }

    fn fees(&self) -> [Lines; 2] {
        let fee = vec![line("base fee", self.over(|kept| tokens(kept.base_fee)))];
        let burnt = vec![line("burnt", self.over(|kept| tokens(kept.burnt)))];
        let [pays, _] = assets(self.scenario);
        [
            lines("fee", "Base fee", "The price of one transfer.", pays, fee),
            lines("burnt", "Burnt", "Out of circulation so far.", pays, burnt),
        ]
    }
}

/// What stake is worth, to whom, and what a job locks of it.
fn prices(all: &[&Kept]) -> [Lines; 2] {
    let over = |name: &str, value: &dyn Fn(&Priced) -> f64| {
        let at = |kept: &&Kept| (kept.height as f64, kept.price.as_ref().map_or(f64::NAN, value));
        line(name, all.iter().map(at).collect())
    };
    let units = |units: Option<i64>| units.map_or(f64::NAN, tokens);
    let about = "What a token of stake is worth outside, what counted last, and what new work \
        takes it for. A gap is a time in which the feed is stale.";
    let worth = vec![
        over("worth outside", &|price| price.worth),
        over("counted", &|price| price.counted),
        over("taken for by new work", &|price| price.secures.unwrap_or(f64::NAN)),
    ];
    let locked = vec![
        over("tokens of stake", &|price| units(price.collateral)),
        over("what they are worth outside", &|price| units(price.collateral) * price.worth),
    ];
    [
        lines("price", "What stake is worth", about, "tokens that pay", worth),
        lines(
            "locked",
            "What a job locks",
            "Its collateral, if it were posted now.",
            "tokens",
            locked,
        ),
    ]
}

/// Does any line move?
fn moves(series: &[Series]) -> bool {
    series.iter().any(|one| one.points.windows(2).any(|pair| pair[0].1 != pair[1].1))
}

/// Jobs a block between each two samples: posted, and how they ended.
fn rates(all: &[&Kept]) -> Vec<Series> {
    let names = ["posted", "paid", "convicted", "expired"];
    let each = names.iter().enumerate().map(|(which, name)| {
        let pairs = all.windows(2).map(|pair| {
            let blocks = (pair[1].height - pair[0].height).max(1) as f64;
            let jobs = pair[1].jobs[which].saturating_sub(pair[0].jobs[which]) as f64;
            (pair[1].height as f64, jobs / blocks)
        });
        line(name, pairs.collect())
    });
    each.filter(|one| one.name != "convicted" || moves(std::slice::from_ref(one))).collect()
}

/// How profit is spread within each group: the median, and what the middle eight of ten have.
fn spread(scenario: &Scenario, track: &Track) -> Intervals {
    let rows = track.drawn.iter().zip(&track.people).map(|(group, profits)| {
        let mut sorted = profits.clone();
        sorted.sort_unstable();
        let at = |tenths: usize| {
            let last = sorted.len().saturating_sub(1);
            sorted.get(last * tenths / 10).map_or(f64::NAN, |units| tokens(*units))
        };
        let name = scenario.groups[*group].name.clone();
        Interval { name, value: at(5), low: at(1), high: at(9), class: "" }
    });
    // Who pays for all would leave no room for the others.
    let rows = rows.filter(|row| !row.name.starts_with("requesters."));
    Intervals {
        id: "spread".to_owned(),
        title: "Profit within each group".to_owned(),
        about: "At the end: the median, and from where to where the middle eight of ten are."
            .to_owned(),
        across: format!("{} a member", assets(scenario)[0]),
        rows: rows.collect(),
        mark: 0.0,
    }
}

fn groups(scenario: &Scenario, outcome: &Outcome) -> String {
    let rows = scenario.groups.iter().zip(&outcome.groups).map(|(group, tally)| {
        let each = tokens(tally.profit) / f64::from(group.count);
        let mut row = vec![group.name.clone()];
        let counts = [u64::from(group.count), tally.taken, tally.paid, tally.lies, tally.convicted];
        row.extend(counts.map(|count| figure(count as f64)));
        row.extend(
            [tally.income, tally.slashed, tally.cost, tally.profit]
                .map(|units| figure(tokens(units))),
        );
        row.push(figure(each));
        row
    });
    let told_in = match scenario.price {
        None => "Money in tokens.",
        Some(_) => {
            "Money in tokens that pay, but for what was slashed: that is in tokens of stake."
        }
    };
    section(
        "Who got what",
        &format!("{told_in} Profit: {}", PROFIT.to_lowercase()),
        &[
            "group",
            "members",
            "jobs taken",
            "paid",
            "lies",
            "caught",
            "income",
            "slashed",
            "cost of work",
            "profit",
            "profit each",
        ],
        rows.collect(),
    )
}

fn jobs(outcome: &Outcome) -> String {
    let all: u64 = outcome.closed.iter().sum();
    // The reasons stand in the table of runs, after what is counted of all jobs.
    let first = schema::RUNS.iter().position(|column| column.name == "unchallenged").unwrap_or(0);
    let rows = outcome.closed.iter().zip(&schema::RUNS[first..]).filter(|(count, _)| **count > 0);
    let rows = rows.map(|(count, column)| {
        vec![column.meaning.to_owned(), figure(*count as f64), share(*count, all)]
    });
    let about = "Every job that was closed, by its reason.";
    section("How jobs ended", about, &["reason", "jobs", "of all"], rows.collect())
}

/// Stake behind others' work, if there is any.
fn delegations(scenario: &Scenario, outcome: &Outcome) -> String {
    let groups = scenario.groups.iter().zip(&outcome.groups);
    let rows =
        groups.filter(|(group, _)| schema::is_backed(scenario, group)).map(|(group, tally)| {
            let backing = &tally.backing;
            let mut row = vec![group.name.clone()];
            let money = [backing.behind, backing.earned(), backing.lost()];
            row.extend(money.map(|units| figure(tokens(units))));
            row.extend([backing.moves, backing.exits].map(|times| figure(times as f64)));
            row.extend([figure(tokens(backing.taken)), figure(backing.hhi)]);
            row
        });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let told_in = match scenario.price {
        None => "Money in tokens.",
        Some(_) => "Money in tokens of stake, but for what was earned: that is in tokens that pay.",
    };
    let about = format!(
        "What delegators have behind others at the end, what that earned, what slashes took of \
         it, and how often it moved or began to leave; and what those who work have from them. \
         {told_in}"
    );
    let heads = [
        "group",
        "tokens behind",
        "tokens earned",
        "tokens lost",
        "moves",
        "exits",
        "tokens taken",
        "HHI of that",
    ];
    section("Stake behind others' work", &about, &heads, rows)
}

/// What was put to the vote, if anything was.
fn votes(scenario: &Scenario, outcome: &Outcome) -> String {
    if !scenario.votes() {
        return String::new();
    }
    let rows = scenario.motions.iter().zip(&outcome.motions).map(|(motion, course)| {
        let (stage, why) = course.fate.words();
        let because = if why.is_empty() { String::new() } else { format!(", {why}") };
        let mut row = vec![motion.name.clone(), short(&format!("{stage}{because}"))];
        let tally = course.tally;
        let power = units(course.power).max(1) as f64;
        let part = |part| format!("{} %", figure(units(part) as f64 / power * 100.0));
        row.extend([tally.yes, tally.no, tally.abstain, tally.veto].map(part));
        let epoch = |at: Option<Epoch>| at.map_or("–".to_owned(), |at| at.count().to_string());
        row.extend([course.opened, course.closed, course.adopted].map(epoch));
        row.push(figure(course.live as f64));
        row
    });
    let about = "What each answer had of all power that could vote; the epochs that began and \
        ended the voting and put it in force; and the jobs that were open then, which keep the \
        rules that they began with.";
    let heads = [
        "proposal",
        "what became of it",
        "yes",
        "no",
        "abstain",
        "veto",
        "voted on from",
        "to",
        "in force from",
        "but for jobs",
    ];
    section("What was put to the vote", about, &heads, rows.collect())
}

/// Told only where somebody delegates.
const ROUNDED: &str = "left by rounding in pools, nobody's";

fn money(outcome: &Outcome, is_delegated: bool) -> String {
    let names = [
        "what everybody holds",
        "burnt",
        "in the insurance",
        "in the treasury",
        "taken, and waiting for its stay",
        ROUNDED,
        "all together",
    ];
    let each =
        |c: Closing| [c.purses, c.burnt, c.insurance, c.treasury, c.pending, c.rounding, c.sum()];
    let stake = outcome.ended.map(|ended| each(ended.stake));
    let rows = names.iter().zip(each(outcome.closing)).enumerate().map(|(nth, (name, units))| {
        let mut row = vec![(*name).to_owned(), figure(tokens(units))];
        row.extend(stake.map(|stake| figure(tokens(stake[nth]))));
        row
    });
    let rows = rows.filter(|row| row[0] != ROUNDED || is_delegated);
    let about = "Changes since the beginning. They add up to nothing, or the run fails.";
    let heads =
        ["where", if stake.is_some() { "tokens that pay" } else { "tokens" }, "tokens of stake"];
    let heads = &heads[..if stake.is_some() { 3 } else { 2 }];
    section("Where all money went", about, heads, rows.collect())
}

fn refusals(scenario: &Scenario, outcome: &Outcome) -> String {
    let rows = scenario.groups.iter().zip(&outcome.groups).flat_map(|(group, tally)| {
        let each = tally.refused.iter();
        each.map(|(why, times)| vec![format!("{}: {why}", group.name), figure(*times as f64)])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let about = "What the rules refused is an outcome, not an error.";
    section("What was refused", about, &["who, and why", "times"], rows)
}
