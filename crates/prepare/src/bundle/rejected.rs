//! Why something is not a bundle.

/// Why a bundle cannot be written, or bytes are none. In the order in which it is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleRejected {
    /// The bytes end before what they announce.
    #[error("the input ends before what its header announces: it was cut off")]
    TooShort,
    /// The bytes do not begin as a bundle does.
    #[error("the input is no bundle: its first eight bytes are not `earnest1`")]
    Magic,
    /// A bound is broken.
    #[error("{found} {what}; at most {limit} are allowed")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The arguments or variables are not as many as announced, or do not end with a zero byte.
    #[error("the input's arguments or variables are not what its header announces")]
    Strings,
    /// A string is not UTF-8.
    #[error("an argument, variable or path is not UTF-8")]
    NotText,
    /// A variable or a file stands before one that is not greater.
    #[error("`{name}` stands twice, or behind a greater name")]
    Order {
        /// The variable's name or the file's path.
        name: String,
    },
    /// A record ends before the one before it.
    #[error("the table of files in the input runs backwards")]
    Record,
    /// Bytes follow that nothing announces.
    #[error("the input goes on behind what its header announces")]
    TooLong,
    /// A string holds a zero byte, which would end it.
    #[error("`{text}` holds a zero byte, which a program would take for its end")]
    ZeroByte {
        /// The string, its zero bytes shown as `\0`.
        text: String,
    },
    /// The name of a variable is empty or holds `=`.
    #[error("`{name}` is no name of an environment variable: it is empty or holds `=`")]
    VariableName {
        /// The name.
        name: String,
    },
    /// A path is absolute, or has an empty part, `.` or `..`.
    #[error("`{path}` is no path below `/`: write it without a leading `/`, `.` and `..`")]
    Path {
        /// The path.
        path: String,
    },
    /// A path lies below another file.
    #[error("`{path}` is a file and a folder at once")]
    FileAndFolder {
        /// The file's path.
        path: String,
    },
}
