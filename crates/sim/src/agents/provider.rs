//! Providers: look for jobs, bid, work or make it up, deliver or leave, defend what they said.

use std::ops::Range;

use earnest_protocol::{
    AccountId, Amount, Command, Digest, Event, Height, JobId, Ratio, Role,
    command::{
        AcceptJob, Bond, CommitBid, CommitResult, OpenNode, ProveStep, RevealBid, RevealResult,
        Unbond, Unjail,
    },
    market::{Outcome, Phase},
    seal,
    verification::{Geometry, Turn},
};
use smallvec::SmallVec;

use super::learning::Mind;
use crate::{
    luck::{Draw, Entity, Purpose},
    scenario::Providers,
    truth,
    view::{Deeds, Reminder, View},
};

/// One who takes jobs.
#[derive(Clone, Debug)]
pub struct Provider<'s> {
    me: Entity,
    account: AccountId,
    habits: &'s Providers,
    standing: Standing,
    /// What honest work on one job costs, and what it asks for it; drawn when it begins.
    cost: Amount,
    ask: Amount,
    /// Jobs that it offered to do and has not heard of yet.
    bids: SmallVec<[JobId; 2]>,
    /// Most do one job at a time.
    work: SmallVec<[Work; 1]>,
    /// Jobs that it was paid for.
    done: u32,
    /// What it spent off the ledger.
    spent: Amount,
    /// What it was worth at its last review: ledger less spending, in base units.
    reviewed: i64,
    /// What it learnt, if it learns.
    mind: Option<Box<Mind<'s>>>,
}

/// One job that it accepted.
#[derive(Clone, Copy, Debug)]
struct Work {
    job: JobId,
    made: Made,
}

/// What became of a job: the root that was sealed, in a word or two.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// Nothing was sealed yet, or ever will be.
    Nothing,
    Right,
    /// Wrong from this leaf on.
    Wrong(u64),
}

impl Made {
    fn root(self, job: JobId) -> Option<Digest> {
        match self {
            Made::Nothing => None,
            Made::Right => Some(truth::right(job)),
            Made::Wrong(leaf) => Some(truth::wrong(job, leaf)),
        }
    }
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
    /// One with the habits of its group, which has these places, outside the market.
    pub fn new(
        (me, account): (Entity, AccountId),
        habits: &'s Providers,
        fellows: Range<usize>,
    ) -> Provider<'s> {
        let mind = habits.learns.as_ref().map(|terms| Box::new(Mind::new(terms, fellows)));
        Provider {
            me,
            account,
            habits,
            standing: Standing::Outside,
            cost: Amount::ZERO,
            ask: Amount::UNIT,
            bids: SmallVec::new(),
            work: SmallVec::new(),
            done: 0,
            spent: Amount::ZERO,
            reviewed: 0,
            mind,
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
        let Some(amount) = self.wanted(view) else { return };
        deeds.send(Command::Bond(Bond { role: Role::Provider, amount }));
        if let Some(range) = self.habits.commission {
            deeds.send(super::delegator::terms(view, (self.me, Role::Provider), range));
        }
        self.standing = Standing::Active;
        let worth = self.worth(view);
        if let Some(mind) = &mut self.mind {
            mind.begin(view, self.me, worth);
            deeds.remind(view.height().after(mind.every()), Reminder::Learn);
        }
        if let Some(leaves) = self.habits.leaves {
            let at = view.height().after(earnest_protocol::Blocks::new(leaves.review_blocks));
            deeds.remind(at, Reminder::Review);
        }
    }

    /// What it wants to have bonded.
    fn wanted(&self, view: &View<'_>) -> Option<Amount> {
        let state = view.state();
        let quote = state.quote_job(None, view.terms()).ok()?;
        let amount = quote.collateral.checked_times(self.habits.capacity.into());
        let amount = amount.unwrap_or(Amount::MAX);
        Some(amount.max(state.params().staking().provider_bond_min))
    }

    /// Bonds what is missing for its jobs, if a price has made its bond too small.
    fn top_up(&self, view: &View<'_>, deeds: &mut Deeds) {
        if !self.habits.tops_up || self.standing != Standing::Active || !view.is_open() {
            return;
        }
        let Some(wanted) = self.wanted(view) else { return };
        let missing = wanted.saturating_sub(self.stake(view));
        let amount = missing.min(view.free_stake(self.account));
        if !amount.is_zero() {
            deeds.send(Command::Bond(Bond { role: Role::Provider, amount }));
        }
    }

    /// What it has bonded.
    fn stake(&self, view: &View<'_>) -> Amount {
        let operator = view.state().operator_id(self.account, Role::Provider);
        let operator = operator.and_then(|id| view.state().operator(id));
        operator.map_or(Amount::ZERO, |operator| operator.stake)
    }

    /// What it holds on the ledger, less what it spent, plus what lies brought, in base units.
    fn worth(&self, view: &View<'_>) -> i64 {
        let (paid, stake) = (view.state().free(self.account), self.stake(view));
        let held = match &view.scenario().price {
            None => paid.saturating_add(stake),
            // Valued as at first, so that what a price does is no reward for what it did.
            Some(price) => {
                let stake = stake.saturating_add(view.free_stake(self.account));
                paid.saturating_add(price.start.amount_floor(stake).unwrap_or(Amount::MAX))
            }
        };
        let gains = self.mind.as_ref().map_or(0, |mind| mind.gains);
        units(held) - units(self.spent) + gains
    }

    /// Chooses how to go on, and bonds what it lost.
    fn learn(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        if matches!(self.standing, Standing::Left | Standing::Outside) || !view.is_open() {
            return;
        }
        let (worth, stake) = (self.worth(view), self.stake(view));
        let missing = self.wanted(view).map_or(Amount::ZERO, |all| all.saturating_sub(stake));
        let Some(mind) = &mut self.mind else { return };
        deeds.remind(view.height().after(mind.every()), Reminder::Learn);
        if self.standing == Standing::Active {
            deeds.tell(mind.learn(view, self.me, worth));
        }
        if !missing.is_zero() && missing <= view.free_stake(self.account) {
            deeds.send(Command::Bond(Bond { role: Role::Provider, amount: missing }));
        }
    }

    /// Would it make a result up now and then, as it is minded now?
    pub(super) fn lies(&self) -> bool {
        self.lie_rate() > Ratio::ZERO
    }

    fn lie_rate(&self) -> Ratio {
        self.mind.as_ref().map_or(self.habits.lie_rate, |mind| mind.lie_rate())
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

    /// Does it look at the board in this block? Only now and then.
    pub(super) fn attends(&self, view: &View<'_>) -> bool {
        self.ask <= view.terms().price_max && self.browses(view).chance(self.habits.attention)
    }

    fn browses(&self, view: &View<'_>) -> Draw {
        let now = view.height().count() as u32; // A run has fewer than 2^32 blocks.
        view.draw(self.me, now, Purpose::Browse)
    }

    /// Offers to do one of the jobs that are on the board.
    pub(super) fn tick(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let board = view.board();
        if board.is_empty() {
            return;
        }
        let place = self.browses(view).again().below(board.len() as u64) as usize;
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
        let operator = state.operator(state.operator_id(self.account, Role::Provider)?)?;
        if operator.outside {
            return None; // A bid would be refused for a fee.
        }
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
                self.forget_bid(job);
                if account == self.account {
                    self.start(view, job, deeds);
                }
            }
            Event::Paid { account, .. } if account == self.account => self.done += 1,
            Event::JobClosed { job, outcome, .. } => {
                self.remember_gain(view, job, outcome);
                self.forget(job);
            }
            Event::Revealing { job, .. } => {
                let opening = self.root(job).and_then(|root| view.opening(self.me, job, root));
                if let Some(opening) = opening {
                    let output_proof = truth::OUTPUT_PROOF.to_vec();
                    let reveal = RevealResult { job, opening, output_proof };
                    deeds.send(Command::RevealResult(reveal));
                }
            }
            Event::PriceCounted { .. } => self.top_up(view, deeds),
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

    /// Counts what a lie of its own brought outside, if it learns.
    fn remember_gain(&mut self, view: &View<'_>, job: JobId, outcome: Outcome) {
        let root = self.root(job);
        let is_lie = root.is_some_and(|root| truth::first_wrong(&root).is_some());
        if let Some(mind) = &mut self.mind
            && is_lie
            && outcome == Outcome::Accepted
        {
            mind.gains = mind.gains.saturating_add(units(view.scenario().job.outside_gain));
        }
    }

    fn forget(&mut self, job: JobId) {
        self.forget_bid(job);
        self.work.retain(|work| work.job != job);
    }

    fn forget_bid(&mut self, job: JobId) {
        self.bids.retain(|bid| *bid != job);
    }

    fn start(&mut self, view: &View<'_>, job: JobId, deeds: &mut Deeds) {
        self.work.push(Work { job, made: Made::Nothing });
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
            Reminder::Learn => self.learn(view, deeds),
            Reminder::Release => {
                if self.standing == Standing::Jailed {
                    self.standing = Standing::Active;
                    deeds.send(Command::Unjail(Unjail { role: Role::Provider }));
                }
            }
            Reminder::Post(_)
            | Reminder::Price
            | Reminder::Follow
            | Reminder::Collect
            | Reminder::Propose(_)
            | Reminder::Vote(_) => {}
        }
    }

    /// Seals the result of its work, or one that it made up.
    fn deliver(&mut self, view: &View<'_>, job: JobId, deeds: &mut Deeds) {
        let lies = self.done >= self.habits.lies_after
            && self.is_cheap(view, job)
            && view.draw_about(self.me, job, Purpose::Lie).chance(self.lie_rate());
        let made = if lies { self.made_up(view, job) } else { Made::Right };
        let (me, account) = (self.me, self.account);
        let Some(work) = self.work.iter_mut().find(|work| work.job == job) else { return };
        work.made = made;
        let cost =
            if lies { self.habits.lie_cost.amount_ceil(view.terms().price_max) } else { self.cost };
        self.spent = self.spent.saturating_add(cost);
        deeds.spend(cost);
        let seal = made.root(job).and_then(|root| view.seal_result((me, account), job, root));
        if let Some(seal) = seal {
            deeds.send(Command::CommitResult(CommitResult { job, seal }));
        }
    }

    /// Is what secures the job worth so little that it would make its result up?
    fn is_cheap(&self, view: &View<'_>, job: JobId) -> bool {
        let Some(below) = self.habits.lies_below else { return true };
        let order = view.state().order(job);
        let (Some(worth), Some(order)) = (view.worth(), order) else { return false };
        (worth.parts() as f64) < order.bound.stake_price.parts() as f64 * below
    }

    fn made_up(&self, view: &View<'_>, job: JobId) -> Made {
        // Leaf 0 is the first state, which nobody gets wrong by skipping work.
        let steps = view.terms().task.steps;
        let leaf = view.draw_about(self.me, job, Purpose::WrongLeaf).below(steps);
        Made::Wrong(leaf.saturating_add(1))
    }

    /// The root that it sealed for `job`.
    pub(super) fn root(&self, job: JobId) -> Option<Digest> {
        self.work.iter().find(|work| work.job == job)?.made.root(job)
    }

    /// Leaves when the last time was not worth it.
    fn review(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let Some(leaves) = self.habits.leaves else { return };
        if matches!(self.standing, Standing::Left | Standing::Outside) || !view.is_open() {
            return;
        }
        let state = view.state();
        let operator = state.operator_id(self.account, Role::Provider);
        let worth = self.worth(view);
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
