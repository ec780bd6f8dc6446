//! Why insuring a job was refused. Ordered by precedence: the first that applies is returned.

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Height};

/// Why a job was not insured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum InsureJobRejected {
    /// This network insures nobody.
    NotOffered,
    /// No such job.
    JobNotFound,
    /// Whose job it is insures it, and nobody else.
    NotRequester,
    /// Nothing to insure.
    AmountMustBePositive,
    /// Bids are opened, or will be before a cover's waiting time is over.
    TooLate { height: Height, last: Height },
    /// It has a cover, which stays as it is.
    AlreadyInsured { cover: Amount },
    /// More than the least slash of this job is sure to let it pay (C16), or than one requester is
    /// paid in an epoch for one provider.
    ExceedsCoverMax { wanted: Amount, max: Amount },
    /// More than the pool has left to promise in this epoch.
    ExceedsPool { wanted: Amount, available: Amount },
    /// It costs more than the signer would pay.
    ExceedsPremiumMax { premium: Amount, max: Amount },
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}
