//! Operations: what each route takes and answers, in one table.
//!
//! Law: every route of [`routes`] stands here once for each method it takes; a node's test holds
//! the table against its router.
//! Not here: shapes of bodies (`shapes`), HTTP itself (`earnest-node`).

use earnest_protocol::RawParams;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    leaves::{number, place},
    shapes::probe,
};
use crate::{
    AccountView, BallotView, BlobReceipt, BlockView, CreditsView, DelegationView, FlowsView,
    GrantsView, HeadView, HealthView, HistoryView, InputChunks, InputReceipt, JobSummary, JobView,
    KeepView, ListedView, NetworkView, OperatorView, OutputChunks, OutputReceipt, Page, PricesView,
    ProgramRoomView, ProgramView, ProposalView, QuoteRequest, QuoteView, Receipt, RoomView,
    Simulation, SlashView, StorageView, TransactionView, TreasuryView, routes,
};

/// A schema, whose parts go to the components.
pub(super) type Schema = fn(&mut Map<String, Value>) -> Value;

/// What a request carries or a reply brings.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    Json(Schema),
    /// A transaction: as JSON or encoded.
    Transaction,
    Octets,
    Text,
    Html,
    Stream,
}

/// A query parameter: its name, its schema and what it is for.
pub(super) type Query = (&'static str, fn() -> Value, &'static str);

/// One method of one route.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) about: &'static str,
    pub(super) query: &'static [Query],
    pub(super) body: Body,
    pub(super) status: u16,
    pub(super) reply: Body,
}

fn shape<T: DeserializeOwned>(components: &mut Map<String, Value>) -> Value {
    probe::<T>().1.schema(components)
}

/// The same of a body that is sent to the node, which refuses members that it does not know.
fn request<T: DeserializeOwned>(components: &mut Map<String, Value>) -> Value {
    let schema = shape::<T>(components);
    let name = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    if let Some(body) = name.and_then(|name| components.get_mut(name)) {
        body["additionalProperties"] = json!(false);
    }
    schema
}

fn simulate_request(components: &mut Map<String, Value>) -> Value {
    let signer = shape::<earnest_protocol::Address>(components);
    let command = json!({"$ref": "#/components/schemas/Command"});
    let properties = json!({"signer": signer, "on_behalf_of": signer, "command": command});
    json!({"type": "object", "properties": properties,
           "required": ["signer", "command"], "additionalProperties": false})
}

fn any(_: &mut Map<String, Value>) -> Value {
    json!({"type": "object", "additionalProperties": true})
}

fn limit() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
}

fn order() -> Value {
    json!({"type": "string", "enum": ["asc", "desc"], "default": "desc"})
}

fn cursor() -> Value {
    json!({"type": "string", "pattern": "^r[0-9a-fA-F]{1,16}$"})
}

fn role() -> Value {
    json!({"type": "string", "enum": ["provider", "validator", "replica", "access"]})
}

fn phase() -> Value {
    json!({"type": "string", "enum": [
        "open", "bidding", "revealing_bids", "offered", "executing", "committed", "auditing",
        "auditing_open", "revealing", "challengeable", "closed"
    ]})
}

fn wait() -> Value {
    json!({"type": "string", "enum": ["included"]})
}

fn kinds() -> Value {
    json!({"type": "string", "examples": ["job_posted,job_closed"]})
}

const CURSOR: Query = ("cursor", cursor, "`next_cursor` of the piece before.");
const LIMIT: Query = ("limit", limit, "Most items.");
const ORDER: Query = ("order", order, "Latest first (`desc`) or oldest first (`asc`).");
const PAGE: &[Query] = &[CURSOR, LIMIT, ORDER];
const PAGE_AT: &[Query] = &[CURSOR, LIMIT, ORDER, AT];

const fn get(path: &'static str, reply: Schema, about: &'static str) -> Operation {
    asked(path, &[], reply, about)
}

const fn asked(
    path: &'static str,
    query: &'static [Query],
    reply: Schema,
    about: &'static str,
) -> Operation {
    let reply = Body::Json(reply);
    Operation { method: "get", path, about, query, body: Body::None, status: 200, reply }
}

const fn raw(path: &'static str, reply: Body, about: &'static str) -> Operation {
    Operation { method: "get", path, about, query: &[], body: Body::None, status: 200, reply }
}

const fn sent(
    (method, path): (&'static str, &'static str),
    body: Body,
    (status, reply): (u16, Schema),
    about: &'static str,
) -> Operation {
    Operation { method, path, about, query: &[], body, status, reply: Body::Json(reply) }
}

const AT: Query = ("at", number, "As it stood after the block at this height, if that is kept.");

/// All of them, in the order in which a person meets them.
pub(super) const OPERATIONS: &[Operation] = &[
    get(routes::HEAD, shape::<HeadView>, "Where the chain is; cheap to ask often."),
    asked(routes::NETWORK, &[AT], shape::<NetworkView>, "Everything about the network as a whole."),
    asked(routes::PARAMS, &[AT], shape::<RawParams>, "The parameters in force."),
    get(routes::STORAGE, shape::<StorageView>, "What the node has on its disk."),
    asked(routes::ACCOUNTS, PAGE_AT, shape::<Page<AccountView>>, "All accounts."),
    asked(routes::ACCOUNT, &[AT], shape::<AccountView>, "One account."),
    asked(
        routes::ACCOUNT_HISTORY,
        &[
            ("cursor", place, "`next_cursor` of the piece before."),
            LIMIT,
            ("kinds", kinds, "Only these kinds, with commas between them."),
        ],
        shape::<HistoryView>,
        "What one account went through, newest first.",
    ),
    asked(
        routes::OPERATORS,
        &[CURSOR, LIMIT, ORDER, AT, ("role", role, "Only those of this role.")],
        shape::<Page<OperatorView>>,
        "All operators: one row for each role of each account.",
    ),
    asked(routes::OPERATOR, &[AT], shape::<OperatorView>, "One operator."),
    asked(
        routes::DELEGATIONS,
        &[
            CURSOR,
            LIMIT,
            ORDER,
            AT,
            ("delegator", number, "Only those of the account of this number."),
            ("operator", number, "Only those to the operator of this number."),
        ],
        shape::<Page<DelegationView>>,
        "All delegations: one row for each account and each operator that it delegated to.",
    ),
    asked(
        routes::JOBS,
        &[
            CURSOR,
            LIMIT,
            ORDER,
            AT,
            ("phase", phase, "Only those in this phase; `open` is all but closed."),
            ("requester", number, "Only those of the account of this number."),
            ("provider", number, "Only those that the account of this number does."),
        ],
        shape::<Page<JobSummary>>,
        "All jobs.",
    ),
    asked(routes::JOB, &[AT], shape::<JobView>, "One job."),
    asked(routes::SLASHES, PAGE_AT, shape::<Page<SlashView>>, "All slashes."),
    asked(routes::PROPOSALS, PAGE_AT, shape::<Page<ProposalView>>, "All proposals."),
    asked(routes::PROPOSAL, &[AT], shape::<ProposalView>, "One proposal."),
    asked(
        routes::TREASURY,
        &[AT],
        shape::<TreasuryView>,
        "What the treasury has, and every spend of it that is proposed or runs.",
    ),
    asked(
        routes::PRICES,
        &[AT],
        shape::<PricesView>,
        "What stake is worth in what pays, and who said so.",
    ),
    asked(
        routes::CREDITS,
        &[AT],
        shape::<CreditsView>,
        "What credits are minted and redeemed at, what backs them, and how far.",
    ),
    asked(
        routes::GRANTS,
        &[AT],
        shape::<GrantsView>,
        "What the genesis granted and listed, and what of it was claimed.",
    ),
    asked(
        routes::LISTED,
        &[AT],
        shape::<ListedView>,
        "Whether a place of the genesis' list was paid.",
    ),
    asked(
        routes::FLOWS,
        &[("epoch", number, "Which; the present one, as far as it has come, if none is named.")],
        shape::<FlowsView>,
        "Where money came from and went in an epoch, by the reasons of its movements.",
    ),
    asked(
        routes::BALLOTS,
        &[
            CURSOR,
            LIMIT,
            ORDER,
            AT,
            ("proposal", number, "Only those about the proposal of this number."),
        ],
        shape::<Page<BallotView>>,
        "What was said to proposals: one row for each account and each proposal.",
    ),
    asked(
        routes::PROGRAMS,
        PAGE_AT,
        shape::<Page<ProgramView>>,
        "All programs that somebody published or has begun to.",
    ),
    asked(routes::PROGRAM, &[AT], shape::<ProgramView>, "One published program."),
    raw(routes::PROGRAM_CODE, Body::Octets, "The bytes of one published program."),
    asked(
        routes::PROGRAM_ROOM,
        &[AT],
        shape::<ProgramRoomView>,
        "What room there is for published programs, and what deposit they need.",
    ),
    asked(routes::BLOCKS, PAGE, shape::<Page<BlockView>>, "All blocks."),
    get(routes::BLOCK, shape::<BlockView>, "One block."),
    Operation {
        query: &[
            ("after", place, "Only what happened after this place, `height-index`."),
            ("kinds", kinds, "Only these kinds, with commas between them."),
        ],
        ..raw(routes::EVENTS, Body::Stream, "Everything that happens, as it happens.")
    },
    Operation {
        query: &[("wait", wait, "Answer when the transaction is in a block.")],
        ..sent(
            ("post", routes::TRANSACTIONS),
            Body::Transaction,
            (202, shape::<Receipt>),
            "Submits a transaction; again gives the same receipt.",
        )
    },
    get(routes::TRANSACTION, shape::<Receipt>, "What became of a transaction."),
    get(
        routes::TRANSACTION_CONTENT,
        shape::<TransactionView>,
        "What a transaction in a block asked, what it cost and what happened because of it.",
    ),
    sent(
        ("post", routes::SIMULATE),
        Body::Json(simulate_request),
        (200, shape::<Simulation>),
        "Tries a command without doing it.",
    ),
    sent(
        ("post", routes::QUOTE),
        Body::Json(request::<QuoteRequest>),
        (200, shape::<QuoteView>),
        "What posting a job would take.",
    ),
    sent(("put", routes::BLOBS), Body::Octets, (201, shape::<BlobReceipt>), "Stores a blob."),
    raw(routes::BLOB, Body::Octets, "One blob."),
    sent(
        ("put", routes::INPUTS),
        Body::Json(request::<InputChunks>),
        (201, shape::<InputReceipt>),
        "Stores which chunks an input has.",
    ),
    get(routes::INPUT, request::<InputChunks>, "The chunks of one input."),
    sent(
        ("put", routes::OUTPUTS),
        Body::Json(request::<OutputChunks>),
        (201, shape::<OutputReceipt>),
        "Stores which chunks an output has.",
    ),
    get(routes::OUTPUT, request::<OutputChunks>, "The chunks of one output."),
    get(routes::KEEPS, shape::<RoomView>, "What room there is for kept bytes, and its price."),
    asked(
        routes::KEEP,
        &[("bytes", number, "Until when are so many bytes kept?")],
        shape::<KeepView>,
        "What is kept under one name.",
    ),
    raw(routes::METRICS, Body::Text, "What an operator watches, as Prometheus reads it."),
    get(routes::HEALTH, shape::<HealthView>, "How the node is; 503 if it makes no blocks in time."),
    raw(routes::HEALTHZ, Body::Text, "Is the process alive?"),
    raw(routes::READYZ, Body::Text, "Is the node ready to serve? 503 if not."),
    get(routes::OPENAPI, any, "This description."),
    raw(routes::INDEX, Body::Html, "This description for people."),
];
