//! Who is drawn, and how many.

use earnest_protocol::{
    Amount, Command, Digest, Event, Gas, JobId, Ratio, Role,
    command::*,
    ledger::{Assets, AssignmentPot},
    market::{CloseReason, Outcome, Phase},
};

use super::{VALIDATORS, bond, open_seed, terms_of, unbond};
use crate::world::{World, params, params_with, root};

fn put_off(world: &World) -> usize {
    world.seen(|event| matches!(event, Event::DrawPutOff { .. }).then_some(())).len()
}

/// Leaves so many validators.
fn pool_of(world: &mut World, count: usize) {
    VALIDATORS[count..].iter().for_each(|name| unbond(world, name, Role::Validator, 50_000));
}

/// P1's result is sealed and its block over; what then happens, before the draw.
fn sealed(world: &mut World, auditors: u8) -> JobId {
    let preimage = Digest([4; 32]);
    let job = world.assign(terms_of(world, auditors, preimage), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.block();
    job
}

/// Two of three are left, half of the pool each: e = .5 + .5 · .05 = .525. Two seats instead of one
/// detect (1 − e²)² = .525, as two are drawn after a withheld seed, too, and (.475 + .1)/.525 =
/// 1.10 prices are needed. One of the one that was quoted for would detect .724 · .475 = .344 and
/// need 2.2, of 1.9 that were locked. No bond pays for more in a network of two assets.
#[test]
fn more_seats_count_after_a_withheld_seed_too() {
    let mut world = World::with_assets(params(), Assets::Dual);
    pool_of(&mut world, 3);
    let job = sealed(&mut world, 1);
    let bound = *world.state.order(job).expect("posted").bound;
    assert_eq!((bound.auditors, bound.fallback_auditors), (1, 1));
    unbond(&mut world, "V3", Role::Validator, 50_000);
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (2, 0));
}

/// A job for so many auditors, posted while eight can sit; then four are left, of which V1 has
/// 80,000 tokens and each other `others` less than 50,000. At most two auditors may be asked for.
fn lopsided(auditors: u8, others: u64, bonus: u64) -> (World, JobId) {
    let mut world = World::new(params_with(|raw| {
        raw.verification.auditors_max = auditors;
        raw.verification.refill_bonus = Ratio::percent(bonus);
    }));
    bond(&mut world, "V1", Role::Validator, 30_000);
    for name in ["V2", "V3", "V4"] {
        unbond(&mut world, name, Role::Validator, others);
    }
    let job = sealed(&mut world, auditors);
    for name in &VALIDATORS[4..] {
        unbond(&mut world, name, Role::Validator, 50_000);
    }
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    (world, job)
}

/// Four are left, one of them two fifths of the pool: e = .39 + .61 · .05 = .42. Three seats detect
/// (1 − e³)(1 − e⁴) = .897 and need (.103 + .1)/.897 = .226 prices; four detect .939 and need .172,
/// and .19 are locked. The money for refills, 2.5 tariffs beyond two, pays two seats more, and two
/// beyond the most auditors are as many as may be.
#[test]
fn as_many_seats_more_are_drawn_as_deter() {
    let (mut world, job) = lopsided(2, 8_100, 50);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (4, 0));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

/// V1 is .45 of those left: e = .4775. Three seats would detect (1 − e³)² = .794, enough for .54
/// prices; the money for refills of one seat, 1.25 tariffs beyond it, pays one more, and two detect
/// (1 − e²)(1 − e³) = .688, which needs .60.
#[test]
fn no_more_seats_are_drawn_than_refills_would_cost() {
    let (world, job) = lopsided(1, 17_400, 50);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (0, 1));
}

/// V1 is .57 of those left: e = .59. Where refills double, three seats more could be paid; two are
/// the most, and three in all detect (1 − e³)² = .63, while .60 prices need .69.
#[test]
fn no_more_than_two_seats_beyond_the_most_auditors_are_drawn() {
    let (world, job) = lopsided(1, 29_900, 100);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (0, 1));
}

/// Two of three are left for two seats; four would deter, and money for four there is, but two of
/// them would stay empty.
#[test]
fn seats_that_nobody_is_left_for_deter_nobody() {
    let mut world = World::new(params());
    pool_of(&mut world, 3);
    let job = sealed(&mut world, 2);
    unbond(&mut world, "V3", Role::Validator, 50_000);
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (0, 1));
}

/// In base units: ⌈⌈2 / d⌉ + 2⌉ + 1 = 6 are locked at any detection from two thirds on, whoever
/// leaves a pool of five. Collateral that is just what deters is enough for the seats there are.
#[test]
fn collateral_that_just_deters_is_enough() {
    let (mut world, mut terms) = tiny();
    let leave = |world: &mut World, name: &str| {
        let (role, amount) = (Role::Validator, Amount::new(3).expect("small"));
        world.ok(name, Command::Unbond(Unbond { role, amount }));
    };
    VALIDATORS[5..].iter().for_each(|name| leave(&mut world, name));
    terms.auditors = 2;
    let job = world.assign(terms, &[("P1", 0)]);
    assert_eq!(world.held(job, AssignmentPot::Collateral), 6);
    world.commit_result("P1", job, root(None));
    world.block();
    leave(&mut world, "V5");
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (2, 0));
}

/// A newcomer that bonds after the seal weighed nothing then, so that it neither sits nor makes up
/// for a leaver: of a pool of four, three are left, for three seats instead of two.
#[test]
fn who_bonds_after_the_seal_does_not_stand_in_for_who_left() {
    let mut world = World::new(params());
    pool_of(&mut world, 4);
    let job = sealed(&mut world, 2);
    unbond(&mut world, "V4", Role::Validator, 50_000);
    for name in ["W", "X"] {
        bond(&mut world, name, Role::Validator, 50_000);
    }
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    let mut drawn = world.auditors(job);
    drawn.sort_unstable();
    assert_eq!(drawn, ["V1", "V2", "V3"]);
}

/// Who is convicted between the seal and the draw, by whose weights it is, sits nowhere.
#[test]
fn who_is_jailed_between_seal_and_draw_is_not_drawn() {
    let mut would = 0;
    for seed in 0..12u8 {
        let preimage = Digest([seed; 32]);
        let drawn = |told: bool| {
            let mut world = World::new(params());
            let other = world.assign(world.terms(), &[("P2", 10)]);
            world.commit("P2", other, root(None));
            let leaky = world.auditors(other)[0];
            let terms = terms_of(&world, 2, preimage);
            let job = world.assign(terms, &[("P1", 10)]);
            world.commit_result("P1", job, root(None));
            world.block();
            world.audit_as(leaky, other, root(Some(77)));
            let opening = world.opening(other, root(Some(77)));
            if told {
                world.report_copy("W", other, leaky, opening);
            } else {
                world.block();
            }
            open_seed(&mut world, job, preimage);
            world.blocks(2);
            let auditors = world.auditors(job);
            assert_eq!(auditors.len(), 2);
            auditors.contains(&leaky)
        };
        would += usize::from(drawn(false));
        assert!(!drawn(true), "seed {seed}");
    }
    assert!(would >= 2, "else nothing is shown: {would} of 12");
}

/// A number below `bound`, as anybody can draw it from a seed that is shown.
fn draw_below(seed: &Digest, purpose: &str, counter: u64, bound: u64) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 draw");
    hasher.update(&seed.0).update(purpose.as_bytes()).update(&counter.to_le_bytes());
    let part = u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("eight"));
    u64::try_from((u128::from(part) * u128::from(bound)) >> 64).expect("below the bound")
}

/// The seed of a job's draw.
fn seed_of(world: &World, job: JobId) -> Digest {
    world.state.case(job).expect("assigned").seed.drawn.expect("drawn")
}

/// A result is audited if a number below 10^9, drawn from its seed, is below its rate; one that is
/// just the rate is not.
#[test]
fn the_rate_is_the_first_number_that_is_spared() {
    let audited = |preimage: Digest, rate: Ratio| {
        let mut world = World::new(params());
        let mut terms = terms_of(&world, 1, preimage);
        terms.audit_rate = rate;
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_with("P1", job, root(None), preimage);
        let is_audited = world.phase(job) == Phase::Auditing;
        (is_audited, draw_below(&seed_of(&world, job), "audit", 0, 1_000_000_000))
    };
    for seed in 0..5u8 {
        let preimage = Digest([seed; 32]);
        let (_, number) = audited(preimage, Ratio::ONE);
        assert!(number >= 20_000_000, "else choose another seed: the least rate is 2 %");
        for (rate, expected) in [(number, false), (number + 1, true)] {
            let (is_audited, again) = audited(preimage, Ratio::new(rate).expect("a share"));
            assert_eq!((is_audited, again), (expected, number), "{seed}");
        }
    }
}

/// Where a seat locks three base units, and each of eight validators has three.
fn tiny() -> (World, PostJob) {
    let unit = Amount::UNIT;
    let mut world = World::new(params_with(|raw| {
        raw.staking.validator_bond_min = unit;
        raw.market.tariff_per_mgas = unit;
    }));
    for name in VALIDATORS {
        let amount = Amount::new(Amount::tokens(50_000).units() - 3).expect("small");
        world.ok(name, Command::Unbond(Unbond { role: Role::Validator, amount }));
    }
    let mut terms = world.terms();
    (terms.task.gas_bound, terms.task.step_gas_max) = (Gas::new(1_000_000), Gas::new(1_000_000));
    terms.price_max = unit;
    (world, terms)
}

/// Who holds a unit of these weights, counted through in order.
fn holder(weights: &[(&'static str, u64)], mut unit: u64) -> (&'static str, u64) {
    for &(name, weight) in weights {
        if unit < weight {
            return (name, weight);
        }
        unit -= weight;
    }
    panic!("a unit beyond all weights")
}

/// Who takes the next seat, worked out from the seed alone. Up to 64 tries find who holds a unit of
/// all weights; who weighs more than `cap` sits with the chance of what is left of it. If no try
/// finds one that may, one of those who may is found by what they count for.
fn next_seat(
    seed: &Digest,
    counter: &mut u64,
    (weights, cap): (&[(&'static str, u64)], u64),
    may: impl Fn(&str) -> bool,
) -> &'static str {
    let sum = |weights: &[(&str, u64)]| weights.iter().map(|(_, weight)| weight).sum();
    let tried = (0..64).find_map(|_| {
        *counter += 1;
        let unit = draw_below(seed, "auditor", *counter, sum(weights));
        let (name, weight) = holder(weights, unit);
        let counts = weight <= cap || draw_below(seed, "cap", *counter, weight) < cap;
        (counts && may(name)).then_some(name)
    });
    *counter += 1;
    tried.unwrap_or_else(|| {
        let few = weights.iter().filter(|(name, _)| may(name));
        let few: Vec<_> = few.map(|(name, weight)| (*name, *weight.min(&cap))).collect();
        holder(&few, draw_below(seed, "auditor", *counter, sum(&few))).0
    })
}

/// Bonds that come after the quote, in base units, and who leaves once the result is sealed.
type Bonds<'a> = (&'a [(&'static str, u64)], Option<&'static str>);

/// Plays a job of two silent seats to its third round; compares every seat. How often a whale sat.
fn compare(seed: u8, (bonds, leaver): Bonds<'_>, cap: u64) -> usize {
    let (role, preimage) = (Role::Validator, Digest([seed; 32]));
    let (mut world, mut terms) = tiny();
    terms.seed_seal = earnest_protocol::seal::seed(&preimage);
    let job = world.assign(terms, &[("P1", 0)]);
    let mut weights = VALIDATORS.map(|name| (name, 3)).to_vec();
    for &(name, units) in bonds {
        let amount = Amount::new(units).expect("small");
        world.ok(name, Command::Bond(Bond { role, amount }));
        match weights.iter_mut().find(|(known, _)| *known == name) {
            Some((_, weight)) => *weight += units,
            None => weights.push((name, units)),
        }
    }
    world.commit_result("P1", job, root(None));
    world.block();
    if let Some(name) = leaver {
        let (_, units) = weights.iter().find(|(known, _)| *known == name).expect("bonded");
        let amount = Amount::new(*units).expect("small");
        world.ok(name, Command::Unbond(Unbond { role, amount }));
    }
    open_seed(&mut world, job, preimage);
    world.blocks(2);
    let drawn = seed_of(&world, job);
    let mut sat: Vec<&str> = Vec::new();
    for round in 0..3 {
        let (mut counter, begun) = (round << 32, sat.len());
        while sat.len() < begun + 2 {
            let may = |name: &str| !sat.contains(&name) && leaver != Some(name);
            let name = next_seat(&drawn, &mut counter, (&weights, cap), may);
            sat.push(name);
        }
        let now = world.auditors(job);
        assert_eq!(now, sat[begun..], "seed {seed}, round {round}");
        while world.phase(job) == Phase::Auditing && world.auditors(job) == now {
            world.block(); // Nobody audits: other seats, or none, come next.
        }
    }
    bonds.iter().filter(|(name, _)| sat.contains(name)).count()
}

/// Who weighs more than a fifth of those who can lock counts as that: of 24 units besides six, as
/// 6 is a fifth of 30; of 21, five. The rounds of a draw are numbered from 2^32 times theirs on.
#[test]
fn every_seat_is_the_one_that_the_seed_says() {
    let late: Bonds<'_> = (&[("W", 100)], None);
    let early: Bonds<'_> = (&[("V1", 100)], None);
    // Nearly every try finds W, which is gone, so that seats are found among the others.
    let gone: Bonds<'_> = (&[("W", 1_000_000_000), ("X", 100)], Some("W"));
    for (bonds, cap) in [(late, 6), (early, 5), (gone, 6)] {
        let whales: usize = (0..40).map(|seed| compare(seed, bonds, cap)).sum();
        assert!((10..40).contains(&whales), "{whales} of 40 jobs");
    }
}

/// A result that was known to others ends its job before the beacon of its draw is shown; when it
/// is, nobody is drawn for what is over.
#[test]
fn nobody_is_drawn_for_a_job_that_ended_before_its_beacon() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let opening = world.opening(job, root(None));
    let seal = world.seal_report("W", job, "P1", opening);
    world.ok("W", Command::SealReport(SealReport { seal }));
    world.block();
    world.commit_result("P1", job, root(None));
    open_seed(&mut world, job, Digest([4; 32]));
    let accused = world.id("P1");
    world.ok("W", Command::ReportCopy(ReportCopy { job, accused, opening }));
    world.blocks(3);
    assert_eq!(world.closed(job).reason, CloseReason::Copied);
    assert_eq!((world.phase(job), world.auditors(job).len()), (Phase::Closed, 0));
    let drawn = world.seen(|event| matches!(event, Event::AuditDrawn { .. }).then_some(()));
    assert!(drawn.is_empty());
}

/// A job with a sealed result, whose requester sealed `preimage`; opened or not, it is not drawn.
fn seeded(preimage: Digest, opens: bool) -> (World, JobId) {
    let mut world = World::new(params());
    let terms = terms_of(&world, 2, preimage);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    if opens {
        open_seed(&mut world, job, preimage);
    }
    (world, job)
}

/// A branch under another preimage is the state of a network whose requester had sealed that one,
/// to the last bit of its root; and so it draws as that one draws.
#[test]
fn a_branch_under_another_preimage_is_what_would_have_been() {
    let (one, other) = (Digest([4; 32]), Digest([5; 32]));
    let ((world, job), (mut twin, _)) = (seeded(one, true), seeded(other, true));
    let mut branch = world.state.with_preimage(job, &other).expect("not drawn yet");
    let before = world.state.clone().root();
    assert_eq!(branch.root(), twin.state.root());
    assert_ne!(branch.root(), before);
    assert_eq!(world.state.clone().root(), before, "the state itself stays");
    let (mut drawn, mut seats) = (seeded(one, true).0, Vec::new());
    drawn.state = branch;
    for world in [&mut drawn, &mut twin] {
        world.blocks(2);
        seats.push(world.auditors(job));
        assert_eq!(world.state.with_preimage(job, &one).map(|_| ()), None, "drawn");
    }
    assert_eq!(seats[0], seats[1]);
    let (unopened, job) = seeded(one, false);
    assert!(unopened.state.with_preimage(job, &other).is_none(), "nothing was opened");
}
