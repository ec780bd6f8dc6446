//! Authorisation: may this sender ask this, and does it stay within its limit?
//!
//! An account that signs itself may ask everything. A key may ask what its scope admits (`keys` in
//! the table of commands), in a sequence of its own, and at most for its limit.
//!
//! Law: what a key's command may take is known before it is carried out; [`taken_by`] says no less
//! than the handler takes, or `Broken::Key` shows it.
//! Not here: the rows (`accounts`), how a signature is verified (hosts).

use crate::{
    accounts::{Account, Authorisation},
    command::{Command, Lane, Sender},
    ids::AccountId,
    insurance::handlers::insure_job,
    market::handlers::{commit_bid, post_job},
    num::{Amount, Height},
    rejected::TransactionRejected,
    state::State,
    storage::handlers::{keep_data, publish_program},
    verification::handlers::{challenge, request_data},
};

/// The sender's row, if it acts by a key; one that has expired counts no more, whether it is still
/// there or not.
pub(crate) fn row_of<'a>(
    account: &'a Account,
    sender: &Sender,
    now: Height,
) -> Result<Option<&'a Authorisation>, TransactionRejected> {
    let Some(key) = sender.key else { return Ok(None) };
    let row = account.authorisation(&key).filter(|row| row.counts_at(now));
    row.map(Some).ok_or(TransactionRejected::KeyNotAuthorised)
}

/// Does the key's scope admit the command?
pub(crate) fn check_scope(
    row: &Authorisation,
    command: &Command,
) -> Result<(), TransactionRejected> {
    let scope = row.scope;
    if command.info().scopes.contains(&scope) {
        Ok(())
    } else {
        Err(TransactionRejected::KeyOutOfScope { scope })
    }
}

/// Does what the command may take, with its fee, stay within the key's limit? A move of the
/// protected lane that is accepted pays no fee: a key whose limit is used up still opens and
/// defends what its account has at stake; one that is refused is looked at then ([`may_pay`]).
pub(crate) fn check_limit(
    state: &State,
    account: AccountId,
    row: &Authorisation,
    command: &Command,
    fee: Amount,
) -> Result<(), TransactionRejected> {
    let fee = if command.lane() == Lane::Protected { Amount::ZERO } else { fee };
    let wanted = fee.saturating_add(taken_by(state, account, command));
    let left = row.left();
    if wanted > left {
        return Err(TransactionRejected::KeyLimitExceeded { wanted, left });
    }
    Ok(())
}

/// Has the key as much left of its limit?
pub(crate) fn may_pay(
    state: &State,
    sender: &Sender,
    wanted: Amount,
) -> Result<(), TransactionRejected> {
    let Some(key) = sender.key else { return Ok(()) };
    let row = state.accounts.account(sender.account).authorisation(&key);
    let left = row.map_or(Amount::ZERO, Authorisation::left);
    if wanted > left { Err(TransactionRejected::KeyLimitExceeded { wanted, left }) } else { Ok(()) }
}

/// Counts what a key took.
pub(crate) fn count(state: &mut State, sender: &Sender, taken: Amount) {
    let Some(key) = sender.key else { return };
    if let Some(row) = state.accounts.account_mut(sender.account).authorisation_mut(&key) {
        row.spent = row.spent.saturating_add(taken);
    }
}

/// The place in a sender's sequence that comes next.
pub(crate) fn nonce_mut<'a>(state: &'a mut State, sender: &Sender) -> Option<&'a mut u64> {
    let account = state.accounts.account_mut(sender.account);
    match sender.key {
        None => Some(&mut account.nonce),
        Some(key) => account.authorisation_mut(&key).map(|row| &mut row.nonce),
    }
}

/// What a command that is accepted takes from the free money of its account, the fee aside;
/// nothing if it will be refused.
fn taken_by(state: &State, account: AccountId, command: &Command) -> Amount {
    let taken = match command {
        Command::PostJob(terms) => post_job::cost(state, account, terms),
        Command::CommitBid(bid) => commit_bid::deposit(state, bid.job),
        Command::Challenge(challenge) => challenge::deposit(state, challenge.job),
        Command::RequestData(request) => request_data::fee(state, request.job, request.item),
        Command::KeepData(keep) => keep_data::cost(state, keep),
        Command::InsureJob(insure) => insure_job::cost(state, insure),
        Command::PublishProgram(part) => publish_program::deposit(state, account, part),
        Command::Delegate(delegate) => Some(delegate.amount),
        Command::Propose(_) | Command::ProposeSpend(_) | Command::StopSpend(_) => {
            Some(state.params().governance().deposit)
        }
        Command::Transfer(_)
        | Command::Bond(_)
        | Command::Unbond(_)
        | Command::Unjail(_)
        | Command::ClaimRewards(_)
        | Command::RevealBid(_)
        | Command::AcceptJob(_)
        | Command::CommitResult(_)
        | Command::OpenSeed(_)
        | Command::CommitVerdict(_)
        | Command::RevealResult(_)
        | Command::RevealVerdict(_)
        | Command::OpenNode(_)
        | Command::RejectChild(_)
        | Command::ProveStep(_)
        | Command::ServeData(_)
        | Command::ConfirmReceipt(_)
        | Command::ReportCopy(_)
        | Command::SealReport(_)
        | Command::AuthoriseKey(_)
        | Command::RevokeKey(_)
        | Command::CancelUnbond(_)
        | Command::Undelegate(_)
        | Command::CancelUndelegation(_)
        | Command::WithdrawDelegation(_)
        | Command::SetCommission(_)
        | Command::Redelegate(_)
        | Command::CastBallot(_)
        | Command::AppealSlash(_)
        | Command::CastCouncilBallot(_)
        | Command::Pause(_)
        | Command::CancelProposal(_)
        | Command::CancelJob(_)
        | Command::RateJob(_)
        | Command::LockBond(_)
        | Command::RefineStep(_)
        | Command::RetireProgram(_)
        | Command::SealPrice(_)
        | Command::OpenPrice(_)
        | Command::MintCredits(_)
        | Command::RedeemCredits(_)
        | Command::ClaimGrant(_)
        | Command::ClaimListed(_) => None,
    };
    taken.unwrap_or(Amount::ZERO)
}
