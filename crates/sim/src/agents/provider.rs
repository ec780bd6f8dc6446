//! Providers: look for jobs, bid, work or make it up, deliver or leave, defend what they said.

use earnest_protocol::{
    AccountId, Amount, Command, Digest, Event, Height, JobId, Ratio, Role,
    command::{
        AcceptJob, Bond, CommitBid, CommitResult, OpenNode, ProveStep, RevealBid, RevealResult,
        Unbond, Unjail,
    },
    market::Phase,
    seal,
    verification::{Geometry, Turn},
};

use crate::{
    luck::{Entity, Purpose},
    scenario::Providers,
    truth,
    view::{Deeds, Reminder, View},
};

/// One who takes jobs.
#[derive(Debug)]
pub struct Provider<'s> {
    me: Entity,
    account: AccountId,
    habits: &'s Providers,
    standing: Standing,
    /// What honest work on one job costs, and what it asks for it; drawn when it begins.
    cost: Amount,
    ask: Amount,
    /// Jobs that it offered to do and has not heard of yet.
    bids: Vec<JobId>,
    work: Vec<Work>,
    /// Jobs that it was paid for.
    done: u32,
    /// What it spent off the ledger.
    spent: Amount,
    /// What it was worth at its last review: ledger less spending, in base units.
    reviewed: i64,
}

/// One job that it accepted.
#[derive(Clone, Copy, Debug)]
struct Work {
    job: JobId,
    /// What it sealed; none yet, or never.
    root: Option<Digest>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Not in the market yet.
    Outside,
    Active,
    Jailed,
    /// It gave up, or may not work any more.
    Left,
}

impl<'s> Provider<'s> {
    /// One with the habits of its group, outside the market.
    pub fn new(me: Entity, account: AccountId, habits: &'s Providers) -> Provider<'s> {
        Provider {
            me,
            account,
            habits,
            standing: Standing::Outside,
            cost: Amount::ZERO,
            ask: Amount::UNIT,
            bids: Vec::new(),
            work: Vec::new(),
            done: 0,
            spent: Amount::ZERO,
            reviewed: 0,
        }
    }

    pub(super) fn begin(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let drawn = |purpose, (low, high): (Ratio, Ratio)| {
            let share = view.draw(self.me, 0, purpose).between(low, high);
            share.amount_ceil(view.terms().price_max)
        };
        let cost = drawn(Purpose::Cost, self.habits.cost);
        let margin = drawn(Purpose::Margin, self.habits.margin);
        (self.cost, self.ask) = (cost, cost.saturating_add(margin).max(Amount::UNIT));
        let (first, last) = self.habits.enters;
        let wait = view.draw(self.me, 0, Purpose::Entry).below(last - first + 1);
        match first + wait {
            0 => self.enter(view, deeds),
            at => deeds.remind(Height::new(at), Reminder::Enter),
        }
    }

    /// Bonds what its network quotes for as many jobs as it does at once.
    fn enter(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let state = view.state();
        let Ok(quote) = state.quote_job(None, view.terms()) else { return };
        let amount = quote.collateral.checked_times(self.habits.capacity.into());
        let amount = amount.unwrap_or(Amount::MAX);
        let amount = amount.max(state.params().staking().provider_bond_min);
        deeds.send(Command::Bond(Bond { role: Role::Provider, amount }));
        self.standing = Standing::Active;
        if let Some(leaves) = self.habits.leaves {
            let at = view.height().after(earnest_protocol::Blocks::new(leaves.review_blocks));
            deeds.remind(at, Reminder::Review);
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    pub(super) fn at_work(&self) -> u32 {
        u32::try_from(self.work.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn looks(&self) -> bool {
        let engaged = self.bids.len() + self.work.len();
        self.is_active() && engaged < self.habits.capacity as usize
    }

    /// Looks at the board now and then, and offers to do one of the jobs that are there.
    pub(super) fn tick(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let board = view.board();
        if board.is_empty() || self.ask > view.terms().price_max {
            return;
        }
        let now = view.height().count() as u32; // A run has fewer than 2^32 blocks.
        let draw = view.draw(self.me, now, Purpose::Browse);
        if !draw.chance(self.habits.attention) {
            return;
        }
        let place = draw.again().below(board.len() as u64) as usize;
        let job = board[place];
        if self.bids.contains(&job) {
            return;
        }
        if let Some(command) = self.bid(view, job) {
            self.bids.push(job);
            deeds.send(command);
        }
    }

    fn bid(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        let salt = view.draw_about(self.me, job, Purpose::BidSalt).digest();
        let state = view.state();
        let address = state.account(self.account)?.address;
        let seal = seal::bid(&state.network(), job, &address, self.ask, &salt);
        Some(Command::CommitBid(CommitBid { job, seal }))
    }

    pub(super) fn hear(&mut self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        match *event {
            Event::BiddingClosed { job, .. } => {
                let salt = view.draw_about(self.me, job, Purpose::BidSalt).digest();
                deeds.send(Command::RevealBid(RevealBid { job, price: self.ask, salt }));
            }
            Event::BidEvicted { job, .. } => self.forget(job),
            Event::JobOffered { job, .. } => deeds.send(Command::AcceptJob(AcceptJob { job })),
            Event::JobAccepted { job, account, .. } => {
                self.bids.retain(|bid| *bid != job);
                if account == self.account {
                    self.start(view, job, deeds);
                }
            }
            Event::Paid { account, .. } if account == self.account => self.done += 1,
            Event::JobClosed { job, .. } => self.forget(job),
            Event::Revealing { job, .. } => {
                let opening = self.root(job).and_then(|root| view.opening(self.me, job, root));
                if let Some(opening) = opening {
                    let output_proof = truth::OUTPUT_PROOF.to_vec();
                    let reveal = RevealResult { job, opening, output_proof };
                    deeds.send(Command::RevealResult(reveal));
                }
            }
            Event::DisputeOpened { job, .. } | Event::ChildRejected { job, .. } => {
                if let Some(command) = self.defend(view, job) {
                    deeds.send(command);
                }
            }
            Event::Jailed { until, .. } => {
                if self.standing != Standing::Left {
                    self.standing = Standing::Jailed;
                }
                let epoch = view.state().params().chain().epoch_blocks;
                let at = Height::new(until.count().saturating_mul(epoch.count()));
                deeds.remind(at, Reminder::Release);
            }
            _ => {}
        }
    }

    fn forget(&mut self, job: JobId) {
        self.bids.retain(|bid| *bid != job);
        self.work.retain(|work| work.job != job);
    }

    fn start(&mut self, view: &View<'_>, job: JobId, deeds: &mut Deeds) {
        // Most do one job at a time.
        self.work.reserve_exact(1);
        self.work.push(Work { job, root: None });
        if view.draw_about(self.me, job, Purpose::Abandon).chance(self.habits.abandon_rate) {
            return;
        }
        let (least, most) = self.habits.work_blocks;
        let wait = view.draw_about(self.me, job, Purpose::Work).below(most - least + 1);
        let blocks = earnest_protocol::Blocks::new(least + wait);
        deeds.remind(view.height().after(blocks), Reminder::Deliver(job));
    }

    pub(super) fn remember(&mut self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        match reminder {
            Reminder::Enter => self.enter(view, deeds),
            Reminder::Deliver(job) => self.deliver(view, job, deeds),
            Reminder::Review => self.review(view, deeds),
            Reminder::Release => {
                if self.standing == Standing::Jailed {
                    self.standing = Standing::Active;
                    deeds.send(Command::Unjail(Unjail { role: Role::Provider }));
                }
            }
            Reminder::Post(_) => {}
        }
    }

    /// Seals the result of its work, or one that it made up.
    fn deliver(&mut self, view: &View<'_>, job: JobId, deeds: &mut Deeds) {
        let lies = self.done >= self.habits.lies_after
            && view.draw_about(self.me, job, Purpose::Lie).chance(self.habits.lie_rate);
        let root = if lies { self.made_up(view, job) } else { truth::right(job) };
        let (me, account) = (self.me, self.account);
        let Some(work) = self.work.iter_mut().find(|work| work.job == job) else { return };
        work.root = Some(root);
        let cost =
            if lies { self.habits.lie_cost.amount_ceil(view.terms().price_max) } else { self.cost };
        self.spent = self.spent.saturating_add(cost);
        deeds.spend(cost);
        if let Some(seal) = view.seal_result((me, account), job, root) {
            deeds.send(Command::CommitResult(CommitResult { job, seal }));
        }
    }

    fn made_up(&self, view: &View<'_>, job: JobId) -> Digest {
        // Leaf 0 is the first state, which nobody gets wrong by skipping work.
        let steps = view.terms().task.steps;
        let leaf = view.draw_about(self.me, job, Purpose::WrongLeaf).below(steps);
        truth::wrong(job, leaf.saturating_add(1))
    }

    /// The root that it sealed for `job`.
    pub(super) fn root(&self, job: JobId) -> Option<Digest> {
        self.work.iter().find(|work| work.job == job)?.root
    }

    /// Leaves when the last time was not worth it.
    fn review(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let Some(leaves) = self.habits.leaves else { return };
        if matches!(self.standing, Standing::Left | Standing::Outside) || !view.is_open() {
            return;
        }
        let state = view.state();
        let operator = state.operator_id(self.account, Role::Provider);
        let stake = operator.and_then(|id| state.operator(id)).map(|operator| operator.stake);
        let held = state.free(self.account).saturating_add(stake.unwrap_or(Amount::ZERO));
        let worth = units(held) - units(self.spent);
        let earned = worth - self.reviewed;
        let is_first = self.reviewed == 0;
        self.reviewed = worth;
        if !is_first && earned < leaves.below && self.work.is_empty() {
            self.standing = Standing::Left;
            let amount = operator.map_or(Amount::ZERO, |id| state.unbondable(id));
            if !amount.is_zero() {
                deeds.send(Command::Unbond(Unbond { role: Role::Provider, amount }));
            }
            return;
        }
        let at = view.height().after(earnest_protocol::Blocks::new(leaves.review_blocks));
        deeds.remind(at, Reminder::Review);
    }

    pub(super) fn refused(&mut self, command: &Command) {
        match command {
            Command::CommitBid(bid) => self.forget(bid.job),
            Command::Bond(_) | Command::Unjail(_) => self.standing = Standing::Left,
            _ => {}
        }
    }

    /// The next move in any dispute that waits for it; one move serves all that wait alike. Who
    /// lied plays on until it must prove a step that it cannot prove; then it lays the step before
    /// the judge: that costs what silence costs, and is sooner over.
    fn defend(&self, view: &View<'_>, id: JobId) -> Option<Command> {
        let state = view.state();
        if state.phase(id)? != Phase::Challengeable {
            return None;
        }
        let mut disputes = state.docket(id)?.disputes.iter();
        let dispute = disputes.find(|d| d.ended.is_none() && d.turn == Turn::Accused)?;
        let node = dispute.node;
        if Geometry::of(&state.order(id)?.terms.task).leaf(node).is_some() {
            let evidence = truth::EVIDENCE.to_vec();
            return Some(Command::ProveStep(ProveStep { job: id, node, evidence }));
        }
        let children = truth::children(node, &state.digest(id, node)?);
        Some(Command::OpenNode(OpenNode { job: id, node, children }))
    }
}

fn units(amount: Amount) -> i64 {
    i64::try_from(amount.units()).expect("an amount is below 2^63")
}
