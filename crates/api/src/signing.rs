//! Signed transactions: who asks, provably, and for which network.
//!
//! Key terms: the *hash* of a transaction is the EIP-712 hash of its message on its network; its
//! *identity* is made of that hash and who signed, and names it everywhere.
//!
//! Law: a transaction is known by its message and its signer, never by its signature.
//! Not here: keys and the curve (`earnest-keys`), nonces (`session`).

use earnest_keys::{SignatureRejected, Signer};
use earnest_protocol::{Address, Digest, Transaction};
use serde::{Deserialize, Serialize};

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

/// Signs `transaction` for `network`; the same arguments give the same bytes.
///
/// ```
/// # use earnest_api::{recover, sign};
/// # use earnest_keys::Signer;
/// # use earnest_protocol::{Amount, Asset, Command, Digest, Height, Transaction};
/// # use earnest_protocol::command::Transfer;
/// let alice = Signer::dev_key(7, "alice");
/// let network = Digest([1; 32]);
/// let to = Signer::dev_key(7, "bob").address();
/// let transfer = Transfer { to, asset: Asset::Stake, amount: Amount::tokens(3) };
/// let command = Command::Transfer(transfer);
/// let (valid_until, on_behalf_of) = (Height::new(100), None);
/// let transaction = Transaction { nonce: 0, valid_until, command, on_behalf_of };
/// let signed = sign(&alice, &network, transaction);
/// let name = signed.hash(&network, &alice.address());
/// assert_eq!(recover(&network, &signed), Ok((alice.address(), name)));
/// ```
pub fn sign(signer: &Signer, network: &Digest, transaction: Transaction) -> SignedTransaction {
    let signature = signer.sign(&signing_hash(network, &transaction));
    SignedTransaction { transaction, signature }
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
    let address = earnest_keys::recover(&hash, &signed.signature)?;
    Ok((address, identity(&hash, &address)))
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
