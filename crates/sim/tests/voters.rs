//! Votes: stake decides by the rules, whoever has too little decides nothing, and all accounts
//! close.

use std::fs;

use earnest_protocol::governance::Tally;
use earnest_sim::{
    SimError, design, files,
    motions::{Course, Fate},
    run::{self, Nothing, Outcome},
    scenario::{Scenario, Setting},
    sweep::Sweep,
    tables::Format,
};

/// 10 holders and some buyers of 100,000 tokens each; a vote lasts from block 80 to 160.
const SMALL: &str = r#"
    name = "voted"
    run = { blocks = 400, sample_blocks = 100 }
    demand = { jobs_per_block = 0.2 }
    [requesters.all]
    count = 2
    [validators.all]
    count = 30
    bond = 1_000.0
    [providers.all]
    count = 10
    [voters.buyers]
    count = 4
    votes = { says = "yes" }
    [voters.holders]
    count = 10
    votes = { says = "no", turnout = 1.0 }
    [proposals.dearer]
    at = 50
    by = "voters.buyers"
    changes.verification.margin = 2_000_000_000
    [params.governance]
    delay_epochs = 2
    voting_epochs = 4
    late_quorum_epochs = 2
    timelock_epochs = 2
    expiry_epochs = 2
    [params.staking]
    unbonding_epochs = 20_000
    [params.chain]
    epoch_blocks = 20
"#;

fn scenario(settings: &[&str]) -> Scenario {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    Scenario::parse(SMALL, &settings).expect("a scenario")
}

fn play(settings: &[&str]) -> Outcome {
    let outcome = run::run(&scenario(settings), 3, 0, &mut Nothing).expect("it begins");
    assert_eq!(outcome.error, None, "{settings:?}");
    assert_eq!(outcome.closing.sum(), 0, "to the unit: {settings:?}");
    outcome
}

/// What became of the one proposal.
fn course(settings: &[&str]) -> Course {
    let outcome = play(settings);
    let [course] = &outcome.motions[..] else { panic!("one proposal") };
    course.clone()
}

/// Whole tokens of an answer.
fn tokens(power: earnest_protocol::Amount) -> u64 {
    power.units() / 1_000_000_000
}

#[test]
fn the_larger_part_of_those_who_vote_decides_and_the_rest_keeps_its_rules() {
    let lost = course(&[]);
    assert!(matches!(lost.fate, Fate::Defeated(_)), "{:?}", lost.fate);
    assert_eq!((tokens(lost.tally.yes), tokens(lost.tally.no)), (400_000, 1_000_000));
    assert_eq!((lost.live, lost.adopted), (0, None));
    let won = course(&["voters.buyers.count=11", "demand.jobs_per_block=1.0"]);
    assert_eq!((&won.fate, tokens(won.tally.yes)), (&Fate::Adopted, 1_100_000));
    let [opened, closed, adopted] =
        [won.opened, won.closed, won.adopted].map(|epoch| epoch.expect("it came so far").count());
    assert_eq!((closed - opened, adopted - closed), (4, 2), "as the rules say");
    assert!(won.live > 0, "jobs were open when it came in force");
}

#[test]
fn whatever_its_turnout_less_than_half_of_what_votes_changes_nothing() {
    for turnout in ["0.5", "0.7", "0.9", "1.0"] {
        for when in ["during", "last", "alarmed"] {
            let set = [format!("turnout={turnout}"), format!("when={when}")];
            let set = set.map(|one| format!("voters.holders.votes.{one}"));
            for buyers in ["2", "6", "14"] {
                let count = format!("voters.buyers.count={buyers}");
                let one = course(&[&set[0], &set[1], &count]);
                let Tally { yes, no, .. } = one.tally;
                let turned = yes.units() + no.units();
                let has_quorum = turned * 10 >= one.power.units() * 4;
                let is_carried = has_quorum && yes > no;
                assert_eq!(one.fate == Fate::Adopted, is_carried, "{set:?} {buyers}: {one:?}");
                assert!(one.fate == Fate::Adopted || one.adopted.is_none());
            }
        }
    }
}

#[test]
fn nobody_votes_and_nothing_changes() {
    let none = ["voters.holders.votes.turnout=0.0", "voters.buyers.votes.turnout=0.0"];
    let one = course(&none);
    assert_eq!(one.tally, Tally::default());
    assert!(matches!(one.fate, Fate::Defeated(_)) && one.adopted.is_none(), "{one:?}");
    assert!(one.groups.iter().all(|said| said.ballots == 0));
    // Nor does a buyer alone who has less than the quorum: a share of 3 in 13 of what could vote.
    let alone = course(&["voters.holders.votes.turnout=0.0", "voters.buyers.count=3"]);
    assert!(matches!(alone.fate, Fate::Defeated(_)), "{alone:?}");
    assert!(alone.tally.no.is_zero() && !alone.tally.yes.is_zero());
}

#[test]
fn a_third_that_vetoes_defeats_what_more_would_carry_and_burns_the_deposit() {
    // Nobody works, so that nothing else differs.
    let most = ["voters.buyers.count=18", "demand.jobs_per_block=0.0"];
    let [before, after] = ["no", "veto"].map(|word| {
        let says = format!("voters.holders.votes.says={word}");
        play(&[&most[..], &[&says]].concat())
    });
    assert_eq!(before.motions[0].fate, Fate::Adopted);
    assert!(matches!(after.motions[0].fate, Fate::Defeated(_)), "{:?}", after.motions);
    let of_buyers = |outcome: &Outcome| outcome.groups[3].profit;
    assert_eq!(of_buyers(&before) - of_buyers(&after), 500_000_000_000, "its deposit");
    assert_eq!(after.closing.burnt - before.closing.burnt, 500_000_000_000);
}

#[test]
fn a_late_vote_is_answered_if_the_rules_leave_time_for_it() {
    let late = ["voters.buyers.count=8", "voters.buyers.votes.when=last"];
    let alarmed = ["voters.holders.votes.when=alarmed", "params.governance.late_quorum_epochs=0"];
    let sniped = course(&[late, alarmed].concat());
    assert!(!sniped.is_extended && sniped.tally.no.is_zero(), "{sniped:?}");
    assert_eq!(sniped.fate, Fate::Adopted);
    let answered = course(&[&late[..], &alarmed[..1]].concat());
    assert!(answered.is_extended && matches!(answered.fate, Fate::Defeated(_)), "{answered:?}");
    // Whoever is alarmed says no more than is needed.
    assert_eq!((tokens(answered.tally.yes), tokens(answered.tally.no)), (800_000, 800_000));
}

#[test]
fn in_a_network_of_two_assets_deposits_and_bonds_close_in_stake() {
    for (buyers, blocks) in [(4, 400), (11, 400), (11, 100)] {
        let set = [format!("voters.buyers.count={buyers}"), format!("run.blocks={blocks}")];
        let outcome = play(&["price.start=2.0", &set[0], &set[1]]);
        let stake = outcome.ended.expect("two assets").stake;
        assert_eq!(stake.sum(), 0, "{stake:?}");
        assert!(outcome.motions[0].proposal.is_some());
    }
}

#[test]
fn a_run_that_ends_before_its_vote_says_so_and_closes_with_the_deposit() {
    let one = play(&["run.blocks=60", "demand.jobs_per_block=0.0"]);
    assert_eq!((&one.motions[0].fate, one.motions[0].opened), (&Fate::Pending, None));
    // What it proposed is still its own: fees are all that it has less.
    let profit = one.groups[3].profit;
    assert!((-1_000_000_000..0).contains(&profit), "{profit}");
    let later = play(&["run.blocks=100", "demand.jobs_per_block=0.0"]);
    assert_eq!(later.motions[0].fate, Fate::Active);
}

#[test]
fn a_change_that_fits_nothing_is_refused_as_an_outcome() {
    for (change, why) in [
        ("staking.unbonding_epochs=1", "UnbondingTooShort"),
        ("verification.margin=1", "OutOfRange"),
    ] {
        let change = format!("proposals.dearer.changes.{change}");
        // What breaks a relation does so beside whatever else is proposed.
        let outcome = play(&[&change]);
        let Fate::Refused(told) = &outcome.motions[0].fate else { panic!("{:?}", outcome.motions) };
        assert!(told.contains(why), "{told}");
        assert_eq!(outcome.groups[3].refusals(), 1, "it is counted as any refusal");
    }
    let poor = play(&["voters.buyers.balance=100.0"]);
    assert!(matches!(&poor.motions[0].fate, Fate::Refused(why) if why.contains("Deposit")));
    let out = course(&["outages=[{ group = \"voters.buyers\", share = 1.0, from = 1, to = 900 }]"]);
    assert_eq!(out.fate, Fate::Unproposed, "who is out proposes nothing");
}

#[test]
fn whoever_gains_votes_for_it_and_nobody_else_does() {
    let gain = [
        "providers.all.votes={ says = \"gain\" }",
        "validators.all.votes={ says = \"gain\" }",
        "voters.buyers.votes.turnout=0.0",
        "voters.holders.votes.turnout=0.0",
    ];
    let ballots = |change: &str| {
        let one = course(&[&gain[..], &[change]].concat());
        let [_, validators, providers, ..] = &one.groups[..] else { panic!("five groups") };
        [*providers, *validators].map(|said| (said.ballots, said.tally))
    };
    // A margin changes no pay; less of a take is the providers' gain; audits for less are the
    // validators' loss.
    assert_eq!(ballots("run.blocks=400").map(|(count, _)| count), [0, 0]);
    let [(providers, take), (validators, _)] = ballots("proposals.dearer.changes.market.take=0");
    assert_eq!((providers, validators, take.no.is_zero()), (10, 0, true));
    assert!(!take.yes.is_zero());
    let cheaper = "proposals.dearer.changes.market.tariff_per_mgas=\"900000\"";
    let [(providers, _), (validators, said)] = ballots(cheaper);
    assert_eq!((providers, validators, said.yes.is_zero()), (0, 30, true));
    assert_eq!(tokens(said.no), 30_000);
}

#[test]
fn locks_weigh_and_delegators_speak_for_themselves_if_they_vote() {
    let locked = course(&[
        "params.staking.lock_boost=4_000_000_000",
        "params.staking.lock_epochs_max=10_000",
        "voters.buyers.lock_epochs=10_000",
    ]);
    assert!(tokens(locked.tally.yes) > 1_500_000, "{locked:?}");
    assert_eq!((tokens(locked.tally.no), &locked.fate), (1_000_000, &Fate::Adopted));
    let behind = [
        "params.staking.delegation_max=3_000_000_000",
        "providers.all.commission=[0.1, 0.2]",
        "providers.all.votes={ says = \"yes\" }",
        "delegators.some={ count = 10, policy = \"stays\", stake = 50.0 }",
    ];
    let silent = course(&behind);
    let votes = ["delegators.some.votes={ says = \"no\" }"];
    let speaking = course(&[&behind[..], &votes].concat());
    let of = |course: &Course, group: usize| course.groups[group].tally;
    let (led, own) = (of(&speaking, 2), of(&speaking, 3));
    assert_eq!(tokens(own.no), 500, "{own:?}");
    assert_eq!(of(&silent, 2).yes.units() - led.yes.units(), own.no.units());
}

#[test]
fn groups_and_whoever_is_in_none_add_up_to_the_tally() {
    for count in ["3", "9"] {
        let one = course(&[
            "voters.holders.votes.turnout=0.6",
            "validators.all.votes={ says = \"abstain\", turnout = 0.5 }",
            &format!("voters.buyers.count={count}"),
        ]);
        let sum = |of: fn(&Tally) -> earnest_protocol::Amount| {
            one.groups.iter().map(|said| of(&said.tally).units()).sum::<u64>()
        };
        let tally = one.tally;
        assert_eq!([sum(|t| t.yes), sum(|t| t.no)], [tally.yes.units(), tally.no.units()]);
        assert_eq!(sum(|t| t.abstain), tally.abstain.units());
        assert!(tally.turnout() <= one.power && !tally.abstain.is_zero(), "{one:?}");
    }
}

#[test]
fn a_member_votes_as_before_whoever_else_is_there() {
    let ballots = |settings: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let settings: Vec<Setting> =
            settings.iter().map(|text| text.parse().expect("a setting")).collect();
        files::write_run(
            SMALL,
            &settings,
            (Some(5), 0),
            (folder.path(), Format::Csv),
            &mut Nothing,
        )
        .expect("it runs");
        let table = fs::read_to_string(folder.path().join("votes.csv")).expect("it was written");
        let holders = table.lines().filter(|line| line.starts_with("dearer,voters.holders"));
        let mut rows: Vec<String> = holders.map(str::to_owned).collect();
        rows.sort_unstable();
        rows
    };
    let half = "voters.holders.votes.turnout=0.5";
    let alone = ballots(&[half]);
    assert!((1..10).contains(&alone.len()), "some of them vote: {alone:?}");
    let others = [
        half,
        "voters.buyers.count=9",
        "voters.another={ count = 3, votes = { says = \"veto\" } }",
        "proposals.before={ at = 10, by = \"requesters.all\", \
         changes = { market = { take = 1 } } }",
    ];
    assert_eq!(ballots(&others), alone);
}

#[test]
fn a_sweep_has_the_same_bytes_on_any_threads_and_the_rows_of_its_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let points = design::grid(&["voters.buyers.count=4,11".to_owned()]).expect("a grid");
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).expect("it was written");
    for (name, threads) in [("one", 1), ("more", 3)] {
        let points = points.clone();
        let sweep = Sweep { text: SMALL, points, runs: 2, seed: Some(9), threads: Some(threads) };
        sweep.write(&folder.path().join(name), Format::Csv, &|_, _| {}).expect("it sweeps");
    }
    for table in ["runs", "run_groups", "run_proposals", "run_votes"] {
        let [one, more] = ["one", "more"].map(|name| read(&format!("{name}/{table}/00000.csv")));
        assert_eq!(one, more, "{table}");
    }
    files::write_run(
        SMALL,
        &points[1],
        (Some(9), 1),
        (&folder.path().join("run"), Format::Csv),
        &mut Nothing,
    )
    .expect("it runs");
    for (table, rows) in [("run_proposals", 1), ("run_votes", 2)] {
        let (swept, run) =
            (read(&format!("one/{table}/00000.csv")), read(&format!("run/{table}.csv")));
        assert_eq!(swept.lines().count(), 1 + 4 * rows, "{swept}");
        for row in run.lines().skip(1).map(|line| line.replacen("0,1,", "1,1,", 1)) {
            assert!(swept.lines().any(|line| line == row), "{row} is not in\n{swept}");
        }
    }
    assert_eq!(read("run/votes.csv").lines().count(), 1 + 21);
}

#[test]
fn what_cannot_be_voted_on_is_refused_before_anything_is_played() {
    for (from, to, word) in [
        ("margin = 2_000_000_000", "margin_of = 2", "changes.verification.margin_of"),
        ("margin = 2_000_000_000", "margin = -1", "changes.verification.margin"),
        ("by = \"voters.buyers\"", "by = \"voters.nobody\"", "voters.nobody"),
        ("says = \"no\"", "says = \"gain\"", "voters.holders.votes"),
        ("turnout = 1.0", "turnout = 1.5", "voters.holders.votes.turnout"),
        ("at = 50", "at = 0", "proposals.dearer.at"),
    ] {
        match Scenario::parse(&SMALL.replace(from, to), &[]) {
            Err(SimError::Scenario(refused)) => {
                assert!(refused.to_string().contains(word), "{refused}");
            }
            other => panic!("{word}: {other:?}"),
        }
    }
    let silent = SMALL.split("[proposals.dearer]").next().expect("what comes before");
    let refused = Scenario::parse(silent, &[]).expect_err("a say in nothing");
    assert!(refused.to_string().contains("[proposals.NAME]"), "{refused}");
}
