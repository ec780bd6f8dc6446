//! Minting and redeeming credits.

use earnest_protocol::{
    Amount, Command, Epoch, Epochs, Factor, Ratio, RawParams,
    command::{MintCredits, RedeemCredits},
    credits::{MintCreditsRejected, RedeemCreditsRejected},
};
use earnest_testkit::{
    credits::{mint, redeem},
    prices::{agree, cents, next_epoch},
    votes,
};

use crate::{Row, row, world::World};

fn on(raw: &mut RawParams) {
    raw.prices.average_epochs = Epochs::new(4);
    raw.prices.stale_epochs = Epochs::new(2);
    raw.credits.mint_share = Ratio::percent(10);
    raw.credits.redeem_share = Ratio::percent(10);
    raw.credits.redeemers = 1;
    raw.credits.spread = Ratio::percent(1);
    raw.credits.least = Amount::tokens(1);
    (raw.credits.warn_ratio, raw.credits.halt_ratio) = (Ratio::ZERO, Ratio::ZERO);
}

fn narrow(raw: &mut RawParams) {
    on(raw);
    raw.credits.mint_share = Ratio::new(1_000_000).expect("a thousandth");
}

fn dear(raw: &mut RawParams) {
    on(raw);
    raw.chain.stake_price = Factor::MAX;
}

fn earned(raw: &mut RawParams) {
    on(raw);
    raw.credits.redeemers = 0;
}

fn breaks(raw: &mut RawParams) {
    on(raw);
    (raw.credits.warn_ratio, raw.credits.halt_ratio) = (Ratio::percent(95), Ratio::percent(90));
}

fn tiny(raw: &mut RawParams) {
    on(raw);
    raw.credits.least = Amount::UNIT;
}

fn full(raw: &mut RawParams) {
    on(raw);
    votes::endow(raw, 9_223_372_036);
}

/// A price of so much has counted.
fn priced(world: &mut World, price: Factor) {
    next_epoch(world);
    agree(world, price, 1);
}

fn mints(expected: MintCreditsRejected, story: fn(&mut World) -> (&'static str, Command)) -> Row {
    row(expected, story).under(on).dual()
}

fn redeems(
    expected: RedeemCreditsRejected,
    story: fn(&mut World) -> (&'static str, Command),
) -> Row {
    row(expected, story).under(on).dual()
}

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

fn silent(world: &mut World) {
    priced(world, cents(100));
    next_epoch(world);
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = minting();
    rows.extend(redeeming());
    rows
}

fn minting() -> Vec<Row> {
    let (counted, now, limit) = (Epoch::new(3), Epoch::new(4), Epochs::new(1));
    let (hundred, least) = (Amount::tokens(100), Amount::tokens(1));
    let free = Amount::tokens(100_000);
    let issued = Amount::tokens(1_600_000);
    let room = Amount::MAX.checked_sub(issued).expect("less");
    let mint_one = |_: &mut World| ("R", mint(Amount::tokens(1)));
    vec![
        row(MintCreditsRejected::OneAsset, mint_one),
        row(MintCreditsRejected::MintingOff, mint_one).dual(),
        mints(MintCreditsRejected::NoPrice, mint_one),
        mints(MintCreditsRejected::PriceStale { counted, now, limit }, |world| {
            silent(world);
            ("R", mint(Amount::tokens(100)))
        }),
        mints(
            MintCreditsRejected::ExceedsFree {
                wanted: free.checked_add(Amount::UNIT).expect("small"),
                free,
            },
            |world| {
                priced(world, cents(100));
                ("R", mint(Amount::tokens(100_000).checked_add(Amount::UNIT).expect("small")))
            },
        ),
        row(MintCreditsRejected::ExceedsSupply { room }, |world| {
            priced(world, Factor::MAX);
            ("R", mint(Amount::tokens(100_000)))
        })
        .under(dear)
        .dual(),
        mints(MintCreditsRejected::BelowLeast { credits: units(989_999_999), least }, |world| {
            priced(world, cents(100));
            ("R", mint(Amount::tokens(1).checked_sub(Amount::UNIT).expect("more")))
        }),
        mints(
            MintCreditsRejected::TooFew { credits: Amount::tokens(99), wanted: hundred },
            |world| {
                priced(world, cents(100));
                let (stake, credits_min) = (Amount::tokens(100), Amount::tokens(100));
                ("R", Command::MintCredits(MintCredits { stake, credits_min }))
            },
        ),
        row(
            MintCreditsRejected::ExceedsEpoch {
                wanted: Amount::tokens(1_001),
                left: Amount::tokens(600),
            },
            |world| {
                priced(world, cents(100));
                world.ok("W", mint(Amount::tokens(1_000)));
                ("R", mint(Amount::tokens(1_001)))
            },
        )
        .under(narrow)
        .dual(),
    ]
}

fn redeeming() -> Vec<Row> {
    let (counted, now, limit) = (Epoch::new(3), Epoch::new(4), Epochs::new(1));
    let least = Amount::tokens(1);
    // Less the fee of this very command.
    let free = units(100_000_000_000_000 - 2_000);
    let (zero, ten) = (Amount::ZERO, Amount::tokens(10));
    let redeem_ten = |_: &mut World| ("R", redeem(Amount::tokens(10)));
    let priced_ten = |world: &mut World| {
        priced(world, cents(100));
        ("R", redeem(Amount::tokens(10)))
    };
    let tenth = units(9_900_000_000);
    vec![
        row(RedeemCreditsRejected::OneAsset, redeem_ten),
        row(RedeemCreditsRejected::RedeemingOff, redeem_ten).dual(),
        redeems(RedeemCreditsRejected::NoPrice, redeem_ten),
        redeems(RedeemCreditsRejected::PriceStale { counted, now, limit }, |world| {
            silent(world);
            ("R", redeem(Amount::tokens(10)))
        }),
        redeems(RedeemCreditsRejected::BelowLeast { credits: Amount::UNIT, least }, |world| {
            priced(world, cents(100));
            ("R", redeem(Amount::UNIT))
        }),
        redeems(
            RedeemCreditsRejected::ExceedsFree { wanted: Amount::tokens(100_000), free },
            |world| {
                priced(world, cents(100));
                ("R", redeem(Amount::tokens(100_000)))
            },
        ),
        row(RedeemCreditsRejected::ExceedsEarned { wanted: ten, earned: zero }, priced_ten)
            .under(earned)
            .dual(),
        row(
            RedeemCreditsRejected::Halted { ratio: Factor::ZERO, halt: Ratio::percent(90) },
            priced_ten,
        )
        .under(breaks)
        .dual(),
        row(
            RedeemCreditsRejected::WorthNothing { credits: Amount::UNIT, price: cents(100) },
            |world| {
                priced(world, cents(100));
                ("R", redeem(Amount::UNIT))
            },
        )
        .under(tiny)
        .dual(),
        redeems(RedeemCreditsRejected::TooLittle { stake: tenth, wanted: ten }, |world| {
            priced(world, cents(100));
            let (credits, stake_min) = (Amount::tokens(10), Amount::tokens(10));
            ("R", Command::RedeemCredits(RedeemCredits { credits, stake_min }))
        }),
        redeems(RedeemCreditsRejected::ExceedsEpoch { wanted: tenth, left: zero }, priced_ten),
        row(RedeemCreditsRejected::ExceedsSupply { room: zero }, |world| {
            priced(world, cents(100));
            world.ok("R", mint(Amount::tokens(1_000)));
            agree(world, cents(100), 1);
            ("R", redeem(Amount::tokens(10)))
        })
        .under(full)
        .dual(),
    ]
}
