//! Credits: what tests of conversions share, and a slow, obvious book of them, kept from events
//! and movements alone, in wide numbers.
//!
//! Law: whoever converts gets what the worst of price, average and what was said makes of it, less
//! the spread; no
//! epoch burns or gives back more than its share; nobody redeems more than it earned, where that
//! counts; and all that was ever given back was burnt for credits before.

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Amount, Asset, Command, Epoch, Event, Factor, Ratio, RawParams, State,
    command::{MintCredits, RedeemCredits},
    credits::{MintTerms, RedeemTerms},
    ledger::{Movement, Pot, Reason},
    num::PARTS,
};

use crate::{prices, world::World};

const WHOLE: u128 = PARTS as u128;

/// A world of two assets with a feed, whose epochs may burn and give back a tenth, at a spread of a
/// per cent, to anybody; a credit is enough for a conversion, and what the genesis issued to pay
/// with stops nothing.
pub fn world() -> World {
    world_with(|_| {})
}

/// The same, changed.
pub fn world_with(change: impl FnOnce(&mut RawParams)) -> World {
    prices::world_with(|raw| {
        raw.credits.mint_share = Ratio::percent(10);
        raw.credits.redeem_share = Ratio::percent(10);
        raw.credits.redeemers = 1;
        raw.credits.spread = Ratio::percent(1);
        raw.credits.least = Amount::tokens(1);
        (raw.credits.warn_ratio, raw.credits.halt_ratio) = (Ratio::ZERO, Ratio::ZERO);
        change(raw);
    })
}

/// What burns so many units of stake, for whatever it mints.
pub fn mint(stake: Amount) -> Command {
    Command::MintCredits(MintCredits { stake, credits_min: Amount::ZERO })
}

/// What burns so many units that pay, for whatever it gives.
pub fn redeem(credits: Amount) -> Command {
    Command::RedeemCredits(RedeemCredits { credits, stake_min: Amount::ZERO })
}

/// What `name` has free of stake and of credits, in base units.
pub fn held(world: &World, name: &str) -> (u64, u64) {
    let of = |asset| world.state.balance(Pot::Free(world.id(name), asset)).units();
    (of(Asset::Stake), of(Asset::Payment))
}

/// The genesis parameters of a machine with credits: its genesis issued most of what pays, so that
/// credits are halted at first, then slowed, then not.
pub fn machine(raw: &mut RawParams) {
    raw.credits.mint_share = Ratio::percent(2);
    raw.credits.redeem_share = Ratio::percent(10);
    raw.credits.spread = Ratio::percent(1);
    raw.credits.least = Amount::new(1_000).expect("small");
    raw.credits.warn_ratio = Ratio::new(20_000_000).expect("small");
    raw.credits.halt_ratio = Ratio::new(1_000_000).expect("small");
}

/// What follows from what was converted.
#[derive(Clone, Debug, Default)]
pub struct Book {
    burnt: u128,
    returned: u128,
    epoch: Epoch,
    /// The backing when this epoch opened, and what it has burnt and given back.
    opened: u128,
    epoch_burnt: u128,
    epoch_returned: u128,
    /// All that was earned, and what of it was redeemed.
    earned: BTreeMap<AccountId, (u128, u128)>,
}

impl Book {
    /// Follows what one block's opening or one command did; `state` is that after it.
    pub fn follow(&mut self, events: &[Event], movements: &[Movement], state: &State) {
        if state.epoch() != self.epoch {
            self.epoch = state.epoch();
            self.opened = self.burnt - self.returned;
            (self.epoch_burnt, self.epoch_returned) = (0, 0);
        }
        for Movement { target, amount, reason, .. } in movements {
            let Pot::Free(account, Asset::Payment) = *target else { continue };
            if matches!(reason, Reason::Price | Reason::AuditFee | Reason::DelegationRewardPaid) {
                self.earned.entry(account).or_default().0 += u128::from(amount.units());
            }
        }
        for event in events {
            match *event {
                Event::CreditsMinted { account, credits, terms } => {
                    self.minted(account, (credits, terms), movements, state);
                }
                Event::CreditsRedeemed { account, stake, terms } => {
                    self.redeemed(account, (stake, terms), movements, state);
                }
                _ => {}
            }
        }
        let row = state.credits();
        let told = [row.stake_burnt, row.stake_returned, row.backing()].map(wide);
        assert_eq!(told, [self.burnt, self.returned, self.burnt - self.returned]);
        for (account, (earned, redeemed)) in &self.earned {
            let row = state.account(*account).expect("it was paid");
            assert!(wide(row.earned) + redeemed <= *earned, "{account} has earned less");
        }
    }

    fn minted(
        &mut self,
        account: AccountId,
        (credits, terms): (Amount, MintTerms),
        movements: &[Movement],
        state: &State,
    ) {
        let MintTerms { stake, price, spread } = terms;
        let rules = state.params().credits();
        assert_eq!(wide_factor(price), prices_of(state).0, "the worse for whoever burns");
        assert_eq!(spread, rules.spread);
        let gross = wide(stake) * wide_factor(price) / WHOLE;
        assert_eq!(wide(credits), gross * complement(spread) / WHOLE);
        assert!(credits >= rules.least);
        moved(movements, account, (Asset::Stake, stake), (Asset::Payment, credits));
        self.burnt += wide(stake);
        self.epoch_burnt += wide(stake);
        let supply = wide(state.supply(Asset::Stake)) + self.epoch_burnt;
        let most = supply * u128::from(rules.mint_share.parts()) / WHOLE;
        assert!(self.epoch_burnt <= most, "an epoch burns its share: {most}");
    }

    fn redeemed(
        &mut self,
        account: AccountId,
        (stake, terms): (Amount, RedeemTerms),
        movements: &[Movement],
        state: &State,
    ) {
        let RedeemTerms { credits, price, spread } = terms;
        let rules = state.params().credits();
        let (least, most) = prices_of(state);
        assert_eq!(wide_factor(price), most, "the worse for whoever is given");
        assert_eq!(spread, rules.spread);
        let net = wide(credits) * complement(spread) / WHOLE;
        assert_eq!(wide(stake), net * WHOLE / wide_factor(price));
        assert!(credits >= rules.least);
        moved(movements, account, (Asset::Payment, credits), (Asset::Stake, stake));
        // As it stood before: what pays was there, and what backs it.
        let supply = wide(state.supply(Asset::Payment)) + wide(credits);
        let ratio = (self.burnt - self.returned) * least / supply;
        assert!(ratio >= u128::from(rules.halt_ratio.parts()), "halted at {ratio}");
        let steps = u128::from(rules.warn_ratio.parts()).saturating_sub(ratio) / 1_000_000;
        let mut slow = 1.0f64;
        (0..steps).for_each(|_| slow *= 1.0 + rules.warn_growth.parts() as f64 / PARTS as f64);
        let whole = self.opened * u128::from(rules.redeem_share.parts()) / WHOLE;
        self.epoch_returned += wide(stake);
        let room = whole as f64 / slow;
        assert!(self.epoch_returned as f64 <= room * (1.0 + 1e-9) + 1.0, "its share: {room}");
        self.returned += wide(stake);
        assert!(self.returned <= self.burnt, "nothing is given back that was not burnt");
        let (earned, redeemed) = self.earned.entry(account).or_default();
        let left = *earned - *redeemed;
        assert!(
            !rules.counts_earned() || wide(credits) <= left,
            "{account} redeems what it earned"
        );
        // Where anybody redeems, what was earned goes first.
        *redeemed += wide(credits).min(left);
    }
}

/// What an account gave went into the fire, and what it got came out of nothing.
fn moved(
    movements: &[Movement],
    account: AccountId,
    (gave, given): (Asset, Amount),
    (got, gotten): (Asset, Amount),
) {
    let [burn, issue] = movements[movements.len() - 2..] else { panic!("two move") };
    let (source, target) = (Pot::Free(account, gave), Pot::Burnt(gave));
    assert_eq!((burn.source, burn.target, burn.amount), (source, target, given));
    let (source, target) = (Pot::Burnt(got), Pot::Free(account, got));
    assert_eq!((issue.source, issue.target, issue.amount), (source, target, gotten));
}

/// The least and the most of the last price, the average and what was said, by hand.
fn prices_of(state: &State) -> (u128, u128) {
    let feed = state.price_feed().expect("nothing is converted without a price");
    assert_eq!(state.epoch(), feed.counted, "nor by one of an epoch before");
    let (sum, count) = (feed.past.iter().map(|p| wide_factor(*p)).sum::<u128>(), feed.past.len());
    let (last, count) = (wide_factor(feed.price), count as u128);
    let said = wide_factor(feed.said);
    (last.min(sum / count).min(said), last.max(sum.div_ceil(count)).max(said))
}

fn wide(amount: Amount) -> u128 {
    amount.units().into()
}

fn wide_factor(factor: Factor) -> u128 {
    factor.parts().into()
}

fn complement(ratio: Ratio) -> u128 {
    WHOLE - u128::from(ratio.parts())
}

/// A world in which a price of so many hundredths has counted for as long as the average spans.
pub fn priced(mut world: World, cents: u64) -> World {
    prices::next_epoch(&mut world);
    steadily(&mut world, cents);
    world
}

/// Every validator posts this price, until the average has nothing else in it.
pub fn steadily(world: &mut World, cents: u64) {
    let price = prices::cents(cents);
    for _ in 0..80 {
        let feed = world.state.price_feed();
        if feed.is_some_and(|feed| feed.past.len() == 4 && feed.past.iter().all(|p| *p == price)) {
            return;
        }
        prices::agree(world, price, 1);
    }
    panic!("no price came to {cents}: {:?}", world.state.price_feed());
}
