//! A comparison as a page: what changes for whom, with intervals.

use std::fmt::Write as _;

use earnest_page::{Interval, Intervals, escape, figure};

use super::{
    Asked, FAILURES_MAX, PLOTS_MAX, everywhere, label, more, page, section, short, shown_in,
    varying,
};
use crate::{
    compare::{Comparison, Measured},
    scenario::Setting,
};

/// A comparison as a page.
pub fn comparison(asked: &Asked<'_>, points: &[Vec<Setting>], found: &Comparison) -> String {
    let told = |one: &Setting| (one.path().to_owned(), one.value());
    let points: Vec<Vec<_>> = points.iter().map(|point| point.iter().map(told).collect()).collect();
    let vary = varying(&points);
    let names = points.iter().enumerate();
    let names: Vec<String> =
        names.map(|(nth, point)| format!("[{nth}] {}", label(point, &vary))).collect();
    let percent = found.confidence * 100.0;
    let rows = [
        ("points", points.len().to_string()),
        ("set in all", everywhere(&points)),
        ("runs of each", format!("{}, with the same luck", found.runs)),
        ("intervals", format!("{percent} %, Student's t over runs")),
    ];
    let mut body = String::new();
    for (point, run, error) in found.failures.iter().take(FAILURES_MAX) {
        let error = escape(&short(error));
        let _ = write!(body, "<p class=pays>Point [{point}], run {run} failed: {error}");
    }
    let beyond = found.failures.len().saturating_sub(FAILURES_MAX);
    body.push_str(&more(beyond, "runs failed and are not told here"));
    let told = names.iter().map(|name| vec![name.clone()]).collect();
    body.push_str(&section("The points", "All are compared with the first.", &["point"], told));
    let _ = write!(
        body,
        "<h2>What changes</h2><p>How each measure differs from {}. An interval that does not touch \
         0 shows a change at this confidence, one by one: of many, some do so by chance.\
         <div class=plots>",
        escape(&names[0])
    );
    let moving = found.measures.iter().filter(|measure| moves(measure));
    for (nth, measure) in moving.clone().take(PLOTS_MAX).enumerate() {
        body.push_str(&plot(nth, measure, &names).html());
    }
    body.push_str("</div>");
    let beyond = moving.count().saturating_sub(PLOTS_MAX);
    body.push_str(&more(beyond, "measures are not drawn: their numbers are in the table"));
    let still = found.measures.iter().filter(|measure| !moves(measure));
    let still: Vec<&str> = still.map(|measure| measure.name.as_str()).collect();
    if !still.is_empty() {
        let _ = write!(body, "<p>The same at every point: {}.", escape(&short(&still.join(", "))));
    }
    body.push_str(&numbers(found, &names));
    page(asked, "comparison", &rows, &body)
}

fn moves(measure: &Measured) -> bool {
    measure.differences.iter().any(|one| [one.mean, one.low, one.high] != [0.0; 3])
}

fn plot(nth: usize, measure: &Measured, names: &[String]) -> Intervals {
    let (unit, size) = shown_in(measure.unit);
    let rows = names.iter().skip(1).zip(&measure.differences).map(|(name, one)| {
        let [value, low, high] = [one.mean, one.low, one.high].map(|units| units / size);
        Interval { name: name.clone(), value, low, high, class: "" }
    });
    let first = measure.means.first().map_or(f64::NAN, |mean| mean / size);
    Intervals {
        id: format!("m{nth}"),
        title: measure.name.clone(),
        about: format!("At the first point {} {unit}.", figure(first)),
        across: format!("difference in {unit}"),
        rows: rows.collect(),
        mark: 0.0,
    }
}

fn numbers(found: &Comparison, names: &[String]) -> String {
    let mut rows = Vec::new();
    for measure in &found.measures {
        let (unit, size) = shown_in(measure.unit);
        for (nth, mean) in measure.means.iter().enumerate() {
            let mut row = vec![format!("{}, {unit}", measure.name), names[nth].clone()];
            row.push(figure(mean / size));
            let less = nth.checked_sub(1).and_then(|nth| measure.differences.get(nth));
            row.extend(less.map_or_else(Default::default, |one| {
                [one.mean, one.low, one.high].map(|units| figure(units / size))
            }));
            rows.push(row);
        }
    }
    let heads = ["measure", "point.", "mean", "difference", "from", "to"];
    section("Every number", "Profit is that of each member.", &heads, rows)
}
