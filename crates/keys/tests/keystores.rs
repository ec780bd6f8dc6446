//! Keystores: ours open again, the published ones open too, hostile ones are refused.

use earnest_keys::{
    Signer,
    keystore::{self, Cost, KeystoreError},
};
use proptest::{collection::vec, prelude::*};

/// The examples of the Web3 secret storage definition, and a password of both.
const PBKDF2: &str = r#"{
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3
}"#;
const SCRYPT: &str = r#"{
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3
}"#;
const SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

/// The same key under the same password, written by eth-account 0.14.0 with n = 2^12, r = 8.
const ETH_ACCOUNT: &str = include_str!("vectors/keystore.json");

#[test]
fn files_of_others_open() {
    let address = Signer::from_hex(SECRET).unwrap().address();
    for text in [PBKDF2, ETH_ACCOUNT] {
        assert_eq!(keystore::open(text, "testpassword").unwrap().address(), address);
        let refused = keystore::open(text, "testpassword ");
        assert!(matches!(refused, Err(KeystoreError::WrongPassword)));
    }
}

#[test]
fn scrypt_outside_its_own_definition_is_named_as_such() {
    // The published example has n = 2^18 with r = 1, where RFC 7914 allows n < 2^16.
    let why = keystore::open(SCRYPT, "testpassword").unwrap_err().to_string();
    assert!(why.contains("RFC 7914"), "{why}");
}

#[test]
fn a_written_key_opens_again_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::dev_key(3, "carol");
    let path = keystore::write(folder.path(), &signer, "open sesame", Cost::Development).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, format!("{}.dev-only.json", signer.address()));
    assert_eq!(keystore::read(&path, "open sesame").unwrap().address(), signer.address());
    assert!(matches!(keystore::read(&path, ""), Err(KeystoreError::WrongPassword)));
    let again = keystore::write(folder.path(), &signer, "another", Cost::Development);
    assert!(matches!(again, Err(KeystoreError::AlreadyExists { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no drafts stay behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_standard_cost_is_that_of_other_wallets() {
    let signer = Signer::dev_key(3, "dave");
    let text = keystore::seal(&signer, "correct horse", Cost::Standard).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["crypto"]["kdfparams"]["n"], 1 << 18);
    assert_eq!(file["crypto"]["kdfparams"]["r"], 8);
    assert_eq!(file["version"], 3);
    assert_eq!(keystore::open(&text, "correct horse").unwrap().address(), signer.address());
}

#[test]
fn hostile_files_cost_nothing() {
    let with = |from: &str, to: &str| {
        let text = ETH_ACCOUNT.replace(from, to);
        assert_ne!(text, ETH_ACCOUNT, "{from}");
        keystore::open(&text, "testpassword").err().map(|error| error.to_string())
    };
    let expensive = |(from, to)| {
        let why = with(from, to).unwrap();
        assert!(why.contains("too expensive"), "{why}");
    };
    for n in ["4294967296", "1099511627776", "18446744073709551615"] {
        expensive(("4096", n));
    }
    expensive(("\"r\": 8", "\"r\": 4294967295"));
    expensive(("\"p\": 1", "\"p\": 4294967295"));
    for (from, to) in [
        ("4096", "4095"),
        ("4096", "0"),
        ("\"r\": 8", "\"r\": 0"),
        ("\"p\": 1", "\"p\": 0"),
        ("\"dklen\": 32", "\"dklen\": 31"),
        ("aes-128-ctr", "aes-256-gcm"),
        ("\"scrypt\"", "\"argon2\""),
        ("\"version\": 3", "\"version\": 1"),
        ("445ef990", "445ef9"),
        ("ad214afb", "zz214afb"),
    ] {
        let why = with(from, to).unwrap();
        assert!(why.contains("not a keystore"), "{from} -> {to}: {why}");
    }
    for text in ["", "{}", "[]", "null", "{\"version\": 3}"] {
        assert!(matches!(keystore::open(text, ""), Err(KeystoreError::NotAKeystore { .. })));
    }
}

#[test]
fn a_file_that_lies_about_its_address_is_refused() {
    let signer = Signer::dev_key(3, "erin");
    let text = keystore::seal(&signer, "", Cost::Development).unwrap();
    let digits = &signer.address().to_string()[2..];
    let upper = text.replace(digits, &format!("0x{}", digits.to_uppercase()));
    assert_eq!(keystore::open(&upper, "").unwrap().address(), signer.address());
    let lie = text.replace(digits, &"0".repeat(40));
    assert!(matches!(keystore::open(&lie, ""), Err(KeystoreError::AddressMismatch { .. })));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert!(keystore::open(&String::from_utf8_lossy(&bytes), "").is_err());
    }
}
