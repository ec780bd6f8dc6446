//! Stop a spend: that one which runs pays nothing more is put to the vote.
//!
//! Law: one stop of a spend is open at a time, beside the lists of proposals, so that a full list
//! keeps no money running; what was paid stays paid.

use crate::{
    command::StopSpend,
    context::Context,
    event::Event,
    governance::{Matter, StopSpendRejected, acts},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &StopSpend,
) -> Result<Next, StopSpendRejected> {
    let StopSpend { spend, report } = *command;
    let row = cx.state.governance.proposal(spend);
    let row = row.filter(|row| row.matter.spends().is_some());
    let row = row.ok_or(StopSpendRejected::SpendNotFound)?;
    if row.stage.paying().is_none() {
        return Err(StopSpendRejected::NotRunning);
    }
    if let Some(proposal) = acts::spends::stop_of(cx, spend) {
        return Err(StopSpendRejected::StopOpen { proposal });
    }
    let (from, deposit) = (Pot::Free(signer, Asset::Stake), cx.params().governance().deposit);
    let free = cx.state.ledger.balance(from);
    if deposit > free {
        return Err(StopSpendRejected::DepositExceedsFree { deposit, free });
    }
    // From here on the command must succeed.
    let matter = (Matter::Stop(spend), report);
    let proposal = acts::hold::open(cx, signer, matter, acts::spends::STOP_DELAY);
    cx.pay(from, Pot::Proposal(proposal), deposit, Reason::ProposalDeposit);
    acts::spends::hold(cx, spend, proposal);
    let opens = cx.epoch().after(acts::spends::STOP_DELAY);
    cx.journal.push(Event::StopProposed { proposal, spend, account: signer, opens });
    Ok(Next::Nothing)
}
