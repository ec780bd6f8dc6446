//! Active sets: who is in them, kept from events alone, and their laws, by looking at everybody.
//!
//! Law: whoever enters or leaves a limited set is told of; a place changes hands for more stake, by
//! the margin unless its holder unbonds; nobody waits while a place is free, and whoever waits does
//! not exceed the least by the margin.

use std::collections::BTreeSet;

use earnest_protocol::{Event, OperatorId, Role, State};

const ROLES: [Role; 2] = [Role::Provider, Role::Validator];

/// Who is in which set.
#[derive(Clone, Debug)]
pub struct Sets {
    inside: [BTreeSet<OperatorId>; 2],
    limits: [u64; 2],
}

/// Who of a role may take new work, as the rows say.
fn inside(state: &State, role: Role) -> BTreeSet<OperatorId> {
    let of_role = state.operators().filter(|(_, row)| row.role == role && row.may_work());
    of_role.map(|(id, _)| id).collect()
}

fn limits(state: &State) -> [u64; 2] {
    let staking = state.params().staking();
    [staking.providers_active_max, staking.validators_active_max]
}

/// The least stake that takes the place of `least`.
fn needed(state: &State, least: u64) -> u128 {
    let (parts, least) = (state.params().staking().active_margin.parts(), u128::from(least));
    least + (least * u128::from(parts)).div_ceil(1_000_000_000).max(1)
}

impl Sets {
    /// The sets as they stand.
    pub fn of(state: &State) -> Sets {
        Sets { inside: ROLES.map(|role| inside(state, role)), limits: limits(state) }
    }

    /// Follows what one block's opening or one command did; `state` is that after it.
    pub fn follow(&mut self, events: &[Event], state: &State) {
        let unbonds = |id: OperatorId| {
            events
                .iter()
                .any(|event| matches!(*event, Event::Unbonding { operator, .. } if operator == id))
        };
        let mut gave_way = None;
        for event in events {
            match *event {
                Event::ActiveSetLeft { operator, role, stake, by, .. } => {
                    let place = usize::from(role != Role::Provider);
                    assert!(self.inside[place].remove(&operator), "{operator} was not in it");
                    gave_way = by.map(|by| (operator, stake.units(), by));
                }
                Event::ActiveSetEntered { operator, account, role, stake } => {
                    let place = usize::from(role != Role::Provider);
                    assert!(self.inside[place].insert(operator), "{operator} was in it");
                    let Some((out, less, by)) = gave_way.take() else { continue };
                    assert_eq!(by, account, "who took the place of {out}");
                    let stake = stake.units();
                    assert!(less < stake, "{out} gave way to no more than it has");
                    let enough = needed(state, less) <= u128::from(stake);
                    assert!(enough || unbonds(out), "{out} gave way to too little more");
                }
                _ => {}
            }
        }
        let now = limits(state);
        for (place, role) in ROLES.into_iter().enumerate() {
            let inside = inside(state, role);
            if now[place] > 0 && now[place] == self.limits[place] {
                assert_eq!(self.inside[place], inside, "who is in the set of {role:?}");
            }
            self.inside[place] = inside;
            check(state, role, now[place]);
        }
        self.limits = now;
    }
}

fn check(state: &State, role: Role, max: u64) {
    let fit = state.operators().filter(|(_, row)| row.role == role && row.is_fit());
    let (inside, waiting): (Vec<_>, Vec<_>) = fit.partition(|(_, row)| row.may_work());
    let count = u64::try_from(inside.len()).expect("few");
    if max == 0 {
        assert!(waiting.is_empty(), "nobody waits where everybody may work");
        return;
    }
    assert!(count <= max, "{count} in {max} places");
    let first = waiting.iter().map(|(_, row)| row.stake.units()).max();
    let Some(first) = first else { return };
    assert_eq!(count, max, "somebody waits while a place is free");
    let least = inside.iter().map(|(_, row)| row.stake.units()).min().expect("a set has places");
    assert!(u128::from(first) < needed(state, least), "{first} waits, the least has {least}");
}
