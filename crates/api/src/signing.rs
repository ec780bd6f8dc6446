//! Signing: who asks, provably, and for which network.
//!
//! Key terms: the *hash* of a transaction is the EIP-712 hash of its message on its network and
//! its identity everywhere; a [`Signer`] holds one secret key.
//!
//! Laws: one signature form per message: 65 bytes r ‖ s ‖ v with s in the lower half of the order
//! and v 27 or 28; signing is deterministic (RFC 6979); a secret is never shown and is erased
//! when dropped.
//! Not here: keys at rest (`keystore`), nonces (`session`).

use core::fmt;

use alloy_primitives::{Address as EthereumAddress, keccak256};
use earnest_protocol::{Address, Digest, Transaction};
use secp256k1::{
    Message, SECP256K1, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::typed_data;

/// The identity of a transaction: the EIP-712 hash of its message on its network.
pub type TxHash = Digest;

/// Most bytes of an encoded transaction that anybody needs to read: 2 MiB.
pub const TRANSACTION_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A transaction and the signature of its account.
///
/// Travels as JSON, byte fields in hex, or as [`encode`](SignedTransaction::encode)d bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTransaction {
    /// What is asked.
    pub transaction: Transaction,
    /// r ‖ s ‖ v, 32 + 32 + 1 bytes.
    #[serde(with = "signature_bytes")]
    pub signature: [u8; 65],
}

/// Why bytes are not a signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeRejected {
    /// More bytes than any transaction needs.
    #[error("{got} bytes are more than the {max} of the largest transaction")]
    TooLarge {
        /// How many there were.
        got: usize,
        /// The most that are read.
        max: usize,
    },
    /// Not an encoded transaction.
    #[error("these bytes are not a signed transaction")]
    Malformed,
    /// A transaction, and something after it.
    #[error("{count} bytes follow the signed transaction")]
    TrailingBytes {
        /// How many bytes follow.
        count: usize,
    },
}

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

/// What a signature of `transaction` signs on `network`.
///
/// Two accounts that ask the same at the same nonce sign the same: see [`identity`].
pub fn signing_hash(network: &Digest, transaction: &Transaction) -> Digest {
    typed_data::hash(network, transaction)
}

/// The name of a transaction: its message and its signer, never its signature.
pub fn identity(signing_hash: &Digest, signer: &Address) -> TxHash {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 transaction");
    Digest(*hasher.update(&signing_hash.0).update(&signer.0).finalize().as_bytes())
}

/// Who signed, and the identity of what was signed.
///
/// A signature for another network or another message recovers to an address nobody holds.
///
/// # Errors
/// Why it is not a signature in the one accepted form.
pub fn recover(
    network: &Digest,
    signed: &SignedTransaction,
) -> Result<(Address, TxHash), SignatureRejected> {
    let hash = signing_hash(network, &signed.transaction);
    let address = recover_hash(&hash, &signed.signature)?;
    Ok((address, identity(&hash, &address)))
}

/// Half the order of secp256k1, rounded down.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

fn recover_hash(hash: &Digest, signature: &[u8; 65]) -> Result<Address, SignatureRejected> {
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

impl SignedTransaction {
    /// Compact bytes: what a node stores and carries.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a transaction encodes into memory")
    }

    /// From [`encode`](SignedTransaction::encode)d bytes, and nothing else.
    ///
    /// # Errors
    /// Why the bytes are not exactly one signed transaction.
    pub fn decode(bytes: &[u8]) -> Result<SignedTransaction, DecodeRejected> {
        if bytes.len() > TRANSACTION_BYTES_MAX {
            let max = TRANSACTION_BYTES_MAX;
            return Err(DecodeRejected::TooLarge { got: bytes.len(), max });
        }
        let (signed, rest) =
            postcard::take_from_bytes(bytes).map_err(|_| DecodeRejected::Malformed)?;
        if !rest.is_empty() {
            return Err(DecodeRejected::TrailingBytes { count: rest.len() });
        }
        Ok(signed)
    }

    /// The identity of the transaction on `network`, signed by `signer`.
    pub fn hash(&self, network: &Digest, signer: &Address) -> TxHash {
        identity(&signing_hash(network, &self.transaction), signer)
    }
}

/// A secret key and the address it signs for.
///
/// ```
/// # use earnest_api::{Signer, recover};
/// # use earnest_protocol::{Amount, Asset, Command, Digest, Height, Transaction};
/// # use earnest_protocol::command::Transfer;
/// let alice = Signer::dev_key(7, "alice");
/// let network = Digest([1; 32]);
/// let to = Signer::dev_key(7, "bob").address();
/// let transfer = Transfer { to, asset: Asset::Stake, amount: Amount::tokens(3) };
/// let command = Command::Transfer(transfer);
/// let transaction = Transaction { nonce: 0, valid_until: Height::new(100), command };
/// let signed = alice.sign(&network, transaction);
/// let name = signed.hash(&network, &alice.address());
/// assert_eq!(recover(&network, &signed), Ok((alice.address(), name)));
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
        alloy_primitives::hex::decode_to_slice(digits, secret.as_mut_slice())
            .map_err(|_| InvalidSecret)?;
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

    /// Signs `transaction` for `network`; the same arguments give the same bytes.
    pub fn sign(&self, network: &Digest, transaction: Transaction) -> SignedTransaction {
        let hash = signing_hash(network, &transaction);
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
        SignedTransaction { transaction, signature: bytes }
    }

    /// The secret, for the keystore only.
    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.address)
    }
}

/// A signature in hex where people read, as 65 plain bytes where they do not.
mod signature_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeTuple};

    use crate::hex_bytes;

    pub(super) fn serialize<S: Serializer>(
        signature: &[u8; 65],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return hex_bytes::encode(signature).serialize(serializer);
        }
        let mut tuple = serializer.serialize_tuple(65)?;
        signature.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 65], D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let bytes = hex_bytes::decode(&text).and_then(|bytes| bytes.try_into().ok());
            return bytes.ok_or_else(|| de::Error::custom("expected 0x and 65 bytes in hex"));
        }
        deserializer.deserialize_tuple(65, Bytes)
    }

    struct Bytes;

    impl<'de> de::Visitor<'de> for Bytes {
        type Value = [u8; 65];

        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("65 bytes")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<[u8; 65], A::Error> {
            let mut bytes = [0; 65];
            for (index, byte) in bytes.iter_mut().enumerate() {
                let next = seq.next_element()?;
                *byte = next.ok_or_else(|| de::Error::invalid_length(index, &self))?;
            }
            Ok(bytes)
        }
    }
}
