//! Who is drawn, and how many.

use earnest_protocol::{
    Amount, Command, Digest, Event, Gas, JobId, Ratio, Role,
    command::*,
    ledger::Assets,
    market::{Outcome, Phase},
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
    let bound = world.state.order(job).expect("posted").bound;
    assert_eq!((bound.auditors, bound.fallback_auditors), (1, 1));
    unbond(&mut world, "V3", Role::Validator, 50_000);
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (2, 0));
}

/// Four are left, one of them two fifths of the pool: e = .39 + .61 · .05 = .42. Three seats detect
/// (1 − e³)(1 − e⁴) = .897 and need (.103 + .1)/.897 = .226 prices; four detect .939 and need .172,
/// and .19 are locked. The money for refills, 2.5 tariffs beyond two, pays two seats more.
#[test]
fn as_many_seats_more_are_drawn_as_deter() {
    let mut world = World::new(params());
    bond(&mut world, "V1", Role::Validator, 30_000);
    for name in ["V2", "V3", "V4"] {
        unbond(&mut world, name, Role::Validator, 8_100);
    }
    let job = sealed(&mut world, 2);
    for name in &VALIDATORS[4..] {
        unbond(&mut world, name, Role::Validator, 50_000);
    }
    open_seed(&mut world, job, Digest([4; 32]));
    world.blocks(2);
    assert_eq!((world.auditors(job).len(), put_off(&world)), (4, 0));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
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

/// Who sits, worked out from the seed alone: a round's tries are numbered from 2^32 times its
/// number on, one more after each seat; a try finds who holds a unit of all weights. Who weighs
/// more than a fifth of all counts as that: of 24 units and a whale's 100, six are a fifth of 30,
/// and a second number, below 100, says if it sits.
#[test]
fn every_seat_is_the_one_that_the_seed_says() {
    let (mut seats, mut whale) = (0, 0);
    for seed in 0..60u8 {
        let preimage = Digest([seed; 32]);
        let (mut world, mut terms) = tiny();
        terms.seed_seal = earnest_protocol::seal::seed(&preimage);
        let job = world.assign(terms, &[("P1", 0)]);
        let (role, amount) = (Role::Validator, Amount::new(100).expect("small"));
        world.ok("W", Command::Bond(Bond { role, amount }));
        world.commit_with("P1", job, root(None), preimage);
        let drawn = seed_of(&world, job);
        let (mut sat, mut round) = (Vec::new(), 0);
        while world.phase(job) == Phase::Auditing {
            let mut expected = Vec::new();
            let mut counter = round << 32;
            while expected.len() < 2 {
                let name = (0..64).find_map(|_| {
                    counter += 1;
                    let unit = draw_below(&drawn, "auditor", counter, 24 + 100);
                    let name = VALIDATORS.get(usize::try_from(unit / 3).expect("few"));
                    let name = *name.unwrap_or(&"W");
                    let counts = name != "W" || draw_below(&drawn, "cap", counter, 100) < 6;
                    (counts && !sat.contains(&name) && !expected.contains(&name)).then_some(name)
                });
                counter += 1;
                expected.push(name.expect("one of 64 tries finds somebody"));
            }
            assert_eq!(world.auditors(job), expected, "seed {seed}, round {round}");
            seats += expected.len();
            whale += usize::from(expected.contains(&"W"));
            sat.extend(expected);
            round += 1;
            let now = world.auditors(job);
            while world.phase(job) == Phase::Auditing && world.auditors(job) == now {
                world.block(); // Nobody audits: other seats, or none, come next.
            }
        }
        assert_eq!(round, 3);
    }
    assert_eq!(seats, 60 * 6);
    assert!(whale > 10, "{whale}");
}
