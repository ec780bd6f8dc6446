//! Views: the same as the state, at every step of a job's beginning.

use earnest_api::{AnyPot, Problem, QuoteRequest, views};
use earnest_protocol::{
    AccountId, Address, Amount, Authenticated, BlockHead, Blocks, Command, Digest, Gas, Genesis,
    Height, JobId, Journal, OperatorId, Ratio, RawParams, Role, SlashId, State, Transaction,
    Unasked,
    command::{self as c, ProgramForm, Task},
    genesis::{GenesisAccount, GenesisOperator},
    ledger::{Assets, AssignmentPot, JobPot, Pot},
    market::{BidState, Phase},
    seal,
    staking::Standing,
};
use serde::{Serialize, de::DeserializeOwned};

fn address(index: u8) -> Address {
    Address([index; 20])
}

const REQUESTER: AccountId = AccountId::new(0);
const PROVIDER: AccountId = AccountId::new(1);

/// A requester, a provider and three validators.
fn network() -> State {
    network_with(RawParams::default())
}

fn network_with(params: RawParams) -> State {
    let account = |index| GenesisAccount {
        address: address(index),
        balance: Amount::tokens(10_000),
        payment: Amount::ZERO,
    };
    let operator = |index, role| GenesisOperator {
        address: address(index),
        role,
        bond: Amount::tokens(5_000),
    };
    let genesis = Genesis {
        name: "test".to_owned(),
        accounts: (1..=5).map(account).collect(),
        operators: vec![
            operator(2, Role::Provider),
            operator(3, Role::Validator),
            operator(4, Role::Validator),
            operator(5, Role::Validator),
        ],
        params,
        ..Genesis::default()
    };
    State::new(&genesis).expect("a sound genesis")
}

fn terms() -> c::PostJob {
    c::PostJob {
        task: Task {
            program: Digest([1; 32]),
            input_root: Digest([2; 32]),
            chunk_count: 1,
            steps: 10,
            seed: Digest([3; 32]),
            step_gas_max: Gas::new(1_000_000),
            gas_bound: Gas::new(10_000_000),
            form: ProgramForm::Stepwise,
        },
        class: c::ResourceClass::Cpu,
        price_max: Amount::tokens(10),
        deadline_blocks: Blocks::new(50),
        auction: c::Auction::SecondPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: Ratio::percent(20),
        auditors: 2,
        outside_gain: Amount::ZERO,
        gain_timing: c::GainTiming::Final,
        seed_seal: seal::seed(&Digest([4; 32])),
        visibility: c::Visibility::Public,
    }
}

fn ask(state: &mut State, signer: AccountId, command: Command) {
    let nonce = state.account(signer).expect("known").nonce;
    let valid_until = Height::new(u64::MAX);
    let transaction = Transaction { nonce, valid_until, command, on_behalf_of: None };
    let mut journal = Journal::default();
    state
        .apply(&Authenticated { sender: signer.into(), transaction }, &Unasked, &mut journal)
        .expect("allowed");
}

fn advance(state: &mut State, blocks: u64) {
    for _ in 0..blocks {
        let height = state.height().after(Blocks::new(1));
        let time_ms = state.time_ms() + 1_000;
        // The one chain of the genesis serves one block; later ones are withheld.
        let head = BlockHead { height, time_ms, beacon: None, next_anchor: Some(Digest::ZERO) };
        state.open_block(&head, &mut Journal::default()).expect("a sound head");
    }
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(view: &T) {
    let text = serde_json::to_string(view).expect("JSON");
    assert_eq!(&serde_json::from_str::<T>(&text).expect("JSON"), view);
}

#[test]
fn accounts_and_operators_show_what_the_state_holds() {
    let state = network();
    let requester = views::account(&state, REQUESTER).expect("known");
    assert_eq!(requester.free, Amount::tokens(10_000));
    assert_eq!((requester.address, requester.next_nonce), (address(1), 0));
    survives(&requester);
    let provider = views::account(&state, PROVIDER).expect("known");
    let operator = views::operator(&state, provider.provider.expect("bonded")).expect("known");
    assert_eq!((operator.stake, operator.free_bond), (Amount::tokens(5_000), operator.weight));
    assert_eq!((operator.locked, operator.standing), (Amount::ZERO, Standing::Active));
    assert_eq!(operator.account.address, address(2));
    assert!(operator.may_work);
    survives(&operator);
    assert_eq!(views::account(&state, AccountId::new(99)), None);
    assert_eq!(views::operator(&state, OperatorId::new(99)), None);
    assert_eq!(views::job(&state, JobId::new(0)), None);
    assert_eq!(views::slash(&state, SlashId::new(0)), None);
}

#[test]
fn the_network_shows_where_all_money_is() {
    let mut state = network();
    let root = state.root();
    let view = views::network(&state, "test", root);
    assert_eq!(view.supply.total, Amount::tokens(50_000));
    assert_eq!(view.supply.stake, Amount::tokens(20_000));
    assert_eq!((view.counts.providers_active, view.counts.validators_active), (1, 3));
    assert!(view.conservation.holds);
    assert_eq!(view.conservation.pots, Some(Amount::tokens(50_000)));
    assert_eq!(view.network, state.network());
    survives(&view);
    survives(&views::head(&state, Height::ZERO));
}

#[test]
fn a_quote_is_what_posting_takes() {
    let mut state = network();
    advance(&mut state, 1);
    let request = QuoteRequest { signer: Some(address(1)), terms: terms() };
    survives(&request);
    let quote = views::quote(&state, Some(REQUESTER), &request.terms).expect("a quote");
    survives(&quote);
    let before = state.free(REQUESTER);
    ask(&mut state, REQUESTER, Command::PostJob(request.terms));
    let taken = before.checked_sub(state.free(REQUESTER)).expect("it costs");
    assert_eq!(taken, quote.total.checked_add(quote.fee).expect("small"));
    assert_eq!(Some(quote.fee), quote.base_fee.checked_times(4), "posting weighs four transfers");
    let view = views::job(&state, JobId::new(0)).expect("posted");
    assert_eq!(view.quote, quote.quote);
    assert_eq!(view.audit_blocks, quote.audit_blocks);
    let pot = |name| {
        let pot = view.pots.iter().find(|pot| pot.pot == AnyPot::Job(name));
        pot.map(|pot| pot.amount)
    };
    assert_eq!(pot(JobPot::Escrow), Some(quote.price_max));
    assert_eq!(pot(JobPot::AuditFees), Some(quote.audit_fees));
    assert_eq!(pot(JobPot::Deposit), Some(quote.deposit));
}

/// Of a take of 5 % of 10 tokens half burns; 40 % of the other quarter of a token are a tenth.
#[test]
fn a_tier_is_shown_to_its_account_in_a_quote_and_with_a_job() {
    let mut params = RawParams::default();
    (params.access.stake_1, params.access.discount_1) = (Amount::tokens(100), Ratio::percent(40));
    params.access.stake_2 = Amount::tokens(9_000);
    params.access.discount_2 = Ratio::percent(50);
    let mut state = network_with(params);
    advance(&mut state, 1);
    let tier = |state: &State| views::account(state, REQUESTER).expect("known").tier;
    let quote = |state: &State| views::quote(state, Some(REQUESTER), &terms()).expect("a quote");
    let none = tier(&state).expect("there are tiers");
    assert_eq!((none.tier, none.next.expect("there is one").tier), (0, 1));
    assert_eq!(quote(&state).discount, Amount::ZERO);
    let bond = c::Bond { role: Role::Access, amount: Amount::tokens(150) };
    ask(&mut state, REQUESTER, Command::Bond(bond));
    let view = views::account(&state, REQUESTER).expect("known");
    survives(&view);
    let first = view.tier.expect("there are tiers");
    assert_eq!((first.tier, first.discount), (1, Ratio::percent(40)));
    assert_eq!(first.next.expect("there is one").stake, Amount::tokens(9_000));
    let operator = views::operator(&state, view.access.expect("bonded")).expect("known");
    assert_eq!((operator.role, operator.stake), (Role::Access, Amount::tokens(150)));
    assert_eq!(quote(&state).discount.units(), 100_000_000);
    survives(&quote(&state));
    ask(&mut state, REQUESTER, Command::PostJob(terms()));
    let job = views::job(&state, JobId::new(0)).expect("posted");
    assert_eq!(job.tier, 1);
    survives(&job);
}

#[test]
fn a_job_is_shown_from_posting_to_execution() {
    let mut state = network();
    advance(&mut state, 1);
    let job = JobId::new(0);
    ask(&mut state, REQUESTER, Command::PostJob(terms()));
    let (price, salt) = (Amount::tokens(4), Digest([5; 32]));
    let sealed = seal::bid(&state.network(), job, &address(2), price, &salt);
    let deposit = views::quote(&state, None, &terms()).expect("a quote").bid_deposit;
    ask(&mut state, PROVIDER, Command::CommitBid(c::CommitBid { job, seal: sealed }));
    let view = views::job(&state, job).expect("posted");
    survives(&view);
    assert_eq!((view.phase, view.bids[0].state), (Phase::Bidding, BidState::Sealed));
    assert_eq!(view.bids[0].account.address, address(2));
    assert_eq!(state.balance(Pot::Job(job, JobPot::BidDeposit(0))), deposit);

    let until = view.until.count() - state.height().count() + 1;
    advance(&mut state, until);
    ask(&mut state, PROVIDER, Command::RevealBid(c::RevealBid { job, price, salt }));
    let operator = views::operator(&state, OperatorId::new(0)).expect("known");
    assert!(!operator.locked.is_zero(), "the collateral is locked");
    assert_eq!(operator.locked.checked_add(operator.free_bond), Some(operator.stake));
    advance(&mut state, 1);
    while views::job(&state, job).expect("posted").phase == Phase::RevealingBids {
        advance(&mut state, 1);
    }
    let view = views::job(&state, job).expect("posted");
    survives(&view);
    assert_eq!(view.offered_to.map(|account| account.address), Some(address(2)));
    assert_eq!((view.assignment, view.provider), (None, None), "nobody accepted yet");
    ask(&mut state, PROVIDER, Command::AcceptJob(c::AcceptJob { job }));
    let view = views::job(&state, job).expect("posted");
    survives(&view);
    assert_eq!(view.phase, Phase::Executing);
    assert_eq!(view.provider.map(|account| account.address), Some(address(2)));
    // Alone under second price, a bid is paid the ceiling.
    let price = terms().price_max;
    let winner = view.assignment.expect("accepted");
    assert_eq!((winner.price, winner.accepted_at), (price, state.height()));
    assert_eq!(winner.due, state.height().after(terms().deadline_blocks));
    assert_eq!(view.until, winner.due.after(state.params().market().grace_blocks));
    let collateral =
        view.pots.iter().find(|pot| pot.pot == AnyPot::Assignment(AssignmentPot::Collateral));
    assert_eq!(collateral.map(|pot| pot.amount), Some(operator.locked));
    let summary = views::job_summary(&state, job).expect("posted");
    survives(&summary);
    assert_eq!((summary.price, summary.bid_count), (Some(price), 0), "offers left the row");

    // Nothing is committed: the job expires and its abandonment is slashed.
    while views::job(&state, job).expect("posted").phase != Phase::Closed {
        advance(&mut state, 10);
    }
    let view = views::job(&state, job).expect("posted");
    survives(&view);
    assert!(view.pots.is_empty() && view.bids.is_empty() && view.closed.is_some());
    let slash = views::slash(&state, SlashId::new(0)).expect("abandoning costs");
    survives(&slash);
    assert_eq!((slash.account.address, slash.job), (address(2), job));
    assert!(views::conservation(&state).holds);

    // Some time later its rows leave, and nothing is shown any more.
    let closed = view.closed.expect("closed");
    let left = closed.leaves.since(state.height()).count();
    advance(&mut state, left);
    assert_eq!((views::job(&state, job), views::job_summary(&state, job)), (None, None));
    let posted = state.job_counts().posted;
    let gone = Problem::no_job(job, posted);
    assert_eq!((gone.status, gone.code.as_str()), (410, "job/retired"));
    let never = Problem::no_job(JobId::new(1), posted);
    assert_eq!((never.status, never.code.as_str()), (404, "job/not-found"));
}

#[test]
fn two_assets_are_shown_apart() {
    let account = |index, payment| GenesisAccount {
        address: address(index),
        balance: Amount::tokens(1_000),
        payment: Amount::tokens(payment),
    };
    let replica =
        GenesisOperator { address: address(2), role: Role::Replica, bond: Amount::tokens(400) };
    let genesis = Genesis {
        assets: Assets::Dual,
        accounts: vec![account(1, 50), account(2, 0)],
        operators: vec![replica],
        ..Genesis::default()
    };
    let mut state = State::new(&genesis).expect("a sound genesis");
    let first = views::account(&state, AccountId::new(0)).expect("known");
    assert_eq!(first.free, Amount::tokens(50));
    assert_eq!(first.free_stake, Some(Amount::tokens(1_000)));
    survives(&first);
    let second = views::account(&state, AccountId::new(1)).expect("known");
    let operator = views::operator(&state, second.replica.expect("bonded")).expect("known");
    assert_eq!((operator.role, operator.unbondable), (Role::Replica, Amount::tokens(400)));
    let root = state.root();
    let view = views::network(&state, "test", root);
    survives(&view);
    assert_eq!((view.supply.total, view.supply.stake), (Amount::tokens(2_000), operator.stake));
    let payment = view.supply_payment.expect("a second asset");
    assert_eq!((payment.total, payment.stake), (Amount::tokens(50), Amount::ZERO));
    assert!(view.conservation.holds);
}
