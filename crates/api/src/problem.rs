//! Problems: how a node says no over HTTP (RFC 9457).
//!
//! Law: every reply that is not a success carries one; `code` is stable and the same as in
//! receipts and the command line.

use core::fmt;

use earnest_keys::SignatureRejected;
use earnest_protocol::{Address, Epoch, Height, JobId, Rejected};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{DecodeRejected, Refusal};

/// The media type of a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{} [{code}]. {hint}", detail.trim_end_matches('.'))]
pub struct Problem {
    /// `urn:earnest:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words; the same for every problem of this type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The path that was asked for, if the node says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Stable name, such as `bond/exceeds-free`.
    pub code: String,
    /// What to do next.
    pub hint: String,
    /// Numbers of the detail.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

impl Problem {
    /// Any problem.
    pub fn new(status: u16, code: &str, detail: impl Into<String>, hint: &str) -> Problem {
        Problem {
            kind: format!("urn:earnest:problem:{code}"),
            title: code.replace(['/', '-'], " "),
            status,
            detail: detail.into(),
            instance: None,
            code: code.to_owned(),
            hint: hint.to_owned(),
            fields: Map::new(),
        }
    }

    /// The same, about `path`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Problem {
        self.instance = Some(path.into());
        self
    }

    /// 404: `what` does not exist here.
    pub fn not_found(what: impl fmt::Display) -> Problem {
        let hint = "Check the identifier and the network; a young node may still be catching up.";
        Problem::new(404, "request/not-found", format!("There is no {what}"), hint)
    }

    /// 404: nobody has paid anything to this address.
    pub fn no_account(address: &Address) -> Problem {
        let hint =
            "An address has no account until it is paid something; check it and the network.";
        Problem { hint: hint.to_owned(), ..Problem::not_found(format_args!("account {address}")) }
    }

    /// 410 or 404: a job that is not in the state, of `posted` ever posted: it closed some time
    /// ago, or there never was one.
    pub fn no_job(id: JobId, posted: u64) -> Problem {
        if id.raw() < posted {
            let detail = format!("Job {id} closed, and its rows have left the state");
            let hint = "Its history is in the block log; an archive keeps what the log no longer \
                        has.";
            return Problem::new(410, "job/retired", detail, hint);
        }
        let detail = format!("There is no job {id}; {posted} were posted so far");
        let hint = "Check the job's number and the network; a young node may still be catching up.";
        Problem::new(404, "job/not-found", detail, hint)
    }

    /// 410 or 404: the state after a block is not kept any more, or there is no such block yet.
    pub fn state_not_kept(asked: Height, first: Height, last: Height) -> Problem {
        let detail =
            format!("This node keeps the states after blocks {first} to {last}, not {asked}");
        if asked < first {
            let hint = "Ask for a later block; what happened before is in events and histories.";
            return Problem::new(410, "state/not-kept", detail, hint);
        }
        Problem::new(404, "state/not-yet", detail, "Wait until the chain is there.")
    }

    /// 410 or 404: an epoch's flows are not kept any more, or it has no block yet.
    pub fn flows_not_kept(asked: Epoch, first: Epoch, last: Epoch) -> Problem {
        let detail = format!(
            "This node knows where money came from and went in epochs {first} to {last}, not in \
             {asked}"
        );
        if asked < first {
            let hint = "Ask a node that has run for longer; a start reads the log from its latest \
                        snapshot.";
            return Problem::new(410, "flows/not-kept", detail, hint);
        }
        Problem::new(404, "flows/not-yet", detail, "Wait until the chain is there.")
    }

    /// 400: the request cannot be read.
    pub fn malformed(why: impl fmt::Display) -> Problem {
        let hint = "Compare the request with /openapi.json; unknown fields are refused.";
        Problem::new(400, "request/malformed", why.to_string(), hint)
    }

    /// 413: more bytes than are read.
    pub fn too_large(got: u64, max: u64) -> Problem {
        let detail = format!("{got} bytes are more than the {max} that this node reads");
        let hint = "Send large programs and inputs as blobs and name them by digest.";
        let mut problem = Problem::new(413, "request/too-large", detail, hint);
        problem.fields.insert("got".to_owned(), got.into());
        problem.fields.insert("max".to_owned(), max.into());
        problem
    }

    /// 410: events before `first` are no longer kept.
    pub fn pruned(first: crate::EventId) -> Problem {
        let detail = format!("Events before {first} are no longer kept here");
        let hint = "Read the present state from the resources and resume from there.";
        let mut problem = Problem::new(410, "events/pruned", detail, hint);
        problem.fields.insert("first".to_owned(), first.to_string().into());
        problem
    }

    /// 429: this client, or this account, asks too often.
    pub fn too_many(why: impl fmt::Display) -> Problem {
        let hint = "Wait for the seconds that Retry-After names, then try again.";
        Problem::new(429, "request/too-many", why.to_string(), hint)
    }

    /// 503: the node cannot answer now.
    pub fn unavailable(why: impl fmt::Display) -> Problem {
        let hint = "Try again in a moment; /readyz says when the node is ready.";
        Problem::new(503, "node/unavailable", why.to_string(), hint)
    }

    /// 503: the node's disk is full.
    pub fn disk_full() -> Problem {
        let detail = "This node's disk has no room for another block; it takes no transactions \
                      until it has";
        let hint = "Try again later; the operator has to make room on the disk of the node's data.";
        Problem::new(503, "node/disk-full", detail, hint)
    }

    /// 503: the node makes no blocks, though it should.
    pub fn late(health: &crate::HealthView) -> Problem {
        let since = health.since_block_ms / 1_000;
        let detail = format!(
            "No block for {since} s after block {}; one is due every {} ms",
            health.height, health.block_time_ms
        );
        let hint = "Its operator finds in the node's log what it waits for; a full machine makes \
                    it slow, too.";
        Problem::new(503, "node/late", detail, hint)
    }

    /// 500: the node broke its own law.
    pub fn internal(why: impl fmt::Display) -> Problem {
        let hint = "This is a defect of the node: report it with the node's log.";
        Problem::new(500, "node/internal", why.to_string(), hint)
    }
}

/// The status of a refusal: 409 if the nonce is wrong, else 422.
fn status_of(refusal: &Refusal) -> u16 {
    match refusal.code.as_str() {
        "transaction/nonce-used" | "transaction/nonce-too-high" => 409,
        _ => 422,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let status = status_of(&refusal);
        let Refusal { code, detail, hint, fields } = refusal;
        Problem { fields, ..Problem::new(status, &code, detail, &hint) }
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Problem {
        Refusal::from(rejected).into()
    }
}

impl From<SignatureRejected> for Problem {
    fn from(rejected: SignatureRejected) -> Problem {
        Problem { status: 400, ..Refusal::from(rejected).into() }
    }
}

impl From<DecodeRejected> for Problem {
    fn from(rejected: DecodeRejected) -> Problem {
        match rejected {
            DecodeRejected::TooLarge { got, max } => {
                let wide = |count| u64::try_from(count).unwrap_or(u64::MAX);
                Problem::too_large(wide(got), wide(max))
            }
            DecodeRejected::Malformed | DecodeRejected::TrailingBytes { .. } => {
                Problem::malformed(rejected)
            }
        }
    }
}
