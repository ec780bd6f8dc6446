//! Reports: a run, a comparison or a sweep as one page for people.
//!
//! Laws: a page is a function of what was asked and what came out, byte for byte; it says with each
//! number what it is of and in which unit; it has a bound, whatever is simulated: what is beyond
//! is counted, and stands in the tables.
//! Not here: how a page looks and how a plot is drawn (`earnest-page`), files (the hosts).

mod compare;
mod run;
mod sweep;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use earnest_page::{TAIL, Table, escape, head};

use crate::figures::shown_in;

pub use compare::comparison;
pub use earnest_page::MARK;
pub use run::{Track, run};
pub use sweep::sweep;
pub(crate) use sweep::word;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The scenario's text.
    pub text: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// What it shows, in its own words.
    pub description: &'a str,
    /// The seed of all luck.
    pub seed: u64,
}

/// Plots of one page.
const PLOTS_MAX: usize = 24;
/// Letters of a scenario's text that a page shows.
const TEXT_MAX: usize = 32_768;
/// Letters of a line that somebody else wrote: a setting, an error.
const LINE_MAX: usize = 240;
/// Letters of what a scenario shows, in its own words.
const WORDS_MAX: usize = 2_048;
/// Letters of all that was set, and of the command that asks again.
const COMMAND_MAX: usize = 8_192;
/// Failures that are told one by one.
const FAILURES_MAX: usize = 20;

/// A page from its parts.
fn page(asked: &Asked<'_>, kind: &str, rows: &[(&str, String)], body: &str) -> String {
    let title = format!("{}: {kind}", asked.name);
    let mut html = head(&title, "");
    let description = escape(&bounded(asked.description, WORDS_MAX));
    let _ = write!(html, "<main><h1>{}</h1><p>{description}", escape(&title));
    html.push_str("<dl class=asked>");
    let hash = blake3::hash(asked.text.as_bytes()).to_hex();
    let always = [
        ("seed", asked.seed.to_string()),
        ("scenario", format!("{}, BLAKE3 {}", asked.name, &hash[..16])),
        ("version", format!("earnest {}", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in rows.iter().chain(&always) {
        let _ = write!(html, "<dt>{name}<dd>{}", escape(&bounded(value, COMMAND_MAX)));
    }
    let _ = write!(html, "</dl>{body}<h2>The scenario</h2><details><summary>As it was written");
    let (shown, rest) = cut(asked.text, TEXT_MAX);
    let _ = write!(html, "</summary><pre tabindex=0>{}</pre>", escape(shown));
    if rest > 0 {
        let _ = write!(html, "<p class=note>{rest} more bytes are not shown.");
    }
    let _ = write!(html, "</details></main>{TAIL}");
    html
}

/// The beginning of a text, of at most so many bytes, and how many are left out.
fn cut(text: &str, most: usize) -> (&str, usize) {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    (&text[..end], text.len() - end)
}

/// A line that somebody else wrote, no longer than a page bears.
fn short(line: &str) -> String {
    bounded(line, LINE_MAX)
}

/// The beginning of a text, with a mark where it is not all of it.
fn bounded(text: &str, most: usize) -> String {
    match cut(text, most) {
        (all, 0) => all.to_owned(),
        (first, _) => format!("{first}…"),
    }
}

/// What stands below plots, or lines, of which some are left out.
fn more(count: usize, what: &str) -> String {
    match count {
        0 => String::new(),
        _ => format!("<p class=note>{count} more {what}."),
    }
}

/// Numbers that stand out: each with its name and a word on it.
fn cards(cards: &[(&str, String, String)]) -> String {
    let mut html = String::from("<dl class=cards>");
    for (name, value, about) in cards {
        let _ = write!(
            html,
            "<div><dt>{}<dd>{}<small>{}</small></div>",
            escape(name),
            escape(value),
            escape(about)
        );
    }
    html.push_str("</dl>");
    html
}

/// A heading and a table below it; heads of columns of text end in a stop.
fn section(title: &str, about: &str, heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let words = heads.iter().skip(1).filter(|head| head.ends_with('.')).count();
    let heads = heads.iter().map(|head| head.trim_end_matches('.').to_owned()).collect();
    let table = Table { caption: title.to_owned(), heads, rows, words };
    format!("<h2>{}</h2><p>{}</p>{}", escape(title), escape(about), table.html())
}

/// What a point sets, as paths and values.
type Point = [(String, String)];

/// The paths that vary between points, each with its last part alone if that tells it from the
/// others.
fn varying<'a>(points: &'a [Vec<(String, String)>]) -> BTreeMap<&'a str, &'a str> {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, value) in points.iter().flatten() {
        seen.entry(path).or_default().insert(value);
    }
    // What one point sets and another does not varies, too.
    let everywhere = |path: &str| points.iter().all(|point| point.iter().any(|(p, _)| p == path));
    seen.retain(|path, values| values.len() > 1 || !everywhere(path));
    let last = |path: &'a str| path.rsplit('.').next().unwrap_or(path);
    let names = seen.keys().map(|path| {
        let alike = seen.keys().filter(|other| last(other) == last(path)).count();
        (*path, if alike == 1 { last(path) } else { *path })
    });
    names.collect()
}

/// What a point sets of what varies, in a line.
fn label(point: &Point, varying: &BTreeMap<&str, &str>) -> String {
    let named = point
        .iter()
        .filter_map(|(path, value)| Some(format!("{}={value}", varying.get(path.as_str())?)));
    let named: Vec<String> = named.collect();
    if named.is_empty() { "as written".to_owned() } else { short(&named.join(" ")) }
}

/// What all points set alike, in a line.
fn everywhere(points: &[Vec<(String, String)>]) -> String {
    let varying = varying(points);
    let alike = points.iter().flatten().filter(|(path, _)| !varying.contains_key(path.as_str()));
    let alike: BTreeSet<String> = alike.map(|(path, value)| format!("{path}={value}")).collect();
    match alike.is_empty() {
        true => "nothing".to_owned(),
        false => alike.into_iter().collect::<Vec<_>>().join("; "),
    }
}

/// A whole number of base units as tokens.
fn tokens(units: i64) -> f64 {
    units as f64 / 1e9
}

/// What is said of profit wherever it stands.
const PROFIT: &str = "What a member holds, less what it began with, less what its work cost, plus \
    what its lies were worth outside.";
