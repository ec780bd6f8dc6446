//! Keys: who holds one, who signed, and how keys are kept.
//!
//! Key terms: a [`Signer`] holds one secret key; a *signature* is 65 bytes r ‖ s ‖ v over a hash
//! of 32; a `keystore` is a file with one key under a password, and is here with the feature of
//! that name only, as are recovery phrases (`phrase`).
//!
//! Law: who checks signatures, or signs, links nothing that keystores need.
//! Not here: what is signed, and so what the hash is of (`earnest-api`); prompts (`earnest-cli`).
#![forbid(unsafe_code)]

#[cfg(feature = "keystore")]
pub mod keystore;
#[cfg(feature = "keystore")]
pub mod phrase;
mod signer;
mod written;

pub use signer::{EntropyUnavailable, InvalidSecret, SignatureRejected, Signer, recover};
pub use written::{InvalidAddress, address};
