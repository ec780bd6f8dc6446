//! Rewards: what the network emits for its upkeep, and who earned it.
//!
//! Key terms: a [`Schedule`] says how much an epoch may emit; a *claim* is the most emission that
//! one job attracts for somebody; what somebody's claims of an epoch *weigh* together is what they
//! attract at most, all of them or less (γ); a *round* is an epoch in which somebody had a
//! claim, with what a unit of claim came to ([`Round`]); an operator's rewards are *settled* into
//! its own pot, where they vest ([`Vesting`]), less what its delegators have of them.
//!
//! Laws: an epoch mints no more than its schedule, its claims and the lifetime's cap allow; a job
//! attracts less from all pools together than it burnt (M24, R9); the emission's pot holds what is
//! left of each round; what work earned vests on the terms of its job (M21).
//! Rounding: claims, rates and payments down; what a round's last claimant leaves goes to the
//! treasury.
//! Known shortcomings: providers and validators alone share; what work costs is a parameter, not
//! measured; whoever delegates before an operator is settled has a part of what it earned until
//! then, and what stake earned vests on the terms in force when it is settled.
//! Not here: whether work was done (`stories`), what delegators get of it (`staking`).

pub(crate) mod acts;
mod claim;
mod goal;
pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;
mod schedule;
mod vesting;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use claim::ClaimTerms;
pub use goal::{Baseline, Reached, STEPS};
pub use rejected::ClaimRewardsRejected;
pub use schedule::{Cut, Measure, Moment, Schedule, Standing};
pub use vesting::{Line, VestTerms, Vesting, Waiting};

use crate::{
    ids::OperatorId,
    num::{Amount, Epoch, Exponent, Index, Returns},
    table::{Blank, Rare, Table},
};
use params::RewardsParams;

/// An epoch whose claims were paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Which epoch.
    pub epoch: Epoch,
    /// What a unit of what claims weigh came to, at most one unit.
    pub rate: Index,
    /// What claims weigh.
    pub returns: Returns,
    /// What was minted for it and is not settled.
    pub left: Amount,
    /// Operators that are not settled.
    pub waiting: u32,
}

/// What an operator earned by work, and what of it has vested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earnings {
    /// Its claim in the last round that it worked in, until that is settled.
    pub work: Option<Work>,
    /// What is settled and not yet paid.
    pub vesting: Vesting,
}

/// What an operator's work of one round may attract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Which round.
    pub round: u64,
    /// So much at most, by the terms of the jobs; one of each.
    pub claims: Vec<(VestTerms, Amount)>,
}

impl Work {
    /// All of it.
    pub fn claim(&self) -> Amount {
        self.claims.iter().fold(Amount::ZERO, |sum, (_, claim)| sum.saturating_add(*claim))
    }

    /// What all of it weighs (down).
    pub fn weight(&self, returns: Returns) -> Amount {
        returns.of_floor(self.claim())
    }

    fn add(&mut self, terms: VestTerms, claim: Amount) {
        match self.claims.iter_mut().find(|(of, _)| *of == terms) {
            Some((_, all)) => *all = all.saturating_add(claim),
            None => self.claims.push((terms, claim)),
        }
    }
}

impl Blank for Earnings {
    const BLANK: &'static Earnings = &Earnings {
        work: None,
        vesting: Vesting {
            ready: Amount::ZERO,
            waiting: Vec::new(),
            lines: Vec::new(),
            followed: Epoch::ZERO,
        },
    };
}

/// A schedule that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Which, as its parameter says.
    pub(crate) schedule: u8,
    /// The first epoch that it paid for.
    pub(crate) since: Epoch,
    /// As the last epoch left it.
    pub(crate) standing: Standing,
}

/// The epoch that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    /// What all claims weigh.
    pub(crate) claims: Amount,
    pub(crate) claimants: u32,
    /// As it was when the first claim came.
    pub(crate) returns: Returns,
}

/// The numbers by which a part of somebody's claims weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeighTerms {
    /// All its claims of the epoch.
    pub all: Amount,
    /// How what they weigh grows with them.
    pub returns: Returns,
}

impl WeighTerms {
    /// ⌊claim · weight / all⌋: its part of what all of them weigh.
    pub fn weight_floor(&self, claim: Amount) -> Amount {
        let weight = self.returns.of_floor(self.all);
        claim.share_floor(weight.units(), self.all.units()).unwrap_or(Amount::ZERO)
    }
}

/// How what claims weigh grows with them, as parameters say.
pub(crate) fn returns(params: &RewardsParams) -> Returns {
    Returns { exponent: Exponent::of_quarters(params.work_exponent), unit: params.work_unit }
}

/// What a unit comes to where `minted` is shared among all that claims of an epoch weigh (down).
pub fn rate_floor(minted: Amount, claims: Amount) -> Option<Index> {
    Index::ZERO.grown_floor(minted, claims.units())
}

/// What so much of it comes to at that rate (down).
pub fn earned_floor(claim: Amount, rate: Index) -> Amount {
    let earned = rate.earned_floor(Index::ZERO, claim.units());
    earned.expect("a round pays at most its claims")
}

/// The schedule's state, every round that somebody waits for, and a row of each operator.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rewards {
    pub(crate) running: Option<Running>,
    /// All that was ever emitted.
    pub(crate) emitted: Amount,
    /// What was minted for stake and is not settled.
    pub(crate) by_stake: Amount,
    pub(crate) open: Open,
    pub(crate) rounds: Table<Round>,
    pub(crate) earnings: Table<Rare<Earnings>>,
}

impl Rewards {
    /// What the root covers besides the tables.
    pub(crate) fn globals(&self) -> (Option<Running>, Amount, Amount, Open) {
        (self.running, self.emitted, self.by_stake, self.open)
    }

    pub(crate) fn enter(&mut self) {
        self.earnings.push(Rare::default());
    }

    /// The number of the round that the open epoch will be, if somebody works in it.
    pub(crate) fn next_round(&self) -> u64 {
        u64::try_from(self.rounds.len()).expect("rows are counted by 64 bits")
    }

    pub(crate) fn earnings(&self, id: OperatorId) -> &Earnings {
        self.earnings.get(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn earnings_mut(&mut self, id: OperatorId) -> &mut Earnings {
        self.earnings.get_mut(id.index()).expect("only identifiers handed out are used")
    }

    /// An operator's work of the open epoch.
    pub(crate) fn open_work(&self, id: OperatorId) -> Option<&Work> {
        let work = self.earnings(id).work.as_ref();
        work.filter(|work| work.round == self.next_round())
    }

    /// A round that somebody waits for.
    pub(crate) fn round(&self, number: u64) -> Option<&Round> {
        self.rounds.get(usize::try_from(number).ok()?)
    }

    /// What an operator's work in a closed round came to (down), by the terms of its jobs; nothing
    /// while it is open.
    pub(crate) fn owed(&self, id: OperatorId) -> Option<(Round, Vec<Amount>)> {
        let work = self.earnings(id).work.as_ref()?;
        let round = *self.round(work.round)?;
        let weigh = WeighTerms { all: work.claim(), returns: round.returns };
        let part = |claim: Amount| earned_floor(weigh.weight_floor(claim), round.rate);
        let earned = work.claims.iter().map(|(_, claim)| part(*claim));
        Some((round, earned.collect()))
    }

    /// An operator's vesting as it would be, were it settled now, with what its stake earned;
    /// `own` is its part of a pay.
    pub(crate) fn vesting_at(
        &self,
        (id, by_stake): (OperatorId, Amount),
        own: impl Fn(Amount) -> Amount,
        now: Epoch,
        params: &RewardsParams,
    ) -> Vesting {
        let mut vesting = self.earnings(id).vesting.clone();
        if let Some((round, parts)) = self.owed(id) {
            let claims = self.earnings(id).work.iter().flat_map(|work| &work.claims);
            for ((vests, _), amount) in claims.zip(parts) {
                vesting.put(own(amount), round.epoch, vests);
            }
        }
        vesting.put(own(by_stake), now, &VestTerms::new(params));
        vesting.follow(now);
        vesting
    }
}
