//! A second tally, slow and obvious: each stake asks who speaks for it.

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Command, Factor, Role,
    command::{BallotChoice, Delegate},
    governance::Tally,
};
use earnest_testkit::{
    votes::{ballot, params_with, pass, propose, tally},
    world::World,
};
use proptest::{collection::vec, prelude::*};

const OPERATORS: [&str; 3] = ["P1", "P2", "P3"];
const VOTERS: [&str; 7] = ["P1", "P2", "P3", "R", "W", "X", "V1"];
const CHOICES: [BallotChoice; 4] =
    [BallotChoice::Yes, BallotChoice::No, BallotChoice::Abstain, BallotChoice::Veto];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..<_>::default() })]

    #[test]
    fn each_stake_counts_once_for_who_speaks_for_it(
        delegations in vec((0..7usize, 0..3usize, 1..5_000_000_000u64), 0..12),
        votes in vec((0..7usize, 0..4usize), 0..30),
    ) {
        let mut world = World::new(params_with(1, |raw| {
            raw.staking.delegation_max = Factor::ONE;
            raw.staking.delegation_min = Amount::UNIT;
        }));
        let mut behind: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (who, to, units) in delegations {
            let (operator, role) = (world.id(OPERATORS[to]), Role::Provider);
            world.opens(OPERATORS[to], role);
            let amount = Amount::new(units).expect("small");
            world.ok(VOTERS[who], Command::Delegate(Delegate { operator, role, amount }));
            *behind.entry((who, to)).or_default() += units;
        }
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        let mut said: BTreeMap<usize, usize> = BTreeMap::new();
        for (who, choice) in votes {
            if world.send(VOTERS[who], ballot(id, CHOICES[choice])).is_ok() {
                said.insert(who, choice);
            }
            let mut sums = [0; 4];
            // P1, P2, P3 and V1 bond 50,000 tokens each and speak for themselves.
            for bonded in [0, 1, 2, 6] {
                if let Some(choice) = said.get(&bonded) {
                    sums[*choice] += Amount::tokens(50_000).units();
                }
            }
            for ((delegator, operator), units) in &behind {
                if let Some(choice) = said.get(delegator).or_else(|| said.get(operator)) {
                    sums[*choice] += units;
                }
            }
            let [yes, no, abstain, veto] = sums.map(|units| Amount::new(units).expect("small"));
            prop_assert_eq!(tally(&world, id), Tally { yes, no, abstain, veto });
        }
    }
}
