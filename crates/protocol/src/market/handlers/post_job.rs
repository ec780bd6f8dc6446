//! Post: work is wanted; its price ceiling, audit fees and a deposit are taken.

use alloc::vec::Vec;

use crate::{
    bound::{BoundTerms, Quote, audit_lock, in_stake_ceil, quote, reference_price},
    command::{PauseLane, PostJob},
    context::Context,
    event::Event,
    ids::{AccountId, Digest, JobId, Role},
    ledger::{Assets, JobPot, Pot, Reason},
    market::{Job, Order, PostJobRejected, Stage, acts, check_terms},
    next::Next,
    num::{Amount, Ratio},
    params::Params,
    prices::Stale,
    shared::Shared,
    state::State,
    table::Rare,
    verification::{able, beta},
};

/// Auditors more that a withheld part of a seed asks for (C8).
pub(crate) const FALLBACK_AUDITORS: u32 = 2;

/// What posting a job takes and pins.
struct Posting {
    bound: BoundTerms,
    quote: Quote,
    audit_lock: Amount,
    audit_fees: Amount,
    deposit: Amount,
}

impl Posting {
    /// All that is taken.
    fn cost(&self, terms: &PostJob) -> Amount {
        terms.price_max.saturating_add(self.audit_fees).saturating_add(self.deposit)
    }
}

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    terms: &PostJob,
) -> Result<Next, PostJobRejected> {
    let posting = plan(cx.state, signer, terms)?;
    // From here on the command must succeed.
    let params = cx.state.params.current().clone();
    let (market, verification) = (params.market(), params.verification());
    let (now, gas_bound) = (cx.now(), terms.task.gas_bound);
    let bid_until = now.after(market.bid_blocks);
    let before = cx.state.market.last_order();
    let bound = Shared::like(before.map(|order| &order.bound), posting.bound);
    let quote = Shared::like(before.map(|order| &order.quote), posting.quote);
    let order = Order {
        requester: signer,
        params: cx.state.params.pin_current(),
        tier: cx.state.access_tier(signer),
        posted_at: now,
        terms: terms.clone(),
        bound,
        quote,
        audit_lock: posting.audit_lock,
        audit_blocks: verification.audit_blocks(gas_bound, market),
        challenge_blocks: verification.challenge_window(gas_bound, market),
    };
    let job = JobId::from_index(cx.state.market.orders.push(order));
    cx.state.market.jobs.push(Job {
        stage: Stage::Bidding,
        until: bid_until,
        bids: Rare::default(),
        tie: Digest::ZERO,
        ranks: Rare::default(),
        beyond: None,
        fallback: Amount::ZERO,
        assignments: Vec::new(),
        closed: None,
    });
    cx.state.ledger.open_job();
    cx.state.storage.programs.pin(&terms.task);
    for (pot, amount, reason) in [
        (JobPot::Escrow, terms.price_max, Reason::Escrow),
        (JobPot::AuditFees, posting.audit_fees, Reason::AuditFeeEscrow),
        (JobPot::Deposit, posting.deposit, Reason::RequesterDeposit),
    ] {
        let from = cx.free_pot(signer);
        cx.pay(from, Pot::Job(job, pot), amount, reason);
    }
    let counts = &mut cx.state.market.counts;
    counts.posted = counts.posted.saturating_add(1);
    counts.open = counts.open.saturating_add(1);
    acts::enter_stage(cx, job, Stage::Bidding, bid_until);
    cx.journal.push(Event::JobPosted {
        job,
        requester: signer,
        program: terms.task.program,
        steps: terms.task.steps,
        price_max: terms.price_max,
        audit_fees: posting.audit_fees,
        deposit: posting.deposit,
        collateral: posting.quote.collateral,
        detection: posting.quote.detection,
        bid_until,
    });
    Ok(Next::Nothing)
}

/// What posting takes from the requester's free money; nothing if it would be refused.
pub(crate) fn cost(state: &State, signer: AccountId, terms: &PostJob) -> Option<Amount> {
    plan(state, signer, terms).ok().map(|posting| posting.cost(terms))
}

/// What a policy is quoted against today's pool; refused as posting it would be.
pub(crate) fn quote_terms(
    state: &State,
    signer: Option<AccountId>,
    terms: &PostJob,
) -> Result<Quote, PostJobRejected> {
    check(state, terms)?;
    let (_, quote, _) = bound_of(state, signer, terms)?;
    Ok(quote)
}

/// What does not depend on who posts them.
fn check(state: &State, terms: &PostJob) -> Result<(), PostJobRejected> {
    check_terms(terms, state.params.current())?;
    if !state.storage.programs.has(&terms.task) {
        return Err(PostJobRejected::ProgramNotPublished);
    }
    Ok(())
}

fn plan(state: &State, signer: AccountId, terms: &PostJob) -> Result<Posting, PostJobRejected> {
    if let Some(until) = state.paused(PauseLane::Jobs) {
        return Err(PostJobRejected::Paused { until });
    }
    let params = state.params.current();
    check(state, terms)?;
    let (bound, quote, audit_lock) = bound_of(state, Some(signer), terms)?;
    let overflow = PostJobRejected::TariffOverflows;
    let auditors = u64::from(terms.auditors);
    let locks = reserved_locks(audit_lock, &bound).ok_or(overflow)?;
    let wanted = state.market.audit_locks_reserved.saturating_add(locks);
    let available = audit_capacity(state, terms);
    if wanted > available {
        return Err(PostJobRejected::AuditCapacityExceeded { wanted, available });
    }
    let seat = refilled(bound.tariff, params).ok_or(overflow)?;
    let audit_fees = seat.checked_times(auditors).ok_or(overflow)?;
    let deposit = params.market().requester_deposit.amount_ceil(bound.tariff).ok_or(overflow)?;
    let posting = Posting { bound, quote, audit_lock, audit_fees, deposit };
    let (wanted, free) = (posting.cost(terms), state.ledger.free(signer));
    if wanted > free {
        return Err(PostJobRejected::ExceedsFree { wanted, free });
    }
    Ok(posting)
}

/// (m + 2) · lock: what the audit of an accepted job may lock at once, if its requester withholds
/// its part of the seed (C10). Less would be reserved for what a requester can force.
pub(crate) fn reserved_locks(audit_lock: Amount, bound: &BoundTerms) -> Option<Amount> {
    audit_lock.checked_times(u64::from(bound.auditors).checked_add(FALLBACK_AUDITORS.into())?)
}

/// What a beacon withheld from a job costs whoever leads, in the payment asset: of one asset the
/// auditors more that it is sure to pay for, of two assets as much as two would cost, for nothing
/// there turns its bond into fees.
pub(crate) fn withheld_cost(state: &State, bound: &BoundTerms) -> Amount {
    let extra = match state.ledger.assets() {
        Assets::Single => bound.fallback_auditors.saturating_sub(bound.auditors),
        Assets::Dual => FALLBACK_AUDITORS,
    };
    bound.tariff.checked_times(u64::from(extra)).unwrap_or(Amount::MAX)
}

/// What of its bond that holds from when the job is accepted. Of one asset the quote counts on all
/// of it; of two nothing does, and what the bond lacks it does not lose.
pub(crate) fn fallback_reserve(state: &State, bound: &BoundTerms) -> Amount {
    let cost = withheld_cost(state, bound);
    match state.ledger.assets() {
        Assets::Single => cost,
        Assets::Dual => {
            in_stake_ceil(cost, bound.stake_price).unwrap_or(Amount::MAX).min(fallback_left(state))
        }
    }
}

/// All that the validators of a job's class have at stake.
pub(crate) fn audit_capacity(state: &State, terms: &PostJob) -> Amount {
    let total = state.staking.auditors(terms.class).map_or(0, crate::staking::Pool::total);
    Amount::new(total).expect("stakes are parts of the supply")
}

/// What a seat is paid after every refill, the most that a requester can be asked for (C10).
fn refilled(tariff: Amount, params: &Params) -> Option<Amount> {
    let verification = params.verification();
    (0..verification.redraws)
        .try_fold(tariff, |pay, _| pay.checked_add(verification.refill_bonus.amount_floor(pay)))
}

/// The bound of a policy against those of today's pool who could lock its audit.
fn bound_of(
    state: &State,
    signer: Option<AccountId>,
    terms: &PostJob,
) -> Result<(BoundTerms, Quote, Amount), PostJobRejected> {
    let params: &Params = state.params.current();
    let (market, verification) = (params.market(), params.verification());
    let stake_price = state.bond_price().map_err(|Stale { counted, now }| {
        let limit = params.prices().stale_epochs;
        PostJobRejected::PriceStale { counted, now, limit }
    })?;
    let overflow = PostJobRejected::TariffOverflows;
    let tariff = market.tariff(terms.task.gas_bound).ok_or(overflow)?;
    // Under second price the pay is not known before the auction closes, and a quote must not
    // move: the ceiling stands for it. First price is priced bid by bid.
    let p_ref = reference_price(terms.price_max, tariff, terms.price_max, verification);
    let lock = audit_lock(tariff, p_ref, stake_price, verification).ok_or(overflow)?;
    let own = signer.and_then(|account| state.operator_id(account, Role::Validator));
    let pool = state.staking.auditors(terms.class);
    let able = able(pool, lock, own.as_slice());
    let auditors = u32::from(terms.auditors);
    let needed = u64::from(auditors).saturating_add(u64::from(verification.pool_min));
    if able.count < needed {
        return Err(PostJobRejected::PoolTooSmall { eligible: able.count, needed });
    }
    let extra = funded_extra(state, tariff, able.count, auditors);
    let all = pool.and_then(crate::staking::Pool::heaviest).map_or(0, |(weight, _)| weight);
    let judges = pool.map_or(0, crate::staking::Pool::total);
    let bound = BoundTerms {
        p_ref,
        tariff,
        audit_rate: terms.audit_rate,
        auditors,
        fallback_auditors: auditors.saturating_add(extra),
        beta: beta(able, verification.beta),
        beta_judges: Ratio::of_ceil(all, judges).max(verification.beta),
        outside_gain: terms.outside_gain,
        gain_timing: terms.gain_timing,
        stake_price,
    };
    let quote = quote(&bound, params).map_err(PostJobRejected::NoQuote)?;
    Ok((bound, quote, lock))
}

/// What of the leader's bond backs no accepted job yet.
pub(crate) fn fallback_left(state: &State) -> Amount {
    let bond = state.chain.leader.map_or(Amount::ZERO, |id| state.ledger.balance(Pot::Bond(id)));
    bond.saturating_sub(state.market.fallback_reserved)
}

/// How many of the two auditors more that a withheld beacon asks for its operator's bond can pay,
/// beside those of every accepted job, out of a pool that has them. Reserved when it is accepted.
fn funded_extra(state: &State, tariff: Amount, eligible: u64, auditors: u32) -> u32 {
    if state.ledger.assets() == Assets::Dual {
        return 0; // Nothing turns a bond into fees: what it loses burns (`withheld_cost`).
    }
    let left = fallback_left(state);
    let spare = eligible.saturating_sub(u64::from(auditors)).min(u64::from(FALLBACK_AUDITORS));
    let covered = |count: &u64| tariff.checked_times(*count).is_some_and(|cost| cost <= left);
    u32::try_from((1..=spare).take_while(covered).count()).unwrap_or(0)
}
