//! Why a command about rewards was refused. Ordered by precedence: the first that applies is
//! returned.

use serde::{Deserialize, Serialize};

/// Why collecting rewards was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum ClaimRewardsRejected {
    /// The account has no operator of this role.
    NotAnOperator,
    /// Nothing has accrued, or nothing of it may be claimed yet.
    NothingAccrued,
}
