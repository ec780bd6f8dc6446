//! Apply: one command, told as a story across rooms.
//!
//! Dispatch and fees are here; each file tells the stories of one part of a job's life, first
//! refusing, then changing. Deadlines that pass are told in the same files and called by `epoch`.
//!
//! Law: a refused command leaves its nonce used and its fee burnt, and nothing else.
//! Not here: formulas (the rooms), time (`epoch`).

mod account;
mod audit;
mod data;
mod dispute;
mod market;
mod result;
mod settle;
mod slash;

use crate::{
    command::{Authenticated, Command, Lane, Transaction},
    event::Journal,
    ids::{AccountId, JobId, OperatorId},
    ledger::{JobPot, Pot, Reason},
    market::{Job, Phase},
    num::{Amount, Height},
    params::Params,
    referee::Referee,
    rejected::{Rejected, TransactionRejected},
    state::{State, Timer},
    verification::Case,
};

impl State {
    /// Would this transaction be looked at in the next block?
    ///
    /// # Errors
    /// Why not; transient if it may be later (an earlier nonce or money is still missing).
    pub fn check(
        &self,
        signer: AccountId,
        transaction: &Transaction,
    ) -> Result<(), TransactionRejected> {
        let account = self.account(signer).ok_or(TransactionRejected::UnknownAccount)?;
        let Transaction { nonce, valid_until, ref command } = *transaction;
        let height = self.chain.height;
        if valid_until < height {
            return Err(TransactionRejected::Expired { valid_until, height });
        }
        let next = account.nonce;
        if nonce < next {
            return Err(TransactionRejected::NonceUsed { got: nonce, next });
        }
        if nonce > next {
            return Err(TransactionRejected::NonceTooHigh { got: nonce, next });
        }
        let (fee, free) = (self.chain.base_fee, self.free(signer));
        if command.lane() == Lane::Ordinary && free < fee {
            return Err(TransactionRejected::FeeExceedsFree { fee, free });
        }
        Ok(())
    }

    /// Carries out one transaction.
    ///
    /// # Errors
    /// Why it was refused; see [`Rejected::leaves_no_trace`] for what that leaves behind.
    pub fn apply(
        &mut self,
        transaction: &Authenticated,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), Rejected> {
        let Authenticated { signer, transaction } = transaction;
        let signer = *signer;
        self.check(signer, transaction)?;
        let account = self.account_mut(signer);
        account.nonce = account.nonce.checked_add(1).expect("nobody signs 2^64 transactions");
        match transaction.command.lane() {
            Lane::Ordinary => {
                self.charge_base_fee(signer, journal);
                self.dispatch(signer, &transaction.command, referee, journal)
            }
            Lane::Protected => {
                let done = self.dispatch(signer, &transaction.command, referee, journal);
                if done.is_err() {
                    self.charge_refused_move(signer, journal)?;
                }
                done
            }
        }
    }

    /// A refused move of the protected lane pays like any other, so that refusals are no free
    /// spam; of a signer that cannot pay, it leaves no trace at all.
    fn charge_refused_move(
        &mut self,
        signer: AccountId,
        journal: &mut Journal,
    ) -> Result<(), TransactionRejected> {
        let (fee, free) = (self.chain.base_fee, self.free(signer));
        if free < fee {
            let account = self.account_mut(signer);
            account.nonce = account.nonce.saturating_sub(1);
            return Err(TransactionRejected::FeeExceedsFree { fee, free });
        }
        self.charge_base_fee(signer, journal);
        Ok(())
    }

    /// Burns the base fee, or what is there of it.
    fn charge_base_fee(&mut self, signer: AccountId, journal: &mut Journal) {
        self.chain.ordinary = self.chain.ordinary.saturating_add(1);
        let fee = self.chain.base_fee.min(self.free(signer));
        self.ledger.transfer(Pot::Free(signer), Pot::Burnt, fee, Reason::BaseFee, journal);
    }

    fn dispatch(
        &mut self,
        signer: AccountId,
        command: &Command,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), Rejected> {
        match command {
            Command::Transfer(c) => self.transfer(signer, c, journal)?,
            Command::Bond(c) => self.bond(signer, c, journal)?,
            Command::Unbond(c) => self.unbond(signer, c, journal)?,
            Command::Unjail(c) => self.unjail(signer, c, journal)?,
            Command::ClaimRewards(c) => self.claim_rewards(signer, c, journal)?,
            Command::PostJob(c) => self.post_job(signer, c, journal)?,
            Command::CommitBid(c) => self.commit_bid(signer, c, journal)?,
            Command::RevealBid(c) => self.reveal_bid(signer, c, journal)?,
            Command::AcceptJob(c) => self.accept_job(signer, c, journal)?,
            Command::CommitResult(c) => self.commit_result(signer, c, journal)?,
            Command::OpenSeed(c) => self.open_seed(signer, c, journal)?,
            Command::CommitVerdict(c) => self.commit_verdict(signer, c, journal)?,
            Command::RevealResult(c) => self.reveal_result(signer, c, referee, journal)?,
            Command::RevealVerdict(c) => self.reveal_verdict(signer, c, journal)?,
            Command::Challenge(c) => self.challenge(signer, c, journal)?,
            Command::OpenNode(c) => self.open_node(signer, c, referee, journal)?,
            Command::RejectChild(c) => self.reject_child(signer, c, journal)?,
            Command::ProveStep(c) => self.prove_step(signer, c, referee, journal)?,
            Command::RequestData(c) => self.request_data(signer, c, journal)?,
            Command::ServeData(c) => self.serve_data(signer, c, referee, journal)?,
            Command::ConfirmReceipt(c) => self.confirm_receipt(signer, c, journal)?,
            Command::ReportCopy(c) => self.report_copy(signer, c, journal)?,
        }
        Ok(())
    }
}

/// What several stories need.
impl State {
    fn now(&self) -> Height {
        self.chain.height
    }

    /// The parameters that a job is judged by.
    fn pinned(&self, job: JobId) -> Params {
        let version = self.market.job(job).expect("only called for known jobs").params;
        *self.params.at(version)
    }

    fn case_mut(&mut self, job: JobId) -> &mut Case {
        self.verification.case_mut(job)
    }

    /// Moves a job on and sets the timer that ends its new phase.
    fn enter_phase(&mut self, id: JobId, phase: Phase, until: Height) {
        let job = self.market.job_mut(id);
        job.phase = phase;
        job.until = until;
        self.timers.set(until.after(crate::num::Blocks::new(1)), Timer::Job(id));
    }

    /// Moves free bond into a pot of a job; the stake stays what it was.
    fn lock_stake(
        &mut self,
        operator: OperatorId,
        job: JobId,
        pot: JobPot,
        amount: Amount,
        reason: Reason,
        journal: &mut Journal,
    ) {
        self.ledger.transfer(Pot::Bond(operator), Pot::Job(job, pot), amount, reason, journal);
    }

    /// Moves what is left in a pot of a job back to the operator's free bond.
    fn release_stake(
        &mut self,
        operator: OperatorId,
        job: JobId,
        pot: JobPot,
        reason: Reason,
        journal: &mut Journal,
    ) {
        self.ledger.transfer_all(Pot::Job(job, pot), Pot::Bond(operator), reason, journal);
    }

    /// Takes `amount` out of what an operator has at risk, after it left its pot.
    fn reduce_stake(&mut self, operator: OperatorId, amount: Amount) {
        let stake = self.staking.operator(operator).stake.checked_sub(amount);
        let stake = stake.expect("the stake covers the bond and every lock");
        self.staking.set_stake(operator, stake);
    }

    /// The parameters, the job and the seats' operator, if the job is in `phase`.
    fn job_in(&self, id: JobId, phases: &[Phase]) -> Result<&Job, Option<Phase>> {
        let job = self.market.job(id).ok_or(None)?;
        if phases.contains(&job.phase) { Ok(job) } else { Err(Some(job.phase)) }
    }
}

/// `JobNotFound` or `WrongPhase` of the refusal at hand.
macro_rules! job_in_phase {
    ($state:expr, $id:expr, $rejected:ident, $($phase:ident)|+) => {
        match $state.job_in($id, &[$(Phase::$phase),+]) {
            Ok(job) => job,
            Err(None) => return Err($rejected::JobNotFound),
            Err(Some(phase)) => return Err($rejected::WrongPhase { phase }),
        }
    };
}
use job_in_phase;
