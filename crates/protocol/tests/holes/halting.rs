//! What could stop the chain, fork it or fill it: p12, p13, p20.

use earnest_protocol::{
    AccountId, Address, Amount, Asset, Blocks, Command, Digest, JobId, Ratio, Rejected, Role,
    State,
    command::*,
    market::{Outcome, Phase},
    verification::{ChallengeRejected, RequestDataRejected},
};

use super::{FEE, POST_FEE, TOKEN, serve, sybil, unbond, wealth_of};
use crate::world::{Truth, World, authenticated, params, params_with, root};

/// Applies a command without a check of every law: for thousands of them.
fn apply(world: &mut World, who: AccountId, command: Command) -> Result<(), Rejected> {
    let tx = authenticated(&world.state, who, command);
    world.state.apply(&tx, &Truth, &mut world.journal)
}

/// p20: 255 requests for bytes about one job overflowed eight bits in a block's opening and halted
/// the chain for good. As many as the limits allow, and one past each, are closed like any other.
fn fill_every_place(disputes: u32, requests: u32) {
    let raw = params_with(|raw| {
        raw.verification.disputes_max = disputes;
        raw.verification.data_requests_max = requests;
        raw.chain.lane_kib = 1 << 20;
        raw.staking.unbonding_epochs = earnest_protocol::Epochs::new(1_000);
    });
    let mut world = World::new(raw);
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let count = u16::try_from(disputes + 1).expect("small");
    let sybils: Vec<AccountId> = (0..count).map(|n| sybil(&mut world, n, 4).0).collect();
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    assert_eq!(world.phase(job), Phase::Challengeable);
    let requester = world.id("R");
    let provider = world.id("P1");
    let item = DataItem::Output;
    let mut asked = 0u32;
    let mut ask_all = |world: &mut World, who: AccountId| {
        for _ in 0..requests {
            apply(world, who, Command::RequestData(RequestData { job, item })).expect("a place");
            let bytes = b"bytes".to_vec();
            apply(world, provider, Command::ServeData(ServeData { job, item, bytes }))
                .expect("just asked");
            asked += 1;
        }
        let past = apply(world, who, Command::RequestData(RequestData { job, item }));
        let refusal = RequestDataRejected::RequestsAtLimit { limit: requests };
        assert_eq!(past, Err(Rejected::RequestData(refusal)));
    };
    ask_all(&mut world, requester);
    let (last, places) = sybils.split_last().expect("more than none");
    for who in places {
        apply(&mut world, *who, Command::Challenge(Challenge { job })).expect("a place");
        ask_all(&mut world, *who);
    }
    let past = apply(&mut world, *last, Command::Challenge(Challenge { job }));
    let refusal = ChallengeRejected::DisputesAtLimit { limit: disputes };
    assert_eq!(past, Err(Rejected::Challenge(refusal)));
    assert_eq!(asked, requests * (disputes + 1));
    world.settle_journal();
    // Nobody plays: the accused's clocks run out, or it answers and the challengers' do.
    for index in 0..16 {
        let node = Node { level: 0, index };
        let children = vec![Digest([1; 32]); 16];
        let opened = world.send("P1", Command::OpenNode(OpenNode { job, node, children }));
        assert_eq!(opened.is_ok(), index == 0);
    }
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    let deposits = wealth_of(&world, places);
    let left = i64::from(disputes) * 4 * TOKEN - deposits;
    assert!(left > i64::from(disputes) * TOKEN, "every deposit is lost: {left}");
}

/// p20, at the default limits.
#[test]
fn a_job_with_every_place_for_disputes_and_requests_taken_closes() {
    fill_every_place(64, 4);
}

/// p20, at other limits a network may set.
#[test]
fn a_job_closes_at_other_limits_too() {
    fill_every_place(1, 1);
    fill_every_place(20, 16);
}

/// p20, at the highest limits a network may set: 1,616 requests about one job.
#[test]
fn a_job_closes_at_the_highest_limits() {
    fill_every_place(100, 16);
}

/// p20: auditors may ask, too, in every round; each request gives the round more time, and the end
/// comes all the same.
#[test]
fn every_drawn_auditor_asks_for_all_it_may_in_every_round() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    (terms.auditors, terms.task.chunk_count) = (7, 1_000);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit_result("P1", job, root(None)); // R opens nothing: the whole pool is drawn.
    let (mut chunk, mut asked) = (0, 0);
    for _ in 0..3_000 {
        if world.phase(job) == Phase::Closed {
            break;
        }
        if matches!(world.phase(job), Phase::Auditing | Phase::AuditingOpen) {
            for name in world.auditors(job) {
                let item = DataItem::Input(chunk % 1_000);
                if super::ask(&mut world, name, job, item).is_ok() {
                    serve(&mut world, "P1", job, item);
                    (chunk, asked) = (chunk + 1, asked + 1);
                }
            }
        }
        world.block();
    }
    assert_eq!(world.phase(job), Phase::Closed);
    assert_eq!(asked, 8 * 4, "the whole pool, each as often as it may");
}

/// By reading: `AccountId` ended at 2^32. It is as wide as a place in memory.
#[test]
fn identifiers_are_64_bits_wide() {
    assert_eq!(AccountId::new(u64::MAX).raw(), u64::MAX);
    assert_eq!(size_of::<AccountId>(), 8);
    assert_eq!(size_of::<JobId>(), 8);
}

fn encoded(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("encodes into memory")
}

/// A world in the midst of everything: bids, an open auction, disputes, requests, an audit that
/// waits, a withheld beacon, slashes that wait, stake on its way out, rows that retire.
fn midst() -> World {
    let mut world = World::new(params_with(|raw| raw.market.retention_blocks = Blocks::new(40)));
    let done = world.assign(world.terms(), &[("P3", 4)]);
    super::honest_life(&mut world, done, "P3");
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let disputed = world.assign(terms.clone(), &[("P1", 4), ("P2", 6)]);
    world.commit("P1", disputed, root(Some(3)));
    world.reveal_result("P1", disputed, root(Some(3)));
    world.ok("W", Command::Challenge(Challenge { job: disputed }));
    let convicted = world.assign(terms, &[("P4", 4)]);
    world.commit("P4", convicted, root(Some(5)));
    world.reveal_result("P4", convicted, root(Some(5)));
    world.ok("X", Command::Challenge(Challenge { job: convicted }));
    world.play("P4", convicted, 5, true);
    unbond(&mut world, "V3", Role::Validator, Amount::tokens(7));
    let audited = world.assign(world.terms(), &[("P2", 4)]);
    world.commit_result("P2", audited, root(None));
    world.block();
    unbond(&mut world, "V4", Role::Validator, Amount::tokens(9));
    world.ok("R", Command::OpenSeed(OpenSeed { job: audited, preimage: Digest([4; 32]) }));
    world.blocks(1);
    let asker = world.auditors(audited)[0];
    super::ask(&mut world, asker, audited, DataItem::Program).expect("drawn");
    let bidding = world.post(world.terms());
    world.bid("P3", bidding, 5);
    super::ask(&mut world, "W", disputed, DataItem::Output).expect("a challenger may");
    world
}

/// p12: two states of one root had two futures, since timers, weights and the map of addresses
/// were stored beside what the root covers. They are not stored: a state that was written and read
/// goes on as if it never had been, from every block of a long story on.
#[test]
fn a_state_that_was_read_back_has_the_future_of_the_one_that_was_written() {
    let mut world = midst();
    for _ in 0..60 {
        let mut read: State = postcard::from_bytes(&encoded(&world.state)).expect("just written");
        assert_eq!(read.root(), world.state.clone().root());
        assert_eq!(read.check_invariants(), Ok(()));
        assert_eq!(encoded(&read), encoded(&world.state), "written again it is the same");
        let mut twin = World::new(params());
        std::mem::swap(&mut twin.state, &mut read);
        world.block();
        twin.block();
        assert_eq!(twin.state.root(), world.state.clone().root());
        world.state = twin.state; // And so on from what was read.
    }
    let mut kept = midst();
    kept.blocks(60);
    assert_eq!(kept.state.root(), world.state.root());
}

/// p12: whatever byte of a stored state is changed, what is read either has another root, or is
/// the very same state: nothing that decides lies beside the root.
#[test]
fn no_changed_byte_keeps_the_root_and_changes_the_state() {
    let world = midst();
    let (bytes, root) = (encoded(&world.state), world.state.clone().root());
    let (mut same, mut tried) = (0, 0);
    for at in (0..bytes.len()).step_by(3) {
        for change in [1u8, 0x80] {
            let mut forged = bytes.clone();
            forged[at] ^= change;
            let read = std::panic::catch_unwind(|| {
                let (mut state, rest): (State, _) = postcard::take_from_bytes(&forged).ok()?;
                let is_whole = rest.is_empty() && state.root() == root;
                is_whole.then_some(state)
            });
            tried += 1;
            let Ok(Some(state)) = read else { continue };
            same += 1;
            assert_eq!(encoded(&state), bytes, "byte {at} of {}", bytes.len());
        }
    }
    assert!(tried > 2_000, "{tried} tried, {same} read as the same");
}

/// p13: a posting that nobody wants left 255 bytes for ever for one base fee. Rows of closed jobs
/// go after a while: of 768 jobs one hash for 64 rows stays in each of three tables.
#[test]
fn closed_jobs_leave_next_to_nothing_behind() {
    let mut world = World::new(params_with(|raw| raw.market.retention_blocks = Blocks::new(20)));
    let mut terms = world.terms();
    (terms.audit_rate, terms.auditors) = (Ratio::percent(2), 1);
    terms.price_max = Amount::UNIT;
    let wealth = world.coalition(&["R"]);
    let mut sizes = vec![encoded(&world.state).len()];
    for _ in 0..3 {
        for _ in 0..256 {
            apply(&mut world, AccountId::new(0), Command::PostJob(terms.clone())).expect("posted");
        }
        world.settle_journal();
        world.blocks(40);
        assert_eq!((world.state.job_counts().open, world.state.jobs().count()), (0, 0));
        sizes.push(encoded(&world.state).len());
    }
    let grown = sizes[3] - sizes[0];
    assert!(grown < 768 * 2, "{sizes:?}: two bytes a job");
    assert_eq!(wealth - world.coalition(&["R"]), 768 * POST_FEE);
}

/// p13: the same of jobs that were done and disputed, in all tables of assignments.
#[test]
fn jobs_that_were_done_and_disputed_leave_next_to_nothing_behind() {
    let mut world = World::new(params_with(|raw| raw.market.retention_blocks = Blocks::new(20)));
    let mut sizes = Vec::new();
    for round in 1..=192u64 {
        let mut terms = world.terms();
        terms.audit_rate = Ratio::percent(2);
        let job = world.assign(terms, &[("P2", 4), ("P3", 5)]);
        world.commit("P2", job, root(None));
        if world.phase(job) == Phase::Auditing {
            world.audit(job, root(None));
        }
        world.reveal("P2", job, root(None), root(None));
        world.ok("W", Command::Challenge(Challenge { job }));
        world.play("P2", job, 3, true);
        world.until_phase(job, Phase::Closed);
        if round % 64 == 0 {
            world.blocks(60);
            assert_eq!(world.state.jobs().count(), 0);
            sizes.push(encoded(&world.state).len());
        }
    }
    let grown = sizes[2] - sizes[1];
    assert!(grown < 64 * 6, "{sizes:?}: six bytes a job");
}

/// What is left of p13: an account is never forgotten. One base unit and one base fee open one,
/// for ever. The price of filling a state is that of its accounts.
#[test]
fn an_account_costs_a_base_fee_and_stays() {
    let mut world = World::new(params());
    let before = encoded(&world.state).len();
    let wealth = world.coalition(&["W"]);
    for n in 0..200u16 {
        let mut bytes = [9; 20];
        bytes[..2].copy_from_slice(&n.to_le_bytes());
        let (to, amount) = (Address(bytes), Amount::UNIT);
        let command = Command::Transfer(Transfer { to, asset: Asset::Stake, amount });
        let who = world.id("W");
        apply(&mut world, who, command).expect("paid");
    }
    world.settle_journal();
    let grown = (encoded(&world.state).len() - before) / 200;
    assert!(grown < 40, "{grown} bytes each");
    assert_eq!(wealth - world.coalition(&["W"]), 200 * (FEE + 1));
}
