//! Making views: pure functions of the state.
//!
//! Law: a view says nothing that the state does not; what only a node knows (pending nonces,
//! names, roots) is an argument or filled in by the node.

use earnest_protocol::{
    AccountId, Address, Amount, Asset, AssignmentId, Blocks, Broken, Command, DelegationId, Digest,
    Height, JobId, OperatorId, Params, Ratio, Role, SlashId, State, Transaction,
    accounts::Authorisation,
    command::{PauseLane, PostJob, ResourceClass},
    ledger::{Assets, AssignmentPot, Pot},
    market::{Assignment, Job, Order, Phase, PostJobRejected, PriceTerms, Stage},
    slashing::Slash,
    staking::Operator,
    verification::{Case, Dispute, Docket, Geometry, Stake},
};

use crate::{
    decimal,
    view::{
        AccountRef, AccountView, AnyPot, AssignmentView, BidView, ConservationView, CountsView,
        DataRequestView, DelegationTerms, DelegationView, DisputeView, EmissionView, GuardView,
        GuardianView, HeadView, JobSummary, JobView, KeyView, LeavingView, LockView, MovedView,
        NetworkView, OpenedNode, OperatorView, PausedView, PotView, QuoteView, RewardsView,
        SeatView, SlashView, SupplyView, TierView, UnbondingView, VestingView,
    },
};

/// Both names of an account; the zero address for one that does not exist.
pub fn account_ref(state: &State, id: AccountId) -> AccountRef {
    let address = state.account(id).map_or(Address::ZERO, |account| account.address);
    AccountRef { id, address }
}

/// True if what is bonded is not what pays.
fn of_two(state: &State) -> bool {
    state.assets() == Assets::Dual
}

/// An account; `next_nonce` is that of the state, for a node to raise by what is pending.
pub fn account(state: &State, id: AccountId) -> Option<AccountView> {
    let account = state.account(id)?;
    Some(AccountView {
        id,
        address: account.address,
        free: state.free(id),
        free_stake: of_two(state).then(|| state.balance(Pot::Free(id, Asset::Stake))),
        earned: state.params().credits().counts_earned().then_some(account.earned),
        grant: crate::grants::grant(state, id),
        nonce: account.nonce,
        next_nonce: account.nonce,
        provider: account.operator(Role::Provider),
        validator: account.operator(Role::Validator),
        replica: account.operator(Role::Replica),
        access: account.operator(Role::Access),
        tier: tier(state, id),
        keys: account.keys.iter().map(key).collect(),
    })
}

/// None where there are no tiers.
fn tier(state: &State, id: AccountId) -> Option<TierView> {
    let access = state.params().access();
    if !access.is_on() {
        return None;
    }
    let stake = state.operator_id(id, Role::Access).and_then(|id| state.operator(id));
    let stake = stake.map_or(Amount::ZERO, |operator| operator.stake);
    let tier = state.access_tier(id);
    Some(TierView { tier, discount: access.discount(tier), next: access.next(stake) })
}

fn key(row: &Authorisation) -> KeyView {
    let Authorisation { key, scope, expires, spend_max, spent, nonce } = *row;
    KeyView { key, scope, expires, spend_max, spent, nonce, next_nonce: nonce }
}

/// An operator.
pub fn operator(state: &State, id: OperatorId) -> Option<OperatorView> {
    let row = state.operator(id)?;
    let free_bond = state.balance(Pot::Bond(id));
    let record = state.reputation(id);
    let parts = record.parts(state.params().reputation());
    let may_work = row.may_work();
    Some(OperatorView {
        id,
        account: account_ref(state, row.account),
        role: row.role,
        standing: row.standing,
        may_work,
        is_fit: row.is_fit(),
        place: state.set_place(id)?,
        active_set: state.active_set(row.role, row.class),
        stake: row.stake,
        free_bond,
        locked: row.stake.saturating_sub(free_bond),
        unbondable: state.unbondable(id),
        lock: lock(row),
        vote_weight: state.vote_weight(id),
        stake_min: row.stake_min,
        weight: if may_work { row.stake } else { Amount::ZERO },
        score: state.score(id),
        correctness: parts.correctness,
        timeliness: parts.timeliness,
        availability: parts.availability,
        ratings: parts.ratings,
        proven: state.proven_score(id),
        carried: record.carried,
        job_value_max: state.job_value_max(id, state.params()),
        strikes: row.strikes,
        strikes_at: row.strikes_at,
        judge_accrued: state.judge_reward(id),
        rewards: rewards(state, id),
        unbondings: unbondings(state, row),
        unbond_matures: state.unbond_matures(id, Amount::UNIT),
        unbond_all_matures: state.unbond_matures(id, state.unbondable(id)),
        delegations: terms(state, id)?,
    })
}

fn lock(row: &Operator) -> Option<LockView> {
    let (amount, until) = (row.lock.amount, row.lock.until);
    (!amount.is_zero()).then(|| LockView { amount, there: row.locked(), until })
}

fn rewards(state: &State, id: OperatorId) -> RewardsView {
    let now = state.epoch();
    let vesting = state.vesting(id);
    let waiting = vesting.waiting.iter().flat_map(|piece| {
        let begins = piece.until;
        [(begins, piece.at_once), (piece.ends, piece.rest)].map(|(ends, amount)| VestingView {
            begins,
            ends,
            amount,
        })
    });
    let lines = vesting.lines.iter();
    let lines = lines.map(|line| VestingView { begins: now, ends: line.ends, amount: line.amount });
    let pieces = lines.chain(waiting).filter(|piece| !piece.amount.is_zero());
    RewardsView {
        claim: state.open_claim(id),
        ready: vesting.ready,
        unvested: vesting.unvested(),
        vesting: pieces.collect(),
    }
}

fn unbondings(state: &State, operator: &Operator) -> Vec<UnbondingView> {
    let view = |&id| {
        let entry = state.unbonding(id)?;
        let amount = state.balance(Pot::Unbonding(id));
        Some(UnbondingView { id, amount, queued_at: entry.queued_at, matures: entry.matures })
    };
    operator.unbondings.iter().filter_map(view).collect()
}

/// One delegation; none once all of it was withdrawn.
pub fn delegation(state: &State, id: DelegationId) -> Option<DelegationView> {
    let row = state.delegation_row(id)?;
    let operator = state.operator(row.operator)?;
    let leaving = state.leaving(row);
    let leaving = leaving.map(|(exit, amount, matures)| LeavingView { exit, amount, matures });
    let moved = state.moved(row).map(|(parcel, amount, source, matures)| MovedView {
        parcel,
        amount,
        source,
        matures,
    });
    Some(DelegationView {
        id,
        delegator: account_ref(state, row.account),
        operator: row.operator,
        account: account_ref(state, operator.account),
        role: operator.role,
        delegated: state.delegated(row),
        earned: state.delegation_earned(row),
        leaving: leaving.collect(),
        moved: moved.collect(),
    })
}

/// All that a delegator can know before it joins.
fn terms(state: &State, id: OperatorId) -> Option<DelegationTerms> {
    let pool = state.delegation_pool(id)?;
    let params = state.params().staking();
    let leaving = pool.exits.iter().map(|exit| state.balance(Pot::Exit(*exit)));
    Some(DelegationTerms {
        delegated: state.delegated_to(id),
        leaving: leaving.fold(Amount::ZERO, Amount::saturating_add),
        max: state.delegation_max(id),
        earned: state.balance(Pot::DelegationRewards(id)),
        commission: pool.commission.rate,
        commission_ceiling: pool.commission.ceiling,
        commission_next_max: pool.commission.next_max(params),
        commission_changeable: pool.commission.changeable(params),
        loss_max: state.loss_share_max(id),
        slashes_waiting: pool.slashes_waiting,
        matures: state.undelegation_matures(Amount::UNIT),
        all_matures: state.undelegation_matures(state.delegated_to(id)),
    })
}

/// Everything that the state knows about one job.
struct Rows<'a> {
    order: &'a Order,
    job: &'a Job,
    phase: Phase,
    /// The assignment that is being done, or the last.
    last: Option<(AssignmentId, &'a Assignment)>,
    /// What is known of its result, and the disputes about it.
    known: Option<(&'a Case, &'a Docket)>,
}

impl Rows<'_> {
    /// None once the job's rows have left.
    fn of(state: &State, id: JobId) -> Option<Rows<'_>> {
        let known = state.case(id).zip(state.docket(id));
        Some(Rows {
            order: state.order(id)?,
            job: state.job(id)?,
            phase: state.phase(id)?,
            last: state.assignment_of(id),
            known,
        })
    }

    /// The last height of the phase.
    fn until(&self) -> Height {
        match (self.job.stage, self.last) {
            (Stage::Assigned(_), Some((_, assignment))) => assignment.until,
            _ => self.job.until,
        }
    }

    /// The obligation, once accepted.
    fn assignment(&self) -> Option<AssignmentView> {
        let (id, assignment) = self.last?;
        let accepted = assignment.accepted?;
        Some(AssignmentView {
            id,
            slot: assignment.slot,
            operator: assignment.operator,
            account: assignment.account,
            price: assignment.price,
            exit_cost: assignment.exit_cost,
            accepted_at: accepted.at,
            due: accepted.due,
        })
    }
}

/// A job as lists show it; none once its rows have left.
pub fn job_summary(state: &State, id: JobId) -> Option<JobSummary> {
    let rows = Rows::of(state, id)?;
    let Rows { order, job, phase, .. } = rows;
    let disputes = rows.known.iter().flat_map(|(_, docket)| &docket.disputes);
    let winner = rows.assignment();
    Some(JobSummary {
        id,
        requester: account_ref(state, order.requester),
        posted_at: order.posted_at,
        phase,
        until: rows.until(),
        program: order.terms.task.program,
        steps: order.terms.task.steps,
        gas_bound: order.terms.task.gas_bound,
        class: order.terms.class,
        price_max: order.terms.price_max,
        collateral: order.quote.collateral,
        detection: order.quote.detection,
        bid_count: count32(job.bids.len()),
        provider: winner.map(|winner| account_ref(state, winner.account)),
        price: winner.map(|winner| winner.price),
        open_disputes: count32(disputes.filter(|dispute| dispute.ended.is_none()).count()),
        outcome: job.closed.as_ref().map(|closed| closed.outcome),
        reason: job.closed.as_ref().map(|closed| closed.reason),
        output: job.closed.as_ref().and_then(|closed| closed.output),
        ending: rows.known.and_then(|(case, _)| case.result?.ending),
    })
}

fn challenge_deposit(state: &State, order: &Order) -> Amount {
    let (params, task) = (state.job_params(order), order.terms.task);
    params.verification().deposit_of_challenge((task.form, task.gas_bound), params.market())
}

/// Everything about one job; none once its rows have left.
pub fn job(state: &State, id: JobId) -> Option<JobView> {
    let rows = Rows::of(state, id)?;
    let Rows { order, job, phase, .. } = rows;
    // Before there is an assignment there is nothing to verify.
    let (case, docket) = rows.known.unzip();
    let case = case.cloned().unwrap_or_default();
    let docket = docket.cloned().unwrap_or_default();
    let assignment = rows.assignment();
    Some(JobView {
        id,
        requester: account_ref(state, order.requester),
        params: order.params,
        tier: order.tier,
        posted_at: order.posted_at,
        terms: order.terms.clone(),
        phase,
        until: rows.until(),
        bids: bids(state, job),
        ranks: job.ranks.to_vec(),
        offered_to: offered_to(state, &rows),
        assignment,
        provider: assignment.map(|winner| account_ref(state, winner.account)),
        closed: job.closed.as_deref().copied(),
        pots: pots(state, id, job),
        bound: *order.bound,
        quote: *order.quote,
        cover: state.cover_quote(id).filter(|_| phase == Phase::Bidding),
        audit_blocks: order.audit_blocks,
        audit_lock: order.audit_lock,
        challenge_deposit: challenge_deposit(state, order),
        result: case.result,
        seed: case.seed,
        round: case.round,
        seats: seats(state, &case),
        opened: opened(&docket),
        disputes: docket.disputes.iter().map(|one| dispute(state, order, &case, one)).collect(),
        requests: requests(state, &case),
        receipt: case.receipt,
    })
}

/// The pots of a job and of its assignments; those of an ended one are empty.
fn pots(state: &State, id: JobId, job: &Job) -> Vec<PotView> {
    let own = state.job_pots(id).iter();
    let own = own.map(|&(pot, amount)| PotView { pot: AnyPot::Job(pot), amount });
    let others = job.assignments.iter().flat_map(|&id| state.assignment_pots(id));
    own.chain(others.map(|&(pot, amount)| PotView { pot: AnyPot::Assignment(pot), amount }))
        .collect()
}

fn bids(state: &State, job: &Job) -> Vec<BidView> {
    let view = |(slot, bid): (u8, &earnest_protocol::market::Bid)| BidView {
        slot,
        operator: bid.operator,
        account: account_ref(state, bid.account),
        seal: bid.seal,
        state: bid.state,
    };
    (0..).zip(&job.bids).map(view).collect()
}

fn offered_to(state: &State, rows: &Rows<'_>) -> Option<AccountRef> {
    let (_, offer) = rows.last.filter(|_| rows.phase == Phase::Offered)?;
    Some(account_ref(state, offer.account))
}

fn seats(state: &State, case: &Case) -> Vec<SeatView> {
    let view = |(seat, row): (u8, &earnest_protocol::verification::Seat)| SeatView {
        seat,
        operator: row.operator,
        account: row.account.map(|account| account_ref(state, account)),
        seating: row.seating,
        pay: row.pay,
        state: row.state,
    };
    (0..).zip(&case.seats).map(view).collect()
}

fn opened(docket: &Docket) -> Vec<OpenedNode> {
    let view = |(node, children): &(_, Vec<Digest>)| OpenedNode {
        node: *node,
        children: children.clone(),
    };
    docket.opened.iter().map(view).collect()
}

fn dispute(state: &State, order: &Order, case: &Case, dispute: &Dispute) -> DisputeView {
    let leaf = Geometry::of(&order.terms.task).leaf(dispute.node);
    let lock = match dispute.behind {
        Stake::Deposit(index) => AssignmentPot::ChallengeDeposit(index),
        Stake::Seat(place) => {
            let seat = case.seats.get(usize::from(place));
            AssignmentPot::AuditLock(seat.map_or(u32::from(place), |seat| seat.lock))
        }
    };
    DisputeView {
        challenger: account_ref(state, dispute.challenger),
        lock,
        node: dispute.node,
        leaf,
        turn: dispute.turn,
        until: dispute.until(),
        accused_left: dispute.accused_left,
        challenger_left: dispute.challenger_left,
        moves: dispute.moves,
        ended: dispute.ended,
    }
}

fn requests(state: &State, case: &Case) -> Vec<DataRequestView> {
    let view = |request: &earnest_protocol::verification::DataRequest| DataRequestView {
        asker: account_ref(state, request.asker),
        item: request.item,
        answerable: account_ref(state, request.answerable),
        until: request.until,
        served: request.served,
    };
    case.requests.iter().map(view).collect()
}

/// A slash.
pub fn slash(state: &State, id: SlashId) -> Option<SlashView> {
    let Slash { offence, operator, account, role, job, state: stands, ref claims, .. } =
        *state.slash(id)?;
    Some(SlashView {
        id,
        offence,
        operator,
        account: account_ref(state, account),
        role,
        job,
        pending: state.balance(Pot::Slash(id)),
        state: stands,
        claims: claims.clone(),
    })
}

/// Where the chain is; `final_height` is the node's to say.
pub fn head(state: &State, final_height: Height) -> HeadView {
    HeadView {
        network: state.network(),
        height: state.height(),
        final_height,
        epoch: state.epoch(),
        time_ms: state.time_ms(),
        base_fee: state.base_fee(),
    }
}

/// Everything about the network as a whole. Walks all rows: for a node to cache by height.
pub fn network(state: &State, name: &str, state_root: Digest) -> NetworkView {
    NetworkView {
        name: name.to_owned(),
        network: state.network(),
        height: state.height(),
        epoch: state.epoch(),
        epoch_first: state.epoch_first(),
        time_ms: state.time_ms(),
        base_fee: state.base_fee(),
        state_root,
        params: (*state.params()).into(),
        assets: state.assets(),
        supply: supply(state, Asset::Stake),
        supply_payment: of_two(state).then(|| supply(state, Asset::Payment)),
        emission: emission(state),
        guard: guard(state),
        provider_set: state.active_set(Role::Provider, ResourceClass::Cpu),
        validator_set: state.active_set(Role::Validator, ResourceClass::Cpu),
        counts: counts(state),
        conservation: conservation(state),
    }
}

fn guard(state: &State) -> GuardView {
    let guard = state.guard();
    let guardian =
        |(account, sunset)| GuardianView { account: account_ref(state, account), sunset };
    let lanes = [PauseLane::Jobs, PauseLane::Delegations];
    let paused = lanes.into_iter().filter_map(|lane| {
        let until = state.paused(lane)?;
        Some(PausedView { lane, until })
    });
    GuardView {
        phase: state.params().governance().phase,
        council: guard.council.iter().map(|id| account_ref(state, *id)).collect(),
        threshold: guard.threshold,
        guardian: guard.guardian.map(guardian),
        paused: paused.collect(),
    }
}

fn emission(state: &State) -> EmissionView {
    let rate = state.emission_rate().map(|rate| decimal(rate.parts(), 18));
    let reached = state.goal_reached().map(|reached| {
        let part = decimal(Ratio::of_floor(reached.part, reached.of).parts(), 9);
        format!("{}{}", reached.whole, part.trim_start_matches('0'))
    });
    let kept = state.emission_kept().map(|kept| decimal(kept.parts(), 9));
    let (emitted, claims) = (state.emitted(), state.open_claims());
    EmissionView { emitted, rate, reached, kept, claims }
}

fn supply(state: &State, asset: Asset) -> SupplyView {
    let (issued, burnt) = (state.issued(asset), state.balance(Pot::Burnt(asset)));
    let stakes = state.operators().map(|(_, operator)| operator.stake);
    let rewards = state.operators().map(|(id, _)| state.balance(Pot::Vesting(id)));
    let bonded = |amount| if asset == Asset::Stake { amount } else { Amount::ZERO };
    SupplyView {
        issued,
        burnt,
        total: issued.saturating_sub(burnt),
        stake: bonded(stakes.fold(Amount::ZERO, Amount::saturating_add)),
        treasury: state.balance(Pot::Treasury(asset)),
        insurance: state.balance(Pot::Insurance(asset)),
        covers: bonded(state.covers()),
        judges: bonded(state.balance(Pot::Judges)),
        rewards: bonded(rewards.fold(state.balance(Pot::Emission), Amount::saturating_add)),
        granted: bonded(state.balance(Pot::Grants)),
    }
}

fn counts(state: &State) -> CountsView {
    let count = |role: Role, active: bool| {
        let of_role = state.operators().filter(|(_, operator)| operator.role == role);
        count64(of_role.filter(|(_, operator)| !active || operator.may_work()).count())
    };
    CountsView {
        accounts: count64(state.account_count()),
        providers: count(Role::Provider, false),
        providers_active: count(Role::Provider, true),
        validators: count(Role::Validator, false),
        validators_active: count(Role::Validator, true),
        slashes: count64(state.slash_count()),
        jobs: state.job_counts(),
    }
}

/// Does the money add up? Walks all pots.
pub fn conservation(state: &State) -> ConservationView {
    let asset = Asset::Stake;
    let expected = state.issued(asset).checked_sub(state.balance(Pot::Burnt(asset)));
    match state.check_conservation() {
        Ok(()) => ConservationView { asset, holds: true, pots: expected, expected },
        Err(Broken::Conservation { asset, pots, expected }) => {
            ConservationView { asset, holds: false, pots, expected }
        }
        Err(_) => ConservationView { asset, holds: false, pots: None, expected },
    }
}

/// What posting `terms` would take of `signer` and give.
///
/// # Errors
/// Why such a job is refused from anybody; what the signer has free is not looked at.
pub fn quote(
    state: &State,
    signer: Option<AccountId>,
    terms: &PostJob,
) -> Result<QuoteView, PostJobRejected> {
    let quote = state.quote_job(signer, terms)?;
    let params = state.params();
    let (market, verification) = (params.market(), params.verification());
    let overflow = PostJobRejected::TariffOverflows;
    let gas = terms.task.gas_bound;
    let tariff = market.tariff(gas).ok_or(overflow)?;
    let seat = refilled(tariff, params).ok_or(overflow)?;
    let audit_fees = seat.checked_times(u64::from(terms.auditors)).ok_or(overflow)?;
    let deposit = market.requester_deposit.amount_ceil(tariff).ok_or(overflow)?;
    let total = terms.price_max.checked_add(audit_fees).and_then(|sum| sum.checked_add(deposit));
    let command = Command::PostJob(terms.clone());
    let posting =
        Transaction { nonce: 0, valid_until: state.height(), command, on_behalf_of: None };
    Ok(QuoteView {
        quote,
        tariff,
        price_max: terms.price_max,
        audit_fees,
        deposit,
        total: total.ok_or(overflow)?,
        fee: state.fee(&posting),
        base_fee: state.base_fee(),
        bid_deposit: market.bid_deposit.amount_ceil(terms.price_max),
        discount: discount(state, signer, terms.price_max),
        audit_blocks: verification.audit_blocks(gas, market),
    })
}

/// What comes back of the take on a price that is paid in full, by the tier of who signs.
fn discount(state: &State, signer: Option<AccountId>, agreed: Amount) -> Amount {
    let market = state.params().market();
    let tier = signer.map_or(0, |id| state.access_tier(id));
    let terms = PriceTerms {
        agreed,
        steps: 1,
        steps_paid: 1,
        late: Blocks::ZERO,
        grace_blocks: market.grace_blocks,
        late_price_min: market.late_price_min,
        take: market.take,
        take_burn: market.take_burn,
        discount: state.params().access().discount(tier),
        take_insurance: market.take_insurance,
    };
    terms.split().discount
}

/// What a seat earns after every refill, as posting reserves it (C10).
fn refilled(tariff: Amount, params: &Params) -> Option<Amount> {
    let verification = params.verification();
    let raise = |pay: Amount| pay.checked_add(verification.refill_bonus.amount_floor(pay));
    (0..verification.redraws).try_fold(tariff, |pay, _| raise(pay))
}

fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn count64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
