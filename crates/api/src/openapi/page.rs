//! Page: the description as a person reads it, in one HTML file without scripts.
//!
//! Law: everything on it comes from the document; what comes from there is escaped.
//! Not here: the document itself.

use core::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "\
    body{font:16px/1.5 system-ui,sans-serif;margin:auto;max-width:60rem;padding:1rem;\
    color:#222;background:#fff;overflow-wrap:anywhere}h3{margin:1.5rem 0 0}p{margin:.25rem 0}\
    code{font-size:.9em}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem}";

/// The page for `document`, as made by [`document`](super::document).
pub fn page(document: &Value) -> String {
    let mut out = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
    let (title, about) = (text(&document["info"]["title"]), text(&document["info"]["description"]));
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{about}</p>\
         <p><a href=\"/openapi.json\">/openapi.json</a> · <a href=\"/metrics\">/metrics</a> · \
         <a href=\"/health\">/health</a> · <a href=\"/readyz\">/readyz</a></p><h2>Routes</h2>"
    );
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            route(&mut out, (path, method), operation);
        }
    }
    for (title, list) in
        [("Problems", "x-earnest-problems"), ("Refusals of the rules", "x-earnest-refusals")]
    {
        let _ = write!(out, "<h2>{title}</h2><dl>");
        for one in document[list].as_array().into_iter().flatten() {
            let (code, hint) = (text(&one["code"]), text(&one["hint"]));
            let _ = write!(out, "<dt><code>{code}</code> ({})</dt>", one["status"]);
            let _ = write!(out, "<dd>{} {hint}</dd>", text(&one["title"]));
        }
        out.push_str("</dl>");
    }
    out.push_str("</html>\n");
    out
}

fn route(out: &mut String, (path, method): (&str, &str), operation: &Value) {
    let (method, path) = (method.to_uppercase(), escaped(path));
    let summary = text(&operation["summary"]);
    let _ = write!(out, "<h3><code>{method} {path}</code></h3><p>{summary}</p>");
    let parameters = operation["parameters"].as_array();
    for one in parameters.into_iter().flatten().filter(|one| one["in"] == "query") {
        let (name, about) = (text(&one["name"]), text(&one["description"]));
        let _ = write!(out, "<p><code>{name}=</code> {about}</p>");
    }
}

/// Prose, with what stands between backticks as code.
fn text(value: &Value) -> String {
    let escaped = escaped(value.as_str().unwrap_or_default());
    let mut out = String::new();
    for (place, part) in escaped.split('`').enumerate() {
        let _ = match place % 2 {
            0 => write!(out, "{part}"),
            _ => write!(out, "<code>{part}</code>"),
        };
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
