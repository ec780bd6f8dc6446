//! Delegators: stand behind others' work with their stake, and follow pay, terms or nobody.
//!
//! What one earns is left where it is until it moves; it is its own all the same.
//! Law: it leaves by the rules' own ways: `Redelegate` if it follows somebody, `Undelegate` and a
//! wait if it flees.
//! Known shortcomings: a slash heard of while the agent is out makes nobody flee, nor does an
//! `Undelegate` that was refused.
//! Not here: what can be known of operators (`pools`).

use earnest_protocol::{
    AccountId, Amount, Command, Event, Height, OperatorId, Ratio, Role,
    command::{Delegate, Redelegate, SetCommission, Undelegate, WithdrawDelegation},
    staking::Delegation,
};

use crate::{
    luck::{Entity, Purpose},
    pools::Pool,
    scenario::{Delegators, Policy},
    view::{Deeds, Reminder, View},
};

/// One who delegates.
#[derive(Clone, Copy, Debug)]
pub struct Delegator {
    me: Entity,
    account: AccountId,
    habits: Delegators,
    /// What it would delegate and has not.
    idle: Amount,
}

/// What an operator says that lets others join it: a commission of its own, for good.
pub(super) fn terms(
    view: &View<'_>,
    (me, role): (Entity, Role),
    (low, high): (Ratio, Ratio),
) -> Command {
    let rate = view.draw(me, 0, Purpose::Commission).between(low, high);
    Command::SetCommission(SetCommission { role, rate, ceiling: rate })
}

impl Delegator {
    /// One with the habits of its group that has delegated nothing yet.
    pub fn new((me, account): (Entity, AccountId), habits: Delegators) -> Delegator {
        Delegator { me, account, habits, idle: habits.stake }
    }

    pub(super) fn begin(&self, view: &View<'_>, deeds: &mut Deeds) {
        let (first, last) = self.habits.enters;
        let wait = view.draw(self.me, 0, Purpose::Entry).below(last - first + 1);
        deeds.remind(Height::new(first + wait), Reminder::Follow);
    }

    /// Does it want to hear of slashes?
    pub(crate) fn flees(&self) -> bool {
        self.habits.policy == Policy::Flees
    }

    pub(super) fn remember(&mut self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        match reminder {
            Reminder::Follow if view.is_open() => {
                deeds.remind(view.height().after(self.habits.every_blocks), Reminder::Follow);
                self.join(view, deeds);
                self.follow(view, deeds);
            }
            Reminder::Collect if view.is_open() => self.collect(view, deeds),
            _ => {}
        }
    }

    /// Puts what is idle behind the best.
    fn join(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        let state = view.state();
        // What fees have taken cannot be delegated.
        let amount = self.idle.min(view.free_stake(self.account));
        if amount < state.params().staking().delegation_min {
            return;
        }
        let Some((_, best)) = self.best(view, amount) else { return };
        let (operator, role) = (best.account, best.role);
        deeds.send(Command::Delegate(Delegate { operator, role, amount }));
        self.idle = Amount::ZERO;
    }

    /// Moves what may move to somebody better.
    fn follow(&self, view: &View<'_>, deeds: &mut Deeds) {
        if !matches!(self.habits.policy, Policy::Return | Policy::Commission) {
            return;
        }
        let state = view.state();
        for row in self.rows(view) {
            let (source, amount) = (row.operator, state.delegated(row));
            if amount < state.params().staking().delegation_min {
                continue;
            }
            let Some((target, best)) = self.best(view, amount) else { continue };
            let Some(here) = view.pools().get(source) else { continue };
            let there = self.worth(view, (target, best), amount);
            if target == source || there <= self.worth(view, (source, here), Amount::ZERO) {
                continue;
            }
            let (source, target, role) = (here.account, best.account, best.role);
            deeds.send(Command::Redelegate(Redelegate { source, target, role, amount }));
            if !state.delegation_earned(row).is_zero() {
                deeds.send(Command::WithdrawDelegation(WithdrawDelegation {
                    operator: source,
                    role,
                }));
            }
        }
    }

    /// The best of those that have room for so much more, by luck if several are.
    fn best<'a>(&self, view: &View<'a>, more: Amount) -> Option<(OperatorId, &'a Pool)> {
        let there = view.pools().of(self.habits.role);
        let fit = there.filter(|(id, pool)| pool.has_room(view.state(), *id, more));
        let known: Vec<_> = fit.map(|one| (self.worth(view, one, more), one)).collect();
        let most = known.iter().map(|(worth, _)| *worth).max()?;
        let best: Vec<_> = known.iter().filter(|(worth, _)| *worth == most).collect();
        let step = view.height().count() as u32; // A run has fewer than 2^32 blocks.
        let pick = view.draw(self.me, step, Purpose::Follow).below(best.len() as u64);
        Some(best[pick as usize].1)
    }

    /// How good an operator is to it, with so much more there.
    fn worth(&self, view: &View<'_>, (id, pool): (OperatorId, &Pool), more: Amount) -> i128 {
        let state = view.state();
        match self.habits.policy {
            Policy::Return => pool.gain(state, id, more),
            Policy::Commission => {
                let kept = state.delegation_pool(id).map_or(0, |row| row.commission.rate.parts());
                -i128::from(kept)
            }
            Policy::Stays => 0,
            Policy::Flees => -i128::from(pool.slashes),
        }
    }

    /// What it has delegated, operator by operator.
    fn rows<'a>(&self, view: &View<'a>) -> impl Iterator<Item = &'a Delegation> + use<'a> {
        let state = view.state();
        let held = state.account(self.account).into_iter().flat_map(|row| &row.delegations);
        held.filter_map(|id| state.delegation_row(*id))
    }

    /// Begins to take everything back from an operator that was slashed; has what came back.
    pub(super) fn hear(&mut self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        match *event {
            Event::DelegationSlashed { operator, .. } => self.flee(view, operator, deeds),
            Event::DelegationWithdrawn { amount, .. } => {
                self.idle = self.idle.saturating_add(amount);
            }
            _ => {}
        }
    }

    fn flee(&self, view: &View<'_>, operator: OperatorId, deeds: &mut Deeds) {
        if !self.flees() || !view.is_open() {
            return;
        }
        let state = view.state();
        let Some(pool) = view.pools().get(operator) else { return };
        let Some(row) = state.delegation(self.account, operator) else { return };
        let amount = state.delegated(row);
        if amount.is_zero() {
            return;
        }
        let (role, whose) = (pool.role, pool.account);
        deeds.send(Command::Undelegate(Undelegate { operator: whose, role, amount }));
        let matures = state.undelegation_matures(amount);
        deeds.remind(view.first_block(matures), Reminder::Collect);
    }

    /// Takes what has matured, to be delegated anew.
    fn collect(&self, view: &View<'_>, deeds: &mut Deeds) {
        let state = view.state();
        for row in self.rows(view) {
            let mut leaving = state.leaving(row);
            let is_ripe = leaving.any(|(.., matures)| matures <= state.epoch());
            if let Some(pool) = view.pools().get(row.operator).filter(|_| is_ripe) {
                let (operator, role) = (pool.account, pool.role);
                deeds.send(Command::WithdrawDelegation(WithdrawDelegation { operator, role }));
            }
        }
    }

    pub(super) fn refused(&mut self, command: &Command) {
        if let Command::Delegate(refused) = command {
            self.idle = self.idle.saturating_add(refused.amount);
        }
    }
}
