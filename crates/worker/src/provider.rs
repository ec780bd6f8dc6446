//! The provider: bids for jobs by what they cost it, does them, and defends the results.
//!
//! Where the winner is paid what it asked, it asks its cost and a margin; under second price it
//! asks its cost alone, since what it is paid is set by the next bid or the ceiling, and asking
//! more could only lose the job.

use std::collections::{BTreeMap, BTreeSet};

use earnest_api::{Client, DisputeView, JobView};
use earnest_protocol::{
    AccountId, Amount, Command, JobId, Params, Ratio, Role,
    command::{
        AcceptJob, Auction, CommitBid, CommitResult, DataItem, Node, OpenNode, ProgramForm,
        ProveStep, RefineStep, RequestData, RevealBid, RevealResult, ServeData,
    },
    market::{BidState, Phase},
    seal,
    verification::{BoundTerms, Turn, quote, reference_price},
};
use tracing::{info, warn};

use crate::{
    chain::ChainError,
    daemon::{AUDIT_CAPACITY_EXCEEDED, Duty, Setup, Work, run as run_daemon},
    execution::{Execution, Fault, Lie, Move, Order},
    executions::Need,
    journal::{Decision, Journal, Owner},
    material::Material,
    outputs::Kept,
    tidings::tokens,
};

/// What a provider asks for its work.
#[derive(Clone, Copy, Debug)]
pub struct Pricing {
    /// What a million gas costs it.
    pub cost_per_mgas: Amount,
    /// What a mebibyte costs it that a program may put out: to keep it, to send it, and to show it.
    pub cost_per_mib: Amount,
    /// What it wants to earn on top, where it is paid what it asks.
    pub margin: Ratio,
}

/// How a provider is run.
#[derive(Clone, Copy, Debug)]
pub struct ProviderOptions {
    /// What it asks.
    pub pricing: Pricing,
    /// How it misbehaves, on a development network.
    pub fault: Option<Fault>,
    /// Fixes its faults and the small differences between its prices.
    pub seed: u64,
}

/// Runs a provider until its stop flag is raised.
///
/// # Errors
/// If its account does not exist or its folder cannot be written.
pub fn run(setup: Setup, options: ProviderOptions) -> Result<(), Box<dyn std::error::Error>> {
    let journal = Journal::open(&setup.data)?;
    run_daemon(
        setup,
        Provider {
            options,
            journal,
            waits: BTreeSet::new(),
            promised: BTreeMap::new(),
            delivered: BTreeSet::new(),
        },
    )?;
    Ok(())
}

struct Provider {
    options: ProviderOptions,
    journal: Journal,
    /// Jobs won that cannot be accepted yet, as it has said.
    waits: BTreeSet<JobId>,
    /// What its sealed bids will lock when they are opened; a bid that cannot lock it loses its
    /// deposit.
    promised: BTreeMap<JobId, Amount>,
    /// Jobs whose output was stored, or is not to be.
    delivered: BTreeSet<JobId>,
}

impl Duty for Provider {
    const ROLE: Option<Role> = Some(Role::Provider);

    fn round(&mut self, _work: &mut Work, open: &[JobId]) -> Result<(), ChainError> {
        self.waits.retain(|job| open.binary_search(job).is_ok());
        self.promised.retain(|job, _| open.binary_search(job).is_ok());
        self.delivered.retain(|job| open.binary_search(job).is_ok());
        Ok(())
    }

    fn attend(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let me = work.chain.me;
        let is_mine = job.assignment.is_some_and(|assignment| assignment.account == me);
        let silent = self.options.fault == Some(Fault::Silent);
        match job.phase {
            Phase::Bidding => self.bid(work, job),
            Phase::RevealingBids => self.reveal_bid(work, job),
            Phase::Offered if job.offered_to.is_some_and(|to| to.id == me) => {
                self.accept(work, job)
            }
            Phase::Executing if is_mine && !silent => self.commit(work, job),
            Phase::Revealing if is_mine => {
                self.reveal(work, job)?;
                self.deliver(work, job)
            }
            Phase::Auditing | Phase::AuditingOpen if is_mine => self.serve(work, job),
            Phase::Challengeable if is_mine => {
                self.deliver(work, job)?;
                self.serve(work, job)?;
                self.defend(work, job)
            }
            _ => Ok(()),
        }
    }
}

impl Provider {
    /// What it asks; costs differ a little from job to job, as real ones do.
    fn price(&self, me: AccountId, job: &JobView, percent: u64) -> Option<Amount> {
        let Pricing { cost_per_mgas, cost_per_mib, margin } = self.options.pricing;
        let task = &job.terms.task;
        let cost = cost_per_mgas.share_ceil(task.gas_bound.count(), 1_000_000)?;
        // A program that keeps what its gas promises costs by its gas; a slower one by its time.
        let cost = cost.share_ceil(percent.max(100), 100)?;
        let kib = match task.form {
            ProgramForm::Paged(output_kib) => u64::from(output_kib),
            ProgramForm::Stepwise => 0,
        };
        let cost = cost.checked_add(cost_per_mib.share_ceil(kib, 1_024)?)?;
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 provider's daily cost");
        hasher.update(&self.options.seed.to_le_bytes()).update(&job.id.raw().to_le_bytes());
        hasher.update(&me.raw().to_le_bytes());
        let [drawn, ..] = *hasher.finalize().as_bytes();
        // 90 % to 110 % of the usual cost.
        let cost = cost.share_ceil(90 + u64::from(drawn) * 20 / 255, 100)?;
        match job.terms.auction {
            Auction::FirstPrice => cost.checked_add(margin.amount_ceil(cost)),
            Auction::SecondPrice => Some(cost),
        }
    }

    fn bid(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let (me, id) = (work.chain.me, job.id);
        let has_bid = job.bids.iter().any(|bid| bid.account.id == me);
        if has_bid && self.promised.contains_key(&id) || job.requester.id == me {
            return Ok(());
        }
        let Some(percent) = work.percent_of_time(job)? else { return Ok(()) };
        let price = self.price(me, job, percent).filter(|price| *price <= job.terms.price_max);
        let Some(price) = price else { return Ok(()) };
        let client = work.chain.client();
        let account = client.account(&work.chain.session().address())?;
        let Some(operator) = account.provider else { return Ok(()) };
        let operator = client.operator(operator)?;
        let value = job.terms.price_max.saturating_add(job.terms.outside_gain);
        if !has_bid && operator.job_value_max.is_some_and(|most| value > most) {
            return Ok(());
        }
        let decided = self.journal.decision(id, own(work)).ok().flatten();
        let price = decided.map_or(price, |decision| decision.price);
        let Some(wanted) = collateral(client, job, price, operator.proven)? else {
            return Ok(());
        };
        if has_bid {
            // Sealed before a restart.
            self.promised.insert(id, wanted);
            return Ok(());
        }
        let others = self.promised.iter().filter(|(job, _)| **job != id);
        let promised = others.fold(wanted, |sum, (_, one)| sum.saturating_add(*one));
        if !operator.may_work || operator.free_bond < promised {
            return Ok(());
        }
        if let Err(error) = self.journal.decide(id, own(work), Decision { price }) {
            warn!("job {id}: no bid, the journal cannot be written: {error}");
            return Ok(());
        }
        let salt = work.salt("bid", id);
        let session = work.chain.session();
        let seal = seal::bid(session.network(), id, &session.address(), price, &salt);
        if work.send(Command::CommitBid(CommitBid { job: id, seal }))? {
            self.promised.insert(id, wanted);
            info!("job {id}: bid {} sealed", tokens(price));
        }
        Ok(())
    }

    /// Accepts, once every byte is here and there is capacity for the audit; asks on the ledger
    /// for bytes that are not.
    fn accept(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let id = job.id;
        match work.chain.material(&job.terms.task) {
            Ok(Material::Steps { program, .. }) => {
                if let Err(rejected) = earnest_compute::admit(&program) {
                    info!("job {id}: not accepted, {rejected}");
                    return Ok(());
                }
            }
            // The referee admitted its program when it was published.
            Ok(Material::Paged { .. }) => {}
            Err(error) => {
                warn!("job {id}: {error}; asking on the ledger");
                return ask_for_missing(work, job);
            }
        }
        let command = Command::AcceptJob(AcceptJob { job: id });
        if is_out_of_audits(work, &command) {
            if self.waits.insert(id) {
                let until = job.until;
                info!("job {id}: no audit capacity is free, trying until {until}");
            }
            return Ok(());
        }
        if work.send(command)? {
            self.waits.remove(&id);
            info!("job {id}: accepted");
        }
        Ok(())
    }

    fn reveal_bid(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let (me, id) = (work.chain.me, job.id);
        let sealed = |state| matches!(state, BidState::Sealed);
        if !job.bids.iter().any(|bid| bid.account.id == me && sealed(bid.state)) {
            // Opened: it is locked now, and no longer only promised.
            self.promised.remove(&id);
            return Ok(());
        }
        let Some(Decision { price }) = self.journal.decision(id, own(work)).ok().flatten() else {
            warn!("job {id}: the price of the sealed bid is lost");
            return Ok(());
        };
        let account = work.chain.client().account(&work.chain.session().address())?;
        let Some(operator) = account.provider else { return Ok(()) };
        if !work.chain.client().operator(operator)?.is_fit {
            // Jailed since: a reveal would be refused and cost a fee.
            return Ok(());
        }
        let salt = work.salt("bid", id);
        work.send(Command::RevealBid(RevealBid { job: id, price, salt }))?;
        Ok(())
    }

    fn commit(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let id = job.id;
        let salt = work.salt("result", id);
        let Some(opening) = self.execution(work, job)?.map(|done| done.opening(salt)) else {
            return Ok(());
        };
        let session = work.chain.session();
        let seal = seal::result(session.network(), id, &session.address(), &opening);
        if work.send(Command::CommitResult(CommitResult { job: id, seal }))? {
            info!("job {id}: result sealed");
        }
        Ok(())
    }

    /// The execution of a job of ours; run again after a restart, with the same result.
    fn execution<'a>(
        &self,
        work: &'a mut Work,
        job: &JobView,
    ) -> Result<Option<&'a mut Execution>, ChainError> {
        let Work { chain, executions, runner, .. } = work;
        let need = need(job);
        let (job, task, seed) = (job.id, job.terms.task, self.options.seed);
        let lie = match self.options.fault {
            Some(Fault::Lazy(rate)) => Some(Lie { rate, seed, job }),
            Some(Fault::Silent | Fault::Withhold) | None => None,
        };
        executions.get((job, need), |cancellation| {
            let (runner, material) = (runner.clone(), chain.material(&task)?);
            Ok(Order { runner, task, material, lie, keeps_output: true, cancellation })
        })
    }

    fn reveal(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let id = job.id;
        let Some(result) = job.result.as_ref().filter(|result| result.claim.is_none()) else {
            return Ok(());
        };
        let salt = work.salt("result", id);
        let Some(done) = self.execution(work, job)? else { return Ok(()) };
        let (opening, output_proof) = (done.opening(salt), done.output_proof());
        let session = work.chain.session();
        if seal::result(session.network(), id, &session.address(), &opening) != result.seal {
            warn!("job {id}: this is not what was sealed; nothing is opened");
            return Ok(());
        }
        let Some(output_proof) = output_proof else { return Ok(()) };
        work.send(Command::RevealResult(RevealResult { job: id, opening, output_proof }))?;
        Ok(())
    }

    /// Stores the output of what is revealed, where the requester paid for room; elsewhere it is
    /// asked for on the ledger.
    fn deliver(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let is_open = job.result.as_ref().is_some_and(|result| result.claim.is_some());
        let withholds = self.options.fault == Some(Fault::Withhold);
        if !is_open || withholds || self.delivered.contains(&job.id) {
            return Ok(());
        }
        let client = work.chain.client().clone();
        let Some(done) = self.execution(work, job)? else { return Ok(()) };
        match done.output().map_or(Ok(true), |output| output.store(&client)) {
            // The next pass goes on.
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(ChainError::Node(error)) => {
                let status = error.problem().map(|problem| problem.status);
                // Not paid for: 402. Too large, or no room: 413, 507. Anything else may pass.
                if !matches!(status, Some(402 | 413 | 507)) {
                    return Err(error.into());
                }
                info!("job {}: its output is not stored, {error}", job.id);
            }
            Err(error) => return Err(error),
        }
        self.delivered.insert(job.id);
        Ok(())
    }

    /// Answers requests on the ledger.
    fn serve(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let me = work.chain.me;
        let asked = |r: &&earnest_api::DataRequestView| !r.served && r.answerable.id == me;
        for request in job.requests.iter().filter(asked) {
            let item = request.item;
            let Some(done) = self.execution(work, job)? else { return Ok(()) };
            let output = done.output();
            let bytes = match item {
                DataItem::Program => done.program().map(<[u8]>::to_vec),
                DataItem::Output => output.and_then(Kept::piece).map(<[u8]>::to_vec),
                DataItem::OutputChunk(chunk) => {
                    let shown = output.map(|output| output.shown(chunk)).transpose();
                    shown.map_err(ChainError::File)?.flatten()
                }
                DataItem::Input(chunk) => done.served_chunk(chunk),
            };
            if let Some(bytes) = bytes {
                work.send(Command::ServeData(ServeData { job: job.id, item, bytes }))?;
            }
        }
        Ok(())
    }

    /// Makes every move that a dispute waits for.
    fn defend(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        let waits = |d: &&DisputeView| d.ended.is_none() && d.turn == Turn::Accused;
        let mut nodes: Vec<Node> = job.disputes.iter().filter(waits).map(|d| d.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            self.answer(work, job, node)?;
        }
        Ok(())
    }

    fn answer(&self, work: &mut Work, job: &JobView, node: Node) -> Result<(), ChainError> {
        let id = job.id;
        let Some(done) = self.execution(work, job)? else { return Ok(()) };
        let command = match done.answer(node) {
            Ok(Some(Move::Open(children))) => {
                Command::OpenNode(OpenNode { job: id, node, children })
            }
            Ok(Some(Move::Refine { children, proof })) => {
                Command::RefineStep(RefineStep { job: id, node, children, proof })
            }
            Ok(Some(Move::Prove(evidence))) => {
                Command::ProveStep(ProveStep { job: id, node, evidence })
            }
            // Computed beside the loop.
            Ok(None) => return Ok(()),
            Err(error) => {
                warn!("job {id}: no answer at {node:?}: {error}");
                return Ok(());
            }
        };
        work.send(command)?;
        Ok(())
    }
}

/// What the execution of a job is needed for: its defence, once anybody disputes it.
fn need(job: &JobView) -> Need {
    match job.disputes.iter().any(|dispute| dispute.ended.is_none()) {
        true => Need::Dispute,
        false => Need::Work,
    }
}

/// What a bid at this price would lock, with this reputation; none if the policy has no quote.
fn collateral(
    client: &Client,
    job: &JobView,
    price: Amount,
    score: Ratio,
) -> Result<Option<Amount>, ChainError> {
    let Ok(params) = Params::try_from(client.params()?) else { return Ok(None) };
    let verification = params.verification();
    let quote = match job.terms.auction {
        Auction::SecondPrice => Ok(job.quote),
        Auction::FirstPrice => {
            let (tariff, ceiling) = (job.bound.tariff, job.terms.price_max);
            let p_ref = reference_price(price, tariff, ceiling, verification);
            quote(&BoundTerms { p_ref, ..job.bound }, &params)
        }
    };
    Ok(quote.ok().map(|quote| quote.collateral_for(score, verification)))
}

/// True if all audit capacity is taken just now: no fault of the winner's, and soon over. Asked
/// before sending, since a refused command costs its fee.
fn is_out_of_audits(work: &Work, command: &Command) -> bool {
    let tried = work.chain.session().simulate(command.clone());
    let refusal = tried.ok().and_then(|tried| tried.refusal);
    refusal.is_some_and(|refusal| refusal.is(AUDIT_CAPACITY_EXCEEDED))
}

fn ask_for_missing(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let task = &job.terms.task;
    let missing = match task.form {
        ProgramForm::Stepwise if work.chain.blob(&task.program).is_err() => DataItem::Program,
        ProgramForm::Stepwise | ProgramForm::Paged(_) => DataItem::Input(0),
    };
    if job.requests.iter().any(|request| request.item == missing) {
        return Ok(());
    }
    work.send(Command::RequestData(RequestData { job: job.id, item: missing }))?;
    Ok(())
}

/// Whose decisions these are.
fn own(work: &Work) -> Owner {
    let session = work.chain.session();
    (*session.network(), session.address())
}
