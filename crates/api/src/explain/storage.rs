//! Words for bytes that the network keeps.

use earnest_protocol::storage::KeepDataRejected;

use super::{Words, exceeds_free, say};

pub(super) fn keep_data(rejected: KeepDataRejected) -> Words {
    match rejected {
        KeepDataRejected::SizeMustBePositive => {
            say("Nothing is to be kept", "Name the kibibytes that the bytes take, in blocks of 4.")
        }
        KeepDataRejected::SizeMustBeWholeBlocks { wanted_kib, block_kib } => say(
            format!("{wanted_kib} KiB are to be kept, which are not whole blocks of {block_kib}"),
            "Count each file in whole blocks, and name their sum.",
        ),
        KeepDataRejected::TimeMustBePositive => {
            say("The bytes are to be kept for no time", "Name at least one block.")
        }
        KeepDataRejected::TooLong { wanted, max } => say(
            format!(
                "The bytes are to be kept for {wanted} blocks, at most {max} may be paid at once"
            ),
            "Ask for less, and keep them again before they lapse.",
        ),
        KeepDataRejected::RoomFull { wanted_kib, free_kib } => say(
            format!("{wanted_kib} KiB are to be kept, the network has room for {free_kib} more"),
            "Wait until others' bytes lapse, or keep fewer.",
        ),
        KeepDataRejected::ExceedsPriceMax { price, max } => say(
            format!("Keeping the bytes costs {price} base units now, at most {max} may be paid"),
            "Wait until others' bytes lapse, keep less, or allow a higher price.",
        ),
        KeepDataRejected::ExceedsFree { wanted, free } => {
            exceeds_free("Keeping the bytes costs", wanted, free)
        }
    }
}
