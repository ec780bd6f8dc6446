//! What may be read of governance.

use crate::{
    governance::{Ballot, Proposal},
    ids::{BallotId, ParamsVersion, ProposalId},
    ledger::Assets,
    num::Factor,
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
        let raw = self.params.changed(&proposal.changes).map_err(|why| why.broken())?;
        self.adoptable(raw)
    }

    /// May these be in force, beside every version that something alive is judged by (M21)?
    pub(crate) fn adoptable(&self, raw: RawParams) -> Result<Params, BrokenRelation> {
        let params = self.params.adoptable(raw)?;
        let price = params.chain().stake_price;
        if self.assets() == Assets::Single && price != Factor::ONE {
            return Err(BrokenRelation::stake_price(price));
        }
        Ok(params)
    }

    /// The version of the parameters in force, and how many live things each version judges.
    pub fn params_versions(&self) -> impl Iterator<Item = (ParamsVersion, u64)> {
        self.params.pins()
    }
}
