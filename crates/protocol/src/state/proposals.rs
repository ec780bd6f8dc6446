//! What may be read of governance.

use alloc::vec::Vec;

use crate::{
    command::PauseLane,
    governance::{Ballot, Guard, Pause, Proposal},
    ids::{Asset, BallotId, ParamsVersion, ProposalId, SlashId},
    ledger::{Assets, Pot},
    num::{Amount, Factor, Height},
    params::{BrokenRelation, Params, RawParams},
};

use super::State;

impl State {
    /// Every proposal that is remembered, in the order in which they were made.
    pub fn proposals(&self) -> impl DoubleEndedIterator<Item = (ProposalId, &Proposal)> {
        let rows = self.governance.proposals.iter();
        rows.map(|(index, row)| (ProposalId::from_index(index), row))
    }

    /// One proposal; none some time after it was over.
    pub fn proposal(&self, id: ProposalId) -> Option<&Proposal> {
        self.governance.proposal(id)
    }

    /// How many proposals there ever were.
    pub fn proposal_count(&self) -> usize {
        self.governance.proposals.len()
    }

    /// What was said to a proposal, the last first; those whose delegators alone voted included.
    pub fn ballots(&self, proposal: &Proposal) -> impl Iterator<Item = (BallotId, &Ballot)> {
        let row = |id: BallotId| Some((id, self.governance.ballot(id)?));
        let last = proposal.last_ballot.and_then(row);
        core::iter::successors(last, move |(_, ballot)| row(ballot.previous?))
    }

    /// A ballot by its number; none some time after its vote was over.
    pub fn ballot(&self, id: BallotId) -> Option<&Ballot> {
        self.governance.ballot(id)
    }

    /// How many ballots there ever were, and the first that is still there.
    pub fn ballot_range(&self) -> core::ops::Range<usize> {
        let ballots = &self.governance.ballots;
        let first = ballots.iter().next().map_or(ballots.len(), |(index, _)| index);
        first..ballots.len()
    }

    /// Who guards the network.
    pub fn guard(&self) -> &Guard {
        &self.governance.guard
    }

    /// Up to which height a lane is paused, if it is.
    pub fn paused(&self, lane: PauseLane) -> Option<Height> {
        let until = self.governance.pauses.of(lane)?.until;
        (self.height() < until).then_some(until)
    }

    /// When a lane was paused last, and until when; whether or not that is over.
    pub fn last_pause(&self, lane: PauseLane) -> Option<Pause> {
        self.governance.pauses.of(lane)
    }

    /// The slashes that wait for an appeal.
    pub fn appealed_by(&self, id: ProposalId) -> Vec<SlashId> {
        let row = self.proposal(id).filter(|row| row.stage.is_open());
        let Some(slash) = row.and_then(|row| row.matter.appeals()) else { return Vec::new() };
        self.slashing.alike(slash)
    }

    /// What an appeal against a slash that waits costs: its share of all that waits with it, up.
    pub fn appeal_deposit(&self, slash: SlashId) -> Amount {
        let rules = self.params().slashing();
        let alike = self.slashing.alike(slash).into_iter();
        let held = alike.map(|id| self.balance(Pot::Slash(id)));
        let held = held.fold(Amount::ZERO, Amount::saturating_add);
        rules.appeal_deposit.amount_ceil(held).max(rules.appeal_deposit_min)
    }

    /// How many spends are proposed or run.
    pub fn spend_count(&self) -> u32 {
        self.governance.spends
    }

    /// The spends that run, in the order in which they began, each with what is open to stop it.
    pub fn spends_running(&self) -> impl Iterator<Item = (ProposalId, Option<ProposalId>)> {
        self.governance.running.iter().map(|running| (running.spend, running.stop))
    }

    /// What of the treasury spends that run have still to pay, of one asset.
    pub fn treasury_promised(&self, asset: Asset) -> Amount {
        let left = |(id, _)| {
            let row = self.proposal(id)?;
            row.matter.spends().filter(|spend| spend.asset == asset)?;
            Some(row.stage.paying()?.left())
        };
        self.spends_running().filter_map(left).fold(Amount::ZERO, Amount::saturating_add)
    }

    /// What of the treasury is promised to nobody, of one asset.
    pub fn treasury_unpromised(&self, asset: Asset) -> Amount {
        self.balance(Pot::Treasury(asset)).saturating_sub(self.treasury_promised(asset))
    }

    /// The most that a spend proposed now may pay: its share of what is promised to nobody, down.
    pub fn spend_most(&self, asset: Asset) -> Amount {
        self.params().governance().spend_share.amount_floor(self.treasury_unpromised(asset))
    }

    /// What would leave the treasury in an epoch that opened now, at most: its share, down.
    pub fn spend_allowance(&self, asset: Asset) -> Amount {
        let share = self.params().governance().spend_epoch_share;
        share.amount_floor(self.balance(Pot::Treasury(asset)))
    }

    /// The parameters whose rules a proposal's vote follows; none once it is over.
    pub fn proposal_params(&self, proposal: &Proposal) -> Option<&Params> {
        proposal.stage.is_open().then(|| &**self.params.at(proposal.params))
    }

    /// The parameters in force with a proposal's changes.
    ///
    /// # Errors
    /// Which relation would be broken.
    pub fn proposed_params(&self, proposal: &Proposal) -> Result<RawParams, BrokenRelation> {
        self.adopting(proposal).map(RawParams::from)
    }

    /// What a proposal would put in force now.
    pub(crate) fn adopting(&self, proposal: &Proposal) -> Result<Params, BrokenRelation> {
        let raw = self.params.changed(proposal.matter.changes()).map_err(|why| why.broken())?;
        self.adoptable(raw)
    }

    /// May these be in force, beside every version that something alive is judged by (M21)?
    pub(crate) fn adoptable(&self, raw: RawParams) -> Result<Params, BrokenRelation> {
        let params = self.params.adoptable(raw)?;
        let [now, proposed] = [self.params(), &params].map(|params| params.governance().phase);
        if proposed < now {
            return Err(BrokenRelation::phase(now, proposed));
        }
        let left = self.staking.longest_lock(self.epoch());
        let rules = params.staking();
        if rules.lock_boost > Factor::ONE && rules.lock_epochs_max < left {
            return Err(BrokenRelation::lock(left, rules.lock_epochs_max));
        }
        let unfit = params.unfit_for_one().filter(|_| self.assets() == Assets::Single);
        unfit.map_or(Ok(params), |why| Err(why.broken()))
    }

    /// The version of the parameters in force, and how many live things each version judges.
    pub fn params_versions(&self) -> impl Iterator<Item = (ParamsVersion, u64)> {
        self.params.pins()
    }
}
