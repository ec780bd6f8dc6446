//! `earnest stake`: bond, unbond, leave jail, and see what is at risk.

mod access;
mod quote;

use std::time::Duration;

use clap::{Args, Subcommand};
use earnest_api::{Client, Receipt, Session};
use earnest_keys::Signer;
use earnest_protocol::{
    Amount, Asset, Command, Epochs, Role,
    command::{Bond, CancelUnbond, ClaimRewards, LockBond, Transfer, Unbond, Unjail},
};
use serde_json::json;

use crate::{
    account,
    failure::{Failure, Status},
    keys::{self, KeyArgs},
    money,
    names::{self, Who},
    output::{out, say},
};

/// How long a command may take to be in a block.
pub const WAIT: Duration = Duration::from_secs(30);

/// What to do with a bond.
#[derive(Subcommand, Debug)]
pub enum StakeCommand {
    /// What a bond would let do, earn and lose, and when it would be out again
    Quote(quote::QuoteArgs),
    /// Put money at risk as a provider, validator or replica, or up for a tier of access
    Bond(BondArgs),
    /// Begin to take free bond out; it stays slashable until it is paid out
    Unbond(BondArgs),
    /// Bond again what is leaving and not paid out yet, what was unbonded last first
    CancelUnbond(BondArgs),
    /// Promise not to take so much of a bond out for some epochs: until then it weighs more in
    /// votes; more and longer is possible later, less and shorter is not
    Lock {
        #[command(flatten)]
        bond: BondArgs,
        /// For how many epochs from now on
        #[arg(long)]
        epochs: u64,
    },
    /// Ask for release from jail
    Unjail(RoleArgs),
    /// Collect what has vested of emission, and a validator's shares of slashes
    Claim(RoleArgs),
    /// Send free money to an account
    Transfer {
        /// Who receives it: an address, or a name of a development network
        #[arg(long, value_parser = names::who, value_name = "ACCOUNT")]
        to: Who,
        /// How much, in tokens
        #[arg(value_parser = money::tokens)]
        amount: Amount,
        /// `stake` or `payment` [default: what this network pays with]
        #[arg(long, value_parser = asset)]
        asset: Option<Asset>,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Everything an account has, and where it lies: the same as `earnest account`
    Status {
        /// Whose: an address, or a name of a development network
        #[arg(value_parser = names::who)]
        account: Who,
    },
}

/// Whose bond.
#[derive(Args, Debug)]
pub struct RoleArgs {
    /// `provider`, `validator`, `replica` or `access`
    #[arg(long, value_parser = role)]
    role: Role,
    #[command(flatten)]
    key: KeyArgs,
}

/// Whose bond, and how much.
#[derive(Args, Debug)]
pub struct BondArgs {
    #[command(flatten)]
    whose: RoleArgs,
    /// How much, in tokens
    #[arg(value_parser = money::tokens)]
    amount: Amount,
}

pub fn role(text: &str) -> Result<Role, String> {
    match text {
        "provider" => Ok(Role::Provider),
        "validator" => Ok(Role::Validator),
        "replica" => Ok(Role::Replica),
        "access" => Ok(Role::Access),
        _ => Err("give `provider`, `validator`, `replica` or `access`".into()),
    }
}

/// The asset of a word.
pub fn asset(text: &str) -> Result<Asset, String> {
    match text {
        "stake" => Ok(Asset::Stake),
        "payment" => Ok(Asset::Payment),
        _ => Err("give `stake` or `payment`".into()),
    }
}

pub fn run(command: &StakeCommand, node: &str, json: bool) -> Result<(), Failure> {
    let (signer, order) = match command {
        StakeCommand::Quote(args) => return quote::run(args, node, json),
        StakeCommand::Bond(BondArgs { whose: RoleArgs { role, key }, amount }) => {
            (keys::open(key)?, Command::Bond(Bond { role: *role, amount: *amount }))
        }
        StakeCommand::Unbond(BondArgs { whose: RoleArgs { role, key }, amount }) => {
            (keys::open(key)?, Command::Unbond(Unbond { role: *role, amount: *amount }))
        }
        StakeCommand::CancelUnbond(BondArgs { whose: RoleArgs { role, key }, amount }) => {
            (keys::open(key)?, Command::CancelUnbond(CancelUnbond { role: *role, amount: *amount }))
        }
        StakeCommand::Lock { bond, epochs } => {
            let BondArgs { whose: RoleArgs { role, key }, amount } = bond;
            let (role, amount, epochs) = (*role, *amount, Epochs::new(*epochs));
            (keys::open(key)?, Command::LockBond(LockBond { role, amount, epochs }))
        }
        StakeCommand::Unjail(RoleArgs { role, key }) => {
            (keys::open(key)?, Command::Unjail(Unjail { role: *role }))
        }
        StakeCommand::Claim(RoleArgs { role, key }) => {
            (keys::open(key)?, Command::ClaimRewards(ClaimRewards { role: *role }))
        }
        StakeCommand::Transfer { to, amount, asset, key } => {
            let signer = keys::open(key)?;
            let asset = match asset {
                Some(asset) => *asset,
                None => Client::new(node).network()?.assets.payment(),
            };
            let to = names::resolve(&Client::new(node), to)?;
            (signer, Command::Transfer(Transfer { to, asset, amount: *amount }))
        }
        StakeCommand::Status { account } => {
            let client = Client::new(node);
            return account::tell(&client, &names::resolve(&client, account)?, json);
        }
    };
    let receipt = send(node, signer, order)?;
    print_receipt(&receipt, json)
}

/// Signs a command with a key, and waits until a block holds it. The key is open by now: who is
/// asked for a password is asked before anything takes its time.
pub fn send(node: &str, signer: Signer, command: Command) -> Result<Receipt, Failure> {
    let mut session = Session::open(Client::new(node), signer)?;
    let receipt = session.send_and_wait(command, WAIT)?;
    accepted(receipt)
}

/// The receipt, if the rules accepted it.
pub fn accepted(receipt: Receipt) -> Result<Receipt, Failure> {
    match &receipt.refusal {
        Some(refusal) => Err(Failure::refused(refusal)),
        None if receipt.height.is_none() => Err(Failure::new(
            Status::TimedOut,
            "not-included",
            format!("transaction {} is in no block yet", receipt.hash),
            "ask again with `earnest query transaction HASH`",
        )),
        None => Ok(receipt),
    }
}

pub fn print_receipt(receipt: &Receipt, json: bool) -> Result<(), Failure> {
    match receipt.height {
        _ if json => out!("{}", json!(receipt)),
        Some(height) => say!("in block {height}: {}", receipt.hash),
        None => Ok(()),
    }
}
