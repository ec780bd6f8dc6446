//! Appeal: who lost by a slash that waits puts it to the vote, with a deposit behind it.
//!
//! Law: a conviction has one appeal at a time, and all its slashes wait for that; nothing takes it
//! back.

use crate::{
    command::AppealSlash,
    context::Context,
    event::Event,
    governance::{AppealSlashRejected, Matter, acts},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
    num::Epochs,
    slashing::{self, SlashState},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &AppealSlash,
) -> Result<Next, AppealSlashRejected> {
    let AppealSlash { slash, report } = *command;
    let rules = *cx.params().slashing();
    if rules.appeal_epochs == Epochs::ZERO {
        return Err(AppealSlashRejected::NoAppeals);
    }
    let row = cx.state.slash(slash).ok_or(AppealSlashRejected::SlashNotFound)?;
    if row.account != signer && cx.state.delegation_id(signer, row.operator).is_none() {
        return Err(AppealSlashRejected::NotConcerned);
    }
    match row.state {
        SlashState::Pending(_) | SlashState::Held(_) => {}
        SlashState::Appealed(proposal) => return Err(AppealSlashRejected::AppealOpen { proposal }),
        SlashState::Executed(_) | SlashState::Reversed(_) => {
            return Err(AppealSlashRejected::NotWaiting);
        }
    }
    let (from, deposit) = (Pot::Free(signer, Asset::Stake), cx.state.appeal_deposit(slash));
    let free = cx.state.ledger.balance(from);
    if deposit > free {
        return Err(AppealSlashRejected::DepositExceedsFree { deposit, free });
    }
    // From here on the command must succeed.
    let proposal = acts::hold::open(cx, signer, (Matter::Appeal(slash), report), Epochs::new(1));
    cx.pay(from, Pot::Proposal(proposal), deposit, Reason::ProposalDeposit);
    let opens = cx.epoch().after(Epochs::new(1));
    cx.journal.push(Event::AppealOpened { proposal, slash, account: signer, deposit, opens });
    for held in cx.state.slashing.alike(slash) {
        slashing::acts::appeal(cx, held, proposal);
    }
    Ok(Next::Nothing)
}
