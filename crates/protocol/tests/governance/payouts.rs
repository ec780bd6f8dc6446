//! What spends are paid where others, votes or a second asset come between.

use earnest_protocol::{
    Amount, Asset, Command, Digest, Epoch, Epochs, Event, ProposalId, Ratio, RawParams,
    command::{CancelProposal, ProposeSpend, Transfer},
    governance::{ProposalStage, SpendEnding},
    ledger::{Assets, Pot},
    market::Phase,
};
use earnest_testkit::{
    votes::{accept, endow, params_with, pass, propose, spend, stage, stop, until},
    world::{World, root},
};

const STAKE: Asset = Asset::Stake;

fn tokens(amount: u64) -> Amount {
    Amount::tokens(amount)
}

fn units(amount: u64) -> Amount {
    Amount::new(amount).expect("small")
}

/// The treasury has 100,000 tokens, of which ten may leave in the first epoch.
fn rich(change: impl FnOnce(&mut RawParams)) -> World {
    let mut world = World::new(params_with(40, |raw| {
        endow(raw, 100_000);
        change(raw);
    }));
    until(&mut world, Epoch::new(1));
    world
}

/// What was promised as spends began, and with which epoch it lapses.
fn began(world: &World) -> Vec<(Amount, Epoch)> {
    world.seen(|event| match event {
        Event::SpendBegan { amount, lapses, .. } => Some((*amount, *lapses)),
        _ => None,
    })
}

fn ended(world: &World, id: ProposalId) -> Option<(SpendEnding, Amount)> {
    match stage(world, id) {
        ProposalStage::Spent { payout, why } => Some((why, payout.paid)),
        _ => None,
    }
}

#[test]
fn a_share_that_is_raised_meanwhile_gives_a_spend_no_more_than_it_was_voted_under() {
    let mut world = rich(|_| {});
    let share = Ratio::percent(10).parts();
    let change = propose(&mut world, "W", &[("governance.spend_share", share)]);
    let ids = [(); 2].map(|()| spend(&mut world, "W", ("X", tokens(5_000), 1_000)));
    accept(&mut world, &[change, ids[0], ids[1]]);
    pass(&mut world, ids[1]);
    let amounts: Vec<Amount> = began(&world).into_iter().map(|(amount, _)| amount).collect();
    assert_eq!(amounts, [tokens(5_000), tokens(4_750)], "a twentieth of what the first left");
}

#[test]
fn a_share_of_an_uneven_treasury_is_rounded_down_when_asked_and_when_it_begins() {
    let mut world = rich(|_| {});
    let crumb = spend(&mut world, "W", ("X", units(3), 1));
    let id = spend(&mut world, "W", ("X", tokens(5_000), 1_000));
    accept(&mut world, &[crumb, id]);
    pass(&mut world, id);
    let amounts: Vec<Amount> = began(&world).into_iter().map(|(amount, _)| amount).collect();
    let less = tokens(5_000).saturating_sub(Amount::UNIT);
    assert_eq!(amounts, [units(3), less], "4,999.99… and 0.85 of a unit");

    let mut world = rich(|_| {});
    let crumb = spend(&mut world, "W", ("X", units(3), 1));
    accept(&mut world, &[crumb]);
    pass(&mut world, crumb);
    assert_eq!(world.state.spend_most(STAKE), less);
}

#[test]
fn what_waits_lapses_by_the_rules_under_which_it_began() {
    let mut world = rich(|_| {});
    let change = propose(&mut world, "W", &[("governance.spend_wait_epochs", 3)]);
    let id = spend(&mut world, "W", ("X", tokens(40), 2));
    accept(&mut world, &[change, id]);
    pass(&mut world, id);
    let now = world.state.epoch();
    assert_eq!(began(&world), [(tokens(40), now.after(Epochs::new(5)))], "two and three, not ten");
}

#[test]
fn a_spend_for_which_nothing_is_left_is_over_when_it_begins() {
    // Twenty units, of which no epoch lets one out, and a twentieth of nineteen is none.
    let mut world = rich(|raw| {
        (raw.rewards.epoch_amount, raw.rewards.lifetime_max) = (units(20), units(20));
    });
    let ids = [(); 2].map(|()| spend(&mut world, "W", ("X", units(1), 1)));
    accept(&mut world, &ids);
    pass(&mut world, ids[1]);
    assert!(stage(&world, ids[0]).paying().is_some());
    assert_eq!(ended(&world, ids[1]), Some((SpendEnding::Lapsed, Amount::ZERO)));
    assert_eq!(world.state.spend_count(), 1, "its place is free");
}

#[test]
fn a_stream_of_which_nothing_is_due_yet_keeps_nobody_else_waiting() {
    let mut world = rich(|_| {});
    let slow = spend(&mut world, "W", ("R", units(1), 40));
    let id = spend(&mut world, "W", ("X", tokens(8), 1));
    accept(&mut world, &[slow, id]);
    pass(&mut world, id);
    assert_eq!(ended(&world, id), Some((SpendEnding::Paid, tokens(8))));
    assert!(stage(&world, slow).paying().is_some());
}

/// A network of two assets whose treasury has its part of a job's price, besides what is emitted.
fn dual() -> World {
    let raw = params_with(40, |raw| endow(raw, 100_000));
    let mut world = World::with_assets(raw, Assets::Dual);
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    until(&mut world, Epoch::new(1));
    world
}

#[test]
fn each_asset_of_the_treasury_is_shared_between_those_who_are_due_it() {
    let mut world = dual();
    let balance = |world: &World, pot: fn(Asset) -> Pot| {
        [STAKE, Asset::Payment].map(|asset| world.state.balance(pot(asset)).units())
    };
    let before = balance(&world, Pot::Treasury);
    let small = units(before[1] / 10_000);
    assert!(!small.is_zero(), "{before:?}");
    let stake = spend(&mut world, "W", ("X", tokens(8), 1));
    let (to, report) = (world.address("X"), Digest::ZERO);
    let (asset, amount, epochs) = (Asset::Payment, small, Epochs::new(1));
    world.ok("W", Command::ProposeSpend(ProposeSpend { to, asset, amount, epochs, report }));
    let payment = ProposalId::new(1);
    accept(&mut world, &[stake, payment]);
    let x = world.id("X");
    let has = |world: &World| {
        [STAKE, Asset::Payment].map(|asset| world.state.balance(Pot::Free(x, asset)).units())
    };
    let had = has(&world);
    pass(&mut world, payment);
    assert_eq!(ended(&world, stake), Some((SpendEnding::Paid, tokens(8))));
    assert_eq!(ended(&world, payment), Some((SpendEnding::Paid, small)));
    let now = has(&world);
    assert_eq!([0, 1].map(|at| now[at] - had[at]), [tokens(8).units(), small.units()]);
    let after = balance(&world, Pot::Treasury);
    assert_eq!([0, 1].map(|at| before[at] - after[at]), [tokens(8).units(), small.units()]);
}

/// Leaves a name so much free besides the fee of what it asks next.
fn leave(world: &mut World, name: &str, left: Amount) {
    let fee = world.state.base_fee().checked_times(5).expect("small");
    let (to, asset) = (world.address("X"), world.state.assets().payment());
    let free = world.state.free(world.id(name));
    let amount = free.checked_sub(left.saturating_add(fee)).expect("rich");
    world.ok(name, Command::Transfer(Transfer { to, asset, amount }));
}

#[test]
fn a_spend_may_be_read_as_long_as_a_change_and_a_stop_no_longer_than_it_must() {
    let mut world = rich(|raw| raw.governance.delay_epochs = Epochs::new(3));
    let due = |world: &World, id| world.state.proposal(id).expect("remembered").due;
    let id = spend(&mut world, "W", ("X", tokens(8), 8));
    assert_eq!(due(&world, id), Epoch::new(4));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let against = stop(&mut world, "R", id);
    let now = world.state.epoch();
    assert_eq!(due(&world, against), now.after(Epochs::new(1)));
    accept(&mut world, &[against]);
    let over = world.state.epoch();
    assert_eq!(over, now.after(Epochs::new(5)), "four of voting");
    assert_eq!(ended(&world, id), Some((SpendEnding::Stopped, tokens(5))));
    assert_eq!(due(&world, id), over.after(Epochs::new(2)), "remembered like any other");
}

#[test]
fn who_has_no_more_than_the_deposit_may_propose_a_spend_and_its_stop() {
    let deposit = tokens(500);
    let mut world = rich(|raw| raw.governance.deposit = deposit);
    leave(&mut world, "W", deposit);
    let id = spend(&mut world, "W", ("X", tokens(8), 8));
    assert_eq!(world.state.free(world.id("W")), Amount::ZERO);
    accept(&mut world, &[id]);
    pass(&mut world, id);
    leave(&mut world, "R", deposit);
    stop(&mut world, "R", id);
    assert_eq!(world.state.free(world.id("R")), Amount::ZERO);
}

#[test]
fn who_takes_a_proposal_back_loses_what_it_was_told_when_it_proposed() {
    let mut world = rich(|raw| raw.governance.delay_epochs = Epochs::new(8));
    let change = propose(&mut world, "W", &[("governance.cancel_burn", Ratio::ONE.parts())]);
    until(&mut world, Epoch::new(8));
    let id = spend(&mut world, "R", ("X", tokens(8), 1));
    accept(&mut world, &[change]);
    pass(&mut world, change);
    assert_eq!(world.state.params().governance().cancel_burn, Ratio::ONE);
    assert_eq!(stage(&world, id), ProposalStage::Pending);
    let had = world.state.free(world.id("R"));
    world.ok("R", Command::CancelProposal(CancelProposal { proposal: id }));
    let back = world.state.free(world.id("R")).saturating_sub(had);
    assert!(back > tokens(249) && back < tokens(250), "half of 500 less a fee: {back:?}");
}

#[test]
fn of_an_uneven_deposit_the_half_that_is_lost_is_rounded_up() {
    let back = |deposit: Amount| {
        let mut world = rich(|raw| raw.governance.deposit = deposit);
        let id = spend(&mut world, "R", ("X", tokens(8), 1));
        let had = world.state.free(world.id("R"));
        world.ok("R", Command::CancelProposal(CancelProposal { proposal: id }));
        world.state.free(world.id("R")).saturating_sub(had)
    };
    assert_eq!(back(tokens(500)), back(tokens(500).saturating_add(Amount::UNIT)));
}
