//! Prices: what tests of the feed share, and a slow, obvious book of it, kept from events and
//! stakes alone, in wide numbers.
//!
//! Law: whatever the rules say of a price follows from what was sealed and opened before, and from
//! the stake as it stood at the end of the block before an epoch.

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Command, Digest, Epoch, Epochs, Event, Factor, Params, Rejected, Role, State,
    command::{OpenPrice, SealPrice},
    ledger::Assets,
    num::PARTS,
    prices::Post,
    seal,
};

use crate::world::World;

/// All validators of a world.
pub const ALL: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// A world of two assets, of epochs of 50 blocks: an average of four, steps of 10 %, a haircut of
/// 20 %, stale after three; both assets are worth the same until a price counts.
pub fn world() -> World {
    world_with(|_| {})
}

/// The same, changed.
pub fn world_with(change: impl FnOnce(&mut earnest_protocol::RawParams)) -> World {
    let mut raw = crate::votes::params();
    raw.prices.average_epochs = Epochs::new(4);
    raw.prices.stale_epochs = Epochs::new(3);
    raw.prices.step = earnest_protocol::Ratio::percent(10);
    change(&mut raw);
    World::with_assets(raw, Assets::Dual)
}

/// Hundredths as a price.
pub fn cents(count: u64) -> Factor {
    Factor::percent(count)
}

/// The salt that tests seal with.
pub const SALT: Digest = Digest([5; 32]);

/// What `name` would seal of an epoch.
pub fn seal_of(state: &State, account: AccountId, epoch: Epoch, price: Factor) -> Digest {
    let address = state.account(account).expect("known").address;
    seal::price(&state.network(), epoch, &address, price, &SALT)
}

/// What seals a price in this epoch.
pub fn sealing(state: &State, account: AccountId, price: Factor) -> Command {
    let epoch = state.epoch();
    let seal = seal_of(state, account, epoch, price);
    Command::SealPrice(SealPrice { epoch, seal })
}

/// What opens a price of the epoch before.
pub fn opening(state: &State, price: Factor) -> Command {
    let epoch = Epoch::new(state.epoch().count().saturating_sub(1));
    Command::OpenPrice(OpenPrice { epoch, price, salt: SALT })
}

/// `name` seals a price.
pub fn seals(world: &mut World, name: &str, price: Factor) -> Result<(), Rejected> {
    let command = sealing(&world.state, world.id(name), price);
    world.send(name, command)
}

/// `name` opens one.
pub fn opens(world: &mut World, name: &str, price: Factor) -> Result<(), Rejected> {
    let command = opening(&world.state, price);
    world.send(name, command)
}

/// Lets blocks pass until the next epoch has opened.
pub fn next_epoch(world: &mut World) {
    let next = world.state.epoch().after(Epochs::new(1));
    crate::votes::until(world, next);
}

/// A round: these seal in this epoch, open in the next, and the one after has opened.
pub fn round(world: &mut World, posts: &[(&str, Factor)]) {
    for (name, price) in posts {
        seals(world, name, *price).expect("it may seal");
    }
    next_epoch(world);
    for (name, price) in posts {
        opens(world, name, *price).expect("it may open");
    }
    next_epoch(world);
}

/// Every validator posts this price, for as many rounds.
pub fn agree(world: &mut World, price: Factor, rounds: u32) {
    for _ in 0..rounds {
        round(world, &ALL.map(|name| (name, price)));
    }
}

/// What a validator of a machine posts of an epoch: near two fifths, at times far off; nothing in
/// some epochs, and in others only from few.
pub fn price_of(account: AccountId, epoch: Epoch) -> Option<Factor> {
    let (who, when) = (account.raw(), epoch.count());
    let is_silent = match when % 12 {
        8..=11 => true,
        5 => who.is_multiple_of(2),
        _ => who % 8 == 3,
    };
    let parts = 400_000_000 + (who * 7 + when * 13) % 23 * 5_000_000 - when % 5 * 9_000_000;
    let parts = if (who + when).is_multiple_of(17) { parts * 1_000 } else { parts };
    (!is_silent).then(|| Factor::new(parts).expect("small"))
}

/// One post, as its events tell it.
#[derive(Clone, Copy, Debug)]
struct Told {
    weight: u128,
    price: Option<u128>,
}

/// What follows from what was said.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The stake of each validator at the end of the last block, and the parameters then.
    stakes: BTreeMap<AccountId, u128>,
    /// The stake of those in their active set alone.
    inside: u128,
    params: Option<Params>,
    /// The same when an epoch opened, in which is sealed.
    opened: Option<(Epoch, BTreeMap<AccountId, u128>)>,
    totals: BTreeMap<Epoch, u128>,
    posts: BTreeMap<(Epoch, AccountId), Told>,
    /// The price of each epoch since the first that counted, and the epoch of the last that did.
    past: Vec<u128>,
    /// What validators said when a price counted last.
    said: Option<u128>,
    counted: Option<Epoch>,
    /// The epoch in which something could be opened first.
    begun: Option<Epoch>,
}

impl Book {
    /// Follows what one block's opening or one command did; `state` is that after it.
    pub fn follow(&mut self, events: &[Event], state: &State) {
        let mut told = None;
        let mut began = false;
        for event in events {
            match *event {
                Event::EpochOpened { .. } => began = true,
                Event::PriceSealed { account, epoch, weight } => {
                    let (sealing, stakes) = self.opened.as_ref().expect("a round is open");
                    assert_eq!((*sealing, epoch), (epoch, state.epoch()), "of this epoch alone");
                    let weight = u128::from(weight.units());
                    assert_eq!(stakes.get(&account), Some(&weight), "as when the epoch opened");
                    let twice = self.posts.insert((epoch, account), Told { weight, price: None });
                    assert!(twice.is_none(), "{account} seals twice");
                }
                Event::PriceOpened { account, epoch, price } => {
                    assert_eq!(epoch.count() + 1, state.epoch().count(), "in the epoch after");
                    let post = self.posts.get_mut(&(epoch, account)).expect("it was sealed");
                    assert!(post.price.replace(price.parts().into()).is_none(), "opened twice");
                }
                Event::PriceCounted { epoch, price, average, .. } => {
                    told = Some((epoch, Some((price, average))));
                }
                Event::PriceMissed { epoch, .. } => told = Some((epoch, None)),
                _ => {}
            }
        }
        if began {
            self.turn(state.epoch(), told);
        }
        self.agree(state);
        let validators = state.operators().filter(|(_, row)| row.role == Role::Validator);
        let fit: Vec<_> = validators.filter(|(_, row)| row.is_fit()).collect();
        let stakes = fit.iter().map(|(_, row)| (row.account, u128::from(row.stake.units())));
        self.stakes = stakes.collect();
        let inside = fit.iter().filter(|(_, row)| row.may_work());
        self.inside = inside.map(|(_, row)| u128::from(row.stake.units())).sum();
        self.params = Some(*state.params());
    }

    fn turn(&mut self, now: Epoch, told: Option<(Epoch, Option<(Factor, Factor)>)>) {
        let params = self.params.expect("a block came before the first epoch's end");
        if !params.prices().is_on() {
            assert!(told.is_none(), "nothing is told of no feed");
            let stakes = std::mem::take(&mut self.stakes);
            *self = Book { stakes, inside: self.inside, ..Book::default() };
            return;
        }
        let closing = now.count().checked_sub(2).map(Epoch::new);
        let closing = closing.and_then(|epoch| Some((epoch, self.totals.remove(&epoch)?)));
        match closing {
            None => assert!(told.is_none(), "no round was open: {told:?}"),
            Some((epoch, total)) => {
                let (said, counted) = told.expect("a round that closes is told of");
                assert_eq!(said, epoch);
                let expected = self.close(epoch, total, &params, now);
                let counted =
                    counted.map(|(p, average)| (p.parts().into(), average.parts().into()));
                assert_eq!(counted, expected, "another price, or average");
            }
        }
        self.posts.retain(|(epoch, _), _| epoch.count() + 1 >= now.count());
        if !self.totals.is_empty() {
            self.begun.get_or_insert(now);
        }
        self.totals.insert(now, self.inside);
        self.opened = Some((now, self.stakes.clone()));
    }

    /// Price and average, if one counts.
    fn close(
        &mut self,
        epoch: Epoch,
        total: u128,
        params: &Params,
        now: Epoch,
    ) -> Option<(u128, u128)> {
        let rules = params.prices();
        let of_round = self.posts.iter().filter(|((of, _), _)| *of == epoch);
        let opened: Vec<(u128, u128)> =
            of_round.filter_map(|(_, post)| Some((post.price?, post.weight))).collect();
        let weight: u128 = opened.iter().map(|(_, weight)| weight).sum();
        let whole = u128::from(PARTS);
        let enough = weight > 0 && weight * whole >= total * u128::from(rules.quorum.parts());
        let at_most = |price: u128| -> u128 {
            opened.iter().filter(|(other, _)| *other <= price).map(|(_, weight)| weight).sum()
        };
        let middle = opened.iter().map(|(price, _)| *price).filter(|p| 2 * at_most(*p) >= weight);
        let median = middle.min().filter(|_| enough);
        let stands = self.past.last().copied();
        let last = stands.unwrap_or(params.chain().stake_price.parts().into());
        let step = (last * u128::from(rules.step.parts()) / whole).max(1);
        let top = u128::from(Factor::MAX.parts());
        let price =
            median.map(|m| m.max((last - step.min(last)).max(1)).min((last + step).min(top)));
        let next = price.or(stands)?;
        self.past.push(next);
        if price.is_some() {
            (self.counted, self.said) = (Some(now), median);
        }
        let span = usize::try_from(rules.average_epochs.count()).expect("few");
        let recent = &self.past[self.past.len().saturating_sub(span)..];
        // What a shorter average let go of does not come back.
        let recent = recent.to_vec();
        self.past = recent;
        price.map(|price| (price, self.past.iter().sum::<u128>() / self.past.len() as u128))
    }

    /// The state says the same.
    fn agree(&self, state: &State) {
        let (rules, since) = (state.params().prices(), self.counted.or(self.begun));
        let passed = since.map(|since| state.epoch().since(since)).filter(|_| rules.is_on());
        let is_stale = passed.is_some_and(|passed| passed >= rules.stale_epochs);
        assert_eq!(state.price_is_stale(), passed.filter(|_| is_stale));
        assert_eq!(state.bond_price().is_err(), is_stale);
        let Some(feed) = state.price_feed() else { return };
        let past: Vec<u128> = feed.past.iter().map(|price| price.parts().into()).collect();
        assert_eq!(past, self.past, "another past");
        assert_eq!(Some(u128::from(feed.said.parts())), self.said, "another median");
        assert_eq!(Some(feed.counted), self.counted);
        let (floor, ceil) = (feed.average_floor().parts(), feed.average_ceil().parts());
        let highest = [self.past.last().copied(), self.said, Some(ceil.into())];
        assert!(ceil - floor <= 1);
        assert_eq!(highest.into_iter().flatten().max(), Some(feed.mint_price().parts().into()));
        let haircut = state.params().prices().haircut;
        let low = u128::from(floor) * u128::from(haircut.complement().parts()) / u128::from(PARTS);
        assert_eq!(u128::from(feed.bond_price(haircut).parts()), low.max(1));
        let rounds = state.price_rounds();
        let rows: Vec<&Post> =
            rounds.iter().flatten().flat_map(|round| state.price_posts(round)).collect();
        let opened = rows.iter().filter(|post| post.price.is_some()).count();
        let told = self.posts.values().filter(|post| post.price.is_some()).count();
        assert_eq!((rows.len(), opened), (self.posts.len(), told));
    }
}

/// What a machine's validators do between blocks: each opens what it sealed, and seals.
pub fn due(state: &State) -> Vec<(AccountId, Command)> {
    let [sealing_round, opening_round] = state.price_rounds();
    let mut due = Vec::new();
    let owner = |post: &Post| state.operator(post.operator).map(|row| row.account);
    for round in opening_round.iter().filter(|_| state.params().prices().is_on()) {
        for post in state.price_posts(round).into_iter().filter(|post| post.price.is_none()) {
            let Some(account) = owner(post) else { continue };
            let Some(price) = price_of(account, round.epoch) else { continue };
            if seal_of(state, account, round.epoch, price) == post.seal {
                due.push((account, opening(state, price)));
            }
        }
    }
    for round in sealing_round.iter().filter(|_| state.params().prices().is_on()) {
        let posts = state.price_posts(round);
        let validators = state.operators().filter(|(_, row)| row.role == Role::Validator);
        for (id, row) in validators {
            let has = posts.iter().any(|post| post.operator == id);
            let price = price_of(row.account, round.epoch).filter(|_| !has && row.is_fit());
            due.extend(price.map(|price| (row.account, sealing(state, row.account, price))));
        }
    }
    due
}

/// The genesis parameters of a machine with a feed.
pub fn machine(raw: &mut earnest_protocol::RawParams) {
    raw.prices.average_epochs = Epochs::new(5);
    raw.prices.stale_epochs = Epochs::new(4);
    raw.prices.step = earnest_protocol::Ratio::percent(7);
}
