//! Parameters of governance.

use crate::{
    num::{Amount, Blocks, Epochs, Ratio},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, params},
};

params! {
    /// Proposals: what one costs, how long each of its stages takes, and what it needs.
    GovernanceParams in "governance" {
        /// What stands behind a proposal; burnt if it is vetoed, in part if it is cancelled, and
        /// returned otherwise.
        deposit: Amount = Amount::tokens(500), 1..=AMOUNT_MAX, "five of the least bonds";
        /// What burns of it if its proposer takes the proposal back.
        cancel_burn: Ratio = Ratio::percent(50), 0..=ONE,
            "as on the Cosmos Hub: places on the list cost something";
        /// Proposals that may be open at a time; one more, if it changes the phase alone.
        proposals_max: u32 = 16, 1..=64, "more than people read in a week";
        /// Parameters that one proposal may change.
        changes_max: u32 = 16, 1..=64, "one room's worth";
        /// Epochs from a proposal to its voting: time to read it, and to cancel it.
        delay_epochs: Epochs = Epochs::new(24), 1..=BLOCKS_MAX, "a day of hours";
        /// Epochs of voting.
        voting_epochs: Epochs = Epochs::new(120), 1..=BLOCKS_MAX, "five days of hours";
        /// The least share of all power that must vote, abstentions included.
        quorum: Ratio = Ratio::percent(40), ONE / 100..=ONE, "as on the Cosmos Hub";
        /// What `yes` must exceed of `yes`, `no` and `veto` together.
        threshold: Ratio = Ratio::percent(50), ONE / 2..=ONE / 10 * 9, "a simple majority";
        /// What `veto` must exceed of all that voted to defeat a proposal and burn its deposit.
        veto: Ratio = Ratio::percent(33), ONE / 10..=ONE / 2, "a third may stop what would harm it";
        /// Epochs of voting that are left, at the least, once the quorum is reached.
        late_quorum_epochs: Epochs = Epochs::new(24), 0..=BLOCKS_MAX, "a day to answer a late vote";
        /// Epochs from the end of voting to execution: time to leave.
        timelock_epochs: Epochs = Epochs::new(48), 1..=BLOCKS_MAX, "two days of hours";
        /// Epochs that an accepted proposal may wait for the relations to hold before it expires.
        expiry_epochs: Epochs = Epochs::new(168), 0..=BLOCKS_MAX, "a week of hours";
        /// Who decides: 0 the council proposes and may veto, and decides appeals; 1 it may veto; 2
        /// stake alone. It never falls.
        phase: u8 = 2, 0..=2, "stake alone: a network names a council or has none";
        /// The most blocks that one pause lasts, of a lane.
        pause_blocks_max: Blocks = Blocks::new(86_400), 1..=BLOCKS_MAX, "a day of blocks";
        /// Blocks from a pause's beginning before which the lane is not paused again (M32).
        pause_window_blocks: Blocks = Blocks::new(1_209_600), 1..=BLOCKS_MAX,
            "a day in two weeks";
        /// What all spends together may take of the treasury in one epoch, of each asset; 0 lets
        /// nothing out.
        spend_epoch_share: Ratio = Ratio::ZERO, 0..=ONE / 100,
            "off until a genesis or a vote says how fast";
        /// What one spend may have of what the treasury has and has not promised, when it is
        /// proposed and when it begins.
        spend_share: Ratio = Ratio::percent(5), 0..=ONE / 10,
            "twenty are wrong before all is gone";
        /// Spends that may be proposed or run at a time; at most so many are paid in an epoch.
        spends_max: u32 = 16, 1..=64, "as many as other proposals";
        /// The most epochs over which one spend is paid.
        spend_epochs_max: Epochs = Epochs::new(8_760), 1..=BLOCKS_MAX, "a year of hours";
        /// Epochs after a spend's last part is due, until what could not be paid lapses.
        spend_wait_epochs: Epochs = Epochs::new(720), 1..=BLOCKS_MAX,
            "a month of hours, as on Polkadot";
        /// Epochs that a proposal is remembered after its end.
        memory_epochs: Epochs = Epochs::new(720), 1..=BLOCKS_MAX, "a month of hours";
    }
}
