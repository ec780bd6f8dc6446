//! What accounts and transactions went through, read back from a node.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use earnest_api::{
    Client, ClientError, EVENT_KINDS, EventId, EventRecord, HistoryQuery, HistoryView,
    SignedTransaction,
};
use earnest_compute::guests;
use earnest_node::{Limits, Node, NodeConfig, NodeHandle, Retention};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Factor, Height, Ratio, Role,
    command::{Bond, CancelUndelegation, Delegate, SetCommission, Undelegate},
    genesis::GenesisOperator,
};
use serde_json::Value;

use common::{
    ACCOUNTS, client, create, create_with, job, put_guest, sign, signer, start, still, transfer,
};

/// Two validators, and bidding that is soon over.
fn create_market(dir: &Path) -> Digest {
    create_with(dir, |network| {
        let validator = |index| GenesisOperator {
            address: signer(index).address(),
            role: Role::Validator,
            bond: Amount::tokens(500),
        };
        network.operators = vec![validator(2), validator(3)];
        network.params.market.bid_blocks = Blocks::new(1);
    })
}

/// Submits and makes a block; the transaction must be in it.
fn carry_out(node: &NodeHandle, signed: &SignedTransaction) -> Digest {
    let hash = client(node).submit(signed).unwrap().hash;
    node.make_block().unwrap();
    assert!(client(node).transaction(&hash).unwrap().height.is_some());
    hash
}

/// Money that moves, a bond, kept bytes, and a job that nobody bids for.
fn live(node: &NodeHandle) {
    let network = node.network();
    let send = |from, nonce, to, units| {
        let command = transfer(signer(to).address(), units);
        carry_out(node, &sign(&network, from, nonce, command));
    };
    send(1, 0, 4, 5);
    send(4, 0, 1, 7);
    let amount = Amount::tokens(100);
    carry_out(node, &sign(&network, 4, 1, Command::Bond(Bond { role: Role::Provider, amount })));
    send(1, 1, 1_000, 9);
    let guest = guests::by_name("wordcount").unwrap();
    put_guest(node, &guest);
    let terms = job(&guest.task(earnest_compute::Digest([0; 32])));
    carry_out(node, &sign(&network, 1, 2, Command::PostJob(terms)));
    node.make_block().unwrap();
    node.make_block().unwrap();
    send(2, 0, 1, 3);
}

/// Every event from the first block to `last`, as the stream gives it.
fn streamed(client: &Client, last: Height) -> Vec<EventRecord> {
    // A stream has no end: the number of its events is known from the blocks.
    let blocks = (1..=last.count()).map(|height| client.block(Height::new(height)).unwrap());
    let count: u32 = blocks.map(|block| block.event_count).sum();
    let events = client.events(Some(EventId::START), &[]);
    events.take(usize::try_from(count).unwrap()).map(Result::unwrap).collect()
}

/// The members of an event that name accounts.
const NAMES: [&str; 8] =
    ["account", "source", "target", "requester", "challenger", "accused", "asker", "finder"];

/// The accounts that `event` concerns, from its JSON and who posted the jobs before it alone.
fn concerned(event: &Value, posted: &BTreeMap<u64, u64>) -> BTreeSet<u64> {
    let named = NAMES.iter().filter_map(|name| event.get(name)?.as_u64());
    let drawn = event.get("auditors").and_then(Value::as_array).into_iter().flatten();
    let named = named.chain(drawn.filter_map(Value::as_u64));
    let job = event.get("job").and_then(Value::as_u64);
    named.chain(job.and_then(|job| posted.get(&job).copied())).collect()
}

/// What a reader of the whole stream would keep for `account`, newest first.
fn expected(events: &[EventRecord], account: u64) -> Vec<EventRecord> {
    let mut posted = BTreeMap::new();
    let mut kept = Vec::new();
    for record in events {
        let event = serde_json::to_value(&record.event).unwrap();
        if record.kind() == "job_posted" {
            posted.insert(event["job"].as_u64().unwrap(), event["requester"].as_u64().unwrap());
        }
        if concerned(&event, &posted).contains(&account) {
            kept.push(record.clone());
        }
    }
    kept.reverse();
    kept
}

fn page(client: &Client, account: u64, query: &HistoryQuery) -> HistoryView {
    client.account_history(&signer(account).address(), query).unwrap()
}

/// All pages of `limit`; `between` runs after each.
fn pages(client: &Client, account: u64, limit: u32, between: impl Fn()) -> Vec<EventRecord> {
    let mut query = HistoryQuery { limit: Some(limit), ..HistoryQuery::default() };
    let mut all = Vec::new();
    loop {
        let HistoryView { items, next_cursor, .. } = page(client, account, &query);
        assert!(items.len() <= usize::try_from(limit).unwrap());
        all.extend(items);
        between();
        if next_cursor.is_none() {
            return all;
        }
        query.cursor = next_cursor;
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, String, String) {
    let error = result.unwrap_err();
    let problem = error.problem().unwrap_or_else(|| panic!("{error}"));
    (problem.status, problem.code.clone(), problem.detail.clone())
}

#[test]
fn an_accounts_history_is_what_the_stream_says_of_it() {
    let dir = tempfile::tempdir().unwrap();
    create_market(dir.path());
    let node = start(dir.path());
    live(&node);
    let client_of_first = client(&node);
    let events = streamed(&client_of_first, node.height());
    let kinds: BTreeSet<&str> = events.iter().map(EventRecord::kind).collect();
    for kind in ["transferred", "account_opened", "bonded", "data_kept", "job_closed"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    let check = |client: &Client| {
        for account in 0..ACCOUNTS {
            let id = client.account(&signer(account).address()).unwrap().id.raw();
            let expected = expected(&events, id);
            for limit in [1, 3, 500] {
                assert_eq!(pages(client, account, limit, || ()), expected, "{account}, {limit}");
            }
        }
    };
    check(&client_of_first);
    let untouched = page(&client_of_first, 9, &HistoryQuery::default());
    assert_eq!((untouched.items.len(), untouched.complete_from), (0, Height::new(1)));
    let poster = page(&client_of_first, 1, &HistoryQuery::default());
    assert_eq!(poster.height, node.height());
    assert!(poster.items.iter().any(|record| record.kind() == "job_closed"));
    node.stop().unwrap();

    // A start makes it anew from the log.
    let node = start(dir.path());
    check(&client(&node));
    node.stop().unwrap();
}

#[test]
fn a_cursor_means_the_same_place_while_blocks_are_added() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = start(dir.path());
    let send = |nonce| {
        carry_out(&node, &sign(&network, 1, nonce, transfer(signer(2).address(), 1 + nonce)));
    };
    (0..6).for_each(send);
    let client = client(&node);
    let before = page(&client, 2, &HistoryQuery::default());
    assert_eq!((before.items.len(), before.next_cursor), (6, None));
    let nonce = std::cell::Cell::new(6);
    let paged = pages(&client, 2, 2, || {
        send(nonce.get());
        nonce.set(nonce.get() + 1);
    });
    assert_eq!(paged, before.items);
    let after = page(&client, 2, &HistoryQuery::default()).items;
    assert_eq!(after[after.len() - 6..], before.items);
    node.stop().unwrap();
}

#[test]
fn a_history_shows_the_kinds_that_are_wanted_and_refuses_what_is_no_question() {
    let dir = tempfile::tempdir().unwrap();
    create_market(dir.path());
    let node = start(dir.path());
    live(&node);
    let client = client(&node);
    let all = page(&client, 4, &HistoryQuery::default()).items;
    for kind in EVENT_KINDS {
        let query = HistoryQuery { kinds: vec![(*kind).to_owned()], ..HistoryQuery::default() };
        let wanted: Vec<_> = all.iter().filter(|record| record.kind() == *kind).cloned().collect();
        assert_eq!(page(&client, 4, &query).items, wanted, "{kind}");
    }
    let ask = |query| refused(client.account_history(&signer(4).address(), &query));
    for limit in [0, 501] {
        let (status, _, detail) = ask(HistoryQuery { limit: Some(limit), ..Default::default() });
        assert!(status == 400 && detail.contains("1 to 500"), "{detail}");
    }
    let (status, _, detail) =
        ask(HistoryQuery { kinds: vec!["nosuchkind".to_owned()], ..Default::default() });
    assert!(status == 400 && detail.contains("job_posted"), "{detail}");
    // Ten thousand kinds would be compared with each of four thousand events, while no block is
    // made; a kind is named once.
    let kinds = vec!["job_posted".to_owned(), "paid".to_owned(), "job_posted".to_owned()];
    let (status, _, detail) = ask(HistoryQuery { kinds, ..Default::default() });
    assert!(status == 400 && detail.contains("`job_posted` is named twice"), "{detail}");
    let nobody = client.account_history(&signer(999).address(), &HistoryQuery::default());
    assert_eq!(refused(nobody).0, 404);
    node.stop().unwrap();
}

#[test]
fn a_history_that_grew_too_long_says_from_which_block_on_it_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    // A transfer concerns two accounts: room for exactly three of them.
    let limits = Limits { concerns_max: 6, ..Limits::default() };
    let node = Node::start(NodeConfig { limits, ..still(dir.path()) }).unwrap();
    let client = client(&node);
    let send =
        |nonce| carry_out(&node, &sign(&network, 1, nonce, transfer(signer(2).address(), 1)));
    let first = send(0);
    send(1);
    send(2);
    let full = page(&client, 2, &HistoryQuery::default());
    assert_eq!((full.items.len(), full.complete_from), (3, Height::new(1)));
    send(3);
    let over = page(&client, 2, &HistoryQuery::default());
    assert_eq!((over.items.len(), over.complete_from), (3, Height::new(2)));
    assert_eq!(over.items[1..], full.items[..2]);
    // A cursor to what was dropped is the end, not an error.
    let gone = HistoryQuery { cursor: Some(full.items[1].id()), ..HistoryQuery::default() };
    assert_eq!(page(&client, 2, &gone).items, []);
    let (status, code, detail) = refused(client.transaction_content(&first));
    assert_eq!((status, code.as_str()), (404, "transaction/not-in-a-block"));
    assert!(detail.contains("from 2 on"), "{detail}");
    node.stop().unwrap();
}

#[test]
fn a_transaction_is_read_back_with_what_it_asked_cost_and_did() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = start(dir.path());
    let free = |node: &NodeHandle| client(node).account(&signer(1).address()).unwrap().free;
    let begin = free(&node);
    let paid = sign(&network, 1, 0, transfer(signer(2).address(), 5));
    let too_much = sign(&network, 1, 1, transfer(signer(2).address(), u64::MAX >> 1));
    // Both in one block, behind one of another account.
    let other = sign(&network, 3, 0, transfer(signer(2).address(), 8));
    let hashes =
        [&other, &paid, &too_much].map(|signed| client(&node).submit(signed).unwrap().hash);
    node.make_block().unwrap();
    let spent = begin.checked_sub(free(&node)).unwrap();

    let check = |node: &NodeHandle| {
        let client = client(node);
        let [others, first, second] = hashes.map(|hash| client.transaction_content(&hash).unwrap());
        let block = client.block(Height::new(1)).unwrap();
        for view in [&others, &first, &second] {
            let index = usize::try_from(view.index).unwrap();
            assert_eq!((view.height, block.transactions[index]), (Height::new(1), view.hash));
        }
        for (view, signed, from) in [(&others, &other, 3), (&first, &paid, 1)] {
            let who = (view.signer, view.account.address);
            assert_eq!(who, (signer(from).address(), signer(from).address()));
            assert_eq!(
                (view.nonce, &view.command),
                (signed.transaction.nonce, &signed.transaction.command,)
            );
            assert_eq!((view.refusal.as_ref(), view.events.len()), (None, 1));
        }
        assert_eq!(second.valid_until, too_much.transaction.valid_until);
        assert_eq!((second.nonce, &second.command), (1, &too_much.transaction.command));
        let refusal = second.refusal.unwrap();
        assert_eq!(Some(&refusal), client.transaction(&hashes[2]).unwrap().refusal.as_ref());
        assert!(!refusal.hint.is_empty() && second.events.is_empty());
        // Five units left; the rest is fees.
        let fees = first.fee.checked_add(second.fee).unwrap();
        assert_eq!(fees.checked_add(Amount::new(5).unwrap()), Some(spent));
        let events = streamed(&client, Height::new(1));
        let of_both: Vec<_> = [&others, &first].map(|view| view.events[0].clone()).into();
        assert!(of_both.iter().all(|event| events.contains(event)) && of_both[0] != of_both[1]);
    };
    check(&node);
    node.stop().unwrap();
    let node = start(dir.path());
    check(&node);

    // One that waits is in no block; its receipt says so.
    let waits = sign(&network, 1, 2, transfer(signer(2).address(), 5));
    let hash = client(&node).submit(&waits).unwrap().hash;
    let (status, code, _) = refused(client(&node).transaction_content(&hash));
    assert_eq!((status, code.as_str()), (404, "transaction/not-in-a-block"));
    node.stop().unwrap();
}

#[test]
fn content_is_read_from_whichever_segment_has_it_and_what_was_pruned_is_said_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let limits = Limits { segment_bytes_max: 1, ..Limits::default() };
    let retention = Retention::Pruned;
    let config = NodeConfig { limits, retention, snapshot_blocks: 3, ..still(dir.path()) };
    let node = Node::start(config).unwrap();
    let send = |nonce| {
        carry_out(&node, &sign(&network, 1, nonce, transfer(signer(2).address(), 1 + nonce)))
    };
    let hashes: Vec<Digest> = (0..10).map(send).collect();
    let client = client(&node);
    let first = client.storage().unwrap().blocks_from;
    assert!(Height::new(1) < first && first < Height::new(10), "{first}");
    for (height, hash) in (1..).map(Height::new).zip(&hashes) {
        let content = client.transaction_content(hash);
        if height < first {
            let error = content.unwrap_err();
            let problem = error.problem().unwrap();
            let from = problem.fields["log_from"].as_u64();
            assert_eq!((problem.status, problem.code.as_str()), (410, "blocks/pruned"));
            assert_eq!(from, Some(first.count()));
        } else {
            let nonce = height.count() - 1;
            let content = content.unwrap();
            assert_eq!((content.height, content.nonce), (height, nonce));
            assert_eq!(content.command, transfer(signer(2).address(), 1 + nonce));
        }
    }
    node.stop().unwrap();
}

/// Whoever reads the log, segment after segment, would else keep providers from their inputs.
#[test]
fn who_reads_old_transactions_takes_no_place_from_who_reads_blobs() {
    let run = |limits: Limits| {
        let dir = tempfile::tempdir().unwrap();
        create_market(dir.path());
        let node = Node::start(NodeConfig { limits, ..still(dir.path()) }).unwrap();
        let client = client(&node);
        let hash = carry_out(&node, &sign(&node.network(), 1, 0, transfer(signer(2).address(), 1)));
        let blob = common::put(&node, b"some bytes");
        let read = (client.transaction_content(&hash).is_ok(), client.blob(&blob).is_ok());
        node.stop().unwrap();
        read
    };
    assert_eq!(run(Limits { past_max: 0, ..Limits::default() }), (false, true));
    assert_eq!(run(Limits { reads_max: 0, ..Limits::default() }), (true, false));
}

#[test]
fn an_operator_is_told_who_puts_stake_behind_it_and_who_takes_it_back() {
    let dir = tempfile::tempdir().unwrap();
    create_with(dir.path(), |network| {
        network.params.staking.delegation_max = Factor::ONE;
        network.operators = vec![GenesisOperator {
            address: signer(2).address(),
            role: Role::Validator,
            bond: Amount::tokens(500),
        }];
    });
    let node = start(dir.path());
    let (network, client) = (node.network(), client(&node));
    let (operator, role) = (client.account(&signer(2).address()).unwrap().id, Role::Validator);
    let amount = Amount::tokens(5);
    let (rate, ceiling) = (Ratio::percent(10), Ratio::percent(10));
    let takes = Command::SetCommission(SetCommission { role, rate, ceiling });
    carry_out(&node, &sign(&network, 2, 0, takes));
    let delegate = Command::Delegate(Delegate { operator, role, amount });
    carry_out(&node, &sign(&network, 1, 0, delegate));
    let undelegate = Command::Undelegate(Undelegate { operator, role, amount });
    carry_out(&node, &sign(&network, 1, 1, undelegate));
    let cancel = Command::CancelUndelegation(CancelUndelegation { operator, role });
    carry_out(&node, &sign(&network, 1, 2, cancel));
    let told = page(&client, 2, &HistoryQuery::default()).items;
    let kinds: Vec<&str> = told.iter().map(EventRecord::kind).collect();
    assert_eq!(kinds, ["undelegation_cancelled", "undelegating", "delegated", "commission_set"]);
    assert_eq!(told[..3], page(&client, 1, &HistoryQuery::default()).items);
    node.stop().unwrap();
}
