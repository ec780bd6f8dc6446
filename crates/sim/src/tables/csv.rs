//! Comma-separated values (RFC 4180), for spreadsheets and shells.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
};

use super::{Cell, Column, Rows, Type, fits, misfit};

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

/// Hands on the rows of a file that was written here.
pub(super) fn read(
    mut file: File,
    columns: &'static [Column],
    each: &mut dyn FnMut(&[Cell]),
) -> io::Result<()> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut lines = records(&text).into_iter();
    let names = lines.next().unwrap_or_default();
    if !names.iter().map(String::as_str).eq(columns.iter().map(|column| column.name)) {
        return Err(misfit());
    }
    for line in lines {
        if line.len() != columns.len() {
            return Err(misfit());
        }
        let cells = columns.iter().zip(line).map(|(column, text)| match column.kind {
            Type::Whole => text.parse().map(Cell::Whole).map_err(|_| misfit()),
            Type::Real => text.parse().map(Cell::Real).map_err(|_| misfit()),
            Type::Text => Ok(Cell::Text(text)),
        });
        each(&cells.collect::<io::Result<Vec<Cell>>>()?);
    }
    Ok(())
}

/// Lines of fields; what is quoted may hold anything, a quote twice.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                line.push(std::mem::take(&mut field));
                lines.push(std::mem::take(&mut line));
            }
            letter => field.push(letter),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        const COLUMNS: &[Column] =
            &[Column::whole("a", ""), Column::real("b", ""), Column::text("c", "")];
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let rows = [
            [Cell::Whole(-7), Cell::Real(0.1), Cell::Text("a,\"b\"\r\nc".to_owned())],
            [Cell::Whole(i64::MAX), Cell::Real(1e300), Cell::Text(String::new())],
        ];
        let mut writer =
            CsvRows::begin(File::create(&path).expect("a file"), COLUMNS).expect("it begins");
        rows.iter().for_each(|row| writer.push(row).expect("it is written"));
        Box::new(writer).finish().expect("it ends");
        let mut back = Vec::new();
        let file = File::open(&path).expect("the file");
        read(file, COLUMNS, &mut |row| back.push(row.to_vec())).expect("it is read");
        assert_eq!(back, rows);
    }
}
