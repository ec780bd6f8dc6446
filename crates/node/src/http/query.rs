//! What a request asks for after the question mark.
//!
//! Law: a query is understood whole or refused whole. An unknown parameter, one that is given
//! twice and a value that cannot be read are problems that name what is accepted, so that a typing
//! error never reads as an unfiltered answer.
//! Not here: what a parameter means (`read`, `events`, `submit`).
//! Known shortcoming: bytes that are no UTF-8 are read as replacement characters.

use axum::{
    extract::{FromRequestParts, Query, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use earnest_api::Problem;
use serde::de::DeserializeOwned;

use super::problem::HttpProblem;

/// A typed query. Its struct denies unknown fields; serde refuses a field that comes twice.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<T>, HttpProblem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Asked(query)),
            Err(rejection) => Err(refused(rejection.body_text()).into()),
        }
    }
}

/// In front of routes that take no parameters.
pub(super) async fn none(request: Request, next: Next) -> Response {
    match request.uri().query() {
        None | Some("") => next.run(request).await,
        Some(_) => {
            let detail = format!("{} takes no query parameters", request.uri().path());
            HttpProblem::from(refused(detail)).into_response()
        }
    }
}

/// 400: the query cannot be understood whole.
pub(super) fn refused(detail: impl Into<String>) -> Problem {
    let hint = "Use the parameters and values that are named, each at most once.";
    Problem::new(400, "request/malformed", detail, hint)
}
