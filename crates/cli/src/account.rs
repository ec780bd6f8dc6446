//! `earnest account`: where an account's money is, until when, and why.
//!
//! Known shortcoming: only the newest open jobs are looked through.
//! Not here: what is whose (`held`), how it looks (`show::account`).

use clap::Args;
use earnest_api::{
    AccountView, Client, DelegationView, JobFilter, JobStage, OperatorView, PageQuery,
};
use earnest_protocol::{AccountId, Address};
use serde_json::json;

use crate::{
    failure::Failure,
    held::{self, Money},
    names::{self, Who},
    output::out,
    present::Present,
    show,
};

/// Open jobs that are looked through for what they hold of an account.
const JOBS_MAX: u32 = 100;

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
    let money = ask(client, address)?;
    if json {
        let Money { account, operators, held, .. } = &money;
        return out!("{}", json!({ "account": account, "operators": operators, "held": held }));
    }
    out!("{}", show::account::money(&money, &Present::ask(client)?, show::width()))
}

/// The operators of an account, in the order of their roles.
pub fn operators(client: &Client, account: &AccountView) -> Result<Vec<OperatorView>, Failure> {
    let roles = [account.provider, account.validator, account.replica, account.access];
    Ok(roles.into_iter().flatten().map(|id| client.operator(id)).collect::<Result<_, _>>()?)
}

fn ask(client: &Client, address: &Address) -> Result<Money, Failure> {
    let account = client.account(address)?;
    let operators = operators(client, &account)?;
    let page = PageQuery { limit: Some(JOBS_MAX), ..PageQuery::default() };
    let open = JobFilter { stage: Some(JobStage::Open), ..JobFilter::default() };
    let mut views = Vec::new();
    for job in client.jobs(open, &page)?.items {
        match client.job(job.id) {
            Ok(view) => views.push(view),
            // It closed and left between two questions.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let slashes = client.slashes(&PageQuery::default())?.items.into_iter();
    let slashes = slashes.filter(|slash| slash.account.id == account.id).collect();
    let delegated = delegations(client, account.id)?;
    Ok(held::gather(account, operators, &views, slashes, delegated))
}

/// All that an account has put behind others.
pub fn delegations(client: &Client, account: AccountId) -> Result<Vec<DelegationView>, Failure> {
    let mut query = PageQuery { limit: Some(500), ..PageQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = client.delegations(Some(account), None, &query)?;
        all.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(all);
        }
    }
}
