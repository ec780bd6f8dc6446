//! The laws of credits: none of one asset, and no more stake given back than was burnt.

use super::Broken;
use crate::{
    credits::Credits,
    ids::Asset,
    ledger::{Assets, Pot},
    state::State,
};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let credits = *state.credits();
    let Credits { stake_burnt, stake_returned, minted, redeemed, .. } = credits;
    let Credits { epoch, epoch_burnt, epoch_returned, .. } = credits;
    let is_blank = credits == Credits::default();
    let is_counted = stake_burnt <= state.balance(Pot::Burnt(Asset::Stake))
        && stake_returned <= state.issued(Asset::Stake)
        && minted <= state.issued(Asset::Payment)
        && redeemed <= state.balance(Pot::Burnt(Asset::Payment))
        && epoch <= state.epoch()
        && epoch_burnt <= stake_burnt
        && epoch_returned <= stake_returned;
    let holds = match state.assets() {
        Assets::Single => is_blank,
        Assets::Dual => is_counted,
    };
    if stake_returned > stake_burnt {
        let (returned, burnt) = (stake_returned, stake_burnt);
        return Err(Broken::CreditsUnbacked { returned, burnt });
    }
    if holds { Ok(()) } else { Err(Broken::Credits) }
}
