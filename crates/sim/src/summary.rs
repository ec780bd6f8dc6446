//! A run and a comparison, in words: a table for people, one JSON object for programs.
//!
//! Laws: one outcome has one text, byte for byte; in JSON money is whole base units; no line of a
//! table is wider than 80 columns, unless a single word or a row of long numbers is.
//! Not here: files, colours, terminals (the hosts).

use std::fmt::Write as _;

use earnest_protocol::{Amount, governance::Tally};
use serde::Serialize;

use crate::{
    compare::{Comparison, Difference, Measured},
    digest::{Judged, Region},
    figures,
    game::Game,
    motions::{Course, Said},
    rare::{Rare, Share},
    report,
    run::Outcome,
    scenario::{Kind, Scenario},
    schema,
    sensitivity::Sensitivity,
    tables::{Cell, Column},
    tally::{Ended, units},
};

/// One run as JSON: the row of its tables by their columns' names, and what was refused.
pub fn run_json(scenario: &Scenario, seed: u64, outcome: &Outcome) -> serde_json::Value {
    let object = |columns: &[Column], row: &[Cell]| {
        let pairs = columns.iter().zip(row);
        let pairs = pairs.map(|(column, cell)| (column.name.to_owned(), json(cell)));
        pairs.collect::<serde_json::Map<_, _>>()
    };
    let groups = schema::run_group_rows(0, scenario, outcome);
    let groups = groups.iter().zip(&outcome.groups).map(|(row, tally)| {
        let mut group = object(schema::RUN_GROUPS, row);
        group.insert("refused_for".to_owned(), serde_json::json!(tally.refused));
        serde_json::Value::Object(group)
    });
    let mut all = object(schema::RUNS, &schema::run_row(0, &[], outcome));
    for name in ["point", "run", "settings"] {
        all.remove(name);
    }
    all.insert("scenario".to_owned(), scenario.name.clone().into());
    all.insert("seed".to_owned(), seed.to_string().into());
    all.insert("groups".to_owned(), groups.collect());
    if let Some(row) = schema::run_price_row(0, outcome) {
        let mut stake = object(schema::RUN_PRICES, &row);
        for name in ["point", "run"] {
            stake.remove(name);
        }
        all.insert("stake".to_owned(), stake.into());
    }
    let backing = schema::run_backing_rows(0, scenario, outcome);
    if !backing.is_empty() {
        let rows = backing.iter().map(|row| {
            let mut row = object(schema::RUN_DELEGATIONS, row);
            for name in ["point", "run"] {
                row.remove(name);
            }
            serde_json::Value::Object(row)
        });
        all.insert("delegations".to_owned(), rows.collect());
    }
    if scenario.votes() {
        let named = |columns: &'static [Column], rows: Vec<Vec<Cell>>| {
            let rows = rows.into_iter().map(|row| {
                let mut row = object(columns, &row);
                for name in ["point", "run"] {
                    row.remove(name);
                }
                serde_json::Value::Object(row)
            });
            rows.collect::<serde_json::Value>()
        };
        let rows = schema::run_proposal_rows(0, scenario, outcome);
        all.insert("proposals".to_owned(), named(schema::RUN_PROPOSALS, rows));
        let rows = schema::run_vote_rows(0, scenario, outcome);
        all.insert("votes".to_owned(), named(schema::RUN_VOTES, rows));
    }
    serde_json::Value::Object(all)
}

fn json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Whole(value) => (*value).into(),
        Cell::Real(value) => (*value).into(),
        Cell::Text(text) => text.as_str().into(),
    }
}

/// Columns of a line that a person reads.
const WIDTH: usize = 80;

/// A sentence as lines of at most 80 columns, broken between words; what goes on is indented.
fn broken(sentence: &str) -> String {
    let columns = |text: &str| text.chars().count();
    let (mut text, mut line) = (String::new(), String::new());
    for (at, word) in sentence.split(' ').enumerate() {
        if line.trim_start().is_empty() || columns(&line) + 1 + columns(word) <= WIDTH {
            line.push_str(if at == 0 { "" } else { " " });
            line.push_str(word);
        } else {
            text.push_str(&line);
            line = format!("\n    {word}");
        }
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// One run as tables: what everybody did, then what it came to.
pub fn run_table(scenario: &Scenario, seed: u64, outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        text.push_str(&broken(&words.to_string()));
    };
    let [posted, accepted, rejected, expired, open] = outcome.jobs;
    let run = if outcome.run == 0 { String::new() } else { format!(", run {}", outcome.run) };
    line(format_args!("{}, seed {seed}{run}: {} blocks", scenario.name, outcome.height));
    line(format_args!(
        "jobs   {posted} posted: {accepted} paid, {rejected} convicted, {expired} expired, \
         {open} open"
    ));
    let closing = outcome.closing;
    line(format_args!(
        "money  burnt {}, insurance {}, treasury {} tokens; all accounts {}",
        tokens(closing.burnt),
        tokens(closing.insurance),
        tokens(closing.treasury),
        if closing.sum() == 0 { "close".to_owned() } else { tokens(closing.sum()) }
    ));
    if let Some(ended) = &outcome.ended {
        line(format_args!("{}", stake_words(ended)));
    }
    line(format_args!(
        "income of providers: Gini {:.3}, HHI {:.0}, a third is paid to {} of them",
        outcome.income.gini, outcome.income.hhi, outcome.income.nakamoto
    ));
    let width = scenario.groups.iter().map(|group| group.name.len()).max().unwrap_or(0).max(5);
    text.push_str(&format!(
        "\n{:width$} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
        "group", "members", "taken", "paid", "lies", "caught", "refused"
    ));
    for (group, tally) in scenario.groups.iter().zip(&outcome.groups) {
        let (name, count) = (&group.name, group.count);
        let (taken, paid, lies, caught) = (tally.taken, tally.paid, tally.lies, tally.convicted);
        text.push_str(&format!(
            "{name:width$} {count:>8} {taken:>8} {paid:>8} {lies:>8} {caught:>8} {:>8}\n",
            tally.refusals()
        ));
    }
    text.push_str(&unposted(scenario, outcome));
    let (slashed, profit, each) = ("slashed", "profit", "each");
    text.push_str(&format!("\n{:width$} {slashed:>16} {profit:>16} {each:>16}\n", "in tokens"));
    for (group, tally) in scenario.groups.iter().zip(&outcome.groups) {
        let each = tally.profit.div_euclid(i64::from(group.count));
        let [slashed, profit, each] = [tally.slashed, tally.profit, each].map(tokens);
        let name = &group.name;
        text.push_str(&format!("{name:width$} {slashed:>16} {profit:>16} {each:>16}\n"));
    }
    text.push_str(&backing_table(scenario, outcome, width));
    text.push_str(&votes_table(scenario, outcome, width));
    text.push_str(
        "\nprofit: held at the end, less at first, less the cost of work, plus what lies\n    were \
         worth",
    );
    if scenario.price.is_some() {
        text.push_str("; in tokens that pay, while slashed is in tokens of stake");
    }
    text.push('\n');
    if let Some(error) = &outcome.error {
        text.push_str(&broken(&format!("FAILED: {error}")));
    }
    text
}

/// Reasons that are told of what was refused most.
const REASONS_MAX: usize = 3;

/// Why jobs were not posted, if some were not: the most frequent reasons first.
fn unposted(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for (group, tally) in scenario.groups.iter().zip(&outcome.groups) {
        if matches!(group.kind, Kind::Requesters) {
            reasons.extend(tally.refused.iter().map(|(why, times)| (why.as_str(), *times)));
        }
    }
    reasons.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    reasons.truncate(REASONS_MAX);
    if reasons.is_empty() {
        return String::new();
    }
    let told: Vec<String> = reasons.iter().map(|(why, times)| format!("{why} {times}")).collect();
    format!("\n{}", broken(&format!("refused to requesters: {}", told.join(", "))))
}

/// How stake stands in the end, in a network of two assets.
fn stake_words(Ended { price, rounds: [counted, missed], stake }: &Ended) -> String {
    let taken = match price.secures {
        Some(secures) => format!("taken for {secures:.4}"),
        None => "taken for nothing while the feed is stale".to_owned(),
    };
    let [burnt, insurance, treasury] = [stake.burnt, stake.insurance, stake.treasury].map(tokens);
    let closes = if stake.sum() == 0 { "closes".to_owned() } else { tokens(stake.sum()) };
    format!(
        "stake  worth {:.4}, {taken}; {counted} rounds of prices counted, {missed} did not; burnt \
         {burnt}, insurance {insurance}, treasury {treasury} of stake; all of it {closes}",
        price.worth
    )
}

/// Stake behind others' work, if there is any.
fn backing_table(scenario: &Scenario, outcome: &Outcome, width: usize) -> String {
    let mut text = String::new();
    if !scenario.delegates() {
        return text;
    }
    let [what, behind, earned, lost, taken] = ["delegated", "behind", "earned", "lost", "taken"];
    text.push_str(&format!(
        "\n{what:width$} {behind:>14} {earned:>10} {lost:>10} {:>6} {:>6} {taken:>12}\n",
        "moves", "exits"
    ));
    let groups = scenario.groups.iter().zip(&outcome.groups);
    for (group, tally) in groups.filter(|(group, _)| schema::is_backed(scenario, group)) {
        let backing = &tally.backing;
        let (name, moves, exits) = (&group.name, backing.moves, backing.exits);
        let [behind, earned, lost, taken] =
            [backing.behind, backing.earned(), backing.lost(), backing.taken].map(tokens);
        text.push_str(&format!(
            "{name:width$} {behind:>14} {earned:>10} {lost:>10} {moves:>6} {exits:>6} {taken:>12}\n"
        ));
    }
    text
}

/// What was put to the vote, and what came of it, if anything was.
fn votes_table(scenario: &Scenario, outcome: &Outcome, width: usize) -> String {
    let mut text = String::new();
    for (motion, course) in scenario.motions.iter().zip(&outcome.motions) {
        text.push('\n');
        let words = proposal_words(course);
        text.push_str(&broken(&format!("proposal {}: {words}", motion.name)));
        if course.opened.is_none() {
            continue;
        }
        let [of, yes, no, abstain, veto] = ["share of power, %", "yes", "no", "abstain", "veto"];
        let [ballots, width] = ["ballots".len(), width.max(of.len())];
        text.push_str(&format!(
            "{of:width$} {:>ballots$} {yes:>8} {no:>8} {abstain:>8} {veto:>8}\n",
            "ballots"
        ));
        let mut row = |name: &str, said: &Said| {
            let Tally { yes, no, abstain, veto } = said.tally;
            let [yes, no, abstain, veto] =
                [yes, no, abstain, veto].map(|part| percent(part, course.power));
            text.push_str(&format!(
                "{name:width$} {:>ballots$} {yes:>8} {no:>8} {abstain:>8} {veto:>8}\n",
                said.ballots
            ));
        };
        for (group, said) in scenario.groups.iter().zip(&course.groups) {
            if group.votes.is_some() {
                row(&group.name, said);
            }
        }
        let ballots = course.groups.iter().map(|said| said.ballots).sum();
        row("all", &Said { ballots, tally: course.tally });
    }
    text
}

/// What became of a proposal.
fn proposal_words(course: &Course) -> String {
    let (stage, why) = course.fate.words();
    let mut words = stage.to_owned();
    if !why.is_empty() {
        words.push_str(&format!(", {why}"));
    }
    if let Some(opened) = course.opened {
        words.push_str(&format!("; voted on from epoch {}", opened.count()));
    }
    if let Some(closed) = course.closed {
        let extended = if course.is_extended { ", made longer" } else { "" };
        words.push_str(&format!(" to {}{extended}", closed.count()));
    }
    if let Some(adopted) = course.adopted {
        let (epoch, live) = (adopted.count(), course.live);
        words.push_str(&format!(
            "; in force from epoch {epoch}, but for {live} jobs that were open"
        ));
    }
    words
}

/// A part in percent.
fn percent(part: Amount, whole: Amount) -> String {
    format!("{:.2}", units(part) as f64 / units(whole).max(1) as f64 * 100.0)
}

/// Base units as tokens with three decimals.
pub fn tokens(units: i64) -> String {
    format!("{:.3}", units as f64 / 1e9)
}

#[derive(Serialize)]
struct Whole<'a> {
    scenario: &'a str,
    seed: String,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// A comparison as JSON.
pub fn comparison_json(scenario: &str, seed: u64, comparison: &Comparison) -> serde_json::Value {
    let whole = Whole { scenario, seed: seed.to_string(), comparison };
    serde_json::to_value(whole).expect("a comparison has string keys")
}

/// A comparison as a table: each measure at the first point, then how it differs at the others.
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut text = String::new();
    for (number, point) in comparison.points.iter().enumerate() {
        let named = if point.is_empty() { "as written" } else { point };
        text.push_str(&broken(&format!("[{number}] {named}")));
    }
    let Comparison { runs, confidence, measures, failures, .. } = comparison;
    let percent = confidence * 100.0;
    writeln!(
        text,
        "\n{runs} runs of each with the same luck; differences from [0] with {percent} % intervals"
    )
    .expect("text grows");
    let width = measures.iter().map(|measure| measure.name.len()).max().unwrap_or(0);
    for Measured { name, unit, means, differences } in measures {
        let is_money = unit.starts_with("base units");
        let show = |value: f64| {
            if is_money { format!("{:.3}", value / 1e9) } else { format!("{value:.1}") }
        };
        let first = means.first().map_or_else(String::new, |mean| show(*mean));
        // Every other point has a line of its own, below where the first one's stands.
        let mut line = format!("{name:width$} {first:>12}");
        let left = line.chars().count();
        for (number, Difference { mean, low, high }) in (1..).zip(differences) {
            let (low, mean, high) = (show(*low), show(*mean), show(*high));
            let told = format!("  [{number}] {mean:>10} ({low} to {high})");
            if left + told.chars().count() > WIDTH {
                if !line.trim().is_empty() {
                    writeln!(text, "{}", line.trim_end()).expect("text grows");
                }
                line = " ".repeat(4);
            }
            writeln!(text, "{line}{told}").expect("text grows");
            line = " ".repeat(left);
        }
        if differences.is_empty() {
            writeln!(text, "{line}").expect("text grows");
        }
    }
    text.push_str("money in tokens, profit for each member\n");
    for (point, run, error) in failures {
        text.push_str(&broken(&format!("FAILED: point [{point}], run {run}: {error}")));
    }
    text
}

/// Where wishes come true often enough, as JSON.
pub fn region_json(region: &Region, judged: &[Judged]) -> serde_json::Value {
    let wishes: Vec<String> = region.wishes.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "wishes": wishes,
        "chance": region.chance,
        "confidence": region.confidence,
        "points": judged,
    })
}

/// The same as a table, a line for each point.
pub fn region_table(region: &Region, judged: &[Judged]) -> String {
    let wishes: Vec<String> = region.wishes.iter().map(ToString::to_string).collect();
    let mut text = broken(&format!(
        "where {} in at least {} of all runs, with {} % intervals",
        wishes.join(" and "),
        region.chance,
        region.confidence * 100.0
    ));
    writeln!(text, "\nfeasible   came true         interval  point").expect("text grows");
    for Judged { point, hits, runs, interval: [low, high], feasible } in judged {
        let (word, share) = (report::word(*feasible), format!("{hits} of {runs}"));
        let line = format!("{word:<9} {share:>11}  {low:.4} to {high:.4}  {point}");
        text.push_str(&broken(&line));
    }
    text
}

/// A sensitivity as JSON.
pub fn sensitivity_json(found: &Sensitivity) -> serde_json::Value {
    serde_json::to_value(found).expect("indices have string keys")
}

/// A sensitivity as a table, what matters most first.
pub fn sensitivity_table(found: &Sensitivity) -> String {
    let (unit, size) = figures::shown_in(found.unit);
    let show = |value: f64| match size {
        1.0 => format!("{value:.1}"),
        _ => format!("{:.3} {}", value / size, unit.replace(" a member", "")),
    };
    let mut values: Vec<_> = found.values.iter().collect();
    values.sort_by(|one, other| other.total[0].total_cmp(&one.total[0]));
    let width = values.iter().map(|value| value.path.len()).max().unwrap_or(0).max(5);
    let mut text = broken(&format!(
        "{}: mean {}, deviation {} over {} samples of each table, {} runs each",
        found.measure,
        show(found.mean),
        show(found.deviation),
        found.samples,
        found.runs
    ));
    let percent = found.confidence * 100.0;
    writeln!(text, "{:width$}  first order          total   ({percent} % intervals)", "value")
        .expect("text grows");
    for value in values {
        let index = |[mean, low, high]: [f64; 3]| format!("{mean:>5.2} ({low:.2} to {high:.2})");
        let (first, total) = (index(value.first), index(value.total));
        writeln!(text, "{:width$}  {first:<21}{total}", value.path).expect("text grows");
    }
    text
}

/// A game as JSON.
pub fn game_json(game: &Game) -> serde_json::Value {
    serde_json::to_value(game).expect("a game has string keys")
}

/// A game as a table: who invades whom, and where mixes lead.
pub fn game_table(game: &Game) -> String {
    let mut text = format!(
        "{} people in {} mixes, {} runs each with the same luck; tokens a member\n\n",
        game.people,
        game.mixes.len(),
        game.runs
    );
    let mut line = |words: std::fmt::Arguments<'_>| {
        text.push_str(&broken(&words.to_string()));
    };
    for invasion in &game.invasions {
        let share = match invasion.threshold {
            Some(0.0) => "from the first on".to_owned(),
            Some(share) => format!("from {:.0} % of all on", share * 100.0),
            None => "at no share".to_owned(),
        };
        line(format_args!(
            "{} among {}: alone it earns {} more; it earns more {share}",
            invasion.invader,
            invasion.resident,
            tokens(invasion.advantage as i64)
        ));
    }
    line(format_args!("\nif whoever earns more is copied:"));
    let shares = |shares: &[f64]| {
        let each = game.policies.iter().zip(shares);
        let each = each.map(|(policy, share)| format!("{policy} {:.0} %", share * 100.0));
        each.collect::<Vec<_>>().join(", ")
    };
    for path in &game.paths {
        line(format_args!("  {}  ->  {}", shares(&path.from), shares(&path.to)));
    }
    let worst = game.mixes.iter().map(|mix| mix.regret_max).fold(0.0, f64::max);
    line(format_args!("\nlargest regret of any mix, with its interval: {}", tokens(worst as i64)));
    text
}

/// Rare draws as JSON.
pub fn rare_json(found: &Rare) -> serde_json::Value {
    serde_json::to_value(found).expect("strata have string keys")
}

/// Rare draws as a table: each stratum, and what follows.
pub fn rare_table(found: &Rare) -> String {
    let [runs, without] = found.runs;
    let mut text = format!("the first lie of {} in each of {runs} runs", found.group);
    if without > 0 {
        write!(text, "; {without} more had none").expect("text grows");
    }
    if runs == 0 {
        text.push_str("\n\nnobody of that group lied, so that nothing can be said of its lies\n");
        return text;
    }
    text.push_str("\n\ndraw                            chance    it stood\n");
    for stratum in &found.strata {
        let draw = match stratum.seats {
            None => "no audit".to_owned(),
            Some(seats) => format!("audit, {seats} seats in its purse"),
        };
        let (chance, stood) = (share(stratum.chance), stratum.stands);
        writeln!(text, "{draw:28} {chance:>9} {stood:>6} of {}", stratum.runs).expect("text grows");
    }
    if found.unplayed > 0.0 {
        writeln!(text, "{:28} {:>9}", "never found", share(found.unplayed)).expect("text grows");
    }
    writeln!(
        text,
        "\nits purse has most seats of an audit with chance {}, exactly",
        share(found.majority)
    )
    .expect("text grows");
    let percent = found.confidence * 100.0;
    for (what, Share { estimate, interval: [low, high], plain_runs, saved }) in
        [("the lie stands", found.stands), ("an audit misses it", found.missed)]
    {
        text.push_str(&broken(&format!(
            "{what:19} {:>9} ({} to {} at {percent} %); {plain_runs} plain runs would tell as \
             much, {saved:.1} times the blocks",
            share(estimate),
            share(low),
            share(high)
        )));
    }
    text
}

/// A share in percent with as many digits as a small one needs.
fn share(share: f64) -> String {
    if share == 0.0 || share >= 0.01 {
        format!("{:.2} %", share * 100.0)
    } else {
        format!("{:.2e} %", share * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words_and_what_stands_below_each_other_stays() {
        assert_eq!(broken("jobs   3 posted"), "jobs   3 posted\n");
        assert_eq!(broken("  a  ->  b"), "  a  ->  b\n");
        let long = format!("{} end", "word ".repeat(15));
        assert_eq!(broken(&long), format!("{}end\n", "word ".repeat(15) + " "));
        let told = broken(&"word ".repeat(20));
        assert!(told.lines().all(|line| line.chars().count() <= WIDTH), "{told}");
        assert!(told.lines().nth(1).is_some_and(|line| line.starts_with("    word")), "{told}");
    }

    #[test]
    fn stake_that_a_stale_feed_secures_with_is_not_said_to_be_taken_for_nought() {
        let stake = crate::tally::Closing { burnt: 7, ..Default::default() };
        let price = crate::tally::Priced {
            worth: 0.5,
            counted: 0.5,
            secures: None,
            mints: 0.5,
            collateral: None,
        };
        let told = stake_words(&Ended { price, rounds: [3, 2], stake });
        assert!(told.contains("taken for nothing while the feed is stale;"), "{told}");
        assert!(!told.contains("0.0000") && told.ends_with("all of it 0.000"), "{told}");
    }

    #[test]
    fn a_comparison_of_many_points_fits_80_columns() {
        let difference = |mean: f64| Difference { mean, low: mean - 9e8, high: mean + 9e8 };
        let measure = |name: &str, scale: f64| Measured {
            name: name.to_owned(),
            unit: "base units",
            means: vec![scale; 3],
            differences: vec![difference(scale / 3.0), difference(-scale)],
        };
        let comparison = Comparison {
            points: vec![String::new(), "providers.lazy.lie_rate=0.1".to_owned(), "b".repeat(90)],
            runs: 20,
            confidence: 0.99,
            measures: vec![measure("burnt", 7e10), measure("validators.diligent profit", 8e15)],
            failures: Vec::new(),
        };
        let told = comparison_table(&comparison);
        let wide = |line: &&str| line.chars().count() > WIDTH && !line.contains(&"b".repeat(90));
        assert_eq!(told.lines().find(wide), None, "{told}");
        assert_eq!(told.matches(" [2] ").count(), 2, "every difference is told: {told}");
        assert_eq!(told.matches("\n\n").count(), 1, "a blank line before the table alone: {told}");
    }
}
