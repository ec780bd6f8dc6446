//! Votes that would change what is alive, that are split, or cast by offenders: C11, M21, M31, M32.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Epoch, Epochs, Event, Factor, JobId, ParamsVersion,
    ProposalId, Rejected, Role, SlashId,
    command::{
        AppealSlash, BallotChoice, BallotChoice::*, CancelProposal, Delegate, ParamChange, PostJob,
        Propose, Unbond, Unjail,
    },
    governance::{AppealSlashRejected, CastBallotRejected, ProposalStage, ProposeRejected},
    ledger::Pot,
    market::Phase,
    params::{BrokenRelation, Relation},
    slashing::SlashState,
};
use earnest_testkit::votes::{self, ballot, params_with, pass, propose, stage, tally, until, vote};

use crate::world::{World, root};

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

fn change(path: &str, value: u64) -> ParamChange {
    ParamChange { path: path.into(), value }
}

fn refused(world: &mut World, changes: Vec<ParamChange>) -> Result<(), Rejected> {
    world.send("W", Command::Propose(Propose { changes, audit: Digest::ZERO }))
}

/// A job that P1 executes, and one of P2's whose wrong result is disputed.
fn alive(world: &mut World) -> [JobId; 2] {
    let terms = PostJob { deadline_blocks: Blocks::new(60), ..world.terms() };
    let executed = world.assign(terms, &[("P1", 10)]);
    let disputed = world.assign(world.terms(), &[("P2", 10)]);
    world.commit("P2", disputed, root(Some(3)));
    world.audit(disputed, root(None));
    world.reveal("P2", disputed, root(Some(3)), root(None));
    [executed, disputed]
}

/// What a job that is executed, one that is disputed, and a bond that leaves come to, if all
/// validators say `choice` to harsher parameters that are in force while these are alive.
fn lives_through(choice: BallotChoice) -> (Vec<u64>, Vec<String>, Epoch) {
    let mut world = World::new(params_with(40, |_| {}));
    let harsher = [
        ("market.grace_blocks", 1),
        ("verification.clock_blocks", 3),
        ("verification.margin", 1_000_000_000),
        ("slashing.wrong_result", 400_000_000),
        ("slashing.copied_root", 400_000_000),
        ("staking.unbonding_epochs", 140),
    ];
    let id = propose(&mut world, "W", &harsher);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, choice));
    pass(&mut world, id);
    until(&mut world, Epoch::new(6));
    // So late that the change comes three blocks after they are there.
    let mut trial = World::new(params_with(40, |_| {}));
    let before = trial.state.height();
    alive(&mut trial);
    let takes = trial.state.height().since(before).count();
    world.blocks(50 - 3 - takes);
    let [executed, disputed] = alive(&mut world);
    let (role, amount) = (Role::Provider, Amount::tokens(10));
    world.ok("P3", Command::Unbond(Unbond { role, amount }));
    let leaving = world.state.operator(world.operator("P3", role)).expect("bonded").unbondings[0];
    assert_eq!(world.state.epoch(), Epoch::new(6), "the change comes later");
    assert_eq!(world.phase(disputed), Phase::Challengeable);
    until(&mut world, Epoch::new(7));
    let version = world.state.params_versions().map(|(version, _)| version).max();
    assert_eq!(version, Some(ParamsVersion::new(u32::from(choice == Yes))));

    world.play("P2", disputed, 3, true);
    world.commit("P1", executed, root(None));
    world.audit(executed, root(None));
    world.reveal("P1", executed, root(None), root(None));
    world.until_phase(executed, Phase::Closed);
    let matures = world.state.unbonding(leaving).expect("it waits").matures;
    let ends = [executed, disputed].map(|job| format!("{:?}", world.closed(job)));
    until(&mut world, Epoch::new(10));
    let names = ["R", "P1", "P2", "P3", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    (names.map(|name| world.wealth(name)).to_vec(), ends.to_vec(), matures)
}

#[test]
fn m21_a_vote_changes_neither_a_live_job_nor_a_dispute_nor_a_bond_that_leaves() {
    let (with, without) = (lives_through(Yes), lives_through(No));
    assert_eq!(with, without);
    assert_eq!(with.2, Epoch::new(106), "the hundred epochs that it began with");
}

#[test]
fn m21_bonds_may_not_leave_before_jobs_of_older_versions_are_over() {
    let mut world = World::new(params_with(40, |_| {}));
    let needed = votes::params().longest_liability().count();
    // Shorter windows and a shorter wait fit each other, but not the jobs that are alive.
    let epochs = (needed - 1) / 50;
    let shorter = || {
        let windows = change("market.deadline_blocks_max", 10);
        vec![windows, change("staking.unbonding_epochs", epochs)]
    };
    let broken =
        BrokenRelation { relation: Relation::UnbondingTooShort, got: epochs * 50, bound: needed };
    let why = Err(Rejected::Propose(ProposeRejected::RelationBroken(broken)));
    assert_eq!(refused(&mut world, shorter()), why);
    // In two votes it goes: once nothing is judged by the longer windows any more.
    for changes in
        [vec![("market.deadline_blocks_max", 10)], vec![("staking.unbonding_epochs", epochs)]]
    {
        let id = propose(&mut world, "W", &changes);
        pass(&mut world, id);
        VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, Yes));
        pass(&mut world, id);
        pass(&mut world, id);
        assert!(matches!(stage(&world, id), ProposalStage::Executed(_)));
    }
    assert_eq!(world.state.params().staking().unbonding_epochs, Epochs::new(epochs));
}

#[test]
fn m31_a_stake_that_is_split_votes_with_no_more_than_one_that_is_not() {
    let votes_of = |parts: &[(&str, u64)]| {
        let mut world = World::new(params_with(1, |raw| raw.staking.delegation_max = Factor::ONE));
        let (operator, role) = (world.id("P1"), Role::Provider);
        world.opens("P1", role);
        for (name, tokens) in parts {
            let amount = Amount::tokens(*tokens);
            world.ok(name, Command::Delegate(Delegate { operator, role, amount }));
        }
        let id = propose(&mut world, "P4", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        parts.iter().for_each(|(name, _)| vote(&mut world, name, id, Yes));
        tally(&world, id).yes
    };
    assert_eq!(votes_of(&[("W", 10_000)]), Amount::tokens(10_000));
    assert_eq!(votes_of(&[("W", 2_500), ("X", 2_500), ("R", 5_000)]), Amount::tokens(10_000));
}

#[test]
fn m31_an_offender_has_no_vote_while_its_slash_waits_nor_in_what_begins_meanwhile() {
    let mut world = World::new(params_with(1, |raw| {
        raw.slashing.engine_stay_epochs = Epochs::new(8);
    }));
    let before = propose(&mut world, "W", &[("market.bids_max", 9)]);
    pass(&mut world, before);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    let meanwhile = propose(&mut world, "W", &[("market.bids_max", 8)]);
    pass(&mut world, meanwhile);
    let operator = world.operator("P1", Role::Provider);
    for id in [before, meanwhile] {
        let refused = world.send("P1", ballot(id, No));
        let why = CastBallotRejected::SlashWaits { operator };
        assert_eq!(refused, Err(Rejected::CastBallot(why)));
    }
}

/// Out of jail again while its slash still waits, neither it nor who delegates to it has a voice in
/// what begins then.
#[test]
fn m31_stake_behind_an_offender_has_no_voice_in_what_begins_while_its_slash_waits() {
    let mut world = World::new(params_with(1, |raw| {
        raw.slashing.engine_stay_epochs = Epochs::new(8);
        raw.staking.delegation_max = Factor::ONE;
    }));
    let role = Role::Provider;
    world.opens("P1", role);
    let (operator, amount) = (world.id("P1"), Amount::tokens(300));
    world.ok("W", Command::Delegate(Delegate { operator, role, amount }));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    let free = world.state.epoch().after(Epochs::new(2));
    until(&mut world, free);
    world.ok("P1", Command::Unjail(Unjail { role }));
    let id = propose(&mut world, "X", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    let refused = world.send("W", ballot(id, Yes));
    assert_eq!(refused, Err(Rejected::CastBallot(CastBallotRejected::NoPower)));
    vote(&mut world, "P2", id, Yes);
    assert_eq!(tally(&world, id).turnout(), Amount::tokens(50_000));
}

#[test]
fn m32_two_thirds_wait_for_the_timelock_and_nobody_else_can_act() {
    let mut world = World::new(params_with(40, |_| {}));
    let id = propose(&mut world, "W", &[("staking.unbonding_epochs", 10_000)]);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, Yes));
    pass(&mut world, id);
    // Whoever does not like what was voted leaves on the terms that it bonded on.
    let (role, amount) = (Role::Provider, Amount::tokens(10));
    world.ok("P3", Command::Unbond(Unbond { role, amount }));
    let now = world.state.epoch();
    assert_eq!(world.state.params().staking().unbonding_epochs, Epochs::new(100));
    pass(&mut world, id);
    assert_eq!(world.state.epoch(), now.after(Epochs::new(2)), "no majority shortens it");
    let leaving = world.state.operator(world.operator("P3", role)).expect("bonded").unbondings[0];
    let matures = world.state.unbonding(leaving).expect("it waits").matures;
    assert_eq!(matures, now.after(Epochs::new(100)));
}

#[test]
fn c11_no_vote_turns_audits_off() {
    let mut world = World::new(params_with(40, |_| {}));
    for path in ["verification.audit_min", "verification.detection_min"] {
        let refused = refused(&mut world, vec![change(path, 0)]);
        let (place, got, min, max) = (0, 0, 1, 1_000_000_000);
        let why = ProposeRejected::OutOfRange { place, got, min, max };
        assert_eq!(refused, Err(Rejected::Propose(why)));
    }
}

/// Five days of a vote have their quorum on the first; a ballot that is changed on the last does
/// not make the vote longer, nor does a delegator that then takes its part from its operator's.
#[test]
fn m31_who_says_something_else_late_wins_no_time() {
    let mut world = World::new(params_with(40, |raw| {
        raw.staking.delegation_max = Factor::ONE;
        raw.governance.late_quorum_epochs = Epochs::new(2);
    }));
    world.opens("P1", Role::Provider);
    let (operator, amount) = (world.id("P1"), Amount::tokens(50_000));
    world.ok("W", Command::Delegate(Delegate { operator, role: Role::Provider, amount }));
    let id = propose(&mut world, "X", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    // 300,000 of 700,000; without any of them there is no quorum.
    ["P1", "P2", "P3", "P4", "V1"].iter().for_each(|name| vote(&mut world, name, id, Yes));
    until(&mut world, Epoch::new(4));
    vote(&mut world, "P2", id, No);
    vote(&mut world, "W", id, No);
    let longer = world.seen(|event| match event {
        Event::VotingExtended { closes, .. } => Some(*closes),
        _ => None,
    });
    assert_eq!(longer, []);
    assert_eq!(world.state.proposal(id).expect("it is voted on").due, Epoch::new(5));
}

/// Shorter epochs and as much longer a wait fit each other; bonds that leave already would be gone
/// in half of the time that their jobs may take.
#[test]
fn m21_shorter_epochs_do_not_let_bonds_go_that_leave_already() {
    let mut world = World::new(params_with(40, |_| {}));
    let epoch = votes::params().longest_liability().count() / 200;
    let shorter = |unbonding| {
        vec![change("chain.epoch_blocks", epoch), change("staking.unbonding_epochs", unbonding)]
    };
    let Err(Rejected::Propose(ProposeRejected::RelationBroken(broken))) =
        refused(&mut world, shorter(10_000))
    else {
        panic!("it would be put to the vote")
    };
    assert_eq!((broken.relation, broken.got), (Relation::UnbondingTooShort, 100 * epoch));
}

/// Windows count blocks and waits count epochs: a majority could outrun the ones and stretch the
/// others, of jobs and bonds that began before.
#[test]
fn m21_no_vote_outruns_deadlines_or_stretches_waits_that_have_begun() {
    let mut world = World::new(params_with(40, |_| {}));
    for (path, got, bound, relation) in [
        ("chain.block_interval_min_ms", 999, 1_000, Relation::BlocksTooFast),
        ("chain.epoch_blocks", 51, 50, Relation::EpochTooLong),
    ] {
        let why = ProposeRejected::RelationBroken(BrokenRelation { relation, got, bound });
        let refused = refused(&mut world, vec![change(path, got)]);
        assert_eq!(refused, Err(Rejected::Propose(why)));
    }
}

/// Who keeps the list full, so that nobody else's proposal is voted on, and takes each back before
/// anybody can veto it, pays for every place.
#[test]
fn m32_to_keep_others_off_the_list_costs_half_a_deposit_a_place() {
    let mut world = World::new(params_with(40, |raw| raw.governance.proposals_max = 2));
    let before = world.wealth("W");
    for round in 1..=3 {
        let own = [(); 2].map(|()| propose(&mut world, "W", &[("market.bids_max", 9)]));
        let other = refused(&mut world, vec![change("market.bids_max", 8)]);
        let why = ProposeRejected::ProposalsAtLimit { limit: 2 };
        assert_eq!(other, Err(Rejected::Propose(why)));
        for proposal in own {
            world.ok("W", Command::CancelProposal(CancelProposal { proposal }));
        }
        let lost = before - world.wealth("W");
        assert_eq!(lost / Amount::tokens(1).units(), round * 500, "and fees");
    }
}

/// P1's wrong result is disputed and convicted; its slash waits.
fn convict(world: &mut World) -> SlashId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    world.state.slashes().map(|(id, _)| id).last().expect("convicted")
}

fn appeal(world: &mut World, name: &str, slash: SlashId) -> ProposalId {
    let next = u64::try_from(world.state.proposal_count()).expect("few");
    world.ok(name, Command::AppealSlash(AppealSlash { slash, report: Digest::ZERO }));
    ProposalId::new(next)
}

#[test]
fn m21_an_appeal_for_time_costs_its_deposit_and_brings_nothing() {
    let lost = |appeals: bool| {
        let mut world = World::new(params_with(40, |_| {}));
        let before = world.coalition(&["P1", "W"]);
        let slash = convict(&mut world);
        let fee = world.state.base_fee().checked_times(4).expect("small");
        let mut paid = 0;
        if appeals {
            let id = appeal(&mut world, "P1", slash);
            paid = world.state.balance(Pot::Proposal(id)).saturating_add(fee).units();
        }
        until(&mut world, Epoch::new(20));
        (before - world.coalition(&["P1", "W"]), i64::try_from(paid).expect("small"))
    };
    let ((with, paid), (without, _)) = (lost(true), lost(false));
    assert!(paid > i64::try_from(Amount::tokens(100).units()).expect("small"));
    assert_eq!(with, without + paid, "the bond was gone from the first block");
}

#[test]
fn m32_friends_of_an_offender_do_not_undo_its_slash_while_others_sleep_or_say_no() {
    for others in [false, true] {
        let mut world = World::new(params_with(40, |_| {}));
        let slash = convict(&mut world);
        let id = appeal(&mut world, "P1", slash);
        pass(&mut world, id);
        // A quarter of all that votes: too few alone, and too few against the rest.
        for name in ["P2", "P3", "P4"] {
            vote(&mut world, name, id, Yes);
        }
        if others {
            VALIDATORS.iter().take(4).for_each(|name| vote(&mut world, name, id, No));
        }
        pass(&mut world, id);
        assert!(matches!(stage(&world, id), ProposalStage::Defeated(_)), "{others}");
        assert!(matches!(world.state.slash(slash).expect("known").state, SlashState::Executed(_)));
    }
}

#[test]
fn m32_what_was_paid_out_comes_back_from_nobody() {
    let mut world = World::new(params_with(40, |_| {}));
    let slash = convict(&mut world);
    until(&mut world, Epoch::new(4));
    let late = Command::AppealSlash(AppealSlash { slash, report: Digest::ZERO });
    let why = AppealSlashRejected::NotWaiting;
    assert_eq!(world.send("P1", late), Err(Rejected::AppealSlash(why)));
}
