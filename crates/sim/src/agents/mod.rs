//! Agents: what each kind of participant wants, and what it does about it.
//!
//! An agent has the habits of its group, luck of its own and a memory. It hears of what concerns
//! it, is reminded of what it asked to be reminded of, and is asked once a block if it looks for
//! something.
//!
//! Law: an agent reads a [`View`] and answers with [`Deeds`]; it can change nothing itself.
//! Not here: what becomes of a command (`earnest-protocol`), who hears what (`world`).

mod delegator;
mod learning;
mod provider;
mod requester;
mod validator;
mod voter;

pub use delegator::Delegator;
pub use provider::Provider;
pub use requester::Requester;
pub use validator::Validator;
pub use voter::Holder;
pub(crate) use voter::Voter;

use earnest_protocol::{Command, Digest, Event, JobId};

use crate::view::{Deeds, Reminder, View};

/// One participant.
#[derive(Clone, Debug)]
pub enum Agent<'s> {
    /// Asks for work.
    Requester(Requester),
    /// Works, lies or lets it be.
    Provider(Provider<'s>),
    /// Audits.
    Validator(Validator),
    /// Stands behind others' work.
    Delegator(Delegator),
    /// Has stake, and works for nobody.
    Holder(Holder),
}

impl Agent<'_> {
    /// What it does when the network begins.
    pub fn begin(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        match self {
            Agent::Requester(requester) => requester.begin(view, deeds),
            Agent::Provider(provider) => provider.begin(view, deeds),
            Agent::Validator(validator) => validator.begin(view, deeds),
            Agent::Delegator(delegator) => delegator.begin(view, deeds),
            Agent::Holder(holder) => holder.begin(deeds),
        }
    }

    /// Is it asked once a block?
    pub fn looks(&self) -> bool {
        match self {
            Agent::Provider(provider) => provider.looks(),
            _ => false,
        }
    }

    /// Of one that is asked: does it look for something in this block?
    pub fn attends(&self, view: &View<'_>) -> bool {
        match self {
            Agent::Provider(provider) => provider.attends(view),
            _ => false,
        }
    }

    /// Does it take part in the market at all?
    pub fn is_active(&self) -> bool {
        match self {
            Agent::Provider(provider) => provider.is_active(),
            _ => true,
        }
    }

    /// Would it make a result up now and then, as it is minded now?
    pub fn lies(&self) -> bool {
        match self {
            Agent::Provider(provider) => provider.lies(),
            _ => false,
        }
    }

    /// Jobs that it is working on.
    pub fn at_work(&self) -> u32 {
        match self {
            Agent::Provider(provider) => provider.at_work(),
            _ => 0,
        }
    }

    /// What it does in a block in which it looks for something.
    pub fn tick(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        if let Agent::Provider(provider) = self {
            provider.tick(view, deeds);
        }
    }

    /// What it does about an event that concerns it.
    pub fn hear(&mut self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        match self {
            Agent::Requester(requester) => requester.hear(view, event, deeds),
            Agent::Provider(provider) => provider.hear(view, event, deeds),
            Agent::Validator(validator) => validator.hear(view, event, deeds),
            Agent::Delegator(delegator) => delegator.hear(view, event, deeds),
            Agent::Holder(_) => {}
        }
    }

    /// What it does about what it wanted to be reminded of.
    pub fn remember(&mut self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        match self {
            Agent::Requester(requester) => requester.remember(view, reminder, deeds),
            Agent::Provider(provider) => provider.remember(view, reminder, deeds),
            Agent::Validator(validator) => validator.remember(view, reminder, deeds),
            Agent::Delegator(delegator) => delegator.remember(view, reminder, deeds),
            Agent::Holder(_) => {}
        }
    }

    /// That a command of its own was refused.
    pub fn refused(&mut self, command: &Command) {
        match self {
            Agent::Provider(provider) => provider.refused(command),
            Agent::Delegator(delegator) => delegator.refused(command),
            Agent::Requester(_) | Agent::Validator(_) | Agent::Holder(_) => {}
        }
    }

    /// The root that it tells whoever would rather copy than work, once it has sealed it.
    pub fn whisper(&self, job: JobId) -> Option<Digest> {
        match self {
            Agent::Provider(provider) => provider.root(job),
            _ => None,
        }
    }
}
