//! Parameters of verification: what the bound assumes, and the clocks of audits and disputes.

use crate::{
    command::ProgramForm,
    market::params::MarketParams,
    num::{Amount, Blocks, Factor, Gas, Ratio},
    params::declare::{AMOUNT_MAX, ONE, amount, params},
};

params! {
    /// The bound of section 4 of the mechanism, audits, disputes and data.
    VerificationParams in "verification" {
        /// What abandoning costs, as a share of p_ref (C6).
        floor: Ratio = Ratio::percent(10), 1..=ONE, "dear enough to be no habit, cheap as an exit";
        /// The share of the ceiling below which p_ref never falls (C15).
        ceiling_share: Ratio = Ratio::percent(50), 0..=ONE, "a zero bid still locks half";
        /// The share of the pool assumed to collude; the largest operator's share if that is more.
        beta: Ratio = Ratio::percent(20), 0..=ONE - 1, "one in five bought; the audit varies it";
        /// The share of honest auditors that copy, miss or fail (C12).
        laxity: Ratio = Ratio::percent(5), 0..=ONE - 1, "one audit in twenty goes wrong";
        /// The chance that the referee convicts a right result, against which R13 checks a quote.
        referee_fault: Ratio = Ratio::percent(0), 0..=ONE / 100, "none known; 2 engines compared";
        /// Seed slots in a row that a coalition may withhold (C8).
        seed_withholding: u32 = 1, 0..=4, "one slot: one leader";
        /// The share of audit fees that a coalition is assumed to draw: s of the bound.
        coalition_fees: Ratio = Ratio::ONE, 0..=ONE, "all of those its share of seats earns";
        /// Collateral above the deterrent amount.
        margin: Factor = Factor::percent(110), ONE..=10 * ONE, "a tenth for what is not modelled";
        /// Most that reporters get of one slash, as a multiple of the audit tariff (C1, R7).
        reporter_max: Factor = Factor::ONE, 0..=10 * ONE, "what looking cost";
        /// The same, as a share of p_ref: a dear job is worth looking at.
        reporter_value: Ratio = Ratio::percent(2), 0..=ONE, "pays a challenger of a tiny program";
        /// Haircut of the collateral asset over the lock time (M4).
        haircut: Ratio = Ratio::ZERO, 0..=ONE * 9 / 10, "one asset";
        /// Least audit rate a job may set (C11).
        audit_min: Ratio = Ratio::percent(2), 1..=ONE, "as C11 works it out";
        /// Least detection probability a job may have (C11).
        detection_min: Ratio = Ratio::percent(1), 1..=ONE, "below it collateral is 100 prices";
        /// Most auditors a job may ask for.
        auditors_max: u8 = 8, 1..=16, "beyond it detection no longer grows";
        /// Eligible operators beyond the auditors drawn (M1).
        pool_min: u32 = 1, 0..=1_000_000, "a seat can be drawn again once";
        /// Value at which required collateral begins to grow faster.
        tier_start: Amount = Amount::tokens(1_000), 0..=AMOUNT_MAX, "small jobs pay no tier";
        /// Value at which it has reached `tier_max`.
        tier_full: Amount = Amount::tokens(100_000), 0..=AMOUNT_MAX, "a hundred times that";
        /// Most that value multiplies collateral by.
        tier_max: Factor = Factor::percent(200), ONE..=10 * ONE, "twice";
        /// Most that reputation lowers collateral by; never below B_min (C2).
        reputation_discount_max: Ratio = Ratio::percent(30), 0..=ONE, "as C2 works it out";
        /// Blocks from a commitment to the beacon of its draw (C8).
        seed_delay_blocks: Blocks = Blocks::new(2), 1..=1_000, "one block in between";
        /// Blocks after that beacon in which the requester may open its preimage.
        seed_blocks: Blocks = Blocks::new(20), 1..=100_000, "a requester polls";
        /// Blocks every audit gets besides its work.
        audit_base_blocks: Blocks = Blocks::new(30), 1..=100_000, "fetching, two transactions";
        /// Times the reference duration that an audit, or a side of a dispute, may take (M9, R3).
        audit_slack: Factor = Factor::percent(300), ONE..=100 * ONE, "slow and shared machines";
        /// An auditor's lock as a multiple of its tariff.
        audit_lock: Factor = Factor::percent(200), ONE..=100 * ONE, "a miss costs two audits";
        /// The same, as a share of p_ref: what hangs on a verdict is at risk behind it.
        audit_lock_value: Ratio = Ratio::percent(5), 0..=ONE, "a bribe must pay for it";
        /// What a refilled seat earns more, per round, from the requester's escrow (C10).
        refill_bonus: Ratio = Ratio::percent(50), 0..=ONE, "half as much again";
        /// Rounds in which a silent seat is drawn again (C10).
        redraws: u8 = 2, 0..=4, "three silent rounds are an outage";
        /// Blocks in which provider and auditors open what they sealed.
        reveal_blocks: Blocks = Blocks::new(20), 1..=100_000, "a poll and a transaction";
        /// Blocks besides the work in which anyone may challenge.
        challenge_blocks: Blocks = Blocks::new(60), 1..=1_000_000, "a minute of seconds";
        /// Chess clock of each side of a dispute, besides the work, which it must do again (M11).
        clock_blocks: Blocks = Blocks::new(120), 2..=1_000_000, "some ten moves of ten blocks";
        /// A challenger's deposit: at least what the referee and the moves cost (R10).
        challenge_deposit: Amount = Amount::tokens(1), 1..=AMOUNT_MAX, "far above R10";
        /// The same, as a multiple of the tariff of all runs of the job that answering may take:
        /// half of it goes to who was accused for nothing.
        challenge_tariff: Factor = Factor::ONE, 0..=10 * ONE,
            "who accuses for nothing loses twice what it makes a lean provider spend";
        /// Disputes a job may have besides those that its auditors open.
        disputes_max: u32 = 64, 1..=100, "one conviction is enough; all are answered by one run";
        /// Blocks in which requested bytes are to be produced.
        availability_blocks: Blocks = Blocks::new(60), 1..=1_000_000, "a minute of seconds";
        /// Requests one account may make about one assignment.
        data_requests_max: u32 = 4, 1..=16, "program, and some chunks";
        /// Price of a kibibyte published on the ledger, paid by who asks to who answers.
        data_fee_per_kib: Amount = amount(100_000), 0..=1_000_000_000_000, "as ten transfers";
    }
}

/// Moves of the accused about a paged task that need a run of the job: two finer trees, and
/// evidence.
const PROOFS: u64 = 3;

/// Moves of the accused in one game about a task of that form that need a run of the job.
fn proofs(form: ProgramForm) -> u64 {
    match form {
        ProgramForm::Stepwise => 1,
        ProgramForm::Paged(_) => PROOFS,
    }
}

/// Moves of a challenger that need one: to name a child of each finer tree's root.
const NAMES: u64 = 2;
/// Runs that a move of the accused may wait for: the one under way, and the one that answers it.
const RUNS_A_MOVE: u64 = 2;
/// Coarse steps whose time all answers in one game about a paged task take, besides the runs: some
/// nine thousand states are hashed, in the worst case 4,096 pages of each.
const ANSWER_STEPS: u64 = 2_400;

/// Blocks in which who waits for an output sees an answer and has its next request in a block.
/// Without them a provider that answers at the last moment, or all but one chunk at once, wears
/// the window down, turn by turn, and keeps the last chunks of many.
const TURN_BLOCKS: Blocks = Blocks::new(3);

/// What each side of a dispute has for all its moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) accused: Blocks,
    pub(crate) challenger: Blocks,
    /// What the accused has more for each other game about the same result.
    pub(crate) besides: Blocks,
}

impl VerificationParams {
    /// Blocks an auditor has for a job of that work bound: reference duration times slack, plus
    /// the base (M9).
    pub fn audit_blocks(&self, gas_bound: Gas, market: &MarketParams) -> Blocks {
        market.duration(gas_bound, self.audit_slack).plus(self.audit_base_blocks)
    }

    /// Blocks that each side of a dispute about a job of that form and work bound has for all its
    /// moves: `clock_blocks`, the runs of the job that its moves may wait for, each as long as an
    /// auditor may take (of small modules but for the base), and the work of its answers besides.
    ///
    /// Neither side keeps what it may be asked for. Who is asked at several places of one result
    /// answers all that is open by one run, and what is asked meanwhile by the next: so a move
    /// waits for two runs at most, however many ask. A run more is for who was started again.
    pub(crate) fn dispute_clocks(
        &self,
        (form, gas_bound): (ProgramForm, Gas),
        market: &MarketParams,
    ) -> Clocks {
        let run = match form {
            ProgramForm::Stepwise => market.duration(gas_bound, self.audit_slack),
            // Its module may be large, and is compiled anew for each.
            ProgramForm::Paged(_) => self.audit_blocks(gas_bound, market),
        };
        let answers = self.answers(form, market);
        let clock = |runs| self.clock_blocks.plus(run.times(runs)).plus(answers);
        let names = match form {
            ProgramForm::Stepwise => 0,
            ProgramForm::Paged(_) => NAMES,
        };
        Clocks {
            accused: clock(RUNS_A_MOVE.saturating_mul(proofs(form)).saturating_add(1)),
            challenger: clock(names.saturating_add(1)),
            besides: answers,
        }
    }

    /// What stands behind a challenge of a result of that form and work bound: what the moves cost,
    /// or what the runs would that answering may take, up.
    pub fn deposit_of_challenge(
        &self,
        (form, gas_bound): (ProgramForm, Gas),
        market: &MarketParams,
    ) -> Amount {
        let tariff = market.tariff(gas_bound).unwrap_or(Amount::MAX);
        let runs = tariff.checked_times(proofs(form)).unwrap_or(Amount::MAX);
        let work = self.challenge_tariff.amount_ceil(runs).unwrap_or(Amount::MAX);
        self.challenge_deposit.max(work)
    }

    /// Blocks that the work of all answers in one game takes, besides the runs. A run answers other
    /// games, too: each that is opened gives the accused so much more in all.
    fn answers(&self, form: ProgramForm, market: &MarketParams) -> Blocks {
        let steps = match form {
            ProgramForm::Stepwise => 0,
            ProgramForm::Paged(_) => ANSWER_STEPS,
        };
        let work = Gas::new(ProgramForm::STEP_GAS.count().saturating_mul(steps));
        market.duration(work, self.audit_slack)
    }

    /// Blocks that both sides of a game may take, one after the other, if all the games that there
    /// may be about a result of that work bound are opened (R4).
    pub(crate) fn dispute_blocks_max(&self, gas_bound: Gas, market: &MarketParams) -> Blocks {
        // An ordinary program's clocks are the longer ones, where there can be one.
        let form = match ProgramForm::STEP_GAS <= market.step_gas_max {
            true => ProgramForm::Paged(1),
            false => ProgramForm::Stepwise,
        };
        let clocks = self.dispute_clocks((form, gas_bound), market);
        let others = self.games_max().saturating_sub(1);
        clocks.accused.plus(clocks.besides.times(others)).plus(clocks.challenger)
    }

    /// Most games about one result: open challenges, and those of its auditors' dissent, of whom a
    /// withheld seed brings two more.
    fn games_max(&self) -> u64 {
        u64::from(self.disputes_max).saturating_add(u64::from(self.auditors_max)).saturating_add(2)
    }

    /// What an answered chunk of an output gives the window of the blocks that it took, and of
    /// those in which who asked asks for the next: a part for each that may be asked for at once,
    /// rounded up. A turn takes its time whenever the answer came, also in the block that asked.
    pub fn share_of_wait(&self, waited: Blocks) -> Blocks {
        let at_once = u64::from(self.data_requests_max).max(1);
        Blocks::new(waited.plus(TURN_BLOCKS).count().div_ceil(at_once))
    }

    /// Blocks in which a result of that work bound may be challenged: who looks must compute it.
    pub fn challenge_window(&self, gas_bound: Gas, market: &MarketParams) -> Blocks {
        market.duration(gas_bound, Factor::ONE).plus(self.challenge_blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit of gas is a unit of money by the default tariff. Half of three is two, and what no
    /// supply has is all of it, so nobody challenges the largest job for nothing.
    #[test]
    fn a_deposit_goes_up_and_at_the_end_of_all_amounts_it_stays_there() {
        let market = MarketParams::default();
        let deposit = |tariff: u64, form, gas| {
            let challenge_tariff = Factor::new(tariff).expect("a multiple");
            let challenge_deposit = Amount::UNIT;
            let params = VerificationParams { challenge_tariff, challenge_deposit, ..default() };
            params.deposit_of_challenge((form, Gas::new(gas)), &market).units()
        };
        let (steps, paged) = (ProgramForm::Stepwise, ProgramForm::Paged(1));
        assert_eq!([1, 2, 3, 4].map(|gas| deposit(ONE / 2, steps, gas)), [1, 1, 2, 2]);
        assert_eq!([1, 2, 3, 4].map(|gas| deposit(ONE / 2, paged, gas)), [2, 3, 5, 6]);
        let all = Amount::MAX.units();
        assert_eq!(deposit(ONE, steps, all), all);
        assert_eq!(deposit(ONE, paged, all / 3), all / 3 * 3);
        for (tariff, form, gas) in [
            (ONE, steps, all + 1),
            (ONE, steps, u64::MAX),
            (ONE, paged, all / 3 + 1),
            (10 * ONE, steps, all / 10 + 1),
        ] {
            assert_eq!(deposit(tariff, form, gas), all, "{tariff} {form:?} {gas}");
            assert_eq!(deposit(0, form, gas), 1, "the flat one");
        }
    }

    fn default() -> VerificationParams {
        VerificationParams::default()
    }
}
