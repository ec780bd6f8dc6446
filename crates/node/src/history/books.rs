//! Books: where money came from and went, epoch by epoch, as far as that is kept.
//!
//! Laws: an epoch's book is the sums of the movements of its blocks, what their opening settles
//! included; what lay in each place at its end is what lay there at its beginning and what moved;
//! no more than `epochs_max` are kept, the oldest dropped first.
//! Not here: what a place is, and how movements are summed (`protocol::ledger`).

use std::collections::{BTreeMap, VecDeque};

use earnest_api::{
    FlowsView,
    flows::{Supplies, flows},
};
use earnest_protocol::{
    Amount, Asset, Epoch, Height, State,
    ledger::{Flows, Places},
};

/// The books of some epochs in a row.
#[derive(Debug, Default)]
pub(super) struct Books {
    epochs_max: usize,
    books: VecDeque<Book>,
    /// What lies in each place after the last block.
    places: Places,
    supply: BTreeMap<Asset, Amount>,
    /// Where this began, if in the middle of an epoch.
    begun: Option<Epoch>,
}

/// One epoch, up to the last of its blocks that there is.
#[derive(Debug)]
struct Book {
    epoch: Epoch,
    /// Does it hold every block of its epoch so far?
    is_whole: bool,
    first: Height,
    last: Height,
    opening: Places,
    supply_before: BTreeMap<Asset, Amount>,
    closing: Places,
    supply_after: BTreeMap<Asset, Amount>,
    flows: Flows,
}

impl Books {
    /// Books that begin after the last block of a state.
    pub(super) fn of(state: &State, epochs_max: usize) -> Books {
        let supply = state.assets().all().iter().map(|asset| (*asset, state.supply(*asset)));
        // Nothing came before the first block, but the genesis.
        let begun = (Height::ZERO < state.height()).then(|| state.epoch());
        let (books, places) = (VecDeque::new(), state.places());
        Books { epochs_max, books, places, supply: supply.collect(), begun }
    }

    /// Adds the next block, and drops what is too old.
    pub(super) fn push(
        &mut self,
        (height, epoch): (Height, Epoch),
        moved: &Flows,
        supply: BTreeMap<Asset, Amount>,
    ) {
        if self.books.back().is_none_or(|book| book.epoch != epoch) {
            self.books.push_back(Book {
                epoch,
                is_whole: self.begun != Some(epoch),
                first: height,
                last: height,
                opening: self.places.clone(),
                supply_before: self.supply.clone(),
                closing: Places::new(),
                supply_after: BTreeMap::new(),
                flows: Flows::default(),
            });
        }
        self.places = moved.after(&self.places);
        self.supply = supply;
        if let Some(book) = self.books.back_mut() {
            book.last = height;
            book.flows.extend(moved);
            book.closing = self.places.clone();
            book.supply_after = self.supply.clone();
        }
        while self.epochs_max < self.books.len() {
            self.books.pop_front();
        }
    }

    /// The book of an epoch; the present one, if none is named.
    ///
    /// # Errors
    /// The first and the last epoch of which there is one.
    pub(super) fn view(&self, epoch: Option<Epoch>) -> Result<FlowsView, (Epoch, Epoch)> {
        let (first, last) = (self.books.front(), self.books.back());
        let (Some(first), Some(last)) = (first, last) else {
            let begun = self.begun.unwrap_or(Epoch::ZERO);
            return Err((begun, begun));
        };
        let wanted = epoch.unwrap_or(last.epoch);
        let book = self.books.iter().find(|book| book.epoch == wanted);
        let book = book.ok_or((first.epoch, last.epoch))?;
        let supplies =
            |before: &BTreeMap<Asset, Amount>, after: &BTreeMap<Asset, Amount>| -> Supplies {
                let both = |(asset, before): (&Asset, &Amount)| {
                    (*asset, (*before, after.get(asset).copied().unwrap_or_default()))
                };
                before.iter().map(both).collect()
            };
        let assets = flows(
            &supplies(&book.supply_before, &book.supply_after),
            (&book.opening, &book.closing),
            &book.flows,
        );
        Ok(FlowsView {
            epoch: book.epoch,
            is_whole: book.is_whole,
            is_over: book.epoch != last.epoch,
            first: book.first,
            last: book.last,
            kept_from: first.epoch,
            assets,
        })
    }
}
