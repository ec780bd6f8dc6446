//! Metrics: what an operator watches, as Prometheus reads it (text format 0.0.4).
//!
//! Laws: a scrape costs no walk over rows; each family has one name with its unit, and says what it
//! is; labels come from closed lists (routes, statuses, queues), so that no client adds a series.
//! Not here: what one job or account did (`read`), when to warn (docs/grafana.json shows).

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    sync::{Arc, Mutex},
};

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use earnest_protocol::{Asset, Factor, State as Ledger, ledger::Pot, prices::Round};

use super::{App, problem::HttpProblem};
use crate::shared::{Phase, Shared};

/// Requests so far, by route and status; both are closed lists.
#[derive(Debug, Default)]
pub(super) struct Requests(Mutex<BTreeMap<(String, u16), u64>>);

impl Requests {
    /// Counts a request that was answered; what no route answers counts as one.
    pub(super) fn count(&self, route: Option<String>, status: u16) {
        if let Ok(mut counts) = self.0.lock() {
            let count = counts.entry((route.unwrap_or_else(|| "none".to_owned()), status));
            let count = count.or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// A page being written.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, (name, kind): (&str, &str), help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

const GAUGE: &str = "gauge";
const COUNTER: &str = "counter";

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, HttpProblem> {
    let mut page = Page::default();
    page.family("earnest_build_info", GAUGE, "Which program this is.");
    page.sample("earnest_build_info", &[("version", &env!("CARGO_PKG_VERSION"))], 1);
    rules(&mut page, &*app.shared.state()?);
    node(&mut page, &app.shared)?;
    http(&mut page, &app);
    process(&mut page);
    let mut response = page.0.into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn rules(page: &mut Page, state: &Ledger) {
    page.one(("earnest_chain_height", GAUGE), "The last block.", state.height());
    page.one(("earnest_chain_epoch", GAUGE), "Its epoch.", state.epoch());
    let seconds = state.time_ms() as f64 / 1_000.0;
    page.one(("earnest_chain_time_seconds", GAUGE), "Its time since the Unix epoch.", seconds);
    let fee = state.base_fee().units();
    let help = "What a transfer costs, in base units of 10^-9 token.";
    page.one(("earnest_chain_base_fee_base_units", GAUGE), help, fee);
    let help = "Blocks in which the referee had no time left for the largest step.";
    page.one(("earnest_chain_full_blocks_total", COUNTER), help, state.full_blocks());
    let counts = state.job_counts();
    page.family("earnest_jobs_total", COUNTER, "Jobs so far, by what became of them.");
    for (outcome, count) in [
        ("posted", counts.posted),
        ("accepted", counts.accepted),
        ("rejected", counts.rejected),
        ("expired", counts.expired),
    ] {
        page.sample("earnest_jobs_total", &[("outcome", &outcome)], count);
    }
    page.one(("earnest_jobs_open", GAUGE), "Jobs that are not closed.", counts.open);
    page.one(("earnest_accounts", GAUGE), "Accounts.", state.account_count());
    page.one(
        ("earnest_operators", GAUGE),
        "Operators, whatever they have left.",
        state.operator_count(),
    );
    page.one(("earnest_slashes_total", COUNTER), "Losses of stake.", state.slash_count());
    page.family("earnest_money_base_units", GAUGE, "Where the network's own money is.");
    for &asset in state.assets().all() {
        let name = match asset {
            Asset::Stake => "stake",
            Asset::Payment => "payment",
        };
        for (place, amount) in [
            ("issued", state.issued(asset)),
            ("burnt", state.balance(Pot::Burnt(asset))),
            ("insurance", state.balance(Pot::Insurance(asset))),
            ("treasury", state.balance(Pot::Treasury(asset))),
        ] {
            let labels: [(&str, &dyn Display); 2] = [("asset", &name), ("place", &place)];
            page.sample("earnest_money_base_units", &labels, amount.units());
        }
    }
    page.family("earnest_treasury_promised_base_units", GAUGE, "What spends that run still pay.");
    for &asset in state.assets().all() {
        let name = match asset {
            Asset::Stake => "stake",
            Asset::Payment => "payment",
        };
        let promised = state.treasury_promised(asset).units();
        page.sample("earnest_treasury_promised_base_units", &[("asset", &name)], promised);
    }
    page.one(("earnest_spends", GAUGE), "Spends that are proposed or run.", state.spend_count());
    let room = state.params().storage().room_kib();
    page.one(("earnest_kept_kibibytes", GAUGE), "Bytes that were paid for.", state.kept_kib());
    page.one(("earnest_room_kibibytes", GAUGE), "Bytes that may be kept at once.", room);
    prices(page, state);
}

/// The price feed, where there is one; elsewhere its families have no samples.
fn prices(page: &mut Page, state: &Ledger) {
    let params = state.params().prices();
    let feed = state.price_feed();
    page.family("earnest_price_ratio", GAUGE, "Units that pay for one that is bonded.");
    let of = feed
        .map(|feed| [("last", feed.price), ("average", feed.average_floor()), ("said", feed.said)]);
    for (of, price) in of.into_iter().flatten() {
        let price = price.parts() as f64 / Factor::ONE.parts() as f64;
        page.sample("earnest_price_ratio", &[("of", &of)], price);
    }
    let name = "earnest_price_age_epochs";
    page.family(name, GAUGE, "Epochs since a price counted last.");
    if let Some(age) = state.price_age() {
        page.sample(name, &[], age);
    }
    let name = "earnest_price_stale_epochs";
    page.family(name, GAUGE, "The age at which it is stale, and new jobs are refused.");
    if params.is_on() {
        page.sample(name, &[], params.stale_epochs);
    }
    let [sealing, opening] = state.price_rounds();
    page.family("earnest_price_posts", GAUGE, "Validators that sealed a price of a round.");
    for (name, round) in [("sealing", sealing), ("opening", opening)] {
        if let Some(round) = round {
            let count = state.price_post_count(&round);
            page.sample("earnest_price_posts", &[("round", &name)], count);
        }
    }
    let name = "earnest_price_stake_base_units";
    page.family(name, GAUGE, "Stake of the round that is opened: all of it, opened, needed.");
    if let Some(Round { stake, opened, .. }) = opening {
        let needed = params.quorum.amount_ceil(stake);
        for (of, amount) in [("all", stake), ("opened", opened), ("needed", needed)] {
            page.sample(name, &[("of", &of)], amount.units());
        }
    }
}

fn node(page: &mut Page, shared: &Shared) -> Result<(), HttpProblem> {
    page.family("earnest_node_phase", GAUGE, "1 for what the node is doing.");
    let now = shared.head().phase;
    for (phase, name) in
        [(Phase::Running, "running"), (Phase::Full, "full"), (Phase::Stopped, "stopped")]
    {
        page.sample("earnest_node_phase", &[("phase", &name)], u8::from(phase == now));
    }
    let (count, bytes) = {
        let pool = shared.pool()?;
        (pool.count(), pool.bytes())
    };
    page.one(("earnest_waiting_transactions", GAUGE), "Transactions that wait.", count);
    page.one(("earnest_waiting_bytes", GAUGE), "Their bytes.", bytes);
    if let Some(storage) = shared.storage()? {
        page.one(("earnest_log_bytes", GAUGE), "Bytes of the block log.", storage.log_bytes);
        page.one(("earnest_log_segments", GAUGE), "Its files.", storage.segment_count);
        let help = "The height of the latest snapshot.";
        page.one(("earnest_snapshot_height", GAUGE), help, storage.snapshot);
        let help = "Bytes held for blocks to come.";
        page.one(("earnest_disk_held_bytes", GAUGE), help, storage.held_bytes);
        let help = "Bytes that the node may still write on its disk.";
        page.one(("earnest_disk_free_bytes", GAUGE), help, storage.free_bytes);
    }
    let help = "Room that programs, inputs and outputs take on the disk.";
    page.one(("earnest_blobs_bytes", GAUGE), help, shared.blobs.bytes());
    Ok(())
}

fn http(page: &mut Page, app: &App) {
    page.family("earnest_http_requests_total", COUNTER, "Requests answered.");
    if let Ok(counts) = app.requests.0.lock() {
        for ((route, status), count) in counts.iter() {
            let labels: [(&str, &dyn Display); 2] = [("route", route), ("status", status)];
            page.sample("earnest_http_requests_total", &labels, count);
        }
    }
    page.family("earnest_http_queue_places", GAUGE, "Places that are free, by kind of work.");
    for (name, free) in app.queues.free() {
        page.sample("earnest_http_queue_places", &[("queue", &name)], free);
    }
}

/// What Linux says of this process; elsewhere nothing.
fn process(page: &mut Page) {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    if let Some(resident) = resident {
        let bytes = resident.saturating_mul(4_096);
        page.one(("process_resident_memory_bytes", GAUGE), "Memory in use.", bytes);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        page.one(("process_open_fds", GAUGE), "Open files and sockets.", open.count());
    }
}
