//! `earnest account`: where an account's money is, until when, and why.
//!
//! Not here: asking the node (`asked`), what is whose (`held`), how it looks (`show::account`).

use clap::Args;
use earnest_api::Client;
use earnest_protocol::Address;
use serde_json::json;

use crate::{
    asked,
    failure::Failure,
    held::Money,
    names::{self, Who},
    output::out,
    present::Present,
    show,
};

/// Whose money.
#[derive(Args, Debug)]
pub struct AccountArgs {
    /// An address, or a name of a development network
    #[arg(value_parser = names::who)]
    account: Who,
}

pub fn run(args: &AccountArgs, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    tell(&client, &names::resolve(&client, &args.account)?, json)
}

/// Prints where the money of an account is.
pub fn tell(client: &Client, address: &Address, json: bool) -> Result<(), Failure> {
    let money = asked::whole(client, address)?;
    if json {
        let Money { account, operators, held, .. } = &money;
        return out!("{}", json!({ "account": account, "operators": operators, "held": held }));
    }
    out!("{}", show::account::money(&money, &Present::ask(client)?, show::width()))
}
