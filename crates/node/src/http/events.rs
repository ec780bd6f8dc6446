//! Events as they happen: server-sent events that resume where a client stopped.
//!
//! Laws: a stream gives every event after its beginning exactly once, in order, or ends; a client
//! that reads slowly slows its own stream only; a silent stream says that it lives.

use std::{fmt::Write, str::FromStr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use earnest_api::{EventId, EventRecord, Problem, routes};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{App, problem::HttpProblem};
use crate::shared::{Head, Phase};

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
    app.shared.history()?.events_after(after, 1).map_err(Problem::pruned)?;
    let permit = Arc::clone(&app.streams).try_acquire_owned();
    let full = |_| Problem::unavailable("This node has as many event streams as it takes");
    let permit = permit.map_err(full)?;
    let head = app.shared.head.subscribe();
    let stream = Stream { app, after, kinds, head, is_open: false, _permit: permit };
    let body = futures_util::stream::unfold(stream, Stream::next);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
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
    _permit: OwnedSemaphorePermit,
}

type Piece = Result<Bytes, std::convert::Infallible>;

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
            match tokio::time::timeout(heartbeat, self.head.changed()).await {
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
