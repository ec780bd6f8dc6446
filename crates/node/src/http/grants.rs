//! Reading what a genesis granted and listed.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use earnest_api::{GrantsView, ListedView, Problem, grants as view};

use super::{App, at::At, problem::HttpProblem, read::number_in};

pub(super) async fn grants(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
) -> Result<axum::Json<GrantsView>, HttpProblem> {
    Ok(axum::Json(view::grants(&*at.state(&app)?)))
}

pub(super) async fn listed(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    Path(place): Path<String>,
) -> Result<axum::Json<ListedView>, HttpProblem> {
    let place: u32 = number_in(&place)?;
    let missing = || Problem::not_found(format_args!("place {place} of a list"));
    let view = view::listed(&*at.state(&app)?, place);
    Ok(axum::Json(view.ok_or_else(missing)?))
}
