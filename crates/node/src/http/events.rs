//! Events as they happen: server-sent events that resume where a client stopped.
//!
//! Laws: a stream gives every event after its beginning exactly once, in order, or ends; a client
//! that reads slowly slows its own stream only, and the one that has taken nothing for longest
//! gives way to one too many, else the oldest; a silent stream says that it lives, and up to where
//! it looked, so that whoever filters resumes there; no turn looks at more events than one batch
//! without letting others run, nor at more than `SCAN` without saying something.
//! Key term: a heartbeat is a comment with an `id`, which a client keeps though no event comes with
//! it.

use std::{fmt::Write, str::FromStr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Extension, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use earnest_api::{EVENT_KINDS, EventId, EventRecord, Problem};
use serde::Deserialize;
use tokio::sync::watch;

use super::{
    App,
    doors::Pass,
    peers::{Guest, Listening},
    problem::HttpProblem,
    query::{Asked, refused},
};
use crate::shared::{Head, Phase};

/// What a stream of events says it is.
pub(super) const CONTENT_TYPE: &str = "text/event-stream";

/// Events looked at under one lock.
const BATCH: usize = 256;
/// Events looked at before a client hears how far its stream is.
const SCAN: usize = 16_384;
/// How long a stream that must leave has to end in form; then its connection is closed.
const FAREWELL: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    after: Option<String>,
    kinds: Option<String>,
}

pub(super) async fn events(
    State(app): State<Arc<App>>,
    Asked(query): Asked<EventsQuery>,
    Extension(connection): Extension<Arc<Pass>>,
    Extension(guest): Extension<Arc<Guest>>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    // A stream that is opened again by a browser has the header, and still its first query.
    let resumed = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let after = match (resumed, &query.after) {
        (Some(text), _) => place(text)?,
        (None, Some(text)) => place(text)?,
        (None, None) => EventId { height: app.shared.head().height, index: u32::MAX },
    };
    let kinds = query.kinds.as_deref().map(kinds_in).transpose()?.unwrap_or_default();
    let head = app.shared.head().height;
    if head < after.height {
        let detail = format!("There is nothing after {after}: the head is block {head}");
        return Err(Problem::malformed(detail).into());
    }
    app.shared.history()?.events_after(after, 1).map_err(Problem::pruned)?;
    let full = || Problem::unavailable("This node takes no event streams");
    let one_too_many = || Problem::too_many("This address has as many event streams as it may");
    let listening = guest.listen().ok_or_else(one_too_many)?;
    let pass = Arc::new(app.streams.enter().map_err(|_| full())?);
    let closing = tokio::spawn(close_if_it_stays(Arc::clone(&pass), Arc::clone(&connection)));
    let head = app.shared.head.subscribe();
    let is_open = false;
    let place = Place { pass, connection, closing, _listening: listening };
    let stream = Stream { app, after, kinds, head, is_open, place };
    let body = futures_util::stream::unfold(stream, Stream::next);
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A place as a client names it.
pub(super) fn place(text: &str) -> Result<EventId, HttpProblem> {
    Ok(EventId::from_str(text).map_err(Problem::malformed)?)
}

/// The kinds that a client wants, separated by commas, each at most once: every event that is
/// looked at is compared with all of them.
pub(super) fn kinds_in(text: &str) -> Result<Vec<&'static str>, HttpProblem> {
    let mut kinds = Vec::new();
    for named in text.split(',') {
        let Some(kind) = EVENT_KINDS.iter().find(|kind| **kind == named).copied() else {
            let all = EVENT_KINDS.join(", ");
            let detail = format!("kinds: no event is a `{named}`; the kinds are {all}");
            return Err(refused(detail).into());
        };
        if kinds.contains(&kind) {
            return Err(refused(format!("kinds: `{kind}` is named twice")).into());
        }
        kinds.push(kind);
    }
    Ok(kinds)
}

/// A client's place in the log of events.
struct Stream {
    app: Arc<App>,
    after: EventId,
    /// Which kinds are wanted; none means all.
    kinds: Vec<&'static str>,
    head: watch::Receiver<Head>,
    is_open: bool,
    place: Place,
}

/// What a stream holds while it lasts.
struct Place {
    pass: Arc<Pass>,
    connection: Arc<Pass>,
    closing: tokio::task::JoinHandle<()>,
    _listening: Listening,
}

type Piece = Result<Bytes, std::convert::Infallible>;

impl Drop for Place {
    fn drop(&mut self) {
        self.closing.abort();
        self.connection.wait();
    }
}

/// A client that takes nothing keeps its stream from hearing anything; its connection hears.
async fn close_if_it_stays(pass: Arc<Pass>, connection: Arc<Pass>) {
    pass.left().await;
    tokio::time::sleep(FAREWELL).await;
    connection.leave();
}

impl Stream {
    /// The next bytes to send; none when the stream ends.
    async fn next(mut self) -> Option<(Piece, Stream)> {
        // Its client took what was there.
        self.place.pass.work();
        let bytes = self.piece().await?;
        self.place.pass.wait();
        Some((Ok(bytes), self))
    }

    async fn piece(&mut self) -> Option<Bytes> {
        if !self.is_open {
            self.is_open = true;
            return Some(Bytes::from_static(b"retry: 1000\n\n"));
        }
        let heartbeat = self.app.shared.limits.heartbeat;
        let mut looked_at = 0usize;
        while !self.place.pass.has_left() {
            let Head { height, phase, .. } = *self.head.borrow_and_update();
            let records = self.app.shared.history().ok()?.events_after(self.after, BATCH).ok()?;
            if let Some(last) = records.last() {
                self.after = last.id();
                let text = self.encode(&records);
                if !text.is_empty() {
                    return Some(Bytes::from(text));
                }
                looked_at = looked_at.saturating_add(records.len());
                if SCAN <= looked_at {
                    return Some(self.heartbeat());
                }
                tokio::task::yield_now().await;
                continue;
            }
            // All of the head's block was looked at.
            self.after = self.after.max(EventId { height, index: u32::MAX });
            if phase == Phase::Stopped {
                return None;
            }
            let changed = tokio::select! {
                changed = tokio::time::timeout(heartbeat, self.head.changed()) => changed,
                () = self.place.pass.left() => return None,
            };
            match changed {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(self.heartbeat()),
            }
        }
        None
    }

    fn heartbeat(&self) -> Bytes {
        Bytes::from(format!(": alive\nid: {}\n\n", self.after))
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
