//! The reverse auction: which opened bid is best, and what it is paid.
//!
//! Law: the order depends on prices, qualities and a draw made after bidding closed, never on
//! who came first. The winner's pay is at least what it asked.
//! Rounding: the second price down.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::{
    command::Auction,
    ids::JobId,
    num::{Amount, Ratio},
    seal,
};

use super::{BidState, Job};

/// An opened bid, ready to be compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) slot: u8,
    pub(crate) price: Amount,
    pub(crate) quality: Ratio,
}

/// The opened bids of `job`, best first; ties by a draw from the beacon after bidding.
pub(crate) fn rank(job: &Job, id: JobId) -> Vec<Offer> {
    let mut offers: Vec<Offer> = opened(job).collect();
    offers.sort_by(|a, b| {
        let tie = |offer: &Offer| seal::tie(&job.tie, id, job.bid(offer.slot).operator);
        compare(a, b).then_with(|| tie(a).cmp(&tie(b)))
    });
    offers
}

fn opened(job: &Job) -> impl Iterator<Item = Offer> + '_ {
    job.slots().filter_map(|slot| offer(job, slot))
}

/// The opened bid in `slot`, if it is still in the race.
pub(crate) fn offer(job: &Job, slot: u8) -> Option<Offer> {
    match job.bid(slot).state {
        BidState::Revealed { price, quality, .. } => Some(Offer { slot, price, quality }),
        BidState::Sealed | BidState::Released => None,
    }
}

/// What the best remaining bid would be paid, and its slot.
pub(crate) fn next_price(job: &Job, kind: Auction, ceiling: Amount) -> Option<(u8, Amount)> {
    let mut offers = job.ranks.iter().filter_map(|slot| offer(job, *slot));
    let winner = offers.next()?;
    let beyond = job.beyond.map(|(price, quality)| Offer { slot: winner.slot, price, quality });
    Some((winner.slot, pay(kind, winner, offers.next().or(beyond), ceiling)))
}

/// By price / quality, compared by cross-multiplication.
fn compare(a: &Offer, b: &Offer) -> Ordering {
    let side = |price: Amount, quality: Ratio| {
        u128::from(price.units()).wrapping_mul(u128::from(quality.parts())) // 63 + 30 bits.
    };
    side(a.price, b.quality).cmp(&side(b.price, a.quality))
}

/// What `winner` is paid when `next` is the best of the others (M25).
pub(crate) fn pay(kind: Auction, winner: Offer, next: Option<Offer>, ceiling: Amount) -> Amount {
    match (kind, next) {
        (Auction::FirstPrice, _) => winner.price,
        // The ceiling stands for the price of a second bid that is not there: else a second bond
        // that bids the ceiling would be worth having (p10 of the review, ADR 24).
        (Auction::SecondPrice, None) => ceiling,
        (Auction::SecondPrice, Some(next)) => {
            let fair = next.price.share_floor(winner.quality.parts(), next.quality.parts());
            // Down; cross-multiplication put the winner first, so only the floor can undercut it.
            fair.unwrap_or(ceiling).min(ceiling).max(winner.price)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(slot: u8, price: u64, quality: u64) -> Offer {
        Offer {
            slot,
            price: Amount::new(price).expect("small"),
            quality: Ratio::new(quality).expect("a share"),
        }
    }

    #[test]
    fn the_second_price_weighs_quality_as_the_mechanism_works_it_out() {
        // M25: 30 / .9497 beats 10 / .2789 and is paid 34.05, not 10.
        let veteran = offer(0, 30_000_000_000, 949_737_000);
        let newcomer = offer(1, 10_000_000_000, 278_936_000);
        assert_eq!(compare(&veteran, &newcomer), Ordering::Less);
        let paid = pay(Auction::SecondPrice, veteran, Some(newcomer), Amount::tokens(100));
        assert_eq!(paid.units() / 10_000_000, 3_404);
        assert_eq!(pay(Auction::FirstPrice, veteran, Some(newcomer), Amount::MAX), veteran.price);
        let ceiling = Amount::tokens(100);
        assert_eq!(pay(Auction::SecondPrice, veteran, None, ceiling), ceiling);
    }

    #[test]
    fn nobody_is_paid_above_the_ceiling_or_below_its_own_price() {
        let cheap = offer(0, 10, 1_000_000_000);
        let dear = offer(1, 1_000, 500_000_000);
        assert_eq!(pay(Auction::SecondPrice, cheap, Some(dear), Amount::tokens(0)), cheap.price);
        let ceiling = Amount::new(900).expect("small");
        assert_eq!(pay(Auction::SecondPrice, cheap, Some(dear), ceiling), ceiling);
    }
}
