//! Views of governance: proposals, how they stand, and who said what.
//!
//! Law: as of all views, nothing is said that the state does not say.

use earnest_protocol::{
    AccountId, Amount, BallotId, Digest, Epoch, ProposalId, SlashId, State,
    command::BallotChoice,
    governance::{Defeat, Ending, Forum, ProposalStage, Tally},
    ledger::Pot,
    params::BrokenRelation,
};
use serde::{Deserialize, Serialize};

use crate::{AccountRef, views::account_ref};

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalView {
    /// Its number.
    pub id: ProposalId,
    /// Who proposed it.
    pub account: AccountRef,
    /// What it changes; an appeal changes nothing.
    pub changes: Vec<ChangeView>,
    /// The slashes that wait for it, if it is an appeal; none once it is over.
    pub appeal: Option<AppealView>,
    /// Who decides it.
    pub forum: Forum,
    /// What members of the council said.
    pub council: Vec<CouncilBallotView>,
    /// The hash of a report about it, if there is one.
    pub audit: Option<Digest>,
    /// Where it stands.
    pub stage: ProposalStage,
    /// The epoch that ends this stage; of one that is over, when its row begins to leave.
    pub due: Epoch,
    /// The epoch whose opening its voters' power is of.
    pub electorate: Option<Epoch>,
    /// Was its voting made longer, because the quorum came late?
    pub ending: Ending,
    /// All power that could vote, in base units of stake.
    pub power: Amount,
    /// What was said so far.
    pub tally: Tally,
    /// All power that voted.
    pub turnout: Amount,
    /// The turnout that it needs; none once it is over.
    pub quorum: Option<Amount>,
    /// Why it would be defeated if its vote ended now; none if it would be accepted.
    pub lacks: Option<Defeat>,
    /// Which relation would be broken if it came into force now, beside what is alive.
    pub broken: Option<BrokenRelation>,
}

/// What one member of the council says to one proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilBallotView {
    /// The member.
    pub account: AccountRef,
    /// What it says.
    pub choice: BallotChoice,
}

/// What an appeal is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealView {
    /// The slash that was appealed against.
    pub slash: SlashId,
    /// All that wait with it: convicted on the same program and root.
    pub slashes: Vec<SlashId>,
    /// What they hold, in base units: all that is given back if it is granted.
    pub held: Amount,
}

/// A parameter's new value beside the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// Which parameter, such as `verification.margin`.
    pub path: String,
    /// What is proposed, in its own unit.
    pub value: u64,
    /// What is in force now, in its own unit.
    pub present: u64,
}

/// What one account says to one proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotView {
    /// Its number.
    pub id: BallotId,
    /// About which proposal.
    pub proposal: ProposalId,
    /// Whose it is.
    pub account: AccountRef,
    /// What it says; none if only its delegators voted.
    pub choice: Option<BallotChoice>,
    /// The power that counts for it, in base units of stake.
    pub counted: Amount,
    /// What those who delegate to it vote with themselves.
    pub overridden: Amount,
}

/// A proposal; none some time after it was over.
pub fn proposal(state: &State, id: ProposalId) -> Option<ProposalView> {
    let row = state.proposal(id)?;
    let present = earnest_protocol::RawParams::from(*state.params());
    let change = |change: &earnest_protocol::command::ParamChange| ChangeView {
        path: change.path.clone(),
        value: change.value,
        present: present.value(&change.path).unwrap_or_default(),
    };
    let rules = state.proposal_params(row).map(|params| *params.governance());
    let by_stake = rules.filter(|_| row.forum == Forum::Stake);
    let lacks = by_stake.and_then(|rules| row.tally.decide(row.power, &rules).err());
    let said = |&(member, choice): &(AccountId, BallotChoice)| CouncilBallotView {
        account: account_ref(state, member),
        choice,
    };
    let appeal = row.matter.appeals().map(|slash| {
        let slashes = state.appealed_by(id);
        let held = slashes.iter().map(|slash| state.balance(Pot::Slash(*slash)));
        let held = held.fold(Amount::ZERO, Amount::saturating_add);
        AppealView { slash, slashes, held }
    });
    let broken = row.stage.is_open().then(|| state.proposed_params(row).err()).flatten();
    Some(ProposalView {
        id,
        account: account_ref(state, row.account),
        changes: row.matter.changes().iter().map(change).collect(),
        appeal,
        forum: row.forum,
        council: row.council.iter().map(said).collect(),
        audit: row.audit,
        stage: row.stage,
        due: row.due,
        electorate: row.electorate,
        ending: row.ending,
        power: row.power,
        tally: row.tally,
        turnout: row.tally.turnout(),
        quorum: by_stake.map(|rules| rules.quorum.amount_ceil(row.power)),
        lacks,
        broken,
    })
}

/// A ballot; none some time after its vote was over.
pub fn ballot(state: &State, id: BallotId) -> Option<BallotView> {
    let row = state.ballot(id)?;
    Some(BallotView {
        id,
        proposal: row.proposal,
        account: account_ref(state, row.account),
        choice: row.choice,
        counted: row.counted(),
        overridden: row.overridden,
    })
}
