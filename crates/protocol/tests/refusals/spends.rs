//! Proposing that the treasury pays somebody, and that it stops.

use earnest_protocol::{
    Address, Amount, Asset, Command, Digest, Epoch, Epochs, ProposalId, RawParams,
    command::{CancelProposal, ProposeSpend, StopSpend, Transfer},
    governance::{CancelProposalRejected, ProposeSpendRejected, StopSpendRejected},
};
use earnest_testkit::votes;

use crate::{Row, row, world::World};

const FIRST: ProposalId = ProposalId::new(0);

fn rich(raw: &mut RawParams) {
    raw.governance = votes::params().governance;
    votes::endow(raw, 100_000);
}

/// W asks for so much for X, once the treasury has something.
fn asks(world: &mut World, (amount, epochs): (Amount, u64)) -> (&'static str, Command) {
    votes::until(world, Epoch::new(1));
    ("W", votes::spending(world.address("X"), (amount, epochs)))
}

/// The same in an asset.
fn of(world: &mut World, asset: Asset) -> (&'static str, Command) {
    let (to, amount, epochs) = (world.address("X"), Amount::tokens(1), Epochs::new(1));
    let report = Digest::ZERO;
    ("W", Command::ProposeSpend(ProposeSpend { to, asset, amount, epochs, report }))
}

fn stop() -> Command {
    Command::StopSpend(StopSpend { spend: FIRST, report: Digest::ZERO })
}

/// A spend of twenty epochs that has begun.
fn runs(world: &mut World) {
    let (name, command) = asks(world, (Amount::tokens(20), 20));
    world.ok(name, command);
    votes::accept(world, &[FIRST]);
    votes::pass(world, FIRST);
}

/// Leaves a name so much free besides the fee of what it asks next.
fn leave(world: &mut World, name: &str, tokens: u64) {
    let fee = world.state.base_fee().checked_times(5).expect("small");
    let (to, asset) = (world.address("X"), world.state.assets().payment());
    let left = Amount::tokens(tokens).saturating_add(fee);
    let amount = world.state.free(world.id(name)).checked_sub(left).expect("rich");
    world.ok(name, Command::Transfer(Transfer { to, asset, amount }));
}

/// A unit more than a twentieth.
fn over() -> Amount {
    Amount::tokens(5_000).saturating_add(Amount::UNIT)
}

fn deposit() -> (Amount, Amount) {
    (Amount::tokens(500), Amount::tokens(499))
}

// tidy: ladder
pub(crate) fn rows() -> Vec<Row> {
    let (deposit, free) = deposit();
    let max = Epochs::new(6);
    vec![
        row(ProposeSpendRejected::NothingIsSpent, |world| of(world, Asset::Payment)),
        row(ProposeSpendRejected::AmountMustBePositive, |world| asks(world, (Amount::ZERO, 0)))
            .under(rich),
        row(ProposeSpendRejected::NoSuchAsset, |world| of(world, Asset::Payment)).under(rich),
        row(ProposeSpendRejected::EpochsOutOfRange { epochs: Epochs::ZERO, max }, |world| {
            asks(world, (Amount::MAX, 0))
        })
        .under(|raw| {
            rich(raw);
            raw.governance.spend_epochs_max = Epochs::new(6);
        }),
        row(ProposeSpendRejected::EpochsOutOfRange { epochs: Epochs::new(7), max }, |world| {
            asks(world, (Amount::MAX, 7))
        })
        .under(|raw| {
            rich(raw);
            raw.governance.spend_epochs_max = Epochs::new(6);
        }),
        row(ProposeSpendRejected::AccountNotFound, |_| {
            ("W", votes::spending(Address([77; 20]), (Amount::MAX, 1)))
        })
        .under(rich),
        row(
            ProposeSpendRejected::ExceedsShare { wanted: over(), most: Amount::tokens(5_000) },
            |world| asks(world, (over(), 1)),
        )
        .under(rich),
        row(ProposeSpendRejected::SpendsAtLimit { limit: 1 }, |world| {
            let (name, command) = asks(world, (Amount::tokens(20), 20));
            world.ok(name, command.clone());
            leave(world, "W", 499);
            (name, command)
        })
        .under(|raw| {
            rich(raw);
            raw.governance.spends_max = 1;
        }),
        row(ProposeSpendRejected::DepositExceedsFree { deposit, free }, |world| {
            votes::until(world, Epoch::new(1));
            leave(world, "W", 499);
            asks(world, (Amount::tokens(1), 1))
        })
        .under(rich),
        row(StopSpendRejected::SpendNotFound, |_| ("W", stop())).under(rich),
        row(StopSpendRejected::NotRunning, |world| {
            let (name, command) = asks(world, (Amount::tokens(20), 20));
            world.ok(name, command);
            ("W", stop())
        })
        .under(rich),
        row(StopSpendRejected::StopOpen { proposal: ProposalId::new(1) }, |world| {
            runs(world);
            world.ok("R", stop());
            leave(world, "W", 499);
            ("W", stop())
        })
        .under(rich),
        row(CancelProposalRejected::IsStop, |world| {
            runs(world);
            world.ok("R", stop());
            let proposal = ProposalId::new(1);
            ("R", Command::CancelProposal(CancelProposal { proposal }))
        })
        .under(rich),
        row(StopSpendRejected::DepositExceedsFree { deposit, free }, |world| {
            runs(world);
            leave(world, "W", 499);
            ("W", stop())
        })
        .under(rich),
    ]
}
