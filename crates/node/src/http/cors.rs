//! Which web pages may use this node from a browser (CORS).
//!
//! Law: none unless the operator named where they come from; no cookies or passwords are asked for
//! or taken, so that a page can do no more than any stranger.
//! Not here: under which names the node is served (`host`).

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Where pages may come from.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// Nowhere.
    None,
    /// Anywhere.
    Any,
    /// Here.
    Named(Vec<HeaderValue>),
}

/// Reads what an operator named: `https://x.org`, `http://localhost:3000`, or `*`.
///
/// # Errors
/// The first that browsers would never send.
pub(crate) fn origins(named: &[String]) -> Result<Origins, String> {
    if named.is_empty() {
        return Ok(Origins::None);
    }
    if named.iter().any(|origin| origin == "*") {
        return Ok(Origins::Any);
    }
    let read = |origin: &String| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_origin = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
        let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        value.ok_or_else(|| origin.clone())
    };
    named.iter().map(read).collect::<Result<_, _>>().map(Origins::Named)
}

/// Tells browsers which pages may read what this router answers.
pub(super) fn open_to(origins: Origins, router: Router) -> Router {
    let allowed = match origins {
        Origins::None => return router,
        Origins::Any => AllowOrigin::any(),
        Origins::Named(list) => AllowOrigin::list(list),
    };
    let shown = ["x-earnest-height", "x-earnest-finalized"].map(HeaderName::from_static);
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers([
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            header::RANGE,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers(
            shown.into_iter().chain([header::ETAG, header::CONTENT_RANGE]).collect::<Vec<_>>(),
        );
    router.layer(layer)
}
