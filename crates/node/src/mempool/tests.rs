use earnest_protocol::{
    Address, Amount, Asset, Command, Digest, Genesis, JobId, Transaction,
    command::{Node, ProveStep, Transfer},
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

/// A transfer in the open room, a step in the reserved one.
fn waiting(account: u64, nonce: u64, room: Room, bytes: usize) -> Waiting {
    let command = match room {
        Room::Open => Command::Transfer(Transfer {
            to: Address::ZERO,
            asset: Asset::Stake,
            amount: Amount::UNIT,
        }),
        Room::Reserved => Command::ProveStep(ProveStep {
            job: JobId::new(0),
            node: Node { level: 2, index: 0 },
            evidence: Vec::new(),
        }),
    };
    signed(command, account, nonce, room, bytes)
}

fn signed(command: Command, account: u64, nonce: u64, room: Room, bytes: usize) -> Waiting {
    let transaction =
        Transaction { nonce, valid_until: Height::new(5), command, on_behalf_of: None };
    let signer = Address([u8::try_from(account).unwrap(); 20]);
    // As it is: the hash says nothing of the signer.
    let mut hash = Digest::ZERO;
    hash.0[1] = u8::try_from(nonce).unwrap();
    hash.0[2] = u8::try_from(bytes % 251).unwrap();
    let signed = SignedTransaction { transaction, signature: [0; 65] };
    Waiting { signed, hash, signer, sender: AccountId::new(account).into(), bytes, room }
}

/// A move that will be refused, with as much evidence as it has bytes.
fn doubtful(account: u64, nonce: u64, bytes: usize) -> Waiting {
    let step = ProveStep {
        job: JobId::new(0),
        node: Node { level: 2, index: 0 },
        evidence: vec![7; bytes],
    };
    signed(Command::ProveStep(step), account, nonce, Room::Open, bytes)
}

fn ordinary(account: u64, nonce: u64) -> Waiting {
    waiting(account, nonce, Room::Open, 100)
}

/// For an account that can pay for anything.
fn insert(pool: &mut Mempool, waiting: Waiting) -> Result<(), MempoolRejected> {
    pool.insert(waiting, Payable::ANYTHING)
}

/// For an account that can pay for so many transfers.
fn can_pay(transfers: u64) -> Payable {
    Payable { account: transfers, sender: transfers }
}

fn order(pool: &Mempool, state: &State) -> Vec<(u64, u64)> {
    pool.select(state).iter().map(|entry| (entry.account().raw(), entry.nonce())).collect()
}

#[test]
fn accounts_take_turns_and_their_transactions_go_by_nonce() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for (account, nonce) in [(2, 1), (2, 2), (1, 0), (2, 0), (3, 1), (1, 1)] {
        insert(&mut pool, ordinary(account, nonce)).unwrap();
    }
    // Account 3 lacks its first. Each has one before anybody has two; then who arrived first.
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0), (2, 1), (1, 1), (2, 2)]);
    assert_eq!(pool.next_nonce(AccountId::new(2), 0), 3);
    assert_eq!(pool.next_nonce(AccountId::new(3), 0), 0);
    assert_eq!(pool.next_nonce(AccountId::new(4), 7), 7);
}

#[test]
fn who_asks_for_little_goes_before_who_asks_for_much() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    insert(&mut pool, doubtful(1, 0, 2_500)).unwrap();
    insert(&mut pool, ordinary(2, 0)).unwrap();
    insert(&mut pool, ordinary(2, 1)).unwrap();
    insert(&mut pool, doubtful(3, 0, 900)).unwrap();
    // The largest no longer fits the open room's three quarters of 4,000 bytes.
    assert_eq!(order(&pool, &state), [(2, 0), (2, 1), (3, 0)]);
}

#[test]
fn a_place_is_held_by_who_came_first_and_once() {
    let mut pool = Mempool::new(limits());
    let first = ordinary(1, 0);
    let by = first.hash;
    insert(&mut pool, first).unwrap();
    insert(&mut pool, ordinary(1, 0)).unwrap();
    assert_eq!((pool.count(), pool.bytes()), (1, 100), "the same again has no effect");
    let other = waiting(1, 0, Room::Open, 101);
    assert_eq!(insert(&mut pool, other), Err(MempoolRejected::NonceTaken { nonce: 0, by }));
}

#[test]
fn every_bound_refuses_with_its_numbers() {
    let mut pool = Mempool::new(limits());
    for nonce in 0..4 {
        insert(&mut pool, ordinary(1, nonce)).unwrap();
    }
    let refused = insert(&mut pool, ordinary(1, 4));
    assert_eq!(refused, Err(MempoolRejected::AccountFull { count: 4, max: 4 }));
    insert(&mut pool, waiting(2, 0, Room::Open, 5_000)).unwrap();
    let refused = insert(&mut pool, waiting(2, 1, Room::Open, 1));
    assert_eq!(refused, Err(MempoolRejected::AccountBytesFull { bytes: 5_001, max: 5_000 }));
    // Of 8 places and 8,000 bytes the reserved room has a quarter, which the open one leaves free.
    insert(&mut pool, waiting(4, 0, Room::Reserved, 1_500)).unwrap();
    let refused = insert(&mut pool, waiting(5, 0, Room::Reserved, 501));
    assert_eq!(refused, Err(MempoolRejected::BytesFull { bytes: 1_500, max: 2_000 }));
    insert(&mut pool, waiting(5, 0, Room::Reserved, 500)).unwrap();
    let refused = insert(&mut pool, waiting(6, 0, Room::Reserved, 0));
    assert_eq!(refused, Err(MempoolRejected::Full { count: 2, max: 2 }));
    assert_eq!((pool.count(), pool.bytes()), (7, 7_400));
}

#[test]
fn what_waits_in_the_open_room_can_pay_and_a_move_that_will_be_accepted_need_not() {
    let mut pool = Mempool::new(limits());
    pool.insert(ordinary(1, 0), can_pay(2)).unwrap();
    pool.insert(ordinary(1, 1), can_pay(2)).unwrap();
    let refused = pool.insert(ordinary(1, 2), can_pay(2));
    assert_eq!(refused, Err(MempoolRejected::Unpayable { weight: 3, max: 2 }));
    // A step weighs 20, and 1 more for its kibibyte.
    let refused = pool.insert(doubtful(2, 0, 1_000), can_pay(20));
    assert_eq!(refused, Err(MempoolRejected::Unpayable { weight: 21, max: 20 }));
    pool.insert(waiting(2, 0, Room::Reserved, 1_000), can_pay(0)).unwrap();
}

#[test]
fn a_full_room_gives_way_to_who_has_less_in_it() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for nonce in 0..3 {
        insert(&mut pool, doubtful(1, nonce, 1_600)).unwrap();
    }
    insert(&mut pool, ordinary(2, 0)).unwrap();
    insert(&mut pool, ordinary(2, 1)).unwrap();
    insert(&mut pool, ordinary(3, 0)).unwrap();
    // Six places of six: the heaviest account loses its last, and the newcomer has less than it.
    insert(&mut pool, ordinary(4, 0)).unwrap();
    assert!(!pool.contains(&doubtful(1, 2, 1_600).key()));
    // By bytes too: of 3,600 bytes that wait 1,500 may stay.
    insert(&mut pool, waiting(5, 0, Room::Open, 4_500)).unwrap();
    assert!(!pool.contains(&doubtful(1, 0, 1_600).key()), "both had to leave");
    // Among those who have one each nobody gives way, and nothing changes.
    insert(&mut pool, ordinary(6, 0)).unwrap();
    let (before, refused) = (pool.count(), insert(&mut pool, ordinary(2, 2)));
    assert_eq!(refused, Err(MempoolRejected::Full { count: 6, max: 6 }));
    assert_eq!((pool.count(), order(&pool, &state).len()), (before, 5));
}

#[test]
fn a_block_keeps_room_for_moves_that_will_be_accepted() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    for account in 1..5 {
        insert(&mut pool, waiting(account, 0, Room::Open, 1_000)).unwrap();
    }
    insert(&mut pool, waiting(5, 0, Room::Reserved, 900)).unwrap();
    insert(&mut pool, waiting(6, 0, Room::Reserved, 200)).unwrap();
    // A quarter of 4,000 bytes is theirs, before all others; the last does not fit it, nor what
    // three transfers leave.
    assert_eq!(order(&pool, &state), [(5, 0), (1, 0), (2, 0), (3, 0)]);
    // A quarter of the places, up: cheap transactions keep nobody's move out.
    pool.limits = Limits { block_transactions_max: 4, ..limits() };
    assert_eq!(order(&pool, &state), [(5, 0), (1, 0), (2, 0), (3, 0)]);
    pool.limits = Limits { block_transactions_max: 2, ..limits() };
    assert_eq!(order(&pool, &state), [(5, 0), (1, 0)]);
}

#[test]
fn moves_beyond_their_share_take_what_others_leave() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    insert(&mut pool, waiting(5, 0, Room::Reserved, 900)).unwrap();
    insert(&mut pool, waiting(6, 0, Room::Reserved, 800)).unwrap();
    insert(&mut pool, waiting(1, 0, Room::Open, 1_000)).unwrap();
    assert_eq!(order(&pool, &state), [(5, 0), (1, 0), (6, 0)]);
}

#[test]
fn what_expired_is_dropped_and_named() {
    let mut pool = Mempool::new(limits());
    insert(&mut pool, ordinary(1, 0)).unwrap();
    let mut late = ordinary(2, 0);
    late.signed.transaction.valid_until = Height::ZERO;
    let key = late.key();
    insert(&mut pool, late).unwrap();
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
        insert(&mut pool, ordinary(1, nonce)).unwrap();
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
            insert(&mut pool, ordinary(1, nonce)).unwrap();
        }
        assert_eq!(pool.count(), 4, "round {round}");
        keys.iter().for_each(|key| pool.remove(key));
        keys.iter().for_each(|key| pool.remove(key));
        assert_eq!((pool.count(), pool.bytes(), pool.queues.len()), (0, 0, 0));
        assert_eq!(pool.rooms.of(Room::Open).heaviest().count(), 0);
    }
}

#[test]
fn one_message_of_two_accounts_is_two_transactions() {
    let (mut pool, state) = (Mempool::new(limits()), state());
    insert(&mut pool, ordinary(1, 0)).unwrap();
    insert(&mut pool, ordinary(2, 0)).unwrap();
    assert_eq!(ordinary(1, 0).hash, ordinary(2, 0).hash);
    assert_eq!(order(&pool, &state), [(1, 0), (2, 0)]);
    pool.remove(&ordinary(1, 0).key());
    assert!(pool.contains(&ordinary(2, 0).key()) && pool.contains_hash(&ordinary(1, 0).hash));
}

/// The same transaction, signed by a key of its account.
fn by_key(key: u8, waiting: Waiting) -> Waiting {
    let signer = Address([key; 20]);
    let sender = Sender { key: Some(signer), ..waiting.sender };
    Waiting { signer, sender, ..waiting }
}

fn of_keys(pool: &Mempool) -> Vec<(Option<u8>, u64)> {
    let all = pool.queues.iter().flat_map(|(sender, queue)| {
        let key = sender.key.map(|key| key.0[0]);
        queue.by_nonce.keys().map(move |nonce| (key, *nonce))
    });
    all.collect()
}

#[test]
fn a_full_account_gives_way_to_itself_and_to_no_key_that_has_as_much() {
    let mut pool = Mempool::new(limits());
    for nonce in 0..3 {
        insert(&mut pool, by_key(77, ordinary(1, nonce))).unwrap();
    }
    insert(&mut pool, by_key(88, ordinary(1, 0))).unwrap();
    // Four places of four: 77 has three, and 88 will have no more than it.
    insert(&mut pool, by_key(88, ordinary(1, 1))).unwrap();
    assert_eq!(of_keys(&pool), [(Some(77), 0), (Some(77), 1), (Some(88), 0), (Some(88), 1)]);
    let full = Err(MempoolRejected::AccountFull { count: 4, max: 4 });
    assert_eq!(insert(&mut pool, by_key(88, ordinary(1, 2))), full);
    // Whoever is too large although others left makes nobody leave.
    let large = insert(&mut pool, by_key(99, waiting(1, 0, Room::Open, 5_000)));
    assert_eq!(large, Err(MempoolRejected::AccountBytesFull { bytes: 5_200, max: 5_000 }));
    assert_eq!(pool.count(), 4);
    for nonce in 0..4 {
        insert(&mut pool, ordinary(1, nonce)).unwrap();
    }
    assert_eq!(of_keys(&pool), [(None, 0), (None, 1), (None, 2), (None, 3)]);
    assert_eq!(insert(&mut pool, ordinary(1, 4)), full, "itself it does not crowd out");
    assert_eq!(insert(&mut pool, by_key(77, ordinary(1, 0))), full);
    assert_eq!((pool.count(), pool.bytes()), (4, 400));
}

#[test]
fn a_full_account_gives_way_by_bytes_and_by_what_it_can_pay_for() {
    let mut pool = Mempool::new(limits());
    insert(&mut pool, by_key(77, waiting(1, 0, Room::Open, 4_000))).unwrap();
    insert(&mut pool, by_key(77, waiting(1, 1, Room::Open, 1_000))).unwrap();
    insert(&mut pool, waiting(1, 0, Room::Open, 1_001)).unwrap();
    assert_eq!(of_keys(&pool), [(None, 0)], "the first alone would be too large as well");
    let mut pool = Mempool::new(limits());
    pool.insert(by_key(77, ordinary(1, 0)), can_pay(2)).unwrap();
    pool.insert(by_key(77, ordinary(1, 1)), can_pay(2)).unwrap();
    pool.insert(ordinary(1, 0), can_pay(2)).unwrap();
    assert_eq!(of_keys(&pool), [(None, 0), (Some(77), 0)]);
    let refused = pool.insert(by_key(77, ordinary(1, 1)), can_pay(2));
    assert_eq!(refused, Err(MempoolRejected::Unpayable { weight: 3, max: 2 }));
}

#[test]
fn a_key_has_no_more_waiting_than_its_limit_pays_for() {
    let mut pool = Mempool::new(limits());
    let left = Payable { account: 1_000, sender: 1 };
    pool.insert(by_key(77, ordinary(1, 0)), left).unwrap();
    let refused = pool.insert(by_key(77, ordinary(1, 1)), left);
    assert_eq!(refused, Err(MempoolRejected::Unpayable { weight: 2, max: 1 }));
}

#[test]
fn a_full_room_takes_an_accounts_keys_before_the_account() {
    let mut pool = Mempool::new(limits());
    insert(&mut pool, ordinary(1, 0)).unwrap();
    insert(&mut pool, by_key(77, ordinary(1, 0))).unwrap();
    insert(&mut pool, by_key(77, ordinary(1, 1))).unwrap();
    for account in 2..5 {
        insert(&mut pool, ordinary(account, 0)).unwrap();
    }
    // Six places of six, of which account 1 has three.
    insert(&mut pool, ordinary(5, 0)).unwrap();
    assert_eq!(of_keys(&pool)[..2], [(None, 0), (Some(77), 0)]);
    insert(&mut pool, ordinary(6, 0)).unwrap();
    assert_eq!(of_keys(&pool), [(None, 0); 6]);
    insert(&mut pool, ordinary(7, 0)).unwrap_err();
}

#[test]
fn an_account_whose_keys_fill_a_room_still_comes_in() {
    let mut pool = Mempool::new(limits());
    for nonce in 0..3 {
        insert(&mut pool, by_key(77, ordinary(1, nonce))).unwrap();
    }
    for account in 2..5 {
        insert(&mut pool, ordinary(account, 0)).unwrap();
    }
    // Six places of six, and nobody has more than account 1 has by its key.
    insert(&mut pool, ordinary(1, 0)).unwrap();
    assert_eq!(of_keys(&pool)[..3], [(None, 0), (Some(77), 0), (Some(77), 1)]);
    assert_eq!((pool.count(), pool.bytes()), (6, 600));
    // By bytes both the account's and the room's bound ask for its key's place.
    insert(&mut pool, waiting(1, 1, Room::Open, 4_900)).unwrap();
    let left = [(None, 0), (None, 1), (None, 0), (None, 0), (None, 0)];
    assert_eq!((of_keys(&pool), pool.bytes()), (left.to_vec(), 5_300));
}
