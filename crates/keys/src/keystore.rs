//! Keystores: secret keys at rest, in the Web3 secret storage format, version 3.
//!
//! Key terms: the *cost* is what one guess of the password costs, in memory and time.
//!
//! Laws: files are written with the standard cost (scrypt, N = 2^18, r = 8, p = 1: 256 MiB and
//! about a second), whole or not at all, readable by their owner only, and never over another
//! file; what a file asks for is bounded before memory is taken.
//! Not here: prompting for passwords (`earnest-cli`).

use std::{
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use aes::cipher::{KeyIvInit, StreamCipher};
use alloy_primitives::{hex, keccak256};
use earnest_durable::Kind;
use earnest_protocol::Address;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{EntropyUnavailable, Signer};

/// What one guess of the password costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// N = 2^18: for keys that hold money.
    Standard,
    /// N = 2^12, milliseconds: for development networks only; the file's name says so.
    Development,
}

impl Cost {
    const fn log_n(self) -> u8 {
        match self {
            Cost::Standard => 18,
            Cost::Development => 12,
        }
    }
}

/// Most bytes of a keystore file.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Most memory that a file may ask for: twice the standard cost.
const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Most work N·r·p that a file may ask for: eight times the standard cost.
const WORK_MAX: u64 = 1 << 24;
/// Most rounds of PBKDF2 that a file may ask for.
const ROUNDS_MAX: u32 = 10_000_000;

/// Why a keystore cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The password does not open it, or its bytes are damaged.
    #[error("the password does not open this keystore, or the file is damaged")]
    WrongPassword,
    /// Not a keystore of version 3.
    #[error("not a keystore of version 3: {why}")]
    NotAKeystore {
        /// What is missing or strange.
        why: String,
    },
    /// Opening it would take more memory or time than any of ours does.
    #[error("this keystore is too expensive to open: {why}")]
    TooExpensive {
        /// What it asks for.
        why: String,
    },
    /// The key inside belongs to another address than the file says.
    #[error("the keystore says it is for {stated}, but its key is for {found}")]
    AddressMismatch {
        /// What the file says.
        stated: String,
        /// Whose key is inside.
        found: Address,
    },
    /// There is a file already, and keys are never overwritten.
    #[error("{path} exists already and is not overwritten")]
    AlreadyExists {
        /// Where.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// No random bytes for salt and vector.
    #[error(transparent)]
    Entropy(EntropyUnavailable),
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    #[serde(default)]
    id: String,
    version: u8,
}

#[derive(Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfParams,
    mac: String,
}

#[derive(Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KdfParams {
    Scrypt { dklen: u32, n: u64, p: u32, r: u32, salt: String },
    Pbkdf2 { c: u32, dklen: u32, prf: String, salt: String },
}

/// The keystore file of `signer` under `password`, as text.
///
/// # Errors
/// If there are no random bytes.
pub fn seal(signer: &Signer, password: &str, cost: Cost) -> Result<String, EntropyUnavailable> {
    let (salt, iv, id) = (random::<32>()?, random::<16>()?, random::<16>()?);
    let log_n = cost.log_n();
    let key = scrypt_key(password, &salt, log_n, 8, 1).expect("both costs are within bounds");
    let mut secret = Zeroizing::new(*signer.secret());
    cipher(&key, &iv, secret.as_mut_slice());
    let file = File {
        address: Some(hex::encode(signer.address().0)),
        crypto: Crypto {
            cipher: "aes-128-ctr".to_owned(),
            cipherparams: CipherParams { iv: hex::encode(iv) },
            ciphertext: hex::encode(secret.as_slice()),
            kdf: "scrypt".to_owned(),
            kdfparams: KdfParams::Scrypt {
                dklen: 32,
                n: 1 << log_n,
                p: 1,
                r: 8,
                salt: hex::encode(salt),
            },
            mac: hex::encode(mac(&key, secret.as_slice())),
        },
        id: uuid(id),
        version: 3,
    };
    Ok(serde_json::to_string_pretty(&file).expect("a keystore has string keys only"))
}

/// The key in a keystore file's text.
///
/// Key derivation may be scrypt within RFC 7914 or PBKDF2, of any cost up to eight times ours.
///
/// # Errors
/// Why it cannot be opened.
pub fn open(text: &str, password: &str) -> Result<Signer, KeystoreError> {
    let file: File = serde_json::from_str(text).map_err(|error| strange(error.to_string()))?;
    if file.version != 3 {
        return Err(strange(format!("its version is {}", file.version)));
    }
    let crypto = &file.crypto;
    if crypto.cipher != "aes-128-ctr" {
        return Err(strange(format!("its cipher is {}, not aes-128-ctr", crypto.cipher)));
    }
    let iv: [u8; 16] = bytes("iv", &crypto.cipherparams.iv)?;
    let mut secret = Zeroizing::new(bytes::<32>("ciphertext", &crypto.ciphertext)?);
    let stated: [u8; 32] = bytes("mac", &crypto.mac)?;
    let key = derive(crypto, password)?;
    if mac(&key, secret.as_slice()) != stated {
        return Err(KeystoreError::WrongPassword);
    }
    cipher(&key, &iv, secret.as_mut_slice());
    let signer = Signer::from_bytes(&secret)
        .map_err(|_| strange("what it holds is no secret key".to_owned()))?;
    if let Some(stated) = file.address {
        let found = signer.address();
        let digits = stated.strip_prefix("0x").unwrap_or(&stated).to_ascii_lowercase();
        if digits != hex::encode(found.0) {
            return Err(KeystoreError::AddressMismatch { stated, found });
        }
    }
    Ok(signer)
}

/// Writes the keystore file of `signer` into `folder` and returns its path: the address and
/// `.json`, or `.dev-only.json` at the development cost.
///
/// # Errors
/// Why it was not written; then there is no such file, or the one there before.
pub fn write(
    folder: &Path,
    signer: &Signer,
    password: &str,
    cost: Cost,
) -> Result<PathBuf, KeystoreError> {
    let mark = match cost {
        Cost::Standard => "json",
        Cost::Development => "dev-only.json",
    };
    let path = folder.join(format!("{}.{mark}", signer.address()));
    if path.exists() {
        return Err(KeystoreError::AlreadyExists { path });
    }
    let text = seal(signer, password, cost).map_err(KeystoreError::Entropy)?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeystoreError::AlreadyExists { path: path.clone() },
        _ => KeystoreError::Io { path: path.clone(), source },
    };
    earnest_durable::sweep(folder).map_err(failed)?;
    let fill = |file: &mut dyn Write| file.write_all(text.as_bytes());
    earnest_durable::write(&path, Kind::Secret, fill).map_err(failed)?;
    Ok(path)
}

/// Whose key a keystore file says it holds; nobody has checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This address.
    Stated(Address),
    /// It does not say: the format lets it.
    Unstated,
}

impl Owner {
    /// The address, if it is stated.
    pub fn address(self) -> Option<Address> {
        match self {
            Owner::Stated(address) => Some(address),
            Owner::Unstated => None,
        }
    }
}

/// Whose key a file says it holds, or none if it is no keystore that [`read`] would open.
pub fn owner(path: &Path) -> Option<Owner> {
    if !path.is_file() {
        return None;
    }
    let mut text = String::new();
    let limit = FILE_BYTES_MAX.saturating_add(1);
    fs::File::open(path).ok()?.take(limit).read_to_string(&mut text).ok()?;
    let file: File = serde_json::from_str(&text).ok()?;
    if file.version != 3 {
        return None;
    }
    let address = file.address.map(|stated| {
        Address::from_hex(&format!("0x{}", stated.strip_prefix("0x").unwrap_or(&stated)))
    });
    match address {
        None => Some(Owner::Unstated),
        Some(address) => address.map(Owner::Stated),
    }
}

/// The key in a keystore file.
///
/// # Errors
/// Why it cannot be opened.
pub fn read(path: &Path, password: &str) -> Result<Signer, KeystoreError> {
    let failed = |source| KeystoreError::Io { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut text).map_err(failed)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(strange(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(text).map_err(|_| strange("it is not text".to_owned()))?;
    open(&text, password)
}

fn strange(why: String) -> KeystoreError {
    KeystoreError::NotAKeystore { why }
}

/// The 32 bytes that cipher and check are made from.
fn derive(crypto: &Crypto, password: &str) -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
    let expensive = |why: String| KeystoreError::TooExpensive { why };
    let key_length = |dklen: u32| match dklen {
        32 => Ok(()),
        other => Err(strange(format!("its derived key has {other} bytes, not 32"))),
    };
    match (&crypto.kdfparams, crypto.kdf.as_str()) {
        (KdfParams::Scrypt { dklen, n, p, r, salt }, "scrypt") => {
            key_length(*dklen)?;
            let memory = n.checked_mul(128).and_then(|bytes| bytes.checked_mul(u64::from(*r)));
            let work = n.checked_mul(u64::from(*r)).and_then(|x| x.checked_mul(u64::from(*p)));
            let fits = |value: Option<u64>, max| value.is_some_and(|value| value <= max);
            if !fits(memory, MEMORY_BYTES_MAX) || !fits(work, WORK_MAX) {
                return Err(expensive(format!("scrypt with n = {n}, r = {r}, p = {p}")));
            }
            if !n.is_power_of_two() {
                return Err(strange(format!("its scrypt n is {n}, not a power of two")));
            }
            let log_n = u8::try_from(n.trailing_zeros()).expect("a 64-bit shift fits a byte");
            let salt = salt_bytes(salt)?;
            scrypt_key(password, &salt, log_n, *r, *p)
                .ok_or_else(|| strange(format!("RFC 7914 has no n = {n}, r = {r}, p = {p}")))
        }
        (KdfParams::Pbkdf2 { c, dklen, prf, salt }, "pbkdf2") => {
            key_length(*dklen)?;
            if prf != "hmac-sha256" {
                return Err(strange(format!("its PBKDF2 uses {prf}, not hmac-sha256")));
            }
            if *c == 0 || *c > ROUNDS_MAX {
                return Err(expensive(format!("PBKDF2 with {c} rounds")));
            }
            let mut key = Zeroizing::new([0; 32]);
            let salt = salt_bytes(salt)?;
            pbkdf2::pbkdf2::<hmac::Hmac<sha2::Sha256>>(
                password.as_bytes(),
                &salt,
                *c,
                key.as_mut_slice(),
            )
            .expect("the check takes keys of any length");
            Ok(key)
        }
        (_, kdf) => Err(strange(format!("its key derivation is {kdf}"))),
    }
}

fn scrypt_key(
    password: &str,
    salt: &[u8],
    log_n: u8,
    r: u32,
    p: u32,
) -> Option<Zeroizing<[u8; 32]>> {
    let params = scrypt::Params::new(log_n, r, p, 32).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password.as_bytes(), salt, &params, key.as_mut_slice()).ok()?;
    Some(key)
}

/// The first half of the key enciphers, the second authenticates.
fn halves(key: &[u8; 32]) -> (&[u8], &[u8]) {
    key.split_at(16)
}

fn cipher(key: &[u8; 32], iv: &[u8; 16], data: &mut [u8]) {
    let (key, _) = halves(key);
    let stream = ctr::Ctr128BE::<aes::Aes128>::new_from_slices(key, iv);
    stream.expect("both are 16 bytes").apply_keystream(data);
}

fn mac(key: &[u8; 32], ciphertext: &[u8]) -> [u8; 32] {
    let (_, key) = halves(key);
    keccak256(Zeroizing::new([key, ciphertext].concat()).as_slice()).0
}

fn bytes<const N: usize>(name: &str, text: &str) -> Result<[u8; N], KeystoreError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| strange(format!("its {name} is not {N} bytes in hex")))?;
    Ok(bytes)
}

fn salt_bytes(text: &str) -> Result<Vec<u8>, KeystoreError> {
    hex::decode(text).map_err(|_| strange("its salt is not hex".to_owned()))
}

fn random<const N: usize>() -> Result<[u8; N], EntropyUnavailable> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| EntropyUnavailable)?;
    Ok(bytes)
}

/// A random identifier in the form of RFC 9562, version 4.
fn uuid(mut bytes: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    let piece = |range| digits.get(range).unwrap_or_default();
    [piece(0..8), piece(8..12), piece(12..16), piece(16..20), piece(20..32)].join("-")
}
