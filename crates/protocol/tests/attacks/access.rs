//! Attacks on tiers of access: stake that leaves, that is bonded for one job, that is split or is
//! counted twice, paying oneself at a discount, and abuse by who has one (m11, A1 to A5).

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Epoch, Epochs, Event, JobId, Ratio, RawParams,
    Rejected, Role,
    command::*,
    ledger::Pot,
    market::{CloseReason, Outcome, Phase},
    staking::{DelegateRejected, Standing},
};
use earnest_testkit::votes;
use proptest::prelude::*;

use super::{FEE, TOKEN};
use crate::world::{World, params_with, root};

const ROLE: Role = Role::Access;

/// Three tiers, of which the highest leaves a tenth of a take at the default cap.
fn tiered(raw: &mut RawParams) {
    raw.access.stake_1 = Amount::tokens(100);
    raw.access.stake_2 = Amount::tokens(1_000);
    raw.access.stake_3 = Amount::tokens(5_000);
    raw.access.discount_1 = Ratio::percent(10);
    raw.access.discount_2 = Ratio::percent(40);
    raw.access.discount_3 = Ratio::percent(90);
}

fn world() -> World {
    World::new(params_with(tiered))
}

fn bond(world: &mut World, name: &str, tokens: u64) {
    let amount = Amount::tokens(tokens);
    world.ok(name, Command::Bond(Bond { role: ROLE, amount }));
}

fn unbond(world: &mut World, name: &str, tokens: u64) {
    let amount = Amount::tokens(tokens);
    world.ok(name, Command::Unbond(Unbond { role: ROLE, amount }));
}

fn tier(world: &World, name: &str) -> u8 {
    world.state.access_tier(world.id(name))
}

/// P1 does what was posted, and all goes well.
fn done(world: &mut World, name: &str, job: JobId) {
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.commit_result("P1", job, root(None));
    world.ok(name, Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

/// What `name` paid for a job of 10 tokens, and what P1 had of it.
fn paid(world: &mut World, name: &str, job: JobId) -> (u64, u64) {
    done(world, name, job);
    let earned = world.seen(|event| match event {
        Event::Paid { job: of, role: Role::Provider, amount, .. } if *of == job => {
            Some(amount.units())
        }
        _ => None,
    });
    (world.closed(job).paid.units(), earned[0])
}

/// Of a take of half a token a quarter burns, and 40 % of the other quarter come back: a tenth of a
/// token. What the provider has of it, and what burns, is the same.
#[test]
fn a_tier_pays_less_and_takes_it_from_neither_fire_nor_provider() {
    let mut world = world();
    let ten = 10 * u64::try_from(TOKEN).expect("positive");
    let plain = world.post_of("R", world.terms());
    let burnt = |world: &World| world.state.balance(Pot::Burnt(Asset::Stake)).units();
    let start = burnt(&world);
    assert_eq!(paid(&mut world, "R", plain), (ten, 9_500_000_000));
    let plainly = burnt(&world) - start;
    bond(&mut world, "R", 1_000);
    let job = world.post_of("R", world.terms());
    let start = burnt(&world);
    assert_eq!(world.state.order(job).expect("posted").tier, 2);
    assert_eq!(paid(&mut world, "R", job), (9_900_000_000, 9_500_000_000));
    assert_eq!(burnt(&world) - start, plainly);
}

/// m11: stake that leaves gives nothing from the moment at which it begins to; a job keeps what it
/// was posted with, though all of it has left by then.
#[test]
fn m11_stake_that_leaves_gives_no_tier_and_a_job_keeps_its_own() {
    let mut world = world();
    bond(&mut world, "R", 1_000);
    let job = world.post_of("R", world.terms());
    unbond(&mut world, "R", 1);
    assert_eq!(tier(&world, "R"), 1);
    unbond(&mut world, "R", 999);
    assert_eq!(tier(&world, "R"), 0);
    let later = world.post_of("R", world.terms());
    assert_eq!(world.state.order(later).expect("posted").tier, 0);
    assert_eq!(paid(&mut world, "R", job).0, 9_900_000_000);
    assert_eq!(world.closed(later).paid, Amount::ZERO, "nobody bid");
}

/// A1: to bond for one posting locks the stake for as long as to leave it there does: all of the
/// unbonding from the last posting that it counts for, whether it stays, leaves, or comes back.
#[test]
fn a1_a_bond_for_one_posting_is_locked_as_long_as_one_that_stays() {
    let mut world = world();
    let wait = world.state.params().staking().unbonding_epochs;
    bond(&mut world, "R", 5_000);
    world.post_of("R", world.terms());
    unbond(&mut world, "R", 5_000);
    let first = world.state.epoch().after(wait);
    let free = Amount::tokens(96_000);
    assert!(world.state.free(world.id("R")) < free);
    while world.state.epoch() < Epoch::new(40) {
        world.block();
    }
    // Half of the wait is over: for another posting it has to come back, and then to wait anew.
    assert_eq!(tier(&world, "R"), 0);
    let amount = Amount::tokens(5_000);
    world.ok("R", Command::CancelUnbond(CancelUnbond { role: ROLE, amount }));
    assert_eq!(tier(&world, "R"), 3);
    unbond(&mut world, "R", 5_000);
    while world.state.epoch() < first.after(Epochs::new(1)) {
        world.block();
    }
    assert!(world.state.free(world.id("R")) < free, "the wait began anew");
    let operator = world.state.operator(world.operator("R", ROLE)).expect("bonded");
    let entry = world.state.unbonding(operator.unbondings[0]).expect("waiting");
    assert!(entry.matures >= Epoch::new(40).after(wait));
}

/// A2: whatever is bonded in however many names, no posting has more than it would have of all of
/// it in one.
#[test]
fn a2_a_bond_split_over_names_gives_no_posting_more() {
    let whole = 5_000;
    for parts in [[4_900, 100], [4_000, 1_000], [2_500, 2_500]] {
        let mut world = world();
        for (name, part) in ["R", "X"].into_iter().zip(parts) {
            bond(&mut world, name, part);
        }
        let best = tier(&world, "R").max(tier(&world, "X"));
        bond(&mut world, "W", whole);
        assert!(best < tier(&world, "W"), "{parts:?}");
    }
}

/// A2: nor is stake counted for two at once: what others have does not help, and nobody delegates.
#[test]
fn a2_nobody_lends_a_tier_by_delegating() {
    let mut world = World::new(params_with(|raw| {
        tiered(raw);
        raw.staking.delegation_max = earnest_protocol::Factor::percent(300);
    }));
    bond(&mut world, "R", 100);
    world.opens("R", ROLE);
    let (operator, wanted) = (world.id("R"), Amount::tokens(900));
    let refused = world
        .send("X", Command::Delegate(Delegate { operator, role: ROLE, amount: wanted }))
        .expect_err("refused");
    let expected = DelegateRejected::ExceedsCap { total: wanted, max: Amount::ZERO };
    assert_eq!(refused, Rejected::from(expected));
}

/// A3: requester, provider and every auditor are one, with the highest tier and emission at its
/// cap. What a round costs is a tenth of the take at least: the discount is of what no claim
/// counts.
#[test]
fn a3_who_pays_itself_at_a_discount_loses_a_tenth_of_each_take() {
    let lost = wash(Round { cap: 900, burn: 500, discount: 900, take: 50, price: 10_000_000_000 });
    assert!(lost.0 * 10 >= lost.1, "{lost:?}");
}

/// What is drawn of a network that a coalition pays itself in: thousandths, and base units.
#[derive(Clone, Copy, Debug)]
struct Round {
    cap: u64,
    burn: u64,
    discount: u64,
    take: u64,
    price: u64,
}

impl Round {
    fn fits(self) -> bool {
        // In thousandths of thousandths, as R21 has it.
        self.cap * self.burn + self.discount * (1_000 - self.burn) <= 900_000
    }
}

/// Everyone that a requester who pays itself may be.
const SELF: [&str; 10] = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// What a coalition lost by one job and all that it attracts, and the take.
fn wash(round: Round) -> (i64, i64) {
    let share = |thousandths| Ratio::new(thousandths * 1_000_000).expect("a share");
    let mut world = World::new(params_with(|raw| {
        (raw.rewards.schedule, raw.rewards.epoch_amount) = (1, Amount::tokens(1_000));
        raw.rewards.emission_cap = share(round.cap);
        (raw.market.take, raw.market.take_burn) = (share(round.take), share(round.burn));
        (raw.access.stake_1, raw.access.discount_1) = (Amount::tokens(100), share(round.discount));
        raw.chain.base_fee = Amount::ZERO;
        raw.chain.epoch_blocks = Blocks::new(200);
        // All that is earned is there when it is counted.
        raw.rewards.at_once = Ratio::ONE;
        raw.rewards.claim_delay_epochs = Epochs::new(0);
    }));
    bond(&mut world, "R", 100);
    let before = world.coalition(&SELF);
    let price = Amount::new(round.price).expect("small");
    let terms = PostJob { price_max: price, ..world.terms() };
    let job = world.post_of("R", terms);
    let seal = world.seal_bid("P1", job, price);
    world.ok("P1", Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    world.ok("P1", Command::RevealBid(RevealBid { job, price, salt: Digest([5; 32]) }));
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    let next = world.state.epoch().after(Epochs::new(1));
    while world.state.epoch() < next {
        world.block();
    }
    let take = Ratio::new(round.take * 1_000_000).expect("a share").amount_ceil(price);
    (before - world.coalition(&SELF), i64::try_from(take.units()).expect("small"))
}

/// What rounding may be worth to nine claimants and in a split, in base units.
const DUST: i64 = 12;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A3 at every cap, burnt share, discount and price that R21 lets a network have; the laws of
    /// the ledger are checked after every command on the way.
    #[test]
    fn a3_no_network_that_r21_allows_pays_who_pays_itself(
        cap in 0..1_000u64,
        burn in 0..=1_000u64,
        discount in prop_oneof![0..=1_000u64, Just(900), Just(1_000)],
        take in 1..=500u64,
        price in prop_oneof![1..100u64, 1..20_000_000_000u64],
    ) {
        let round = Round { cap, burn, discount, take, price };
        prop_assume!(round.fits());
        let (lost, take) = wash(round);
        prop_assert!(lost > 0 || take <= DUST, "{round:?}: {lost} of {take}");
        prop_assert!(lost * 10 + 10 * DUST >= take, "{round:?}: {lost} of {take}");
    }
}

/// A4: an input withheld costs the deposit, and the tier until it asks for release after the jail;
/// no other role of the account is held for it, and the bond is untouched.
#[test]
fn a4_an_input_withheld_suspends_the_tier_and_nothing_else() {
    let mut world = world();
    bond(&mut world, "R", 1_000);
    let amount = Amount::tokens(100);
    world.ok("R", Command::Bond(Bond { role: Role::Provider, amount }));
    let job = world.post_of("R", world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.ok("P1", Command::RequestData(RequestData { job, item: DataItem::Input(3) }));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::InputMissing);
    let access = |world: &World| {
        let operator = world.state.operator(world.operator("R", ROLE)).expect("bonded");
        (operator.standing, operator.stake)
    };
    let until = world.state.epoch().after(world.state.params().staking().jail_epochs);
    assert_eq!(access(&world), (Standing::Jailed(until), Amount::tokens(1_000)));
    let provider = world.state.operator(world.operator("R", Role::Provider)).expect("bonded");
    assert_eq!(provider.standing, Standing::Active);
    assert_eq!(tier(&world, "R"), 0);
    // More stake does not buy it free; nor does going out and in.
    bond(&mut world, "R", 9_000);
    assert_eq!(tier(&world, "R"), 0);
    while world.state.epoch() < until {
        world.block();
    }
    assert_eq!(tier(&world, "R"), 0, "not before it asks");
    world.ok("R", Command::Unjail(Unjail { role: ROLE }));
    assert_eq!(tier(&world, "R"), 3);
}

/// A4: a requester that loses a dispute about its own job complains falsely; about another's it is
/// one challenger like any.
#[test]
fn a4_a_lost_dispute_about_ones_own_job_suspends_the_tier() {
    for (challenger, suspended) in [("R", true), ("X", false)] {
        let mut world = world();
        bond(&mut world, challenger, 1_000);
        let terms = PostJob { audit_rate: Ratio::percent(2), ..world.terms() };
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", job, root(None));
        world.reveal_result("P1", job, root(None));
        world.ok(challenger, Command::Challenge(Challenge { job }));
        world.narrow("P1", job, challenger, 50);
        world.prove("P1", job, 50);
        assert_eq!(tier(&world, challenger), if suspended { 0 } else { 2 });
        let jailed = world.seen(|event| match event {
            Event::Jailed { role, .. } => Some(*role),
            _ => None,
        });
        assert_eq!(jailed, if suspended { vec![ROLE] } else { vec![] });
    }
}

/// A5: a convicted provider loses nothing of its access stake, and has no tier while it is jailed.
#[test]
fn a5_access_stake_answers_for_no_work() {
    let mut world = world();
    bond(&mut world, "P1", 5_000);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).outcome, Outcome::Rejected);
    let access = world.state.operator(world.operator("P1", ROLE)).expect("bonded");
    assert_eq!(access.stake, Amount::tokens(5_000));
    assert!(matches!(access.standing, Standing::Jailed(_)));
    assert_eq!(tier(&world, "P1"), 0);
}

/// Where there are no tiers, nothing is different, and nobody bonds for one.
#[test]
fn a_network_without_tiers_takes_no_access_stake() {
    let mut world = World::new(params_with(|_| ()));
    let amount = Amount::tokens(1_000);
    let refused = world.send("R", Command::Bond(Bond { role: ROLE, amount })).expect_err("refused");
    assert_eq!(refused, Rejected::from(earnest_protocol::staking::BondRejected::NotOffered));
    let before = world.coalition(&["R"]);
    let job = world.post_of("R", world.terms());
    done(&mut world, "R", job);
    // 10 for the work, 2 for two audits, and three transactions of which one was refused.
    let fees = before - world.coalition(&["R"]) - 12 * TOKEN;
    assert!(fees > 0 && fees <= 6 * FEE, "{fees}");
}

/// M21: a vote on tiers is of what is posted after it: neither what a job has back nor what it is
/// posted with changes for one that is under way.
#[test]
fn m21_a_vote_on_tiers_leaves_jobs_what_they_were_posted_with() {
    let mut world = World::new(votes::params_with(1, tiered));
    bond(&mut world, "R", 1_000);
    let to_half = [("access.discount_2", 500_000_000), ("access.discount_3", 600_000_000)];
    let proposal = votes::propose(&mut world, "P1", &to_half);
    votes::pass(&mut world, proposal);
    for name in ["P1", "P2", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        votes::vote(&mut world, name, proposal, BallotChoice::Yes);
    }
    votes::pass(&mut world, proposal);
    let due = world.state.proposal(proposal).expect("queued").due;
    votes::until(&mut world, Epoch::new(due.count() - 1));
    world.blocks(46);
    assert!(world.state.epoch() < due);
    let before = world.post_of("R", world.terms());
    assert_eq!(paid(&mut world, "R", before).0, 9_900_000_000, "40 % of a quarter of a token");
    assert!(world.state.epoch() >= due, "the vote is in force by then");
    let after = world.post_of("R", world.terms());
    assert_eq!(paid(&mut world, "R", after).0, 9_875_000_000, "a half");
}
