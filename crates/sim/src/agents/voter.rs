//! Voters: who has a say proposes and votes, whatever else it does; holders do nothing else.
//!
//! Law: a ballot is cast once; what a vote comes to is asked of the rules.
//! Not here: what became of a proposal (`motions`).

use earnest_protocol::{
    Amount, Command, Digest, Epoch, Epochs, Event, Height, ProposalId, RawParams, Role,
    command::{BallotChoice, CastBallot, LockBond, Propose},
    governance::{Proposal, ProposalStage},
};

use crate::{
    luck::{Entity, Purpose},
    scenario::{Motion, Says, Voters, Votes, When},
    view::{Deeds, Reminder, View},
};

/// One who has stake, and works for nobody.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    habits: Voters,
}

impl Holder {
    /// One with the habits of its group.
    pub fn new(habits: Voters) -> Holder {
        Holder { habits }
    }

    pub(super) fn begin(&self, deeds: &mut Deeds) {
        let Voters { bond: amount, lock_epochs: epochs } = self.habits;
        if epochs != Epochs::ZERO {
            deeds.send(Command::LockBond(LockBond { role: Role::Provider, amount, epochs }));
        }
    }
}

/// What somebody does about proposals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voter<'s> {
    me: Entity,
    /// What it says, if it votes.
    votes: Option<Votes>,
    /// What it is paid for.
    role: Option<Role>,
    /// All motions, and the place of its group if it proposes for it.
    motions: &'s [Motion],
    proposes: Option<usize>,
}

impl<'s> Voter<'s> {
    /// A member of a group that votes, or one that proposes for the group at a place.
    pub(crate) fn new(
        me: Entity,
        (votes, role): (Option<Votes>, Option<Role>),
        (motions, proposes): (&'s [Motion], Option<usize>),
    ) -> Voter<'s> {
        Voter { me, votes, role, motions, proposes }
    }

    /// Does it vote at all?
    pub(crate) fn has_say(&self) -> bool {
        self.votes.is_some()
    }

    pub(crate) fn begin(&self, deeds: &mut Deeds) {
        for (place, motion) in self.motions.iter().enumerate() {
            if self.proposes == Some(motion.by) {
                deeds.remind(Height::new(motion.at), Reminder::Propose(place));
            }
        }
    }

    /// Decides whether it has a say in a vote that has begun, and when.
    pub(crate) fn hear(&self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        let Event::VotingOpened { proposal, closes, .. } = *event else { return };
        let Some((place, votes)) = view.motions().place(proposal).zip(self.votes) else { return };
        let token = self.motions[place].token();
        if !view.draw(self.me, token, Purpose::Turnout).chance(votes.turnout) {
            return;
        }
        let (now, end) = (view.height().count(), view.first_block(closes).count());
        let at = match votes.when {
            When::During => {
                let wait = view.draw(self.me, token, Purpose::Ballot);
                now.saturating_add(wait.below(end.saturating_sub(now)))
            }
            When::Last => end.saturating_sub(1),
            When::Alarmed => now,
        };
        deeds.remind(Height::new(at), Reminder::Vote(place));
    }

    pub(crate) fn remember(&self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        match reminder {
            Reminder::Propose(place) => {
                let changes = self.motions[place].changes.clone();
                deeds.send(Command::Propose(Propose { changes, audit: Digest::ZERO }));
            }
            Reminder::Vote(place) => self.vote(view, place, deeds),
            _ => {}
        }
    }

    fn vote(&self, view: &View<'_>, place: usize, deeds: &mut Deeds) {
        let id = view.motions().at(place).and_then(|course| course.proposal);
        let Some((id, row)) = id.and_then(|id| Some((id, view.state().proposal(id)?))) else {
            return;
        };
        let Some(votes) = self.votes.filter(|_| row.stage == ProposalStage::Active) else { return };
        if votes.when == When::Alarmed && !would_pass(view, row) {
            let next = view.state().epoch().count().saturating_add(1);
            deeds.remind(view.first_block(Epoch::new(next)), Reminder::Vote(place));
            return;
        }
        if let Some(choice) = self.choice(view, (votes.says, row)) {
            deeds.send(ballot(id, choice));
        }
    }

    /// What it says to a proposal, if anything.
    fn choice(&self, view: &View<'_>, (says, row): (Says, &Proposal)) -> Option<BallotChoice> {
        if let Some(choice) = says.always() {
            return Some(choice);
        }
        let then = view.state().proposed_params(row).ok()?;
        let now = RawParams::from(*view.state().params());
        let [before, after] = [now, then].map(|rules| self.pay(view, &rules));
        match after.cmp(&before) {
            core::cmp::Ordering::Greater => Some(BallotChoice::Yes),
            core::cmp::Ordering::Less => Some(BallotChoice::No),
            core::cmp::Ordering::Equal => None,
        }
    }

    /// What its role has of a job as they are posted: of the ceiling, less the protocol's take, or
    /// for an audit.
    fn pay(&self, view: &View<'_>, rules: &RawParams) -> Option<Amount> {
        let terms = view.terms();
        match self.role? {
            Role::Provider => Some(rules.market.take.complement().amount_floor(terms.price_max)),
            Role::Validator => rules.market.tariff(terms.task.gas_bound),
            Role::Replica | Role::Access => None,
        }
    }
}

fn ballot(proposal: ProposalId, choice: BallotChoice) -> Command {
    Command::CastBallot(CastBallot { proposal, choice })
}

/// Would it be accepted if its voting ended now?
fn would_pass(view: &View<'_>, row: &Proposal) -> bool {
    let rules = view.state().proposal_params(row);
    rules.is_some_and(|rules| row.tally.decide(row.power, rules.governance()).is_ok())
}
