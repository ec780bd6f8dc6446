//! The rows of a table: a vector with holes, in chunks that branches share until one changes them.
//!
//! Key terms: a chunk holds the live rows of 32 places, a group those chunks of 64 that have any.
//! Changed rows are marked in their group, so that a root of a branch copies no rows.
//!
//! Law: a chunk exists while it has a live row, a group while it has a chunk; a dirty
//! place has a live row.
//! Not here: hashes (`tree`).

use alloc::vec::Vec;

use crate::shared::{Arc, own};

/// Places of a chunk: what the first change under a branch copies.
const CHUNK: usize = 32;
/// Chunks of a group.
const GROUP: usize = 64;

/// Rows by index; some are gone.
#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    groups: Vec<Option<Arc<Group<T>>>>,
    /// Rows that ever were.
    len: usize,
    live: usize,
    /// Every group with a stale chunk; a group that went and came again may be there twice.
    changed: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Group<T> {
    chunks: [Option<Arc<Chunk<T>>>; GROUP],
    /// The rows of each chunk that changed since the last `clean`.
    dirty: [u64; GROUP],
    /// The chunks with such a row, which may have gone since.
    stale: u64,
}

/// In one piece with its counts of holders: a row is one step from its group.
type Chunk<T> = [Option<T>; CHUNK];

/// Where a row lies.
#[derive(Clone, Copy)]
struct Place {
    group: usize,
    chunk: usize,
    row: usize,
}

impl Place {
    fn of(index: usize) -> Place {
        let chunk = index / CHUNK;
        Place { group: chunk / GROUP, chunk: chunk % GROUP, row: index % CHUNK }
    }

    fn index(self) -> usize {
        let chunk = self.group.saturating_mul(GROUP).saturating_add(self.chunk);
        chunk.saturating_mul(CHUNK).saturating_add(self.row)
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { groups: Vec::new(), len: 0, live: 0, changed: Vec::new() }
    }
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Group { chunks: [const { None }; GROUP], dirty: [0; GROUP], stale: 0 }
    }
}

impl<T> Rows<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let place = Place::of(index);
        let group = self.groups.get(place.group)?.as_ref()?;
        let chunk = group.chunks.get(place.chunk)?.as_ref()?;
        chunk.get(place.row)?.as_ref()
    }

    /// Appends places without rows.
    pub(super) fn skip(&mut self, count: usize) {
        self.len = self.len.checked_add(count).expect("places come from an encoding in memory");
    }

    /// True if a row did not change since the last `clean`.
    pub(super) fn is_clean(&self, index: usize) -> bool {
        let place = Place::of(index);
        let group = self.groups.get(place.group).and_then(|group| group.as_deref());
        let dirty = group.and_then(|group| group.dirty.get(place.chunk));
        dirty.is_none_or(|dirty| dirty & bit(place.row) == 0)
    }

    pub(super) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, &T)> + ExactSizeIterator + Clone {
        let groups = self.groups.iter().enumerate();
        let groups = groups.filter_map(|(at, group)| Some((at, group.as_deref()?)));
        let rows = groups.flat_map(|(group, content)| {
            let chunks = content.chunks.iter().enumerate();
            let chunks = chunks.filter_map(|(at, chunk)| Some((at, chunk.as_deref()?)));
            chunks.flat_map(move |(chunk, rows)| {
                let rows = rows.iter().enumerate();
                rows.filter_map(move |(row, content)| {
                    Some((Place { group, chunk, row }.index(), content.as_ref()?))
                })
            })
        });
        Counted { items: rows, left: self.live }
    }
}

impl<T: Clone> Rows<T> {
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let place = Place::of(index);
        let group = own(self.groups.get_mut(place.group)?.as_mut()?);
        let chunk = own(group.chunks.get_mut(place.chunk)?.as_mut()?);
        let row = chunk.get_mut(place.row)?.as_mut()?;
        if group.stale == 0 {
            self.changed.push(place.group);
        }
        group.stale |= bit(place.chunk);
        *group.dirty.get_mut(place.chunk)? |= bit(place.row);
        Some(row)
    }

    pub(super) fn push(&mut self, row: T) -> usize {
        let index = self.len;
        let place = Place::of(index);
        if self.groups.len() <= place.group {
            self.groups.resize_with(place.group.saturating_add(1), || None);
        }
        let group = self.groups.get_mut(place.group).expect("resized");
        let group = own(group.get_or_insert_default());
        // Where the only row of the last group comes and goes, the group is new each time.
        if group.stale == 0 && self.changed.last() != Some(&place.group) {
            self.changed.push(place.group);
        }
        group.stale |= bit(place.chunk);
        *group.dirty.get_mut(place.chunk).expect("below the width") |= bit(place.row);
        let chunk = group.chunks.get_mut(place.chunk).expect("below the width");
        let chunk = chunk.get_or_insert_with(|| Arc::new([const { None }; CHUNK]));
        let slot = own(chunk).get_mut(place.row).expect("below the width");
        *slot = Some(row);
        self.live = self.live.saturating_add(1);
        self.len = index.saturating_add(1);
        index
    }

    /// Takes a live row out.
    pub(super) fn remove(&mut self, index: usize) {
        let place = Place::of(index);
        let slot = self.groups.get_mut(place.group).expect("a live row has a group");
        let group = own(slot.as_mut().expect("a live row has a group"));
        let held = group.chunks.get_mut(place.chunk).expect("below the width");
        let chunk = own(held.as_mut().expect("a live row has a chunk"));
        *chunk.get_mut(place.row).expect("below the width") = None;
        // The group stays among the changed ones, so that it enters there once.
        *group.dirty.get_mut(place.chunk).expect("below the width") &= !bit(place.row);
        if chunk.iter().all(Option::is_none) {
            *held = None;
            if group.chunks.iter().all(Option::is_none) {
                *slot = None;
            }
        }
        self.live = self.live.saturating_sub(1);
    }

    /// Clears all marks. Shows `visit`, of every chunk that had one, the index of its first place
    /// and the marked rows.
    pub(super) fn clean(
        &mut self,
        mut visit: impl FnMut(usize, &mut dyn Iterator<Item = (usize, &T)>),
    ) {
        let mut changed = core::mem::take(&mut self.changed);
        for at in changed.drain(..) {
            let Some(Some(group)) = self.groups.get_mut(at) else { continue };
            let group = own(group);
            for number in Bits(core::mem::take(&mut group.stale)) {
                let dirty = group.dirty.get_mut(number).map_or(0, core::mem::take);
                let Some(Some(chunk)) = group.chunks.get(number) else { continue };
                let first = Place { group: at, chunk: number, row: 0 }.index();
                let rows = Bits(dirty).map(|row| (row, chunk.get(row).and_then(Option::as_ref)));
                visit(
                    first,
                    &mut rows.filter_map(|(at, row)| Some((first.saturating_add(at), row?))),
                );
            }
        }
        self.changed = changed;
    }
}

/// The mask of one place among 64.
pub(super) fn bit(place: usize) -> u64 {
    1u64.wrapping_shl(u32::try_from(place % 64).expect("below 64"))
}

/// The places in a mask, in order.
#[derive(Clone)]
pub(super) struct Bits(pub(super) u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = usize::try_from(self.0.trailing_zeros()).expect("at most 64");
        (self.0 != 0).then(|| {
            self.0 &= !bit(place);
            place
        })
    }
}

/// An iterator that knows how much is left.
#[derive(Clone)]
struct Counted<I> {
    items: I,
    left: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next()?;
        self.left = self.left.saturating_sub(1);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn fold<B, F: FnMut(B, I::Item) -> B>(self, start: B, each: F) -> B {
        self.items.fold(start, each)
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Counted<I> {
    fn next_back(&mut self) -> Option<I::Item> {
        let item = self.items.next_back()?;
        self.left = self.left.saturating_sub(1);
        Some(item)
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}

/// What rows cost in memory, by counting.
#[cfg(test)]
impl<T> Rows<T> {
    pub(super) fn bytes(&self) -> usize {
        self.bytes_where(|_| true)
    }

    /// Only what no other branch holds.
    pub(super) fn bytes_unshared(&self) -> usize {
        self.bytes_where(|holders| holders == 1)
    }

    fn bytes_where(&self, counts: impl Fn(usize) -> bool) -> usize {
        // Two counts and the block's own head stand before what is shared.
        const HEAD: usize = 32;
        let own = self.groups.iter().flatten().filter(|group| counts(Arc::strong_count(group)));
        let chunks = own.clone().flat_map(|group| group.chunks.iter().flatten());
        let chunks = chunks.filter(|chunk| counts(Arc::strong_count(chunk)));
        self.groups.capacity() * 8
            + self.changed.capacity() * 8
            + own.count() * (HEAD + size_of::<Group<T>>())
            + chunks.count() * (HEAD + size_of::<Chunk<T>>())
    }
}
