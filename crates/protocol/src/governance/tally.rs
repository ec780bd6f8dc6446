//! Tally: what was said for and against a proposal, and what that comes to.
//!
//! Law: power counts linearly, so that splitting stake gains nothing (M31).
//! Rounding: quorum up; `yes` and `veto` exceed their thresholds exactly, as whole units do.

use serde::{Deserialize, Serialize};

use super::params::GovernanceParams;
use crate::{command::BallotChoice, num::Amount};

/// The power behind each answer, in base units of stake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// For it.
    pub yes: Amount,
    /// Against it.
    pub no: Amount,
    /// Neither; counts for the quorum.
    pub abstain: Amount,
    /// Against it, and against its deposit.
    pub veto: Amount,
}

/// Why a proposal was defeated. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defeat {
    /// Too few voted.
    Quorum,
    /// Too many thought it harmful; its deposit is burnt.
    Veto,
    /// Too few were for it.
    Threshold,
    /// The council stopped it, or let an appeal fail.
    Council,
}

impl Tally {
    /// The power behind one answer.
    pub fn of(&self, choice: BallotChoice) -> Amount {
        match choice {
            BallotChoice::Yes => self.yes,
            BallotChoice::No => self.no,
            BallotChoice::Abstain => self.abstain,
            BallotChoice::Veto => self.veto,
        }
    }

    fn of_mut(&mut self, choice: BallotChoice) -> &mut Amount {
        match choice {
            BallotChoice::Yes => &mut self.yes,
            BallotChoice::No => &mut self.no,
            BallotChoice::Abstain => &mut self.abstain,
            BallotChoice::Veto => &mut self.veto,
        }
    }

    pub(crate) fn add(&mut self, choice: BallotChoice, power: Amount) {
        let place = self.of_mut(choice);
        *place = place.checked_add(power).expect("nobody is counted twice, so it fits the supply");
    }

    pub(crate) fn remove(&mut self, choice: BallotChoice, power: Amount) {
        let place = self.of_mut(choice);
        *place = place.checked_sub(power).expect("what is taken back was counted");
    }

    /// All power that voted.
    pub fn turnout(&self) -> Amount {
        let parts = [self.no, self.abstain, self.veto];
        parts.into_iter().fold(self.yes, Amount::saturating_add)
    }

    /// Is the quorum reached, if `power` could vote?
    pub fn reaches_quorum(&self, power: Amount, params: &GovernanceParams) -> bool {
        !self.turnout().is_zero() && self.turnout() >= params.quorum.amount_ceil(power)
    }

    /// What these votes come to, if `power` could vote.
    ///
    /// # Errors
    /// Why the proposal is defeated.
    ///
    /// ```
    /// use earnest_protocol::{Amount, RawParams, governance::{Defeat, Tally}};
    ///
    /// let params = RawParams::default().governance;
    /// let tokens = Amount::tokens;
    /// let tally = Tally { yes: tokens(6), no: tokens(5), ..Tally::default() };
    /// assert_eq!(tally.decide(tokens(11), &params), Ok(()));
    /// assert_eq!(tally.decide(tokens(28), &params), Err(Defeat::Quorum)); // 11 of 11.2
    /// ```
    pub fn decide(&self, power: Amount, params: &GovernanceParams) -> Result<(), Defeat> {
        if !self.reaches_quorum(power, params) {
            return Err(Defeat::Quorum);
        }
        // A whole number exceeds a bound exactly if it exceeds the bound's floor.
        if self.veto > params.veto.amount_floor(self.turnout()) {
            return Err(Defeat::Veto);
        }
        let decided = self.turnout().saturating_sub(self.abstain);
        if self.yes > params.threshold.amount_floor(decided) {
            Ok(())
        } else {
            Err(Defeat::Threshold)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::Ratio;

    /// At half for both, what is exactly half exceeds nothing; abstention decides nothing.
    #[test]
    fn a_threshold_is_exceeded_by_a_unit_and_not_before() {
        let half = Ratio::percent(50);
        let params =
            GovernanceParams { veto: half, threshold: half, ..GovernanceParams::default() };
        let (five, all) = (Amount::tokens(5), Amount::tokens(10));
        let even = Tally { yes: five, veto: five, ..Tally::default() };
        assert_eq!(even.decide(all, &params), Err(Defeat::Threshold), "no deposit burns");
        let veto = Tally { veto: five.saturating_add(Amount::UNIT), ..even };
        assert_eq!(veto.decide(all, &params), Err(Defeat::Veto));
        let yes = Tally { yes: five.saturating_add(Amount::UNIT), ..even };
        assert_eq!(yes.decide(all, &params), Ok(()));
        let four = Tally { yes: Amount::new(4).expect("small"), ..Tally::default() };
        let eleven = Amount::new(11).expect("small");
        assert_eq!(four.decide(eleven, &params), Err(Defeat::Quorum), "two fifths are 4.4");
        assert_eq!(Tally::default().decide(Amount::ZERO, &params), Err(Defeat::Quorum));
        let most = Tally { yes: Amount::tokens(4), veto: five, abstain: all, ..Tally::default() };
        assert_eq!(
            most.decide(all, &params),
            Err(Defeat::Threshold),
            "a quarter, of all that voted"
        );
        let abstains = Tally { yes: five, abstain: all, ..Tally::default() };
        assert_eq!(abstains.decide(all, &params), Ok(()));
    }
}
