//! Access: what everybody has bonded for a tier, kept from events alone, and the tier that each job
//! should have.
//!
//! Law: access stake is what its owner bonded and did not take out, and nothing else takes of it; a
//! job has the highest tier that its requester's stake reaches, and keeps it.

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Event, JobId, OperatorId, Ratio, RawParams, Role, State, staking::Standing,
};

/// Two tiers, so that random bonds reach each.
pub fn machine(raw: &mut RawParams) {
    raw.access.stake_1 = Amount::tokens(100);
    raw.access.stake_2 = Amount::tokens(1_000);
    raw.access.discount_1 = Ratio::percent(10);
    raw.access.discount_2 = Ratio::percent(80);
}

/// Who has bonded how much, and which job has which tier.
#[derive(Clone, Debug, Default)]
pub struct Book {
    bonded: BTreeMap<OperatorId, u64>,
    tiers: BTreeMap<JobId, u8>,
}

impl Book {
    /// Follows what one block's opening or one command did; `state` is that after it.
    ///
    /// # Panics
    /// If a law does not hold.
    pub fn follow(&mut self, events: &[Event], state: &State) {
        let is_access =
            |id: OperatorId| state.operator(id).is_some_and(|row| row.role == Role::Access);
        for event in events {
            match *event {
                Event::Bonded { operator, role: Role::Access, amount, .. }
                | Event::UnbondCancelled { operator, role: Role::Access, amount, .. } => {
                    *self.bonded.entry(operator).or_default() += amount.units();
                }
                Event::Unbonding { operator, amount, .. } if is_access(operator) => {
                    *self.bonded.get_mut(&operator).expect("it bonded") -= amount.units();
                }
                Event::JobPosted { job, requester, .. } => {
                    let own = state.operator_id(requester, Role::Access);
                    let active = own.filter(|id| {
                        state.operator(*id).expect("known").standing == Standing::Active
                    });
                    let stake = active.map_or(0, |id| self.bonded[&id]);
                    self.tiers.insert(job, reached(stake, state));
                }
                _ => {}
            }
        }
        for (id, row) in state.operators().filter(|(_, row)| row.role == Role::Access) {
            assert_eq!(Some(&row.stake.units()), self.bonded.get(&id), "{id}");
            assert!(state.delegated_to(id).is_zero(), "{id} is its owner's alone");
        }
        self.tiers.retain(|job, tier| {
            let order = state.order(*job);
            order.is_none_or(|order| order.tier == *tier) || panic!("{job} was posted with {tier}")
        });
        self.tiers.retain(|job, _| state.order(*job).is_some());
    }

    /// Tiers of jobs that are still there.
    pub fn tiers(&self) -> impl Iterator<Item = u8> + '_ {
        self.tiers.values().copied().filter(|tier| *tier > 0)
    }
}

/// How many rows in turn so much reaches.
fn reached(stake: u64, state: &State) -> u8 {
    let access = state.params().access();
    let asked = [access.stake_1, access.stake_2, access.stake_3, access.stake_4];
    let rows = asked.iter().take_while(|asked| !asked.is_zero() && asked.units() <= stake);
    u8::try_from(rows.count()).expect("four at most")
}
