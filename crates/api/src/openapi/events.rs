//! Events: what each kind consists of, as one schema a kind.
//!
//! Law: kinds and members are those of the rules' own enum; a kind's schema is named after it, and
//! `Event` is one of them, told apart by `kind`.
//! Not here: their order and places (`crate::event`), how they are streamed (`earnest-node`).

use earnest_protocol::event::EventBody;
use serde_json::{Map, Value, json};

use super::{SCHEMAS, shapes};
use crate::schema;

/// Puts `Event` and the schema of each kind, such as `EventJobPosted`, among the components.
pub(super) fn describe(components: &mut Map<String, Value>) {
    let (_, probe) = shapes::probe::<EventBody>();
    let mut variants = Vec::new();
    let mut mapping = Map::new();
    for (kind, mut body) in probe.variants(components) {
        let name = schema::title("Event", kind);
        body["properties"]["kind"] = json!({"type": "string", "const": kind});
        if let Some(required) = body["required"].as_array_mut() {
            required.insert(0, json!("kind"));
        }
        components.insert(name.clone(), body);
        let reference = format!("{SCHEMAS}/{name}");
        variants.push(json!({"$ref": reference}));
        mapping.insert(kind.to_owned(), json!(reference));
    }
    let event = json!({
        "description": "What happened; `kind` says what else there is.",
        "oneOf": variants,
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    });
    components.insert("Event".to_owned(), event);
}
