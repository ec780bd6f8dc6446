//! Output: a report as JSON for programs and as a table for people.
//!
//! Laws: one report has one JSON text, byte for byte; numbers with a fraction are strings of
//! fixed decimals (nine for shares and tokens), so that no reader rounds them; money is in
//! tokens.
//! Not here: files, colours, terminals (the hosts).

use std::fmt::Write as _;

use earnest_protocol::Amount;
use serde::Serialize;

use crate::report::{Failure, Mean, Point, Report};

#[derive(Serialize)]
struct JsonReport<'a> {
    manifest: JsonManifest<'a>,
    description: &'a str,
    confidence: String,
    family_confidence: String,
    holds: bool,
    points: Vec<JsonPoint>,
    failures: Vec<JsonFailure>,
}

#[derive(Serialize)]
struct JsonManifest<'a> {
    scenario: &'a str,
    scenario_blake3: &'a str,
    seed: String,
    version: &'a str,
    runs: u64,
    jobs: u64,
    commands: u64,
}

#[derive(Serialize)]
struct JsonPoint {
    audit_rate: String,
    auditors: u8,
    quote: JsonQuote,
    detection: JsonDetection,
    profit_per_job: JsonProfits,
    bystander_jobs: u64,
    honest_jobs_lost: u64,
    verdicts: JsonVerdicts,
}

#[derive(Serialize)]
struct JsonQuote {
    detection: String,
    auditor_miss: String,
    exit_cost: String,
    gain: String,
    reward_max: String,
    collateral_min: String,
    collateral: String,
}

#[derive(Serialize)]
struct JsonDetection {
    trials: u64,
    convictions: u64,
    rate: String,
    low: String,
    high: String,
    family_low: String,
    family_high: String,
}

#[derive(Serialize)]
struct JsonProfits {
    honest: JsonMean,
    lying: JsonMean,
    abandoning: JsonMean,
    lying_less_honest: JsonMean,
    lying_less_abandoning: JsonMean,
}

#[derive(Serialize)]
struct JsonMean {
    mean: String,
    low: Option<String>,
    high: Option<String>,
}

#[derive(Serialize)]
struct JsonVerdicts {
    detection_in_interval: bool,
    detection_consistent: bool,
    lying_loses_to_honest: bool,
    lying_loses_to_abandoning: bool,
    honest_is_safe: bool,
    holds: bool,
}

#[derive(Serialize)]
struct JsonFailure {
    audit_rate: String,
    auditors: u8,
    run: u32,
    error: String,
}

fn share(value: f64) -> String {
    format!("{value:.9}")
}

/// Base units as tokens, exactly.
fn exact(amount: Amount) -> String {
    billionths(amount.units())
}

/// A mean of base units as tokens, to the nearest unit.
fn money(units: f64) -> String {
    let rounded = units.round() as i64;
    let sign = if rounded < 0 { "-" } else { "" };
    format!("{sign}{}", billionths(rounded.unsigned_abs()))
}

/// With all nine decimals, so that columns line up.
fn billionths(units: u64) -> String {
    let (whole, rest) = (units / 1_000_000_000, units % 1_000_000_000);
    format!("{whole}.{rest:09}")
}

fn mean(value: &Mean) -> JsonMean {
    let end = |end: f64| end.is_finite().then(|| money(end));
    let (low, high) = value.interval;
    JsonMean { mean: money(value.mean), low: end(low), high: end(high) }
}

fn point(point: &Point) -> JsonPoint {
    let (quote, detection, profits) = (&point.quote, &point.detection, &point.profits);
    let verdicts = &point.verdicts;
    let parts = |ratio: earnest_protocol::Ratio| exact_ratio(ratio);
    JsonPoint {
        audit_rate: share(point.audit_rate),
        auditors: point.auditors,
        quote: JsonQuote {
            detection: parts(quote.detection),
            auditor_miss: parts(quote.e),
            exit_cost: exact(quote.exit_cost),
            gain: exact(quote.gain),
            reward_max: exact(quote.reward_max),
            collateral_min: exact(quote.collateral_min),
            collateral: exact(quote.collateral),
        },
        detection: JsonDetection {
            trials: detection.trials,
            convictions: detection.convictions,
            rate: share(detection.rate),
            low: share(detection.interval.0),
            high: share(detection.interval.1),
            family_low: share(detection.family_interval.0),
            family_high: share(detection.family_interval.1),
        },
        profit_per_job: JsonProfits {
            honest: mean(&profits.honest),
            lying: mean(&profits.lying),
            abandoning: mean(&profits.abandoning),
            lying_less_honest: mean(&profits.lying_less_honest),
            lying_less_abandoning: mean(&profits.lying_less_abandoning),
        },
        bystander_jobs: point.bystander_jobs,
        honest_jobs_lost: point.honest_jobs_lost,
        verdicts: JsonVerdicts {
            detection_in_interval: verdicts.detection_in_interval,
            detection_consistent: verdicts.detection_consistent,
            lying_loses_to_honest: verdicts.lying_loses_to_honest,
            lying_loses_to_abandoning: verdicts.lying_loses_to_abandoning,
            honest_is_safe: verdicts.honest_is_safe,
            holds: verdicts.hold(),
        },
    }
}

fn exact_ratio(ratio: earnest_protocol::Ratio) -> String {
    billionths(ratio.parts())
}

fn failure(failure: &Failure) -> JsonFailure {
    JsonFailure {
        audit_rate: share(failure.audit_rate),
        auditors: failure.auditors,
        run: failure.run,
        error: failure.error.to_string(),
    }
}

/// Failed runs that the table lists; the JSON lists all.
const FAILURES_SHOWN: usize = 5;

impl Report {
    /// The report as JSON, with a newline at its end.
    pub fn to_json(&self) -> String {
        let manifest = &self.manifest;
        let report = JsonReport {
            manifest: JsonManifest {
                scenario: &manifest.scenario,
                scenario_blake3: &manifest.scenario_hash,
                seed: manifest.seed.to_string(), // A reader's doubles hold 53 bits only.
                version: manifest.version,
                runs: manifest.runs,
                jobs: manifest.jobs,
                commands: manifest.commands,
            },
            description: &self.description,
            confidence: share(self.confidence),
            family_confidence: share(self.family_confidence),
            holds: self.holds(),
            points: self.points.iter().map(point).collect(),
            failures: self.failures.iter().map(failure).collect(),
        };
        let mut text = serde_json::to_string_pretty(&report).expect("strings and numbers encode");
        text.push('\n');
        text
    }

    /// The report as a table, for people.
    pub fn table(&self) -> String {
        let manifest = &self.manifest;
        let mut text = format!(
            "{}: seed {}, {} jobs in {} runs, {} commands\n",
            manifest.scenario, manifest.seed, manifest.jobs, manifest.runs, manifest.commands
        );
        let mut rows = vec![heading(self.confidence)];
        rows.extend(self.points.iter().map(cells));
        align(&mut text, &rows);
        for failure in self.failures.iter().take(FAILURES_SHOWN) {
            let Failure { audit_rate, auditors, run, error } = failure;
            line(&mut text, &format!("run {run} ({audit_rate} × {auditors}) failed: {error}"));
        }
        if self.failures.len() > FAILURES_SHOWN {
            let more = self.failures.len() - FAILURES_SHOWN;
            line(&mut text, &format!("and {more} more failed"));
        }
        self.footer(&mut text);
        text
    }

    fn footer(&self, text: &mut String) {
        let percent = self.confidence * 100.0;
        line(text, "detected: share of wrong results convicted; d: the quote's closed form.");
        line(
            text,
            &format!(
                "profits in tokens a job; ± half of a {percent} % t interval; differences are \
                 paired: the same jobs with the same luck."
            ),
        );
        let missed = self.points.iter().filter(|p| !p.verdicts.detection_in_interval).count();
        line(
            text,
            &format!(
                "d outside its own {percent} % interval: {missed} of {} points (by chance about \
                 {:.1}); the verdict corrects for trying them all.",
                self.points.len(),
                self.points.len() as f64 * (1.0 - self.confidence)
            ),
        );
        let lost: u64 = self.points.iter().map(|p| p.honest_jobs_lost).sum();
        line(text, &format!("honest jobs that went unpaid: {lost}."));
        let verdict = if self.holds() { "HOLDS" } else { "DOES NOT HOLD" };
        line(text, &format!("{verdict}, for the strategies tried and no others."));
    }
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("a string takes everything");
}

fn heading(confidence: f64) -> Vec<String> {
    let interval = format!("{} % interval", confidence * 100.0);
    [
        "audit",
        "auditors",
        "lies",
        "detected",
        &interval,
        "d",
        "collateral",
        "honest",
        "lying",
        "abandoning",
        "lying−honest",
        "lying−abandoning",
        "verdict",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn cells(point: &Point) -> Vec<String> {
    let (detection, profits) = (&point.detection, &point.profits);
    let tokens = |units: f64| units / Amount::TOKEN as f64;
    let plain = |mean: &Mean| format!("{:.3}", tokens(mean.mean));
    let paired = |mean: &Mean| {
        format!("{:.3} ±{:.3}", tokens(mean.mean), tokens(mean.interval.1 - mean.mean))
    };
    vec![
        format!("{}", point.audit_rate),
        point.auditors.to_string(),
        detection.trials.to_string(),
        format!("{:.4}", detection.rate),
        format!("{:.4}..{:.4}", detection.interval.0, detection.interval.1),
        format!("{:.4}", detection.closed_form),
        format!("{:.2}", tokens(point.quote.collateral.units() as f64)),
        plain(&profits.honest),
        plain(&profits.lying),
        plain(&profits.abandoning),
        paired(&profits.lying_less_honest),
        paired(&profits.lying_less_abandoning),
        verdict(point).to_owned(),
    ]
}

/// The first thing that is wrong, or that nothing is.
fn verdict(point: &Point) -> &'static str {
    let (verdicts, profits) = (&point.verdicts, &point.profits);
    let pays = |difference: &Mean| difference.interval.0 > 0.0;
    if !verdicts.honest_is_safe {
        "honest work lost"
    } else if !verdicts.detection_consistent {
        "d is off"
    } else if pays(&profits.lying_less_honest) || pays(&profits.lying_less_abandoning) {
        "lying pays"
    } else if verdicts.hold() {
        "holds"
    } else {
        "not shown" // More trials would decide.
    }
}

/// Right-aligned columns, two spaces apart.
fn align(text: &mut String, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        line(text, cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
