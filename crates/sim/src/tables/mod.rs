//! Tables: rows of named columns, and the files that hold them.
//!
//! Laws: the columns of a table are said once, with their units, and written in that order in
//! every format; rows are written as they come, so memory does not grow with them; equal rows give
//! equal bytes.
//! Not here: what the rows say (`run`, `sweep`).

mod csv;
#[cfg(feature = "parquet")]
mod parquet;

use std::{fs::File, io, path::Path};

use serde::Serialize;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// A whole number, 64 bits with a sign.
    Whole,
    /// A number with a fraction, 64 bits.
    Real,
    /// Text.
    Text,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name, unique in its table.
    pub name: &'static str,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Type,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

impl Column {
    /// A column of whole numbers.
    pub const fn whole(name: &'static str, meaning: &'static str) -> Column {
        Column { name, kind: Type::Whole, meaning }
    }

    /// A column of numbers with a fraction.
    pub const fn real(name: &'static str, meaning: &'static str) -> Column {
        Column { name, kind: Type::Real, meaning }
    }

    /// A column of text.
    pub const fn text(name: &'static str, meaning: &'static str) -> Column {
        Column { name, kind: Type::Text, meaning }
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Whole(value)
    }
}

impl From<u64> for Cell {
    /// Counts stay far below 2^63; one that did not would be written as the largest.
    fn from(value: u64) -> Cell {
        Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Cell {
        Cell::Real(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Cell {
        Cell::Text(value.to_owned())
    }
}

/// How tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet, with the encodings that DuckDB, polars and pandas read.
    #[cfg(feature = "parquet")]
    #[cfg_attr(feature = "parquet", default)]
    Parquet,
    /// Comma-separated, with a line of names (RFC 4180).
    #[cfg_attr(not(feature = "parquet"), default)]
    Csv,
}

impl Format {
    /// What its files' names end in.
    pub const fn extension(self) -> &'static str {
        match self {
            #[cfg(feature = "parquet")]
            Format::Parquet => "parquet",
            Format::Csv => "csv",
        }
    }
}

/// A file that takes rows.
pub struct Writer(Box<dyn Rows>);

trait Rows {
    fn push(&mut self, row: &[Cell]) -> io::Result<()>;
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Writer {
    /// Begins `NAME.EXTENSION` in `folder`, replacing what was there.
    ///
    /// # Errors
    /// What the disk said.
    pub fn create(
        folder: &Path,
        name: &str,
        columns: &'static [Column],
        format: Format,
    ) -> io::Result<Writer> {
        let file = File::create(folder.join(name).with_extension(format.extension()))?;
        Ok(Writer(match format {
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(parquet::ParquetRows::begin(file, name, columns)?),
            Format::Csv => Box::new(csv::CsvRows::begin(file, columns)?),
        }))
    }

    /// Adds a row, one value a column.
    ///
    /// # Errors
    /// What the disk said, or that the row is not of this table.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        self.0.push(row)
    }

    /// Ends the file; until then it cannot be read.
    ///
    /// # Errors
    /// What the disk said.
    pub fn finish(self) -> io::Result<()> {
        self.0.finish()
    }
}

/// Hands on the rows of a file that was written with these columns, one by one.
///
/// # Errors
/// What the disk said, or that the file is not such a table.
pub fn read(
    path: &Path,
    columns: &'static [Column],
    format: Format,
    each: &mut dyn FnMut(&[Cell]),
) -> io::Result<()> {
    let file = File::open(path)?;
    match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(file, columns, each),
        Format::Csv => csv::read(file, columns, each),
    }
}

/// That a row does not have the columns of its table.
fn misfit() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a row that is not of its table")
}

fn fits(column: &Column, cell: &Cell) -> bool {
    matches!(
        (column.kind, cell),
        (Type::Whole, Cell::Whole(_)) | (Type::Real, Cell::Real(_)) | (Type::Text, Cell::Text(_))
    )
}
