//! Problems: those that a node says no with before any rule is asked.
//!
//! Law: every code that a node makes by itself stands here once for each status; a node's test
//! looks for others.
//! Not here: refusals of the rules, which come off their own enums.

use serde_json::{Value, json};

use crate::Problem;

/// Status and code of every problem that is not a refusal of the rules.
pub const PROBLEMS: &[(u16, &str)] = &[
    (400, "request/malformed"),
    (400, "request/host-missing"),
    (402, "blob/keep-too-small"),
    (402, "blob/not-kept"),
    (402, "job/not-kept"),
    (404, "flows/not-yet"),
    (404, "job/not-found"),
    (404, "request/no-such-route"),
    (404, "request/not-found"),
    (404, "state/not-yet"),
    (404, "transaction/not-in-a-block"),
    (405, "request/method-not-allowed"),
    (408, "request/timed-out"),
    (409, "mempool/nonce-taken"),
    (410, "blocks/pruned"),
    (410, "events/pruned"),
    (410, "flows/not-kept"),
    (410, "job/retired"),
    (410, "state/not-kept"),
    (413, "request/too-large"),
    (415, "request/unsupported-media-type"),
    (416, "blob/range-beyond"),
    (421, "request/host-not-allowed"),
    (422, "input/too-many-chunks"),
    (422, "output/not-a-list"),
    (422, "job/chunk-count-mismatch"),
    (422, "job/chunks-missing"),
    (422, "job/input-missing"),
    (422, "job/program-missing"),
    (422, "job/program-not-admitted"),
    (429, "mempool/account-bytes-full"),
    (429, "mempool/account-full"),
    (429, "mempool/unpayable"),
    (429, "request/too-many"),
    (500, "blob/damaged"),
    (500, "node/internal"),
    (503, "mempool/bytes-full"),
    (503, "mempool/full"),
    (503, "node/disk-full"),
    (503, "node/late"),
    (503, "node/unavailable"),
    (507, "blob/disk-full"),
    (507, "blob/store-full"),
];

pub(super) fn described() -> Vec<Value> {
    let one = |(status, code): &(u16, &str)| {
        let title = Problem::new(*status, code, "", "").title;
        json!({"code": code, "title": title, "status": status})
    };
    PROBLEMS.iter().map(one).collect()
}
