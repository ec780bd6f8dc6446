//! `earnest job quote`: what a policy costs, locks and detects, before any money moves.
//!
//! Online it asks a node, which knows the pool of validators; offline it computes the same bound
//! from parameters alone, with the pool as given.

use std::path::PathBuf;

use clap::Args;
use earnest_api::Client;
use earnest_protocol::{
    Address, Amount, Digest, Gas, Params, Ratio,
    command::{Auction, GainTiming, PostJob, ProgramForm, ResourceClass, Task, Visibility},
    market::{PostJobRejected, check_terms},
    params::MarketParams,
    verification::{BoundTerms, Quote, quote, reference_price},
};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    money,
    output::out,
    params,
    show::{self, table::Kind},
    text::tokens,
};

/// How a result is audited: what is quoted is what is submitted.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// The chance that the result is audited, such as 0.1 or 10%
    #[arg(long, value_parser = money::ratio, default_value = "50%")]
    pub audit_rate: Ratio,
    /// Auditors drawn when it is
    #[arg(long, default_value_t = 2)]
    pub auditors: u8,
}

/// The policy to be quoted.
#[derive(Args, Debug)]
pub struct QuoteArgs {
    /// The most you would pay, in tokens: the price ceiling
    #[arg(long, value_parser = money::tokens, default_value = "100")]
    pub max_price: Amount,
    #[command(flatten)]
    pub audit: AuditArgs,
    /// The work bound in gas; the audit tariff follows from it
    #[arg(long, conflicts_with = "tariff")]
    pub gas_bound: Option<u64>,
    /// The audit tariff in tokens, instead of a work bound [default: the price ceiling]
    #[arg(long, value_parser = money::tokens)]
    pub tariff: Option<Amount>,
    /// `first-price` or `second-price`; under the first a provider locks by what it asks
    #[arg(long, default_value = "first-price", value_parser = auction)]
    pub auction: Auction,
    /// What a wrong result is worth to its maker elsewhere, in tokens
    #[arg(long, value_parser = money::tokens, default_value = "0")]
    pub outside_gain: Amount,
    /// When it is worth that: `delivery` (at once) or `final` (if never convicted)
    #[arg(long, default_value = "delivery", value_parser = gain_timing)]
    pub gain_timing: GainTiming,
    /// Offline: a file of parameters, or a genesis, TOML or JSON [default: the built-in ones]
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// Offline: change one parameter, such as --set verification.laxity=0; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE")]
    pub sets: Vec<String>,
    /// Offline: the largest share of the pool in one hand, if above `verification.beta`
    #[arg(long, value_parser = money::ratio, default_value = "0")]
    pub largest_share: Ratio,
    /// Compute from parameters alone, without a node
    #[arg(long)]
    pub offline: bool,
}

fn gain_timing(text: &str) -> Result<GainTiming, String> {
    match text {
        "final" => Ok(GainTiming::Final),
        "delivery" => Ok(GainTiming::Delivery),
        _ => Err("give `final` or `delivery`".into()),
    }
}

/// How the price is found, as it is written on the command line.
pub fn auction(text: &str) -> Result<Auction, String> {
    match text {
        "second-price" => Ok(Auction::SecondPrice),
        "first-price" => Ok(Auction::FirstPrice),
        _ => Err("give first-price or second-price".into()),
    }
}

/// Prints the quote.
pub fn run(args: &QuoteArgs, node: &str, json: bool) -> Result<(), Failure> {
    let offline = args.offline || args.params.is_some() || !args.sets.is_empty();
    let value = if offline {
        from_params(args, &params::load(args.params.as_deref(), &args.sets)?)?
    } else {
        online(args, &Client::new(node))?
    };
    if json { out!("{value}") } else { out!("{}", table(&value)) }
}

/// The quote that follows from parameters alone, as JSON.
pub fn from_params(args: &QuoteArgs, params: &Params) -> Result<Value, Failure> {
    Ok(present(&offline_quote(args, params)?, json!({})))
}

fn offline_quote(args: &QuoteArgs, params: &Params) -> Result<Quote, Failure> {
    let refused = |rejected: PostJobRejected| {
        Failure::refused(&earnest_api::Refusal::from(earnest_protocol::Rejected::from(rejected)))
    };
    let terms = wanted(args, params.market());
    check_terms(&terms, params).map_err(refused)?;
    let overflow =
        || Failure::usage("the work bound costs more than any amount", "lower --gas-bound");
    let tariff = match (args.tariff, args.gas_bound) {
        (Some(tariff), _) => tariff,
        (None, Some(gas)) => params.market().tariff(Gas::new(gas)).ok_or_else(overflow)?,
        (None, None) => args.max_price,
    };
    let auditors = u32::from(args.audit.auditors);
    let verification = params.verification();
    let beta = verification.beta.max(args.largest_share);
    let terms = BoundTerms {
        p_ref: reference_price(args.max_price, tariff, args.max_price, verification),
        tariff,
        audit_rate: args.audit.audit_rate,
        auditors,
        fallback_auditors: auditors.saturating_add(2),
        beta,
        beta_judges: beta,
        outside_gain: args.outside_gain,
        gain_timing: args.gain_timing,
        stake_price: params.chain().stake_price,
    };
    quote(&terms, params).map_err(|rejected| refused(PostJobRejected::NoQuote(rejected)))
}

fn online(args: &QuoteArgs, client: &Client) -> Result<Value, Failure> {
    let terms = wanted(args, &client.params()?.market);
    let view = client.quote(None::<Address>, terms)?;
    let more = json!({
        "tariff": view.tariff, "audit_fees": view.audit_fees, "deposit": view.deposit,
        "total": view.total, "fee": view.fee, "base_fee": view.base_fee,
        "bid_deposit": view.bid_deposit, "audit_blocks": view.audit_blocks,
    });
    Ok(present(&view.quote, more))
}

/// A job of the policy, with nothing in it.
fn wanted(args: &QuoteArgs, market: &MarketParams) -> PostJob {
    // Without a work bound, the one whose tariff is what was given, or the ceiling.
    let gas = args.gas_bound.or_else(|| gas_for(args.tariff.unwrap_or(args.max_price), market));
    PostJob {
        auction: args.auction,
        outside_gain: args.outside_gain,
        gain_timing: args.gain_timing,
        ..plain(args.max_price, Some(Gas::new(gas.unwrap_or(u64::MAX))), &args.audit, market)
    }
}

/// The work whose tariff is so much, if there is such.
fn gas_for(tariff: Amount, market: &MarketParams) -> Option<u64> {
    let units = u128::from(tariff.units()) * 1_000_000;
    let gas = u64::try_from(units / u128::from(market.tariff_per_mgas.units().max(1))).ok()?;
    Some(gas.max(market.step_gas_least.count()))
}

/// A job at first price with nothing in it, of so much work, or else of that whose tariff is the
/// ceiling.
pub fn plain(
    price_max: Amount,
    gas: Option<Gas>,
    audit: &AuditArgs,
    market: &MarketParams,
) -> PostJob {
    let gas = gas.or_else(|| gas_for(price_max, market).map(Gas::new));
    let gas = gas.map_or(u64::MAX, Gas::count);
    PostJob {
        task: Task {
            program: Digest::ZERO,
            input_root: Digest::ZERO,
            chunk_count: 0,
            steps: 1,
            seed: Digest::ZERO,
            step_gas_max: Gas::new(gas.min(market.step_gas_max.count())),
            gas_bound: Gas::new(gas),
            form: ProgramForm::Stepwise,
        },
        class: ResourceClass::Cpu,
        price_max,
        deadline_blocks: market.deadline_blocks_min,
        auction: Auction::FirstPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: audit.audit_rate,
        auditors: audit.auditors,
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Delivery,
        seed_seal: Digest::ZERO,
        visibility: Visibility::Public,
    }
}

/// The quote as JSON: amounts in base units, shares in parts per billion, as in the API.
fn present(quote: &Quote, more: Value) -> Value {
    let mut value = json!({
        "p_ref": quote.p_ref,
        "e": quote.e,
        "detection": quote.detection,
        "exit_cost": quote.exit_cost,
        "gain": quote.gain,
        "reward_max": quote.reward_max,
        "collateral_min": quote.collateral_min,
        "collateral": quote.collateral,
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

/// A quote as lines for a person.
pub fn table(value: &Value) -> String {
    let rows = [
        ("p_ref", "value that collateral is measured by"),
        ("detection", "chance that a wrong result is convicted"),
        ("e", "chance that one drawn auditor does not convict it"),
        ("exit_cost", "what abandoning costs"),
        ("gain", "what a wrong result gains while it is not convicted"),
        ("reward_max", "most that reporters get of one slash"),
        ("collateral_min", "below this a wrong result could pay"),
        ("collateral", "what a provider locks, at no reputation"),
        ("tariff", "what one auditor is paid"),
        ("audit_fees", "held for auditors, refilled seats included; unused returns"),
        ("deposit", "held for what you may withhold; returns"),
        ("total", "what posting takes from your account for now"),
        ("fee", "what posting itself costs"),
        ("bid_deposit", "what a bidder puts down"),
    ];
    let columns = [("name", Kind::Word), ("value", Kind::Number), ("what it is", Kind::Sentence)];
    let mut cells = Vec::new();
    for (name, about) in rows {
        let shown = match &value[name] {
            Value::Null => continue,
            Value::String(units) => {
                let amount = units.parse().ok().and_then(Amount::new).unwrap_or(Amount::ZERO);
                tokens(amount)
            }
            parts => match serde_json::from_value(parts.clone()) {
                Ok(share) if matches!(name, "detection" | "e") => money::share(share),
                _ => parts.to_string(),
            },
        };
        cells.push(vec![name.to_owned(), shown, about.to_owned()]);
    }
    show::table::table(&columns, &cells, show::width())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        quote: QuoteArgs,
    }

    fn quoted(line: &str) -> Result<Quote, Failure> {
        let words = std::iter::once("quote").chain(line.split_whitespace());
        let args = <Line as clap::Parser>::parse_from(words).quote;
        let params = params::load(args.params.as_deref(), &args.sets).expect("valid");
        offline_quote(&args, &params)
    }

    fn row(line: &str) -> (f64, f64, f64) {
        let quote = quoted(line).expect("quoted");
        let tokens = |amount: Amount| amount.units() as f64 / 1e9;
        let d = quote.detection.parts() as f64 / 1e9;
        (d, tokens(quote.gain) + tokens(quote.exit_cost), tokens(quote.collateral))
    }

    /// The command that the documentation gives for the worked row of the mechanism.
    const WORKED: &str = "--max-price 100 --set verification.laxity=0 \
                          --set verification.seed_withholding=0 \
                          --set verification.coalition_fees=0 \
                          --set verification.reporter_value=0";

    #[test]
    fn what_the_rules_refuse_has_no_quote() {
        for (line, code) in [
            ("--auditors 20", "post-job/auditors-out-of-range"),
            ("--auditors 0", "post-job/auditors-out-of-range"),
            ("--max-price 0 --gas-bound 1000000", "post-job/price-must-be-positive"),
            ("--audit-rate 0.000001", "post-job/audit-rate-too-low"),
        ] {
            assert_eq!(quoted(line).expect_err(line).code, code, "{line}");
        }
    }

    #[test]
    fn the_documented_command_prints_the_worked_row() {
        let (d, stakes, b) = row(&format!("{WORKED} --audit-rate 0.1 --auditors 1"));
        assert_eq!((d, stakes, b), (0.08, 102.0, 1502.5));
        for (line, expected) in [
            ("--audit-rate 0.1 --auditors 2", 1250.4),
            ("--audit-rate 0.2 --auditors 2", 620.2),
            ("--audit-rate 1 --auditors 2", 116.0),
            ("--audit-rate 1 --auditors 4", 111.2),
            ("--audit-rate 0.1 --auditors 2 --set verification.haircut=0.3", 1786.3),
        ] {
            let (_, _, b) = row(&format!("{WORKED} {line}"));
            assert!((b - expected).abs() < 0.05, "{line}: {b}");
        }
    }
}
