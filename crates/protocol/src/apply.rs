//! Apply: one transaction, from its place in the sequence to all that follows from it.
//!
//! Law: a refused command leaves its nonce used and its fee burnt, and nothing else; a refused
//! transaction leaves no trace.
//! Not here: what a command does (each room's handlers), what follows (`stories`), time (`epoch`).

use crate::{
    command::{Authenticated, Command, Lane, Transaction, for_each_command},
    context::Context,
    event::Journal,
    ids::{AccountId, JobId},
    ledger::Reason,
    market::{PostJobRejected, handlers::post_job},
    next::Next,
    num::Amount,
    referee::Referee,
    rejected::{Rejected, TransactionRejected},
    state::State,
    stories,
    verification::Quote,
};

impl State {
    /// Would this transaction be looked at in the next block?
    ///
    /// # Errors
    /// Why not; transient if it may be later (an earlier nonce, money or the referee's time is
    /// still missing).
    pub fn check(
        &self,
        signer: AccountId,
        transaction: &Transaction,
    ) -> Result<(), TransactionRejected> {
        self.check_with(signer, transaction, self.fee_for(transaction.weight()))
    }

    fn check_with(
        &self,
        signer: AccountId,
        transaction: &Transaction,
        fee: Amount,
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
        let free = self.free(signer);
        if command.lane() == Lane::Ordinary && free < fee {
            return Err(TransactionRejected::FeeExceedsFree { fee, free });
        }
        match command {
            Command::ProveStep(step) => self.check_referee(step.job),
            _ => Ok(()),
        }
    }

    /// Is there time left for a step of this job in this block? A step that finds none waits, and
    /// its clock stands still (M11, M12).
    fn check_referee(&self, job: JobId) -> Result<(), TransactionRejected> {
        let Some(order) = self.order(job) else { return Ok(()) };
        let budget = self.params().chain().referee_gas.count();
        let left = budget.saturating_sub(self.chain.referee_gas.count());
        let wanted = order.terms.task.step_gas_max.count();
        if wanted > left {
            return Err(TransactionRejected::RefereeBusy { wanted, left });
        }
        Ok(())
    }

    /// What a transaction costs in this block: the base fee for each unit of its weight.
    pub fn fee(&self, transaction: &Transaction) -> Amount {
        self.fee_for(transaction.weight())
    }

    fn fee_for(&self, weight: u64) -> Amount {
        self.chain.base_fee.checked_times(weight).unwrap_or(Amount::MAX)
    }

    /// What a policy is quoted against today's pool.
    ///
    /// # Errors
    /// Why posting it would be refused, money aside.
    pub fn quote_job(
        &self,
        signer: Option<AccountId>,
        terms: &crate::command::PostJob,
    ) -> Result<Quote, PostJobRejected> {
        post_job::quote_terms(self, signer, terms)
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
        let weight = transaction.weight();
        let fee = self.fee_for(weight);
        self.check_with(signer, transaction, fee)?;
        let mut cx = Context { state: self, journal, referee };
        let account = cx.state.accounts.account_mut(signer);
        account.nonce = account.nonce.checked_add(1).expect("nobody signs 2^64 transactions");
        if transaction.command.lane() == Lane::Ordinary {
            charge(&mut cx, signer, fee, weight);
        }
        match dispatch(&mut cx, signer, &transaction.command) {
            Ok(next) => {
                stories::drive(&mut cx, next);
                Ok(())
            }
            Err(rejected) => {
                if transaction.command.lane() == Lane::Protected {
                    charge_refused(&mut cx, signer, fee, weight)?;
                }
                Err(rejected)
            }
        }
    }
}

/// A refused move of the protected lane pays like any other, so that refusals are no free spam; of
/// a signer that cannot pay, it leaves no trace at all.
fn charge_refused(
    cx: &mut Context<'_>,
    signer: AccountId,
    fee: Amount,
    weight: u64,
) -> Result<(), TransactionRejected> {
    let free = cx.state.ledger.free(signer);
    if free < fee {
        let account = cx.state.accounts.account_mut(signer);
        account.nonce = account.nonce.saturating_sub(1);
        return Err(TransactionRejected::FeeExceedsFree { fee, free });
    }
    charge(cx, signer, fee, weight);
    Ok(())
}

/// Burns a fee, which the caller knows to be there.
fn charge(cx: &mut Context<'_>, signer: AccountId, fee: Amount, weight: u64) {
    cx.state.chain.weight = cx.state.chain.weight.saturating_add(weight);
    let (from, fire) = (cx.free_pot(signer), cx.fire());
    cx.pay(from, fire, fee, Reason::BaseFee);
}

macro_rules! dispatch {
    (($cx:ident $signer:ident $command:ident)
        $(($name:ident $room:ident $verb:ident $rejected:ident))+) => {
        match $command {
            $(Command::$name(command) => {
                Ok(crate::$room::handlers::$verb::handle($cx, $signer, command)?)
            })+
        }
    };
}

fn dispatch(cx: &mut Context<'_>, signer: AccountId, command: &Command) -> Result<Next, Rejected> {
    for_each_command!(dispatch, (cx signer command))
}
