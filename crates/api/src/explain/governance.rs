//! Words for proposals and ballots.

use earnest_protocol::governance::{
    AppealSlashRejected, CancelProposalRejected, CastBallotRejected, CastCouncilBallotRejected,
    PauseRejected, ProposeRejected, ProposeSpendRejected, StopSpendRejected,
};
use earnest_protocol::params::Relation;

use super::{Words, exceeds_free, money, say};

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
        ProposeRejected::CouncilProposes => say(
            "In this phase the council alone proposes changes",
            "Ask a member, or propose the next phase: `--set governance.phase=1`, alone.",
        ),
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

pub(super) fn propose_spend(rejected: ProposeSpendRejected) -> Words {
    match rejected {
        ProposeSpendRejected::NothingIsSpent => say(
            "This network lets nothing out of its treasury: `governance.spend_epoch_share` is 0",
            "Propose another value with `earnest gov propose --set`.",
        ),
        ProposeSpendRejected::CouncilProposes => say(
            "In this phase nothing is spent: the council alone proposes",
            "Propose the next phase: `earnest gov propose --set governance.phase=1`, alone.",
        ),
        ProposeSpendRejected::AmountMustBePositive => {
            say("There is nothing to pay", "Name an amount above 0.")
        }
        ProposeSpendRejected::NoSuchAsset => {
            say("This network has one asset", "Name the asset `stake`.")
        }
        ProposeSpendRejected::EpochsOutOfRange { epochs, max } => say(
            format!("A spend over {epochs} epochs is wanted; allowed are 1 to {max}"),
            "Choose fewer epochs; 1 is all at once.",
        ),
        ProposeSpendRejected::AccountNotFound => say(
            "Nobody has an account of the address that is to be paid",
            "Open it with a transfer, however small.",
        ),
        ProposeSpendRejected::ExceedsShare { wanted, most } => say(
            format!(
                "{} are wanted, one spend may have {} of what the treasury has and has not \
                 promised",
                money(wanted),
                money(most)
            ),
            "Ask for less, or wait until there is more; `earnest gov treasury` shows how much \
             there is.",
        ),
        ProposeSpendRejected::SpendsAtLimit { limit } => say(
            format!("{limit} spends are proposed or run, which is the limit"),
            "Wait until one is over; `earnest gov treasury` lists them.",
        ),
        ProposeSpendRejected::DepositExceedsFree { deposit, free } => {
            exceeds_free("The deposit is", deposit, free)
        }
    }
}

pub(super) fn stop_spend(rejected: StopSpendRejected) -> Words {
    match rejected {
        StopSpendRejected::SpendNotFound => say(
            "There is no such spend, or it was over so long ago that its row has left the state",
            "Check the number with `earnest gov treasury`.",
        ),
        StopSpendRejected::NotRunning => say(
            "The spend pays nothing now: it is not accepted yet, or is over",
            "Vote against it with `earnest gov vote` while its vote is on.",
        ),
        StopSpendRejected::StopOpen { proposal } => say(
            format!("Its stop is put to the vote already, by proposal {proposal}"),
            "Vote on that with `earnest gov vote`.",
        ),
        StopSpendRejected::DepositExceedsFree { deposit, free } => {
            exceeds_free("The deposit is", deposit, free)
        }
    }
}

pub(super) fn cast_ballot(rejected: CastBallotRejected) -> Words {
    match rejected {
        CastBallotRejected::ProposalNotFound => not_found(),
        CastBallotRejected::CouncilDecides => say(
            "The council decides it: in this phase appeals are its matter",
            "Ask a member; `earnest gov guard` names them.",
        ),
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
        CancelProposalRejected::IsAppeal => say(
            "It is an appeal: slashes wait for its decision",
            "Wait until its vote is over; `earnest gov show` says when.",
        ),
        CancelProposalRejected::IsStop => say(
            "It is to stop a spend, and while it is open nobody else can propose that",
            "Wait until its vote is over; `earnest gov show` says when.",
        ),
    }
}

pub(super) fn appeal_slash(rejected: AppealSlashRejected) -> Words {
    match rejected {
        AppealSlashRejected::NoAppeals => say(
            "This network has no appeals: `slashing.appeal_epochs` is 0",
            "Propose another value with `earnest gov propose`, for slashes to come.",
        ),
        AppealSlashRejected::SlashNotFound => say(
            "There is no such slash, or it was over so long ago that its row has left the state",
            "Check the slash's number with `earnest query slashes`.",
        ),
        AppealSlashRejected::NotConcerned => say(
            "The slash took nothing of the signer's",
            "Appeal with the account that was slashed, or one that delegates to its operator.",
        ),
        AppealSlashRejected::NotWaiting => say(
            "The slash waits for nothing: it is paid out or undone",
            "Appeal while a slash waits; what no engine's word decided is never appealed.",
        ),
        AppealSlashRejected::AppealOpen { proposal } => say(
            format!("The slash is appealed already, by proposal {proposal}"),
            "Vote on that with `earnest gov vote`; it decides every slash of the same conviction.",
        ),
        AppealSlashRejected::DepositExceedsFree { deposit, free } => {
            exceeds_free("The deposit is", deposit, free)
        }
    }
}

pub(super) fn cast_council_ballot(rejected: CastCouncilBallotRejected) -> Words {
    match rejected {
        CastCouncilBallotRejected::NotMember => say(
            "The signer is no member of a council",
            "`earnest gov guard` names the members; with stake, `earnest gov vote`.",
        ),
        CastCouncilBallotRejected::ProposalNotFound => not_found(),
        CastCouncilBallotRejected::VotingClosed => {
            say("It is decided", "Look at what it came to with `earnest gov show`.")
        }
        CastCouncilBallotRejected::NoSay => say(
            "The council has no say in it, or not this one",
            "Before the last phase it may veto changes of parameters and spends, never the next \
             phase, and in phase 0 it says yes or no to appeals.",
        ),
        CastCouncilBallotRejected::SlashWaits { operator } => say(
            format!("A slash of the signer's operator {operator} waits"),
            "Wait until the slash is paid out or undone.",
        ),
        CastCouncilBallotRejected::SameChoice => {
            say("The member says so already", "Say something else, or leave it.")
        }
    }
}

pub(super) fn pause(rejected: PauseRejected) -> Words {
    match rejected {
        PauseRejected::NotGuardian => say(
            "The signer is not the guardian",
            "`earnest gov guard` says who is, if the network has one.",
        ),
        PauseRejected::SunsetPassed { sunset, now } => say(
            format!("The guardian's time ended with block {sunset}; this is block {now}"),
            "Nobody can pause anything any more; propose a change of parameters.",
        ),
        PauseRejected::NotPaused => {
            say("Nothing is paused that could be let in again", "There is nothing to do.")
        }
        PauseRejected::TooLong { wanted, max } => say(
            format!("A pause of {wanted} blocks is too long; the most is {max}"),
            "Pause for fewer blocks.",
        ),
        PauseRejected::TooSoon { next, now } => say(
            format!("The lane was paused not long ago: not before block {next}, now it is {now}"),
            "Wait until then; a vote can change what a pause was meant to give time for.",
        ),
    }
}
