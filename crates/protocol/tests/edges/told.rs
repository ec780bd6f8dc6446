//! What is told of a job: the events of its life, in order, and what they say.

use earnest_protocol::{
    Amount, Command, Event, JobId, Ratio,
    command::*,
    market::{CloseReason, Phase},
};

use crate::world::{World, params, root};

/// The names of all events of a job's life, as words.
fn told(life: impl FnOnce(&mut World)) -> String {
    let mut world = World::new(params());
    let begun = world.events.len();
    life(&mut world);
    let names = world.events.iter().skip(begun).map(|event| {
        let text = format!("{event:?}");
        text.split(' ').next().expect("a name").to_owned()
    });
    let is_ours = |name: &String| !["EpochOpened", "ReputationChanged"].contains(&name.as_str());
    names.filter(is_ours).collect::<Vec<_>>().join(" ")
}

const AUCTION: &str =
    "JobPosted BidCommitted BiddingClosed BidRevealed JobOffered JobAccepted ResultCommitted";

/// A result of P1's, sealed, and two auditors drawn.
fn drawn(world: &mut World, wrong_from: Option<u64>) -> JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(wrong_from));
    job
}

#[test]
fn of_a_job_that_is_paid() {
    let life = told(|world| {
        let job = drawn(world, None);
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
    });
    let rest = "SeedOpened AuditDrawn VerdictCommitted VerdictCommitted Revealing ResultRevealed \
                VerdictRevealed VerdictRevealed ChallengeWindow Paid Paid Paid JobClosed";
    assert_eq!(life, format!("{AUCTION} {rest}"));
}

#[test]
fn of_a_job_that_nobody_audits() {
    let life = told(|world| {
        let job = drawn(world, None);
        world.until_phase(job, Phase::Closed);
    });
    let round = "AuditDrawn AuditMissed AuditMissed";
    let rest = format!("SeedOpened {round} {round} {round} AuditDrawn JobClosed");
    assert_eq!(life, format!("{AUCTION} {rest}"), "at last to whoever takes a seat");
}

#[test]
fn of_a_verdict_that_is_kept() {
    let life = told(|world| {
        let job = drawn(world, None);
        world.audit(job, root(None));
        world.reveal_result("P1", job, root(None));
        world.reveal_verdict(world.auditors(job)[0], job, root(None));
        world.until_phase(job, Phase::Challengeable);
    });
    let rest = "SeedOpened AuditDrawn VerdictCommitted VerdictCommitted Revealing ResultRevealed \
                VerdictRevealed StakeTaken Slashed AuditMissed ChallengeWindow";
    assert_eq!(life, format!("{AUCTION} {rest}"));
}

#[test]
fn of_bytes_that_do_not_come() {
    let life = told(|world| {
        let job = drawn(world, None);
        let (auditor, item) = (world.auditors(job)[0], DataItem::Input(0));
        world.ok(auditor, Command::RequestData(RequestData { job, item }));
        world.until_phase(job, Phase::Closed);
    });
    let rest =
        "SeedOpened AuditDrawn DataRequested DataWithheld Jailed StakeTaken Slashed JobClosed";
    assert_eq!(life, format!("{AUCTION} {rest}"));
}

#[test]
fn of_a_challenge() {
    let life = told(|world| {
        let mut terms = world.terms();
        terms.audit_rate = Ratio::percent(2);
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", job, root(None));
        world.reveal_result("P1", job, root(None));
        world.ok("W", Command::Challenge(Challenge { job }));
        world.play("P1", job, 3, true);
    });
    let rest = "SeedOpened AuditSpared Revealing ResultRevealed ChallengeWindow DisputeOpened \
                NodeOpened ChildRejected NodeOpened ChildRejected StepJudged DisputeClosed Slashed";
    assert_eq!(life, format!("{AUCTION} {rest}"));
}

#[test]
fn of_slashes_that_wait() {
    let mut world = World::new(params());
    for name in ["P1", "P2"] {
        let job = world.assign(world.terms(), &[(name, 10)]);
        world.commit(name, job, root(Some(3)));
        world.audit(job, root(None));
        world.reveal(name, job, root(Some(3)), root(None));
        world.play(name, job, 3, true);
    }
    let waits = world.seen(|event| match event {
        Event::SlashPending { account, .. } => Some((world.name(*account), "waits")),
        Event::SlashHeld { slash, .. } => {
            let slash = world.state.slash(*slash).expect("it waits");
            Some((world.name(slash.account), "is held"))
        }
        _ => None,
    });
    let held = [("P1", "is held"), ("P2", "is held")];
    assert_eq!(waits, [("P1", "waits"), ("P2", "waits"), held[0], held[1]]);
}

/// What comes back is all that is left of the ceiling, of the money for audits and of the deposit.
#[test]
fn of_what_a_job_cost_and_until_when_it_is_opened() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    (terms.audit_rate, terms.auction) = (Ratio::percent(2), Auction::FirstPrice);
    let job = world.assign(terms, &[("P1", 4)]);
    world.commit("P1", job, root(None));
    let spared = world.seen(|event| match event {
        Event::AuditSpared { until, .. } => Some(*until),
        _ => None,
    });
    assert_eq!(spared, [world.assignment(job).until]);
    world.reveal_result("P1", job, root(None));
    world.until_phase(job, Phase::Closed);
    let closed = world.seen(|event| match event {
        Event::JobClosed { reason, paid, refunded, .. } => Some((*reason, *paid, *refunded)),
        _ => None,
    });
    // Six of the ceiling, 4.5 tariffs for audits that were spared, and two.
    let refunded = Amount::new(12_500_000_000).expect("small");
    assert_eq!(closed, [(CloseReason::Unchallenged, Amount::tokens(4), refunded)]);
}
