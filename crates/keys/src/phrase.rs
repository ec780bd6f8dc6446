//! Recovery phrases: one secret in words (BIP-39), and the keys that follow from it (BIP-32).
//!
//! Key terms: a *phrase* is 12 to 24 English words with a checksum; a *passphrase* is a word more
//! that its holder keeps apart; the *index* counts the keys of a phrase, on one of two paths.
//!
//! Law: the same phrase, passphrase, path and index give the same key in any wallet.
//! Known shortcoming: a passphrase is ASCII, since its normal form is else a table of Unicode's.

use core::fmt;

use bip39::{Language, Mnemonic};
use hmac::{Hmac, Mac};
use secp256k1::{PublicKey, SECP256K1, Scalar, SecretKey};
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::{EntropyUnavailable, Signer};

/// Set in a step whose key no public key leads to.
const HARDENED: u32 = 1 << 31;
/// How wallets count the keys of a phrase; 60 is Ethereum's coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// m/44'/60'/0'/0/i: most wallets.
    Usual,
    /// m/44'/60'/i'/0/0: Ledger Live, for which each key is an account of its own.
    LedgerLive,
}

impl Path {
    /// The steps from the root to a key.
    fn steps(self, index: u32) -> [u32; 5] {
        let (account, last) = match self {
            Path::Usual => (0, index),
            Path::LedgerLive => (index, 0),
        };
        [44 | HARDENED, 60 | HARDENED, account | HARDENED, 0, last]
    }
}

/// A secret in words; erased when dropped, and never shown by `Debug`.
pub struct Phrase(Mnemonic);

/// Why words are no phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// There are too few words, or too many.
    #[error("a recovery phrase has 12, 15, 18, 21 or 24 words, not {got}")]
    WordCount {
        /// How many there are.
        got: usize,
    },
    /// A word is on no list.
    #[error("word {place} is not on the English list of BIP-39")]
    UnknownWord {
        /// Which, from 1.
        place: usize,
    },
    /// The words are not in the order they were made in, or one is another's.
    #[error("the words do not fit together: one is wrong, or they are in another order")]
    Checksum,
    /// A passphrase has other letters than ASCII's.
    #[error("a passphrase with letters outside ASCII is not supported")]
    PassphraseNotAscii,
    /// An index is too large.
    #[error("an index is at most 2147483647, not {got}")]
    IndexTooLarge {
        /// What it is.
        got: u32,
    },
    /// No key has this index: that happens once in 2^127.
    #[error("no key has this index; take the next")]
    NoSuchKey,
}

impl Phrase {
    /// A new phrase of 24 words, from the operating system's randomness.
    ///
    /// # Errors
    /// If there is none.
    pub fn random() -> Result<Phrase, EntropyUnavailable> {
        let mut entropy = Zeroizing::new([0; 32]);
        getrandom::fill(entropy.as_mut_slice()).map_err(|_| EntropyUnavailable)?;
        Ok(Phrase(Mnemonic::from_entropy(entropy.as_slice()).expect("32 bytes are 24 words")))
    }

    /// The phrase of these words, parted by white space.
    ///
    /// # Errors
    /// Why they are none.
    pub fn parse(text: &str) -> Result<Phrase, PhraseError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = Zeroizing::new(words.join(" ").to_ascii_lowercase());
        let phrase = Mnemonic::parse_in_normalized(Language::English, &text);
        phrase.map(Phrase).map_err(|error| match error {
            bip39::Error::UnknownWord(place) => PhraseError::UnknownWord { place: place + 1 },
            bip39::Error::BadWordCount(_) => PhraseError::WordCount { got: words.len() },
            _ => PhraseError::Checksum,
        })
    }

    /// Its words, for paper.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.0.words()
    }

    /// The key of an index on the usual path, 0 to 2^31 − 1.
    ///
    /// # Errors
    /// Why there is none.
    pub fn key(&self, passphrase: &str, index: u32) -> Result<Signer, PhraseError> {
        self.key_on(Path::Usual, passphrase, index)
    }

    /// The key of an index on a path, 0 to 2^31 − 1.
    ///
    /// # Errors
    /// Why there is none.
    pub fn key_on(&self, path: Path, passphrase: &str, index: u32) -> Result<Signer, PhraseError> {
        if !passphrase.is_ascii() {
            return Err(PhraseError::PassphraseNotAscii);
        }
        if HARDENED <= index {
            return Err(PhraseError::IndexTooLarge { got: index });
        }
        let seed = Zeroizing::new(self.0.to_seed_normalized(passphrase));
        let mut key = Extended::master(seed.as_slice())?;
        for step in path.steps(index) {
            key = key.child(step)?;
        }
        Signer::from_bytes(&key.secret).map_err(|_| PhraseError::NoSuchKey)
    }
}

impl Drop for Phrase {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phrase({} words)", self.0.word_count())
    }
}

/// A secret key and the chain code that its children come from (BIP-32).
struct Extended {
    secret: Zeroizing<[u8; 32]>,
    chain: Zeroizing<[u8; 32]>,
}

impl Extended {
    fn master(seed: &[u8]) -> Result<Extended, PhraseError> {
        let (secret, chain) = halves(b"Bitcoin seed", &[seed]);
        SecretKey::from_byte_array(*secret).map_err(|_| PhraseError::NoSuchKey)?.non_secure_erase();
        Ok(Extended { secret, chain })
    }

    fn child(&self, step: u32) -> Result<Extended, PhraseError> {
        let mut parent =
            SecretKey::from_byte_array(*self.secret).map_err(|_| PhraseError::NoSuchKey)?;
        let number = step.to_be_bytes();
        let (tweak, chain) = if step < HARDENED {
            let point = PublicKey::from_secret_key(SECP256K1, &parent).serialize();
            halves(self.chain.as_slice(), &[&point, &number])
        } else {
            halves(self.chain.as_slice(), &[&[0], self.secret.as_slice(), &number])
        };
        let tweaked = Scalar::from_be_bytes(*tweak)
            .ok()
            .and_then(|tweak| parent.add_tweak(&tweak).ok())
            .ok_or(PhraseError::NoSuchKey);
        parent.non_secure_erase();
        let mut child = tweaked?;
        let secret = Zeroizing::new(child.secret_bytes());
        child.non_secure_erase();
        Ok(Extended { secret, chain })
    }
}

type Half = Zeroizing<[u8; 32]>;

/// HMAC-SHA512, cut in two.
fn halves(key: &[u8], parts: &[&[u8]]) -> (Half, Half) {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("the check takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    let whole: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
    let (mut left, mut right) = (Half::default(), Half::default());
    let (first, second) = whole.split_at(32);
    left.copy_from_slice(first);
    right.copy_from_slice(second);
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first published vector of BIP-39, with the passphrase of all of them.
    #[test]
    fn the_seed_is_that_of_the_published_vector() {
        let words = format!("{}about", "abandon ".repeat(11));
        let phrase = Phrase::parse(&words).expect("a phrase");
        let seed = alloy_primitives::hex::encode(phrase.0.to_seed_normalized("TREZOR"));
        let expected = "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553\
                        1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04";
        assert_eq!(seed, expected);
    }

    /// The first published vector of BIP-32, step by step: hardened and not.
    #[test]
    fn children_are_those_of_the_published_vector() {
        let seed: Vec<u8> = (0..16).collect();
        let master = Extended::master(&seed).expect("a key");
        let hex = |key: &Extended| alloy_primitives::hex::encode(key.secret.as_slice());
        let expected = "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35";
        assert_eq!(hex(&master), expected);
        let steps = [
            (HARDENED, "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"),
            (1, "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"),
            (2 | HARDENED, "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca"),
            (2, "0f479245fb19a38a1954c5c7c0ebab2f9bdfd96a17563ef28a6a4b1a2a764ef4"),
            (1_000_000_000, "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8"),
        ];
        let mut key = master;
        for (step, expected) in steps {
            key = key.child(step).expect("a key");
            assert_eq!(hex(&key), expected, "{step}");
        }
    }
}
