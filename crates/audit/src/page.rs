//! Page: a report as one page for people, from the verdict down to every number.
//!
//! Law: the page says what every other form says, and loads nothing from anywhere.
//! Law: red is what pays, and nothing else.
//! Rounding: numbers to four figures; whole below `Every number`, and where one points at them.
//! Not here: what is found (`report`), other forms (`output`).

use std::{collections::BTreeMap, fmt::Write as _};

use earnest_page::{TAIL, escape, head};

use crate::{
    bribes::{Bribe, Friends},
    frontier::Frontier,
    judge::{Deviation, Verdict},
    output::{Findings, told, word},
    report::Change,
    words::{rounded, tokens},
};

/// A page by itself, in HTML: the answer, what comes nearest to paying, every deviation for every
/// kind of job, how far assumptions reach, and every number.
pub fn page(findings: &Findings) -> String {
    let found = &findings.report.deviations;
    let measured = found.iter().any(|one| one.measure.is_some());
    let seasons = if measured { ", and seasons measured in a market," } else { "" };
    let facts = &findings.report.world;
    let in_tokens = |amount: earnest_protocol::Amount| {
        format!("{} tokens", tokens(Some(amount.units().into())))
    };
    let mut html = head(&format!("Audit: {}", word(findings.verdict)), STYLE);
    let _ = write!(
        html,
        "<h1>Is honest play the best response?</h1><p class={}><strong>{}</strong><p>Exact \
         games of one job{seasons} on the rules themselves. Only what is listed was tried. \
         Gains are over honest play, in tokens; {} of {} validators are in the coalition's \
         purse. Participation shows what whoever takes part would lose by it. A right result \
         is worth {}, and a wrong one that is paid harms by {}.",
        class(findings.verdict),
        findings.answer(),
        findings.report.pool.bribable,
        findings.report.pool.all,
        facts.right.map_or("twice its ceiling".into(), in_tokens),
        facts.harm.map_or("as much as a right one is worth".into(), in_tokens),
    );
    html.push_str(&strips(found));
    html.push_str(&grid(found));
    html.push_str(&changed(&findings.changes));
    html.push_str(&plot(&findings.frontier));
    html.push_str(&bought(&findings.friends, &findings.bribes));
    html.push_str(&numbers(found));
    html.push_str(&unplayed(findings));
    html.push_str(TAIL);
    html
}

/// What this page shows beside what all pages do.
const STYLE: &str = "div{overflow-x:auto}summary{margin:1em 0;font-weight:bold}\
    p strong{font-size:1.2em}circle{fill-opacity:.6}circle.holds,rect.holds{fill:var(--good)}\
    circle.pays{fill:var(--bad)}circle.not-shown{fill:var(--open)}rect.all{fill:var(--line)}\
    svg line.mark{stroke:var(--ink)}";

/// Verdicts by how much they matter to who reads.
const ORDER: [Verdict; 3] = [Verdict::Pays, Verdict::NotShown, Verdict::Holds];

fn class(verdict: Verdict) -> String {
    word(verdict).replace(' ', "-")
}

/// An entry and its kind of job; what was measured has no kind.
fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or((id, ""))
}

/// The kinds of jobs, as they were played.
fn kinds(found: &[Deviation]) -> Vec<&str> {
    let mut kinds = Vec::new();
    for (_, kind) in found.iter().map(|one| split(&one.id)) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// The least gain or loss that has a place of its own, in base units.
const LEAST: f64 = 1_000.0;
/// The width of a factor of ten, in points.
const DECADE: f64 = 75.0;

/// Where a gain stands, in factors of ten from nothing.
fn decades(gain: i128) -> f64 {
    let size = (gain.unsigned_abs() as f64 / LEAST).max(1.0).log10();
    if gain < 0 { -size } else { size }
}

/// Every gain at its place, a strip for each kind of job.
fn strips(found: &[Deviation]) -> String {
    let gains: Vec<i128> = found.iter().filter_map(|one| one.gain).collect();
    let least = gains.iter().copied().map(decades).fold(-1.0, f64::min).floor();
    let most = gains.iter().copied().map(decades).fold(1.0, f64::max).ceil();
    let kinds = kinds(found);
    let left = 110.0;
    let at = |decades: f64| left + (decades - least) * DECADE;
    let (width, bottom) = (at(most) + 30.0, 30 * kinds.len() + 6);
    let mut svg = format!(
        "<h2>How near to paying</h2><p>Each point is a deviation: left of the line it loses, right \
         of it it gains, in tokens and by factors of ten. Point at one to see which.</p><div>\
         <svg width={width} height={} role=img aria-label=\"gains of all deviations\">",
        bottom + 24,
    );
    let mut tick = least;
    while tick <= most {
        let class = if tick == 0.0 { " class=axis" } else { "" };
        let units = (LEAST * 10_f64.powf(tick.abs())) as i128;
        let label = match tick {
            0.0 => "0".into(),
            _ => rounded(if tick < 0.0 { -units } else { units }),
        };
        let _ = write!(
            svg,
            "<line{class} x1={0} x2={0} y1=0 y2={bottom} /><text x={0} y={1} \
             text-anchor=middle>{label}</text>",
            at(tick),
            bottom + 16,
        );
        tick += 1.0;
    }
    for (line, kind) in kinds.iter().enumerate() {
        let name = if kind.is_empty() { "measured" } else { kind };
        let middle = 30 * line + 18;
        let _ = write!(svg, "<text x=0 y={}>{}</text>", middle + 4, escape(name));
        let of_kind = found.iter().filter(|one| split(&one.id).1 == *kind);
        for (index, one) in of_kind.enumerate() {
            let Some(gain) = one.gain else { continue };
            // Points at one place stand beside each other.
            let (x, y) = (at(decades(gain)), middle + index % 3 * 6 - 6);
            let _ = write!(
                svg,
                "<circle class={} cx={x:.1} cy={y} r=4><title>{}: {}</title></circle>",
                class(one.verdict),
                escape(&one.id),
                tokens(Some(gain)),
            );
        }
    }
    svg.push_str("</svg></div>");
    svg
}

/// A row for every entry, a column for every kind of job; what pays first.
fn grid(found: &[Deviation]) -> String {
    let kinds = kinds(found);
    let mut rows: Vec<(&str, BTreeMap<&str, &Deviation>)> = Vec::new();
    for one in found {
        let (entry, kind) = split(&one.id);
        match rows.iter_mut().find(|(known, _)| *known == entry) {
            Some((_, row)) => drop(row.insert(kind, one)),
            None => rows.push((entry, BTreeMap::from([(kind, one)]))),
        }
    }
    let worst = |row: &BTreeMap<&str, &Deviation>| {
        ORDER.iter().position(|verdict| row.values().any(|one| one.verdict == *verdict))
    };
    rows.sort_by_key(|(_, row)| worst(row));
    let mut html = String::from(
        "<h2>Every deviation</h2><p>What each gains for each kind of job. Below it, from which \
         value of a wrong result on it would pay, if any is high enough.</p><div><table><tr>\
         <th>deviation",
    );
    for kind in &kinds {
        let name = if kind.is_empty() { "measured" } else { kind };
        let _ = write!(html, "<th class=n>{}", escape(name));
    }
    for (entry, row) in &rows {
        let about = row.values().next().map_or("", |one| one.about);
        let _ = write!(html, "<tr><td>{}<small>{}</small>", escape(entry), escape(about));
        for kind in &kinds {
            html.push_str(&row.get(kind).map_or("<td>".into(), |one| cell(one)));
        }
    }
    html.push_str("</table></div>");
    html
}

fn cell(one: &Deviation) -> String {
    let shown = match (one.verdict, one.gain) {
        (Verdict::NotShown, None) => "not shown".into(),
        (Verdict::NotShown, Some(gain)) => format!("{}, not shown", rounded(gain)),
        (_, gain) => gain.map_or_else(|| word(one.verdict).to_owned(), rounded),
    };
    let until = one
        .value_until
        .map_or(String::new(), |units| format!("<small>from {}</small>", rounded(units.into())));
    let whole = format!("{}; {} plays", tokens(one.gain), one.size[1]);
    let class = class(one.verdict);
    format!("<td class=n title=\"{whole}\"><span class={class}>{shown}</span>{until}")
}

fn changed(changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<h2>What the other parameters change</h2><div><table><tr><th>deviation<th>was<th>is\
         <th class=n>gain was<th class=n>gain is",
    );
    for Change { id, before, after, gain } in changes {
        let [old, new] = gain.map(|gain| gain.map_or("-".into(), rounded));
        let [was, is] = [before, after].map(|verdict| word(*verdict));
        let (id, now) = (escape(id), class(*after));
        let _ = write!(
            html,
            "<tr><td>{id}<td>{was}<td class={now}>{is}<td class=n>{old}<td class=n>{new}"
        );
    }
    html.push_str("</table></div>");
    html
}

fn plot(frontier: &[Frontier]) -> String {
    let mut html = String::from(
        "<h2>How far assumptions may be wrong</h2><p>One at a time, everything else being as told; \
         the mark in a bar is what is assumed.</p><div><table><tr><th>job<th>assumption<th>0 to \
         100 %<th>assumed<th>holds to<th>turns at",
    );
    for one in frontier {
        let turns = one.turns_at.as_deref().unwrap_or("never");
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<small>while {}</small><td>{}<td>{}<td>{}<td>{turns}",
            escape(&one.kind),
            one.assumption,
            one.question,
            one.shares.map_or(String::new(), room),
            one.assumed,
            one.holds_to
        );
    }
    html.push_str("</table></div>");
    html
}

/// How much of all there could be holds, and a mark at what is assumed, in thousandths.
fn room([assumed, last]: [u64; 2]) -> String {
    let (length, mark) = (last / 5, assumed / 5);
    format!(
        "<svg width=202 height=14 role=img aria-label=\"holds to {last} of 1000\"><rect class=all \
         x=0 y=3 width=200 height=8 /><rect class=holds x=0 y=3 width={length} height=8 />\
         <line class=mark x1={mark} x2={mark} y1=0 y2=14 /></svg>"
    )
}

/// What auditors are worth to a liar, and what they cost.
fn bought(friends: &[Friends], bribes: &[Bribe]) -> String {
    let mut html = String::from(
        "<h2>What auditors are worth to a liar, and what they cost</h2><div><table><tr><th>job\
         <th>friends among validators<th class=n>gain over honest play<th class=n>over leaving\
         <th>verdict",
    );
    for one in friends {
        let [over, leaving] =
            [one.over_honest, one.over_leaving].map(|gain| gain.map_or("-".into(), rounded));
        let [some, all] = one.friends;
        let why = one.reason.as_ref().map_or(String::new(), |why| format!(": {}", escape(why)));
        let _ = write!(
            html,
            "<tr><td>{}<td>{some} of {all}<td class=n>{over}<td class=n>{leaving}<td class={}>\
             {}{why}",
            escape(&one.kind),
            class(one.verdict),
            word(one.verdict),
        );
    }
    html.push_str(
        "</table></div><p>A bribe for auditors who sit already has room where it is worth more to \
         the liar than they ask.</p><div><table><tr><th>job<th>auditors turned<th class=n>each \
         asks<th class=n>each is worth<th>room",
    );
    for one in bribes {
        let [turned, seats] = one.turned;
        let room = if one.least < one.most { "yes" } else { "none" };
        let _ = write!(
            html,
            "<tr><td>{}<td>{turned} of {seats}<td class=n>{}<td class=n>{}<td>{room}",
            escape(&one.kind),
            rounded(one.least),
            rounded(one.most),
        );
    }
    html.push_str("</table></div>");
    html
}

/// Every number, whole.
fn numbers(found: &[Deviation]) -> String {
    let mut html = String::from(
        "<h2>Every number</h2><details><summary>A row for each deviation and kind of job</summary>\
         <div><table><tr><th>verdict<th>deviation<th class=n>gain<th class=n>turns at a wrong \
         result worth<th class=n>plays<th>who loses",
    );
    for verdict in ORDER {
        for one in found.iter().filter(|one| one.verdict == verdict) {
            html.push_str(&row(one));
        }
    }
    html.push_str("</table></div></details>");
    html
}

fn row(one: &Deviation) -> String {
    let lost = one.victims.iter().filter(|victim| 0 < victim.loss);
    let lost: Vec<String> =
        lost.map(|victim| format!("{} {}", victim.party, tokens(Some(victim.loss)))).collect();
    let why = one.reason.as_ref().map_or(String::new(), |why| format!("; {why}"));
    format!(
        "<tr><td class={}>{}<td>{}<small>{}{}{}</small><td class=n>{}<td class=n>{}<td class=n>{}\
         <td>{}",
        class(one.verdict),
        word(one.verdict),
        escape(&one.id),
        escape(one.about),
        escape(&told(one)),
        escape(&why),
        tokens(one.gain),
        one.value_until.map_or("-".into(), |units| tokens(Some(units.into()))),
        one.size[1],
        escape(&lost.join(", ")),
    )
}

/// What was not played, so that nobody takes silence for an answer.
fn unplayed(findings: &Findings) -> String {
    let mut html = String::from(
        "<details><summary>What no game here plays, and why</summary><div><table><tr><th>attack\
         <th>why",
    );
    for (labels, why) in findings.report.not_played {
        let _ = write!(html, "<tr><td>{}<td>{}", escape(&labels.join(", ")), escape(why));
    }
    for (hole, why) in findings.report.known_holes {
        let _ = write!(html, "<tr><td>{} …<td>{}", escape(hole), escape(why));
    }
    html.push_str("</table></div></details>");
    html
}
