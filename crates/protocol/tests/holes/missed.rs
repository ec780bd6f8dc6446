//! What a missed audit owes, and how one comes to miss it: attempts on clocks, excuses and bonds.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Event, Gas, Height, JobId, Params, Rejected, Role,
    Transaction,
    command::*,
    ledger::{Assets, Pot},
    market::{Outcome, Phase},
    staking::UnbondRejected,
    verification::depth,
};

use super::{CHUNK_FEE, FEE, PROGRAM_FEE, TOKEN, VALIDATORS, ask, report, serve, units};
use crate::world::{World, params, params_with, root};

/// What a seat of the world's usual job locks: two tariffs and 5 % of its price.
const LOCK: i64 = 2 * TOKEN + TOKEN / 2;

/// new: whoever waits for bytes gets that time back, but a verdict of a friend's that was sealed
/// and reported meanwhile had all seats begin anew: the honest auditor beside it was timed out
/// before its bytes were due, lost its seat and, as others managed, its lock, for the friend's own
/// lock and share. A draw that comes in between takes no time from who was drawn before.
#[test]
fn a_leak_takes_no_time_from_who_waits_for_bytes() {
    for assets in [Assets::Single, Assets::Dual] {
        // Bytes may take longer than an audit, as they may at the defaults.
        let mut world = World::with_assets(
            params_with(|raw| {
                raw.verification.availability_blocks = Blocks::new(20);
                raw.staking.unbonding_epochs = earnest_protocol::Epochs::new(200);
            }),
            assets,
        );
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let [friend, honest] = world.auditors(job)[..] else { panic!("two are drawn") };
        let before = world.coalition(&[honest]);
        ask(&mut world, honest, job, DataItem::Input(0)).expect("drawn");
        let due = world.assignment(job).until;
        world.audit_as(friend, job, root(Some(77)));
        report(&mut world, "W", friend, job, root(Some(77)));
        assert_eq!(world.assignment(job).until, due, "not a block less");
        world.blocks(18); // The last block in which the provider may answer is the next but one.
        assert!(world.auditors(job).contains(&honest));
        serve(&mut world, "P1", job, DataItem::Input(0));
        while world.state.height() < due {
            world.block();
        }
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        let fee = 260 * 100_000;
        assert_eq!(world.coalition(&[honest]) - before, TOKEN - fee - CHUNK_FEE);
    }
}

/// A usual job of so many chunks: one of two drawn auditors asks for `items`, serves itself and
/// stays silent; what that costs it.
fn silence(chunks: u32, items: &[DataItem], assets: Assets) -> i64 {
    let mut world = World::with_assets(params(), assets);
    let mut terms = world.terms();
    terms.task.chunk_count = chunks;
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [silent, other] = world.auditors(job)[..] else { panic!("two are drawn") };
    let before = world.coalition(&[silent]);
    for item in items {
        ask(&mut world, silent, job, *item).expect("drawn");
        serve(&mut world, silent, job, *item);
    }
    world.audit_as(other, job, root(None));
    while world.auditors(job).contains(&silent) {
        world.block();
    }
    world.audit_as(
        world.auditors(job).into_iter().find(|name| *name != other).expect("drawn"),
        job,
        root(None),
    );
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    before - world.coalition(&[silent])
}

/// new: an auditor that asked four times for the one program, and served itself, had asked for as
/// many bytes as it may: its silence cost 0.026 tokens of fees, whatever its lock, 2.5 here and
/// 52 at a price of a thousand. What excuses is to have asked for as many different items as one
/// may, while there are more of them.
#[test]
fn asking_again_for_what_one_has_excuses_no_silence() {
    use DataItem::{Input, Program};
    let (program, chunk) = (64 * 100_000 + PROGRAM_FEE, 260 * 100_000 + CHUNK_FEE);
    for assets in [Assets::Single, Assets::Dual] {
        let again = silence(4, &[Program; 4], assets);
        assert_eq!(again, 4 * program + LOCK);
        let again = silence(4, &[Program, Input(0), Input(1), Input(0)], assets);
        assert_eq!(again, program + 3 * chunk + LOCK, "three different ones");
        let all = [Program, Input(0), Input(1), Input(2)];
        let fees = program + 3 * chunk;
        // Of four items whoever asks gets all; of five one may still be out of reach.
        assert_eq!(silence(3, &all, assets), fees + LOCK);
        assert_eq!(silence(4, &all, assets), fees);
    }
}

/// new: R10 counted the referee's step without its evidence, 1,360 kibibytes, and six levels of a
/// tree that has seven at 2^24 steps: 44 transfers of 1,408. A genesis that asked for just that let
/// a challenger have 32 times as much carried out, free, as it put up. Of an ordinary program there
/// are two finer trees besides, of seven levels together, and evidence may be heard in each of the
/// three, in two of them without a ruling.
#[test]
fn a_challenge_deposit_covers_the_largest_evidence_and_the_deepest_tree() {
    let weight = |command| {
        Transaction { nonce: 0, valid_until: Height::ZERO, command, on_behalf_of: None }.weight()
    };
    let (job, node) = (JobId::new(0), Node { level: 0, index: 0 });
    let children = vec![Digest([0; 32]); 16];
    let (some, proof) = (children.clone(), vec![0; 16 * 1_024]);
    let finer = weight(Command::RefineStep(RefineStep { job, node, children: some, proof }));
    let level = weight(Command::OpenNode(OpenNode { job, node, children }))
        + weight(Command::RejectChild(RejectChild { job, child: 0 }));
    let evidence = vec![0; 1_360 * 1_024];
    let step =
        weight(Command::ProveStep(ProveStep { job, node: Node { level: 2, index: 0 }, evidence }));
    let most = params_with(|raw| raw.market.steps_max = 1 << 24).market.steps_max;
    let needed = 1_000 * (3 * step + level * (u64::from(depth(most)) + 7) + 2 * finer);
    for (deposit, fits) in [(needed - 1, false), (needed, true)] {
        let raw = params_with(|raw| {
            raw.market.steps_max = most;
            raw.verification.challenge_deposit = Amount::new(deposit).expect("small");
        });
        assert_eq!(Params::try_from(raw).is_ok(), fits, "{deposit}");
    }
}

/// new: who missed and then unbonds all it has, in as many entries as the queue has room for, owes
/// its lock out of all there is, to the unit; the entry of before the acceptance answers for none.
#[test]
fn a_missed_lock_is_taken_out_of_a_full_queue() {
    for assets in [Assets::Single, Assets::Dual] {
        let mut world = World::with_assets(params(), assets);
        let role = Role::Validator;
        let limit = 32u64;
        for name in VALIDATORS {
            super::unbond(&mut world, name, role, Amount::tokens(49_000));
        }
        world.block();
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let [lazy, other] = world.auditors(job)[..] else { panic!("two are drawn") };
        let before = world.coalition(&[lazy]);
        world.audit_as(other, job, root(None));
        while world.auditors(job).contains(&lazy) {
            world.block();
        }
        // A thousand tokens in 31 entries: less than the lock in each but the last.
        let piece = 2 * TOKEN / 31;
        (1..limit - 1).for_each(|_| super::unbond(&mut world, lazy, role, super::amount(piece)));
        let id = world.operator(lazy, role);
        let rest = world.state.unbondable(id);
        super::unbond(&mut world, lazy, role, rest);
        super::bond(&mut world, lazy, role, Amount::tokens(100));
        let amount = Amount::tokens(100);
        let full = world.send(lazy, Command::Unbond(Unbond { role, amount }));
        let refusal = UnbondRejected::UnbondingsAtLimit { limit: 32 };
        assert_eq!(full, Err(Rejected::Unbond(refusal)), "one past");
        let next = world.auditors(job).into_iter().find(|name| *name != other).expect("drawn");
        world.audit_as(next, job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        let lost = before - world.coalition(&[lazy]);
        assert_eq!(lost, LOCK + 33 * FEE, "out of the bond that came last");
    }
}

/// new: the same with nothing in the bond: every entry since the acceptance gives what it has until
/// the lock is whole, and none of before it.
#[test]
fn a_missed_lock_is_taken_out_of_every_entry_in_turn() {
    for assets in [Assets::Single, Assets::Dual] {
        for (own, short) in [(LOCK, 0), (LOCK + 1, 0), (LOCK - 1, 1)] {
            let mut world = World::with_assets(
                params_with(|raw| raw.staking.validator_bond_min = Amount::UNIT),
                assets,
            );
            let role = Role::Validator;
            let job = world.assign(world.terms(), &[("P1", 10)]);
            world.commit("P1", job, root(None));
            let [lazy, other] = world.auditors(job)[..] else { panic!("two are drawn") };
            world.audit_as(other, job, root(None));
            while world.auditors(job).contains(&lazy) {
                world.block();
            }
            let id = world.operator(lazy, role);
            let pieces: i64 = 31;
            let piece = own / pieces;
            for n in 0..pieces {
                let part = if n == 0 { own - piece * (pieces - 1) } else { piece };
                super::unbond(&mut world, lazy, role, super::amount(part));
            }
            // And all the rest in one more, the last that the queue has room for.
            let all = world.state.unbondable(id);
            super::unbond(&mut world, lazy, role, all);
            let entries = world.state.operator(id).expect("known").unbondings.clone();
            assert_eq!(entries.len(), 32);
            let next = world.auditors(job).into_iter().find(|name| *name != other).expect("drawn");
            world.audit_as(next, job, root(None));
            world.reveal("P1", job, root(None), root(None));
            world.until_phase(job, Phase::Closed);
            let left: i64 = entries[..31]
                .iter()
                .map(|entry| units(world.state.balance(Pot::Unbonding(*entry))))
                .sum();
            assert_eq!(left, (own - LOCK).max(0), "{own}");
            let last = units(world.state.balance(Pot::Unbonding(entries[31])));
            assert_eq!(units(all) - last, short, "what they lack comes out of the last");
        }
    }
}

/// new: however many validators leave between quote and draw, and whoever withholds, an audit never
/// locks more than the m + 2 locks that acceptance reserved.
#[test]
fn no_draw_locks_more_than_was_reserved() {
    for auditors in 1..=7u8 {
        for left in 2..=8usize {
            for withholds in [false, true] {
                let mut world = World::new(params());
                let mut terms = world.terms();
                terms.auditors = auditors;
                let job = world.assign(terms, &[("P1", 10)]);
                world.commit_result("P1", job, root(None));
                world.block();
                for name in &VALIDATORS[left..] {
                    super::unbond(&mut world, name, Role::Validator, Amount::tokens(50_000));
                }
                if !withholds {
                    let preimage = Digest([4; 32]);
                    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
                }
                world.blocks(6);
                let drawn = world.auditors(job).len();
                let most = usize::from(auditors) + if withholds { 2 } else { 1 };
                assert!(drawn <= most, "{auditors} of {left}, {withholds}: {drawn}");
                world.until_phase(job, Phase::Closed);
            }
        }
    }
}

/// new: the same cut by a draw that is put off: a friend that leaks is jailed, and the two who are
/// left of a small pool are too few to draw from. The draw waited for 3 blocks, at the defaults for
/// 30 of the 15,030 that the largest audit may take, and who was drawn before was timed out by it.
#[test]
fn a_draw_that_is_put_off_takes_no_time_from_who_was_drawn_before() {
    for slack in [0, 1] {
        let mut world = World::new(params());
        let everything = Amount::tokens(50_000);
        let leaves = |world: &mut World, name| {
            super::unbond(world, name, Role::Validator, everything);
        };
        VALIDATORS[3..].iter().for_each(|name| leaves(&mut world, name));
        let mut terms = world.terms();
        terms.task.gas_bound = Gas::new(10_000_000_000); // 50 blocks at the reference speed.
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let due = world.assignment(job).until;
        let [friend, honest] = world.auditors(job)[..] else { panic!("two are drawn") };
        let before = world.coalition(&[honest]);
        world.audit_as(friend, job, root(Some(77)));
        report(&mut world, "W", friend, job, root(Some(77)));
        let put_off = |event: &Event| matches!(event, Event::DrawPutOff { .. }).then_some(());
        assert_eq!(world.seen(put_off).len(), 1);
        assert_eq!(world.assignment(job).until, due, "not a block less");
        while world.state.height().count() < due.count() + slack {
            world.block();
        }
        let in_time = world.auditors(job).contains(&honest);
        assert_eq!(in_time, slack == 0, "its last block is that of the draw");
        if !in_time {
            continue;
        }
        world.audit_as(honest, job, root(None));
        world.until_phase(job, Phase::AuditingOpen);
        let third = VALIDATORS[..3].iter().find(|name| ![friend, honest].contains(name));
        world.audit_as(third.expect("of three"), job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        assert_eq!(world.coalition(&[honest]) - before, 10 * TOKEN, "the tariff");
    }
}

/// new: a volunteer that leaks in the open time had the seats drawn anew for half of that time; who
/// works on an open seat keeps all of it, and whoever is drawn then has as long.
#[test]
fn a_volunteers_leak_takes_no_time_from_open_seats() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.auditors = 3;
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let sealed = world.auditors(job)[0];
    world.audit_as(sealed, job, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let until = world.assignment(job).until;
    let idle = |world: &World| {
        let case = world.state.case(job).expect("assigned").clone();
        let is_idle = |name: &&'static str| {
            let id = world.operator(name, Role::Validator);
            !case.barred.contains(&id) && case.seat_of(id).is_none()
        };
        VALIDATORS.into_iter().find(is_idle)
    };
    let friend = idle(&world).expect("seven of eight were drawn");
    let before = world.coalition(&[friend, "W"]);
    world.audit_as(friend, job, root(Some(77)));
    report(&mut world, "W", friend, job, root(Some(77)));
    assert!(until <= world.assignment(job).until, "not a block less");
    let share = (50_000 * TOKEN - LOCK) / 20;
    assert_eq!(before - world.coalition(&[friend, "W"]), LOCK + share - LOCK / 2 + FEE);
    world.until_phase(job, Phase::Closed);
}
