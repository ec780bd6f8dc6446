//! From posting to acceptance: who does the job, and what backs it.

use crate::{
    command::{AcceptJob, CommitBid, PostJob, RevealBid, Visibility},
    event::{Event, Journal},
    ids::{AccountId, JobId, OperatorId, Role},
    ledger::{JobPot, JobPots, Pot, Reason},
    market::{
        AcceptJobRejected, Assignment, Bid, BidState, CloseReason, CommitBidRejected, Job, Outcome,
        Phase, PostJobRejected, RevealBidRejected, auction,
    },
    num::{Amount, Gas, Ratio},
    params::Params,
    reputation::{Dimension, weigh},
    seal,
    slashing::Offence,
    state::State,
    verification::{self, BoundTerms, Case, Quote, beta, eligible, quote, reference_price},
};

use super::job_in_phase;

/// What posting a job takes and pins.
struct Posting {
    bound: BoundTerms,
    quote: Quote,
    audit_lock: Amount,
    locks_expected: Amount,
    audit_fees: Amount,
    deposit: Amount,
}

impl State {
    pub(super) fn post_job(
        &mut self,
        signer: AccountId,
        terms: &PostJob,
        journal: &mut Journal,
    ) -> Result<(), PostJobRejected> {
        let posting = self.plan_posting(signer, terms)?;
        // From here on the command must succeed.
        let params = *self.params.current();
        let bid_until = self.now().after(params.bid_blocks);
        let job = JobId::from_index(self.market.jobs.push(Job {
            requester: signer,
            params: self.params.current_version(),
            posted_at: self.now(),
            terms: terms.clone(),
            phase: Phase::Bidding,
            until: bid_until,
            bids: alloc::vec::Vec::new(),
            ranks: alloc::vec::Vec::new(),
            assignment: None,
            closed: None,
        }));
        let audit = (params.audit_blocks(terms.task.gas_bound), posting.audit_lock);
        let case = Case::new(posting.bound, posting.quote, audit);
        self.verification.cases.push(case);
        self.ledger.jobs.push(JobPots::default());
        for (pot, amount, reason) in [
            (JobPot::Escrow, terms.price_max, Reason::Escrow),
            (JobPot::AuditFees, posting.audit_fees, Reason::AuditFeeEscrow),
            (JobPot::Deposit, posting.deposit, Reason::RequesterDeposit),
        ] {
            let (from, to) = (Pot::Free(signer), Pot::Job(job, pot));
            self.ledger.transfer(from, to, amount, reason, journal);
        }
        let expected = self.market.audit_locks_expected.saturating_add(posting.locks_expected);
        self.market.audit_locks_expected = expected;
        self.market.counts.posted = self.market.counts.posted.saturating_add(1);
        self.market.counts.open = self.market.counts.open.saturating_add(1);
        self.enter_phase(job, Phase::Bidding, bid_until);
        journal.push(Event::JobPosted {
            job,
            requester: signer,
            program: terms.task.program,
            steps: terms.task.steps,
            price_max: terms.price_max,
            collateral: posting.quote.collateral,
            detection: posting.quote.detection,
            bid_until,
        });
        Ok(())
    }

    /// What posting would take and pin.
    ///
    /// # Errors
    /// Why the job would be refused.
    pub fn quote_job(
        &self,
        signer: Option<AccountId>,
        terms: &PostJob,
    ) -> Result<Quote, PostJobRejected> {
        check_terms(terms, self.params.current())?;
        let (_, quote) = self.bound_of(signer, terms)?;
        Ok(quote)
    }

    fn plan_posting(&self, signer: AccountId, terms: &PostJob) -> Result<Posting, PostJobRejected> {
        let params = self.params.current();
        check_terms(terms, params)?;
        let (bound, quote) = self.bound_of(Some(signer), terms)?;
        let overflow = PostJobRejected::TariffOverflows;
        let auditors = u64::from(terms.auditors);
        let audit_lock = params.audit_lock.amount_ceil(bound.tariff).ok_or(overflow)?;
        let locks = audit_lock.checked_times(auditors).ok_or(overflow)?;
        let locks_expected = terms.audit_rate.amount_ceil(locks);
        let wanted = self.market.audit_locks_expected.saturating_add(locks_expected);
        let available = self.staking.validators.weights.total();
        let available = Amount::new(available).expect("stakes are parts of the supply");
        if wanted > available {
            return Err(PostJobRejected::AuditCapacityExceeded { wanted, available });
        }
        let audit_fees = bound.tariff.checked_times(auditors).ok_or(overflow)?;
        let deposit = params.requester_deposit.amount_ceil(bound.tariff).ok_or(overflow)?;
        let wanted = terms.price_max.saturating_add(audit_fees).saturating_add(deposit);
        let free = self.free(signer);
        if wanted > free {
            return Err(PostJobRejected::ExceedsFree { wanted, free });
        }
        Ok(Posting { bound, quote, audit_lock, locks_expected, audit_fees, deposit })
    }

    /// The bound of a policy against today's pool.
    fn bound_of(
        &self,
        signer: Option<AccountId>,
        terms: &PostJob,
    ) -> Result<(BoundTerms, Quote), PostJobRejected> {
        let params = self.params.current();
        let weights = &self.staking.validators.weights;
        let own = signer.and_then(|account| self.operator_id(account, Role::Validator));
        let eligible = eligible(weights, own.as_slice());
        let auditors = u32::from(terms.auditors);
        let needed = u64::from(auditors).saturating_add(u64::from(params.pool_min));
        if eligible < needed {
            return Err(PostJobRejected::PoolTooSmall { eligible, needed });
        }
        let tariff = params.tariff(terms.task.gas_bound);
        let tariff = tariff.ok_or(PostJobRejected::TariffOverflows)?;
        let fallback = u64::from(auditors).saturating_add(2).min(eligible);
        let bound = BoundTerms {
            // Under second price the pay is not known before the auction closes, and a quote
            // must not move: the ceiling stands for it. First price is priced bid by bid.
            p_ref: reference_price(terms.price_max, tariff, terms.price_max, params),
            tariff,
            audit_rate: terms.audit_rate,
            auditors,
            fallback_auditors: u32::try_from(fallback).unwrap_or(auditors),
            beta: beta(weights, own.as_slice(), params.beta),
            outside_gain: terms.outside_gain,
            gain_timing: terms.gain_timing,
        };
        let quote = quote(&bound, params).map_err(PostJobRejected::NoQuote)?;
        Ok((bound, quote))
    }

    pub(super) fn commit_bid(
        &mut self,
        signer: AccountId,
        command: &CommitBid,
        journal: &mut Journal,
    ) -> Result<(), CommitBidRejected> {
        let id = command.job;
        let job = job_in_phase!(self, id, CommitBidRejected, Bidding);
        let params = self.params.at(job.params);
        let operator = self.operator_id(signer, Role::Provider);
        let operator = operator.ok_or(CommitBidRejected::NotAProvider)?;
        if !self.staking.operator(operator).may_work() {
            return Err(CommitBidRejected::MayNotWork);
        }
        if job.requester == signer {
            return Err(CommitBidRejected::OwnJob);
        }
        if job.slot_of(operator).is_some() {
            return Err(CommitBidRejected::AlreadyBid);
        }
        let limit = params.bids_max;
        if u64::try_from(job.bids.len()).unwrap_or(u64::MAX) >= u64::from(limit) {
            return Err(CommitBidRejected::BidsAtLimit { limit });
        }
        let (score, wanted) = (self.score(operator), job.terms.reputation_min);
        if score < wanted {
            return Err(CommitBidRejected::ReputationTooLow { score, wanted });
        }
        let assumed = self.verification.case(id).bound.beta;
        let share = self.pool_share_without(job.requester, signer, params);
        if share > assumed {
            return Err(CommitBidRejected::PoolTooConcentrated { share, assumed });
        }
        let deposit = params.bid_deposit.amount_ceil(job.terms.price_max);
        let free = self.free(signer);
        if deposit > free {
            return Err(CommitBidRejected::ExceedsFree { wanted: deposit, free });
        }
        // From here on the command must succeed.
        let job = self.market.job_mut(id);
        let slot = u8::try_from(job.bids.len()).expect("bids are limited to 64");
        let (seal, state) = (command.seal, BidState::Sealed);
        job.bids.push(Bid { operator, account: signer, seal, state });
        let (from, to) = (Pot::Free(signer), Pot::Job(id, JobPot::BidDeposit(slot)));
        self.ledger.transfer(from, to, deposit, Reason::BidDeposit, journal);
        journal.push(Event::BidCommitted { job: id, account: signer });
        Ok(())
    }

    /// The largest share of the pool without the requester's and a hybrid bidder's validators;
    /// nothing new if the bidder has none.
    fn pool_share_without(
        &self,
        requester: AccountId,
        bidder: AccountId,
        params: &Params,
    ) -> Ratio {
        let Some(own) = self.operator_id(bidder, Role::Validator) else { return Ratio::ZERO };
        let out = [Some(own), self.operator_id(requester, Role::Validator)];
        let out: alloc::vec::Vec<OperatorId> = out.into_iter().flatten().collect();
        beta(&self.staking.validators.weights, &out, params.beta)
    }

    pub(super) fn reveal_bid(
        &mut self,
        signer: AccountId,
        command: &RevealBid,
        journal: &mut Journal,
    ) -> Result<(), RevealBidRejected> {
        let RevealBid { job: id, price, salt } = *command;
        let job = job_in_phase!(self, id, RevealBidRejected, RevealingBids);
        let params = *self.params.at(job.params);
        let operator = self.operator_id(signer, Role::Provider);
        let slot = operator.and_then(|operator| job.slot_of(operator));
        let (operator, slot) = operator.zip(slot).ok_or(RevealBidRejected::NoBid)?;
        let bid = job.bid(slot);
        if bid.state != BidState::Sealed {
            return Err(RevealBidRejected::AlreadyRevealed);
        }
        let address = self.account(signer).expect("the signer has an account").address;
        if seal::bid(&self.chain.network, id, &address, price, &salt) != bid.seal {
            return Err(RevealBidRejected::SealMismatch);
        }
        let ceiling = job.terms.price_max;
        if price > ceiling {
            return Err(RevealBidRejected::ExceedsCeiling { price, ceiling });
        }
        if !self.staking.operator(operator).may_work() {
            return Err(RevealBidRejected::MayNotWork);
        }
        let quote = self.quote_at(id, price, &params).map_err(RevealBidRejected::NoQuote)?;
        let score = self.score(operator);
        let wanted = quote.collateral_for(score, &params);
        let free_bond = self.balance(Pot::Bond(operator));
        if wanted > free_bond {
            return Err(RevealBidRejected::ExceedsFreeBond { wanted, free_bond });
        }
        // From here on the command must succeed.
        let quality = score.max(params.quality_min);
        let exit_cost = quote.exit_cost;
        let job = self.market.job_mut(id);
        job.bid_mut(slot).state = BidState::Revealed { price, quality, exit_cost };
        let all_opened = job.bids.iter().all(|bid| bid.state != BidState::Sealed);
        let pot = JobPot::Collateral(slot);
        self.lock_stake(operator, id, pot, wanted, Reason::CollateralLocked, journal);
        let account = signer;
        journal.push(Event::BidRevealed { job: id, account, price, collateral: wanted });
        if all_opened {
            self.close_auction(id, journal);
        }
        Ok(())
    }

    /// The quote that a bid at `price` locks by.
    fn quote_at(
        &self,
        id: JobId,
        price: Amount,
        params: &Params,
    ) -> Result<Quote, verification::BoundRejected> {
        let case = self.verification.case(id);
        let terms = &self.market.job(id).expect("a case has a job").terms;
        match terms.auction {
            crate::command::Auction::SecondPrice => Ok(case.quote),
            crate::command::Auction::FirstPrice => {
                let tariff = case.bound.tariff;
                let p_ref = reference_price(price, tariff, terms.price_max, params);
                quote(&BoundTerms { p_ref, ..case.bound }, params)
            }
        }
    }

    /// Bidding is over: sealed bids are opened, or there are none.
    pub(crate) fn close_bidding(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let bids = self.market.job_mut(id).bids.len();
        if bids == 0 {
            return self.close_job(id, Outcome::Expired, CloseReason::NoBids, journal);
        }
        let until = self.now().after(params.bid_reveal_blocks);
        self.enter_phase(id, Phase::RevealingBids, until);
        let bids = u32::try_from(bids).expect("bids are limited to 64");
        journal.push(Event::BiddingClosed { job: id, bids, until });
    }

    /// All bids are opened, or the time to is over: the best is offered the job.
    pub(crate) fn close_auction(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let slots = self.market.job_mut(id).slots();
        for slot in slots {
            if self.market.job_mut(id).bid(slot).state == BidState::Sealed {
                self.forfeit_bid(id, slot, journal);
            }
        }
        // A bid was sealed before this beacon was shown, so no salt could be ground against it.
        let beacon = self.chain.beacon.link;
        let job = self.market.job_mut(id);
        let ranked = auction::rank(job, id, &beacon);
        let kept = usize::try_from(params.ranks_max).unwrap_or(usize::MAX);
        job.ranks = ranked.iter().take(kept).map(|offer| offer.slot).collect();
        for offer in ranked.iter().skip(kept) {
            self.release_bid(id, offer.slot, journal);
        }
        self.offer_next(id, journal);
    }

    /// Offers the job to the best remaining bid.
    fn offer_next(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let job = self.market.job_mut(id);
        let Some(price) = next_price(job) else {
            let any = job.bids.iter().any(|bid| bid.state != BidState::Sealed);
            let reason = if any { CloseReason::NotAccepted } else { CloseReason::NoBids };
            return self.close_job(id, Outcome::Expired, reason, journal);
        };
        let slot = *job.ranks.first().expect("a price needs a rank");
        let account = job.bid(slot).account;
        let until = self.chain.height.after(params.accept_blocks);
        self.enter_phase(id, Phase::Offered, until);
        journal.push(Event::JobOffered { job: id, account, price, until });
    }

    pub(super) fn accept_job(
        &mut self,
        signer: AccountId,
        command: &AcceptJob,
        journal: &mut Journal,
    ) -> Result<(), AcceptJobRejected> {
        let id = command.job;
        let job = job_in_phase!(self, id, AcceptJobRejected, Offered);
        let slot = *job.ranks.first().expect("a job on offer has a best bid");
        let bid = job.bid(slot);
        if bid.account != signer {
            return Err(AcceptJobRejected::NotTheWinner);
        }
        let operator = bid.operator;
        if !self.staking.operator(operator).may_work() {
            // Its collateral is locked already, so only standing can have changed.
            return Err(AcceptJobRejected::MayNotWork);
        }
        // From here on the command must succeed.
        let price = next_price(job).expect("a job on offer has a price");
        let BidState::Revealed { exit_cost, .. } = bid.state else {
            unreachable!("only opened bids are ranked");
        };
        let grace = self.params.at(job.params).grace_blocks;
        let (now, due) = (self.now(), self.now().after(job.terms.deadline_blocks));
        let until = due.after(grace);
        let job = self.market.job_mut(id);
        let (account, accepted_at) = (signer, now);
        let assignment = Assignment { slot, operator, account, price, exit_cost, accepted_at, due };
        job.assignment = Some(assignment);
        let losers: alloc::vec::Vec<u8> = job.ranks.drain(..).filter(|s| *s != slot).collect();
        for loser in losers {
            self.release_bid(id, loser, journal);
        }
        self.return_bid_deposit(id, slot, journal);
        self.withdraw_requests(id, journal);
        self.enter_phase(id, Phase::Executing, until);
        journal.push(Event::JobAccepted { job: id, account, price, due, until });
        Ok(())
    }

    /// The winner let its offer lapse: its deposit burns, the next bid's turn comes.
    pub(crate) fn lapse_offer(&mut self, id: JobId, journal: &mut Journal) {
        let slot = self.market.job_mut(id).ranks.remove(0);
        self.forfeit_bid(id, slot, journal);
        self.offer_next(id, journal);
    }

    /// A bid that was not opened, or not accepted, loses its deposit.
    fn forfeit_bid(&mut self, id: JobId, slot: u8, journal: &mut Journal) {
        let params = self.pinned(id);
        let bid = self.market.job_mut(id).bid(slot);
        let (operator, account) = (bid.operator, bid.account);
        let deposit = self.balance(Pot::Job(id, JobPot::BidDeposit(slot)));
        let from = Pot::Job(id, JobPot::BidDeposit(slot));
        self.burn_deposit(id, (Offence::BidWithholding, account), from, journal);
        let weight = weigh(deposit, &params);
        self.note(operator, Dimension::Timeliness, false, weight, &params, journal);
        self.release_bid(id, slot, journal);
    }

    /// Returns whatever a bid still has locked, and takes it out of the race.
    pub(super) fn release_bid(&mut self, id: JobId, slot: u8, journal: &mut Journal) {
        self.return_bid_deposit(id, slot, journal);
        let bid = self.market.job_mut(id).bid_mut(slot);
        if matches!(bid.state, BidState::Revealed { .. }) {
            bid.state = BidState::Released;
        }
        let operator = bid.operator;
        let pot = JobPot::Collateral(slot);
        self.release_stake(operator, id, pot, Reason::CollateralReleased, journal);
    }

    fn return_bid_deposit(&mut self, id: JobId, slot: u8, journal: &mut Journal) {
        let account = self.market.job_mut(id).bid(slot).account;
        let (from, to) = (Pot::Job(id, JobPot::BidDeposit(slot)), Pot::Free(account));
        self.ledger.transfer_all(from, to, Reason::BidDepositReturned, journal);
    }
}

/// What the best remaining bid would be paid.
fn next_price(job: &Job) -> Option<Amount> {
    let mut offers = job.ranks.iter().filter_map(|slot| auction::offer(job, *slot));
    let winner = offers.next()?;
    Some(auction::pay(job.terms.auction, winner, offers.next(), job.terms.price_max))
}

/// Terms that do not depend on the state.
fn check_terms(terms: &PostJob, params: &Params) -> Result<(), PostJobRejected> {
    let task = &terms.task;
    if terms.visibility == Visibility::Sealed {
        return Err(PostJobRejected::SealedNotServed);
    }
    let (wanted, max) = (task.steps, params.steps_max);
    if wanted == 0 || wanted > max {
        return Err(PostJobRejected::StepsOutOfRange { wanted, min: 1, max });
    }
    let (wanted, max) = (task.chunk_count, params.chunks_max);
    if wanted > max {
        return Err(PostJobRejected::TooManyChunks { wanted, max });
    }
    let (wanted, min, max) = (task.step_gas_max, Gas::new(1), params.step_gas_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::StepGasOutOfRange { wanted, min, max });
    }
    let (wanted, min, max) = (task.gas_bound, task.step_gas_max, params.work_bound_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::WorkBoundOutOfRange { wanted, min, max });
    }
    let (wanted, min, max) =
        (terms.deadline_blocks, params.deadline_blocks_min, params.deadline_blocks_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::DeadlineOutOfRange { wanted, min, max });
    }
    if terms.price_max.is_zero() {
        return Err(PostJobRejected::PriceMustBePositive);
    }
    let (wanted, min) = (terms.audit_rate, params.audit_min);
    if wanted < min {
        return Err(PostJobRejected::AuditRateTooLow { wanted, min });
    }
    let (wanted, max) = (terms.auditors, params.auditors_max);
    if wanted == 0 || wanted > max {
        return Err(PostJobRejected::AuditorsOutOfRange { wanted, min: 1, max });
    }
    Ok(())
}
