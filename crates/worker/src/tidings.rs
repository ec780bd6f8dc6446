//! What befalls an account, told to whoever runs its daemon: where it stands, bids lost, pay,
//! disputes, slashes.
//!
//! Law: nothing is decided here; a daemon that told nothing would make the same moves.
//! Known shortcoming: what happened while the daemon was away is not told (`earnest provider
//! status` shows it).
//! Not here: what a daemon does itself (it says so where it does it).

use std::collections::BTreeMap;

use earnest_api::{decimal, words};
use earnest_protocol::{AccountId, Amount, Event, JobId, Role, staking::Standing as MayWork};
use tracing::{info, warn};

use crate::chain::{Chain, ChainError};

/// An amount with its unit, as people read it.
pub(crate) fn tokens(amount: Amount) -> String {
    format!("{} tokens", decimal(amount.units(), 9))
}

/// What an operator may do just now.
pub(crate) struct Standing {
    /// True if it may take new work.
    pub(crate) works: bool,
    /// What it has at risk, or what keeps it from work and what to do about it.
    pub(crate) said: String,
}

/// Where the account's bond for a role stands.
///
/// # Errors
/// If the node does not answer.
pub(crate) fn standing(chain: &Chain, role: Role) -> Result<Standing, ChainError> {
    let account = chain.client().account(&chain.session().address())?;
    let (id, role) = match role {
        Role::Provider => (account.provider, "provider"),
        Role::Validator => (account.validator, "validator"),
        Role::Replica => (account.replica, "replica"),
        Role::Access => (account.access, "access"),
    };
    let Some(id) = id else {
        let said = format!(
            "there is no {role} bond, so no work; put one up: `earnest stake bond --role {role}`"
        );
        return Ok(Standing { works: false, said });
    };
    let operator = chain.client().operator(id)?;
    let said = match operator.standing {
        MayWork::Active if operator.may_work => {
            let (free, locked) = (tokens(operator.free_bond), tokens(operator.locked));
            format!("{free} of the {role} bond free, {locked} locked in open jobs")
        }
        MayWork::Active if operator.is_fit => format!(
            "the {role} bond is {}, and {} takes a place in the active set; add to it, or wait: \
             `earnest stake bond`",
            tokens(operator.stake),
            tokens(operator.active_set.needed)
        ),
        MayWork::Active => format!(
            "the {role} bond is {}, below the least of {}; add to it: `earnest stake bond`",
            tokens(operator.stake),
            tokens(operator.stake_min)
        ),
        MayWork::Jailed(until) => format!(
            "the {role} is jailed until epoch {until}; then ask for release: `earnest stake unjail`"
        ),
        MayWork::Tombstoned => format!("the {role} is expelled for good"),
    };
    Ok(Standing { works: operator.may_work, said })
}

/// Tells what happens to one account.
pub(crate) struct Tidings {
    me: AccountId,
    /// Its opened bids for jobs that nobody took yet, and what they ask.
    asked: BTreeMap<JobId, Amount>,
}

impl Tidings {
    /// Those of this account.
    pub(crate) fn of(me: AccountId) -> Tidings {
        Tidings { me, asked: BTreeMap::new() }
    }

    /// Tells an event, if it concerns the account.
    pub(crate) fn tell(&mut self, event: &Event) {
        match *event {
            Event::BidRevealed { job, account, price, .. } if account == self.me => {
                self.asked.insert(job, price);
            }
            Event::BidEvicted { job, account } if account == self.me => {
                info!("job {job}: a larger bond took the place of the bid; its deposit is back");
            }
            Event::JobAccepted { job, account, price, .. } => self.tell_taken(job, account, price),
            Event::JobClosed { job, .. } => drop(self.asked.remove(&job)),
            _ => self.tell_money(event),
        }
    }

    fn tell_taken(&mut self, job: JobId, winner: AccountId, price: Amount) {
        let Some(asked) = self.asked.remove(&job) else { return };
        if winner != self.me {
            let (price, asked) = (tokens(price), tokens(asked));
            info!("job {job}: lost to account {winner} at {price}; the bid was {asked}");
        }
    }

    fn tell_money(&self, event: &Event) {
        match *event {
            Event::Paid { job, account, amount, .. } if account == self.me => {
                info!("job {job}: paid {}", tokens(amount));
            }
            Event::DisputeOpened { job, accused, .. } if accused == self.me => {
                warn!("job {job}: its result is disputed");
            }
            Event::SlashPending { slash, offence, account, amount, execute_at, .. }
                if account == self.me =>
            {
                warn!(
                    "{} taken for {}, paid out in epoch {execute_at}; if the result was right: \
                     `earnest gov appeal {slash}`",
                    tokens(amount),
                    words::offence(offence)
                );
            }
            Event::SlashReversed { account, amount, .. } if account == self.me => {
                info!("a slash was undone: {} are back", tokens(amount));
            }
            Event::Slashed { offence, account, job, waterfall, .. } if account == self.me => {
                let amount = tokens(waterfall.amount);
                warn!("job {job}: slashed {amount} for {}", words::offence(offence));
            }
            Event::Jailed { account, until, .. } if account == self.me => {
                warn!("jailed until epoch {until}; then ask for release: `earnest stake unjail`");
            }
            Event::Unjailed { account, .. } if account == self.me => info!("released from jail"),
            Event::Bonded { account, amount, .. } if account == self.me => {
                info!("bond raised by {}", tokens(amount));
            }
            _ => {}
        }
    }
}
