//! The states after the last blocks, for who reads the past.
//!
//! A kept state shares with the next one all that the blocks between did not change, so it costs
//! what they changed.
//!
//! Law: kept are the latest states without a gap, at most so many, and only as many as so many
//! transactions lie between: a transaction may copy 30 KB of rows and their tree.
//! Known shortcoming: a start begins with the state that it read; those before are not made again.

use std::{collections::VecDeque, sync::Arc};

use earnest_protocol::{Height, State};

use crate::config::Limits;

/// The latest states, oldest first.
#[derive(Debug)]
pub(crate) struct KeptStates {
    states: VecDeque<Kept>,
    limits: Limits,
    /// In the blocks between the first and the last.
    transactions: usize,
}

#[derive(Debug)]
struct Kept {
    state: Arc<State>,
    /// In the block that made it.
    transactions: usize,
}

/// No such state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotKept {
    /// The first height whose state is kept.
    pub(crate) first: Height,
    /// The last.
    pub(crate) last: Height,
}

impl KeptStates {
    /// `state` alone.
    pub(crate) fn new(state: State, limits: Limits) -> KeptStates {
        let first = Kept { state: Arc::new(state), transactions: 0 };
        KeptStates { states: VecDeque::from([first]), limits, transactions: 0 }
    }

    /// Adds the state after the next block, which held so many transactions; the last is kept
    /// whatever it held.
    pub(crate) fn push(&mut self, state: State, transactions: usize) {
        self.states.push_back(Kept { state: Arc::new(state), transactions });
        self.transactions = self.transactions.saturating_add(transactions);
        let Limits { states_max, states_transactions_max, .. } = self.limits;
        let is_over = |kept: &KeptStates| {
            kept.states.len() > states_max || kept.transactions > states_transactions_max
        };
        while self.states.len() > 1 && is_over(self) {
            self.states.pop_front();
            // What made the first that stays lies before it.
            let before =
                self.states.front_mut().map(|first| std::mem::take(&mut first.transactions));
            self.transactions = self.transactions.saturating_sub(before.unwrap_or(0));
        }
    }

    /// The state after the block at `height`.
    pub(crate) fn at(&self, height: Height) -> Result<Arc<State>, NotKept> {
        let end = |kept: Option<&Kept>| kept.map_or(Height::ZERO, |kept| kept.state.height());
        let (first, last) = (end(self.states.front()), end(self.states.back()));
        let after = height.count().checked_sub(first.count());
        let place = after.and_then(|after| usize::try_from(after).ok());
        let kept = place.and_then(|place| self.states.get(place));
        kept.map(|kept| Arc::clone(&kept.state)).ok_or(NotKept { first, last })
    }
}
