//! Governance: who may change a parameter, undo a slash or spend, by which vote, and from when on.
//!
//! Key terms: a *proposal* puts a *matter* to the vote: changes of parameters, an *appeal*
//! against the slashes of one conviction that wait, a *spend* that pays an account out of the
//! treasury, or a *stop* of a spend that runs; a *ballot* is what one account says
//! to it; *power* is stake as it stood when the voting began; to *override* is to vote with what
//! one delegated, which its operator then does not.
//!
//! ```text
//!   Pending ──delay──► Active ──voting──► Queued ──timelock──► Executed
//!      └─► Cancelled     └─► Defeated        └─ relations do not hold ─► Expired
//!
//!   until stake decides alone: any of these ──council's veto──► Defeated
//!   an appeal:  Pending ──► Active ──voting──► Granted, or Defeated: the slashes are paid out
//!   a spend:    … ──► Queued ──timelock──► Paying ──last part, time, stop or council──► Spent
//!   a stop:     Pending ──► Active ──voting──► Granted, or Defeated; Cancelled if nothing is left
//! ```
//!
//! Laws: every unit of stake counts once for a proposal; what is adopted is in range and fits both
//! itself and every version that something alive is judged by (M21); what began keeps its version;
//! slashes of one conviction have one appeal, and what it gives back is what they hold.
//! What spends that run have promised is in the treasury; no epoch pays more than its share of it.
//! A council can stop a change or a spend and never make one; a pause stops new money and never
//! what is owed.
//! Rounding: quorum up (`tally`); a delegation's worth down, the dust votes with its operator.
//! Known shortcomings: who takes back all it delegated while a vote is on leaves its voice to the
//! operator; stake of jailed operators counts for the quorum's base; a hundred deposits fill the
//! list of proposals until each is voted down; an electorate is stored whole (ADR 68); who
//! delegates to an operator that is convicted alike while its appeal is voted on keeps its ballot;
//! members of a council do not change.
//! Not here: what a parameter does (its room), which relations hold (`params`), what a stake is
//! worth in votes (`staking`).

pub(crate) mod acts;
pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;
mod spend;
mod tally;

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

pub use rejected::{
    AppealSlashRejected, CancelProposalRejected, CastBallotRejected, CastCouncilBallotRejected,
    PauseRejected, ProposeRejected, ProposeSpendRejected, StopSpendRejected,
};
pub use spend::{Payout, Spend, SpendEnding, SpendTerms};
pub use tally::{Defeat, Tally};

use crate::{
    command::{BallotChoice, ParamChange, PauseLane},
    ids::{AccountId, BallotId, Digest, ParamsVersion, ProposalId, SlashId},
    num::{Amount, Epoch, Height},
    params::BrokenRelation,
    shared::Arc,
    staking::{Staking, StakingRows, TermWeight},
    table::Table,
};

/// The council proposes and may veto, and decides appeals.
pub(crate) const PHASE_COUNCIL: u8 = 0;
/// Stake decides alone; a council has no say any more.
pub(crate) const PHASE_STAKE: u8 = 2;

/// Who guards a network until its stake does alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The council's members, each once; none without a council.
    pub council: Vec<AccountId>,
    /// How many of them speak for it.
    pub threshold: u8,
    /// Who may pause lanes, and the height from which it may not.
    pub guardian: Option<(AccountId, Height)>,
}

/// One pause of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub since: Height,
    /// The first block that it does not stop.
    pub until: Height,
}

/// The last pause of each lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pauses {
    jobs: Option<Pause>,
    delegations: Option<Pause>,
}

impl Pauses {
    pub(crate) fn of(&self, lane: PauseLane) -> Option<Pause> {
        match lane {
            PauseLane::Jobs => self.jobs,
            PauseLane::Delegations => self.delegations,
        }
    }

    fn set(&mut self, lane: PauseLane, pause: Pause) {
        let place = match lane {
            PauseLane::Jobs => &mut self.jobs,
            PauseLane::Delegations => &mut self.delegations,
        };
        *place = Some(pause);
    }
}

/// Who decides a matter: one forum, from its beginning to its end (M32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forum {
    /// All stake that votes.
    Stake,
    /// The council.
    Council,
}

/// What a proposal is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// Parameters get new values.
    Changes(Vec<ParamChange>),
    /// This slash is undone, and all that wait with it, convicted on the same program and root.
    Appeal(SlashId),
    /// An account is paid out of the treasury.
    Spend(Spend),
    /// This spend, which runs, pays nothing more.
    Stop(ProposalId),
}

/// On which list a proposal has its place, so that none keeps another kind off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Changes of parameters.
    Changes,
    /// Spends, until the last unit is paid.
    Spends,
    /// Beside both: as many as there are convictions, or spends that run.
    Beside,
}

impl Matter {
    pub(crate) fn list(&self) -> List {
        match self {
            Matter::Changes(_) => List::Changes,
            Matter::Spend(_) => List::Spends,
            Matter::Appeal(_) | Matter::Stop(_) => List::Beside,
        }
    }

    /// Whom it pays, and how much.
    pub fn spends(&self) -> Option<&Spend> {
        match self {
            Matter::Spend(spend) => Some(spend),
            Matter::Changes(_) | Matter::Appeal(_) | Matter::Stop(_) => None,
        }
    }

    /// The spend that it would stop.
    pub fn stops(&self) -> Option<ProposalId> {
        match self {
            Matter::Stop(spend) => Some(*spend),
            Matter::Changes(_) | Matter::Appeal(_) | Matter::Spend(_) => None,
        }
    }

    /// What it changes; what is about a slash or about money changes nothing.
    pub fn changes(&self) -> &[ParamChange] {
        match self {
            Matter::Changes(changes) => changes,
            Matter::Appeal(_) | Matter::Spend(_) | Matter::Stop(_) => &[],
        }
    }

    /// Does it change the phase and nothing else? Anybody may propose that, no council stops it.
    pub fn is_phase(&self) -> bool {
        is_phase(self.changes())
    }

    /// The slash that it is an appeal against.
    pub fn appeals(&self) -> Option<SlashId> {
        match self {
            Matter::Appeal(slash) => Some(*slash),
            Matter::Changes(_) | Matter::Spend(_) | Matter::Stop(_) => None,
        }
    }
}

pub(crate) fn is_phase(changes: &[ParamChange]) -> bool {
    matches!(changes, [change] if change.path == "governance.phase")
}

/// What somebody put to the vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who proposed it.
    pub account: AccountId,
    /// What it is about.
    pub matter: Matter,
    /// Who decides it.
    pub forum: Forum,
    /// What members of the council said, the first first.
    pub council: Vec<(AccountId, BallotChoice)>,
    /// The hash of a report about it, if there is one.
    pub audit: Option<Digest>,
    /// The version whose rules its vote follows; those in force when it was proposed.
    pub params: ParamsVersion,
    /// Where it stands.
    pub stage: ProposalStage,
    /// The epoch that ends this stage; of one that is over, when its row begins to leave.
    pub due: Epoch,
    /// The epoch whose opening its voters' power is of.
    pub electorate: Option<Epoch>,
    /// All power that could vote.
    pub power: Amount,
    /// What was said so far.
    pub tally: Tally,
    /// Was its voting made longer, because the quorum came late? It is once at most.
    pub ending: Ending,
    /// The last ballot about it; each knows the one before.
    pub last_ballot: Option<BallotId>,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalStage {
    /// Its voting has not begun; its proposer may cancel it.
    Pending,
    /// It is voted on.
    Active,
    /// It was accepted and waits; if the relations do not hold, until this epoch at most.
    Queued(Epoch),
    /// It is in force, as this version.
    Executed(ParamsVersion),
    /// It was voted down.
    Defeated(Defeat),
    /// It was accepted, but could not be adopted in time.
    Expired(BrokenRelation),
    /// Its proposer took it back, or the spend that it was to stop was over first.
    Cancelled,
    /// It was an appeal, and its slashes were undone; or it stopped a spend.
    Granted,
    /// It was accepted and is paid, part by part.
    Paying(Payout),
    /// It pays nothing more.
    Spent {
        /// What was paid.
        payout: Payout,
        /// Why no more is.
        why: SpendEnding,
    },
}

/// When a vote ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// When it was to.
    AsSet,
    /// Later, since the quorum came late.
    Extended,
}

/// What one account says to one proposal, or what its delegators took from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// About which proposal.
    pub proposal: ProposalId,
    /// Whose it is.
    pub account: AccountId,
    /// What it says; none if only its delegators voted.
    pub choice: Option<BallotChoice>,
    /// All the power it may vote with: its operators' stake, what their locks add, what was
    /// delegated to them, and what it delegated itself.
    pub power: Amount,
    /// What its operators' delegators vote with themselves.
    pub overridden: Amount,
    /// The ballot before it about the same proposal.
    pub previous: Option<BallotId>,
}

impl Ballot {
    /// The power that counts for its choice.
    pub fn counted(&self) -> Amount {
        self.power.saturating_sub(self.overridden)
    }
}

impl ProposalStage {
    /// True while money stands behind it and its rules are pinned.
    pub fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Active | Self::Queued(_) => true,
            Self::Executed(_)
            | Self::Defeated(_)
            | Self::Expired(_)
            | Self::Cancelled
            | Self::Granted
            | Self::Paying(_)
            | Self::Spent { .. } => false,
        }
    }

    /// What a spend has paid so far, while it runs.
    pub fn paying(self) -> Option<Payout> {
        match self {
            Self::Paying(payout) => Some(payout),
            _ => None,
        }
    }
}

/// Stake as it stood when an epoch opened.
#[derive(Clone, Debug)]
pub(crate) struct Electorate {
    /// Proposals that are voted on by it.
    pub(crate) proposals: u32,
    pub(crate) power: Amount,
    /// How locks count in it, if they do.
    pub(crate) locks: Option<TermWeight>,
    pub(crate) root: Digest,
    pub(crate) staking: Arc<Staking>,
}

/// Every proposal that is remembered, and what was said to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Governance {
    pub(crate) proposals: Table<Proposal>,
    pub(crate) ballots: Table<Ballot>,
    pub(crate) electorates: BTreeMap<Epoch, Electorate>,
    /// Proposals of changes that are not over; appeals are as many as convictions.
    pub(crate) open: u32,
    /// Proposals of spends that are not over, those that run included.
    pub(crate) spends: u32,
    /// Spends that run, in the order in which they began; at most as many as may be.
    pub(crate) running: Vec<Running>,
    pub(crate) guard: Guard,
    pub(crate) pauses: Pauses,
}

/// A spend that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) spend: ProposalId,
    /// What is open to stop it; one at a time.
    pub(crate) stop: Option<ProposalId>,
}

/// What of [`Governance`] is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct GovernanceRows {
    proposals: Table<Proposal>,
    ballots: Table<Ballot>,
    electorates: Vec<(Epoch, Counted, StakingRows)>,
    open: u32,
    spends: u32,
    running: Vec<Running>,
    guard: Guard,
    pauses: Pauses,
}

/// What the root covers of governance besides the tables.
pub(crate) type Globals<'a> = (Vec<Covered>, u32, (u32, &'a [Running]), &'a Guard, Pauses);

/// What an electorate is besides its rows: how many votes are by it, all power, how locks count.
pub(crate) type Counted = (u32, Amount, Option<TermWeight>);

/// An electorate as the root covers it: its epoch, what it is besides its rows, and those.
pub(crate) type Covered = (Epoch, Counted, Digest);

impl Electorate {
    fn counted(&self) -> Counted {
        (self.proposals, self.power, self.locks)
    }
}

impl Governance {
    pub(crate) fn proposal(&self, id: ProposalId) -> Option<&Proposal> {
        self.proposals.get(id.index())
    }

    fn proposal_mut(&mut self, id: ProposalId) -> &mut Proposal {
        self.proposals.get_mut(id.index()).expect("a proposal stays until its timer retires it")
    }

    pub(crate) fn ballot(&self, id: BallotId) -> Option<&Ballot> {
        self.ballots.get(id.index())
    }

    fn ballot_mut(&mut self, id: BallotId) -> &mut Ballot {
        self.ballots.get_mut(id.index()).expect("ballots stay while their proposal is voted on")
    }

    fn count_mut(&mut self, list: List) -> Option<&mut u32> {
        match list {
            List::Changes => Some(&mut self.open),
            List::Spends => Some(&mut self.spends),
            List::Beside => None,
        }
    }

    /// The stake that votes on a proposal; none before its voting begins and after it ends.
    pub(crate) fn electorate_of(&self, proposal: &Proposal) -> Option<&Electorate> {
        self.electorates.get(&proposal.electorate?)
    }

    /// What the root covers besides the tables.
    pub(crate) fn globals(&self) -> Globals<'_> {
        let covered = |(epoch, row): (&Epoch, &Electorate)| (*epoch, row.counted(), row.root);
        let electorates = self.electorates.iter().map(covered).collect();
        let spends = (self.spends, &self.running[..]);
        (electorates, self.open, spends, &self.guard, self.pauses)
    }

    pub(crate) fn rows(&self) -> GovernanceRows {
        let stored =
            |(epoch, row): (&Epoch, &Electorate)| (*epoch, row.counted(), row.staking.rows());
        GovernanceRows {
            proposals: self.proposals.clone(),
            ballots: self.ballots.clone(),
            electorates: self.electorates.iter().map(stored).collect(),
            open: self.open,
            spends: self.spends,
            running: self.running.clone(),
            guard: self.guard.clone(),
            pauses: self.pauses,
        }
    }

    pub(crate) fn restore(rows: GovernanceRows) -> Governance {
        let GovernanceRows { proposals, ballots, electorates, open, .. } = rows;
        let GovernanceRows { spends, running, guard, pauses, .. } = rows;
        let back = |(epoch, (proposals, power, locks), rows): (Epoch, Counted, StakingRows)| {
            let (staking, root) = Staking::restore_voters(rows);
            (epoch, Electorate { proposals, power, locks, root, staking: Arc::new(staking) })
        };
        let electorates = electorates.into_iter().map(back).collect();
        Governance { proposals, ballots, electorates, open, spends, running, guard, pauses }
    }
}
