//! What an offence costs and whom it pays: p04, p05, p06, p11, p14, p15, p18.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Epochs, Params, Ratio, RawParams, Rejected, Role,
    command::*,
    ledger::{Assets, AssignmentPot, Pot},
    market::{CloseReason, Outcome, Phase},
    params::Violation,
    slashing::{Offence, SlashState},
    staking::Standing,
    verification::ReportCopyRejected,
};
use serde::{Deserialize as _, de::value::MapDeserializer};

use super::{
    FEE, TOKEN, VALIDATORS, bond, publish_report, report, seal_report, signed, slashes, unbond,
};
use crate::world::{Guarding, World, params, params_with, root};
use earnest_protocol::Gas;

/// The defaults with one parameter changed to a number in its own unit; none if no such number can
/// be written.
fn with(room: &'static str, field: &'static str, value: u64) -> Option<RawParams> {
    let fields = [(field, value)].into_iter();
    let rooms = [(room, MapDeserializer::<_, serde::de::value::Error>::new(fields))];
    RawParams::deserialize(MapDeserializer::new(rooms.into_iter())).ok()
}

fn out_of_range(raw: RawParams) -> bool {
    let is_range = |violation: &Violation| matches!(violation, Violation::OutOfRange { .. });
    Params::try_from(raw).is_err_and(|rejected| rejected.violations.iter().any(is_range))
}

/// p06: 25 of 86 fields had no range, and `canary_rate` lowered collateral for canaries that do not
/// exist; it is gone. Every field has a range, which is what it says to the unit.
#[test]
fn every_parameter_has_a_range_and_none_counts_on_canaries() {
    let mut count = 0;
    for field in RawParams::fields() {
        assert!(!field.name.contains("canary"));
        assert!(field.min <= field.max && field.max < u64::MAX);
        for (value, is_out) in [
            (field.min, false),
            (field.max, false),
            (field.max + 1, true),
            (field.min.saturating_sub(1), field.min > 0),
        ] {
            let Some(raw) = with(field.room, field.name, value) else {
                assert!(is_out, "{field:?} cannot be {value}");
                continue;
            };
            assert_eq!(out_of_range(raw), is_out, "{field:?}");
        }
        count += 1;
    }
    assert!(count >= 80, "{count}");
}

/// p04, p06: at either end of any one range a job still comes to its end, and nothing panics.
#[test]
fn at_either_end_of_every_range_a_job_comes_to_its_end() {
    let mut lived = 0;
    for field in RawParams::fields().filter(|field| field.name != "block_interval_min_ms") {
        for value in [field.min, field.max] {
            let raw = params_with(|raw| {
                let own = raw_with(raw, field.room, field.name, value);
                *raw = own;
            });
            if Params::try_from(raw).is_err() {
                continue; // A relation forbids it.
            }
            lived += u32::from(lives(raw));
        }
    }
    assert!(lived > 100, "{lived}");
}

/// The world's own parameters with one more changed: the two are written as the changes that they
/// are to the defaults.
fn raw_with(raw: &RawParams, room: &'static str, field: &'static str, value: u64) -> RawParams {
    let changed = with(room, field, value).expect("within its range");
    let mut own = *raw;
    macro_rules! take {
        ($($room:ident: $default:expr),*) => {
            match room {
                $(stringify!($room) => {
                    own.$room = merge(&own.$room, &changed.$room, &$default);
                })*
                _ => panic!("no such room: {room}"),
            }
        };
    }
    let d = RawParams::default();
    take!(
        chain: d.chain, staking: d.staking, market: d.market, verification: d.verification,
        slashing: d.slashing, reputation: d.reputation, storage: d.storage,
        rewards: d.rewards, governance: d.governance, insurance: d.insurance,
        prices: d.prices, credits: d.credits, access: d.access
    );
    own
}

/// `own`, with what differs from the default in `changed`, byte by byte of the wire form's fields.
fn merge<T: serde::Serialize + serde::de::DeserializeOwned + Copy>(
    own: &T,
    changed: &T,
    default: &T,
) -> T {
    let numbers = |room: &T| -> Vec<u64> {
        let bytes = postcard::to_allocvec(room).expect("encodes");
        let mut rest = bytes.as_slice();
        let mut numbers = Vec::new();
        while !rest.is_empty() {
            let (number, left) = postcard::take_from_bytes::<u64>(rest).expect("varints alone");
            numbers.push(number);
            rest = left;
        }
        numbers
    };
    let (mut own, changed, default) = (numbers(own), numbers(changed), numbers(default));
    for ((own, changed), default) in own.iter_mut().zip(changed).zip(default) {
        if changed != default {
            *own = changed;
        }
    }
    let bytes: Vec<u8> =
        own.iter().flat_map(|n| postcard::to_allocvec(n).expect("encodes")).collect();
    postcard::from_bytes(&bytes).expect("the same fields")
}

/// Plays a job as far as these parameters let it; what is asked of them is an end without panic.
fn lives(raw: RawParams) -> bool {
    let is_one = raw.chain.stake_price == earnest_protocol::Factor::ONE && !raw.prices.is_on();
    // Before stake decides alone there is somebody who decides.
    let council: &[&str] = if raw.governance.phase < 2 { &["W"] } else { &[] };
    let threshold = u8::from(!council.is_empty());
    let guarding = Guarding { council, threshold, guardian: None, grants: false };
    let assets = if is_one { Assets::Single } else { Assets::Dual };
    let mut world = World::with_guard(raw, assets, 0, guarding);
    let mut terms = world.terms();
    terms.auditors = 1;
    terms.deadline_blocks = raw.market.deadline_blocks_min.max(Blocks::new(10));
    terms.task.steps = terms.task.steps.min(raw.market.steps_max);
    terms.task.chunk_count = terms.task.chunk_count.min(raw.market.chunks_max);
    terms.task.step_gas_max = terms.task.step_gas_max.min(raw.market.step_gas_max);
    terms.task.gas_bound = terms.task.gas_bound.min(raw.market.work_bound_max);
    let job = earnest_protocol::JobId::new(0);
    let try_send = |world: &mut World, name: &str, command| {
        let _refused = world.send(name, command);
    };
    try_send(&mut world, "R", Command::PostJob(terms));
    if world.state.job(job).is_none() {
        return false;
    }
    let seal = world.seal_bid("P1", job, Amount::tokens(4));
    try_send(&mut world, "P1", Command::CommitBid(CommitBid { job, seal }));
    for _ in 0..400 {
        let Some(phase) = world.state.phase(job) else { return true };
        match phase {
            Phase::RevealingBids => {
                let (price, salt) = (Amount::tokens(4), Digest([5; 32]));
                try_send(&mut world, "P1", Command::RevealBid(RevealBid { job, price, salt }));
            }
            Phase::Offered => try_send(&mut world, "P1", Command::AcceptJob(AcceptJob { job })),
            Phase::Executing => {
                let seal = world.seal_result("P1", job, root(Some(3)));
                try_send(&mut world, "P1", Command::CommitResult(CommitResult { job, seal }));
            }
            Phase::Committed => {
                let preimage = Digest([4; 32]);
                try_send(&mut world, "R", Command::OpenSeed(OpenSeed { job, preimage }));
            }
            Phase::Auditing | Phase::AuditingOpen => {
                for name in world.auditors(job) {
                    let seal = world.seal_result(name, job, root(None));
                    try_send(&mut world, name, Command::CommitVerdict(CommitVerdict { job, seal }));
                }
            }
            Phase::Revealing => {
                let (opening, output_proof) =
                    (world.opening(job, root(Some(3))), b"output".to_vec());
                let reveal = RevealResult { job, opening, output_proof };
                try_send(&mut world, "P1", Command::RevealResult(reveal));
                for name in world.auditors(job) {
                    let opening = world.opening(job, root(None));
                    let reveal = RevealVerdict { job, opening };
                    try_send(&mut world, name, Command::RevealVerdict(reveal));
                }
            }
            Phase::Challengeable => {
                try_send(&mut world, "W", Command::Challenge(Challenge { job }));
            }
            Phase::Bidding | Phase::Closed => {}
        }
        world.block();
    }
    true
}

/// P1 gives a wrong result, two auditors convict it.
fn convicted(world: &mut World) -> earnest_protocol::JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    job
}

/// p04: a stay of no epochs set a timer in the past, which never fired, and locked every slash. No
/// network may set it; the shortest stay is paid at the next epoch, and a slash waits no longer.
#[test]
fn every_slash_is_paid_out_after_its_stay() {
    let none = params_with(|raw| raw.slashing.engine_stay_epochs = Epochs::new(0));
    assert!(out_of_range(none));
    let mut world = World::new(params_with(|raw| raw.slashing.engine_stay_epochs = Epochs::new(1)));
    convicted(&mut world);
    let (id, slash) = world.state.slashes().next().expect("one");
    assert!(matches!(slash.state, SlashState::Pending(at) if at.count() == 1));
    let there = signed(world.state.balance(Pot::Slash(id)).units());
    assert!(there > 10 * TOKEN);
    while world.state.epoch().count() == 0 {
        assert_eq!(signed(world.state.balance(Pot::Slash(id)).units()), there);
        world.block();
    }
    assert_eq!(world.state.balance(Pot::Slash(id)), Amount::ZERO, "in the epoch's first block");
    assert!(matches!(world.state.slash(id).expect("for a while").state, SlashState::Executed(_)));
}

/// p05: the share of "peers" came back to the offender's own pool, which the bound did not count.
/// The judges get it, the bound counts their largest or assumed share β_j, and garbage loses more
/// than leaving whatever a network sets, for a coalition of as much of the judges.
#[test]
fn what_judges_get_of_a_slash_is_counted_by_the_bound() {
    for (insurance, burn) in [(100, 50), (50, 50), (0, 50), (0, 25), (0, 0)] {
        for assets in [Assets::Single, Assets::Dual] {
            let raw = params_with(|raw| {
                raw.slashing.insurance_share = Ratio::percent(insurance);
                raw.slashing.burn_share = Ratio::percent(burn);
            });
            let mut world = World::with_assets(raw, assets);
            // V1 is a fifth of the judges: 87,500 of 437,500.
            bond(&mut world, "V1", Role::Validator, Amount::tokens(37_500));
            let mut terms = world.terms();
            (terms.audit_rate, terms.auditors) = (Ratio::percent(100), 1);
            terms.price_max = Amount::tokens(300);
            // The friend leaves no more in its bond than the job needs.
            let need = world.state.quote_job(None, &terms).expect("a quote").collateral.units() + 1;
            let amount = Amount::new(50_000_000_000_000 - need).expect("small");
            unbond(&mut world, "P1", Role::Provider, amount);
            world.block();
            let friends = ["P1", "V1"];
            let before = world.coalition(&friends);
            let job = world.assign(terms, &[("P1", 299)]);
            let quote = world.quote(job);
            world.commit("P1", job, root(Some(3)));
            let drawn = world.auditors(job)[0];
            world.audit(job, root(None));
            world.reveal("P1", job, root(Some(3)), root(None));
            world.play("P1", job, 3, true);
            world.blocks(110);
            for name in friends {
                for role in [Role::Provider, Role::Validator] {
                    let _ = world.send(name, Command::ClaimRewards(ClaimRewards { role }));
                }
            }
            let fees = i128::from(if drawn == "V1" { TOKEN } else { 0 });
            let loss = i128::from(before - world.coalition(&friends)) + fees;
            let (d, parts) = (i128::from(quote.detection.parts()), i128::from(TOKEN));
            let price = i128::from(quote.p_ref.units());
            let exit = i128::from(quote.exit_cost.units());
            let wrong = ((parts - d) * price * 95 / 100 - d * loss) / parts;
            assert!(wrong < -exit, "insurance {insurance}, burn {burn}: {wrong} against -{exit}");
        }
    }
}

/// p11: a cheat that saw honest auditors drawn had a friend report it as copied: one token instead
/// of 2,502, and no jail. A report is a conviction: the same collateral and share, jail and
/// compensation; the friend's reward is what any reporter may get, which the bound counts.
#[test]
fn being_reported_as_copied_is_a_conviction() {
    let friends = ["P1", "W"];
    let wrong = root(Some(3));
    let mut caught = World::new(params());
    let before = caught.coalition(&friends);
    let job = convicted(&mut caught);
    let reward_max = signed(caught.quote(job).reward_max.units());
    caught.blocks(110);
    let convicted = before - caught.coalition(&friends);

    let mut told = World::new(params());
    let job = told.assign(told.terms(), &[("P1", 10)]);
    told.commit("P1", job, wrong);
    told.audit_as(told.auditors(job)[0], job, root(None));
    report(&mut told, "W", "P1", job, wrong);
    assert_eq!(told.closed(job).reason, CloseReason::Copied);
    assert_eq!(told.closed(job).outcome, Outcome::Rejected);
    told.blocks(110);
    let reported = before - told.coalition(&friends);
    assert_eq!(
        reported,
        convicted - reward_max + FEE,
        "what any reporter gets, and its seal's fee"
    );
    assert!(reported > 2_499 * TOKEN, "{reported}");
    let standing =
        |w: &World| w.state.operator(w.operator("P1", Role::Provider)).expect("is").standing;
    assert!(matches!(standing(&told), Standing::Jailed(_)));
    assert_eq!(standing(&told), standing(&caught));
    // The requester is compensated alike, and paid for one auditor less.
    assert_eq!(told.coalition(&["R"]), caught.coalition(&["R"]) + TOKEN);
    assert_eq!(slashes(&told)[0].0, Offence::CopiedRoot);
}

/// By reading: a copy report could be front-run. It counts only if its finder sealed it in an
/// earlier block; who sees it on its way has not, and cannot before it is carried out.
#[test]
fn a_report_counts_for_who_sealed_it_in_an_earlier_block() {
    let wrong = root(Some(3));
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, wrong);
    let refused = Err(Rejected::ReportCopy(ReportCopyRejected::NotSealedBefore));
    assert_eq!(publish_report(&mut world, "X", "P1", job, wrong), refused, "never sealed");
    seal_report(&mut world, "W", "P1", job, wrong);
    assert_eq!(publish_report(&mut world, "W", "P1", job, wrong), refused, "in this block");
    world.block();
    // X saw W's report come by: it seals and publishes at once.
    seal_report(&mut world, "X", "P1", job, wrong);
    assert_eq!(publish_report(&mut world, "X", "P1", job, wrong), refused);
    let before = world.coalition(&["W"]);
    assert_eq!(publish_report(&mut world, "W", "P1", job, wrong), Ok(()));
    assert!(world.coalition(&["W"]) > before, "the reward is W's");
    world.block();
    assert!(publish_report(&mut world, "X", "P1", job, wrong).is_err(), "the job is over");
}

/// A sealed report serves once, and for its own finder, job, accused and opening alone.
#[test]
fn a_sealed_report_serves_its_own_finder_job_and_seal_alone() {
    let wrong = root(Some(3));
    let mut world = World::new(params());
    let first = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", first, wrong);
    let second = world.assign(world.terms(), &[("P2", 10)]);
    world.commit("P2", second, wrong);
    seal_report(&mut world, "W", "P1", first, wrong);
    world.block();
    let refused = Err(Rejected::ReportCopy(ReportCopyRejected::NotSealedBefore));
    assert_eq!(publish_report(&mut world, "W", "P2", second, wrong), refused);
    assert_eq!(publish_report(&mut world, "X", "P1", first, wrong), refused);
    assert_eq!(publish_report(&mut world, "W", "P1", first, wrong), Ok(()));
}

/// p14: a hybrid convicted as a provider went on as a judge. All of an account's operators are
/// jailed, and each asks for release on its own.
#[test]
fn a_convicted_liar_judges_nobody() {
    let mut world = World::new(params());
    bond(&mut world, "P1", Role::Validator, Amount::tokens(40_000));
    convicted(&mut world);
    for role in [Role::Provider, Role::Validator] {
        let standing = world.state.operator(world.operator("P1", role)).expect("bonded").standing;
        assert!(matches!(standing, Standing::Jailed(until) if until.count() == 2), "{role:?}");
    }
    // It is out of every pool at once.
    let terms = world.terms();
    for seed in 0..20u8 {
        let mut terms = terms.clone();
        terms.seed_seal = earnest_protocol::seal::seed(&Digest([seed; 32]));
        let job = world.assign(terms, &[("P2", 10)]);
        world.commit_with("P2", job, root(None), Digest([seed; 32]));
        assert!(!world.auditors(job).contains(&"P1"));
        world.audit(job, root(None));
        world.reveal("P2", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        if world.state.epoch().count() >= 2 {
            break;
        }
    }
    while world.state.epoch().count() < 2 {
        world.block();
    }
    for role in [Role::Validator, Role::Provider] {
        world.ok("P1", Command::Unjail(Unjail { role }));
    }
}

/// p15: an auditor of a dear job of little gas had 10^-8 of its price at risk and nothing to gain
/// by honesty. Its lock is 5 % of p_ref and two tariffs, what it may earn by a dissent 2 % and one:
/// a bribe must be more than both. What is left: no lock of an auditor's is worth the whole job,
/// and the draw is public (M2), so one drawn auditor can still be bought for more than that.
#[test]
fn an_auditor_of_a_dear_job_has_a_share_of_it_at_risk() {
    for (assets, price) in [(Assets::Single, 100), (Assets::Dual, 100), (Assets::Single, 25)] {
        let raw = params_with(|raw| {
            if assets == Assets::Dual {
                raw.chain.stake_price = earnest_protocol::Factor::percent(price);
            }
        });
        let mut world = World::with_assets(raw, assets);
        let mut terms = world.terms();
        terms.price_max = Amount::tokens(1_000);
        (terms.task.step_gas_max, terms.task.gas_bound) =
            (Gas::new(1_000_000), Gas::new(1_000_000));
        terms.auditors = 1;
        let job = world.assign(terms, &[("P1", 1_000)]);
        world.commit("P1", job, root(Some(3)));
        let tariff = TOKEN / 1_000;
        let lock = signed(world.held(job, AssignmentPot::AuditLock(0)));
        assert_eq!(lock, 50 * TOKEN + 2 * tariff);
        assert_eq!(signed(world.quote(job).reward_max.units()), 20 * TOKEN + tariff);
        // An honest dissent earns that reward, besides the tariff.
        let auditor = world.auditors(job)[0];
        let before = world.coalition(&[auditor]);
        world.audit(job, root(None));
        world.reveal("P1", job, root(Some(3)), root(None));
        world.play("P1", job, 3, true);
        world.blocks(110);
        assert_eq!(world.coalition(&[auditor]) - before, 20 * TOKEN + 2 * tariff);
    }
}

/// p15: a bribed auditor that anybody else refutes loses its lock, 5 % of its bond and its pay.
#[test]
fn a_bribed_verdict_that_falls_costs_the_price_share_that_was_locked() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    (terms.price_max, terms.auditors) = (Amount::tokens(1_000), 2);
    let job = world.assign(terms, &[("P1", 1_000)]);
    world.commit("P1", job, root(None));
    let [bribed, honest] = world.auditors(job)[..] else { panic!("two are drawn") };
    let before = world.coalition(&[bribed]);
    world.audit_as(bribed, job, root(Some(3)));
    world.audit_as(honest, job, root(None));
    world.reveal_result("P1", job, root(None));
    world.reveal_verdict(bribed, job, root(Some(3)));
    world.reveal_verdict(honest, job, root(None));
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    let lock = 52 * TOKEN;
    let share = (50_000 * TOKEN - lock) / 20;
    assert_eq!(before - world.coalition(&[bribed]), lock + share);
}

/// p18: a missed audit cost half if a friend reported the seal of it. A leak costs the lock and 5 %
/// of the bond, what left it since the job was accepted included; the finder gets at most half a
/// lock, out of those 5 %.
#[test]
fn a_leaked_verdict_costs_at_least_what_a_missed_audit_costs() {
    let lock = 2 * TOKEN + TOKEN / 2;
    for left in [0, 10 * TOKEN, 50_000 * TOKEN - lock] {
        let mut world = World::new(params());
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let [lazy, other] = world.auditors(job)[..] else { panic!("two are drawn") };
        if left > 0 {
            unbond(&mut world, lazy, Role::Validator, super::amount(left));
        }
        let (before, finder) = (world.coalition(&[lazy]), world.coalition(&["W"]));
        let junk = root(Some(77));
        world.audit_as(lazy, job, junk);
        report(&mut world, "W", lazy, job, junk);
        let share = (50_000 * TOKEN - lock) / 20;
        assert_eq!(before - world.coalition(&[lazy]), lock + share, "{left} left");
        assert_eq!(world.coalition(&["W"]) - finder, lock / 2 - FEE);
        let standing = world.state.operator(world.operator(lazy, Role::Validator)).expect("is");
        assert!(matches!(standing.standing, Standing::Jailed(_)));
        // Another is drawn for its seat, and the provider is paid.
        world.audit_as(other, job, root(None));
        let next = world.auditors(job)[0];
        assert_ne!(next, lazy);
        world.audit_as(next, job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    }
}

/// p18: with the least bond behind the lock, too, the finder is paid out of its 5 % alone.
#[test]
fn the_smallest_bond_loses_no_less_by_a_leak_than_by_a_miss() {
    let mut world = World::new(params());
    let lock = 2 * TOKEN + TOKEN / 2;
    // All keep the least bond of a hundred tokens, before the job.
    VALIDATORS.iter().for_each(|name| super::leave(&mut world, name, 100_000_000_000));
    world.block();
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let lazy = world.auditors(job)[0];
    let friends = [lazy, "W"];
    let before = world.coalition(&friends);
    let junk = root(Some(77));
    world.audit_as(lazy, job, junk);
    report(&mut world, "W", lazy, job, junk);
    let share = (100 * TOKEN - lock) / 20;
    let reward = share.min(lock / 2);
    let lost = before - world.coalition(&friends);
    assert_eq!(lost, lock + share - reward + FEE);
    assert!(lost > lock, "the cost of a miss");
}

/// By reading: the window in which anyone may challenge was fixed while jobs may run for hours.
#[test]
fn the_window_for_challenges_grows_with_the_work() {
    let mut world = World::new(super::large());
    let short = world.post(world.terms());
    let long = super::large_terms(&world);
    let long = world.post(long);
    let window = |job| world.state.order(job).expect("posted").challenge_blocks;
    assert_eq!(window(short), Blocks::new(5 + 5));
    assert_eq!(window(long), Blocks::new(5 + 5_000));
}
