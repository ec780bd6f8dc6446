//! Propose: changes of parameters that fit each other, and what is alive, are put to the vote.

use crate::{
    command::Propose,
    context::Context,
    event::Event,
    governance::{Ending, Proposal, ProposalStage, ProposeRejected, Tally},
    ids::{AccountId, Asset, Digest, ProposalId},
    ledger::{Pot, Reason},
    next::Next,
    num::Amount,
    params::ChangeRejected,
    timers::Timer,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Propose,
) -> Result<Next, ProposeRejected> {
    let Propose { changes, audit } = command;
    let rules = *cx.params().governance();
    let (count, max) = (u32::try_from(changes.len()).unwrap_or(u32::MAX), rules.changes_max);
    if count == 0 {
        return Err(ProposeRejected::NothingChanges);
    }
    if count > max {
        return Err(ProposeRejected::TooManyChanges { count, max });
    }
    let raw = cx.state.params.changed(changes).map_err(refused)?;
    cx.state.adoptable(raw).map_err(ProposeRejected::RelationBroken)?;
    let limit = rules.proposals_max;
    if cx.state.governance.open >= limit {
        return Err(ProposeRejected::ProposalsAtLimit { limit });
    }
    let (from, deposit) = (Pot::Free(signer, Asset::Stake), rules.deposit);
    let free = cx.state.ledger.balance(from);
    if deposit > free {
        return Err(ProposeRejected::DepositExceedsFree { deposit, free });
    }
    // From here on the command must succeed.
    let opens = cx.epoch().after(rules.delay_epochs);
    let row = Proposal {
        account: signer,
        changes: changes.clone(),
        audit: (*audit != Digest::ZERO).then_some(*audit),
        params: cx.state.params.pin_current(),
        stage: ProposalStage::Pending,
        due: opens,
        electorate: None,
        power: Amount::ZERO,
        tally: Tally::default(),
        ending: Ending::AsSet,
        last_ballot: None,
    };
    let governance = &mut cx.state.governance;
    let proposal = ProposalId::from_index(governance.proposals.push(row));
    governance.open = governance.open.saturating_add(1);
    cx.state.ledger.open_proposal();
    cx.pay(from, Pot::Proposal(proposal), deposit, Reason::ProposalDeposit);
    cx.state.timers.set_epoch(opens, Timer::Proposal(proposal));
    cx.journal.push(Event::Proposed { proposal, account: signer, opens });
    Ok(Next::Nothing)
}

fn refused(why: ChangeRejected) -> ProposeRejected {
    match why {
        ChangeRejected::Unknown { place } => ProposeRejected::UnknownParameter { place },
        ChangeRejected::Twice { place } => ProposeRejected::ChangedTwice { place },
        ChangeRejected::OutOfRange { place, got, min, max } => {
            ProposeRejected::OutOfRange { place, got, min, max }
        }
    }
}
