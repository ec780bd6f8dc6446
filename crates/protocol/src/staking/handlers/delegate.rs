//! Delegate: free money is put behind somebody else's operator.

use crate::{
    command::{Delegate, PauseLane},
    context::Context,
    event::Event,
    ids::{AccountId, Asset, DelegationId, OperatorId},
    ledger::{Pot, Reason},
    next::Next,
    num::{Amount, Claim, Earned},
    staking::{DelegateRejected, Delegation},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Delegate,
) -> Result<Next, DelegateRejected> {
    let Delegate { operator: to, role, amount: wanted } = *command;
    if let Some(until) = cx.state.paused(PauseLane::Delegations) {
        return Err(DelegateRejected::Paused { until });
    }
    let params = *cx.params().staking();
    let minimum = params.delegation_min;
    if wanted < minimum {
        return Err(DelegateRejected::BelowMinimum { wanted, minimum });
    }
    let operator = cx.state.operator_id(to, role).ok_or(DelegateRejected::NotAnOperator)?;
    if !cx.state.staking.operator(operator).is_fit() {
        return Err(DelegateRejected::MayNotWork);
    }
    let free = cx.state.ledger.balance(Pot::Free(signer, Asset::Stake));
    if wanted > free {
        return Err(DelegateRejected::ExceedsFree { wanted, free });
    }
    let held = cx.state.delegation_id(signer, operator);
    let limit = params.delegations_max;
    let count = cx.state.accounts.account(signer).delegations.len();
    if held.is_none() && u64::try_from(count).unwrap_or(u64::MAX) >= u64::from(limit) {
        return Err(DelegateRejected::DelegationsAtLimit { limit });
    }
    may_join(cx, operator, wanted).map_err(refused)?;
    // From here on the command must succeed.
    let id = held.unwrap_or_else(|| open(cx, signer, operator));
    cx.pay(Pot::Free(signer, Asset::Stake), Pot::Delegated(operator), wanted, Reason::Delegate);
    join(cx, id, wanted);
    cx.journal.push(Event::Delegated { account: signer, operator, amount: wanted });
    Ok(Next::Nothing)
}

pub(super) fn open(cx: &mut Context<'_>, account: AccountId, operator: OperatorId) -> DelegationId {
    let exits = alloc::vec::Vec::new();
    let (claim, earned) = (Claim::default(), Earned::ZERO);
    let since = cx.state.staking.delegation_pool(operator).index;
    let moves = alloc::vec::Vec::new();
    let row = Delegation { account, operator, claim, exits, moves, since, earned };
    let id = DelegationId::from_index(cx.state.staking.delegations.push(row));
    cx.state.accounts.account_mut(account).delegations.push(id);
    id
}

/// Why an amount may not join a pool, whether it comes from outside or was leaving.
pub(super) enum MayNotJoin {
    KeepsEverything,
    SlashWaits,
    ExceedsCap { total: Amount, max: Amount },
    PoolFull,
}

fn refused(why: MayNotJoin) -> DelegateRejected {
    match why {
        MayNotJoin::KeepsEverything => DelegateRejected::KeepsEverything,
        MayNotJoin::SlashWaits => DelegateRejected::SlashWaits,
        MayNotJoin::ExceedsCap { total, max } => DelegateRejected::ExceedsCap { total, max },
        MayNotJoin::PoolFull => DelegateRejected::PoolFull,
    }
}

/// May so much more join an operator's pool now?
pub(super) fn may_join(
    cx: &Context<'_>,
    operator: OperatorId,
    wanted: Amount,
) -> Result<(), MayNotJoin> {
    let pool = cx.state.staking.delegation_pool(operator);
    if !pool.commission.shares() {
        return Err(MayNotJoin::KeepsEverything);
    }
    if pool.slashes_waiting > 0 {
        return Err(MayNotJoin::SlashWaits);
    }
    let total = cx.state.staking.delegated_to(operator).saturating_add(wanted);
    let max = cx.state.staking.delegation_cap(operator, cx.params().staking());
    if total > max {
        return Err(MayNotJoin::ExceedsCap { total, max });
    }
    pool.shares.shares_floor(wanted).map(|_| ()).ok_or(MayNotJoin::PoolFull)
}

/// Gives a delegation the shares of an amount that may join and was paid in.
pub(super) fn join(cx: &mut Context<'_>, id: DelegationId, amount: Amount) {
    cx.state.staking.settle_delegation(id);
    let Delegation { operator, mut claim, .. } = *cx.state.staking.delegation(id);
    let pool = cx.state.staking.delegation_pool_mut(operator);
    pool.shares.mint_floor(&mut claim, amount).expect("what may join buys a share");
    cx.state.staking.delegation_mut(id).claim = claim;
}
