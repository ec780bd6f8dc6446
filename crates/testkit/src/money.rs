//! Money: a second ledger, slow and obvious, that is told each movement and must agree.
//!
//! Law: nothing moves that is not there; nothing moves but along one of `routes`; what each asset
//! sums to changes by what is issued alone, burnt money included.

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Asset, Epoch, State,
    ledger::{AssignmentPot, Flow, Flows, JobPot, Movement, Place, Places, Pot, Reason},
};

/// Every pot that ever held anything, in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    pots: BTreeMap<Pot, u64>,
}

/// The kind of a pot, without its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Free,
    Bond,
    Unbonding,
    Delegated,
    Exit,
    Moved,
    Rewards,
    Proposal,
    Program,
    Escrow,
    AuditFees,
    Deposit,
    BidDeposit,
    BidCollateral,
    Collateral,
    AuditLock,
    ChallengeDeposit,
    DataFee,
    Slash,
    JobCover,
    Cover,
    Judges,
    Emission,
    Grants,
    Vesting,
    Insurance,
    Treasury,
    Burnt,
}

fn kind(pot: Pot) -> Kind {
    match pot {
        Pot::Free(..) => Kind::Free,
        Pot::Bond(_) => Kind::Bond,
        Pot::Unbonding(_) => Kind::Unbonding,
        Pot::Delegated(_) => Kind::Delegated,
        Pot::Exit(_) => Kind::Exit,
        Pot::Moved(_) => Kind::Moved,
        Pot::DelegationRewards(_) => Kind::Rewards,
        Pot::Proposal(_) => Kind::Proposal,
        Pot::Program(_) => Kind::Program,
        Pot::Job(_, JobPot::Escrow) => Kind::Escrow,
        Pot::Job(_, JobPot::AuditFees) => Kind::AuditFees,
        Pot::Job(_, JobPot::Deposit) => Kind::Deposit,
        Pot::Job(_, JobPot::BidDeposit(_)) => Kind::BidDeposit,
        Pot::Job(_, JobPot::Collateral(_)) => Kind::BidCollateral,
        Pot::Assignment(_, AssignmentPot::Collateral) => Kind::Collateral,
        Pot::Assignment(_, AssignmentPot::AuditLock(_)) => Kind::AuditLock,
        Pot::Assignment(_, AssignmentPot::ChallengeDeposit(_)) => Kind::ChallengeDeposit,
        Pot::Assignment(_, AssignmentPot::DataFee(_)) => Kind::DataFee,
        Pot::Slash(_) => Kind::Slash,
        Pot::Job(_, JobPot::Cover) => Kind::JobCover,
        Pot::Cover(_) => Kind::Cover,
        Pot::Judges => Kind::Judges,
        Pot::Emission => Kind::Emission,
        Pot::Grants => Kind::Grants,
        Pot::Vesting(_) => Kind::Vesting,
        Pot::Insurance(_) => Kind::Insurance,
        Pot::Treasury(_) => Kind::Treasury,
        Pot::Burnt(_) => Kind::Burnt,
    }
}

/// For each reason, whence and where money may go.
// tidy: ladder
fn routes(reason: Reason) -> (&'static [Kind], &'static [Kind]) {
    use Kind::*;
    match reason {
        Reason::Issue => (&[], &[]),
        Reason::BaseFee => (&[Free], &[Burnt]),
        Reason::Transfer => (&[Free], &[Free]),
        Reason::Bond => (&[Free], &[Bond]),
        Reason::Unbond => (&[Bond], &[Unbonding]),
        Reason::UnbondCancelled => (&[Unbonding], &[Bond]),
        Reason::Withdraw => (&[Unbonding], &[Free]),
        Reason::Escrow => (&[Free], &[Escrow]),
        Reason::AuditFeeEscrow => (&[Free], &[AuditFees]),
        Reason::RequesterDeposit => (&[Free], &[Deposit]),
        Reason::BidDeposit => (&[Free], &[BidDeposit]),
        Reason::BidDepositReturned => (&[BidDeposit], &[Free]),
        Reason::BidForfeited => (&[BidDeposit], &[Burnt]),
        Reason::CollateralLocked => (&[Bond], &[BidCollateral]),
        Reason::CollateralAssigned => (&[BidCollateral], &[Collateral]),
        Reason::CollateralReleased => (&[BidCollateral, Collateral], &[Bond]),
        Reason::AuditLocked => (&[Bond], &[AuditLock]),
        Reason::AuditLockReleased => (&[AuditLock], &[Bond]),
        Reason::AuditFee => (&[AuditFees], &[Free]),
        Reason::AuditFeeExtra => (&[Deposit, Bond], &[AuditFees]),
        Reason::AuditFeeForfeited => (&[AuditFees], &[Burnt]),
        Reason::BeaconWithheld => (&[Bond], &[Burnt]),
        Reason::ChallengeDeposit => (&[Free], &[ChallengeDeposit]),
        Reason::ChallengeDepositReturned => (&[ChallengeDeposit], &[Free]),
        Reason::ChallengeLost => (&[ChallengeDeposit], &[Free, Burnt]),
        Reason::DataFee => (&[Free, DataFee], &[DataFee, Free, Burnt]),
        Reason::DataFeeReturned => (&[DataFee], &[Free]),
        Reason::Price => (&[Escrow], &[Free]),
        Reason::Take => (&[Escrow], &[Burnt, Insurance, Treasury]),
        Reason::Refund => (&[Escrow, AuditFees, Deposit], &[Free]),
        Reason::RequesterForfeit => (&[Deposit], &[Burnt]),
        Reason::Slash => {
            let own = &[Bond, Unbonding, Collateral, AuditLock, Delegated, Exit, Moved, Vesting];
            (own, &[Slash])
        }
        Reason::SlashReversed => (&[Slash], &[Bond, Unbonding, Delegated, Exit, Moved, Vesting]),
        Reason::Compensation | Reason::ReporterReward => (&[Slash], &[Free]),
        Reason::SlashBurnt => (&[Slash], &[Burnt]),
        Reason::SlashInsurance => (&[Slash], &[Insurance]),
        Reason::SlashJudges => (&[Slash], &[Judges]),
        Reason::JudgeReward => (&[Judges], &[Free]),
        Reason::StorageFee => (&[Free], &[Burnt]),
        Reason::Delegate => (&[Free], &[Delegated]),
        Reason::Undelegate => (&[Delegated], &[Exit]),
        Reason::UndelegationCancelled => (&[Exit], &[Delegated]),
        Reason::DelegationWithdrawn => (&[Exit], &[Free]),
        Reason::Redelegate => (&[Delegated], &[Moved]),
        Reason::RedelegationSettled => (&[Moved], &[Delegated]),
        Reason::DelegationReward => (&[Escrow, AuditFees, Emission], &[Rewards]),
        Reason::DelegationRewardPaid => (&[Rewards], &[Free]),
        Reason::Emission => (&[Burnt], &[Treasury, Emission]),
        Reason::EmissionEarned => (&[Emission], &[Vesting]),
        Reason::EmissionDust => (&[Emission], &[Treasury]),
        Reason::EmissionPaid => (&[Vesting], &[Free]),
        Reason::ProposalDeposit => (&[Free], &[Proposal]),
        Reason::ProposalDepositReturned => (&[Proposal], &[Free]),
        Reason::ProposalVetoed | Reason::ProposalCancelled | Reason::AppealLost => {
            (&[Proposal], &[Burnt])
        }
        Reason::Spend => (&[Treasury], &[Free]),
        Reason::Premium => (&[Free], &[Insurance]),
        Reason::CoverPromised => (&[Insurance], &[JobCover]),
        Reason::CoverAwaitsSlash => (&[JobCover], &[Cover]),
        Reason::CoverPaid => (&[Cover], &[Free]),
        Reason::CoverReturned => (&[JobCover, Cover], &[Insurance]),
        Reason::ProgramDeposit => (&[Free], &[Program]),
        Reason::ProgramDepositReturned => (&[Program], &[Free]),
        Reason::ProgramDepositBurnt => (&[Program], &[Burnt]),
        Reason::CreditsPaidFor | Reason::CreditsRedeemed => (&[Free], &[Burnt]),
        Reason::CreditsMinted | Reason::CreditsGivenBack => (&[Burnt], &[Free]),
        Reason::GrantPaid | Reason::ListedPaid => (&[Grants], &[Free]),
        Reason::ListClosed => (&[Grants], &[Treasury]),
    }
}

impl Money {
    /// What a state holds at its beginning: free balances, bonds, and what is granted.
    pub fn of(state: &State) -> Money {
        let mut pots = BTreeMap::new();
        for (id, _) in state.accounts() {
            for &asset in state.assets().all() {
                let pot = Pot::Free(id, asset);
                pots.insert(pot, state.balance(pot).units());
            }
        }
        for (id, _) in state.operators() {
            pots.insert(Pot::Bond(id), state.balance(Pot::Bond(id)).units());
        }
        pots.insert(Pot::Grants, state.balance(Pot::Grants).units());
        Money { pots }
    }

    /// Follows movements, and compares what they touched with the state.
    pub fn follow(&mut self, movements: &[Movement], state: &State) {
        for &Movement { source, target, amount, reason } in movements {
            let (from, to) = routes(reason);
            let is_known = from.contains(&kind(source)) && to.contains(&kind(target));
            assert!(is_known, "no {reason:?} goes from {source:?} to {target:?}");
            assert!(!amount.is_zero(), "nothing moved for {reason:?}");
            let mints = [Reason::Emission, Reason::CreditsMinted, Reason::CreditsGivenBack];
            if mints.contains(&reason) {
                // Out of nothing: what was burnt stays burnt.
                *self.pots.entry(source).or_default() += amount.units();
            }
            let there = self.pots.entry(source).or_default();
            let left = there.checked_sub(amount.units());
            *there = left.unwrap_or_else(|| panic!("{source:?} holds less than {amount}"));
            *self.pots.entry(target).or_default() += amount.units();
        }
        for movement in movements {
            for pot in [movement.source, movement.target] {
                assert_eq!(self.pots[&pot], state.balance(pot).units(), "{pot:?}");
            }
        }
    }

    /// Compares every pot, and what each asset sums to.
    pub fn agree(&self, state: &State) {
        let mut sums: BTreeMap<Asset, u64> = BTreeMap::new();
        for (&pot, &amount) in &self.pots {
            assert_eq!(amount, state.balance(pot).units(), "{pot:?}");
            *sums.entry(asset(pot, state)).or_default() += amount;
        }
        for &asset in state.assets().all() {
            let issued = state.issued(asset).units();
            assert_eq!(sums.get(&asset).copied().unwrap_or(0), issued, "{asset:?}, burnt included");
        }
    }

    /// Panics if anything lies where nothing may be left once no job is open.
    pub fn nothing_is_stuck(&self) {
        use Kind::{
            Bond, Burnt, Delegated, Emission, Exit, Free, Grants, Insurance, Judges, Moved,
            Program, Rewards, Treasury, Vesting,
        };
        let own = [Free, Bond, Judges, Insurance, Treasury, Burnt, Program];
        let kinds =
            [&own[..], &[Delegated, Exit, Moved, Rewards, Emission, Vesting, Grants]].concat();
        for (&pot, &amount) in &self.pots {
            let home = kinds.contains(&kind(pot));
            assert!(home || amount == 0, "{amount} left in {pot:?}");
        }
    }
}

/// Where money came from and went in an epoch, as the sums of movements say it.
pub struct EpochFlows {
    epoch: Epoch,
    before: Places,
    supply: BTreeMap<Asset, Amount>,
    flows: Flows,
}

impl EpochFlows {
    /// Of the epoch of a state, from here on.
    pub fn of(state: &State) -> EpochFlows {
        let supply = state.assets().all().iter().map(|asset| (*asset, state.supply(*asset)));
        let (epoch, before) = (state.epoch(), state.places());
        EpochFlows { epoch, before, supply: supply.collect(), flows: Flows::default() }
    }

    /// Follows movements; where an epoch has ended its table adds up to the unit, in all and in
    /// each place.
    pub fn follow(&mut self, movements: &[Movement], state: &State) {
        self.flows.extend(&Flows::of(movements, state.assets()));
        if state.epoch() != self.epoch {
            self.adds_up(state);
            *self = EpochFlows::of(state);
        }
    }

    /// Panics unless what there was, with what came and less what went, is what there is.
    pub fn adds_up(&self, state: &State) {
        let places = self.flows.after(&self.before);
        let there = |places: Places| -> Places {
            places.into_iter().filter(|(_, amount)| !amount.is_zero()).collect()
        };
        assert_eq!(there(places), there(state.places()), "epoch {}", self.epoch);
        for (&asset, &supply) in &self.supply {
            let sum = |is_of: &dyn Fn(&Flow) -> bool| -> u64 {
                let of = self.flows.iter().filter(|(flow, _)| flow.asset == asset && is_of(flow));
                of.map(|(_, amount)| amount.units()).sum()
            };
            let minted = sum(&|flow| flow.source == Place::Burnt);
            let burnt = sum(&|flow| flow.target == Place::Burnt);
            let now = state.supply(asset).units();
            assert_eq!(supply.units() + minted - burnt, now, "{asset:?}, epoch {}", self.epoch);
        }
    }
}

fn asset(pot: Pot, state: &State) -> Asset {
    match pot {
        Pot::Free(_, asset) | Pot::Insurance(asset) | Pot::Treasury(asset) | Pot::Burnt(asset) => {
            asset
        }
        _ => match kind(pot) {
            Kind::Escrow
            | Kind::AuditFees
            | Kind::Deposit
            | Kind::BidDeposit
            | Kind::ChallengeDeposit
            | Kind::DataFee
            | Kind::Program
            | Kind::Rewards => state.assets().payment(),
            _ => Asset::Stake,
        },
    }
}
