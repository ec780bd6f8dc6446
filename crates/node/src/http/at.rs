//! `?at=HEIGHT`: a read of rows answers from the state after that block instead of the last one.
//!
//! Law: a reply shows one state, whichever was asked for; a state that is not kept is a problem
//! that names those that are, never another state's rows.

use std::{
    ops::Deref,
    sync::{Arc, RwLockReadGuard},
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};
use earnest_api::Problem;
use earnest_protocol::{Height, State as Ledger};

use super::{App, SHOWN_HEIGHT, problem::HttpProblem, query::refused};
use crate::kept::NotKept;

/// Which state a request asks for.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// That after the last block.
    Now,
    /// One that is kept.
    Past(Arc<Ledger>),
}

/// The state that a reply shows.
pub(super) enum Seen<'a> {
    Now(RwLockReadGuard<'a, Ledger>),
    Past(Arc<Ledger>),
}

impl At {
    /// The state to show.
    pub(super) fn state(self, app: &App) -> Result<Seen<'_>, HttpProblem> {
        Ok(match self {
            At::Now => Seen::Now(app.shared.state()?),
            At::Past(state) => Seen::Past(state),
        })
    }
}

impl Deref for Seen<'_> {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        match self {
            Seen::Now(state) => state,
            Seen::Past(state) => state,
        }
    }
}

/// In front of routes that show rows: takes `at` off the query and finds the state.
pub(super) async fn shown(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        // No read of any state: whether a route knows the method, it says itself.
        let rest = partition(request.uri().query().unwrap_or_default()).1.join("&");
        return match set_query(&mut request, &rest) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
    }
    let (asked, rest) = match split(request.uri().query().unwrap_or_default()) {
        Ok(split) => split,
        Err(problem) => return problem.into_response(),
    };
    let at = match asked.map(|height| kept(&app, height)).transpose() {
        Ok(state) => state.map_or(At::Now, At::Past),
        Err(problem) => return problem.into_response(),
    };
    if matches!(at, At::Past(_))
        && let Err(problem) = set_query(&mut request, &rest)
    {
        return problem.into_response();
    }
    request.extensions_mut().insert(at);
    let mut response = next.run(request).await;
    if let Some(height) = asked {
        response.headers_mut().insert(SHOWN_HEIGHT, HeaderValue::from(height.count()));
    }
    response
}

fn kept(app: &App, height: Height) -> Result<Arc<Ledger>, HttpProblem> {
    let kept = app.shared.kept()?.at(height);
    Ok(kept.map_err(|NotKept { first, last }| Problem::state_not_kept(height, first, last))?)
}

fn set_query(request: &mut Request, query: &str) -> Result<(), HttpProblem> {
    let path = request.uri().path();
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let uri: Uri = uri.parse().map_err(|_| refused("the query cannot be read"))?;
    *request.uri_mut() = uri;
    Ok(())
}

/// What of a query asks for a height, and the rest.
fn partition(query: &str) -> (Vec<&str>, Vec<&str>) {
    query.split('&').partition(|pair| *pair == "at" || pair.starts_with("at="))
}

/// The height that a query asks for, and the query without it.
fn split(query: &str) -> Result<(Option<Height>, String), HttpProblem> {
    let (asked, rest) = partition(query);
    let asked: Vec<&str> = asked.iter().map(|pair| pair.trim_start_matches("at=")).collect();
    let height = match asked.as_slice() {
        [] => None,
        [digits] => {
            let digits = Some(*digits).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            let height = digits.and_then(|digits| digits.parse().ok()).map(Height::new);
            Some(height.ok_or_else(|| refused("`at` is a height, such as at=120"))?)
        }
        _ => return Err(refused("duplicate field `at`").into()),
    };
    Ok((height, rest.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_height_is_taken_off_a_query_and_nothing_else_is() {
        let of = |query| split(query).ok().map(|(at, rest)| (at.map(Height::count), rest));
        assert_eq!(of(""), Some((None, String::new())));
        assert_eq!(of("limit=3&at=12&order=asc"), Some((Some(12), "limit=3&order=asc".into())));
        assert_eq!(of("at=0"), Some((Some(0), String::new())));
        assert_eq!(of("attitude=1"), Some((None, "attitude=1".into())));
        for wrong in ["at=", "at", "at=-1", "at=+1", "at=1&at=1", "at=18446744073709551616"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
