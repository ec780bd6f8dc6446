//! How an account's money and an operator's status look.

use earnest_api::{
    AccountView, DelegationTerms, DelegationView, EventRecord, GrantView, KeyView, LeavingView,
    MovedView, OperatorView, ProgramView, ProposalView, RewardsView, SlashView, UnbondingView,
    VestingView,
};
use earnest_protocol::{
    Amount, Asset, DelegationId, Digest, Epoch, Event, ExitId, Factor, Height, JobId, MoveId,
    OperatorId, ProgramId, ProposalId, Ratio, Role, SlashId, UnbondingId,
    command::{Auction, Scope},
    governance::{Ending, Forum, ProposalStage, Tally},
    ledger::Pot,
    market::CloseReason,
    payment::{FeeTerms, PayTerms, Work},
    slashing::{Claims, Offence, SlashState, SplitTerms, Waterfall, Way},
    staking::{ActiveSet, SetPlace, Standing},
};

use super::{account, check, present};
use crate::{
    held::{Asked, Held, Place, gather},
    record::{Bid, Fate, Record},
    show::{self, standing::standing},
};

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

/// The provider bond of somebody: 500 tokens, 20 of them locked.
pub fn operator(name: &str, stands: Standing) -> OperatorView {
    let unbonding = UnbondingView {
        id: UnbondingId::new(4),
        amount: Amount::tokens(50),
        queued_at: Height::new(90),
        matures: Epoch::new(31),
    };
    OperatorView {
        id: OperatorId::new(2),
        account: account(name),
        role: Role::Provider,
        standing: stands,
        may_work: stands == Standing::Active,
        is_fit: stands == Standing::Active,
        place: match stands {
            Standing::Active => SetPlace::In,
            Standing::Jailed(_) | Standing::Tombstoned => SetPlace::Unfit,
        },
        active_set: ActiveSet::default(),
        stake: Amount::tokens(500),
        free_bond: Amount::tokens(480),
        locked: Amount::tokens(20),
        unbondable: Amount::tokens(480),
        lock: None,
        vote_weight: Amount::tokens(500),
        stake_min: Amount::tokens(5),
        weight: Amount::tokens(500),
        score: Ratio::percent(93),
        correctness: Ratio::percent(95),
        timeliness: Ratio::percent(91),
        availability: Ratio::ONE,
        ratings: Ratio::ONE,
        proven: Ratio::percent(93),
        carried: Amount::ZERO,
        job_value_max: None,
        strikes: Factor::percent(0),
        strikes_at: Epoch::ZERO,
        judge_accrued: Amount::ZERO,
        rewards: RewardsView::default(),
        unbondings: vec![unbonding],
        unbond_matures: Epoch::new(31),
        unbond_all_matures: Epoch::new(31),
        delegations: DelegationTerms::default(),
    }
}

#[test]
fn on_which_terms_an_operator_takes_delegations_is_told_with_times() {
    let mut taking = operator("ada", Standing::Active);
    taking.delegations = DelegationTerms {
        delegated: Amount::tokens(700),
        leaving: Amount::tokens(20),
        max: Amount::tokens(3_000),
        commission: Ratio::percent(10),
        commission_next_max: Ratio::percent(11),
        commission_ceiling: Ratio::percent(20),
        commission_changeable: Epoch::new(40),
        loss_max: Ratio::percent(5),
        matures: Epoch::new(352),
        all_matures: Epoch::new(400),
        ..DelegationTerms::default()
    };
    check("terms", |width| show::delegation::terms(&taking, &present(), width));
    taking.delegations.slashes_waiting = 1;
    let told = show::delegation::terms(&taking, &present(), 80);
    assert!(told.contains("a slash may still be undone"), "{told}");
}

/// What a node answers of Loki, who has money in many places.
fn asked() -> Asked {
    let who = account("loki");
    let key = KeyView {
        key: account("vera").address,
        scope: Scope::Provide,
        expires: Height::new(900),
        spend_max: Amount::tokens(5),
        spent: amount(1_250_000_000),
        nonce: 3,
        next_nonce: 3,
    };
    let view = AccountView {
        id: who.id,
        address: who.address,
        free: amount(100_123_456_789),
        free_stake: None,
        earned: None,
        grant: Some(GrantView {
            amount: amount(9_000_000_000),
            claimed: amount(1_000_000_000),
            claimable: amount(2_500_000_000),
            cliff: Height::new(100),
            ends: Height::new(9_000),
        }),
        nonce: 12,
        next_nonce: 14,
        provider: Some(OperatorId::new(2)),
        validator: None,
        replica: None,
        access: None,
        tier: None,
        keys: vec![key],
    };
    let slash = SlashView {
        id: SlashId::new(1),
        offence: Offence::WrongResult,
        operator: OperatorId::new(2),
        account: who,
        role: Role::Provider,
        job: JobId::new(7),
        pending: Amount::tokens(30),
        state: SlashState::Pending(Epoch::new(31)),
        claims: Claims::default(),
    };
    let operators = vec![operator("loki", Standing::Jailed(Epoch::new(301)))];
    let exit = ExitId::new(3);
    let delegation = DelegationView {
        id: DelegationId::new(0),
        delegator: who,
        operator: OperatorId::new(1),
        account: account("grace"),
        role: Role::Provider,
        delegated: Amount::tokens(25),
        earned: amount(1_500_000_000),
        leaving: vec![LeavingView { exit, amount: Amount::tokens(4), matures: Epoch::new(40) }],
        moved: vec![MovedView {
            parcel: MoveId::new(0),
            amount: Amount::tokens(6),
            source: OperatorId::new(3),
            matures: Epoch::new(45),
        }],
    };
    let (proposals, programs) = (vec![proposal()], vec![program()]);
    let (jobs, slashes, delegations) = (vec![], vec![slash], vec![delegation]);
    Asked { account: view, operators, jobs, slashes, delegations, proposals, programs }
}

#[test]
fn where_money_is_until_when_and_why_fits_80_columns_and_120() {
    let delegation = asked().delegations.remove(0);
    check("delegation", |width| show::delegation::held(&delegation, &present(), width));
    let mut money = gather(asked());
    let escrow = Place::Escrow { job: JobId::new(8) };
    money.held.push(Held { place: escrow, amount: Amount::tokens(20) });
    check("account", |width| show::account::money(&money, &present(), width));
}

/// A proposal of Loki's, with a deposit behind it.
fn proposal() -> ProposalView {
    ProposalView {
        id: ProposalId::new(4),
        account: account("loki"),
        changes: Vec::new(),
        appeal: None,
        spend: None,
        stops: None,
        forum: Forum::Stake,
        council: Vec::new(),
        audit: None,
        deposit: Amount::tokens(500),
        stage: ProposalStage::Pending,
        due: Epoch::new(17),
        electorate: None,
        ending: Ending::AsSet,
        power: Amount::ZERO,
        tally: Tally::default(),
        turnout: Amount::ZERO,
        quorum: None,
        lacks: None,
        broken: None,
    }
}

/// A program that Loki published.
fn program() -> ProgramView {
    ProgramView {
        id: ProgramId::new(0),
        program: Digest::ZERO,
        publisher: account("loki"),
        bytes: 1_000_000,
        parts: 1,
        is_published: true,
        jobs: 0,
        deposit: Amount::tokens(3),
    }
}

/// Where an account sees what is its own in a pot; none where it is the network's or nobody's yet,
/// and of jobs, whose pots `held` tells apart one by one.
fn seen_of(pot: Pot) -> Option<Place> {
    let (role, epoch) = (Role::Provider, Epoch::new(31));
    let operator = OperatorId::new(1);
    Some(match pot {
        Pot::Free(_, Asset::Stake) => Place::FreeStake,
        Pot::Free(_, Asset::Payment) => Place::Free,
        Pot::Bond(_) => Place::FreeBond { role },
        Pot::Unbonding(_) => Place::Unbonding { role, epoch },
        Pot::Slash(slash) => Place::Slashed { slash },
        Pot::Judges => Place::Accrued { role },
        Pot::Delegated(_) => Place::Delegated { operator },
        Pot::Exit(_) => Place::Undelegating { operator, epoch: Epoch::new(40) },
        Pot::Moved(_) => Place::Moved { operator, epoch: Epoch::new(45) },
        Pot::DelegationRewards(_) => Place::Earned { operator },
        Pot::Vesting(_) => Place::Unvested { role, epoch: Epoch::new(60) },
        Pot::Grants => Place::Granted,
        Pot::Proposal(proposal) => Place::ProposalDeposit { proposal },
        Pot::Program(_) => Place::ProgramDeposit { program: Digest::ZERO },
        Pot::Job(..) | Pot::Assignment(..) => return None,
        Pot::Cover(_) | Pot::Insurance(_) | Pot::Treasury(_) | Pot::Burnt(_) | Pot::Emission => {
            return None;
        }
    })
}

#[test]
fn each_pot_that_may_hold_money_of_an_account_has_its_row() {
    let mut asked = asked();
    asked.account.free_stake = Some(Amount::tokens(1));
    let (begins, ends, amount) = (Epoch::new(17), Epoch::new(60), Amount::tokens(2));
    let own = &mut asked.operators[0];
    own.judge_accrued = Amount::tokens(1);
    own.rewards.vesting = vec![VestingView { begins, ends, amount }];
    let (held, operator) = (gather(asked).held, OperatorId::new(2));
    let pots = [
        Pot::Free(account("loki").id, Asset::Stake),
        Pot::Free(account("loki").id, Asset::Payment),
        Pot::Bond(operator),
        Pot::Unbonding(UnbondingId::new(4)),
        Pot::Slash(SlashId::new(1)),
        Pot::Judges,
        Pot::Delegated(OperatorId::new(1)),
        Pot::Exit(ExitId::new(3)),
        Pot::Moved(MoveId::new(0)),
        Pot::DelegationRewards(OperatorId::new(1)),
        Pot::Vesting(operator),
        Pot::Grants,
        Pot::Proposal(ProposalId::new(4)),
        Pot::Program(ProgramId::new(0)),
    ];
    for pot in pots {
        let place = seen_of(pot).expect("an account's own");
        assert!(held.iter().any(|held| held.place == place), "{pot:?} is not in {held:?}");
    }
}

#[test]
fn a_slash_says_who_lost_what_until_when_it_waits_and_who_got_it() {
    let all = [
        (SlashState::Pending(Epoch::new(31)), None),
        (SlashState::Held(Epoch::new(31)), None),
        (SlashState::Appealed(ProposalId::new(2)), None),
        (SlashState::Executed(Height::new(90)), Some(waterfall())),
        (SlashState::Executed(Height::new(90)), None),
        (SlashState::Reversed(Height::new(90)), None),
    ];
    check("slashes", |width| {
        let told = all.iter().zip(1..).map(|((state, split), id)| {
            let slash = SlashView {
                id: SlashId::new(id),
                offence: Offence::WrongResult,
                operator: OperatorId::new(2),
                account: account("loki"),
                role: Role::Provider,
                job: JobId::new(7),
                pending: amount(6_475_246_819),
                state: *state,
                claims: Claims::default(),
            };
            show::record::slash(&slash, split.as_ref(), &present(), width)
        });
        told.collect::<Vec<_>>().join("\n")
    });
}

/// Five tokens, split.
fn waterfall() -> Waterfall {
    Waterfall {
        amount: Amount::tokens(5),
        compensation: Amount::tokens(2),
        reporter: Amount::tokens(1),
        burnt: Amount::tokens(1),
        insurance: amount(400_000_000),
        judges: amount(600_000_000),
    }
}

#[test]
fn a_standing_says_since_what_and_what_to_do() {
    let clock = present().clock;
    let of = |stands| standing(&operator("ada", stands), &clock);
    let below =
        OperatorView { may_work: false, is_fit: false, ..operator("ada", Standing::Active) };
    let active_set = ActiveSet {
        max: 100,
        count: 100,
        stake: Amount::tokens(70_000),
        least: Amount::tokens(480),
        needed: Amount::tokens(504),
        waiting: 3,
        waiting_stake: Amount::tokens(1_400),
        first_waiting: Amount::tokens(502),
    };
    let inside = OperatorView { active_set, ..operator("ada", Standing::Active) };
    let place = SetPlace::Waiting(1);
    let outside = OperatorView { may_work: false, place, ..inside.clone() };
    let said = [
        of(Standing::Active),
        standing(&inside, &clock),
        standing(&outside, &clock),
        standing(&below, &clock),
        of(Standing::Jailed(Epoch::new(301))),
        of(Standing::Jailed(Epoch::new(16))),
        of(Standing::Tombstoned),
    ];
    check("standing", |width| {
        let said = said.iter().flat_map(|text| crate::text::wrap(text, width));
        said.collect::<Vec<_>>().join("\n")
    });
}

#[test]
fn a_provider_sees_what_it_earned_and_lost_and_why_bids_lost() {
    let (own, grace) = (account("ada"), account("grace"));
    let height = Height::new(88);
    let waterfall = waterfall();
    let (role, offence) = (Role::Provider, Offence::Abandonment);
    let paid = |job, amount| {
        let work = Work::Fee(FeeTerms { tariff: amount, refills: Amount::ZERO, there: amount });
        let terms = Box::new(PayTerms { work, shared: None });
        Event::Paid { job: JobId::new(job), account: own.id, role, amount, terms }
    };
    let events = [
        paid(1, amount(12_500_000_000)),
        paid(2, Amount::tokens(3)),
        Event::Slashed {
            slash: Some(SlashId::new(0)),
            offence,
            account: own.id,
            role: Some(role),
            job: JobId::new(3),
            waterfall,
            terms: Box::new(SplitTerms {
                own: waterfall.amount,
                delegated: Amount::ZERO,
                way: Way::Burnt,
            }),
        },
    ];
    let events = events.map(|event| EventRecord { height, index: 0, event });
    let mut record = Record::of(own.id, role, Height::new(1), &events);
    let lost = |price| Fate::LostTo {
        winner: grace,
        price: Amount::tokens(price),
        auction: Auction::FirstPrice,
    };
    let second = Fate::LostTo {
        winner: account("a stranger"),
        price: Amount::tokens(9),
        auction: Auction::SecondPrice,
    };
    let fates = [
        Fate::Taken,
        lost(9),
        lost(11),
        second,
        Fate::Evicted,
        Fate::NotOpened,
        Fate::NotAccepted,
        Fate::NobodyTook { reason: CloseReason::NotAccepted },
        Fate::Open,
        Fate::Unknown,
    ];
    for (job, fate) in (10..).zip(fates) {
        record.bids.insert(JobId::new(job), Bid { asked: Some(Amount::tokens(10)), fate });
    }
    let operator = operator("ada", Standing::Active);
    check("provider", |width| {
        let collateral = Some(Amount::tokens(40));
        show::record::status(&operator, &record, collateral, &present(), width)
    });
}
