//! History: what happened lately, as far as it is kept in memory.
//!
//! Laws: events, blocks and receipts are bounded, and dropped block by block, oldest first; what is
//! kept is kept whole; all of it follows from the log, by which a start makes it anew. What an
//! account went through (`index`) is complete from the first block that is kept. Where money came
//! from and went (`books`) is bounded by itself, by epochs.
//! Not here: the present (`State`), what waits (`mempool`).

mod books;
mod index;

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

use books::Books;
use earnest_api::{
    BlockView, EventId, EventRecord, FlowsView, HistoryView, Receipt, Refusal, TxHash, TxStatus,
};
use earnest_protocol::{
    AccountId, Address, Amount, Asset, Blocks, Epoch, Event, Height, Rejected, State, ledger::Flows,
};
use index::Index;

use crate::{
    config::Limits,
    mempool::{TxKey, keys_of},
};

/// Dropped transactions that are remembered.
const DROPPED_MAX: usize = 10_000;
/// Events looked at for one page of an account's history; a rare kind gives short pages.
const SCAN: usize = 4_096;

/// A block that was carried out.
#[derive(Debug)]
pub struct Done {
    /// What is shown of it.
    pub view: BlockView,
    /// Who signed each of its transactions.
    pub signers: Vec<Address>,
    /// What became of each of its transactions.
    pub outcomes: Vec<Option<Rejected>>,
    /// What each of its transactions left behind.
    pub traces: Vec<Trace>,
    /// What happened in it.
    pub events: Vec<Event>,
    /// Accounts, and the places in `events` of what concerns them, in order of the events.
    pub concerned: Vec<(AccountId, u32)>,
    /// What money moved in it, summed.
    pub flows: Flows,
    /// What there is of each asset after it.
    pub supply: BTreeMap<Asset, Amount>,
}

/// What one transaction left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What was burnt for it, in base units of the asset that pays.
    pub fee: Amount,
    /// The places of its events among those of its block.
    pub events: Range<u32>,
}

/// What is kept of a transaction in a block, besides its content.
#[derive(Debug)]
pub(crate) struct Traced {
    /// The block it is in.
    pub(crate) height: Height,
    /// Its place in it, from 0.
    pub(crate) index: usize,
    /// Who signed it.
    pub(crate) signer: Address,
    /// Why the rules refused it, if they did.
    pub(crate) refusal: Option<Refusal>,
    /// What was burnt for it.
    pub(crate) fee: Amount,
    /// What happened because of it.
    pub(crate) events: Vec<EventRecord>,
}

/// What happened lately.
#[derive(Debug)]
pub struct History {
    limits: Limits,
    /// The block before the first that is kept.
    base: Height,
    blocks: VecDeque<Kept>,
    events: usize,
    index: Index,
    books: Books,
    receipts: BTreeMap<TxKey, (Height, Option<Rejected>)>,
    dropped: BTreeMap<TxKey, Rejected>,
    dropped_order: VecDeque<TxKey>,
}

#[derive(Debug)]
struct Kept {
    view: BlockView,
    signers: Vec<Address>,
    traces: Vec<Trace>,
    events: Vec<Event>,
    concerned: Vec<(AccountId, u32)>,
}

impl History {
    /// A history that begins after the last block of a state.
    pub fn after(limits: Limits, state: &State) -> History {
        let books = Books::of(state, limits.epochs_max);
        History { books, ..History::new(limits, state.height()) }
    }

    fn new(limits: Limits, base: Height) -> History {
        History {
            limits,
            base,
            blocks: VecDeque::new(),
            events: 0,
            index: Index::default(),
            books: Books::default(),
            receipts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            dropped_order: VecDeque::new(),
        }
    }

    /// The height of the last block.
    pub fn height(&self) -> Height {
        let kept = u64::try_from(self.blocks.len()).unwrap_or(u64::MAX);
        self.base.after(Blocks::new(kept))
    }

    /// The height before the first block that is kept.
    pub fn base(&self) -> Height {
        self.base
    }

    /// Adds the next block and drops what no longer fits.
    pub fn push(&mut self, done: Done) {
        let Done { view, signers, outcomes, traces, events, concerned, flows, supply } = done;
        self.books.push((view.height, view.epoch), &flows, supply);
        let keys = view.transactions.iter().copied().zip(signers.iter().copied());
        for (key, outcome) in keys.zip(outcomes) {
            self.receipts.insert(key, (view.height, outcome));
            self.dropped.remove(&key);
        }
        self.events = self.events.saturating_add(events.len());
        self.index.push(view.height, &concerned);
        self.blocks.push_back(Kept { view, signers, traces, events, concerned });
        let Limits { events_max, receipts_max, concerns_max, .. } = self.limits;
        while self.events > events_max
            || self.index.count() > concerns_max
            || self.receipts.len() > receipts_max
            || self.blocks.len() > receipts_max
        {
            let Some(oldest) = self.blocks.pop_front() else { break };
            self.base = oldest.view.height;
            self.index.pop(&oldest.concerned);
            self.events = self.events.saturating_sub(oldest.events.len());
            for key in oldest.view.transactions.into_iter().zip(oldest.signers) {
                self.receipts.remove(&key);
            }
        }
    }

    /// Where money came from and went in an epoch; the present one, as far as it has come, if none
    /// is named.
    ///
    /// # Errors
    /// The first and the last epoch that are kept.
    pub(crate) fn flows(&self, epoch: Option<Epoch>) -> Result<FlowsView, (Epoch, Epoch)> {
        self.books.view(epoch)
    }

    /// Remembers why a transaction will be in no block.
    pub fn note_dropped(&mut self, key: TxKey, why: Rejected) {
        if self.dropped.insert(key, why).is_none() {
            self.dropped_order.push_back(key);
        }
        while self.dropped_order.len() > DROPPED_MAX {
            let oldest = self.dropped_order.pop_front();
            oldest.and_then(|oldest| self.dropped.remove(&oldest));
        }
    }

    /// The receipt of a transaction that is in a block.
    pub fn included(&self, key: &TxKey) -> Option<Receipt> {
        self.receipts.get(key).map(|outcome| receipt(key, outcome))
    }

    /// The same for a transaction of this hash, whoever signed it.
    pub fn included_hash(&self, hash: &TxHash) -> Option<Receipt> {
        let (key, outcome) = self.receipts.range(keys_of(hash)).next()?;
        Some(receipt(key, outcome))
    }

    /// The receipt of a transaction that was dropped: final, in no block, with the reason.
    pub fn dropped(&self, hash: &TxHash) -> Option<Receipt> {
        let (_, why) = self.dropped.range(keys_of(hash)).next()?;
        let refusal = Refusal::from(why);
        Some(Receipt { hash: *hash, status: TxStatus::Final, height: None, refusal: Some(refusal) })
    }

    /// A block that is kept.
    pub fn block(&self, height: Height) -> Option<&BlockView> {
        self.kept(height).map(|kept| &kept.view)
    }

    fn kept(&self, height: Height) -> Option<&Kept> {
        let at = height.count().checked_sub(self.base.count())?.checked_sub(1)?;
        self.blocks.get(usize::try_from(at).ok()?)
    }

    /// What is kept of a transaction of this hash that is in a block.
    pub(crate) fn traced(&self, hash: &TxHash) -> Option<Traced> {
        let ((_, signer), (height, outcome)) = self.receipts.range(keys_of(hash)).next()?;
        let kept = self.kept(*height)?;
        let mut keys = kept.view.transactions.iter().zip(&kept.signers);
        let index = keys.position(|key| key == (hash, signer))?;
        let Trace { fee, ref events } = *kept.traces.get(index)?;
        let event = |index| kept.event(EventId { height: *height, index });
        let events = events.clone().filter_map(event).collect();
        let refusal = outcome.as_ref().map(Refusal::from);
        Some(Traced { height: *height, index, signer: *signer, refusal, fee, events })
    }

    /// Up to `max` events before `before` that concern `account` and that `is_wanted`, newest
    /// first.
    pub(crate) fn of_account(
        &self,
        account: AccountId,
        before: Option<EventId>,
        max: usize,
        is_wanted: impl Fn(&Event) -> bool,
    ) -> HistoryView {
        let mut places = self.index.before(account, before).peekable();
        let (mut items, mut next_cursor) = (Vec::new(), None);
        for place in places.by_ref().take(SCAN) {
            next_cursor = Some(place);
            let kept = self.kept(place.height);
            let wanted = kept.filter(|kept| kept.get(place).is_some_and(&is_wanted));
            items.extend(wanted.and_then(|kept| kept.event(place)));
            if items.len() >= max {
                break;
            }
        }
        let next_cursor = next_cursor.filter(|_| places.peek().is_some());
        let complete_from = self.base.after(Blocks::new(1));
        HistoryView { items, next_cursor, complete_from, height: self.height() }
    }

    /// Up to `max` events after `after`, in order.
    ///
    /// # Errors
    /// The first place that is kept, if events after `after` were dropped.
    pub fn events_after(&self, after: EventId, max: usize) -> Result<Vec<EventRecord>, EventId> {
        let is_known = after.height > self.base
            || (after.height == self.base
                && (self.base == Height::ZERO || after.index == u32::MAX));
        if !is_known {
            return Err(EventId { height: self.base.after(Blocks::new(1)), index: 0 });
        }
        let mut records = Vec::new();
        let skipped = after.height.count().saturating_sub(self.base.count()).saturating_sub(1);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        for kept in self.blocks.iter().skip(skipped) {
            let height = kept.view.height;
            for (index, event) in (0u32..).zip(&kept.events) {
                if (EventId { height, index }) <= after {
                    continue;
                }
                if records.len() >= max {
                    return Ok(records);
                }
                records.push(EventRecord { height, index, event: event.clone() });
            }
        }
        Ok(records)
    }
}

impl Kept {
    /// The event at `place`, which is of this block.
    fn event(&self, place: EventId) -> Option<EventRecord> {
        let EventId { height, index } = place;
        Some(EventRecord { height, index, event: self.get(place)?.clone() })
    }

    fn get(&self, place: EventId) -> Option<&Event> {
        self.events.get(usize::try_from(place.index).ok()?)
    }
}

fn receipt(key: &TxKey, (height, outcome): &(Height, Option<Rejected>)) -> Receipt {
    let refusal = outcome.as_ref().map(Refusal::from);
    Receipt { hash: key.0, status: TxStatus::Final, height: Some(*height), refusal }
}

#[cfg(test)]
mod tests {
    use earnest_protocol::Digest;

    use super::*;

    fn done(height: u64, events: u64) -> Done {
        let mut hash = Digest::ZERO;
        hash.0[..8].copy_from_slice(&height.to_le_bytes());
        let view = BlockView {
            height: Height::new(height),
            hash,
            parent: Digest::ZERO,
            time_ms: 0,
            epoch: Epoch::ZERO,
            beacon: None,
            state_root: Digest::ZERO,
            base_fee: Amount::ZERO,
            transactions: vec![hash],
            event_count: 0,
            is_final: true,
        };
        let event = |at| Event::EpochOpened { epoch: Epoch::new(at) };
        Done {
            view,
            signers: vec![Address::ZERO],
            outcomes: vec![None],
            traces: vec![Trace { fee: Amount::ZERO, events: 0..0 }],
            events: (0..events).map(event).collect(),
            concerned: Vec::new(),
            flows: Flows::default(),
            supply: BTreeMap::new(),
        }
    }

    fn id(height: u64, index: u32) -> EventId {
        EventId { height: Height::new(height), index }
    }

    fn ids(history: &History, after: EventId, max: usize) -> Vec<EventId> {
        history.events_after(after, max).unwrap().iter().map(EventRecord::id).collect()
    }

    #[test]
    fn events_resume_after_any_place() {
        let mut history = History::new(Limits::default(), Height::ZERO);
        for (height, events) in [(1, 2), (2, 0), (3, 3)] {
            history.push(done(height, events));
        }
        let all = [id(1, 0), id(1, 1), id(3, 0), id(3, 1), id(3, 2)];
        assert_eq!(ids(&history, EventId::START, 9), all);
        assert_eq!(ids(&history, EventId::START, 3), all[..3]);
        for (at, place) in all.iter().enumerate() {
            assert_eq!(ids(&history, *place, 9), all[at + 1..]);
        }
        assert_eq!(ids(&history, id(1, u32::MAX), 9), all[2..]);
        assert!(ids(&history, id(3, u32::MAX), 9).is_empty());
        assert!(ids(&history, id(99, 0), 9).is_empty());
    }

    #[test]
    fn what_is_pruned_is_said_to_be() {
        let limits = Limits { events_max: 5, ..Limits::default() };
        let mut history = History::new(limits, Height::ZERO);
        for height in 1..=4 {
            history.push(done(height, 2));
        }
        assert_eq!((history.base(), history.height()), (Height::new(2), Height::new(4)));
        assert_eq!(history.events_after(EventId::START, 9), Err(id(3, 0)));
        assert_eq!(history.events_after(id(2, 0), 9), Err(id(3, 0)));
        assert_eq!(ids(&history, id(2, u32::MAX), 1), [id(3, 0)]);
        assert!(history.block(Height::new(2)).is_none());
        let kept = history.block(Height::new(3)).unwrap().hash;
        assert!(history.included_hash(&kept).is_some());
        assert!(history.included_hash(&done(1, 0).view.hash).is_none());
    }

    #[test]
    fn a_dropped_transaction_is_forgotten_once_it_is_in_a_block() {
        let mut history = History::new(Limits::default(), Height::ZERO);
        let next = done(1, 0);
        let hash = next.view.hash;
        let expired = earnest_protocol::TransactionRejected::Expired {
            valid_until: Height::ZERO,
            height: Height::new(1),
        };
        history.note_dropped((hash, Address::ZERO), expired.into());
        assert!(!history.dropped(&hash).unwrap().is_accepted());
        history.push(next);
        assert!(history.included(&(hash, Address::ZERO)).unwrap().is_accepted());
        assert!(history.dropped(&hash).is_none());
    }
}
