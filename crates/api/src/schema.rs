//! Schemas: what each command looks like in JSON, as JSON Schema of 2020-12.
//!
//! Law: a schema says what is written, to the letter; it comes from the table of commands, so
//! that it cannot fall behind. What is read is a little wider: an amount may also be a plain
//! integer.
//! Not here: views and replies.

use earnest_protocol::{
    Amount,
    command::{COMMANDS, CommandInfo, FieldInfo, FieldKind, Word},
};
use serde_json::{Map, Value, json};

/// The schema of every command's body, by the command's name.
pub fn commands() -> Value {
    let body = |command: &CommandInfo| {
        (command.name.to_owned(), described(object(command.fields), command.about))
    };
    Value::Object(COMMANDS.iter().map(body).collect())
}

/// The schema of a command: an object of one member, whose name is the command's and whose value
/// is its body. `bodies` is where the schemas of [`commands`] stand in the document around it,
/// such as `#/components/schemas`.
pub fn command(bodies: &str) -> Value {
    let one = |command: &CommandInfo| {
        let body = json!({"$ref": format!("{bodies}/{}", command.name)});
        variant("Command", command.name, body)
    };
    json!({"oneOf": COMMANDS.iter().map(one).collect::<Vec<Value>>()})
}

fn object(fields: &[FieldInfo]) -> Value {
    let property =
        |field: &FieldInfo| (field.name.to_owned(), described(kind(field.kind), field.about));
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// An object that has one member.
fn member(name: &str, value: Value) -> Value {
    json!({
        "type": "object",
        "properties": {name: value},
        "required": [name],
        "additionalProperties": false,
    })
}

/// The same as a variant of the enum `of`, under a title: generators of clients name types so.
pub(crate) fn variant(of: &str, name: &str, value: Value) -> Value {
    let mut schema = member(name, value);
    schema["title"] = json!(title(of, name));
    schema
}

/// The name of a variant's own type: the enum's and its own, such as `CommandPostJob`.
pub(crate) fn title(of: &str, name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    };
    of.to_owned() + &name.split('_').map(capital).collect::<String>()
}

fn kind(kind: FieldKind) -> Value {
    match kind {
        FieldKind::Address => text("^0x[0-9a-fA-F]{40}$"),
        FieldKind::Amount => {
            let digits = Amount::MAX.to_string().len();
            json!({"type": "string", "pattern": "^(0|[1-9][0-9]*)$", "maxLength": digits})
        }
        FieldKind::Count { max, .. } => json!({"type": "integer", "minimum": 0, "maximum": max}),
        FieldKind::Digest => text("^0x[0-9a-fA-F]{64}$"),
        FieldKind::Digests => json!({"type": "array", "items": text("^0x[0-9a-fA-F]{64}$")}),
        FieldKind::Changes => {
            let value = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
            json!({"type": "array", "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "value": value},
                "required": ["path", "value"],
                "additionalProperties": false,
            }})
        }
        FieldKind::Bytes => text("^0x([0-9a-fA-F]{2})*$"),
        FieldKind::Choice(words) => choice(words),
        FieldKind::Group(fields) => object(fields),
    }
}

fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A word, or an object of the word and its number. Plain words are one `enum`: generators of
/// clients know no other list of words.
fn choice(words: &[Word]) -> Value {
    let (plain, numbered): (Vec<&Word>, Vec<&Word>) =
        words.iter().partition(|word| word.number.is_empty());
    let names: Vec<&str> = plain.iter().map(|word| word.name).collect();
    let about = plain.iter().map(|word| format!("`{}`: {}", word.name, word.about));
    let about = about.collect::<Vec<String>>().join(" ");
    let plain = described(json!({"type": "string", "enum": names}), &about);
    let one = |word: &Word| {
        let [number, ..] = word.number else { return json!({}) };
        described(member(word.name, kind(number.kind)), word.about)
    };
    let mut all: Vec<Value> = numbered.into_iter().map(one).collect();
    if all.is_empty() {
        return plain;
    }
    all.insert(0, plain);
    json!({"oneOf": all})
}

/// `about` first, and then what the schema already says of itself.
fn described(mut schema: Value, about: &str) -> Value {
    let more = schema["description"].as_str().map_or(String::new(), |more| format!(" {more}"));
    schema["description"] = json!(about.to_owned() + &more);
    schema
}
