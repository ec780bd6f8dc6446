//! Transactions as text: what was asked, what it cost, and what happened because of it.

use earnest_api::{Receipt, TransactionView, TxStatus};
use earnest_protocol::{
    Command,
    command::{FieldValue, ParamChange},
};

use super::{event::Teller, table::list};
use crate::{
    params,
    present::Present,
    text::{tokens, wrap},
};

/// A transaction in a block.
pub fn content(
    view: &TransactionView,
    teller: &mut Teller,
    present: &Present,
    width: usize,
) -> String {
    let names = &present.names;
    let block = format!("{}, at place {}", present.clock.block(view.height), view.index);
    let mut rows = vec![("in".to_owned(), block)];
    rows.push(("account".to_owned(), names.full(&view.account.address)));
    if view.signer != view.account.address {
        rows.push(("signed by".to_owned(), names.full(&view.signer)));
    }
    rows.push(("nonce".to_owned(), view.nonce.to_string()));
    rows.push(("fee".to_owned(), format!("{}, burnt", tokens(view.fee))));
    let about = view.command.info().about.trim();
    rows.push(("asked".to_owned(), format!("{}: {about}", view.command.info().name)));
    rows.extend(fields(&view.command, present));
    match &view.refusal {
        Some(refusal) => {
            rows.push(("REFUSED".to_owned(), format!("{} ({})", refusal.detail, refusal.code)));
            rows.push(("do".to_owned(), refusal.hint.clone()));
        }
        None if view.events.is_empty() => rows.push(("done".to_owned(), "no event".to_owned())),
        None => {}
    }
    let mut text = format!("transaction {}\n{}", view.hash, list(&rows, width));
    if !view.events.is_empty() {
        text.push_str("\n\nbecause of it");
    }
    for record in &view.events {
        let told = teller.tell(record, present);
        let told = wrap(&told, width.saturating_sub(2)).join("\n  ");
        text.push_str(&format!("\n  {told}"));
    }
    text
}

/// What a command asks, field by field.
fn fields(command: &Command, present: &Present) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    command.visit_fields(&mut |name, value| {
        let text = match value {
            FieldValue::Address(address) => present.names.full(address),
            FieldValue::Amount(amount) => tokens(amount),
            FieldValue::Count(count) => count.to_string(),
            FieldValue::Digest(digest) => digest.to_string(),
            FieldValue::Digests(digests) => format!("{} hashes", digests.len()),
            FieldValue::Changes(changes) => {
                let one = |change: &ParamChange| {
                    format!("{} = {}", change.path, params::show_at(&change.path, change.value))
                };
                changes.iter().map(one).collect::<Vec<String>>().join(", ")
            }
            FieldValue::Bytes(bytes) => format!("{} bytes", bytes.len()),
            FieldValue::Word(word) => word.replace('_', " "),
        };
        rows.push((format!("  {}", name.replace('_', " ")), text));
    });
    rows
}

/// A transaction of which only the receipt is known.
pub fn receipt(receipt: &Receipt, width: usize) -> String {
    let stands = match (receipt.status, receipt.height) {
        (TxStatus::Pending, _) => "waits for a block at this node".to_owned(),
        (_, Some(height)) => format!("in block {height}, whose events this node no longer has"),
        (_, None) => "in a block".to_owned(),
    };
    let mut rows = vec![("stands".to_owned(), stands)];
    if let Some(refusal) = &receipt.refusal {
        rows.push(("REFUSED".to_owned(), format!("{} ({})", refusal.detail, refusal.code)));
        rows.push(("do".to_owned(), refusal.hint.clone()));
    }
    format!("transaction {}\n{}", receipt.hash, list(&rows, width))
}
