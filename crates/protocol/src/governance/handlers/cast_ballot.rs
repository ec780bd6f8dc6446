//! Cast a ballot: an account votes with all it has, or changes its mind.
//!
//! Law: what a delegator votes with is taken from its operator's ballot, cast or not yet cast, so
//! that it counts once whoever came first.

use alloc::vec::Vec;

use crate::{
    command::{BallotChoice, CastBallot},
    context::Context,
    event::Event,
    governance::{Ballot, CastBallotRejected, Forum, ProposalStage, acts},
    ids::{AccountId, BallotId, ProposalId},
    next::Next,
    num::Amount,
    state::State,
};

/// What an account votes with.
struct Voice {
    /// Its operators' stake, with what their locks add, and all that is delegated to them.
    led: Amount,
    /// What it delegated itself: whose operator's ballot each part is taken from.
    parts: Vec<(AccountId, Amount)>,
}

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CastBallot,
) -> Result<Next, CastBallotRejected> {
    let CastBallot { proposal, choice } = *command;
    check_open(cx, proposal)?;
    if let Some(operator) = acts::convicted(cx.state, signer) {
        return Err(CastBallotRejected::SlashWaits { operator });
    }
    let was_reached = reaches_quorum(cx.state, proposal);
    let known = ballot_of(cx.state, signer, proposal);
    let before = known.and_then(|(_, row)| Some((row.choice?, row.counted())));
    if let Some((old, counted)) = before {
        if old == choice {
            return Err(CastBallotRejected::SameChoice);
        }
        // From here on the command must succeed.
        cx.state.governance.proposal_mut(proposal).tally.remove(old, counted);
    } else {
        open_own(cx, (signer, proposal))?;
    }
    count(cx, (signer, proposal), choice);
    // Power only comes, so that a quorum comes once.
    if !was_reached && reaches_quorum(cx.state, proposal) {
        acts::extend(cx, proposal);
    }
    Ok(Next::Nothing)
}

fn reaches_quorum(state: &State, id: ProposalId) -> bool {
    let row = state.governance.proposal(id).expect("its vote is open");
    row.tally.reaches_quorum(row.power, state.params.at(row.params).governance())
}

/// Takes what the signer delegated from its operators' ballots, and gives it one of its own.
fn open_own(
    cx: &mut Context<'_>,
    (signer, proposal): (AccountId, ProposalId),
) -> Result<(), CastBallotRejected> {
    let voice = voice_of(cx.state, signer, proposal);
    let delegated = voice.parts.iter().map(|(_, power)| *power);
    let power = delegated.fold(voice.led, Amount::saturating_add);
    if power.is_zero() {
        return Err(CastBallotRejected::NoPower);
    }
    // From here on the command must succeed.
    for (leader, part) in voice.parts {
        override_ballot(cx, (leader, proposal), part);
    }
    let own = open_ballot(cx, (signer, proposal));
    cx.state.governance.ballot_mut(own).power = power;
    Ok(())
}

fn check_open(cx: &Context<'_>, id: ProposalId) -> Result<(), CastBallotRejected> {
    let row = cx.state.governance.proposal(id);
    let row = row.ok_or(CastBallotRejected::ProposalNotFound)?;
    if row.forum == Forum::Council {
        return Err(CastBallotRejected::CouncilDecides);
    }
    match row.stage {
        ProposalStage::Active => Ok(()),
        ProposalStage::Pending => {
            Err(CastBallotRejected::VotingNotOpen { opens: row.due, now: cx.epoch() })
        }
        _ => Err(CastBallotRejected::VotingClosed),
    }
}

fn ballot_of(
    state: &State,
    account: AccountId,
    proposal: ProposalId,
) -> Option<(BallotId, &Ballot)> {
    let own = state.accounts.account(account).ballots.iter();
    let mut rows = own.filter_map(|id| Some((*id, state.governance.ballot(*id)?)));
    rows.find(|(_, row)| row.proposal == proposal)
}

fn voice_of(state: &State, account: AccountId, proposal: ProposalId) -> Voice {
    let row = state.governance.proposal(proposal);
    let electorate = row.and_then(|row| state.governance.electorate_of(row));
    let electorate = electorate.expect("what is voted on has its electorate");
    let (stake, locks) = (&electorate.staking, electorate.locks);
    let account = state.accounts.account(account);
    let led = account.operators.iter().map(|(_, id)| stake.power_of_operator(*id, locks));
    let led = led.fold(Amount::ZERO, Amount::saturating_add);
    let parts = account.delegations.iter().filter_map(|id| stake.power_of_delegation(*id));
    let parts = parts.map(|(operator, power)| (stake.operator(operator).account, power));
    Voice { led, parts: parts.collect() }
}

/// Takes what a delegator votes with from its operator's ballot.
fn override_ballot(cx: &mut Context<'_>, of: (AccountId, ProposalId), part: Amount) {
    let id = open_ballot(cx, of);
    let (account, proposal) = of;
    let row = cx.state.governance.ballot_mut(id);
    row.overridden = row.overridden.saturating_add(part);
    if let Some(choice) = row.choice {
        cx.state.governance.proposal_mut(proposal).tally.remove(choice, part);
        cx.journal.push(Event::BallotReduced { proposal, account, by: part });
    }
}

/// An account's ballot about a proposal; a new one, if it has none.
fn open_ballot(cx: &mut Context<'_>, (account, proposal): (AccountId, ProposalId)) -> BallotId {
    if let Some((id, _)) = ballot_of(cx.state, account, proposal) {
        return id;
    }
    let previous = cx.state.governance.proposal(proposal).and_then(|row| row.last_ballot);
    let (power, overridden) = (Amount::ZERO, Amount::ZERO);
    let row = Ballot { proposal, account, choice: None, power, overridden, previous };
    let governance = &mut cx.state.governance;
    let id = BallotId::from_index(governance.ballots.push(row));
    governance.proposal_mut(proposal).last_ballot = Some(id);
    // What is over is dropped from the list here, so that it stays as short as that of proposals.
    let State { governance, accounts, .. } = &mut *cx.state;
    let is_live = |id: &BallotId| {
        let about = governance.ballot(*id).and_then(|row| governance.proposal(row.proposal));
        about.is_some_and(|row| row.stage == ProposalStage::Active)
    };
    let own = &mut accounts.account_mut(account).ballots;
    own.retain(is_live);
    own.push(id);
    id
}

/// Counts a ballot for a choice.
fn count(cx: &mut Context<'_>, (account, proposal): (AccountId, ProposalId), choice: BallotChoice) {
    let (id, _) = ballot_of(cx.state, account, proposal).expect("it was opened before");
    let row = cx.state.governance.ballot_mut(id);
    row.choice = Some(choice);
    let power = row.counted();
    cx.state.governance.proposal_mut(proposal).tally.add(choice, power);
    cx.journal.push(Event::BallotCast { proposal, account, choice, power });
}
