//! Addresses as people write them.
//!
//! Law: capital letters among small ones are a checksum (EIP-55), and are held to it.

use earnest_protocol::Address;

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It is something else.
    #[error("an address is 0x and 40 hexadecimal digits")]
    Form,
    /// A letter or a digit is not the one that was copied.
    #[error(
        "its capital letters are a checksum (EIP-55), and do not fit its digits: copy the address \
         again; one in small letters alone is taken as it stands"
    )]
    Checksum,
}

/// An address, whose capital letters must fit it if it has both kinds.
///
/// # Errors
/// [`InvalidAddress`].
pub fn address(text: &str) -> Result<Address, InvalidAddress> {
    let address = Address::from_hex(text).ok_or(InvalidAddress::Form)?;
    let digits = text.trim_start_matches("0x");
    let has = |is: fn(&u8) -> bool| digits.as_bytes().iter().any(is);
    if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) {
        let wanted = alloy_primitives::Address::from(address.0).to_checksum(None);
        if wanted != text {
            return Err(InvalidAddress::Checksum);
        }
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capital_letters_among_small_ones_are_held_to_eip_55() {
        // Of the standard itself.
        for whole in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            assert!(address(whole).is_ok(), "{whole}");
            assert_eq!(address(&whole.to_lowercase()), address(whole));
            let shouted = format!("0x{}", whole[2..].to_uppercase());
            assert_eq!(address(&shouted), address(whole));
        }
        let typo = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee";
        assert_eq!(address(typo), Err(InvalidAddress::Checksum));
        let small = "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(address(small), Err(InvalidAddress::Checksum));
        assert_eq!(address("0x12"), Err(InvalidAddress::Form));
    }
}
