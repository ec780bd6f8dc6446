//! Stories of whole games: exact values against closed forms, and verdicts that turn.

use std::collections::BTreeSet;

use earnest_protocol::{
    Amount, Epochs, Factor, Params, Ratio, RawParams, market::Outcome, num::PARTS,
};

use crate::{
    Edge, Effort, Facts, Kind, Late, Member, Pool, Verdict, bribes,
    cast::{self, Cast},
    catalogue::{HOLES, REASONS},
    draws, feed, frontier, insured, kinds, law,
    points::{Act, Point},
    rational::Rational,
    replay,
    report::{entries, play_coalition, play_late},
    tree::{Budget, End, Node, Tree},
    value,
    words::tokens,
    world::Party,
};

const BUDGET: Budget = Budget { nodes: 20_000, plays: 200_000 };
const FIFTH: Pool = Pool { all: 10, bribable: 2 };

fn params_with(change: impl FnOnce(&mut RawParams)) -> Params {
    let mut raw = RawParams::default();
    change(&mut raw);
    Params::try_from(raw).expect("in range")
}

fn defaults() -> Params {
    params_with(|_| {})
}

fn kind(id: &str) -> Kind {
    kinds(&defaults()).into_iter().find(|kind| kind.id == id).expect("a kind of that name")
}

fn lies(point: Point) -> Option<&'static [Act]> {
    match point {
        Point::Bid => Some(&[Act::Ceiling]),
        Point::OpenBid | Point::Accept => Some(&[Act::Do]),
        Point::Result => Some(&[Act::Wrong]),
        _ => None,
    }
}

fn profit(end: &End) -> Option<Rational> {
    Some(Rational::whole(end.gains[&Party::Coalition]))
}

fn is_rejected(end: &End) -> Option<Rational> {
    let rejected = end.outcome == Some(earnest_protocol::market::Outcome::Rejected);
    Some(if rejected { Rational::ONE } else { Rational::ZERO })
}

fn play(members: &'static [Member], facts: &Facts, id: &str) -> crate::Deviation {
    let params = defaults();
    let found = play_coalition(&params, facts, &kind("standard"), members, Effort::Nodes(20_000));
    let wanted = format!("{id}/standard");
    found.into_iter().find(|one| one.id == wanted).expect("an entry of that name")
}

#[test]
fn what_a_lone_liar_gets_is_the_closed_form_to_the_last_unit() {
    for id in ["standard", "rare"] {
        let kind = kind(id);
        let cast = Cast::new(&defaults(), &kind, &[Member::Provider], FIFTH).expect("a quote");
        let tree = Tree::build(&cast, BUDGET);
        assert_eq!(tree.missing, None);
        let best = value::best(&tree, &lies, &profit).expect("fits");
        let units =
            |amount: Amount| Rational::whole(i64::try_from(amount.units()).expect("63 bits"));
        let audited = Rational::new(kind.audit_rate.parts().into(), PARTS.into()).expect("fits");
        let spared = Rational::ONE.minus(audited).expect("fits");
        // Paid the ceiling less the take if it is spared; all collateral goes if it is not.
        let take = defaults().market().take.amount_ceil(kind.price_max);
        let paid = units(kind.price_max.saturating_sub(take));
        let lost = units(cast.collateral);
        let expected = spared.times(paid).and_then(|won| won.minus(audited.times(lost)?));
        // Two commands at the base fee of their blocks are all that the form does not have.
        let fees = expected.expect("fits").minus(best.value.lower).expect("fits");
        let two = Rational::whole(2 * 10_000);
        assert!(Rational::ZERO < fees && fees <= two, "{id}: fees of {fees:?}");
        assert_eq!(fees.denominator(), 1, "{id}: nothing but whole fees is left");
    }
}

#[test]
fn a_wrong_result_is_convicted_with_the_hypergeometric_chance() {
    for id in ["standard", "pair", "certain"] {
        let kind = kind(id);
        let members = [Member::Provider, Member::Auditors];
        let cast = Cast::new(&defaults(), &kind, &members, FIFTH).expect("a quote");
        let tree = Tree::build(&cast, BUDGET);
        let best = value::best(&tree, &lies, &profit).expect("fits");
        let seats = u32::from(kind.auditors);
        let all_friends = law::hypergeometric(10, 2, seats, seats).expect("fits");
        let audited = Rational::new(kind.audit_rate.parts().into(), PARTS.into()).expect("fits");
        let caught = Rational::ONE.minus(all_friends).and_then(|honest| audited.times(honest));
        let seen = value::mean(&tree, &best.ends, &is_rejected);
        assert_eq!(seen, caught, "{id}");
        // The quote is a lower bound of it.
        let quoted = Rational::new(cast.quote.detection.parts().into(), PARTS.into());
        assert!(quoted < caught, "{id}");
    }
}

#[test]
fn every_end_closes_its_books_and_every_chance_sums_to_one() {
    let members = [Member::Provider, Member::Auditors];
    let cast = Cast::new(&defaults(), &kind("standard"), &members, FIFTH).expect("a quote");
    let tree = Tree::build(&cast, BUDGET);
    assert!(tree.ends().count() > 50);
    for end in tree.ends() {
        assert_eq!(end.gains.values().sum::<i64>(), 0, "{:?}", end.history);
        let told: i64 = end.statement.values().sum();
        assert_eq!(told, end.gains[&Party::Coalition], "{:?}", end.history);
    }
    for node in &tree.nodes {
        if let Node::Chance { children, .. } = node {
            let sum = children.iter().try_fold(Rational::ZERO, |sum, (w, _)| sum.plus(*w));
            assert_eq!(sum, Some(Rational::ONE));
        }
    }
}

#[test]
fn who_insures_a_job_of_its_own_and_is_convicted_loses_though_the_pool_has_no_bounds() {
    let members: &'static [Member] = &[Member::Requester, Member::Provider, Member::Auditors];
    let params = params_with(|raw| raw.insurance.cover_share = Ratio::percent(90));
    let facts = Facts::assumed(&params);
    for id in ["standard", "certain"] {
        let kind = kind(id);
        let found = play_coalition(&params, &facts, &kind, members, Effort::Nodes(20_000));
        let of = |name: &str| {
            let wanted = format!("{name}/{id}");
            found.iter().find(|one| one.id == wanted).expect("an entry of that name")
        };
        let (bare, insured) = (of("compensation-farm"), of("insured-compensation-farm"));
        assert_eq!(insured.verdict, Verdict::Holds, "{insured:?}");
        assert_ne!(insured.gain, bare.gain, "a cover is worth something, or costs its premium");
    }
    // Of the ends of a lie some sink a slash, and there the cover pays more than it costs.
    let cast = Cast::new(&params, &kind("certain"), members, FIFTH).expect("a quote");
    let tree = Tree::build(&cast, BUDGET);
    let zero = Rational::ZERO;
    let (mut paid, mut unpaid) = (0, 0);
    for end in tree.ends() {
        let cover = insured::worth(end, &cast, &params).expect("fits");
        let Some(sunk) = end.sunk else {
            assert!(cover < zero, "a premium for nothing");
            unpaid += 1;
            continue;
        };
        let sunk = Rational::whole(i64::try_from(sunk.units()).expect("63 bits"));
        assert!(zero < cover && cover < sunk, "{cover:?} of {sunk:?}");
        paid += 1;
    }
    assert!(paid > 3 && unpaid > 3, "{paid} and {unpaid}");
}

#[test]
fn a_network_that_insures_nobody_has_no_insured_jobs() {
    let members: &'static [Member] = &[Member::Requester, Member::Provider, Member::Auditors];
    let (params, effort) = (defaults(), Effort::Nodes(20_000));
    let facts = Facts::assumed(&params);
    let found = play_coalition(&params, &facts, &kind("standard"), members, effort);
    assert!(found.iter().all(|one| !one.id.starts_with("insured")));
}

#[test]
fn an_appeal_of_the_guilty_costs_its_deposit_and_gives_nothing_back() {
    let params = defaults();
    let facts = Facts::assumed(&params);
    let play = |members: &'static [Member]| {
        let effort = Effort::Nodes(20_000);
        let mut found = play_coalition(&params, &facts, &kind("appealed"), members, effort);
        assert_eq!(found.len(), 1, "nothing else is played where one may appeal");
        found.remove(0)
    };
    let alone = play(&[Member::Provider]);
    assert_eq!(alone.verdict, Verdict::Holds, "{alone:?}");
    // A tenth of the time it is convicted, and pays the deposit and the fee of its command.
    let deposit = i128::from(params.slashing().appeal_deposit_min.units());
    let gain = alone.gain.expect("shown");
    assert!((-deposit / 10 - 10_000..=-deposit / 10).contains(&gain), "{gain} of {deposit}");
    // The form leaves out fees of commands, some six of them at the most.
    let (value, form) = (alone.values.expect("shown")[0], alone.closed_form.expect("one"));
    assert!((0..=60_000).contains(&(form - value)), "{value} and {form}");
    let bribed = play(&[Member::Provider, Member::Auditors]);
    assert_eq!(bribed.verdict, Verdict::Holds, "{bribed:?}");
    assert!(bribed.gain.is_some_and(|gain| gain < 0), "{bribed:?}");
}

/// A network of two assets whose validators feed the price of stake.
fn fed() -> Params {
    params_with(|raw| {
        raw.prices.average_epochs = Epochs::new(4);
        raw.prices.stale_epochs = Epochs::new(3);
    })
}

/// Credits need the feed (R20), which no game of one job has: what the genesis says of them stays
/// out of the game, and stands where the feed is played.
#[test]
fn a_network_whose_stake_mints_credits_is_audited_like_any_other_of_two_assets() {
    let members: &'static [Member] = &[Member::Provider];
    let of = |params: &Params| {
        let facts = Facts::assumed(params);
        play_coalition(params, &facts, &kind("standard"), members, Effort::Quick)
    };
    let minting = params_with(|raw| {
        (raw.prices.average_epochs, raw.prices.stale_epochs) = (Epochs::new(4), Epochs::new(3));
        (raw.credits.mint_share, raw.credits.redeem_share) = (Ratio::percent(1), Ratio::percent(1));
    });
    let (with, without) = (of(&minting), of(&fed()));
    assert!(!with.is_empty());
    for (one, other) in with.iter().zip(&without) {
        assert_ne!(one.verdict, Verdict::NotShown, "{one:?}");
        assert_eq!((one.verdict, one.gain), (other.verdict, other.gain), "{}", one.id);
    }
    let pool = Pool { all: 10, bribable: 6 };
    let priced = kinds(&minting).into_iter().find(|kind| kind.id == "priced").expect("a kind");
    let cast = Cast::new(&minting, &priced, &[Member::Provider, Member::Auditors], pool);
    assert!(feed::pushed(&minting, &cast.expect("a quote")).is_ok());
}

/// M5: while everybody else posts, less than half of the validators move nothing; with more the
/// price goes up by a step an epoch.
#[test]
fn friends_push_a_price_from_more_than_half_of_what_is_posted_on() {
    let params = fed();
    let untouched = cast::untouched(&params).expect("it is on");
    let kind = kinds(&params).into_iter().find(|kind| kind.id == "priced").expect("a kind of it");
    let pushed = |bribable| {
        let pool = Pool { all: 10, bribable };
        let members = [Member::Provider, Member::Auditors];
        let cast = Cast::new(&params, &kind, &members, pool).expect("a quote");
        feed::pushed(&params, &cast).expect("not stale")
    };
    assert_eq!([0, 2, 5].map(pushed), [untouched; 3]);
    let up = pushed(6);
    // Four steps of 5 % after the first that counts: the average of 1.05 to 1.22, and more.
    assert!(untouched.ratio_floor(Ratio::percent(90)) < untouched && untouched < up, "{up:?}");
}

#[test]
fn a_lie_at_a_pushed_price_holds_at_a_fifth_and_pays_when_six_in_ten_push_and_replays() {
    let params = fed();
    let kind = kinds(&params).into_iter().find(|kind| kind.id == "priced").expect("a kind of it");
    let members: &[Member] = &[Member::Provider, Member::Auditors];
    let play = |percent| {
        let facts = Facts { collusion: Ratio::percent(percent), ..Facts::assumed(&params) };
        play_coalition(&params, &facts, &kind, members, Effort::Nodes(20_000))
    };
    let few = play(20);
    assert_eq!(few.len(), 2);
    assert!(few.iter().all(|one| one.verdict == Verdict::Holds), "{few:?}");
    let many = play(60).remove(1);
    assert_eq!(many.verdict, Verdict::Pays, "{many:?}");
    let best = many.values.expect("shown")[0];
    assert_eq!(replay(&many.trace.expect("it was played")), Ok(best));
}

/// What stake is worth changes how much of it is locked, and not what a lie costs.
#[test]
fn a_network_of_two_assets_is_audited_in_what_its_stake_is_worth() {
    let members: &'static [Member] = &[Member::Provider];
    let lie = |params: &Params| {
        let facts = Facts::assumed(params);
        let found = play_coalition(params, &facts, &kind("standard"), members, Effort::Quick);
        assert!(found.iter().all(|one| one.verdict == Verdict::Holds), "{found:?}");
        found[0].gain.expect("shown")
    };
    let at = |cents| lie(&params_with(|raw| raw.chain.stake_price = Factor::percent(cents)));
    let (cheap, dear) = (at(50), at(200));
    assert!((cheap - dear).abs() < dear.abs() / 100, "{cheap} and {dear}");
    // A withheld beacon draws more auditors in one asset alone: two take larger collateral; and new
    // work values stake at a haircut, so that a lie at a price that did not fall loses more.
    assert!(dear < lie(&defaults()));
    assert!(lie(&fed()) < cheap.max(dear));
}

/// A requester pays for the audit that a withheld beacon makes certain, and whoever withheld it
/// loses no less, in two assets as in one: its bond burns.
#[test]
fn a_withheld_beacon_costs_the_operator_in_two_assets_too() {
    let members: &'static [Member] = &[Member::Operator];
    for params in [defaults(), fed()] {
        let facts = Facts::assumed(&params);
        let found = play_coalition(&params, &facts, &kind("standard"), members, Effort::Quick);
        let withheld = found.iter().find(|one| one.id == "beacon-withheld/standard");
        let withheld = withheld.expect("it is in the catalogue");
        assert_eq!(withheld.verdict, Verdict::Holds, "{withheld:?}");
        assert!(withheld.gain.is_some_and(|gain| gain < 0), "{withheld:?}");
    }
}

const WITH_COUNCIL: &[Member] = &[Member::Provider, Member::Auditors, Member::Council];

/// M32: one bought member too few loses the deposit, though the convict sits in the council, too;
/// with as many as speak for it an appeal undoes every slash, and lying pays.
#[test]
fn a_council_holds_until_as_many_are_bought_as_speak_for_it() {
    let params = params_with(|raw| raw.governance.phase = 0);
    let facts = Facts::assumed(&params);
    let kind = kinds(&params).into_iter().find(|kind| kind.appeals).expect("appeals are on");
    let play = |bought: u8| {
        let kind = Kind { bought, ..kind.clone() };
        let mut found = play_coalition(&params, &facts, &kind, WITH_COUNCIL, Effort::Nodes(20_000));
        assert_eq!(found.len(), 1);
        found.remove(0)
    };
    assert_eq!(kind.bought, 2, "of three that speak for it");
    let few = play(2);
    assert_eq!(few.verdict, Verdict::Holds, "{few:?}");
    // Friends are drawn as auditors, so that it is convicted in at most a tenth of all plays.
    let deposit = i128::from(params.slashing().appeal_deposit_min.units());
    assert!(few.gain.is_some_and(|gain| gain <= -deposit / 25), "{few:?}");
    let enough = play(3);
    assert_eq!(enough.verdict, Verdict::Pays, "{enough:?}");
    let best = enough.values.expect("shown")[0];
    assert_eq!(replay(&enough.trace.expect("it was played")), Ok(best));
}

#[test]
fn a_network_with_a_council_is_audited_like_any_other() {
    for phase in [0, 1] {
        let params = params_with(|raw| raw.governance.phase = phase);
        let facts = Facts::assumed(&params);
        let effort = Effort::Nodes(20_000);
        let lone: &[Member] = &[Member::Provider];
        for (kind, count) in [("standard", 6), ("appealed", 1)] {
            let found = play_coalition(&params, &facts, &self::kind(kind), lone, effort);
            assert_eq!(found.len(), count, "{kind}");
            assert!(found.iter().all(|one| one.verdict == Verdict::Holds), "{found:?}");
        }
    }
}

/// M32: a pause keeps strangers out and changes nothing of what goes on.
#[test]
fn a_guardian_that_pauses_helps_no_liar_and_harms_nobody_at_work() {
    let (params, effort) = (defaults(), Effort::Nodes(20_000));
    let facts = Facts::assumed(&params);
    let of = |members| play_coalition(&params, &facts, &kind("standard"), members, effort);
    let guarded = of(&[Member::Provider, Member::Auditors, Member::Guardian]);
    assert_eq!(guarded.len(), 2);
    let alone = of(&[Member::Provider, Member::Auditors]);
    for (with, without) in [
        ("wrong-result-and-a-pause", "wrong-result-bribed"),
        ("wrong-result-and-a-pause-instead-of-leaving", "wrong-result-bribed-instead-of-leaving"),
    ] {
        let find = |found: &[crate::Deviation], id: &str| {
            let wanted = format!("{id}/standard");
            found.iter().find(|one| one.id == wanted).expect("an entry").clone()
        };
        let (with, without) = (find(&guarded, with), find(&alone, without));
        assert_eq!(with.verdict, Verdict::Holds, "{with:?}");
        assert_eq!(with.gain, without.gain, "the best guardian of a liar does nothing");
        assert!(with.size[1] > 5 * without.size[1], "and was asked all along: {with:?}");
    }
    let harms = of(&[Member::Guardian]);
    assert_eq!(harms.len(), 2);
    for one in harms {
        assert_eq!(one.verdict, Verdict::Holds, "{one:?}");
        assert!(one.victims.iter().all(|loss| loss.loss == 0), "{one:?}");
        assert!((10_000..=40_000).contains(&-one.gain.expect("shown")), "two fees: {one:?}");
    }
}

/// A network that emits far more than it burns, at the highest cap there is.
fn emitting() -> Params {
    params_with(|raw| {
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = Amount::tokens(1_000_000);
        raw.rewards.emission_cap = Ratio::new(PARTS - 1).expect("below 1");
    })
}

#[test]
fn who_works_for_itself_loses_though_emission_pays_nearly_all_that_burns() {
    let members: &'static [Member] = &[Member::Requester, Member::Provider, Member::Auditors];
    let params = emitting();
    let (facts, effort) = (Facts::assumed(&params), Effort::Nodes(20_000));
    let found = play_coalition(&params, &facts, &kind("standard"), members, effort);
    let found = found.into_iter().find(|one| one.id == "self-dealing/standard").expect("one");
    assert_eq!(found.verdict, Verdict::Holds, "{found:?}");
    assert!(found.gain.is_some_and(|gain| gain < 0), "{found:?}");
}

#[test]
fn every_end_closes_its_books_where_work_attracts_emission() {
    let members = [Member::Provider, Member::Auditors];
    let cast = Cast::new(&emitting(), &kind("standard"), &members, FIFTH).expect("a quote");
    let tree = Tree::build(&cast, BUDGET);
    let mut attracted = 0;
    for end in tree.ends() {
        assert_eq!(end.gains.values().sum::<i64>(), 0, "{:?}", end.history);
        let told: i64 = end.statement.values().sum();
        assert_eq!(told, end.gains[&Party::Coalition], "{:?}", end.history);
        attracted += u32::from(end.gains[&Party::Emission] < 0);
    }
    assert!(0 < attracted);
}

#[test]
fn lying_holds_at_a_fifth_and_pays_when_six_in_ten_are_bribable_with_a_trace_that_replays() {
    let assumed = Facts::assumed(&defaults());
    let members = &[Member::Provider, Member::Auditors];
    let id = "wrong-result-bribed-instead-of-leaving";
    assert_eq!(play(members, &assumed, id).verdict, Verdict::Holds);

    let worse = Facts { collusion: Ratio::percent(60), ..assumed };
    let found = play(members, &worse, id);
    assert_eq!(found.verdict, Verdict::Pays, "{:?}", found.reason);
    let mut trace = found.trace.expect("what pays has a trace");
    let best = found.values.expect("both were valued")[0];
    assert_eq!(replay(&trace), Ok(best));
    trace.plays[0].profit += 1;
    assert!(replay(&trace).is_err(), "a trace that says something else is refused");
}

#[test]
fn a_wrong_result_pays_from_the_very_value_that_the_frontier_names() {
    let assumed = Facts::assumed(&defaults());
    let members = &[Member::Provider];
    let at = play(members, &assumed, "wrong-result").value_until.expect("some value turns it");
    let worth = |units: u64| Facts { value: Amount::new(units), ..assumed };
    assert_eq!(play(members, &worth(at), "wrong-result").verdict, Verdict::Pays);
    assert_ne!(play(members, &worth(at - 1), "wrong-result").verdict, Verdict::Pays);
}

#[test]
fn work_that_costs_more_than_it_is_paid_is_no_honest_living_and_no_reason_to_lie() {
    let assumed = Facts::assumed(&defaults());
    let dear = Facts { cost: Some(Amount::tokens(20)), ..assumed };
    let members = &[Member::Provider];
    assert_eq!(play(members, &assumed, "participation-provider").verdict, Verdict::Holds);
    assert_eq!(play(members, &dear, "participation-provider").verdict, Verdict::Pays);
    assert_eq!(play(members, &dear, "wrong-result").verdict, Verdict::Holds);
}

#[test]
fn a_result_is_worth_asking_for_from_the_very_value_that_the_audit_names() {
    let assumed = Facts::assumed(&defaults());
    let members = &[Member::Requester];
    let id = "participation-requester";
    let found = play(members, &assumed, id);
    assert_eq!(found.verdict, Verdict::Holds, "{:?}", found.reason);
    let from = found.worth_from.expect("some value is enough");
    assert!(kind("standard").price_max.units() < from, "it pays the ceiling, audits and fees");
    let worth = |units: u64| Facts { right: Amount::new(units), ..assumed };
    assert_eq!(play(members, &worth(from + 1), id).verdict, Verdict::Holds);
    assert_eq!(play(members, &worth(from - 1), id).verdict, Verdict::Pays);
}

#[test]
fn a_requester_is_protected_as_long_as_lying_does_not_pay_and_no_longer() {
    let assumed = Facts::assumed(&defaults());
    let members = &[Member::Provider, Member::Auditors];
    let id = "requester-protected";
    let found = play(members, &assumed, id);
    assert_eq!(found.verdict, Verdict::Holds, "{:?}", found.reason);

    let worse = Facts { value: Some(Amount::tokens(1_000)), ..assumed };
    let unharmed = Facts { harm: Some(Amount::ZERO), ..worse };
    let (harmed, unharmed) = (play(members, &worse, id), play(members, &unharmed, id));
    assert_eq!(harmed.verdict, Verdict::Pays);
    assert!(unharmed.gain < harmed.gain, "a harmless lie costs the price alone");
}

#[test]
fn what_honest_people_get_is_the_closed_form_less_whole_fees_of_commands() {
    let params = defaults();
    let facts = Facts::assumed(&params);
    for kind in [kind("first-price"), kind("pair")] {
        for members in [&[Member::Requester][..], &[Member::Provider]] {
            let found = play_coalition(&params, &facts, &kind, members, Effort::Nodes(20_000));
            let honest = |one: &&crate::Deviation| one.id.starts_with("participation");
            for one in found.iter().filter(honest) {
                let [played, _] = one.values.expect("it was valued");
                let fees = one.closed_form.expect("there is a form") - played;
                assert!((1..=60_000).contains(&fees), "{}: {fees} of fees", one.id);
            }
        }
    }
}

#[test]
fn every_assumption_has_room_at_the_defaults_and_seats_that_do_not_convict_are_alike() {
    let none = Facts { collusion: Ratio::ZERO, ..Facts::assumed(&defaults()) };
    let found = frontier(&defaults(), &none, Effort::Quick);
    assert_eq!(found.len(), 9);
    let room = |words: &str| {
        let one = found.iter().find(|one| one.assumption.contains(words)).expect("it is asked");
        one.shares.expect("a share")[1]
    };
    for one in &found {
        assert!(one.shares.is_none_or(|[assumed, last]| assumed < last), "{one:?}");
        assert_ne!(one.holds_to, "nothing", "{one:?}");
    }
    // With one seat it is the same whether its auditor is bribed or lax, or the referee errs.
    assert_eq!([room("bribable"), room("lax")], [room("referee"); 2]);
    assert!(room("lax") <= room("biased"), "an audit that is avoided pays no friend a fee");
}

#[test]
fn a_result_a_block_too_late_is_abandonment_and_one_at_the_edge_is_in_time() {
    let params = defaults();
    let kind = kind("standard");
    let cast = Cast::new(&params, &kind, &[Member::Provider], FIFTH).expect("a quote");
    let outcomes = |edge| {
        let cast = cast.clone().waiting(Some(Late { point: Point::Result, edge }));
        let tree = Tree::build(&cast, BUDGET);
        assert_eq!(tree.missing, None);
        let right = |end: &&End| end.history.contains(&(Point::Result, Act::Right));
        tree.ends().filter(right).map(|end| end.outcome.expect("closed")).collect::<Vec<_>>()
    };
    let at_once = Tree::build(&cast, BUDGET);
    assert!(at_once.ends().any(|end| end.received));
    let [before, last, after] = [Edge::Before, Edge::Last, Edge::After].map(outcomes);
    assert_eq!(before, last, "the last block is as good as the one before");
    assert!(last.contains(&Outcome::Accepted), "{last:?}");
    assert!(!after.contains(&Outcome::Accepted), "{after:?}");
}

#[test]
fn moves_at_the_edge_gain_nothing_and_their_traces_replay() {
    let facts = Facts::assumed(&defaults());
    let games: [(&[Member], Point); 4] = [
        (&[Member::Provider], Point::Result),
        (&[Member::Challenger], Point::Challenge),
        (&[Member::Provider, Member::Challenger], Point::Defend),
        (&[Member::Auditors], Point::Verdict),
    ];
    for (members, point) in games {
        let game = (members, point);
        let found = play_late(&defaults(), &facts, &kind("standard"), game, Effort::Quick);
        assert_eq!(found.len(), 1);
        for one in found {
            assert_eq!(one.verdict, Verdict::Holds, "{}: {:?}", one.id, one.reason);
            let trace = one.trace.expect("it was played");
            assert_eq!(trace.late.map(|late| late.point), Some(point));
            assert!(replay(&trace).is_ok(), "{}", one.id);
        }
    }
}

#[test]
fn a_lone_auditor_loses_its_reward_by_being_turned_and_one_beside_an_honest_one_its_lock() {
    let (friends, bribes) = bribes(&defaults(), &Facts::assumed(&defaults()), Effort::Quick);
    let bribe = |kind: &str, turned: [u32; 2]| {
        let found = bribes.iter().find(|one| one.kind == kind && one.turned == turned);
        found.expect("it was priced")
    };
    let alone = bribe("standard", [1, 1]);
    let beside = bribe("pair", [1, 2]);
    assert!(0 < alone.least, "an honest auditor is rewarded for a conviction: {alone:?}");
    assert!(alone.most > alone.least, "who alone decides can be bought: {alone:?}");
    assert!(beside.most < beside.least, "who is overruled cannot: {beside:?}");
    let both = bribe("pair", [2, 2]);
    assert!(both.least < beside.least, "all together risk less each");

    // Friends can only help, and the assumed fifth is not enough.
    for kind in ["standard", "pair"] {
        let of: Vec<_> = friends.iter().filter(|one| one.kind == kind).collect();
        assert!(of.is_sorted_by(|one, two| one.over_leaving <= two.over_leaving), "{of:?}");
        assert!(of[..3].iter().all(|one| one.verdict == Verdict::Holds), "{of:?}");
    }
}

#[test]
fn a_game_above_its_budget_or_refused_by_the_rules_is_not_shown() {
    let facts = Facts::assumed(&defaults());
    let members = &[Member::Provider];
    let few = play_coalition(&defaults(), &facts, &kind("standard"), members, Effort::Nodes(5));
    assert!(few.iter().all(|one| one.verdict == Verdict::NotShown && one.reason.is_some()));
    let strict = params_with(|raw| raw.verification.detection_min = Ratio::percent(90));
    let refused = play_coalition(&strict, &facts, &kind("standard"), members, Effort::Full);
    assert!(refused.iter().all(|one| one.verdict == Verdict::NotShown));
}

#[test]
fn a_larger_margin_makes_every_lie_worse() {
    let facts = Facts::assumed(&defaults());
    let twice = params_with(|raw| raw.verification.margin = Factor::percent(200));
    let lie = |params: &Params| {
        let kind = kind("standard");
        let found = play_coalition(params, &facts, &kind, &[Member::Provider], Effort::Full);
        found[0].gain.expect("shown")
    };
    assert!(lie(&twice) < lie(&defaults()));
}

#[test]
fn every_label_and_every_known_hole_has_an_entry_or_a_reason() {
    let mut covered: BTreeSet<&str> = entries().flat_map(|entry| entry.labels).copied().collect();
    covered.extend(REASONS.iter().flat_map(|(labels, _)| *labels));
    let numbered = |letter: &str, last: u32| {
        (1..=last).map(|number| format!("{letter}{number}")).collect::<Vec<_>>()
    };
    let own = [numbered("C", 17), numbered("M", 33), numbered("m", 25)].concat();
    let threats = include_str!("../../../docs/threat-model.md");
    // Those of a room of its own stand at the head of a point, as in `- **D1, strangers raise`, or
    // of a row of a table. Keys that act for an account are nobody's choice in a game.
    let rows = threats.lines().filter_map(|line| {
        let row = line.strip_prefix("| ").and_then(|rest| rest.split_once(" |"));
        let point = || line.strip_prefix("- **").and_then(|rest| rest.split_once(','));
        let (label, _) = row.or_else(point)?;
        let mut letters = label.chars();
        let is_label = letters.next().is_some_and(|first| "CMDIOEVNSBFG".contains(first));
        let number = letters.as_str();
        (is_label && number.parse::<u32>().is_ok()).then(|| label.to_owned())
    });
    let rows: Vec<String> = rows.collect();
    let last = ["C17", "M34", "D8", "I8", "O10", "E6", "V9", "N4", "S6", "B7", "F5", "G5"];
    for label in last {
        assert!(rows.iter().any(|row| row == label), "{label} is not found in the page");
    }
    for label in own.into_iter().chain(rows) {
        assert!(covered.contains(label.as_str()), "{label} has neither an entry nor a reason");
    }
    let (_, holes) = threats.split_once("## Known holes").expect("the section is there");
    let (holes, _) = holes.split_once("\n## ").expect("another follows");
    let holes: Vec<&str> = holes.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert!(holes.len() > 20);
    for hole in &holes {
        let known = HOLES.iter().any(|(words, _)| hole.starts_with(words));
        assert!(known, "a known hole has neither an entry nor a reason: {hole}");
    }
    for (words, _) in HOLES {
        assert!(
            holes.iter().any(|hole| hole.starts_with(words)),
            "no known hole any more: {words}"
        );
    }
}

#[test]
fn rules_that_drew_half_as_often_as_they_quote_would_be_accused() {
    let params = defaults();
    for id in ["standard", "first-price", "pair", "certain"] {
        let kind = kind(id);
        let cast = Cast::new(&params, &kind, draws::MEMBERS, FIFTH).expect("it is quoted");
        let found = draws::draws(&cast, &kind, 12_000);
        assert_eq!(found.verdict, Verdict::Holds, "{id}: {:?}", found.reason);

        let (counts, _) = draws::count(&cast, 12_000).expect("it draws");
        let doubled = (kind.audit_rate.parts() * 2).min(PARTS);
        let other = if id == "certain" { PARTS / 2 } else { doubled };
        let (seats, pool) = (u32::from(kind.auditors), (FIFTH.all, FIFTH.bribable));
        let law = law::draw(other, pool, seats).expect("fits");
        let law = law.into_iter().map(|(draw, weight)| (vec![draw], weight)).collect();
        assert!(draws::accuse(&counts, &law, 12_000).expect("fits").is_some(), "{id}");
        // Nor would a draw go unseen in which friends have twice the chance of others.
        let law = law::draw(kind.audit_rate.parts(), (FIFTH.all, 2 * FIFTH.bribable), seats);
        let law = law.expect("fits").into_iter().map(|(draw, weight)| (vec![draw], weight));
        assert!(draws::accuse(&counts, &law.collect(), 12_000).expect("fits").is_some(), "{id}");
    }
}

/// R4 and the answer of what leaves: a liar that takes its free bond back in time loses as much as
/// one that stays, and the fee of asking; whether exits queue or not.
#[test]
fn a_liar_that_takes_its_free_bond_back_answers_with_it_all_the_same() {
    let queueing = params_with(|raw| raw.staking.exit_epochs = Epochs::new(40));
    for params in [defaults(), queueing] {
        let facts = Facts::assumed(&params);
        let (members, effort) = (&[Member::Provider], Effort::Nodes(20_000));
        let found = play_coalition(&params, &facts, &kind("leaving"), members, effort);
        let of = |id: &str| found.iter().find(|one| one.id == id).expect("an entry of that name");
        assert_eq!(found.len(), 3, "nothing else is played of this kind");
        let lies = of("wrong-result-of-a-large-bond/leaving");
        assert_eq!(lies.verdict, Verdict::Holds, "{lies:?}");
        let alone = play(&[Member::Provider], &facts, "wrong-result");
        assert!(lies.gain < alone.gain, "a part of a large bond goes, too: {lies:?} {alone:?}");
        for id in ["unbonded-after-accepting/leaving", "unbonded-in-dispute/leaving"] {
            let leaves = of(id);
            assert_eq!(leaves.verdict, Verdict::Holds, "{leaves:?}");
            let lost = -leaves.gain.expect("shown");
            assert!((1..=20_000).contains(&lost), "a fee: {leaves:?}");
        }
    }
}

/// Where three times its bond may be put behind an operator.
fn delegating() -> (Params, Kind) {
    let params = params_with(|raw| raw.staking.delegation_max = Factor::percent(300));
    let kind = kinds(&params).into_iter().find(|kind| kind.id == "delegated");
    (params, kind.expect("a kind in which somebody delegates"))
}

fn found(members: &'static [Member], id: &str) -> crate::Deviation {
    let (params, kind) = delegating();
    let facts = Facts::assumed(&params);
    let found = play_coalition(&params, &facts, &kind, members, Effort::Nodes(20_000));
    let wanted = format!("{id}/delegated");
    found.into_iter().find(|one| one.id == wanted).expect("an entry of that name")
}

#[test]
fn a_delegator_earns_its_part_of_honest_pay_to_the_unit() {
    let earns = found(&[Member::Delegator], "participation-delegator");
    assert_eq!(earns.verdict, Verdict::Holds, "{earns:?}");
    let theory = earns.closed_form.expect("of this kind");
    // Three quarters of nine tenths of the ceiling less the take; the index drops less than a unit.
    let (params, kind) = delegating();
    let paid = kind.price_max.units() - params.market().take.amount_ceil(kind.price_max).units();
    assert_eq!(theory, i128::from(paid * 27 / 40));
    assert_eq!(earns.gain, Some(1 - theory), "{earns:?}");
}

#[test]
fn no_delegator_escapes_what_its_operator_had_accepted() {
    const PAIR: &[Member] = &[Member::Provider, Member::Delegator];
    for id in ["undelegated-after-accepting", "undelegated-in-dispute"] {
        let leaves = found(PAIR, id);
        assert_eq!(leaves.verdict, Verdict::Holds, "{leaves:?}");
        // The fee of one command of weight two, and dust.
        let lost = -leaves.gain.expect("shown");
        assert!((1..=30_000).contains(&lost), "{leaves:?}");
    }
    for id in ["redelegated-after-accepting", "redelegated-in-dispute"] {
        assert_eq!(found(PAIR, id).verdict, Verdict::Holds, "{id}");
    }
    let lies = found(PAIR, "wrong-result-with-delegator");
    assert_eq!(lies.verdict, Verdict::Holds, "{lies:?}");
    assert!(lies.gain < found(&[Member::Provider], "wrong-result").gain, "{lies:?}");
}

/// C5: whoever bets the stake of others gains no more by a wrong result than with none behind it.
#[test]
fn stake_of_others_makes_no_wrong_result_pay() {
    let with = found(&[Member::Provider], "wrong-result");
    assert_eq!(with.verdict, Verdict::Holds, "{with:?}");
    let fees = with.closed_form.expect("of this kind") - with.values.expect("shown")[0];
    assert!((0..=20_000).contains(&fees), "{with:?}");
    let delegator = with.victims.iter().find(|loss| loss.party == "delegator").expect("named");
    assert!(delegator.loss > 0, "who delegated to a liar loses: {with:?}");
    let alone = play(&[Member::Provider], &Facts::assumed(&defaults()), "wrong-result");
    assert!(with.values.expect("shown")[0] <= alone.values.expect("shown")[0]);
}

fn findings(deviations: Vec<crate::Deviation>) -> crate::Findings {
    let report = crate::Report {
        world: Facts::assumed(&defaults()),
        pool: FIFTH,
        deviations,
        not_played: REASONS,
        known_holes: HOLES,
    };
    let verdict = report.verdict();
    let (friends, bribes, frontier, changes) = Default::default();
    crate::Findings { report, verdict, friends, bribes, frontier, changes }
}

/// The page says what was found, whole, and calls nothing a gain that is none.
#[test]
fn the_page_shows_every_number_and_what_pays_before_what_holds() {
    let facts = Facts::assumed(&defaults());
    let play = |id| {
        let kind = kind(id);
        play_coalition(&defaults(), &facts, &kind, &[Member::Provider], Effort::Full)
    };
    let mut found = [play("standard"), play("pair")].concat();
    let page = crate::page(&findings(found.clone()));
    for one in &found {
        assert!(page.contains(&one.id) && page.contains(one.about), "{}", one.id);
        assert!(page.contains(&format!("{}; {} plays", tokens(one.gain), one.size[1])));
    }
    assert!(page.contains("none pays") && !page.contains("class=pays"));
    for loaded in ["http:", "https:", "src=", "url(", "<script", "<link"] {
        assert!(!page.contains(loaded), "the page loads something: {loaded}");
    }
    // The last of the entries pays for a pair, and another is not shown for a reason.
    let last = found.len() - 1;
    found[last].verdict = Verdict::Pays;
    found[0].verdict = Verdict::NotShown;
    found[0].reason = Some("more than 5 < 6 nodes".into());
    let page = crate::page(&findings(found.clone()));
    let (_, grid) = page.split_once("Every deviation").expect("a heading");
    let entry =
        |one: &crate::Deviation| format!("<td>{}<small>", one.id.split('/').next().unwrap());
    let (pays, open) = (grid.find(&entry(&found[last])), grid.find(&entry(&found[0])));
    let holds = grid.find(&entry(&found[1]));
    assert!(pays < open && open < holds && holds.is_some());
    assert!(grid.contains("<span class=pays>") && page.contains("more than 5 &lt; 6 nodes"));
}
