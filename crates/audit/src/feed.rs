//! Feed: a coalition's validators push the price of stake up before a job of its own is posted, so
//! that fewer units are locked behind it than it is worth (M5).
//!
//! A job keeps the price that it began with (M21). So the two parts are played one after the other,
//! both on the rules: rounds of the feed, until the average has nothing in it but pushed prices,
//! and then the job, at the price which that has come to, while a unit stays worth what it was.
//! Law: a post that is farther up never leads to a lower price, so that the farthest is the best.
//! Known shortcomings: every honest validator posts; a price pushed down before stake is minted is
//! not played, nor is one that delegators or requesters pay for.
//! Not here: how an entry is judged (`judge`).

use earnest_protocol::{
    Authenticated, Command, Digest, Epoch, Factor, Height, Journal, Params, State, Transaction,
    command::{OpenPrice, SealPrice},
    prices::Stale,
    seal,
};

use crate::{
    cast::{Cast, Member, address},
    catalogue::{Entry, Forced, Goal},
    points::{Act, Point},
    truth::Truth,
    words::refusal,
};

use Act::{Ceiling, Do, Half, Nothing, Silent, Wrong};
use Member::{Auditors, Provider};
use Point::{Accept, Bid, OpenBid, Result as Delivered};

const SALT: Digest = Digest([9; 32]);
const LIES: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Delivered, &[Wrong])];
const ABANDONS: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Delivered, &[Silent])];

/// What is played where there is a feed.
pub(crate) const ENTRIES: &[Entry] = &[
    lie("wrong-result-at-a-pushed-price", "bribed validators push the price up, then a lie", &[]),
    lie("wrong-result-at-a-pushed-price-instead-of-leaving", "the same, or abandoning", ABANDONS),
];

const fn lie(id: &'static str, about: &'static str, against: Forced) -> Entry {
    Entry {
        id,
        labels: &["M5"],
        about,
        members: &[Provider, Auditors],
        deviation: LIES,
        against,
        goal: Goal::Profit,
        closed_form: None,
    }
}

/// What new work values stake at after the coalition's validators have posted the farthest price
/// for as long as the average spans, and all others what it is worth.
///
/// # Errors
/// Why the rules have no price then.
pub(crate) fn pushed(params: &Params, cast: &Cast) -> Result<Factor, String> {
    let mut cast = cast.clone();
    cast.raw = cast.told;
    let (mut state, mut beacon) = cast.state(0);
    let mut blocks = 0;
    let mut next_epoch = |state: &mut State| {
        let epoch = state.epoch();
        while blocks == 0 || state.epoch() == epoch {
            blocks += 1;
            let opened = state.open_block(&beacon.head(blocks, true), &mut Journal::default());
            opened.expect("the head follows");
        }
    };
    next_epoch(&mut state);
    let rounds = params.prices().average_epochs.count().saturating_add(3);
    for _ in 0..rounds {
        posts(&cast, &mut state, params.chain().stake_price)?;
        next_epoch(&mut state);
    }
    state.bond_price().map_err(|Stale { counted, now }| {
        format!("the feed is stale: the last price counted in epoch {counted}, and it is {now}")
    })
}

/// Everybody opens what it sealed in the epoch before, and seals a price of this one.
fn posts(cast: &Cast, state: &mut State, worth: Factor) -> Result<(), String> {
    let epoch = state.epoch();
    let before = epoch.count().checked_sub(1).map(Epoch::new);
    let has_round = |state: &State, epoch: Epoch| {
        state.price_rounds().into_iter().flatten().any(|round| round.epoch == epoch)
    };
    for validator in cast.validators() {
        let price = if cast.is_one_of(validator) { Factor::MAX } else { worth };
        let seal = seal::price(&state.network(), epoch, &address(validator), price, &SALT);
        let opens = before.filter(|epoch| has_round(state, *epoch));
        let opens = opens.map(|epoch| Command::OpenPrice(OpenPrice { epoch, price, salt: SALT }));
        let seals = has_round(state, epoch);
        let seals = seals.then_some(Command::SealPrice(SealPrice { epoch, seal }));
        for command in opens.into_iter().chain(seals) {
            let nonce = state.account(validator).map_or(0, |account| account.nonce);
            let valid_until = Height::new(u64::MAX);
            let transaction = Transaction { nonce, valid_until, command, on_behalf_of: None };
            let signed = Authenticated { sender: validator.into(), transaction };
            let done = state.apply(&signed, &Truth, &mut Journal::default());
            done.map_err(|why| format!("the rules refuse a price: {}", refusal(&why)))?;
        }
    }
    Ok(())
}
