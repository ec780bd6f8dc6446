//! `earnest faucet`: free money of a development network, for keys that are new there.
//!
//! Law: it pays from the account that the network of `earnest up` has for it, whose key everybody
//! can derive; other networks have no such account, and are told so.

use clap::Args;
use earnest_api::{Client, Session};
use earnest_protocol::{Amount, Asset, Command, command::Transfer};

use crate::{
    failure::Failure,
    money,
    names::{self, Names, Who},
    output::out,
    stake,
    text::tokens,
    up::plan,
};

/// Who gets how much.
#[derive(Args, Debug)]
pub struct FaucetArgs {
    /// Who receives it: an address, or a name of the development network
    #[arg(value_parser = names::who, value_name = "ACCOUNT")]
    to: Who,
    /// How much, in tokens
    #[arg(value_parser = money::tokens, value_name = "TOKENS", default_value = "100")]
    amount: Amount,
}

pub fn run(args: &FaucetArgs, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let network = client.network()?.name;
    let seed = names::seed_of(&network).ok_or_else(|| {
        let detail = format!("`{network}` is no development network, so it has no faucet");
        let hint = "ask somebody who has money there; `earnest up` starts a network with a faucet";
        Failure::usage(detail, hint)
    })?;
    let to = names::resolve(&client, &args.to)?;
    let mut session = Session::open(client, plan::key(seed, plan::FAUCET))?;
    let order = Transfer { to, asset: Asset::Stake, amount: args.amount };
    let receipt = session.send_and_wait(Command::Transfer(order), stake::WAIT)?;
    let receipt = stake::accepted(receipt)?;
    if !json {
        let who = Names::of(&network).full(&to);
        out!("{} for {who}", tokens(args.amount))?;
    }
    stake::print_receipt(&receipt, json)
}
