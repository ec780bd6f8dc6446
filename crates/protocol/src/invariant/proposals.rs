//! Laws of governance: nobody is counted twice, and no deposit is forgotten.

use alloc::collections::{BTreeMap, BTreeSet};

use super::Broken;
use crate::{
    governance::{Forum, List, Payout, Proposal, ProposalStage, Tally},
    ids::{AccountId, BallotId, ProposalId, SlashId},
    ledger::Pot,
    num::{Amount, Epoch},
    slashing::SlashState,
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
    appeals(state)?;
    spends(state)?;
    delegated(state)
}

/// Spends that run are listed once each, have paid no part before its epoch, and what they have
/// still to pay is in the treasury; what would stop one is open, and known to it.
fn spends(state: &State) -> Result<(), Broken> {
    let mut listed = BTreeMap::new();
    for (id, stop) in state.spends_running() {
        if listed.insert(id, stop).is_some() {
            return Err(Broken::Spend { proposal: id });
        }
    }
    for (id, row) in state.proposals() {
        let running = row.stage.paying();
        if running.is_some() != listed.contains_key(&id) {
            return Err(Broken::Spend { proposal: id });
        }
        if let Some(payout) = running {
            let spend = row.matter.spends().ok_or(Broken::Spend { proposal: id })?;
            let whole = Payout { paid: Amount::ZERO, ..payout };
            let early = payout.paid > whole.due(spend.epochs, state.epoch());
            if early || payout.left().is_zero() || payout.amount > spend.amount {
                return Err(Broken::Spend { proposal: id });
            }
        }
        let stops = row.matter.stops().filter(|_| row.stage.is_open());
        if stops.is_some_and(|spend| listed.get(&spend) != Some(&Some(id))) {
            return Err(Broken::Spend { proposal: id });
        }
    }
    for (spend, stop) in listed {
        let about = stop.and_then(|stop| state.proposal(stop));
        let open = about.filter(|row| row.stage.is_open()).and_then(|row| row.matter.stops());
        if stop.is_some() && open != Some(spend) {
            return Err(Broken::Spend { proposal: spend });
        }
    }
    for &asset in state.assets().all() {
        let promised = state.treasury_promised(asset);
        let there = state.balance(Pot::Treasury(asset));
        if promised > there {
            return Err(Broken::TreasuryPromised { asset, promised, there });
        }
    }
    Ok(())
}

/// Slashes wait for an appeal that is open and about their conviction; one that names a slash is
/// waited for by it, and all that wait alike do.
fn appeals(state: &State) -> Result<(), Broken> {
    for (id, slash) in state.slashes() {
        let SlashState::Appealed(proposal) = slash.state else { continue };
        if !state.appealed_by(proposal).contains(&id) {
            return Err(Broken::Appeal { slash: id });
        }
    }
    for (id, row) in state.proposals().filter(|(_, row)| row.stage.is_open()) {
        let Some(slash) = row.matter.appeals() else { continue };
        let waiting = state.appealed_by(id);
        let waits = |id: &SlashId| state.slash(*id).map(|slash| slash.state);
        let strays = |other: &&SlashId| waits(other) != Some(SlashState::Appealed(id));
        if let Some(stray) = waiting.iter().find(strays) {
            return Err(Broken::Appeal { slash: *stray });
        }
        if !waiting.contains(&slash) {
            return Err(Broken::Appeal { slash });
        }
    }
    Ok(())
}

fn counts(state: &State) -> Result<(), Broken> {
    let places = |list| {
        let has = |row: &Proposal| row.stage.is_open() || row.stage.paying().is_some();
        let rows = state.proposals().filter(|(_, row)| row.matter.list() == list && has(row));
        u32::try_from(rows.count()).unwrap_or(u32::MAX)
    };
    let (recorded, found) = (state.spend_count(), places(List::Spends));
    if recorded != found {
        return Err(Broken::Proposals { recorded, found });
    }
    let (recorded, found) = (state.governance.open, places(List::Changes));
    let mut votes: BTreeMap<Epoch, u32> = BTreeMap::new();
    let by_stake = |row: &Proposal| row.stage == ProposalStage::Active && row.forum == Forum::Stake;
    for (_, row) in state.proposals().filter(|(_, row)| by_stake(row)) {
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
