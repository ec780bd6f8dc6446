use std::{collections::BTreeSet, string::String, vec, vec::Vec};

use super::*;
use crate::ids::JobId;

/// Every field of a command under the name that a wallet shows, groups flattened.
fn leaves(fields: &[FieldInfo]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for field in fields {
        match field.kind {
            FieldKind::Group(fields) => names.extend(leaves(fields)),
            FieldKind::Choice(words) => {
                names.push(field.shown);
                names.extend(Word::numbers(words).map(|number| number.shown));
            }
            FieldKind::Address
            | FieldKind::Amount
            | FieldKind::Count { .. }
            | FieldKind::Digest
            | FieldKind::Digests
            | FieldKind::Changes
            | FieldKind::Bytes => names.push(field.shown),
        }
    }
    names
}

fn abouts(fields: &[FieldInfo]) -> Vec<&'static str> {
    let mut abouts = Vec::new();
    for field in fields {
        abouts.push(field.about);
        match field.kind {
            FieldKind::Group(fields) => abouts.extend(self::abouts(fields)),
            FieldKind::Choice(words) => abouts.extend(words.iter().map(|word| word.about)),
            _ => {}
        }
    }
    abouts
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[test]
fn every_command_says_what_it_asks_and_what_it_costs() {
    for command in COMMANDS {
        assert_eq!(snake(command.message), command.name, "a verb is named as its command");
        assert!(command.weight > 0, "{} costs nothing", command.name);
        for about in abouts(command.fields).into_iter().chain([command.about]) {
            assert!(about.len() > 5 && about.ends_with('.'), "{}: {about:?}", command.name);
            assert!(!about.contains("  ") && !about.contains("]("), "{}: {about:?}", command.name);
        }
    }
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    assert_eq!(names, Command::NAMES);
}

/// A wallet shows a flat struct, whose last fields are those of the transaction.
#[test]
fn no_field_hides_another_where_a_wallet_shows_them() {
    for command in COMMANDS {
        let mut seen = BTreeSet::from(["nonce", "valid_until", "on_behalf_of"]);
        for name in leaves(command.fields) {
            assert!(seen.insert(name), "{} shows {name} twice", command.name);
            let reserved = ["address", "bool", "bytes", "string", "uint", "int", "mapping"];
            assert!(!reserved.contains(&name), "{}: {name} is a word of Solidity", command.name);
        }
    }
}

#[test]
fn visitors_see_the_fields_that_are_described() {
    let opening = Opening {
        root: Digest::ZERO,
        output: Digest::ZERO,
        gas: crate::Gas::new(7),
        steps: 3,
        salt: Digest::ZERO,
    };
    let (job, item) = (JobId::new(5), DataItem::Input(9));
    let commands = [
        Command::from(ServeData { job, item, bytes: vec![1, 2] }),
        Command::from(RevealResult { job, opening, output_proof: Vec::new() }),
    ];
    for command in commands {
        let mut seen = Vec::new();
        command.visit_fields(&mut |name, _| seen.push(name));
        assert_eq!(seen, leaves(command.info().fields));
    }
}

#[test]
fn a_transaction_weighs_what_its_command_and_its_bytes_weigh() {
    let weight = |command: Command| {
        Transaction { nonce: 0, valid_until: Height::ZERO, command, on_behalf_of: None }.weight()
    };
    let serve = |count| {
        weight(Command::from(ServeData {
            job: JobId::new(0),
            item: DataItem::Output,
            bytes: vec![0; count],
        }))
    };
    assert_eq!([serve(0), serve(1), serve(1_024), serve(1_025)], [4, 5, 5, 6]);
    let node = Node { level: 0, index: 0 };
    let open = |count| {
        let children = vec![Digest::ZERO; count];
        weight(Command::from(OpenNode { job: JobId::new(0), node, children }))
    };
    assert_eq!([open(0), open(16), open(33)], [2, 3, 4]);
    assert_eq!(weight(Command::from(Challenge { job: JobId::new(0) })), 1);
}
