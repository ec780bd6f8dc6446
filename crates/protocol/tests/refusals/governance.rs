//! Proposing, voting, and taking a proposal back.

use earnest_protocol::{
    Amount, Command, Digest, Epoch, Epochs, ProposalId, RawParams, Role, SlashId,
    command::{
        AppealSlash, BallotChoice, CancelProposal, CastBallot, ParamChange, Propose, Transfer,
    },
    governance::{
        AppealSlashRejected, CancelProposalRejected, CastBallotRejected, ProposeRejected,
    },
    params::{BrokenRelation, Relation},
};
use earnest_testkit::{votes, world::root};

use crate::{Row, row, world::World};

const FIRST: ProposalId = ProposalId::new(0);

fn change(path: &str, value: u64) -> ParamChange {
    ParamChange { path: path.into(), value }
}

fn propose(changes: &[ParamChange]) -> Command {
    Command::Propose(Propose { changes: changes.into(), audit: Digest::ZERO })
}

fn harmless() -> Command {
    propose(&[change("staking.unbonding_epochs", 110)])
}

fn yes() -> Command {
    Command::CastBallot(CastBallot { proposal: FIRST, choice: BallotChoice::Yes })
}

fn cancel() -> Command {
    Command::CancelProposal(CancelProposal { proposal: FIRST })
}

/// W proposes something, and its voting has begun.
fn voted_on(world: &mut World) {
    world.ok("W", harmless());
    votes::until(world, Epoch::new(1));
}

fn short() -> Command {
    propose(&[change("staking.unbonding_epochs", 1)])
}

/// What R4 asks of the world's parameters, in blocks.
fn needed() -> u64 {
    earnest_testkit::world::params().longest_liability().count()
}

/// What the world's own parameters leave P1 after a job whose result was wrong: a slash that waits.
fn convict(world: &mut World) {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
}

fn quick(raw: &mut RawParams) {
    raw.governance = votes::params().governance;
    raw.slashing.appeal_epochs = votes::params().slashing.appeal_epochs;
}

// tidy: ladder
fn rows_of_proposals() -> Vec<Row> {
    vec![
        row(ProposeRejected::NothingChanges, |_| ("W", propose(&[]))),
        row(ProposeRejected::TooManyChanges { count: 2, max: 1 }, |_| {
            ("W", propose(&[change("no.where", 1), change("no.where", 1)]))
        })
        .under(|raw| raw.governance.changes_max = 1),
        row(ProposeRejected::UnknownParameter { place: 1 }, |_| {
            ("W", propose(&[change("market.bids_max", 9), change("bids_max", 9)]))
        }),
        row(ProposeRejected::ChangedTwice { place: 1 }, |_| {
            ("W", propose(&[change("market.bids_max", 9), change("market.bids_max", 99)]))
        }),
        row(ProposeRejected::OutOfRange { place: 0, got: 65, min: 1, max: 64 }, |_| {
            ("W", propose(&[change("market.bids_max", 65), change("staking.jail_epochs", 0)]))
        }),
        row(
            ProposeRejected::RelationBroken(BrokenRelation {
                relation: Relation::UnbondingTooShort,
                got: 50,
                bound: needed(),
            }),
            |_| ("W", short()),
        ),
        row(
            ProposeRejected::RelationBroken(BrokenRelation {
                relation: Relation::StakePriceNotOne,
                got: 2,
                bound: 1_000_000_000,
            }),
            |_| ("W", propose(&[change("chain.stake_price", 2)])),
        ),
        row(
            ProposeRejected::RelationBroken(BrokenRelation {
                relation: Relation::BlocksTooFast,
                got: 999,
                bound: 1_000,
            }),
            |_| ("W", propose(&[change("chain.block_interval_min_ms", 999)])),
        ),
        row(
            ProposeRejected::RelationBroken(BrokenRelation {
                relation: Relation::EpochTooLong,
                got: 51,
                bound: 50,
            }),
            |_| ("W", propose(&[change("chain.epoch_blocks", 51)])),
        ),
        row(ProposeRejected::ProposalsAtLimit { limit: 1 }, |world| {
            world.ok("W", harmless());
            ("W", harmless())
        })
        .under(|raw| raw.governance.proposals_max = 1),
        row(
            ProposeRejected::DepositExceedsFree {
                deposit: Amount::tokens(500),
                free: Amount::tokens(499),
            },
            |world| {
                let fee = world.state.base_fee().checked_times(5).expect("small");
                let (to, asset) = (world.address("X"), world.state.assets().payment());
                let free = world.state.free(world.id("W"));
                let left = Amount::tokens(499).saturating_add(fee);
                let amount = free.checked_sub(left).expect("rich");
                let amount = amount.saturating_sub(world.state.base_fee());
                world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
                ("W", harmless())
            },
        ),
    ]
}

fn appeal() -> Command {
    Command::AppealSlash(AppealSlash { slash: SlashId::new(0), report: Digest::ZERO })
}

/// Leaves a name so much free besides the fee of an appeal.
fn leave(world: &mut World, name: &str, tokens: u64) {
    let fee = world.state.base_fee().checked_times(5).expect("small");
    let (to, asset) = (world.address("X"), world.state.assets().payment());
    let left = Amount::tokens(tokens).saturating_add(fee);
    let amount = world.state.free(world.id(name)).checked_sub(left).expect("rich");
    world.ok(name, Command::Transfer(Transfer { to, asset, amount }));
}

fn rows_of_appeals() -> Vec<Row> {
    vec![
        row(AppealSlashRejected::NoAppeals, |world| {
            convict(world);
            ("P1", appeal())
        }),
        row(AppealSlashRejected::SlashNotFound, |_| ("P1", appeal())).under(quick),
        row(AppealSlashRejected::NotConcerned, |world| {
            convict(world);
            ("P2", appeal())
        })
        .under(quick),
        row(AppealSlashRejected::NotWaiting, |world| {
            convict(world);
            votes::until(world, world.state.epoch().after(Epochs::new(2)));
            ("P1", appeal())
        })
        .under(quick),
        row(AppealSlashRejected::AppealOpen { proposal: FIRST }, |world| {
            convict(world);
            world.ok("P1", appeal());
            ("P1", appeal())
        })
        .under(quick),
        row(
            AppealSlashRejected::DepositExceedsFree {
                deposit: Amount::tokens(10_000),
                free: Amount::tokens(9_999),
            },
            |world| {
                convict(world);
                leave(world, "P1", 9_999);
                ("P1", appeal())
            },
        )
        .under(|raw| {
            quick(raw);
            raw.slashing.appeal_deposit_min = Amount::tokens(10_000);
        }),
        row(CancelProposalRejected::IsAppeal, |world| {
            convict(world);
            world.ok("P1", appeal());
            ("P1", cancel())
        })
        .under(quick),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = rows_of_proposals();
    rows.extend(rows_of_appeals());
    rows.extend([
        row(CastBallotRejected::ProposalNotFound, |_| ("P1", yes())),
        row(
            CastBallotRejected::VotingNotOpen { opens: Epoch::new(24), now: Epoch::ZERO },
            |world| {
                world.ok("W", harmless());
                ("P1", yes())
            },
        ),
        row(CastBallotRejected::VotingClosed, |world| {
            world.ok("W", harmless());
            world.ok("W", cancel());
            ("P1", yes())
        }),
        row(
            CastBallotRejected::SlashWaits { operator: earnest_protocol::OperatorId::new(0) },
            |world| {
                assert_eq!(world.operator("P1", Role::Provider).raw(), 0);
                voted_on(world);
                convict(world);
                ("P1", yes())
            },
        )
        .under(quick),
        row(CastBallotRejected::NoPower, |world| {
            voted_on(world);
            ("R", yes())
        })
        .under(quick),
        row(CastBallotRejected::SameChoice, |world| {
            voted_on(world);
            world.ok("P1", yes());
            ("P1", yes())
        })
        .under(quick),
        row(CancelProposalRejected::ProposalNotFound, |_| ("W", cancel())),
        row(CancelProposalRejected::NotProposer, |world| {
            world.ok("W", harmless());
            ("P1", cancel())
        }),
        row(CancelProposalRejected::VotingBegan, |world| {
            voted_on(world);
            ("W", cancel())
        })
        .under(quick),
    ]);
    rows
}
