//! The wire: what is written is read again, and nothing else is.

use earnest_api::{
    DecodeRejected, EventId, EventRecord, Order, Page, PageQuery, PageRejected, SignedTransaction,
    SimulateRequest, SseMessage, SseParser, SseRejected, recover, sign, wallet_request,
};
use earnest_keys::Signer;
use earnest_protocol::{Digest, Event, Height, JobId};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

mod common;
use common::transactions::{command, transaction};

proptest! {
    #[test]
    fn signed_transactions_survive_both_forms(
        transaction in transaction(),
        network in any::<[u8; 32]>(),
        seed in any::<u64>(),
    ) {
        let (network, signer) = (Digest(network), Signer::dev_key(seed, "anyone"));
        let signed = sign(&signer, &network, transaction);
        let hash = signed.hash(&network, &signer.address());
        prop_assert_eq!(recover(&network, &signed), Ok((signer.address(), hash)));
        let text = serde_json::to_string(&signed).unwrap();
        prop_assert_eq!(&serde_json::from_str::<SignedTransaction>(&text).unwrap(), &signed);
        prop_assert_eq!(&SignedTransaction::decode(&signed.encode()).unwrap(), &signed);
        let request = wallet_request(&network, &signed.transaction);
        let signing_hash = earnest_api::signing_hash(&network, &signed.transaction);
        prop_assert_eq!(common::eip712_hash(&request), signing_hash.0);
    }

    #[test]
    fn commands_survive_requests(command in command()) {
        let signer = Signer::dev_key(0, "a").address();
        let request = SimulateRequest { signer, on_behalf_of: None, command };
        let text = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(serde_json::from_str::<SimulateRequest>(&text).unwrap(), request);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        let network = Digest::ZERO;
        if let Ok(signed) = SignedTransaction::decode(&bytes) {
            let _ = recover(&network, &signed);
        }
        let _ = serde_json::from_slice::<SignedTransaction>(&bytes);
        let _ = SseParser::new().push(&bytes);
    }

    #[test]
    fn bent_transactions_never_panic(
        transaction in transaction(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let signed = sign(&Signer::dev_key(0, "a"), &Digest::ZERO, transaction);
        let mut bytes = signed.encode();
        prop_assert!(SignedTransaction::decode(&bytes[..cut.index(bytes.len())]).is_err());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(bent) = SignedTransaction::decode(&bytes) {
            // Whatever it says now, the old signer did not say it, unless it says the same.
            let said = recover(&Digest::ZERO, &bent).map(|(address, _)| address);
            let same = bent.transaction == signed.transaction;
            prop_assert!(same || said != Ok(Signer::dev_key(0, "a").address()));
        }
        bytes[at] ^= flip;
        bytes.push(0);
        let refused = Err(DecodeRejected::TrailingBytes { count: 1 });
        prop_assert_eq!(SignedTransaction::decode(&bytes), refused);
    }

    #[test]
    fn streams_read_the_same_wherever_they_are_cut(cuts in vec(0..400usize, 0..12)) {
        let (text, expected) = stream();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut parser = SseParser::new();
        let mut messages = Vec::new();
        for pair in cuts.windows(2) {
            messages.extend(parser.push(&text.as_bytes()[pair[0]..pair[1]]).unwrap());
        }
        prop_assert_eq!(messages, expected);
    }

    #[test]
    fn pages_show_every_row_once(
        count in 0..300u64,
        left in 0..300u64,
        limit in 1..70u32,
        modulus in 1..5u64,
        newest_first in any::<bool>(),
    ) {
        let order = Some(if newest_first { Order::Desc } else { Order::Asc });
        let mut query = PageQuery { limit: Some(limit), order, cursor: None };
        let mut seen = Vec::new();
        loop {
            let row = |row| (row % modulus == 0).then_some(row);
            let page = Page::within(left.min(count)..count, &query, row).unwrap();
            prop_assert!(page.items.len() <= limit as usize);
            seen.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        let rows = left.min(count)..count;
        let mut expected: Vec<u64> = rows.filter(|row| row % modulus == 0).collect();
        if newest_first {
            expected.reverse();
        }
        prop_assert_eq!(seen, expected);
    }
}

fn stream() -> (String, Vec<SseMessage>) {
    let message = |id: &str, event: Option<&str>, data: &str| SseMessage {
        id: Some(id.to_owned()),
        event: event.map(str::to_owned),
        data: data.to_owned(),
    };
    let text = ": heartbeat\n\nid: 1-0\nevent: job_posted\ndata: {\"a\": 1}\n\n\
                id:1-1\r\ndata:two\r\ndata: lines\r\n\r\n\
                retry: 5\rdata: ü\r\rid: 2-0\n\nevent: lost\n\ndata\n\n: half\ndata: cut";
    let messages = vec![
        message("1-0", Some("job_posted"), "{\"a\": 1}"),
        message("1-1", None, "two\nlines"),
        message("1-1", None, "ü"),
        message("2-0", None, ""),
    ];
    (text.to_owned(), messages)
}

#[test]
fn streams_are_bounded() {
    let mut parser = SseParser::new();
    let chunk = vec![b'a'; 64 * 1024];
    let refused = (0..17).find_map(|_| parser.push(&chunk).err());
    assert!(matches!(refused, Some(SseRejected::MessageTooLarge { .. })));
    let mut parser = SseParser::new();
    let line = [b"data: ".as_slice(), &chunk, b"\n"].concat();
    let refused = (0..17).find_map(|_| parser.push(&line).err());
    assert!(matches!(refused, Some(SseRejected::MessageTooLarge { .. })));
    assert_eq!(SseParser::new().push(b"data: \xff\n"), Err(SseRejected::NotUtf8));
}

#[test]
fn cursors_and_limits_are_checked() {
    let page = |cursor: Option<&str>, limit| {
        let cursor = cursor.map(str::to_owned);
        Page::of(10, &PageQuery { cursor, limit, order: None }, Some)
    };
    assert_eq!(page(None, Some(0)), Err(PageRejected::LimitOutOfRange { got: 0, max: 500 }));
    assert_eq!(page(None, Some(501)), Err(PageRejected::LimitOutOfRange { got: 501, max: 500 }));
    for cursor in ["", "r", "5", "r+5", "r-1", "rffffffffffffffffff"] {
        assert_eq!(page(Some(cursor), None), Err(PageRejected::UnknownCursor), "{cursor}");
    }
    assert_eq!(page(Some("rffffffffffffffff"), None).unwrap().items.len(), 10);
}

#[test]
fn unknown_fields_and_arrays_for_bytes_are_refused() {
    let digest = Digest::ZERO.to_string();
    let signature = format!("0x{}", "11".repeat(65));
    let address = format!("0x{}", "00".repeat(20));
    let with = |command: Value| {
        let transaction = json!({"nonce": 0, "valid_until": 9, "command": command});
        let signed = json!({"transaction": transaction, "signature": signature});
        serde_json::from_value::<SignedTransaction>(signed).map_err(|error| error.to_string())
    };
    let node = json!({"level": 1, "index": 2});
    let step = json!({"job": 1, "node": node, "evidence": "0x0102"});
    assert!(with(json!({"prove_step": step})).is_ok());
    for (command, why) in [
        (json!({"prove_step": {"job": 1, "node": node, "evidence": [1, 2]}}), "hexadecimal"),
        (json!({"prove_step": {"job": 1, "node": node, "evidence": "0102"}}), "hexadecimal"),
        (json!({"prove_step": {"job": 1, "node": node, "evidence": "0x010"}}), "hexadecimal"),
        (json!({"prove_step": {"job": 1, "node": node}}), "evidence"),
        (json!({"commit_bid": {"job": 1, "seal": digest, "price": "3"}}), "price"),
        (json!({"transfer": {"to": address, "asset": "stake", "amount": "01"}}), "decimal"),
        (json!({"transfer": {"to": address, "asset": "gold", "amount": "1"}}), "gold"),
        (json!({"transfer": {"to": "0x00", "asset": "stake", "amount": "1"}}), "20 bytes"),
        (json!({"steal": {}}), "steal"),
        (json!({"challenge": {"job": 1}, "unjail": {"role": "provider"}}), ""),
        (json!("challenge"), ""),
    ] {
        let refused = with(command.clone()).unwrap_err();
        assert!(refused.contains(why), "{command}: {refused}");
    }
    let extra = json!({
        "transaction": {"nonce": 0, "valid_until": 9, "command": {"challenge": {"job": 1}}, "x": 1},
        "signature": signature,
    });
    assert!(serde_json::from_value::<SignedTransaction>(extra).is_err());
}

#[test]
fn places_of_events_are_text_and_order() {
    let id = |text: &str| text.parse::<EventId>();
    assert_eq!(id("120-3").unwrap(), EventId { height: Height::new(120), index: 3 });
    assert_eq!(id("120-3").unwrap().to_string(), "120-3");
    assert!(EventId::START < id("1-0").unwrap() && id("1-9").unwrap() < id("1-10").unwrap());
    for text in ["", "-", "1", "1-", "-1", "1-2-3", "+1-2", "1- 2", "1-4294967296", "a-b"] {
        assert!(id(text).is_err(), "{text}");
    }
    let event = Event::SeedOpened { job: JobId::new(4) };
    let record = EventRecord { height: Height::new(2), index: 1, event };
    assert_eq!(record.kind(), "seed_opened");
    let value = serde_json::to_value(&record).unwrap();
    let expected = json!({"height": 2, "index": 1, "event": {"kind": "seed_opened", "job": 4}});
    assert_eq!(value, expected);
    assert_eq!(serde_json::from_value::<EventRecord>(value).unwrap(), record);
}
