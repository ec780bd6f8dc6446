//! How the story of a recorded job, a code and a transaction look.

use earnest_api::{EventRecord, Refusal, TransactionView};
use earnest_protocol::{
    AccountId, Amount, Asset, Digest, Epoch, Epochs, Event, Factor, Height, JobId, OperatorId,
    Ratio, Rejected, Role,
    accounts::TransferRejected,
    command::{Command, Transfer},
    num::Returns,
    rewards::{ClaimTerms, VestTerms, WeighTerms},
};

use super::{SEED, account, check, present};
use crate::{
    show::{
        event::Teller,
        story::{Story, code},
        sums::{Emitted, Payout, is_payout, tell},
        transaction::content,
    },
    up::{account::job_of, plan},
};

/// Events of a network that ran, one JSON object a line.
const RECORDED: &str = include_str!("../../up/view/recorded.jsonl");

fn teller() -> Teller {
    let cast = plan::cast(SEED);
    let names = (0..).map(AccountId::new).zip(cast.into_iter().map(|one| one.name.to_owned()));
    Teller::new(present().clock, names)
}

#[test]
fn the_story_of_a_job_says_who_was_paid_what_and_why() {
    let events = RECORDED.lines().map(|line| serde_json::from_str(line).expect("as recorded"));
    let events: Vec<EventRecord> = events
        .filter(|record: &EventRecord| job_of(&record.event) == Some(JobId::new(0)))
        .collect();
    let agreed = events.iter().find_map(|record| match record.event {
        Event::JobAccepted { price, .. } => Some(price),
        _ => None,
    });
    let head = "job 0: refunded: the result was wrong";
    let requester = account("rosa");
    let story = Story { head, requester, agreed, events: &events, slashes: &[], is_whole: true };
    check("story", |width| story.tell(&mut teller(), &present(), width));
}

#[test]
fn a_payout_shows_the_sum_that_it_comes_from() {
    let events = RECORDED.lines().map(|line| serde_json::from_str(line).expect("as recorded"));
    let events: Vec<EventRecord> = events.collect();
    let payouts = |job: u64| {
        let own = events.iter().filter(move |one| job_of(&one.event) == Some(JobId::new(job)));
        let posted = own.clone().find(|one| matches!(one.event, Event::JobPosted { .. }));
        let posted = posted.map(|one| one.event.clone());
        own.filter(|one| is_payout(&one.event)).map(move |record| Payout {
            record: record.clone(),
            posted: posted.clone(),
            emitted: None,
        })
    };
    check("payouts", |width| {
        let all = payouts(2).chain(payouts(0));
        all.map(|payout| tell(&payout, &teller(), width)).collect::<Vec<_>>().join("\n\n")
    });
}

/// An event of block 60 that is a payout.
fn at_60(index: u32, event: Event) -> EventRecord {
    EventRecord { height: Height::new(60), index, event }
}

#[test]
fn a_claim_of_emission_shows_its_cap_its_share_what_it_came_to_and_how_it_vests() {
    let units = |units| Amount::new(units).expect("small");
    let (job, operator, epoch) = (JobId::new(2), OperatorId::new(1), Epoch::new(7));
    let terms = ClaimTerms {
        burnt: units(3_850_842),
        worth: units(170_085_488),
        stake_price: Factor::percent(200),
        emission_cap: Ratio::percent(90),
        validator_share: Ratio::percent(20),
        auditors: 2,
        performance_share: Ratio::ZERO,
        score: Ratio::ONE,
    };
    let claimed = |role, claim: Amount| {
        let terms = Box::new(terms);
        at_60(0, Event::WorkClaimed { job, operator, role, claim, terms })
    };
    // 90 % of what burnt are 3465757 units, worth half as many of stake, a fifth for auditors.
    let provider = claimed(Role::Provider, units(1_386_303));
    let auditor = claimed(Role::Validator, units(173_287));
    // Claims of 4 tokens share 3: a provider whose claims are 2 tokens earns 1.5, a third of it
    // for its delegators.
    let (minted, claims) = (Amount::tokens(3), Amount::tokens(4));
    let earned = Event::EmissionEarned {
        operator,
        epoch,
        claim: Amount::tokens(2),
        amount: units(1_500_000_000),
        shared: units(500_000_000),
        vests: VestTerms {
            at_once: Ratio::percent(25),
            delay: Epochs::new(2),
            vesting: Epochs::new(16),
        },
        weighs: Box::new(WeighTerms { all: Amount::tokens(2), returns: Returns::default() }),
    };
    let emitted = Some(Emitted { minted, claims, earned: earned.clone() });
    let payouts = [
        Payout { record: provider, posted: None, emitted },
        Payout { record: auditor, posted: None, emitted: None },
        Payout { record: at_60(1, earned), posted: None, emitted: None },
    ];
    check("emission", |width| {
        payouts.iter().map(|one| tell(one, &teller(), width)).collect::<Vec<_>>().join("\n\n")
    });
}

#[test]
fn a_code_says_what_it_means_and_what_to_do() {
    let (wanted, free) = (Amount::tokens(5), Amount::tokens(3));
    let refusal = Refusal::from(Rejected::from(TransferRejected::ExceedsFree { wanted, free }));
    check("code", |width| code(&refusal.code, &refusal.detail, &refusal.hint, width));
}

#[test]
fn a_transaction_says_what_was_asked_and_what_came_of_it() {
    let (ada, rosa) = (account("ada"), account("rosa"));
    let amount = Amount::new(1_500_000_000).expect("small");
    let asset = Asset::Stake;
    let height = Height::new(88);
    let event = Event::Transferred { source: rosa.id, target: ada.id, asset, amount };
    let done = TransactionView {
        hash: Digest([7; 32]),
        height,
        index: 2,
        signer: rosa.address,
        account: rosa,
        nonce: 4,
        valid_until: Height::new(180),
        command: Command::Transfer(Transfer { to: ada.address, asset, amount }),
        refusal: None,
        fee: Amount::new(10_000).expect("small"),
        events: vec![EventRecord { height, index: 5, event }],
    };
    let (wanted, free) = (amount, Amount::ZERO);
    let refusal = Refusal::from(Rejected::from(TransferRejected::ExceedsFree { wanted, free }));
    let refused = TransactionView { refusal: Some(refusal), events: Vec::new(), ..done.clone() };
    check("transaction", |width| {
        [&done, &refused].map(|view| content(view, &mut teller(), &present(), width)).join("\n\n")
    });
}
