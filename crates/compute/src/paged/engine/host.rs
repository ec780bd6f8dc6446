//! What a module imports, for both engines: its input, its output, its boundaries.
//!
//! Law: a call is refused (the program traps) before anything of it is done: places outside the
//! memory first, then pages that are not there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::super::pace::{Pace, Stop};
use super::super::pages::{PAGE_BYTES, Page};
use super::super::task::Input;
use super::{CALL_BYTES_MAX, region};

/// Where the input comes from.
pub(in super::super) enum Source {
    /// It is known whole.
    Whole(Arc<Input>),
    /// Some pages are known; the rest may not be asked for.
    Pages {
        /// Bytes of the whole input.
        length: u64,
        /// What is known.
        pages: BTreeMap<u32, Box<Page>>,
    },
}

/// What becomes of touched pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Touch {
    /// Nothing: the module has no map.
    Unseen,
    /// They are marked in the map.
    Marked,
    /// They must be marked in the map already.
    Checked,
}

/// The pages that a step touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Of its memory, ascending.
    pub memory: Vec<u32>,
    /// Of its input, ascending.
    pub input: Vec<u32>,
}

/// Called at the boundaries of a plain run, with the ticks so far and the memory.
pub(in super::super) type Boundaries = Box<dyn FnMut(u64, &[u8]) + Send>;

/// The host of one instance.
pub(in super::super) struct Host {
    pub(in super::super) source: Source,
    pub(in super::super) touch: Touch,
    /// Pages of the input that were read.
    pub(in super::super) input_touched: BTreeSet<u32>,
    /// What was put out since it was last taken.
    pub(in super::super) output: Vec<u8>,
    /// Bytes that may still be put out.
    pub(in super::super) room: u64,
    /// Of a plain run: where the next boundary is.
    pub(in super::super) pace: Pace,
    pub(in super::super) boundaries: Option<Boundaries>,
    /// Why a call of the host ended the program.
    pub(in super::super) stopped: Option<Stop>,
}

impl Host {
    pub(in super::super) fn new(source: Source, touch: Touch, pace: Pace) -> Host {
        Host {
            source,
            touch,
            input_touched: BTreeSet::new(),
            output: Vec::new(),
            room: 0,
            pace,
            boundaries: None,
            stopped: None,
        }
    }

    /// Where `input_read` will write, once it is known to be allowed.
    pub(super) fn plan_read(
        &self,
        memory: usize,
        offset: i64,
        pointer: i32,
        length: i32,
    ) -> Result<Range<usize>, Stop> {
        let asked = region(memory, pointer, length.cast_unsigned()).ok_or(Stop::Trap)?;
        let whole = match &self.source {
            Source::Whole(input) => input.bytes().len() as u64,
            Source::Pages { length, .. } => *length,
        };
        let rest = whole.saturating_sub(offset.cast_unsigned()).min(CALL_BYTES_MAX.into());
        let count = asked.len().min(usize::try_from(rest).expect("at most 64 KiB"));
        Ok(asked.start..asked.start.saturating_add(count))
    }

    /// Copies the input from `offset` on to `place`, which [`Host::plan_read`] measured.
    pub(super) fn read(&mut self, offset: i64, place: &mut [u8]) -> Result<(), Stop> {
        let mut at = usize::try_from(offset.cast_unsigned()).unwrap_or(usize::MAX);
        for part in Parts::of(at, place.len()) {
            let (index, start, count) = part;
            let bytes = match &self.source {
                Source::Whole(input) => input.bytes().get(at..at.saturating_add(count)),
                Source::Pages { pages, .. } => {
                    pages.get(&index).and_then(|page| page.get(start..start.saturating_add(count)))
                }
            };
            let done = at.saturating_sub(usize::try_from(offset.cast_unsigned()).unwrap_or(at));
            let place = place.get_mut(done..done.saturating_add(count)).ok_or(Stop::Missing)?;
            place.copy_from_slice(bytes.ok_or(Stop::Missing)?);
            self.input_touched.insert(index);
            at = at.saturating_add(count);
        }
        Ok(())
    }

    /// Where `output_write` will read, once it is known to be allowed.
    pub(super) fn plan_write(
        &self,
        memory: usize,
        pointer: i32,
        length: i32,
    ) -> Result<Range<usize>, Stop> {
        let length = length.cast_unsigned();
        if CALL_BYTES_MAX < length || self.room < u64::from(length) {
            return Err(Stop::Trap);
        }
        region(memory, pointer, length).ok_or(Stop::Trap)
    }

    /// Puts out bytes that [`Host::plan_write`] allowed.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.room = self.room.saturating_sub(bytes.len() as u64);
        self.output.extend_from_slice(bytes);
    }

    /// Marks or checks the pages of a region of memory.
    pub(super) fn touch(&self, map: &mut [u8], region: &Range<usize>) -> Result<(), Stop> {
        if region.is_empty() {
            return Ok(());
        }
        let pages = region.start / PAGE_BYTES..region.end.div_ceil(PAGE_BYTES);
        match self.touch {
            Touch::Unseen => Ok(()),
            Touch::Marked => {
                map.get_mut(pages).ok_or(Stop::Missing)?.fill(1);
                Ok(())
            }
            Touch::Checked => {
                let here = map.get(pages).is_some_and(|marks| !marks.contains(&0));
                if here { Ok(()) } else { Err(Stop::Missing) }
            }
        }
    }

    /// A boundary of a plain run: what `left` is to be now.
    pub(super) fn boundary(&mut self, left: i64, memory: &[u8]) -> Result<i64, Stop> {
        self.pace.pass(left).ok_or(Stop::Trap)?;
        if let Some(boundaries) = &mut self.boundaries {
            boundaries(self.pace.ticks(), memory);
        }
        self.pace.next().ok_or(Stop::Trap)
    }
}

/// A range of the input as (page, first byte in it, bytes).
struct Parts {
    at: usize,
    end: usize,
}

impl Parts {
    fn of(at: usize, length: usize) -> Parts {
        Parts { at, end: at.saturating_add(length) }
    }
}

impl Iterator for Parts {
    type Item = (u32, usize, usize);

    fn next(&mut self) -> Option<(u32, usize, usize)> {
        let rest = self.end.checked_sub(self.at).filter(|rest| 0 < *rest)?;
        let start = self.at % PAGE_BYTES;
        let count = rest.min(PAGE_BYTES.saturating_sub(start));
        let index = u32::try_from(self.at / PAGE_BYTES).ok()?;
        self.at = self.at.saturating_add(count);
        Some((index, start, count))
    }
}
