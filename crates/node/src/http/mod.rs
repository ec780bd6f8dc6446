//! The edge: HTTP/1.1 in front of what the replica publishes.
//!
//! Routes are those of [`earnest_api::routes`]. Every reply that is not a success is a problem
//! (RFC 9457), also for routes, methods and bodies that do not exist. Every reply carries
//! `X-Earnest-Height` and `X-Earnest-Finalized`.
//!
//! Laws: connections, heads, bodies, streams and work in progress are bounded, in all, for each
//! peer (`peers`) and by kind of work (`queues`); more is answered with 429 or 503 and
//! `Retry-After`, never queued without end; a request has a deadline, its head and body included,
//! and a client that takes nothing of a reply is given up (`stall`); places that are held without
//! being used go to who comes next (`doors`); names that nobody allowed are refused (`host`).
//! Known shortcomings: no TLS; bodies are held while they come, so connections bound their memory.
//! Not here: what a request means to the rules (`earnest-protocol`).

mod at;
mod blobs;
mod cors;
mod credits;
mod description;
mod doors;
mod events;
mod flows;
mod grants;
mod host;
mod metrics;
mod named;
mod past;
mod peers;
mod prices;
mod problem;
mod programs;
mod query;
mod queues;
mod read;
mod stall;
mod submit;
mod votes;

use std::{
    io,
    net::{IpAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Extension, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use earnest_api::{PROBLEM_CONTENT_TYPE, Problem, Receipt, SignedTransaction, routes};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::watch,
};

use crate::{config::Limits, shared::Shared};
pub(crate) use cors::{Origins, origins};
use doors::{Doors, Full, Pass};
use metrics::Requests;
use peers::{Guest, Peers};
use problem::HttpProblem;
use queues::Queues;
use stall::Stall;

/// Bytes of a request's head, and headers in it.
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 64;
/// Names the block whose state a reply shows.
const SHOWN_HEIGHT: HeaderName = HeaderName::from_static("x-earnest-height");
/// How long open connections get to end when the node stops.
const GRACE: Duration = Duration::from_secs(2);

/// What handlers share.
#[derive(Debug)]
pub(crate) struct App {
    shared: Arc<Shared>,
    hosts: Vec<String>,
    queues: Queues,
    streams: Arc<Doors>,
    network: std::sync::Mutex<Option<earnest_api::NetworkView>>,
    requests: Requests,
}

/// The server; stops when told, not when dropped.
#[derive(Debug)]
pub(crate) struct HttpServer {
    runtime: Runtime,
    stop: watch::Sender<bool>,
}

impl HttpServer {
    /// Ends streams, lets requests in progress finish for a moment, and closes everything.
    pub(crate) fn stop(self) {
        self.stop.send_replace(true);
        self.runtime.shutdown_timeout(GRACE);
    }
}

/// Starts serving on `listener`, under its addresses and the names `hosts`, to pages of `origins`.
pub(crate) fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    (hosts, origins): (Vec<String>, Origins),
) -> io::Result<HttpServer> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(queues::THREADS)
        .thread_name("http")
        .enable_io()
        .enable_time()
        .build()?;
    let limits = shared.limits;
    let app = Arc::new(App {
        shared,
        hosts,
        queues: Queues::new(&limits),
        streams: Doors::new(limits.streams_max, Duration::ZERO, Duration::ZERO),
        network: std::sync::Mutex::new(None),
        requests: Requests::default(),
    });
    let (stop, stopped) = watch::channel(false);
    let doors = Doors::new(limits.connections_max, limits.turn, limits.patience);
    let entrance = Entrance { limits, doors, peers: Peers::new(limits.peers) };
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let router = cors::open_to(origins, router(app));
    runtime.spawn(accept(listener, router, entrance, stopped));
    Ok(HttpServer { runtime, stop })
}

/// Verifies a transaction and lets it wait, as a request does.
pub(crate) fn admit(shared: &Shared, signed: SignedTransaction) -> Result<Receipt, Box<Problem>> {
    submit::admit(shared, signed).map(|(_, receipt)| receipt).map_err(Box::from)
}

fn router(app: Arc<App>) -> Router {
    let at = || middleware::from_fn_with_state(Arc::clone(&app), at::shown);
    without_parameters()
        .route_layer(middleware::from_fn(query::none))
        .merge(with_parameters())
        .merge(rows().route_layer(middleware::from_fn(query::none)).route_layer(at()))
        .merge(lists_of_rows().route_layer(at()))
        // Probes may add what they like: a node is not ill because of it.
        .route(routes::METRICS, get(metrics::metrics))
        .route(routes::HEALTH, get(read::health))
        .route(routes::HEALTHZ, get(read::healthz))
        .route(routes::READYZ, get(read::readyz))
        .route(routes::OPENAPI, get(description::document))
        .route(routes::INDEX, get(description::page))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), frame))
        .with_state(app)
}

fn without_parameters() -> Router<Arc<App>> {
    Router::new()
        .route(routes::TRANSACTION, get(submit::receipt))
        .route(routes::TRANSACTION_CONTENT, get(past::content))
        .route(routes::SIMULATE, post(submit::simulate))
        .route(routes::QUOTE, post(submit::quote))
        .route(routes::HEAD, get(read::head))
        .route(routes::STORAGE, get(read::storage))
        .route(routes::BLOCK, get(read::block))
        .route(routes::BLOBS, put(blobs::put_blob))
        .route(routes::BLOB, get(blobs::blob))
        .route(routes::PROGRAM_CODE, get(programs::code))
        .route(routes::INPUTS, put(blobs::put_input))
        .route(routes::INPUT, get(blobs::input))
        .route(routes::OUTPUTS, put(blobs::put_output))
        .route(routes::OUTPUT, get(blobs::output))
        .route(routes::KEEPS, get(blobs::keeps))
}

fn with_parameters() -> Router<Arc<App>> {
    Router::new()
        .route(routes::KEEP, get(blobs::keep))
        .route(routes::TRANSACTIONS, post(submit::submit))
        .route(routes::ACCOUNT_HISTORY, get(past::history))
        .route(routes::FLOWS, get(flows::flows))
        .route(routes::BLOCKS, get(read::blocks))
        .route(routes::EVENTS, get(events::events))
}

/// Rows of the state, as they stand or stood (`at`).
fn rows() -> Router<Arc<App>> {
    Router::new()
        .route(routes::NETWORK, get(read::network))
        .route(routes::PARAMS, get(read::params))
        .route(routes::ACCOUNT, get(read::account))
        .route(routes::OPERATOR, get(read::operator))
        .route(routes::JOB, get(read::job))
        .route(routes::PROPOSAL, get(votes::proposal))
        .route(routes::TREASURY, get(votes::treasury))
        .route(routes::PRICES, get(prices::prices))
        .route(routes::CREDITS, get(credits::credits))
        .route(routes::GRANTS, get(grants::grants))
        .route(routes::LISTED, get(grants::listed))
        .route(routes::PROGRAM, get(programs::one))
        .route(routes::PROGRAM_ROOM, get(programs::room))
}

fn lists_of_rows() -> Router<Arc<App>> {
    Router::new()
        .route(routes::ACCOUNTS, get(read::accounts))
        .route(routes::OPERATORS, get(read::operators))
        .route(routes::DELEGATIONS, get(read::delegations))
        .route(routes::JOBS, get(read::jobs))
        .route(routes::SLASHES, get(read::slashes))
        .route(routes::PROPOSALS, get(votes::proposals))
        .route(routes::PROGRAMS, get(programs::list))
        .route(routes::BALLOTS, get(votes::ballots))
}

/// Around every request: a deadline, problems for every failure, and where the chain is.
async fn frame(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Arc<Pass>>,
    mut request: Request,
    next: Next,
) -> Response {
    let timeout = app.shared.limits.request_timeout;
    // Until its body is here, the client owes something.
    if request.body().is_end_stream() {
        connection.work();
    }
    let path = request.uri().path().to_owned();
    // A HEAD is answered as the GET would be; the connection leaves the body out.
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
        request.headers_mut().remove(header::RANGE);
    }
    let reads = request.method() == Method::GET;
    let seen = request.headers().get(header::IF_NONE_MATCH).cloned();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let answer = async {
        match host::check(request.headers(), &app.hosts) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    let response = match tokio::time::timeout(timeout, answer).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("The request was not complete after {} s", timeout.as_secs());
            let hint = "Send the body without pauses, or ask for less at once.";
            HttpProblem::from(Problem::new(408, "request/timed-out", detail, hint)).into_response()
        }
    };
    let response = tagged(as_problem(response, &path), reads).await;
    let mut response = unchanged(response, seen.as_ref());
    app.requests.count(route, response.status().as_u16());
    let height = HeaderValue::from(app.shared.head().height.count());
    let headers = response.headers_mut();
    // One operator: what is in a block is final.
    headers.insert(HeaderName::from_static("x-earnest-finalized"), height.clone());
    // What shows the past has said so.
    headers.entry(SHOWN_HEIGHT).or_insert(height);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Names the bytes of a JSON reply to who only `reads`, by their hash: a tag of the height alone
/// would be the same before and after a transaction that waits.
async fn tagged(response: Response, reads: bool) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind == "application/json");
    let is_known = response.headers().contains_key(header::ETAG);
    if !reads || !is_json || is_known || response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // A JSON body is one piece that is here already.
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        let lost = Problem::internal("The reply was lost on its way");
        return HttpProblem::from(lost).into_response();
    };
    let hash = blake3::hash(&bytes).to_hex();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{hash}\"")) {
        head.headers.insert(header::ETAG, tag);
    }
    Response::from_parts(head, Body::from(bytes))
}

/// A client that has these very bytes is told so instead of sent them.
fn unchanged(response: Response, seen: Option<&HeaderValue>) -> Response {
    let tag = response.headers().get(header::ETAG);
    let both = seen.and_then(|seen| seen.to_str().ok()).zip(tag.and_then(|tag| tag.to_str().ok()));
    let is_same = |(seen, tag): (&str, &str)| {
        let mut tags = seen.split(',').map(|one| one.trim().trim_start_matches("W/"));
        seen.trim() == "*" || tags.any(|one| one == tag)
    };
    if !response.status().is_success() || !both.is_some_and(is_same) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_RANGE);
    head.headers.remove(header::CONTENT_TYPE);
    Response::from_parts(head, Body::empty())
}

/// Replaces a failure that is not a problem by one.
fn as_problem(response: Response, path: &str) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_problem = kind.is_some_and(|kind| kind == PROBLEM_CONTENT_TYPE);
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let hint = "Compare the request with /openapi.json.";
    let problem = match status {
        StatusCode::NOT_FOUND => {
            let detail = format!("This node has no {path}");
            Problem::new(404, "request/no-such-route", detail, hint)
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            let detail = format!("{path} does not take this method; see the header Allow");
            Problem::new(405, "request/method-not-allowed", detail, hint)
        }
        status => {
            let detail = status.canonical_reason().unwrap_or("The request failed");
            Problem::new(status.as_u16(), "request/malformed", detail, hint)
        }
    };
    let mut replaced = HttpProblem::from(problem.at(path)).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        replaced.headers_mut().insert(header::ALLOW, allow.clone());
    }
    replaced
}

/// Who gets in.
#[derive(Debug)]
struct Entrance {
    limits: Limits,
    doors: Arc<Doors>,
    peers: Arc<Peers>,
}

impl Entrance {
    /// A place, and what the peer may do with it; waits while everybody inside has its turn.
    async fn enter(&self, address: IpAddr) -> Result<(Arc<Pass>, Arc<Guest>), Box<Problem>> {
        // A peer that has too many takes no place from others.
        let one_too_many = || Problem::too_many("This address has as many connections as it may");
        let guest = self.peers.enter(address).ok_or_else(one_too_many)?;
        loop {
            match self.doors.enter() {
                Ok(pass) => return Ok((Arc::new(pass), Arc::new(guest))),
                Err(Full::Turns(left)) => self.doors.moved(left).await,
                Err(Full::Working) => {
                    let problem = "This node has as many connections as it takes";
                    return Err(Problem::unavailable(problem).into());
                }
            }
        }
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    router: Router,
    entrance: Entrance,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, from)) = accepted else {
            // Out of descriptors, most likely: let some connection end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Whoever comes meanwhile waits in the system's queue.
        let entered = tokio::select! {
            entered = entrance.enter(from.ip()) => entered,
            _ = stopped.changed() => return,
        };
        match entered {
            Ok(place) => {
                let (router, stopped) = (router.clone(), stopped.clone());
                tokio::spawn(connection(stream, router, place, entrance.limits, stopped));
            }
            Err(problem) => {
                tokio::spawn(turn_away(stream, *problem));
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    (pass, guest): (Arc<Pass>, Arc<Guest>),
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    // Small replies should not wait for more to send; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(router);
    let place = (Arc::clone(&pass), guest);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&place.0));
        request.extensions_mut().insert(Arc::clone(&place.1));
        routes.call(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(Stall::new(stream, limits.stall_timeout)), service);
    tokio::pin!(serving);
    pass.listen();
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = &mut serving => return,
        () = pass.left() => return,
        _ = stopped.changed() => serving.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(GRACE, serving).await;
}

/// Answers one connection too many without reading from it.
async fn turn_away(stream: TcpStream, problem: Problem) {
    let body = serde_json::to_string(&problem).expect("problems have string keys only");
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {PROBLEM_CONTENT_TYPE}\r\n\
         Retry-After: 1\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    if stream.writable().await.is_ok() {
        // A few hundred bytes fit the socket's buffer; if not, closing says enough.
        let _ = stream.try_write(reply.as_bytes());
    }
}

/// The whole body, of at most `max` bytes.
async fn body_of(request: Request, max: usize) -> Result<axum::body::Bytes, HttpProblem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let stated = length.and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
    let wide = u64::try_from(max).unwrap_or(u64::MAX);
    if let Some(stated) = stated.filter(|stated| *stated > wide) {
        return Err(Problem::too_large(stated, wide).into());
    }
    let connection = request.extensions().get::<Arc<Pass>>().cloned();
    let body: Body = request.into_body();
    let read = axum::body::to_bytes(body, max).await;
    if let Some(connection) = connection {
        connection.work();
    }
    read.map_err(|_| Problem::too_large(wide.saturating_add(1), wide).into())
}
