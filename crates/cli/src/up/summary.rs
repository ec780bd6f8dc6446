//! The summary of a run: one JSON object, computed from what the node answers and what happened.
//!
//! Law: nothing here is counted twice or guessed; amounts are decimal strings of base units.

use std::collections::{BTreeMap, BTreeSet};

use earnest_api::{AccountRef, Client, EventRecord, NetworkView, decimal};
use earnest_protocol::{
    AccountId, Address, Amount, Event, JobId, Role, SlashId,
    market::{CloseReason, Outcome},
    slashing::{Offence, Waterfall},
    staking::Standing,
    verification::Loser,
};
use serde_json::{Value, json};

use crate::{asked, failure::Failure};

use super::plan::{Participant, PlanRole};

/// What a run's events add up to, as they come.
#[derive(Debug, Default)]
pub struct Tally {
    disputes: Vec<Dispute>,
    slashes: Vec<Slash>,
    pending: BTreeMap<SlashId, ()>,
    paid: BTreeMap<AccountId, Amount>,
    lies: Lies,
}

/// What became of results that are known to be wrong, because whoever gave them always lies.
#[derive(Debug, Default)]
struct Lies {
    liars: BTreeSet<AccountId>,
    /// Of jobs that are not over.
    open: BTreeSet<JobId>,
    caught: u64,
    passed: u64,
    paid: Amount,
}

impl Lies {
    fn note(&mut self, event: &Event) {
        match event {
            Event::ResultRevealed { job, account, .. } if self.liars.contains(account) => {
                self.open.insert(*job);
            }
            Event::Paid { job, account, amount, .. }
                if self.liars.contains(account) && self.open.contains(job) =>
            {
                self.paid = self.paid.saturating_add(*amount);
            }
            Event::JobClosed { job, outcome, reason, .. } if self.open.remove(job) => {
                match (outcome, reason) {
                    (Outcome::Accepted, _) => self.passed = self.passed.saturating_add(1),
                    (Outcome::Rejected, CloseReason::WrongResult) => {
                        self.caught = self.caught.saturating_add(1);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

#[derive(Debug)]
struct Dispute {
    job: JobId,
    challenger: AccountId,
    accused: AccountId,
    steps: u64,
    moves: u32,
    step: Option<u64>,
    loser: Loser,
}

#[derive(Debug)]
struct Slash {
    offence: Offence,
    account: AccountId,
    role: Option<Role>,
    waterfall: Waterfall,
}

impl Tally {
    /// `liars` are those of whom every result is wrong.
    pub fn new(liars: BTreeSet<AccountId>) -> Tally {
        Tally { lies: Lies { liars, ..Lies::default() }, ..Tally::default() }
    }

    pub fn note(&mut self, record: &EventRecord) {
        self.lies.note(&record.event);
        match &record.event {
            Event::DisputeClosed {
                job, challenger, accused, steps, moves, step, loser, ..
            } => {
                self.disputes.push(Dispute {
                    job: *job,
                    challenger: *challenger,
                    accused: *accused,
                    steps: *steps,
                    moves: *moves,
                    step: *step,
                    loser: *loser,
                });
            }
            Event::SlashPending { slash, .. } => {
                self.pending.insert(*slash, ());
            }
            Event::SlashReversed { slash, .. } => {
                self.pending.remove(slash);
            }
            Event::Slashed { slash, offence, account, role, waterfall, .. } => {
                if let Some(slash) = slash {
                    self.pending.remove(slash);
                }
                self.slashes.push(Slash {
                    offence: *offence,
                    account: *account,
                    role: *role,
                    waterfall: *waterfall,
                });
            }
            Event::Paid { account, amount, .. } => {
                let sum = self.paid.entry(*account).or_default();
                *sum = sum.saturating_add(*amount);
            }
            _ => {}
        }
    }

    /// Slashes taken whose stay is not over.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }
}

/// What one participant has now.
struct Holding {
    account: AccountRef,
    /// All that is its own, wherever a pot holds it; what jobs hold is not.
    worth: Amount,
    bonded: Amount,
    reputation: String,
    jailed: bool,
}

/// The object that `earnest up --json` prints. In a slash, `peers` is what its judges share.
pub fn summary(client: &Client, cast: &[Participant], tally: &Tally) -> Result<Value, Failure> {
    let network = client.network()?;
    let holdings = cast
        .iter()
        .map(|member| holding(client, &member.address))
        .collect::<Result<Vec<_>, _>>()?;
    let address = |id: AccountId| {
        let known = holdings.iter().find(|holding| holding.account.id == id);
        known.map_or_else(|| id.to_string(), |holding| holding.account.address.to_string())
    };
    let disputes: Vec<Value> = tally.disputes.iter().map(|d| dispute(d, &address)).collect();
    let slashes: Vec<Value> = tally.slashes.iter().map(|s| slash(s, &address)).collect();
    let participants: Vec<Value> = cast
        .iter()
        .zip(&holdings)
        // What the faucet gave away was no loss of anybody's.
        .filter(|(member, _)| member.role != PlanRole::Faucet)
        .map(|(member, holding)| participant(member, holding, tally))
        .collect();
    let jobs = network.counts.jobs;
    Ok(json!({
        "height": network.height,
        "state_root": network.state_root,
        "conservation": conservation(&network),
        "supply": { "issued": network.supply.issued, "burnt": network.supply.burnt },
        "jobs": {
            "posted": jobs.posted, "accepted": jobs.accepted, "rejected": jobs.rejected,
            "expired": jobs.expired, "open": jobs.open,
        },
        "disputes": disputes,
        "slashes": slashes,
        "slashes_pending": tally.pending(),
        "lies": {
            "caught": tally.lies.caught, "passed": tally.lies.passed, "paid": tally.lies.paid,
        },
        "participants": participants,
    }))
}

fn conservation(network: &NetworkView) -> Value {
    let conservation = network.conservation;
    if conservation.holds {
        return json!("holds");
    }
    let show =
        |sum: Option<Amount>| sum.map_or_else(|| "more than any supply".into(), |s| s.to_string());
    json!(format!(
        "broken: the pots hold {}, issued less burnt is {}",
        show(conservation.pots),
        show(conservation.expected),
    ))
}

fn holding(client: &Client, address: &Address) -> Result<Holding, Failure> {
    let money = asked::outside_jobs(client, address)?;
    let mut holding = Holding {
        account: AccountRef { id: money.account.id, address: money.account.address },
        worth: money.in_all(),
        bonded: Amount::ZERO,
        reputation: "0".into(),
        jailed: false,
    };
    for operator in &money.operators {
        let queued = operator
            .unbondings
            .iter()
            .fold(Amount::ZERO, |sum, entry| sum.saturating_add(entry.amount));
        let rewards = &operator.rewards;
        let earned = rewards.ready.saturating_add(rewards.unvested);
        holding.bonded = holding.bonded.saturating_add(operator.stake).saturating_add(queued);
        holding.bonded = holding.bonded.saturating_add(earned);
        holding.reputation = decimal(operator.score.parts(), 9);
        holding.jailed |= matches!(operator.standing, Standing::Jailed(_));
    }
    Ok(holding)
}

fn dispute(dispute: &Dispute, address: &impl Fn(AccountId) -> String) -> Value {
    let loser = match dispute.loser {
        Loser::Accused => Some(address(dispute.accused)),
        Loser::Challenger => Some(address(dispute.challenger)),
        Loser::Nobody => None,
    };
    json!({
        "job": dispute.job,
        "challenger": address(dispute.challenger),
        "accused": address(dispute.accused),
        "steps": dispute.steps,
        "moves": dispute.moves,
        "step": dispute.step,
        "loser": loser,
    })
}

fn slash(slash: &Slash, address: &impl Fn(AccountId) -> String) -> Value {
    let w = &slash.waterfall;
    json!({
        "offence": slash.offence,
        "account": address(slash.account),
        "role": role(slash),
        "amount": w.amount,
        "compensation": w.compensation,
        "reporter": w.reporter,
        "burnt": w.burnt,
        "insurance": w.insurance,
        "peers": w.judges,
    })
}

/// In which role it was lost; a deposit is lost by whoever put it down.
fn role(slash: &Slash) -> Value {
    match (slash.role, slash.offence) {
        (Some(role), _) => json!(role),
        (None, Offence::BidWithholding) => json!(Role::Provider),
        (None, Offence::FrivolousChallenge) => json!("challenger"),
        (None, _) => json!("requester"),
    }
}

fn participant(member: &Participant, holding: &Holding, tally: &Tally) -> Value {
    let paid = tally.paid.get(&holding.account.id).copied().unwrap_or(Amount::ZERO);
    json!({
        "account": member.address,
        "name": member.name,
        "role": member.role,
        "behaviour": member.behaviour,
        "started": member.balance,
        "worth": holding.worth,
        "paid": paid,
        "bonded": holding.bonded,
        "reputation": holding.reputation,
        "jailed": holding.jailed,
    })
}
