//! Cancel a proposal: its proposer takes it back before anybody votes on it, and loses a part of
//! what stands behind it.
//!
//! Rounding: the part up.

use crate::{
    command::CancelProposal,
    context::Context,
    event::Event,
    governance::{CancelProposalRejected, ProposalStage, acts},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CancelProposal,
) -> Result<Next, CancelProposalRejected> {
    let CancelProposal { proposal } = *command;
    let row = cx.state.governance.proposal(proposal);
    let row = row.ok_or(CancelProposalRejected::ProposalNotFound)?;
    if row.account != signer {
        return Err(CancelProposalRejected::NotProposer);
    }
    if row.stage != ProposalStage::Pending {
        return Err(CancelProposalRejected::VotingBegan);
    }
    if row.matter.appeals().is_some() {
        return Err(CancelProposalRejected::IsAppeal);
    }
    // Or a payee's friend takes its own back each epoch and opens the next: none is ever voted on.
    if row.matter.stops().is_some() {
        return Err(CancelProposalRejected::IsStop);
    }
    // From here on the command must succeed.
    let deposit = Pot::Proposal(proposal);
    let rules = cx.state.params.at(row.params).governance();
    // Up: or the list is kept full for fees, by proposals that nobody ever votes on.
    let lost = rules.cancel_burn.amount_ceil(cx.state.ledger.balance(deposit));
    cx.pay(deposit, Pot::Burnt(Asset::Stake), lost, Reason::ProposalCancelled);
    acts::hold::return_deposit(cx, proposal);
    acts::hold::end(cx, proposal, ProposalStage::Cancelled);
    cx.journal.push(Event::ProposalCancelled { proposal });
    Ok(Next::Nothing)
}
