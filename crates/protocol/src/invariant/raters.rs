//! The law of raters: each row is its operator's, found by its requester, and leaves in time.

use super::Broken;
use crate::{num::Factor, state::State};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let reputation = &state.reputation;
    for (rater, row) in state.raters() {
        let is_listed = reputation.rater(row.pair()) == Some(rater);
        if !is_listed || row.weight == Factor::ZERO || row.leaves <= state.epoch() {
            return Err(Broken::Rater { rater });
        }
    }
    let count = |rows| u64::try_from(rows).unwrap_or(u64::MAX);
    let (recorded, found) = (count(reputation.listed()), count(reputation.raters.live()));
    if recorded == found { Ok(()) } else { Err(Broken::Raters { recorded, found }) }
}
