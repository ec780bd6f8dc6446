//! `earnest audit`: is honest play the best response under these parameters?
//!
//! Not here: the games (`earnest-audit`), how parameters are read (`params`).

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use clap::Args;
use earnest_api::decimal;
use earnest_audit::{Deviation, Effort, Facts, Findings, Measure, Member, Trace, Verdict, page};
use earnest_protocol::{Factor, Params, RawParams};
use earnest_sim::seasons::{self, Focus, Network, Season};

use crate::{
    failure::{Failure, Status},
    money,
    output::{self, out, say},
    params,
};

/// What to audit.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: 0 everything holds, 8 something pays, 9 something is not shown."
)]
pub struct AuditArgs {
    /// A file of parameters, or a genesis [default: the defaults]
    params: Option<PathBuf>,
    /// Change one parameter, such as --set verification.margin=1.2; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE")]
    sets: Vec<String>,
    /// Say what another such file changes for whom
    #[arg(long, value_name = "PARAMS")]
    against: Option<PathBuf>,
    /// A fact of the world that the rules assume otherwise: collusion=0.6 (share of validators that
    /// can be bribed), cost=0.5 (tokens that computing a result costs), capital=0.001 (what capital
    /// costs an epoch), value=20 (tokens that a wrong result is worth to its maker), right=30
    /// (tokens that a right one is worth to its requester), harm=10 (tokens that paying for a wrong
    /// one costs it beside the price); may be repeated
    #[arg(long = "world", value_name = "FACT=VALUE")]
    world: Vec<String>,
    /// Play one kind of job for every coalition, the others for the usual ones, and measure no
    /// seasons
    #[arg(long)]
    quick: bool,
    /// Most nodes of one game; what needs more is not shown
    #[arg(long, conflicts_with = "quick")]
    nodes: Option<usize>,
    /// Of the luck of measured seasons
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write audit.json, junit.xml, a trace for each entry, and report.html here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Play a trace again instead, and say what it comes to
    #[arg(long, value_name = "TRACE", conflicts_with_all = ["params", "sets", "against", "world"])]
    replay: Option<PathBuf>,
}

pub fn run(args: &AuditArgs, json: bool) -> Result<(), Failure> {
    if let Some(path) = &args.replay {
        return replay(path, json);
    }
    let params = params::load(args.params.as_deref(), &args.sets)?;
    let facts = facts(&params, &args.world)?;
    let effort = match (args.quick, args.nodes) {
        (true, _) => Effort::Quick,
        (false, None) => Effort::Full,
        (false, Some(nodes)) => Effort::Nodes(nodes),
    };
    let shows = !json && std::io::stderr().is_terminal();
    let progress = |game: &str| {
        if shows {
            output::remark(format_args!("playing {game}"));
        }
    };
    let mut report = earnest_audit::audit(&params, &facts, effort, &progress);
    if effort == Effort::Full {
        report.deviations.extend(seasons(&params, &facts, args.seed, &progress)?);
    }
    let frontier = earnest_audit::frontier(&params, &facts, effort);
    let (friends, bribes) = earnest_audit::bribes(&params, &facts, effort);
    let changes = match &args.against {
        None => Vec::new(),
        Some(path) => {
            let others = params::load(Some(path), &[])?;
            let other_facts = self::facts(&others, &args.world)?;
            let other = earnest_audit::audit(&others, &other_facts, effort, &progress);
            earnest_audit::changes(&report, &other)
        }
    };
    let (verdict, cut) = (report.verdict(), report.is_cut_short(effort));
    let findings = Findings { report, verdict, friends, bribes, frontier, changes };
    if let Some(folder) = &args.out {
        write(folder, &findings)?;
    }
    if json {
        out!("{}", findings.to_json())?;
    } else {
        output::result(format_args!("{}", findings.to_text()))?;
    }
    let hint = "see which and why above; --out DIR writes a trace that --replay plays again";
    match verdict {
        Verdict::Holds => Ok(()),
        Verdict::Pays => Err(Failure::check("a deviation pays", hint)),
        Verdict::NotShown => {
            let hint = match (cut, effort) {
                (false, _) => {
                    "the reasons stand above; none of them is a game that was not played to its end"
                }
                (true, Effort::Quick) => "the reasons stand above; leave out --quick",
                (true, _) => "the reasons stand above; leave out --nodes, or give more",
            };
            Err(Failure::new(Status::NotShown, "not-shown", "not everything was shown", hint))
        }
    }
}

/// What is measured beside what is played: deviations that last a season.
fn seasons(
    params: &Params,
    facts: &Facts,
    seed: u64,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Deviation>, Failure> {
    let raw = RawParams::from(*params);
    if raw.chain.stake_price != Factor::ONE || params.prices().is_on() {
        let about = "what lasts a season: lies, betrayal, leaving, silence and idle challenges";
        let reason = "seasons are measured in markets of one asset, and this network has two";
        let unmeasured = earnest_audit::unmeasured("seasons", about, &[], &[]);
        return Ok(vec![Deviation { reason: Some(reason.into()), ..unmeasured }]);
    }
    let network = Network { params: &raw, collusion: facts.collusion };
    let hint = "`earnest params check` says what is wrong; --quick measures no seasons";
    let measured = seasons::measure(network, seasons::Effort::default(), seed, progress)
        .map_err(|error| Failure::config(error, hint))?;
    Ok(measured.into_iter().map(deviation).collect())
}

fn deviation(season: Season) -> Deviation {
    let whole = |units: f64| units.is_finite().then(|| units.floor() as i128);
    let coalition: &'static [Member] = match season.focus {
        Focus::Providers => &[Member::Provider],
        Focus::Validators => &[Member::Auditors],
        Focus::Cartel => &[Member::Provider, Member::Auditors],
    };
    Deviation {
        verdict: match season.verdict {
            seasons::Verdict::Holds => Verdict::Holds,
            seasons::Verdict::Pays => Verdict::Pays,
            seasons::Verdict::NotShown => Verdict::NotShown,
        },
        gain: whole(season.gain),
        interval: whole(season.interval[0])
            .zip(whole(season.interval[1].ceil()))
            .map(|(low, high)| [low.to_string(), high.to_string()]),
        smallest_detectable: whole(season.smallest_detectable),
        values: whole(season.profits[0]).zip(whole(season.profits[1])).map(|(a, b)| [a, b]),
        measure: Some(Measure {
            policy: season.policy,
            information: season.information,
            seed: season.seed,
            confidence: season.confidence,
            tried: [season.effort.policies, season.effort.measured],
        }),
        reason: season.reason,
        ..earnest_audit::unmeasured(season.id, season.about, season.labels, coalition)
    }
}

/// The world as the parameters assume it, but for what is said.
fn facts(params: &Params, told: &[String]) -> Result<Facts, Failure> {
    let hint =
        "write --world collusion=0.6, cost=0.5, capital=0.001, value=20, right=30 or harm=10";
    let mut facts = Facts::assumed(params);
    for fact in told {
        let wrong = |why: String| Failure::usage(format!("--world {fact}: {why}"), hint);
        let (name, value) =
            fact.split_once('=').ok_or_else(|| wrong("it is not FACT=VALUE".into()))?;
        match name.trim() {
            "collusion" => facts.collusion = money::ratio(value).map_err(wrong)?,
            "capital" => facts.capital = money::ratio(value).map_err(wrong)?,
            "cost" => facts.cost = Some(money::tokens(value).map_err(wrong)?),
            "value" => facts.value = Some(money::tokens(value).map_err(wrong)?),
            "right" => facts.right = Some(money::tokens(value).map_err(wrong)?),
            "harm" => facts.harm = Some(money::tokens(value).map_err(wrong)?),
            other => return Err(wrong(format!("there is no fact `{other}`"))),
        }
    }
    Ok(facts)
}

fn write(folder: &Path, findings: &Findings) -> Result<(), Failure> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|why| Failure::file("make", parent, why))?;
        std::fs::write(&path, text).map_err(|why| Failure::file("write", &path, why))
    };
    put("audit.json", &findings.to_json())?;
    for found in &findings.report.deviations {
        if let Some(trace) = &found.trace {
            let text = serde_json::to_string_pretty(trace).map_err(Failure::internal)?;
            put(&format!("traces/{}.json", found.id.replace('/', "-")), &text)?;
        }
    }
    put("junit.xml", &findings.to_junit())?;
    put("report.html", &page(findings))
}

fn replay(path: &Path, json: bool) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path).map_err(|why| Failure::file("read", path, why))?;
    let hint = "traces are written by `earnest audit --out DIR`";
    let trace: Trace = serde_json::from_str(&text).map_err(|why| {
        Failure::config(format!("{} is not a trace: {why}", path.display()), hint)
    })?;
    let profit = earnest_audit::replay(&trace).map_err(|why| {
        let hint = "the rules, or the trace, are not those that it was written with";
        Failure::check(format!("{}: {why}", path.display()), hint)
    })?;
    let plays = trace.plays.len();
    if json {
        out!("{}", serde_json::json!({ "plays": plays, "profit": profit.to_string() }))
    } else {
        let sign = if profit < 0 { "-" } else { "" };
        let tokens = decimal(u64::try_from(profit.unsigned_abs()).unwrap_or(u64::MAX), 9);
        say!("{plays} plays came to what the trace says; {sign}{tokens} tokens on average")
    }
}
