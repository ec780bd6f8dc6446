//! Jobs as text: a table of many, and where one stands.

use earnest_api::{JobSummary, JobView};
use earnest_protocol::{
    Amount, Ending, Height,
    command::{ProgramForm, Rating},
    market::{CloseReason, Outcome, Phase},
};
use earnest_worker::requester::{has_stopped, is_stopped};

use super::table::{Kind, list, table};
use crate::{clock::Clock, money, present::Present, text::tokens};

/// Jobs as a table, in the order given.
pub fn jobs(jobs: &[JobSummary], present: &Present, width: usize) -> String {
    let columns = [
        ("job", Kind::Number),
        ("stands", Kind::Sentence),
        ("requester", Kind::Word),
        ("provider", Kind::Word),
        ("price", Kind::Number),
    ];
    let row = |job: &JobSummary| {
        let stands = match job.outcome.zip(job.reason) {
            Some((outcome, reason)) => {
                ended(outcome, reason, has_stopped(job.output.as_ref(), job.ending))
            }
            None => format!("{} until {}", phase(job.phase), present.clock.block(job.until)),
        };
        let provider = job.provider.map(|account| present.names.short(&account.address));
        vec![
            job.id.to_string(),
            stands,
            present.names.short(&job.requester.address),
            provider.unwrap_or_else(|| "-".to_owned()),
            price(job.price, job.price_max),
        ]
    };
    table(&columns, &jobs.iter().map(row).collect::<Vec<_>>(), width)
}

fn price(agreed: Option<Amount>, most: Amount) -> String {
    match agreed {
        Some(price) => tokens(price),
        None => format!("≤ {}", tokens(most)),
    }
}

/// Where a job stands, in words.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Bidding => "bids are sealed",
        Phase::RevealingBids => "bids are opened",
        Phase::Offered => "offered to the best bid",
        Phase::Executing => "executing",
        Phase::Committed => "result sealed, waits for the draw",
        Phase::Auditing => "audited",
        Phase::AuditingOpen => "audited, open seats are free to take",
        Phase::Revealing => "results are opened",
        Phase::Challengeable => "may be challenged",
        Phase::Closed => "closed",
    }
}

/// What became of a job, and why; that its program stopped by itself is said of what is paid.
pub fn ended(outcome: Outcome, why: CloseReason, is_stopped: bool) -> String {
    match outcome {
        Outcome::Accepted if is_stopped => "paid, FAULT: the program stopped by itself".to_owned(),
        Outcome::Accepted => "paid".to_owned(),
        Outcome::Rejected | Outcome::Expired => format!("refunded: {}", reason(why)),
    }
}

/// Why a job ended as it did.
pub fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unchallenged => "nothing was said against the result",
        CloseReason::WrongResult => "the result was wrong",
        CloseReason::NotRevealed => "the sealed result was never opened",
        CloseReason::Copied => "the sealed result was known to somebody else",
        CloseReason::DataWithheld => "the provider withheld bytes",
        CloseReason::InputMissing => "the requester withheld its input",
        CloseReason::NoBids => "nobody bid",
        CloseReason::NotAccepted => "no winner took it",
        CloseReason::Abandoned => "the provider delivered nothing in time",
        CloseReason::AuditUnavailable => "too few auditors answered",
        CloseReason::Cancelled => "its requester took it back",
    }
}

/// How an ordinary program ended, in words.
pub fn ending(ending: Ending) -> String {
    match ending {
        Ending::Finished => "exited with 0".to_owned(),
        Ending::Exited(code) => format!("exited with {code}"),
        Ending::Trapped => "stopped by a fault".to_owned(),
        Ending::Halted => "was halted at the work bound".to_owned(),
    }
}

/// A job's number, and where it stands or how it ended.
pub fn head(view: &JobView, clock: &Clock) -> String {
    match view.closed {
        Some(closed) => {
            let ending = view.result.and_then(|result| result.ending);
            let is_stopped = has_stopped(closed.output.as_ref(), ending);
            format!("job {}: {}", view.id, ended(closed.outcome, closed.reason, is_stopped))
        }
        None => format!("job {}: {} until {}", view.id, phase(view.phase), clock.block(view.until)),
    }
}

/// Where one job stands: who does what, until when, and how it ended.
pub fn job(view: &JobView, present: &Present, width: usize) -> String {
    let Present { names, clock } = present;
    let head = head(view, clock);
    let mut rows = vec![("requester", names.full(&view.requester.address))];
    if let ProgramForm::Paged(output_kib) = view.terms.task.form {
        let gas = view.terms.task.gas_bound;
        let bounds = format!("an ordinary one, at most {gas} gas and {output_kib} KiB put out");
        rows.push(("program", bounds));
    }
    rows.push(("at most", tokens(view.terms.price_max)));
    if view.tier > 0 {
        rows.push(("tier", format!("{} of access, when it was posted", view.tier)));
    }
    rows.push(("a lie", format!("is convicted with {}", money::percent(view.quote.detection))));
    if let Some(account) = view.offered_to {
        rows.push(("offered to", names.full(&account.address)));
    }
    if let (Some(provider), Some(assignment)) = (view.provider, view.assignment) {
        rows.push(("provider", names.full(&provider.address)));
        rows.push(("price", tokens(assignment.price)));
        if view.closed.is_none() && view.result.is_none() {
            rows.push(("due", clock.block(assignment.due)));
        }
    }
    for seat in view.seats.iter().filter_map(|seat| seat.account) {
        rows.push(("auditor", names.full(&seat.address)));
    }
    if view.phase == Phase::Challengeable {
        let asked = tokens(view.challenge_deposit);
        rows.push(("challenge", format!("by who puts {asked} behind it")));
    }
    for dispute in &view.disputes {
        let by = names.short(&dispute.challenger.address);
        let stands = dispute.ended.map_or_else(
            || format!("open, next move until {}", clock.block(dispute.until)),
            |ended| format!("{} lost", crate::up::account::word(&ended.loser)),
        );
        rows.push(("dispute", format!("by {by}: {stands}")));
    }
    if let Some(closed) = view.closed {
        rows.push(("ended", reason(closed.reason).to_owned()));
        rows.push(("paid", tokens(closed.paid)));
        if let Some(ending) = view.result.and_then(|result| result.ending) {
            rows.push(("program", self::ending(ending)));
        }
        if closed.output.as_ref().is_some_and(is_stopped) {
            let fault = "no output: the program stopped by itself before its last step";
            rows.push(("FAULT", fault.to_owned()));
        }
        if let Some(rating) = closed.rated {
            let said = if rating == Rating::Good { "good" } else { "bad" };
            rows.push(("rated", said.to_owned()));
        }
        rows.push(("kept", kept(closed.leaves, present)));
    }
    let rows: Vec<_> = rows.into_iter().map(|(name, what)| (name.to_owned(), what)).collect();
    format!("{head}\n{}", list(&rows, width))
}

/// Until when a closed job can be read.
fn kept(leaves: Height, present: &Present) -> String {
    format!("until {}; then only the log has it", present.clock.block(leaves))
}
