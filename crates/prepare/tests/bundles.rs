//! One bundle, one encoding.

use earnest_prepare::bundle::{Bundle, BundleRejected};
use proptest::prelude::*;

fn bundles() -> impl Strategy<Value = Bundle> {
    let word = "[a-z]{1,3}";
    (
        any::<[u8; 32]>(),
        prop::collection::vec("[a-zü ]{0,5}", 0..4),
        prop::collection::btree_map(word, "[a-z=]{0,4}", 0..4),
        prop::collection::vec(any::<u8>(), 0..20),
        prop::collection::btree_map(
            "[a-c]/[d-f]|[g-i]",
            prop::collection::vec(any::<u8>(), 0..9),
            0..6,
        ),
    )
        .prop_map(|(seed, arguments, environment, standard_input, files)| Bundle {
            seed,
            arguments,
            environment,
            standard_input,
            files,
        })
}

proptest! {
    #[test]
    fn what_was_said_is_read_again(bundle in bundles()) {
        let bytes = bundle.encode().expect("within the bounds");
        prop_assert_eq!(Bundle::decode(&bytes), Ok(bundle));
    }

    #[test]
    fn whatever_is_accepted_has_no_other_encoding(
        bundle in bundles(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = bundle.encode().expect("within the bounds");
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let shorter = &bytes[..cut.index(bytes.len())];
        for bytes in [&bytes[..], shorter] {
            if let Ok(read) = Bundle::decode(bytes) {
                prop_assert_eq!(read.encode().expect("it was accepted"), bytes);
            }
        }
    }
}

#[test]
fn paths_that_leave_the_folder_or_mean_two_things_are_refused() {
    let with = |paths: &[&str]| Bundle {
        files: paths.iter().map(|path| ((*path).to_owned(), Vec::new())).collect(),
        ..Bundle::default()
    };
    for path in ["/etc", "a/../b", "./a", "a//b", "a/", "", ".."] {
        let path = path.to_owned();
        assert_eq!(with(&[&path]).encode(), Err(BundleRejected::Path { path }));
    }
    let both = BundleRejected::FileAndFolder { path: "a".into() };
    assert_eq!(with(&["a", "a-b", "a/b"]).encode(), Err(both));
    let long = "x".repeat(256);
    assert!(matches!(with(&[&long]).encode(), Err(BundleRejected::TooMuch { .. })));
}

#[test]
fn a_header_that_promises_too_much_costs_nothing() {
    let mut bytes = Bundle::default().encode().expect("empty");
    for at in [40, 44, 48, 52, 56, 60] {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&[0xff; 4]);
        assert!(Bundle::decode(&changed).is_err(), "{at}");
    }
    bytes[64..72].copy_from_slice(&[0xff; 8]);
    assert_eq!(Bundle::decode(&bytes), Err(BundleRejected::TooShort));
}
