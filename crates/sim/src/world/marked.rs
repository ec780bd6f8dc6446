//! One job of a world, marked to be followed: up to its draw, and under another draw.
//!
//! Law: a world under another draw is what it would have been, had the requester sealed another
//! preimage, and differs in nothing else: not in what anybody did before, nor in anybody's luck.
//! Not here: which draws there are, and how likely (`rare`).

use earnest_protocol::{
    Digest, Event, JobId, Journal, Role, State,
    ledger::Pot,
    market::Outcome,
    staking::{Operator, Standing},
};

use super::{Whisper, World, truth};
use crate::scenario::Kind;

impl<'s> World<'s> {
    /// The first open job for which a member of the group made a result up.
    pub(crate) fn first_lie(&self, group: u16) -> Option<JobId> {
        let lies = |told: Whisper| truth::first_wrong(&told.root).is_some();
        let notes = self.scene.notes.iter();
        let mut told = notes.filter(|(_, note)| note.whisper.is_some_and(lies));
        let first = told.find(|(_, note)| {
            let worker = note.engaged.last();
            let place = worker.and_then(|worker| usize::try_from(worker.raw()).ok());
            place.is_some_and(|place| self.members[place].group == group)
        });
        first.map(|(job, _)| job)
    }

    /// Will the next block draw who audits the job?
    pub(crate) fn is_drawn_next(&self, job: JobId) -> bool {
        self.state.case(job).is_some_and(|case| {
            let due = case.seed.due.map(earnest_protocol::Height::count);
            due == Some(self.state.height().count() + 1) && case.seed.preimage.is_some()
        })
    }

    /// Was it drawn already, or is it too late for that?
    pub(crate) fn is_past_its_draw(&self, job: JobId) -> bool {
        let case = self.state.case(job);
        case.is_none_or(|case| case.seed.drawn.is_some() || case.seed.withheld.is_some())
    }

    /// The state in which the requester of a job had sealed another preimage.
    pub(crate) fn state_under(&self, job: JobId, preimage: &Digest) -> Option<State> {
        self.state.with_preimage(job, preimage)
    }

    /// Will the next block spare the job an audit under this preimage? A hash, and no more.
    pub(crate) fn is_spared_under(&self, job: JobId, preimage: &Digest) -> bool {
        let beacon = self.beacon.clone().head(self.state.height().count() + 1).beacon;
        beacon.is_some_and(|beacon| !self.state.is_audited_under(job, &beacon, preimage))
    }

    /// How many seats a purse gets when the next block draws the job's auditors from this state.
    pub(crate) fn seats_in(&self, state: &State, job: JobId, purse: &str) -> Option<u32> {
        let (mut branch, mut journal) = (state.clone(), Journal::default());
        let head = self.beacon.clone().head(self.state.height().count() + 1);
        branch.open_block(&head, &mut journal).ok()?;
        let is_own = |place: usize| {
            let member = self.members.get(place);
            member.is_some_and(|m| self.scenario.groups[usize::from(m.group)].purse == purse)
        };
        journal.events.iter().find_map(|event| match event {
            Event::AuditDrawn { job: drawn, auditors, vacant: 0, .. } if *drawn == job => {
                let places = auditors.iter().filter_map(|id| usize::try_from(id.raw()).ok());
                u32::try_from(places.filter(|place| is_own(*place)).count()).ok()
            }
            _ => None,
        })
    }

    /// The same world over another state.
    pub(crate) fn over(&self, state: State) -> World<'s> {
        World { state, ..self.clone() }
    }

    /// How the job ended, while its row is there.
    pub(crate) fn ended(&self, job: JobId) -> Option<Outcome> {
        Some(self.state.job(job)?.closed.as_ref()?.outcome)
    }

    /// Does every validator weigh the same, and can each lock what a seat of the job locks?
    pub(crate) fn weighs_alike(&self, job: JobId) -> bool {
        let Some(order) = self.state.order(job) else { return false };
        let mut stake = None;
        self.people().filter(|(group, ..)| self.is_validator(*group)).all(|(_, _, account)| {
            let id = self.state.operator_id(account, Role::Validator);
            let row = id
                .and_then(|id| Some((self.state.balance(Pot::Bond(id)), self.state.operator(id)?)));
            row.is_some_and(|(free, row): (_, &Operator)| {
                row.standing == Standing::Active
                    && free >= order.audit_lock
                    && *stake.get_or_insert(row.stake) == row.stake
            })
        })
    }

    fn is_validator(&self, group: u16) -> bool {
        matches!(self.scenario.groups[usize::from(group)].kind, Kind::Validators(_))
    }
}
