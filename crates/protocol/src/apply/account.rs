//! Accounts and bonds: transfer, bond, unbond, unjail, claim rewards.

use crate::{
    command::{Bond, ClaimRewards, Transfer, Unbond, Unjail},
    event::{Event, Journal},
    ids::{AccountId, OperatorId, UnbondingId},
    ledger::{Pot, Reason},
    num::{Amount, Height},
    rejected::TransferRejected,
    staking::{
        BondRejected, ClaimRewardsRejected, Standing, UnbondRejected, Unbonding, UnjailRejected,
    },
    state::{State, Timer},
};

impl State {
    pub(super) fn transfer(
        &mut self,
        signer: AccountId,
        command: &Transfer,
        journal: &mut Journal,
    ) -> Result<(), TransferRejected> {
        let (wanted, free) = (command.amount, self.free(signer));
        if wanted.is_zero() {
            return Err(TransferRejected::AmountMustBePositive);
        }
        if wanted > free {
            return Err(TransferRejected::ExceedsFree { wanted, free });
        }
        // From here on the command must succeed.
        let target = self.account_id(&command.to).unwrap_or_else(|| {
            let account = self.open_account(command.to);
            journal.push(Event::AccountOpened { account, address: command.to });
            account
        });
        let (from, to) = (Pot::Free(signer), Pot::Free(target));
        self.ledger.transfer(from, to, wanted, Reason::Transfer, journal);
        journal.push(Event::Transferred { source: signer, target, amount: wanted });
        Ok(())
    }

    pub(super) fn bond(
        &mut self,
        signer: AccountId,
        command: &Bond,
        journal: &mut Journal,
    ) -> Result<(), BondRejected> {
        let Bond { role, amount } = *command;
        let free = self.free(signer);
        let operator = self.operator_id(signer, role);
        let held = operator.map(|id| self.staking.operator(id));
        if amount.is_zero() {
            return Err(BondRejected::AmountMustBePositive);
        }
        if held.is_some_and(|operator| operator.standing == Standing::Tombstoned) {
            return Err(BondRejected::Tombstoned);
        }
        if amount > free {
            return Err(BondRejected::ExceedsFree { wanted: amount, free });
        }
        let before = held.map_or(Amount::ZERO, |operator| operator.stake);
        let entering = self.staking.stake_min(role, self.params.current());
        let minimum = held.map_or(entering, |operator| operator.stake_min);
        let stake = before.checked_add(amount).expect("both are parts of the supply");
        if stake < minimum {
            return Err(BondRejected::BelowMinimum { wanted: stake, minimum });
        }
        // From here on the command must succeed.
        let operator = operator.unwrap_or_else(|| self.open_operator(signer, role));
        let (from, to) = (Pot::Free(signer), Pot::Bond(operator));
        self.ledger.transfer(from, to, amount, Reason::Bond, journal);
        self.staking.set_stake(operator, stake);
        journal.push(Event::Bonded { account: signer, operator, role, amount });
        Ok(())
    }

    pub(super) fn unbond(
        &mut self,
        signer: AccountId,
        command: &Unbond,
        journal: &mut Journal,
    ) -> Result<(), UnbondRejected> {
        let Unbond { role, amount: wanted } = *command;
        if wanted.is_zero() {
            return Err(UnbondRejected::AmountMustBePositive);
        }
        let operator = self.operator_id(signer, role).ok_or(UnbondRejected::NotAnOperator)?;
        let free_bond = self.balance(Pot::Bond(operator));
        if wanted > free_bond {
            return Err(UnbondRejected::ExceedsFreeBond { wanted, free_bond });
        }
        let params = *self.params.current();
        let limit = params.unbondings_max;
        let queued = self.staking.operator(operator).unbondings.len();
        if u64::try_from(queued).unwrap_or(u64::MAX) >= u64::from(limit) {
            return Err(UnbondRejected::UnbondingsAtLimit { limit });
        }
        // From here on the command must succeed.
        let matures = self.epoch().after(params.unbonding_epochs);
        let entry = Unbonding { operator, queued_at: self.now(), matures };
        let unbonding = UnbondingId::from_index(self.staking.unbondings.push(entry));
        self.ledger.unbondings.push(Amount::ZERO);
        let (from, to) = (Pot::Bond(operator), Pot::Unbonding(unbonding));
        self.ledger.transfer(from, to, wanted, Reason::Unbond, journal);
        self.reduce_stake(operator, wanted);
        self.staking.operator_mut(operator).unbondings.push(unbonding);
        let epoch_start = params.epoch_blocks.times(matures.count());
        self.timers.set(Height::ZERO.after(epoch_start), Timer::Unbonding(unbonding));
        journal.push(Event::Unbonding { operator, unbonding, amount: wanted, matures });
        Ok(())
    }

    /// A matured entry leaves for its account's free balance.
    pub(crate) fn withdraw(&mut self, unbonding: UnbondingId, journal: &mut Journal) {
        let operator = self.staking.unbonding(unbonding).operator;
        let account = self.staking.operator(operator).account;
        let (from, to) = (Pot::Unbonding(unbonding), Pot::Free(account));
        let amount = self.ledger.transfer_all(from, to, Reason::Withdraw, journal);
        self.staking.operator_mut(operator).unbondings.retain(|queued| *queued != unbonding);
        journal.push(Event::Withdrawn { account, unbonding, amount });
    }

    pub(super) fn unjail(
        &mut self,
        signer: AccountId,
        command: &Unjail,
        journal: &mut Journal,
    ) -> Result<(), UnjailRejected> {
        let role = command.role;
        let id = self.operator_id(signer, role).ok_or(UnjailRejected::NotAnOperator)?;
        let operator = self.staking.operator(id);
        let (stake, minimum) = (operator.stake, operator.stake_min);
        let now = self.epoch();
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
        self.staking.set_standing(id, Standing::Active);
        journal.push(Event::Unjailed { operator: id, account: signer, role });
        Ok(())
    }

    pub(super) fn claim_rewards(
        &mut self,
        signer: AccountId,
        command: &ClaimRewards,
        journal: &mut Journal,
    ) -> Result<(), ClaimRewardsRejected> {
        let role = command.role;
        let operator = self.operator_id(signer, role).ok_or(ClaimRewardsRejected::NotAnOperator)?;
        let amount = self.staking.peer_reward(operator);
        if amount.is_zero() {
            return Err(ClaimRewardsRejected::NothingAccrued);
        }
        // From here on the command must succeed.
        self.staking.settle_peer_reward(operator);
        self.pay_peer_reward(operator, amount, journal);
        Ok(())
    }

    fn pay_peer_reward(&mut self, id: OperatorId, amount: Amount, journal: &mut Journal) {
        let operator = self.staking.operator_mut(id);
        operator.peer_accrued = Amount::ZERO;
        let (account, role) = (operator.account, operator.role);
        let (from, to) = (Pot::Peers(role), Pot::Free(account));
        self.ledger.transfer(from, to, amount, Reason::PeerReward, journal);
        journal.push(Event::RewardsClaimed { operator: id, account, amount });
    }
}
