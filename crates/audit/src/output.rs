//! Output: a report as JSON, as JUnit XML, and as a table for a terminal.
//!
//! Law: every form says the same.
//! Not here: what is found (`report`), the page for people (`page`).

use std::fmt::Write as _;

use earnest_page::escape;
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

/// Does this read as what [`Findings::to_json`] writes: every field that it has, an entry at least,
/// and a verdict of each?
pub fn is_report(bytes: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<serde_json::Value>(bytes) else { return false };
    let is_verdict = |value: &serde_json::Value| {
        let known = [Verdict::Holds, Verdict::Pays, Verdict::NotShown];
        known.iter().any(|verdict| serde_json::to_value(verdict).is_ok_and(|word| word == *value))
    };
    let lists = ["not_played", "known_holes", "friends", "bribes", "frontier", "changes"];
    let found = read["deviations"].as_array().filter(|found| !found.is_empty());
    let is_entry = |one: &serde_json::Value| one["id"].is_string() && is_verdict(&one["verdict"]);
    found.is_some_and(|found| found.iter().all(is_entry))
        && is_verdict(&read["verdict"])
        && ["world", "pool"].iter().all(|name| read[*name].is_object())
        && lists.iter().all(|name| read[*name].is_array())
}

impl Findings {
    /// One JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has only names and numbers")
    }

    /// JUnit XML: a case for each entry; what pays is a failure, what is not shown an error.
    pub fn to_junit(&self) -> String {
        let found = &self.report.deviations;
        let count = |verdict| self.report.count(verdict);
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
        let verdicts = [Verdict::Holds, Verdict::Pays, Verdict::NotShown];
        let counts = verdicts.map(|one| format!("{}: {}", word(one), self.report.count(one)));
        let _ = writeln!(text, "verdict   {}", counts.join(", "));
        text
    }

    /// The verdict as a sentence.
    pub(crate) fn answer(&self) -> String {
        let found = &self.report.deviations;
        let count = |verdict| self.report.count(verdict);
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
pub(crate) fn told(one: &Deviation) -> String {
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

pub(crate) fn word(verdict: Verdict) -> &'static str {
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

#[cfg(test)]
mod tests {
    use earnest_protocol::{Params, Ratio};

    use super::*;
    use crate::{Facts, Pool, unmeasured};

    #[test]
    fn a_report_is_known_from_other_files() {
        let report = Report {
            world: Facts::assumed(&Params::default()),
            pool: Pool::of_share(Ratio::percent(50)),
            deviations: vec![unmeasured("season", "of a test", &[], &[])],
            not_played: &[],
            known_holes: &[],
        };
        let (friends, bribes, frontier, changes) = (vec![], vec![], vec![], vec![]);
        let verdict = report.verdict();
        let findings = Findings { report, verdict, friends, bribes, frontier, changes };
        let text = findings.to_json();
        assert!(is_report(text.as_bytes()));
        assert!(!is_report(text.replace("\"verdict\"", "\"word\"").as_bytes()));
        for other in ["", "INFO ready", "{}", "[1]", "{\"deviations\": []}"] {
            assert!(!is_report(other.as_bytes()), "{other}");
        }
    }
}
