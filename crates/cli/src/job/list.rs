//! `earnest job list`: jobs of an account or in a phase, newest first.
//!
//! Law: with `--json` it is a page as `GET /v1/jobs` answers it, as long as the limit.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use earnest_api::{Client, JobFilter, JobStage, JobSummary, Page, PageQuery};
use earnest_protocol::{AccountId, market::Phase};
use serde_json::json;

use crate::{
    failure::Failure,
    names::{self, Who},
    output::out,
    present::Present,
    show,
};

/// Pages asked for at most: a rare filter looks at that many thousands of jobs.
const PAGES_MAX: usize = 50;

/// Which jobs.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only those that this account pays for: an address, or a name of a development network
    #[arg(long, value_parser = names::who, value_name = "ACCOUNT")]
    requester: Option<Who>,
    /// Only those that this account does
    #[arg(long, value_parser = names::who, value_name = "ACCOUNT")]
    provider: Option<Who>,
    /// Only those in this phase, or `open` for all but the closed ones
    #[arg(long, value_parser = PossibleValuesParser::new(PHASES).try_map(|word| stage(&word)))]
    phase: Option<JobStage>,
    /// At most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

/// The phases of a job, and the word for all but the last.
const PHASES: [&str; 11] = [
    "open",
    "bidding",
    "revealing_bids",
    "offered",
    "executing",
    "committed",
    "auditing",
    "auditing_open",
    "revealing",
    "challengeable",
    "closed",
];

fn stage(text: &str) -> Result<JobStage, serde_json::Error> {
    match text {
        "open" => Ok(JobStage::Open),
        _ => serde_json::from_value::<Phase>(text.into()).map(JobStage::Phase),
    }
}

pub fn run(args: &ListArgs, client: &Client, json: bool) -> Result<(), Failure> {
    let account = |who: &Option<Who>| -> Result<Option<AccountId>, Failure> {
        let Some(who) = who else { return Ok(None) };
        Ok(Some(client.account(&names::resolve(client, who)?)?.id))
    };
    let (requester, provider) = (account(&args.requester)?, account(&args.provider)?);
    let page = find(client, JobFilter { stage: args.phase, requester, provider }, args.limit)?;
    if json {
        return out!("{}", json!(page));
    }
    if page.items.is_empty() {
        return out!("no jobs");
    }
    out!("{}", show::job::jobs(&page.items, &Present::ask(client)?, show::width()))?;
    match page.next_cursor {
        Some(_) => out!("older ones are left out; --limit shows more"),
        None => Ok(()),
    }
}

/// The newest `limit` jobs that the filter lets through: a node looks at some rows only for each
/// answer.
fn find(client: &Client, filter: JobFilter, limit: u32) -> Result<Page<JobSummary>, Failure> {
    let mut found = Page { items: Vec::new(), next_cursor: None };
    for _ in 0..PAGES_MAX {
        let left = limit.saturating_sub(u32::try_from(found.items.len()).unwrap_or(u32::MAX));
        let cursor = found.next_cursor.take();
        let page = PageQuery { cursor, limit: Some(left), ..PageQuery::default() };
        let Page { items, next_cursor } = client.jobs(filter, &page)?;
        let is_over = next_cursor.is_none() || left <= u32::try_from(items.len()).unwrap_or(left);
        found.items.extend(items);
        found.next_cursor = next_cursor;
        if is_over {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_word() {
        for word in PHASES {
            assert!(stage(word).is_ok(), "{word}");
        }
    }
}
