//! Reading where money came from and went.

use std::sync::Arc;

use axum::{Json, extract::State};
use earnest_api::{FlowsView, Problem};
use earnest_protocol::Epoch;
use serde::Deserialize;

use super::{App, problem::HttpProblem, query::Asked};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowsQuery {
    epoch: Option<u64>,
}

pub(super) async fn flows(
    State(app): State<Arc<App>>,
    Asked(query): Asked<FlowsQuery>,
) -> Result<Json<FlowsView>, HttpProblem> {
    let epoch = query.epoch.map(Epoch::new);
    let view = app.shared.history()?.flows(epoch);
    let not_kept = |(first, last)| Problem::flows_not_kept(epoch.unwrap_or(last), first, last);
    Ok(Json(view.map_err(not_kept)?))
}
