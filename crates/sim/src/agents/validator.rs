//! Validators: diligent, lax, silent, bought, watchful, or out for trouble.

use earnest_protocol::{
    AccountId, Command, Digest, Event, JobId,
    command::{Challenge, CommitVerdict, RejectChild, RevealVerdict},
    market::Phase,
    verification::{Geometry, Turn},
};

use crate::{
    luck::{Entity, Purpose},
    scenario::Validators,
    truth,
    view::{Deeds, View},
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
}

impl Validator {
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
