//! Validators: diligent, lax, silent, bought, watchful, or out for trouble.

use earnest_protocol::{
    AccountId, Command, Digest, Epoch, Event, Factor, Height, JobId, Role,
    command::{Challenge, CommitVerdict, OpenPrice, RejectChild, RevealVerdict, SealPrice},
    market::Phase,
    seal,
    verification::{Geometry, Turn},
};

use crate::{
    luck::{Entity, Purpose},
    scenario::{Validators, scaled},
    truth,
    view::{Deeds, Reminder, View},
};

/// One who audits.
#[derive(Clone, Copy, Debug)]
pub struct Validator {
    /// Its luck's.
    pub me: Entity,
    /// Its account.
    pub account: AccountId,
    /// Whose lies it never sees: those of its own purse.
    pub purse: u16,
    /// How it judges.
    pub habits: Validators,
    /// What it sealed of what stake is worth, and in which epoch, until it has opened it.
    pub sealed: Option<(Epoch, Factor)>,
}

impl Validator {
    pub(super) fn begin(&self, view: &View<'_>, deeds: &mut Deeds) {
        if let Some(range) = self.habits.commission {
            deeds.send(super::delegator::terms(view, (self.me, Role::Validator), range));
        }
        if view.worth().is_some() && view.state().params().prices().is_on() {
            self.next_epoch(view, deeds);
        }
    }

    fn next_epoch(&self, view: &View<'_>, deeds: &mut Deeds) {
        let next = view.state().epoch().count().saturating_add(1);
        let blocks = view.state().params().chain().epoch_blocks.count();
        deeds.remind(Height::new(next.saturating_mul(blocks)), Reminder::Price);
    }

    /// Opens the price that it sealed in the epoch before, and seals one of this.
    pub(super) fn remember(&mut self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        let (Reminder::Price, Some(worth)) = (reminder, view.worth()) else { return };
        if !view.is_open() {
            return;
        }
        self.next_epoch(view, deeds);
        let epoch = view.state().epoch();
        let step = |epoch: Epoch| epoch.count() as u32; // A run has fewer than 2^32 blocks.
        let salt = |epoch| view.draw(self.me, step(epoch), Purpose::PriceSalt).digest();
        let before = self.sealed.take();
        let before =
            before.filter(|(sealed, _)| sealed.count().checked_add(1) == Some(epoch.count()));
        if let Some((epoch, price)) = before {
            let salt = salt(epoch);
            deeds.send(Command::OpenPrice(OpenPrice { epoch, price, salt }));
        }
        let [sealing, _] = view.state().price_rounds();
        let is_silent = view.draw(self.me, step(epoch), Purpose::PriceSilence);
        if sealing.is_none_or(|round| round.epoch != epoch)
            || is_silent.chance(self.habits.price_silence)
        {
            return;
        }
        let Some(account) = view.state().account(self.account) else { return };
        let noise = view.scenario().price.as_ref().map_or(0.0, |price| price.noise);
        let error = view.draw(self.me, step(epoch), Purpose::Sight).normal() * noise;
        let price = scaled(worth, self.habits.price_bias * error.exp());
        let (network, salt) = (view.state().network(), salt(epoch));
        let seal = seal::price(&network, epoch, &account.address, price, &salt);
        self.sealed = Some((epoch, price));
        deeds.send(Command::SealPrice(SealPrice { epoch, seal }));
    }

    pub(super) fn hear(&self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        let deed = match *event {
            Event::AuditDrawn { job, .. } => self.judge(view, job, deeds),
            Event::Revealing { job, .. } => self.reveal(view, job),
            Event::ChallengeWindow { job, .. } => self.watch(view, job, deeds),
            Event::NodeOpened { job, .. } => self.pursue(view, job),
            _ => None,
        };
        if let Some(command) = deed {
            deeds.send(command);
        }
    }

    fn is_silent(&self, view: &View<'_>, job: JobId) -> bool {
        view.draw_about(self.me, job, Purpose::Silence).chance(self.habits.silence)
    }

    fn judge(&self, view: &View<'_>, job: JobId, deeds: &mut Deeds) -> Option<Command> {
        if self.is_silent(view, job) {
            return None;
        }
        if self.copied(view, job).is_none() {
            self.work(view, deeds);
        }
        let root = self.root(view, job);
        let seal = view.seal_result((self.me, self.account), job, root)?;
        Some(Command::CommitVerdict(CommitVerdict { job, seal }))
    }

    fn reveal(&self, view: &View<'_>, job: JobId) -> Option<Command> {
        if self.is_silent(view, job) {
            return None;
        }
        let opening = view.opening(self.me, job, self.root(view, job))?;
        Some(Command::RevealVerdict(RevealVerdict { job, opening }))
    }

    /// Pays for doing the work once.
    fn work(&self, view: &View<'_>, deeds: &mut Deeds) {
        deeds.spend(self.habits.cost.amount_ceil(view.terms().price_max));
    }

    /// What it copies instead of working, if it does.
    fn copied(&self, view: &View<'_>, job: JobId) -> Option<Digest> {
        let whisper = view.whisper(job)?;
        let lax = view.draw_about(self.me, job, Purpose::Laxity).chance(self.habits.laxity);
        (lax || whisper.purse == self.purse).then_some(whisper.root)
    }

    /// The root of its verdict.
    fn root(&self, view: &View<'_>, job: JobId) -> Digest {
        self.copied(view, job).unwrap_or_else(|| truth::right(job))
    }

    /// Checks a result that it was not drawn for, and challenges it for being wrong; or for being
    /// right, to make trouble.
    fn watch(&self, view: &View<'_>, job: JobId, deeds: &mut Deeds) -> Option<Command> {
        let root = view.state().case(job)?.claim()?.root();
        let is_wrong = truth::first_wrong(&root).is_some();
        let looks = view.draw_about(self.me, job, Purpose::Watch).chance(self.habits.watch);
        if looks {
            self.work(view, deeds);
        }
        let ours = view.whisper(job).is_some_and(|whisper| whisper.purse == self.purse);
        let grieves = view.draw_about(self.me, job, Purpose::Grief).chance(self.habits.grief);
        let challenges = looks && is_wrong && !ours || grieves && !is_wrong;
        challenges.then_some(Command::Challenge(Challenge { job }))
    }

    /// Names the child over the first leaf that its own work contradicts; a griever, any.
    fn pursue(&self, view: &View<'_>, id: JobId) -> Option<Command> {
        let state = view.state();
        if state.phase(id)? != Phase::Challengeable {
            return None;
        }
        let mut disputes = state.docket(id)?.disputes.iter();
        let dispute = disputes.find(|d| {
            d.ended.is_none() && d.challenger == self.account && d.turn == Turn::Challenger
        })?;
        let task = &state.order(id)?.terms.task;
        let leaf = truth::first_wrong(&state.case(id)?.claim()?.root()).unwrap_or(task.steps);
        let child = Geometry::of(task).child_toward(dispute.node, &[leaf])?;
        Some(Command::RejectChild(RejectChild { job: id, child }))
    }
}
