//! What a node answers of an account: all that may be its own, asked page by page.
//!
//! Known shortcoming: only the newest open jobs are looked through.
//! Not here: what is whose (`held`), how it looks (`show::account`).

use earnest_api::{
    AccountView, Client, ClientError, DelegationView, JobFilter, JobStage, JobView, OperatorView,
    Page, PageQuery,
};
use earnest_protocol::{AccountId, Address};

use crate::{
    failure::Failure,
    held::{self, Asked, Money},
};

/// Open jobs that are looked through for what they hold of an account.
const JOBS_MAX: u32 = 100;

/// The operators of an account, in the order of their roles.
pub fn operators(client: &Client, account: &AccountView) -> Result<Vec<OperatorView>, Failure> {
    let roles = [account.provider, account.validator, account.replica, account.access];
    Ok(roles.into_iter().flatten().map(|id| client.operator(id)).collect::<Result<_, _>>()?)
}

/// Where the money of an account is.
pub fn whole(client: &Client, address: &Address) -> Result<Money, Failure> {
    let account = client.account(address)?;
    let jobs = open_jobs(client)?;
    gathered(client, account, jobs)
}

/// Where the money of an account is, jobs left out: what they hold is nobody's until they are over.
pub fn outside_jobs(client: &Client, address: &Address) -> Result<Money, Failure> {
    gathered(client, client.account(address)?, Vec::new())
}

fn gathered(client: &Client, account: AccountView, jobs: Vec<JobView>) -> Result<Money, Failure> {
    let operators = operators(client, &account)?;
    let slashes = client.slashes(&PageQuery::default())?.items;
    let delegations = delegations(client, account.id)?;
    let proposals = every(|page| client.proposals(page))?;
    let programs = every(|page| client.programs(page))?;
    let asked = Asked { account, operators, jobs, slashes, delegations, proposals, programs };
    Ok(held::gather(asked))
}

/// The newest open jobs.
fn open_jobs(client: &Client) -> Result<Vec<JobView>, Failure> {
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
    Ok(views)
}

/// All that an account has put behind others.
pub fn delegations(client: &Client, account: AccountId) -> Result<Vec<DelegationView>, Failure> {
    every(|page| client.delegations(Some(account), None, page))
}

/// Every row of a list, page by page.
pub fn every<T>(
    ask: impl Fn(&PageQuery) -> Result<Page<T>, ClientError>,
) -> Result<Vec<T>, Failure> {
    let mut query = PageQuery { limit: Some(500), ..PageQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = ask(&query)?;
        all.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(all);
        }
    }
}
