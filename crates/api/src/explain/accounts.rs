//! Words for what accounts do with their free money.

use earnest_protocol::accounts::TransferRejected;

use super::{Words, exceeds_free, say};

pub(super) fn transfer(rejected: TransferRejected) -> Words {
    match rejected {
        TransferRejected::AmountMustBePositive => {
            say("A transfer moves more than nothing", "Name an amount above zero.")
        }
        TransferRejected::NoSuchAsset => {
            say("This network has one asset, which pays and is bonded", "Name the asset `stake`.")
        }
        TransferRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The transfer is of", wanted, free)
        }
    }
}
