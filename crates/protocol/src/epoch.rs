//! Time: what a block's opening does before its transactions, in one visible order.
//!
//! 1. the head is checked: height, time (M10), beacon (C8);
//! 2. the base fee follows the last block's weight; if the referee had no time left in it, clocks
//!    that wait for the referee stood still;
//! 3. the beacon moves on;
//! 4. if an epoch is over, the next begins, and its steps ([`EPOCH_STEPS`]) are carried out;
//! 5. everything that falls due at this height is carried out, in the order of its name;
//! 6. kept bytes that are over and keys that have expired leave, at most [`LAPSES_MAX`] of each;
//!    the rest, in the next blocks;
//! 7. active sets whose size was voted are brought in order, by portions, too.
//!
//! Law: every lock has a deadline, and its end needs nobody to ask for it (ADR 9); a block walks
//! what is due, never everyone.

use crate::{
    accounts::handlers::revoke_key,
    command::BlockHead,
    context::Context,
    event::{Event, Journal},
    governance, grants,
    ids::{Digest, SlashId},
    next::Next,
    num::{Amount, Blocks, Epochs, Gas, Height},
    prices,
    referee::Unasked,
    rejected::BlockRejected,
    rewards, seal, slashing, staking,
    state::{EpochMark, State},
    stories,
    timers::Timer,
};

/// Keeps, and keys, that leave in one block: a millisecond of work each.
const LAPSES_MAX: usize = 1_024;

/// What an epoch's opening does, in this order. New rules that close an epoch stand here.
const EPOCH_STEPS: [fn(&mut Context<'_>); 6] = [
    announce_epoch,
    prices::acts::turn,
    rewards::acts::emit,
    carry_out_epoch_timers,
    governance::acts::spends::pay,
    grants::acts::close,
];

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
        check_head(self, head)?;
        let mut cx = Context { state: self, journal, referee: &Unasked };
        close_last_block(&mut cx);
        cx.state.chain.height = head.height;
        cx.state.chain.time_ms = head.time_ms;
        advance_beacon(&mut cx, head);
        advance_epoch(&mut cx);
        while let Some(timer) = cx.state.timers.pop(head.height) {
            carry_out(&mut cx, timer);
        }
        lapse_keeps(&mut cx);
        expire_keys(&mut cx);
        staking::acts::set::settle_all(&mut cx);
        Ok(())
    }

    /// True if this height is served by a new hash chain, and so anchors the one after next.
    pub fn opens_chain(&self, height: Height) -> bool {
        let chain = self.chain.beacon.genesis.chain_blocks.count();
        height.count().checked_sub(1).and_then(|at| at.checked_rem(chain)) == Some(0)
    }

    /// What the beacon shown at the next height must hash to.
    pub fn link_at(&self, height: Height) -> Digest {
        let [first, _] = self.chain.beacon.anchors;
        if self.opens_chain(height) { first } else { self.chain.beacon.link }
    }
}

fn check_head(state: &State, head: &BlockHead) -> Result<(), BlockRejected> {
    let expected = state.chain.height.after(Blocks::new(1));
    if head.height != expected {
        return Err(BlockRejected::HeightMismatch { got: head.height, expected });
    }
    let interval = state.params().chain().block_interval_min_ms;
    let earliest_ms = state.chain.time_ms.saturating_add(interval);
    if head.time_ms < earliest_ms {
        return Err(BlockRejected::TooEarly { time_ms: head.time_ms, earliest_ms });
    }
    let link = state.link_at(head.height);
    if head.beacon.is_some_and(|preimage| seal::beacon_link(&preimage) != link) {
        return Err(BlockRejected::BeaconMismatch);
    }
    if state.opens_chain(head.height) != head.next_anchor.is_some() {
        return Err(BlockRejected::AnchorMismatch);
    }
    Ok(())
}

/// The base fee moves by at most an eighth, never below the parameter; a block in which one of the
/// largest steps, of whatever version of parameters, would have found no time is counted.
fn close_last_block(cx: &mut Context<'_>) {
    let params = cx.state.params.current().clone();
    let largest = cx.state.params.step_gas_max().count();
    let chain = &mut cx.state.chain;
    let (target, fee) = (params.chain().block_target, chain.base_fee);
    let weight = chain.weight.min(target.saturating_mul(2));
    // Up: a full block always raises the fee.
    let change = fee.share_ceil(weight.abs_diff(target), target.saturating_mul(8));
    let change = change.unwrap_or(Amount::ZERO);
    chain.base_fee = if weight > target {
        fee.saturating_add(change)
    } else {
        fee.saturating_sub(change).max(params.chain().base_fee)
    };
    chain.weight = 0;
    let after = chain.referee_gas.count().saturating_add(largest);
    if after > params.chain().referee_gas.count() {
        chain.full_blocks = chain.full_blocks.saturating_add(1);
    }
    chain.referee_gas = Gas::ZERO;
}

fn advance_beacon(cx: &mut Context<'_>, head: &BlockHead) {
    let link = cx.state.link_at(head.height);
    let beacon = &mut cx.state.chain.beacon;
    if let Some(anchor) = head.next_anchor {
        let [_, next] = beacon.anchors;
        beacon.anchors = [next, anchor];
    }
    beacon.link = head.beacon.unwrap_or(link);
    beacon.shown = head.beacon;
    if head.beacon.is_none() {
        cx.journal.push(Event::BeaconWithheld { height: head.height });
    }
}

/// The epoch's length is that in force now; where it began is remembered.
fn advance_epoch(cx: &mut Context<'_>) {
    let EpochMark { number, first } = cx.state.chain.epoch;
    let length = cx.params().chain().epoch_blocks;
    if cx.now() < first.after(length) {
        return;
    }
    let (number, first) = (number.after(Epochs::new(1)), cx.now());
    cx.state.chain.epoch = EpochMark { number, first };
    for step in EPOCH_STEPS {
        step(cx);
    }
}

fn announce_epoch(cx: &mut Context<'_>) {
    let epoch = cx.epoch();
    cx.journal.push(Event::EpochOpened { epoch });
}

fn carry_out_epoch_timers(cx: &mut Context<'_>) {
    let epoch = cx.epoch();
    while let Some(timer) = cx.state.timers.pop_epoch(epoch) {
        carry_out(cx, timer);
    }
}

fn carry_out(cx: &mut Context<'_>, timer: Timer) {
    let next = match timer {
        Timer::Seed(assignment) => stories::take_beacon(cx, assignment),
        Timer::Dispute(id, index) => stories::clock_ran_out(cx, id, usize::from(index)),
        Timer::Data(id, index) => stories::data_overdue(cx, id, usize::from(index)),
        Timer::Assignment(assignment) => stories::lapse_assignment(cx, assignment),
        Timer::Job(job) => stories::lapse_job(cx, job),
        Timer::Unbonding(unbonding) => {
            staking::handlers::unbond::withdraw(cx, unbonding);
            Next::Nothing
        }
        Timer::Exit(exit) => {
            staking::acts::delegated::mature(cx, exit);
            Next::Nothing
        }
        Timer::Move(id) => {
            staking::acts::moved::settle(cx, id);
            Next::Nothing
        }
        Timer::Slash(slash) => {
            slashing::acts::execute(cx, slash);
            Next::Nothing
        }
        Timer::RetireJob(job) => {
            stories::retire_job(cx, job);
            Next::Nothing
        }
        Timer::RetireSlash(slash) => {
            retire_slash(cx, slash);
            Next::Nothing
        }
        Timer::Rater(rater) => {
            cx.state.reputation.forget_rater(rater);
            Next::Nothing
        }
        Timer::Lock(operator) => {
            staking::handlers::lock_bond::end(cx, operator);
            Next::Nothing
        }
        Timer::Proposal(proposal) => {
            governance::acts::proceed(cx, proposal);
            Next::Nothing
        }
    };
    stories::drive(cx, next);
}

/// A room full of the smallest keeps is a million of them, and all may end at one height.
fn lapse_keeps(cx: &mut Context<'_>) {
    let now = cx.now();
    for _ in 0..LAPSES_MAX {
        let Some(keep) = cx.state.timers.pop_lapse(now) else { break };
        cx.state.storage.retire(keep);
    }
}

/// Keys cost a fee each, and all may expire at one height: their rows leave in portions. None of
/// them acts meanwhile.
fn expire_keys(cx: &mut Context<'_>) {
    let now = cx.now();
    for _ in 0..LAPSES_MAX {
        let Some((account, key)) = cx.state.timers.pop_key(now) else { break };
        revoke_key::expire(cx, account, key);
    }
}

fn retire_slash(cx: &mut Context<'_>, id: SlashId) {
    cx.state.slashing.slashes.retire(id.index());
    cx.state.ledger.retire_slash(id.index());
}
