//! Reading published programs, and their bytes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Extension, Path, State},
    http::HeaderMap,
    response::Response,
};
use earnest_api::{Page, PageQuery, Problem, ProgramRoomView, ProgramView, programs};
use earnest_protocol::ProgramId;

use super::{
    App,
    at::At,
    named,
    problem::HttpProblem,
    query::Asked,
    read::{count, digest_in},
};

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Asked(page): Asked<PageQuery>,
) -> Result<Json<Page<ProgramView>>, HttpProblem> {
    let state = at.state(&app)?;
    let row = |row| programs::program(&state, ProgramId::new(row));
    let all = count(state.program_count());
    let first = state.programs().next().map_or(all, |(id, _)| id.raw());
    Ok(Json(Page::within(first..all, &page, row)?))
}

pub(super) async fn room(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
) -> Result<Json<ProgramRoomView>, HttpProblem> {
    Ok(Json(programs::room(&*at.state(&app)?)))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Path(hash): Path<String>,
) -> Result<Json<ProgramView>, HttpProblem> {
    let hash = digest_in(&hash)?;
    let missing = || Problem::not_found(format_args!("published program {hash}"));
    let view = programs::published(&*at.state(&app)?, &hash);
    Ok(Json(view.ok_or_else(missing)?))
}

pub(super) async fn code(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let hash = digest_in(&hash)?;
    // A branch costs little, and the bytes are not copied while anybody waits for the state.
    let state = app.shared.state()?.clone();
    let work = move || {
        let missing = || Problem::not_found(format_args!("published program {hash}"));
        let row = state.program(&hash).ok_or_else(missing)?;
        Ok(state.program_code(row).concat())
    };
    Ok(named::bytes(&app.queues.reads.run(work).await?, &hash, &headers))
}
