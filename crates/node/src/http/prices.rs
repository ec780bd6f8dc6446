//! Reading the price feed.

use std::sync::Arc;

use axum::extract::{Extension, State};
use earnest_api::{PricesView, prices as view};

use super::{App, at::At, problem::HttpProblem};

pub(super) async fn prices(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
) -> Result<axum::Json<PricesView>, HttpProblem> {
    Ok(axum::Json(view::prices(&*at.state(&app)?)))
}
