//! Reports: what was measured beside what theory says, for people and for programs.
//!
//! Law: one report has one text, byte for byte: keys in order, numbers in fixed form, no times.

use earnest_protocol::{Amount, Ratio, num::PARTS, verification::Quote};
use serde_json::{Map, Value, json};

use crate::stats::{Interval, Sum, quantile, share};

/// What a report is about.
#[derive(Clone, Debug)]
pub struct Header {
    /// The scenario's name.
    pub name: String,
    /// The hash of the scenario's text.
    pub scenario: String,
    /// Which game was played.
    pub seed: u64,
    /// The confidence of every interval.
    pub confidence: f64,
}

/// What was measured at one point of the grid.
#[derive(Clone, Debug)]
pub struct Measured {
    /// a.
    pub audit_rate: Ratio,
    /// m.
    pub auditors: u8,
    /// The closed form: the rules' own quote.
    pub quote: Quote,
    /// Profits of honest providers, in base units a job, the cost of their work taken off.
    pub honest: Sum,
    /// Profits of lying providers.
    pub lying: Sum,
    /// Profits of providers that accept and never deliver.
    pub abandoning: Sum,
    /// Lies that were convicted.
    pub convicted: u64,
    /// Lies.
    pub lied: u64,
    /// Commands carried out.
    pub commands: u64,
}

impl Measured {
    /// Adds another run's measurements at the same point.
    pub fn merge(&mut self, other: &Measured) {
        self.honest.merge(&other.honest);
        self.lying.merge(&other.lying);
        self.abandoning.merge(&other.abandoning);
        self.convicted += other.convicted;
        self.lied += other.lied;
        self.commands += other.commands;
    }
}

/// One point, with its intervals and verdicts.
#[derive(Clone, Debug)]
pub struct Point {
    /// What was measured.
    pub measured: Measured,
    /// Measured detection, with Wilson's interval.
    pub detection: Interval,
    /// Mean profit of honest work a job.
    pub honest: Interval,
    /// Mean profit of lying a job.
    pub lying: Interval,
    /// Mean profit of abandoning a job.
    pub abandoning: Interval,
}

impl Point {
    fn new(measured: Measured, z: f64) -> Point {
        Point {
            detection: share(measured.convicted, measured.lied, z),
            honest: measured.honest.mean(z),
            lying: measured.lying.mean(z),
            abandoning: measured.abandoning.mean(z),
            measured,
        }
    }

    /// The closed-form detection probability.
    pub fn closed_form(&self) -> f64 {
        self.measured.quote.detection.parts() as f64 / PARTS as f64
    }

    /// Does theory lie in the measured interval?
    pub fn detection_in_interval(&self) -> bool {
        let d = self.closed_form();
        self.detection.low <= d && d <= self.detection.high
    }

    /// Is lying worse than honest work, the intervals apart?
    pub fn lying_loses_to_honest(&self) -> bool {
        self.lying.high < self.honest.low
    }

    /// Is lying worse than abandoning, the intervals apart?
    pub fn lying_loses_to_abandoning(&self) -> bool {
        self.lying.high < self.abandoning.low
    }

    fn holds(&self) -> bool {
        self.detection_in_interval()
            && self.lying_loses_to_honest()
            && self.lying_loses_to_abandoning()
    }
}

/// What a scenario showed.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is about.
    pub header: Header,
    /// The grid.
    pub points: Vec<Point>,
}

impl Report {
    pub(crate) fn new(header: Header, measured: Vec<Measured>) -> Report {
        let z = quantile(header.confidence).expect("a scenario's confidence is checked");
        Report { points: measured.into_iter().map(|m| Point::new(m, z)).collect(), header }
    }

    /// True if the claim holds at every point.
    pub fn holds(&self) -> bool {
        self.points.iter().all(Point::holds)
    }

    /// One JSON object.
    pub fn to_json(&self) -> String {
        let points: Vec<Value> = self.points.iter().map(point_json).collect();
        let value = json!({
            "scenario": self.header.name,
            "scenario_hash": self.header.scenario,
            "version": env!("CARGO_PKG_VERSION"),
            "seed": self.header.seed,
            "confidence": number(self.header.confidence),
            "holds": self.holds(),
            "points": points,
        });
        value.to_string()
    }

    /// A table.
    pub fn table(&self) -> String {
        let percent = self.header.confidence * 100.0;
        let mut text = format!(
            "{}, seed {}, intervals at {percent:.0} %; profits in tokens a job\n\
             {:>6} {:>2} {:>7} {:>8} {:>18} {:>10} {:>20} {:>20} {:>20}  verdict\n",
            self.header.name,
            self.header.seed,
            "a",
            "m",
            "lies",
            "theory d",
            "measured d",
            "collateral",
            "honest",
            "lying",
            "abandoning",
        );
        for point in &self.points {
            text.push_str(&row(point));
        }
        let lies: u64 = self.points.iter().map(|p| p.measured.lied).sum();
        let commands: u64 = self.points.iter().map(|p| p.measured.commands).sum();
        text.push_str(&format!("{lies} lies, {commands} commands of the rules\n"));
        text
    }
}

fn row(point: &Point) -> String {
    let m = &point.measured;
    let verdict = match (point.detection_in_interval(), point.holds()) {
        (_, true) => "holds",
        (false, _) => "detection off",
        (true, false) => "LYING PAYS",
    };
    let d = point.detection;
    format!(
        "{:>6} {:>2} {:>7} {:>8.4} {:>18} {:>10} {:>20} {:>20} {:>20}  {verdict}\n",
        format!("{:.3}", m.audit_rate.parts() as f64 / PARTS as f64),
        m.auditors,
        m.lied,
        point.closed_form(),
        format!("{:.4} {:.4}..{:.4}", d.mean, d.low, d.high),
        tokens(m.quote.collateral.units() as f64),
        profit(&point.honest),
        profit(&point.lying),
        profit(&point.abandoning),
    )
}

fn profit(interval: &Interval) -> String {
    format!("{} ± {}", tokens(interval.mean), tokens(interval.high - interval.mean))
}

fn tokens(units: f64) -> String {
    format!("{:.3}", units / Amount::TOKEN as f64)
}

fn point_json(point: &Point) -> Value {
    let m = &point.measured;
    let mut value = Map::new();
    let d = point.detection;
    value.insert("audit_rate".into(), parts(m.audit_rate));
    value.insert("auditors".into(), json!(m.auditors));
    value.insert(
        "detection".into(),
        json!({
            "closed_form": parts(m.quote.detection), "measured": number(d.mean),
            "low": number(d.low), "high": number(d.high), "interval": "wilson",
            "lied": m.lied, "convicted": m.convicted,
        }),
    );
    value.insert("collateral".into(), json!(m.quote.collateral));
    value.insert("exit_cost".into(), json!(m.quote.exit_cost));
    value.insert(
        "profit".into(),
        json!({
            "honest": interval(&point.honest, m.honest.count()),
            "lying": interval(&point.lying, m.lying.count()),
            "abandoning": interval(&point.abandoning, m.abandoning.count()),
        }),
    );
    value.insert("detection_in_interval".into(), json!(point.detection_in_interval()));
    value.insert("lying_loses_to_honest".into(), json!(point.lying_loses_to_honest()));
    value.insert("lying_loses_to_abandoning".into(), json!(point.lying_loses_to_abandoning()));
    Value::Object(value)
}

/// A mean profit in whole base units, as decimal strings.
fn interval(interval: &Interval, jobs: u64) -> Value {
    json!({
        "mean": format!("{:.0}", interval.mean),
        "low": format!("{:.0}", interval.low),
        "high": format!("{:.0}", interval.high),
        "jobs": jobs,
    })
}

fn parts(ratio: Ratio) -> Value {
    number(ratio.parts() as f64 / PARTS as f64)
}

/// A number with nine decimals.
fn number(value: f64) -> Value {
    let text = format!("{value:.9}");
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}
