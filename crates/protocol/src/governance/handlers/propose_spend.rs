//! Propose a spend: money of the treasury for an account, at once or part by part.
//!
//! Law: nobody may be promised what is promised already, nor more of the rest than its share; not
//! before stake proposes itself, or a council chose whom stake may pay (M32).
//! Rounding: the share down.

use crate::{
    command::ProposeSpend,
    context::Context,
    event::Event,
    governance::{Matter, PHASE_COUNCIL, ProposeSpendRejected, Spend, acts},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
    num::Ratio,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ProposeSpend,
) -> Result<Next, ProposeSpendRejected> {
    let ProposeSpend { to, asset, amount, epochs, report } = *command;
    let rules = *cx.params().governance();
    if rules.spend_epoch_share == Ratio::ZERO {
        return Err(ProposeSpendRejected::NothingIsSpent);
    }
    if rules.phase == PHASE_COUNCIL {
        return Err(ProposeSpendRejected::CouncilProposes);
    }
    if amount.is_zero() {
        return Err(ProposeSpendRejected::AmountMustBePositive);
    }
    if !cx.state.ledger.assets().all().contains(&asset) {
        return Err(ProposeSpendRejected::NoSuchAsset);
    }
    let max = rules.spend_epochs_max;
    if epochs.count() == 0 || epochs > max {
        return Err(ProposeSpendRejected::EpochsOutOfRange { epochs, max });
    }
    let payee = cx.state.accounts.id(&to);
    let payee = payee.ok_or(ProposeSpendRejected::AccountNotFound)?;
    let most = cx.state.spend_most(asset);
    if amount > most {
        return Err(ProposeSpendRejected::ExceedsShare { wanted: amount, most });
    }
    let limit = rules.spends_max;
    if cx.state.governance.spends >= limit {
        return Err(ProposeSpendRejected::SpendsAtLimit { limit });
    }
    let (from, deposit) = (Pot::Free(signer, Asset::Stake), rules.deposit);
    let free = cx.state.ledger.balance(from);
    if deposit > free {
        return Err(ProposeSpendRejected::DepositExceedsFree { deposit, free });
    }
    // From here on the command must succeed.
    let matter = Matter::Spend(Spend { to: payee, asset, amount, epochs });
    let proposal = acts::hold::open(cx, signer, (matter, report), rules.delay_epochs);
    cx.pay(from, Pot::Proposal(proposal), deposit, Reason::ProposalDeposit);
    let opens = cx.epoch().after(rules.delay_epochs);
    let account = signer;
    cx.journal.push(Event::SpendProposed {
        proposal,
        account,
        payee,
        asset,
        amount,
        epochs,
        opens,
    });
    Ok(Next::Nothing)
}
