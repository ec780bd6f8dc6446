//! Agents: what each kind of participant wants, and what it does about it.
//!
//! An agent is a type and parameters, without a memory of its own: it looks at the ledger and at
//! its luck and answers with commands. An agent hears of an event only if it is concerned.
//!
//! Law: an agent reads a [`View`] and returns commands; it can change nothing itself.
//! Not here: what becomes of a command (`earnest-protocol`), who hears what (`world`).

mod provider;
mod requester;
mod validator;

pub use provider::{Provider, Strategy};
pub use requester::Requester;
pub use validator::{Conscience, Validator};

use earnest_protocol::{Command, Digest, Event, JobId};

use crate::world::View;

/// One participant.
#[derive(Clone, Copy, Debug)]
pub enum Agent {
    /// Asks for work.
    Requester(Requester),
    /// Works, lies or lets it be.
    Provider(Provider),
    /// Audits.
    Validator(Validator),
}

impl Agent {
    /// What it does when the network begins.
    pub fn begin(&self, view: &View<'_>) -> Vec<Command> {
        match self {
            Agent::Requester(requester) => requester.begin(view),
            Agent::Provider(provider) => provider.begin(view).into_iter().collect(),
            Agent::Validator(_) => Vec::new(),
        }
    }

    /// What it does about an event that concerns it.
    pub fn react(&self, view: &View<'_>, event: &Event) -> Option<Command> {
        match self {
            Agent::Requester(requester) => requester.react(view, event),
            Agent::Provider(provider) => provider.react(view, event),
            Agent::Validator(validator) => validator.react(view, event),
        }
    }

    /// The root it whispers to whoever would rather copy than work, once it has sealed it.
    pub fn whisper(&self, view: &View<'_>, job: JobId) -> Option<Digest> {
        match self {
            Agent::Provider(provider) => Some(provider.root(view, job)),
            Agent::Requester(_) | Agent::Validator(_) => None,
        }
    }
}
