//! Laws of governance: nobody is counted twice, and no deposit is forgotten.

use alloc::collections::{BTreeMap, BTreeSet};

use super::Broken;
use crate::{
    governance::{Proposal, ProposalStage, Tally},
    ids::{AccountId, BallotId, ProposalId},
    ledger::Pot,
    num::{Amount, Epoch},
    state::State,
};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    counts(state)?;
    let mut owners = BTreeSet::new();
    for (id, row) in state.proposals() {
        let there = state.balance(Pot::Proposal(id));
        let waits = matches!(row.stage, ProposalStage::Pending | ProposalStage::Active);
        if there.is_zero() == waits || row.due <= state.epoch() {
            return Err(Broken::ProposalDeposit { proposal: id, there });
        }
        tally(state, id, row)?;
        if row.stage == ProposalStage::Active {
            listed(state, row, &mut owners)?;
        }
    }
    delegated(state)
}

fn counts(state: &State) -> Result<(), Broken> {
    let found = state.proposals().filter(|(_, row)| row.stage.is_open()).count();
    let (recorded, found) = (state.governance.open, u32::try_from(found).unwrap_or(u32::MAX));
    let mut votes: BTreeMap<Epoch, u32> = BTreeMap::new();
    for (_, row) in state.proposals().filter(|(_, row)| row.stage == ProposalStage::Active) {
        let Some(epoch) = row.electorate else { return Err(Broken::Proposals { recorded, found }) };
        let count = votes.entry(epoch).or_default();
        *count = count.saturating_add(1);
    }
    let kept = state.governance.electorates.iter().map(|(epoch, row)| (*epoch, row.proposals));
    if recorded != found || !kept.eq(votes) {
        return Err(Broken::Proposals { recorded, found });
    }
    Ok(())
}

fn tally(state: &State, id: ProposalId, row: &Proposal) -> Result<(), Broken> {
    let mut found = Tally::default();
    let mut left = Amount::ZERO;
    for (_, ballot) in state.ballots(row) {
        let Some(choice) = ballot.choice else { continue };
        if ballot.overridden > ballot.power {
            return Err(Broken::Tally { proposal: id });
        }
        found.add(choice, ballot.counted());
        left = left.saturating_add(ballot.counted());
    }
    // The ballots of what is over leave in portions.
    let is_whole = row.stage.is_open();
    if left > row.power || (is_whole && found != row.tally) {
        return Err(Broken::Tally { proposal: id });
    }
    Ok(())
}

fn listed(
    state: &State,
    row: &Proposal,
    owners: &mut BTreeSet<(ProposalId, AccountId)>,
) -> Result<(), Broken> {
    for (ballot, content) in state.ballots(row) {
        let is_new = owners.insert((content.proposal, content.account));
        let own: &[BallotId] = &state.accounts.account(content.account).ballots;
        if !is_new || !own.contains(&ballot) {
            return Err(Broken::Ballot { ballot });
        }
    }
    Ok(())
}

fn delegated(state: &State) -> Result<(), Broken> {
    let pools = state.operators().map(|(id, _)| state.delegated_to(id));
    let found = pools.fold(Amount::ZERO, Amount::saturating_add);
    let recorded = state.ledger.delegated_total();
    if recorded != found {
        return Err(Broken::DelegatedTotal { recorded, found });
    }
    Ok(())
}
