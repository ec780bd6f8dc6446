//! Slashing: how much of whose stake is lost for what, and where each part goes.
//!
//! Key terms: an [`Offence`] is one of a closed list, each provable from what the ledger saw; its
//! consequences are one row of a table; a slash is taken at once and paid out when its stay is
//! over; the [`Waterfall`] is its payout; until then it remembers all it took, so that it can be
//! reversed to the unit.
//!
//! Invariant: compensation + reporter + burnt + insurance + judges = amount, to the unit.
//! Rounding: what is taken up, what is paid out down; insurance and judges by subtraction.
//! Known shortcomings: the correlation part of a percentage is not built yet; who takes out matured
//! stake while a slash waits leaves its part of a reversal to the insurance.
//! Not here: whether somebody is guilty (`verification`), what follows (`stories`), who decides an
//! appeal (`governance`).

pub(crate) mod acts;
mod offence;
pub(crate) mod params;
mod waterfall;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::ops::Bound;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use offence::Offence;
pub(crate) use waterfall::each;
pub use waterfall::{Claims, ClaimsTerms, SplitTerms, Taken, Waterfall, Way, plan};

use crate::{
    ids::{AccountId, Digest, JobId, OperatorId, ParamsVersion, ProposalId, Role, SlashId},
    ledger::Pot,
    num::{Amount, Epoch, Factor, Height, Ratio},
    staking::Standing,
    table::Table,
};
use params::SlashingParams;

/// When a slash is paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlashState {
    /// At the opening of this epoch.
    Pending(Epoch),
    /// The same, and the engine itself is under suspicion (C13).
    Held(Epoch),
    /// It was; its row leaves at this height.
    Executed(Height),
    /// It was undone to the unit; its row leaves at this height.
    Reversed(Height),
    /// It waits for the decision of this appeal, which pays it out or undoes it.
    Appealed(ProposalId),
}

/// Stake taken from one operator for one offence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slash {
    /// What for.
    pub offence: Offence,
    /// From whom.
    pub operator: OperatorId,
    /// The same, as an account.
    pub account: AccountId,
    /// In which role.
    pub role: Role,
    /// About which job.
    pub job: JobId,
    /// The parameters it is judged by.
    pub params: ParamsVersion,
    /// Program and root that it was convicted on, for the search for engine faults.
    pub conviction: Option<(Digest, Digest)>,
    /// Who was injured, and by how much at most.
    pub claims: Claims,
    /// What was taken, and from where; a lock counts as its operator's bond. Forgotten once paid.
    pub taken: Vec<(Pot, Amount)>,
    /// What its reputation lost, and when.
    pub mark: (Factor, Epoch),
    /// What it had carried until then, and lost if its result, or its word, was wrong. Nothing
    /// once a later conviction stands, which would have taken that, too.
    pub carried: Amount,
    /// How each of the account's operators would stand without it: as before, or jailed since for
    /// what stands.
    pub standings: Vec<(OperatorId, Standing)>,
    /// When it is paid out.
    pub state: SlashState,
}

impl SlashState {
    /// Has what it took not been paid out, nor given back?
    pub fn waits(self) -> bool {
        match self {
            Self::Pending(_) | Self::Held(_) | Self::Appealed(_) => true,
            Self::Executed(_) | Self::Reversed(_) => false,
        }
    }
}

impl Slash {
    /// What of it was taken from stake that others delegated; nothing once it was paid.
    pub fn of_delegations(&self) -> Amount {
        let parts = self.taken.iter();
        let of_others = |pot| matches!(pot, Pot::Delegated(_) | Pot::Exit(_) | Pot::Moved(_));
        let parts = parts.filter(|(pot, _)| of_others(*pot));
        parts.fold(Amount::ZERO, |sum, (_, amount)| sum.saturating_add(*amount))
    }
}

/// Every slash, and which wait for which conviction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slashing {
    pub(crate) slashes: Table<Slash>,
    /// Slashes that wait, by program and root; derived from the rows.
    convictions: BTreeMap<(Digest, Digest), BTreeSet<SlashId>>,
    /// The same by account.
    accused: BTreeMap<AccountId, BTreeSet<SlashId>>,
}

impl Slashing {
    pub(crate) fn slash(&self, id: SlashId) -> &Slash {
        self.slashes.get(id.index()).expect("a slash stays until some time after it is paid")
    }

    pub(crate) fn slash_mut(&mut self, id: SlashId) -> &mut Slash {
        self.slashes.get_mut(id.index()).expect("a slash stays until some time after it is paid")
    }

    /// Changes when a slash is paid out.
    pub(crate) fn set_state(&mut self, id: SlashId, state: SlashState) {
        self.slash_mut(id).state = state;
        self.index(id);
    }

    fn index(&mut self, id: SlashId) {
        let slash = self.slash(id);
        let (waits, account) = (slash.state.waits(), slash.account);
        let Some(conviction) = slash.conviction else { return };
        list(&mut self.convictions, conviction, id, waits);
        list(&mut self.accused, account, id, waits);
    }

    /// Slashes that wait, convicted on the same program and root: this one, if it waits, and those
    /// that one vote decides with it (C13).
    pub(crate) fn alike(&self, id: SlashId) -> Vec<SlashId> {
        let slash = self.slash(id);
        let alike = slash.conviction.and_then(|conviction| self.convictions.get(&conviction));
        alike.into_iter().flatten().copied().collect()
    }

    /// Slashes of an account that wait and of which it was convicted before this one.
    pub(crate) fn earlier(&self, account: AccountId, id: SlashId) -> Vec<SlashId> {
        let waiting = self.accused.get(&account);
        waiting.into_iter().flat_map(|all| all.range(..id)).copied().collect()
    }

    /// The same after this one.
    pub(crate) fn later(&self, account: AccountId, id: SlashId) -> Vec<SlashId> {
        let after = (Bound::Excluded(id), Bound::Unbounded);
        let waiting = self.accused.get(&account);
        waiting.into_iter().flat_map(|all| all.range(after)).copied().collect()
    }

    /// All of them.
    pub(crate) fn waiting(&self, account: AccountId) -> Vec<SlashId> {
        self.accused.get(&account).into_iter().flatten().copied().collect()
    }
}

/// Lists a slash under a key while it waits.
fn list<K: Ord + Copy>(
    lists: &mut BTreeMap<K, BTreeSet<SlashId>>,
    key: K,
    id: SlashId,
    waits: bool,
) {
    let listed = lists.entry(key).or_default();
    if waits {
        listed.insert(id);
    } else {
        listed.remove(&id);
    }
    if listed.is_empty() {
        lists.remove(&key);
    }
}

impl Serialize for Slashing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.slashes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slashing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slashes = Table::<Slash>::deserialize(deserializer)?;
        let ids: Vec<SlashId> =
            slashes.iter().map(|(index, _)| SlashId::from_index(index)).collect();
        let mut slashing = Slashing { slashes, ..Slashing::default() };
        ids.into_iter().for_each(|id| slashing.index(id));
        Ok(slashing)
    }
}

/// min(max, base · (1 + ρ · strikes)), down: the share of the free bond that an offence costs.
pub(crate) fn share(base: Ratio, strikes: Factor, params: &SlashingParams) -> Ratio {
    let repeated = crate::num::mul_div_floor(
        params.strike_factor.parts(),
        strikes.parts(),
        Factor::ONE.parts(),
    );
    let repeated = repeated.and_then(Factor::new).unwrap_or(Factor::MAX);
    let multiple = Factor::ONE.saturating_add(repeated);
    multiple.ratio_floor(base).ratio_capped().min(params.share_max)
}

/// The largest share that any offence costs who has so many strikes.
pub(crate) fn share_max(strikes: Factor, params: &SlashingParams) -> Ratio {
    // The offences that cost a share; the others cost a lock alone.
    let offences = [Offence::WrongResult, Offence::FalseAudit, Offence::CopiedRoot];
    let shares = offences.map(|offence| share(offence.consequences(params).share, strikes, params));
    shares.into_iter().max().unwrap_or(Ratio::ZERO)
}

/// What a slash of `share` costs a free bond, up, at most what is there.
pub(crate) fn of_free_bond(share: Ratio, free_bond: Amount) -> Amount {
    share.amount_ceil(free_bond).min(free_bond)
}
