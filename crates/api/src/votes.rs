//! Views of governance: proposals, how they stand, and who said what.
//!
//! Law: as of all views, nothing is said that the state does not say.

use earnest_protocol::{
    AccountId, Amount, Asset, BallotId, Digest, Epoch, Epochs, ProposalId, SlashId, State,
    command::BallotChoice,
    governance::{Defeat, Ending, Forum, ProposalStage, Spend, Tally},
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
    /// Whom it pays out of the treasury, if it is a spend.
    pub spend: Option<SpendView>,
    /// The spend that it would stop.
    pub stops: Option<ProposalId>,
    /// Who decides it.
    pub forum: Forum,
    /// What members of the council said.
    pub council: Vec<CouncilBallotView>,
    /// The hash of a report about it, if there is one.
    pub audit: Option<Digest>,
    /// What stands behind it, in base units of the asset that pays; nothing once it is over.
    pub deposit: Amount,
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

/// What an account is to have of the treasury. What of it was paid, and until when, stands in the
/// proposal's stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendView {
    /// Who is paid.
    pub payee: AccountRef,
    /// In which asset.
    pub asset: Asset,
    /// How much was asked, in base units.
    pub amount: Amount,
    /// Over how many epochs, in equal parts.
    pub epochs: Epochs,
    /// What is due of it now and was not paid; none unless it runs.
    pub due: Option<Amount>,
    /// The proposal that is open to stop it.
    pub stop: Option<ProposalId>,
}

/// What the network has for itself, and who is to have some of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreasuryView {
    /// What there is, one row for each asset.
    pub pots: Vec<TreasuryPotView>,
    /// Spends that are proposed or run.
    pub open: u32,
    /// How many may be.
    pub limit: u32,
    /// These spends, the first first.
    pub spends: Vec<ProposalView>,
}

/// What the treasury has of one asset, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreasuryPotView {
    /// Which asset.
    pub asset: Asset,
    /// All there is.
    pub balance: Amount,
    /// What spends that run have still to pay of it.
    pub promised: Amount,
    /// The most that one spend proposed now may pay.
    pub spend_most: Amount,
    /// The most that an epoch which opened now would pay.
    pub epoch_most: Amount,
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
    let spend = row.matter.spends().map(|spend| spend_view(state, (id, row.stage), spend));
    let broken = row.stage.is_open().then(|| state.proposed_params(row).err()).flatten();
    Some(ProposalView {
        id,
        account: account_ref(state, row.account),
        changes: row.matter.changes().iter().map(change).collect(),
        appeal,
        spend,
        stops: row.matter.stops(),
        forum: row.forum,
        council: row.council.iter().map(said).collect(),
        audit: row.audit,
        deposit: state.balance(Pot::Proposal(id)),
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

fn spend_view(state: &State, (id, stage): (ProposalId, ProposalStage), spend: &Spend) -> SpendView {
    let due = stage.paying().map(|payout| payout.due(spend.epochs, state.epoch()));
    let stop = state.spends_running().find(|(running, _)| *running == id);
    SpendView {
        payee: account_ref(state, spend.to),
        asset: spend.asset,
        amount: spend.amount,
        epochs: spend.epochs,
        due,
        stop: stop.and_then(|(_, stop)| stop),
    }
}

/// What the treasury has, and who is to have some of it.
pub fn treasury(state: &State) -> TreasuryView {
    let pot = |&asset: &Asset| TreasuryPotView {
        asset,
        balance: state.balance(Pot::Treasury(asset)),
        promised: state.treasury_promised(asset),
        spend_most: state.spend_most(asset),
        epoch_most: state.spend_allowance(asset),
    };
    let open = state.proposals().filter(|(_, row)| {
        let lives = row.stage.is_open() || row.stage.paying().is_some();
        lives && row.matter.spends().is_some()
    });
    TreasuryView {
        pots: state.assets().all().iter().map(pot).collect(),
        open: state.spend_count(),
        limit: state.params().governance().spends_max,
        spends: open.filter_map(|(id, _)| proposal(state, id)).collect(),
    }
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
