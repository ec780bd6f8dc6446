//! A slash that waits can be appealed: a vote gives back all it took, or it is paid out as it would
//! have been.

use earnest_protocol::{
    Amount, Asset, Command, Digest, Epoch, Epochs, Event, Factor, JobId, ProposalId, Ratio,
    RawParams, Role, SlashId,
    command::{
        AppealSlash, BallotChoice::*, ClaimRewards, Delegate, Redelegate, Unbond, Undelegate,
    },
    governance::{Defeat, ProposalStage, Tally},
    ledger::Pot,
    slashing::{Offence, SlashState, Waterfall},
    staking::Standing,
};
use earnest_testkit::{
    votes::{params_with, pass, stage, tally, until, vote},
    world::{World, root},
};

use proptest::{collection::vec, prelude::*};

const ROLE: Role = Role::Provider;
const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// Plays a job of `name`'s to the conviction of a wrong result; `meanwhile` it is disputed.
fn convicted(world: &mut World, name: &str, meanwhile: impl FnOnce(&mut World)) -> SlashId {
    let job = world.assign(world.terms(), &[(name, 10)]);
    meanwhile(world);
    conclude(world, name, job)
}

fn conclude(world: &mut World, name: &str, job: JobId) -> SlashId {
    world.commit(name, job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal(name, job, root(Some(3)), root(None));
    world.play(name, job, 3, true);
    world.state.slashes().map(|(id, _)| id).last().expect("convicted")
}

fn appeal(world: &mut World, name: &str, slash: SlashId) -> ProposalId {
    let next = world.state.proposal_count();
    world.ok(name, Command::AppealSlash(AppealSlash { slash, report: Digest([7; 32]) }));
    ProposalId::new(u64::try_from(next).expect("few"))
}

/// Lets the vote begin, has all validators say so, and lets it end.
fn decided(world: &mut World, id: ProposalId, choice: earnest_protocol::command::BallotChoice) {
    pass(world, id);
    VALIDATORS.iter().for_each(|name| vote(world, name, id, choice));
    pass(world, id);
}

fn state_of(world: &World, slash: SlashId) -> SlashState {
    world.state.slash(slash).expect("for a while").state
}

fn payouts(world: &World) -> Vec<Waterfall> {
    world.seen(|event| match event {
        Event::Slashed { offence: Offence::WrongResult, waterfall, .. } => Some(*waterfall),
        _ => None,
    })
}

/// A share that reaches delegated stake, and emission that ends before anything is judged.
fn harsh(raw: &mut RawParams) {
    raw.staking.delegation_max = Factor::percent(10_000);
    raw.slashing.wrong_result = Ratio::percent(40);
    raw.slashing.copied_root = Ratio::percent(40);
    raw.rewards.schedule = 1;
    raw.rewards.epoch_amount = Amount::tokens(1_000);
    raw.rewards.lifetime_max = Amount::tokens(2_000);
    raw.rewards.stake_share = Ratio::ONE;
    raw.rewards.claim_delay_epochs = Epochs::ZERO;
}

/// A world after its emission; what P1 earned of it vests.
fn earned() -> World {
    let mut world = World::new(params_with(40, harsh));
    until(&mut world, Epoch::new(4));
    world.ok("P1", Command::ClaimRewards(ClaimRewards { role: ROLE }));
    ["P1", "P2"].iter().for_each(|name| world.opens(name, ROLE));
    world
}

/// All that stands behind P1's provider, wherever it lies, and what is insured.
fn behind(world: &World) -> Vec<(String, Amount)> {
    let id = world.operator("P1", ROLE);
    let operator = world.state.operator(id).expect("bonded");
    let pool = world.state.delegation_pool(id).expect("bonded");
    let pots = operator.unbondings.iter().map(|entry| Pot::Unbonding(*entry));
    let pots = pots.chain(pool.exits.iter().map(|exit| Pot::Exit(*exit)));
    let pots = pots.chain(pool.moves_out.iter().map(|parcel| Pot::Moved(*parcel)));
    let pots = pots.chain([Pot::Delegated(id), Pot::Vesting(id), Pot::Insurance(Asset::Stake)]);
    let mut rows: Vec<(String, Amount)> =
        pots.map(|pot| (format!("{pot:?}"), world.state.balance(pot))).collect();
    rows.push(("stake".into(), operator.stake));
    for (_, row) in world.state.delegations().filter(|(_, row)| row.operator == id) {
        rows.push((format!("of {}", world.name(row.account)), world.state.delegated(row)));
        let leaving = world.state.leaving(row).map(|(_, amount, _)| amount);
        let leaving = leaving.fold(Amount::ZERO, Amount::saturating_add);
        rows.push((format!("leaving of {}", world.name(row.account)), leaving));
    }
    rows
}

#[test]
fn what_a_vote_gives_back_is_what_there_was_to_the_unit_wherever_it_lay() {
    let mut world = earned();
    for name in ["W", "X"] {
        let (operator, amount) = (world.id("P1"), Amount::tokens(60_000));
        world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
    }
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let (source, target) = (world.id("P1"), world.id("P2"));
    let amount = Amount::tokens(20_000);
    world.ok("W", Command::Redelegate(Redelegate { source, target, role: ROLE, amount }));
    world.ok("X", Command::Undelegate(Undelegate { operator: source, role: ROLE, amount }));
    let amount = Amount::tokens(10_000);
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount }));
    let before = behind(&world);
    assert!(
        before.iter().all(|(what, amount)| what.contains("Insurance")
            || !amount.is_zero()
            || what.contains("leaving of W")),
        "{before:?}"
    );

    let slash = conclude(&mut world, "P1", job);
    let during = behind(&world);
    let lost = before.iter().zip(&during).filter(|(b, d)| b.1 > d.1).count();
    assert!(lost >= 7, "bond, rewards, pool, exit, parcel and both delegators: {during:?}");
    let reputation = |world: &World| world.state.reputation(world.operator("P1", ROLE)).correctness;
    assert!(reputation(&world).failure != Factor::ZERO);

    let id = appeal(&mut world, "P1", slash);
    decided(&mut world, id, Yes);
    assert_eq!(stage(&world, id), ProposalStage::Granted);
    assert!(matches!(state_of(&world, slash), SlashState::Reversed(_)));
    assert_eq!(behind(&world), before);
    let operator = world.state.operator(world.operator("P1", ROLE)).expect("bonded");
    assert_eq!((operator.standing, operator.strikes), (Standing::Active, Factor::ZERO));
    assert!(reputation(&world).failure == Factor::ZERO, "nothing of it is left");
    assert!(payouts(&world).is_empty(), "nobody was paid, so nobody is asked for anything");
}

/// `name` puts stake behind P1, takes some back, or moves it to P2; or P1 takes its own out.
fn act(world: &mut World, name: &str, kind: usize, tokens: u64) {
    let (source, target) = (world.id("P1"), world.id("P2"));
    let amount = Amount::tokens(tokens);
    let command = match kind {
        0 => Command::Delegate(Delegate { operator: source, role: ROLE, amount }),
        1 => Command::Undelegate(Undelegate { operator: source, role: ROLE, amount }),
        2 => Command::Redelegate(Redelegate { source, target, role: ROLE, amount }),
        _ => {
            world.send("P1", Command::Unbond(Unbond { role: ROLE, amount })).ok();
            return;
        }
    };
    world.send(name, command).ok();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 16, ..<_>::default() })]

    #[test]
    fn a_granted_appeal_is_the_identity_whoever_joined_left_or_moved_before_and_after(
        before_it in vec((0..3usize, 0..3usize, 1..30_000u64), 0..8),
        after_it in vec((0..3usize, 0..4usize, 1..30_000u64), 0..8),
    ) {
        let mut world = earned();
        let names = ["W", "X", "P3"];
        for (who, kind, tokens) in before_it {
            act(&mut world, names[who], kind, tokens);
        }
        let job = world.assign(world.terms(), &[("P1", 10)]);
        for (who, kind, tokens) in after_it {
            act(&mut world, names[who], kind, tokens);
        }
        let before = behind(&world);
        let slash = conclude(&mut world, "P1", job);
        let id = appeal(&mut world, "P1", slash);
        decided(&mut world, id, Yes);
        prop_assert!(matches!(state_of(&world, slash), SlashState::Reversed(_)));
        prop_assert_eq!(behind(&world), before);
    }
}

#[test]
fn what_an_undone_slash_took_from_a_delegator_that_has_left_insures_and_its_event_says_so() {
    let mut world = earned();
    let (operator, role, amount) = (world.id("P1"), ROLE, Amount::tokens(60_000));
    for name in ["W", "X"] {
        world.ok(name, Command::Delegate(Delegate { operator, role, amount }));
    }
    let slash = convicted(&mut world, "P1", |_| {});
    let held = world.state.balance(Pot::Slash(slash));
    let leaver = world.id("W");
    let (_, row) = world.state.delegations().find(|(_, row)| row.account == leaver).expect("W's");
    let (left, operator_id) = (world.state.delegated(row), row.operator);
    let lost = amount.saturating_sub(left);
    assert!(lost > Amount::tokens(1_000), "the slash reaches delegated stake");
    world.ok("W", Command::Undelegate(Undelegate { operator, role, amount: left }));
    let insurance = world.state.balance(Pot::Insurance(Asset::Stake));
    let id = appeal(&mut world, "P1", slash);
    decided(&mut world, id, Yes);
    let told = world.seen(|event| match event {
        Event::SlashReversed { amount, insured, .. } => Some((*amount, *insured)),
        _ => None,
    });
    let grown = world.state.balance(Pot::Insurance(Asset::Stake)).saturating_sub(insurance);
    assert_eq!(told, [(held, grown)]);
    // A share is worth one unit again, and at most the dust of 2^20 units besides.
    let near = |one: Amount, other: Amount| one.units().abs_diff(other.units()) <= 1 << 20;
    assert!(near(grown, lost), "{grown} of the {lost} that W lost");
    let stays = world.state.balance(Pot::Delegated(operator_id));
    assert!(near(stays, amount), "X has all it had: {stays}");
}

#[test]
fn a_slash_that_stands_is_paid_out_as_if_nobody_had_appealed_and_the_deposit_burns() {
    let ends = [
        (Some(No), Defeat::Threshold),
        (Some(Veto), Defeat::Veto),
        // Silence is no reason to undo what the referee said (m21).
        (None, Defeat::Quorum),
    ];
    let mut plain = World::new(params_with(40, |_| {}));
    convicted(&mut plain, "P1", |_| {});
    until(&mut plain, Epoch::new(12));
    for (choice, why) in ends {
        let mut world = World::new(params_with(40, |_| {}));
        let slash = convicted(&mut world, "P1", |_| {});
        let held = world.state.balance(Pot::Slash(slash));
        let id = appeal(&mut world, "P1", slash);
        let deposit = world.state.balance(Pot::Proposal(id));
        assert_eq!(deposit, Ratio::percent(10).amount_ceil(held), "more than the least");
        let burnt = world.state.balance(Pot::Burnt(Asset::Stake));
        pass(&mut world, id);
        for name in VALIDATORS.iter().filter(|_| choice.is_some()) {
            vote(&mut world, name, id, choice.expect("somebody speaks"));
        }
        assert!(payouts(&world).is_empty(), "it waits, longer than its stay");
        pass(&mut world, id);
        assert_eq!(stage(&world, id), ProposalStage::Defeated(why));
        assert!(matches!(state_of(&world, slash), SlashState::Executed(_)));
        assert_eq!(payouts(&world), payouts(&plain));
        let burnt = world.state.balance(Pot::Burnt(Asset::Stake)).saturating_sub(burnt);
        assert!(burnt >= deposit.saturating_add(payouts(&world)[0].burnt), "{choice:?}");
    }
}

#[test]
fn one_vote_decides_all_that_were_convicted_alike_also_those_who_come_later() {
    for (choice, undone) in [(Yes, true), (No, false)] {
        let mut world = World::new(params_with(40, |_| {}));
        let first = convicted(&mut world, "P1", |_| {});
        let second = convicted(&mut world, "P2", |_| {});
        assert!(matches!(state_of(&world, first), SlashState::Held(_)), "C13");
        let id = appeal(&mut world, "P2", second);
        let deposit = world.state.balance(Pot::Proposal(id));
        let held = [first, second].map(|slash| world.state.balance(Pot::Slash(slash)));
        let held = held[0].saturating_add(held[1]);
        assert_eq!(deposit, Ratio::percent(10).amount_ceil(held), "of all that waits");
        pass(&mut world, id);
        let third = convicted(&mut world, "P3", |_| {});
        let all = [first, second, third];
        assert!(all.iter().all(|slash| state_of(&world, *slash) == SlashState::Appealed(id)));
        assert_eq!(world.state.appealed_by(id), all);
        VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, choice));
        pass(&mut world, id);
        for slash in all {
            let state = state_of(&world, slash);
            assert_eq!(matches!(state, SlashState::Reversed(_)), undone, "{state:?}");
        }
        assert_eq!(payouts(&world).len(), if undone { 0 } else { 3 });
    }
}

#[test]
fn who_is_convicted_after_it_has_voted_does_not_speak_on_its_own_slash() {
    let mut world = World::new(params_with(1, |_| {}));
    let first = convicted(&mut world, "P1", |_| {});
    let id = appeal(&mut world, "P1", first);
    pass(&mut world, id);
    for (name, choice) in [("P2", Yes), ("P3", Yes), ("P4", No)] {
        vote(&mut world, name, id, choice);
    }
    assert_eq!(tally(&world, id).yes, Amount::tokens(100_000));
    convicted(&mut world, "P2", |_| {});
    convicted(&mut world, "P3", |_| {});
    pass(&mut world, id);
    let no = Amount::tokens(50_000);
    assert_eq!(tally(&world, id), Tally { no, ..Tally::default() });
    assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Threshold));
}

#[test]
fn who_delegates_to_the_convicted_may_appeal_when_it_does_not() {
    let mut world = World::new(params_with(40, |raw| raw.staking.delegation_max = Factor::ONE));
    world.opens("P1", ROLE);
    let (operator, amount) = (world.id("P1"), Amount::tokens(100));
    world.ok("W", Command::Delegate(Delegate { operator, role: ROLE, amount }));
    let before = world.wealth("W");
    let slash = convicted(&mut world, "P1", |_| {});
    let id = appeal(&mut world, "W", slash);
    decided(&mut world, id, Yes);
    assert!(matches!(state_of(&world, slash), SlashState::Reversed(_)));
    assert!(before - world.wealth("W") < Amount::tokens(1).units(), "fees alone");
}

#[test]
fn appeals_find_room_however_many_proposals_are_open() {
    let mut world = World::new(params_with(40, |raw| raw.governance.proposals_max = 1));
    earnest_testkit::votes::propose(&mut world, "W", &[("market.bids_max", 9)]);
    let slash = convicted(&mut world, "P1", |_| {});
    let id = appeal(&mut world, "P1", slash);
    assert_eq!(stage(&world, id), ProposalStage::Pending);
    let closes = world.state.epoch().after(Epochs::new(1));
    assert_eq!(world.state.proposal(id).expect("open").due, closes, "voted on at once");
}
