//! Which names a request may call this node by.
//!
//! A page in a browser can have its own name resolved to this machine and then ask a node that only
//! local programs were meant to reach; its requests still carry that name (DNS rebinding).
//!
//! Law: an address is always right, since it was resolved by nobody; of names only `localhost` and
//! those that the operator allowed.
//! Not here: who may connect (a firewall's affair).

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use earnest_api::Problem;

use super::problem::HttpProblem;

/// What is refused.
pub(super) fn check(headers: &HeaderMap, allowed: &[String]) -> Result<(), HttpProblem> {
    let mut named = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else {
        let hint = "Send one Host header with the node's address.";
        return Err(Problem::new(400, "request/host-missing", "There is not one Host", hint).into());
    };
    let host = host.to_str().unwrap_or_default();
    let name = name_of(host);
    let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    let is_named = |known: &str| name.eq_ignore_ascii_case(known);
    if is_address || is_named("localhost") || allowed.iter().any(|known| is_named(known)) {
        return Ok(());
    }
    let detail = format!("This node does not answer to the name `{name}`");
    let hint = "Use its address or `localhost`, or start the node with --allow-host and that name.";
    Err(Problem::new(421, "request/host-not-allowed", detail, hint).into())
}

/// A host without its port and its final dot.
fn name_of(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn is_allowed(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        check(&headers, &["node.example".to_owned()]).is_ok()
    }

    #[test]
    fn addresses_and_allowed_names_pass_and_others_do_not() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:7300",
            "10.0.0.7:80",
            "[::1]:7300",
            "[::1]",
            "localhost",
            "LocalHost:7300",
            "localhost.:7300",
            "node.example",
            "Node.Example:443",
        ] {
            assert!(is_allowed(host), "{host}");
        }
        for host in [
            "",
            "rebound.example",
            "localhost.rebound.example:7300",
            "127.0.0.1.rebound.example",
            "node.example.evil",
            "notnode.example",
            "localhost:x",
            "user@localhost",
        ] {
            assert!(!is_allowed(host), "{host}");
        }
        assert!(check(&HeaderMap::new(), &[]).is_err());
    }
}
