//! Keys that act on an account's behalf: K1 to K7.

use earnest_protocol::{
    Address, Amount, Asset, Authenticated, Blocks, Command, Digest, Epochs, Event, Height, JobId,
    ProposalId, Ratio, Rejected, Role, Sender, SlashId, TransactionRejected,
    accounts::{AuthoriseKeyRejected, KEYS_MAX},
    command::*,
    ledger::JobPot,
    market::{Outcome, Phase},
};

use super::FEE;
use crate::world::{World, authenticated, params, root};

const HOT: Address = Address([0x47; 20]);
const OTHER: Address = Address([0x48; 20]);
const NEVER: Height = Height::new(u64::MAX);
const NOT_AUTHORISED: Rejected = Rejected::Transaction(TransactionRejected::KeyNotAuthorised);

fn authorise(key: Address, scope: Scope, expires: Height, spend_max: Amount) -> Command {
    Command::AuthoriseKey(AuthoriseKey { key, scope, expires, spend_max })
}

fn provide(key: Address, expires: Height) -> Command {
    authorise(key, Scope::Provide, expires, Amount::tokens(1_000))
}

fn revoke(key: Address) -> Command {
    Command::RevokeKey(RevokeKey { key })
}

/// Something harmless that a key for `provide` may do; it is accepted once and refused again.
fn seal(number: u8) -> Command {
    Command::SealReport(SealReport { seal: Digest([number; 32]) })
}

fn signed_by(key: Address, world: &World, name: &str, command: Command) -> Authenticated {
    authenticated(&world.state, Sender { account: world.id(name), key: Some(key) }, command)
}

fn reaches_the_rules(result: Result<(), Rejected>) -> bool {
    result.is_ok() || result.is_err_and(|refusal| !refusal.leaves_no_trace())
}

#[test]
fn k1_no_scope_reaches_money_bonds_or_keys() {
    let mut world = World::new(params());
    let (to, amount) = (world.address("X"), Amount::tokens(1));
    let (operator, role) = (world.id("P1"), Role::Provider);
    let proposal = ProposalId::new(0);
    let closed = [
        Command::Transfer(Transfer { to, asset: Asset::Stake, amount }),
        Command::Bond(Bond { role: Role::Provider, amount }),
        Command::Unbond(Unbond { role: Role::Provider, amount }),
        Command::Unjail(Unjail { role: Role::Provider }),
        provide(OTHER, NEVER),
        revoke(HOT),
        Command::Delegate(Delegate { operator, role, amount }),
        Command::Undelegate(Undelegate { operator, role, amount }),
        Command::CancelUndelegation(CancelUndelegation { operator, role }),
        Command::WithdrawDelegation(WithdrawDelegation { operator, role }),
        Command::SetCommission(SetCommission { role, rate: Ratio::ONE, ceiling: Ratio::ONE }),
        Command::Redelegate(Redelegate { source: operator, target: operator, role, amount }),
        Command::Propose(Propose { changes: Vec::new(), audit: Digest::ZERO }),
        Command::CastBallot(CastBallot { proposal, choice: BallotChoice::Yes }),
        Command::CancelProposal(CancelProposal { proposal }),
        Command::CancelUnbond(CancelUnbond { role, amount }),
        Command::AppealSlash(AppealSlash { slash: SlashId::new(0), report: Digest::ZERO }),
        Command::CastCouncilBallot(CastCouncilBallot { proposal, choice: BallotChoice::Veto }),
        Command::Pause(Pause { lane: PauseLane::Jobs, blocks: Blocks::new(1) }),
        earnest_testkit::votes::spending(to, (amount, 1)),
        Command::StopSpend(StopSpend { spend: proposal, report: Digest::ZERO }),
        Command::LockBond(LockBond { role, amount, epochs: Epochs::new(1) }),
        earnest_testkit::credits::mint(amount),
        earnest_testkit::credits::redeem(amount),
        Command::ClaimGrant(ClaimGrant { to: HOT, amount }),
        Command::ClaimListed(ClaimListed { place: 0, to: HOT, amount, proof: Vec::new() }),
    ];
    let open_to_none = COMMANDS.iter().filter(|command| command.scopes.is_empty());
    let named: Vec<&str> = open_to_none.map(|command| command.name).collect();
    assert_eq!(named, closed.each_ref().map(Command::name), "each is tried below");
    for scope in [Scope::Provide, Scope::Audit, Scope::Request] {
        world.authorise("P1", HOT, scope, Amount::MAX);
        for command in &closed {
            let refused = world.send_by(HOT, "P1", command.clone());
            let expected = TransactionRejected::KeyOutOfScope { scope };
            assert_eq!(refused, Err(Rejected::Transaction(expected)), "{scope:?}: {command:?}");
        }
    }
}

#[test]
fn k1_a_key_of_one_scope_does_nothing_of_another() {
    let mut world = World::new(params());
    world.authorise("P1", HOT, Scope::Provide, Amount::MAX);
    let post = Command::PostJob(world.terms());
    assert!(world.send_by(HOT, "P1", post.clone()).is_err_and(|why| why.leaves_no_trace()));
    world.authorise("P1", HOT, Scope::Request, Amount::MAX);
    assert_eq!(world.send_by(HOT, "P1", post), Ok(()));
    assert!(world.send_by(HOT, "P1", seal(1)).is_err_and(|why| why.leaves_no_trace()));
}

#[test]
fn k2_nothing_that_a_key_signed_is_good_again_after_revocation_and_a_new_authorisation() {
    let mut world = World::new(params());
    world.ok("P1", provide(HOT, NEVER));
    let first = signed_by(HOT, &world, "P1", seal(1));
    world.apply(&first).expect("within scope");
    let second = signed_by(HOT, &world, "P1", seal(2));
    world.ok("P1", revoke(HOT));
    assert_eq!(world.apply(&first), Err(NOT_AUTHORISED));
    assert_eq!(world.apply(&second), Err(NOT_AUTHORISED));
    world.ok("P1", provide(HOT, NEVER));
    let used = TransactionRejected::NonceUsed { got: 0, next: 1 };
    assert_eq!(world.apply(&first), Err(Rejected::Transaction(used)));
    // What was never carried out is still the key's word, as an account's would be.
    assert!(reaches_the_rules(world.apply(&second)));
}

#[test]
fn k2_the_sequence_of_an_expired_key_goes_on_when_it_is_authorised_again() {
    let mut world = World::new(params());
    let now = world.state.height();
    world.ok("P1", provide(HOT, now));
    let first = signed_by(HOT, &world, "P1", seal(1));
    world.apply(&first).expect("within its time");
    world.block();
    world.ok("P1", provide(OTHER, NEVER));
    world.ok("P1", provide(HOT, NEVER));
    let used = TransactionRejected::NonceUsed { got: 0, next: 1 };
    assert_eq!(world.apply(&first), Err(Rejected::Transaction(used)));
}

#[test]
fn k2_what_a_key_signed_for_one_account_is_nothing_for_another() {
    let mut world = World::new(params());
    world.ok("P1", provide(HOT, NEVER));
    let for_first = signed_by(HOT, &world, "P1", seal(1));
    // Whose a transaction is stands in what was signed.
    let sender = world.state.sender(&HOT, &for_first.transaction).expect("both are known");
    assert_eq!(sender, for_first.sender);
    let (account, key) = (world.id("P2"), Some(HOT));
    let moved = Authenticated { sender: Sender { account, key }, ..for_first };
    assert_eq!(world.apply(&moved), Err(NOT_AUTHORISED));
    // One key may serve both, in a sequence for each.
    world.ok("P2", provide(HOT, NEVER));
    assert_eq!(world.send_by(HOT, "P1", seal(1)), Ok(()));
    assert_eq!(world.send_by(HOT, "P2", seal(2)), Ok(()));
}

#[test]
fn k3_a_key_counts_to_the_end_of_its_last_block_and_leaves_in_the_next() {
    let mut world = World::new(params());
    let last = Height::new(world.state.height().count() + 2);
    world.ok("P1", provide(HOT, last));
    world.blocks(2);
    assert_eq!(world.state.height(), last);
    assert_eq!(world.send_by(HOT, "P1", seal(1)), Ok(()));
    world.block();
    assert_eq!(world.send_by(HOT, "P1", seal(2)), Err(NOT_AUTHORISED));
    let account = world.id("P1");
    let expired = |event: &Event| (*event == Event::KeyExpired { account, key: HOT }).then_some(());
    assert_eq!(world.seen(expired).len(), 1);
    assert!(world.state.account(account).expect("known").keys.is_empty(), "no row is left");
}

#[test]
fn k3_a_key_that_was_prolonged_does_not_leave_when_it_would_have() {
    let mut world = World::new(params());
    let now = world.state.height().count();
    world.ok("P1", provide(HOT, Height::new(now + 1)));
    world.ok("P1", provide(HOT, Height::new(now + 3)));
    world.blocks(3);
    assert_eq!(world.send_by(HOT, "P1", seal(1)), Ok(()));
    world.block();
    assert_eq!(world.send_by(HOT, "P1", seal(2)), Err(NOT_AUTHORISED));
}

#[test]
fn k4_an_account_and_its_keys_do_not_disturb_each_others_sequences() {
    let mut world = World::new(params());
    world.ok("P1", provide(HOT, NEVER));
    world.ok("P1", provide(OTHER, NEVER));
    // All signed before any is carried out.
    let hot = signed_by(HOT, &world, "P1", seal(1));
    let other = signed_by(OTHER, &world, "P1", seal(1));
    let own = authenticated(&world.state, world.id("P1"), revoke(OTHER));
    assert_eq!(world.apply(&hot), Ok(()));
    assert!(reaches_the_rules(world.apply(&other)));
    assert_eq!(world.apply(&own), Ok(()));
    assert_eq!(world.send_by(OTHER, "P1", seal(3)), Err(NOT_AUTHORISED), "at once");
}

#[test]
fn k4_nobody_takes_a_key_from_its_owner_by_authorising_it() {
    let mut world = World::new(params());
    let (victim, to) = (world.address("X"), world.address("R"));
    world.ok("W", provide(victim, NEVER));
    // X's own transactions are X's.
    let pay = Transfer { to, asset: Asset::Stake, amount: Amount::tokens(1) };
    let before = world.wealth("W");
    world.ok("X", Command::Transfer(pay));
    assert_eq!(world.wealth("W"), before);
    // And X is nobody's servant by it: only what X signs for W is W's.
    assert_eq!(world.send_by(victim, "W", seal(1)), Ok(()));
    assert_eq!(world.send_by(world.address("W"), "X", seal(1)), Err(NOT_AUTHORISED));
}

#[test]
fn k5_an_account_has_sixteen_keys_and_no_more() {
    let mut world = World::new(params());
    let key = |number: u32| Address([u8::try_from(number).expect("few"); 20]);
    (1..=KEYS_MAX).for_each(|number| world.ok("P1", provide(key(number), NEVER)));
    let full = AuthoriseKeyRejected::KeysAtLimit { limit: KEYS_MAX };
    assert_eq!(world.send("P1", provide(key(17), NEVER)), Err(full.into()));
    world.ok("P1", provide(key(KEYS_MAX), NEVER));
    world.ok("P1", revoke(key(1)));
    world.ok("P1", provide(key(17), NEVER));
}

/// A key costs a fee, and all may expire at one height: ten tokens buy ten million of them, which
/// were one step of one block, and as many events.
#[test]
fn k5_keys_that_expire_at_one_height_leave_in_portions_and_none_acts_meanwhile() {
    let mut world = World::new(params());
    let owner = |number: u8| Address([number; 20]);
    let key = |owner: u8, place: u8| {
        let mut key = Address([owner; 20]);
        key.0[0] = 0x80 | place;
        key
    };
    let (mut left, mut block) = (Height::new(world.state.height().count() + 200), 0);
    let amount = Amount::new(20_000).expect("small");
    for number in 1..=69 {
        world.ok(
            "W",
            Command::Transfer(Transfer { to: owner(number), asset: Asset::Stake, amount }),
        );
        let account = world.state.account_id(&owner(number)).expect("it was opened");
        for place in 0..16 {
            let command = provide(key(number, place), left);
            let transaction = authenticated(&world.state, account, command);
            world.apply(&transaction).expect("sixteen are allowed");
        }
        block += 1;
        if block % 10 == 0 {
            world.block();
        }
    }
    let rows = |world: &World| world.state.accounts().map(|(_, row)| row.keys.len()).sum::<usize>();
    while world.state.height() < left {
        world.block();
    }
    assert_eq!(rows(&world), 69 * 16);
    world.block();
    assert_eq!(rows(&world), 69 * 16 - 1_024);
    let last = world.state.account_id(&owner(69)).expect("known");
    assert_eq!(world.state.account(last).expect("known").keys.len(), 16, "it still waits");
    let sender = Sender { account: last, key: Some(key(69, 3)) };
    assert_eq!(world.state.next_nonce(sender), None);
    let late = authenticated(&world.state, sender, seal(1));
    assert_eq!(world.apply(&late), Err(NOT_AUTHORISED));
    // Who waits for that long is not in its own way: its rows make room.
    let another = authenticated(&world.state, last, provide(HOT, NEVER));
    left = world.state.height();
    world.apply(&another).expect("no other key of it counts");
    assert_eq!(world.state.account(last).expect("known").keys.len(), 1);
    world.block();
    assert_eq!((rows(&world), world.state.height() > left), (1, true));
    let expired = |event: &Event| matches!(event, Event::KeyExpired { .. }).then_some(());
    assert_eq!(world.seen(expired).len(), 69 * 16);
}

#[test]
fn k6_a_key_spends_up_to_its_limit_and_not_a_unit_more() {
    let mut world = World::new(params());
    let before = world.state.free(world.id("R"));
    let job = world.post(world.terms());
    let cost = before.checked_sub(world.state.free(world.id("R"))).expect("it was taken");
    let post = Command::PostJob(world.terms());
    let less = cost.checked_sub(Amount::UNIT).expect("a price");
    world.authorise("R", HOT, Scope::Request, less);
    let expected = TransactionRejected::KeyLimitExceeded { wanted: cost, left: less };
    assert_eq!(world.send_by(HOT, "R", post.clone()), Err(Rejected::Transaction(expected)));
    world.authorise("R", HOT, Scope::Request, cost);
    assert_eq!(world.send_by(HOT, "R", post.clone()), Ok(()));
    let row = |world: &World| world.state.account(world.id("R")).expect("known").keys[0];
    assert_eq!((row(&world).spent, row(&world).left()), (cost, Amount::ZERO));
    // Not even a fee is left; what comes back when the jobs lapse does not fill the limit again.
    world.until_phase(JobId::new(job.raw() + 1), Phase::Closed);
    let fee = Amount::new(u64::try_from(FEE).expect("positive")).expect("small");
    let expected = TransactionRejected::KeyLimitExceeded { wanted: fee, left: Amount::ZERO };
    let confirm = Command::ConfirmReceipt(ConfirmReceipt { job });
    assert_eq!(world.send_by(HOT, "R", confirm), Err(Rejected::Transaction(expected)));
    // The account fills it, and the key's sequence goes on.
    world.authorise("R", HOT, Scope::Request, cost);
    assert_eq!((row(&world).spent, row(&world).nonce), (Amount::ZERO, 1));
}

/// What comes back of a job that is taken back is the account's, not the key's: posting and taking
/// back in turn moves no more through a key than its limit, and costs the account fees alone.
#[test]
fn k6_taking_back_gives_a_key_no_room_back_and_its_account_everything() {
    let mut world = World::new(params());
    let before = world.state.free(world.id("R"));
    let probe = world.post(world.terms());
    let cost = before.checked_sub(world.state.free(world.id("R"))).expect("it was taken");
    world.ok("R", Command::CancelJob(CancelJob { job: probe }));
    let free = world.state.free(world.id("R"));
    // Two jobs, and the fees of taking them back: two weights each.
    let fee = Amount::new(2 * u64::try_from(FEE).expect("positive")).expect("small");
    let limit = cost.checked_add(fee).and_then(|one| one.checked_times(2)).expect("small");
    world.authorise("R", HOT, Scope::Request, limit);
    world.authorise("R", OTHER, Scope::Provide, limit);
    let authorised = free.checked_sub(world.state.free(world.id("R"))).expect("fees");
    let mut posted = 0;
    loop {
        let job = JobId::new(world.state.job_counts().posted);
        match world.send_by(HOT, "R", Command::PostJob(world.terms())) {
            Ok(()) => posted += 1,
            Err(Rejected::Transaction(TransactionRejected::KeyLimitExceeded { left, .. })) => {
                assert_eq!(left, Amount::ZERO);
                break;
            }
            other => panic!("{other:?}"),
        }
        let cancel = Command::CancelJob(CancelJob { job });
        assert!(world.send_by(OTHER, "R", cancel.clone()).is_err(), "not of its scope");
        assert_eq!(world.send_by(HOT, "R", cancel), Ok(()));
    }
    assert_eq!(posted, 2);
    let lost = free.checked_sub(world.state.free(world.id("R"))).expect("fees");
    // Six weights a job.
    let fees = Amount::new(2 * 6 * u64::try_from(FEE).expect("positive")).expect("small");
    assert_eq!(lost, authorised.checked_add(fees).expect("small"));
}

#[test]
fn k6_refusals_drain_no_more_than_the_limit_in_either_lane() {
    // The last that is paid for is of the protected lane, then of the other.
    for (limit, paid) in [(4_000, 4), (5_000, 5), (5_500, 5)] {
        let mut world = World::new(params());
        let limit = Amount::new(limit).expect("small");
        world.authorise("P1", HOT, Scope::Provide, limit);
        let before = world.coalition(&["P1"]);
        let job = JobId::new(99);
        let ordinary = Command::AcceptJob(AcceptJob { job });
        let protected = Command::CommitResult(CommitResult { job, seal: Digest::ZERO });
        let tries = (0..10).map(|n| if n % 2 == 0 { ordinary.clone() } else { protected.clone() });
        let burnt = tries.filter(|try_| {
            world.send_by(HOT, "P1", try_.clone()).is_err_and(|why| !why.leaves_no_trace())
        });
        assert_eq!(burnt.count(), paid);
        assert_eq!(before - world.coalition(&["P1"]), i64::try_from(paid).expect("few") * FEE);
    }
}

/// Who makes a key bid, again and again, uses its limit up; if it could then not open and defend
/// what is at stake, its account would lose the collateral of honest work.
#[test]
fn k6_a_key_whose_limit_is_used_up_still_opens_what_it_has_sealed() {
    let mut world = World::new(params());
    let (own, by_key) = (world.post(world.terms()), world.post(world.terms()));
    let before = world.state.free(world.id("P1"));
    world.bid("P1", own, 1);
    let cost = before.checked_sub(world.state.free(world.id("P1"))).expect("it was taken");
    world.authorise("P1", HOT, Scope::Provide, cost);
    world.by_key.insert("P1", HOT);
    world.bid("P1", by_key, 1);
    let left = |world: &World| world.state.account(world.id("P1")).expect("known").keys[0].left();
    assert_eq!(left(&world), Amount::ZERO);
    world.until_phase(by_key, Phase::RevealingBids);
    // What would be refused leaves no trace, so that it costs nothing beyond the limit.
    let free = world.state.free(world.id("P1"));
    let nonsense = Command::CommitResult(CommitResult { job: by_key, seal: Digest::ZERO });
    let refused = world.send_by(HOT, "P1", nonsense);
    assert!(refused.is_err_and(|why| why.leaves_no_trace()));
    assert_eq!(world.state.free(world.id("P1")), free);
    world.open_bid("P1", by_key, 1);
    let bids = &world.state.job(by_key).expect("open").bids;
    assert!(matches!(bids[0].state, earnest_protocol::market::BidState::Revealed { .. }));
}

#[test]
fn k7_a_stolen_key_costs_the_collateral_of_the_jobs_it_wins_and_nothing_after_revocation() {
    let mut world = World::new(params());
    world.authorise("P1", HOT, Scope::Provide, Amount::tokens(3));
    let before = world.coalition(&["P1"]);
    let (taken, later) = (world.post(world.terms()), world.post(world.terms()));
    world.by_key.insert("P1", HOT);
    world.bid("P1", taken, 1);
    world.bid("P1", later, 1);
    world.until_phase(taken, Phase::RevealingBids);
    world.open_bid("P1", taken, 1);
    world.until_phase(taken, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job: taken }));
    let collateral = world.quote(taken).collateral;
    world.by_key.clear();
    world.ok("P1", revoke(HOT));
    let (price, salt) = (Amount::tokens(1), Digest([5; 32]));
    let open = Command::RevealBid(RevealBid { job: later, price, salt });
    assert_eq!(world.send_by(HOT, "P1", open), Err(NOT_AUTHORISED));
    let lie = world.seal_result("P1", taken, root(Some(3)));
    let commit = Command::CommitResult(CommitResult { job: taken, seal: lie });
    assert_eq!(world.send_by(HOT, "P1", commit), Err(NOT_AUTHORISED));
    for job in [taken, later] {
        world.until_phase(job, Phase::Closed);
    }
    let lost = before - world.coalition(&["P1"]);
    let most = i64::try_from(collateral.units() + Amount::tokens(3).units()).expect("small");
    assert!(lost > 0 && lost <= most, "{lost} of at most {most}");
}

#[test]
fn a_whole_job_is_done_by_keys_for_the_same_money_as_without() {
    let run = |keys: bool| {
        let mut world = World::new(params());
        let names = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
        for (name, number) in names.into_iter().zip(1u8..) {
            let scope = match &name[..1] {
                "R" => Scope::Request,
                "P" => Scope::Provide,
                _ => Scope::Audit,
            };
            let key = Address([0x60 + number; 20]);
            world.authorise(name, key, scope, Amount::tokens(100));
            if keys {
                world.by_key.insert(name, key);
            }
        }
        let job = world.assign(world.terms(), &[("P1", 4)]);
        world.commit("P1", job, root(None));
        world.audit(job, root(None));
        world.until_phase(job, Phase::Revealing);
        world.reveal("P1", job, root(None), root(None));
        world.ok("R", Command::ConfirmReceipt(ConfirmReceipt { job }));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        assert_eq!(world.pot(job, JobPot::Escrow), 0);
        names.map(|name| world.wealth(name))
    };
    assert_eq!(run(true), run(false));
}
