//! Propose: changes of parameters that fit each other, and what is alive, are put to the vote.

use crate::{
    command::Propose,
    context::Context,
    event::Event,
    governance::{Matter, PHASE_COUNCIL, ProposeRejected, acts, is_phase},
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
    params::ChangeRejected,
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
    let is_member = cx.state.guard().council.contains(&signer);
    if rules.phase == PHASE_COUNCIL && !is_member && !is_phase(changes) {
        return Err(ProposeRejected::CouncilProposes);
    }
    let limit = rules.proposals_max;
    // Or whoever fills the list, a council by vetoing what it proposed, kept the next phase off.
    let places = limit.saturating_add(u32::from(is_phase(changes)));
    if cx.state.governance.open >= places {
        return Err(ProposeRejected::ProposalsAtLimit { limit });
    }
    let (from, deposit) = (Pot::Free(signer, Asset::Stake), rules.deposit);
    let free = cx.state.ledger.balance(from);
    if deposit > free {
        return Err(ProposeRejected::DepositExceedsFree { deposit, free });
    }
    // From here on the command must succeed.
    let matter = (Matter::Changes(changes.clone()), *audit);
    let proposal = acts::hold::open(cx, signer, matter, rules.delay_epochs);
    cx.pay(from, Pot::Proposal(proposal), deposit, Reason::ProposalDeposit);
    let opens = cx.epoch().after(rules.delay_epochs);
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
