//! Output: a report as JSON, as JUnit XML, and as one page for people.
//!
//! Law: every form says the same; the page loads nothing from anywhere.
//! Not here: what is found (`report`).

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    bribes::{Bribe, Friends},
    frontier::Frontier,
    judge::{Deviation, Measure, Verdict},
    points::Edge,
    report::{Change, Report},
    words::tokens,
};

/// A report with what was compared and how far assumptions reach.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// What was found.
    #[serde(flatten)]
    pub report: Report,
    /// The worst verdict of all.
    pub verdict: Verdict,
    /// What friends among the validators are worth to a liar.
    pub friends: Vec<Friends>,
    /// What it takes to turn an auditor who sits already.
    pub bribes: Vec<Bribe>,
    /// How far assumptions may be wrong.
    pub frontier: Vec<Frontier>,
    /// What other parameters change, if any were compared.
    pub changes: Vec<Change>,
}

impl Findings {
    /// One JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has only names and numbers")
    }

    /// JUnit XML: a case for each entry; what pays is a failure, what is not shown an error.
    pub fn to_junit(&self) -> String {
        let found = &self.report.deviations;
        let count = |verdict| found.iter().filter(|one| one.verdict == verdict).count();
        let (failures, errors) = (count(Verdict::Pays), count(Verdict::NotShown));
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"earnest audit\" \
             tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">\n",
            found.len()
        );
        for one in found {
            let _ = write!(xml, "  <testcase name=\"{}\">", escape(&one.id));
            let told = escape(&format!("{}: {}", one.about, sentence(one)));
            let _ = match one.verdict {
                Verdict::Holds => Ok(()),
                Verdict::Pays => write!(xml, "<failure message=\"{told}\"/>"),
                Verdict::NotShown => write!(xml, "<error message=\"{told}\"/>"),
            };
            xml.push_str("</testcase>\n");
        }
        xml.push_str("</testsuite>\n");
        xml
    }

    /// A table for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for one in &self.report.deviations {
            let verdict = word(one.verdict);
            let _ = writeln!(text, "{verdict:9} {:50} {}", one.id, sentence(one));
        }
        for Frontier { kind, assumption, assumed, holds_to, turns_at, .. } in &self.frontier {
            let turns = turns_at
                .as_ref()
                .map_or("it never turns".into(), |at| format!("and turns at {at}"));
            let told = format!("{assumption}: {assumed} assumed, holds to {holds_to}, {turns}");
            let _ = writeln!(text, "frontier  {kind}: {told}");
        }
        for one in &self.friends {
            let _ = writeln!(text, "friends   {}: {}", one.kind, befriended(one));
        }
        for one in &self.bribes {
            let _ = writeln!(text, "bribe     {}: {}", one.kind, bribed(one));
        }
        for Change { id, before, after, gain } in &self.changes {
            let [from, to] = [before, after].map(|verdict| word(*verdict));
            let [old, new] = gain.map(tokens);
            let _ = writeln!(text, "change    {id}: {from} -> {to}, gain {old} -> {new}");
        }
        text
    }

    /// A page by itself: what pays first, then what is not shown.
    pub fn to_html(&self) -> String {
        let rows = |verdict| {
            let found = self.report.deviations.iter().filter(move |one| one.verdict == verdict);
            found.map(row).collect::<String>()
        };
        let rows = [Verdict::Pays, Verdict::NotShown, Verdict::Holds].map(rows).concat();
        let frontier = plot(&self.frontier);
        let bought = bought(&self.friends, &self.bribes);
        let changes: String = self
            .changes
            .iter()
            .map(|c| {
                let [old, new] = c.gain.map(tokens);
                let (from, to) = (word(c.before), word(c.after));
                format!("<li>{}: {from} → {to}, gain {old} → {new}</li>\n", escape(&c.id))
            })
            .collect();
        let changes = if changes.is_empty() {
            String::new()
        } else {
            format!("<h2>What the other parameters change</h2><ul>{changes}</ul>")
        };
        let measured = self.report.deviations.iter().any(|one| one.measure.is_some());
        let seasons = if measured { ", and seasons measured in a market," } else { "" };
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport \
             content=\"width=device-width\"><title>Audit: {}</title><style>{STYLE}</style>\
             <h1>Is honest play the best response?</h1><p class={}><strong>{}</strong><p>Exact \
             games of one job{seasons} on the rules themselves. Only what is listed was tried. \
             Gains are over honest play, in tokens; {} of {} validators are in the coalition's \
             purse. Participation shows what whoever takes part would lose by it. A right result \
             is worth {}, and a wrong one that is paid harms by {}.</p><h2>Every deviation</h2>\
             <div><table><tr><th>verdict<th>deviation<th>gain<th class=n>tokens<th class=n>turns \
             at a wrong result worth<th class=n>plays<th>who loses</tr>{rows}</table></div>\
             {frontier}{bought}{changes}</html>\n",
            word(self.verdict),
            word(self.verdict).replace(' ', "-"),
            self.answer(),
            self.report.pool.bribable,
            self.report.pool.all,
            self.report.world.right.map_or("twice its ceiling".into(), in_tokens),
            self.report.world.harm.map_or("as much as a right one is worth".into(), in_tokens),
        )
    }

    /// The verdict as a sentence.
    fn answer(&self) -> String {
        let found = &self.report.deviations;
        let count = |verdict| found.iter().filter(|one| one.verdict == verdict).count();
        let (pays, open, all) = (count(Verdict::Pays), count(Verdict::NotShown), found.len());
        match self.verdict {
            Verdict::Holds => format!("Yes: of {all} deviations none pays."),
            Verdict::Pays => format!("No: of {all} deviations {pays} pay, {open} are not shown."),
            Verdict::NotShown => {
                format!("Not shown: of {all} deviations {open} are open, none pays.")
            }
        }
    }
}

/// One deviation's row.
fn row(one: &Deviation) -> String {
    let lost = one.victims.iter().filter(|victim| 0 < victim.loss);
    let lost: Vec<String> =
        lost.map(|victim| format!("{} {}", victim.party, tokens(Some(victim.loss)))).collect();
    format!(
        "<tr class=\"{}\"><td>{}</td><td>{}<br><small>{}{}</small></td><td>{}</td>\
         <td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td>{}</td></tr>\n",
        word(one.verdict).replace(' ', "-"),
        word(one.verdict),
        escape(&one.id),
        escape(one.about),
        escape(&told(one)),
        bar(one),
        tokens(one.gain),
        one.value_until.map_or("-".into(), |units| tokens(Some(units.into()))),
        one.size[1],
        escape(&lost.join(", ")),
    )
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:75em;margin:2em auto;\
    padding:0 1em;color:#222}table{border-collapse:collapse;width:100%}td,th{text-align:left;\
    padding:.3em .6em;border-bottom:1px solid #ddd;vertical-align:top}td.n,th.n{text-align:right;\
    font-variant-numeric:tabular-nums}small{color:#666}div{overflow-x:auto}\
    .holds td:first-child,p.holds{color:#17692f}.pays td:first-child,p.pays{color:#b3001b;\
    font-weight:bold}.not-shown td:first-child,p.not-shown{color:#8a5a00}td:first-child{\
    white-space:nowrap}td:nth-child(2){min-width:14em}p strong{font-size:1.2em}\
    svg{background:#fafafa}";

/// A bar left of the line for a loss, right of it for a gain, as long as its digits are many.
fn bar(one: &Deviation) -> String {
    let Some(gain) = one.gain else { return String::new() };
    // The length only shows an order of magnitude; the number stands beside it.
    let digits = i128::try_from(gain.unsigned_abs().to_string().len()).expect("few digits");
    let length = (digits * 4).min(58);
    let (x, colour) = if gain < 0 { (60 - length, "#17692f") } else { (60, "#b3001b") };
    format!(
        "<svg width=120 height=14 role=img aria-label=\"gain\"><line x1=60 x2=60 y1=0 y2=14 \
         stroke=\"#888\"/><rect x={x} y=3 width={length} height=8 fill=\"{colour}\"/></svg>"
    )
}

fn plot(frontier: &[Frontier]) -> String {
    let mut html = String::from(
        "<h2>How far assumptions may be wrong</h2><p>One at a time, everything else being as told; \
         the mark in a bar is what is assumed.</p><div><table><tr><th>job<th>assumption<th>what \
         turns\
         <th>0 to 100 %<th>assumed<th>holds to<th>turns at</tr>",
    );
    for one in frontier {
        let turns = one.turns_at.as_deref().unwrap_or("never");
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{turns}</tr>",
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
        "<svg width=202 height=14 role=img aria-label=\"holds to {last} of 1000\"><rect x=0 y=3 \
         width=200 height=8 fill=\"#ddd\"/><rect x=0 y=3 width={length} height=8 \
         fill=\"#17692f\"/><line x1={mark} x2={mark} y1=0 y2=14 stroke=\"#222\"/></svg>"
    )
}

fn sentence(one: &Deviation) -> String {
    if let Some(measure) = &one.measure {
        return measured(one, measure);
    }
    if let Some(reason) = &one.reason {
        return reason.clone();
    }
    let value = one.value_until.map_or(String::new(), |units| {
        format!(", turns at a wrong result worth {}", tokens(Some(units.into())))
    });
    let from = one.worth_from.map_or(String::new(), |units| {
        format!(", worth asking for from a right result of {} on", tokens(Some(units.into())))
    });
    let form = one.closed_form.map_or(String::new(), |units| {
        format!(", {} by closed form before fees", tokens(Some(units)))
    });
    format!("gain {}{value}{from}{form}; {} plays", tokens(one.gain), one.size[1])
}

/// The edge at which an entry that was played at three of them does best.
fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Before => "in the last block but one (its best of three edges)",
        Edge::Last => "in the last block (its best of three edges)",
        Edge::After => "a block too late (its best of three edges)",
    }
}

/// What of an entry has no column of its own.
fn told(one: &Deviation) -> String {
    let mut told = String::new();
    if let Some(late) = one.trace.as_ref().and_then(|trace| trace.late) {
        let _ = write!(told, " {}", edge(late.edge));
    }
    if let Some(measure) = &one.measure {
        let _ = write!(told, ": {}", measured(one, measure));
    }
    if let Some(units) = one.worth_from {
        let from = tokens(Some(units.into()));
        let _ = write!(told, "; worth asking for from a right result of {from} on");
    }
    if let (Some(form), Some([played, _])) = (one.closed_form, one.values) {
        let (form, played) = (tokens(Some(form)), tokens(Some(played)));
        let _ = write!(told, "; {form} by closed form before fees, {played} as played");
    }
    told
}

fn measured(one: &Deviation, measure: &Measure) -> String {
    let [low, high] = one.interval.clone().unwrap_or_default().map(|end| tokens(end.parse().ok()));
    let Measure { policy, confidence, tried: [policies, runs], .. } = measure;
    let percent = confidence * 100.0;
    let told = format!(
        "gain {} in a season ({low} to {high} at {percent} %; {} would be seen), by {policy}, the \
         best of {policies}, over {runs} runs",
        tokens(one.gain),
        tokens(one.smallest_detectable),
    );
    one.reason.as_ref().map_or(told.clone(), |reason| format!("{reason}; {told}"))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Pays => "pays",
        Verdict::NotShown => "not shown",
    }
}

fn befriended(one: &Friends) -> String {
    let [friends, all] = one.friends;
    if let Some(reason) = &one.reason {
        return format!("{friends} of {all} validators are friends: {reason}");
    }
    let [honest, leaving] = [one.over_honest, one.over_leaving].map(tokens);
    let [nodes, ends] = one.size;
    format!(
        "{friends} of {all} validators are friends: a wrong result gains {honest} over honest \
         play, {leaving} over leaving: {}; {nodes} nodes, {ends} plays",
        word(one.verdict)
    )
}

fn bribed(one: &Bribe) -> String {
    let [turned, seats] = one.turned;
    let (least, most) = (tokens(Some(one.least)), tokens(Some(one.most)));
    let may = if one.least < one.most { "there is room for a bribe" } else { "there is none" };
    format!(
        "to turn {turned} of {seats} auditors who sit takes {least} each and is worth {most} each \
         to the liar: {may}"
    )
}

/// What auditors are worth to a liar, and what they cost.
fn bought(friends: &[Friends], bribes: &[Bribe]) -> String {
    let mut html =
        String::from("<h2>What auditors are worth to a liar, and what they cost</h2><ul>");
    for one in friends {
        let _ = writeln!(html, "<li>{}: {}", escape(&one.kind), escape(&befriended(one)));
    }
    for one in bribes {
        let _ = writeln!(html, "<li>{}: {}", escape(&one.kind), bribed(one));
    }
    html.push_str("</ul>");
    html
}

fn in_tokens(amount: earnest_protocol::Amount) -> String {
    format!("{} tokens", tokens(Some(amount.units().into())))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
