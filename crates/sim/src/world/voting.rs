//! Votes of a world: who proposes and votes, and what is kept of it.
//!
//! Law: what nobody puts to the vote costs a world nothing.
//! Not here: what somebody votes (`agents`), what is told of a vote (`motions`).

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Command, Event, ProposalId, Rejected, governance::ProposeRejected,
};

use super::{Cast, Course, Entity, Fate, RunError, View, World, reason};
use crate::{
    agents::Voter,
    motions::{Asked, Motions},
    scenario::Scenario,
    view::{Deeds, Reminder},
};

/// Everyone who has a say, by place.
pub(super) type Voters<'s> = BTreeMap<usize, Voter<'s>>;

/// Whoever votes or proposes, if anything is put to the vote.
pub(super) fn voters(scenario: &Scenario) -> Voters<'_> {
    let mut voters = Voters::new();
    let mut first = 0;
    for (index, group) in scenario.groups.iter().enumerate() {
        let proposes = scenario.motions.iter().any(|motion| motion.by == index);
        for place in 0..group.count {
            let speaks = (proposes && place == 0).then_some(index);
            if scenario.votes() && (group.votes.is_some() || speaks.is_some()) {
                let at = first + place as usize;
                let me = Entity::new(&group.name, place);
                let says = (group.votes, group.kind.paid_as());
                voters.insert(at, Voter::new(me, says, (&scenario.motions, speaks)));
            }
        }
        first += group.count as usize;
    }
    voters
}

/// Nothing of any vote yet.
pub(super) fn motions(scenario: &Scenario) -> Motions {
    Motions::new(scenario.motions.len())
}

impl World<'_> {
    /// What became of everything that was to be put to the vote, in the order of the scenario.
    pub fn motions(&self) -> Vec<Course> {
        self.scene.motions.told(&self.state, (self.scenario.groups.len(), |id| self.group(id)))
    }

    /// The ballots of the last block.
    pub fn cast(&self) -> &[Cast] {
        &self.cast
    }

    /// The group of an account's member.
    fn group(&self, id: AccountId) -> Option<usize> {
        let place = usize::try_from(id.raw()).ok()?;
        self.members.get(place).map(|member| usize::from(member.group))
    }

    /// Lets whoever has a say begin.
    pub(super) fn begin_votes(&mut self) -> Result<(), RunError> {
        let places: Vec<usize> = self.voters.keys().copied().collect();
        for place in places {
            self.say(place, |voter, _, deeds| voter.begin(deeds))?;
        }
        Ok(())
    }

    /// Reminds somebody of a proposal; false if it was reminded of something else.
    pub(super) fn remind(&mut self, place: usize, reminder: Reminder) -> Result<bool, RunError> {
        let is_ours = matches!(reminder, Reminder::Propose(_) | Reminder::Vote(_));
        if is_ours {
            self.say(place, |voter, view, deeds| voter.remember(view, reminder, deeds))?;
        }
        Ok(is_ours)
    }

    /// Tells everyone who has a say that a vote has begun.
    pub(super) fn call(&mut self, event: &Event) -> Result<(), RunError> {
        if !matches!(event, Event::VotingOpened { .. }) {
            return Ok(());
        }
        let voters = self.voters.iter().filter(|(_, voter)| voter.has_say());
        let places: Vec<usize> = voters.map(|(place, _)| *place).collect();
        for place in places {
            self.say(place, |voter, view, deeds| voter.hear(view, event, deeds))?;
        }
        Ok(())
    }

    /// Lets somebody who has a say use it.
    fn say(
        &mut self,
        place: usize,
        act: impl FnOnce(&Voter<'_>, &View<'_>, &mut Deeds),
    ) -> Result<(), RunError> {
        if let Some(voter) = self.voters.get(&place) {
            let view = View { state: &self.state, scenario: self.scenario, scene: &self.scene };
            act(voter, &view, &mut self.deeds);
            self.carry_out(place)?;
        }
        Ok(())
    }

    /// Keeps why nothing was proposed.
    pub(super) fn count_refused(&mut self, place: usize, command: &Command, why: &Rejected) {
        if let Command::Propose(refused) = command {
            let (all, by) = (&self.scenario.motions[..], usize::from(self.members[place].group));
            let asked = Asked { all, by, changes: &refused.changes };
            let why = match why {
                Rejected::Propose(ProposeRejected::RelationBroken(broken)) => {
                    format!("RelationBroken/{:?}", broken.relation)
                }
                why => reason(why),
            };
            self.scene.motions.refuse(asked, why);
        }
    }

    /// Keeps what happens to proposals.
    pub(super) fn count_votes(&mut self, event: &Event) {
        let epoch = self.state.epoch();
        match *event {
            Event::Proposed { proposal, account, .. } => {
                let row = self.state.proposal(proposal);
                if let Some((row, by)) = row.zip(self.group(account)) {
                    let (all, changes) = (&self.scenario.motions[..], row.matter.changes());
                    self.scene.motions.propose(Asked { all, by, changes }, proposal);
                }
            }
            Event::VotingOpened { proposal, .. } => {
                self.mark(proposal, |course| {
                    (course.fate, course.opened) = (Fate::Active, Some(epoch));
                });
            }
            Event::BallotCast { proposal, account, choice, power } => {
                let motion = self.scene.motions.place(proposal);
                let place = usize::try_from(account.raw()).ok();
                let member = place.and_then(|place| self.members.get(place));
                if let Some((motion, member)) = motion.zip(member) {
                    let (group, place) = (member.group, member.place);
                    let (height, epoch) = (self.state.height().count(), epoch.count());
                    self.cast.push(Cast { motion, group, place, choice, power, height, epoch });
                }
            }
            Event::ProposalQueued { proposal, .. } => self.close(proposal, Fate::Queued),
            Event::ProposalDefeated { proposal, why } => {
                self.close(proposal, Fate::Defeated(why));
            }
            Event::ProposalExecuted { proposal, .. } => {
                let live = self.state.job_counts().open;
                self.mark(proposal, |course| {
                    (course.fate, course.adopted) = (Fate::Adopted, Some(epoch));
                    course.live = live;
                });
            }
            Event::ProposalExpired { proposal, broken } => {
                self.mark(proposal, |course| course.fate = Fate::Expired(broken));
            }
            _ => {}
        }
    }

    fn mark(&mut self, id: ProposalId, with: impl FnOnce(&mut Course)) {
        if let Some(course) = self.scene.motions.of_mut(id) {
            with(course);
        }
    }

    /// A vote is over: what was said is read while the ballots are there.
    fn close(&mut self, id: ProposalId, fate: Fate) {
        let mut course = self.scene.motions.of_mut(id).cloned().unwrap_or_default();
        course.count(&self.state, (self.scenario.groups.len(), &|id| self.group(id)));
        (course.fate, course.closed) = (fate, Some(self.state.epoch()));
        self.mark(id, |kept| *kept = course);
    }
}
