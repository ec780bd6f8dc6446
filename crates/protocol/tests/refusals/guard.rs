//! What a council and a guardian may not, and what their phases and pauses stop.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Height, ProposalId, RawParams, Role, SlashId,
    command::{
        AppealSlash, BallotChoice, CastBallot, CastCouncilBallot, Delegate, ParamChange, Pause,
        PauseLane, Propose,
    },
    governance::{
        CastBallotRejected, CastCouncilBallotRejected, PauseRejected, ProposeRejected,
        ProposeSpendRejected,
    },
    market::PostJobRejected,
    params::{BrokenRelation, Relation},
    staking::DelegateRejected,
};
use earnest_testkit::{
    votes,
    world::{Guarding, root},
};

use crate::{Row, row, world::World};

const FIRST: ProposalId = ProposalId::new(0);
const GUARD: Guarding<'static> =
    Guarding { council: &["P1", "W"], threshold: 2, guardian: Some(("O", 60)), grants: false };
const GUARDIAN: Guarding<'static> = Guarding { council: &[], threshold: 0, ..GUARD };

fn propose(path: &str, value: u64) -> Command {
    let changes = vec![ParamChange { path: path.into(), value }];
    Command::Propose(Propose { changes, audit: Digest::ZERO })
}

fn says(choice: BallotChoice) -> Command {
    Command::CastCouncilBallot(CastCouncilBallot { proposal: FIRST, choice })
}

fn pause(lane: PauseLane, blocks: u64) -> Command {
    Command::Pause(Pause { lane, blocks: Blocks::new(blocks) })
}

fn in_phase(phase: u8) -> RawParams {
    let mut raw = votes::params();
    raw.governance.phase = phase;
    raw.governance.pause_blocks_max = Blocks::new(20);
    raw.governance.pause_window_blocks = Blocks::new(30);
    raw
}

fn council(raw: &mut RawParams) {
    *raw = in_phase(0);
}

fn veto(raw: &mut RawParams) {
    *raw = in_phase(1);
}

fn stake(raw: &mut RawParams) {
    *raw = in_phase(2);
}

/// P1 is convicted of a wrong result, and appeals.
fn appealed(world: &mut World, name: &str) {
    let job = world.assign(world.terms(), &[(name, 10)]);
    world.commit(name, job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal(name, job, root(Some(3)), root(None));
    world.play(name, job, 3, true);
    let (slash, report) = (SlashId::new(0), Digest::ZERO);
    world.ok(name, Command::AppealSlash(AppealSlash { slash, report }));
}

// tidy: ladder
fn rows_of_phases() -> Vec<Row> {
    vec![
        row(ProposeRejected::CouncilProposes, |_| ("X", propose("market.bids_max", 9)))
            .under(council)
            .guarded(GUARD),
        row(ProposeSpendRejected::CouncilProposes, |world| {
            ("W", votes::spending(world.address("X"), (Amount::ZERO, 0)))
        })
        .under(|raw| {
            council(raw);
            votes::endow(raw, 100);
        })
        .guarded(GUARD),
        row(
            ProposeRejected::RelationBroken(BrokenRelation {
                relation: Relation::PhaseOrder,
                got: 2,
                bound: 1,
            }),
            |_| ("X", propose("governance.phase", 1)),
        )
        .under(stake),
        row(CastBallotRejected::CouncilDecides, |world| {
            appealed(world, "P2");
            let (proposal, choice) = (FIRST, BallotChoice::Yes);
            ("V1", Command::CastBallot(CastBallot { proposal, choice }))
        })
        .under(council)
        .guarded(GUARD),
        row(CastCouncilBallotRejected::NotMember, |_| ("X", says(BallotChoice::Veto)))
            .under(veto)
            .guarded(GUARD),
        row(CastCouncilBallotRejected::ProposalNotFound, |_| ("W", says(BallotChoice::Veto)))
            .under(veto)
            .guarded(GUARD),
        row(CastCouncilBallotRejected::VotingClosed, |world| {
            world.ok("X", propose("market.bids_max", 9));
            world.ok("W", says(BallotChoice::Veto));
            world.ok("P1", says(BallotChoice::Veto));
            ("W", says(BallotChoice::Veto))
        })
        .under(veto)
        .guarded(GUARD),
        // It cannot stop its own end, nor decide what stake does.
        row(CastCouncilBallotRejected::NoSay, |world| {
            world.ok("X", propose("governance.phase", 2));
            ("W", says(BallotChoice::Veto))
        })
        .under(council)
        .guarded(GUARD),
        row(CastCouncilBallotRejected::NoSay, |world| {
            appealed(world, "P2");
            ("W", says(BallotChoice::Yes))
        })
        .under(veto)
        .guarded(GUARD),
        row(
            CastCouncilBallotRejected::SlashWaits {
                operator: earnest_protocol::OperatorId::new(0),
            },
            |world| {
                assert_eq!(world.operator("P1", Role::Provider).raw(), 0);
                appealed(world, "P1");
                ("P1", says(BallotChoice::Yes))
            },
        )
        .under(council)
        .guarded(GUARD),
        row(CastCouncilBallotRejected::SameChoice, |world| {
            world.ok("X", propose("market.bids_max", 9));
            world.ok("W", says(BallotChoice::Veto));
            ("W", says(BallotChoice::Veto))
        })
        .under(veto)
        .guarded(GUARD),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = rows_of_phases();
    rows.extend([
        row(PauseRejected::NotGuardian, |_| ("O", pause(PauseLane::Jobs, 1))),
        row(
            PauseRejected::SunsetPassed { sunset: Height::new(60), now: Height::new(60) },
            |world| {
                world.blocks(59);
                ("O", pause(PauseLane::Jobs, 1))
            },
        )
        .guarded(GUARDIAN),
        row(PauseRejected::NotPaused, |_| ("O", pause(PauseLane::Jobs, 0))).guarded(GUARDIAN),
        row(PauseRejected::TooLong { wanted: Blocks::new(21), max: Blocks::new(20) }, |_| {
            ("O", pause(PauseLane::Jobs, 21))
        })
        .under(stake)
        .guarded(GUARDIAN),
        row(PauseRejected::TooSoon { next: Height::new(31), now: Height::new(30) }, |world| {
            world.ok("O", pause(PauseLane::Jobs, 1));
            world.blocks(29);
            ("O", pause(PauseLane::Jobs, 1))
        })
        .under(stake)
        .guarded(GUARDIAN),
        row(PostJobRejected::Paused { until: Height::new(6) }, |world| {
            world.ok("O", pause(PauseLane::Jobs, 5));
            ("R", Command::PostJob(world.terms()))
        })
        .guarded(GUARDIAN),
        row(DelegateRejected::Paused { until: Height::new(6) }, |world| {
            world.ok("O", pause(PauseLane::Delegations, 5));
            let (operator, role) = (world.id("P1"), Role::Provider);
            let amount = earnest_protocol::Amount::tokens(1);
            ("W", Command::Delegate(Delegate { operator, role, amount }))
        })
        .guarded(GUARDIAN),
    ]);
    rows
}
