//! Reading: views of the state after the last block.
//!
//! Law: a reply shows one state; the state is held for as long as the view is made, no longer.

use std::{str::FromStr, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Extension, Path, State},
};
use earnest_api::{
    AccountView, BlockView, DelegationView, HeadView, HealthView, JobSummary, JobView, NetworkView,
    OperatorView, Order, Page, PageQuery, Problem, SlashView, StorageView, views,
};
use earnest_protocol::{
    AccountId, Address, DelegationId, Digest, Height, JobId, OperatorId, RawParams, Role, Sender,
    SlashId, State as Ledger, market::Phase as JobPhase,
};
use serde::{Deserialize, Deserializer, de::IntoDeserializer};

use super::{
    App,
    at::{At, Seen},
    problem::HttpProblem,
    query::Asked,
};
use crate::shared::Phase;

type Reply<T> = Result<Json<T>, HttpProblem>;
type Shown = State<Arc<App>>;
/// Which state a read of rows shows.
type Asks = Extension<At>;

/// A digest in a path.
pub(super) fn digest_in(text: &str) -> Result<Digest, HttpProblem> {
    let wanted = || Problem::malformed("expected 0x and 64 hexadecimal digits in the path");
    Ok(Digest::from_hex(text).ok_or_else(wanted)?)
}

pub(super) fn number_in<T: FromStr>(text: &str) -> Result<T, HttpProblem> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    Ok(number.ok_or_else(|| Problem::malformed("expected a number in the path"))?)
}

pub(super) fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

pub(super) async fn head(State(app): Shown) -> Reply<HeadView> {
    let state = app.shared.state()?;
    Ok(Json(views::head(&state, state.height())))
}

pub(super) async fn network(State(app): Shown, Extension(at): Asks) -> Reply<NetworkView> {
    if let At::Past(state) = at {
        let block = app.shared.history()?.block(state.height()).map(|block| block.state_root);
        // Of genesis, and of a state that was read at the start, there may be no block here.
        let root = block.unwrap_or_else(|| Ledger::clone(&state).root());
        return Ok(Json(views::network(&state, &app.shared.name, root)));
    }
    let state = app.shared.state()?;
    let lost = |_| Problem::internal("The network's view is lost");
    let mut cached = app.network.lock().map_err(lost)?;
    if let Some(view) = cached.as_ref().filter(|view| view.height == state.height()) {
        return Ok(Json(view.clone()));
    }
    // The head is published just after the state; the block's own view is exact.
    let root = app.shared.history()?.block(state.height()).map(|block| block.state_root);
    let root = root.unwrap_or_else(|| app.shared.head().root);
    let view = views::network(&state, &app.shared.name, root);
    *cached = Some(view.clone());
    Ok(Json(view))
}

pub(super) async fn storage(State(app): Shown) -> Reply<StorageView> {
    let starting = || Problem::unavailable("This node is starting");
    Ok(Json(app.shared.storage()?.ok_or_else(starting)?))
}

pub(super) async fn params(State(app): Shown, Extension(at): Asks) -> Reply<RawParams> {
    Ok(Json((*at.state(&app)?.params()).into()))
}

/// What waits is added to the account as it stands; none waited for what is past.
fn account_view(app: &App, state: &Seen<'_>, id: AccountId) -> Option<AccountView> {
    let mut view = views::account(state, id)?;
    if matches!(state, Seen::Now(_))
        && let Ok(pool) = app.shared.pool()
    {
        view.next_nonce = pool.next_nonce(id, view.nonce);
        for row in &mut view.keys {
            let sender = Sender { account: id, key: Some(row.key) };
            row.next_nonce = pool.next_nonce(sender, row.nonce);
        }
    }
    Some(view)
}

pub(super) async fn accounts(
    State(app): Shown,
    Extension(at): Asks,
    Asked(page): Asked<PageQuery>,
) -> Reply<Page<AccountView>> {
    let state = at.state(&app)?;
    let row = |row| account_view(&app, &state, AccountId::new(row));
    Ok(Json(Page::of(count(state.account_count()), &page, row)?))
}

/// An address in a path.
pub(super) fn address_in(text: &str) -> Result<Address, HttpProblem> {
    let wanted = || Problem::malformed("expected 0x and 40 hexadecimal digits in the path");
    Ok(Address::from_hex(text).ok_or_else(wanted)?)
}

pub(super) async fn account(
    State(app): Shown,
    Extension(at): Asks,
    Path(address): Path<String>,
) -> Reply<AccountView> {
    let address = address_in(&address)?;
    let state = at.state(&app)?;
    let view = state.account_id(&address).and_then(|id| account_view(&app, &state, id));
    Ok(Json(view.ok_or_else(|| Problem::no_account(&address))?))
}

/// A page and a filter; a flattened page could not deny unknown fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    order: Option<Order>,
    role: Option<Role>,
}

pub(super) async fn operators(
    State(app): Shown,
    Extension(at): Asks,
    Asked(OperatorsQuery { cursor, limit, order, role }): Asked<OperatorsQuery>,
) -> Reply<Page<OperatorView>> {
    let page = PageQuery { cursor, limit, order };
    let state = at.state(&app)?;
    let row = |row| {
        let id = OperatorId::new(row);
        state.operator(id).filter(|row| role.is_none_or(|role| row.role == role))?;
        views::operator(&state, id)
    };
    Ok(Json(Page::of(count(state.operator_count()), &page, row)?))
}

pub(super) async fn operator(
    State(app): Shown,
    Extension(at): Asks,
    Path(id): Path<String>,
) -> Reply<OperatorView> {
    let id = OperatorId::new(number_in(&id)?);
    let view = views::operator(&*at.state(&app)?, id);
    let missing = || Problem::not_found(format_args!("operator {id}"));
    Ok(Json(view.ok_or_else(missing)?))
}

/// A page and filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelegationsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    order: Option<Order>,
    delegator: Option<u64>,
    operator: Option<u64>,
}

pub(super) async fn delegations(
    State(app): Shown,
    Extension(at): Asks,
    Asked(query): Asked<DelegationsQuery>,
) -> Reply<Page<DelegationView>> {
    let DelegationsQuery { cursor, limit, order, delegator, operator } = query;
    let page = PageQuery { cursor, limit, order };
    let state = at.state(&app)?;
    let view = |id| {
        let row = state.delegation_row(id)?;
        let wanted = delegator.is_none_or(|id| row.account.raw() == id)
            && operator.is_none_or(|id| row.operator.raw() == id);
        wanted.then(|| views::delegation(&state, id))?
    };
    let Some(delegator) = delegator else {
        let all = count(state.delegation_count());
        let first = state.delegations().next().map_or(all, |(id, _)| id.raw());
        return Ok(Json(Page::within(first..all, &page, |row| view(DelegationId::new(row)))?));
    };
    // An account lists its few, so that none of the others is looked at.
    let account = state.account(AccountId::new(delegator));
    let mut own = account.map_or_else(Vec::new, |account| account.delegations.to_vec());
    own.sort_unstable();
    let own: Vec<u64> = own.into_iter().map(DelegationId::raw).collect();
    Ok(Json(Page::among(&own, &page, |row| view(DelegationId::new(row)))?))
}

/// A page and filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    order: Option<Order>,
    phase: Option<Stage>,
    requester: Option<u64>,
    provider: Option<u64>,
}

/// A phase, or any but the last.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Open,
    Phase(JobPhase),
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "open" {
            return Ok(Stage::Open);
        }
        // An untagged enum would not name what is accepted.
        let phase = JobPhase::deserialize(word.as_str().into_deserializer());
        let both =
            |error: serde::de::value::Error| format!("{error}, or `open` for all but closed");
        phase.map(Stage::Phase).map_err(|error| serde::de::Error::custom(both(error)))
    }
}

pub(super) async fn jobs(
    State(app): Shown,
    Extension(at): Asks,
    Asked(query): Asked<JobsQuery>,
) -> Reply<Page<JobSummary>> {
    let JobsQuery { cursor, limit, order, phase, requester, provider } = query;
    let page = PageQuery { cursor, limit, order };
    let state = at.state(&app)?;
    let row = |row| {
        let id = JobId::new(row);
        let (order, stands) = (state.order(id)?, state.phase(id)?);
        let in_phase = match phase {
            None => true,
            Some(Stage::Open) => stands != JobPhase::Closed,
            Some(Stage::Phase(phase)) => stands == phase,
        };
        let of_requester = requester.is_none_or(|id| order.requester.raw() == id);
        let winner = state.assignment_of(id).filter(|(_, winner)| winner.accepted.is_some());
        let winner = winner.map(|(_, winner)| winner.account.raw());
        let of_provider = provider.is_none_or(|id| winner == Some(id));
        (in_phase && of_requester && of_provider).then(|| views::job_summary(&state, id))?
    };
    let posted = state.job_counts().posted;
    let first = state.jobs().next().map_or(posted, |(id, _)| id.raw());
    Ok(Json(Page::within(first..posted, &page, row)?))
}

pub(super) async fn job(
    State(app): Shown,
    Extension(at): Asks,
    Path(id): Path<String>,
) -> Reply<JobView> {
    let id = JobId::new(number_in(&id)?);
    let state = at.state(&app)?;
    let missing = || Problem::no_job(id, state.job_counts().posted);
    Ok(Json(views::job(&state, id).ok_or_else(missing)?))
}

pub(super) async fn slashes(
    State(app): Shown,
    Extension(at): Asks,
    Asked(page): Asked<PageQuery>,
) -> Reply<Page<SlashView>> {
    let state = at.state(&app)?;
    let row = |row| views::slash(&state, SlashId::new(row));
    let all = count(state.slash_count());
    let first = state.slashes().next().map_or(all, |(id, _)| id.raw());
    Ok(Json(Page::within(first..all, &page, row)?))
}

pub(super) async fn blocks(
    State(app): Shown,
    Asked(page): Asked<PageQuery>,
) -> Reply<Page<BlockView>> {
    let history = app.shared.history()?;
    let row = |row: u64| history.block(Height::new(row.saturating_add(1))).cloned();
    Ok(Json(Page::of(history.height().count(), &page, row)?))
}

pub(super) async fn block(State(app): Shown, Path(height): Path<String>) -> Reply<BlockView> {
    let height = Height::new(number_in(&height)?);
    let history = app.shared.history()?;
    if let Some(view) = history.block(height) {
        return Ok(Json(view.clone()));
    }
    if Height::ZERO < height && height <= history.base() {
        let first = app.shared.storage()?.map_or(Height::new(1), |storage| storage.blocks_from);
        return Err(pruned(height, history.base(), first).into());
    }
    Err(Problem::not_found(format_args!("block {height}")).into())
}

/// Why a block up to `base` cannot be shown; the log begins with the block at `first`.
pub(super) fn pruned(height: Height, base: Height, first: Height) -> Problem {
    let (detail, hint) = if height < first {
        let detail = format!("This node keeps blocks from {first} on; those before were pruned");
        (detail, "Ask a node that keeps every block, or its operator for a backup.")
    } else {
        let detail = format!("Blocks up to {base} are no longer kept in memory");
        (detail, "Read them from the block log, or raise the node's limits and restart it.")
    };
    let mut problem = Problem::new(410, "blocks/pruned", detail, hint);
    problem.fields.insert("log_from".to_owned(), first.count().into());
    problem
}

pub(super) async fn health(State(app): Shown) -> Reply<HealthView> {
    is_running(&app)?;
    let least = app.shared.state()?.params().chain().block_interval_min_ms;
    let whole = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let waiting = app.shared.pool()?.count();
    let health = HealthView {
        height: app.shared.head().height,
        since_block_ms: whole(app.shared.since_block()?),
        block_time_ms: whole(app.shared.idle_block_time).max(least),
        waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
        free_bytes: app.shared.storage()?.map(|storage| storage.free_bytes),
    };
    if health.is_late() {
        return Err(Problem::late(&health).into());
    }
    Ok(Json(health))
}

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

pub(super) async fn readyz(State(app): Shown) -> Result<&'static str, HttpProblem> {
    is_running(&app).map(|()| "ready\n")
}

/// Why the node takes no transactions, if it takes none.
fn is_running(app: &App) -> Result<(), HttpProblem> {
    drop(app.shared.state()?);
    match app.shared.head().phase {
        Phase::Running => Ok(()),
        Phase::Full => Err(Problem::disk_full().into()),
        Phase::Stopped => Err(Problem::unavailable("This node makes no more blocks").into()),
    }
}
