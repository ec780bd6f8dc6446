//! Exit queue: how much of what is bonded may leave in one epoch, and when the next may.
//!
//! Key terms: all own bonds of one role and class leave by one queue, all delegated stake by
//! another; its *churn* is what may leave in an epoch; an entry's *place* is the epoch in which its
//! last unit finds room. A place is known when it is taken and never gets worse.
//!
//! ```text
//! churn = min( max(⌊(bonded + waiting) / exit_epochs⌋, exit_churn_min) in steps, exit_churn_max )
//! matures = min( max(place + unbonding_epochs − exit_overlap_epochs, now + unbonding_epochs),
//!                now + unbonding_epochs + exit_wait_max_epochs )
//! ```
//!
//! Law: nothing matures before `unbonding_epochs` are over (R4), and nothing waits longer than
//! `exit_wait_max_epochs` besides. Until it matures an entry answers for what it answered for.
//! Law: what waits is counted in the money that leaves: to leave and stay again makes no room.
//! Law: where nothing reaches that limit, no more matures by any epoch than there was room for
//! since the queue was last empty.
//! Law: who stays after all gives back the room that is still ahead, so a queue is filled by stake
//! that is leaving and by no other.
//! Source: Ethereum's churn in balance (EIP-7251), Polkadot's unbonding queue (RFC-0097), whose
//! numbers are settings of this one.
//! Rounding: churn down; places up; room given back at a lower churn than it was taken at, down.
//! Known shortcomings: an entry leaves as a whole in the epoch of its last unit. Who waits behind
//! one that stays after all moves up only by asking anew.
//! Not here: what answers for what (`slashing`).

use serde::{Deserialize, Serialize};

use super::{PoolKey, Staking, params::StakingParams, pool::Pool};
use crate::num::{Amount, Epoch, Epochs};

/// What leaves by one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Leaver {
    /// Own bonds of one role and class.
    Own(PoolKey),
    /// All that was delegated.
    Delegated,
}

/// Where a queue ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitQueue {
    /// The epoch whose room is being taken.
    pub edge: Epoch,
    /// What of its room is left.
    pub room: Amount,
    /// What its room was.
    pub churn: Amount,
    /// What had found room from `since` on, in money that was leaving.
    pub ahead: Amount,
    /// The epoch in which somebody took room, or gave it back, last.
    pub since: Epoch,
}

/// The room that an entry took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The epoch in which its last unit found room.
    pub epoch: Epoch,
    /// What the room of that epoch was; none if there was no queue.
    pub churn: Amount,
}

/// What leaving comes to, before anything is changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    /// The queue afterwards; none if there is none.
    queue: Option<ExitQueue>,
    pub(crate) place: Place,
    /// When it may be out.
    pub(crate) matures: Epoch,
}

impl Place {
    /// Both together, as the later.
    pub(crate) fn joined(self, other: Place) -> Place {
        Place { epoch: self.epoch.max(other.epoch), churn: self.churn.max(other.churn) }
    }
}

impl ExitQueue {
    /// What the epochs from `from` on hold, at the last churn, up to the end.
    fn held(&self, from: Epoch) -> Amount {
        let whole = self.churn.checked_times(self.edge.since(from).count());
        let part = self.churn.saturating_sub(self.room);
        whole.unwrap_or(Amount::MAX).saturating_add(part)
    }

    /// What has found room from `now` on: of the money that took it, the part that these epochs
    /// are of all since then. A churn that rises or falls makes it neither more nor less.
    fn waiting(&self, now: Epoch) -> Amount {
        if self.edge < now {
            return Amount::ZERO;
        }
        let (left, all) = (self.held(now), self.held(self.since));
        self.ahead.share_floor(left.units(), all.units()).unwrap_or(Amount::ZERO)
    }

    /// Finds room for `amount`, at `churn` in every epoch that is not begun.
    fn take(&mut self, now: Epoch, amount: Amount, churn: Amount) -> Place {
        let ahead = self.waiting(now).saturating_add(amount);
        if self.edge < now || self.churn.is_zero() {
            *self = ExitQueue { edge: now, room: churn, churn, ..ExitQueue::default() };
        }
        let over = amount.saturating_sub(self.room).units();
        if over == 0 {
            self.room = self.room.saturating_sub(amount);
        } else {
            let epochs = over.div_ceil(churn.units().max(1));
            let left = epochs.saturating_mul(churn.units()).saturating_sub(over);
            self.edge = self.edge.after(Epochs::new(epochs));
            self.room = Amount::new(left).expect("less than one epoch's room");
            self.churn = churn;
        }
        (self.ahead, self.since) = (ahead, now);
        Place { epoch: self.edge, churn: self.churn }
    }

    /// Takes back what of an entry's room is still ahead, if `rest` of it goes on waiting: that has
    /// the last of its room, so that in pieces no more comes back than at once.
    fn give_back(&mut self, now: Epoch, (amount, rest): (Amount, Amount), place: Place) {
        if place.churn.is_zero() || place.epoch < now || self.churn.is_zero() {
            return;
        }
        // So many epochs at least were taken; at a lower churn that is less.
        let scaled = |amount: Amount| {
            if self.churn < place.churn {
                let scaled = amount.share_floor(self.churn.units(), place.churn.units());
                scaled.unwrap_or(Amount::ZERO)
            } else {
                amount
            }
        };
        let ahead = place.epoch.since(now).count().saturating_add(1);
        let ahead = self.churn.checked_times(ahead).unwrap_or(Amount::MAX);
        let ahead = ahead.saturating_sub(scaled(rest));
        let back = scaled(amount).min(ahead).min(self.held(now));
        // In money, as it was taken.
        let money = back.share_ceil(place.churn.max(self.churn).units(), self.churn.units());
        let waiting = self.waiting(now).saturating_sub(money.unwrap_or(Amount::MAX));
        let room = self.room.saturating_add(back);
        let over = room.saturating_sub(self.churn).units();
        let epochs = over.div_ceil(self.churn.units());
        let taken = self.churn.checked_times(epochs).expect("at most what was waiting");
        self.edge = Epoch::new(self.edge.count().saturating_sub(epochs));
        self.room = room.saturating_sub(taken);
        (self.ahead, self.since) = (waiting, now);
    }
}

/// What may leave in an epoch, of so much that is bonded or waits.
fn churn(bonded: Amount, params: &StakingParams) -> Amount {
    let share = bonded.share_floor(1, params.exit_epochs.count().max(1));
    let least = share.unwrap_or(Amount::ZERO).max(params.exit_churn_min).units();
    let step = params.exit_churn_step.units().max(1);
    let stepped = least.div_euclid(step).saturating_mul(step);
    let stepped = Amount::new(stepped).expect("at most what it was").min(params.exit_churn_max);
    stepped.max(Amount::UNIT)
}

/// When an entry at this place may be out.
fn matures(place: Epoch, now: Epoch, params: &StakingParams) -> Epoch {
    let wait = params.unbonding_epochs;
    let behind = wait.count().saturating_sub(params.exit_overlap_epochs.count());
    let earliest = now.after(wait);
    let latest = earliest.after(params.exit_wait_max_epochs);
    place.after(Epochs::new(behind)).max(earliest).min(latest)
}

/// When an exit that may be out by `matures` is: at the next end of a span, of which so many follow
/// each other that a pool never has more than `exits_max` + 1 exits.
pub(crate) fn end_of_exit(matures: Epoch, params: &StakingParams) -> Epoch {
    let queued = match params.exit_epochs.count() {
        0 => 0,
        _ => params.exit_wait_max_epochs.count(),
    };
    let wait = Epochs::new(params.unbonding_epochs.count().saturating_add(queued));
    end_of_span(matures, wait, u64::from(params.exits_max))
}

impl Staking {
    /// What it comes to if `amount` leaves now; `delegated` is all that is delegated.
    pub(crate) fn leave(
        &self,
        leaver: Leaver,
        amount: Amount,
        (now, delegated): (Epoch, Amount),
        params: &StakingParams,
    ) -> Leave {
        if params.exit_epochs.count() == 0 {
            let place = Place { epoch: now, churn: Amount::ZERO };
            return Leave { queue: None, place, matures: now.after(params.unbonding_epochs) };
        }
        let mut queue = self.queues.get(&leaver).copied().unwrap_or_default();
        let bonded = match leaver {
            Leaver::Own(key) => {
                let units = self.pool(key).map_or(0, Pool::bonded);
                Amount::new(units).expect("stakes sum to at most the supply")
            }
            Leaver::Delegated => delegated,
        };
        let churn = churn(bonded.saturating_add(queue.waiting(now)), params);
        let place = queue.take(now, amount, churn);
        Leave { queue: Some(queue), place, matures: matures(place.epoch, now, params) }
    }

    /// Takes the place that was found.
    pub(crate) fn queue_up(&mut self, leaver: Leaver, leave: &Leave) {
        if let Some(queue) = leave.queue {
            self.queues.insert(leaver, queue);
        }
    }

    /// Lets those who come later have the room of what stays, while the rest of it leaves.
    pub(crate) fn stay(
        &mut self,
        leaver: Leaver,
        parts: (Amount, Amount),
        place: Place,
        now: Epoch,
    ) {
        if let Some(queue) = self.queues.get_mut(&leaver) {
            queue.give_back(now, parts, place);
        }
    }
}

/// The first end of a span from `earliest` on, if a wait is cut into so many.
pub(super) fn end_of_span(earliest: Epoch, wait: Epochs, spans: u64) -> Epoch {
    let span = wait.count().div_ceil(spans.max(1)).max(1);
    Epoch::new(earliest.count().checked_next_multiple_of(span).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
