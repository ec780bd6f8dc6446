//! Ops: from small numbers to commands that make sense where a state stands, or just do not.
//!
//! Law: an op read against one state gives one step; every choice is in its numbers, so that a
//! sequence shrinks and replays.

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Address, Amount, Asset, AssignmentId, Blocks, Command, Digest, Epochs, Gas, Height,
    JobId, Ratio, Role, Sender, State,
    command::*,
    ledger::{Assets, Pot},
    market::{Assignment, BidState, Job, Order, Outcome, Phase},
    seal,
    staking::{Delegation, Operator},
    storage::program_name,
    verification::{Case, Dispute, Docket, Geometry, SeatState, Turn},
};

use crate::world::{self, World, finer, root};

mod grants;
mod votes;
mod worth;

/// What each account sealed for each job, which only it knows.
pub type Sealed = BTreeMap<(JobId, AccountId), Digest>;

/// What an op is read against.
pub struct Play<'a> {
    /// Where the state stands.
    pub world: &'a World,
    /// What participants keep to themselves.
    pub sealed: &'a mut Sealed,
}

/// One step of a sequence, to be read against a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    what: u8,
    who: u8,
    amount: u8,
    twist: u8,
}

impl From<(u8, u8, u8, u8)> for Op {
    fn from((what, who, amount, twist): (u8, u8, u8, u8)) -> Op {
        Op { what, who, amount, twist }
    }
}

impl From<u32> for Op {
    fn from(bits: u32) -> Op {
        let [what, who, amount, twist] = bits.to_le_bytes();
        Op { what, who, amount, twist }
    }
}

/// What an op comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub enum Step {
    /// Blocks open.
    Blocks {
        /// How many.
        count: u64,
        /// Is the beacon withheld in them?
        withheld: bool,
    },
    /// Somebody sends something.
    Send(AccountId, Command),
}

/// The account of the watcher W.
const WATCHER: u64 = 13;

/// What an op comes to.
// tidy: ladder
pub fn read(play: &mut Play<'_>, op: Op) -> Step {
    let anyone = account(play, op.who);
    let state = &play.world.state;
    let command = match op.what % 32 {
        3 if op.twist.is_multiple_of(2) && state.assets() == Assets::Dual => {
            let (signer, command) = worth::convert(state, op, anyone);
            return Step::Send(signer, command);
        }
        0..=3 => return Step::Blocks { count: 1 + u64::from(op.amount % 3), withheld: false },
        4 => return Step::Blocks { count: 1 + u64::from(op.amount % 3), withheld: true },
        5 => return Step::Blocks { count: to_deadline(play, op), withheld: false },
        6 if op.twist % 8 == 3 => {
            let (signer, command) = worth::post(state, op, anyone);
            return Step::Send(signer, command);
        }
        6 if op.twist % 16 == 7 && state.list().is_some() => {
            let (signer, command) = grants::claim(state, op, anyone);
            return Step::Send(signer, command);
        }
        6 if op.twist % 4 != 3 && votes::is_on(state) => {
            let (signer, command) = votes::command(play, op, anyone);
            return Step::Send(signer, command);
        }
        6 => {
            let asset = if op.twist < 200 { state.assets().payment() } else { Asset::Payment };
            let free = state.balance(Pot::Free(anyone, asset));
            let target = account(play, op.twist);
            let known = state.account(target).expect("known").address;
            // At times to one of sixteen that have no account before.
            let is_new = op.twist % 32 == 31;
            let to = if is_new { Address([0x60 + op.who % 16; 20]) } else { known };
            Command::Transfer(Transfer { to, asset, amount: edge(free, op.amount % 4) })
        }
        7 if op.twist % 4 >= 2 => {
            let (signer, command) = keys(play, op);
            return Step::Send(signer, command);
        }
        7 if op.twist % 4 == 1 => {
            let (signer, command) = program(play, op);
            return Step::Send(signer, command);
        }
        7 => {
            let (role, free) = (role(op), state.balance(Pot::Free(anyone, Asset::Stake)));
            Command::Bond(Bond { role, amount: edge(free, op.amount) })
        }
        8 if op.twist % 8 == 6 => {
            let (signer, command) = lock_bond(state, op, anyone);
            return Step::Send(signer, command);
        }
        8 if op.twist % 8 == 7 => {
            let (signer, command) = cancel_unbond(state, op, anyone);
            return Step::Send(signer, command);
        }
        8 => {
            let operator = state.operator_id(anyone, role(op));
            let bond = operator.map(|id| state.balance(Pot::Bond(id)));
            let amount = edge(bond.unwrap_or(Amount::UNIT), op.amount);
            Command::Unbond(Unbond { role: role(op), amount })
        }
        9 if op.amount.is_multiple_of(3) => {
            let (signer, command) = commission(play, op);
            return Step::Send(signer, command);
        }
        9 if op.amount % 3 == 1 && !op.twist.is_multiple_of(4) => {
            let (signer, command) = rate(state, op, anyone);
            return Step::Send(signer, command);
        }
        9 => {
            let jailed = state.operators().find(|(_, o)| !o.is_fit());
            let (who, role) = jailed.map_or((anyone, role(op)), |(_, o)| (o.account, o.role));
            return Step::Send(who, Command::Unjail(Unjail { role }));
        }
        10 if op.twist % 4 < 2 => {
            let (signer, command) = votes::command(play, op, anyone);
            return Step::Send(signer, command);
        }
        10 if op.twist % 4 == 2 => Command::KeepData(keep(play, op)),
        10 if op.who.is_multiple_of(2) => {
            let (signer, command) = of_last_job(state, op, anyone);
            return Step::Send(signer, command);
        }
        10 => Command::ClaimRewards(ClaimRewards { role: role(op) }),
        14 => {
            let (signer, command) = prove_any(play, op);
            return Step::Send(signer, command);
        }
        15 => {
            let (signer, command) = delegation(play, op, anyone);
            return Step::Send(signer, command);
        }
        11..=13 => return Step::Send(requester(op), Command::PostJob(terms(play, op))),
        _ => {
            let (signer, command) = act(play, op);
            // One in sixteen is sent by somebody else.
            let signer = if op.twist % 16 == 15 { anyone } else { signer };
            return Step::Send(signer, command);
        }
    };
    Step::Send(anyone, command)
}

/// An operator locks some of what it has at stake, more of it, or for longer; at times for no time
/// or too long.
fn lock_bond(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let all: Vec<&Operator> = state.operators().map(|(_, row)| row).collect();
    let picked = all.get(usize::from(op.who) % all.len().max(1));
    let (signer, role) = picked.map_or((anyone, role(op)), |row| (row.account, row.role));
    let stake = picked.map_or(Amount::UNIT, |row| row.stake.max(Amount::UNIT));
    let left = picked.map_or(0, |row| row.lock.until.since(state.epoch()).count());
    let epochs = match op.twist / 8 % 4 {
        0 => u64::from(op.twist / 32),
        1 => left,
        _ => left.max(1) + u64::from(op.twist / 32),
    };
    let epochs = Epochs::new(epochs);
    (signer, Command::LockBond(LockBond { role, amount: edge(stake, op.amount), epochs }))
}

/// An operator of which something leaves bonds some of it again, if there is one.
fn cancel_unbond(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let leaves = state.operators().filter(|(_, row)| !row.unbondings.is_empty());
    let leaves: Vec<_> = leaves.map(|(_, row)| row).collect();
    let picked = leaves.get(usize::from(op.who) % leaves.len().max(1));
    let entries = picked.map_or(&[][..], |row| row.unbondings.as_slice());
    let all = entries.iter().map(|entry| state.balance(Pot::Unbonding(*entry)));
    let amount = edge(all.fold(Amount::UNIT, Amount::saturating_add), op.amount);
    let (signer, role) = picked.map_or((anyone, role(op)), |row| (row.account, row.role));
    (signer, Command::CancelUnbond(CancelUnbond { role, amount }))
}

/// Whoever posted the last job takes it back, or insures it, up to what may be covered and above.
fn of_last_job(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let job = state.jobs().map(|(id, _)| id).next_back().unwrap_or(JobId::new(0));
    let requester = state.order(job).map(|order| order.requester);
    let signer = requester.filter(|_| !op.who.is_multiple_of(32)).unwrap_or(anyone);
    if op.who.is_multiple_of(8) {
        return (signer, Command::CancelJob(CancelJob { job }));
    }
    let quote = state.cover_quote(job);
    let most = quote.map_or(Amount::UNIT, |quote| quote.cover_max.min(quote.available));
    let cover = edge(most.max(Amount::UNIT), op.amount);
    let premium_max = if op.amount.is_multiple_of(16) { Amount::UNIT } else { Amount::MAX };
    (signer, Command::InsureJob(InsureJob { job, cover, premium_max }))
}

/// Whoever paid for a job, or at times somebody else, rates it: one of the last that ended, or one
/// that has not.
fn rate(state: &State, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let jobs: Vec<JobId> = state.jobs().map(|(id, _)| id).collect();
    let paid = |id: &&JobId| {
        let closed = state.job(**id).and_then(|job| job.closed.as_deref());
        closed.is_some_and(|closed| closed.outcome == Outcome::Accepted && closed.rated.is_none())
    };
    let paid: Vec<JobId> = jobs.iter().filter(paid).copied().collect();
    let of = if op.who.is_multiple_of(8) || paid.is_empty() { &jobs } else { &paid };
    let picked = of.get(usize::from(op.who / 2) % of.len().max(1));
    let job = picked.copied().unwrap_or(JobId::new(0));
    let requester = state.order(job).map(|order| order.requester);
    let signer = requester.filter(|_| !op.who.is_multiple_of(64)).unwrap_or(anyone);
    let rating = if op.amount.is_multiple_of(2) { Rating::Good } else { Rating::Bad };
    (signer, Command::RateJob(RateJob { job, rating }))
}

/// Who sends a command of this account: itself, or in a quarter of the cases a key of its own that
/// may, and at times one that may not.
pub fn sender(state: &State, signer: AccountId, command: &Command, op: Op) -> Sender {
    let own = Sender::from(signer);
    let keys = state.account(signer).map_or(&[][..], |account| account.keys.as_slice());
    if op.what < 192 || keys.is_empty() {
        return own;
    }
    let scopes = command.info().scopes;
    let able = keys.iter().find(|row| scopes.contains(&row.scope)).map(|row| row.key);
    let any = keys[usize::from(op.twist) % keys.len()].key;
    let key = if op.amount.is_multiple_of(32) { Some(any) } else { able };
    Sender { key, ..own }
}

/// P1, R, V1 or W authorises one of 64 keys, or revokes one that it has.
fn keys(play: &Play<'_>, op: Op) -> (AccountId, Command) {
    let signer = AccountId::new([1, 1, 0, 5, 1, 1, 0, WATCHER][usize::from(op.who % 8)]);
    let state = &play.world.state;
    let account = state.account(signer).expect("known");
    let key = Address([0x50 + op.twist / 4; 20]);
    if op.amount.is_multiple_of(16) {
        let known = account.keys.get(usize::from(op.twist) % account.keys.len().max(1));
        let key = known.map_or(key, |row| row.key);
        return (signer, Command::RevokeKey(RevokeKey { key }));
    }
    let key = if op.amount == 7 { account.address } else { key };
    let scope = [Scope::Provide, Scope::Audit, Scope::Request][usize::from(op.who / 8 % 3)];
    let blocks = [1, 200, u64::MAX, u64::MAX][usize::from(op.who / 64)];
    let expires = state.height().after(Blocks::new(blocks));
    let expires = if op.amount == 8 { Height::ZERO } else { expires };
    let spend_max = if op.amount.is_multiple_of(3) {
        edge(Amount::tokens(40), op.amount / 3)
    } else {
        Amount::MAX
    };
    (signer, Command::AuthoriseKey(AuthoriseKey { key, scope, expires, spend_max }))
}

fn account(play: &Play<'_>, pick: u8) -> AccountId {
    let count = play.world.state.account_count() as u64;
    AccountId::new(u64::from(pick) % count)
}

/// Small and large, for long and for short, some of which lapse within a sequence; of a job's
/// program or output, or of a name of its own.
fn keep(play: &Play<'_>, op: Op) -> KeepData {
    let order = pick_job(play, op).and_then(|id| play.world.state.order(id));
    let root = match (op.twist / 4 % 3, order) {
        (0, Some(order)) => order.terms.task.program,
        (1, Some(order)) => order.terms.seed_seal,
        _ => Digest([op.who; 32]),
    };
    let kibibytes = [0, 1, 4, 68, 1_024, 600_000, 1_200_000, u32::MAX][usize::from(op.amount % 8)];
    let blocks = [0, 1, 2, 5, 30, 1_000, 172_800, 172_801][usize::from(op.amount / 8 % 8)];
    let price_max = if op.twist.is_multiple_of(16) { Amount::ZERO } else { Amount::MAX };
    KeepData { root, kibibytes, blocks: Blocks::new(blocks), price_max }
}

/// Programs that somebody may publish: small, of two parts, and none that can be judged.
fn code(pick: u8) -> Vec<u8> {
    let (word, length) = match pick % 4 {
        0 => (b"program 0", 9),
        1 => (b"program 1", 300_000),
        2 => (b"program 2", 262_144),
        _ => (b"nonsense!", 9),
    };
    let mut code = vec![pick % 4; length];
    code[..word.len()].copy_from_slice(word);
    code
}

/// R, W or X publishes the next part of a program, or another, or retires one.
fn program(play: &Play<'_>, op: Op) -> (AccountId, Command) {
    let state = &play.world.state;
    let signer = requester(op);
    let name = program_name(&code(op.amount));
    if op.amount >= 192 {
        let picked = state.programs().nth(usize::from(op.who / 3) % state.program_count().max(1));
        let row = picked.map_or((signer, name), |(_, row)| (row.publisher, row.program));
        let signer = if op.twist < 200 { row.0 } else { signer };
        return (signer, Command::RetireProgram(RetireProgram { program: row.1 }));
    }
    let begun = state.programs().find(|(_, row)| (row.publisher, row.program) == (signer, name));
    let next = begun.map_or(0, |(_, row)| row.parts.len());
    let mut all = world::parts(&code(op.amount));
    let mut part = all.swap_remove(next.min(all.len() - 1));
    match op.twist / 8 {
        1 => part.part += 1,
        2 => part.bytes_total += 1,
        3 => part.bytes.push(0),
        // What is there in the end has another hash.
        4 => part.bytes[0] ^= 1,
        5 => part.bytes_total = 0,
        _ => {}
    }
    (signer, Command::PublishProgram(part))
}

/// A job of a published program, if there is one: over a few steps or many.
fn paged(play: &Play<'_>, op: Op, terms: &mut PostJob) {
    let published = play.world.state.programs().filter(|(_, row)| row.is_admitted());
    let published: Vec<Digest> = published.map(|(_, row)| row.program).collect();
    let picked = published.get(usize::from(op.twist / 8) % published.len().max(1));
    let bound = Gas::new([1 << 21, 40 << 21, 300 << 21, 5_000_000][usize::from(op.amount % 4)]);
    terms.task.program = picked.copied().unwrap_or(Digest([7; 32]));
    terms.task.gas_bound = bound;
    terms.task.step_gas_max = ProgramForm::STEP_GAS;
    terms.task.steps = ProgramForm::steps_of(bound);
    let output_kib = match op.twist % 2 {
        _ if op.amount == 77 => 0,
        0 => 16,
        // Eight chunks.
        _ => 2_048,
    };
    terms.task.form = ProgramForm::Paged(output_kib);
    match op.amount {
        78 => terms.task.steps += 1,
        79 => terms.task.step_gas_max = Gas::new(1),
        _ => {}
    }
}

/// Who has an operator of a role, in order of the operators.
fn operators_of(state: &State, role: Role) -> impl Iterator<Item = AccountId> {
    let rows = state.operators().map(|(_, row)| row);
    rows.filter(move |row| row.role == role).map(|row| row.account)
}

/// One of the first operators changes its commission: down, up a little, up too much, with its
/// ceiling or above it.
fn commission(play: &Play<'_>, op: Op) -> (AccountId, Command) {
    let state = &play.world.state;
    let place = usize::from(op.who) % state.operator_count().min(3);
    let (id, row) = state.operators().nth(place).expect("fewer than there are");
    let now = state.delegation_pool(id).expect("every operator has one").commission;
    let (parts, ceiling) = (now.rate.parts(), now.ceiling);
    let near = |parts| Ratio::new(parts).unwrap_or(Ratio::ONE);
    let rate = match op.twist % 8 {
        0 => Ratio::ZERO,
        1 => near(parts / 3),
        2 | 3 => near(parts + 7_000_001),
        4 => near(parts + 500_000_000),
        5 => ceiling,
        _ => now.rate,
    };
    let ceiling = match op.twist / 8 % 8 {
        0 => near(ceiling.parts() + 1),
        1 => rate,
        2 => near(ceiling.parts() / 10 * 9),
        _ => ceiling,
    };
    (row.account, Command::SetCommission(SetCommission { role: row.role, rate, ceiling }))
}

/// An operator that took no delegations takes them from now on.
fn opening(row: &Operator, op: Op) -> (AccountId, Command) {
    let rate = Ratio::percent(99 - u64::from(op.who % 8) * 13);
    let command = SetCommission { role: row.role, rate, ceiling: Ratio::ONE };
    (row.account, Command::SetCommission(command))
}

/// One of the five verbs of delegation: to one of a few operators, or what the owner of a
/// delegation that is there could do with it; who withdraws has something that matured, if
/// anybody has.
fn delegation(play: &Play<'_>, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let state = &play.world.state;
    let mut operators = state.operators();
    let id = usize::from(op.twist / 8) % state.operator_count().min(3);
    let (id, row) = operators.nth(id).expect("fewer than there are");
    if op.twist % 8 > 5 {
        let pool = state.delegation_pool(id).expect("every operator has one");
        if !pool.commission.shares() && !op.amount.is_multiple_of(8) {
            return opening(row, op);
        }
        // Mostly one of few, so that some have as many delegations as they may.
        let anyone = if op.what < 192 { AccountId::new(u64::from(op.who % 8)) } else { anyone };
        let amount = edge(state.balance(Pot::Free(anyone, Asset::Stake)), op.amount);
        let (operator, role) = (row.account, row.role);
        return (anyone, Command::Delegate(Delegate { operator, role, amount }));
    }
    let all: Vec<_> = state.delegations().map(|(_, held)| held).collect();
    let matured =
        |held: &Delegation| state.leaving(held).any(|(_, _, matures)| matures <= state.epoch());
    let ripe = all.iter().find(|held| op.twist % 8 < 3 && matured(held));
    let picked = ripe.or(all.get(usize::from(op.who) % all.len().max(1)));
    let (signer, row) = match picked {
        Some(held) => (held.account, state.operator(held.operator).expect("it stays")),
        None => (anyone, row),
    };
    let (operator, role) = (row.account, row.role);
    let there = picked.map_or(Amount::tokens(1), |held| state.delegated(held));
    let command = match op.twist % 8 {
        0 if op.amount.is_multiple_of(4) => {
            Command::CancelUndelegation(CancelUndelegation { operator, role })
        }
        3 => {
            let next = operators_of(state, role).find(|account| *account != operator);
            let any = operators_of(state, role).nth(usize::from(op.who % 3));
            let target = if op.who < 200 { next } else { any };
            let (source, target) = (operator, target.unwrap_or(anyone));
            let amount = edge(there, op.amount);
            Command::Redelegate(Redelegate { source, target, role, amount })
        }
        0..=2 => Command::WithdrawDelegation(WithdrawDelegation { operator, role }),
        _ => {
            let amount = edge(there, op.amount);
            Command::Undelegate(Undelegate { operator, role, amount })
        }
    };
    (signer, command)
}

fn role(op: Op) -> Role {
    let rare = if op.who.is_multiple_of(2) { Role::Replica } else { Role::Access };
    let roles = [Role::Provider, Role::Validator, Role::Provider, Role::Validator, rare];
    roles[usize::from(op.twist % 5)]
}

/// R, W or X.
fn requester(op: Op) -> AccountId {
    AccountId::new([0, WATCHER, 14][usize::from(op.who % 3)])
}

/// Blocks to one before, to, or to one after the deadline of somebody's job.
fn to_deadline(play: &Play<'_>, op: Op) -> u64 {
    let state = &play.world.state;
    let until = pick_job(play, op).and_then(|id| {
        let live = state.assignment_of(id).filter(|(_, row)| row.phase != Phase::Closed);
        Some(live.map_or(state.job(id)?.until, |(_, row)| row.until))
    });
    let left = until.map_or(1, |until| until.since(state.height()).count());
    (left + u64::from(op.amount % 3)).clamp(1, 40)
}

/// Amounts at the edges of a balance, odd ones among them.
fn edge(balance: Amount, pick: u8) -> Amount {
    let near = |units: u64| Amount::new(units).unwrap_or(Amount::MAX);
    let units = balance.units();
    match pick % 11 {
        0 => Amount::ZERO,
        1 => Amount::UNIT,
        2 => near(units / 1_000),
        3 => near(units / 97),
        4 => near(units / 3),
        5 => near(units.saturating_sub(1)),
        6 => balance,
        7 => near(units + 1),
        8 => Amount::MAX,
        9 => near(7_777_777_777),
        _ => Amount::tokens(100),
    }
}

fn terms(play: &Play<'_>, op: Op) -> PostJob {
    let mut terms = play.world.terms();
    terms.task.steps = [1, 15, 16, 100, 255, 256, 4_096, 0][usize::from(op.amount % 8)];
    terms.audit_rate = Ratio::percent([100, 100, 50, 2][usize::from(op.twist % 4)]);
    terms.auditors = 1 + op.who % 4;
    terms.price_max = edge(Amount::tokens(30), op.twist % 7);
    terms.task.gas_bound = Gas::new([1_000_000_000, 100_000_003][usize::from(op.who & 1)]);
    terms.auction = if op.what % 64 < 32 { Auction::SecondPrice } else { Auction::FirstPrice };
    terms.gain_timing = if op.amount < 128 { GainTiming::Final } else { GainTiming::Delivery };
    terms.outside_gain = Amount::tokens(u64::from(op.twist % 3));
    if op.what % 128 >= 64 {
        paged(play, op, &mut terms);
    }
    terms
}

/// The price that an account bids for a job: known to it alone, so fixed by who and what.
fn price(job: JobId, account: AccountId, ceiling: Amount) -> Amount {
    let mixed = (job.raw() * 31 + account.raw() * 17) % 11;
    ceiling.share_floor(mixed, 10).unwrap_or(ceiling)
}

fn pick_job(play: &Play<'_>, op: Op) -> Option<JobId> {
    let state = &play.world.state;
    let open = state.jobs().filter(|(_, job)| job.closed.is_none()).map(|(id, _)| id);
    let jobs: Vec<JobId> = open.collect();
    jobs.get(usize::from(op.who) % jobs.len().max(1)).copied()
}

/// What there is to know of a job, copied out of the state.
struct View {
    id: JobId,
    job: Job,
    order: Order,
    assignment: Option<(AssignmentId, Assignment)>,
    case: Case,
    docket: Docket,
}

impl View {
    fn of(play: &Play<'_>, id: JobId) -> View {
        let state = &play.world.state;
        View {
            id,
            job: state.job(id).expect("open").clone(),
            order: state.order(id).expect("open").clone(),
            assignment: state.assignment_of(id).map(|(id, row)| (id, *row)),
            case: state.case(id).cloned().unwrap_or_default(),
            docket: state.docket(id).cloned().unwrap_or_default(),
        }
    }

    fn provider(&self) -> AccountId {
        self.assignment.expect("a job in such a phase is assigned").1.account
    }

    /// A first wrong leaf; often the same, so that some are convicted alike.
    fn leaf(&self, op: Op) -> u64 {
        let leaf = if op.who.is_multiple_of(2) { 1 + op.twist % 2 } else { op.twist };
        u64::from(leaf) % (self.order.terms.task.steps + 1)
    }
}

/// Somebody's next step in some job.
fn act(play: &mut Play<'_>, op: Op) -> (AccountId, Command) {
    let Some(id) = pick_job(play, op) else {
        let job = JobId::new(u64::from(op.twist));
        return (requester(op), Command::ConfirmReceipt(ConfirmReceipt { job }));
    };
    let view = View::of(play, id);
    match play.world.state.phase(id).expect("open") {
        Phase::Bidding => bid(play, &view, op),
        Phase::RevealingBids => open_bid(&view, op),
        Phase::Offered => offered(&view, op),
        Phase::Executing => commit(play, &view, op),
        Phase::Committed if op.amount.is_multiple_of(8) => report(play, &view, op),
        Phase::Committed => {
            let preimage = Digest([4; 32]);
            (view.order.requester, Command::OpenSeed(OpenSeed { job: id, preimage }))
        }
        Phase::Auditing | Phase::AuditingOpen => audit(play, &view, op),
        Phase::Revealing => reveal(play, &view, op),
        Phase::Challengeable | Phase::Closed => dispute(play, &view, op),
    }
}

/// The next step that some accused is to lay before the referee, in whatever job.
fn prove_any(play: &Play<'_>, op: Op) -> (AccountId, Command) {
    let state = &play.world.state;
    let waits = |job: JobId| {
        let geometry = Geometry::of(&state.order(job)?.terms.task);
        let provider = state.assignment_of(job)?.1.account;
        let open = state.docket(job)?.disputes.iter().filter(|d| d.ended.is_none());
        let leaf = |d: &Dispute| d.turn == Turn::Accused && geometry.leaf(d.node).is_some();
        open.filter(|d| leaf(d)).map(|d| d.node).next().map(|node| (provider, job, node))
    };
    let all: Vec<_> = state.jobs().filter_map(|(job, _)| waits(job)).collect();
    let Some(&(provider, job, node)) = all.get(usize::from(op.who) % all.len().max(1)) else {
        let job = JobId::new(u64::from(op.twist));
        return (requester(op), Command::AcceptJob(AcceptJob { job }));
    };
    (provider, Command::ProveStep(ProveStep { job, node, evidence: b"evidence".to_vec() }))
}

/// P1 to P4, or one of the crowd.
fn bidder(play: &Play<'_>, op: Op) -> AccountId {
    let crowd = play.world.state.account_count() as u64 - 16;
    let pick = u64::from(op.twist) % (4 + crowd);
    AccountId::new(if pick < 4 { 1 + pick } else { 12 + pick })
}

fn bid(play: &Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let account = bidder(play, op);
    let state = &play.world.state;
    let address = state.account(account).expect("known").address;
    let price = price(view.id, account, view.order.terms.price_max);
    let seal = seal::bid(&state.network(), view.id, &address, price, &Digest([5; 32]));
    (account, Command::CommitBid(CommitBid { job: view.id, seal }))
}

fn open_bid(view: &View, op: Op) -> (AccountId, Command) {
    let sealed = view.job.bids.iter().filter(|bid| bid.state == BidState::Sealed);
    let sealed: Vec<AccountId> = sealed.map(|bid| bid.account).collect();
    let account = sealed[usize::from(op.twist) % sealed.len()];
    let price = price(view.id, account, view.order.terms.price_max);
    let salt = Digest([if op.amount == 255 { 6 } else { 5 }; 32]);
    (account, Command::RevealBid(RevealBid { job: view.id, price, salt }))
}

fn offered(view: &View, op: Op) -> (AccountId, Command) {
    let (job, winner) = (view.id, view.provider());
    match op.amount % 8 {
        0 => {
            let item = DataItem::Input(u32::from(op.twist % 5));
            (winner, Command::RequestData(RequestData { job, item }))
        }
        1 => serve(job, DataItem::Input(u32::from(op.twist % 5)), view.order.requester),
        _ => (winner, Command::AcceptJob(AcceptJob { job })),
    }
}

fn serve(job: JobId, item: DataItem, by: AccountId) -> (AccountId, Command) {
    (by, Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }))
}

/// Seals a root for an account: right, or wrong from some leaf on.
fn seal_root(play: &mut Play<'_>, id: JobId, account: AccountId, wrong: Option<u64>) -> Digest {
    let root = *play.sealed.entry((id, account)).or_insert(root(wrong));
    let opening = play.world.opening(id, root);
    let address = play.world.state.account(account).expect("known").address;
    seal::result(&play.world.state.network(), id, &address, &opening)
}

fn commit(play: &mut Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let account = view.provider();
    let wrong = (op.amount.is_multiple_of(3)).then_some(view.leaf(op));
    let seal = seal_root(play, view.id, account, wrong);
    (account, Command::CommitResult(CommitResult { job: view.id, seal }))
}

/// W seals a report of somebody's result, or publishes it.
fn report(play: &Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let auditors = view.case.seats.iter().filter_map(|seat| seat.account);
    let all: Vec<AccountId> = auditors.chain([view.provider()]).collect();
    let accused = all[usize::from(op.twist) % all.len()];
    let root = play.sealed.get(&(view.id, accused)).copied().unwrap_or(world::root(None));
    let opening = play.world.opening(view.id, root);
    let finder = AccountId::new(WATCHER);
    let state = &play.world.state;
    let of = |account| state.account(account).expect("known");
    let sealed = seal::result(&state.network(), view.id, &of(accused).address, &opening);
    let finder_address = of(finder).address;
    let seal = seal::report(&state.network(), view.id, &finder_address, &sealed, &opening);
    let ready = of(finder).report.as_ref().is_some_and(|report| report.0 == seal);
    let command = if ready && op.amount != 16 {
        Command::ReportCopy(ReportCopy { job: view.id, accused, opening })
    } else {
        Command::SealReport(SealReport { seal })
    };
    (finder, command)
}

fn audit(play: &mut Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let (job, item) = (view.id, DataItem::Input(u32::from(op.twist % 4)));
    let silent = view.case.seats.iter().filter(|seat| seat.state == SeatState::Drawn);
    let silent: Vec<AccountId> = silent.filter_map(|seat| seat.account).collect();
    let anyone = AccountId::new(u64::from(5 + op.twist % 8));
    let account = silent.get(usize::from(op.twist) % silent.len().max(1)).copied();
    let account = account.unwrap_or(anyone);
    match op.amount % 16 {
        0 | 6 => return report(play, view, op),
        1 | 2 => return (account, Command::RequestData(RequestData { job, item })),
        3 | 4 => return serve(job, item, view.provider()),
        _ => {}
    }
    let wrong = (op.amount % 16 == 5).then_some(view.leaf(op));
    let seal = seal_root(play, job, account, wrong);
    (account, Command::CommitVerdict(CommitVerdict { job, seal }))
}

fn reveal(play: &Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let (job, provider) = (view.id, view.provider());
    let closed = |state: &SeatState| matches!(state, SeatState::Committed(_));
    let seats = view.case.seats.iter().filter(|seat| closed(&seat.state));
    let mut waiting: Vec<AccountId> = seats.filter_map(|seat| seat.account).collect();
    if view.case.claim().is_none() {
        waiting.push(provider);
    }
    let account = waiting[usize::from(op.twist) % waiting.len()];
    let root = play.sealed.get(&(job, account)).copied().unwrap_or(world::root(None));
    let opening = play.world.opening(job, root);
    if account != provider {
        return (account, Command::RevealVerdict(RevealVerdict { job, opening }));
    }
    let fault = [b"fault".as_slice(), &[op.twist]].concat();
    let output_proof = if op.amount.is_multiple_of(8) { fault } else { b"output".to_vec() };
    (account, Command::RevealResult(RevealResult { job, opening, output_proof }))
}

fn dispute(play: &Play<'_>, view: &View, op: Op) -> (AccountId, Command) {
    let (job, provider) = (view.id, view.provider());
    let item = match view.order.terms.task.form.output_chunks() {
        0 => DataItem::Output,
        chunks => DataItem::OutputChunk(u32::from(op.twist) % chunks.saturating_add(1)),
    };
    let requester = view.order.requester;
    match op.amount % 16 {
        0 => return (requester, Command::ConfirmReceipt(ConfirmReceipt { job })),
        1 => return (requester, Command::RequestData(RequestData { job, item })),
        2 => return serve(job, item, provider),
        3 | 5 => {
            return (account(play, op.twist), Command::Challenge(Challenge { job }));
        }
        _ => {}
    }
    let open: Vec<_> = view.docket.disputes.iter().filter(|d| d.ended.is_none()).collect();
    let Some(dispute) = open.get(usize::from(op.twist) % open.len().max(1)) else {
        return serve(job, item, provider);
    };
    game(play, view, dispute, op)
}

/// The next move of a dispute.
fn game(play: &Play<'_>, view: &View, dispute: &Dispute, op: Op) -> (AccountId, Command) {
    let (job, provider, node) = (view.id, view.provider(), dispute.node);
    let geometry = Geometry::of(&view.order.terms.task);
    let children = vec![Digest([node.level; 32]); 16];
    match dispute.turn {
        Turn::Accused if geometry.refines(node) && op.amount % 16 > 5 => {
            let proof =
                if op.amount == 252 { b"none".to_vec() } else { finer(u64::from(op.who).max(1)) };
            (provider, Command::RefineStep(RefineStep { job, node, children, proof }))
        }
        Turn::Accused if geometry.leaf(node).is_some() => {
            let evidence: &[u8] = match op.amount {
                254 => b"none",
                128.. if op.twist.is_multiple_of(4) => b"too little",
                _ => b"evidence",
            };
            let evidence = evidence.to_vec();
            (provider, Command::ProveStep(ProveStep { job, node, evidence }))
        }
        Turn::Accused => (provider, Command::OpenNode(OpenNode { job, node, children })),
        Turn::Challenger => {
            // Mostly down to the first wrong leaf, if there is one.
            let sealed = play.sealed[&(job, provider)];
            let refined = |leaf: &(Node, Digest)| (geometry.leaves(leaf.0), leaf.1);
            let finer = view.docket.refined.iter().map(refined);
            let (own, rest) = (geometry.leaves(node), op.twist.into());
            let number = |tree: Digest| {
                let truth = u64::from_le_bytes(tree.0[8..16].try_into().expect("eight bytes"));
                if tree == root(None) || op.amount % 16 == 4 { rest } else { truth }
            };
            // The tree that the node's children are in.
            let tree = finer.filter(|(leaves, _)| *leaves == own).map(|(_, tree)| tree).next();
            let tree = tree.unwrap_or(sealed);
            let leaves = [own.as_slice(), &[number(tree)]].concat();
            let child = geometry.child_toward(node, &leaves).unwrap_or(op.twist % 16);
            (dispute.challenger, Command::RejectChild(RejectChild { job, child }))
        }
    }
}
