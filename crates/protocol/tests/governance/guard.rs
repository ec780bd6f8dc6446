//! A network may begin with a council and a guardian: what they may, and when that is over.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Event, Height, ParamsVersion, ProposalId, RawParams,
    Rejected, Role, SlashId,
    command::{
        AppealSlash, BallotChoice, BallotChoice::*, CastCouncilBallot, Challenge, Delegate, Pause,
        PauseLane, Unbond, Undelegate,
    },
    governance::{Defeat, ProposalStage, ProposeRejected},
    ledger::Pot,
    slashing::SlashState,
};
use earnest_testkit::{
    votes::{params_with, pass, propose, stage, vote},
    world::{Guarding, World, root},
};

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
const COUNCIL: Guarding<'static> =
    Guarding { council: &["W", "X", "P4"], threshold: 2, guardian: None, grants: false };

fn in_phase(phase: u8) -> RawParams {
    params_with(40, |raw| raw.governance.phase = phase)
}

fn says(world: &mut World, name: &str, proposal: ProposalId, choice: BallotChoice) {
    world.ok(name, Command::CastCouncilBallot(CastCouncilBallot { proposal, choice }));
}

/// Lets a proposal be accepted by all validators, and carried out.
fn adopted(world: &mut World, id: ProposalId) {
    pass(world, id);
    VALIDATORS.iter().for_each(|name| vote(world, name, id, Yes));
    pass(world, id);
    pass(world, id);
}

#[test]
fn phases_lead_from_the_council_to_stake_alone_and_never_back() {
    let mut world = World::guarded(in_phase(0), COUNCIL);
    let change = [("market.bids_max", 9)];
    let refused = world.send("R", proposal(&change));
    let why = ProposeRejected::CouncilProposes;
    assert_eq!(refused, Err(Rejected::Propose(why)));
    let id = propose(&mut world, "W", &change);
    adopted(&mut world, id);
    assert_eq!(stage(&world, id), ProposalStage::Executed(ParamsVersion::new(1)), "stake agrees");

    // Anybody may ask for the next phase, and no member can stop it.
    for phase in [1, 2] {
        let id = propose(&mut world, "R", &[("governance.phase", phase)]);
        adopted(&mut world, id);
        assert_eq!(u64::from(world.state.params().governance().phase), phase);
        let back = world.send("W", proposal(&[("governance.phase", phase - 1)]));
        let Err(Rejected::Propose(ProposeRejected::RelationBroken(broken))) = back else {
            panic!("{back:?}")
        };
        assert_eq!((broken.got, broken.bound), (phase, phase - 1));
    }
    let id = propose(&mut world, "R", &[("market.bids_max", 8)]);
    let veto = Command::CastCouncilBallot(CastCouncilBallot { proposal: id, choice: Veto });
    assert!(world.send("W", veto).is_err(), "the council has no say any more");
}

fn proposal(changes: &[(&str, u64)]) -> Command {
    let change = |&(path, value): &(&str, u64)| earnest_protocol::command::ParamChange {
        path: path.into(),
        value,
    };
    let changes = changes.iter().map(change).collect();
    Command::Propose(earnest_protocol::command::Propose { changes, audit: Digest::ZERO })
}

#[test]
fn a_council_stops_a_change_until_it_is_in_force_and_burns_nothing() {
    // Before its vote, while it is on, and while it is queued.
    for stages in 0..3 {
        let mut world = World::guarded(in_phase(1), COUNCIL);
        let before = world.wealth("R");
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        let fee = before - world.wealth("R") - Amount::tokens(500).units();
        if stages > 0 {
            pass(&mut world, id);
            VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, Yes));
        }
        if stages > 1 {
            pass(&mut world, id);
            assert!(matches!(stage(&world, id), ProposalStage::Queued(_)));
        }
        says(&mut world, "W", id, Veto);
        assert!(world.state.proposal(id).expect("open").stage.is_open(), "one of two needed");
        says(&mut world, "P4", id, Veto);
        assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Council));
        assert_eq!(before - world.wealth("R"), fee, "a council burns no deposit");
        world.blocks(400);
        assert_eq!(world.state.params().market().bids_max, 32);
    }
}

/// P1 is convicted of a wrong result, and appeals.
fn appealed(world: &mut World) -> (SlashId, ProposalId) {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    let slash = world.state.slashes().map(|(id, _)| id).last().expect("convicted");
    let next = u64::try_from(world.state.proposal_count()).expect("few");
    world.ok("P1", Command::AppealSlash(AppealSlash { slash, report: Digest::ZERO }));
    (slash, ProposalId::new(next))
}

#[test]
fn in_the_first_phase_the_council_decides_appeals_and_its_silence_pays_the_slash_out() {
    type Said<'a> = &'a [(&'a str, BallotChoice)];
    let ends: [(Said<'_>, bool, bool); 4] = [
        (&[("W", Yes), ("X", Yes)], true, true),
        (&[("W", No), ("X", Yes), ("P4", No)], false, true),
        (&[("W", Yes), ("W", No), ("X", Yes)], false, false),
        (&[], false, false),
    ];
    for (said, undone, at_once) in ends {
        let mut world = World::guarded(in_phase(0), COUNCIL);
        let (slash, id) = appealed(&mut world);
        said.iter().for_each(|(name, choice)| says(&mut world, name, id, *choice));
        let state = |world: &World| world.state.slash(slash).expect("for a while").state;
        assert_eq!(state(&world).waits(), !at_once, "{said:?}");
        while !at_once && state(&world).waits() {
            world.block();
        }
        assert_eq!(matches!(state(&world), SlashState::Reversed(_)), undone, "{said:?}");
        let end = ProposalStage::Defeated(Defeat::Council);
        assert_eq!(stage(&world, id), if undone { ProposalStage::Granted } else { end });
    }
}

#[test]
fn an_appeal_stays_with_the_forum_that_it_began_in() {
    let mut world = World::guarded(in_phase(0), COUNCIL);
    let phase = propose(&mut world, "R", &[("governance.phase", 2)]);
    pass(&mut world, phase);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, phase, Yes));
    pass(&mut world, phase);
    let (slash, id) = appealed(&mut world);
    pass(&mut world, phase);
    assert_eq!(world.state.params().governance().phase, 2);
    says(&mut world, "W", id, Yes);
    says(&mut world, "X", id, Yes);
    assert!(matches!(world.state.slash(slash).expect("known").state, SlashState::Reversed(_)));
}

const GUARDIAN: Guarding<'static> =
    Guarding { council: &[], threshold: 0, guardian: Some(("O", 1_000)), grants: false };

fn pause(world: &mut World, lane: PauseLane, blocks: u64) {
    world.ok("O", Command::Pause(Pause { lane, blocks: Blocks::new(blocks) }));
}

fn pausing(raw: &mut RawParams) {
    raw.governance.pause_blocks_max = Blocks::new(200);
    raw.governance.pause_window_blocks = Blocks::new(400);
    raw.staking.delegation_max = earnest_protocol::Factor::ONE;
}

/// What is under way when everything is paused ends as if nothing was: jobs, disputes, stake that
/// leaves, votes.
fn goes_on(paused: bool) -> (Vec<u64>, Vec<String>) {
    let mut world = World::guarded(params_with(40, pausing), GUARDIAN);
    world.opens("P3", Role::Provider);
    let (operator, role, amount) = (world.id("P3"), Role::Provider, Amount::tokens(100));
    world.ok("W", Command::Delegate(Delegate { operator, role, amount }));
    let bidding = world.post(world.terms());
    let disputed = world.assign(world.terms(), &[("P2", 10)]);
    if paused {
        pause(&mut world, PauseLane::Jobs, 200);
        pause(&mut world, PauseLane::Delegations, 200);
    }
    world.ok("W", Command::Undelegate(Undelegate { operator, role, amount }));
    world.ok("P3", Command::Unbond(Unbond { role, amount }));
    let id = propose(&mut world, "X", &[("market.bids_max", 9)]);
    world.commit("P2", disputed, root(Some(3)));
    world.audit(disputed, root(None));
    world.reveal("P2", disputed, root(Some(3)), root(None));
    world.ok("X", Command::Challenge(Challenge { job: disputed }));
    world.play("P2", disputed, 3, true);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, Yes));
    pass(&mut world, id);
    pass(&mut world, id);
    let names = ["R", "P1", "P2", "P3", "V1", "V2", "V3", "V4", "W", "X"];
    let ends = [bidding, disputed].map(|job| format!("{:?}", world.closed(job)));
    (names.map(|name| world.wealth(name)).to_vec(), ends.to_vec())
}

#[test]
fn a_pause_keeps_nobody_from_what_is_owed_and_no_clock_stands_still() {
    assert_eq!(goes_on(true), goes_on(false));
}

#[test]
fn m32_of_any_window_a_lane_is_paused_for_one_pause_at_most() {
    let mut world = World::guarded(params_with(40, pausing), GUARDIAN);
    let (mut paused, mut next) = (Vec::new(), 0);
    for height in 1..1_200u64 {
        // The guardian stops new jobs whenever it may, for as long as it may.
        let ask = Command::Pause(Pause { lane: PauseLane::Jobs, blocks: Blocks::new(200) });
        next += u64::from(world.send("O", ask).is_ok());
        let stops = world.state.paused(PauseLane::Jobs).is_some();
        paused.push((height, stops));
        world.block();
    }
    assert_eq!(next, 3, "at 1, 401 and 801");
    for window in paused.windows(400) {
        assert!(window.iter().filter(|(_, stops)| *stops).count() <= 200);
    }
    let late = paused.iter().any(|(height, stops)| *stops && *height >= 1_000);
    assert!(!late, "after the sunset nothing is paused");
}

#[test]
fn a_pause_may_end_early_and_gives_no_second_one() {
    let mut world = World::guarded(params_with(40, pausing), GUARDIAN);
    pause(&mut world, PauseLane::Jobs, 200);
    assert_eq!(world.state.paused(PauseLane::Jobs), Some(Height::new(201)));
    assert_eq!(world.state.paused(PauseLane::Delegations), None, "lanes are paused apart");
    pause(&mut world, PauseLane::Jobs, 0);
    world.post(world.terms());
    let again = Command::Pause(Pause { lane: PauseLane::Jobs, blocks: Blocks::new(1) });
    assert!(world.send("O", again).is_err(), "the window is used up");
}

#[test]
fn a_guardian_moves_no_money() {
    let mut world = World::guarded(params_with(40, pausing), GUARDIAN);
    let all = |world: &World| ["R", "P1", "W", "O"].map(|name| world.wealth(name));
    let before = all(&world);
    pause(&mut world, PauseLane::Jobs, 200);
    let [r, p, w, o] = all(&world);
    let fee = world.state.base_fee().units();
    assert_eq!([r, p, w, o + fee], before);
    let events = world.seen(|event| match event {
        Event::LanePaused { lane, until } => Some((*lane, until.count())),
        _ => None,
    });
    assert_eq!(events, [(PauseLane::Jobs, 201)]);
    let burnt = world.state.balance(Pot::Burnt(Asset::Stake));
    assert_eq!(burnt.units(), fee);
}
