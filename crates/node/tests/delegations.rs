//! Delegations over HTTP: the list, its filters and pages, and an operator's terms.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use earnest_api::{Client, Order, PageQuery};
use earnest_node::NodeHandle;
use earnest_protocol::{
    AccountId, Amount, Command, Factor, OperatorId, Ratio, Role,
    command::{Bond, Delegate, SetCommission, Undelegate},
};

mod common;
use common::{client, create_with, sign, signer, start};

const ROLE: Role = Role::Provider;

/// In the next block, and accepted there.
fn ok(node: &NodeHandle, from: u64, command: Command) {
    let client = client(node);
    let nonce = client.account(&signer(from).address()).unwrap().next_nonce;
    let hash = client.submit(&sign(&node.network(), from, nonce, command)).unwrap().hash;
    node.make_block().unwrap();
    let receipt = client.transaction(&hash).unwrap();
    assert!(receipt.height.is_some() && receipt.refusal.is_none(), "{receipt:?}");
}

fn id(client: &Client, index: u64) -> AccountId {
    client.account(&signer(index).address()).unwrap().id
}

/// The accounts 1 and 2 are bonded and take delegations; 3, 4 and 5 delegate to the first, 3 to the
/// second as well.
fn delegated(node: &NodeHandle) {
    let client = client(node);
    for operator in [1, 2] {
        ok(node, operator, Command::Bond(Bond { role: ROLE, amount: Amount::tokens(200) }));
        let (rate, ceiling) = (Ratio::percent(10), Ratio::percent(10));
        ok(node, operator, Command::SetCommission(SetCommission { role: ROLE, rate, ceiling }));
    }
    for (from, to) in [(3, 1), (4, 1), (5, 1), (3, 2)] {
        let (operator, amount) = (id(&client, to), Amount::tokens(10 * from));
        ok(node, from, Command::Delegate(Delegate { operator, role: ROLE, amount }));
    }
}

#[test]
fn delegations_are_listed_by_delegator_and_by_operator() {
    let dir = tempfile::tempdir().unwrap();
    create_with(dir.path(), |network| {
        network.params.staking.delegation_max = Factor::percent(300);
    });
    let node = start(dir.path());
    delegated(&node);
    let client = client(&node);
    let first = client.account(&signer(1).address()).unwrap().provider.unwrap();
    let list = |delegator, operator, page: &PageQuery| {
        let page = client.delegations(delegator, operator, page).unwrap();
        let rows = page.items.iter().map(|row| (row.delegator.id, row.delegated));
        (rows.collect::<Vec<_>>(), page.next_cursor)
    };
    let [three, four, five] = [3, 4, 5].map(|index| id(&client, index));
    let tokens = Amount::tokens;
    let all = PageQuery { order: Some(Order::Asc), ..PageQuery::default() };
    let to_first = vec![(three, tokens(30)), (four, tokens(40)), (five, tokens(50))];
    assert_eq!(list(None, Some(first), &all), (to_first, None));
    let both = vec![(three, tokens(30)); 2];
    assert_eq!(list(Some(three), None, &all), (both, None));
    assert_eq!(list(Some(three), Some(first), &all).0.len(), 1);
    assert_eq!(list(Some(AccountId::new(999)), None, &all), (vec![], None));
    assert_eq!(list(None, Some(OperatorId::new(999)), &all), (vec![], None));

    // In pages: each row once, in either direction.
    for order in [Order::Asc, Order::Desc] {
        let mut page = PageQuery { limit: Some(1), order: Some(order), cursor: None };
        let (one, cursor) = list(Some(three), None, &page);
        page.cursor = cursor;
        let (other, end) = list(Some(three), None, &page);
        assert_eq!((one.len(), other.len(), end), (1, 1, None));
    }
}

#[test]
fn an_operator_shows_its_terms_and_what_leaves_it() {
    let dir = tempfile::tempdir().unwrap();
    create_with(dir.path(), |network| {
        network.params.staking.delegation_max = Factor::percent(300);
    });
    let node = start(dir.path());
    delegated(&node);
    let client = client(&node);
    let (operator, amount) = (id(&client, 1), Amount::tokens(15));
    ok(&node, 3, Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
    let first = client.account(&signer(1).address()).unwrap().provider.unwrap();
    let terms = client.operator(first).unwrap().delegations;
    let tokens = Amount::tokens;
    assert_eq!((terms.delegated, terms.leaving, terms.max), (tokens(105), tokens(15), tokens(600)));
    let own = client.delegations(Some(id(&client, 3)), Some(first), &PageQuery::default());
    let own = own.unwrap().items.remove(0);
    assert_eq!((own.leaving[0].amount, own.leaving[0].matures), (tokens(15), terms.matures));
}
