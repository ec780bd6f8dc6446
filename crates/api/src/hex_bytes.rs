//! Bytes as `0x` and hexadecimal digits.

use alloy_primitives::hex;

/// `0x` and two digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    hex::encode_prefixed(bytes)
}

/// The bytes behind `0x`, or `None`.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok().filter(|_| !text.starts_with("0x0x"))
}
