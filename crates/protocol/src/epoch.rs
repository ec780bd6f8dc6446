//! Time: what a block's opening does before its transactions, in one visible order.
//!
//! 1. the head is checked: height, time (M10), beacon (C8);
//! 2. the base fee follows the last block's fullness;
//! 3. the beacon moves on;
//! 4. everything that falls due at this height is carried out, in the order it was set.
//!
//! Law: every lock has a deadline, and its end needs nobody to ask for it (ADR 9); a block walks
//! what is due, never everyone.

use crate::{
    command::BlockHead,
    event::{Event, Journal},
    ids::JobId,
    market::Phase,
    num::{Amount, Blocks, Height},
    rejected::BlockRejected,
    seal,
    state::{State, Timer},
};

impl State {
    /// Opens the next block.
    ///
    /// # Errors
    /// Why this head cannot follow; the state is then unchanged.
    pub fn open_block(
        &mut self,
        head: &BlockHead,
        journal: &mut Journal,
    ) -> Result<(), BlockRejected> {
        self.check_head(head)?;
        self.chain.height = head.height;
        self.chain.time_ms = head.time_ms;
        self.adjust_base_fee();
        self.advance_beacon(head, journal);
        if head.height.opens_epoch(self.params.current().epoch_blocks) {
            journal.push(Event::EpochOpened { epoch: self.epoch() });
        }
        for timer in self.timers.0.remove(&head.height).unwrap_or_default() {
            self.carry_out(timer, journal);
        }
        Ok(())
    }

    fn check_head(&self, head: &BlockHead) -> Result<(), BlockRejected> {
        let expected = self.chain.height.after(Blocks::new(1));
        if head.height != expected {
            return Err(BlockRejected::HeightMismatch { got: head.height, expected });
        }
        let interval = self.params.current().block_interval_min_ms;
        let earliest_ms = self.chain.time_ms.saturating_add(interval);
        if head.time_ms < earliest_ms {
            return Err(BlockRejected::TooEarly { time_ms: head.time_ms, earliest_ms });
        }
        let link = self.link_at(head.height);
        if head.beacon.is_some_and(|preimage| seal::beacon_link(&preimage) != link) {
            return Err(BlockRejected::BeaconMismatch);
        }
        if self.opens_chain(head.height) != head.next_anchor.is_some() {
            return Err(BlockRejected::AnchorMismatch);
        }
        Ok(())
    }

    /// True if this height is served by a new hash chain, and so anchors the one after next.
    pub fn opens_chain(&self, height: Height) -> bool {
        let chain = self.chain.beacon.genesis.chain_blocks.count();
        height.count().checked_sub(1).and_then(|at| at.checked_rem(chain)) == Some(0)
    }

    /// What the beacon shown at the next height must hash to.
    pub fn link_at(&self, height: Height) -> crate::ids::Digest {
        let [first, _] = self.chain.beacon.anchors;
        if self.opens_chain(height) { first } else { self.chain.beacon.link }
    }

    fn advance_beacon(&mut self, head: &BlockHead, journal: &mut Journal) {
        let link = self.link_at(head.height);
        let beacon = &mut self.chain.beacon;
        if let Some(anchor) = head.next_anchor {
            let [_, next] = beacon.anchors;
            beacon.anchors = [next, anchor];
        }
        beacon.link = head.beacon.unwrap_or(link);
        beacon.shown = head.beacon;
        if head.beacon.is_none() {
            journal.push(Event::BeaconWithheld { height: head.height });
        }
    }

    /// At most an eighth up or down, never below the parameter.
    fn adjust_base_fee(&mut self) {
        let params = self.params.current();
        let (target, fee) = (params.block_target, self.chain.base_fee);
        let count = self.chain.ordinary.min(target.saturating_mul(2));
        // Up: a full block always raises the fee.
        let change = fee.share_ceil(count.abs_diff(target), target.saturating_mul(8));
        let change = change.unwrap_or(Amount::ZERO);
        self.chain.base_fee = if count > target {
            fee.saturating_add(change)
        } else {
            fee.saturating_sub(change).max(params.base_fee)
        };
        self.chain.ordinary = 0;
    }

    fn carry_out(&mut self, timer: Timer, journal: &mut Journal) {
        match timer {
            Timer::Job(job) => self.lapse_job(job, journal),
            Timer::Seed(job) => self.take_beacon(job, journal),
            Timer::Dispute(job, index) => self.lapse_clock(job, index, journal),
            Timer::Data(job, index) => self.lapse_data(job, index, journal),
            Timer::Unbonding(unbonding) => self.withdraw(unbonding, journal),
            Timer::Slash(slash) => self.end_stay(slash, journal),
        }
    }

    /// A job's phase is over, unless it moved on or was extended meanwhile.
    fn lapse_job(&mut self, id: JobId, journal: &mut Journal) {
        let job = self.market.job_mut(id);
        if job.until.after(Blocks::new(1)) != self.chain.height {
            return;
        }
        match job.phase {
            Phase::Bidding => self.close_bidding(id, journal),
            Phase::RevealingBids => self.close_auction(id, journal),
            Phase::Offered => self.lapse_offer(id, journal),
            Phase::Executing => self.abandon(id, journal),
            Phase::Committed => self.lapse_seed(id, journal),
            Phase::Auditing | Phase::AuditingOpen => self.lapse_audit(id, journal),
            Phase::Revealing => self.lapse_reveal(id, journal),
            Phase::Challengeable => self.finish_if_settled(id, journal),
            Phase::Closed => {}
        }
    }
}
