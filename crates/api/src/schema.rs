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
        member(command.name, body)
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
        FieldKind::Bytes => text("^0x([0-9a-fA-F]{2})*$"),
        FieldKind::Choice(words) => choice(words),
        FieldKind::Group(fields) => object(fields),
    }
}

fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A word, or an object of the word and its number.
fn choice(words: &[Word]) -> Value {
    let one = |word: &Word| match word.number {
        [] => described(json!({"const": word.name}), word.about),
        [number, ..] => described(member(word.name, kind(number.kind)), word.about),
    };
    json!({"oneOf": words.iter().map(one).collect::<Vec<Value>>()})
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}
