//! Bond: free money is put at risk.

use crate::{
    command::{Bond, ResourceClass},
    context::Context,
    event::Event,
    ids::{AccountId, Asset, Role},
    ledger::{Pot, Reason},
    next::Next,
    num::Amount,
    staking::{BondRejected, Standing, acts},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Bond,
) -> Result<Next, BondRejected> {
    let Bond { role, amount } = *command;
    let from = Pot::Free(signer, Asset::Stake);
    let free = cx.state.ledger.balance(from);
    let operator = cx.state.operator_id(signer, role);
    let held = operator.map(|id| cx.state.staking.operator(id));
    if amount.is_zero() {
        return Err(BondRejected::AmountMustBePositive);
    }
    if role == Role::Access && !cx.params().access().is_on() {
        return Err(BondRejected::NotOffered);
    }
    if held.is_some_and(|operator| operator.standing == Standing::Tombstoned) {
        return Err(BondRejected::Tombstoned);
    }
    if amount > free {
        return Err(BondRejected::ExceedsFree { wanted: amount, free });
    }
    let before = held.map_or(Amount::ZERO, |operator| operator.stake);
    let key = (role, ResourceClass::Cpu);
    let entering = cx.state.staking.stake_min(key, cx.params().staking());
    let minimum = match role {
        // Nobody was promised a tier: what it asks for now is asked of everybody.
        Role::Access => cx.params().access().stake_1,
        Role::Provider | Role::Validator | Role::Replica => {
            held.map_or(entering, |operator| operator.stake_min)
        }
    };
    let stake = before.checked_add(amount).expect("both are parts of the supply");
    if stake < minimum {
        return Err(BondRejected::BelowMinimum { wanted: stake, minimum });
    }
    // From here on the command must succeed.
    let operator = operator.unwrap_or_else(|| cx.state.open_operator(signer, key));
    cx.pay(from, Pot::Bond(operator), amount, Reason::Bond);
    acts::set_stake(cx, operator, stake);
    cx.journal.push(Event::Bonded { account: signer, operator, role, amount });
    Ok(Next::Nothing)
}
