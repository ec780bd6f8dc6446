//! `earnest keys authorise`, `revoke`, `list-authorised`: hot keys of a cold account.
//!
//! Law: a key is authorised by its address; its secret is never asked for here.

use clap::{Args, Subcommand};
use earnest_api::{Client, KeyView};
use earnest_protocol::{
    Amount, Blocks, Command,
    command::{AuthoriseKey, RevokeKey, Scope},
};
use serde_json::json;

use crate::{
    failure::Failure,
    keys::{self, KeyArgs},
    money,
    names::{self, Who},
    output::{out, say},
    present::Present,
    stake::{print_receipt, send},
};

/// What to do with keys, in files and on the ledger.
#[derive(Subcommand, Debug)]
pub enum AllKeysCommand {
    #[command(flatten)]
    Files(keys::KeysCommand),
    /// Let another key act on this one's account, or give one that may already new terms
    Authorise(AuthoriseArgs),
    /// Take back what a key was authorised for, from the next block on
    Revoke(RevokeArgs),
    /// The keys that may act on an account's behalf, until when, and what they have spent
    ListAuthorised(ListAuthorisedArgs),
}

pub fn run(command: &AllKeysCommand, node: &str, json: bool) -> Result<(), Failure> {
    match command {
        AllKeysCommand::Files(command) => keys::run(command, json),
        AllKeysCommand::Authorise(args) => authorise(args, node, json),
        AllKeysCommand::Revoke(args) => revoke(args, node, json),
        AllKeysCommand::ListAuthorised(args) => list(args, node, json),
    }
}

/// Whom to authorise, and for what.
#[derive(Args, Debug)]
pub struct AuthoriseArgs {
    /// The address of the key that is to act; `earnest keys show` prints it
    #[arg(value_parser = names::who)]
    address: Who,
    /// `provide`, `audit` or `request`
    #[arg(long, value_parser = scope)]
    scope: Scope,
    /// For how many blocks from now
    #[arg(long, value_name = "BLOCKS")]
    blocks: u64,
    /// The most that it may take from the account's free money, fees and deposits included, in
    /// tokens; what comes back is not taken off
    #[arg(long, value_parser = money::tokens, value_name = "TOKENS")]
    limit: Amount,
    #[command(flatten)]
    key: KeyArgs,
}

/// Whom to revoke.
#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// The address of the key
    #[arg(value_parser = names::who)]
    address: Who,
    #[command(flatten)]
    key: KeyArgs,
}

/// Whose keys to list.
#[derive(Args, Debug)]
pub struct ListAuthorisedArgs {
    /// Whose: an address, or a name of a development network
    #[arg(value_parser = names::who)]
    account: Who,
}

fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "provide" => Ok(Scope::Provide),
        "audit" => Ok(Scope::Audit),
        "request" => Ok(Scope::Request),
        _ => Err("give `provide`, `audit` or `request`".into()),
    }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Provide => "provide",
        Scope::Audit => "audit",
        Scope::Request => "request",
    }
}

fn authorise(args: &AuthoriseArgs, node: &str, json: bool) -> Result<(), Failure> {
    let AuthoriseArgs { ref address, scope, blocks, limit, .. } = *args;
    let (signer, client) = (keys::open(&args.key)?, Client::new(node));
    let key = names::resolve(&client, address)?;
    let expires = client.head()?.height.after(Blocks::new(blocks));
    let command = AuthoriseKey { key, scope, expires, spend_max: limit };
    let receipt = send(node, signer, Command::AuthoriseKey(command))?;
    print_receipt(&receipt, json)
}

fn revoke(args: &RevokeArgs, node: &str, json: bool) -> Result<(), Failure> {
    let signer = keys::open(&args.key)?;
    let key = names::resolve(&Client::new(node), &args.address)?;
    let command = Command::RevokeKey(RevokeKey { key });
    let receipt = send(node, signer, command)?;
    print_receipt(&receipt, json)
}

fn list(args: &ListAuthorisedArgs, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let keys = client.account(&names::resolve(&client, &args.account)?)?.keys;
    if json {
        return out!("{}", json!(keys));
    }
    if keys.is_empty() {
        return say!("no key may act for this account but its own");
    }
    let clock = Present::ask(&client)?.clock;
    for KeyView { key, scope, expires, spend_max, spent, .. } in keys {
        let (scope, until) = (scope_name(scope), clock.block(expires));
        let (spent, most) = (money::show(spent), money::show(spend_max));
        say!("{key}  {scope:<8} until {until}, spent {spent} of {most} tokens")?;
    }
    Ok(())
}
