//! Reading what credits are converted at.

use std::sync::Arc;

use axum::extract::{Extension, State};
use earnest_api::{CreditsView, credits as view};

use super::{App, at::At, problem::HttpProblem};

pub(super) async fn credits(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
) -> Result<axum::Json<CreditsView>, HttpProblem> {
    Ok(axum::Json(view::credits(&*at.state(&app)?)))
}
