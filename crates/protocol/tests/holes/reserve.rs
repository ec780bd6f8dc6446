//! What the leader's bond backs, by whose doing, and what full blocks keep from whom: attempts on
//! the reserve and on the referee's time.

use earnest_protocol::{
    Amount, Command, Factor, Gas, JobId, Ratio, RawParams, Rejected, Role, Ruling,
    TransactionRejected,
    command::*,
    ledger::Assets,
    market::{AcceptJobRejected, CloseReason, Outcome, Phase},
    staking::UnbondRejected,
    verification::ProveStepRejected,
};

use super::{FEE, TOKEN, unbond};
use crate::world::{World, params, params_with, root};

/// A world whose leader has so many base units bonded.
fn led(units: i64) -> World {
    let mut world = World::new(params());
    let rest = 50_000 * TOKEN - units;
    unbond(&mut world, "O", Role::Replica, super::amount(rest));
    world
}

fn extra(world: &World, job: JobId) -> u32 {
    let bound = *world.state.order(job).expect("posted").bound;
    bound.fallback_auditors - bound.auditors
}

/// new (p17): the bound counts two auditors more only as far as the leader's bond pays them.
#[test]
fn a_quote_counts_auditors_that_the_leaders_bond_pays_and_no_more() {
    for (units, counted) in [(TOKEN - 1, 0), (TOKEN, 1), (2 * TOKEN - 1, 1), (2 * TOKEN, 2)] {
        let mut world = led(units);
        let job = world.post(world.terms());
        assert_eq!(extra(&world, job), counted, "{units}");
    }
}

/// new: jobs that nobody is to do held all of the leader's bond, for base fees: the quotes of all
/// others lost their two auditors more (23 % of detection with one auditor), and the leader could
/// not leave. What is posted reserves nothing.
#[test]
fn postings_hold_none_of_the_leaders_bond() {
    let mut world = led(20 * TOKEN);
    for _ in 0..30 {
        world.ok("X", Command::PostJob(world.terms()));
    }
    let leader = world.operator("O", Role::Replica);
    assert_eq!(world.state.unbondable(leader), Amount::tokens(20));
    let job = world.post(world.terms());
    assert_eq!(extra(&world, job), 2);
}

/// new: what is accepted holds it, to the unit: the leader cannot take it away, nobody is accepted
/// beyond it, and who would have accepted is not to blame.
#[test]
fn accepted_jobs_hold_the_leaders_bond_to_the_unit() {
    let mut world = led(3 * TOKEN);
    let job = world.post(world.terms());
    let second = JobId::new(1);
    world.ok("X", Command::PostJob(world.terms()));
    world.bid("P1", job, 4);
    world.bid("P2", second, 4);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 4);
    world.open_bid("P2", second, 4);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    let leader = world.operator("O", Role::Replica);
    assert_eq!(world.state.unbondable(leader), Amount::tokens(1));
    let (role, amount) = (Role::Replica, super::amount(TOKEN + 1));
    let refused = world.send("O", Command::Unbond(Unbond { role, amount }));
    let free_bond = Amount::tokens(1);
    let refusal = UnbondRejected::ExceedsFreeBond { wanted: amount, free_bond };
    assert_eq!(refused, Err(Rejected::Unbond(refusal)));
    // One token is left of the two that the other job counts on.
    world.ok("P2", Command::AcceptJob(AcceptJob { job: second }));
    let again = world.send("P2", Command::AcceptJob(AcceptJob { job: second }));
    let (wanted, available) = (Amount::tokens(2), Amount::tokens(1));
    let refusal = AcceptJobRejected::AuditCapacityExceeded { wanted, available };
    assert_eq!(again, Err(Rejected::AcceptJob(refusal)));
    let before = world.coalition(&["P2"]);
    world.until_phase(second, Phase::Closed);
    assert_eq!(world.closed(second).reason, CloseReason::AuditUnavailable);
    assert_eq!(world.coalition(&["P2"]), before + TOKEN, "its deposit is back");
    // Who posts now is quoted what is left.
    let third = world.post(world.terms());
    assert_eq!(extra(&world, third), if world.phase(job) == Phase::Executing { 1 } else { 2 });
}

/// Of two assets the leader's bond holds what two auditors cost, at the price of each job and
/// rounded against it, or what is left of it: no quote counts on it, so nobody is kept from a job.
#[test]
fn of_two_assets_accepted_jobs_hold_the_leaders_bond_at_their_price_as_far_as_it_goes() {
    let priced = params_with(|raw| raw.chain.stake_price = Factor::percent(300));
    let (first, second) = (JobId::new(0), JobId::new(1));
    // Two tokens of the one are two thirds of a token of the other, and a part of a unit more.
    let each = (2 * TOKEN + 2) / 3;
    for (bonded, held) in
        [(TOKEN, [each, TOKEN - each]), (each, [each, 0]), (each - 1, [each - 1, 0])]
    {
        let mut world = World::with_assets(priced, Assets::Dual);
        unbond(&mut world, "O", Role::Replica, super::amount(50_000 * TOKEN - bonded));
        let leader = world.operator("O", Role::Replica);
        for (requester, provider, job) in [("R", "P1", first), ("X", "P2", second)] {
            world.ok(requester, Command::PostJob(world.terms()));
            assert_eq!(extra(&world, job), 0);
            world.bid(provider, job, 4);
        }
        world.until_phase(second, Phase::RevealingBids);
        let mut left = bonded;
        for (provider, job, held) in [("P1", first, held[0]), ("P2", second, held[1])] {
            world.open_bid(provider, job, 4);
            world.ok(provider, Command::AcceptJob(AcceptJob { job }));
            left -= held;
            assert_eq!(world.state.unbondable(leader), super::amount(left), "{bonded}");
        }
        world.until_phase(second, Phase::Closed);
        assert_eq!(world.state.unbondable(leader), super::amount(bonded), "no beacon was withheld");
    }
}

/// A step may take all of the referee's time in a block.
fn large_steps() -> RawParams {
    params_with(|raw| raw.market.step_gas_max = raw.chain.referee_gas)
}

/// An undrawn wrong result of a job whose steps may be as large as the referee's time in a block,
/// challenged by W down to its wrong leaf.
fn at_leaf(world: &mut World) -> JobId {
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    terms.task.step_gas_max = Gas::new(70_000_000);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    assert_eq!(world.phase(job), Phase::Revealing, "not drawn");
    world.reveal_result("P1", job, root(Some(3)));
    world.ok("W", Command::Challenge(Challenge { job }));
    world.narrow("P1", job, "W", 3);
    job
}

fn nothing(job: JobId) -> Command {
    Command::ProveStep(ProveStep { job, node: Node { level: 2, index: 3 }, evidence: Vec::new() })
}

/// new: evidence that is none took the referee's time and so made its block full, in which clocks
/// that wait for the referee stand still: its own, too. One such transaction a block, 20 base
/// fees, kept a convict's case open for ever. It takes no time of anybody's.
#[test]
fn evidence_that_is_none_holds_no_clock_still() {
    for honest_first in [0, 5] {
        let mut world = World::new(large_steps());
        let job = at_leaf(&mut world);
        world.blocks(honest_first);
        let before = world.coalition(&["P1"]);
        let mut blocks = 0;
        while world.phase(job) != Phase::Closed {
            let refused = world.send("P1", nothing(job));
            assert_eq!(refused, Err(Rejected::ProveStep(ProveStepRejected::EvidenceInvalid)));
            world.block();
            blocks += 1;
        }
        assert_eq!(blocks, 21 - honest_first, "its clock of 20 blocks, and not one more");
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
        let cost = before - world.coalition(&["P1"]);
        assert!(cost > i64::try_from(blocks).expect("few") * 20 * FEE + 2_000 * TOKEN);
    }
}

/// new: nor does it keep another's step from the referee in the same block.
#[test]
fn evidence_that_is_none_keeps_no_step_from_the_referee() {
    let mut world = World::new(large_steps());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let honest = world.assign(terms, &[("P2", 10)]);
    world.commit("P2", honest, root(None));
    world.reveal_result("P2", honest, root(None));
    world.ok("X", Command::Challenge(Challenge { job: honest }));
    world.narrow("P2", honest, "X", 7);
    let job = at_leaf(&mut world);
    (0..3).for_each(|_| assert!(world.send("P1", nothing(job)).is_err()));
    world.prove("P2", honest, 7);
    let leaf = Node { level: 2, index: 7 };
    assert_eq!(world.state.docket(honest).expect("assigned").ruled, [(leaf, Ruling::Holds)]);
}

/// new: a step that is judged fills the block, and the next one waits, its clock standing still. To
/// keep others from the referee so, block for block, costs half a challenge deposit each: a step
/// is judged once, and each other one needs a game that its challenger loses.
#[test]
fn keeping_others_from_the_referee_costs_half_a_deposit_a_block() {
    let mut world = World::new(large_steps());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    terms.task.step_gas_max = Gas::new(70_000_000);
    let names = ["W", "V1", "V2", "V3", "V4", "V5"];
    // A right result of P1's and six friends that dispute a step of it each; an honest job beside.
    let job = world.assign(terms.clone(), &[("P1", 10)]);
    let honest = world.assign(terms, &[("P2", 10)]);
    for (name, job) in [("P1", job), ("P2", honest)] {
        world.commit(name, job, root(None));
        world.reveal_result(name, job, root(None));
    }
    let friends = [&["P1"], &names[..]].concat();
    let before = world.coalition(&friends);
    for (leaf, name) in names.iter().enumerate() {
        world.ok(name, Command::Challenge(Challenge { job }));
        world.narrow("P1", job, name, u64::try_from(leaf).expect("few"));
    }
    world.ok("X", Command::Challenge(Challenge { job: honest }));
    world.narrow("P2", honest, "X", 7);
    for leaf in 0..6 {
        world.prove("P1", job, leaf);
        let (leaf, evidence) = (7, b"evidence".to_vec());
        let busy = world.send(
            "P2",
            Command::ProveStep(ProveStep {
                job: honest,
                node: Node { level: 2, index: leaf },
                evidence,
            }),
        );
        let refusal = TransactionRejected::RefereeBusy { wanted: 70_000_000, left: 0 };
        assert_eq!(busy, Err(Rejected::Transaction(refusal)));
        world.block();
    }
    assert_eq!(world.state.full_blocks(), 6);
    let cost = before - world.coalition(&friends);
    assert_eq!(cost, 6 * (TOKEN / 2 + FEE));
    // Its clock stood still for six blocks: after nineteen more it still has one.
    world.blocks(19);
    assert_eq!(world.phase(honest), Phase::Challengeable);
    world.prove("P2", honest, 7);
    world.until_phase(honest, Phase::Closed);
    assert_eq!(world.closed(honest).outcome, Outcome::Accepted);
}
