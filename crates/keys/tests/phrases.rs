//! Recovery phrases: the published vectors, and wallets' own addresses.

use earnest_keys::phrase::{Path, Phrase, PhraseError};
use earnest_protocol::Address;

fn address(text: &str) -> Address {
    Address::from_hex(text).expect("an address")
}

/// The phrase that development tools of Ethereum ship, and the addresses they print for it.
#[test]
fn the_keys_are_those_of_other_wallets() {
    let words = "test test test test test test test test test test test junk";
    let phrase = Phrase::parse(words).expect("a phrase");
    for (index, expected) in [
        (0, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
        (1, "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"),
        (2, "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"),
        (9, "0xa0ee7a142d267c1f36714e4a8f75612f20a79720"),
    ] {
        assert_eq!(phrase.key("", index).map(|key| key.address()), Ok(address(expected)));
    }
    // As eth-account derives them on that path.
    for (index, expected) in [
        (0, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
        (1, "0x8c8d35429f74ec245f8ef2f4fd1e551cff97d650"),
        (7, "0xaf4311d557fbc876059e39306ec1f3343753df29"),
    ] {
        let key = phrase.key_on(Path::LedgerLive, "", index).map(|key| key.address());
        assert_eq!(key, Ok(address(expected)));
    }
    let other = phrase.key("apart", 0).expect("a key").address();
    assert_ne!(other, address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"));
}

#[test]
fn what_was_made_is_read_back() {
    let phrase = Phrase::random().expect("randomness");
    let words: Vec<&str> = phrase.words().collect();
    assert_eq!(words.len(), 24);
    let written = format!("  {}\n", words.join("\n ").to_uppercase());
    let again = Phrase::parse(&written).expect("the same words");
    assert_eq!(
        again.key("", 7).expect("a key").address(),
        phrase.key("", 7).expect("a key").address()
    );
    assert!(!format!("{phrase:?}").contains(words[0]));
}

#[test]
fn words_that_are_no_phrase_are_refused_by_name() {
    let refused = |text: &str| Phrase::parse(text).expect_err("no phrase");
    let eleven = "abandon ".repeat(11);
    assert_eq!(refused(&eleven), PhraseError::WordCount { got: 11 });
    assert_eq!(refused(&"abandon ".repeat(12)), PhraseError::Checksum);
    assert_eq!(refused(&format!("{eleven} abouts")), PhraseError::UnknownWord { place: 12 });
    let phrase = Phrase::parse(&format!("{eleven} about")).expect("the published vector");
    let refused = |passphrase, index| phrase.key(passphrase, index).expect_err("no key");
    assert_eq!(refused("é", 0), PhraseError::PassphraseNotAscii);
    assert_eq!(refused("", 1 << 31), PhraseError::IndexTooLarge { got: 1 << 31 });
    let first = phrase.key("", 0).expect("a key").address();
    assert_eq!(first, address("0x9858effd232b4033e47d90003d41ec34ecaeda94"));
}
