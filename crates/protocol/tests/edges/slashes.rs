//! Who is slashed, for what, whom it pays, and how long a jail is.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Epochs, Event, Factor, JobId, Ratio, Role,
    command::*,
    ledger::Pot,
    market::{CloseReason, Phase},
    slashing::{Offence, SlashState, Waterfall},
    staking::Standing,
};

use super::{FEE, TOKEN, challenge, gains, offences, wealth};
use crate::world::{World, params, params_with, root};

/// A wrong result of P1's, sealed, audited by two and opened.
fn caught(world: &mut World, job: JobId) {
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
}

fn standing(world: &World, name: &str, role: Role) -> Standing {
    world.state.operator(world.operator(name, role)).expect("bonded").standing
}

/// Auditors that convict share R_max alone; a challenger beside them has its deposit back and no
/// part of it. R_max is a tariff of one token and 2 % of a p_ref of ten.
#[test]
fn auditors_that_convict_share_the_reward_and_a_challenger_beside_them_gets_none() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    caught(&mut world, job);
    let [one, two] = world.auditors(job)[..] else { panic!("two seats") };
    let names = [one, two, "W"];
    let before = wealth(&world, names);
    challenge(&mut world, "W", job);
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    world.blocks(110);
    let each = TOKEN + 6 * TOKEN / 10; // An audit's tariff, and half of 1.2.
    assert_eq!(gains(&world, names, before), [each, each, -FEE]);
}

/// Without an auditor that convicts, the challengers that did not lose share it.
#[test]
fn challengers_share_the_reward_where_no_auditor_convicts() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.reveal_result("P1", job, root(Some(3)));
    let names = ["W", "X", "P3"];
    let before = wealth(&world, names);
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    world.prove("P1", job, 50); // This step holds, so W loses its deposit.
    challenge(&mut world, "X", job);
    challenge(&mut world, "P3", job);
    world.narrow("P1", job, "X", 3);
    world.prove("P1", job, 3);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    world.blocks(110);
    let half = 6 * TOKEN / 10 - FEE;
    assert_eq!(gains(&world, names, before), [-TOKEN - FEE, half, half]);
}

/// Bytes that are not produced cost what a wrong result does, under their own name.
#[test]
fn bytes_kept_back_are_an_offence_of_their_own() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let (auditor, item) = (world.auditors(job)[0], DataItem::Input(0));
    world.ok(auditor, Command::RequestData(RequestData { job, item }));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::DataWithheld);
    assert_eq!(offences(&world), [(Offence::DataWithholding, "P1")]);
}

/// A second conviction while in jail counts its two epochs from then; one in the same epoch adds
/// nothing to them.
#[test]
fn a_jail_lasts_from_the_last_conviction() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.deadline_blocks = Blocks::new(100);
    let jobs = [(); 3].map(|()| world.assign(terms.clone(), &[("P1", 10)]));
    let [first, alike, later] = jobs;
    let jails = |world: &World| {
        world.seen(|event| match event {
            Event::Jailed { until, .. } => Some(*until),
            _ => None,
        })
    };
    for job in [first, alike] {
        caught(&mut world, job);
        world.play("P1", job, 3, true);
    }
    let (epoch, two) = (world.state.epoch(), Epochs::new(2));
    assert_eq!(standing(&world, "P1", Role::Provider), Standing::Jailed(epoch.after(two)));
    assert_eq!(jails(&world), [epoch.after(two)], "two convictions of one epoch");
    world.blocks(50);
    caught(&mut world, later);
    world.play("P1", later, 3, true);
    let after = world.state.epoch();
    assert!(after > epoch);
    assert_eq!(standing(&world, "P1", Role::Provider), Standing::Jailed(after.after(two)));
    assert_eq!(jails(&world), [epoch.after(two), after.after(two)]);
}

/// Three results that never came jail, if the first is no older than the window of two epochs.
#[test]
fn three_abandonments_within_a_window_jail() {
    for (wait, jailed) in [(2, true), (3, false)] {
        let mut world = World::new(params_with(|raw| {
            raw.staking.offence_window_epochs = Epochs::new(2);
        }));
        let abandon = |world: &mut World, count: usize| {
            let terms = world.terms();
            let jobs: Vec<JobId> =
                (0..count).map(|_| world.assign(terms.clone(), &[("P1", 10)])).collect();
            let begun = world.state.epoch();
            for job in jobs {
                world.until_phase(job, Phase::Closed);
                assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
            }
            assert_eq!(world.state.epoch(), begun, "all in one epoch");
        };
        abandon(&mut world, 2);
        assert_eq!(standing(&world, "P1", Role::Provider), Standing::Active);
        while world.state.epoch().count() < wait {
            world.block();
        }
        abandon(&mut world, 1);
        let is_jailed = standing(&world, "P1", Role::Provider) != Standing::Active;
        assert_eq!(is_jailed, jailed, "{wait} epochs later");
    }
}

/// A false audit that the referee found waits out the engine's stay, under the root that it was
/// found for; one that gave up its game did not need the referee, and is paid out at once.
#[test]
fn a_false_audit_waits_only_for_an_engine_that_spoke() {
    for proven in [true, false] {
        let mut world = World::new(params());
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let [liar, honest] = world.auditors(job)[..] else { panic!("two seats") };
        world.audit_as(liar, job, root(Some(3)));
        world.audit_as(honest, job, root(None));
        world.reveal_result("P1", job, root(None));
        world.reveal_verdict(liar, job, root(Some(3)));
        world.reveal_verdict(honest, job, root(None));
        if proven {
            world.play("P1", job, 3, true);
        } else {
            let (node, children) = (Node { level: 0, index: 0 }, vec![root(None); 16]);
            world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
            world.blocks(21); // And the liar rejects none of them.
        }
        let [(_, slash)] = world.state.slashes().collect::<Vec<_>>()[..] else { panic!("one") };
        assert_eq!((slash.offence, world.name(slash.account)), (Offence::FalseAudit, liar));
        let program = world.state.order(job).expect("posted").terms.task.program;
        let found = proven.then_some((program, root(Some(3))));
        assert_eq!(slash.conviction, found);
        assert_eq!(matches!(slash.state, SlashState::Pending(_)), proven, "{:?}", slash.state);
    }
}

/// Of a lost challenge's deposit of one token and one unit, half is the accused's, down, and the
/// rest burns; the record of it says just that.
#[test]
fn a_lost_challenge_is_recorded_as_it_is_paid() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.challenge_deposit = Amount::new(1_000_000_001).expect("small");
    }));
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    let before = wealth(&world, ["P1", "W"]);
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    world.prove("P1", job, 50);
    assert_eq!(gains(&world, ["P1", "W"], before), [TOKEN / 2, -TOKEN - 1 - FEE]);
    let recorded = world.seen(|event| match event {
        Event::Slashed { offence: Offence::FrivolousChallenge, account, waterfall, .. } => {
            Some((world.name(*account), *waterfall))
        }
        _ => None,
    });
    let units = |units| Amount::new(units).expect("small");
    let paid = Waterfall {
        amount: units(1_000_000_001),
        compensation: units(500_000_000),
        burnt: units(500_000_001),
        ..Waterfall::default()
    };
    assert_eq!(recorded, [("W", paid)]);
}

/// A jail for three abandonments settles them: the next one is a first.
#[test]
fn abandonments_that_jailed_count_no_more() {
    let mut world = World::new(params());
    let abandon = |world: &mut World| {
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
    };
    (0..3).for_each(|_| abandon(&mut world));
    let role = Role::Provider;
    let Standing::Jailed(until) = standing(&world, "P1", role) else { panic!("three") };
    while world.state.epoch() < until {
        world.block();
    }
    world.ok("P1", Command::Unjail(Unjail { role }));
    (0..2).for_each(|_| abandon(&mut world));
    assert_eq!(standing(&world, "P1", role), Standing::Active, "two since");
}

/// Where the judges have a share and none of them is left when a slash is paid out, it insures.
#[test]
fn what_no_judge_is_left_for_insures() {
    let parts = |leave: bool| {
        let mut world = World::new(params_with(|raw| {
            raw.slashing.insurance_share = Ratio::percent(25);
        }));
        let job = world.assign(world.terms(), &[("P1", 10)]);
        caught(&mut world, job);
        world.play("P1", job, 3, true);
        if leave {
            super::VALIDATORS.iter().for_each(|name| {
                super::unbond(&mut world, name, Role::Validator, 50_000);
            });
        }
        world.blocks(110);
        let insured = world.state.balance(Pot::Insurance(Asset::Stake));
        let judges = world.state.balance(Pot::Judges);
        [insured.units(), judges.units()]
    };
    let ([insured, judged], alone) = (parts(false), parts(true));
    // A quarter of what is neither compensation, reward nor burnt, down, and the rest.
    assert!(insured > 0 && (3 * insured..=3 * insured + 3).contains(&judged));
    assert_eq!(alone, [insured + judged, 0]);
}

/// A leak of a verdict whose lock has an odd number of units: half of it, down, is the finder's.
/// Who leaked is out, for this job and from its seat, and the next draw is another round's.
#[test]
fn a_leak_pays_half_a_lock_down_and_empties_its_seat() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.audit_lock = Factor::new(2_000_000_001).expect("a multiple");
    }));
    super::VALIDATORS[3..].iter().for_each(|name| {
        super::unbond(&mut world, name, Role::Validator, 50_000);
    });
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [leaky, other] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(leaky, job, root(None));
    let before = wealth(&world, ["W"]);
    world.report_copy("W", job, leaky, world.opening(job, root(None)));
    // Of 2,500,000,001 units.
    assert_eq!(gains(&world, ["W"], before), [1_250_000_000 - FEE]);
    // Two of three are left, too few for another draw.
    let case = world.state.case(job).expect("assigned");
    assert_eq!((world.auditors(job), case.round), (vec![other], 1));
    assert_eq!(*case.barred, [world.operator(leaky, Role::Validator)]);
}

/// What an offence says against who committed it, in shares of an event of ten tokens: a tenth for
/// a forfeited deposit of one, a whole one for a wrong result at a price of ten.
#[test]
fn offences_count_against_a_name() {
    let mut world = World::new(params());
    let job = world.post(world.terms());
    ["P1", "P2"].iter().for_each(|name| world.bid(name, job, 10));
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    caught(&mut world, job);
    world.play("P1", job, 3, true);
    let failures = |name| {
        let record = world.state.reputation(world.operator(name, Role::Provider));
        [record.correctness.failure, record.timeliness.failure]
    };
    assert_eq!(failures("P1"), [Factor::ONE, Factor::ZERO]);
    assert_eq!(failures("P2"), [Factor::ZERO, Factor::percent(10)]);
}

/// What eight judges of one stake are given is an eighth each, down, and what each claims is its
/// own; one of 90,000 tokens among seven of 50,000 has 9 of 44 parts.
#[test]
fn judges_share_by_stake() {
    for (more, one, other, all) in [(0, 1, 1, 8), (40_000, 9, 5, 44)] {
        let mut world = World::new(params_with(|raw| {
            raw.slashing.insurance_share = Ratio::percent(25);
        }));
        if more > 0 {
            super::bond(&mut world, "V1", Role::Validator, more);
        }
        let job = world.assign(world.terms(), &[("P1", 10)]);
        caught(&mut world, job);
        world.play("P1", job, 3, true);
        world.blocks(110);
        let judged = i64::try_from(world.state.balance(Pot::Judges).units()).expect("small");
        assert!(judged > TOKEN);
        let role = Role::Validator;
        for name in super::VALIDATORS {
            let before = wealth(&world, [name]);
            world.ok(name, Command::ClaimRewards(ClaimRewards { role }));
            let [gain] = gains(&world, [name], before);
            let due = judged * if name == "V1" { one } else { other } / all;
            assert!((due - 1..=due).contains(&(gain + FEE)), "{name}: {gain} of {judged}");
        }
        assert!(world.state.balance(Pot::Judges).units() <= 16, "dust");
    }
}
