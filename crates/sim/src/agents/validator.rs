//! Validators: diligent, lax or bought.

use earnest_protocol::{
    AccountId, Command, Digest, Event, JobId, Ratio,
    command::{CommitVerdict, RejectChild, RevealVerdict},
    market::Phase,
    verification::{Turn, depth},
};

use crate::{random::Purpose, truth, world::View};

/// One who audits.
#[derive(Clone, Copy, Debug)]
pub struct Validator {
    /// Its account.
    pub me: AccountId,
    /// What its verdicts are worth.
    pub conscience: Conscience,
}

/// What a validator's verdicts are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conscience {
    /// Does the work, but for this share of its audits, in which it copies what the provider
    /// whispers.
    Honest {
        /// The share of audits in which it copies.
        laxity: Ratio,
    },
    /// Agrees with whatever the provider says.
    Colluding,
}

impl Validator {
    pub(super) fn react(&self, view: &View<'_>, event: &Event) -> Option<Command> {
        match *event {
            Event::AuditDrawn { job, .. } => {
                let seal = view.seal_result(self.me, job, self.root(view, job))?;
                Some(Command::CommitVerdict(CommitVerdict { job, seal }))
            }
            Event::Revealing { job, .. } => {
                let opening = view.opening(self.me, job, self.root(view, job))?;
                Some(Command::RevealVerdict(RevealVerdict { job, opening }))
            }
            Event::NodeOpened { job, .. } => self.pursue(view, job),
            _ => None,
        }
    }

    /// The root of its verdict: its own work's, or what it heard.
    fn root(&self, view: &View<'_>, job: JobId) -> Digest {
        let copies = match self.conscience {
            Conscience::Honest { laxity } => {
                view.draw(self.me, job, Purpose::Laxity).chance(laxity)
            }
            Conscience::Colluding => true,
        };
        let heard = if copies { view.whispered(job) } else { None };
        heard.unwrap_or_else(|| truth::right(job))
    }

    /// Names the child over the first leaf that its own work contradicts.
    fn pursue(&self, view: &View<'_>, id: JobId) -> Option<Command> {
        let state = view.state();
        if state.phase(id)? != Phase::Challengeable {
            return None;
        }
        let mut disputes = state.docket(id)?.disputes.iter();
        let dispute = disputes
            .find(|d| d.ended.is_none() && d.challenger == self.me && d.turn == Turn::Challenger)?;
        let leaf = truth::first_wrong(&state.case(id)?.claim()?.root())?;
        let below = depth(state.order(id)?.terms.task.steps)
            .checked_sub(dispute.node.level)?
            .checked_sub(1)?;
        let child = u8::try_from(leaf >> (4 * u32::from(below)) & 15).ok()?;
        Some(Command::RejectChild(RejectChild { job: id, child }))
    }
}
