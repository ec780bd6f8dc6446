//! The live account: every event as one line that a person can follow.
//!
//! Law: a line says only what its event says, and that a result is a lie where the plan makes its
//! provider lie each time; names stand for the addresses of the plan.
//! Not here: how a line looks (`view`).

use std::collections::{BTreeMap, BTreeSet};

use earnest_api::EventRecord;
use earnest_protocol::{
    AccountId, Ending, Event, Height, JobId, Ruling,
    command::Node,
    market::Outcome,
    slashing::Waterfall,
    verification::{Loser, LossReason, depth},
};
use earnest_worker::requester::has_stopped;

use crate::{
    clock::Clock,
    money,
    text::{count, tokens},
};

/// A line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The block it happened in.
    pub height: u64,
    /// The job that it is about, if any.
    pub job: Option<JobId>,
    pub tone: Tone,
    pub text: String,
}

/// What a line means to whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Beside the point.
    Faint,
    /// Work was paid.
    Earned,
    /// Somebody loses money for what it did.
    Convicted,
    /// A wrong result was paid.
    LiePassed,
    /// A program stopped by itself.
    Fault,
    /// Where the network stands.
    Status,
}

/// Where the network stands, as its events say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub height: u64,
    /// Jobs that are not over.
    pub jobs: usize,
    /// Who was paid last and how much, in words.
    pub payout: Option<String>,
}

/// Turns events into lines.
#[derive(Debug)]
pub struct Narrator {
    /// Now, as far as events have told it.
    clock: Clock,
    names: BTreeMap<AccountId, String>,
    /// What each program is called.
    programs: BTreeMap<earnest_protocol::Digest, String>,
    jobs: BTreeMap<JobId, (String, u64)>,
    /// Who lies each time.
    liars: BTreeSet<AccountId>,
    /// Jobs with a result that is a lie, and whose it is.
    lies: BTreeMap<JobId, AccountId>,
    /// Jobs with a result that says that the program stopped by itself.
    stopped: BTreeSet<JobId>,
    status: Status,
}

impl Narrator {
    /// Of a network of now, with these names of programs.
    pub fn new(
        clock: Clock,
        programs: impl IntoIterator<Item = (earnest_protocol::Digest, String)>,
    ) -> Narrator {
        Narrator {
            clock,
            names: BTreeMap::new(),
            programs: programs.into_iter().collect(),
            jobs: BTreeMap::new(),
            liars: BTreeSet::new(),
            lies: BTreeMap::new(),
            stopped: BTreeSet::new(),
            status: Status::default(),
        }
    }

    pub fn name_account(&mut self, id: AccountId, name: &str) {
        self.names.insert(id, name.to_owned());
    }

    /// Every result of this account is a lie.
    pub fn name_liar(&mut self, id: AccountId) {
        self.liars.insert(id);
    }

    /// There are blocks up to this height.
    pub fn reach(&mut self, height: Height) {
        self.status.height = self.status.height.max(height.count());
        self.clock.height = self.clock.height.max(height);
    }

    /// Now, as far as events have told it.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Where the network stands after the last line.
    pub fn status(&self) -> &Status {
        &self.status
    }

    fn who(&self, id: AccountId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("account {id}"))
    }

    fn job(&self, id: JobId) -> String {
        match self.jobs.get(&id) {
            Some((program, _)) => format!("job {id} ({program})"),
            None => format!("job {id}"),
        }
    }

    /// Where a node of a job's tree lies.
    fn place(&self, job: JobId, node: Node) -> String {
        place(node, self.jobs.get(&job).map_or(0, |(_, steps)| *steps))
    }

    /// The line of an event; none for events that only matter to programs.
    pub fn line(&mut self, record: &EventRecord) -> Option<Line> {
        self.note(record);
        let text = self.text(&record.event)?;
        let height = record.height.count();
        Some(Line { height, job: job_of(&record.event), tone: self.tone(&record.event), text })
    }

    fn note(&mut self, record: &EventRecord) {
        self.reach(record.height);
        match &record.event {
            Event::EpochOpened { epoch } if self.clock.epoch.0 < *epoch => {
                self.clock.epoch = (*epoch, record.height);
            }
            Event::JobPosted { .. } => self.status.jobs = self.status.jobs.saturating_add(1),
            Event::JobClosed { .. } => self.status.jobs = self.status.jobs.saturating_sub(1),
            Event::Paid { account, amount, .. } => {
                self.status.payout = Some(format!("{} to {}", tokens(*amount), self.who(*account)));
            }
            Event::ResultRevealed { job, account, output, ending, .. } => {
                if self.liars.contains(account) {
                    self.lies.insert(*job, *account);
                }
                if has_stopped(Some(output), *ending) {
                    self.stopped.insert(*job);
                }
            }
            _ => {}
        }
    }

    fn tone(&self, event: &Event) -> Tone {
        match event {
            Event::JobClosed { job, outcome: Outcome::Accepted, .. }
                if self.lies.contains_key(job) =>
            {
                Tone::LiePassed
            }
            Event::JobClosed { job, outcome: Outcome::Accepted, .. }
                if self.stopped.contains(job) =>
            {
                Tone::Fault
            }
            Event::JobClosed { outcome: Outcome::Rejected, .. }
            | Event::StepJudged { ruling: Ruling::Fails, .. }
            | Event::DisputeClosed { loser: Loser::Accused | Loser::Challenger, .. }
            | Event::Jailed { .. }
            | Event::SlashPending { .. }
            | Event::Slashed { .. } => Tone::Convicted,
            Event::Paid { .. } => Tone::Earned,
            _ => Tone::Plain,
        }
    }

    fn text(&mut self, event: &Event) -> Option<String> {
        if let Event::JobPosted { job, program, steps, .. } = event {
            let name = self.programs.get(program).cloned().unwrap_or_else(|| "own program".into());
            self.jobs.insert(*job, (name, *steps));
        }
        self.market(event).or_else(|| self.verification(event)).or_else(|| self.consequences(event))
    }

    fn market(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::JobPosted {
                job, requester, steps, price_max, collateral, detection, ..
            } => {
                format!(
                    "{} posted by {}: {} for at most {}, collateral {}, a lie is convicted with {}",
                    self.job(*job),
                    self.who(*requester),
                    count(*steps, "step"),
                    tokens(*price_max),
                    tokens(*collateral),
                    money::percent(*detection),
                )
            }
            Event::BidRevealed { job, account, price, collateral } => format!(
                "{}: {} asks {} and locks {}",
                self.job(*job),
                self.who(*account),
                tokens(*price),
                tokens(*collateral),
            ),
            Event::JobOffered { job, account, price, .. } => {
                format!("{}: won by {} at {}", self.job(*job), self.who(*account), tokens(*price),)
            }
            Event::JobAccepted { job, account, due, .. } => {
                let due = self.clock.block(*due);
                format!("{}: {} accepts, due at {due}", self.job(*job), self.who(*account))
            }
            Event::ResultCommitted { job, account, late, .. } => {
                let late = match late.count() {
                    0 => String::new(),
                    blocks => format!(", {} late", count(blocks, "block")),
                };
                format!("{}: {} seals a result{late}", self.job(*job), self.who(*account))
            }
            _ => return None,
        })
    }

    // tidy: ladder
    fn verification(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::AuditSpared { job, .. } => format!("{}: not drawn for audit", self.job(*job)),
            Event::AuditDrawn { job, auditors, vacant, .. } => {
                let names: Vec<String> = auditors.iter().map(|id| self.who(*id)).collect();
                let open = match *vacant {
                    0 => String::new(),
                    vacant => format!(", {} open", count(vacant.into(), "seat")),
                };
                format!("{}: audited blind by {}{open}", self.job(*job), names.join(" and "))
            }
            Event::VerdictCommitted { job, account } => {
                format!("{}: {} seals its own result", self.job(*job), self.who(*account))
            }
            Event::DrawPutOff { job, until, .. } => format!(
                "{}: too few validators can lock now, the draw waits until {}",
                self.job(*job),
                self.clock.block(*until)
            ),
            Event::SeedWithheld { job, by } => {
                let who = word(by);
                format!(
                    "{}: the {who} withheld the seed: a larger audit for certain",
                    self.job(*job)
                )
            }
            Event::ResultRevealed { job, account, root, output, gas, ending } => format!(
                "{}: {} opens {} after {gas} gas{}",
                self.job(*job),
                self.who(*account),
                short(root),
                how_it_ended(output, *ending),
            ),
            Event::VerdictRevealed { job, account, root } => {
                format!("{}: {} opens {}", self.job(*job), self.who(*account), short(root))
            }
            Event::DisputeOpened { job, challenger, accused, steps } => format!(
                "{}: DISPUTE, {} says that {} is wrong somewhere in {steps} steps",
                self.job(*job),
                self.who(*challenger),
                self.who(*accused),
            ),
            Event::ChildRejected { job, challenger, node, .. } => {
                let place = self.place(*job, *node);
                format!("{}: {} narrows it to {place}", self.job(*job), self.who(*challenger))
            }
            Event::StepRefined { job, node, .. } => {
                let place = self.place(*job, *node);
                format!("{}: the provider shows finer steps within {place}", self.job(*job))
            }
            Event::StepJudged { job, node, ruling } => {
                let verdict = match ruling {
                    Ruling::Holds => "holds",
                    Ruling::Fails => "is WRONG",
                    Ruling::Unheard => "says nothing: the evidence does not reach",
                };
                let place = self.place(*job, *node);
                format!("{}: the referee re-executes {place}: it {verdict}", self.job(*job))
            }
            Event::DisputeClosed { job, challenger, accused, moves, loser, reason, .. } => {
                let loser = match loser {
                    Loser::Accused => format!("{} loses", self.who(*accused)),
                    Loser::Challenger => format!("{} loses", self.who(*challenger)),
                    Loser::Nobody => "nobody loses".into(),
                };
                let why = match reason {
                    LossReason::StepFails => "the step fails",
                    LossReason::StepHolds => "the step holds",
                    LossReason::ClockRanOut => "its clock ran out",
                    LossReason::Moot => "another dispute decided",
                };
                let moves = count((*moves).into(), "move");
                format!("{}: dispute over after {moves}, {loser} ({why})", self.job(*job))
            }
            _ => return None,
        })
    }

    /// What is to be said of an accepted job whose result is a lie, or whose program stopped.
    fn remark(&self, job: JobId, outcome: Outcome) -> String {
        match (self.lies.get(&job), outcome) {
            (Some(liar), Outcome::Accepted) => {
                format!("; a lie passed: {} was paid for a wrong result", self.who(*liar))
            }
            (None, Outcome::Accepted) if self.stopped.contains(&job) => {
                "; FAULT: the program stopped by itself".to_owned()
            }
            _ => String::new(),
        }
    }

    fn consequences(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::Jailed { account, until, .. } => {
                format!("{} is jailed until {}", self.who(*account), self.clock.epoch(*until))
            }
            Event::AuditMissed { job, account } => {
                format!("{}: {} missed its audit", self.job(*job), self.who(*account))
            }
            Event::SlashPending { offence, account, amount, execute_at, .. } => format!(
                "SLASH {} loses {} for {}, paid out in {}",
                self.who(*account),
                tokens(*amount),
                word(offence),
                self.clock.epoch(*execute_at),
            ),
            Event::Slashed { offence, account, waterfall, .. } => format!(
                "SLASH {}: {} for {}: {}",
                self.who(*account),
                tokens(waterfall.amount),
                word(offence),
                parts(waterfall),
            ),
            Event::SlashReversed { account, amount, .. } => {
                format!("SLASH undone: {} gets {} back", self.who(*account), tokens(*amount))
            }
            Event::Paid { job, account, amount, .. } => {
                format!("{}: {} earns {}", self.job(*job), self.who(*account), tokens(*amount))
            }
            Event::JobClosed { job, outcome, reason, refunded, .. } => format!(
                "{}: {} ({}), {} back to the requester{}",
                self.job(*job),
                word(outcome),
                word(reason),
                tokens(*refunded),
                self.remark(*job, *outcome),
            ),
            _ => return None,
        })
    }
}

/// What is to be said of how a program ended, after the gas it used.
fn how_it_ended(output: &earnest_protocol::Digest, ending: Option<Ending>) -> String {
    match ending {
        Some(Ending::Exited(code)) => format!(": the program exited with {code}"),
        Some(Ending::Halted) => ": FAULT, halted at the work bound".to_owned(),
        ending if has_stopped(Some(output), ending) => {
            ": FAULT, the program stopped by itself".to_owned()
        }
        _ => String::new(),
    }
}

/// The job that an event is about, if it names one.
pub fn job_of(event: &Event) -> Option<JobId> {
    let value = serde_json::to_value(event).ok()?;
    serde_json::from_value(value.get("job")?.clone()).ok()
}

/// Where a node's leaves lie.
fn place(node: Node, steps: u64) -> String {
    let finer = u32::from(node.level.saturating_sub(depth(steps))).saturating_mul(4);
    if finer > 0 {
        return format!("a part of step {}", node.index.checked_shr(finer).unwrap_or(0));
    }
    let below = u32::from(depth(steps).saturating_sub(node.level)).saturating_mul(4);
    let first = node.index.checked_shl(below).unwrap_or(u64::MAX);
    let last = first.saturating_add((1u64 << below.min(63)).saturating_sub(1)).min(steps);
    if first == last { format!("step {first}") } else { format!("steps {first} to {last}") }
}

/// Who got what of a slash, in words.
pub fn parts(waterfall: &Waterfall) -> String {
    let named = [
        ("to its customer", waterfall.compensation),
        ("to who convicted it", waterfall.reporter),
        ("burnt", waterfall.burnt),
        ("to the insurance", waterfall.insurance),
        ("to the validators", waterfall.judges),
    ];
    let shown: Vec<String> = named
        .into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(name, amount)| format!("{} {name}", money::show(amount)))
        .collect();
    shown.join(", ")
}

fn short(digest: &earnest_protocol::Digest) -> String {
    digest.to_string().chars().take(10).collect()
}

/// The word that a value has on the wire, with spaces.
pub fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).ok();
    let text = text.as_ref().and_then(|value| value.as_str());
    text.unwrap_or("?").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispute_narrows_from_all_steps_to_one() {
        let at = |level, index| place(Node { level, index }, 306);
        assert_eq!(at(0, 0), "steps 0 to 306");
        assert_eq!(at(1, 1), "steps 256 to 306");
        assert_eq!(at(2, 18), "steps 288 to 303");
        assert_eq!(at(3, 290), "step 290");
    }
}
