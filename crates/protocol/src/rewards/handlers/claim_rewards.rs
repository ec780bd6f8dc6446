//! Claim: an operator is settled, and collects its share of slashes, as a judge, and what has
//! vested of what it earned.

use crate::{
    command::ClaimRewards,
    context::Context,
    event::Event,
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
    num::Amount,
    rewards::{self, ClaimRewardsRejected},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ClaimRewards,
) -> Result<Next, ClaimRewardsRejected> {
    let role = command.role;
    let operator = cx.state.operator_id(signer, role);
    let operator = operator.ok_or(ClaimRewardsRejected::NotAnOperator)?;
    let judged = cx.state.staking.judge_reward(operator);
    let vested = cx.state.vesting(operator).ready;
    // Who is owed something may have it settled, or stake that never works would never vest.
    if judged.is_zero() && vested.is_zero() && !rewards::acts::is_owed(cx.state, operator) {
        return Err(ClaimRewardsRejected::NothingAccrued);
    }
    // From here on the command must succeed.
    if !judged.is_zero() {
        cx.state.staking.settle_judge(operator);
        cx.state.staking.operator_mut(operator).judge_accrued = Amount::ZERO;
        let to = Pot::Free(signer, Asset::Stake);
        cx.pay(Pot::Judges, to, judged, Reason::JudgeReward);
        cx.journal.push(Event::RewardsClaimed { operator, account: signer, amount: judged });
    }
    rewards::acts::settle(cx, operator);
    let vesting = &mut cx.state.rewards.earnings_mut(operator).vesting;
    let amount = core::mem::take(&mut vesting.ready);
    if !amount.is_zero() {
        let to = Pot::Free(signer, Asset::Stake);
        cx.pay(Pot::Vesting(operator), to, amount, Reason::EmissionPaid);
        cx.journal.push(Event::EmissionPaid { operator, account: signer, amount });
    }
    Ok(Next::Nothing)
}
