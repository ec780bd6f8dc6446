//! Signers: secrets are checked and never shown, and one hash has one signature.

use earnest_keys::{SignatureRejected, Signer, recover};
use earnest_protocol::Digest;

#[test]
fn secrets_are_checked_and_never_shown() {
    assert!(Signer::from_bytes(&[0; 32]).is_err());
    assert!(Signer::from_bytes(&[0xff; 32]).is_err());
    assert!(Signer::from_hex("0x12").is_err());
    let mut secret = [0; 32];
    secret[31] = 1;
    let signer = Signer::from_bytes(&secret).expect("1 is a secret key");
    // The address of secret 1 is known to everybody.
    assert_eq!(signer.address().to_string(), "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    assert_eq!(format!("{signer:?}"), "Signer(0x7e5f4552091a69125d5dfcb7b8c2659029395bdf)");
}

#[test]
fn development_keys_depend_on_seed_and_name_alone() {
    let key = |seed, name| Signer::dev_key(seed, name).address();
    assert_eq!(key(1, "alice"), key(1, "alice"));
    assert_ne!(key(1, "alice"), key(2, "alice"));
    assert_ne!(key(1, "alice"), key(1, "bob"));
    assert_eq!(key(0, "alice").to_string(), "0xef6a325b525bee971767dec1e4944f20ae8fed63");
}

#[test]
fn a_signature_names_its_signer_over_its_own_hash_alone() {
    let alice = Signer::dev_key(1, "alice");
    let signature = alice.sign(&Digest([7; 32]));
    assert_eq!(signature, alice.sign(&Digest([7; 32])));
    assert_eq!(recover(&Digest([7; 32]), &signature), Ok(alice.address()));
    assert_ne!(recover(&Digest([8; 32]), &signature), Ok(alice.address()));
    let refused = Err(SignatureRejected::RecoveryIdOutOfRange { got: 0 });
    assert_eq!(recover(&Digest([7; 32]), &[0; 65]), refused);
}
