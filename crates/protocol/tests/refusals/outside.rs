//! Transactions, blocks, genesis files and parameters: what is refused before any command.

use std::collections::BTreeSet;

use earnest_protocol::{
    AccountId, Address, Amount, Asset, Authenticated, BlockHead, BlockRejected, Blocks, Command,
    Digest, Epochs, Factor, Gas, Genesis, Height, JobId, Journal, Params, ParamsRejected, Ratio,
    RawParams, Rejected, Role, Sender, State, Transaction, TransactionRejected,
    command::{AuthoriseKey, ConfirmReceipt, Scope, Transfer},
    genesis::{
        GenesisAccount, GenesisCouncil, GenesisGrant, GenesisGuardian, GenesisList,
        GenesisOperator, GenesisRejected,
    },
    params::Violation,
};

use crate::world::{Truth, World, params};

/// The variants that the tests of this file reach.
pub(crate) fn reached() -> BTreeSet<String> {
    let variant = |kind: &str, refusal: String| {
        let name: String = refusal.chars().take_while(char::is_ascii_alphanumeric).collect();
        format!("{kind}::{name}")
    };
    let mut names = BTreeSet::new();
    names.extend(transactions().iter().map(|r| variant("Transaction", format!("{r:?}"))));
    names.extend(blocks().iter().map(|r| variant("Block", format!("{r:?}"))));
    names.extend(geneses().iter().map(|(r, _)| variant("Genesis", format!("{r:?}"))));
    // Among the geneses: they need the assets.
    names.insert("Violation::StakePriceNotOne".into());
    names.insert("Violation::FeedOfOneAsset".into());
    // Of votes alone (`governance`): a network begins with any.
    names.extend(["Violation::BlocksTooFast", "Violation::EpochTooLong"].map(String::from));
    names.extend(parameters().iter().map(|(r, _)| variant("Violation", format!("{r:?}"))));
    names
}

/// Why a transaction is refused, which leaves no trace.
fn refused(world: &World, tx: &Authenticated) -> TransactionRejected {
    let (mut state, mut journal) = (world.state.clone(), Journal::default());
    let root = state.root();
    let Err(Rejected::Transaction(refused)) = state.apply(tx, &Truth, &mut journal) else {
        panic!("{tx:?}")
    };
    assert_eq!(state.root(), root, "{refused:?} left a trace");
    assert!(journal.movements.is_empty() && journal.events.is_empty());
    refused
}

/// Refused transactions: those of an account in order of precedence, each also guilty of all that
/// follow; then those of a key.
fn transactions() -> Vec<TransactionRejected> {
    let mut world = World::new(params());
    world.blocks(5);
    let (to, amount) = (world.address("X"), Amount::tokens(100_000));
    let all = amount.checked_sub(Amount::new(1_500).expect("small")).expect("more than a fee");
    let command = Command::Transfer(Transfer { to, asset: Asset::Stake, amount: all });
    world.ok("W", command.clone());
    let height = world.state.height();
    let signer = world.id("W");
    let transaction =
        Transaction { nonce: 7, valid_until: Height::new(2), command, on_behalf_of: None };
    let mut tx = Authenticated { sender: AccountId::new(99).into(), transaction };
    let mut refusals = Vec::new();
    let mut refuse = |tx: &Authenticated| refusals.push(refused(&world, tx));
    refuse(&tx);
    tx.sender = signer.into();
    refuse(&tx);
    tx.transaction.valid_until = height;
    refuse(&tx);
    tx.transaction.nonce = 0;
    refuse(&tx);
    tx.transaction.nonce = 1;
    refuse(&tx);
    // A key of R's, which has money: what the account itself could send.
    let (key, scope) = (Address([7; 20]), Scope::Request);
    let spend_max = Amount::new(999).expect("small");
    let terms = AuthoriseKey { key, scope, expires: height, spend_max };
    let requester = world.id("R");
    tx.sender = Sender { account: requester, key: Some(key) };
    refuse(&tx);
    world.ok("R", Command::AuthoriseKey(terms));
    let mut refuse = |tx: &Authenticated| refusals.push(refused(&world, tx));
    refuse(&tx);
    tx.transaction.command = Command::ConfirmReceipt(ConfirmReceipt { job: JobId::new(0) });
    tx.transaction.nonce = 0;
    refuse(&tx);
    let (fee, free) = (Amount::new(1_000).expect("small"), Amount::new(500).expect("small"));
    let expected = [
        TransactionRejected::UnknownAccount,
        TransactionRejected::Expired { valid_until: Height::new(2), height },
        TransactionRejected::NonceTooHigh { got: 7, next: 1 },
        TransactionRejected::NonceUsed { got: 0, next: 1 },
        TransactionRejected::FeeExceedsFree { fee, free },
        TransactionRejected::KeyNotAuthorised,
        TransactionRejected::KeyOutOfScope { scope },
        TransactionRejected::KeyLimitExceeded { wanted: fee, left: spend_max },
    ];
    assert_eq!(refusals, expected);
    refusals
}

/// Refused heads in order of precedence, each also guilty of all that follow.
fn blocks() -> Vec<BlockRejected> {
    let mut world = World::new(params());
    let root = world.state.root();
    let (height, time_ms) = (world.state.height(), world.state.time_ms());
    let next = Height::new(height.count() + 1);
    let mut head = BlockHead {
        height: Height::new(next.count() + 1),
        time_ms: time_ms + 999,
        beacon: Some(Digest::ZERO),
        next_anchor: Some(Digest::ZERO),
    };
    let mut refusals = Vec::new();
    let mut refuse = |head: &BlockHead| {
        let refused = world.state.open_block(head, &mut world.journal);
        refusals.push(refused.expect_err("a bad head"));
        assert_eq!(world.state.root(), root, "a refused head left a trace");
    };
    refuse(&head);
    head.height = next;
    refuse(&head);
    head.time_ms = time_ms + 1_000;
    refuse(&head);
    head.beacon = None;
    refuse(&head);
    let expected = [
        BlockRejected::HeightMismatch { got: Height::new(next.count() + 1), expected: next },
        BlockRejected::TooEarly { time_ms: time_ms + 999, earliest_ms: time_ms + 1_000 },
        BlockRejected::BeaconMismatch,
        BlockRejected::AnchorMismatch,
    ];
    assert_eq!(refusals, expected);
    refusals
}

fn guard(genesis: &mut Genesis, members: Vec<Address>, threshold: u8) {
    genesis.params.governance.phase = 0;
    genesis.council = Some(GenesisCouncil { members, threshold });
}

fn grant(cliff: u64, ends: u64) -> GenesisGrant {
    let (cliff, ends) = (Height::new(cliff), Height::new(ends));
    GenesisGrant { address: Address([1; 20]), amount: Amount::UNIT, cliff, ends }
}

fn list(places: u32, closes: u64) -> GenesisList {
    let (root, total, closes) = (Digest::ZERO, Amount::UNIT, Height::new(closes));
    GenesisList { root, places, total, closes }
}

/// Refused geneses.
// tidy: ladder
fn geneses() -> Vec<(GenesisRejected, Genesis)> {
    let address = Address([1; 20]);
    let account = GenesisAccount { address, balance: Amount::tokens(100), payment: Amount::ZERO };
    let operator = GenesisOperator { address, role: Role::Provider, bond: Amount::tokens(40) };
    let good = Genesis { accounts: vec![account], operators: vec![operator], ..Genesis::default() };
    assert!(State::new(&good).is_ok());
    let with = |change: fn(&mut Genesis)| {
        let mut genesis = good.clone();
        change(&mut genesis);
        genesis
    };
    let of = |violation| GenesisRejected::Params(ParamsRejected { violations: vec![violation] });
    let (room, field) = ("chain", "block_target");
    let out_of_range = Violation::OutOfRange { room, field, got: 0, min: 1, max: 1_000_000 };
    let not_one = Violation::StakePriceNotOne { got: 500_000_000 };
    let bond = Amount::tokens(101);
    let granted = |cliff, ends| {
        let (cliff, ends) = (Height::new(cliff), Height::new(ends));
        GenesisRejected::GrantOutOfRange { address, cliff, ends }
    };
    vec![
        (of(out_of_range), with(|g| g.params.chain.block_target = 0)),
        (of(not_one), with(|g| g.params.chain.stake_price = Factor::percent(50))),
        (
            of(Violation::FeedOfOneAsset { got: 24 }),
            with(|g| g.params.prices.average_epochs = Epochs::new(24)),
        ),
        (GenesisRejected::BeaconChainEmpty, with(|g| g.beacon.chain_blocks = Blocks::ZERO)),
        (GenesisRejected::DuplicateAccount { address }, with(|g| g.accounts.push(g.accounts[0]))),
        (
            GenesisRejected::NoPaymentAsset { address },
            with(|g| g.accounts[0].payment = Amount::UNIT),
        ),
        (
            GenesisRejected::SupplyTooLarge,
            with(|g| {
                let (address, balance) = (Address([2; 20]), Amount::MAX);
                g.accounts.push(GenesisAccount { address, balance, payment: Amount::ZERO });
            }),
        ),
        (
            GenesisRejected::BondNotCovered { address, bond },
            with(|g| g.operators[0].bond = Amount::tokens(101)),
        ),
        (
            GenesisRejected::DuplicateOperator { address },
            with(|g| g.operators.push(g.operators[0])),
        ),
        (
            GenesisRejected::CouncilOutOfRange { members: 1, threshold: 2 },
            with(|g| guard(g, vec![Address([1; 20])], 2)),
        ),
        (
            GenesisRejected::GuardUnknown { address },
            with(|g| guard(g, vec![Address([1; 20]); 2], 1)),
        ),
        (
            GenesisRejected::GuardUnknown { address: Address([9; 20]) },
            with(|g| {
                let (address, sunset) = (Address([9; 20]), Height::new(9));
                g.guardian = Some(GenesisGuardian { address, sunset });
            }),
        ),
        (GenesisRejected::DuplicateGrant { address }, with(|g| g.grants = vec![grant(1, 2); 2])),
        (granted(3, 2), with(|g| g.grants = vec![grant(3, 2)])),
        (
            GenesisRejected::SupplyTooLarge,
            with(|g| g.grants = vec![GenesisGrant { amount: Amount::MAX, ..grant(0, 0) }]),
        ),
        (
            GenesisRejected::ListOutOfRange {
                places: 1_048_577,
                total: Amount::UNIT,
                closes: Height::new(2),
            },
            with(|g| g.list = Some(list(1_048_577, 2))),
        ),
        (
            GenesisRejected::ListOutOfRange {
                places: 1_048_576,
                total: Amount::UNIT,
                closes: Height::new(1),
            },
            with(|g| g.list = Some(list(1_048_576, 1))),
        ),
        (GenesisRejected::CouncilOutOfPhase { phase: 1 }, with(|g| g.params.governance.phase = 1)),
    ]
}

type Change = fn(&mut RawParams);

fn changed(change: Change) -> RawParams {
    let mut raw = RawParams::default();
    change(&mut raw);
    raw
}

/// Refused parameters: a lower one above its upper one.
fn disorders() -> Vec<(Violation, RawParams)> {
    let rows: [(_, _, Change); 5] = [
        ("verification.tier_start", "verification.tier_full", |p| {
            p.verification.tier_start = Amount::tokens(100_001);
        }),
        ("market.deadline_blocks_min", "market.deadline_blocks_max", |p| {
            p.market.deadline_blocks_min = Blocks::new(86_401);
        }),
        ("slashing.wrong_result", "slashing.copied_root", |p| {
            p.slashing.copied_root = Ratio::of_floor(49_999_999, 1_000_000_000);
        }),
        ("slashing.false_audit", "slashing.copied_root", |p| {
            p.slashing.false_audit = Ratio::percent(6);
        }),
        ("credits.halt_ratio", "credits.warn_ratio", |p| {
            p.credits.halt_ratio = Ratio::percent(96);
        }),
    ];
    let row = |(lower, upper, change)| {
        let raw = changed(change);
        let [got, max] = [lower, upper].map(|path| raw.value(path).expect("a known path"));
        (Violation::OutOfOrder { lower, upper, got, max }, raw)
    };
    rows.map(row).into()
}

/// A bond of a hundred tokens at 5 % in 8,760 epochs, and 15.91 % of what one emits.
fn cheap_names() -> (Violation, RawParams) {
    let units = |units| Amount::new(units).expect("small");
    let raw = changed(|p| {
        (p.rewards.schedule, p.rewards.work_exponent) = (1, 3);
        p.rewards.epoch_amount = Amount::new(3_587_450).expect("small");
    });
    (Violation::NamesTooCheap { cost: units(570_776), gain: units(570_777) }, raw)
}

/// Credits that nobody says a price for.
fn priceless_credits() -> (Violation, RawParams) {
    let shares = |p: &mut RawParams| {
        (p.credits.mint_share, p.credits.redeem_share) = (Ratio::percent(1), Ratio::percent(2));
    };
    (Violation::CreditsWithoutFeed { got: 20_000_000 }, changed(shares))
}

/// A tier that asks for less than the one before, and one that gives too much: nine tenths of what
/// burns and a part per billion more than nine tenths of the other half come back.
fn tiers() -> [(Violation, RawParams); 2] {
    let (below, above) = (Amount::tokens(100), Amount::tokens(99));
    let falls: Change = |p| {
        (p.access.stake_1, p.access.stake_2) = (Amount::tokens(100), Amount::tokens(99));
    };
    let deep: Change = |p| {
        p.access.stake_1 = Amount::tokens(100);
        p.access.discount_1 = Ratio::new(900_000_002).expect("a share");
    };
    let most = 900_000_000;
    [
        (Violation::TierNotAbove { below, above }, changed(falls)),
        (Violation::DiscountTooDeep { back: most + 1, most }, changed(deep)),
    ]
}

/// Refused parameters: one of each kind.
fn parameters() -> Vec<(Violation, RawParams)> {
    let with = changed;
    let short = with(|p| p.staking.unbonding_epochs = earnest_protocol::Epochs::new(1));
    let needed = short.longest_liability().count();
    let mut brief = RawParams::default();
    let longest = brief.job_duration(Blocks::new(86_400), Gas::new(1_000_000_000_000)).count();
    brief.storage.keep_blocks_max = Blocks::new(longest - 1);
    let (room, field) = ("verification", "redraws");
    let mut all = disorders();
    all.extend([cheap_names(), priceless_credits()]);
    all.extend(tiers());
    all.extend([
        (
            Violation::OutOfRange { room, field, got: 5, min: 0, max: 4 },
            with(|p| p.verification.redraws = 5),
        ),
        (
            Violation::OutOfRange {
                room: "market",
                field: "bid_deposit",
                got: 99_999_999,
                min: 100_000_000,
                max: 1_000_000_000,
            },
            with(|p| p.market.bid_deposit = Ratio::new(99_999_999).expect("a share")),
        ),
        (
            Violation::ShareAboveMax { share: 510_000_000, max: 500_000_000 },
            with(|p| p.slashing.copied_root = Ratio::percent(51)),
        ),
        (Violation::UnbondingTooShort { unbonding: 3_600, needed }, short),
        (
            Violation::StepTooLong { gas: 72_463_769, limit: 72_463_768 },
            with(|p| p.chain.referee_gas = Gas::new(72_463_769)),
        ),
        (
            Violation::StepExceedsBudget { step_gas: 70_000_001, budget: 70_000_000 },
            with(|p| p.market.step_gas_max = Gas::new(70_000_001)),
        ),
        (
            // 4 requests of 8 + 2 seats, 260 KiB each, within 60 blocks need 174; an output needs
            // 1,024.
            Violation::LaneTooNarrow { lane_kib: 1_023, needed_kib: 1_024 },
            with(|p| p.chain.lane_kib = 1_023),
        ),
        (
            // 1,408 transfers at the base fee.
            Violation::ChallengeTooCheap {
                deposit: Amount::new(14_079_999).expect("small"),
                needed: Amount::new(42_380_000).expect("small"),
            },
            with(|p| p.verification.challenge_deposit = Amount::new(14_079_999).expect("small")),
        ),
        (Violation::KeepTooShort { blocks: longest - 1, needed: longest }, brief),
        (
            Violation::ActiveSetTooSmall { places: 10, needed: 11 },
            with(|p| p.staking.validators_active_max = 10),
        ),
        (
            Violation::EmissionCapTooHigh { cap: 1_000_000_000, limit: 999_999_999 },
            with(|p| p.rewards.emission_cap = Ratio::ONE),
        ),
        (
            // 2,777 parts per billion with each of 3,600 blocks.
            Violation::SpentTooFast { share: 9_997_201, most: 9_997_200 },
            with(|p| p.governance.spend_epoch_share = Ratio::new(9_997_201).expect("small")),
        ),
    ]);
    all
}

#[test]
fn transactions_are_refused_in_their_order_and_leave_no_trace() {
    assert_eq!(transactions().len(), 8);
}

#[test]
fn blocks_are_refused_in_their_order_and_leave_no_trace() {
    assert_eq!(blocks().len(), 4);
}

#[test]
fn geneses_are_refused() {
    for (expected, genesis) in geneses() {
        assert_eq!(State::new(&genesis).err(), Some(expected));
    }
}

#[test]
fn parameters_are_refused_and_say_what_to_change() {
    for (expected, raw) in parameters() {
        assert!(expected.to_string().len() > 20, "{expected}");
        let violations = vec![expected];
        assert_eq!(Params::try_from(raw), Err(ParamsRejected { violations }));
    }
}

#[test]
fn everything_that_is_wrong_with_parameters_is_said_at_once() {
    let mut raw = RawParams::default();
    raw.reputation.z = Factor::MAX;
    raw.verification.redraws = 5;
    raw.chain.lane_kib = 1_023;
    raw.slashing.copied_root = Ratio::percent(51);
    let refused = Params::try_from(raw).expect_err("four faults");
    let fields: Vec<&str> = refused
        .violations
        .iter()
        .map(|violation| match violation {
            Violation::OutOfRange { field, .. } => field,
            Violation::ShareAboveMax { .. } => "share",
            Violation::LaneTooNarrow { .. } => "lane",
            _ => "other",
        })
        .collect();
    assert_eq!(fields, ["redraws", "z", "share", "lane"], "ranges, then relations");
}
