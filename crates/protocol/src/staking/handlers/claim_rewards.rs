//! Claim: a judge collects its share of slashes.

use crate::{
    command::ClaimRewards,
    context::Context,
    event::Event,
    ids::{AccountId, Asset},
    ledger::{Pot, Reason},
    next::Next,
    num::Amount,
    staking::ClaimRewardsRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ClaimRewards,
) -> Result<Next, ClaimRewardsRejected> {
    let role = command.role;
    let operator = cx.state.operator_id(signer, role);
    let operator = operator.ok_or(ClaimRewardsRejected::NotAnOperator)?;
    let amount = cx.state.staking.judge_reward(operator);
    if amount.is_zero() {
        return Err(ClaimRewardsRejected::NothingAccrued);
    }
    // From here on the command must succeed.
    cx.state.staking.settle_judge(operator);
    cx.state.staking.operator_mut(operator).judge_accrued = Amount::ZERO;
    let to = Pot::Free(signer, Asset::Stake);
    cx.pay(Pot::Judges, to, amount, Reason::JudgeReward);
    cx.journal.push(Event::RewardsClaimed { operator, account: signer, amount });
    Ok(Next::Nothing)
}
