//! Description: the API as it describes itself, for programs and for people.
//!
//! Law: both are made once, from the types and tables of `earnest_api::openapi`.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{Html, IntoResponse},
};
use earnest_api::openapi;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document().to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| openapi::page(&openapi::document()));

pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE.as_str())
}
