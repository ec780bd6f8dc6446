//! Reading a bundle that anybody may have sent: total, and strict about the one encoding.

use super::layout::{CONTENT_END_AT, FILE_COUNT_MAX, HEADER_BYTES, MAGIC, MAGIC_AT};
use super::layout::{FILE_COUNT_AT, PATH_BYTES_AT, SEED_AT, STANDARD_INPUT_BYTES_AT};
use super::layout::{RECORD_BYTES, STRING_COUNT_MAX};
use super::layout::{VARIABLE_BYTES_AT, VARIABLE_COUNT_AT};
use super::{Bundle, BundleRejected, layout};

/// Takes pieces off the front.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], BundleRejected> {
        let (piece, rest) = self.0.split_at_checked(length).ok_or(BundleRejected::TooShort)?;
        self.0 = rest;
        Ok(piece)
    }

    /// Strings that each end with a zero byte.
    fn strings(&mut self, count: usize, bytes: usize) -> Result<Vec<&'a str>, BundleRejected> {
        let piece = self.take(bytes)?;
        let texts = match piece.split_last() {
            None => Vec::new(),
            Some((0, texts)) => texts.split(|byte| *byte == 0).collect(),
            Some(_) => return Err(BundleRejected::Strings),
        };
        if texts.len() != count {
            return Err(BundleRejected::Strings);
        }
        texts.into_iter().map(text).collect()
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Bundle, BundleRejected> {
    let mut rest = Rest(bytes);
    let header = rest.take(HEADER_BYTES)?;
    if long(header, MAGIC_AT) != MAGIC {
        return Err(BundleRejected::Magic);
    }
    let count = |at, limit| match word(header, at) {
        found if limit < found => {
            Err(BundleRejected::TooMuch { what: "entries by the header", found, limit })
        }
        found => Ok(found),
    };
    let arguments = count(layout::ARGUMENT_COUNT_AT, STRING_COUNT_MAX)?;
    let arguments = rest.strings(arguments, word(header, layout::ARGUMENT_BYTES_AT))?;
    let variables = count(VARIABLE_COUNT_AT, STRING_COUNT_MAX)?;
    let variables = rest.strings(variables, word(header, VARIABLE_BYTES_AT))?;
    let records = count(FILE_COUNT_AT, FILE_COUNT_MAX)?;
    let records = rest.take(records * RECORD_BYTES)?;
    let paths = Rest(rest.take(word(header, PATH_BYTES_AT))?);
    let standard_input = rest.take(size(long(header, STANDARD_INPUT_BYTES_AT))?)?.to_vec();
    let mut bundle = Bundle { standard_input, ..Bundle::default() };
    bundle.seed.copy_from_slice(&header[SEED_AT..SEED_AT + 32]);
    bundle.arguments = arguments.into_iter().map(str::to_owned).collect();
    for variable in variables {
        let (name, value) = variable.split_once('=').ok_or(BundleRejected::Strings)?;
        if bundle.environment.last_key_value().is_some_and(|(last, _)| name <= last.as_str()) {
            return Err(BundleRejected::Order { name: name.to_owned() });
        }
        bundle.environment.insert(name.to_owned(), value.to_owned());
    }
    read_files(&mut bundle, records, paths, rest)?;
    Ok(bundle)
}

fn read_files(
    bundle: &mut Bundle,
    records: &[u8],
    mut paths: Rest<'_>,
    mut contents: Rest<'_>,
) -> Result<(), BundleRejected> {
    let (mut path_at, mut content_at) = (0, 0);
    for record in records.chunks_exact(RECORD_BYTES) {
        let (path_end, content_end) = (word(record, 0), size(long(record, CONTENT_END_AT))?);
        let between = |start: usize, end: usize| end.checked_sub(start);
        let path = between(path_at, path_end).ok_or(BundleRejected::Record)?;
        let content = between(content_at, content_end).ok_or(BundleRejected::Record)?;
        let path = text(paths.take(path)?)?;
        if bundle.files.last_key_value().is_some_and(|(last, _)| path <= last.as_str()) {
            return Err(BundleRejected::Order { name: path.to_owned() });
        }
        bundle.files.insert(path.to_owned(), contents.take(content)?.to_vec());
        (path_at, content_at) = (path_end, content_end);
    }
    if paths.0.is_empty() && contents.0.is_empty() { Ok(()) } else { Err(BundleRejected::TooLong) }
}

fn text(bytes: &[u8]) -> Result<&str, BundleRejected> {
    std::str::from_utf8(bytes).map_err(|_| BundleRejected::NotText)
}

fn word(bytes: &[u8], at: usize) -> usize {
    let word = bytes[at..at + 4].try_into().expect("four bytes");
    usize::try_from(u32::from_le_bytes(word)).expect("a length of 32 bits fits")
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// A length in memory; one that cannot be is longer than any bundle.
fn size(length: u64) -> Result<usize, BundleRejected> {
    usize::try_from(length).map_err(|_| BundleRejected::TooShort)
}
