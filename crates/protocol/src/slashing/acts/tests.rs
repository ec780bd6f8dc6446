//! A slash that waits can be undone to the unit, wherever its parts came from.

mod names;

use super::*;
use crate::{
    command::{
        Auction, Authenticated, BlockHead, Command, Delegate, GainTiming, PostJob, ProgramForm,
        ResourceClass, SetCommission, Task, Transaction, Unbond, Undelegate, Unjail, Visibility,
    },
    event::Journal,
    genesis::{Genesis, GenesisAccount, GenesisOperator},
    ids::{Address, Role, UnbondingId},
    ledger::JobPot,
    num::{Blocks, Epoch, Epochs, Factor, Gas, Ratio},
    params::RawParams,
    referee::Unasked,
    seal,
    state::State,
};

const REQUESTER: AccountId = AccountId::new(0);
/// Provider and validator in one.
const OFFENDER: AccountId = AccountId::new(1);
const LOCKED: Amount = Amount::tokens(100);

fn address(index: u8) -> Address {
    Address([index; 20])
}

/// A requester, a hybrid and four validators, each with 1,000 tokens bonded for each role.
fn world() -> State {
    let (balance, bond) = (Amount::tokens(10_000), Amount::tokens(1_000));
    let account =
        |index| GenesisAccount { address: address(index), balance, payment: Amount::ZERO };
    let roles = [(2, Role::Provider), (2, Role::Validator)].into_iter();
    let roles = roles.chain((3..7).map(|index| (index, Role::Validator)));
    let operator = |(index, role)| GenesisOperator { address: address(index), role, bond };
    let mut genesis = Genesis::default();
    genesis.beacon.chain_blocks = Blocks::new(1_000_000);
    let raw = &mut genesis.params;
    raw.chain.epoch_blocks = Blocks::new(50);
    raw.market.deadline_blocks_max = Blocks::new(10);
    raw.market.work_bound_max = raw.market.step_gas_max;
    raw.verification.data_requests_max = 1;
    raw.verification.availability_blocks = Blocks::new(10);
    let epochs = raw.longest_liability().count().div_ceil(50);
    raw.staking.unbonding_epochs = Epochs::new(epochs);
    raw.staking.delegation_max = Factor::percent(10_000);
    genesis.accounts = (1..7).map(account).collect();
    genesis.operators = roles.map(operator).collect();
    let mut state = State::new(&genesis).expect("a valid beginning");
    block(&mut state);
    state
}

fn block(state: &mut State) {
    let height = Height::new(state.height().count() + 1);
    let next_anchor = state.opens_chain(height).then_some(Digest::ZERO);
    let time_ms = height.count() * 1_000;
    let head = BlockHead { height, time_ms, beacon: None, next_anchor };
    state.open_block(&head, &mut Journal::default()).expect("it follows");
}

fn send(state: &mut State, signer: AccountId, command: Command) {
    let nonce = state.account(signer).expect("known").nonce;
    let transaction =
        Transaction { nonce, valid_until: Height::new(u64::MAX), command, on_behalf_of: None };
    let signed = Authenticated { sender: signer.into(), transaction };
    state.apply(&signed, &Unasked, &mut Journal::default()).expect("lawful");
}

fn post(state: &mut State) -> JobId {
    posted(state, JobId::new(0))
}

fn posted(state: &mut State, id: JobId) -> JobId {
    let gas = Gas::new(1_000_000);
    let task = Task {
        program: Digest([1; 32]),
        input_root: Digest::ZERO,
        chunk_count: 0,
        steps: 1,
        seed: Digest::ZERO,
        step_gas_max: gas,
        gas_bound: gas,
        form: ProgramForm::Stepwise,
    };
    let terms = PostJob {
        task,
        class: ResourceClass::Cpu,
        price_max: Amount::tokens(1),
        deadline_blocks: Blocks::new(10),
        auction: Auction::SecondPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: Ratio::ONE,
        auditors: 2,
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
        seed_seal: seal::seed(&Digest::ZERO),
        visibility: Visibility::Public,
    };
    send(state, REQUESTER, Command::PostJob(terms));
    id
}

fn provider(state: &State) -> OperatorId {
    state.operator_id(OFFENDER, Role::Provider).expect("bonded")
}

/// Convicts the hybrid's provider by the referee's word; all of a lock, and a share of what is free
/// and of what left since.
fn convicted(state: &mut State, job: JobId) -> SlashId {
    let params = *state.params();
    convicted_by(state, job, &params)
}

fn convicted_by(state: &mut State, job: JobId, params: &Params) -> SlashId {
    let operator = provider(state);
    let mut journal = Journal::default();
    let mut cx = Context { state, journal: &mut journal, referee: &Unasked };
    let pot = Pot::Job(job, JobPot::Collateral(0));
    staking::acts::lock(&mut cx, operator, pot, LOCKED, Reason::CollateralLocked);
    let conviction = Conviction {
        offence: Offence::WrongResult,
        operator,
        job,
        behind: Behind::Locked(pot, LOCKED),
        accepted_at: Height::ZERO,
        value: Amount::tokens(1),
        root: Some(Digest([9; 32])),
        payout: Payout::Claims(Claims { injured: Some(REQUESTER), ..Claims::default() }),
    };
    convict(&mut cx, conviction, params);
    state.check_invariants().expect("a conviction is lawful");
    let (id, slash) = state.slashes().last().expect("just convicted");
    assert!(matches!(slash.state, SlashState::Pending(_)), "{slash:?}");
    id
}

fn reversed(state: &mut State, id: SlashId) -> Journal {
    let mut journal = Journal::default();
    reverse(&mut Context { state, journal: &mut journal, referee: &Unasked }, id);
    state.check_invariants().expect("undoing is lawful");
    journal
}

/// What had not vested and was taken wrongly is had at once; none of it becomes bond.
#[test]
fn undone_rewards_are_ready() {
    let mut state = world();
    let job = post(&mut state);
    let (operator, earned) = (provider(&state), Amount::tokens(3));
    let terms = rewards::VestTerms::new(state.params().rewards());
    let vesting = &mut state.rewards.earnings_mut(operator).vesting;
    vesting.put(earned, Epoch::ZERO, &terms);
    let mut journal = Journal::default();
    let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
    cx.mint(Pot::Vesting(operator), earned, Reason::Emission);
    let bond = state.balance(Pot::Bond(operator));
    let slash = convicted(&mut state, job);
    assert_eq!(state.vesting(operator).total(), Amount::ZERO);
    reversed(&mut state, slash);
    assert_eq!(state.vesting(operator).ready, earned);
    assert_eq!(state.balance(Pot::Bond(operator)), bond);
}

/// Holds a slash, as if others had been convicted alike.
fn hold(state: &mut State, id: SlashId, until: Epoch) {
    let mut journal = Journal::default();
    clear_stay(&mut Context { state, journal: &mut journal, referee: &Unasked }, id);
    state.slashing.set_state(id, SlashState::Held(until));
    state.timers.set_epoch(until, Timer::Slash(id));
}

#[test]
fn a_slash_that_waits_is_undone_to_the_unit() {
    let mut state = world();
    let job = post(&mut state);
    let amount = Amount::tokens(700);
    send(&mut state, OFFENDER, Command::Unbond(Unbond { role: Role::Provider, amount }));
    let (id, entry) = (provider(&state), Pot::Unbonding(UnbondingId::new(0)));
    let before = (state.operator(id).cloned(), state.balance(Pot::Bond(id)), state.balance(entry));

    let slash = convicted(&mut state, job);
    let share = state.balance(Pot::Slash(slash)).saturating_sub(LOCKED);
    // A twentieth of 200 free and 700 leaving: all of it out of the bond.
    assert_eq!(share, Amount::tokens(45));
    for role in [Role::Provider, Role::Validator] {
        let operator = state.operator_id(OFFENDER, role).expect("bonded");
        let standing = state.operator(operator).expect("known").standing;
        assert!(matches!(standing, Standing::Jailed(_)), "{role:?}");
    }
    let journal = reversed(&mut state, slash);
    assert!(matches!(journal.events.last(), Some(Event::SlashReversed { .. })));
    let row = state.slash(slash).expect("it stays for some time");
    assert!(matches!(row.state, SlashState::Reversed(_)) && row.taken.is_empty());
    let after = (state.operator(id).cloned(), state.balance(Pot::Bond(id)), state.balance(entry));
    assert_eq!(after, before);
    let judge = state.operator_id(OFFENDER, Role::Validator).expect("bonded");
    assert_eq!(state.operator(judge).expect("known").standing, Standing::Active);
    assert_eq!(state.operator(id).expect("known").strikes, Factor::ZERO);
}

#[test]
fn what_was_taken_from_an_entry_returns_to_it_or_to_the_bond_once_it_was_paid_out() {
    for paid_out in [false, true] {
        let mut state = world();
        let job = post(&mut state);
        // All but the lock leaves: the share comes out of the queue.
        let amount = Amount::tokens(900);
        send(&mut state, OFFENDER, Command::Unbond(Unbond { role: Role::Provider, amount }));
        let (id, entry) = (provider(&state), Pot::Unbonding(UnbondingId::new(0)));
        let slash = convicted(&mut state, job);
        let share = Amount::tokens(45);
        assert_eq!(state.balance(entry), amount.saturating_sub(share));
        hold(&mut state, slash, Epoch::new(1_000));
        while paid_out && state.unbonding(UnbondingId::new(0)).is_some() {
            block(&mut state);
        }
        reversed(&mut state, slash);
        let (bond, queued) = (state.balance(Pot::Bond(id)), state.balance(entry));
        let home =
            if paid_out { (LOCKED.saturating_add(share), Amount::ZERO) } else { (LOCKED, amount) };
        assert_eq!((bond, queued), home);
        assert_eq!(state.operator(id).expect("known").stake, bond);
    }
}

#[test]
fn undoing_one_of_two_slashes_opens_no_jail_that_the_other_locks() {
    let mut state = world();
    let job = post(&mut state);
    let id = provider(&state);
    let first = convicted(&mut state, job);
    let second = convicted(&mut state, job);
    reversed(&mut state, first);
    assert!(matches!(state.operator(id).expect("known").standing, Standing::Jailed(_)));
    let strikes = state.operator(id).expect("known").strikes;
    assert_eq!(strikes, Factor::ONE, "one of two");
    reversed(&mut state, second);
    // As from the last on: the first handed what stood before it to the second.
    assert_eq!(state.operator(id).expect("known").standing, Standing::Active);
    assert_eq!(state.operator(id).expect("known").strikes, Factor::ZERO);
}

#[test]
fn undoing_both_of_two_slashes_from_the_last_on_opens_the_jail() {
    let mut state = world();
    let job = post(&mut state);
    let id = provider(&state);
    let [first, second] = [(); 2].map(|()| convicted(&mut state, job));
    reversed(&mut state, second);
    assert!(matches!(state.operator(id).expect("known").standing, Standing::Jailed(_)));
    reversed(&mut state, first);
    // The second jails nobody any more, and before the first it was free.
    assert_eq!(state.operator(id).expect("known").standing, Standing::Active);
}

/// A shorter jail was voted between the jobs of two convictions: what the second deserved counts
/// alone once the first is undone, whether the second waits then or stands.
#[test]
fn undoing_a_slash_leaves_no_longer_jail_than_what_stands_deserves() {
    for stands in [false, true] {
        let mut state = world();
        let job = post(&mut state);
        let id = provider(&state);
        let long = *state.params();
        let first = convicted(&mut state, job);
        let until = |state: &State, params: &Params| {
            Standing::Jailed(state.epoch().after(params.staking().jail_epochs))
        };
        assert_eq!(state.operator(id).expect("known").standing, until(&state, &long));
        let mut raw = RawParams::from(long);
        raw.staking.jail_epochs = Epochs::new(2);
        let short = state.params.adoptable(raw).expect("lawful");
        state.params.adopt(short);
        let job = posted(&mut state, JobId::new(1));
        let second = convicted(&mut state, job);
        let deserved = until(&state, &short);
        assert_eq!(state.operator(id).expect("known").standing, until(&state, &long));
        if stands {
            let mut journal = Journal::default();
            let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
            execute(&mut cx, second);
        }
        // What is voted later changes neither.
        let mut raw = RawParams::from(long);
        raw.staking.jail_epochs = Epochs::new(3);
        let later = state.params.adoptable(raw).expect("lawful");
        state.params.adopt(later);
        reversed(&mut state, first);
        assert_eq!(state.operator(id).expect("known").standing, deserved, "{stands}");
        if !stands {
            reversed(&mut state, second);
            assert_eq!(state.operator(id).expect("known").standing, Standing::Active);
        }
    }
}

/// A strike that has faded by half since is taken back by half: the rest is another conviction's.
#[test]
fn undoing_a_slash_takes_back_what_is_left_of_its_strike() {
    let mut state = world();
    let mut raw = RawParams::from(*state.params());
    raw.slashing.strike_halflife_epochs = Epochs::new(2);
    let params = state.params.adoptable(raw).expect("lawful");
    state.params.adopt(params);
    let id = provider(&state);
    let slashes = [0, 1].map(|job| {
        for _ in 0..100 {
            block(&mut state);
        }
        let job = posted(&mut state, JobId::new(job));
        let slash = convicted(&mut state, job);
        hold(&mut state, slash, Epoch::new(1_000));
        slash
    });
    let strikes = |state: &State| state.operator(id).expect("known").strikes;
    assert_eq!(strikes(&state), Factor::percent(150));
    reversed(&mut state, slashes[0]);
    assert_eq!(strikes(&state), Factor::ONE, "that of the second");
    reversed(&mut state, slashes[1]);
    assert_eq!(strikes(&state), Factor::ZERO);
}

/// A missed audit owes more than is bonded, for the rest is locked for other audits or was lost:
/// what left since pays the rest, and what had left before the audit was accepted pays nothing.
#[test]
fn what_left_before_an_audit_does_not_pay_for_missing_it() {
    let mut state = world();
    let job = post(&mut state);
    let (operator, role) = (provider(&state), Role::Provider);
    let entries = [0, 1].map(|entry| Pot::Unbonding(UnbondingId::new(entry)));
    let [before, after] = [900, 70].map(Amount::tokens);
    send(&mut state, OFFENDER, Command::Unbond(Unbond { role, amount: before }));
    block(&mut state);
    let accepted_at = state.height();
    send(&mut state, OFFENDER, Command::Unbond(Unbond { role, amount: after }));
    let params = *state.params();
    let conviction = Conviction {
        offence: Offence::MissedAudit,
        operator,
        job,
        behind: Behind::Owed(Amount::tokens(200)),
        accepted_at,
        value: Amount::tokens(1),
        root: None,
        payout: Payout::Fire,
    };
    let mut journal = Journal::default();
    let burnt = state.balance(Pot::Burnt(Asset::Stake));
    let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
    convict(&mut cx, conviction, &params);
    state.check_invariants().expect("a conviction is lawful");
    assert_eq!(entries.map(|pot| state.balance(pot)), [before, Amount::ZERO]);
    assert_eq!(state.balance(Pot::Bond(operator)), Amount::ZERO);
    let burnt = state.balance(Pot::Burnt(Asset::Stake)).saturating_sub(burnt);
    assert_eq!(burnt, Amount::tokens(30).saturating_add(after));
}

/// Three accounts put 9,000 tokens each behind the offender, and one of them begins to leave; then
/// all of its own that is free leaves, so that a twentieth of all is more than that.
fn delegated(state: &mut State) -> (OperatorId, [Pot; 2]) {
    let (operator, role) = (OFFENDER, Role::Provider);
    let (rate, ceiling) = (Ratio::ZERO, Ratio::ZERO);
    send(state, OFFENDER, Command::SetCommission(SetCommission { role, rate, ceiling }));
    for account in 2..5 {
        let amount = Amount::tokens(8_999);
        send(
            state,
            AccountId::new(account),
            Command::Delegate(Delegate { operator, role, amount }),
        );
    }
    let amount = Amount::tokens(3_000);
    send(state, AccountId::new(2), Command::Undelegate(Undelegate { operator, role, amount }));
    let amount = Amount::tokens(900);
    send(state, OFFENDER, Command::Unbond(Unbond { role, amount }));
    let id = provider(state);
    let exit = state.delegation_pool(id).expect("bonded").exits[0];
    (id, [Pot::Delegated(id), Pot::Exit(exit)])
}

#[test]
fn what_delegations_lost_returns_to_pool_and_exit_to_the_unit() {
    let mut state = world();
    let job = post(&mut state);
    let (_, pots) = delegated(&mut state);
    let before = pots.map(|pot| state.balance(pot));
    let slash = convicted(&mut state, job);
    let during = pots.map(|pot| state.balance(pot));
    assert!(during[0] < before[0] && during[1] < before[1], "both lost");
    reversed(&mut state, slash);
    assert_eq!(pots.map(|pot| state.balance(pot)), before);
}

/// Whoever began to leave while a slash waits would buy shares of an exit at their price after the
/// slash, and take a part of what a reversal gives back to those who lost it.
#[test]
fn who_leaves_while_a_slash_waits_takes_nothing_of_what_an_exit_gets_back() {
    let mut state = world();
    let job = post(&mut state);
    let (id, _) = delegated(&mut state);
    let (first, second) = (AccountId::new(2), AccountId::new(3));
    let leaving = |state: &State, account| -> Amount {
        let row = state.delegation(account, id).expect("it delegated");
        state.leaving(row).fold(Amount::ZERO, |sum, (_, amount, _)| sum.saturating_add(amount))
    };
    let before = leaving(&state, first);
    let slash = convicted(&mut state, job);
    hold(&mut state, slash, Epoch::new(1_000));
    let held = state.delegation(second, id).expect("it delegated");
    let (operator, role, amount) = (OFFENDER, Role::Provider, state.delegated(held));
    let undelegate = Undelegate { operator, role, amount };
    let refused = staking::handlers::undelegate::handle(
        &mut Context { state: &mut state, journal: &mut Journal::default(), referee: &Unasked },
        second,
        &undelegate,
    );
    assert_eq!(refused.err(), Some(staking::UndelegateRejected::SlashWaits));
    // The next span has an exit of its own, which the slash did not take from.
    next_span(&mut state);
    send(&mut state, second, Command::Undelegate(undelegate));
    assert_eq!(leaving(&state, second), amount);
    reversed(&mut state, slash);
    assert_eq!((leaving(&state, first), leaving(&state, second)), (before, amount));
}

/// Until what begins to leave shares no exit with what left before.
fn next_span(state: &mut State) {
    let exits = &state.delegation_pool(provider(state)).expect("bonded").exits;
    let last = exits.iter().filter_map(|id| state.staking.exit(*id)).map(|exit| exit.matures).max();
    while last
        .is_some_and(|last| state.epoch().after(state.params().staking().unbonding_epochs) <= last)
    {
        block(state);
    }
}

#[test]
fn who_leaves_while_a_slash_waits_leaves_its_part_to_the_insurance() {
    let mut state = world();
    let job = post(&mut state);
    let (id, [pool, _]) = delegated(&mut state);
    let stayed = |state: &State| {
        let row = state.delegation(AccountId::new(4), id).expect("it stays");
        state.delegated(row)
    };
    let before = stayed(&state);
    let slash = convicted(&mut state, job);
    let lost = before.saturating_sub(stayed(&state));
    hold(&mut state, slash, Epoch::new(1_000));
    next_span(&mut state);
    let (operator, role) = (OFFENDER, Role::Provider);
    for account in [2, 3].map(AccountId::new) {
        let held = state.delegation(account, id).expect("it delegated");
        let amount = state.delegated(held);
        send(&mut state, account, Command::Undelegate(Undelegate { operator, role, amount }));
    }
    assert_eq!(state.balance(pool), stayed(&state), "the others have left");
    let insured = |state: &State| state.balance(Pot::Insurance(Asset::Stake));
    let insurance = insured(&state);
    reversed(&mut state, slash);
    let gained = stayed(&state).saturating_sub(before);
    assert!(stayed(&state) >= before && gained.units() <= 1 << 20, "{lost} back, and dust");
    assert!(insured(&state) > insurance);
}

#[test]
fn a_cover_that_waits_for_a_slash_that_is_undone_goes_back_to_the_insurance() {
    let mut state = world();
    let job = post(&mut state);
    let slash = convicted(&mut state, job);
    let insured = |state: &State| state.balance(Pot::Insurance(Asset::Stake));
    let (before, cover) = (insured(&state), Amount::tokens(3));
    let (from, to) = (Pot::Free(AccountId::new(2), Asset::Stake), Pot::Cover(slash));
    let journal = &mut Journal::default();
    let mut cx = Context { state: &mut state, journal, referee: &Unasked };
    cx.pay(from, to, cover, Reason::CoverAwaitsSlash);
    assert_eq!(state.covers(), cover);
    reversed(&mut state, slash);
    assert_eq!(state.covers(), Amount::ZERO);
    assert_eq!(insured(&state), before.saturating_add(cover));
}

/// Votes how much of its share delegated stake answers for.
fn answering(state: &mut State, share: Ratio) {
    let mut raw = RawParams::from(*state.params());
    raw.slashing.delegated_answers = share;
    let params = state.params.adoptable(raw).expect("lawful");
    state.params.adopt(params);
}

/// A twentieth of 26,997 that others have put behind it is 1,349.85, and one of its own 900 is 45:
/// its own pays all that it has, and of the 494.85 that it lacks the pool pays no more than its
/// part; it comes back to the unit.
#[test]
fn delegated_stake_loses_what_the_operator_lacks_and_no_more_than_it_answers_for() {
    let part = |parts| Ratio::new(parts).expect("below one");
    let all = Amount::tokens(26_997);
    let whole = part(50_000_000).amount_ceil(all);
    let lacks = Amount::new(494_850_000_000).expect("small");
    for share in [0, 1, 100_000_001, 333_333_333, 999_999_999].map(part) {
        let mut state = world();
        answering(&mut state, share);
        let job = post(&mut state);
        let (_, pots) = delegated(&mut state);
        let entry = Pot::Unbonding(UnbondingId::new(0));
        let pots = [pots[0], pots[1], entry];
        let before = pots.map(|pot| state.balance(pot));
        let slash = convicted(&mut state, job);
        let [pool, exit, own] = pots.map(|pot| state.balance(pot));
        assert_eq!(own, Amount::ZERO, "at every share its own pays first");
        let left = pool.saturating_add(exit);
        let lost = before[0].saturating_add(before[1]).saturating_sub(left);
        assert_eq!(lost, lacks.min(share.amount_ceil(whole)), "{share:?}");
        let part = before[0].share_ceil(lost.units(), all.units()).expect("a part");
        assert_eq!(before[0].checked_sub(pool), Some(part), "the pool's part up, the exit's rest");
        reversed(&mut state, slash);
        assert_eq!(pots.map(|pot| state.balance(pot)), before, "{share:?}");
    }
}

/// An operator that has nothing left is convicted of what it owes, and spared delegators pay none
/// of it; nothing is undone to the unit, too.
#[test]
fn nobody_pays_for_an_operator_that_has_nothing_where_delegators_are_spared() {
    for payout in [true, false] {
        let mut state = world();
        answering(&mut state, Ratio::ZERO);
        let job = post(&mut state);
        let (operator, [pool, exit]) = delegated(&mut state);
        let slash = convicted(&mut state, job);
        assert_eq!(state.operator(operator).expect("known").stake, Amount::ZERO);
        let pots = [pool, exit, Pot::Burnt(Asset::Stake), Pot::Slash(slash)];
        let before = pots.map(|pot| state.balance(pot));
        let params = *state.params();
        let claims = Claims { injured: Some(REQUESTER), ..Claims::default() };
        let conviction = Conviction {
            offence: Offence::MissedAudit,
            operator,
            job,
            behind: Behind::Owed(Amount::tokens(200)),
            accepted_at: Height::ZERO,
            value: Amount::tokens(1),
            root: payout.then_some(Digest([9; 32])),
            payout: if payout { Payout::Claims(claims) } else { Payout::Fire },
        };
        let mut journal = Journal::default();
        let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
        convict(&mut cx, conviction, &params);
        state.check_invariants().expect("a conviction is lawful");
        let (second, row) = state.slashes().last().expect("just convicted");
        assert!(row.taken.is_empty() && second != slash);
        let waits = matches!(row.state, SlashState::Pending(_));
        assert_eq!(waits, payout);
        assert_eq!(pots.map(|pot| state.balance(pot)), before);
        if waits {
            reversed(&mut state, second);
        }
        reversed(&mut state, slash);
        assert_eq!(pots.map(|pot| state.balance(pot))[..3], before[..3]);
    }
}

/// A slash follows the parameters of its job: no vote after it spares those who put stake behind an
/// operator that has cheated, and none takes of those who were spared when it took the job on.
#[test]
fn a_vote_about_what_delegated_stake_answers_for_counts_for_later_jobs() {
    for (first, then) in [(Ratio::ONE, Ratio::ZERO), (Ratio::ZERO, Ratio::ONE)] {
        let mut state = world();
        answering(&mut state, first);
        let job = post(&mut state);
        let (_, [pool, _]) = delegated(&mut state);
        let before = state.balance(pool);
        answering(&mut state, then);
        let params = state.params.at(state.market.order(job).params).clone();
        convicted_by(&mut state, job, &params);
        assert_eq!(state.balance(pool) < before, first == Ratio::ONE);
    }
}

/// What stands behind a challenge is what it was when the job was posted.
#[test]
fn a_vote_about_deposits_changes_none_of_a_job_that_is_posted() {
    let mut state = world();
    let job = post(&mut state);
    let deposit = |state: &State| crate::verification::handlers::challenge::deposit(state, job);
    let before = deposit(&state).expect("there is such a job");
    let mut raw = RawParams::from(*state.params());
    raw.verification.challenge_deposit = Amount::tokens(50);
    raw.verification.challenge_tariff = Factor::ONE.saturating_add(Factor::ONE);
    let params = state.params.adoptable(raw).expect("lawful");
    state.params.adopt(params);
    assert_eq!((before, deposit(&state)), (Amount::tokens(1), Some(before)));
    let later = posted(&mut state, JobId::new(1));
    let wanted = crate::verification::handlers::challenge::deposit(&state, later);
    assert_eq!(wanted, Some(Amount::tokens(50)));
}
