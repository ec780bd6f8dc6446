//! Slashing: how much of whose stake is lost for what, and where each part goes.
//!
//! Key terms: an [`Offence`] is one of a closed list, each provable from what the ledger saw; a
//! slash is taken at once and paid out when its stay is over; the [`Waterfall`] is its payout.
//!
//! Invariant: compensation + reporter + burnt + insurance + peers = amount, to the unit.
//! Rounding: what is taken up, what is paid out down; insurance and peers by subtraction.
//! Known shortcomings: the correlation part of a percentage is not built yet, and a held slash
//! executes when its hold lapses, since there is no vote yet.
//! Not here: whether somebody is guilty (`verification`), moving the money (`ledger`).

mod waterfall;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub(crate) use waterfall::each;
pub use waterfall::{Claims, Waterfall, plan};

use crate::{
    ids::{AccountId, Digest, JobId, OperatorId, Role, SlashId},
    num::{Amount, Epoch, Factor, Ratio},
    params::RawParams,
    table::Table,
};

/// What one can be slashed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offence {
    /// A dispute lost, or a sealed result never opened.
    WrongResult,
    /// Nothing committed in time.
    Abandonment,
    /// Requested bytes not produced.
    DataWithholding,
    /// The game that one's own verdict opened, lost.
    FalseAudit,
    /// Drawn, and no verdict committed or revealed.
    MissedAudit,
    /// One's sealed result known to somebody else.
    CopiedRoot,
    /// A bid not opened, or a win not accepted.
    BidWithholding,
    /// A challenge that the referee found against.
    FrivolousChallenge,
    /// A requester's bytes not produced.
    InputWithholding,
}

/// When a slash is paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlashState {
    /// At the opening of this epoch.
    Pending(Epoch),
    /// The same, and the engine itself is under suspicion (C13).
    Held(Epoch),
    /// It was.
    Executed,
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
    /// Program and root that it was convicted on, for the search for engine faults.
    pub conviction: Option<(Digest, Digest)>,
    /// Who was injured, and by how much at most.
    pub claims: Claims,
    /// When it is paid out.
    pub state: SlashState,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Slashing {
    pub(crate) slashes: Table<Slash>,
    /// Not yet paid out, in order of conviction.
    pub(crate) pending: Vec<SlashId>,
}

impl Slashing {
    pub(crate) fn slash(&self, id: SlashId) -> &Slash {
        self.slashes.get(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn slash_mut(&mut self, id: SlashId) -> &mut Slash {
        self.slashes.get_mut(id.index()).expect("only identifiers handed out are used")
    }

    /// Pending slashes of other operators convicted on the same program and root (C13).
    pub(crate) fn alike(&self, slash: &Slash) -> Vec<SlashId> {
        let same = |id: &SlashId| {
            let other = self.slash(*id);
            other.conviction.is_some()
                && other.conviction == slash.conviction
                && other.account != slash.account
        };
        self.pending.iter().copied().filter(same).collect()
    }
}

/// min(max, base · (1 + ρ · strikes)), down: the share of the free bond that an offence costs.
pub(crate) fn share(base: Ratio, strikes: Factor, params: &RawParams) -> Ratio {
    let repeated = crate::num::mul_div_floor(
        params.strike_factor.parts(),
        strikes.parts(),
        Factor::ONE.parts(),
    );
    let repeated = repeated.and_then(Factor::new).unwrap_or(Factor::MAX);
    let multiple = Factor::ONE.saturating_add(repeated);
    multiple.ratio_floor(base).ratio_capped().min(params.slash_max)
}

/// What a slash of `amount` costs a free bond at `share`, up, at most what is there.
pub(crate) fn of_free_bond(share: Ratio, free_bond: Amount) -> Amount {
    share.amount_ceil(free_bond).min(free_bond)
}
