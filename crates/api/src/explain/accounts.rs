//! Words for what accounts do with their free money and their keys.

use earnest_protocol::accounts::{AuthoriseKeyRejected, RevokeKeyRejected, TransferRejected};

use super::{Words, exceeds_free_of, say};

pub(super) fn transfer(rejected: TransferRejected) -> Words {
    match rejected {
        TransferRejected::AmountMustBePositive => {
            say("A transfer moves more than nothing", "Name an amount above zero.")
        }
        TransferRejected::NoSuchAsset => {
            say("This network has one asset, which pays and is bonded", "Name the asset `stake`.")
        }
        TransferRejected::ExceedsFree { wanted, free } => {
            exceeds_free_of("that asset", "The transfer is of", wanted, free)
        }
    }
}

pub(super) fn authorise_key(rejected: AuthoriseKeyRejected) -> Words {
    match rejected {
        AuthoriseKeyRejected::OwnKey => say(
            "This is the account's own key, which may do everything as it is",
            "Make another key for the daemon, and authorise that one.",
        ),
        AuthoriseKeyRejected::AlreadyExpired { expires, height } => say(
            format!("The key would have expired at height {expires}; now it is {height}"),
            "Name a later height in `expires`.",
        ),
        AuthoriseKeyRejected::KeysAtLimit { limit } => say(
            format!("The account has authorised {limit} keys, as many as it may"),
            "Revoke one that is not used, or wait until one expires.",
        ),
    }
}

pub(super) fn revoke_key(rejected: RevokeKeyRejected) -> Words {
    match rejected {
        RevokeKeyRejected::NotAuthorised => say(
            "The account has not authorised this key, or it has expired",
            "Nothing needs to be done; list the account's keys to see which count.",
        ),
    }
}
