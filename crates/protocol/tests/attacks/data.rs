//! Bytes that must be produced: M7, M8.

use earnest_protocol::{
    Blocks, Command, Digest, Epochs, Gas, Ratio, Rejected,
    command::*,
    ledger::AssignmentPot,
    market::{CloseReason, Outcome, Phase},
    verification::{RequestDataRejected, RevealResultRejected},
};

use earnest_testkit::votes;

use super::{CHUNK_FEE, FEE};
use crate::world::{World, params, params_with, root};

/// An honest job of P1's, all open.
fn revealed(world: &mut World) -> earnest_protocol::JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

#[test]
fn m8_an_output_withheld_after_the_reveal_is_a_wrong_result() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = revealed(&mut world);
    let locked = world.held(job, AssignmentPot::Collateral);
    let item = DataItem::Output;
    world.ok("R", Command::RequestData(RequestData { job, item }));
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Rejected, CloseReason::DataWithheld));
    let lost = before - world.coalition(&["P1"]);
    assert!(lost > i64::try_from(locked).expect("small"), "all of {locked} and of its bond");
}

#[test]
fn m8_an_output_asked_for_in_the_last_block_of_the_window_delays_payment_until_served() {
    let mut world = World::new(params());
    let job = revealed(&mut world);
    let until = world.assignment(job).until;
    while world.state.height() < until {
        world.block();
    }
    let item = DataItem::Output;
    world.ok("R", Command::RequestData(RequestData { job, item }));
    world.blocks(3);
    assert_eq!(world.phase(job), Phase::Challengeable, "not final before it is answered");
    world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

#[test]
fn m8_what_is_revealed_must_be_the_last_leaf_of_what_was_sealed() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    // Sealed with an output that is not the tree's.
    let mut opening = world.opening(job, root(None));
    opening.output = Digest([1; 32]);
    let (network, address) = (world.state.network(), world.address("P1"));
    let seal = earnest_protocol::seal::result(&network, job, &address, &opening);
    world.ok("P1", Command::CommitResult(CommitResult { job, seal }));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    let before = world.coalition(&["P1"]);
    let reveal = RevealResult { job, opening, output_proof: b"output".to_vec() };
    let refused = world.send("P1", Command::RevealResult(reveal));
    let expected = RevealResultRejected::OutputProofInvalid;
    assert_eq!(refused, Err(Rejected::RevealResult(expected)));
    // An opening weighs two transfers, its proof of a begun kibibyte a third.
    assert_eq!(world.coalition(&["P1"]), before - 3 * FEE);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotRevealed);
}

#[test]
fn m7_requests_are_few_prepaid_and_only_of_those_who_need_the_bytes() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let item = DataItem::Input(0);
    let curious = world.send("W", Command::RequestData(RequestData { job, item }));
    let expected = RequestDataRejected::NotEntitled;
    assert_eq!(curious, Err(Rejected::RequestData(expected)));
    let auditor = world.auditors(job)[0];
    let before = world.coalition(&[auditor]);
    for chunk in 0..4 {
        let item = DataItem::Input(chunk);
        world.ok(auditor, Command::RequestData(RequestData { job, item }));
        world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    }
    assert_eq!(world.coalition(&[auditor]), before - 4 * (26_000_000 + CHUNK_FEE), "prepaid");
    let more = world.send(auditor, Command::RequestData(RequestData { job, item }));
    let expected = RequestDataRejected::RequestsAtLimit { limit: 4 };
    assert_eq!(more, Err(Rejected::RequestData(expected)));
}

#[test]
fn m7_answers_overdue_in_one_block_are_one_conviction() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let auditors = world.auditors(job);
    let before = world.coalition(&auditors);
    for (name, chunk) in auditors.iter().zip(0..) {
        let item = DataItem::Input(chunk);
        world.ok(name, Command::RequestData(RequestData { job, item }));
    }
    world.blocks(6);
    assert_eq!(world.closed(job).reason, CloseReason::DataWithheld);
    assert_eq!(world.state.slashes().count(), 1);
    // What both had prepaid is home.
    assert_eq!(world.coalition(&auditors), before - 2 * CHUNK_FEE);
}

#[test]
fn m7_auditors_that_ask_again_and_again_hold_a_job_no_longer_than_r4_counts() {
    let raw = params_with(|raw| {
        raw.market.work_bound_max = Gas::new(1_000_000_000);
        raw.market.deadline_blocks_max = Blocks::new(10);
    });
    let mut world = World::new(raw);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    // Every auditor of every round asks for all it may, one at a time, and then falls silent.
    let (since, mut asked) = (world.state.height(), Vec::new());
    while matches!(world.phase(job), Phase::Auditing | Phase::AuditingOpen) {
        for name in world.auditors(job) {
            let item = DataItem::Input(0);
            if asked.iter().filter(|n| **n == name).count() < 4
                && world.send(name, Command::RequestData(RequestData { job, item })).is_ok()
            {
                asked.push(name);
                let bytes = b"bytes".to_vec();
                world.ok("P1", Command::ServeData(ServeData { job, item, bytes }));
            }
        }
        world.block();
    }
    assert_eq!(asked.len(), 24, "two seats, three rounds, four requests");
    let took = world.state.height().since(since).count();
    let whole = raw.longest_liability().count();
    // R4 less everything that is neither audit nor request: 10 + 4 + 2 + 3 + 3, a window of 5 + 5,
    // two clocks of 20, two epochs of 50, and 260 chunks of an output that give 2 each.
    let allowed = whole - 32 - 40 - 100 - 520;
    assert!(took > 100 && took <= allowed, "{took} blocks, {allowed} counted");
}

/// A job of an ordinary program whose output may have 256 chunks, revealed and not audited.
fn large(world: &mut World) -> earnest_protocol::JobId {
    paged(world, ProgramForm::OUTPUT_KIB_MAX)
}

/// The same with an output of so many kibibytes.
fn paged(world: &mut World, output_kib: u32) -> earnest_protocol::JobId {
    let program = world.publish("X", b"program");
    let mut terms = world.paged_terms(program);
    terms.task.form = ProgramForm::Paged(output_kib);
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

fn ask(job: earnest_protocol::JobId, chunk: u32) -> Command {
    Command::RequestData(RequestData { job, item: DataItem::OutputChunk(chunk) })
}

fn answer(job: earnest_protocol::JobId, chunk: u32) -> Command {
    let item = DataItem::OutputChunk(chunk);
    Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() })
}

#[test]
fn m8_one_withheld_chunk_costs_what_a_withheld_output_does() {
    let play = |item: Option<DataItem>| {
        let mut world = World::new(params());
        let before = world.coalition(&["P1"]);
        let job = match item {
            Some(DataItem::OutputChunk(_)) => large(&mut world),
            _ => revealed(&mut world),
        };
        let locked = world.held(job, AssignmentPot::Collateral);
        let item = item.unwrap_or(DataItem::Output);
        if item != DataItem::Output {
            world.ok("R", ask(job, 0));
            world.ok("P1", answer(job, 0));
        }
        world.ok("R", Command::RequestData(RequestData { job, item }));
        world.until_phase(job, Phase::Closed);
        let closed = world.closed(job);
        assert_eq!((closed.outcome, closed.reason), (Outcome::Rejected, CloseReason::DataWithheld));
        (before - world.coalition(&["P1"]), i64::try_from(locked).expect("small"))
    };
    // The last of 256, after the first was served for its price.
    let (lost, locked) = play(Some(DataItem::OutputChunk(255)));
    assert!(lost + 262 * 100_000 > locked, "all of {locked}, and of its bond: {lost}");
    let (whole, _) = play(None);
    assert!(whole > 0 && lost > whole / 2, "{lost} {whole}");
}

#[test]
fn m7_of_a_large_output_nobody_owes_more_at_once_than_one_account_may_ask_for() {
    let mut world = World::new(params());
    let job = large(&mut world);
    let refused = |world: &mut World, name, command| match world.send(name, command) {
        Err(Rejected::RequestData(refused)) => refused,
        other => panic!("{other:?}"),
    };
    // One piece is what others have; the 257th chunk nobody has.
    let whole = Command::RequestData(RequestData { job, item: DataItem::Output });
    assert_eq!(refused(&mut world, "R", whole), RequestDataRejected::NoSuchItem);
    assert_eq!(refused(&mut world, "R", ask(job, 256)), RequestDataRejected::NoSuchItem);
    for chunk in 0..4 {
        world.ok("R", ask(job, chunk));
    }
    let at_limit = RequestDataRejected::RequestsAtLimit { limit: 4 };
    assert_eq!(refused(&mut world, "R", ask(job, 255)), at_limit);
    // Challengers, of whom there may be many, ask for none.
    world.ok("W", Command::Challenge(Challenge { job }));
    assert_eq!(refused(&mut world, "W", ask(job, 255)), RequestDataRejected::NotEntitled);
    world.ok("P1", answer(job, 2));
    assert_eq!(refused(&mut world, "R", ask(job, 3)), RequestDataRejected::AlreadyRequested);
    world.ok("R", ask(job, 255));
    assert_eq!(refused(&mut world, "R", ask(job, 254)), at_limit);
}

#[test]
fn m7_whoever_asks_for_each_chunk_and_some_again_pays_for_all_and_then_no_more() {
    let mut world = World::new(params());
    let job = large(&mut world);
    let (asker, provider) = (world.coalition(&["R"]), world.coalition(&["P1"]));
    let until = world.assignment(job).until;
    for chunk in (0..256).chain(0..4) {
        world.ok("R", ask(job, chunk));
        world.ok("P1", answer(job, chunk));
    }
    let more = world.send("R", ask(job, 9));
    let expected = RequestDataRejected::RequestsAtLimit { limit: 260 };
    assert_eq!(more, Err(Rejected::RequestData(expected)));
    // Prepaid to who answers, and as much burnt as bytes of that weight cost anybody.
    let fees = 260 * 262 * 100_000;
    assert_eq!(world.coalition(&["P1"]), provider + fees);
    let paid = asker - world.coalition(&["R"]);
    assert!(paid >= fees + 260 * 263 * FEE, "{paid}");
    let longer = world.assignment(job).until.since(until).count();
    assert_eq!(longer, 260, "a quarter of the three blocks of a turn each, rounded up");
}

#[test]
fn m8_a_provider_that_drips_its_output_out_gives_back_the_time_that_it_takes() {
    let raw = params();
    let mut world = World::new(raw);
    let job = large(&mut world);
    let (since, mut next) = (world.state.height(), 0);
    while next < 256 {
        let asked = next..next + 4;
        asked.clone().for_each(|chunk| world.ok("R", ask(job, chunk)));
        // At the last moment.
        world.blocks(raw.verification.availability_blocks.count());
        asked.clone().for_each(|chunk| world.ok("P1", answer(job, chunk)));
        assert_eq!(world.phase(job), Phase::Challengeable, "after {next}");
        next = asked.end;
    }
    world.ok("R", Command::ConfirmReceipt(ConfirmReceipt { job }));
    while world.phase(job) != Phase::Closed {
        world.block();
    }
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    let took = world.state.height().since(since).count();
    let window = raw.verification.challenge_window(Gas::new(100 << 21), &raw.market).count();
    let each = raw.verification.availability_blocks.count();
    // 64 rounds, and what is left of the window: a quarter of 5 and 3 for each chunk is 2.
    assert!(took > 64 * each && took <= window + 256 * 2 + 1, "{took} {window}");
    assert!(took < raw.longest_liability().count());
}

/// The one chunk asked for in the last block of the window is answered three blocks later: what
/// falls due is what the rows say, whoever was started from them meanwhile.
#[test]
fn m8_an_answer_after_the_window_sets_no_clock_in_the_past() {
    for (asked, late) in [(1, 3), (1, 2), (4, 4), (4, 3), (2, 5)] {
        let mut world = World::new(params());
        let job = large(&mut world);
        let until = world.assignment(job).until;
        while world.state.height() < until {
            world.block();
        }
        (0..asked).for_each(|chunk| world.ok("R", ask(job, chunk)));
        world.blocks(late);
        (0..asked).for_each(|chunk| world.ok("P1", answer(job, chunk)));
        while world.phase(job) != Phase::Closed {
            world.block();
        }
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        let longer = world.state.height().since(until).count();
        assert!(longer <= late + 10, "{longer} blocks for {asked} answers after {late}");
    }
}

/// Each answer comes at the last moment, and who asked sees it in the next block and asks anew in
/// the one after: what its own turns take it has back, too, or the last chunks could be kept.
#[test]
fn m8_a_provider_that_drips_its_output_out_wears_no_window_down() {
    let raw = a_minute();
    let mut world = World::new(raw);
    let job = large(&mut world);
    let mut next = 0;
    while next < 256 {
        let asked = next..next + 4;
        asked.clone().for_each(|chunk| world.ok("R", ask(job, chunk)));
        world.blocks(raw.verification.availability_blocks.count());
        asked.clone().for_each(|chunk| world.ok("P1", answer(job, chunk)));
        assert_eq!(world.phase(job), Phase::Challengeable, "after {next}");
        world.blocks(2);
        next = asked.end;
    }
    // Nor is its time longer than R4 counts.
    let left = world.assignment(job).until.since(world.state.height()).count();
    let window = raw.verification.challenge_window(Gas::new(100 << 21), &raw.market).count();
    assert!(left <= window + 256, "{left} of {window}");
}

/// A network in which an output may be asked for in about a minute, and is owed within one.
fn a_minute() -> earnest_protocol::RawParams {
    params_with(|raw| {
        (raw.market.deadline_blocks_min, raw.market.deadline_blocks_max) =
            (Blocks::new(5), Blocks::new(100));
        raw.verification.availability_blocks = Blocks::new(60);
        raw.verification.challenge_blocks = Blocks::new(60);
        raw.staking.unbonding_epochs = Epochs::new(2_000);
    })
}

/// Each answer stands in the block of its request: who asked sees it in the next and asks anew in
/// the one after. These turns are as long as any other's, or 64 of them outlast the window.
#[test]
fn m8_a_provider_that_answers_at_once_wears_no_window_down() {
    let mut world = World::new(a_minute());
    let job = large(&mut world);
    for next in (0..256).step_by(4) {
        (next..next + 4).for_each(|chunk| world.ok("R", ask(job, chunk)));
        (next..next + 4).for_each(|chunk| world.ok("P1", answer(job, chunk)));
        assert_eq!(world.phase(job), Phase::Challengeable, "after {next}");
        world.blocks(2);
    }
}

/// One of four answers comes at the last moment, the other three at once: who has four requests
/// open at any time may ask for every chunk.
#[test]
fn m8_a_provider_that_keeps_one_of_four_answers_back_wears_no_window_down() {
    let raw = a_minute();
    let mut world = World::new(raw);
    let job = large(&mut world);
    let (mut next, mut kept) = (0u32, None);
    while next < 256 {
        let open = u32::from(kept.is_some());
        let asked = next..(next + 4 - open).min(256);
        asked.clone().for_each(|chunk| world.ok("R", ask(job, chunk)));
        next = asked.end;
        for chunk in asked {
            match kept {
                None => kept = Some((chunk, world.state.height())),
                Some(_) => world.ok("P1", answer(job, chunk)),
            }
        }
        world.blocks(2);
        let due = raw.verification.availability_blocks;
        if let Some((chunk, since)) = kept
            && world.state.height() >= since.after(due)
        {
            world.ok("P1", answer(job, chunk));
            kept = None;
        }
        assert_eq!(world.phase(job), Phase::Challengeable, "after {next}");
    }
}

/// A quarter, as four may be asked for at once, of the blocks that it took and of three more.
#[test]
fn m8_an_answered_chunk_gives_its_share_of_what_it_took_and_of_a_turn() {
    let given = |waited: u64| {
        let mut world = World::new(params());
        let job = large(&mut world);
        let until = world.assignment(job).until;
        world.ok("R", ask(job, 0));
        world.blocks(waited);
        world.ok("P1", answer(job, 0));
        world.assignment(job).until.since(until).count()
    };
    assert_eq!([0, 1, 2, 5].map(given), [1, 1, 2, 2]);
}

/// What is voted on while a window is open gives who waits in it the share that it was told.
#[test]
fn m8_a_vote_on_requests_leaves_who_waits_its_share() {
    let raw = votes::params_with(40, |raw| {
        raw.verification.challenge_blocks = Blocks::new(60);
        raw.staking.unbonding_epochs = Epochs::new(200);
    });
    let mut world = World::new(raw);
    let id = votes::propose(&mut world, "W", &[("verification.data_requests_max", 2)]);
    votes::accept(&mut world, &[id]);
    let due = world.state.proposal(id).expect("remembered").due;
    world.blocks(65);
    assert!(world.state.epoch() < due);
    let job = large(&mut world);
    assert!(world.state.epoch() < due);
    votes::pass(&mut world, id);
    assert_eq!(world.state.params().verification().data_requests_max, 2);
    let until = world.assignment(job).until;
    world.ok("R", ask(job, 0));
    world.blocks(5);
    world.ok("P1", answer(job, 0));
    assert_eq!(world.assignment(job).until.since(until).count(), 2, "as the job was posted");
}

/// Who has waited beyond the window for the one chunk may not ask for the next: there is an end.
#[test]
fn m8_what_an_open_request_holds_open_is_no_time_to_ask_for_more() {
    let mut world = World::new(params());
    let job = large(&mut world);
    let until = world.assignment(job).until;
    while world.state.height() < until {
        world.block();
    }
    world.ok("R", ask(job, 0));
    world.block();
    assert_eq!(world.phase(job), Phase::Challengeable);
    let refused = Err(Rejected::RequestData(RequestDataRejected::NoSuchItem));
    assert_eq!(world.send("R", ask(job, 1)), refused);
}

/// A bond answers for as long as the chunks of the largest output may be asked for, each once and
/// four again, each answered at the last moment: 260 times two blocks.
#[test]
fn m8_a_bond_answers_for_every_chunk_that_may_be_asked_for() {
    let longest = |chunks| params_with(|raw| raw.market.chunks_max = chunks).longest_liability();
    assert_eq!(longest(256).count() - longest(4).count(), 260 * 2);
    assert_eq!(longest(5).count() - longest(4).count(), (5 + 4) * 2);
}

/// Who said that it has the output cannot have the provider convicted for a chunk of it.
#[test]
fn m8_who_confirmed_a_large_output_asks_for_no_chunk_of_it() {
    let mut world = World::new(params());
    let job = large(&mut world);
    world.ok("R", Command::ConfirmReceipt(ConfirmReceipt { job }));
    assert_eq!(world.phase(job), Phase::Challengeable);
    let refused = Err(Rejected::RequestData(RequestDataRejected::AlreadyConfirmed));
    assert_eq!(world.send("R", ask(job, 0)), refused);
}

/// A kibibyte more than one piece makes five chunks, of which the last is not full.
#[test]
fn m8_the_last_chunk_of_an_output_is_asked_for_like_any_other() {
    let refused = Err(Rejected::RequestData(RequestDataRejected::NoSuchItem));
    let mut world = World::new(params());
    let job = paged(&mut world, 1_025);
    assert_eq!(world.send("R", ask(job, 5)), refused);
    world.ok("R", ask(job, 4));

    let mut world = World::new(params());
    let job = paged(&mut world, 1_024);
    assert_eq!(world.send("R", ask(job, 0)), refused);
    world.ok("R", Command::RequestData(RequestData { job, item: DataItem::Output }));
}
