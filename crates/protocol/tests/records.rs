//! Records: which act is an event of which dimension, where three count and where two do.
//!
//! Weights are shares of an event of ten tokens.

use earnest_testkit::world;

use earnest_protocol::{
    Address, Amount, Blocks, Command, Digest, Epochs, Event, Factor, JobId, Ratio, RawParams,
    Rejected, Role,
    command::*,
    market::{CloseReason, Phase, RateJobRejected},
    reputation::Record,
    verification::CommitVerdictRejected,
};
use world::{World, params_with, root};

/// Nothing fades within a story.
fn of_three(change: impl FnOnce(&mut RawParams)) -> World {
    World::new(params_with(|raw| {
        raw.chain.epoch_blocks = Blocks::new(10_000);
        raw.reputation.dimensions = 3;
        change(raw);
    }))
}

fn record(world: &World, name: &str, role: Role) -> Record {
    world.state.reputation(world.operator(name, role))
}

/// Successes and failures of each dimension, in per cent of an event.
fn counts(record: Record) -> [(u64, u64); 3] {
    let per_cent = |count: Factor| count.parts() / Factor::percent(1).parts();
    [record.correctness, record.timeliness, record.availability]
        .map(|evidence| (per_cent(evidence.success), per_cent(evidence.failure)))
}

/// A job of P1's that is sealed so many blocks late, and paid.
fn paid(world: &mut World, late: u64) -> JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    if late > 0 {
        let due = world.assignment(job).accepted.expect("accepted").due;
        while world.state.height() < due.after(Blocks::new(late - 1)) {
            world.block();
        }
    }
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::Unchallenged);
    job
}

#[test]
fn a_paid_job_is_a_success_of_each_dimension() {
    let mut world = of_three(|_| {});
    let job = paid(&mut world, 0);
    assert_eq!(counts(record(&world, "P1", Role::Provider)), [(100, 0), (100, 0), (100, 0)]);
    for name in world.auditors(job) {
        // A tariff of one token is a tenth of an event; nobody says that a verdict was in time.
        assert_eq!(counts(record(&world, name, Role::Validator)), [(10, 0), (0, 0), (10, 0)]);
    }
}

#[test]
fn a_late_result_fails_timeliness_and_nothing_else() {
    let mut world = of_three(|_| {});
    paid(&mut world, 2);
    let [right, in_time, there] = counts(record(&world, "P1", Role::Provider));
    assert_eq!((right.1, in_time.0, there.1), (0, 0, 0));
    assert_eq!([right.0, there.0], [in_time.1; 2], "one act, one weight");
    assert!(in_time.1 > 0 && in_time.1 < 100, "less was paid for it: {in_time:?}");
}

#[test]
fn an_abandoned_job_fails_availability_and_nothing_else() {
    for (dimensions, expected) in [(3, [(0, 0), (0, 0), (0, 100)]), (2, [(0, 0), (0, 100), (0, 0)])]
    {
        let mut world = of_three(|raw| raw.reputation.dimensions = dimensions);
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
        assert_eq!(counts(record(&world, "P1", Role::Provider)), expected);
    }
}

#[test]
fn a_bid_that_is_not_opened_and_a_win_not_accepted_fail_availability() {
    let mut world = of_three(|_| {});
    let job = world.post(world.terms());
    ["P1", "P2"].iter().for_each(|name| world.bid(name, job, 10));
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotAccepted);
    // A deposit of one token each.
    for name in ["P1", "P2"] {
        assert_eq!(counts(record(&world, name, Role::Provider)), [(0, 0), (0, 0), (0, 10)]);
    }
}

#[test]
fn a_missed_audit_fails_availability_and_a_kept_one_does_not() {
    let mut world = of_three(|_| {});
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [kept, missed] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(kept, job, root(None));
    world.until_phase(job, Phase::Auditing);
    while world.auditors(job).contains(&missed) {
        world.block();
    }
    let late: Vec<_> = world.auditors(job).into_iter().filter(|name| *name != kept).collect();
    late.iter().for_each(|name| world.audit_as(name, job, root(None)));
    world.until_phase(job, Phase::Revealing);
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let [right, in_time, there] = counts(record(&world, missed, Role::Validator));
    assert_eq!((right, in_time, there.0), ((0, 0), (0, 0), 0));
    assert!(there.1 >= 10, "{there:?}");
    assert_eq!(counts(record(&world, kept, Role::Validator)), [(10, 0), (0, 0), (10, 0)]);
}

/// Whoever chose to sit was not asked to be there: its verdict is right, and no more.
#[test]
fn a_volunteers_verdict_says_nothing_of_its_availability() {
    let mut world = of_three(|_| {});
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let kept = world.auditors(job)[0];
    world.audit_as(kept, job, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let free = (1..=8).map(|n| ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"][n - 1]);
    let case = world.state.case(job).expect("assigned").clone();
    let missed: Vec<_> = case.missed.iter().map(|row| world.name(row.account)).collect();
    let mut willing = free.filter(|name| *name != kept && !missed.contains(name));
    let one = willing.next().expect("most were not drawn");
    world.audit_as(one, job, root(None));
    world.until_phase(job, Phase::Revealing);
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let [right, _, there] = counts(record(&world, one, Role::Validator));
    assert!(right.0 >= 10 && there == (0, 0), "{right:?} {there:?}");
}

/// An open seat is for validators that are fit: one that has less than its least bond takes none,
/// though what it has covers the lock.
#[test]
fn a_validator_that_is_not_fit_volunteers_for_no_audit() {
    let mut world = of_three(|raw| raw.staking.validator_bond_min = Amount::tokens(10_000));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let drawn = world.auditors(job);
    world.audit_as(drawn[0], job, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let case = world.state.case(job).expect("assigned").clone();
    let missed: Vec<_> = case.missed.iter().map(|row| world.name(row.account)).collect();
    let all = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    let mut others = all.into_iter().filter(|name| *name != drawn[0] && !missed.contains(name));
    let one = others.next().expect("most were not drawn");
    let amount = Amount::tokens(41_000);
    world.ok(one, Command::Unbond(Unbond { role: Role::Validator, amount }));
    let seal = Digest([9; 32]);
    let said = world.send(one, Command::CommitVerdict(CommitVerdict { job, seal }));
    assert_eq!(said, Err(Rejected::CommitVerdict(CommitVerdictRejected::MayNotWork)));
}

/// Two auditors more, of a token each, are what its silence cost.
#[test]
fn a_withheld_beacon_fails_its_leaders_availability_once() {
    for (dimensions, expected) in [(3, (0, 20)), (2, (0, 0))] {
        let mut world = of_three(|raw| raw.reputation.dimensions = dimensions);
        let mut terms = world.terms();
        terms.audit_rate = Ratio::percent(2);
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        world.withhold_beacon = true;
        world.blocks(3);
        world.withhold_beacon = false;
        world.block();
        assert_eq!(world.phase(job), Phase::Auditing);
        let [right, in_time, there] = counts(record(&world, "O", Role::Replica));
        assert_eq!((right, in_time, there), ((0, 0), (0, 0), expected));
    }
}

/// A result whose bytes were withheld is a wrong one, or silence would be the cheaper lie.
#[test]
fn bytes_withheld_after_the_reveal_fail_correctness_and_not_availability() {
    let mut world = of_three(|_| {});
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Challengeable);
    world.ok("R", Command::RequestData(RequestData { job, item: DataItem::Output }));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::DataWithheld);
    assert_eq!(counts(record(&world, "P1", Role::Provider)), [(0, 100), (0, 0), (0, 0)]);
}

/// Names are worth what they scored: the veteran that abandons a tenth of what it takes is a
/// twelfth worse, and the newcomer that would replace it stands far below.
#[test]
fn a_veteran_that_was_away_once_stays_a_veteran() {
    let mut world = of_three(|_| {});
    (0..10).for_each(|_| {
        paid(&mut world, 0);
    });
    let operator = world.operator("P1", Role::Provider);
    let before = world.state.score(operator);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.until_phase(job, Phase::Closed);
    let after = world.state.score(operator);
    assert_eq!(after, before.times_floor(Ratio::of_floor(11, 12)));
    let newcomer = world.state.score(world.operator("P2", Role::Provider));
    assert!(newcomer < Ratio::percent(3) && after > Ratio::percent(72), "{newcomer:?} {after:?}");
}

/// Ratings count, for a tenth of a score at most; a pair is remembered for five epochs.
fn rated() -> World {
    World::new(params_with(|raw| {
        raw.reputation.rating_share = Ratio::percent(10);
        raw.reputation.rating_pair_epochs = Epochs::new(5);
    }))
}

fn rate(world: &mut World, job: JobId, rating: Rating) {
    world.ok("R", Command::RateJob(RateJob { job, rating }));
}

#[test]
fn a_rating_weighs_what_its_job_weighed_and_is_told_with_its_weight() {
    let mut world = rated();
    let job = paid(&mut world, 0);
    rate(&mut world, job, Rating::Bad);
    let told = world.seen(|event| match event {
        Event::JobRated { job, account, provider, rating, weight, .. } => {
            Some((*job, *account, *provider, *rating, *weight))
        }
        _ => None,
    });
    let (r, p1) = (world.id("R"), world.id("P1"));
    assert_eq!(told, [(job, r, p1, Rating::Bad, Factor::ONE)]);
    let ratings = record(&world, "P1", Role::Provider).ratings;
    assert_eq!((ratings.success, ratings.failure), (Factor::ZERO, Factor::ONE));
    assert_eq!(world.closed(job).rated, Some(Rating::Bad));
    // Half of what ratings may take: one of two, with the success that everybody begins with.
    let operator = world.operator("P1", Role::Provider);
    let (score, proven) = (world.state.score(operator), world.state.proven_score(operator));
    assert_eq!(score, proven.times_floor(Ratio::percent(95)));
    assert_eq!(
        proven,
        record(&world, "P1", Role::Provider).proven(world.state.params().reputation())
    );
}

/// The row of a pair counts its ratings together, and leaves five epochs after the first; what was
/// said fades as all evidence does.
#[test]
fn what_a_pair_has_said_is_remembered_for_its_epochs_and_then_leaves() {
    let mut world = rated();
    let rows = |world: &World| world.state.raters().map(|(_, row)| row.weight).collect::<Vec<_>>();
    let begun = world.state.epoch();
    for count in 1..=2 {
        let job = paid(&mut world, 0);
        rate(&mut world, job, Rating::Good);
        assert_eq!(rows(&world), [Factor::percent(100 * count)]);
    }
    let leaves = world.state.raters().next().expect("a row").1.leaves;
    assert!(leaves <= begun.after(Epochs::new(6)));
    while world.state.epoch() < leaves {
        assert_eq!(rows(&world).len(), 1);
        world.block();
    }
    assert_eq!(rows(&world), []);
    assert!(record(&world, "P1", Role::Provider).ratings.success > Factor::percent(170));
    // And begins anew.
    let job = paid(&mut world, 0);
    rate(&mut world, job, Rating::Good);
    assert_eq!(rows(&world), [Factor::ONE]);
}

/// Seven blocks after the end are the last in which a job may be rated, and the eighth is too late.
#[test]
fn a_job_is_rated_until_the_last_block_of_its_window() {
    for (blocks, heard) in [(7, true), (8, false)] {
        let mut world = of_three(|raw| {
            raw.reputation.rating_share = Ratio::percent(10);
            raw.reputation.rating_blocks = Blocks::new(7);
        });
        let job = paid(&mut world, 0);
        let at = world.closed(job).at;
        let [last, height] = [7, blocks].map(|count| at.after(Blocks::new(count)));
        while world.state.height() < height {
            world.block();
        }
        let said = world.send("R", Command::RateJob(RateJob { job, rating: Rating::Bad }));
        let late = Err(Rejected::RateJob(RateJobRejected::TooLate { height, last }));
        assert_eq!(said, if heard { Ok(()) } else { late });
    }
}

/// A window longer than the rows of a closed job stay ends with them.
#[test]
fn a_job_is_rated_as_long_as_its_rows_stay() {
    for (blocks, heard) in [(4, true), (5, false)] {
        let mut world = of_three(|raw| {
            raw.reputation.rating_share = Ratio::percent(10);
            raw.reputation.rating_blocks = Blocks::new(7);
            raw.market.retention_blocks = Blocks::new(5);
        });
        let job = paid(&mut world, 0);
        let height = world.closed(job).at.after(Blocks::new(blocks));
        while world.state.height() < height {
            world.block();
        }
        let said = world.send("R", Command::RateJob(RateJob { job, rating: Rating::Bad }));
        let gone = Err(Rejected::RateJob(RateJobRejected::JobNotFound));
        assert_eq!(said, if heard { Ok(()) } else { gone });
    }
}

/// A pair may weigh one and a half together: its second rating counts for the half that is left.
#[test]
fn a_rating_above_what_its_pair_may_say_counts_for_the_rest() {
    let mut world = of_three(|raw| {
        raw.reputation.rating_share = Ratio::percent(10);
        raw.reputation.rating_pair_max = Factor::percent(150);
    });
    for sum in [100, 150] {
        let job = paid(&mut world, 0);
        rate(&mut world, job, Rating::Bad);
        let failure = record(&world, "P1", Role::Provider).ratings.failure;
        assert_eq!(failure, Factor::percent(sum));
        assert_eq!(world.state.raters().next().expect("a row").1.weight, failure);
    }
}

/// A wrong result is no job that was paid, and a conviction says all of it.
#[test]
fn a_job_that_ended_in_a_conviction_is_not_rated() {
    let mut world = rated();
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let said = world.send("R", Command::RateJob(RateJob { job, rating: Rating::Bad }));
    assert_eq!(said, Err(Rejected::RateJob(RateJobRejected::NotPaid)));
}

/// A key for requests may rate; one for work may not.
#[test]
fn a_key_for_requests_rates_for_its_account() {
    let mut world = rated();
    let job = paid(&mut world, 0);
    let key = Address([0x77; 20]);
    world.authorise("R", key, Scope::Request, Amount::tokens(1));
    let command = Command::RateJob(RateJob { job, rating: Rating::Good });
    assert_eq!(world.send_by(key, "R", command), Ok(()));
    assert_eq!(world.closed(job).rated, Some(Rating::Good));
}

/// What a job says of a name, and what the name carries by it, is what it burnt may justify: here
/// ten times a quarter of a token, of ten tokens.
#[test]
fn a_job_carries_what_was_burnt_for_it_and_not_what_was_paid() {
    let mut world = of_three(|raw| raw.reputation.burn_multiple = Factor::percent(1_000));
    paid(&mut world, 0);
    let record = record(&world, "P1", Role::Provider);
    assert_eq!(record.carried.units(), Amount::tokens(10).units() / 4);
    assert_eq!(counts(record), [(25, 0); 3]);
}

/// A bad rating of the past weighs less and less, in the record and in the score that is read.
#[test]
fn what_was_said_fades_from_a_score() {
    let mut world = rated();
    let job = paid(&mut world, 0);
    rate(&mut world, job, Rating::Bad);
    let end = world.state.epoch().after(Epochs::new(34));
    while world.state.epoch() < end {
        world.block();
    }
    let record = record(&world, "P1", Role::Provider);
    let left = record.ratings.failure;
    assert!(left > Factor::percent(48) && left < Factor::percent(52), "{left:?}");
    let operator = world.operator("P1", Role::Provider);
    let (score, proven) = (world.state.score(operator), world.state.proven_score(operator));
    assert_eq!(score, record.score(world.state.params().reputation()));
    // A tenth of a third: half a failure against the success that everybody begins with.
    let kept = Ratio::of_floor(score.parts(), proven.parts());
    assert!(kept > Ratio::percent(96) && kept < Ratio::percent(97), "{kept:?}");
}

/// Three jobs of ten tokens, then none for a year: what was carried fades like all evidence, to the
/// floor.
#[test]
fn what_a_name_has_carried_fades_and_any_name_may_take_on_the_floor() {
    let mut world = World::new(params_with(|raw| {
        raw.reputation.carried_multiple = Factor::percent(300);
        raw.reputation.carried_floor = Amount::tokens(20);
    }));
    let most = |world: &World, name| {
        world.state.job_value_max(world.operator(name, Role::Provider), world.state.params())
    };
    assert_eq!(most(&world, "P1"), Some(Amount::tokens(20)));
    (0..3).for_each(|_| {
        paid(&mut world, 0);
    });
    let (full, known) = (most(&world, "P1"), world.state.epoch());
    assert!(full > Some(Amount::tokens(80)) && full <= Some(Amount::tokens(90)), "{full:?}");
    while world.state.epoch() < known.after(Epochs::new(34)) {
        world.block();
    }
    let half = most(&world, "P1");
    assert!(half > Some(Amount::tokens(40)) && half < Some(Amount::tokens(46)), "{half:?}");
    while world.state.epoch() < known.after(Epochs::new(80)) {
        world.block();
    }
    assert_eq!(most(&world, "P1"), Some(Amount::tokens(20)));
    assert_eq!(most(&world, "P2"), Some(Amount::tokens(20)));
}
