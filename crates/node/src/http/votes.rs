//! Reading governance: proposals, what was said to them, and the treasury.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use earnest_api::{BallotView, Order, Page, PageQuery, Problem, ProposalView, TreasuryView, votes};
use earnest_protocol::{BallotId, ProposalId};
use serde::Deserialize;

use super::{
    App,
    at::At,
    problem::HttpProblem,
    query::Asked,
    read::{count, number_in},
};

type Reply<T> = Result<axum::Json<T>, HttpProblem>;

pub(super) async fn proposals(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Asked(page): Asked<PageQuery>,
) -> Reply<Page<ProposalView>> {
    let state = at.state(&app)?;
    let row = |row| votes::proposal(&state, ProposalId::new(row));
    let all = count(state.proposal_count());
    let first = state.proposals().next().map_or(all, |(id, _)| id.raw());
    Ok(axum::Json(Page::within(first..all, &page, row)?))
}

pub(super) async fn proposal(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Path(id): Path<String>,
) -> Reply<ProposalView> {
    let id = ProposalId::new(number_in(&id)?);
    let missing = || Problem::not_found(format_args!("proposal {id}"));
    let view = votes::proposal(&*at.state(&app)?, id);
    Ok(axum::Json(view.ok_or_else(missing)?))
}

pub(super) async fn treasury(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
) -> Reply<TreasuryView> {
    Ok(axum::Json(votes::treasury(&*at.state(&app)?)))
}

/// A page and a filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BallotsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    order: Option<Order>,
    proposal: Option<u64>,
}

pub(super) async fn ballots(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Asked(query): Asked<BallotsQuery>,
) -> Reply<Page<BallotView>> {
    let BallotsQuery { cursor, limit, order, proposal } = query;
    let page = PageQuery { cursor, limit, order };
    let state = at.state(&app)?;
    let view = |row| {
        let view = votes::ballot(&state, BallotId::new(row))?;
        proposal.is_none_or(|id| view.proposal.raw() == id).then_some(view)
    };
    let rows = state.ballot_range();
    Ok(axum::Json(Page::within(count(rows.start)..count(rows.end), &page, view)?))
}
