//! Comma-separated values (RFC 4180), for spreadsheets and shells.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use super::{Cell, Column, Rows, fits, misfit};

pub(super) struct CsvRows {
    file: BufWriter<File>,
    columns: &'static [Column],
}

impl CsvRows {
    pub(super) fn begin(file: File, columns: &'static [Column]) -> io::Result<CsvRows> {
        let mut file = BufWriter::new(file);
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        write!(file, "{}\r\n", names.join(","))?;
        Ok(CsvRows { file, columns })
    }
}

impl Rows for CsvRows {
    fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        if row.len() != self.columns.len() {
            return Err(misfit());
        }
        for (place, (column, cell)) in self.columns.iter().zip(row).enumerate() {
            if !fits(column, cell) {
                return Err(misfit());
            }
            if place > 0 {
                self.file.write_all(b",")?;
            }
            match cell {
                Cell::Whole(value) => write!(self.file, "{value}")?,
                Cell::Real(value) => write!(self.file, "{value}")?,
                Cell::Text(text) if text.contains([',', '"', '\r', '\n']) => {
                    write!(self.file, "\"{}\"", text.replace('"', "\"\""))?;
                }
                Cell::Text(text) => self.file.write_all(text.as_bytes())?,
            }
        }
        self.file.write_all(b"\r\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}
