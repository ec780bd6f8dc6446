//! The first refusal that applies is returned: ladders of commands guilty of everything.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Gas, Ratio, Rejected,
    command::{GainTiming, PostJob, ReportCopy, Visibility},
};

use crate::world::{World, params, root};

/// Puts one thing of a bad posting right.
type Mend = fn(&mut PostJob, &PostJob);

fn variant(world: &mut World, terms: &PostJob) -> String {
    let Err(Rejected::PostJob(refused)) = world.send("R", Command::PostJob(terms.clone())) else {
        panic!("accepted: {terms:?}")
    };
    let text = format!("{refused:?}");
    text.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn a_posting_guilty_of_everything_is_refused_for_the_first_and_then_the_next() {
    let mut world = World::new(params());
    let good = world.terms();
    let mut terms = good.clone();
    terms.visibility = Visibility::Sealed;
    terms.task.steps = 0;
    terms.task.chunk_count = u32::MAX;
    terms.task.step_gas_max = Gas::ZERO;
    terms.task.gas_bound = Gas::new(u64::MAX);
    terms.deadline_blocks = Blocks::ZERO;
    terms.price_max = Amount::ZERO;
    terms.audit_rate = Ratio::ZERO;
    terms.auditors = 0;
    (terms.outside_gain, terms.gain_timing) = (Amount::MAX, GainTiming::Delivery);
    let mends: [(&str, Mend); 9] = [
        ("SealedNotServed", |bad, good| bad.visibility = good.visibility),
        ("StepsOutOfRange", |bad, good| bad.task.steps = good.task.steps),
        ("TooManyChunks", |bad, good| bad.task.chunk_count = good.task.chunk_count),
        ("StepGasOutOfRange", |bad, good| bad.task.step_gas_max = good.task.step_gas_max),
        ("WorkBoundOutOfRange", |bad, good| bad.task.gas_bound = good.task.gas_bound),
        ("DeadlineOutOfRange", |bad, good| bad.deadline_blocks = good.deadline_blocks),
        // At this price a seat locks 45,002 tokens, and each validator has 50,000.
        ("PriceMustBePositive", |bad, _| bad.price_max = Amount::tokens(900_000)),
        ("AuditRateTooLow", |bad, good| bad.audit_rate = good.audit_rate),
        ("AuditorsOutOfRange", |bad, _| bad.auditors = 8),
    ];
    for (expected, mend) in mends {
        assert_eq!(variant(&mut world, &terms), expected);
        mend(&mut terms, &good);
    }
    assert_eq!(variant(&mut world, &terms), "PoolTooSmall");
    terms.auditors = good.auditors;
    assert_eq!(variant(&mut world, &terms), "NoQuote");
    terms.outside_gain = good.outside_gain;
    assert_eq!(variant(&mut world, &terms), "ExceedsFree");
    terms.price_max = good.price_max;
    world.ok("R", Command::PostJob(terms));
}

#[test]
fn a_report_guilty_of_everything_is_refused_for_the_first_and_then_the_next() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let right = world.opening(job, root(None));
    let mut wrong = right;
    wrong.salt = Digest([77; 32]);
    let drawn = world.auditors(job)[0];
    for (finder, accused, opening, expected) in [
        // An auditor accuses itself of what it has not sealed, a wrong opening in hand.
        (drawn, drawn, wrong, "OwnSeal"),
        ("W", drawn, wrong, "NothingSealed"),
        ("W", "P1", wrong, "SealMismatch"),
        ("W", "P1", right, "NotSealedBefore"),
    ] {
        let accused = world.id(accused);
        let report = Command::ReportCopy(ReportCopy { job, accused, opening });
        let Err(Rejected::ReportCopy(refused)) = world.send(finder, report) else {
            panic!("accepted, or refused otherwise: {expected}")
        };
        assert_eq!(format!("{refused:?}"), expected);
    }
    world.report_copy("W", job, "P1", right);
}
