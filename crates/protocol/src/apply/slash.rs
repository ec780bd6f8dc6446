//! Slashes: stake leaves its pots, waits out its stay, and goes where the waterfall sends it.

use alloc::vec::Vec;

use crate::{
    event::{Event, Journal},
    ids::{AccountId, Digest, JobId, OperatorId, SlashId},
    ledger::{JobPot, Pot, Reason},
    num::{Amount, Factor, Height},
    params::Params,
    reputation::Dimension,
    slashing::{self, Claims, Offence, Slash, SlashState, Waterfall, plan},
    staking::Standing,
    state::{State, Timer},
};

/// Who is guilty of what, and who may be paid for it.
pub(super) struct Conviction {
    pub(super) offence: Offence,
    pub(super) operator: OperatorId,
    pub(super) job: JobId,
    /// The result's root, if the referee's engine spoke.
    pub(super) root: Option<Digest>,
    pub(super) claims: Claims,
}

impl State {
    /// Takes stake and pays it out at once: what the ledger saw itself needs no stay.
    pub(super) fn slash_now(
        &mut self,
        conviction: Conviction,
        sources: &[(Pot, Amount)],
        journal: &mut Journal,
    ) {
        let id = self.take_slash(conviction, sources, journal);
        self.execute_slash(id, journal);
    }

    /// Takes stake and holds it for the engine's stay (C13).
    pub(super) fn slash_later(
        &mut self,
        conviction: Conviction,
        sources: &[(Pot, Amount)],
        params: &Params,
        journal: &mut Journal,
    ) {
        let id = self.take_slash(conviction, sources, journal);
        let execute_at = self.epoch().after(params.engine_stay_epochs);
        self.slashing.slash_mut(id).state = SlashState::Pending(execute_at);
        self.slashing.pending.push(id);
        let slash = self.slashing.slash(id).clone();
        let (offence, account, role) = (slash.offence, slash.account, slash.role);
        let amount = self.balance(Pot::Slash(id));
        journal.push(Event::SlashPending { slash: id, offence, account, role, amount, execute_at });
        self.set_slash_timer(id, execute_at, params);
        let alike = self.slashing.alike(&slash);
        if !alike.is_empty() {
            let until = self.epoch().after(params.engine_hold_epochs);
            for held in alike.into_iter().chain([id]) {
                self.slashing.slash_mut(held).state = SlashState::Held(until);
                self.set_slash_timer(held, until, params);
                journal.push(Event::SlashHeld { slash: held, until });
            }
        }
    }

    fn set_slash_timer(&mut self, id: SlashId, at: crate::num::Epoch, params: &Params) {
        let start = params.epoch_blocks.times(at.count());
        self.timers.set(Height::ZERO.after(start), Timer::Slash(id));
    }

    /// Moves stake into a pot of its own and books the strike.
    fn take_slash(
        &mut self,
        conviction: Conviction,
        sources: &[(Pot, Amount)],
        journal: &mut Journal,
    ) -> SlashId {
        let Conviction { offence, operator, job, root, claims } = conviction;
        let now = self.epoch();
        let params = self.pinned(job);
        let program = self.market.job(job).expect("a slash has a job").terms.task.program;
        let (account, role) = {
            let row = self.staking.operator(operator);
            (row.account, row.role)
        };
        let id = SlashId::from_index(self.slashing.slashes.push(Slash {
            offence,
            operator,
            account,
            role,
            job,
            conviction: root.map(|root| (program, root)),
            claims,
            state: SlashState::Pending(now),
        }));
        self.ledger.slashes.push(Amount::ZERO);
        for &(pot, amount) in sources {
            self.ledger.transfer(pot, Pot::Slash(id), amount, Reason::Slash, journal);
            if !matches!(pot, Pot::Unbonding(_)) {
                self.reduce_stake(operator, amount);
            }
        }
        let halflife = params.strike_halflife_epochs.count();
        self.staking.operator_mut(operator).strike(now, halflife);
        id
    }

    /// A stay is over, unless it was extended meanwhile.
    pub(crate) fn end_stay(&mut self, id: SlashId, journal: &mut Journal) {
        let now = self.epoch();
        let due = match self.slashing.slash(id).state {
            SlashState::Pending(at) | SlashState::Held(at) => at <= now,
            SlashState::Executed => false,
        };
        if due {
            self.slashing.pending.retain(|pending| *pending != id);
            self.execute_slash(id, journal);
        }
    }

    /// Pays a slash out along the waterfall.
    fn execute_slash(&mut self, id: SlashId, journal: &mut Journal) {
        let slash = self.slashing.slash(id).clone();
        let params = self.pinned(slash.job);
        let amount = self.balance(Pot::Slash(id));
        let mut waterfall = plan(amount, &slash.claims, &params);
        let from = Pot::Slash(id);
        if self.staking.pay_peers(slash.role, waterfall.peers).is_none() {
            // No peer is left to share it.
            waterfall.insurance = waterfall.insurance.saturating_add(waterfall.peers);
            waterfall.peers = Amount::ZERO;
        }
        if let Some(injured) = slash.claims.injured {
            let to = Pot::Free(injured);
            self.ledger.transfer(from, to, waterfall.compensation, Reason::Compensation, journal);
        }
        let count = u64::try_from(slash.claims.reporters.len()).unwrap_or(u64::MAX);
        let each = slashing::each(waterfall.reporter, count);
        for reporter in &slash.claims.reporters {
            let to = Pot::Free(*reporter);
            self.ledger.transfer(from, to, each, Reason::ReporterReward, journal);
        }
        for (to, part, reason) in [
            (Pot::Burnt, waterfall.burnt, Reason::SlashBurnt),
            (Pot::Insurance, waterfall.insurance, Reason::SlashInsurance),
            (Pot::Peers(slash.role), waterfall.peers, Reason::SlashPeers),
        ] {
            self.ledger.transfer(from, to, part, reason, journal);
        }
        self.finish_slash(id, &slash, waterfall, journal);
    }

    fn finish_slash(
        &mut self,
        id: SlashId,
        slash: &Slash,
        waterfall: Waterfall,
        journal: &mut Journal,
    ) {
        let left = self.balance(Pot::Slash(id));
        assert!(left.is_zero() && waterfall.adds_up(), "a waterfall pays out all of its slash");
        let row = self.slashing.slash_mut(id);
        row.state = SlashState::Executed;
        row.claims = Claims::default();
        journal.push(Event::Slashed {
            slash: Some(id),
            offence: slash.offence,
            account: slash.account,
            role: Some(slash.role),
            job: slash.job,
            waterfall,
        });
    }

    /// Takes all of a lock: `bonus` joins the job's audit fees, the rest burns.
    pub(super) fn slash_to_successor(
        &mut self,
        conviction: Conviction,
        lock: Pot,
        bonus: Amount,
        journal: &mut Journal,
    ) {
        let fees = Pot::Job(conviction.job, JobPot::AuditFees);
        self.slash_split(conviction, lock, (fees, bonus), journal);
    }

    /// Takes all of a lock: a bounded part goes to one pot, the rest burns.
    pub(super) fn slash_split(
        &mut self,
        conviction: Conviction,
        lock: Pot,
        (to, part): (Pot, Amount),
        journal: &mut Journal,
    ) {
        let amount = self.balance(lock);
        let id = self.take_slash(conviction, &[(lock, amount)], journal);
        let waterfall = Waterfall::reward_and_burn(amount, part);
        let from = Pot::Slash(id);
        self.ledger.transfer(from, to, waterfall.reporter, Reason::AuditMissed, journal);
        self.ledger.transfer(from, Pot::Burnt, waterfall.burnt, Reason::SlashBurnt, journal);
        let slash = self.slashing.slash(id).clone();
        self.finish_slash(id, &slash, waterfall, journal);
    }

    /// Burns a forfeited deposit.
    pub(super) fn burn_deposit(
        &mut self,
        job: JobId,
        (offence, account): (Offence, AccountId),
        from: Pot,
        journal: &mut Journal,
    ) {
        let amount = self.ledger.transfer_all(from, Pot::Burnt, Reason::BidForfeited, journal);
        let waterfall = Waterfall::all_burnt(amount);
        let (slash, role) = (None, None);
        journal.push(Event::Slashed { slash, offence, account, role, job, waterfall });
    }

    /// Where a share of the free bond is taken from: the bond, then unbonding entries queued
    /// after `accepted_at`, which still answer for it.
    pub(super) fn percentage_sources(
        &self,
        operator: OperatorId,
        base: crate::num::Ratio,
        accepted_at: Height,
        params: &Params,
    ) -> Vec<(Pot, Amount)> {
        let row = self.staking.operator(operator);
        let liable = row.unbondings.iter().copied();
        let liable = liable.filter(|id| self.staking.unbonding(*id).queued_at >= accepted_at);
        let pots = core::iter::once(Pot::Bond(operator)).chain(liable.map(Pot::Unbonding));
        let pots: Vec<(Pot, Amount)> = pots.map(|pot| (pot, self.balance(pot))).collect();
        let total = pots.iter().fold(Amount::ZERO, |sum, (_, a)| sum.saturating_add(*a));
        let strikes = row.strikes(self.epoch(), params.strike_halflife_epochs.count());
        let share = slashing::share(base, strikes, params);
        let mut wanted = slashing::of_free_bond(share, total);
        let mut sources = Vec::new();
        for (pot, there) in pots {
            let part = wanted.min(there);
            wanted = wanted.saturating_sub(part);
            sources.push((pot, part));
        }
        sources
    }

    /// No new work until it asks for release.
    pub(super) fn jail(&mut self, operator: OperatorId, params: &Params, journal: &mut Journal) {
        let until = self.epoch().after(params.jail_epochs);
        let row = self.staking.operator(operator);
        let (account, role) = (row.account, row.role);
        match row.standing {
            Standing::Tombstoned => return,
            Standing::Jailed(already) if already >= until => return,
            Standing::Active | Standing::Jailed(_) => {}
        }
        self.staking.set_standing(operator, Standing::Jailed(until));
        journal.push(Event::Jailed { operator, account, role, until });
    }

    /// Books one event of an operator's record.
    pub(super) fn note(
        &mut self,
        operator: OperatorId,
        dimension: Dimension,
        success: bool,
        weight: Factor,
        params: &Params,
        journal: &mut Journal,
    ) {
        let now = self.epoch();
        self.reputation.note(operator, dimension, success, weight, now, params);
        let account = self.staking.operator(operator).account;
        let score = self.score(operator);
        journal.push(Event::ReputationChanged { operator, account, score });
    }
}
