//! Providers: honest work, lies, and walking away.

use earnest_protocol::{
    AccountId, Amount, Command, Digest, Event, JobId, Role,
    command::{
        AcceptJob, Bond, CommitBid, CommitResult, OpenNode, ProveStep, RevealBid, RevealResult,
    },
    market::Phase,
    seal,
    verification::{Turn, depth},
};

use crate::{random::Purpose, scenario::Providers, truth, world::View};

/// One who takes jobs.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// Its account.
    pub me: AccountId,
    /// What it does with a job.
    pub strategy: Strategy,
    /// What it asks, bonds and spends.
    pub terms: Providers,
}

/// What a provider does with a job it has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Does the work.
    Honest,
    /// Makes a result up in a share of its jobs, and does the work in the others. It plays its
    /// disputes move by move until it must prove a step that it cannot prove; then it lays the
    /// step before the judge: that costs what silence costs, and is sooner over.
    Lazy,
    /// Accepts and delivers nothing.
    Abandoner,
}

impl Provider {
    /// Bonds a multiple of the collateral that its network quotes for the jobs to come.
    pub(super) fn begin(&self, view: &View<'_>) -> Option<Command> {
        let state = view.state();
        let quote = state.quote_job(None, view.terms()).ok()?;
        let amount = self.terms.bond_multiple.amount_ceil(quote.collateral)?;
        let amount = amount.max(state.params().staking().provider_bond_min);
        Some(Command::Bond(Bond { role: Role::Provider, amount }))
    }

    pub(super) fn react(&self, view: &View<'_>, event: &Event) -> Option<Command> {
        match *event {
            Event::JobPosted { job, .. } => self.bid(view, job),
            Event::BiddingClosed { job, .. } => self.reveal_bid(view, job),
            Event::JobOffered { job, .. } => Some(Command::AcceptJob(AcceptJob { job })),
            Event::JobAccepted { job, .. } => self.deliver(view, job),
            Event::Revealing { job, .. } => self.reveal_result(view, job),
            Event::DisputeOpened { job, .. } | Event::ChildRejected { job, .. } => {
                self.defend(view, job)
            }
            _ => None,
        }
    }

    /// What it asks for `job`, in base units.
    pub fn ask(&self, view: &View<'_>, job: JobId) -> Amount {
        let Providers { ask_min, ask_max, .. } = self.terms;
        let span = ask_max.parts().saturating_sub(ask_min.parts()).saturating_add(1);
        let share = view.draw(self.me, job, Purpose::Ask).below(span);
        let share = ask_min.parts().saturating_add(share);
        let whole = earnest_protocol::num::PARTS;
        let ask = view.terms().price_max.share_floor(share, whole).unwrap_or(Amount::UNIT);
        ask.max(Amount::UNIT)
    }

    /// Would it lie about `job` if it were lazy? The same in every arm, so that arms compare.
    pub fn would_lie(&self, view: &View<'_>, job: JobId) -> bool {
        view.draw(self.me, job, Purpose::Lie).chance(self.terms.lazy_rate)
    }

    /// Does it lie about `job`?
    pub fn is_lying(&self, view: &View<'_>, job: JobId) -> bool {
        self.strategy == Strategy::Lazy && self.would_lie(view, job)
    }

    /// What its work on `job` costs off the ledger, in base units.
    pub fn cost(&self, view: &View<'_>, job: JobId) -> Amount {
        let ask = self.ask(view, job);
        match self.strategy {
            Strategy::Lazy if self.is_lying(view, job) => self.terms.lazy_cost.amount_ceil(ask),
            Strategy::Honest | Strategy::Lazy => self.terms.cost.amount_ceil(ask),
            Strategy::Abandoner => Amount::ZERO,
        }
    }

    /// The root that it seals for `job`.
    pub(super) fn root(&self, view: &View<'_>, job: JobId) -> Digest {
        if !self.is_lying(view, job) {
            return truth::right(job);
        }
        // Leaf 0 is the first state, which nobody gets wrong by skipping work.
        let steps = view.terms().task.steps;
        let leaf = view.draw(self.me, job, Purpose::WrongLeaf).below(steps);
        truth::wrong(job, leaf.saturating_add(1))
    }

    fn salt(&self, view: &View<'_>, job: JobId, purpose: Purpose) -> Digest {
        view.draw(self.me, job, purpose).digest()
    }

    fn bid(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        let (price, salt) = (self.ask(view, job), self.salt(view, job, Purpose::BidSalt));
        let state = view.state();
        let address = state.account(self.me)?.address;
        let seal = seal::bid(&state.network(), job, &address, price, &salt);
        Some(Command::CommitBid(CommitBid { job, seal }))
    }

    fn reveal_bid(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        let (price, salt) = (self.ask(view, job), self.salt(view, job, Purpose::BidSalt));
        Some(Command::RevealBid(RevealBid { job, price, salt }))
    }

    fn deliver(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        if self.strategy == Strategy::Abandoner {
            return None;
        }
        let seal = view.seal_result(self.me, job, self.root(view, job))?;
        Some(Command::CommitResult(CommitResult { job, seal }))
    }

    fn reveal_result(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        let opening = view.opening(self.me, job, self.root(view, job))?;
        let output_proof = truth::OUTPUT_PROOF.to_vec();
        Some(Command::RevealResult(RevealResult { job, opening, output_proof }))
    }

    /// The next move in any dispute that waits for it; one move serves all that wait alike.
    fn defend(&self, view: &View<'_>, id: JobId) -> Option<Command> {
        let state = view.state();
        if state.phase(id)? != Phase::Challengeable {
            return None;
        }
        let mut disputes = state.docket(id)?.disputes.iter();
        let dispute = disputes.find(|d| d.ended.is_none() && d.turn == Turn::Accused)?;
        let node = dispute.node;
        if node.level == depth(state.order(id)?.terms.task.steps) {
            let evidence = truth::EVIDENCE.to_vec();
            return Some(Command::ProveStep(ProveStep { job: id, leaf: node.index, evidence }));
        }
        let children = truth::children(node, &state.digest(id, node)?);
        Some(Command::OpenNode(OpenNode { job: id, node, children }))
    }
}
