//! The laws of a pool of shares, after every act of three holders and a slasher.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn units(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn shares(count: u64) -> Shares {
    Shares::new(count).unwrap()
}

#[derive(Clone, Debug)]
enum Op {
    Mint(usize, u64),
    /// This many parts in 64 of what the holder has, or as many shares.
    Redeem(usize, u64),
    RedeemFew(usize, u64),
    Withdraw(usize, u64),
    /// All of the amount but this many.
    SlashTo(u64),
    Slash(u64),
}

const HOLDERS: usize = 3;

fn edges() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0..10u64,
        3 => 0..1_000_000_000u64,
        2 => (0..63u32, 0..3u64).prop_map(|(bit, off)| ((1u64 << bit) + off).saturating_sub(1)),
        1 => Just(Amount::MAX.units()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..HOLDERS;
    prop_oneof![
        4 => (who(), edges()).prop_map(|(who, units)| Op::Mint(who, units)),
        2 => (who(), 0..=64u64).prop_map(|(who, part)| Op::Redeem(who, part)),
        2 => (who(), edges()).prop_map(|(who, count)| Op::RedeemFew(who, count)),
        3 => (who(), edges()).prop_map(|(who, units)| Op::Withdraw(who, units)),
        1 => edges().prop_map(Op::SlashTo),
        1 => edges().prop_map(Op::Slash),
    ]
}

/// A pool, its holders, and what everybody outside should have come to.
#[derive(Clone, Default)]
struct World {
    pool: SharePool,
    held: [Claim; HOLDERS],
    put_in: u128,
    taken_out: u128,
}

impl World {
    fn mint(&mut self, who: usize, amount: Amount) -> bool {
        let bought = self.pool.mint_floor(&mut self.held[who], amount);
        self.put_in += bought.map_or(0, |_| u128::from(amount.units()));
        bought.is_some()
    }

    fn redeem(&mut self, who: usize, count: Shares) -> Option<Amount> {
        let paid = self.pool.redeem_floor(&mut self.held[who], count);
        self.taken_out += paid.map_or(0, |paid| u128::from(paid.units()));
        paid
    }

    fn withdraw(&mut self, who: usize, amount: Amount) -> bool {
        let burnt = self.pool.withdraw_ceil(&mut self.held[who], amount);
        self.taken_out += burnt.map_or(0, |_| u128::from(amount.units()));
        burnt.is_some()
    }

    fn slash(&mut self, amount: Amount) {
        let before = self.pool;
        let slashed = self.pool.slash(amount);
        self.taken_out += u128::from(slashed.taken.units()) + u128::from(slashed.dust.units());
        assert_eq!(slashed.taken, amount.min(before.amount));
        let closed = self.pool.generation != before.generation;
        if closed {
            assert_eq!((self.pool.shares, self.pool.amount), (Shares::ZERO, Amount::ZERO));
            // Less than a unit for 2^20 shares was left.
            assert!(u128::from(slashed.dust.units()) << 20 < u128::from(before.shares.count()));
        } else {
            assert_eq!((slashed.dust, self.pool.shares), (Amount::ZERO, before.shares));
        }
    }

    fn act(&mut self, op: &Op) {
        let held = |world: &World, who: usize| world.pool.shares_of(world.held[who]);
        match *op {
            Op::Mint(who, amount) => _ = self.mint(who, units(amount)),
            Op::Redeem(who, part) => {
                let part = u128::from(held(self, who).count()) * u128::from(part) / 64;
                assert!(self.redeem(who, shares(part as u64)).is_some());
            }
            Op::RedeemFew(who, count) => {
                let paid = self.redeem(who, shares(count));
                assert!(paid.is_some() || held(self, who).count() < count);
            }
            Op::Withdraw(who, amount) => _ = self.withdraw(who, units(amount)),
            Op::SlashTo(rest) => self.slash(self.pool.amount.saturating_sub(units(rest))),
            Op::Slash(amount) => self.slash(units(amount)),
        }
    }

    fn check(&self) {
        let pool = &self.pool;
        assert_eq!(self.put_in - self.taken_out, u128::from(pool.amount.units()), "conservation");
        let held: Vec<u64> = self.held.iter().map(|held| pool.shares_of(*held).count()).collect();
        assert_eq!(held.iter().sum::<u64>(), pool.shares.count(), "claims sum to the shares");
        assert_eq!(pool.shares.is_zero(), pool.amount.is_zero(), "shares iff an amount");
        let least = u128::from(pool.amount.units()) * u128::from(SharePool::SHARES_PER_UNIT_MAX);
        assert!(u128::from(pool.shares.count()) <= least, "the price is above the least");
        let worth: u64 = self.held.iter().map(|held| pool.value_floor(*held).units()).sum();
        assert!(worth <= pool.amount.units(), "all could leave at once");
        for held in self.held {
            let void = held.generation != pool.generation;
            assert!(!void || pool.value_floor(held).is_zero());
        }
    }
}

/// True if a share of `after` is worth at least one of `before`, or nobody is left.
fn price_kept(before: &SharePool, after: &SharePool) -> bool {
    let product = |amount: Amount, shares: Shares| {
        u128::from(amount.units()) * u128::from(shares.count()) // 63 + 63 bits.
    };
    after.shares.is_zero()
        || product(before.amount, after.shares) <= product(after.amount, before.shares)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_act_keeps_every_law(ops in proptest::collection::vec(op(), 1..80)) {
        let mut world = World::default();
        for op in &ops {
            let before = world.clone();
            world.act(op);
            world.check();
            if !matches!(op, Op::Slash(_) | Op::SlashTo(_)) {
                prop_assert!(price_kept(&before.pool, &world.pool), "{op:?}");
            }
        }
    }

    #[test]
    fn to_put_in_and_take_out_at_once_never_pays(
        ops in proptest::collection::vec(op(), 1..40), amount in edges(), part in 0..=64u64,
    ) {
        let mut world = World::default();
        ops.iter().for_each(|op| world.act(op));
        let worth_before = world.pool.value_floor(world.held[0]).units();
        let others = world.pool.value_floor(world.held[1]);
        if world.mint(0, units(amount)) {
            // In two parts, one exact: what came out and what is left never exceed what went in.
            let exact = units((u128::from(amount) * u128::from(part) / 64) as u64);
            let got = if world.withdraw(0, exact) { exact.units() } else { 0 };
            let rest = world.pool.shares_of(world.held[0]);
            let got = got + world.redeem(0, rest).unwrap().units();
            prop_assert!(got <= worth_before + amount + 1); // The value before was rounded down.
            prop_assert!(others <= world.pool.value_floor(world.held[1]));
        }
        // A newcomer has nothing before, so that it never gets more than it put in.
        let mut newcomer = Claim::default();
        if world.pool.mint_floor(&mut newcomer, units(amount)).is_some() {
            prop_assert!(world.pool.value_floor(newcomer).units() <= amount);
            let all = newcomer.shares();
            let paid = world.pool.redeem_floor(&mut newcomer, all).unwrap();
            prop_assert!(paid.units() <= amount);
        }
    }

    #[test]
    fn two_slashes_take_what_one_of_both_takes(
        amount in 1..1u64 << 40, a in 0..1u64 << 40, b in 0..1u64 << 40,
    ) {
        let mut pool = SharePool::default();
        pool.mint_floor(&mut Claim::default(), units(amount)).unwrap();
        let (mut twice, mut once) = (pool, pool);
        let lost = |slashed: Slashed| slashed.taken.units() + slashed.dust.units();
        let first = lost(twice.slash(units(a)));
        let second = lost(twice.slash(units(b)));
        prop_assert_eq!(first + second, lost(once.slash(units(a + b))));
        prop_assert_eq!(twice.amount(), once.amount());
    }
}

#[test]
fn a_bond_after_a_slash_is_priced_at_what_is_left() {
    let (mut pool, mut first, mut second) = <(SharePool, Claim, Claim)>::default();
    assert_eq!(pool.mint_floor(&mut first, units(1_000)), Some(shares(1_000)));
    assert_eq!(pool.slash(units(100)), Slashed { taken: units(100), dust: Amount::ZERO });
    // 900 for 1,000 shares: 90 buys 100, 1 buys 1 (of 1.11), to the gain of those who stay.
    assert_eq!(pool.mint_floor(&mut second, units(90)), Some(shares(100)));
    assert_eq!(pool.mint_floor(&mut second, units(1)), Some(shares(1)));
    assert_eq!(pool.value_floor(first), units(900));
    assert_eq!(pool.value_floor(second), units(90));
    // Exactly 10 burns 12 (of 11.11).
    assert_eq!(pool.withdraw_ceil(&mut second, units(10)), Some(shares(12)));
    assert_eq!(pool.redeem_floor(&mut second, shares(90)), None);
    assert_eq!(pool.redeem_floor(&mut second, shares(89)), Some(units(80)));
    assert_eq!(pool.redeem_floor(&mut first, shares(1_000)), Some(units(901)));
    assert_eq!(pool, SharePool::default());
}

#[test]
fn a_pool_that_lost_all_but_dust_closes_and_starts_again() {
    let (mut pool, mut old) = <(SharePool, Claim)>::default();
    let count = 3 << 20;
    pool.mint_floor(&mut old, units(count)).unwrap();
    // Three units for 3 · 2^20 shares is the least price there is; two are less.
    assert_eq!(pool.slash(units(count - 3)).dust, Amount::ZERO);
    assert_eq!(pool.value_floor(old), units(3));
    assert_eq!(pool.slash(units(1)), Slashed { taken: units(1), dust: units(2) });
    assert_eq!((pool.generation(), pool.value_floor(old)), (1, Amount::ZERO));
    assert_eq!(pool.redeem_floor(&mut old, shares(1)), None);
    // The old claim is worth nothing in the new generation, and is dropped by a new bond.
    let mut new = Claim::default();
    assert_eq!(pool.mint_floor(&mut new, units(5)), Some(shares(5)));
    assert_eq!(pool.value_floor(old), Amount::ZERO);
    assert_eq!(pool.mint_floor(&mut old, units(7)), Some(shares(7)));
    assert_eq!((old.shares(), old.generation()), (shares(7), 1));
    // All of it, exactly: nothing is left over, and a slash of an empty pool takes nothing.
    assert_eq!(pool.slash(units(99)), Slashed { taken: units(12), dust: Amount::ZERO });
    assert_eq!(pool.slash(units(99)), Slashed::default());
    assert_eq!(pool.generation(), 2);
}

#[test]
fn the_last_share_takes_all_that_is_left() {
    let (mut pool, mut held) = <(SharePool, Claim)>::default();
    pool.mint_floor(&mut held, units(10)).unwrap();
    pool.slash(units(5)); // 5 for 10 shares; nine singles redeem at nothing.
    for _ in 0..5 {
        assert_eq!(pool.redeem_floor(&mut held, shares(1)), Some(Amount::ZERO));
    }
    for _ in 0..4 {
        assert_eq!(pool.redeem_floor(&mut held, shares(1)), Some(Amount::UNIT));
    }
    assert_eq!(pool.shares_for_ceil(Amount::UNIT), Some(shares(1)));
    let mut pool = SharePool { shares: shares(1), amount: units(5), generation: 0 };
    // One share of 5: 4 buys none, and drawing 1 would leave 4 to nobody.
    assert_eq!(pool.shares_floor(units(4)), None);
    assert_eq!(pool.shares_for_ceil(units(1)), None);
    assert_eq!(pool.withdraw_ceil(&mut held, units(5)), Some(shares(1)));
    assert_eq!(pool, SharePool::default());
}

#[test]
fn a_pool_refuses_what_would_pass_its_bounds() {
    let (mut pool, mut held) = <(SharePool, Claim)>::default();
    assert_eq!(pool.mint_floor(&mut held, Amount::ZERO), None);
    assert_eq!(pool.mint_floor(&mut held, Amount::MAX), Shares::new(Amount::MAX.units()));
    assert_eq!(pool.mint_floor(&mut held, Amount::UNIT), None);
    // At the least price, 2^43 units have 2^63 − 1 shares: no room for another.
    pool.slash(units(Amount::MAX.units() - (1 << 43)));
    assert_eq!((pool.generation(), pool.amount()), (0, units(1 << 43)));
    assert_eq!(pool.mint_floor(&mut held, Amount::UNIT), None);
    assert_eq!(pool.shares_for_ceil(units((1 << 43) + 1)), None);
}

#[test]
fn what_a_slash_took_is_restored_to_those_who_stayed_and_no_more_than_they_lost() {
    let (mut pool, mut one, mut other) = (SharePool::default(), Claim::default(), Claim::default());
    let amount = Amount::tokens(1_000);
    pool.mint_floor(&mut one, amount).expect("an empty pool");
    pool.mint_floor(&mut other, amount).expect("room");
    let before = pool;
    let taken = pool.slash(amount).taken;
    assert_eq!(pool.restore(taken), taken);
    assert_eq!(pool, before, "to the unit");

    pool.slash(amount);
    assert_eq!(pool.redeem_all_floor(&mut one), Amount::tokens(500));
    let most = Amount::tokens(500).saturating_add(SharePool::DUST_MAX);
    assert_eq!(pool.restore(amount), most, "the other's own loss, and dust");

    pool.redeem_all_floor(&mut other);
    assert_eq!(pool.restore(amount), Amount::ZERO, "nobody is left");
}
