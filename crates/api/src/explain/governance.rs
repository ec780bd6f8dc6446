//! Words for proposals and ballots.

use earnest_protocol::governance::{CancelProposalRejected, CastBallotRejected, ProposeRejected};
use earnest_protocol::params::Relation;

use super::{Words, exceeds_free, say};

pub(super) fn propose(rejected: ProposeRejected) -> Words {
    match rejected {
        ProposeRejected::NothingChanges => {
            say("The proposal changes nothing", "Name at least one parameter and its new value.")
        }
        ProposeRejected::TooManyChanges { count, max } => say(
            format!("The proposal changes {count} parameters, at most {max} may change at once"),
            "Propose the changes apart, in an order in which each fits.",
        ),
        ProposeRejected::UnknownParameter { place } => say(
            format!("Change {place}, counted from 0, names no parameter"),
            "Write its room and name, such as `verification.margin`; `earnest query params` lists \
             them.",
        ),
        ProposeRejected::ChangedTwice { place } => say(
            format!(
                "Change {place}, counted from 0, names a parameter that an earlier one changes"
            ),
            "Name each parameter once.",
        ),
        ProposeRejected::OutOfRange { place, got, min, max } => say(
            format!("Change {place}, counted from 0, is to {got}; allowed are {min} to {max}"),
            "Choose a value within the parameter's range.",
        ),
        ProposeRejected::RelationBroken(broken) => {
            let name = word(&broken.relation);
            say(
                format!("The change breaks a relation, {name}: {broken}"),
                "Choose values that fit each other and what is alive; a relation's both sides may \
                 change in one proposal, if jobs that are alive fit them, too.",
            )
        }
        ProposeRejected::ProposalsAtLimit { limit } => say(
            format!("{limit} proposals are open, which is the limit"),
            "Wait until a vote is over; `earnest gov list` shows when each ends.",
        ),
        ProposeRejected::DepositExceedsFree { deposit, free } => {
            exceeds_free("The deposit is", deposit, free)
        }
    }
}

/// The name of a relation, as programs read it.
fn word(relation: &Relation) -> String {
    let name = serde_json::to_value(relation).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

fn not_found() -> Words {
    say(
        "There is no such proposal, or it was over so long ago that its row has left the state",
        "Check the proposal's number with `earnest gov list`.",
    )
}

pub(super) fn cast_ballot(rejected: CastBallotRejected) -> Words {
    match rejected {
        CastBallotRejected::ProposalNotFound => not_found(),
        CastBallotRejected::VotingNotOpen { opens, now } => say(
            format!("Voting begins with epoch {opens}; now it is epoch {now}"),
            "Vote once it has begun; whoever has stake then has power.",
        ),
        CastBallotRejected::VotingClosed => {
            say("The vote is over", "Look at what it came to with `earnest gov show`.")
        }
        CastBallotRejected::SlashWaits { operator } => say(
            format!("A slash of the signer's operator {operator} waits"),
            "Wait until the slash is paid out or undone.",
        ),
        CastBallotRejected::NoPower => say(
            "The account had no stake that votes when the voting began",
            "Bond or delegate before the next vote begins; stake that leaves has no voice.",
        ),
        CastBallotRejected::SameChoice => {
            say("The account says so already", "Say something else, or leave it.")
        }
    }
}

pub(super) fn cancel_proposal(rejected: CancelProposalRejected) -> Words {
    match rejected {
        CancelProposalRejected::ProposalNotFound => not_found(),
        CancelProposalRejected::NotProposer => {
            say("Somebody else proposed it", "Vote against it once its voting begins.")
        }
        CancelProposalRejected::VotingBegan => {
            say("Its voting has begun, or it is over", "Vote against it, or propose the opposite.")
        }
    }
}
