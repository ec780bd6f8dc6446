//! Events: what happened, in the order it happened.
//!
//! Law: an event is a function of the transition alone; the [`Movement`]s of a block are enough
//! to rebuild every balance.
//! Not here: how an event is stored, numbered or shown (hosts).

use alloc::{boxed::Box, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    command::{BallotChoice, DataItem, Node, PauseLane, Rating, Scope},
    credits::{MintTerms, RedeemTerms},
    governance::{Defeat, SpendEnding, SpendTerms},
    ids::{
        AccountId, Address, Asset, Digest, ExitId, JobId, KeepId, MoveId, OperatorId,
        ParamsVersion, ProposalId, Role, SlashId, UnbondingId,
    },
    ledger::Movement,
    market::{CloseReason, Outcome, Refund},
    num::{Amount, Blocks, Epoch, Epochs, Factor, Gas, Height, Ratio},
    params::BrokenRelation,
    payment::PayTerms,
    prices::FeedTerms,
    referee::{Ending, Ruling},
    rewards::{ClaimTerms, VestTerms, WeighTerms},
    slashing::{Offence, SplitTerms, Taken, Waterfall},
    verification::{Loser, LossReason, Withholder},
};

/// Where a transition writes what it did.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// What happened.
    pub events: Vec<Event>,
    /// Where money went.
    pub movements: Vec<Movement>,
}

impl Journal {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.movements.clear();
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// Declares the enum as it stands, and its variants once more as [`EventBody`].
macro_rules! with_bodies {
    ($(#[$attribute:meta])* pub enum Event { $($variants:tt)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Event { $($variants)* }

        /// An event read by its variant's name, `{"job_posted": {…}}`, which a tag inside hides: so
        /// a host learns what each kind consists of. Never written.
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventBody { $($variants)* }
    };
}

with_bodies! {
/// Something that happened.
#[expect(missing_docs, reason = "field names are glossary terms; the variants say what happened")]
pub enum Event {
    /// A block opened a new epoch.
    EpochOpened { epoch: Epoch },
    /// The leading replica showed no beacon at this height.
    BeaconWithheld { height: Height },
    /// An address got an account.
    AccountOpened { account: AccountId, address: Address },
    /// A key may act on an account's behalf until `expires`.
    KeyAuthorised {
        account: AccountId,
        key: Address,
        scope: Scope,
        expires: Height,
        spend_max: Amount,
    },
    /// It may not any longer: its account took that back.
    KeyRevoked { account: AccountId, key: Address },
    /// It may not any longer: its time has passed.
    KeyExpired { account: AccountId, key: Address },
    /// Free money changed hands.
    Transferred { source: AccountId, target: AccountId, asset: Asset, amount: Amount },
    /// A bond grew.
    Bonded { account: AccountId, operator: OperatorId, role: Role, amount: Amount },
    /// A bond began to shrink.
    Unbonding { operator: OperatorId, unbonding: UnbondingId, amount: Amount, matures: Epoch },
    /// What was leaving is bonded again.
    UnbondCancelled { account: AccountId, operator: OperatorId, role: Role, amount: Amount },
    /// So much of an operator's stake is locked until an epoch, in all.
    BondLocked {
        account: AccountId,
        operator: OperatorId,
        role: Role,
        amount: Amount,
        until: Epoch,
    },
    /// Of an operator's stake nothing is locked any more.
    LockEnded { account: AccountId, operator: OperatorId, role: Role, amount: Amount },
    /// An unbonding entry was paid out.
    Withdrawn { account: AccountId, unbonding: UnbondingId, amount: Amount },
    /// An operator gets no new work until it asks for release.
    Jailed { operator: OperatorId, account: AccountId, role: Role, until: Epoch },
    /// An operator may work again.
    Unjailed { operator: OperatorId, account: AccountId, role: Role },
    /// An operator is in its active set, and may take new work.
    ActiveSetEntered { operator: OperatorId, account: AccountId, role: Role, stake: Amount },
    /// An operator is in its active set no longer; `by` took its place, if somebody did.
    ActiveSetLeft {
        operator: OperatorId,
        account: AccountId,
        role: Role,
        stake: Amount,
        by: Option<AccountId>,
    },
    /// A judge's share of slashes was collected.
    RewardsClaimed { operator: OperatorId, account: AccountId, amount: Amount },
    /// A score moved.
    ReputationChanged { operator: OperatorId, account: AccountId, score: Ratio },

    /// Work is wanted; bids may be sealed until `bid_until`.
    JobPosted {
        job: JobId,
        requester: AccountId,
        program: Digest,
        steps: u64,
        price_max: Amount,
        audit_fees: Amount,
        deposit: Amount,
        collateral: Amount,
        detection: Ratio,
        bid_until: Height,
    },
    /// A larger bond took the place of this offer, whose deposit went back.
    BidEvicted { job: JobId, account: AccountId },
    /// An offer was sealed.
    BidCommitted { job: JobId, account: AccountId },
    /// Sealed offers are to be opened by `until`.
    BiddingClosed { job: JobId, bids: u32, until: Height },
    /// An offer was opened and its collateral locked.
    BidRevealed { job: JobId, account: AccountId, price: Amount, collateral: Amount },
    /// The job is offered to the best remaining bid.
    JobOffered { job: JobId, account: AccountId, price: Amount, until: Height },
    /// The job was taken.
    JobAccepted { job: JobId, account: AccountId, price: Amount, due: Height, until: Height },
    /// The result is sealed; `late` blocks after the deadline.
    ResultCommitted { job: JobId, account: AccountId, late: Blocks, seed_height: Height },
    /// The requester opened its part of the seed.
    SeedOpened { job: JobId },
    /// A part of the seed was withheld: the audit is certain and larger.
    SeedWithheld { job: JobId, by: Withholder },
    /// The draw spared this result.
    AuditSpared { job: JobId, until: Height },
    /// These validators are to audit by `until`; an empty seat is open to whoever takes it.
    AuditDrawn { job: JobId, auditors: Vec<AccountId>, vacant: u32, round: u8, until: Height },
    /// Too few validators can lock now, or one of them too much: the draw waits until `until`.
    DrawPutOff { job: JobId, round: u8, until: Height },
    /// An auditor sealed its own result.
    VerdictCommitted { job: JobId, account: AccountId },
    /// An auditor did not commit, or did not reveal.
    AuditMissed { job: JobId, account: AccountId },
    /// Everybody opens what it sealed by `until`.
    Revealing { job: JobId, until: Height },
    /// The provider's result is open.
    ResultRevealed {
        job: JobId,
        account: AccountId,
        root: Digest,
        output: Digest,
        gas: Gas,
        ending: Option<Ending>,
    },
    /// An auditor's result is open.
    VerdictRevealed { job: JobId, account: AccountId, root: Digest },
    /// Anyone may challenge until `until`.
    ChallengeWindow { job: JobId, until: Height },
    /// A dispute began; the accused moves first.
    DisputeOpened { job: JobId, challenger: AccountId, accused: AccountId, steps: u64 },
    /// The accused disclosed a node.
    NodeOpened { job: JobId, node: Node, children: Vec<Digest> },
    /// A challenger rejected a child: the dispute is about `node` now.
    ChildRejected { job: JobId, challenger: AccountId, node: Node, leaf: Option<u64> },
    /// The accused committed to a finer tree within the step that ends in `node`.
    StepRefined { job: JobId, node: Node, children: Vec<Digest> },
    /// The referee re-executed one step.
    StepJudged { job: JobId, node: Node, ruling: Ruling },
    /// A dispute ended.
    DisputeClosed {
        job: JobId,
        challenger: AccountId,
        accused: AccountId,
        steps: u64,
        moves: u32,
        step: Option<u64>,
        loser: Loser,
        reason: LossReason,
    },
    /// Bytes are to be produced by `until`.
    DataRequested { job: JobId, asker: AccountId, item: DataItem, until: Height },
    /// They were.
    DataServed { job: JobId, item: DataItem },
    /// They were not.
    DataWithheld { job: JobId, item: DataItem, account: AccountId },
    /// The requester has the output.
    ReceiptConfirmed { job: JobId },
    /// Somebody bound itself to a report of a leaked result.
    ReportSealed { account: AccountId },
    /// A sealed result was known to somebody else.
    CopyReported { job: JobId, accused: AccountId, finder: AccountId },
    /// A provider or an auditor was paid for its part of a job; `terms` say how much is due.
    Paid { job: JobId, account: AccountId, role: Role, amount: Amount, terms: Box<PayTerms> },
    /// A job ended; `back` says of which money `refunded` is.
    JobClosed {
        job: JobId,
        outcome: Outcome,
        reason: CloseReason,
        paid: Amount,
        refunded: Amount,
        back: Refund,
    },

    /// Bytes are kept until `until`, for a price that was burnt.
    DataKept {
        keep: KeepId,
        account: AccountId,
        root: Digest,
        kibibytes: u32,
        until: Height,
        price: Amount,
    },
    /// A part of a program came; its publisher has `parts` of them there.
    ProgramPartPublished { program: Digest, account: AccountId, parts: u32 },
    /// All of a program is there, and jobs may name it.
    ProgramPublished { program: Digest, account: AccountId, bytes: u32, deposit: Amount },
    /// All of a program is there, and it is none that can be judged: its deposit was burnt.
    ProgramNotAdmitted { program: Digest, account: AccountId, deposit: Amount },
    /// A program, or what was there of it, has left; its deposit went back.
    ProgramRetired { program: Digest, account: AccountId, deposit: Amount },

    /// Stake was taken for an offence; `terms` say how much.
    StakeTaken {
        slash: SlashId,
        offence: Offence,
        account: AccountId,
        role: Role,
        job: JobId,
        amount: Amount,
        terms: Box<Taken>,
    },
    /// Stake was taken and waits for `execute_at`.
    SlashPending {
        slash: SlashId,
        offence: Offence,
        account: AccountId,
        role: Role,
        amount: Amount,
        execute_at: Epoch,
    },
    /// Convictions of unrelated operators on one program and root: the engine may be at fault.
    SlashHeld { slash: SlashId, until: Epoch },
    /// A slash was undone: everything it took is back where it was, but what is `insured`: the
    /// part of those who have left meanwhile, which the insurance has.
    SlashReversed { slash: SlashId, account: AccountId, amount: Amount, insured: Amount },
    /// Taken stake, or a forfeited deposit, went where it belongs, by `terms`; a deposit has no
    /// role.
    Slashed {
        slash: Option<SlashId>,
        offence: Offence,
        account: AccountId,
        role: Option<Role>,
        job: JobId,
        waterfall: Waterfall,
        terms: Box<SplitTerms>,
    },

    /// A requester insured its job.
    JobInsured { job: JobId, account: AccountId, cover: Amount, premium: Amount },
    /// A conviction was paid out, and of a cover what it left: nothing if it left nothing.
    CoverPaid {
        slash: SlashId,
        job: JobId,
        account: AccountId,
        accused: AccountId,
        cover: Amount,
        amount: Amount,
    },
    /// A requester said of a paid job whether it would ask its provider again; `weight` is in parts
    /// per billion of an event.
    JobRated {
        job: JobId,
        account: AccountId,
        provider: AccountId,
        operator: OperatorId,
        rating: Rating,
        weight: Factor,
    },
    /// Free money was put behind somebody's operator.
    Delegated { account: AccountId, operator: OperatorId, amount: Amount },
    /// Delegated stake began to leave.
    Undelegating {
        account: AccountId,
        operator: OperatorId,
        exit: ExitId,
        amount: Amount,
        matures: Epoch,
    },
    /// Leaving stake stays.
    UndelegationCancelled { account: AccountId, operator: OperatorId, amount: Amount },
    /// Matured stake went to who had delegated it.
    DelegationWithdrawn { account: AccountId, operator: OperatorId, amount: Amount },
    /// A conviction took this from all that is delegated to an operator, leaving stake included.
    DelegationSlashed { slash: SlashId, operator: OperatorId, amount: Amount },
    /// Delegated stake moved from one operator to another; until it matures it answers for both.
    Redelegated {
        account: AccountId,
        source: OperatorId,
        target: OperatorId,
        parcel: MoveId,
        amount: Amount,
        matures: Epoch,
    },
    /// Moved stake answers for the operator that it left no more.
    RedelegationSettled { parcel: MoveId, operator: OperatorId, amount: Amount },
    /// An operator keeps this part of what its work pays, and promises never to ask more than that.
    CommissionSet { operator: OperatorId, account: AccountId, rate: Ratio, ceiling: Ratio },
    /// Those who delegate to an operator earned their part of its pay for a job.
    DelegationEarned { job: JobId, operator: OperatorId, amount: Amount },
    /// One of them was paid what it had earned.
    DelegationRewarded { account: AccountId, operator: OperatorId, amount: Amount },
    /// An epoch ended: of what its schedule allows so much went to the treasury, so much to all who
    /// may work by stake, so much to those who had claims by work; the rest is not minted.
    Emitted {
        epoch: Epoch,
        scheduled: Amount,
        treasury: Amount,
        stake: Amount,
        work: Amount,
        claims: Amount,
    },
    /// Paid work may attract at most this much of its epoch's emission.
    WorkClaimed {
        job: JobId,
        operator: OperatorId,
        role: Role,
        claim: Amount,
        terms: Box<ClaimTerms>,
    },
    /// An operator's claims of an epoch, of jobs with the same terms of vesting, came to this much,
    /// as they weigh among all of its claims: those who delegate to it have `shared` of it, and the
    /// rest vests from now on.
    EmissionEarned {
        operator: OperatorId,
        epoch: Epoch,
        claim: Amount,
        amount: Amount,
        shared: Amount,
        vests: VestTerms,
        weighs: Box<WeighTerms>,
    },
    /// What an operator's stake earned of emission; shared as what its work earns.
    StakeRewarded { operator: OperatorId, amount: Amount, shared: Amount },
    /// What had vested was paid.
    EmissionPaid { operator: OperatorId, account: AccountId, amount: Amount },

    /// Changes of parameters were put to the vote, which opens with this epoch.
    Proposed { proposal: ProposalId, account: AccountId, opens: Epoch },
    /// A vote began, by the stake as it stands now; it closes when this epoch opens.
    VotingOpened { proposal: ProposalId, power: Amount, closes: Epoch },
    /// An account voted with so much, or says something else than before.
    BallotCast { proposal: ProposalId, account: AccountId, choice: BallotChoice, power: Amount },
    /// Somebody who delegates to an account that has voted voted itself.
    BallotReduced { proposal: ProposalId, account: AccountId, by: Amount },
    /// The quorum came late: the vote is open for longer.
    VotingExtended { proposal: ProposalId, closes: Epoch },
    /// A proposal was accepted and is carried out when this epoch opens.
    ProposalQueued { proposal: ProposalId, due: Epoch },
    /// A proposal was voted down.
    ProposalDefeated { proposal: ProposalId, why: Defeat },
    /// What was proposed is in force from now on, for what begins from now on.
    ProposalExecuted { proposal: ProposalId, version: ParamsVersion },
    /// An accepted proposal did not fit what is in force, or what is alive, in time.
    ProposalExpired { proposal: ProposalId, broken: BrokenRelation },
    /// A proposal was taken back before its vote, or the spend that it was to stop is over.
    ProposalCancelled { proposal: ProposalId },
    /// Somebody put a deposit behind an appeal against a slash; its vote opens with this epoch.
    AppealOpened {
        proposal: ProposalId,
        slash: SlashId,
        account: AccountId,
        deposit: Amount,
        opens: Epoch,
    },
    /// A slash waits for the decision of an appeal.
    SlashAppealed { slash: SlashId, proposal: ProposalId },
    /// A member of the council said so.
    CouncilBallotCast { proposal: ProposalId, account: AccountId, choice: BallotChoice },
    /// The guardian stops this before that height, or lets it in again at it.
    LanePaused { lane: PauseLane, until: Height },
    /// Stake, or the council, undid all slashes that waited for it.
    AppealGranted { proposal: ProposalId },
    /// Money of the treasury for an account, `payee`, was put to the vote, over so many epochs.
    SpendProposed {
        proposal: ProposalId,
        account: AccountId,
        payee: AccountId,
        asset: Asset,
        amount: Amount,
        epochs: Epochs,
        opens: Epoch,
    },
    /// That a spend which runs pays nothing more was put to the vote.
    StopProposed { proposal: ProposalId, spend: ProposalId, account: AccountId, opens: Epoch },
    /// A spend begins, of so much: what was accepted, or less if the treasury had too little.
    SpendBegan { proposal: ProposalId, amount: Amount, lapses: Epoch },
    /// An epoch's part of a spend was paid, by `terms`; so much is left of it.
    SpendPaid {
        proposal: ProposalId,
        account: AccountId,
        asset: Asset,
        amount: Amount,
        left: Amount,
        terms: SpendTerms,
    },
    /// A spend pays nothing more; what is left of it stays in the treasury.
    SpendEnded { proposal: ProposalId, why: SpendEnding, paid: Amount, left: Amount },

    /// A validator with so much stake when this epoch opened bound itself to a price.
    PriceSealed { account: AccountId, epoch: Epoch, weight: Amount },
    /// It opened the price, of the epoch in which it was sealed.
    PriceOpened { account: AccountId, epoch: Epoch, price: Factor },
    /// A price counts: what a unit that is bonded is worth in units that pay; by `terms`.
    PriceCounted { epoch: Epoch, price: Factor, average: Factor, terms: Box<FeedTerms> },
    /// Validators with too little stake opened a price of this epoch: the last one stands, and no
    /// new work begins once it is stale.
    PriceMissed { epoch: Epoch, opened: Amount, stake: Amount, is_stale: bool },

    /// Stake was burnt for credits, by `terms`.
    CreditsMinted { account: AccountId, credits: Amount, terms: MintTerms },
    /// Credits were burnt, by `terms`, and so much stake given back.
    CreditsRedeemed { account: AccountId, stake: Amount, terms: RedeemTerms },

    /// So much of what the genesis granted an account was paid to it.
    GrantClaimed { account: AccountId, amount: Amount },
    /// The entry at a place of the genesis' list was paid to its account.
    ListedClaimed { account: AccountId, place: u32, amount: Amount },
    /// The genesis' list is closed, and so much of it went to the treasury.
    ListClosed { amount: Amount },
}
}
