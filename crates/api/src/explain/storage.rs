//! Words for bytes that the network keeps and programs that it holds.

use earnest_protocol::storage::{KeepDataRejected, PublishProgramRejected, RetireProgramRejected};

use super::{Words, exceeds_free, money, say};

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
            format!(
                "Keeping the bytes costs {} now, at most {} may be paid",
                money(price),
                money(max)
            ),
            "Wait until others' bytes lapse, keep less, or allow a higher price.",
        ),
        KeepDataRejected::ExceedsFree { wanted, free } => {
            exceeds_free("Keeping the bytes costs", wanted, free)
        }
    }
}

pub(super) fn publish_program(rejected: PublishProgramRejected) -> Words {
    match rejected {
        PublishProgramRejected::SizeOutOfRange { wanted, min, max } if max < min => say(
            format!("The program has {wanted} bytes; this network takes no ordinary programs"),
            "Its chain.referee_gas leaves nothing beside market.step_gas_max to admit one with; a \
             vote may raise the first or lower the second.",
        ),
        PublishProgramRejected::SizeOutOfRange { wanted, min, max } => say(
            format!("The program has {wanted} bytes; this network takes {min} to {max}"),
            "Compile it for size, as with -Oz -s; a network of longer blocks takes larger ones.",
        ),
        PublishProgramRejected::AlreadyPublished => say(
            "This program is on the ledger already",
            "Post the job; if you had begun to publish it, retire that and have your deposit back.",
        ),
        PublishProgramRejected::SizeChanged { wanted, begun } => say(
            format!("The program is said to have {wanted} bytes, but was begun with {begun}"),
            "Go on with the number it was begun with, or retire what is there and begin again.",
        ),
        PublishProgramRejected::PartNotNext { part, next } => say(
            format!("Part {part} came, but part {next} is next"),
            "Send the parts in order, from 0.",
        ),
        PublishProgramRejected::PartOfOtherSize { got, wanted } => say(
            format!("The part has {got} bytes, but must have {wanted}"),
            "Cut the program into parts of 262144 bytes; the last has what is left.",
        ),
        PublishProgramRejected::RoomFull { wanted_kib, free_kib } => say(
            format!("The program takes {wanted_kib} KiB, the network has room for {free_kib} more"),
            "Wait until somebody retires a program, or publish a smaller one.",
        ),
        PublishProgramRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The deposit for the program is", wanted, free)
        }
    }
}

pub(super) fn retire_program(rejected: RetireProgramRejected) -> Words {
    match rejected {
        RetireProgramRejected::NotPublished => say(
            "There is no such program on the ledger",
            "Look at the programs that there are; a program is named by its prepared bytes' hash.",
        ),
        RetireProgramRejected::NotThePublisher => say(
            "Somebody else published this program",
            "Only who published it takes it from the ledger.",
        ),
        RetireProgramRejected::NamedByJobs { jobs } => {
            say(format!("{jobs} open jobs name this program"), "Wait until they are closed.")
        }
    }
}
