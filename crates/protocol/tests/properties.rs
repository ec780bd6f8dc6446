//! Random command sequences against every law.
//!
//! A sequence is a list of small numbers, read against the state as it stands, so that a fair
//! share of the commands is accepted and shrinking keeps its meaning. After each command: every
//! invariant, a second ledger, a refusal's trace, one end for each job that closed; now and then
//! the state goes through its bytes, and what comes back must have the same root and the same
//! future; at the end nothing is stuck. In every setting of `earnest-testkit`.

use std::collections::BTreeSet;

use earnest_testkit::{
    kinds,
    machine::{Machine, Setting},
    ops::Op,
    soak::{self, Plan},
};
use proptest::prelude::*;

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(any::<(u8, u8, u8, u8)>().prop_map(Op::from), 50..400)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_law_holds_after_every_command_and_nothing_is_ever_stuck(
        ops in ops(),
        setting in proptest::sample::select(&Setting::ALL),
    ) {
        let mut machine = Machine::new(setting);
        for (at, op) in ops.iter().enumerate() {
            machine.run(*op);
            if at % 64 == 63 {
                machine.restart();
            }
        }
        machine.run_out();
    }

    #[test]
    fn the_same_sequence_gives_the_same_root_even_through_bytes(
        ops in ops(),
        setting in proptest::sample::select(&Setting::ALL),
    ) {
        let mut first = Machine::new(setting);
        let mut second = Machine::new(setting);
        for (at, op) in ops.iter().enumerate() {
            first.run(*op);
            if at % 16 == 0 {
                second.restart();
            }
            second.run(*op);
            prop_assert_eq!(first.world.state.root(), second.world.state.root());
        }
    }
}

/// Limits and refusals that random commands reach; events they reach of every kind.
const REACHED: &[&str] = &[
    "AuditCapacityExceeded",
    "BidsAtLimit",
    "RaisedTooMuch",
    "DelegationsAtLimit",
    "DisputesAtLimit",
    "KeyLimitExceeded",
    "KeyOutOfScope",
    "KeysAtLimit",
    "NotSealedBefore",
    "StillBound",
    "PoolTooSmall",
    "RelationBroken",
    "RefereeBusy",
    "RequestsAtLimit",
    "UnbondingsAtLimit",
    "TierOfAccess1",
    "TierOfAccess2",
];

#[test]
fn a_fair_share_of_random_commands_is_accepted_and_reaches_every_phase_and_limit() {
    // What few machines reach is reached by one of two soaks.
    let [mut tally, other] = std::thread::scope(|scope| {
        let soaks = [4, 7].map(|seed| Plan { commands: 60_000, seed });
        let soaks = soaks.map(|plan| scope.spawn(move || soak::run(plan, |_| {})));
        soaks.map(|soak| soak.join().expect("every law holds"))
    });
    tally.seen.extend(other.seen);
    let accepted = tally.commands - tally.refused;
    assert!(accepted > 15_000 && tally.refused > 10_000, "{accepted} of {}", tally.commands);
    assert!(tally.jobs > 2_000 && tally.restarts > 100 && tally.replays > 2, "{tally:?}");
    for kind in REACHED {
        let is_seen = tally.seen.iter().any(|seen| seen.contains(kind));
        assert!(is_seen, "never seen: {kind} among {:?}", tally.seen);
    }
    assert_eq!(kinds::missed(&tally.seen), BTreeSet::new(), "kinds of events never seen");
    for (kind, why) in kinds::UNREACHED {
        assert!(kinds::all().contains(*kind), "there is no {kind}");
        assert!(!tally.seen.contains(*kind), "{kind} is reached: {why}");
    }
}
