//! How jobs look.

use earnest_api::JobSummary;
use earnest_protocol::{
    Amount, Digest, Gas, Height, JobId, Ratio,
    command::ResourceClass,
    market::{CloseReason, Outcome, Phase},
};

use super::{account, check, present};
use crate::show::job::{ended, jobs, phase};

/// A job of rosa's for which bids are sealed.
fn bidding(id: u64) -> JobSummary {
    JobSummary {
        id: JobId::new(id),
        requester: account("rosa"),
        posted_at: Height::new(120),
        phase: Phase::Bidding,
        until: Height::new(213),
        program: Digest([0; 32]),
        steps: 8,
        gas_bound: Gas::new(1_000),
        class: ResourceClass::Cpu,
        price_max: Amount::new(20_500_000_000).expect("small"),
        collateral: Amount::tokens(5),
        detection: Ratio::percent(50),
        bid_count: 0,
        provider: None,
        price: None,
        open_disputes: 0,
        outcome: None,
        reason: None,
        output: None,
        ending: None,
    }
}

/// The same, taken by somebody for 12.5 tokens.
fn taken(id: u64, phase: Phase, by: &str) -> JobSummary {
    let price = Amount::new(12_500_000_000);
    JobSummary { phase, provider: Some(account(by)), price, ..bidding(id) }
}

fn closed(id: u64, by: &str, outcome: Outcome, reason: CloseReason) -> JobSummary {
    let job = taken(id, Phase::Closed, by);
    JobSummary { outcome: Some(outcome), reason: Some(reason), ..job }
}

#[test]
fn a_list_of_jobs_fits_80_columns_and_120() {
    let mut stranger = bidding(9);
    stranger.requester = account("nobody that is known");
    stranger.price_max = Amount::new(1).expect("small");
    let mut stopped = closed(96, "ada", Outcome::Accepted, CloseReason::Unchallenged);
    stopped.output = Some(Digest(*b"earnest compute: the step fault."));
    let all = [
        bidding(1_204),
        taken(1_203, Phase::Executing, "ada"),
        taken(1_202, Phase::AuditingOpen, "somebody else"),
        closed(95, "grace", Outcome::Accepted, CloseReason::Unchallenged),
        stopped,
        closed(94, "loki", Outcome::Rejected, CloseReason::WrongResult),
        closed(93, "hush", Outcome::Expired, CloseReason::Abandoned),
        stranger,
    ];
    check("jobs", |width| jobs(&all, &present(), width));
}

#[test]
fn every_state_of_a_job_has_words_of_its_own() {
    use CloseReason::*;
    use Phase::*;
    let phases = [
        Bidding,
        RevealingBids,
        Offered,
        Executing,
        Committed,
        Auditing,
        AuditingOpen,
        Revealing,
        Challengeable,
        Closed,
    ];
    let reasons = [
        WrongResult,
        NotRevealed,
        Copied,
        DataWithheld,
        InputMissing,
        NoBids,
        NotAccepted,
        Abandoned,
        AuditUnavailable,
        Cancelled,
    ];
    let phases = phases.map(phase).map(str::to_owned);
    let reasons = reasons.map(|reason| ended(Outcome::Expired, reason, false));
    let mut words: Vec<&String> = phases.iter().chain(&reasons).collect();
    let count = words.len();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), count, "{words:?}");
}
