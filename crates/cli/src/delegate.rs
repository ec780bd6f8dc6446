//! `earnest stake delegate` and what follows: stake behind somebody else's operator.
//!
//! Law: `terms` shows all that a delegator can know before it joins; nothing is asked of the node
//! that it could answer with a promise.
//! Not here: an operator's own bond (`stake`).

use clap::{Args, Subcommand};
use earnest_api::{Client, EventRecord, HistoryQuery, OperatorView};
use earnest_keys::Signer;
use earnest_protocol::{
    AccountId, Address, Amount, Command, Event, Ratio, Role,
    command::{
        CancelUndelegation, Delegate, Redelegate, SetCommission, Undelegate, WithdrawDelegation,
    },
};
use serde_json::json;

use crate::{
    asked,
    failure::{Failure, Status},
    keys::{self, KeyArgs},
    money,
    names::{self, Who},
    output::{out, say},
    present::Present,
    show,
    stake::{self, StakeCommand, print_receipt, role, send},
    up::account::word,
};

/// All that `earnest stake` does.
#[derive(Subcommand, Debug)]
pub enum AllStakeCommand {
    #[command(flatten)]
    Own(StakeCommand),
    #[command(flatten)]
    Delegations(DelegationCommand),
}

/// What to do with delegations.
#[derive(Subcommand, Debug)]
pub enum DelegationCommand {
    /// Put free money behind somebody's operator: look at its `terms` first
    Delegate(AmountArgs),
    /// Begin to take a delegation back; it stays slashable until it may be withdrawn
    Undelegate(AmountArgs),
    /// Move a delegation to another operator of the same role; it answers for both for a time
    Redelegate {
        /// The account that it goes to: an address, or a name of a development network
        #[arg(long, value_parser = names::who, value_name = "ACCOUNT")]
        to: Who,
        #[command(flatten)]
        amount: AmountArgs,
    },
    /// Keep all that leaves an operator there after all
    CancelUndelegation(OperatorArgs),
    /// Have paid out what has left an operator and what was earned there
    Withdraw(OperatorArgs),
    /// Set what you keep of your pay before those who delegate to you share in the rest; below
    /// 100 %, anybody may delegate to you
    Commission(CommissionArgs),
    /// What an address delegated, what it earned and when it is back
    Delegations {
        /// Whose
        #[arg(value_parser = names::who, value_name = "ACCOUNT")]
        account: Who,
    },
    /// On which terms an operator takes delegations, and which slashes it had
    Terms {
        /// Whose operator
        #[arg(value_parser = names::who, value_name = "ACCOUNT")]
        account: Who,
        /// `provider`, `validator` or `replica`
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

/// Which operator.
#[derive(Args, Debug)]
pub struct OperatorArgs {
    /// The operator's account: an address, or a name of a development network
    #[arg(long, value_parser = names::who, value_name = "ACCOUNT")]
    operator: Who,
    /// `provider`, `validator` or `replica`
    #[arg(long, value_parser = role)]
    role: Role,
    #[command(flatten)]
    key: KeyArgs,
}

/// Which operator, and how much.
#[derive(Args, Debug)]
pub struct AmountArgs {
    #[command(flatten)]
    whose: OperatorArgs,
    /// How much, in tokens
    #[arg(value_parser = money::tokens)]
    amount: Amount,
}

/// What one keeps, and the most that one ever will.
#[derive(Args, Debug)]
pub struct CommissionArgs {
    /// `provider`, `validator` or `replica`
    #[arg(long, value_parser = role)]
    role: Role,
    /// The share to keep: 0.1 or 10%
    #[arg(value_parser = money::ratio)]
    rate: Ratio,
    /// What it never exceeds from now on; it can be lowered later and never raised
    #[arg(long, value_parser = money::ratio)]
    ceiling: Ratio,
    #[command(flatten)]
    key: KeyArgs,
}

/// Carries out one command.
pub fn run(command: &AllStakeCommand, node: &str, json: bool) -> Result<(), Failure> {
    match command {
        AllStakeCommand::Own(command) => stake::run(command, node, json),
        AllStakeCommand::Delegations(command) => delegation(command, node, json),
    }
}

fn delegation(command: &DelegationCommand, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let (signer, order) = match command {
        DelegationCommand::Delegate(AmountArgs { whose, amount }) => {
            let (signer, operator, role) = named(&client, whose)?;
            (signer, Command::Delegate(Delegate { operator, role, amount: *amount }))
        }
        DelegationCommand::Undelegate(AmountArgs { whose, amount }) => {
            let (signer, operator, role) = named(&client, whose)?;
            (signer, Command::Undelegate(Undelegate { operator, role, amount: *amount }))
        }
        DelegationCommand::Redelegate { to, amount: AmountArgs { whose, amount } } => {
            let (signer, source, role) = named(&client, whose)?;
            let target = client.account(&names::resolve(&client, to)?)?.id;
            let amount = *amount;
            (signer, Command::Redelegate(Redelegate { source, target, role, amount }))
        }
        DelegationCommand::CancelUndelegation(whose) => {
            let (signer, operator, role) = named(&client, whose)?;
            (signer, Command::CancelUndelegation(CancelUndelegation { operator, role }))
        }
        DelegationCommand::Withdraw(whose) => {
            let (signer, operator, role) = named(&client, whose)?;
            (signer, Command::WithdrawDelegation(WithdrawDelegation { operator, role }))
        }
        DelegationCommand::Commission(CommissionArgs { role, rate, ceiling, key }) => {
            let (role, rate, ceiling) = (*role, *rate, *ceiling);
            (keys::open(key)?, Command::SetCommission(SetCommission { role, rate, ceiling }))
        }
        DelegationCommand::Delegations { account } => {
            return delegations(&client, &names::resolve(&client, account)?, json);
        }
        DelegationCommand::Terms { account, role } => {
            return terms(&client, &names::resolve(&client, account)?, *role, json);
        }
    };
    print_receipt(&send(node, signer, order)?, json)
}

/// The key, opened before the node is asked who the operator is.
fn named(client: &Client, whose: &OperatorArgs) -> Result<(Signer, AccountId, Role), Failure> {
    let signer = keys::open(&whose.key)?;
    let operator = names::resolve(client, &whose.operator)?;
    Ok((signer, client.account(&operator)?.id, whose.role))
}

fn delegations(client: &Client, address: &Address, json: bool) -> Result<(), Failure> {
    let held = asked::delegations(client, client.account(address)?.id)?;
    if json {
        return out!("{}", json!(held));
    }
    if held.is_empty() {
        return say!("no delegations");
    }
    let present = Present::ask(client)?;
    for row in &held {
        out!("{}", show::delegation::held(row, &present, show::width()))?;
    }
    Ok(())
}

fn terms(client: &Client, address: &Address, role: Role, json: bool) -> Result<(), Failure> {
    let account = client.account(address)?;
    let id = match role {
        Role::Provider => account.provider,
        Role::Validator => account.validator,
        Role::Replica => account.replica,
        Role::Access => account.access,
    };
    let id = id.ok_or_else(|| {
        Failure::new(
            Status::NotFound,
            "no-operator",
            format!("{address} has no bond as a {}", word(&role)),
            "list operators with `earnest query operators`",
        )
    })?;
    let operator = client.operator(id)?;
    let kinds = ["slashed", "delegation_slashed"].map(str::to_owned).to_vec();
    let query = HistoryQuery { kinds, ..HistoryQuery::default() };
    let history = client.account_history(address, &query)?;
    let slashes: Vec<&EventRecord> =
        history.items.iter().filter(|record| is_of(&record.event, &operator)).collect();
    if json {
        let from = history.complete_from;
        let object = json!({ "operator": operator, "slashes": slashes, "complete_from": from });
        return out!("{object}");
    }
    let present = Present::ask(client)?;
    out!("{}", show::delegation::terms(&operator, &present, show::width()))?;
    if slashes.is_empty() {
        say!("  no slash since {}", present.clock.block(history.complete_from))?;
    }
    for record in slashes {
        say!("  {}: {}", present.clock.block(record.height), slash_text(&record.event))?;
    }
    Ok(())
}

/// Is this slash one of the operator's, and not of another role of its account?
fn is_of(event: &Event, operator: &OperatorView) -> bool {
    match event {
        Event::Slashed { role, .. } => *role == Some(operator.role),
        Event::DelegationSlashed { operator: id, .. } => *id == operator.id,
        _ => false,
    }
}

fn slash_text(event: &Event) -> String {
    match event {
        Event::Slashed { offence, waterfall, .. } => {
            format!("{} tokens lost for {}", money::show(waterfall.amount), word(offence))
        }
        Event::DelegationSlashed { amount, .. } => {
            format!("{} tokens of that taken from delegators", money::show(*amount))
        }
        _ => String::new(),
    }
}
