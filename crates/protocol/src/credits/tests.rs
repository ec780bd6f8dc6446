//! Credits by hand, and against what others publish.

use super::{MintTerms, RedeemTerms, Room, params::CreditsParams, slowdown, steps};
use crate::num::{Amount, Factor, Ratio};

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

/// Parts per billion.
fn price(parts: u64) -> Factor {
    Factor::new(parts).expect("small")
}

/// 3 units that pay for one that is bonded.
const THREE: u64 = 3_000_000_000;

fn redeemed(credits: u64, parts: u64, spread: Ratio) -> u64 {
    let terms = RedeemTerms { credits: units(credits), price: price(parts), spread };
    terms.stake().expect("small").units()
}

fn room(backing: u64, parts: u64, supply: u64) -> Room {
    let (backing, supply) = (units(backing), units(supply));
    Room { backing, opened: backing, supply, price: price(parts), returned: Amount::ZERO }
}

/// BME1, Akash (`x/bme/keeper/burn_mint_test.go`), at a price of 3.
#[test]
fn bme1_a_million_at_three_dollars() {
    assert_eq!(redeemed(1_000_000, THREE, Ratio::ZERO), 333_333);
    assert_eq!(redeemed(1_000_000, THREE, Ratio::percent(1)), 330_000, "100 basis points");
    assert_eq!(redeemed(4, THREE, Ratio::ZERO), 1);
    // Akash gives nothing for 3, since it multiplies by a third, down: 0.999999999999999999. We
    // divide once, by the price, and 3 at 3 is 1. With a spread it is nothing here, too.
    assert_eq!(redeemed(3, THREE, Ratio::ZERO), 1);
    assert_eq!(redeemed(3, THREE, Ratio::percent(1)), 0);
    assert_eq!(redeemed(3, THREE + 1, Ratio::ZERO), 0);
}

/// AK6, Akash's wait between conversions, 10 blocks at first: ours is the same number of times
/// less in an epoch. Akash ends at 14,400 blocks, we where nothing is given back any more.
#[test]
fn ak6_each_thousandth_below_the_warning_slows_by_a_tenth() {
    let blocks = [0, 1, 10, 50].map(|s| slowdown(Ratio::percent(10), s).amount_floor(units(10)));
    assert_eq!(blocks, [10, 11, 25, 1173].map(|count| Some(units(count))));
    // The same of an epoch's room: a hundredth of a backing of 10^9 at a ratio of 0.95 − s/1000.
    let params = CreditsParams { redeem_share: Ratio::percent(1), ..CreditsParams::default() };
    for (s, left) in [(0, 10_000_000), (1, 9_090_909), (10, 3_855_432), (50, 85_185)] {
        let room = room(1_000_000_000, 950_000_000 - s * 1_000_000, 1_000_000_000);
        assert_eq!(steps(params.warn_ratio, room.ratio()), s);
        assert_eq!(room.left(&params), units(left), "{s}");
    }
    let below = room(1_000_000_000, 899_999_999, 1_000_000_000);
    assert!(below.is_halted(&params) && below.left(&params).is_zero());
}

/// AK7, Akash's collateral ratio.
#[test]
fn ak7_a_ratio_of_five_sixths_halts() {
    let (params, room) = (CreditsParams::default(), room(1_000_000, 500_000_000, 600_000));
    assert_eq!(room.ratio(), price(833_333_333));
    assert!(room.is_halted(&params) && room.is_slowed(&params));
}

#[test]
fn of_no_credits_the_ratio_is_the_most_there_is() {
    let params = CreditsParams { redeem_share: Ratio::percent(1), ..CreditsParams::default() };
    for backing in [0, 1_000] {
        let room = room(backing, 500_000_000, 0);
        assert_eq!((room.ratio(), room.is_slowed(&params)), (Factor::MAX, false));
        assert_eq!(room.left(&params), units(backing / 100));
    }
    // So it is where the worth exceeds any amount, and none where nothing is behind them.
    assert_eq!(room(u64::MAX >> 1, Factor::MAX.parts(), 1).ratio(), Factor::MAX);
    assert_eq!(room(0, THREE, 1).ratio(), Factor::ZERO);
}

/// Nobody has more after a mint and a redemption, in however many pieces, than before.
#[test]
fn there_and_back_never_gains() {
    let spreads = [Ratio::ZERO, Ratio::percent(1), CreditsParams::default().spread];
    let prices = [1, 999, 333_333_333, 1_000_000_000, THREE, THREE + 1, 10u64.pow(15)];
    for spread in spreads {
        for parts in prices {
            for stake in [1, 2, 3, 10, 999_999_937, 7_777_777_777] {
                let price = price(parts);
                let mint = |stake: u64| {
                    let terms = MintTerms { stake: units(stake), price, spread };
                    terms.credits().map(Amount::units)
                };
                let Some(whole) = mint(stake) else { continue };
                let halves = mint(stake / 2).and_then(|half| Some(half + mint(stake - stake / 2)?));
                assert!(halves <= Some(whole), "{stake} at {parts} in two");
                let back = redeemed(whole, parts, spread);
                let parted =
                    redeemed(whole / 3, parts, spread) + redeemed(whole - whole / 3, parts, spread);
                assert!(parted <= back && back <= stake, "{stake} at {parts}: {back}");
            }
        }
    }
}

#[test]
fn a_supply_has_an_end() {
    let terms = MintTerms { stake: Amount::MAX, price: price(THREE), spread: Ratio::ZERO };
    assert_eq!(terms.credits(), None);
    let terms = RedeemTerms { credits: Amount::MAX, price: price(1), spread: Ratio::ZERO };
    assert_eq!(terms.stake(), None);
    let terms = RedeemTerms { credits: units(1), price: Factor::ZERO, spread: Ratio::ZERO };
    assert_eq!(terms.stake(), None, "nobody says so, and it would be nothing by nothing");
    assert_eq!(slowdown(Ratio::percent(10), u64::MAX), Factor::MAX, "and in few steps");
}
