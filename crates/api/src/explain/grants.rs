//! The words of `grants`.

use earnest_protocol::grants::{ClaimGrantRejected, ClaimListedRejected};

use super::{Words, money, say};

pub(super) fn claim_grant(rejected: ClaimGrantRejected) -> Words {
    match rejected {
        ClaimGrantRejected::NoGrant => say(
            "The genesis granted this account nothing",
            "Claim with the key of an account that it names; `earnest query grants` counts them.",
        ),
        ClaimGrantRejected::AmountMustBePositive => {
            say("Nothing was claimed", "Claim more than nothing.")
        }
        ClaimGrantRejected::BeforeCliff { cliff, now } => say(
            format!("Nothing of the grant is free before height {cliff}, and it is {now}"),
            "Wait for that block.",
        ),
        ClaimGrantRejected::ExceedsReleased { wanted, released } => say(
            format!(
                "{} were claimed, and {} have come free and were not",
                money(wanted),
                money(released)
            ),
            "Claim less, or wait: more comes free with each block.",
        ),
    }
}

pub(super) fn claim_listed(rejected: ClaimListedRejected) -> Words {
    match rejected {
        ClaimListedRejected::NoList => say(
            "The genesis of this network names no list",
            "Check that you claim on the network that the list is of.",
        ),
        ClaimListedRejected::Closed { closed, now } => say(
            format!("The list closed at height {closed}, and it is {now}"),
            "Nothing can be done: what was left is the treasury's, of which a vote may give.",
        ),
        ClaimListedRejected::NoSuchPlace { place, places } => say(
            format!("The list has {places} places, counted from 0, and no place {place}"),
            "Take the place from the list itself: `earnest grants fetch FILE` does.",
        ),
        ClaimListedRejected::AlreadyClaimed { place } => say(
            format!("Place {place} of the list was paid to its address"),
            "Nothing needs to be done: anybody may have asked for it.",
        ),
        ClaimListedRejected::ProofMismatch => say(
            "The list has no such entry at that place",
            "Claim with the very file that the genesis' root was made of.",
        ),
        ClaimListedRejected::ExceedsLeft { wanted, left } => say(
            format!("The entry is of {}, and {} are left for all", money(wanted), money(left)),
            "The genesis put aside less than its list names; ask whoever wrote it.",
        ),
    }
}
