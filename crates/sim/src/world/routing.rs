//! Whom an event concerns, and what is counted of it.

use earnest_protocol::{AccountId, Event, JobId, OperatorId};

use super::{
    Agent, Assignment, CLOSE_REASONS, Offence, Outcome, Phase, Role, Whisper, World, account,
    truth, units,
};

impl World<'_> {
    /// Whom an event asks for an answer, in a fixed order.
    pub(super) fn concerns(&self, event: &Event, whom: &mut Vec<AccountId>) {
        match *event {
            Event::BiddingClosed { job, .. }
            | Event::JobAccepted { job, .. }
            | Event::JobClosed { job, .. } => {
                whom.extend(self.scene.notes.get(job).into_iter().flat_map(|note| &note.engaged));
            }
            Event::JobOffered { account, .. }
            | Event::BidEvicted { account, .. }
            | Event::DelegationWithdrawn { account, .. }
            | Event::Paid { account, .. }
            | Event::Jailed { account, .. } => whom.push(account),
            Event::ResultCommitted { job, .. } => {
                whom.extend(self.state.order(job).map(|order| order.requester));
            }
            Event::AuditDrawn { ref auditors, .. } => whom.extend(auditors),
            Event::Revealing { job, .. } => {
                let seats = self.state.case(job).into_iter().flat_map(|case| &case.seats);
                let auditors = seats.filter_map(|seat| seat.account);
                whom.extend(self.assigned(job).into_iter().chain(auditors));
            }
            Event::PriceCounted { .. } => whom.extend(self.providers()),
            Event::ChallengeWindow { .. } => whom.extend(&self.watchers),
            Event::DisputeOpened { accused, .. } => whom.push(accused),
            Event::NodeOpened { job, .. } => {
                let dockets = self.state.docket(job).into_iter();
                let disputes = dockets.flat_map(|docket| &docket.disputes);
                whom.extend(disputes.filter(|d| d.ended.is_none()).map(|d| d.challenger));
            }
            Event::ChildRejected { job, .. } => whom.extend(self.assigned(job)),
            Event::DelegationSlashed { operator, .. } => whom.extend(self.fleeing(operator)),
            _ => {}
        }
    }

    /// All providers that take part.
    fn providers(&self) -> impl Iterator<Item = AccountId> {
        let agents = self.agents.iter().enumerate();
        let there = agents.filter(|(_, agent)| matches!(agent, Agent::Provider(_)));
        there.filter(|(_, agent)| agent.is_active()).map(|(place, _)| account(place))
    }

    /// Those behind an operator who do not stay after a slash.
    fn fleeing(&self, operator: OperatorId) -> impl Iterator<Item = AccountId> {
        let agents = self.agents.iter().enumerate();
        let flees = |agent: &Agent| matches!(agent, Agent::Delegator(one) if one.flees());
        let fleeing = agents.filter(move |(_, agent)| flees(agent));
        let behind = fleeing.map(|(place, _)| account(place));
        behind.filter(move |id| self.state.delegation(*id, operator).is_some())
    }

    /// Counts what happens to stake behind others' work, and keeps what can be seen of it.
    fn count_backing(&mut self, event: &Event) {
        match *event {
            Event::CommissionSet { operator, .. } => {
                self.scene.pools.open(&self.state, operator);
            }
            Event::Delegated { account, amount, .. } => {
                self.tally(account, |tally| tally.backing.put += units(amount));
            }
            Event::DelegationWithdrawn { account, amount, .. } => {
                self.tally(account, |tally| tally.backing.returned += units(amount));
            }
            Event::DelegationRewarded { account, amount, .. } => {
                self.tally(account, |tally| tally.backing.rewarded += units(amount));
            }
            Event::Redelegated { account, .. } => {
                self.tally(account, |tally| tally.backing.moves += 1);
            }
            Event::Undelegating { account, .. } => {
                self.tally(account, |tally| tally.backing.exits += 1);
            }
            Event::DelegationSlashed { operator, slash, .. } => {
                self.scene.pools.slash(&self.state, operator, slash);
            }
            _ => self.count_votes(event),
        }
    }

    fn assigned(&self, job: JobId) -> Option<AccountId> {
        self.state.phase(job).filter(|phase| *phase != Phase::Closed)?;
        let (_, Assignment { account, .. }) = self.state.assignment_of(job)?;
        Some(*account)
    }

    /// Counts an event, and keeps what is to be known of it.
    pub(super) fn count(&mut self, event: &Event) {
        match *event {
            Event::JobPosted { job, .. } => {
                self.scene.board.push(job);
                self.scene.notes.open(job);
            }
            Event::BidCommitted { job, account } => {
                if let Some(note) = self.scene.notes.get_mut(job) {
                    note.engaged.push(account);
                }
            }
            Event::BidEvicted { job, account } => {
                if let Some(note) = self.scene.notes.get_mut(job) {
                    note.engaged.retain(|bidder| *bidder != account);
                }
            }
            Event::BiddingClosed { job, .. } => self.scene.take_down(job),
            Event::JobAccepted { account, .. } => self.tally(account, |tally| tally.taken += 1),
            Event::ResultCommitted { job, account, .. } => self.listen(job, account),
            Event::AuditDrawn { job, .. } => {
                if let Some(note) = self.scene.notes.get_mut(job) {
                    note.is_audited = true;
                }
            }
            Event::PriceCounted { .. } => self.rounds[0] += 1,
            Event::PriceMissed { .. } => self.rounds[1] += 1,
            Event::AuditMissed { account, .. } => {
                self.tally(account, |tally| tally.missed += 1);
            }
            Event::Paid { account, amount, role, .. } => {
                let worked = role == Role::Provider;
                let place = usize::try_from(account.raw()).ok();
                if let Some(member) = place.and_then(|place| self.members.get_mut(place)) {
                    member.income += if worked { units(amount) } else { 0 };
                }
                self.scene.pools.pay(&self.state, (account, role), amount);
                self.tally(account, |tally| {
                    tally.income += units(amount);
                    tally.paid += u64::from(worked);
                });
            }
            Event::Slashed { account, ref waterfall, offence, .. } => {
                let taken = units(waterfall.amount);
                self.tally(account, |tally| {
                    tally.slashes += 1;
                    tally.slashed += taken;
                });
                // A bid that could not be opened for want of bond is the bidder's own doing.
                if offence != Offence::BidWithholding && self.is_blameless(account) {
                    self.honest_losses += 1;
                }
            }
            Event::JobClosed { job, outcome, reason, .. } => {
                self.end(job, outcome);
                let column = CLOSE_REASONS.iter().position(|known| *known == reason);
                if let Some(column) = column {
                    self.closed[column] += 1;
                }
            }
            _ => self.count_backing(event),
        }
    }

    /// What is not needed of an event once everyone has heard of it.
    pub(super) fn forget(&mut self, event: &Event) {
        match *event {
            Event::JobAccepted { job, account, .. } => {
                if let Some(note) = self.scene.notes.get_mut(job) {
                    note.engaged.clear();
                    note.engaged.push(account);
                }
            }
            Event::JobClosed { job, .. } => {
                self.scene.notes.forget(job);
                self.scene.take_down(job);
            }
            _ => {}
        }
    }

    fn tally(&mut self, account: AccountId, with: impl FnOnce(&mut crate::tally::Tally)) {
        let place = usize::try_from(account.raw()).ok();
        if let Some(member) = place.and_then(|place| self.members.get(place)) {
            with(&mut self.tallies[usize::from(member.group)]);
        }
    }

    /// Did the account do all that the protocol asks of it?
    fn is_blameless(&self, account: AccountId) -> bool {
        let place = usize::try_from(account.raw()).ok();
        let member = place.and_then(|place| self.members.get(place));
        member.is_some_and(|member| {
            let kind = &self.scenario.groups[usize::from(member.group)].kind;
            kind.is_honest() && member.outages.is_empty()
        })
    }

    /// Keeps what a provider tells about the result it has just sealed.
    fn listen(&mut self, job: JobId, provider: AccountId) {
        let place = usize::try_from(provider.raw()).ok();
        let Some(place) = place.filter(|place| *place < self.agents.len()) else { return };
        if let Some(root) = self.agents[place].whisper(job) {
            let group = &self.scenario.groups[usize::from(self.members[place].group)];
            let purses = self.scenario.groups.iter();
            let purse = purses.take_while(|other| other.purse != group.purse).count();
            let purse = u16::try_from(purse).expect("groups have 12-bit names");
            if let Some(note) = self.scene.notes.get_mut(job) {
                note.whisper = Some(Whisper { root, purse });
            }
        }
    }

    /// Counts how a job with a result ended.
    fn end(&mut self, job: JobId, outcome: Outcome) {
        let Some(note) = self.scene.notes.get(job) else { return };
        let (Some(whisper), Some(&worker)) = (note.whisper, note.engaged.last()) else { return };
        let lies = truth::first_wrong(&whisper.root).is_some();
        let is_audited = note.is_audited;
        let gain = units(self.scenario.job.outside_gain);
        let place = usize::try_from(worker.raw()).ok().filter(|at| *at < self.members.len());
        match (lies, outcome) {
            (true, _) => {
                let passed = outcome == Outcome::Accepted;
                let gain = if passed { gain } else { 0 };
                if let Some(place) = place {
                    self.members[place].spent -= gain;
                }
                self.tally(worker, |tally| {
                    tally.lies += 1;
                    tally.convicted += u64::from(outcome == Outcome::Rejected);
                    tally.audited += u64::from(is_audited);
                    tally.gain += gain;
                });
            }
            (false, Outcome::Rejected) => {
                self.tally(worker, |tally| tally.misjudged += 1);
                let blameless = place.is_some_and(|place| self.is_blameless(account(place)));
                self.honest_losses += u64::from(blameless);
            }
            (false, _) => {}
        }
    }
}
