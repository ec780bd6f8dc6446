//! Links: where a reply leads, as OpenAPI links, which tools follow from call to call.
//!
//! Law: a link leads to a GET whose parameter stands in the reply, or stood in the request.
//! Known shortcoming: of a page only the first item is linked: an expression names one place.

use serde_json::{Map, Value, json};

use crate::routes;

/// From the good replies of a method of a route to a GET, with where the parameter's value stands.
type Link = ((&'static str, &'static str), &'static str, (&'static str, &'static str));

const LINKS: &[Link] = &[
    (("put", routes::BLOBS), routes::BLOB, ("digest", "$response.body#/digest")),
    (("put", routes::INPUTS), routes::INPUT, ("root", "$response.body#/root")),
    (("post", routes::TRANSACTIONS), routes::TRANSACTION, ("hash", "$response.body#/hash")),
    (("post", routes::TRANSACTIONS), routes::TRANSACTION_CONTENT, ("hash", "$response.body#/hash")),
    (("get", routes::TRANSACTION), routes::TRANSACTION_CONTENT, ("hash", "$request.path.hash")),
    (("get", routes::HEAD), routes::BLOCK, ("height", "$response.body#/height")),
    (("get", routes::ACCOUNTS), routes::ACCOUNT, ("address", "$response.body#/items/0/address")),
    (("get", routes::ACCOUNT), routes::ACCOUNT_HISTORY, ("address", "$request.path.address")),
    (("get", routes::OPERATORS), routes::OPERATOR, ("id", "$response.body#/items/0/id")),
    (("get", routes::JOBS), routes::JOB, ("id", "$response.body#/items/0/id")),
    (("get", routes::JOB), routes::ACCOUNT, ("address", "$response.body#/requester/address")),
    (("get", routes::PROPOSALS), routes::PROPOSAL, ("id", "$response.body#/items/0/id")),
    (("get", routes::PROGRAMS), routes::PROGRAM, ("hash", "$response.body#/items/0/program")),
    (("get", routes::PROGRAM), routes::PROGRAM_CODE, ("hash", "$request.path.hash")),
    (("get", routes::BLOCKS), routes::BLOCK, ("height", "$response.body#/items/0/height")),
];

/// Adds every link to the replies of its operation that are no problems.
pub(super) fn add(paths: &mut Map<String, Value>) {
    for ((method, path), target, (parameter, place)) in LINKS {
        let operation = paths[*target]["get"]["operationId"].clone();
        let name = operation.as_str().unwrap_or_default().to_owned();
        let link = json!({"operationId": operation, "parameters": {*parameter: place}});
        let replies =
            paths.get_mut(*path).and_then(|methods| methods[*method]["responses"].as_object_mut());
        for (status, reply) in replies.into_iter().flatten() {
            if status != "default" {
                reply["links"][&name] = link.clone();
            }
        }
    }
}
