//! Words for posting, bidding and accepting.

use earnest_protocol::{
    market::{
        AcceptJobRejected, CancelJobRejected, CommitBidRejected, PostJobRejected, RateJobRejected,
        RevealBidRejected,
    },
    verification::BoundRejected,
};

use crate::decimal;

use super::{
    Words, exceeds_free, exceeds_free_bond, job_not_found, may_not_work, money, outside_set,
    percent, say, seal_mismatch, wrong_phase,
};

// tidy: ladder
pub(super) fn post_job(rejected: PostJobRejected) -> Words {
    match rejected {
        PostJobRejected::Paused { until } => say(
            format!("The guardian has paused new jobs until block {until}"),
            "Post it then; what is under way goes on.",
        ),
        PostJobRejected::SealedNotServed => say(
            "No policy of this version verifies sealed inputs",
            "Post the job as public, or encrypt nothing that an auditor must read.",
        ),
        PostJobRejected::StepsOutOfRange { wanted, min, max } => say(
            format!("The job has {wanted} steps; a job has {min} to {max}"),
            "Change the number of steps, or split the job.",
        ),
        PostJobRejected::TooManyChunks { wanted, max } => say(
            format!("The input has {wanted} chunks; this network takes {max}"),
            "Use larger chunks, or split the job.",
        ),
        PostJobRejected::StepGasOutOfRange { wanted, min, max } => say(
            format!("A step may use {wanted} gas; this network takes {min} to {max}"),
            "Make steps smaller: the referee must be able to repeat one within a block.",
        ),
        PostJobRejected::WorkBoundOutOfRange { wanted, min, max } => say(
            format!("The work bound is {wanted} gas; for this job it lies within {min} to {max}"),
            "Raise it to at least one step's limit, or split the job.",
        ),
        PostJobRejected::StepGasNotPaged { wanted, must } => say(
            format!("A step may use {wanted} gas, but a paged program's steps have {must} each"),
            "Let step_gas_max be 2097152 for a paged program.",
        ),
        PostJobRejected::StepsNotPaged { wanted, must } => say(
            format!("The job has {wanted} steps, but its work bound makes {must}"),
            "Let steps be the work bound divided by 2097152, rounded down, and one more.",
        ),
        PostJobRejected::OutputOutOfRange { wanted_kib, min_kib, max_kib } => say(
            format!("The program may put out {wanted_kib} KiB; allowed are {min_kib} to {max_kib}"),
            "Choose a number within these bounds; put the rest out by another job.",
        ),
        PostJobRejected::ProgramNotPublished => say(
            "No such program is on the ledger, or not all of it",
            "Publish the prepared program before you post a job that names it.",
        ),
        PostJobRejected::DeadlineOutOfRange { wanted, min, max } => say(
            format!("The deadline is {wanted} blocks; this network takes {min} to {max}"),
            "Choose a deadline within these bounds.",
        ),
        PostJobRejected::PriceMustBePositive => {
            say("The price ceiling is zero", "Name the most you would pay; a quote helps.")
        }
        PostJobRejected::AuditRateTooLow { wanted, min } => say(
            format!(
                "The audit rate is {}; this network takes {} up",
                percent(wanted),
                percent(min)
            ),
            "Raise the audit rate.",
        ),
        PostJobRejected::AuditorsOutOfRange { wanted, min, max } => say(
            format!("The job asks for {wanted} auditors; this network draws {min} to {max}"),
            "Choose a number within these bounds.",
        ),
        PostJobRejected::PoolTooSmall { eligible, needed } => say(
            format!("{eligible} validators are eligible, but this job needs {needed}"),
            "Lower the price ceiling, of which a seat locks a part, or ask for fewer auditors, or \
             wait for validators to bond more.",
        ),
        PostJobRejected::NoQuote(rejected) => no_quote(rejected),
        PostJobRejected::AuditCapacityExceeded { wanted, available } => say(
            format!(
                "Audits of open jobs would need {} at stake, but validators have {}",
                money(wanted),
                money(available)
            ),
            "Wait for open jobs to finish, or lower the audit rate or the number of auditors.",
        ),
        PostJobRejected::PriceStale { counted, now, limit } => say(
            format!(
                "No price of stake has counted since epoch {counted}, it is epoch {now}, and after \
                 {} epochs new work waits for one",
                limit.count()
            ),
            "Post it once `earnest query prices` shows a price that is not stale: validators with \
             two thirds of the stake must post; what is under way goes on.",
        ),
        PostJobRejected::TariffOverflows => say(
            "At the tariff of its class this work costs more than any amount",
            "Lower the work bound, or split the job.",
        ),
        PostJobRejected::ExceedsFree { wanted, free } => {
            exceeds_free("Ceiling, audit fees and deposit are", wanted, free)
        }
    }
}

fn no_quote(rejected: BoundRejected) -> Words {
    match rejected {
        BoundRejected::DetectionTooLow { detection, minimum } => say(
            format!(
                "A wrong result would be convicted with a chance of {}; the least is {}",
                percent(detection),
                percent(minimum)
            ),
            "Raise the audit rate or the number of auditors.",
        ),
        BoundRejected::CollateralTooLarge => say(
            "No amount of collateral would make a wrong result a loss under this policy",
            "Raise the audit rate, or declare a smaller outside gain if that is true.",
        ),
        BoundRejected::FaultsTooDear { loss, exit_cost } => say(
            format!(
                "The referee's own faults would cost honest work {}, leaving only {}",
                money(loss),
                money(exit_cost)
            ),
            "Raise the audit rate or the number of auditors, so that less collateral is at risk.",
        ),
    }
}

pub(super) fn commit_bid(rejected: CommitBidRejected) -> Words {
    match rejected {
        CommitBidRejected::JobNotFound => job_not_found(),
        CommitBidRejected::WrongPhase { phase } => wrong_phase(phase, "taking sealed bids"),
        CommitBidRejected::NotAProvider => {
            say("The account has no provider bond", "Bond for the role of provider first.")
        }
        CommitBidRejected::MayNotWork => may_not_work(),
        CommitBidRejected::OutsideActiveSet { stake, needed } => outside_set(stake, needed),
        CommitBidRejected::OwnJob => {
            say("A requester cannot bid for its own job", "Leave this job to others.")
        }
        CommitBidRejected::AlreadyBid => {
            say("This provider has a bid in this job already", "Open that bid when bidding ends.")
        }
        CommitBidRejected::BidsAtLimit { limit, stake, smallest } => say(
            format!(
                "The job has its {limit} bids already, by bonds of at least {}; this one has {}",
                money(smallest),
                money(stake)
            ),
            "Bond more than the smallest to take its place, or bid on another job.",
        ),
        CommitBidRejected::ExceedsCarried { value, limit } => say(
            format!(
                "The job is worth up to {}, but after what this provider has carried it may take \
                 on jobs of up to {}",
                money(value),
                money(limit)
            ),
            "Carry smaller jobs first: what is paid for them, and burnt, raises the limit.",
        ),
        CommitBidRejected::ReputationTooLow { score, wanted } => say(
            format!("The score is {}, but the job asks for {}", percent(score), percent(wanted)),
            "Earn reputation with jobs that ask for less.",
        ),
        CommitBidRejected::PoolTooConcentrated { share, assumed } => say(
            format!(
                "Without this account's own validator one hand would hold {} of the pool; the \
                 job was priced for {}",
                percent(share),
                percent(assumed)
            ),
            "Bid on jobs posted after the pool has grown, or run the validator elsewhere.",
        ),
        CommitBidRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The bid's deposit is", wanted, free)
        }
    }
}

pub(super) fn reveal_bid(rejected: RevealBidRejected) -> Words {
    match rejected {
        RevealBidRejected::JobNotFound => job_not_found(),
        RevealBidRejected::WrongPhase { phase } => wrong_phase(phase, "opening bids"),
        RevealBidRejected::NoBid => {
            say("The account sealed no bid in this job", "Only sealed bids can be opened.")
        }
        RevealBidRejected::AlreadyRevealed => {
            say("This bid is open already", "Nothing needs to be done.")
        }
        RevealBidRejected::SealMismatch => seal_mismatch("This price with this salt"),
        RevealBidRejected::ExceedsCeiling { price, ceiling } => say(
            format!("The price is {}, but the ceiling is {}", money(price), money(ceiling)),
            "Such a bid cannot win; bid below the ceiling next time.",
        ),
        RevealBidRejected::MayNotWork => may_not_work(),
        RevealBidRejected::ExceedsFreeBond { wanted, free_bond } => {
            exceeds_free_bond("The collateral is", wanted, free_bond)
        }
        RevealBidRejected::NoQuote(rejected) => no_quote(rejected),
    }
}

pub(super) fn cancel_job(rejected: CancelJobRejected) -> Words {
    match rejected {
        CancelJobRejected::JobNotFound => job_not_found(),
        CancelJobRejected::NotRequester => {
            say("A job is taken back by whoever posted it", "Take back a job of yours.")
        }
        CancelJobRejected::WrongPhase { phase } => wrong_phase(phase, "taking sealed bids"),
    }
}

pub(super) fn rate_job(rejected: RateJobRejected) -> Words {
    match rejected {
        RateJobRejected::JobNotFound => job_not_found(),
        RateJobRejected::RatingsOff => say(
            "Where this job was posted ratings do not count",
            "A vote on `reputation.rating_share` brings them for jobs posted after it.",
        ),
        RateJobRejected::NotRequester => {
            say("A job is rated by whoever paid for it", "Rate a job of yours.")
        }
        RateJobRejected::NotPaid => say(
            "Nobody was paid for this job, or nobody yet",
            "Wait for its end; a job that ends without pay speaks for itself.",
        ),
        RateJobRejected::TooLate { height, last } => say(
            format!("It could be rated until block {last}, and it is block {height}"),
            "Rate the next one sooner.",
        ),
        RateJobRejected::AlreadyRated => {
            say("It has its rating", "A rating stands as it is; rate the next job.")
        }
        RateJobRejected::WeighsNothing => say(
            "Nothing was burnt for this job, so its rating weighs nothing",
            "Rate a job that costs more.",
        ),
        RateJobRejected::PairAtLimit { limit, until } => say(
            format!(
                "Your ratings of this provider weigh {} % of an ordinary job, which is all until \
                 epoch {until}",
                decimal(limit.parts(), 7)
            ),
            "Rate it after that epoch has begun.",
        ),
    }
}

pub(super) fn accept_job(rejected: AcceptJobRejected) -> Words {
    match rejected {
        AcceptJobRejected::JobNotFound => job_not_found(),
        AcceptJobRejected::WrongPhase { phase } => wrong_phase(phase, "offered to its winner"),
        AcceptJobRejected::NotTheWinner => say(
            "The job is offered to another provider now",
            "Wait: it is offered to the next best bid if that one does not accept.",
        ),
        AcceptJobRejected::MayNotWork => may_not_work(),
        AcceptJobRejected::AuditCapacityExceeded { wanted, available } => say(
            format!(
                "Audits of accepted jobs would need {} at stake, but validators have {}",
                money(wanted),
                money(available)
            ),
            "Try again until the offer ends: other jobs give their audits' share back, and an \
             offer that lapses so costs nothing.",
        ),
    }
}
