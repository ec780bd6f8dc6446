//! Auditors: who may be drawn, and the draw.
//!
//! Law: a draw depends on the seed, the round, the weights at the end of the block that sealed the
//! result, and on who can still lock; whoever knows the seed can move none of the weights (C8). An
//! operator sits at most once in a job and never judges its own account's work or order. Nobody
//! has more than the share of the pool that the quote assumes: whoever weighs more counts as much
//! as that ([`cap`]), so that stake bonded after the quote neither buys seats nor puts a draw off.
//! Law: who waited for a place in the active set when the result was sealed is drawn where that set
//! does not do: it no longer fills the seats, or one of it that was drawn was silent; and in the
//! last round always.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Digest, OperatorId},
    num::{Amount, PARTS, Ratio, mul_div_floor},
    seal,
    staking::{Able, Field, Pool},
};

use super::Claim;

/// One auditor's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who sits there.
    pub operator: Option<OperatorId>,
    /// The same, as an account.
    pub account: Option<AccountId>,
    /// How it came to sit there.
    pub seating: Seating,
    /// Which lock is its own.
    pub lock: u32,
    /// What it is paid.
    pub pay: Amount,
    /// What it has done.
    pub state: SeatState,
}

/// How an auditor came to its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seating {
    /// By the draw.
    Drawn,
    /// By its own choice, when the seat was open to all.
    Volunteer,
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
    Revealed(Claim),
    /// It dissented, and the referee found against it.
    Refuted,
    /// It did not open what it sealed.
    Failed,
}

/// Who was drawn and sealed nothing. Its lock went back to its bond at once, so that nobody's
/// silence keeps a pool locked; what it owes is known at the end of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Who.
    pub operator: OperatorId,
    /// The same, as an account.
    pub account: AccountId,
    /// What it had locked.
    pub lock: Amount,
    /// What it would have been paid.
    pub pay: Amount,
}

impl Seat {
    pub(crate) fn vacant(pay: Amount) -> Seat {
        Seat {
            operator: None,
            account: None,
            seating: Seating::Drawn,
            lock: 0,
            pay,
            state: SeatState::Vacant,
        }
    }

    /// True until something was sealed here.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.state, SeatState::Vacant | SeatState::Drawn)
    }

    /// True if it says that `claim` is right, lost its dissent, or sealed a verdict and kept it:
    /// whoever had its say and did not use it takes no pay from who was right.
    fn supports(&self, claim: &Claim) -> bool {
        match self.state {
            SeatState::Revealed(own) => own.agrees(claim),
            SeatState::Refuted | SeatState::Failed => true,
            SeatState::Vacant | SeatState::Drawn | SeatState::Committed(_) => false,
        }
    }
}

/// May a result be paid that `wanted` auditors were asked about? If so many support it, drawn ones
/// among them; silence beside them is no dissent, and volunteers alone are nobody's sample.
pub(crate) fn is_payable(seats: &[Seat], claim: &Claim, wanted: u32) -> bool {
    let supporters = seats.iter().filter(|seat| seat.supports(claim));
    let count = supporters.clone().count();
    let drawn = supporters.filter(|seat| seat.seating == Seating::Drawn).count();
    seats.is_empty() || (drawn > 0 && u32::try_from(count).unwrap_or(u32::MAX) >= wanted)
}

/// Those of a pool who can lock an audit's collateral; nobody, if there is no pool.
pub(crate) fn able(pool: Option<&Pool>, lock: Amount, out: &[OperatorId]) -> Able {
    pool.map_or_else(Able::default, |pool| pool.able(lock.units(), out))
}

/// β̂: the assumed share, or that of the largest operator of the pool if it is more, up.
pub(crate) fn beta(able: Able, assumed: Ratio) -> Ratio {
    Ratio::of_ceil(able.largest, able.total).max(assumed)
}

/// The most that one operator may weigh, so that no weight is more than `share` of all. `None` if
/// those who can lock are too few for that.
pub(crate) fn cap(
    pool: &Pool,
    field: Field,
    lock: Amount,
    out: &[OperatorId],
    share: Ratio,
) -> Option<u64> {
    let able = pool.able_at(field, lock.units(), out);
    if beta(able, share) == share {
        return Some(u64::MAX);
    }
    let ids = pool.able_in_order(field, lock.units()).into_iter().filter(|id| !out.contains(id));
    let mut weights: Vec<u64> = ids.map(|id| pool.weight_at(field, id)).collect();
    weights.sort_unstable();
    let mut rest = able.total;
    for (heavier, weight) in (0u64..).zip(weights.into_iter().rev()) {
        // cap = share · (heavier · cap + rest), down.
        let open = PARTS.checked_sub(share.parts().checked_mul(heavier)?)?;
        let cap = mul_div_floor(rest, share.parts(), open)?;
        if weight <= cap {
            return Some(cap).filter(|cap| 0 < *cap);
        }
        rest = rest.saturating_sub(weight);
    }
    None
}

/// What a draw is made with.
pub(crate) struct Draw<'a> {
    pub(crate) pool: &'a Pool,
    /// Whose weights count, of a block that is pinned.
    pub(crate) field: Field,
    pub(crate) seed: &'a Digest,
    pub(crate) round: u8,
    /// What a seat locks.
    pub(crate) lock: Amount,
    /// The most that one operator counts for.
    pub(crate) cap: u64,
}

/// Tries of the draw for each seat before it counts through those who can lock.
const TRIES: u64 = 64;

impl Draw<'_> {
    /// `count` different operators, each drawn by weight among those that `may` sit and can lock;
    /// fewer if there are not as many.
    pub(crate) fn seats(&self, count: usize, may: impl Fn(OperatorId) -> bool) -> Vec<OperatorId> {
        let mut drawn: Vec<OperatorId> = Vec::with_capacity(count);
        let mut counter = u64::from(self.round) << 32;
        let able = |id: OperatorId| may(id) && self.pool.may_serve(id, self.lock.units());
        for _ in 0..count {
            let tried = (0..TRIES).find_map(|_| {
                counter = counter.wrapping_add(1);
                let total = self.pool.total_at(self.field);
                let position = seal::draw_below(self.seed, "auditor", counter, total);
                let (id, weight) = self.pool.holder_at(self.field, position)?;
                (!drawn.contains(&id) && able(id) && self.counts(weight, counter)).then_some(id)
            });
            counter = counter.wrapping_add(1);
            match tried
                .or_else(|| self.count_through(counter, |id| !drawn.contains(&id) && able(id)))
            {
                Some(id) => drawn.push(id),
                None => break,
            }
        }
        drawn
    }

    /// True with the chance that the cap leaves of an operator's weight.
    fn counts(&self, weight: u64, counter: u64) -> bool {
        weight <= self.cap || seal::draw_below(self.seed, "cap", counter, weight) < self.cap
    }

    /// Few can lock: counts through those alone, by the same weights.
    fn count_through(&self, counter: u64, able: impl Fn(OperatorId) -> bool) -> Option<OperatorId> {
        let ids = self.pool.able_in_order(self.field, self.lock.units());
        let ids = ids.into_iter().filter(|id| able(*id));
        let weighed = ids.map(|id| (id, self.pool.weight_at(self.field, id).min(self.cap)));
        let weighed: Vec<(OperatorId, u64)> = weighed.filter(|(_, weight)| *weight > 0).collect();
        let total = weighed.iter().fold(0u64, |sum, (_, weight)| sum.saturating_add(*weight));
        let mut rest = seal::draw_below(self.seed, "auditor", counter, total);
        weighed.iter().find_map(|&(id, weight)| match rest.checked_sub(weight) {
            Some(left) => {
                rest = left;
                None
            }
            None => Some(id),
        })
    }
}
