//! Blobs and inputs over HTTP.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use earnest_api::{
    BlobReceipt, InputChunks, InputReceipt, KeepView, OutputChunks, OutputReceipt, Problem,
    RoomView,
};
use earnest_compute::{self as compute, paged::outputs};
use earnest_protocol::{Blocks, Digest, storage};
use serde::Deserialize;

use crate::blobs::BlobError;

use super::{
    App, body_of, named, problem::HttpProblem, query::Asked, read::digest_in, submit::json,
};

pub(super) async fn put_blob(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, Json<BlobReceipt>), HttpProblem> {
    let body = body_of(request, app.shared.limits.blob_bytes_max).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let digest = shared.blobs.put(&body)?;
        Ok(BlobReceipt { digest, size: u64::try_from(body.len()).unwrap_or(u64::MAX) })
    };
    Ok((StatusCode::CREATED, Json(app.queues.uploads.run(work).await?)))
}

pub(super) async fn blob(
    State(app): State<Arc<App>>,
    Path(digest): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let digest = digest_in(&digest)?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let bytes = shared.blobs.read(&digest)?;
        Ok(bytes.ok_or_else(|| Problem::not_found(format_args!("blob {digest}")))?)
    };
    Ok(named::bytes(&app.queues.reads.run(work).await?, &digest, &headers))
}

pub(super) async fn put_input(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, Json<InputReceipt>), HttpProblem> {
    // 66 characters a chunk, quotes, a comma and perhaps a line's indentation.
    let max = app.shared.limits.input_chunks_max.saturating_mul(96).saturating_add(1_024);
    let body = body_of(request, max).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let InputChunks { chunks } = json(&body)?;
        let chunk_count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let (root, missing) = shared.blobs.put_input(&chunks)?;
        Ok(InputReceipt { root, chunk_count, missing: missing.into_iter().collect() })
    };
    Ok((StatusCode::CREATED, Json(app.queues.uploads.run(work).await?)))
}

pub(super) async fn input(
    State(app): State<Arc<App>>,
    Path(root): Path<String>,
) -> Result<Json<InputChunks>, HttpProblem> {
    let root = digest_in(&root)?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let chunks = shared.blobs.input(&root)?;
        let chunks = chunks.ok_or_else(|| Problem::not_found(format_args!("input {root}")))?;
        Ok(InputChunks { chunks })
    };
    Ok(Json(app.queues.reads.run(work).await?))
}

pub(super) async fn put_output(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, Json<OutputReceipt>), HttpProblem> {
    // 66 characters a chunk, quotes, a comma and perhaps a line's indentation; the tail's digits.
    let max = outputs::CHUNK_COUNT_MAX.saturating_mul(96).saturating_add(12 * 1_024);
    let body = body_of(request, max).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let list = list_of(json(&body)?).ok_or(BlobError::NotAList)?;
        let (root, missing) = shared.blobs.put_output(&list)?;
        let missing = missing.into_iter().collect();
        Ok(OutputReceipt { root, bytes: list.length(), missing })
    };
    Ok((StatusCode::CREATED, Json(app.queues.uploads.run(work).await?)))
}

pub(super) async fn output(
    State(app): State<Arc<App>>,
    Path(root): Path<String>,
) -> Result<Json<OutputChunks>, HttpProblem> {
    let root = digest_in(&root)?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let list = shared.blobs.output(&root)?;
        let list = list.ok_or_else(|| Problem::not_found(format_args!("output {root}")))?;
        let here = |digests: &[compute::Digest]| digests.iter().map(|d| Digest(d.0)).collect();
        let rest_bytes = u32::try_from(list.rest.length()).unwrap_or(u32::MAX);
        let (trees, tail) = (here(list.rest.peaks()), list.rest.tail());
        Ok(OutputChunks::new(here(&list.full), rest_bytes, trees, tail))
    };
    Ok(Json(app.queues.reads.run(work).await?))
}

/// The list that these parts are; none if they do not fit each other.
fn list_of(chunks: OutputChunks) -> Option<outputs::List> {
    let there = |digests: &[Digest]| digests.iter().map(|d| compute::Digest(d.0)).collect();
    let tail = chunks.tail()?;
    let OutputChunks { full, rest_bytes, rest_trees, .. } = chunks;
    outputs::List::of_parts(there(&full), u64::from(rest_bytes), there(&rest_trees), tail)
}

/// Of how many bytes one asks until when they are kept: keeps of one name do not add up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeepQuery {
    #[serde(default)]
    bytes: u64,
}

pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Asked(query): Asked<KeepQuery>,
) -> Result<Json<KeepView>, HttpProblem> {
    let name = digest_in(&name)?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let blobs = &shared.blobs;
        let missing = blobs.chunks_of(&name)?.map(|chunks| blobs.missing(&chunks));
        let is_stored = blobs.has(&name) || missing.as_ref().is_some_and(BTreeSet::is_empty);
        let missing = missing.unwrap_or_default().into_iter().collect();
        let (until, bytes) = (blobs.paid_until(&name, query.bytes), blobs.paid(&name));
        Ok(KeepView { name, until, bytes, is_stored, missing })
    };
    Ok(Json(app.queues.reads.run(work).await?))
}

pub(super) async fn keeps(State(app): State<Arc<App>>) -> Result<Json<RoomView>, HttpProblem> {
    let state = app.shared.state()?;
    let (params, kept_kib) = (state.params().storage(), state.kept_kib());
    let (mebibyte, blocks) = (1_024, Blocks::new(1_000));
    let price = storage::price(params, kept_kib, mebibyte, blocks);
    Ok(Json(RoomView { room_kib: params.room_kib(), kept_kib, price }))
}
