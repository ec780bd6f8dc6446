//! Codes: what each one means and what to do, whoever says it.
//!
//! Law: every refusal of the rules, every problem of a node and every failure of this program has a
//! row; a test holds the rows against their lists.
//! Not here: the words of refusals, which come from `earnest-api` with the numbers of an example.

use earnest_api::catalogue;
use serde::Serialize;

/// A code in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    pub code: String,
    pub meaning: String,
    pub remedy: String,
}

/// Every code: the rules' first, then the nodes', then this program's.
pub fn all() -> Vec<Code> {
    let refusals = catalogue::refusals().into_iter().map(|refusal| Code {
        meaning: match refusal.fields.is_empty() {
            true => format!("{}.", refusal.detail),
            false => format!("For example: {}.", refusal.detail),
        },
        code: refusal.code,
        remedy: refusal.hint,
    });
    let own = |&(code, meaning, remedy): &(&str, &str, &str)| Code {
        code: code.to_owned(),
        meaning: meaning.to_owned(),
        remedy: remedy.to_owned(),
    };
    refusals.chain(OF_NODES.iter().map(own)).chain(OF_THIS_PROGRAM.iter().map(own)).collect()
}

type Rows = &'static [(&'static str, &'static str, &'static str)];

/// What a node says no with before any rule is asked.
const OF_NODES: Rows = &[
    (
        "request/malformed",
        "The request cannot be read: a field is missing, unknown or of another type.",
        "Compare the request with /openapi.json.",
    ),
    (
        "request/host-missing",
        "The request does not say which host it is for.",
        "Send a `Host` header, as every HTTP/1.1 client does.",
    ),
    (
        "request/host-not-allowed",
        "The request is for a name that this node does not answer to.",
        "Ask under its address, or start the node with `--allow-host NAME`.",
    ),
    (
        "request/no-such-route",
        "There is no such path in the API.",
        "Look for it in /openapi.json; paths begin with /v1.",
    ),
    (
        "request/not-found",
        "There is nothing of this name or number.",
        "Check the identifier and the network; a young node may still be catching up.",
    ),
    (
        "request/method-not-allowed",
        "The path exists, but not for this method.",
        "Look for the method in /openapi.json.",
    ),
    (
        "request/timed-out",
        "The request did not arrive in time.",
        "Send it again, faster or in smaller pieces.",
    ),
    (
        "request/too-large",
        "The request has more bytes than the node reads.",
        "Send large programs and inputs as blobs and name them by digest.",
    ),
    (
        "request/unsupported-media-type",
        "The body is of a kind that this path does not take.",
        "Send the `Content-Type` that /openapi.json names for it.",
    ),
    (
        "request/too-many",
        "This client asks too often, or too much at once.",
        "Wait for the seconds that Retry-After names, then try again.",
    ),
    (
        "blob/keep-too-small",
        "What is kept under this name is paid for fewer bytes than the blob has.",
        "Pay for as many with `KeepData` before sending it.",
    ),
    (
        "blob/not-kept",
        "Nobody pays for keeping these bytes.",
        "Pay with `KeepData` first; `earnest job submit` does so by itself.",
    ),
    (
        "blob/damaged",
        "The bytes on the node's disk are not those that their name says.",
        "Ask another node, or send them again; the operator should look at the disk.",
    ),
    (
        "blob/disk-full",
        "The disk of the node has no room for more blobs.",
        "Try again later, or another node; the operator has to make room.",
    ),
    (
        "blob/store-full",
        "The node holds as many bytes of blobs as it may.",
        "Try again later: what nobody pays for any more is removed.",
    ),
    (
        "output/not-a-list",
        "The list of an output's chunks names more than it may, or does not add up.",
        "Make it of the output's bytes, as docs/api.md says.",
    ),
    (
        "input/too-many-chunks",
        "The input has more chunks than an input may have.",
        "Cut it into larger chunks.",
    ),
    (
        "job/not-found",
        "No job of this number was posted yet.",
        "Check the number and the network; `earnest job list` shows the latest.",
    ),
    (
        "job/retired",
        "The job closed some time ago, and its rows have left the state.",
        "Its history is in the block log; an archive keeps what the log no longer has.",
    ),
    (
        "job/not-kept",
        "The program or the input of the job is not paid for long enough.",
        "Pay with `KeepData` first; `earnest job submit` does so by itself.",
    ),
    (
        "job/program-missing",
        "The node does not have the job's program.",
        "Store it as a blob before posting the job.",
    ),
    (
        "job/program-not-admitted",
        "The program is no module that can be checked.",
        "`earnest run` says what is wrong with it; docs/guests.md lists what is allowed.",
    ),
    (
        "job/input-missing",
        "The node does not have the list of the input's chunks.",
        "Store it before posting the job.",
    ),
    (
        "job/chunks-missing",
        "The node does not have all chunks of the job's input.",
        "Store each chunk as a blob before posting the job.",
    ),
    (
        "job/chunk-count-mismatch",
        "The job names another number of chunks than its input has.",
        "Name the number that the list of chunks has.",
    ),
    (
        "transaction/not-in-a-block",
        "The node knows no block with this transaction.",
        "Wait for the next blocks, or send it again: the same transaction counts once.",
    ),
    (
        "blocks/pruned",
        "This node no longer keeps blocks from so long ago.",
        "Ask a node that keeps all (`--history archive`).",
    ),
    (
        "state/not-kept",
        "The state after a block so long ago is no longer kept here.",
        "Ask for a later block, or read what happened in events and histories.",
    ),
    ("state/not-yet", "There is no block at this height yet.", "Wait until the chain is there."),
    (
        "flows/not-kept",
        "Where money went in an epoch so long ago is no longer known to this node.",
        "Ask for a later epoch, or a node that was there.",
    ),
    ("flows/not-yet", "That epoch has not begun here.", "Wait until the chain is there."),
    (
        "events/pruned",
        "Events from so long ago are no longer kept here.",
        "Read the present state from the resources and resume from there.",
    ),
    (
        "mempool/nonce-taken",
        "Another transaction with this nonce waits already.",
        "Sign the next nonce, or wait until the first one is in a block.",
    ),
    (
        "mempool/account-full",
        "As many transactions of this account wait as may.",
        "Wait until some are in a block.",
    ),
    (
        "mempool/account-bytes-full",
        "The waiting transactions of this account have as many bytes as they may.",
        "Wait until some are in a block.",
    ),
    (
        "mempool/unpayable",
        "The account cannot pay the fees of all its waiting transactions.",
        "Fund it, or wait until some are in a block.",
    ),
    (
        "blob/range-beyond",
        "The range that was asked for begins after the last byte, or is empty.",
        "Ask for a range that begins within the bytes, or for all of them.",
    ),
    (
        "mempool/full",
        "As many transactions wait at this node as may.",
        "Wait for the seconds that Retry-After names, then try again.",
    ),
    (
        "mempool/bytes-full",
        "The transactions that wait at this node have as many bytes as they may.",
        "Wait for the seconds that Retry-After names, then try again.",
    ),
    (
        "node/disk-full",
        "The node's disk has no room for another block; it takes no transactions.",
        "Try again later; the operator has to make room.",
    ),
    (
        "node/unavailable",
        "The node cannot answer now.",
        "Try again in a moment; /readyz says when it is ready.",
    ),
    (
        "node/late",
        "The node should have made its next block long ago.",
        "Wait; the operator should look at its log, its disk and its machine.",
    ),
    ("node/internal", "The node broke its own law.", "Report it with the node's log."),
];

/// What this program ends with by itself; the exit statuses are in docs/operations.md.
const OF_THIS_PROGRAM: Rows = &[
    ("usage", "The command line is wrong (exit status 2).", "`earnest help COMMAND` lists all."),
    ("config", "A file or a setting cannot be used (exit status 3).", "Do what the error says."),
    (
        "in-use",
        "Another process uses this folder or this key (exit status 3).",
        "Stop that process first, or use another folder and another key.",
    ),
    (
        "disk-full",
        "The disk of a development network has no room for another block (exit status 3).",
        "Make room and start it again: nothing is lost.",
    ),
    (
        "node-needs-tls",
        "The node's address asks for TLS, which this program was built without (exit status 3).",
        "Build with `--features tls`, or put a proxy on this machine: docs/two-machines.md.",
    ),
    (
        "node-not-trusted",
        "No authority known here says that the node is who its address names (exit status 3).",
        "Name the file of the authority that vouches for it in SSL_CERT_FILE.",
    ),
    (
        "node-unreachable",
        "No node answers at the address (exit status 6).",
        "Start a node (`earnest up`), or name one with --node URL.",
    ),
    (
        "node-answer",
        "What answers is no node of this version (exit status 1).",
        "Check the address given with --node.",
    ),
    (
        "node-halted",
        "The node found one of its laws broken and stopped (exit status 1).",
        "Keep the data directory and report it; `earnest doctor` says more.",
    ),
    (
        "timed-out",
        "It did not happen in the time given (exit status 7).",
        "Ask again; `earnest query network` shows progress.",
    ),
    (
        "not-included",
        "The transaction is in no block yet (exit status 7).",
        "Ask again with `earnest explain HASH`.",
    ),
    ("not-found", "There is no such thing (exit status 5).", "Check the name or number."),
    (
        "check-failed",
        "Something that was checked does not hold (exit status 8).",
        "The error says what; `earnest doctor` checks a data directory.",
    ),
    (
        "not-admitted",
        "The program is no module that can be checked (exit status 2).",
        "The error names the place; docs/guests.md lists what is allowed.",
    ),
    (
        "not-shown",
        "A check came to no answer (exit status 9).",
        "Give it more room, such as `earnest audit --nodes`.",
    ),
    (
        "key-not-authorised",
        "The key may not act for the account that `--for` names (exit status 4).",
        "Have the account's own key run `earnest keys authorise`, or check --for.",
    ),
    (
        "job-not-accepted",
        "The job has no accepted result (exit status 8).",
        "`earnest explain JOB` says why; the price went back to the requester.",
    ),
    (
        "program-stopped",
        "The job's program stopped by itself before its last step (exit status 10).",
        "`earnest run` with the same program and input says where and why.",
    ),
    ("interrupted", "A person stopped it (exit status 130).", "Start it again."),
    ("reader-gone", "Whoever read the output closed it (exit status 141).", "Read to the end."),
    (
        "internal",
        "A fault of this program or of the machine (exit status 1).",
        "The logs say more; please report it.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use earnest_api::openapi::PROBLEMS;

    use super::*;

    #[test]
    fn every_problem_of_a_node_has_words() {
        let known: BTreeSet<&str> = PROBLEMS.iter().map(|(_, code)| *code).collect();
        let told: BTreeSet<&str> = OF_NODES.iter().map(|(code, _, _)| *code).collect();
        assert_eq!(known, told);
    }

    #[test]
    fn every_code_is_told_once_and_says_what_to_do() {
        let all = all();
        let codes: BTreeSet<&str> = all.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes.len(), all.len());
        for Code { code, meaning, remedy } in &all {
            assert!(meaning.ends_with('.') && remedy.ends_with('.'), "{code}: {meaning} {remedy}");
        }
    }
}
