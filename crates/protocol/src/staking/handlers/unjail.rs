//! Unjail: an operator that served its time asks to work again.

use crate::{
    command::Unjail,
    context::Context,
    event::Event,
    ids::AccountId,
    next::Next,
    staking::{Standing, UnjailRejected, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Unjail,
) -> Result<Next, UnjailRejected> {
    let role = command.role;
    let id = cx.state.operator_id(signer, role).ok_or(UnjailRejected::NotAnOperator)?;
    let operator = cx.state.staking.operator(id);
    let (stake, minimum) = (operator.stake, operator.stake_min);
    let now = cx.epoch();
    match operator.standing {
        Standing::Active => return Err(UnjailRejected::NotJailed),
        Standing::Tombstoned => return Err(UnjailRejected::Tombstoned),
        Standing::Jailed(until) if now < until => {
            return Err(UnjailRejected::JailedUntil { until, now });
        }
        Standing::Jailed(_) => {}
    }
    if stake < minimum {
        return Err(UnjailRejected::BelowMinimum { stake, minimum });
    }
    // From here on the command must succeed.
    acts::set_standing(cx, id, Standing::Active);
    cx.journal.push(Event::Unjailed { operator: id, account: signer, role });
    Ok(Next::Nothing)
}
