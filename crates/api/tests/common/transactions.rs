//! Random transactions of every kind, made from the table of commands.

use earnest_protocol::{
    Address, Amount, Command, Height, Transaction,
    command::{COMMANDS, CommandInfo, FieldInfo, FieldKind, Word},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

fn hexed(count: impl Into<proptest::collection::SizeRange>) -> BoxedStrategy<Value> {
    let text = |bytes: Vec<u8>| bytes.iter().fold("0x".to_owned(), |t, b| format!("{t}{b:02x}"));
    vec(any::<u8>(), count).prop_map(text).prop_map(Value::from).boxed()
}

/// Numbers up to `max`, which is not rare.
fn count(max: u64) -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..=max, 1 => Just(0), 1 => Just(max)]
}

fn value(kind: FieldKind) -> BoxedStrategy<Value> {
    match kind {
        FieldKind::Address => hexed(20),
        FieldKind::Amount => {
            count(Amount::MAX.units()).prop_map(|units| json!(units.to_string())).boxed()
        }
        FieldKind::Count { max, .. } => count(max).prop_map(Value::from).boxed(),
        FieldKind::Digest => hexed(32),
        FieldKind::Digests => vec(hexed(32), 0..17).prop_map(Value::Array).boxed(),
        FieldKind::Changes => {
            let change = ("[a-z_.]{0,40}", count(u64::MAX));
            let change = change.prop_map(|(path, value)| json!({"path": path, "value": value}));
            vec(change, 0..17).prop_map(Value::Array).boxed()
        }
        FieldKind::Bytes => hexed(0..200),
        FieldKind::Choice(words) => select(words).prop_flat_map(word).boxed(),
        FieldKind::Group(fields) => body(fields),
    }
}

fn word(word: Word) -> BoxedStrategy<Value> {
    match word.number {
        [] => Just(json!(word.name)).boxed(),
        [number, ..] => {
            value(number.kind).prop_map(move |number| json!({word.name: number})).boxed()
        }
    }
}

fn body(fields: &'static [FieldInfo]) -> BoxedStrategy<Value> {
    let values: Vec<_> = fields.iter().map(|field| value(field.kind)).collect();
    let named = |values: Vec<Value>| {
        let names = fields.iter().map(|field| field.name.to_owned());
        Value::Object(names.zip(values).collect::<Map<_, _>>())
    };
    values.prop_map(named).boxed()
}

/// Any command, as JSON has it.
pub(crate) fn command_json() -> impl Strategy<Value = (CommandInfo, Value)> {
    let one = |command: CommandInfo| body(command.fields).prop_map(move |body| (command, body));
    select(COMMANDS).prop_flat_map(one)
}

/// Any command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    command_json().prop_map(|(command, body)| {
        serde_json::from_value(json!({command.name: body})).expect("as its fields are described")
    })
}

/// Any transaction.
pub(crate) fn transaction() -> impl Strategy<Value = Transaction> {
    let account = proptest::option::of(any::<[u8; 20]>().prop_map(Address));
    (any::<u64>(), any::<u64>(), command(), account).prop_map(
        |(nonce, valid_until, command, on_behalf_of)| {
            let valid_until = Height::new(valid_until);
            Transaction { nonce, valid_until, command, on_behalf_of }
        },
    )
}
