//! The bundle: everything that an ordinary program may read, as one canonical string of bytes.
//!
//! Key terms: a *bundle* holds the seed, the arguments, the environment, standard input and the
//! files of a read-only directory; the program sees it through the system interface (`shim`), which
//! reads the header and the table of files once and everything else where it lies ([`layout`]).
//! Laws: one bundle has one encoding, and [`Bundle::decode`] accepts no other; whatever it accepts
//! encodes to the same bytes. Paths are relative, sorted, without `.` and `..`, and no file is also
//! a folder. Folders exist where files lie in them; an empty folder cannot be said.
//! Known shortcomings: arguments, variables and paths are UTF-8.
//! Not here: how a host hands it over, page by page; how a program sees it.

pub mod layout;
mod read;
mod rejected;

use std::collections::BTreeMap;

pub use rejected::BundleRejected;

use layout::{FILE_COUNT_MAX, HEADER_BYTES, MAGIC, PATH_BYTES_MAX, PATHS_BYTES_MAX};
use layout::{STRING_COUNT_MAX, STRINGS_BYTES_MAX};

/// What a program is given.
///
/// ```
/// use earnest_prepare::bundle::Bundle;
///
/// let bundle = Bundle {
///     arguments: vec!["count".into(), "-l".into()],
///     files: [("in/text".into(), b"two\nlines\n".to_vec())].into(),
///     ..Bundle::default()
/// };
/// let bytes = bundle.encode()?;
/// assert_eq!(Bundle::decode(&bytes)?, bundle);
/// # Ok::<(), earnest_prepare::bundle::BundleRejected>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// What random numbers are made from.
    pub seed: [u8; 32],
    /// The arguments; the first is the program's name by custom. At most [`STRING_COUNT_MAX`].
    pub arguments: Vec<String>,
    /// The environment, by name. At most [`STRING_COUNT_MAX`].
    pub environment: BTreeMap<String, String>,
    /// What standard input holds.
    pub standard_input: Vec<u8>,
    /// The files below `/`, by path, such as `data/table.csv`. At most [`FILE_COUNT_MAX`].
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// The bytes that are the job's input.
    ///
    /// # Errors
    /// The first bound that is broken or string that cannot be said, in the order of the fields.
    pub fn encode(&self) -> Result<Vec<u8>, BundleRejected> {
        self.check()?;
        let variables = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let variables: Vec<String> = variables.collect();
        let path_bytes = self.files.keys().map(String::len).sum();
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC.to_le_bytes());
        bytes.extend_from_slice(&self.seed);
        for strings in [&self.arguments, &variables] {
            bytes.extend_from_slice(&word(strings.len()));
            bytes.extend_from_slice(&word(strings.iter().map(|text| text.len() + 1).sum()));
        }
        bytes.extend_from_slice(&word(self.files.len()));
        bytes.extend_from_slice(&word(path_bytes));
        bytes.extend_from_slice(&long(self.standard_input.len()));
        for text in self.arguments.iter().chain(&variables) {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        let (mut path_end, mut content_end) = (0, 0);
        for (path, content) in &self.files {
            path_end += path.len();
            content_end += content.len();
            bytes.extend_from_slice(&word(path_end));
            bytes.extend_from_slice(&long(content_end));
        }
        for path in self.files.keys() {
            bytes.extend_from_slice(path.as_bytes());
        }
        bytes.extend_from_slice(&self.standard_input);
        for content in self.files.values() {
            bytes.extend_from_slice(content);
        }
        Ok(bytes)
    }

    /// What these bytes say.
    ///
    /// # Errors
    /// The first place that no encoder would have written, or bound that is broken.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleRejected> {
        let bundle = read::read(bytes)?;
        bundle.check()?;
        Ok(bundle)
    }

    fn check(&self) -> Result<(), BundleRejected> {
        strings_fit(self.arguments.iter().map(String::len))?;
        for text in &self.arguments {
            no_zero(text)?;
        }
        strings_fit(self.environment.iter().map(|(name, value)| name.len() + 1 + value.len()))?;
        for (name, value) in &self.environment {
            no_zero(name)?;
            no_zero(value)?;
            if name.is_empty() || name.contains('=') {
                return Err(BundleRejected::VariableName { name: name.clone() });
            }
        }
        at_most("files", self.files.len(), FILE_COUNT_MAX)?;
        at_most("bytes of all paths", self.files.keys().map(String::len).sum(), PATHS_BYTES_MAX)?;
        for path in self.files.keys() {
            self.check_path(path)?;
        }
        Ok(())
    }

    fn check_path(&self, path: &str) -> Result<(), BundleRejected> {
        no_zero(path)?;
        at_most("bytes of a path", path.len(), PATH_BYTES_MAX)?;
        if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(BundleRejected::Path { path: path.to_owned() });
        }
        for (at, _) in path.match_indices('/') {
            if self.files.contains_key(&path[..at]) {
                return Err(BundleRejected::FileAndFolder { path: path[..at].to_owned() });
            }
        }
        Ok(())
    }
}

fn strings_fit(lengths: impl ExactSizeIterator<Item = usize>) -> Result<(), BundleRejected> {
    at_most("arguments, or variables", lengths.len(), STRING_COUNT_MAX)?;
    let bytes = lengths.map(|length| length.saturating_add(1)).sum();
    at_most("bytes of arguments, or of variables", bytes, STRINGS_BYTES_MAX)
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), BundleRejected> {
    if limit < found {
        return Err(BundleRejected::TooMuch { what, found, limit });
    }
    Ok(())
}

fn no_zero(text: &str) -> Result<(), BundleRejected> {
    if text.contains('\0') {
        return Err(BundleRejected::ZeroByte { text: text.replace('\0', "\\0") });
    }
    Ok(())
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("checked against bounds far below 2^32").to_le_bytes()
}

fn long(number: usize) -> [u8; 8] {
    u64::try_from(number).expect("a length in memory is below 2^64").to_le_bytes()
}
