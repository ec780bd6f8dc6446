//! Posting, bidding and accepting.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Epoch, Factor, Gas, Height, Ratio, RawParams, Role,
    command::*,
    market::{
        AcceptJobRejected, CancelJobRejected, CommitBidRejected, Phase, PostJobRejected,
        RateJobRejected, RevealBidRejected,
    },
    verification::BoundRejected,
};

use crate::{
    Row, row,
    world::{World, root},
};

type Change = fn(&mut PostJob);

/// A posting of R's with one thing changed.
fn post(world: &World, change: Change) -> (&'static str, Command) {
    let mut terms = world.terms();
    change(&mut terms);
    ("R", Command::PostJob(terms))
}

/// The same, of a program that nobody has published.
fn post_paged(world: &World, change: Change) -> (&'static str, Command) {
    let mut terms = world.paged_terms(Digest::ZERO);
    change(&mut terms);
    ("R", Command::PostJob(terms))
}

const JOB: earnest_protocol::JobId = earnest_protocol::JobId::new(0);
const SECOND: earnest_protocol::JobId = earnest_protocol::JobId::new(1);
/// The job that R has paid for ends in block 17; it may be rated for ten blocks more.
const LAST: Height = Height::new(27);
const LATE: Height = Height::new(28);
const NO_JOB: earnest_protocol::JobId = earnest_protocol::JobId::new(7);

fn commit_bid(world: &World, name: &'static str) -> (&'static str, Command) {
    let seal = world.seal_bid(name, JOB, Amount::tokens(10));
    (name, Command::CommitBid(CommitBid { job: JOB, seal }))
}

fn reveal_bid(name: &'static str, price: u64) -> (&'static str, Command) {
    let (price, salt) = (Amount::tokens(price), Digest([5; 32]));
    (name, Command::RevealBid(RevealBid { job: JOB, price, salt }))
}

/// R posts, P1 seals a bid of `price`.
fn sealed_bid(world: &mut World, price: u64) {
    world.post(world.terms());
    world.bid("P1", JOB, price);
    world.until_phase(JOB, Phase::RevealingBids);
}

fn offered(world: &mut World) {
    sealed_bid(world, 10);
    world.open_bid("P1", JOB, 10);
}

/// A seat locks a hundred tariffs of 400 tokens and a twentieth of as much: 40,020.
fn dear_audits(params: &mut RawParams) {
    params.verification.audit_lock = Factor::percent(10_000);
    params.market.tariff_per_mgas = Amount::tokens(2).share_floor(1, 5).expect("0.4 tokens");
}

/// Two jobs of seven seats each are offered to P1, which takes the first.
fn crowded(world: &mut World) {
    let mut terms = world.terms();
    terms.auditors = 7;
    for job in [JOB, SECOND] {
        world.post(terms.clone());
        world.bid("P1", job, 10);
    }
    world.until_phase(JOB, Phase::RevealingBids);
    [JOB, SECOND].into_iter().for_each(|job| world.open_bid("P1", job, 10));
    world.ok("P1", Command::AcceptJob(AcceptJob { job: JOB }));
}

/// Eighteen seats, two of each job's only if a beacon is withheld, and all that eight validators
/// have at stake.
const CROWDED: Amount = Amount::tokens(18 * 40_020);
const ALL: Amount = Amount::tokens(400_000);
/// What every operator has bonded, and as much free.
const HALF: Amount = Amount::tokens(50_000);

fn unbond(world: &mut World, name: &str, role: Role, tokens: u64) {
    let amount = Amount::tokens(tokens);
    world.ok(name, Command::Unbond(Unbond { role, amount }));
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = posting();
    rows.extend(policy());
    rows.extend(bidding());
    rows.extend(bidders());
    rows.extend(opening());
    rows.extend(accepting());
    rows.extend(cancelling());
    rows.extend(rating());
    rows
}

// tidy: ladder
fn posting() -> Vec<Row> {
    let min = Gas::new(1);
    vec![
        row(PostJobRejected::SealedNotServed, |world| {
            post(world, |terms| terms.visibility = Visibility::Sealed)
        }),
        row(PostJobRejected::StepsOutOfRange { wanted: 0, min: 1, max: 1 << 20 }, |world| {
            post(world, |terms| terms.task.steps = 0)
        }),
        row(PostJobRejected::TooManyChunks { wanted: 10_001, max: 10_000 }, |world| {
            post(world, |terms| terms.task.chunk_count = 10_001)
        }),
        row(
            PostJobRejected::StepGasOutOfRange {
                wanted: Gas::ZERO,
                min,
                max: Gas::new(16_000_000),
            },
            |world| post(world, |terms| terms.task.step_gas_max = Gas::ZERO),
        ),
        row(
            PostJobRejected::WorkBoundOutOfRange {
                wanted: Gas::new(9_999_999),
                min: Gas::new(10_000_000),
                max: Gas::new(10_000_000_000),
            },
            |world| post(world, |terms| terms.task.gas_bound = Gas::new(9_999_999)),
        ),
        row(
            PostJobRejected::StepGasNotPaged {
                wanted: Gas::new(10_000_000),
                must: Gas::new(2_097_152),
            },
            |world| {
                post(world, |terms| {
                    terms.task.form = ProgramForm::Paged(0);
                    terms.deadline_blocks = Blocks::new(101);
                })
            },
        ),
        row(PostJobRejected::StepsNotPaged { wanted: 100, must: 477 }, |world| {
            post(world, |terms| {
                terms.task.form = ProgramForm::Paged(0);
                terms.task.step_gas_max = ProgramForm::STEP_GAS;
            })
        }),
        row(
            PostJobRejected::OutputOutOfRange { wanted_kib: 65_537, min_kib: 1, max_kib: 65_536 },
            |world| {
                post_paged(world, |terms| {
                    terms.task.form = ProgramForm::Paged(65_537);
                    terms.deadline_blocks = Blocks::new(101);
                })
            },
        ),
        row(PostJobRejected::ProgramNotPublished, |world| {
            post_paged(world, |terms| terms.price_max = Amount::tokens(200_000))
        }),
        row(
            PostJobRejected::DeadlineOutOfRange {
                wanted: Blocks::new(101),
                min: Blocks::new(5),
                max: Blocks::new(100),
            },
            |world| post(world, |terms| terms.deadline_blocks = Blocks::new(101)),
        ),
        row(PostJobRejected::PriceMustBePositive, |world| {
            post(world, |terms| terms.price_max = Amount::ZERO)
        }),
        row(
            PostJobRejected::AuditRateTooLow { wanted: Ratio::ZERO, min: Ratio::percent(2) },
            |world| post(world, |terms| terms.audit_rate = Ratio::ZERO),
        ),
        row(PostJobRejected::AuditorsOutOfRange { wanted: 9, min: 1, max: 8 }, |world| {
            post(world, |terms| terms.auditors = 9)
        }),
    ]
}

fn policy() -> Vec<Row> {
    let fee = Amount::new(4_000).expect("small");
    let free = Amount::tokens(100_000).checked_sub(fee).expect("more than a fee");
    vec![
        row(PostJobRejected::PoolTooSmall { eligible: 8, needed: 9 }, |world| {
            post(world, |terms| terms.auditors = 8)
        }),
        row(PostJobRejected::TariffOverflows, |world| post(world, |_| {}))
            .under(|params| params.market.tariff_per_mgas = Amount::MAX),
        row(
            PostJobRejected::NoQuote(BoundRejected::DetectionTooLow {
                // .01 · (1 − .24) · (1 − .24^3), down.
                detection: Ratio::new(7_494_937).expect("a share"),
                minimum: Ratio::percent(1),
            }),
            |world| {
                post(world, |terms| (terms.audit_rate, terms.auditors) = (Ratio::percent(1), 1))
            },
        )
        .under(|params| params.verification.audit_min = Ratio::percent(1)),
        row(PostJobRejected::NoQuote(BoundRejected::CollateralTooLarge), |world| {
            post(world, |terms| {
                (terms.outside_gain, terms.gain_timing) = (Amount::MAX, GainTiming::Delivery);
            })
        }),
        row(
            PostJobRejected::NoQuote(BoundRejected::FaultsTooDear {
                // A hundredth of 10 + 1.1 · (9.854 + 1) / .01499 + 1.2, where leaving costs 1.
                loss: Amount::new(8_077_006_660).expect("small"),
                exit_cost: Amount::tokens(1),
            }),
            |world| {
                post(world, |terms| (terms.audit_rate, terms.auditors) = (Ratio::percent(2), 1))
            },
        )
        .under(|params| params.verification.referee_fault = Ratio::percent(1)),
        row(PostJobRejected::AuditCapacityExceeded { wanted: CROWDED, available: ALL }, |world| {
            crowded(world);
            post(world, |terms| terms.auditors = 7)
        })
        .under(dear_audits),
        row(
            PostJobRejected::ExceedsFree {
                // Ceiling, two audits at 1 · 1.5 · 1.5 and a deposit of two tariffs.
                wanted: Amount::new(100_006_500_000_000).expect("small"),
                free,
            },
            |world| post(world, |terms| terms.price_max = Amount::tokens(100_000)),
        ),
    ]
}

fn bidding() -> Vec<Row> {
    vec![
        row(CommitBidRejected::JobNotFound, |_| {
            ("P1", Command::CommitBid(CommitBid { job: NO_JOB, seal: Digest::ZERO }))
        }),
        row(CommitBidRejected::WrongPhase { phase: Phase::RevealingBids }, |world| {
            sealed_bid(world, 10);
            commit_bid(world, "P2")
        }),
        row(CommitBidRejected::NotAProvider, |world| {
            world.post(world.terms());
            commit_bid(world, "W")
        }),
        row(CommitBidRejected::MayNotWork, |world| {
            unbond(world, "P1", Role::Provider, 49_901);
            world.post(world.terms());
            commit_bid(world, "P1")
        }),
        row(
            CommitBidRejected::OutsideActiveSet { stake: HALF, needed: Amount::tokens(52_500) },
            |world| {
                world.post(world.terms());
                commit_bid(world, "P4")
            },
        )
        .under(|params| params.staking.providers_active_max = 3),
        row(CommitBidRejected::OwnJob, |world| {
            let (role, amount) = (Role::Provider, Amount::tokens(100));
            world.ok("R", Command::Bond(Bond { role, amount }));
            world.post(world.terms());
            commit_bid(world, "R")
        }),
        row(CommitBidRejected::AlreadyBid, |world| {
            world.post(world.terms());
            world.bid("P1", JOB, 10);
            commit_bid(world, "P1")
        }),
        row(CommitBidRejected::BidsAtLimit { limit: 1, stake: HALF, smallest: HALF }, |world| {
            // As large a bond takes nobody's place.
            world.post(world.terms());
            world.bid("P1", JOB, 10);
            commit_bid(world, "P2")
        })
        .under(|params| params.market.bids_max = 1),
    ]
}

/// What a bidder lacks: a name, a pool without itself, the deposit.
fn bidders() -> Vec<Row> {
    let poor = Amount::new(999_999_000).expect("small");
    vec![
        row(
            CommitBidRejected::ExceedsCarried {
                value: Amount::tokens(11),
                limit: Amount::tokens(9),
            },
            |world| {
                let mut terms = world.terms();
                terms.outside_gain = Amount::tokens(1);
                world.post(terms);
                commit_bid(world, "P1")
            },
        )
        .under(carried),
        row(
            CommitBidRejected::ReputationTooLow {
                // (0.025129…)²: nothing known of correctness or timeliness.
                score: Ratio::new(631_486).expect("a share"),
                wanted: Ratio::percent(1),
            },
            |world| {
                let mut terms = world.terms();
                terms.reputation_min = Ratio::percent(1);
                world.post(terms);
                commit_bid(world, "P1")
            },
        ),
        row(
            CommitBidRejected::PoolTooConcentrated {
                share: Ratio::new(250_000_000).expect("a share"),
                // ⌈50,000 / 249,000⌉, with its own validator of 49,000 in the pool.
                assumed: Ratio::new(200_803_213).expect("a share"),
            },
            |world| {
                // Of five validators one is the bidder's own: the other four have a fourth each.
                for name in ["V5", "V6", "V7", "V8"] {
                    unbond(world, name, Role::Validator, 50_000);
                }
                let (role, amount) = (Role::Validator, Amount::tokens(49_000));
                world.ok("P1", Command::Bond(Bond { role, amount }));
                world.post(world.terms());
                commit_bid(world, "P1")
            },
        ),
        row(CommitBidRejected::ExceedsFree { wanted: Amount::tokens(1), free: poor }, |world| {
            world.post(world.terms());
            let (to, amount) = (world.address("X"), Amount::tokens(49_999));
            world.ok("P1", Command::Transfer(Transfer { to, asset: Asset::Stake, amount }));
            commit_bid(world, "P1")
        })
        .under(|params| params.chain.base_fee = Amount::new(500).expect("small")),
    ]
}

fn opening() -> Vec<Row> {
    let mut rows = sealed_bids();
    rows.extend(collaterals());
    rows
}

fn sealed_bids() -> Vec<Row> {
    vec![
        row(RevealBidRejected::JobNotFound, |_| {
            let salt = Digest::ZERO;
            ("P1", Command::RevealBid(RevealBid { job: NO_JOB, price: Amount::UNIT, salt }))
        }),
        row(RevealBidRejected::WrongPhase { phase: Phase::Bidding }, |world| {
            world.post(world.terms());
            world.bid("P1", JOB, 10);
            reveal_bid("P1", 10)
        }),
        row(RevealBidRejected::NoBid, |world| {
            sealed_bid(world, 10);
            reveal_bid("P2", 10)
        }),
        row(RevealBidRejected::AlreadyRevealed, |world| {
            world.post(world.terms());
            world.bid("P1", JOB, 10);
            world.bid("P2", JOB, 10);
            world.until_phase(JOB, Phase::RevealingBids);
            world.open_bid("P1", JOB, 10);
            reveal_bid("P1", 10)
        }),
        row(RevealBidRejected::SealMismatch, |world| {
            sealed_bid(world, 10);
            reveal_bid("P1", 9)
        }),
        row(
            RevealBidRejected::ExceedsCeiling {
                price: Amount::tokens(11),
                ceiling: Amount::tokens(10),
            },
            |world| {
                sealed_bid(world, 11);
                reveal_bid("P1", 11)
            },
        ),
        row(RevealBidRejected::MayNotWork, |world| {
            sealed_bid(world, 10);
            unbond(world, "P1", Role::Provider, 49_901);
            reveal_bid("P1", 10)
        }),
    ]
}

/// What a price locks: more than is free, or more than makes sense.
fn collaterals() -> Vec<Row> {
    vec![
        row(
            RevealBidRejected::NoQuote(BoundRejected::FaultsTooDear {
                // A hundredth of 5 + 1.1 · (48.909 + 0.5) / .93927 + 1.1.
                loss: Amount::new(639_640_668).expect("small"),
                exit_cost: Amount::new(500_000_000).expect("half a token"),
            }),
            |world| {
                // What leaving costs falls with a low first price, the gain outside does not.
                let mut terms = world.terms();
                (terms.auction, terms.outside_gain) = (Auction::FirstPrice, Amount::tokens(800));
                world.post(terms);
                world.bid("P1", JOB, 5);
                world.until_phase(JOB, Phase::RevealingBids);
                reveal_bid("P1", 5)
            },
        )
        .under(|params| params.verification.referee_fault = Ratio::percent(1)),
        row(
            RevealBidRejected::ExceedsFreeBond {
                // 1.1 · (607.898 + 1) / .93927 + 1.2, less 30 % of a newcomer's score of .00063.
                wanted: Amount::new(714_156_303_046).expect("small"),
                free_bond: Amount::tokens(100),
            },
            |world| {
                let mut terms = world.terms();
                terms.outside_gain = Amount::tokens(10_000);
                world.post(terms);
                world.bid("P1", JOB, 10);
                world.until_phase(JOB, Phase::RevealingBids);
                unbond(world, "P1", Role::Provider, 49_900);
                reveal_bid("P1", 10)
            },
        ),
    ]
}

fn accepting() -> Vec<Row> {
    vec![
        row(AcceptJobRejected::JobNotFound, |_| {
            ("P1", Command::AcceptJob(AcceptJob { job: NO_JOB }))
        }),
        row(AcceptJobRejected::WrongPhase { phase: Phase::Bidding }, |world| {
            world.post(world.terms());
            ("P1", Command::AcceptJob(AcceptJob { job: JOB }))
        }),
        row(AcceptJobRejected::NotTheWinner, |world| {
            offered(world);
            ("P2", Command::AcceptJob(AcceptJob { job: JOB }))
        }),
        row(AcceptJobRejected::MayNotWork, |world| {
            offered(world);
            let all = world.free_bond("P1") / 1_000_000_000;
            unbond(world, "P1", Role::Provider, all);
            ("P1", Command::AcceptJob(AcceptJob { job: JOB }))
        }),
        row(
            AcceptJobRejected::AuditCapacityExceeded { wanted: CROWDED, available: ALL },
            |world| {
                crowded(world);
                // Once its word is taken, and stands; twice says nothing more.
                world.ok("P1", Command::AcceptJob(AcceptJob { job: SECOND }));
                ("P1", Command::AcceptJob(AcceptJob { job: SECOND }))
            },
        )
        .under(dear_audits),
    ]
}

fn cancel(job: earnest_protocol::JobId) -> Command {
    Command::CancelJob(CancelJob { job })
}

fn cancelling() -> Vec<Row> {
    vec![
        row(CancelJobRejected::JobNotFound, |_| ("R", cancel(NO_JOB))),
        row(CancelJobRejected::NotRequester, |world| {
            world.post(world.terms());
            ("P1", cancel(JOB))
        }),
        row(CancelJobRejected::WrongPhase { phase: Phase::RevealingBids }, |world| {
            world.post(world.terms());
            world.bid("P1", JOB, 10);
            world.until_phase(JOB, Phase::RevealingBids);
            ("R", cancel(JOB))
        }),
    ]
}

fn rate(job: earnest_protocol::JobId) -> Command {
    Command::RateJob(RateJob { job, rating: Rating::Good })
}

/// A job may be worth what its provider has carried, or nine tokens.
fn carried(params: &mut RawParams) {
    params.reputation.carried_multiple = Factor::ONE;
    params.reputation.carried_floor = Amount::tokens(9);
}

/// Ratings count, of two events a pair, for ten blocks after a job's end.
fn rated(params: &mut RawParams) {
    params.reputation.rating_share = Ratio::percent(10);
    params.reputation.rating_pair_max = Factor::percent(200);
    params.reputation.rating_blocks = Blocks::new(10);
}

/// The same, but nothing burns of what is paid.
fn rated_for_nothing(params: &mut RawParams) {
    rated(params);
    params.market.take_burn = Ratio::ZERO;
}

/// P1 does R's next job and is paid.
fn paid(world: &mut World) -> earnest_protocol::JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    job
}

fn rating() -> Vec<Row> {
    let of = |refused, story| row(refused, story).under(rated);
    vec![
        of(RateJobRejected::JobNotFound, |_| ("R", rate(NO_JOB))),
        row(RateJobRejected::RatingsOff, |world| ("R", rate(paid(world)))),
        of(RateJobRejected::NotRequester, |world| ("P1", rate(paid(world)))),
        of(RateJobRejected::NotPaid, |world| ("R", rate(world.post(world.terms())))),
        of(RateJobRejected::TooLate { height: LATE, last: LAST }, |world| {
            let job = paid(world);
            while world.state.height() < LATE {
                world.block();
            }
            ("R", rate(job))
        }),
        of(RateJobRejected::AlreadyRated, |world| {
            let job = paid(world);
            world.ok("R", rate(job));
            ("R", rate(job))
        }),
        row(RateJobRejected::WeighsNothing, |world| ("R", rate(paid(world))))
            .under(rated_for_nothing),
        of(
            RateJobRejected::PairAtLimit { limit: Factor::percent(200), until: Epoch::new(34) },
            |world| {
                (0..2).for_each(|_| {
                    let job = paid(world);
                    world.ok("R", rate(job));
                });
                ("R", rate(paid(world)))
            },
        ),
    ]
}
