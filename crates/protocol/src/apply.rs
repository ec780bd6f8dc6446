//! Apply: one transaction, from its place in the sequence to all that follows from it.
//!
//! Law: a refused command leaves its nonce used and its fee burnt, and nothing else; a refused
//! transaction leaves no trace.
//! Not here: what a command does (each room's handlers), what follows (`stories`), time (`epoch`).

use crate::{
    authorisation,
    command::{
        Authenticated, Command, Lane, PublishProgram, Sender, Transaction, for_each_command,
    },
    context::Context,
    event::Journal,
    ids::{AccountId, JobId},
    ledger::Reason,
    market::{PostJobRejected, handlers::post_job},
    next::Next,
    num::{Amount, Gas},
    referee::Referee,
    rejected::{Rejected, TransactionRejected},
    state::State,
    storage::{handlers::publish_program::admission_gas, program_bytes_max},
    stories,
    verification::{Quote, acts::judgement_gas},
};

impl State {
    /// Would this transaction be looked at in the next block?
    ///
    /// # Errors
    /// Why not; transient if it may be later (an earlier nonce, money or the referee's time is
    /// still missing).
    pub fn check(
        &self,
        sender: impl Into<Sender>,
        transaction: &Transaction,
    ) -> Result<(), TransactionRejected> {
        self.check_with(&sender.into(), transaction, self.fee_for(transaction.weight()))
    }

    fn check_with(
        &self,
        sender: &Sender,
        transaction: &Transaction,
        fee: Amount,
    ) -> Result<(), TransactionRejected> {
        let signer = sender.account;
        let account = self.account(signer).ok_or(TransactionRejected::UnknownAccount)?;
        let Transaction { nonce, valid_until, ref command, .. } = *transaction;
        let height = self.chain.height;
        let row = authorisation::row_of(account, sender, height)?;
        if let Some(row) = row {
            authorisation::check_scope(row, command)?;
        }
        if valid_until < height {
            return Err(TransactionRejected::Expired { valid_until, height });
        }
        let next = row.map_or(account.nonce, |row| row.nonce);
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
        if let Some(row) = row {
            authorisation::check_limit(self, signer, row, command, fee)?;
        }
        match command {
            Command::ProveStep(step) => self.check_referee(step.job),
            Command::PublishProgram(part) => self.check_admission(part),
            _ => Ok(()),
        }
    }

    /// Is there time left for a step of this job in this block? A step that finds none waits, and
    /// its clock stands still (M11, M12).
    fn check_referee(&self, job: JobId) -> Result<(), TransactionRejected> {
        if self.order(job).is_none() {
            return Ok(());
        }
        self.check_time(judgement_gas(self, job))
    }

    /// Is there time left to admit a program, and one of the largest steps after it? What is
    /// published never makes a block one in which clocks stand still (O2). What no block has time
    /// for does not wait for one: it is refused for its size.
    fn check_admission(&self, part: &PublishProgram) -> Result<(), TransactionRejected> {
        let gas = admission_gas(part).count();
        if gas == 0 || part.bytes_total > program_bytes_max(self.params()) {
            return Ok(());
        }
        let largest = self.params.step_gas_max().count();
        self.check_time(Gas::new(gas.saturating_add(largest)))
    }

    fn check_time(&self, wanted: Gas) -> Result<(), TransactionRejected> {
        let budget = self.params().chain().referee_gas.count();
        let left = budget.saturating_sub(self.chain.referee_gas.count());
        let wanted = wanted.count();
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
        let Authenticated { sender, transaction } = transaction;
        let weight = transaction.weight();
        let fee = self.fee_for(weight);
        self.check_with(sender, transaction, fee)?;
        let mut cx = Context { state: self, journal, referee };
        let nonce = authorisation::nonce_mut(cx.state, sender).expect("checked above");
        *nonce = nonce.checked_add(1).expect("nobody signs 2^64 transactions");
        if transaction.command.lane() == Lane::Ordinary {
            charge(&mut cx, sender, fee, weight);
        }
        let before = sender.key.map(|_| cx.state.free(sender.account));
        match dispatch(&mut cx, sender.account, &transaction.command) {
            Ok(next) => {
                if let Some(before) = before {
                    let taken = before.saturating_sub(cx.state.free(sender.account));
                    authorisation::count(cx.state, sender, taken);
                }
                stories::drive(&mut cx, next);
                Ok(())
            }
            Err(rejected) => {
                if transaction.command.lane() == Lane::Protected {
                    charge_refused(&mut cx, sender, fee, weight)?;
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
    sender: &Sender,
    fee: Amount,
    weight: u64,
) -> Result<(), TransactionRejected> {
    let free = cx.state.ledger.free(sender.account);
    let has = if free < fee {
        Err(TransactionRejected::FeeExceedsFree { fee, free })
    } else {
        authorisation::may_pay(cx.state, sender, fee)
    };
    if has.is_err() {
        let nonce = authorisation::nonce_mut(cx.state, sender).expect("it was there before");
        *nonce = nonce.saturating_sub(1);
        return has;
    }
    charge(cx, sender, fee, weight);
    Ok(())
}

/// Burns a fee, which the caller knows to be there.
fn charge(cx: &mut Context<'_>, sender: &Sender, fee: Amount, weight: u64) {
    cx.state.chain.weight = cx.state.chain.weight.saturating_add(weight);
    let (from, fire) = (cx.free_pot(sender.account), cx.fire());
    cx.pay(from, fire, fee, Reason::BaseFee);
    authorisation::count(cx.state, sender, fee);
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
