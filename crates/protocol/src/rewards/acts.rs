//! What stories and time do with rewards: book work, mint for an epoch, settle an operator.
//!
//! Law: every unit is minted by [`emit`], and by nothing else; what an operator gets of a round is
//! a function of its claim and of the round, whenever it is settled.
//! Not here: when a claim may be made (`stories`), who calls for a payment (`handlers`).

use alloc::{boxed::Box, vec::Vec};

use crate::{
    context::Context,
    event::Event,
    ids::{Asset, JobId, OperatorId, Role},
    ledger::{Pot, Reason},
    num::{Amount, Epoch, Exponent, Factor, Gas, Ratio},
    params::Params,
    rewards::{
        ClaimTerms, Cut, Moment, Open, Round, Running, Schedule, Standing, VestTerms, WeighTerms,
        Work, rate_floor, returns,
    },
    staking,
    state::State,
};

/// Verified work that was paid for, and what of its price was burnt.
#[derive(Clone, Copy)]
pub(crate) struct Done<'a> {
    pub(crate) job: JobId,
    pub(crate) provider: OperatorId,
    /// Who was paid for an audit of it.
    pub(crate) auditors: &'a [OperatorId],
    pub(crate) gas: Gas,
    /// In the asset that pays.
    pub(crate) burnt: Amount,
    /// What a unit that is bonded was worth when the job was posted.
    pub(crate) stake_price: Factor,
}

/// Books what a job may attract: the worth of its work at the tariff, and at most a share of what
/// it burnt; for its provider and its auditors, as far as they may work.
pub(crate) fn note_work(cx: &mut Context<'_>, done: &Done<'_>, params: &Params) {
    if Schedule::of(cx.params().rewards()) == Schedule::Off {
        return;
    }
    let auditors = u32::try_from(done.auditors.len()).unwrap_or(u32::MAX);
    // What is bonded is worth what it was when the job was posted, or now, whichever is more: who
    // knows that its price will rise would else burn cheaply today (M5).
    let price = done.stake_price.max(cx.state.mint_price());
    let terms = ClaimTerms::new((done.burnt, done.gas), auditors, price, params);
    let vests = VestTerms::new(params.rewards());
    note(cx, done.job, done.provider, (&terms, vests));
    for auditor in done.auditors {
        note(cx, done.job, *auditor, (&terms, vests));
    }
}

fn note(
    cx: &mut Context<'_>,
    job: JobId,
    operator: OperatorId,
    (terms, vests): (&ClaimTerms, VestTerms),
) {
    let role = cx.state.staking.operator(operator).role;
    if !cx.state.staking.operator(operator).is_fit() || !costs_a_name(cx.state, operator) {
        return;
    }
    let mut terms = *terms;
    if terms.performance_share != Ratio::ZERO {
        terms.score = score(cx.state, operator, role);
    }
    // All claims are counted to the unit, or they would be paid more than was minted: what those of
    // all weigh, and somebody's own, which may weigh less.
    let rewards = &cx.state.rewards;
    let own = rewards.open_work(operator).map_or(Amount::ZERO, Work::claim);
    let room = Amount::MAX.saturating_sub(rewards.open.claims.max(own));
    let claim = terms.claim(role).min(room);
    if claim.is_zero() {
        return;
    }
    settle(cx, operator);
    let of = returns(cx.params().rewards());
    let rewards = &mut cx.state.rewards;
    let round = rewards.next_round();
    if rewards.open.claimants == 0 {
        rewards.open.returns = of;
    }
    let returns = rewards.open.returns;
    let worked = rewards.earnings(operator).work.clone();
    let is_first = worked.is_none();
    let mut work = worked.unwrap_or_else(|| Work { round, claims: Vec::new() });
    let before = work.weight(returns);
    work.add(vests, claim);
    // Two roundings may make that a unit more than the claim, of a supply that no claim exceeds.
    let others = rewards.open.claims.saturating_sub(before);
    let Some(claims) = others.checked_add(work.weight(returns)) else { return };
    rewards.open.claims = claims;
    rewards.open.claimants = rewards.open.claimants.saturating_add(u32::from(is_first));
    rewards.earnings_mut(operator).work = Some(work);
    let terms = Box::new(terms);
    cx.journal.push(Event::WorkClaimed { job, operator, role, claim, terms });
}

/// True unless returns diminish and it has less at stake than a name is held to cost now (R19); its
/// own least bond is that of its entry.
fn costs_a_name(state: &State, operator: OperatorId) -> bool {
    let operator = state.staking.operator(operator);
    let params = state.params();
    returns(params.rewards()).exponent == Exponent::One
        || params.staking().bond_min(operator.role) <= operator.stake
}

/// How well an operator has worked until now: correctly and in time, or audited correctly.
fn score(state: &State, operator: OperatorId, role: Role) -> Ratio {
    let params = state.params().reputation();
    match role {
        Role::Provider => state.reputation.proven(operator, state.epoch(), params),
        Role::Validator | Role::Replica | Role::Access => {
            let record = state.reputation.record(operator).faded(state.epoch(), params.decay);
            record.correctness.bound(params.z)
        }
    }
}

/// Mints for the epoch that ended, and closes its round.
pub(crate) fn emit(cx: &mut Context<'_>) {
    let params = *cx.params().rewards();
    let schedule = Schedule::of(&params);
    let epoch = Epoch::new(cx.epoch().count().saturating_sub(1));
    let claims = cx.state.rewards.open.claims;
    if schedule == Schedule::Off {
        cx.state.rewards.running = None;
        if claims.is_zero() {
            return;
        }
    }
    let (running, scheduled) = next(cx.state, &schedule, epoch);
    let rewards = &mut cx.state.rewards;
    rewards.running = (schedule != Schedule::Off).then_some(running);
    let left = params.lifetime_max.saturating_sub(rewards.emitted);
    let room = Amount::MAX.saturating_sub(cx.state.ledger.issued(Asset::Stake));
    let may = scheduled.min(left).min(room);
    let may = if schedule.is_of_work() { may.min(claims) } else { may };
    let treasury = params.treasury_share.amount_floor(may);
    let rest = may.saturating_sub(treasury);
    let by_stake = params.stake_share.amount_floor(rest);
    let work = rest.saturating_sub(by_stake).min(claims);
    mint(cx, Pot::Treasury(Asset::Stake), treasury);
    let stake = share_by_stake(cx, by_stake);
    mint(cx, Pot::Emission, work);
    close_round(cx, epoch, work);
    cx.journal.push(Event::Emitted { epoch, scheduled, treasury, stake, work, claims });
}

/// The schedule as it stands after the epoch, and what it allows for it.
fn next(state: &State, schedule: &Schedule, epoch: Epoch) -> (Running, Amount) {
    let params = state.params().rewards();
    let older = params.schedule_age_epochs.count();
    let standing = schedule.start(older);
    let begun = Running { schedule: params.schedule, since: epoch, standing };
    let running = state.rewards.running.filter(|running| running.schedule == params.schedule);
    let running = running.unwrap_or(begun);
    let age = epoch.since(running.since).count();
    let supply = state.issued(Asset::Stake).saturating_sub(state.balance(Pot::Burnt(Asset::Stake)));
    let moment = Moment {
        age: older.saturating_add(age),
        standing: running.standing,
        supply,
        bonded: state.staking.active_stake().min(supply),
        claims: state.rewards.open.claims,
    };
    let next = schedule.next(&moment);
    let whole = schedule.amount(&moment, &next);
    let cut = Cut::of(params, state.mint_price());
    let kept = cut.map_or(Ratio::ONE, |cut| cut.kept_floor(whole, next.kept));
    let standing = Standing { kept, ..next };
    (Running { standing, ..running }, kept.amount_floor(whole))
}

fn mint(cx: &mut Context<'_>, target: Pot, amount: Amount) {
    cx.mint(target, amount, Reason::Emission);
    let emitted = &mut cx.state.rewards.emitted;
    *emitted = emitted.checked_add(amount).expect("at most what was issued");
}

/// Shares `amount` between the stakes of both roles; returns what somebody was there for.
fn share_by_stake(cx: &mut Context<'_>, amount: Amount) -> Amount {
    let validators = cx.params().rewards().validator_share.amount_floor(amount);
    let parts =
        [(Role::Provider, amount.saturating_sub(validators)), (Role::Validator, validators)];
    let weighs = cx.params().rewards().lock_weighs == 1;
    let weight = cx.state.lock_weight().filter(|_| weighs);
    let mut shared = Amount::ZERO;
    for (role, part) in parts.into_iter().filter(|(_, part)| !part.is_zero()) {
        if cx.state.staking.share_emission(role, part, weight).is_some() {
            mint(cx, Pot::Emission, part);
            shared = shared.saturating_add(part);
        }
    }
    let by_stake = &mut cx.state.rewards.by_stake;
    *by_stake = by_stake.saturating_add(shared);
    shared
}

fn close_round(cx: &mut Context<'_>, epoch: Epoch, minted: Amount) {
    let Open { claims, claimants, returns } = core::mem::take(&mut cx.state.rewards.open);
    if let Some(rate) = rate_floor(minted, claims) {
        let round = Round { epoch, rate, returns, left: minted, waiting: claimants };
        cx.state.rewards.rounds.push(round);
    }
}

/// Pays an operator what its last round and its stake came to, its own part into its own pot, and
/// follows its vesting.
pub(crate) fn settle(cx: &mut Context<'_>, operator: OperatorId) {
    if let Some((round, parts)) = cx.state.rewards.owed(operator) {
        pay_round(cx, operator, &round, &parts);
    }
    pay_stake(cx, operator);
    let now = cx.epoch();
    let row = cx.state.rewards.earnings(operator);
    if row.vesting.followed < now {
        cx.state.rewards.earnings_mut(operator).vesting.follow(now);
    }
}

/// True if settling it would move anything.
pub(crate) fn is_owed(state: &State, operator: OperatorId) -> bool {
    let work = state.rewards.owed(operator).map(|(_, parts)| parts).unwrap_or_default();
    let by_work = work.iter().any(|amount| !amount.is_zero());
    by_work || !state.staking.stake_earned(operator).is_zero()
}

fn pay_stake(cx: &mut Context<'_>, operator: OperatorId) {
    let amount = cx.state.staking.take_emission(operator);
    if amount.is_zero() {
        return;
    }
    let (vests, now) = (VestTerms::new(cx.params().rewards()), cx.epoch());
    let by_stake = &mut cx.state.rewards.by_stake;
    *by_stake = by_stake.saturating_sub(amount);
    let shared = earn(cx, operator, amount, (now, &vests));
    cx.journal.push(Event::StakeRewarded { operator, amount, shared });
}

/// Moves what an operator earned in an epoch to where it vests, less its delegators' part, which
/// they have at once: a slash of the operator finds none of theirs. Returns that part.
fn earn(
    cx: &mut Context<'_>,
    operator: OperatorId,
    amount: Amount,
    (earned, vests): (Epoch, &VestTerms),
) -> Amount {
    let pots = (Pot::Emission, Pot::Vesting(operator));
    let reason = Reason::EmissionEarned;
    let shared = staking::acts::earn::split_bonded(cx, operator, pots, amount, reason);
    let vesting = &mut cx.state.rewards.earnings_mut(operator).vesting;
    vesting.put(amount.saturating_sub(shared), earned, vests);
    shared
}

fn pay_round(cx: &mut Context<'_>, operator: OperatorId, round: &Round, parts: &[Amount]) {
    let row = cx.state.rewards.earnings_mut(operator);
    let work = row.work.take().expect("only a claim is owed anything");
    let (epoch, mut paid) = (round.epoch, Amount::ZERO);
    let weighs = WeighTerms { all: work.claim(), returns: round.returns };
    for ((vests, claim), amount) in work.claims.into_iter().zip(parts.iter().copied()) {
        let shared = earn(cx, operator, amount, (epoch, &vests));
        paid = paid.saturating_add(amount);
        let weighs = Box::new(weighs);
        let earned =
            Event::EmissionEarned { operator, epoch, claim, amount, shared, vests, weighs };
        cx.journal.push(earned);
    }
    let place = usize::try_from(work.round).expect("a row's place");
    let row = cx.state.rewards.rounds.get_mut(place).expect("somebody waited for it");
    row.left = row.left.saturating_sub(paid);
    row.waiting = row.waiting.saturating_sub(1);
    if row.waiting == 0 {
        let dust = row.left;
        cx.state.rewards.rounds.retire(place);
        cx.pay(Pot::Emission, Pot::Treasury(Asset::Stake), dust, Reason::EmissionDust);
    }
}

/// What an operator has unvested once it is settled.
pub(crate) fn unvested(cx: &mut Context<'_>, operator: OperatorId) -> Amount {
    settle(cx, operator);
    cx.state.rewards.earnings(operator).vesting.unvested()
}

/// Takes a part of what is unvested, after it left its pot.
pub(crate) fn forfeit(cx: &mut Context<'_>, operator: OperatorId, amount: Amount) {
    cx.state.rewards.earnings_mut(operator).vesting.take_unvested(amount);
}

/// Gives back what was taken wrongly, after it came back to its pot; it may be claimed at once.
pub(crate) fn restore(cx: &mut Context<'_>, operator: OperatorId, amount: Amount) {
    let vesting = &mut cx.state.rewards.earnings_mut(operator).vesting;
    vesting.ready = vesting.ready.saturating_add(amount);
}

#[cfg(test)]
mod tests;
