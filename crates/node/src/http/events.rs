//! Events as they happen: server-sent events that resume where a client stopped.
//!
//! Laws: a stream gives every event after its beginning exactly once, in order, or ends; a client
//! that reads slowly slows its own stream only; a silent stream says that it lives. One stream too
//! many ends the oldest, which its client opens again where it was.

use std::{fmt::Write, str::FromStr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Extension, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use earnest_api::{EventId, EventRecord, Problem, routes};
use serde::Deserialize;
use tokio::sync::watch;

use super::{App, doors::Pass, problem::HttpProblem};
use crate::shared::{Head, Phase};

/// What a stream of events says it is.
pub(super) const CONTENT_TYPE: &str = "text/event-stream";

/// Events looked at under one lock.
const BATCH: usize = 256;

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    after: Option<String>,
    kinds: Option<String>,
}

pub(super) async fn events(
    State(app): State<Arc<App>>,
    Query(query): Query<EventsQuery>,
    Extension(connection): Extension<Arc<Pass>>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    // A stream that is opened again by a browser has the header, and still its first query.
    let resumed = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let after = match (resumed, &query.after) {
        (Some(text), _) => place(text)?,
        (None, Some(text)) => place(text)?,
        (None, None) => EventId { height: app.shared.head().height, index: u32::MAX },
    };
    let kinds = query.kinds.as_deref().unwrap_or_default().split(',');
    let kinds = kinds.filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    let head = app.shared.head().height;
    if head < after.height {
        let detail = format!("There is nothing after {after}: the head is block {head}");
        return Err(Problem::malformed(detail).into());
    }
    app.shared.history()?.events_after(after, 1).map_err(Problem::pruned)?;
    let full = || Problem::unavailable("This node takes no event streams");
    let pass = app.streams.enter().ok_or_else(full)?;
    let head = app.shared.head.subscribe();
    let stream = Stream { app, after, kinds, head, is_open: false, pass, connection };
    let body = futures_util::stream::unfold(stream, Stream::next);
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A place as a client names it.
fn place(text: &str) -> Result<EventId, HttpProblem> {
    Ok(EventId::from_str(text).map_err(Problem::malformed)?)
}

/// A client's place in the log of events.
struct Stream {
    app: Arc<App>,
    after: EventId,
    /// Which kinds are wanted; none means all.
    kinds: Vec<String>,
    head: watch::Receiver<Head>,
    is_open: bool,
    pass: Pass,
    connection: Arc<Pass>,
}

type Piece = Result<Bytes, std::convert::Infallible>;

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.wait();
    }
}

impl Stream {
    /// The next bytes to send; none when the stream ends.
    async fn next(mut self) -> Option<(Piece, Stream)> {
        if !self.is_open {
            self.is_open = true;
            return Some((Ok(Bytes::from_static(b"retry: 1000\n\n")), self));
        }
        let heartbeat = Duration::from_secs(routes::HEARTBEAT_SECONDS);
        loop {
            let phase = self.head.borrow_and_update().phase;
            let records = self.app.shared.history().ok()?.events_after(self.after, BATCH).ok()?;
            if let Some(last) = records.last() {
                self.after = last.id();
                let text = self.encode(&records);
                if !text.is_empty() {
                    return Some((Ok(Bytes::from(text)), self));
                }
                continue;
            }
            if phase == Phase::Stopped {
                return None;
            }
            let changed = tokio::select! {
                changed = tokio::time::timeout(heartbeat, self.head.changed()) => changed,
                () = self.pass.left() => return None,
            };
            match changed {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some((Ok(Bytes::from_static(b": alive\n\n")), self)),
            }
        }
    }

    fn encode(&self, records: &[EventRecord]) -> String {
        let mut text = String::new();
        for record in records {
            let kind = record.kind();
            if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
                continue;
            }
            let data = serde_json::to_string(record).expect("events have string keys only");
            let id = record.id();
            write!(text, "id: {id}\nevent: {kind}\ndata: {data}\n\n").expect("text grows");
        }
        text
    }
}
