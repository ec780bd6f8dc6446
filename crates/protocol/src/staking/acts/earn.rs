//! What an operator is paid for work, and its delegators' part of it.
//!
//! Law: the operator's part and the delegators' add up to the pay.
//! Not here: whether the work was done (`stories`), how large their part is (`sharing`).

use crate::{
    context::Context,
    event::Event,
    ids::{JobId, OperatorId},
    ledger::{Pot, Reason},
    num::Amount,
    staking::ShareTerms,
};

/// Pays an operator out of a pot of a job; its delegators' part waits for them. Returns how that
/// is worked out.
pub(crate) fn pay(
    cx: &mut Context<'_>,
    operator: OperatorId,
    (from, job): (Pot, JobId),
    amount: Amount,
    reason: Reason,
) -> ShareTerms {
    let asset = cx.state.ledger.asset_of(from);
    let to = Pot::Free(cx.state.staking.operator(operator).account, asset);
    let terms = split(cx, operator, (from, to), amount, reason);
    let part = terms.delegators(amount);
    if !part.is_zero() {
        cx.journal.push(Event::DelegationEarned { job, operator, amount: part });
    }
    terms
}

/// Moves an operator's pay from one pot to another, less its delegators' part, which waits for
/// them.
fn split(
    cx: &mut Context<'_>,
    operator: OperatorId,
    (from, to): (Pot, Pot),
    amount: Amount,
    reason: Reason,
) -> ShareTerms {
    let sharing = cx.state.staking.sharing(operator, amount);
    cx.state.staking.share(operator, &sharing);
    let part = sharing.terms.delegators(amount);
    cx.pay(from, to, amount.saturating_sub(part), reason);
    cx.pay(from, Pot::DelegationRewards(operator), part, Reason::DelegationReward);
    sharing.terms
}

/// The same of what is bonded; returns the delegators' part. In a network of two assets they have
/// none of that: their pot holds what pays.
pub(crate) fn split_bonded(
    cx: &mut Context<'_>,
    operator: OperatorId,
    (from, to): (Pot, Pot),
    amount: Amount,
    reason: Reason,
) -> Amount {
    if cx.state.ledger.asset_of(from) == cx.state.ledger.assets().payment() {
        return split(cx, operator, (from, to), amount, reason).delegators(amount);
    }
    cx.pay(from, to, amount, reason);
    Amount::ZERO
}
