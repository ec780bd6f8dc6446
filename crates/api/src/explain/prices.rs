//! The words of `prices`.

use earnest_protocol::prices::{OpenPriceRejected, SealPriceRejected};

use super::{Words, say};

pub(super) fn seal_price(rejected: SealPriceRejected) -> Words {
    match rejected {
        SealPriceRejected::FeedOff => feed_off(),
        SealPriceRejected::WrongEpoch { got, now } => say(
            format!("This is sealed for epoch {got}, and it is epoch {now}"),
            "The epoch ended before a block held it: read the epoch anew, and seal for that one.",
        ),
        SealPriceRejected::NotAValidator => not_a_validator(),
        SealPriceRejected::NotBegun { begins } => say(
            format!("The feed was turned on within this epoch; its first begins with {begins}"),
            "Seal a price once that epoch has opened.",
        ),
        SealPriceRejected::NoWeight { epoch } => say(
            format!("The validator had no stake that counts when epoch {epoch} opened"),
            "Bond at least its minimum, be released if it is jailed, and seal in the next epoch.",
        ),
        SealPriceRejected::AlreadySealed => say(
            "A price is sealed for this epoch",
            "Open it in the next epoch, or leave it sealed; one price an epoch.",
        ),
    }
}

pub(super) fn open_price(rejected: OpenPriceRejected) -> Words {
    match rejected {
        OpenPriceRejected::FeedOff => feed_off(),
        OpenPriceRejected::WrongEpoch { got, now } => say(
            format!("What was sealed in epoch {got} is not opened in epoch {now}"),
            "Open a price in the epoch after the one that it was sealed in.",
        ),
        OpenPriceRejected::NotAValidator => not_a_validator(),
        OpenPriceRejected::NothingSealed => say(
            "No price of that epoch is sealed by this validator",
            "Seal one in this epoch, and open it in the next.",
        ),
        OpenPriceRejected::AlreadyOpened => {
            say("The price of that epoch is open", "There is nothing to do until the next epoch.")
        }
        OpenPriceRejected::PriceMustBePositive => say(
            "The price is zero",
            "Name the price that was sealed; a price of zero can never be opened.",
        ),
        OpenPriceRejected::SealMismatch => say(
            "Price and salt are not those that were sealed",
            "Use the price, the salt, the epoch, the account and the network of the seal.",
        ),
    }
}

fn feed_off() -> Words {
    say(
        "This network has no price feed",
        "A vote can set `prices.average_epochs` where there are two assets.",
    )
}

fn not_a_validator() -> Words {
    say("The account has no validator", "Bond as a validator, or sign with the one that is.")
}
