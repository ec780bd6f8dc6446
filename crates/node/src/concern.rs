//! Concern: which accounts an event is about.
//!
//! Law: an event concerns the accounts it names, the owner of an operator or a slash that it names
//! and, where it is about a job, the job's requester and the provider that accepted it by the end
//! of the block. A new kind of event does not compile before it is told here.
//! Known shortcoming: of a job whose rows have left the state only the named accounts are known.

use earnest_protocol::{AccountId, Event, JobId, OperatorId, State};

/// Accounts and the places of the events that concern them, in order of the events and each once.
/// `state` is that after the block.
pub(crate) fn concerned(state: &State, events: &[Event]) -> Vec<(AccountId, u32)> {
    let mut all = Vec::new();
    for (index, event) in (0u32..).zip(events) {
        let mut accounts = named(state, event);
        accounts.extend(job_of(event).into_iter().flat_map(|job| parties(state, job)));
        accounts.sort_unstable();
        accounts.dedup();
        all.extend(accounts.into_iter().map(|account| (account, index)));
    }
    all
}

/// Who pays for a job, and who accepted it.
fn parties(state: &State, job: JobId) -> impl Iterator<Item = AccountId> {
    let requester = state.order(job).map(|order| order.requester);
    let winner = state.assignment_of(job).filter(|(_, winner)| winner.accepted.is_some());
    requester.into_iter().chain(winner.map(|(_, winner)| winner.account))
}

// tidy: ladder
fn named(state: &State, event: &Event) -> Vec<AccountId> {
    match *event {
        Event::EpochOpened { .. }
        | Event::ListClosed { .. }
        | Event::BeaconWithheld { .. }
        | Event::Emitted { .. }
        | Event::BiddingClosed { .. }
        | Event::SeedOpened { .. }
        | Event::SeedWithheld { .. }
        | Event::AuditSpared { .. }
        | Event::DrawPutOff { .. }
        | Event::Revealing { .. }
        | Event::ChallengeWindow { .. }
        | Event::NodeOpened { .. }
        | Event::StepRefined { .. }
        | Event::StepJudged { .. }
        | Event::DataServed { .. }
        | Event::ReceiptConfirmed { .. }
        | Event::LanePaused { .. }
        | Event::PriceCounted { .. }
        | Event::PriceMissed { .. }
        | Event::JobClosed { .. } => Vec::new(),
        Event::VotingOpened { proposal, .. }
        | Event::VotingExtended { proposal, .. }
        | Event::ProposalQueued { proposal, .. }
        | Event::ProposalDefeated { proposal, .. }
        | Event::ProposalExecuted { proposal, .. }
        | Event::ProposalExpired { proposal, .. }
        | Event::AppealGranted { proposal }
        | Event::ProposalCancelled { proposal } => {
            state.proposal(proposal).map(|row| row.account).into_iter().collect()
        }
        Event::Transferred { source, target, .. } => vec![source, target],
        Event::DisputeOpened { challenger, accused, .. }
        | Event::DisputeClosed { challenger, accused, .. } => vec![challenger, accused],
        Event::CoverPaid { account, accused, .. } => vec![account, accused],
        Event::JobRated { account, provider, .. } => vec![account, provider],
        Event::CopyReported { accused, finder, .. } => vec![accused, finder],
        Event::AuditDrawn { ref auditors, .. } => auditors.clone(),
        Event::Unbonding { operator, .. }
        | Event::DelegationEarned { operator, .. }
        | Event::WorkClaimed { operator, .. }
        | Event::EmissionEarned { operator, .. }
        | Event::StakeRewarded { operator, .. }
        | Event::RedelegationSettled { operator, .. } => Vec::from_iter(owner(state, operator)),
        Event::Redelegated { account, source, target, .. } => of(state, &[source, target], account),
        Event::Delegated { account, operator, .. }
        | Event::Undelegating { account, operator, .. }
        | Event::UndelegationCancelled { account, operator, .. }
        | Event::DelegationRewarded { account, operator, .. }
        | Event::DelegationWithdrawn { account, operator, .. } => of(state, &[operator], account),
        Event::SpendBegan { proposal, .. } | Event::SpendEnded { proposal, .. } => {
            let row = state.proposal(proposal);
            let payee = row.and_then(|row| row.matter.spends()).map(|spend| spend.to);
            row.map(|row| row.account).into_iter().chain(payee).collect()
        }
        Event::StopProposed { spend, account, .. } => {
            let about = state.proposal(spend).and_then(|row| row.matter.spends());
            about.map(|spend| spend.to).into_iter().chain([account]).collect()
        }
        Event::ActiveSetLeft { account, by, .. } => by.into_iter().chain([account]).collect(),
        Event::SpendProposed { account, payee, .. } => vec![account, payee],
        Event::SlashHeld { slash, .. }
        | Event::SlashAppealed { slash, .. }
        | Event::DelegationSlashed { slash, .. } => {
            state.slash(slash).map(|slash| slash.account).into_iter().collect()
        }
        Event::JobPosted { requester: account, .. }
        | Event::ChildRejected { challenger: account, .. }
        | Event::DataRequested { asker: account, .. }
        | Event::AccountOpened { account, .. }
        | Event::KeyAuthorised { account, .. }
        | Event::CommissionSet { account, .. }
        | Event::Proposed { account, .. }
        | Event::AppealOpened { account, .. }
        | Event::SpendPaid { account, .. }
        | Event::PriceSealed { account, .. }
        | Event::PriceOpened { account, .. }
        | Event::CreditsMinted { account, .. }
        | Event::CreditsRedeemed { account, .. }
        | Event::GrantClaimed { account, .. }
        | Event::ListedClaimed { account, .. }
        | Event::CouncilBallotCast { account, .. }
        | Event::BallotCast { account, .. }
        | Event::BallotReduced { account, .. }
        | Event::KeyRevoked { account, .. }
        | Event::KeyExpired { account, .. }
        | Event::Bonded { account, .. }
        | Event::UnbondCancelled { account, .. }
        | Event::BondLocked { account, .. }
        | Event::LockEnded { account, .. }
        | Event::Withdrawn { account, .. }
        | Event::Jailed { account, .. }
        | Event::Unjailed { account, .. }
        | Event::ActiveSetEntered { account, .. }
        | Event::RewardsClaimed { account, .. }
        | Event::EmissionPaid { account, .. }
        | Event::ReputationChanged { account, .. }
        | Event::BidEvicted { account, .. }
        | Event::BidCommitted { account, .. }
        | Event::BidRevealed { account, .. }
        | Event::JobOffered { account, .. }
        | Event::JobAccepted { account, .. }
        | Event::ResultCommitted { account, .. }
        | Event::VerdictCommitted { account, .. }
        | Event::AuditMissed { account, .. }
        | Event::ResultRevealed { account, .. }
        | Event::VerdictRevealed { account, .. }
        | Event::DataWithheld { account, .. }
        | Event::ReportSealed { account }
        | Event::Paid { account, .. }
        | Event::DataKept { account, .. }
        | Event::StakeTaken { account, .. }
        | Event::JobInsured { account, .. }
        | Event::ProgramPartPublished { account, .. }
        | Event::ProgramPublished { account, .. }
        | Event::ProgramNotAdmitted { account, .. }
        | Event::ProgramRetired { account, .. }
        | Event::SlashPending { account, .. }
        | Event::SlashReversed { account, .. }
        | Event::Slashed { account, .. } => vec![account],
    }
}

fn owner(state: &State, operator: OperatorId) -> Option<AccountId> {
    state.operator(operator).map(|operator| operator.account)
}

/// An account, and whose these operators are.
fn of(state: &State, operators: &[OperatorId], account: AccountId) -> Vec<AccountId> {
    operators.iter().filter_map(|id| owner(state, *id)).chain([account]).collect()
}

// tidy: ladder
fn job_of(event: &Event) -> Option<JobId> {
    match *event {
        Event::EpochOpened { .. }
        | Event::BeaconWithheld { .. }
        | Event::Emitted { .. }
        | Event::EmissionEarned { .. }
        | Event::StakeRewarded { .. }
        | Event::EmissionPaid { .. }
        | Event::AccountOpened { .. }
        | Event::KeyAuthorised { .. }
        | Event::Delegated { .. }
        | Event::Undelegating { .. }
        | Event::UndelegationCancelled { .. }
        | Event::DelegationWithdrawn { .. }
        | Event::DelegationSlashed { .. }
        | Event::CommissionSet { .. }
        | Event::Redelegated { .. }
        | Event::RedelegationSettled { .. }
        | Event::DelegationRewarded { .. }
        | Event::Proposed { .. }
        | Event::VotingOpened { .. }
        | Event::BallotCast { .. }
        | Event::BallotReduced { .. }
        | Event::VotingExtended { .. }
        | Event::ProposalQueued { .. }
        | Event::ProposalDefeated { .. }
        | Event::ProposalExecuted { .. }
        | Event::ProposalExpired { .. }
        | Event::ProposalCancelled { .. }
        | Event::AppealOpened { .. }
        | Event::CouncilBallotCast { .. }
        | Event::LanePaused { .. }
        | Event::AppealGranted { .. }
        | Event::SpendProposed { .. }
        | Event::StopProposed { .. }
        | Event::SpendBegan { .. }
        | Event::SpendPaid { .. }
        | Event::SpendEnded { .. }
        | Event::PriceSealed { .. }
        | Event::PriceOpened { .. }
        | Event::CreditsMinted { .. }
        | Event::CreditsRedeemed { .. }
        | Event::GrantClaimed { .. }
        | Event::ListedClaimed { .. }
        | Event::ListClosed { .. }
        | Event::PriceCounted { .. }
        | Event::PriceMissed { .. }
        | Event::SlashAppealed { .. }
        | Event::KeyRevoked { .. }
        | Event::KeyExpired { .. }
        | Event::Transferred { .. }
        | Event::Bonded { .. }
        | Event::Unbonding { .. }
        | Event::UnbondCancelled { .. }
        | Event::BondLocked { .. }
        | Event::LockEnded { .. }
        | Event::Withdrawn { .. }
        | Event::Jailed { .. }
        | Event::Unjailed { .. }
        | Event::ActiveSetEntered { .. }
        | Event::ActiveSetLeft { .. }
        | Event::RewardsClaimed { .. }
        | Event::ReputationChanged { .. }
        | Event::ReportSealed { .. }
        | Event::DataKept { .. }
        | Event::ProgramPartPublished { .. }
        | Event::ProgramPublished { .. }
        | Event::ProgramNotAdmitted { .. }
        | Event::ProgramRetired { .. }
        | Event::SlashPending { .. }
        | Event::SlashHeld { .. }
        | Event::SlashReversed { .. } => None,
        Event::JobPosted { job, .. }
        | Event::DelegationEarned { job, .. }
        | Event::WorkClaimed { job, .. }
        | Event::BidEvicted { job, .. }
        | Event::BidCommitted { job, .. }
        | Event::BiddingClosed { job, .. }
        | Event::BidRevealed { job, .. }
        | Event::JobOffered { job, .. }
        | Event::JobAccepted { job, .. }
        | Event::ResultCommitted { job, .. }
        | Event::SeedOpened { job }
        | Event::SeedWithheld { job, .. }
        | Event::AuditSpared { job, .. }
        | Event::AuditDrawn { job, .. }
        | Event::DrawPutOff { job, .. }
        | Event::VerdictCommitted { job, .. }
        | Event::AuditMissed { job, .. }
        | Event::Revealing { job, .. }
        | Event::ResultRevealed { job, .. }
        | Event::VerdictRevealed { job, .. }
        | Event::ChallengeWindow { job, .. }
        | Event::DisputeOpened { job, .. }
        | Event::NodeOpened { job, .. }
        | Event::ChildRejected { job, .. }
        | Event::StepRefined { job, .. }
        | Event::StepJudged { job, .. }
        | Event::DisputeClosed { job, .. }
        | Event::DataRequested { job, .. }
        | Event::DataServed { job, .. }
        | Event::DataWithheld { job, .. }
        | Event::ReceiptConfirmed { job }
        | Event::CopyReported { job, .. }
        | Event::Paid { job, .. }
        | Event::JobClosed { job, .. }
        | Event::StakeTaken { job, .. }
        | Event::JobInsured { job, .. }
        | Event::CoverPaid { job, .. }
        | Event::JobRated { job, .. }
        | Event::Slashed { job, .. } => Some(job),
    }
}
