//! Spends: what an account is to have of the treasury, and how much of it when.
//!
//! Law: a part is paid once, and never before its epoch; what was not paid in time is owed with
//! the next part, until the spend lapses.
//! Rounding: what is due and each part down; the last epoch's is the rest, so the parts add up.
//! Not here: where the money lies (`ledger`), who may have some (`tally`).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Asset},
    num::{Amount, Epoch, Epochs},
};

/// What an account is to have of the treasury.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// Who is paid.
    pub to: AccountId,
    /// In which asset.
    pub asset: Asset,
    /// How much in all, in base units.
    pub amount: Amount,
    /// Over how many epochs, in equal parts; 1 is all at once.
    pub epochs: Epochs,
}

/// A spend that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// What is paid in all: what was asked, or less if the treasury had too little.
    pub amount: Amount,
    /// What was paid so far.
    pub paid: Amount,
    /// The epoch whose opening paid the first part.
    pub since: Epoch,
    /// The epoch with which it lapses, if anything is left.
    pub lapses: Epoch,
}

/// Why a spend pays nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpendEnding {
    /// All of it was paid.
    Paid,
    /// A vote stopped it.
    Stopped,
    /// The council stopped it.
    Council,
    /// The treasury could not pay it in time; what is left stays there.
    Lapsed,
}

/// What an epoch's part of a spend is computed from, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendTerms {
    /// What this spend was due, arrears included.
    pub due: Amount,
    /// What all spends of this asset were due together.
    pub wanted: Amount,
    /// What may leave the treasury in this epoch, of this asset.
    pub allowance: Amount,
}

impl Payout {
    /// What is not paid.
    pub fn left(&self) -> Amount {
        self.amount.saturating_sub(self.paid)
    }

    /// What is owed at `now` of a spend over `epochs`, and was not paid.
    ///
    /// ```
    /// use earnest_protocol::{Amount, Epoch, Epochs, governance::Payout};
    ///
    /// let (amount, since) = (Amount::new(10).expect("small"), Epoch::new(7));
    /// let begun = Payout { amount, paid: Amount::ZERO, since, lapses: Epoch::new(20) };
    /// let due = |now| begun.due(Epochs::new(3), Epoch::new(now)).units();
    /// assert_eq!([7, 8, 9, 10].map(due), [3, 6, 10, 10]);
    /// ```
    pub fn due(&self, epochs: Epochs, now: Epoch) -> Amount {
        let whole = epochs.count().max(1);
        let begun = now.since(self.since).count().saturating_add(1).min(whole);
        let due = self.amount.share_floor(begun, whole).expect("a part of a whole");
        due.saturating_sub(self.paid)
    }
}

impl SpendTerms {
    /// What is paid: what is due, or its share of what may leave if that is less than all want.
    ///
    /// ```
    /// use earnest_protocol::{Amount, governance::SpendTerms};
    ///
    /// let units = |units| Amount::new(units).expect("small");
    /// let terms = SpendTerms { due: units(10), wanted: units(30), allowance: units(20) };
    /// assert_eq!(terms.amount(), units(6)); // 6.67, down
    /// assert_eq!(SpendTerms { allowance: units(30), ..terms }.amount(), units(10));
    /// ```
    pub fn amount(&self) -> Amount {
        if self.wanted <= self.allowance {
            return self.due;
        }
        let part = self.due.share_floor(self.allowance.units(), self.wanted.units());
        part.unwrap_or(Amount::ZERO)
    }
}
