//! Bytes that are named by their hash: clients keep them for ever, and may ask for a part.
//!
//! Law: of what is no single range of bytes, or one of other bytes (`If-Range`), all is sent.

use std::ops::Range;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use earnest_api::Problem;
use earnest_protocol::Digest;

use super::problem::HttpProblem;

/// What a client wants of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<usize>),
    /// A part that they do not have.
    Beyond,
}

/// The bytes, or the part of them that the client asked for.
pub(super) fn bytes(bytes: &[u8], name: &Digest, asked: &HeaderMap) -> Response {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let tag = format!("\"{name}\"");
    let is_of_others = text(header::IF_RANGE).is_some_and(|other| other != tag);
    let range = text(header::RANGE).filter(|_| !is_of_others);
    let wanted = range.map_or(Wanted::All, |range| wanted(range, bytes.len()));
    let all = bytes.len();
    let (mut response, place) = match wanted {
        Wanted::All => (bytes.to_vec().into_response(), None),
        Wanted::Part(part) => {
            let place = format!("bytes {}-{}/{all}", part.start, part.end.saturating_sub(1));
            let piece = bytes.get(part).unwrap_or_default().to_vec();
            ((StatusCode::PARTIAL_CONTENT, piece).into_response(), Some(place))
        }
        Wanted::Beyond => {
            let detail = format!("There are {all} bytes, and none of them in that range");
            let hint = "Ask for a range that begins within them, or for all.";
            let problem = Problem::new(416, "blob/range-beyond", detail, hint);
            (HttpProblem::from(problem).into_response(), Some(format!("bytes */{all}")))
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(place) = place.and_then(|place| HeaderValue::from_str(&place).ok()) {
        headers.insert(header::CONTENT_RANGE, place);
    }
    if response.status().is_success() {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, forever);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
    }
    response
}

/// What `bytes=5-9`, `bytes=5-` or `bytes=-4` means of so many bytes.
fn wanted(range: &str, all: usize) -> Wanted {
    let ends = range.trim().strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
    let Some((first, last)) = ends else { return Wanted::All };
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than any number is more than there are.
        is_plain.then(|| text.parse().unwrap_or(usize::MAX))
    };
    let part = match (number(first.trim()), number(last.trim())) {
        (Some(first), None) if last.trim().is_empty() => first..all,
        (Some(first), Some(last)) if first <= last => first..all.min(last.saturating_add(1)),
        (None, Some(count)) if first.trim().is_empty() => all.saturating_sub(count)..all,
        _ => return Wanted::All,
    };
    if part.start < part.end { Wanted::Part(part) } else { Wanted::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        for (range, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=9-99999999999999999999999", Wanted::Part(9..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=99999999999999999999999-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=3-2", Wanted::All),
            ("bytes=0-1,4-5", Wanted::All),
            ("bytes=a-5", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(wanted(range, 10), expected, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Beyond);
    }
}
