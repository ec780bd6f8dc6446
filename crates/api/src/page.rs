//! Pages: long lists in pieces that do not shift.
//!
//! Law: a cursor names the last row seen, not an offset; rows are only ever added at the end, and
//! leave near the beginning, so a page read later is the page it would have been, less what left.

use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Problem;

/// Items on a page unless asked otherwise.
const LIMIT_DEFAULT: u32 = 50;
/// Most items on a page.
const LIMIT_MAX: u32 = 500;
/// Most rows looked at for one page; a rare filter gives short pages, not slow ones.
const ROWS_MAX: u64 = 20_000;

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items; fewer than the limit, or none, does not mean the end.
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next piece; none at the end.
    pub next_cursor: Option<String>,
}

/// In which direction a list is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Latest first.
    #[default]
    Desc,
    /// Oldest first.
    Asc,
}

/// Which piece of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `next_cursor` of the piece before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Most items, 1 to 500; 50 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In which direction; latest first if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}

/// Why there is no such page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageRejected {
    /// A page has at least one item and at most as many as this API gives out.
    #[error("limit is {got}, outside 1 to {max}")]
    LimitOutOfRange {
        /// What was asked for.
        got: u32,
        /// The most.
        max: u32,
    },
    /// Not a cursor that this API gave out.
    #[error("cursor is not one that this API gave out")]
    UnknownCursor,
}

impl From<PageRejected> for Problem {
    fn from(rejected: PageRejected) -> Problem {
        Problem::malformed(rejected)
    }
}

impl<T> Page<T> {
    /// The piece that `query` asks for of `count` rows, where `row` shows a row or, for one that
    /// a filter leaves out, nothing.
    ///
    /// # Errors
    /// If the cursor or the limit is not one; a [`Problem`] of status 400.
    pub fn of(
        count: u64,
        query: &PageQuery,
        row: impl FnMut(u64) -> Option<T>,
    ) -> Result<Page<T>, PageRejected> {
        Page::within(0..count, query, row)
    }

    /// The same of a list whose rows before the range's start have left; those within it that have
    /// left too show nothing.
    ///
    /// # Errors
    /// As for [`of`](Page::of).
    pub fn within(
        rows: Range<u64>,
        query: &PageQuery,
        mut row: impl FnMut(u64) -> Option<T>,
    ) -> Result<Page<T>, PageRejected> {
        let Range { start: first, end: count } = rows;
        let limit = limit_of(query.limit)?;
        let last = query.cursor.as_deref().map(read_cursor).transpose()?;
        let order = query.order.unwrap_or_default();
        let mut items = Vec::new();
        let mut at = match (order, last) {
            (Order::Asc, None) => first,
            (Order::Asc, Some(last)) => last.saturating_add(1).max(first),
            (Order::Desc, None) => count,
            (Order::Desc, Some(last)) => last.min(count),
        };
        // Ascending, `at` is the next row; descending, the row after the next.
        for _ in 0..ROWS_MAX {
            let (index, next) = match order {
                Order::Asc if at < count => (at, at.saturating_add(1)),
                Order::Desc if at > first => (at.saturating_sub(1), at.saturating_sub(1)),
                Order::Asc | Order::Desc => return Ok(Page { items, next_cursor: None }),
            };
            items.extend(row(index));
            at = next;
            if items.len() >= limit {
                break;
            }
        }
        let next_cursor = match order {
            Order::Asc => (at < count).then(|| write_cursor(at.saturating_sub(1))),
            Order::Desc => (at > first).then(|| write_cursor(at)),
        };
        Ok(Page { items, next_cursor })
    }
}

impl<T> Page<T> {
    /// The piece that `query` asks for of the rows with these numbers, in ascending order: a list
    /// that is short and known.
    ///
    /// # Errors
    /// As for [`of`](Page::of).
    pub fn among(
        rows: &[u64],
        query: &PageQuery,
        row: impl FnMut(u64) -> Option<T>,
    ) -> Result<Page<T>, PageRejected> {
        let limit = limit_of(query.limit)?;
        let last = query.cursor.as_deref().map(read_cursor).transpose()?;
        let mut wanted = rows.to_vec();
        match query.order.unwrap_or_default() {
            Order::Asc => wanted.retain(|row| last.is_none_or(|last| last < *row)),
            Order::Desc => {
                wanted.retain(|row| last.is_none_or(|last| *row < last));
                wanted.reverse();
            }
        }
        let more = limit < wanted.len();
        wanted.truncate(limit);
        let next_cursor = wanted.last().filter(|_| more).map(|last| write_cursor(*last));
        Ok(Page { items: wanted.into_iter().filter_map(row).collect(), next_cursor })
    }
}

/// How many items a page has at most: what was asked for, or 50.
///
/// # Errors
/// If `asked` is 0 or more than 500.
pub fn limit_of(asked: Option<u32>) -> Result<usize, PageRejected> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(PageRejected::LimitOutOfRange { got: limit, max: LIMIT_MAX });
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

fn write_cursor(last: u64) -> String {
    format!("r{last:x}")
}

fn read_cursor(text: &str) -> Result<u64, PageRejected> {
    let digits = text.strip_prefix('r').filter(|digits| !digits.starts_with('+'));
    let last = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    last.ok_or(PageRejected::UnknownCursor)
}
