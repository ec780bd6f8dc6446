//! Views of credits: what they are minted and redeemed at, what backs them, and how far.
//!
//! Law: as of all views, nothing is said that the state does not say. Prices and ratios are in
//! parts per billion, amounts in base units.

use earnest_protocol::{
    Amount, Asset, Epoch, Factor, Ratio, State, credits::Room, ledger::Assets,
    params::CreditsParams,
};
use serde::{Deserialize, Serialize};

/// Credits, as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditsView {
    /// May any be minted now?
    pub minting: Conversion,
    /// May any be redeemed now?
    pub redeeming: Conversion,
    /// The epoch of the state that this is of.
    pub epoch: Epoch,
    /// What a unit of stake that is burnt counts for; none without a price.
    pub mint_price: Option<Factor>,
    /// What a unit of stake that is given back costs; none without a price.
    pub redeem_price: Option<Factor>,
    /// What each conversion gives less.
    pub spread: Ratio,
    /// May whoever worked alone redeem, as much as it earned?
    pub earned_only: bool,
    /// The stake behind all credits: burnt for them, less given back.
    pub backing: Amount,
    /// All credits there are.
    pub supply: Amount,
    /// The worth of the backing over all credits, at most a million; none without a price.
    pub ratio: Option<Factor>,
    /// Stake that this epoch may yet burn for credits.
    pub mint_left: Amount,
    /// Stake that it may yet give back.
    pub redeem_left: Amount,
    /// Where units of both assets came from and went by conversions, since the network began.
    pub flows: CreditFlows,
    /// The same of the last epoch in which anything was converted, of stake alone.
    pub last: CreditEpoch,
}

/// Whether something may be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// It may.
    Open,
    /// It may, less of it than at other times.
    Slowed,
    /// Credits are backed too badly.
    Halted,
    /// No price counted when this epoch opened.
    NoPrice,
    /// The network's parameters let nobody.
    Off,
}

/// Sources and sinks, summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditFlows {
    /// Stake burnt for credits.
    pub stake_burnt: Amount,
    /// Stake given back for credits.
    pub stake_returned: Amount,
    /// Credits minted.
    pub minted: Amount,
    /// Credits redeemed.
    pub redeemed: Amount,
}

/// What one epoch converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditEpoch {
    /// Which.
    pub epoch: Epoch,
    /// Stake burnt for credits in it.
    pub stake_burnt: Amount,
    /// Stake given back in it.
    pub stake_returned: Amount,
}

/// Credits as they stand.
pub fn credits(state: &State) -> CreditsView {
    let (params, row) = (*state.params().credits(), *state.credits());
    let prices = state.credit_prices().ok();
    let room = prices.map(|prices| state.redeem_room(prices.least));
    let is_dual = state.assets() == Assets::Dual;
    let converts = |share: Ratio| match (share > Ratio::ZERO && is_dual, room) {
        (false, _) => Conversion::Off,
        (true, None) => Conversion::NoPrice,
        (true, Some(_)) => Conversion::Open,
    };
    let redeeming = match (converts(params.redeem_share), &room) {
        (Conversion::Open, Some(room)) => redeeming(room, &params),
        (closed, _) => closed,
    };
    CreditsView {
        minting: converts(params.mint_share),
        redeeming,
        epoch: state.epoch(),
        mint_price: prices.map(|prices| prices.least),
        redeem_price: prices.map(|prices| prices.most),
        spread: params.spread,
        earned_only: params.counts_earned(),
        backing: row.backing(),
        supply: if is_dual { state.supply(Asset::Payment) } else { Amount::ZERO },
        ratio: room.map(|room| room.ratio()),
        mint_left: state.mint_room(),
        redeem_left: room.map_or(Amount::ZERO, |room| room.left(&params)),
        flows: CreditFlows {
            stake_burnt: row.stake_burnt,
            stake_returned: row.stake_returned,
            minted: row.minted,
            redeemed: row.redeemed,
        },
        last: CreditEpoch {
            epoch: row.epoch,
            stake_burnt: row.epoch_burnt,
            stake_returned: row.epoch_returned,
        },
    }
}

fn redeeming(room: &Room, params: &CreditsParams) -> Conversion {
    match (room.is_halted(params), room.is_slowed(params)) {
        (true, _) => Conversion::Halted,
        (false, true) => Conversion::Slowed,
        (false, false) => Conversion::Open,
    }
}
