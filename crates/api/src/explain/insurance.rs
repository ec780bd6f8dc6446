//! Words for covers.

use earnest_protocol::insurance::InsureJobRejected;

use super::{Words, exceeds_free, job_not_found, money, say};

pub(super) fn insure_job(rejected: InsureJobRejected) -> Words {
    match rejected {
        InsureJobRejected::NotOffered => say(
            "This network insures nobody",
            "Ask for more audits or auditors instead; `insurance.cover_share` is 0 here.",
        ),
        InsureJobRejected::JobNotFound => job_not_found(),
        InsureJobRejected::NotRequester => {
            say("A job is insured by whoever posted it", "Insure a job of yours.")
        }
        InsureJobRejected::AmountMustBePositive => {
            say("A cover is more than nothing", "Name an amount above zero.")
        }
        InsureJobRejected::TooLate { height, last } => say(
            format!("It is block {height}, and this job could be insured until block {last}"),
            "Insure the next one as soon as it is posted, before its bids are opened.",
        ),
        InsureJobRejected::AlreadyInsured { cover } => say(
            format!("This job has a cover of {}", money(cover)),
            "It stays as it is; cover all that you would lose at once.",
        ),
        InsureJobRejected::ExceedsCoverMax { wanted, max } => say(
            format!(
                "The cover would be {}, but a slash for this job is sure to allow {}",
                money(wanted),
                money(max)
            ),
            "Cover less, or post it with a policy that locks more collateral.",
        ),
        InsureJobRejected::ExceedsPool { wanted, available } => say(
            format!(
                "The cover would be {}, but the insurance has {} left for this epoch",
                money(wanted),
                money(available)
            ),
            "Cover less, or post the job again in another epoch.",
        ),
        InsureJobRejected::ExceedsPremiumMax { premium, max } => say(
            format!("The premium is {}, at most {} may be paid", money(premium), money(max)),
            "Allow a higher premium, or cover less.",
        ),
        InsureJobRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The premium is", wanted, free)
        }
    }
}
