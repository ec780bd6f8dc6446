//! Random command sequences against every law.
//!
//! A sequence is a list of small numbers, read against the state as it stands, so that a fair
//! share of the commands is accepted and shrinking keeps its meaning. After each command: every
//! invariant, every balance rebuilt from movements alone, a refusal's trace, one end for each job
//! that closed; now and then the state goes through its bytes; at the end nothing is stuck.

mod commands;
mod machine;
#[path = "../world/mod.rs"]
mod world;

use commands::Op;
use machine::Machine;
use proptest::prelude::*;

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(any::<(u8, u8, u8, u8)>().prop_map(Op::from), 50..400)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_law_holds_after_every_command_and_nothing_is_ever_stuck(ops in ops()) {
        let mut machine = Machine::new();
        ops.iter().for_each(|op| machine.run(*op));
        machine.run_out();
    }

    #[test]
    fn the_same_sequence_gives_the_same_root_and_events_even_through_bytes(ops in ops()) {
        let mut first = Machine::new();
        let mut second = Machine::new();
        for (at, op) in ops.iter().enumerate() {
            first.run(*op);
            if at % 16 == 0 {
                second.restart();
            }
            second.run(*op);
        }
        prop_assert_eq!(first.world.state.root(), second.world.state.root());
        prop_assert_eq!(&first.world.events, &second.world.events);
    }
}

#[test]
fn a_fair_share_of_random_commands_is_accepted_and_reaches_every_phase() {
    let mut machine = Machine::new();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..6_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let [a, b, c, d, ..] = seed.to_le_bytes();
        machine.run(Op::from((a, b, c, d)));
    }
    let (accepted, refused) = (machine.accepted, machine.refused);
    assert!(accepted > 1_500 && refused > 300, "{accepted} accepted, {refused} refused");
    let counts = machine.world.state.job_counts();
    assert!(counts.accepted > 5 && counts.rejected > 5 && counts.expired > 5, "{counts:?}");
    let kinds = machine.kinds();
    for kind in [
        "AuditDrawn",
        "AuditMissed",
        "AuditSpared",
        "BeaconWithheld",
        "ChildRejected",
        "CopyReported",
        "DataServed",
        "DataWithheld",
        "DisputeClosed",
        "Jailed",
        "NodeOpened",
        "SeedWithheld",
        "SlashPending",
        "Slashed",
        "StepJudged",
        "Unjailed",
        "Withdrawn",
    ] {
        assert!(kinds.contains(kind), "never seen: {kind} among {kinds:?}");
    }
    machine.run_out();
}
