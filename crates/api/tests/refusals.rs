//! Refusals: every one has a code of its own, both numbers and a hint.

use std::collections::BTreeSet;

use earnest_api::{Problem, Refusal, openapi};
use earnest_keys::SignatureRejected;
use earnest_protocol::{
    Address, Amount, BlockRejected, Blocks, Command, Epoch, Gas, Height, ParamsRejected, Ratio,
    Rejected, TransactionRejected, accounts::*, command::Scope, genesis::GenesisRejected,
    market::*, params::Violation, staking::*, storage::*, verification::*,
};

fn a(tokens: u64) -> Amount {
    Amount::tokens(tokens)
}

fn r(percent: u64) -> Ratio {
    Ratio::percent(percent)
}

const PHASE: Phase = Phase::Executing;

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

// tidy: ladder
fn everything() -> Vec<Rejected> {
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
        #[4] BondRejected: AmountMustBePositive, Tombstoned, ExceedsFree { wanted, free },
            BelowMinimum { wanted: free, minimum: wanted };
        #[4] UnbondRejected: AmountMustBePositive, NotAnOperator,
            ExceedsFreeBond { wanted, free_bond }, UnbondingsAtLimit { limit: 32 };
        #[5] UnjailRejected: NotAnOperator, NotJailed, Tombstoned,
            JailedUntil { until: Epoch::new(9), now: Epoch::new(8) },
            BelowMinimum { stake: free, minimum: wanted };
        #[2] ClaimRewardsRejected: NotAnOperator, NothingAccrued;
        #[16] PostJobRejected: SealedNotServed,
            StepsOutOfRange { wanted: 0, min: 1, max: 9 }, TooManyChunks { wanted: 5, max: 4 },
            StepGasOutOfRange { wanted: Gas::new(10), min, max },
            WorkBoundOutOfRange { wanted: Gas::new(10), min, max },
            DeadlineOutOfRange {
                wanted: Blocks::new(1), min: Blocks::new(5), max: Blocks::new(10)
            },
            PriceMustBePositive, AuditRateTooLow { wanted: r(1), min: r(2) },
            AuditorsOutOfRange { wanted: 9, min: 1, max: 8 },
            PoolTooSmall { eligible: 1, needed: 2 }, NoQuote(low),
            NoQuote(BoundRejected::CollateralTooLarge), NoQuote(dear),
            AuditCapacityExceeded { wanted, available: free }, TariffOverflows,
            ExceedsFree { wanted, free };
        #[10] CommitBidRejected: JobNotFound, WrongPhase { phase: PHASE }, NotAProvider,
            MayNotWork, OwnJob, AlreadyBid,
            BidsAtLimit { limit: 32, stake: free, smallest: wanted },
            ReputationTooLow { score: r(1), wanted: r(2) },
            PoolTooConcentrated { share: r(30), assumed: r(20) }, ExceedsFree { wanted, free };
        #[11] RevealBidRejected: JobNotFound, WrongPhase { phase: PHASE }, NoBid, AlreadyRevealed,
            SealMismatch, ExceedsCeiling { price: wanted, ceiling: free }, MayNotWork,
            ExceedsFreeBond { wanted, free_bond }, NoQuote(low),
            NoQuote(BoundRejected::CollateralTooLarge), NoQuote(dear);
        #[5] AcceptJobRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheWinner, MayNotWork,
            AuditCapacityExceeded { wanted, available: free };
        #[3] CommitResultRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider;
        #[5] OpenSeedRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheRequester,
            AlreadyOpened, SealMismatch;
        #[8] CommitVerdictRejected: JobNotFound, WrongPhase { phase: PHASE }, NotAValidator,
            NotDrawn, AlreadyCommitted, MayNotWork, OwnJob,
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
        #[5] RejectChildRejected: JobNotFound, WrongPhase { phase: PHASE }, NoDispute,
            NotYourTurn, NoSuchChild { child: 15 };
        #[5] ProveStepRejected: JobNotFound, WrongPhase { phase: PHASE }, NotTheProvider,
            NotAwaited, EvidenceInvalid;
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
        #[8] DelegateRejected: BelowMinimum { wanted: free, minimum: wanted }, NotAnOperator,
            MayNotWork, ExceedsFree { wanted, free }, DelegationsAtLimit { limit: 32 },
            SlashWaits, ExceedsCap { total: wanted, max: free }, PoolFull;
        #[6] UndelegateRejected: AmountMustBePositive, NotDelegated,
            ExceedsDelegation { wanted, delegated: free },
            RestBelowMinimum { rest: wanted, minimum: free }, SlashWaits, ExitFull;
        #[6] CancelUndelegationRejected: NotDelegated, NothingLeaves, MayNotWork, SlashWaits,
            ExceedsCap { total: wanted, max: free }, PoolFull;
        #[2] WithdrawDelegationRejected: NotDelegated, NothingMatured;
        #[13] RedelegateRejected: BelowMinimum { wanted: free, minimum: wanted }, NotDelegated,
            SameOperator, StillBound { wanted, free },
            ExceedsDelegation { wanted, delegated: free },
            RestBelowMinimum { rest: free, minimum: wanted }, NotAnOperator, MayNotWork,
            DelegationsAtLimit { limit: 32 }, SlashWaits, ExceedsCap { total: wanted, max: free },
            MovesAtLimit { limit: 64 }, MoveFull;
        #[5] SetCommissionRejected: NotAnOperator,
            AboveCeiling { wanted: Ratio::percent(9), ceiling: Ratio::percent(8) },
            CeilingRaised { wanted: Ratio::percent(9), ceiling: Ratio::percent(8) },
            TooSoon { until: Epoch::new(9), now: Epoch::new(8) },
            RaisedTooMuch { wanted: Ratio::percent(9), max: Ratio::percent(8) };
    }
}

#[test]
fn every_command_is_refused_here() {
    let refused = everything();
    let refused: BTreeSet<&str> =
        refused.iter().filter_map(Rejected::command).map(|command| command.name).collect();
    let missing: Vec<&&str> =
        Command::NAMES.iter().filter(|name| !refused.contains(*name)).collect();
    assert!(missing.is_empty(), "add the refusals of {missing:?} to the list above");
}

fn of_chains() -> Vec<Refusal> {
    let address = Address([1; 20]);
    let genesis = [
        GenesisRejected::Params(ParamsRejected { violations: violations() }),
        GenesisRejected::BeaconChainEmpty,
        GenesisRejected::DuplicateAccount { address },
        GenesisRejected::NoPaymentAsset { address },
        GenesisRejected::SupplyTooLarge,
        GenesisRejected::BondNotCovered { address, bond: a(5) },
        GenesisRejected::DuplicateOperator { address },
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

fn violations() -> Vec<Violation> {
    let room = "market";
    vec![
        Violation::OutOfRange { room, field: "bids_max", got: 99, min: 1, max: 64 },
        Violation::OutOfOrder { lower: "verification.tier_start", upper: "verification.tier_full" },
        Violation::ShareAboveMax { share: 9, max: 5 },
        Violation::UnbondingTooShort { unbonding: 5, needed: 9 },
        Violation::StepTooLong { gas: 9, limit: 5 },
        Violation::StepExceedsBudget { step_gas: 9, budget: 5 },
        Violation::LaneTooNarrow { lane_kib: 5, needed_kib: 9 },
        Violation::ChallengeTooCheap { deposit: a(1), needed: a(2) },
        Violation::KeepTooShort { blocks: 5, needed: 9 },
        Violation::StakePriceNotOne { got: 5 },
    ]
}

#[test]
fn everything_wrong_with_parameters_is_said_at_once() {
    let rejected = |violations| GenesisRejected::Params(ParamsRejected { violations });
    let all = Refusal::from(&rejected(violations()));
    assert_eq!(all.code, "genesis/params");
    let listed = all.fields["violations"].as_array().expect("a list");
    assert_eq!(listed.len(), violations().len());
    let mut hints = BTreeSet::new();
    for (listed, violation) in listed.iter().zip(violations()) {
        let detail = listed["detail"].as_str().expect("text");
        assert!(detail == violation.to_string() && all.detail.contains(detail), "{detail}");
        let code = listed["code"].as_str().expect("text");
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        hints.insert(Refusal::from(&rejected(vec![violation])).hint);
    }
    assert_eq!(hints.len(), violations().len(), "each alone says what to do: {hints:?}");
    assert_eq!((&listed[0]["room"], &listed[0]["got"]), (&"market".into(), &99.into()));
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_says_what_to_do() {
    let refusals: Vec<Refusal> = everything().iter().map(Refusal::from).collect();
    let refusals: Vec<Refusal> = refusals.into_iter().chain(of_chains()).collect();
    let mut codes = BTreeSet::new();
    for refusal in &refusals {
        assert!(codes.insert(refusal.code.clone()), "{} twice", refusal.code);
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '/');
        assert!(refusal.code.contains('/') && refusal.code.chars().all(plain), "{}", refusal.code);
        assert!(refusal.hint.ends_with('.') && refusal.hint.len() > 10, "{refusal}");
        assert!(refusal.detail.len() > 10 && !refusal.detail.ends_with('.'), "{refusal}");
        assert!(!refusal.detail.contains("  ") && !refusal.hint.contains("  "), "{refusal}");
        for value in refusal.fields.values() {
            let is_list = value.is_array() && refusal.code == "genesis/params";
            assert!(value.is_string() || value.is_u64() || is_list, "{} {value}", refusal.code);
        }
    }
    assert_eq!(codes.len(), 193 + 14);
}

#[test]
fn the_detail_shows_every_number() {
    for rejected in everything() {
        let refusal = Refusal::from(&rejected);
        let shown = |name: &str, value: &serde_json::Value| match value {
            serde_json::Value::String(text) => refusal.detail.contains(text) || name == "phase",
            number if number.as_u64() == Some(0) => true,
            // Ratios are shown in per cent.
            number => {
                let parts = number.as_u64().unwrap_or_default();
                let percent = format!("{} %", parts / 10_000_000);
                refusal.detail.contains(&parts.to_string()) || refusal.detail.contains(&percent)
            }
        };
        for (name, value) in &refusal.fields {
            assert!(shown(name, value), "{name} = {value} is missing in: {refusal}");
        }
    }
}

#[test]
fn refusals_become_problems_with_the_right_status() {
    let problem = |rejected: Rejected| Problem::from(rejected);
    let wanted = problem(BondRejected::ExceedsFree { wanted: a(5), free: a(3) }.into());
    assert_eq!((wanted.status, wanted.code.as_str()), (422, "bond/exceeds-free"));
    assert_eq!(wanted.kind, "urn:earnest:problem:bond/exceeds-free");
    assert_eq!(wanted.fields["wanted"], "5000000000");
    let detail = "The bond is of 5 tokens (5000000000 base units), but the account has 3 tokens \
                  (3000000000 base units) free";
    assert_eq!(wanted.detail, detail);
    let nonce = problem(TransactionRejected::NonceUsed { got: 1, next: 2 }.into());
    assert_eq!((nonce.status, nonce.code.as_str()), (409, "transaction/nonce-used"));
    let nested = BoundRejected::DetectionTooLow { detection: r(1), minimum: r(2) };
    let nested = problem(PostJobRejected::NoQuote(nested).into());
    assert_eq!(nested.code, "post-job/no-quote/detection-too-low");
    assert_eq!(nested.fields["minimum"], 20_000_000);
    assert_eq!(Problem::from(SignatureRejected::HighS).status, 400);
    let again: Problem = serde_json::from_value(serde_json::to_value(&wanted).unwrap()).unwrap();
    assert_eq!(again, wanted);
}

#[test]
fn a_code_belongs_to_its_family() {
    let refusal = Refusal::from(Rejected::from(TransferRejected::AmountMustBePositive));
    assert!(refusal.is("transfer") && refusal.is("transfer/amount-must-be-positive"));
    assert!(!refusal.is("trans"));
}

#[test]
fn the_description_has_every_refusal_with_its_hint_and_its_fields() {
    let document = openapi::document();
    let described = document["x-earnest-refusals"].as_array().unwrap();
    let mut codes = BTreeSet::new();
    for refusal in everything().into_iter().map(Refusal::from) {
        let found = described.iter().find(|one| one["code"] == *refusal.code);
        let found = found.unwrap_or_else(|| panic!("{} is not described", refusal.code));
        assert_eq!(found["hint"], *refusal.hint, "{}", refusal.code);
        let fields: Vec<&str> =
            found["fields"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
        assert_eq!(fields, refusal.fields.keys().collect::<Vec<_>>(), "{}", refusal.code);
        codes.insert(refusal.code);
    }
    let others = described.iter().filter_map(|one| one["code"].as_str());
    let others: Vec<&str> = others.filter(|code| !codes.contains(*code)).collect();
    assert_eq!(others, Vec::<&str>::new(), "and no other");
}
