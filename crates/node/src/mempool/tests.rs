use earnest_protocol::{
    Address, Amount, Asset, Command, Digest, Genesis, JobId, Transaction,
    command::{ProveStep, Transfer},
    genesis::GenesisAccount,
};

use super::*;

fn limits() -> Limits {
    Limits {
        block_bytes_max: 4_000,
        waiting_max: 8,
        waiting_bytes_max: 8_000,
        account_waiting_max: 4,
        account_bytes_max: 5_000,
        ..Limits::default()
    }
}

/// A state with accounts 0 to 9, none of which signed anything.
fn state() -> State {
    let account = |byte| GenesisAccount {
        address: Address([byte; 20]),
        balance: Amount::tokens(1),
        payment: Amount::ZERO,
    };
    let accounts = (0..10).map(account).collect();
    State::new(&Genesis { accounts, ..Genesis::default() }).unwrap()
}

fn waiting(account: u64, nonce: u64, lane: Lane, bytes: usize) -> Waiting {
    let command = match lane {
        Lane::Ordinary => Command::Transfer(Transfer {
            to: Address::ZERO,
            asset: Asset::Stake,
            amount: Amount::UNIT,
        }),
        Lane::Protected => {
            Command::ProveStep(ProveStep { job: JobId::new(0), leaf: 0, evidence: Vec::new() })
        }
    };
    let transaction = Transaction { nonce, valid_until: Height::new(5), command };
    let signer = Address([u8::try_from(account).unwrap(); 20]);
    // As it is: the hash says nothing of the signer.
    let mut hash = Digest::ZERO;
    hash.0[1] = u8::try_from(nonce).unwrap();
    hash.0[2] = u8::try_from(bytes % 251).unwrap();
    let signed = SignedTransaction { transaction, signature: [0; 65] };
    Waiting { signed, hash, signer, account: AccountId::new(account), bytes }
}

fn ordinary(account: u64, nonce: u64) -> Waiting {
    waiting(account, nonce, Lane::Ordinary, 100)
}

fn order(pool: &Mempool, state: &State) -> Vec<(u64, u64)> {
    pool.select(state).iter().map(|entry| (entry.account.raw(), entry.nonce())).collect()
}

#[test]
fn accounts_go_by_arrival_and_their_transactions_by_nonce() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for (account, nonce) in [(2, 1), (1, 0), (2, 0), (3, 1), (1, 1)] {
        pool.insert(ordinary(account, nonce)).unwrap();
    }
    // Account 3 lacks its first; account 2's second arrived before everything.
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0), (2, 1), (1, 1)]);
    assert_eq!(pool.next_nonce(AccountId::new(2), 0), 2);
    assert_eq!(pool.next_nonce(AccountId::new(3), 0), 0);
    assert_eq!(pool.next_nonce(AccountId::new(4), 7), 7);
}

#[test]
fn a_place_is_held_by_who_came_first_and_once() {
    let mut pool = Mempool::new(limits());
    let first = ordinary(1, 0);
    let by = first.hash;
    pool.insert(first).unwrap();
    pool.insert(ordinary(1, 0)).unwrap();
    assert_eq!((pool.count(), pool.bytes()), (1, 100), "the same again has no effect");
    let other = waiting(1, 0, Lane::Ordinary, 101);
    assert_eq!(pool.insert(other), Err(MempoolRejected::NonceTaken { nonce: 0, by }));
}

#[test]
fn every_bound_refuses_with_its_numbers() {
    let mut pool = Mempool::new(limits());
    for nonce in 0..4 {
        pool.insert(ordinary(1, nonce)).unwrap();
    }
    let refused = pool.insert(ordinary(1, 4));
    assert_eq!(refused, Err(MempoolRejected::AccountFull { count: 4, max: 4 }));
    pool.insert(waiting(2, 0, Lane::Ordinary, 5_000)).unwrap();
    let refused = pool.insert(waiting(2, 1, Lane::Ordinary, 1));
    assert_eq!(refused, Err(MempoolRejected::AccountBytesFull { bytes: 5_001, max: 5_000 }));
    let refused = pool.insert(waiting(3, 0, Lane::Ordinary, 601));
    assert_eq!(refused, Err(MempoolRejected::BytesFull { bytes: 6_001, max: 6_000 }));
    // The protected lane has room where the ordinary one has none.
    pool.insert(waiting(3, 0, Lane::Protected, 601)).unwrap();
    let refused = pool.insert(ordinary(4, 0));
    assert_eq!(refused, Err(MempoolRejected::Full { count: 6, max: 6 }));
    for account in 4..6 {
        pool.insert(waiting(account, 0, Lane::Protected, 10)).unwrap();
    }
    let refused = pool.insert(waiting(6, 0, Lane::Protected, 10));
    assert_eq!(refused, Err(MempoolRejected::Full { count: 8, max: 8 }));
    assert_eq!(pool.count(), 8);
}

#[test]
fn a_block_keeps_room_for_the_protected_lane() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for account in 1..5 {
        pool.insert(waiting(account, 0, Lane::Ordinary, 1_000)).unwrap();
    }
    pool.insert(waiting(5, 0, Lane::Protected, 900)).unwrap();
    pool.insert(waiting(6, 0, Lane::Protected, 200)).unwrap();
    // Three quarters of 4,000 bytes for ordinary ones; the last no longer fits the block.
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0), (3, 0), (5, 0)]);
    // Three quarters of four places, and of two, down: cheap transactions keep nobody's move out.
    pool.limits = Limits { block_transactions_max: 4, ..limits() };
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0), (3, 0), (5, 0)]);
    pool.limits = Limits { block_transactions_max: 2, ..limits() };
    assert_eq!(order(&pool, &state), [(1, 0), (5, 0)]);
}

#[test]
fn what_expired_is_dropped_and_named() {
    let mut pool = Mempool::new(limits());
    pool.insert(ordinary(1, 0)).unwrap();
    let mut late = ordinary(2, 0);
    late.signed.transaction.valid_until = Height::ZERO;
    let key = late.key();
    pool.insert(late).unwrap();
    let (valid_until, height) = (Height::ZERO, Height::new(1));
    let expired = TransactionRejected::Expired { valid_until, height };
    assert_eq!(pool.drop_stale(&state()), [(key, expired)]);
    assert_eq!((pool.count(), pool.bytes()), (1, 100));
    assert!(pool.drop_stale(&state()).is_empty());
}

#[test]
fn what_follows_a_gap_does_not_keep_its_room() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for nonce in 0..4 {
        pool.insert(ordinary(1, nonce)).unwrap();
    }
    assert!(pool.drop_stale(&state).is_empty());
    pool.remove(&ordinary(1, 1).key());
    let gap = |got| (ordinary(1, got).key(), TransactionRejected::NonceTooHigh { got, next: 1 });
    assert_eq!(pool.drop_stale(&state), [gap(2), gap(3)]);
    assert_eq!(order(&pool, &state), [(1, 0)]);
}

#[test]
fn emptied_rooms_hold_nothing() {
    let mut pool = Mempool::new(limits());
    let keys: Vec<TxKey> = (0..4).map(|nonce| ordinary(1, nonce).key()).collect();
    for round in 0..3 {
        for nonce in 0..4 {
            pool.insert(ordinary(1, nonce)).unwrap();
        }
        assert_eq!(pool.count(), 4, "round {round}");
        keys.iter().for_each(|key| pool.remove(key));
        keys.iter().for_each(|key| pool.remove(key));
        assert_eq!((pool.count(), pool.bytes(), pool.queues.len()), (0, 0, 0));
    }
}

#[test]
fn one_message_of_two_accounts_is_two_transactions() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    pool.insert(ordinary(1, 0)).unwrap();
    pool.insert(ordinary(2, 0)).unwrap();
    assert_eq!(ordinary(1, 0).hash, ordinary(2, 0).hash);
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0)]);
    pool.remove(&ordinary(1, 0).key());
    assert!(pool.contains(&ordinary(2, 0).key()) && pool.contains_hash(&ordinary(1, 0).hash));
}
