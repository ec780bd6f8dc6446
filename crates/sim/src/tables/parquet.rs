//! Apache Parquet: columns in groups of rows, compressed.

use std::{fs::File, io, sync::Arc};

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        reader::{FileReader, SerializedFileReader},
        writer::SerializedFileWriter,
    },
    record::RowAccessor,
    schema::types::Type as Schema,
};

use super::{Cell, Column, Rows, Type, fits, misfit};

/// Rows kept before they are written.
const GROUP_ROWS: usize = 65_536;

pub(super) struct ParquetRows {
    file: SerializedFileWriter<File>,
    columns: &'static [Column],
    values: Vec<Values>,
}

/// The values of one column that are not written yet.
enum Values {
    Whole(Vec<i64>),
    Real(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Values {
    fn new(kind: Type) -> Values {
        match kind {
            Type::Whole => Values::Whole(Vec::new()),
            Type::Real => Values::Real(Vec::new()),
            Type::Text => Values::Text(Vec::new()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Values::Whole(values) => values.len(),
            Values::Real(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    fn push(&mut self, cell: &Cell) {
        match (self, cell) {
            (Values::Whole(values), Cell::Whole(value)) => values.push(*value),
            (Values::Real(values), Cell::Real(value)) => values.push(*value),
            (Values::Text(values), Cell::Text(text)) => values.push(text.as_str().into()),
            _ => unreachable!("the row fits: it was checked"),
        }
    }
}

impl ParquetRows {
    pub(super) fn begin(
        file: File,
        name: &str,
        columns: &'static [Column],
    ) -> io::Result<ParquetRows> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(other)?;
        let schema = Schema::group_type_builder(name).with_fields(fields).build();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("earnest".to_owned());
        let (schema, properties) = (Arc::new(schema.map_err(other)?), Arc::new(properties.build()));
        let file = SerializedFileWriter::new(file, schema, properties).map_err(other)?;
        let values = columns.iter().map(|column| Values::new(column.kind)).collect();
        Ok(ParquetRows { file, columns, values })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for values in &mut self.values {
            let mut column = group.next_column()?.expect("a column for each of the schema");
            match values {
                Values::Whole(values) => {
                    column.typed::<Int64Type>().write_batch(values, None, None)?;
                    values.clear();
                }
                Values::Real(values) => {
                    column.typed::<DoubleType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Values::Text(values) => {
                    column.typed::<ByteArrayType>().write_batch(values, None, None)?;
                    values.clear();
                }
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }
}

/// Hands on the rows of a file.
pub(super) fn read(
    file: File,
    columns: &'static [Column],
    each: &mut dyn FnMut(&[Cell]),
) -> io::Result<()> {
    let reader = SerializedFileReader::new(file).map_err(other)?;
    let fields = reader.metadata().file_metadata().schema().get_fields();
    let names = fields.iter().map(|field| field.name());
    if !names.eq(columns.iter().map(|column| column.name)) {
        return Err(misfit());
    }
    for row in reader.get_row_iter(None).map_err(other)? {
        let row = row.map_err(other)?;
        let cell = |(place, column): (usize, &Column)| {
            Ok(match column.kind {
                Type::Whole => Cell::Whole(row.get_long(place)?),
                Type::Real => Cell::Real(row.get_double(place)?),
                Type::Text => Cell::Text(row.get_string(place)?.clone()),
            })
        };
        let cells: Result<Vec<Cell>, ParquetError> = columns.iter().enumerate().map(cell).collect();
        each(&cells.map_err(other)?);
    }
    Ok(())
}

fn field(column: &Column) -> Result<Schema, ParquetError> {
    let (physical, logical) = match column.kind {
        Type::Whole => (Physical::INT64, None),
        Type::Real => (Physical::DOUBLE, None),
        Type::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Schema::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()
}

fn other(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => io::Error::other(inner),
        error => io::Error::other(error),
    }
}

impl Rows for ParquetRows {
    fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        let fitting = self.columns.iter().zip(row).filter(|(column, cell)| fits(column, cell));
        if row.len() != self.columns.len() || fitting.count() != row.len() {
            return Err(misfit());
        }
        for (values, cell) in self.values.iter_mut().zip(row) {
            values.push(cell);
        }
        if self.values.first().is_some_and(|values| values.len() == GROUP_ROWS) {
            self.write_group().map_err(other)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.values.first().is_some_and(|values| values.len() > 0) {
            self.write_group().map_err(other)?;
        }
        let file = self.file.into_inner().map_err(other)?;
        file.sync_all()
    }
}
