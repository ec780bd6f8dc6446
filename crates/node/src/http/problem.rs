//! Problems as replies: status, media type, and when to try again.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use earnest_api::{DecodeRejected, PROBLEM_CONTENT_TYPE, PageRejected, Problem};
use earnest_keys::SignatureRejected;
use earnest_protocol::Rejected;

use crate::{blobs::BlobError, mempool::MempoolRejected, shared::Poisoned};

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct HttpProblem(Box<Problem>);

impl From<HttpProblem> for Box<Problem> {
    fn from(HttpProblem(problem): HttpProblem) -> Box<Problem> {
        problem
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let HttpProblem(problem) = self;
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).expect("problems have string keys only");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
        if matches!(problem.status, 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

macro_rules! problems {
    ($($from:ty),*) => {
        $(
            impl From<$from> for HttpProblem {
                fn from(from: $from) -> HttpProblem {
                    HttpProblem(Box::new(from.into()))
                }
            }
        )*
    };
}

problems!(
    Problem,
    BlobError,
    DecodeRejected,
    MempoolRejected,
    PageRejected,
    Poisoned,
    Rejected,
    SignatureRejected
);

impl From<MempoolRejected> for Problem {
    fn from(rejected: MempoolRejected) -> Problem {
        let wait = "Wait for the seconds that Retry-After names, then try again.";
        match rejected {
            MempoolRejected::NonceTaken { .. } => {
                let hint = "Wait for that transaction, or sign with the account's next nonce.";
                Problem::new(409, "mempool/nonce-taken", rejected.to_string(), hint)
            }
            MempoolRejected::AccountFull { .. } => {
                Problem::new(429, "mempool/account-full", rejected.to_string(), wait)
            }
            MempoolRejected::AccountBytesFull { .. } => {
                Problem::new(429, "mempool/account-bytes-full", rejected.to_string(), wait)
            }
            MempoolRejected::Unpayable { .. } => {
                let hint = "Wait until some of them are in a block, or let the account be paid.";
                Problem::new(429, "mempool/unpayable", rejected.to_string(), hint)
            }
            MempoolRejected::Full { .. } => {
                Problem::new(503, "mempool/full", rejected.to_string(), wait)
            }
            MempoolRejected::BytesFull { .. } => {
                Problem::new(503, "mempool/bytes-full", rejected.to_string(), wait)
            }
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Problem {
        let detail = error.to_string();
        match error {
            BlobError::Io(_) => Problem::internal(detail),
            BlobError::TooLarge { got, max } => {
                let wide = |count| u64::try_from(count).unwrap_or(u64::MAX);
                Problem::too_large(wide(got), wide(max))
            }
            BlobError::Full { .. } => {
                let hint = "Ask the operator for room, or use another node.";
                Problem::new(507, "blob/store-full", detail, hint)
            }
            BlobError::DiskFull { .. } => {
                let hint = "Ask the operator to make room on the node's disk, or use another node.";
                Problem::new(507, "blob/disk-full", detail, hint)
            }
            BlobError::Damaged { .. } => {
                // Where the file is concerns the operator, not the client.
                let detail = "The bytes stored under this name were cut or changed";
                let hint = "Store the blob again; the operator should check the disk.";
                Problem::new(500, "blob/damaged", detail, hint)
            }
            BlobError::TooManyChunks { .. } => {
                let hint = "Make the chunks larger, up to 256 KiB each.";
                Problem::new(422, "input/too-many-chunks", detail, hint)
            }
            BlobError::NotAList => {
                let hint =
                    "Give the full chunks of 256 KiB, and the trees and the tail of the rest.";
                Problem::new(422, "output/not-a-list", detail, hint)
            }
            BlobError::NotKept { .. } => {
                let hint = "Send `keep_data` for this name first; chunks are kept under their \
                            input's root, whose list comes before them, and an output under \
                            its job's seed seal, where its requester pays.";
                Problem::new(402, "blob/not-kept", detail, hint)
            }
            BlobError::KeepTooSmall { .. } => {
                let hint = "Send `keep_data` for the larger size; each file counts in whole blocks \
                            of 4 KiB.";
                Problem::new(402, "blob/keep-too-small", detail, hint)
            }
        }
    }
}
