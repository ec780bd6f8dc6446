//! States and offences in words for people, the same wherever they are told.

use earnest_protocol::{market::Phase, slashing::Offence};

/// Where a job stands, after "the job is".
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Bidding => "taking sealed bids",
        Phase::RevealingBids => "opening bids",
        Phase::Offered => "offered to its winner",
        Phase::Executing => "being executed",
        Phase::Committed => "waiting for the seed of its draw",
        Phase::Auditing => "being audited",
        Phase::AuditingOpen => "being audited with open seats",
        Phase::Revealing => "opening sealed results",
        Phase::Challengeable => "in its challenge window",
        Phase::Closed => "closed",
    }
}

/// What somebody is slashed for, after "for".
pub fn offence(offence: Offence) -> &'static str {
    match offence {
        Offence::WrongResult => "a wrong result",
        Offence::Abandonment => "work accepted and not delivered",
        Offence::DataWithholding => "bytes asked for and not produced",
        Offence::FalseAudit => "a verdict that lost its dispute",
        Offence::MissedAudit => "an audit missed",
        Offence::CopiedRoot => "a sealed result that somebody else knew",
        Offence::BidWithholding => "a bid not opened or a win not accepted",
        Offence::FrivolousChallenge => "a challenge that the referee found against",
        Offence::InputWithholding => "input that could not be had",
    }
}
