//! A secret key, what it signs, and whose key a signature was made with.
//!
//! Laws: one signature form per message: 65 bytes r ‖ s ‖ v with s in the lower half of the order
//! and v 27 or 28; signing is deterministic (RFC 6979); a secret is never shown and is erased
//! when dropped.
//! Not here: keys at rest (`keystore`).

use core::fmt;

use alloy_primitives::{Address as EthereumAddress, hex, keccak256};
use earnest_protocol::{Address, Digest};
use secp256k1::{
    Message, SECP256K1, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use serde::Serialize;
use zeroize::Zeroizing;

/// Why a signature was refused. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum SignatureRejected {
    /// The last byte names neither of the two candidate keys.
    #[error("the last byte of the signature is {got}, not 27 or 28")]
    RecoveryIdOutOfRange {
        /// What it was.
        got: u8,
    },
    /// The other form of a valid signature: the same message must not have two.
    #[error("the signature's s is in the upper half of the order")]
    HighS,
    /// No key made this signature.
    #[error("no key made this signature")]
    Unrecoverable,
}

/// A secret key and the address it signs for.
///
/// ```
/// # use earnest_keys::{Signer, recover};
/// # use earnest_protocol::Digest;
/// let alice = Signer::dev_key(7, "alice");
/// let hash = Digest([1; 32]);
/// assert_eq!(recover(&hash, &alice.sign(&hash)), Ok(alice.address()));
/// ```
pub struct Signer {
    secret: Zeroizing<[u8; 32]>,
    address: Address,
}

/// Bytes that are no secret key: zero, or not below the order of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret key: 32 bytes between 1 and the order of secp256k1")]
pub struct InvalidSecret;

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyUnavailable;

impl Signer {
    /// A value that only the holder of this key can compute, the same every time: salts and
    /// preimages that survive a crash without being stored (M29).
    ///
    /// `purpose` keeps uses apart; `parts` are hashed with their lengths.
    pub fn derive(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 derived from a signing key");
        hasher.update(self.secret.as_slice());
        for part in [purpose.as_bytes()].iter().chain(parts) {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(&length.to_le_bytes()).update(part);
        }
        Digest(*hasher.finalize().as_bytes())
    }

    /// From a secret key's 32 big-endian bytes.
    ///
    /// # Errors
    /// If they are no secret key.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Signer, InvalidSecret> {
        let mut key = SecretKey::from_byte_array(*secret).map_err(|_| InvalidSecret)?;
        let address = address_of(&key.public_key(SECP256K1));
        key.non_secure_erase();
        Ok(Signer { secret: Zeroizing::new(*secret), address })
    }

    /// From 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// If they are no secret key.
    pub fn from_hex(text: &str) -> Result<Signer, InvalidSecret> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, secret.as_mut_slice()).map_err(|_| InvalidSecret)?;
        Signer::from_bytes(&secret)
    }

    /// A fresh key from the operating system's randomness.
    ///
    /// # Errors
    /// If there is none.
    pub fn random() -> Result<Signer, EntropyUnavailable> {
        loop {
            let mut secret = Zeroizing::new([0; 32]);
            getrandom::fill(secret.as_mut_slice()).map_err(|_| EntropyUnavailable)?;
            // All but one in 2^127 draws are keys.
            if let Ok(signer) = Signer::from_bytes(&secret) {
                return Ok(signer);
            }
        }
    }

    /// The development key called `name` under `seed`: everybody can compute it, so it is for
    /// networks whose money is worth nothing.
    pub fn dev_key(seed: u64, name: &str) -> Signer {
        let mut input = b"earnest development key".to_vec();
        input.extend_from_slice(&seed.to_be_bytes());
        input.extend_from_slice(name.as_bytes());
        loop {
            let secret = keccak256(&input);
            if let Ok(signer) = Signer::from_bytes(&secret.0) {
                return signer;
            }
            input = secret.to_vec();
        }
    }

    /// Whom it signs for.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs `hash`, r ‖ s ‖ v; the same hash gives the same bytes.
    pub fn sign(&self, hash: &Digest) -> [u8; 65] {
        let mut key = SecretKey::from_byte_array(*self.secret).expect("checked when it was made");
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(hash.0), &key);
        key.non_secure_erase();
        let (id, compact) = signature.serialize_compact();
        let mut bytes = [0; 65];
        let (head, tail) = bytes.split_at_mut(64);
        head.copy_from_slice(&compact);
        tail.fill(match id {
            RecoveryId::Zero => 27,
            RecoveryId::One => 28,
            // r overflows the order once in 2^127 messages, and then by a known message.
            RecoveryId::Two | RecoveryId::Three => unreachable!("r is below the order"),
        });
        bytes
    }

    /// The secret, for the keystore only.
    #[cfg(feature = "keystore")]
    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.address)
    }
}

/// Half the order of secp256k1, rounded down.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Whose key made `signature` over `hash`.
///
/// Over another hash than was signed it names an address that nobody holds.
///
/// # Errors
/// Why it is not a signature in the one accepted form.
pub fn recover(hash: &Digest, signature: &[u8; 65]) -> Result<Address, SignatureRejected> {
    let (compact, v) = signature.split_at(64);
    let got = *v.first().expect("65 bytes split at 64 leave one");
    let id = match got {
        27 => RecoveryId::Zero,
        28 => RecoveryId::One,
        _ => return Err(SignatureRejected::RecoveryIdOutOfRange { got }),
    };
    if compact.get(32..).expect("64 bytes have an upper half") > HALF_ORDER.as_slice() {
        return Err(SignatureRejected::HighS);
    }
    let unrecoverable = |_| SignatureRejected::Unrecoverable;
    let signature = RecoverableSignature::from_compact(compact, id).map_err(unrecoverable)?;
    let message = Message::from_digest(hash.0);
    let key = SECP256K1.recover_ecdsa(message, &signature).map_err(unrecoverable)?;
    Ok(address_of(&key))
}

fn address_of(key: &secp256k1::PublicKey) -> Address {
    let point = key.serialize_uncompressed();
    let point = point.get(1..).expect("an uncompressed point has 65 bytes");
    Address(EthereumAddress::from_raw_public_key(point).into())
}
