//! Locks: what everybody promised, kept from events alone, and what it comes to, by looking at
//! everybody.
//!
//! Law: a promise only grows until it ends, at its time; nobody takes out by its own will what it
//! promised to leave; a vote begins with the stake of all who are fit, what their locks add, and
//! what is delegated.

use std::collections::BTreeMap;

use earnest_protocol::{
    Epoch, Event, OperatorId, State,
    governance::Forum,
    ledger::{Movement, Pot},
};

/// Who promised how much until when.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    promised: BTreeMap<OperatorId, (u64, Epoch)>,
}

const PARTS: u128 = 1_000_000_000;

impl Locks {
    /// Follows what one block's opening or one command did; `state` is that after it.
    ///
    /// # Panics
    /// If a law does not hold.
    pub fn follow(&mut self, events: &[Event], moved: &[Movement], state: &State) {
        for event in events {
            match *event {
                Event::BondLocked { operator, amount, until, .. } => {
                    let new = (amount.units(), until);
                    let old = self.promised.insert(operator, new).unwrap_or_default();
                    assert!(old.0 <= new.0 && old.1 <= new.1, "{old:?} became {new:?}");
                }
                Event::LockEnded { operator, amount, .. } => {
                    let ended = self.promised.remove(&operator);
                    assert_eq!(ended, Some((amount.units(), state.epoch())), "{operator}");
                }
                Event::Unbonding { operator, .. } => {
                    let stays = self.promised.get(&operator).map_or(0, |(amount, _)| *amount);
                    let stake = state.operator(operator).expect("it unbonds").stake.units();
                    assert!(stays <= stake, "{operator} promised {stays} and has {stake}");
                }
                _ => {}
            }
        }
        for (id, row) in state.operators() {
            let (amount, until) = self.promised.get(&id).copied().unwrap_or_default();
            assert_eq!((row.lock.amount.units(), row.lock.until), (amount, until), "{id}");
        }
        self.weigh(events, moved, state);
    }

    /// What a lock adds as a fraction of 10^9 · the longest that there may be.
    fn added(&self, id: OperatorId, state: &State) -> u128 {
        let (Some(row), Some(weight)) = (state.operator(id), state.lock_weight()) else { return 0 };
        let Some((amount, until)) = self.promised.get(&id) else { return 0 };
        let there = u128::from(row.stake.units().min(*amount));
        let left = u128::from(until.count() - state.epoch().count());
        there * left * (u128::from(weight.boost.parts()) - PARTS)
    }

    fn weigh(&self, events: &[Event], moved: &[Movement], state: &State) {
        let whole = state.lock_weight().map_or(1, |weight| PARTS * u128::from(weight.max.count()));
        let (mut stake, mut added, mut delegated) = (0, 0, 0);
        for (id, row) in state.operators() {
            delegated += u128::from(state.delegated_to(id).units());
            let waits =
                |id| state.slashes().any(|(_, row)| row.operator == id && row.state.waits());
            if !row.is_fit() {
                assert!(state.vote_weight(id).is_zero(), "{id} has no say");
                continue;
            }
            let own = u128::from(row.stake.units());
            let adds = self.added(id, state);
            let weight = u128::from(state.vote_weight(id).units());
            let expected = if waits(id) { 0 } else { own + adds / whole };
            assert_eq!(weight, expected, "{id}");
            (stake, added) = (stake + own, added + adds);
        }
        // What else a block's opening did may have come after the vote began.
        let is_stake = |pot: Pot| {
            matches!(pot, Pot::Bond(_) | Pot::Delegated(_) | Pot::Moved(_) | Pot::Slash(_))
        };
        let moves = moved.iter().any(|row| is_stake(row.source) || is_stake(row.target));
        let jails = |event: &Event| matches!(event, Event::Jailed { .. } | Event::Unjailed { .. });
        if moves || events.iter().any(jails) {
            return;
        }
        for event in events {
            let Event::VotingOpened { proposal, power, .. } = event else { continue };
            // Unless the council decides, or its vote was over at once.
            let row = state.proposal(*proposal).filter(|row| row.forum == Forum::Stake);
            if row.is_some() {
                let all = stake + added.div_ceil(whole) + delegated;
                assert_eq!(u128::from(power.units()), all, "the power of {proposal}");
            }
        }
    }
}
