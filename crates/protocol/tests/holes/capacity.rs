//! What audits may need and who may keep it from others: p03, p08 and attempts since.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Gas, JobId, Ratio, Rejected, Role,
    command::*,
    ledger::{Assets, AssignmentPot, JobPot},
    market::{AcceptJobRejected, CloseReason, Outcome, Phase, PostJobRejected},
    seal,
    slashing::Offence,
    verification::RequestDataRejected,
};

use super::{CHUNK_FEE, FEE, POST_FEE, TOKEN, VALIDATORS, ask, serve, signed, slashes, units};
use crate::world::{Truth, World, authenticated, params, params_with, root};

/// A job for so many auditors that none can do: 30 chunks, of which four may be asked for.
fn unauditable(world: &mut World, auditors: u8, seed: u8) -> (JobId, Digest) {
    let mut terms = world.terms();
    (terms.auditors, terms.task.chunk_count) = (auditors, 30);
    let preimage = Digest([seed; 32]);
    terms.seed_seal = seal::seed(&preimage);
    let job = world.assign(terms, &[("P1", 0)]);
    (job, preimage)
}

/// Asks for every chunk that one account may, which P1 serves.
fn ask_all(world: &mut World, name: &str, job: JobId) {
    for chunk in 0..4 {
        let item = DataItem::Input(chunk);
        let open = |world: &World| {
            let requests = &world.state.case(job).expect("assigned").requests;
            requests.iter().any(|request| request.item == item && !request.served)
        };
        assert!(!open(world), "each is served at once");
        ask(world, name, job, item).expect("a drawn auditor may");
        serve(world, "P1", job, item);
    }
    let item = DataItem::Input(4);
    let limit = RequestDataRejected::RequestsAtLimit { limit: 4 };
    assert_eq!(ask(world, name, job, item), Err(Rejected::RequestData(limit)), "one past");
}

/// p03: requester, provider and one validator had honest auditors lose two tariffs each over a job
/// that nobody can audit, took the open seat at 2.25 tariffs and had a wrong result paid. Nobody
/// managed, so nobody lost a lock; bytes that did not help are not paid for; a volunteer alone
/// makes nothing payable: the coalition's 1.25 tariffs and more are its base fees.
#[test]
fn auditors_of_a_job_that_nobody_can_audit_lose_nothing_but_fees() {
    let mut shown = 0;
    for assets in [Assets::Single, Assets::Dual] {
        for seed in 0..12u8 {
            let mut world = World::with_assets(params(), assets);
            let friends = ["R", "P1", "V1"];
            let before = world.coalition(&friends);
            let honest = world.coalition(&VALIDATORS[1..]);
            let (job, preimage) = unauditable(&mut world, 1, seed);
            world.commit_with("P1", job, root(Some(3)), preimage);
            let mut rounds = 0;
            while world.phase(job) == Phase::Auditing {
                let name = world.auditors(job)[0];
                if name == "V1" {
                    break;
                }
                ask_all(&mut world, name, job);
                rounds += 1;
                while world.phase(job) == Phase::Auditing && world.auditors(job) == [name] {
                    world.block();
                }
            }
            if world.phase(job) != Phase::AuditingOpen {
                continue; // The friend was drawn before; the next test is about that.
            }
            assert_eq!(rounds, 3);
            world.audit_as("V1", job, root(Some(3)));
            world.reveal_result("P1", job, root(Some(3)));
            world.reveal_verdict("V1", job, root(Some(3)));
            world.until_phase(job, Phase::Closed);
            let closed = world.closed(job);
            assert_eq!((closed.outcome, closed.paid), (Outcome::Expired, Amount::ZERO));
            let lost = honest - world.coalition(&VALIDATORS[1..]);
            assert_eq!(lost, 3 * 5 * CHUNK_FEE, "five requests each, four of them in vain");
            // The friend's own pay of 2.25 tariffs is the requester's: nothing comes from outside.
            assert_eq!(world.coalition(&friends) - before, -POST_FEE - 2 * FEE);
            shown += 1;
        }
    }
    assert!(shown >= 8, "{shown} of 24 draws left the friend out");
}

/// new (p03): a friend that is drawn beside them shows that it can be done, and whoever missed
/// without asking for all it may loses its lock. All of it burns, and so do fees of who missed:
/// the coalition's gain is nothing, and what it can cost others is bounded by asking.
#[test]
fn a_drawn_friend_that_manages_gains_nothing_from_those_who_do_not() {
    for asks in [true, false] {
        let mut shown = false;
        for seed in 0..12u8 {
            let mut world = World::new(params());
            let friends = ["R", "P1", "V1"];
            let before = world.coalition(&friends);
            let (job, preimage) = unauditable(&mut world, 2, seed);
            world.commit_with("P1", job, root(Some(3)), preimage);
            let drawn = world.auditors(job);
            let Some(other) = drawn.iter().find(|name| **name != "V1") else { continue };
            if !drawn.contains(&"V1") {
                continue;
            }
            let honest = world.coalition(&[other]);
            if asks {
                ask_all(&mut world, other, job);
            }
            world.audit_as("V1", job, root(Some(3)));
            while world.auditors(job).contains(other) {
                world.block();
            }
            // The others do the same, or stay away: their seats find nobody who manages.
            while world.phase(job) != Phase::Closed {
                if world.phase(job) == Phase::Revealing {
                    let _ = world.send("P1", {
                        let (opening, output_proof) =
                            (world.opening(job, root(Some(3))), b"output".to_vec());
                        Command::RevealResult(RevealResult { job, opening, output_proof })
                    });
                    let opening = world.opening(job, root(Some(3)));
                    let _ =
                        world.send("V1", Command::RevealVerdict(RevealVerdict { job, opening }));
                }
                world.block();
            }
            let lost = honest - world.coalition(&[other]);
            let fees = 4 * 260 * 100_000;
            let lock = 2 * TOKEN + TOKEN / 2;
            assert_eq!(lost, if asks { fees + 5 * CHUNK_FEE } else { lock });
            assert!(world.coalition(&friends) <= before, "asks {asks}");
            let missed = slashes(&world).iter().any(|(offence, name, amount)| {
                (*offence, name, *amount) == (Offence::MissedAudit, other, lock)
            });
            assert_eq!(missed, !asks, "who asked for all it may is not to blame");
            shown = true;
            break;
        }
        assert!(shown);
    }
}

/// new (p03): who asked for one chunk less than it may, while another managed, is to blame.
#[test]
fn asking_for_one_chunk_less_than_allowed_is_no_excuse() {
    for asked in [3, 4] {
        let mut world = World::new(params());
        let mut terms = world.terms();
        terms.task.chunk_count = 30;
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let drawn = world.auditors(job);
        let lazy = drawn[0];
        let before = world.coalition(&[lazy]);
        for chunk in 0..asked {
            let item = DataItem::Input(chunk);
            ask(&mut world, lazy, job, item).expect("drawn");
            serve(&mut world, "P1", job, item);
        }
        world.audit_as(drawn[1], job, root(None));
        while world.auditors(job).contains(&lazy) {
            world.block();
        }
        let next = world.auditors(job);
        let next = next.iter().find(|name| **name != drawn[1]).expect("drawn again");
        world.audit_as(next, job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        let fees = i64::from(asked) * (260 * 100_000 + CHUNK_FEE);
        let lock = 2 * TOKEN + TOKEN / 2;
        let lost = before - world.coalition(&[lazy]);
        assert_eq!(lost, fees + if asked == 3 { lock } else { 0 });
    }
}

/// p03, the same trick on a winner: a requester serves it four chunks on the ledger and none of the
/// others. Its fees come back. What is left: its deposit burns, for a deposit that came back to
/// whoever asks enough would make a requester's shill free (p19). Who fetches before it bids is
/// safe.
#[test]
fn a_requester_earns_nothing_from_a_winner_that_cannot_get_the_input() {
    let mut world = World::new(params());
    let (requester, winner) = (world.coalition(&["R"]), world.coalition(&["P1"]));
    let mut terms = world.terms();
    terms.task.chunk_count = 30;
    let job = world.post(terms);
    world.bid("P1", job, 4);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 4);
    for chunk in 0..4 {
        ask(&mut world, "P1", job, DataItem::Input(chunk)).expect("the winner may");
        serve(&mut world, "R", job, DataItem::Input(chunk));
    }
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotAccepted);
    assert_eq!(world.coalition(&["R"]), requester - POST_FEE);
    let fees = FEE + 4 * CHUNK_FEE;
    assert_eq!(winner - world.coalition(&["P1"]), TOKEN + fees, "a tenth of the ceiling burns");
}

/// A winner that gets what it asked for and accepts pays for it, to the unit.
#[test]
fn bytes_that_helped_are_paid_for() {
    for assets in [Assets::Single, Assets::Dual] {
        let mut world = World::with_assets(params(), assets);
        let requester = world.coalition(&["R"]);
        let job = world.post(world.terms());
        world.bid("P1", job, 4);
        world.until_phase(job, Phase::RevealingBids);
        world.open_bid("P1", job, 4);
        ask(&mut world, "P1", job, DataItem::Program).expect("the winner may");
        serve(&mut world, "R", job, DataItem::Program);
        world.ok("P1", Command::AcceptJob(AcceptJob { job }));
        let fee = 64 * 100_000;
        let escrow = 10 * TOKEN + 2 * 9 * TOKEN / 4 + 2 * TOKEN;
        assert_eq!(world.coalition(&["R"]), requester + fee - POST_FEE - escrow);
        world.commit("P1", job, root(None));
        let auditor = world.auditors(job)[0];
        let (served, asked) = (world.coalition(&["P1"]), world.coalition(&[auditor]));
        ask(&mut world, auditor, job, DataItem::Input(0)).expect("drawn");
        serve(&mut world, "P1", job, DataItem::Input(0));
        assert_eq!(world.coalition(&["P1"]), served, "not before it helped");
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        let fee = 260 * 100_000;
        assert_eq!(world.coalition(&["P1"]), served + fee + 95 * TOKEN / 10);
        assert_eq!(world.coalition(&[auditor]), asked - fee - CHUNK_FEE + TOKEN);
    }
}

/// Posts as often as it is allowed; says how often that was.
fn post_all(world: &mut World, names: &[&str], terms: &PostJob) -> u32 {
    let mut posted = 0;
    for name in names {
        let who = world.id(name);
        loop {
            let tx = authenticated(&world.state, who, Command::PostJob(terms.clone()));
            match world.state.apply(&tx, &Truth, &mut world.journal) {
                Ok(()) => posted += 1,
                Err(_) => break,
            }
        }
    }
    world.settle_journal();
    posted
}

/// p08: jobs that nobody is to do shut the market to all others for base fees. What is posted
/// reserves nothing, however much it is.
#[test]
fn jobs_that_nobody_is_to_do_keep_nobody_out() {
    let mut world = World::new(params());
    VALIDATORS.iter().for_each(|name| super::leave(&mut world, name, 20_000 * 1_000_000_000));
    let mut terms = world.terms();
    (terms.auditors, terms.price_max) = (7, Amount::UNIT);
    terms.task.gas_bound = Gas::new(10_000_000_000);
    let posted = post_all(&mut world, &["R", "W", "X"], &terms);
    assert!(u64::from(posted) * 7 * 20 > 160_000, "{posted} would need more than there is");
    let victim = world.terms();
    let job = JobId::new(u64::from(posted));
    world.ok("P4", Command::PostJob(victim));
    world.bid("P1", job, 4);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 4);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    assert_eq!(world.phase(job), Phase::Executing);
}

/// What a seat of the job that fills the market locks: two tariffs and 5 % of its price.
const SEAT: i64 = 502 * TOKEN;

/// A world where one accepted job needs all that validators have, but for `spare` base units; it
/// is abandoned in the block in which an offer made three blocks from now lapses.
fn full(spare: i64) -> (World, JobId) {
    let mut world = World::new(params_with(|raw| raw.market.accept_blocks = Blocks::new(6)));
    let mut terms = world.terms();
    (terms.price_max, terms.auction) = (Amount::tokens(10_000), Auction::FirstPrice);
    (terms.auditors, terms.deadline_blocks) = (7, Blocks::new(5));
    // Seven seats and two more if the beacon is withheld; V8's own leave in the end.
    let seventh = 9 * SEAT / 7;
    let first = 9 * SEAT - 6 * seventh + spare;
    let owns = std::iter::once(first).chain([seventh; 6]).chain([SEAT]);
    for (name, own) in VALIDATORS.iter().zip(owns) {
        super::leave(&mut world, name, u64::try_from(own).expect("positive"));
    }
    let job = world.assign(terms, &[("P1", 10_000)]);
    let (role, amount) = (Role::Validator, super::amount(SEAT));
    world.ok("V8", Command::Unbond(Unbond { role, amount }));
    (world, job)
}

/// p08: capacity is reserved where a bidder stands behind it with its collateral, to the unit.
#[test]
fn what_is_accepted_reserves_to_the_unit() {
    // The victim's four locks of two and a half tokens each.
    let need = 10 * TOKEN;
    for (spare, fits) in [(need - 1, false), (need, true)] {
        let (mut world, _) = full(spare);
        let terms = world.terms();
        let posted = world.send("X", Command::PostJob(terms));
        if fits {
            assert_eq!(posted, Ok(()));
        } else {
            let [wanted, available] = [9 * SEAT + need, 9 * SEAT + spare].map(super::amount);
            let refusal = PostJobRejected::AuditCapacityExceeded { wanted, available };
            assert_eq!(posted, Err(Rejected::PostJob(refusal)));
        }
    }
}

/// new (p08): who fills all capacity during an offer and frees it as the offer lapses had the
/// winner blamed for not accepting: its deposit burnt, and the next bidder, the attacker's own,
/// had the job. A winner that said it would accept begins then, or loses nothing.
#[test]
fn a_winner_kept_from_accepting_is_not_to_blame() {
    for says in [true, false] {
        let (mut world, filler) = full(0);
        // The victim's job, posted while there was room: V8 is back for a moment.
        let (role, amount) = (Role::Validator, super::amount(SEAT));
        world.ok("V8", Command::Bond(Bond { role, amount }));
        let job = JobId::new(1);
        world.ok("X", Command::PostJob(world.terms()));
        world.bid("P2", job, 4);
        world.bid("P3", job, 6);
        world.ok("V8", Command::Unbond(Unbond { role, amount }));
        world.until_phase(job, Phase::RevealingBids);
        world.open_bid("P2", job, 4);
        world.open_bid("P3", job, 6);
        let victim = world.coalition(&["P2"]);
        if says {
            world.ok("P2", Command::AcceptJob(AcceptJob { job }));
            let again = world.send("P2", Command::AcceptJob(AcceptJob { job }));
            let short =
                |refusal| matches!(refusal, AcceptJobRejected::AuditCapacityExceeded { .. });
            assert!(matches!(again, Err(Rejected::AcceptJob(refusal)) if short(refusal)));
        }
        assert_eq!(world.phase(job), Phase::Offered, "there is no room");
        world.until_phase(filler, Phase::Closed); // Abandoned: all is free again.
        while world.phase(job) == Phase::Offered
            && world.name(world.assignment(job).account) == "P2"
        {
            world.block();
        }
        let lost = victim - world.coalition(&["P2"]);
        if says {
            assert_eq!(world.phase(job), Phase::Executing);
            assert_eq!(lost, 2 * FEE - TOKEN, "its deposit is back");
        } else {
            assert_eq!(world.name(world.assignment(job).account), "P3", "who says nothing passes");
            assert_eq!(lost, 0, "the deposit stays where it burnt");
        }
    }
}

/// new (p08): what it costs to close the market by accepted jobs of one's own that are abandoned:
/// a quarter of a tenth of p_ref burns for each, three quarters come back as compensation. It
/// takes escrow of nine tenths of all that validators hold, until the deadline.
#[test]
fn closing_the_market_takes_escrow_of_most_that_validators_hold() {
    let mut world = World::new(params());
    let friends = ["R", "P1"];
    let before = world.coalition(&friends);
    let mut terms = world.terms();
    (terms.auditors, terms.price_max, terms.auction) = (7, Amount::UNIT, Auction::FirstPrice);
    let job = world.assign(terms, &[("P1", 0)]);
    let order = world.state.order(job).expect("posted").clone();
    let reserved = signed(order.audit_lock.units()) * 9;
    let escrow = [JobPot::Escrow, JobPot::AuditFees, JobPot::Deposit];
    let escrow: i64 = escrow.into_iter().map(|pot| signed(world.pot(job, pot))).sum();
    let collateral = signed(world.held(job, AssignmentPot::Collateral));
    assert!(escrow + collateral > reserved * 9 / 10, "{escrow} and {collateral} for {reserved}");
    world.until_phase(job, Phase::Closed);
    world.blocks(110);
    let cost = before - world.coalition(&friends);
    let burnt = TOKEN / 10 / 4;
    assert_eq!(cost, burnt + POST_FEE + 2 * FEE, "of {reserved} reserved");
}

/// new: jobs audited one time in fifty reserved a fiftieth of the locks that their requester could
/// force by withholding its part of every seed. What is reserved does not depend on the audit rate.
#[test]
fn a_rare_audit_reserves_what_it_may_lock() {
    // Seven of 100 tokens: room for four jobs' four locks of 37 each, and for no fifth's.
    for rate in [2, 100] {
        let mut world = World::new(params());
        VALIDATORS[..7].iter().for_each(|name| super::leave(&mut world, name, 100_000_000_000));
        super::leave(&mut world, VALIDATORS[7], 0);
        let mut terms = world.terms();
        (terms.audit_rate, terms.price_max) = (Ratio::percent(rate), Amount::tokens(700));
        for winner in ["P1", "P2", "P3", "P4"] {
            let job = world.assign(terms.clone(), &[(winner, 10)]);
            assert_eq!(world.phase(job), Phase::Executing);
        }
        let posted = world.send("X", Command::PostJob(terms));
        let short = |refusal| matches!(refusal, PostJobRejected::AuditCapacityExceeded { .. });
        assert!(matches!(posted, Err(Rejected::PostJob(refusal)) if short(refusal)), "at {rate} %");
    }
}

/// new: a requester that answers its own winner used four chunks of the protected lane for the fees
/// of ten transfers. Whoever asks pays for the room of the answer, and a block in which more is
/// asked than its target carries raises the fee of all that follow.
#[test]
fn answers_to_oneself_pay_for_their_room() {
    let mut world = World::new(params_with(|raw| raw.chain.block_target = 1_000));
    let friends = ["R", "P1"];
    let job = world.post(world.terms());
    world.bid("P1", job, 4);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 4);
    let before = world.coalition(&friends);
    let fee = world.state.base_fee();
    for chunk in 0..4 {
        ask(&mut world, "P1", job, DataItem::Input(chunk)).expect("the winner may");
        serve(&mut world, "R", job, DataItem::Input(chunk));
    }
    let prepaid = 260 * 100_000; // Theirs again, one way or the other.
    assert_eq!(before - world.coalition(&friends), 4 * (prepaid + CHUNK_FEE));
    world.block();
    // 1,044 of a target of 1,000: a 44th part of an eighth, rounded up.
    let raised = units(fee) + (units(fee) * 44).div_euclid(8_000) + 1;
    assert_eq!(units(world.state.base_fee()), raised);
}
