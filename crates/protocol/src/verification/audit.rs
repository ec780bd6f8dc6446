//! Auditors: who may be drawn, and the draw.
//!
//! Law: a draw depends on the seed, the round and the stakes, on nothing else; an operator sits
//! at most once in a job and never judges its own account's work or order.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    command::Opening,
    ids::{AccountId, Digest, OperatorId},
    num::{Amount, Ratio},
    seal,
    staking::Weights,
};

/// One auditor's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who sits there.
    pub operator: Option<OperatorId>,
    /// The same, as an account.
    pub account: Option<AccountId>,
    /// What it is paid.
    pub pay: Amount,
    /// What it has done.
    pub state: SeatState,
}

/// What an auditor has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatState {
    /// Nobody sits there.
    Vacant,
    /// Drawn, and nothing sealed yet.
    Drawn,
    /// Its own result is sealed.
    Committed(Digest),
    /// Its own result is open.
    Revealed(Opening),
    /// It lost its lock.
    Failed,
}

impl Seat {
    pub(crate) fn vacant(pay: Amount) -> Seat {
        Seat { operator: None, account: None, pay, state: SeatState::Vacant }
    }

    /// True until something was sealed here.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.state, SeatState::Vacant | SeatState::Drawn)
    }
}

/// How many of the pool are left without `out`.
pub(crate) fn eligible(weights: &Weights, out: &[OperatorId]) -> u64 {
    let out = out.iter().filter(|id| weights.of(**id) > 0).count();
    u64::try_from(weights.active().saturating_sub(out)).unwrap_or(u64::MAX)
}

/// β̂: the assumed share, or that of the largest operator left in the pool if it is more, up.
pub(crate) fn beta(weights: &Weights, out: &[OperatorId], assumed: Ratio) -> Ratio {
    let outside = out.iter().fold(0u64, |sum, id| sum.saturating_add(weights.of(*id)));
    let pool = weights.total().saturating_sub(outside);
    let largest = weights.heaviest_first().find(|(_, id)| !out.contains(id));
    let share = largest.map_or(Ratio::ONE, |(weight, _)| Ratio::of_ceil(weight, pool));
    share.max(assumed)
}

/// Tries of the draw for each seat before it takes the heaviest who is left.
const TRIES: u64 = 64;

/// `count` different operators, each drawn by stake among those that `may` sit; fewer if there
/// are not as many.
pub(crate) fn draw(
    weights: &Weights,
    seed: &Digest,
    round: u8,
    count: usize,
    may: impl Fn(OperatorId) -> bool,
) -> Vec<OperatorId> {
    let mut drawn: Vec<OperatorId> = Vec::with_capacity(count);
    let mut counter = u64::from(round) << 32;
    for _ in 0..count {
        let tried = (0..TRIES).find_map(|_| {
            counter = counter.wrapping_add(1);
            let position = seal::draw_below(seed, "auditor", counter, weights.total());
            let id = weights.holder(position)?;
            (!drawn.contains(&id) && may(id)).then_some(id)
        });
        let heaviest = || {
            let mut left = weights.heaviest_first().map(|(_, id)| id);
            left.find(|id| !drawn.contains(id) && may(*id))
        };
        match tried.or_else(heaviest) {
            Some(id) => drawn.push(id),
            None => break,
        }
    }
    drawn
}
