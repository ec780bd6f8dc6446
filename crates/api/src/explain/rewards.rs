//! The words of `rewards`.

use earnest_protocol::rewards::ClaimRewardsRejected;

use super::{Words, say, staking};

pub(super) fn claim_rewards(rejected: ClaimRewardsRejected) -> Words {
    match rejected {
        ClaimRewardsRejected::NotAnOperator => staking::not_an_operator(),
        ClaimRewardsRejected::NothingAccrued => say(
            "Nothing may be claimed for this role yet",
            "Shares of slashes accrue while a validator is active, and emission vests over epochs; \
             the operator's view says how much vests and when.",
        ),
    }
}
