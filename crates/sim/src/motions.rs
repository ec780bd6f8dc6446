//! Motions: what became of each proposal of a scenario, and who said what to it.
//!
//! Laws: what is told of a vote is read from the ledger's own rows, while they are there; the
//! powers of all groups, and of whoever is in none, add up to the tally.
//! Not here: which there are (`scenario`), who votes (`agents`), what a vote comes to
//! (`earnest-protocol`).

use earnest_protocol::{
    AccountId, Amount, Epoch, ProposalId, State,
    command::{BallotChoice, ParamChange},
    governance::{Defeat, Ending, Tally},
    params::BrokenRelation,
};

use crate::scenario::Motion;

/// What became of one motion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Its number on the ledger, once it was proposed.
    pub proposal: Option<ProposalId>,
    /// Where it stands.
    pub fate: Fate,
    /// The epoch whose opening began its voting.
    pub opened: Option<Epoch>,
    /// The epoch whose opening ended it.
    pub closed: Option<Epoch>,
    /// The epoch whose opening put it in force.
    pub adopted: Option<Epoch>,
    /// All power that could vote.
    pub power: Amount,
    /// What was said, in the end or so far.
    pub tally: Tally,
    /// Did its quorum come late, so that its voting was made longer?
    pub is_extended: bool,
    /// Jobs that were open when it came in force: they keep the rules that they began with.
    pub live: u64,
    /// What each group said, in the order of the scenario.
    pub groups: Vec<Said>,
}

/// Where a motion stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fate {
    /// It was not proposed.
    #[default]
    Unproposed,
    /// The rules refused it, for this reason.
    Refused(String),
    /// Its voting has not begun.
    Pending,
    /// It is voted on.
    Active,
    /// It was voted down.
    Defeated(Defeat),
    /// It was accepted and waits.
    Queued,
    /// It was accepted, and did not fit in time.
    Expired(BrokenRelation),
    /// It is in force.
    Adopted,
}

/// What the members of a group said to a motion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// How many of them have a ballot that counts.
    pub ballots: u64,
    /// The power behind each answer.
    pub tally: Tally,
}

/// One ballot, as it was cast.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// About which motion, by its place in the scenario.
    pub motion: usize,
    /// Whose: group and place in it.
    pub group: u16,
    /// Place in the group.
    pub place: u32,
    /// What it says.
    pub choice: BallotChoice,
    /// What counted for it then, in base units.
    pub power: Amount,
    /// In which block.
    pub height: u64,
    /// In which epoch.
    pub epoch: u64,
}

/// What tells a motion from others: which there are, whose it is, what it changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) all: &'a [Motion],
    pub(crate) by: usize,
    pub(crate) changes: &'a [ParamChange],
}

/// All of a run, by their places in the scenario.
#[derive(Clone, Debug, Default)]
pub(crate) struct Motions(Vec<Course>);

impl Fate {
    /// It in a word, and why.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Fate::Unproposed => ("unproposed", String::new()),
            Fate::Refused(why) => ("refused", why.clone()),
            Fate::Pending => ("pending", String::new()),
            Fate::Active => ("active", String::new()),
            Fate::Defeated(why) => ("defeated", format!("{why:?}")),
            Fate::Queued => ("queued", String::new()),
            Fate::Expired(why) => ("expired", format!("{:?}", why.relation)),
            Fate::Adopted => ("adopted", String::new()),
        }
    }
}

impl Motions {
    /// So many of which nobody has heard.
    pub(crate) fn new(count: usize) -> Motions {
        Motions(vec![Course::default(); count])
    }

    /// The place of a proposal.
    pub(crate) fn place(&self, id: ProposalId) -> Option<usize> {
        self.0.iter().position(|course| course.proposal == Some(id))
    }

    /// One by its place.
    pub(crate) fn at(&self, place: usize) -> Option<&Course> {
        self.0.get(place)
    }

    /// The course of a proposal.
    pub(crate) fn of_mut(&mut self, id: ProposalId) -> Option<&mut Course> {
        let place = self.place(id)?;
        self.0.get_mut(place)
    }

    /// The first of a group that nobody has heard of, and that has these changes.
    fn unheard(&mut self, asked: Asked<'_>) -> Option<&mut Course> {
        let Asked { all, by, changes } = asked;
        let is_it = |(course, motion): &(&mut Course, &Motion)| {
            let is_new = course.fate == Fate::Unproposed;
            is_new && motion.by == by && motion.changes == changes
        };
        let new = self.0.iter_mut().zip(all).filter(is_it);
        new.min_by_key(|(_, motion)| motion.at).map(|(course, _)| course)
    }

    /// It was proposed.
    pub(crate) fn propose(&mut self, asked: Asked<'_>, id: ProposalId) {
        if let Some(course) = self.unheard(asked) {
            (course.proposal, course.fate) = (Some(id), Fate::Pending);
        }
    }

    /// The rules refused it.
    pub(crate) fn refuse(&mut self, asked: Asked<'_>, why: String) {
        if let Some(course) = self.unheard(asked) {
            course.fate = Fate::Refused(why);
        }
    }

    /// What became of all of them, told from the ledger as far as their votes are on.
    pub(crate) fn told(
        &self,
        state: &State,
        (groups, group): (usize, impl Fn(AccountId) -> Option<usize>),
    ) -> Vec<Course> {
        let mut all = self.0.clone();
        for course in all.iter_mut().filter(|course| course.closed.is_none()) {
            course.count(state, (groups, &group));
        }
        all
    }
}

impl Course {
    /// Reads from the ledger what was said.
    pub(crate) fn count(
        &mut self,
        state: &State,
        (groups, group): (usize, &dyn Fn(AccountId) -> Option<usize>),
    ) {
        self.groups = vec![Said::default(); groups];
        let Some(row) = self.proposal.and_then(|id| state.proposal(id)) else { return };
        (self.tally, self.power) = (row.tally, row.power);
        self.is_extended = row.ending == Ending::Extended;
        for (_, ballot) in state.ballots(row) {
            let Some((choice, group)) = ballot.choice.zip(group(ballot.account)) else { continue };
            let said = &mut self.groups[group];
            said.ballots += 1;
            let place = match choice {
                BallotChoice::Yes => &mut said.tally.yes,
                BallotChoice::No => &mut said.tally.no,
                BallotChoice::Abstain => &mut said.tally.abstain,
                BallotChoice::Veto => &mut said.tally.veto,
            };
            *place = place.saturating_add(ballot.counted());
        }
    }
}
