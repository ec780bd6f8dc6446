//! The error numbers of preview 1 that are used here.

/// Why a call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(u16);

/// What every function inside answers.
pub type Answer<T> = Result<T, Errno>;

impl Errno {
    pub const BADF: Self = Self(8);
    pub const EXIST: Self = Self(20);
    pub const FBIG: Self = Self(22);
    pub const INVAL: Self = Self(28);
    pub const ISDIR: Self = Self(31);
    pub const MFILE: Self = Self(33);
    pub const NAMETOOLONG: Self = Self(37);
    pub const NOENT: Self = Self(44);
    pub const NOSPC: Self = Self(51);
    pub const NOTDIR: Self = Self(54);
    pub const NOTEMPTY: Self = Self(55);
    pub const ROFS: Self = Self(69);
    pub const SPIPE: Self = Self(70);
    pub const NOTCAPABLE: Self = Self(76);
}

/// The number that the program gets: 0 for success.
pub fn answered(answer: Answer<()>) -> u32 {
    match answer {
        Ok(()) => 0,
        Err(errno) => errno.0.into(),
    }
}
