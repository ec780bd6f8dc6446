//! A sweep as a page: each measure over what varies, and where wishes come true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use earnest_page::{Interval, Intervals, Lines, POINTS_MAX, SERIES_MAX, Series, escape, figure};

use super::{
    Asked, COMMAND_MAX, PLOTS_MAX, bounded, everywhere, label, more, page, section, short,
    shown_in, varying,
};
use crate::{
    digest::{Digest, Feasible, Judged, Region},
    figures::Measure,
    statistics::Moments,
};

/// How sure the intervals of means are.
const CONFIDENCE: f64 = 0.99;
/// Paths over which a measure is drawn, if all of them vary at once.
const ACROSS_MAX: usize = 3;

/// A sweep as a page.
pub fn sweep(asked: &Asked<'_>, digest: &Digest, region: Option<&Region>) -> String {
    let runs = digest.values.iter().zip(&digest.failed);
    let runs = runs.map(|(values, failed)| values.first().map_or(0, Moments::count) + failed);
    let rows = [
        ("points", figure(digest.points.len() as f64)),
        ("set in all", everywhere(&digest.points)),
        ("runs", figure(runs.sum::<u64>() as f64)),
        ("intervals", format!("{} % of each mean, Student's t over runs", CONFIDENCE * 100.0)),
    ];
    let mut body = String::new();
    let failed: u64 = digest.failed.iter().sum();
    if failed > 0 {
        let _ = write!(
            body,
            "<p class=pays>{failed} runs failed. They are part of no mean here; their rows say why."
        );
    }
    if let Some(region) = region {
        body.push_str(&feasible(digest, region));
    }
    body.push_str(
        "<h2>What the values change</h2><p>Means over the runs of each point, with their \
         intervals. All points share their luck.<div class=plots>",
    );
    let moving = (0..digest.measures.len()).filter(|nth| moves(digest, *nth));
    let plots: Vec<String> = moving.flat_map(|nth| plots(digest, nth)).collect();
    plots.iter().take(PLOTS_MAX).for_each(|plot| body.push_str(plot));
    body.push_str("</div>");
    let beyond = plots.len().saturating_sub(PLOTS_MAX);
    body.push_str(&more(beyond, "plots are not drawn: their numbers are in the table"));
    let still = (0..digest.measures.len()).filter(|nth| !moves(digest, *nth));
    let still: Vec<&str> = still.map(|nth| digest.measures[nth].name.as_str()).collect();
    if !still.is_empty() {
        let _ = write!(body, "<p>The same at every point: {}.", escape(&short(&still.join(", "))));
    }
    body.push_str(&numbers(digest));
    page(asked, "sweep", &rows, &body)
}

fn moves(digest: &Digest, nth: usize) -> bool {
    let played = digest.values.iter().filter(|values| values[nth].count() > 0);
    let means = played.map(|values| values[nth].mean());
    means.clone().any(|mean| Some(mean) != means.clone().next())
}

/// A measure over what varies: lines over one path if few others vary with it; points over each
/// path if all vary at once; else a row for each point.
fn plots(digest: &Digest, nth: usize) -> Vec<String> {
    let measure = &digest.measures[nth];
    let paths = paths(digest);
    let numeric: Vec<&str> =
        paths.iter().filter(|(_, values)| values.is_some()).map(|(path, _)| *path).collect();
    let most = |path: &&&str| paths[**path].unwrap_or(0);
    let Some(across) = numeric.iter().max_by_key(most) else {
        return vec![rows(digest, nth)];
    };
    let lines = series(digest, nth, across);
    if lines.len() <= SERIES_MAX && lines.values().all(|one| one.points.len() > 1) {
        let lines: Vec<Series> = lines.into_values().collect();
        return vec![drawn((nth, 0), measure, across, lines).html()];
    }
    if digest.points.len() <= POINTS_MAX && paths.len() == numeric.len() && numeric.len() > 1 {
        let each = numeric.iter().take(ACROSS_MAX).enumerate();
        let each = each.map(|(place, path)| {
            let mut all = Series::default();
            for one in series(digest, nth, path).into_values() {
                all.points.extend(one.points);
            }
            all.points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let plot = drawn((nth, place), measure, path, vec![all]);
            Lines { cloud: true, ..plot }.html()
        });
        return each.collect();
    }
    vec![rows(digest, nth)]
}

fn drawn(
    (nth, place): (usize, usize),
    measure: &Measure,
    across: &str,
    series: Vec<Series>,
) -> Lines {
    let (unit, _) = shown_in(measure.unit);
    let (id, title, about) = (format!("m{nth}-{place}"), measure.name.clone(), String::new());
    let (across, up) = (short(across), unit);
    Lines { id, title, about, across, up, series, dots: true, ..Lines::default() }
}

/// The paths that vary, each with how many values it has, if these are numbers.
fn paths(digest: &Digest) -> BTreeMap<&str, Option<usize>> {
    let counted = varying(&digest.points).into_keys().map(|path| {
        let all = digest.points.iter().flatten().filter(|(other, _)| other == path);
        let values: BTreeSet<&str> = all.map(|(_, value)| value.as_str()).collect();
        let numeric = values.iter().all(|value| value.parse::<f64>().is_ok());
        (path, numeric.then_some(values.len()))
    });
    counted.collect()
}

/// The mean of what was played; no number where no run came to an end.
fn mean(moments: &Moments) -> f64 {
    if moments.count() == 0 { f64::NAN } else { moments.mean() }
}

/// A line over `across` for each setting of all else.
fn series(digest: &Digest, nth: usize, across: &str) -> BTreeMap<String, Series> {
    let (_, size) = shown_in(digest.measures[nth].unit);
    let mut vary = varying(&digest.points);
    vary.remove(across);
    let mut lines: BTreeMap<String, Series> = BTreeMap::new();
    for (settings, values) in digest.points.iter().zip(&digest.values) {
        let here = settings.iter().find(|(path, _)| path == across);
        let Some(at) = here.and_then(|(_, value)| value.parse::<f64>().ok()) else { continue };
        let name = if vary.is_empty() { String::new() } else { label(settings, &vary) };
        let line = lines.entry(name.clone()).or_insert(Series { name, ..Series::default() });
        let (low, high) = values[nth].interval(CONFIDENCE);
        line.points.push((at, mean(&values[nth]) / size));
        line.band.push((low / size, high / size));
    }
    for line in lines.values_mut() {
        let mut both: Vec<_> = line.points.drain(..).zip(line.band.drain(..)).collect();
        both.sort_by(|one, other| one.0.0.total_cmp(&other.0.0));
        (line.points, line.band) = both.into_iter().unzip();
    }
    lines
}

fn rows(digest: &Digest, nth: usize) -> String {
    let measure = &digest.measures[nth];
    let (unit, size) = shown_in(measure.unit);
    let vary = varying(&digest.points);
    let rows = digest.points.iter().zip(&digest.values).map(|(settings, values)| {
        let (low, high) = values[nth].interval(CONFIDENCE);
        let [value, low, high] = [mean(&values[nth]), low, high].map(|units| units / size);
        Interval { name: label(settings, &vary), value, low, high, class: "" }
    });
    let (id, title, rows) = (format!("m{nth}"), measure.name.clone(), rows.collect());
    Intervals { id, title, across: unit, rows, ..Intervals::default() }.html()
}

fn feasible(digest: &Digest, region: &Region) -> String {
    let judged = digest.judge(region);
    let wishes: Vec<String> = region.wishes.iter().map(ToString::to_string).collect();
    let wishes = bounded(&wishes.join(" and "), COMMAND_MAX);
    let vary = varying(&digest.points);
    let row = |(point, one): (&Vec<(String, String)>, &Judged)| Interval {
        name: label(point, &vary),
        // Of no runs there is no share: 0 of 0 is not 0.
        value: one.hits as f64 / one.runs as f64,
        low: one.interval[0],
        high: one.interval[1],
        class: class(one.feasible),
    };
    let plot = Intervals {
        id: "feasible".to_owned(),
        title: format!("P({})", short(&wishes)),
        about: format!("The line is at {}: what is asked for.", region.chance),
        across: "share of runs".to_owned(),
        rows: digest.points.iter().zip(&judged).map(row).collect(),
        mark: region.chance,
    };
    let rows = digest.points.iter().zip(&judged).map(|(point, one)| {
        let mut row = vec![label(point, &vary), format!("{} of {}", one.hits, one.runs)];
        row.extend(one.interval.map(figure));
        row.push(word(one.feasible).to_owned());
        row
    });
    let about = format!(
        "Points at which {wishes} in at least {} of all runs. A point is feasible if its whole \
         interval (Clopper and Pearson, {} %) is at or above that, not if all of it is below; \
         what is not shown takes more runs.",
        region.chance,
        region.confidence * 100.0
    );
    let heads = ["point", "came true", "from", "to", "feasible"];
    let table = section("Where it comes true often enough", &about, &heads, rows.collect());
    format!("{table}<div class=plots>{}</div>", plot.html())
}

fn class(feasible: Feasible) -> &'static str {
    match feasible {
        Feasible::Yes => "yes",
        Feasible::No => "no",
        Feasible::NotShown => "open",
    }
}

/// What a verdict is called.
pub(crate) fn word(feasible: Feasible) -> &'static str {
    match feasible {
        Feasible::Yes => "yes",
        Feasible::No => "no",
        Feasible::NotShown => "not shown",
    }
}

fn numbers(digest: &Digest) -> String {
    let (vary, mut rows) = (varying(&digest.points), Vec::new());
    // Measure by measure at each point, as far as a table goes.
    for (settings, values) in digest.points.iter().zip(&digest.values) {
        for (measure, moments) in digest.measures.iter().zip(values) {
            let (unit, size) = shown_in(measure.unit);
            let (low, high) = moments.interval(CONFIDENCE);
            let mut row = vec![label(settings, &vary), format!("{}, {unit}", measure.name)];
            row.extend([mean(moments), low, high].map(|units| figure(units / size)));
            row.push(figure(moments.count() as f64));
            rows.push(row);
        }
    }
    let heads = ["point", "measure.", "mean", "from", "to", "runs"];
    section("Every number", "Profit is that of each member.", &heads, rows)
}
