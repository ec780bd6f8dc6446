//! A table as bytes: its live rows, and the hashes that stand for the others.
//!
//! Law: the bytes depend on the rows and on what was retired alone. Whatever the bytes, reading
//! them neither panics nor takes memory out of proportion to them.
//! Not here: the marks of changed rows; after reading every row counts as changed.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeSeq};

use super::{Table, tree};
use crate::ids::Digest;

/// A hash that stands for retired rows.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// How many live rows lie between the retired ones before and these.
    after: u64,
    /// It stands for 64 to the power of this many rows.
    tier: u32,
    hash: Digest,
}

/// The form of a table that is read.
#[derive(Deserialize)]
struct Read<T> {
    kept: Vec<Kept>,
    rows: Vec<T>,
}

/// The form of a table that is written: the same fields, nothing copied.
#[derive(Serialize)]
#[serde(bound(serialize = "T: Serialize"))]
struct Write<'a, T> {
    kept: Vec<Kept>,
    rows: Live<'a, T>,
}

struct Live<'a, T>(&'a Table<T>);

impl<T: Serialize> Serialize for Live<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.live()))?;
        for (_, row) in self.0.iter() {
            rows.serialize_element(row)?;
        }
        rows.end()
    }
}

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut end = 0;
        let kept = self.tree.kept().into_iter().map(|kept| {
            let between = kept.first.saturating_sub(end);
            end = kept.first.saturating_add(tree::span(kept.tier));
            let after = u64::try_from(between).expect("64-bit counts");
            Kept { after, tier: kept.tier, hash: Digest(kept.hash) }
        });
        Write { kept: kept.collect(), rows: Live(self) }.serialize(serializer)
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        Table::assemble(read).map_err(D::Error::custom)
    }
}

impl<T: Clone> Table<T> {
    fn assemble(read: Read<T>) -> Result<Table<T>, &'static str> {
        let Read { kept, rows } = read;
        let mut len = rows.len();
        for kept in &kept {
            if kept.tier > tree::TIER_KEPT_MAX {
                return Err("a hash that stands for more rows than any may");
            }
            len = len.checked_add(tree::span(kept.tier)).ok_or("more rows than indexes")?;
        }
        let mut table = Table::default();
        table.tree.cover(len);
        let mut rows = rows.into_iter();
        for Kept { after, tier, hash } in kept {
            for _ in 0..after {
                table.rows.push(rows.next().ok_or("retired rows after the end")?);
            }
            let first = table.rows.len();
            if !first.is_multiple_of(tree::span(tier)) {
                return Err("retired rows that begin within a group");
            }
            if tier > table.tree.tier() {
                return Err("a hash that stands for the whole table");
            }
            table.rows.skip(tree::span(tier));
            table.tree.keep(first, tier, hash.0);
        }
        for row in rows {
            table.rows.push(row);
        }
        Ok(table)
    }
}
