//! The summary of a run in words: who gained, who lost, and by what.
//!
//! Law: it says what the JSON summary (`summary`) says and nothing else, in lines of at most 80
//! columns.

use serde_json::Value;

use crate::{money, text::count};
use earnest_protocol::Amount;

/// The words of a summary.
pub fn summary(summary: &Value) -> String {
    let mut lines = vec![format!("Who gained, who lost, at height {}", summary["height"])];
    lines.push(String::new());
    lines.push(format!(
        "  {:<8} {:<16} {:>10} {:>13} {:>12}",
        "", "", "began with", "has now", "gained"
    ));
    lines.extend(list(summary, "participants").map(participant));
    lines.push(String::new());
    let jobs = &summary["jobs"];
    lines.push(format!(
        "  {}: {} accepted, {} rejected, {} expired, {} open",
        count(jobs["posted"].as_u64().unwrap_or(0), "job"),
        jobs["accepted"],
        jobs["rejected"],
        jobs["expired"],
        jobs["open"],
    ));
    if jobs["open"] != 0 {
        lines.push("  What the open ones hold, deposits and prices, counts for nobody".to_owned());
    }
    lines.extend(kinds(summary));
    lines.push(lies(summary));
    let burnt = tokens(units(&summary["supply"]["burnt"]));
    lines.push(match summary["conservation"].as_str() {
        Some("holds") => {
            format!("  Money: {burnt} burnt, not a unit made from nothing or lost")
        }
        broken => format!("  Money: {}", broken.unwrap_or("not known")),
    });
    lines.join("\n")
}

fn participant(one: &Value) -> String {
    let role = text(&one["role"]);
    let what = match text(&one["behaviour"]) {
        "honest" => role.to_owned(),
        fault => format!("{fault} {role}"),
    };
    let (started, worth) = (units(&one["started"]), units(&one["worth"]));
    let change = match worth.checked_sub(started) {
        Some(0) => "0     ".to_owned(),
        Some(gain) => format!("+{}", least(gain)),
        None => format!("-{}", least(started.saturating_sub(worth))),
    };
    let jailed = if one["jailed"] == true { "  jailed" } else { "" };
    let name = text(&one["name"]);
    let (started, worth) = (rounded(started), aligned(worth));
    let line = format!("  {name:<8} {what:<16} {started:>10} {worth:>13} {change:>12}{jailed}");
    line.trim_end().to_owned()
}

/// One line for each person and offence.
fn kinds(summary: &Value) -> Vec<String> {
    let name = |account: &Value| {
        let person = list(summary, "participants").find(|one| one["account"] == *account);
        person.map_or_else(|| text(account).to_owned(), |one| text(&one["name"]).to_owned())
    };
    let mut kinds: Vec<(String, String, u64, u64)> = Vec::new();
    for slash in list(summary, "slashes") {
        let who = name(&slash["account"]);
        let offence = text(&slash["offence"]).replace('_', " ");
        let amount = units(&slash["amount"]);
        match kinds.iter_mut().find(|kind| kind.0 == who && kind.1 == offence) {
            Some(kind) => {
                kind.2 = kind.2.saturating_add(1);
                kind.3 = kind.3.saturating_add(amount);
            }
            None => kinds.push((who, offence, 1, amount)),
        }
    }
    let line = |(who, offence, count, sum): (String, String, u64, u64)| {
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        format!("  {who} was slashed {times} for {offence}: {}", tokens(sum))
    };
    kinds.into_iter().map(line).collect()
}

fn lies(summary: &Value) -> String {
    let lies = &summary["lies"];
    let of = |key: &str| lies[key].as_u64().unwrap_or(0);
    let told = of("passed").saturating_add(of("caught"));
    match told {
        0 => "  No wrong result was decided on".to_owned(),
        _ => format!(
            "  {told} wrong {}: {} caught, {} passed and {} paid {}",
            if told == 1 { "result" } else { "results" },
            of("caught"),
            of("passed"),
            if of("passed") == 1 { "was" } else { "were" },
            tokens(units(&lies["paid"])),
        ),
    }
}

fn list<'a>(summary: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    summary[key].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn units(value: &Value) -> u64 {
    value.as_str().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn tokens(units: u64) -> String {
    let unit = if units == 1_000_000_000 { "token" } else { "tokens" };
    format!("{} {unit}", rounded(units))
}

/// Tokens with four decimals, rounded down, so that points stand below each other.
fn aligned(units: u64) -> String {
    format!("{}.{:04}", units / 1_000_000_000, units % 1_000_000_000 / 100_000)
}

/// The same of what is not nothing: what is less than four decimals show is said to be.
fn least(units: u64) -> String {
    if units < PLACE { "<0.0001".to_owned() } else { aligned(units) }
}

/// A unit of the fourth decimal of a token.
const PLACE: u64 = 100_000;

/// Tokens with at most four decimals, rounded down; what is less than that is said to be.
fn rounded(units: u64) -> String {
    let show = |units| Amount::new(units).map_or_else(|| "?".to_owned(), money::show);
    match units {
        1..PLACE => "<0.0001".to_owned(),
        _ => show(units - units % PLACE),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_run_is_summed_up_in_words() {
        let person = |name: &str, role: &str, behaviour: &str, started: &str, worth: &str| {
            json!({
                "account": name, "name": name, "role": role, "behaviour": behaviour,
                "started": started, "worth": worth, "jailed": behaviour == "lazy",
            })
        };
        let slash = |who: &str, offence: &str, amount: &str| {
            json!({
                "account": who, "offence": offence, "amount": amount,
            })
        };
        let summary = json!({
            "height": 120,
            "conservation": "holds",
            "supply": { "issued": "9000000000000", "burnt": "9123456789" },
            "jobs": { "posted": 16, "accepted": 10, "rejected": 2, "expired": 1, "open": 3 },
            "lies": { "caught": 2, "passed": 1, "paid": "31000000" },
            "slashes": [
                slash("loki", "wrong_result", "2500000000"),
                slash("loki", "wrong_result", "2500000000"),
                slash("hush", "abandonment", "1000000000"),
            ],
            "participants": [
                person("ada", "provider", "honest", "1000000000000", "1000500000001"),
                person("loki", "provider", "lazy", "200000000000", "195031000000"),
                person("hush", "provider", "silent", "200000000000", "199000000000"),
                person("rosa", "requester", "honest", "10000000000000", "9990500000000"),
                person("nora", "replica", "honest", "1100000000000", "1099999990000"),
            ],
        });
        let expected = "\
Who gained, who lost, at height 120

                            began with       has now       gained
  ada      provider               1000     1000.5000      +0.5000
  loki     lazy provider           200      195.0310      -4.9690  jailed
  hush     silent provider         200      199.0000      -1.0000
  rosa     requester             10000     9990.5000      -9.5000
  nora     replica                1100     1099.9999     -<0.0001

  16 jobs: 10 accepted, 2 rejected, 1 expired, 3 open
  What the open ones hold, deposits and prices, counts for nobody
  loki was slashed 2 times for wrong result: 5 tokens
  hush was slashed once for abandonment: 1 token
  3 wrong results: 2 caught, 1 passed and was paid 0.031 tokens
  Money: 9.1234 tokens burnt, not a unit made from nothing or lost";
        assert_eq!(super::summary(&summary), expected);
    }
}
