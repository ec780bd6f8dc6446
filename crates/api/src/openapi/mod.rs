//! Description: the API as an OpenAPI 3.1 document, made from its own types and tables.
//!
//! Bodies are read off the types (`shapes`), commands off their table ([`schema`]), refusals off
//! the rules' enums and their sentences: each refusal is made once and explained as a node does.
//!
//! Law: nothing is written twice. What a route takes and answers stands in `operations`; which
//! problems a node itself knows stands in `problems`; a node's tests hold both against what it
//! does.
//! Known shortcomings: fields of views and events have no sentences here; which problem belongs to
//! which route is not said.

mod events;
mod leaves;
mod links;
mod operations;
mod page;
mod problems;
mod shapes;

use earnest_protocol::{Amount, JobId, Rejected, accounts::TransferRejected};
use serde_json::{Map, Value, json};

use crate::{PROBLEM_CONTENT_TYPE, Problem, Refusal, schema};
use operations::{Body, OPERATIONS, Operation};
pub use page::page;
pub use problems::PROBLEMS;

const SCHEMAS: &str = "#/components/schemas";

/// The document. Always the same of one version; making it takes some milliseconds.
pub fn document() -> Value {
    let mut components = Map::new();
    shapes::probe::<Problem>().1.schema(&mut components);
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let described = describe(operation, &mut components);
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.method] = described;
    }
    links::add(&mut paths);
    events::describe(&mut components);
    let transaction = signed_transaction(&mut components);
    components.insert("SignedTransaction".to_owned(), transaction);
    if let Value::Object(commands) = schema::commands() {
        components.extend(commands);
    }
    components.insert("Command".to_owned(), schema::command(SCHEMAS));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Earnest node",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Amounts are decimal strings of base units, 10^9 to a token; ratios are \
                parts per billion; bytes are `0x` and hexadecimal digits. Every reply that is not \
                a success is a problem (RFC 9457) whose `code` is one of `x-earnest-problems` or \
                `x-earnest-refusals`. HEAD works wherever GET does.",
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        },
        "paths": paths,
        "components": {
            "schemas": components, "headers": headers(), "responses": {"Problem": problem()},
        },
        "x-earnest-problems": problems::described(),
        "x-earnest-refusals": refusals(),
    })
}

/// Every refusal of the rules, once: with an example of its sentence.
fn refusals() -> Vec<Value> {
    let (all, _) = shapes::probe::<Rejected>();
    let mut described: Vec<Value> = Vec::new();
    for rejected in all {
        let refusal = Refusal::from(rejected);
        let status = Problem::from(refusal.clone()).status;
        let fields: Vec<&String> = refusal.fields.keys().collect();
        if described.last().is_some_and(|last| last["code"] == *refusal.code) {
            continue;
        }
        described.push(json!({
            "code": refusal.code,
            "title": Problem::new(status, &refusal.code, "", "").title,
            "status": status,
            "example": refusal.detail,
            "hint": refusal.hint,
            "fields": fields,
        }));
    }
    described
}

fn headers() -> Value {
    let height = json!({"$ref": format!("{SCHEMAS}/Height")});
    json!({
        "X-Earnest-Height": {
            "description": "The block after which it stood so: the last, or that of `at`.",
            "required": true, "schema": height
        },
        "X-Earnest-Finalized": {
            "description": "The last block that stays.", "required": true, "schema": height
        },
        "Content-Range": {"description": "Which bytes of how many, as in `bytes 5-9/10`.",
                          "required": true, "schema": {"type": "string"}},
        "ETag": {"description": "Names these very bytes; for If-None-Match.",
                 "schema": {"type": "string"}},
    })
}

fn signed_transaction(components: &mut Map<String, Value>) -> Value {
    let height = shapes::probe::<earnest_protocol::Height>().1.schema(components);
    let transaction = json!({
        "type": "object",
        "properties": {
            "nonce": leaves::number(),
            "valid_until": height,
            "command": {"$ref": format!("{SCHEMAS}/Command")},
        },
        "required": ["nonce", "valid_until", "command"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "transaction": transaction,
            "signature": {"type": "string", "pattern": "^0x[0-9a-fA-F]{130}$",
                          "description": "r, s and v: 32 + 32 + 1 bytes."},
        },
        "required": ["transaction", "signature"],
        "additionalProperties": false,
    })
}

/// How a node says no: once before the rules are asked, and once by them.
fn problem() -> Value {
    let (wanted, free) = (Amount::tokens(5), Amount::tokens(3));
    let refused = Rejected::from(TransferRejected::ExceedsFree { wanted, free });
    let refused = Problem::from(Refusal::from(refused));
    let missing = Problem::no_job(JobId::new(99_999), 10);
    let schema = json!({"$ref": format!("{SCHEMAS}/Problem")});
    json!({
        "description": "A problem; its status is the reply's.",
        "headers": {
            "X-Earnest-Height": shown("X-Earnest-Height"),
            "X-Earnest-Finalized": shown("X-Earnest-Finalized"),
        },
        "content": {PROBLEM_CONTENT_TYPE: {
            "schema": schema,
            "examples": {"missing": {"value": missing}, "refused": {"value": refused}},
        }},
    })
}

fn shown(header: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{header}")})
}

fn describe(operation: &Operation, components: &mut Map<String, Value>) -> Value {
    let mut headers = json!({
        "X-Earnest-Height": shown("X-Earnest-Height"),
        "X-Earnest-Finalized": shown("X-Earnest-Finalized"),
    });
    if operation.method == "get" && matches!(operation.reply, Body::Json(_) | Body::Octets) {
        headers["ETag"] = shown("ETag");
    }
    let content = content(operation.reply, components);
    let good = json!({"description": operation.about, "headers": headers, "content": content});
    let mut described = json!({
        "operationId": id(operation),
        "tags": [tag(operation.path)],
        "summary": operation.about,
        "parameters": parameters(operation, components),
        "responses": {
            operation.status.to_string(): good,
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    if operation.method == "get" && matches!(operation.reply, Body::Octets) {
        let mut part = good.clone();
        part["description"] = json!("The part that was asked for.");
        part["headers"]["Content-Range"] = shown("Content-Range");
        described["responses"]["206"] = part;
    }
    if operation.path == crate::routes::TRANSACTIONS || operation.status == 201 {
        // What was there already, or is in a block by now.
        described["responses"]["200"] = good;
    }
    if !matches!(operation.body, Body::None) {
        let content = self::content(operation.body, components);
        // Bytes may be none at all.
        let required = !matches!(operation.body, Body::Octets);
        described["requestBody"] = json!({"required": required, "content": content});
    }
    described
}

/// `get_accounts_address`: unique, and a word for generators of clients.
fn id(operation: &Operation) -> String {
    let path = operation.path.trim_start_matches("/v1");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<&str> = core::iter::once(operation.method).chain(words).collect();
    if words.len() == 1 {
        words.push("index");
    }
    words.join("_")
}

/// What a route is about: the first word below `/v1`, and the node itself for all others.
fn tag(path: &str) -> &str {
    let below = path.strip_prefix("/v1/").unwrap_or("node");
    below.split('/').next().unwrap_or(below)
}

fn content(body: Body, components: &mut Map<String, Value>) -> Value {
    let text = json!({"schema": {"type": "string"}});
    // Generators of clients know bytes by this format.
    let octets = json!({"schema": {"type": "string", "format": "binary"}});
    match body {
        Body::None => json!({}),
        Body::Json(schema) => json!({"application/json": {"schema": schema(components)}}),
        Body::Transaction => json!({
            "application/json": {"schema": {"$ref": format!("{SCHEMAS}/SignedTransaction")}},
            "application/octet-stream": octets,
        }),
        Body::Octets => json!({"application/octet-stream": octets}),
        Body::Text => json!({"text/plain": text}),
        Body::Html => json!({"text/html": text}),
        Body::Stream => json!({"text/event-stream": text}),
    }
}

fn parameters(operation: &Operation, components: &mut Map<String, Value>) -> Vec<Value> {
    let names = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let digest = || shapes::probe::<earnest_protocol::Digest>().1;
    let address = || shapes::probe::<earnest_protocol::Address>().1;
    let mut all: Vec<Value> = names
        .map(|name| {
            let schema = match name {
                "id" | "height" => leaves::number(),
                "address" => address().schema(components),
                _ => digest().schema(components),
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    all.extend(operation.query.iter().map(|(name, schema, about)| {
        json!({"name": name, "in": "query", "description": about, "schema": schema()})
    }));
    if operation.method == "get" && matches!(operation.reply, Body::Octets) {
        let about = "One range, such as `bytes=0-99`; of anything else all bytes are sent.";
        let schema = json!({"type": "string"});
        all.push(json!({"name": "Range", "in": "header", "description": about, "schema": schema}));
    }
    all
}
