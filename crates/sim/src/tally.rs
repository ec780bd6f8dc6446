//! Tallies: what became of a group, and of everybody's money.
//!
//! Key terms: *profit* is what a member has on the ledger (free money, stake locked or not,
//! unbonding, and its share of slashes) less what it began with, less what its work cost off the
//! ledger, plus what wrong results were worth to it outside.
//!
//! Law: [`Closing`] adds up: everybody's change on the ledger, with the leader's, and what went to
//! nobody, is zero to the unit once every job has ended.
//! Not here: when something is counted (`world`).

use std::collections::BTreeMap;

use earnest_protocol::Amount;

/// What became of one group, so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Jobs that its members accepted.
    pub taken: u64,
    /// Jobs that its members were paid for.
    pub paid: u64,
    /// What they were paid for work and audits, in base units.
    pub income: i64,
    /// Wrong results that were sealed and came to an end.
    pub lies: u64,
    /// Those of them that were convicted.
    pub convicted: u64,
    /// Lies of jobs in which an audit was drawn.
    pub audited: u64,
    /// Right results that were convicted.
    pub misjudged: u64,
    /// Slashes.
    pub slashes: u64,
    /// What slashes and forfeits took, in base units.
    pub slashed: i64,
    /// What work cost off the ledger, in base units.
    pub cost: i64,
    /// What wrong results were worth outside, in base units.
    pub gain: i64,
    /// Audits missed.
    pub missed: u64,
    /// Commands carried out.
    pub commands: u64,
    /// Commands refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Members that are in the market.
    pub active: u64,
    /// Those of them that would make a result up now and then, as they are minded now.
    pub minded: u64,
    /// Profit, in base units; while jobs are open, what backs them counts as lost to requesters.
    pub profit: i64,
    /// What it earned of emission, in base units.
    pub emission: i64,
    /// What its members have bonded, free or locked, in base units.
    pub bonded: i64,
    /// What capital at risk would have earned elsewhere, in base units.
    pub capital_cost: i64,
    /// Its part in stake behind others' work.
    pub backing: Backing,
}

/// Stake behind others' work, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backing {
    /// What members delegated, moves not counted.
    pub put: i64,
    /// What of it was paid out again.
    pub returned: i64,
    /// What it has earned and was paid.
    pub rewarded: i64,
    /// What it has earned and was not paid.
    pub unpaid: i64,
    /// What is there of it now, on its way out or not.
    pub behind: i64,
    /// Times that it moved from one operator to another.
    pub moves: u64,
    /// Times that it began to leave.
    pub exits: u64,
    /// What others have behind members' operators now.
    pub taken: i64,
    /// Herfindahl and Hirschman's index of that over members: 0 to 10,000.
    pub hhi: f64,
}

impl Backing {
    /// What slashes took of what was delegated.
    pub fn lost(&self) -> i64 {
        self.put - self.returned - self.behind
    }

    /// What was earned, paid or not.
    pub fn earned(&self) -> i64 {
        self.rewarded + self.unpaid
    }
}

impl Tally {
    /// All commands that were refused.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }
}

/// What a unit of stake is worth in units that pay, as different eyes see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priced {
    /// Outside.
    pub worth: f64,
    /// The last price that counted, or the parameter that counts before one has.
    pub counted: f64,
    /// What new work takes it for; none while the feed is stale.
    pub secures: Option<f64>,
    /// What it is minted at.
    pub mints: f64,
    /// What a job as they are posted would lock now, in base units of stake; none if no job may
    /// be posted.
    pub collateral: Option<i64>,
}

/// How a network of two assets ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// What stake was worth then.
    pub price: Priced,
    /// Rounds of the price feed that counted, and that did not.
    pub rounds: [u64; 2],
    /// Where all stake went.
    pub stake: Closing,
}

/// Where all money went: changes since the beginning, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// Everybody's, the leader's included.
    pub purses: i64,
    /// Out of circulation.
    pub burnt: i64,
    /// What insures.
    pub insurance: i64,
    /// The network's own.
    pub treasury: i64,
    /// Taken, and waiting for its stay.
    pub pending: i64,
    /// What rounding left in pools of delegations, nobody's.
    pub rounding: i64,
}

impl Closing {
    /// Zero once every job has ended, but for what rounding left in the judges' pot.
    pub fn sum(&self) -> i64 {
        let away = self.burnt + self.insurance + self.treasury + self.pending;
        self.purses + away + self.rounding
    }
}

/// An amount as a number that can be subtracted.
pub(crate) fn units(amount: Amount) -> i64 {
    i64::try_from(amount.units()).expect("an amount is below 2^63")
}
