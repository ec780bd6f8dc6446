//! Pots: the places where money lies, and why it moves between them.

use serde::{Deserialize, Serialize};

use crate::ids::{
    AccountId, Asset, AssignmentId, ExitId, JobId, MoveId, OperatorId, ProgramId, ProposalId,
    SlashId, UnbondingId,
};

/// A place where money of one asset lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pot {
    /// An account's own, at its disposal.
    Free(AccountId, Asset),
    /// An operator's bond that backs nothing right now.
    Bond(OperatorId),
    /// One entry of the unbonding queue.
    Unbonding(UnbondingId),
    /// A pot of one order.
    Job(JobId, JobPot),
    /// A pot of one assignment.
    Assignment(AssignmentId, AssignmentPot),
    /// Stake taken and not yet paid out.
    Slash(SlashId),
    /// Shares of slashes that belong to the validators, who judge, in proportion to their stake.
    Judges,
    /// What a job's requester insured, while the slash that may pay it waits.
    Cover(SlashId),
    /// What insures requesters, and is not promised to any.
    Insurance(Asset),
    /// The network's own.
    Treasury(Asset),
    /// Out of circulation; a source of what is newly issued alone.
    Burnt(Asset),
    /// What others delegated to an operator and is not leaving.
    Delegated(OperatorId),
    /// What leaves one operator's delegation pool by one epoch.
    Exit(ExitId),
    /// What moved from one operator's delegation pool to another's and answers for both.
    Moved(MoveId),
    /// What those who delegated to an operator earned and have not been paid, in the asset that
    /// pays.
    DelegationRewards(OperatorId),
    /// What was minted for operators and is not settled.
    Emission,
    /// What an operator earned by emission and was not paid: what has vested and what has not.
    Vesting(OperatorId),
    /// What a genesis granted and listed, and nobody has claimed.
    Grants,
    /// What stands behind a proposal until its vote is over.
    Proposal(ProposalId),
    /// What stands behind the room that a published program takes.
    Program(ProgramId),
}

/// What kind of place a pot is: where money of an asset is, without whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Accounts' own, at their disposal.
    Accounts,
    /// Bonds that back nothing right now.
    Bonds,
    /// What operators have at risk for jobs: collateral, and the locks of auditors.
    Collateral,
    /// What leaves a bond or a delegation.
    Unbonding,
    /// What others delegated to operators.
    Delegated,
    /// What requesters pay with: price ceilings and audit fees of jobs.
    Escrow,
    /// What is returned to whoever keeps to the rules: of jobs, bids, challenges, requests for
    /// bytes, proposals and programs.
    Deposits,
    /// What was earned and is not paid: emission, what vests, delegators' and judges' shares.
    Rewards,
    /// Stake taken and not yet paid out.
    Slashes,
    /// What insures requesters, promised or not.
    Insurance,
    /// The network's own.
    Treasury,
    /// What the genesis granted and listed, and nobody has claimed.
    Grants,
    /// Out of circulation; whence new money comes.
    Burnt,
}

impl Pot {
    /// What kind of place it is.
    pub fn place(self) -> Place {
        match self {
            Pot::Free(..) => Place::Accounts,
            Pot::Bond(_) => Place::Bonds,
            Pot::Job(_, JobPot::Collateral(_))
            | Pot::Assignment(_, AssignmentPot::Collateral | AssignmentPot::AuditLock(_)) => {
                Place::Collateral
            }
            Pot::Unbonding(_) | Pot::Exit(_) => Place::Unbonding,
            Pot::Delegated(_) | Pot::Moved(_) => Place::Delegated,
            Pot::Job(_, JobPot::Escrow | JobPot::AuditFees) => Place::Escrow,
            Pot::Job(_, JobPot::Deposit | JobPot::BidDeposit(_))
            | Pot::Assignment(_, AssignmentPot::ChallengeDeposit(_) | AssignmentPot::DataFee(_))
            | Pot::Proposal(_)
            | Pot::Program(_) => Place::Deposits,
            Pot::Judges | Pot::DelegationRewards(_) | Pot::Emission | Pot::Vesting(_) => {
                Place::Rewards
            }
            Pot::Slash(_) => Place::Slashes,
            Pot::Insurance(_) | Pot::Cover(_) | Pot::Job(_, JobPot::Cover) => Place::Insurance,
            Pot::Treasury(_) => Place::Treasury,
            Pot::Grants => Place::Grants,
            Pot::Burnt(_) => Place::Burnt,
        }
    }
}

/// A pot of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobPot {
    /// The requester's price ceiling.
    Escrow,
    /// Audit fees, and what refilled seats earn more.
    AuditFees,
    /// The requester's deposit.
    Deposit,
    /// The deposit of a bid.
    BidDeposit(u8),
    /// The collateral of a bid that may still win.
    Collateral(u8),
    /// What its requester insured.
    Cover,
}

/// A pot of one assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentPot {
    /// The collateral of whoever does it.
    Collateral,
    /// The lock of an auditor's seat, numbered over all rounds.
    AuditLock(u32),
    /// The deposit of an open challenger, by dispute.
    ChallengeDeposit(u16),
    /// The prepaid price of requested bytes, by request.
    DataFee(u16),
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is a whole sentence of the mechanism")]
pub enum Reason {
    Issue,
    BaseFee,
    Transfer,
    Bond,
    Unbond,
    UnbondCancelled,
    Withdraw,
    Escrow,
    AuditFeeEscrow,
    RequesterDeposit,
    BidDeposit,
    BidDepositReturned,
    BidForfeited,
    CollateralLocked,
    CollateralAssigned,
    CollateralReleased,
    AuditLocked,
    AuditLockReleased,
    AuditFee,
    AuditFeeExtra,
    AuditFeeForfeited,
    ChallengeDeposit,
    ChallengeDepositReturned,
    ChallengeLost,
    DataFee,
    DataFeeReturned,
    Price,
    Take,
    Refund,
    RequesterForfeit,
    Slash,
    SlashReversed,
    Compensation,
    ReporterReward,
    SlashBurnt,
    SlashInsurance,
    SlashJudges,
    JudgeReward,
    StorageFee,
    Delegate,
    Undelegate,
    UndelegationCancelled,
    DelegationWithdrawn,
    Redelegate,
    RedelegationSettled,
    DelegationReward,
    DelegationRewardPaid,
    Emission,
    EmissionEarned,
    EmissionDust,
    EmissionPaid,
    ProposalDeposit,
    ProposalDepositReturned,
    ProposalVetoed,
    Premium,
    CoverPromised,
    CoverAwaitsSlash,
    CoverPaid,
    CoverReturned,
    ProgramDeposit,
    ProgramDepositReturned,
    ProgramDepositBurnt,
    ProposalCancelled,
    AppealLost,
    Spend,
    BeaconWithheld,
    CreditsPaidFor,
    CreditsMinted,
    CreditsRedeemed,
    CreditsGivenBack,
    GrantPaid,
    ListedPaid,
    ListClosed,
}

impl Reason {
    /// Is an account paid by it for work that it, or whom it delegated to, has done?
    pub(crate) fn is_earned(self) -> bool {
        matches!(self, Reason::Price | Reason::AuditFee | Reason::DelegationRewardPaid)
    }
}
