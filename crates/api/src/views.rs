//! Making views: pure functions of the state.
//!
//! Law: a view says nothing that the state does not; what only a node knows (pending nonces,
//! names, roots) is an argument or filled in by the node.

use earnest_protocol::{
    AccountId, Address, Amount, Broken, Digest, Height, JobId, OperatorId, Role, SlashId, State,
    command::PostJob,
    ledger::Pot,
    market::{Job, Phase, PostJobRejected},
    slashing::Slash,
    staking::Operator,
    verification::{Case, Dispute, depth},
};

use crate::view::{
    AccountRef, AccountView, BidView, ConservationView, CountsView, DataRequestView, DisputeView,
    HeadView, JobSummary, JobView, NetworkView, OpenedNode, OperatorView, PotView, QuoteView,
    SeatView, SlashView, SupplyView, UnbondingView,
};

/// Both names of an account; the zero address for one that does not exist.
pub fn account_ref(state: &State, id: AccountId) -> AccountRef {
    let address = state.account(id).map_or(Address::ZERO, |account| account.address);
    AccountRef { id, address }
}

/// An account; `next_nonce` is that of the state, for a node to raise by what is pending.
pub fn account(state: &State, id: AccountId) -> Option<AccountView> {
    let account = state.account(id)?;
    Some(AccountView {
        id,
        address: account.address,
        free: state.free(id),
        nonce: account.nonce,
        next_nonce: account.nonce,
        provider: account.provider,
        validator: account.validator,
    })
}

/// An operator.
pub fn operator(state: &State, id: OperatorId) -> Option<OperatorView> {
    let row = state.operator(id)?;
    let free_bond = state.balance(Pot::Bond(id));
    let record = state.reputation(id);
    let z = state.params().reputation_z;
    let may_work = row.may_work();
    Some(OperatorView {
        id,
        account: account_ref(state, row.account),
        role: row.role,
        standing: row.standing,
        may_work,
        stake: row.stake,
        free_bond,
        locked: row.stake.saturating_sub(free_bond),
        stake_min: row.stake_min,
        weight: if may_work { row.stake } else { Amount::ZERO },
        score: state.score(id),
        correctness: record.correctness.score(z),
        timeliness: record.timeliness.score(z),
        strikes: row.strikes,
        strikes_at: row.strikes_at,
        peer_accrued: row.peer_accrued,
        unbondings: unbondings(state, row),
    })
}

fn unbondings(state: &State, operator: &Operator) -> Vec<UnbondingView> {
    let view = |&id| {
        let entry = state.unbonding(id)?;
        let amount = state.balance(Pot::Unbonding(id));
        Some(UnbondingView { id, amount, queued_at: entry.queued_at, matures: entry.matures })
    };
    operator.unbondings.iter().filter_map(view).collect()
}

/// A job as lists show it.
pub fn job_summary(state: &State, id: JobId) -> Option<JobSummary> {
    let job = state.job(id)?;
    let case = state.case(id)?;
    let open = case.disputes.iter().filter(|dispute| dispute.ended.is_none()).count();
    let provider = job.assignment.as_ref().map(|winner| account_ref(state, winner.account));
    Some(JobSummary {
        id,
        requester: account_ref(state, job.requester),
        posted_at: job.posted_at,
        phase: job.phase,
        until: job.until,
        program: job.terms.task.program,
        steps: job.terms.task.steps,
        gas_bound: job.terms.task.gas_bound,
        class: job.terms.class,
        price_max: job.terms.price_max,
        collateral: case.quote.collateral,
        detection: case.quote.detection,
        bid_count: count32(job.bids.len()),
        provider,
        price: job.assignment.as_ref().map(|winner| winner.price),
        open_disputes: count32(open),
        outcome: job.closed.as_ref().map(|closed| closed.outcome),
        reason: job.closed.as_ref().map(|closed| closed.reason),
    })
}

/// Everything about one job.
pub fn job(state: &State, id: JobId) -> Option<JobView> {
    let job = state.job(id)?;
    let case = state.case(id)?;
    let pots = state.job_pots(id).iter();
    Some(JobView {
        id,
        requester: account_ref(state, job.requester),
        params: job.params,
        posted_at: job.posted_at,
        terms: job.terms.clone(),
        phase: job.phase,
        until: job.until,
        bids: bids(state, job),
        ranks: job.ranks.clone(),
        offered_to: offered_to(state, job),
        assignment: job.assignment,
        provider: job.assignment.as_ref().map(|winner| account_ref(state, winner.account)),
        closed: job.closed,
        pots: pots.map(|&(pot, amount)| PotView { pot, amount }).collect(),
        bound: case.bound,
        quote: case.quote,
        audit_blocks: case.audit_blocks,
        audit_lock: case.audit_lock,
        result: case.result.clone(),
        seed: case.seed,
        round: case.round,
        seats: seats(state, case),
        opened: opened(case),
        disputes: case.disputes.iter().map(|one| dispute(state, job, one)).collect(),
        requests: requests(state, case),
        receipt: case.receipt,
    })
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

fn offered_to(state: &State, job: &Job) -> Option<AccountRef> {
    let slot = *job.ranks.first().filter(|_| job.phase == Phase::Offered)?;
    job.bids.get(usize::from(slot)).map(|bid| account_ref(state, bid.account))
}

fn seats(state: &State, case: &Case) -> Vec<SeatView> {
    let view = |(seat, row): (u8, &earnest_protocol::verification::Seat)| SeatView {
        seat,
        operator: row.operator,
        account: row.account.map(|account| account_ref(state, account)),
        pay: row.pay,
        state: row.state,
    };
    (0..).zip(&case.seats).map(view).collect()
}

fn opened(case: &Case) -> Vec<OpenedNode> {
    let view = |(node, children): &(_, Vec<Digest>)| OpenedNode {
        node: *node,
        children: children.clone(),
    };
    case.opened.iter().map(view).collect()
}

fn dispute(state: &State, job: &Job, dispute: &Dispute) -> DisputeView {
    let at_leaf = dispute.node.level == depth(job.terms.task.steps);
    DisputeView {
        challenger: account_ref(state, dispute.challenger),
        lock: dispute.lock,
        node: dispute.node,
        leaf: at_leaf.then_some(dispute.node.index),
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
        time_ms: state.time_ms(),
        base_fee: state.base_fee(),
        state_root,
        params: (*state.params()).into(),
        supply: supply(state),
        counts: counts(state),
        conservation: conservation(state),
    }
}

fn supply(state: &State) -> SupplyView {
    let (issued, burnt) = (state.issued(), state.balance(Pot::Burnt));
    let stakes = state.operators().map(|(_, operator)| operator.stake);
    SupplyView {
        issued,
        burnt,
        total: issued.saturating_sub(burnt),
        stake: stakes.fold(Amount::ZERO, Amount::saturating_add),
        treasury: state.balance(Pot::Treasury),
        insurance: state.balance(Pot::Insurance),
        provider_peers: state.balance(Pot::Peers(Role::Provider)),
        validator_peers: state.balance(Pot::Peers(Role::Validator)),
    }
}

fn counts(state: &State) -> CountsView {
    let count = |role: Role, active: bool| {
        let of_role = state.operators().filter(|(_, operator)| operator.role == role);
        count64(of_role.filter(|(_, operator)| !active || operator.may_work()).count())
    };
    CountsView {
        accounts: count64(state.accounts().len()),
        providers: count(Role::Provider, false),
        providers_active: count(Role::Provider, true),
        validators: count(Role::Validator, false),
        validators_active: count(Role::Validator, true),
        slashes: count64(state.slashes().len()),
        jobs: state.job_counts(),
    }
}

/// Does the money add up? Walks all pots.
pub fn conservation(state: &State) -> ConservationView {
    let expected = state.issued().checked_sub(state.balance(Pot::Burnt));
    match state.check_conservation() {
        Ok(()) => ConservationView { holds: true, pots: expected, expected },
        Err(Broken::Conservation { pots, expected }) => {
            ConservationView { holds: false, pots, expected }
        }
        Err(_) => ConservationView { holds: false, pots: None, expected },
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
    let overflow = PostJobRejected::TariffOverflows;
    let gas = terms.task.gas_bound;
    let tariff = params.tariff(gas).ok_or(overflow)?;
    let audit_fees = tariff.checked_times(u64::from(terms.auditors)).ok_or(overflow)?;
    let deposit = params.requester_deposit.amount_ceil(tariff).ok_or(overflow)?;
    let total = terms.price_max.checked_add(audit_fees).and_then(|sum| sum.checked_add(deposit));
    Ok(QuoteView {
        quote,
        tariff,
        price_max: terms.price_max,
        audit_fees,
        deposit,
        total: total.ok_or(overflow)?,
        base_fee: state.base_fee(),
        bid_deposit: params.bid_deposit.amount_ceil(terms.price_max),
        audit_blocks: params.audit_blocks(gas),
    })
}

fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn count64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
