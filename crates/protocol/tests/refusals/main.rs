//! Every refusal, reached by one canonical row.
//!
//! A row is a world's parameters, a story, the command at its end and the refusal it meets. A
//! refused command must leave its nonce used and the fee of its weight burnt, and nothing else. The
//! last test reads the sources and fails when a variant has no row.

mod accounts;
mod complete;
mod credits;
mod delegation;
mod governance;
mod grants;
mod guard;
mod insurance;
mod market;
mod outside;
mod precedence;
mod prices;
mod spends;
mod storage;
mod verification;
use earnest_testkit::world;

use earnest_protocol::{
    Command, Rejected,
    ledger::{Assets, Reason},
};
use world::World;

/// A world's parameters, a story and what its end is refused for.
pub(crate) struct Row {
    params: fn(&mut earnest_protocol::RawParams),
    guarding: world::Guarding<'static>,
    assets: Assets,
    story: fn(&mut World) -> (&'static str, Command),
    expected: Rejected,
}

/// A row in a world with the usual parameters.
pub(crate) fn row(
    expected: impl Into<Rejected>,
    story: fn(&mut World) -> (&'static str, Command),
) -> Row {
    let guarding = world::Guarding::default();
    let assets = Assets::Single;
    Row { params: |_| {}, guarding, assets, story, expected: expected.into() }
}

impl Row {
    /// The same in a world with other parameters.
    pub(crate) fn under(self, params: fn(&mut earnest_protocol::RawParams)) -> Row {
        Row { params, ..self }
    }

    /// The same in a world that is guarded.
    pub(crate) fn guarded(self, guarding: world::Guarding<'static>) -> Row {
        Row { guarding, ..self }
    }

    /// The same in a world of two assets.
    pub(crate) fn dual(self) -> Row {
        Row { assets: Assets::Dual, ..self }
    }

    /// Enum and variant, as `Bond::ExceedsFree`.
    fn name(&self) -> String {
        let text = format!("{:?}", self.expected);
        let (kind, rest) = text.split_once('(').expect("a refusal within its kind");
        format!("{kind}::{}", word(rest))
    }

    /// The reason that a reason wraps, as `Bound::DetectionTooLow`.
    fn bound(&self) -> Option<String> {
        let text = format!("{:?}", self.expected);
        let (_, reason) = text.split_once("NoQuote(")?;
        Some(format!("Bound::{}", word(reason)))
    }

    fn check(&self) {
        let name = self.name();
        let mut params = world::params();
        (self.params)(&mut params);
        let mut world = World::with_guard(params, self.assets, 0, self.guarding);
        let (signer, command) = (self.story)(&mut world);

        // What the least of all refusals leaves behind is what every refusal may leave.
        let mut twin = world.state.clone();
        let tx = world::authenticated(&twin, world.id(signer), command.clone());
        let refused = world.send(signer, command);
        assert_eq!(refused, Err(self.expected), "{name}");
        if self.expected.leaves_no_trace() {
            assert_eq!(twin.root(), world.state.root(), "{name} left a trace");
            return;
        }
        let moved: Vec<Reason> = world.last_movements.iter().map(|m| m.reason).collect();
        assert_eq!(moved, [Reason::BaseFee], "{name}");
        let charged: u64 = world.last_movements.iter().map(|m| m.amount.units()).sum();
        assert_eq!(charged, twin.fee(&tx.transaction).units(), "{name}");
        world::apply_to(&mut twin, tx.sender, world::futile(tx.transaction.weight()));
        assert_eq!(twin.root(), world.state.root(), "{name} left more than nonce and fee");
    }
}

/// The identifier that a text begins with.
fn word(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn rows() -> Vec<Row> {
    let mut rows = accounts::rows();
    rows.extend(market::rows());
    rows.extend(verification::rows());
    rows.extend(storage::rows());
    rows.extend(insurance::rows());
    rows.extend(storage::programs());
    rows.extend(delegation::rows());
    rows.extend(governance::rows());
    rows.extend(spends::rows());
    rows.extend(guard::rows());
    rows.extend(prices::rows());
    rows.extend(credits::rows());
    rows.extend(grants::rows());
    rows
}

#[test]
fn every_row_is_refused_as_it_says_and_leaves_nonce_and_fee_only() {
    let failed: Vec<String> = rows()
        .iter()
        .filter(|row| std::panic::catch_unwind(|| row.check()).is_err())
        .map(Row::name)
        .collect();
    assert!(failed.is_empty(), "see above: {failed:?}");
}
