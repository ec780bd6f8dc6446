//! Catalogue: one refusal of each kind that there is, with the numbers of an example.
//!
//! Law: a refusal that the rules may give and that is missing here fails a test of this crate.
//! It serves people who look a code up, and tests of the words; none of these happened.
//! Not here: the words (`explain`), problems of a node (`openapi::PROBLEMS`).

use earnest_keys::SignatureRejected;
use earnest_protocol::{
    Address, Amount, BlockRejected, Blocks, Epoch, Epochs, Factor, Gas, Height, OperatorId,
    ParamsRejected, ProposalId, Ratio, Rejected, TransactionRejected,
    accounts::{AuthoriseKeyRejected, RevokeKeyRejected, TransferRejected},
    command::Scope,
    credits::{MintCreditsRejected, RedeemCreditsRejected},
    genesis::GenesisRejected,
    governance::{
        AppealSlashRejected, CancelProposalRejected, CastBallotRejected, CastCouncilBallotRejected,
        PauseRejected, ProposeRejected, ProposeSpendRejected, StopSpendRejected,
    },
    grants::{ClaimGrantRejected, ClaimListedRejected},
    insurance::InsureJobRejected,
    market::{
        AcceptJobRejected, CancelJobRejected, CommitBidRejected, Phase, PostJobRejected,
        RateJobRejected, RevealBidRejected,
    },
    params::{BrokenRelation, Relation, Violation},
    prices::{OpenPriceRejected, SealPriceRejected},
    rewards::ClaimRewardsRejected,
    staking::{
        BondRejected, CancelUnbondRejected, CancelUndelegationRejected, DelegateRejected,
        LockBondRejected, RedelegateRejected, SetCommissionRejected, UnbondRejected,
        UndelegateRejected, UnjailRejected, WithdrawDelegationRejected,
    },
    storage::{KeepDataRejected, PublishProgramRejected, RetireProgramRejected},
    verification::{
        BoundRejected, ChallengeRejected, CommitResultRejected, CommitVerdictRejected,
        ConfirmReceiptRejected, OpenNodeRejected, OpenSeedRejected, ProveStepRejected,
        RefineStepRejected, RejectChildRejected, ReportCopyRejected, RequestDataRejected,
        RevealResultRejected, RevealVerdictRejected, SealReportRejected, ServeDataRejected,
    },
};

use crate::Refusal;

/// Every refusal with a code of its own: of transactions and commands in the order of the rules,
/// then of genesis, blocks and signatures.
pub fn refusals() -> Vec<Refusal> {
    everything().iter().map(Refusal::from).chain(of_chains()).collect()
}

fn a(tokens: u64) -> Amount {
    Amount::tokens(tokens)
}

fn r(percent: u64) -> Ratio {
    Ratio::percent(percent)
}

const PHASE: Phase = Phase::Executing;
const SHORT: BrokenRelation =
    BrokenRelation { relation: Relation::UnbondingTooShort, got: 5, bound: 9 };

/// One of each, in the order of the rules; `$count` is how many variants there are.
macro_rules! all {
    ($(
        #[$count:expr] $kind:ident: $($variant:ident $(($inner:expr))? $({$($field:tt)*})?),+;
    )*) => {{
        let mut all: Vec<Rejected> = Vec::new();
        $(
            let some = [$($kind::$variant $(($inner))? $({$($field)*})?),+];
            assert_eq!(some.len(), $count);
            all.extend(some.map(Rejected::from));
        )*
        all
    }};
}

/// One of each refusal of a transaction or a command.
// tidy: ladder
pub fn everything() -> Vec<Rejected> {
    let (wanted, free, free_bond) = (a(5), a(3), a(3));
    let (min, max) = (Gas::new(1), Gas::new(9));
    let low = BoundRejected::DetectionTooLow { detection: r(1), minimum: r(2) };
    let dear = BoundRejected::FaultsTooDear { loss: wanted, exit_cost: free };
    all! {
        #[9] TransactionRejected: UnknownAccount, KeyNotAuthorised,
            KeyOutOfScope { scope: Scope::Audit }, KeyLimitExceeded { wanted, left: free },
            Expired { valid_until: Height::new(7), height: Height::new(8) },
            NonceUsed { got: 1, next: 2 }, NonceTooHigh { got: 3, next: 2 },
            FeeExceedsFree { fee: wanted, free }, RefereeBusy { wanted: 5, left: 4 };
        #[3] TransferRejected: AmountMustBePositive, NoSuchAsset, ExceedsFree { wanted, free };
        #[5] BondRejected: AmountMustBePositive, NotOffered, Tombstoned,
            ExceedsFree { wanted, free },
            BelowMinimum { wanted: free, minimum: wanted };
        #[5] UnbondRejected: AmountMustBePositive, NotAnOperator,
            ExceedsFreeBond { wanted, free_bond },
            Locked { wanted, unlocked: free, until: Epoch::new(9) },
            UnbondingsAtLimit { limit: 32 };
        #[8] LockBondRejected: NotOffered, AmountMustBePositive,
            EpochsOutOfRange { wanted: Epochs::new(9), max: Epochs::new(8) }, NotAnOperator,
            Tombstoned, ExceedsStake { wanted, stake: free },
            BelowLocked { wanted: free, locked: wanted },
            EndsSooner { wanted: Epoch::new(7), until: Epoch::new(9) };
        #[5] CancelUnbondRejected: AmountMustBePositive, NotAnOperator, Tombstoned,
            ExceedsUnbonding { wanted, unbonding: free },
            BelowMinimum { wanted: free, minimum: wanted };
        #[10] InsureJobRejected: NotOffered, JobNotFound, NotRequester, AmountMustBePositive,
            TooLate { height: Height::new(8), last: Height::new(7) },
            AlreadyInsured { cover: wanted }, ExceedsCoverMax { wanted, max: free },
            ExceedsPool { wanted, available: free },
            ExceedsPremiumMax { premium: wanted, max: free },
            ExceedsFree { wanted, free };
        #[5] UnjailRejected: NotAnOperator, NotJailed, Tombstoned,
            JailedUntil { until: Epoch::new(9), now: Epoch::new(8) },
            BelowMinimum { stake: free, minimum: wanted };
        #[2] ClaimRewardsRejected: NotAnOperator, NothingAccrued;
        #[22] PostJobRejected: Paused { until: Height::new(9) }, SealedNotServed,
            StepsOutOfRange { wanted: 0, min: 1, max: 9 }, TooManyChunks { wanted: 5, max: 4 },
            StepGasOutOfRange { wanted: Gas::new(10), min, max },
            WorkBoundOutOfRange { wanted: Gas::new(10), min, max },
            StepGasNotPaged { wanted: max, must: Gas::new(1 << 21) },
            StepsNotPaged { wanted: 9, must: 10 },
            PriceStale { counted: Epoch::new(1), now: Epoch::new(9), limit: Epochs::new(6) },
            OutputOutOfRange { wanted_kib: 131_072, min_kib: 1, max_kib: 65_536 },
            ProgramNotPublished,
            DeadlineOutOfRange {
                wanted: Blocks::new(1), min: Blocks::new(5), max: Blocks::new(10)
            },
            PriceMustBePositive, AuditRateTooLow { wanted: r(1), min: r(2) },
            AuditorsOutOfRange { wanted: 9, min: 1, max: 8 },
            PoolTooSmall { eligible: 1, needed: 2 }, NoQuote(low),
            NoQuote(BoundRejected::CollateralTooLarge), NoQuote(dear),
            AuditCapacityExceeded { wanted, available: free }, TariffOverflows,
            ExceedsFree { wanted, free };
        #[12] CommitBidRejected: JobNotFound, WrongPhase { phase: PHASE }, NotAProvider,
            MayNotWork, OutsideActiveSet { stake: free, needed: wanted }, OwnJob, AlreadyBid,
            BidsAtLimit { limit: 32, stake: free, smallest: wanted },
            ReputationTooLow { score: r(1), wanted: r(2) },
            ExceedsCarried { value: wanted, limit: free },
            PoolTooConcentrated { share: r(30), assumed: r(20) }, ExceedsFree { wanted, free };
        #[11] RevealBidRejected: JobNotFound, WrongPhase { phase: PHASE }, NoBid, AlreadyRevealed,
            SealMismatch, ExceedsCeiling { price: wanted, ceiling: free }, MayNotWork,
            ExceedsFreeBond { wanted, free_bond }, NoQuote(low),
            NoQuote(BoundRejected::CollateralTooLarge), NoQuote(dear);
        #[5] AcceptJobRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheWinner, MayNotWork,
            AuditCapacityExceeded { wanted, available: free };
        #[8] RateJobRejected: JobNotFound, RatingsOff, NotRequester, NotPaid,
            TooLate { height: Height::new(9), last: Height::new(8) }, AlreadyRated, WeighsNothing,
            PairAtLimit { limit: Factor::percent(300), until: Epoch::new(9) };
        #[3] CancelJobRejected: JobNotFound, NotRequester, WrongPhase { phase: PHASE };
        #[3] CommitResultRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider;
        #[5] OpenSeedRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheRequester,
            AlreadyOpened, SealMismatch;
        #[9] CommitVerdictRejected: JobNotFound, WrongPhase { phase: PHASE }, NotAValidator,
            NotDrawn, AlreadyCommitted, MayNotWork,
            OutsideActiveSet { stake: free, needed: wanted }, OwnJob,
            ExceedsFreeBond { wanted, free_bond };
        #[7] RevealResultRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider,
            AlreadyRevealed, SealMismatch, StepsMismatch { wanted: 5, got: 4 },
            OutputProofInvalid;
        #[5] RevealVerdictRejected: JobNotFound, WrongPhase { phase: PHASE }, NotDrawn,
            AlreadyRevealed, SealMismatch;
        #[7] ChallengeRejected: JobNotFound, WrongPhase { phase: PHASE },
            WindowClosed { until: Height::new(9) }, OwnResult, AlreadyChallenging,
            DisputesAtLimit { limit: 200 }, ExceedsFree { wanted, free };
        #[5] OpenNodeRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider,
            NotAwaited, ChildrenMismatch;
        #[6] RejectChildRejected: JobNotFound, WrongPhase { phase: PHASE }, NoDispute,
            NotYourTurn, NoSuchChild { child: 15 }, FirstStateAgreed;
        #[6] ProveStepRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider,
            NotAwaited, HeardBefore, EvidenceInvalid;
        #[5] RefineStepRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider,
            NotAwaited, ProofInvalid;
        #[8] RequestDataRejected: JobNotFound, WrongPhase { phase: PHASE }, NotEntitled,
            NoSuchItem, AlreadyRequested, AlreadyConfirmed, RequestsAtLimit { limit: 4 },
            ExceedsFree { wanted, free };
        #[4] ServeDataRejected: JobNotFound, WrongPhase { phase: PHASE }, NotRequested,
            BytesMismatch;
        #[4] ConfirmReceiptRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheRequester,
            AlreadyConfirmed;
        #[6] ReportCopyRejected: JobNotFound, WrongPhase { phase: PHASE }, NothingSealed, OwnSeal,
            NotSealedBefore, SealMismatch;
        #[1] SealReportRejected: AlreadySealed;
        #[3] AuthoriseKeyRejected: OwnKey,
            AlreadyExpired { expires: Height::new(7), height: Height::new(8) },
            KeysAtLimit { limit: 16 };
        #[1] RevokeKeyRejected: NotAuthorised;
        #[7] KeepDataRejected: SizeMustBePositive,
            SizeMustBeWholeBlocks { wanted_kib: 5, block_kib: 4 }, TimeMustBePositive,
            TooLong { wanted: Blocks::new(11), max: Blocks::new(10) },
            RoomFull { wanted_kib: 5, free_kib: 4 },
            ExceedsPriceMax { price: wanted, max: free }, ExceedsFree { wanted, free };
        #[7] PublishProgramRejected: SizeOutOfRange { wanted: 0, min: 1, max: 8_388_608 },
            AlreadyPublished, SizeChanged { wanted: 5, begun: 4 },
            PartNotNext { part: 2, next: 1 }, PartOfOtherSize { got: 5, wanted: 4 },
            RoomFull { wanted_kib: 64, free_kib: 4 }, ExceedsFree { wanted, free };
        #[3] RetireProgramRejected: NotPublished, NotThePublisher, NamedByJobs { jobs: 2 };
        #[10] DelegateRejected: Paused { until: Height::new(9) },
            BelowMinimum { wanted: free, minimum: wanted }, NotAnOperator, MayNotWork,
            ExceedsFree { wanted, free }, DelegationsAtLimit { limit: 32 }, KeepsEverything,
            SlashWaits, ExceedsCap { total: wanted, max: free }, PoolFull;
        #[6] UndelegateRejected: AmountMustBePositive, NotDelegated,
            ExceedsDelegation { wanted, delegated: free },
            RestBelowMinimum { rest: wanted, minimum: free }, SlashWaits, ExitFull;
        #[7] CancelUndelegationRejected: NotDelegated, NothingLeaves, MayNotWork, KeepsEverything,
            SlashWaits, ExceedsCap { total: wanted, max: free }, PoolFull;
        #[2] WithdrawDelegationRejected: NotDelegated, NothingMatured;
        #[14] RedelegateRejected: BelowMinimum { wanted: free, minimum: wanted }, NotDelegated,
            SameOperator, StillBound { wanted, free },
            ExceedsDelegation { wanted, delegated: free },
            RestBelowMinimum { rest: free, minimum: wanted }, NotAnOperator, MayNotWork,
            DelegationsAtLimit { limit: 32 }, KeepsEverything, SlashWaits,
            ExceedsCap { total: wanted, max: free }, MovesAtLimit { limit: 64 }, MoveFull;
        #[5] SetCommissionRejected: NotAnOperator,
            AboveCeiling { wanted: Ratio::percent(9), ceiling: Ratio::percent(8) },
            CeilingRaised { wanted: Ratio::percent(9), ceiling: Ratio::percent(8) },
            TooSoon { until: Epoch::new(9), now: Epoch::new(8) },
            RaisedTooMuch { wanted: Ratio::percent(9), max: Ratio::percent(8) };
        #[9] ProposeRejected: NothingChanges, TooManyChanges { count: 9, max: 8 },
            UnknownParameter { place: 0 }, ChangedTwice { place: 1 },
            OutOfRange { place: 0, got: 99, min: 1, max: 64 }, RelationBroken(SHORT),
            CouncilProposes, ProposalsAtLimit { limit: 16 },
            DepositExceedsFree { deposit: wanted, free };
        #[7] CastBallotRejected: ProposalNotFound, CouncilDecides,
            VotingNotOpen { opens: Epoch::new(9), now: Epoch::new(8) }, VotingClosed,
            SlashWaits { operator: OperatorId::new(3) }, NoPower, SameChoice;
        #[5] CancelProposalRejected: ProposalNotFound, NotProposer, VotingBegan, IsAppeal, IsStop;
        #[6] AppealSlashRejected: NoAppeals, SlashNotFound, NotConcerned, NotWaiting,
            AppealOpen { proposal: ProposalId::new(3) },
            DepositExceedsFree { deposit: wanted, free };
        #[6] CastCouncilBallotRejected: NotMember, ProposalNotFound, VotingClosed, NoSay,
            SlashWaits { operator: OperatorId::new(3) }, SameChoice;
        #[5] PauseRejected: NotGuardian,
            SunsetPassed { sunset: Height::new(8), now: Height::new(9) }, NotPaused,
            TooLong { wanted: Blocks::new(9), max: Blocks::new(8) },
            TooSoon { next: Height::new(9), now: Height::new(8) };
        #[9] ProposeSpendRejected: NothingIsSpent, CouncilProposes, AmountMustBePositive,
            NoSuchAsset, EpochsOutOfRange { epochs: Epochs::new(9), max: Epochs::new(8) },
            AccountNotFound, ExceedsShare { wanted, most: free }, SpendsAtLimit { limit: 16 },
            DepositExceedsFree { deposit: wanted, free };
        #[4] StopSpendRejected: SpendNotFound, NotRunning,
            StopOpen { proposal: ProposalId::new(3) },
            DepositExceedsFree { deposit: wanted, free };
        #[6] SealPriceRejected: FeedOff, WrongEpoch { got: Epoch::new(8), now: Epoch::new(9) },
            NotAValidator, NotBegun { begins: Epoch::new(9) }, NoWeight { epoch: Epoch::new(9) },
            AlreadySealed;
        #[7] OpenPriceRejected: FeedOff, WrongEpoch { got: Epoch::new(7), now: Epoch::new(9) },
            NotAValidator, NothingSealed, AlreadyOpened, PriceMustBePositive, SealMismatch;
        #[9] MintCreditsRejected: OneAsset, MintingOff, NoPrice,
            PriceStale { counted: Epoch::new(1), now: Epoch::new(9), limit: Epochs::new(6) },
            ExceedsFree { wanted, free }, ExceedsSupply { room: free },
            BelowLeast { credits: free, least: wanted }, TooFew { credits: free, wanted },
            ExceedsEpoch { wanted, left: free };
        #[12] RedeemCreditsRejected: OneAsset, RedeemingOff, NoPrice,
            PriceStale { counted: Epoch::new(1), now: Epoch::new(9), limit: Epochs::new(6) },
            BelowLeast { credits: free, least: wanted }, ExceedsFree { wanted, free },
            ExceedsEarned { wanted, earned: free },
            Halted { ratio: Factor::percent(83), halt: Ratio::percent(90) },
            WorthNothing { credits: free, price: Factor::MAX },
            TooLittle { stake: free, wanted }, ExceedsEpoch { wanted, left: free },
            ExceedsSupply { room: free };
        #[4] ClaimGrantRejected: NoGrant, AmountMustBePositive,
            BeforeCliff { cliff: Height::new(9), now: Height::new(7) },
            ExceedsReleased { wanted, released: free };
        #[6] ClaimListedRejected: NoList, Closed { closed: Height::new(7), now: Height::new(9) },
            NoSuchPlace { place: 9, places: 7 }, AlreadyClaimed { place: 7 }, ProofMismatch,
            ExceedsLeft { wanted, left: free };
    }
}

/// One of each refusal of a genesis, a block and a signature.
pub fn of_chains() -> Vec<Refusal> {
    let address = Address([1; 20]);
    let genesis = [
        GenesisRejected::Params(ParamsRejected { violations: violations() }),
        GenesisRejected::BeaconChainEmpty,
        GenesisRejected::DuplicateAccount { address },
        GenesisRejected::NoPaymentAsset { address },
        GenesisRejected::SupplyTooLarge,
        GenesisRejected::BondNotCovered { address, bond: a(5) },
        GenesisRejected::DuplicateOperator { address },
        GenesisRejected::GrantOutOfRange { address, cliff: Height::new(9), ends: Height::new(7) },
        GenesisRejected::DuplicateGrant { address },
        GenesisRejected::ListOutOfRange { places: 0, total: a(5), closes: Height::new(7) },
        GenesisRejected::CouncilOutOfRange { members: 3, threshold: 4 },
        GenesisRejected::GuardUnknown { address },
        GenesisRejected::CouncilOutOfPhase { phase: 1 },
    ];
    let blocks = [
        BlockRejected::HeightMismatch { got: Height::new(5), expected: Height::new(4) },
        BlockRejected::TooEarly { time_ms: 5, earliest_ms: 9 },
        BlockRejected::BeaconMismatch,
        BlockRejected::AnchorMismatch,
    ];
    let signatures = [
        SignatureRejected::RecoveryIdOutOfRange { got: 0 },
        SignatureRejected::HighS,
        SignatureRejected::Unrecoverable,
    ];
    let genesis = genesis.iter().map(Refusal::from);
    genesis.chain(blocks.map(Refusal::from)).chain(signatures.map(Refusal::from)).collect()
}

/// One of each thing that can be wrong with parameters.
pub fn violations() -> Vec<Violation> {
    let room = "market";
    vec![
        Violation::OutOfRange { room, field: "bids_max", got: 99, min: 1, max: 64 },
        Violation::OutOfOrder {
            lower: "verification.tier_start",
            upper: "verification.tier_full",
            got: 9,
            max: 5,
        },
        Violation::ShareAboveMax { share: 9, max: 5 },
        Violation::UnbondingTooShort { unbonding: 5, needed: 9 },
        Violation::StepTooLong { gas: 9, limit: 5 },
        Violation::StepExceedsBudget { step_gas: 9, budget: 5 },
        Violation::LaneTooNarrow { lane_kib: 5, needed_kib: 9 },
        Violation::ChallengeTooCheap { deposit: a(1), needed: a(2) },
        Violation::KeepTooShort { blocks: 5, needed: 9 },
        Violation::ActiveSetTooSmall { places: 5, needed: 9 },
        Violation::EmissionCapTooHigh { cap: 9, limit: 5 },
        Violation::NamesTooCheap { cost: a(1), gain: a(2) },
        Violation::SpentTooFast { share: 9, most: 5 },
        Violation::BlocksTooFast { interval_ms: 5, least_ms: 9 },
        Violation::EpochTooLong { blocks: 9, most: 5 },
        Violation::StakePriceNotOne { got: 5 },
        Violation::FeedOfOneAsset { got: 24 },
        Violation::CreditsWithoutFeed { got: 5 },
    ]
}
