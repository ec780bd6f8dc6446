//! Parts of the run over the specification's suite.

pub(crate) mod dress;
pub(crate) mod engines;
pub(crate) mod expected;
