//! Parameters of staking.

use crate::{
    ids::Role,
    num::{Amount, Epochs, Factor, Ratio},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, params},
};

params! {
    /// Bonds: how small, how long, and when one may not work.
    StakingParams in "staking" {
        /// A provider's least bond before the entry curve.
        provider_bond_min: Amount = Amount::tokens(100), 1..=AMOUNT_MAX,
            "collateral of a first small job";
        /// A validator's least bond before the entry curve.
        validator_bond_min: Amount = Amount::tokens(100), 1..=AMOUNT_MAX, "locks of a few audits";
        /// Active holders at which the entry curve has doubled (k = 1).
        entry_scale: u64 = 1_000, 1..=BLOCKS_MAX, "no effect while the exponent is 0";
        /// The entry curve's exponent k; 0 keeps it flat.
        entry_exponent: u32 = 0, 0..=2, "a network that begins wants entrants";
        /// The entry curve's cap: entrants cannot price out the next (m5).
        entry_cap: Factor = Factor::percent(400), ONE..=4 * ONE, "four times, as m5 asks";
        /// Epochs from unbonding to withdrawal; R4 ties it to the longest job.
        unbonding_epochs: Epochs = Epochs::new(504), 1..=BLOCKS_MAX, "21 days of hours";
        /// Epochs in which all that is bonded could leave, at the fastest: one part in so many
        /// leaves in each; 0 lets everybody leave at once.
        exit_epochs: Epochs = Epochs::new(0), 0..=BLOCKS_MAX, "off: everybody may leave at once";
        /// What may leave in an epoch at least.
        exit_churn_min: Amount = Amount::tokens(100), 1..=AMOUNT_MAX, "a least bond an epoch";
        /// What may leave in an epoch at most.
        exit_churn_max: Amount = Amount::MAX, 1..=AMOUNT_MAX, "no limit besides the share";
        /// What may leave in an epoch is a multiple of this, down.
        exit_churn_step: Amount = Amount::UNIT, 1..=AMOUNT_MAX, "to the unit";
        /// Epochs of unbonding that may pass while waiting for room; the others follow it.
        exit_overlap_epochs: Epochs = Epochs::new(0), 0..=BLOCKS_MAX,
            "no more is paid out in an epoch than had room";
        /// Epochs that the queue puts a withdrawal off at most.
        exit_wait_max_epochs: Epochs = Epochs::new(504), 0..=BLOCKS_MAX, "unbonding's wait again";
        /// Entries one operator may have in the queue.
        unbondings_max: u32 = 32, 1..=1_000, "one for every day of the wait, and some";
        /// The most that others may delegate to an operator, as a multiple of its own stake; 0
        /// allows none.
        delegation_max: Factor = Factor::ZERO, 0..=100 * ONE,
            "off: it brings an operator no work yet";
        /// The least that is delegated at once, so that rows are not free.
        delegation_min: Amount = Amount::tokens(1), 1..=AMOUNT_MAX, "far above a fee";
        /// Operators one account may delegate to.
        delegations_max: u32 = 32, 1..=1_000, "enough to spread";
        /// Spans that the wait of leaving delegations is cut into: a slash touches at most one exit
        /// more.
        exits_max: u32 = 64, 1..=1_000, "a span of 8 hours";
        /// Parcels of moved delegations that one operator may have come in, and as many gone out,
        /// that answer for both operators: a slash touches at most so many of each.
        moves_max: u32 = 64, 1..=1_000, "a dozen sources at once";
        /// The most that an operator's commission rises at once.
        commission_raise_max: Ratio = Ratio::percent(1), 0..=ONE, "who delegates sees it coming";
        /// Epochs between two changes of a commission.
        commission_wait_epochs: Epochs = Epochs::new(24), 1..=BLOCKS_MAX, "a day of hours";
        /// Providers of a class that may take new work: those with the largest own stakes; 0 lets
        /// everybody.
        providers_active_max: u64 = 0, 0..=1_000_000_000, "off: everybody may work";
        /// Validators of a class that may take new work: those with the largest own stakes; 0 lets
        /// everybody. R18 ties it to the largest audit.
        validators_active_max: u64 = 0, 0..=1_000_000_000, "off: everybody may be drawn";
        /// By how much of the least stake in a full active set another's must exceed it to take
        /// its place.
        active_margin: Ratio = Ratio::percent(5), 0..=ONE, "no place changes hands for a crumb";
        /// What a unit weighs that is locked for the longest, in votes and, if
        /// `rewards.lock_weighs`, in what goes by stake; less as its end comes nearer.
        lock_boost: Factor = Factor::ONE, ONE..=4 * ONE, "off: stake is stake";
        /// The longest that a bond may be locked; 0 lets nobody lock one. No vote sets it below
        /// what is left of a lock.
        lock_epochs_max: Epochs = Epochs::new(0), 0..=BLOCKS_MAX, "off: nobody locks";
        /// Epochs before a jailed operator may ask for release.
        jail_epochs: Epochs = Epochs::new(24), 1..=BLOCKS_MAX, "a day of hours";
        /// Abandonments within `offence_window_epochs` that jail.
        abandonments_to_jail: u32 = 3, 1..=100, "one outage is an accident, three are a habit";
        /// How far back abandonments count.
        offence_window_epochs: Epochs = Epochs::new(168), 1..=BLOCKS_MAX, "a week of hours";
    }
}

impl StakingParams {
    /// The least bond of a role, before the entry curve.
    pub(crate) fn bond_min(&self, role: Role) -> Amount {
        match role {
            Role::Provider | Role::Replica => self.provider_bond_min,
            Role::Validator => self.validator_bond_min,
            // Its tiers say what is enough of it (`access`).
            Role::Access => Amount::UNIT,
        }
    }
}
