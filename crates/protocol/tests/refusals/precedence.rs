//! The first refusal that applies is returned: ladders of commands guilty of everything.

use earnest_protocol::{
    Amount, Blocks, Command, Gas, Ratio, Rejected,
    command::{PostJob, Visibility},
};

use crate::world::{World, params};

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
    let mends: [(&str, Mend); 9] = [
        ("SealedNotServed", |bad, good| bad.visibility = good.visibility),
        ("StepsOutOfRange", |bad, good| bad.task.steps = good.task.steps),
        ("TooManyChunks", |bad, good| bad.task.chunk_count = good.task.chunk_count),
        ("StepGasOutOfRange", |bad, good| bad.task.step_gas_max = good.task.step_gas_max),
        ("WorkBoundOutOfRange", |bad, good| bad.task.gas_bound = good.task.gas_bound),
        ("DeadlineOutOfRange", |bad, good| bad.deadline_blocks = good.deadline_blocks),
        ("PriceMustBePositive", |bad, _| bad.price_max = Amount::MAX),
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
    terms.price_max = Amount::tokens(1_000_000);
    assert_eq!(variant(&mut world, &terms), "ExceedsFree");
    terms.price_max = good.price_max;
    world.ok("R", Command::PostJob(terms));
}
