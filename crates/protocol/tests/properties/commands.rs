//! From small numbers to commands that make sense where the state stands, or just do not.

use earnest_protocol::{
    AccountId, Amount, Command, Digest, JobId, Ratio, Role,
    command::*,
    ledger::Pot,
    market::{BidState, Job, Phase},
    seal,
    verification::{SeatState, Turn, depth},
};

use crate::{
    machine::Machine,
    world::{self, root},
};

/// One step of a sequence, to be read against a state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
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

/// What a step comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub(crate) enum Step {
    Blocks { count: u8, withheld: bool },
    Send(AccountId, Command),
}

/// Accounts of the world: R, P1 to P4, V1 to V8, W, X.
const ACCOUNTS: u8 = 15;

pub(crate) fn read(machine: &mut Machine, op: Op) -> Step {
    let anyone = AccountId::new(u32::from(op.who % ACCOUNTS));
    let command = match op.what % 32 {
        0..=4 => return Step::Blocks { count: 1 + op.amount % 3, withheld: false },
        5 => return Step::Blocks { count: 1 + op.amount % 3, withheld: true },
        6 => {
            let free = machine.world.state.free(anyone);
            let target = AccountId::new(u32::from(op.twist % ACCOUNTS));
            let to = machine.world.state.account(target).expect("known").address;
            Command::Transfer(Transfer { to, amount: edge(free, op.amount % 4) })
        }
        7 => {
            let (role, free) = (role(op), machine.world.state.free(anyone));
            Command::Bond(Bond { role, amount: edge(free, op.amount) })
        }
        8 => {
            let operator = machine.world.state.operator_id(anyone, role(op));
            let bond = operator.map(|id| machine.world.state.balance(Pot::Bond(id)));
            let amount = edge(bond.unwrap_or(Amount::UNIT), op.amount);
            Command::Unbond(Unbond { role: role(op), amount })
        }
        9 | 10 => {
            let jailed = machine.world.state.operators().find(|(_, o)| !o.may_work());
            let (who, role) = jailed.map_or((anyone, role(op)), |(_, o)| (o.account, o.role));
            return Step::Send(who, Command::Unjail(Unjail { role }));
        }
        11 => Command::ClaimRewards(ClaimRewards { role: role(op) }),
        12 | 13 => return Step::Send(requester(op), Command::PostJob(terms(machine, op))),
        _ => {
            let (signer, command) = act(machine, op);
            // One in sixteen is sent by somebody else.
            let signer = if op.twist % 16 == 15 { anyone } else { signer };
            return Step::Send(signer, command);
        }
    };
    Step::Send(anyone, command)
}

fn role(op: Op) -> Role {
    if op.twist.is_multiple_of(2) { Role::Provider } else { Role::Validator }
}

/// R, W or X.
fn requester(op: Op) -> AccountId {
    AccountId::new([0, 13, 14][usize::from(op.who % 3)])
}

/// Amounts at the edges of a balance.
fn edge(balance: Amount, pick: u8) -> Amount {
    let near = |units: u64| Amount::new(units).unwrap_or(Amount::MAX);
    let units = balance.units();
    match pick % 10 {
        0 => Amount::ZERO,
        1 => Amount::UNIT,
        2 => near(units / 1_000),
        3 => near(units / 100),
        4 => near(units / 3),
        5 => near(units.saturating_sub(1)),
        6 => balance,
        7 => near(units + 1),
        8 => Amount::MAX,
        _ => Amount::tokens(100),
    }
}

fn terms(machine: &Machine, op: Op) -> PostJob {
    let mut terms = machine.world.terms();
    terms.task.steps = [1, 15, 16, 100, 255, 256, 4_096, 0][usize::from(op.amount % 8)];
    terms.audit_rate = Ratio::percent([100, 100, 50, 2][usize::from(op.twist % 4)]);
    terms.auditors = 1 + op.who % 4;
    terms.price_max = edge(Amount::tokens(30), op.twist % 7);
    terms.auction = if op.what % 64 < 32 { Auction::SecondPrice } else { Auction::FirstPrice };
    terms.gain_timing = if op.amount < 128 { GainTiming::Final } else { GainTiming::Delivery };
    terms.outside_gain = Amount::tokens(u64::from(op.twist % 3));
    terms
}

/// The price that an account bids for a job: known to it alone, so fixed by who and what.
fn price(job: JobId, account: AccountId, ceiling: Amount) -> Amount {
    let mixed = (job.raw() * 31 + u64::from(account.raw()) * 17) % 11;
    ceiling.share_floor(mixed, 10).unwrap_or(ceiling)
}

/// Somebody's next step in some job.
fn act(machine: &mut Machine, op: Op) -> (AccountId, Command) {
    let open = |(id, job): (JobId, &Job)| (job.phase != Phase::Closed).then_some(id);
    let jobs: Vec<JobId> = machine.world.state.jobs().filter_map(open).collect();
    let Some(&id) = jobs.get(usize::from(op.who) % jobs.len().max(1)) else {
        let job = JobId::new(u64::from(op.twist));
        return (requester(op), Command::ConfirmReceipt(ConfirmReceipt { job }));
    };
    let job = machine.world.state.job(id).expect("open").clone();
    match job.phase {
        Phase::Bidding => bid(machine, id, op),
        Phase::RevealingBids => open_bid(id, &job, op),
        Phase::Offered => offered(id, &job, op),
        Phase::Executing => commit(machine, id, &job, op),
        Phase::Committed if op.amount.is_multiple_of(16) => report(machine, id, &job, op),
        Phase::Committed => {
            (job.requester, Command::OpenSeed(OpenSeed { job: id, preimage: Digest([4; 32]) }))
        }
        Phase::Auditing | Phase::AuditingOpen => audit(machine, id, &job, op),
        Phase::Revealing => reveal(machine, id, &job, op),
        Phase::Challengeable | Phase::Closed => dispute(machine, id, &job, op),
    }
}

fn bid(machine: &Machine, job: JobId, op: Op) -> (AccountId, Command) {
    let account = AccountId::new(u32::from(1 + op.twist % 4));
    let state = &machine.world.state;
    let ceiling = state.job(job).expect("open").terms.price_max;
    let address = state.account(account).expect("known").address;
    let price = price(job, account, ceiling);
    let seal = seal::bid(&state.network(), job, &address, price, &Digest([5; 32]));
    (account, Command::CommitBid(CommitBid { job, seal }))
}

fn open_bid(id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let sealed = job.bids.iter().filter(|bid| bid.state == BidState::Sealed);
    let sealed: Vec<AccountId> = sealed.map(|bid| bid.account).collect();
    let account = sealed[usize::from(op.twist) % sealed.len()];
    let price = price(id, account, job.terms.price_max);
    let salt = Digest([if op.amount == 255 { 6 } else { 5 }; 32]);
    (account, Command::RevealBid(RevealBid { job: id, price, salt }))
}

fn offered(id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let winner = job.bids[usize::from(job.ranks[0])].account;
    match op.amount % 8 {
        0 => {
            let item = DataItem::Input(u32::from(op.twist % 5));
            (winner, Command::RequestData(RequestData { job: id, item }))
        }
        1 => serve(id, DataItem::Input(u32::from(op.twist % 5)), job.requester),
        _ => (winner, Command::AcceptJob(AcceptJob { job: id })),
    }
}

fn serve(job: JobId, item: DataItem, by: AccountId) -> (AccountId, Command) {
    (by, Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }))
}

/// Seals a root for an account: right, or wrong from some leaf on.
fn seal_root(machine: &mut Machine, id: JobId, account: AccountId, wrong: Option<u64>) -> Digest {
    let root = *machine.sealed.entry((id, account)).or_insert(root(wrong));
    let opening = machine.world.opening(id, root);
    let address = machine.world.state.account(account).expect("known").address;
    seal::result(&machine.world.state.network(), id, &address, &opening)
}

fn leaf(job: &Job, op: Op) -> u64 {
    u64::from(op.twist) % (job.terms.task.steps + 1)
}

fn commit(machine: &mut Machine, id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let account = job.assignment.expect("executing").account;
    let wrong = (op.amount.is_multiple_of(3)).then_some(leaf(job, op));
    let seal = seal_root(machine, id, account, wrong);
    (account, Command::CommitResult(CommitResult { job: id, seal }))
}

fn report(machine: &Machine, id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let seats = &machine.world.state.case(id).expect("open").seats;
    let auditors = seats.iter().filter_map(|seat| seat.account);
    let provider = job.assignment.expect("sealed").account;
    let all: Vec<AccountId> = auditors.chain([provider]).collect();
    let accused = all[usize::from(op.twist) % all.len()];
    let root = machine.sealed.get(&(id, accused)).copied().unwrap_or(world::root(None));
    let opening = machine.world.opening(id, root);
    (AccountId::new(13), Command::ReportCopy(ReportCopy { job: id, accused, opening }))
}

fn audit(machine: &mut Machine, id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let item = DataItem::Input(u32::from(op.twist % 4));
    let case = machine.world.state.case(id).expect("open");
    let silent = case.seats.iter().filter(|seat| seat.state == SeatState::Drawn);
    let silent: Vec<AccountId> = silent.filter_map(|seat| seat.account).collect();
    let anyone = AccountId::new(u32::from(5 + op.twist % 8));
    let account = silent.get(usize::from(op.twist) % silent.len().max(1)).copied();
    let account = account.unwrap_or(anyone);
    match op.amount % 16 {
        0 => return report(machine, id, job, op),
        1 | 2 => return (account, Command::RequestData(RequestData { job: id, item })),
        3 | 4 => return serve(id, item, job.assignment.expect("sealed").account),
        _ => {}
    }
    let wrong = (op.amount % 16 == 5).then_some(leaf(job, op));
    let seal = seal_root(machine, id, account, wrong);
    (account, Command::CommitVerdict(CommitVerdict { job: id, seal }))
}

fn reveal(machine: &Machine, id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let case = machine.world.state.case(id).expect("open");
    let provider = job.assignment.expect("sealed").account;
    let closed = |state: &SeatState| matches!(state, SeatState::Committed(_));
    let seats = case.seats.iter().filter(|seat| closed(&seat.state));
    let mut waiting: Vec<AccountId> = seats.filter_map(|seat| seat.account).collect();
    if case.opening().is_none() {
        waiting.push(provider);
    }
    let account = waiting[usize::from(op.twist) % waiting.len()];
    let root = machine.sealed.get(&(id, account)).copied().unwrap_or(world::root(None));
    let opening = machine.world.opening(id, root);
    if account != provider {
        return (account, Command::RevealVerdict(RevealVerdict { job: id, opening }));
    }
    let fault = [b"fault".as_slice(), &[op.twist]].concat();
    let output_proof = if op.amount.is_multiple_of(8) { fault } else { b"output".to_vec() };
    (account, Command::RevealResult(RevealResult { job: id, opening, output_proof }))
}

fn dispute(machine: &Machine, id: JobId, job: &Job, op: Op) -> (AccountId, Command) {
    let case = machine.world.state.case(id).expect("open");
    let provider = job.assignment.expect("revealed").account;
    let item = DataItem::Output;
    match op.amount % 16 {
        0 => return (job.requester, Command::ConfirmReceipt(ConfirmReceipt { job: id })),
        1 => return (job.requester, Command::RequestData(RequestData { job: id, item })),
        2 => return serve(id, item, provider),
        3 => {
            let challenger = AccountId::new([13, 14, 0, 3][usize::from(op.twist % 4)]);
            return (challenger, Command::Challenge(Challenge { job: id }));
        }
        _ => {}
    }
    let open: Vec<_> = case.disputes.iter().filter(|d| d.ended.is_none()).collect();
    let Some(dispute) = open.get(usize::from(op.twist) % open.len().max(1)) else {
        return serve(id, item, provider);
    };
    let depth = depth(job.terms.task.steps);
    let node = dispute.node;
    match dispute.turn {
        Turn::Accused if node.level == depth => {
            let evidence = b"evidence".to_vec();
            (provider, Command::ProveStep(ProveStep { job: id, leaf: node.index, evidence }))
        }
        Turn::Accused => {
            let children = vec![Digest([node.level; 32]); 16];
            (provider, Command::OpenNode(OpenNode { job: id, node, children }))
        }
        Turn::Challenger => {
            // Mostly down to the first wrong leaf, if there is one.
            let sealed = machine.sealed[&(id, provider)];
            let truth = u64::from_le_bytes(sealed.0[8..16].try_into().expect("eight bytes"));
            let leaf =
                if sealed == root(None) || op.amount % 16 == 4 { op.twist.into() } else { truth };
            let below = 4 * u32::from(depth - node.level - 1);
            let child = u8::try_from((leaf >> below) & 15).expect("a nibble");
            (dispute.challenger, Command::RejectChild(RejectChild { job: id, child }))
        }
    }
}
