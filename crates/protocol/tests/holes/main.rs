//! Holes that were found in the rules as first built, each played again as its finder played it,
//! with what an attacker would try next; and those found since.
//!
//! A test is named after what now comes of the attempt; its doc comment names the finding (p01 to
//! p20) or, for attempts of our own, begins with "new". What counts is the wealth of the
//! attacker's whole coalition and that of every honest party, in base units.

mod auctions;
mod away;
mod capacity;
mod draw;
mod halting;
mod missed;
mod names;
mod reserve;
mod seats;
mod slashes;
mod storage;

use earnest_protocol::{
    AccountId, Address, Amount, Command, Digest, Epochs, Event, Gas, JobId, RawParams, Rejected,
    Role, command::*, seal, slashing::Offence,
};
use earnest_testkit::world::{self, Truth, World, authenticated, params_with, root};

/// Fee of one ordinary transaction of weight 1 in the world's blocks, which are never full.
const FEE: i64 = 1_000;

/// Fee of a request for a chunk: 260 kibibytes of answer beside it.
const CHUNK_FEE: i64 = 261 * FEE;

/// Fee of a request for a program of at most 64 kibibytes.
const PROGRAM_FEE: i64 = 65 * FEE;

/// Fee of a posting, which weighs as much as four transfers.
const POST_FEE: i64 = 4 * FEE;

/// Base units of a token.
const TOKEN: i64 = 1_000_000_000;

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

fn units(amount: Amount) -> i64 {
    i64::try_from(amount.units()).expect("below the largest supply")
}

fn signed(units: u64) -> i64 {
    i64::try_from(units).expect("below the largest supply")
}

fn amount(units: i64) -> Amount {
    Amount::new(u64::try_from(units).expect("not negative")).expect("below the largest supply")
}

/// Signs and applies a command of an account without a name; checks every law afterwards.
fn send_as(world: &mut World, who: AccountId, command: Command) -> Result<(), Rejected> {
    let tx = authenticated(&world.state, who, command);
    let done = world.state.apply(&tx, &Truth, &mut world.journal);
    world.settle_journal();
    done
}

/// The same; it must be accepted.
fn ok_as(world: &mut World, who: AccountId, command: Command) {
    let what = format!("{command:?}");
    send_as(world, who, command).unwrap_or_else(|refusal| panic!("{what} refused: {refusal:?}"));
}

/// A new account with so many tokens of each asset, paid by W.
fn sybil(world: &mut World, n: u16, tokens: u64) -> (AccountId, Address) {
    let mut bytes = [9; 20];
    bytes[..2].copy_from_slice(&n.to_le_bytes());
    let to = Address(bytes);
    let assets = world.state.assets().all();
    for &asset in assets {
        let amount = Amount::tokens(tokens);
        world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
    }
    (world.state.account_id(&to).expect("just opened"), to)
}

/// What several accounts without names have together.
fn wealth_of(world: &World, accounts: &[AccountId]) -> i64 {
    accounts.iter().map(|who| signed(world.wealth_of(*who))).sum()
}

fn bond(world: &mut World, name: &str, role: Role, amount: Amount) {
    world.ok(name, Command::Bond(Bond { role, amount }));
}

fn unbond(world: &mut World, name: &str, role: Role, amount: Amount) {
    world.ok(name, Command::Unbond(Unbond { role, amount }));
}

/// Leaves a validator's bond with so many base units.
fn leave(world: &mut World, name: &str, units: u64) {
    let rest = Amount::tokens(50_000).units() - units;
    unbond(world, name, Role::Validator, Amount::new(rest).expect("small"));
}

/// Parameters with the default work bound: an audit of the largest job has a tariff of 1,000.
fn large() -> RawParams {
    params_with(|raw| {
        raw.market.work_bound_max = Gas::new(1_000_000_000_000);
        raw.staking.unbonding_epochs = Epochs::new(2_000);
    })
}

/// The largest job, at a ceiling of as many tokens as its tariff, for one auditor.
fn large_terms(world: &World) -> PostJob {
    let mut terms = world.terms();
    terms.task.gas_bound = Gas::new(1_000_000_000_000);
    terms.price_max = Amount::tokens(1_000);
    terms.auditors = 1;
    terms
}

/// Asks for an item as a name that may.
fn ask(world: &mut World, name: &str, job: JobId, item: DataItem) -> Result<(), Rejected> {
    world.send(name, Command::RequestData(RequestData { job, item }))
}

/// Answers a request.
fn serve(world: &mut World, name: &str, job: JobId, item: DataItem) {
    let bytes = b"bytes".to_vec();
    world.ok(name, Command::ServeData(ServeData { job, item, bytes }));
}

/// Seals a report of `accused` in one block and publishes it in the next.
fn report(world: &mut World, finder: &str, accused: &str, job: JobId, known: Digest) {
    seal_report(world, finder, accused, job, known);
    world.block();
    publish_report(world, finder, accused, job, known).expect("it was sealed a block ago");
}

fn seal_report(world: &mut World, finder: &str, accused: &str, job: JobId, known: Digest) {
    let sealed = world.seal_result(accused, job, known);
    let opening = world.opening(job, known);
    let address = world.address(finder);
    let seal = seal::report(&world.state.network(), job, &address, &sealed, &opening);
    world.ok(finder, Command::SealReport(SealReport { seal }));
}

fn publish_report(
    world: &mut World,
    finder: &str,
    accused: &str,
    job: JobId,
    known: Digest,
) -> Result<(), Rejected> {
    let (accused, opening) = (world.id(accused), world.opening(job, known));
    world.send(finder, Command::ReportCopy(ReportCopy { job, accused, opening }))
}

/// Every offence that was paid for so far, and what for.
fn slashes(world: &World) -> Vec<(Offence, &'static str, i64)> {
    let named = |account: AccountId| if account.raw() < 16 { world.name(account) } else { "?" };
    world.seen(|event| match event {
        Event::Slashed { offence, account, waterfall, .. } => {
            Some((*offence, named(*account), units(waterfall.amount)))
        }
        _ => None,
    })
}

/// Opens blocks until the job is closed, however long its windows are.
fn close(world: &mut World, job: JobId) {
    for _ in 0..20_000 {
        if world.phase(job) == earnest_protocol::market::Phase::Closed {
            return;
        }
        world.block();
    }
    panic!("{job} never closed");
}

/// A right result of P1's, audited, opened and paid.
fn honest_life(world: &mut World, job: JobId, provider: &str) {
    world.commit(provider, job, root(None));
    world.audit(job, root(None));
    world.reveal(provider, job, root(None), root(None));
    world.until_phase(job, earnest_protocol::market::Phase::Closed);
}
