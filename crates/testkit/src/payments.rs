//! Payments: what events say was paid, worked out anew from their numbers, against what moved.
//!
//! Law: of each command and block, what its events come to by the formulas of the rules is what was
//! booked, to the unit, and nothing of those kinds was booked that no event tells.
//! Not here: whether a formula is the right one (each room's own tests).

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Event, JobId, SlashId,
    ledger::{JobPot, Movement, Pot, Reason},
    payment::{PayTerms, Work},
    slashing::Waterfall,
};

/// What moved, by source, reason and kind of target, in base units.
type Sums = BTreeMap<(Pot, Reason, &'static str), u64>;

/// Compares what events tell with what moved.
///
/// # Panics
/// If they differ.
pub fn check(events: &[Event], movements: &[Movement]) {
    let mut told = Sums::new();
    let mut forfeited = [0; 2];
    for event in events {
        tell(event, &mut told);
        match event {
            Event::Slashed { slash: None, waterfall, .. } => {
                forfeited[0] += waterfall.amount.units();
                forfeited[1] += waterfall.burnt.units();
            }
            Event::StakeTaken { slash, amount, terms, .. } => {
                assert_eq!(taken(movements, *slash), amount.units(), "{event:?}");
                assert!(*amount <= terms.wanted(), "{event:?}");
            }
            _ => {}
        }
    }
    let mut moved = Sums::new();
    let mut deposits = [0; 2];
    for &Movement { source, target, amount, reason } in movements {
        let (kind, units) = (kind_of(target), amount.units());
        if is_told(source, reason) {
            *moved.entry((source, reason, kind)).or_default() += units;
        }
        let deposit = matches!(
            reason,
            Reason::BidForfeited | Reason::RequesterForfeit | Reason::ChallengeLost
        );
        if deposit {
            deposits[0] += units;
            deposits[1] += if kind == "burnt" { units } else { 0 };
        }
    }
    told.retain(|_, units| *units > 0);
    assert_eq!(told, moved, "what events come to, and what moved");
    assert_eq!(forfeited, deposits, "forfeited deposits, and what of them burnt");
}

/// True of what each movement has an event for.
fn is_told(source: Pot, reason: Reason) -> bool {
    match reason {
        Reason::Price
        | Reason::Take
        | Reason::AuditFee
        | Reason::Refund
        | Reason::EmissionEarned => true,
        Reason::DelegationReward => matches!(source, Pot::Job(..) | Pot::Emission),
        // Undone, not paid: its own event tells the sum, and what of it insures.
        Reason::SlashReversed => false,
        _ => matches!(source, Pot::Slash(_)),
    }
}

fn kind_of(target: Pot) -> &'static str {
    match target {
        Pot::Burnt(_) => "burnt",
        Pot::Insurance(_) => "insurance",
        Pot::Treasury(_) => "treasury",
        Pot::Judges => "judges",
        Pot::DelegationRewards(_) => "delegators",
        _ => "somebody",
    }
}

fn taken(movements: &[Movement], slash: SlashId) -> u64 {
    let into = movements.iter().filter(|movement| movement.target == Pot::Slash(slash));
    into.map(|movement| movement.amount.units()).sum()
}

fn tell(event: &Event, told: &mut Sums) {
    let mut add = |source, reason, kind, amount: Amount| {
        *told.entry((source, reason, kind)).or_default() += amount.units();
    };
    match event {
        Event::Paid { job, amount, terms, .. } => {
            assert_eq!(*amount, terms.own(), "{event:?}");
            paid(*job, terms, &mut add);
        }
        Event::JobClosed { job, paid, refunded, back, .. } => {
            assert_eq!(*refunded, back.all(), "{event:?}");
            let (escrow, other) = (Pot::Job(*job, JobPot::Escrow), Reason::Refund);
            add(escrow, other, "somebody", back.escrow);
            add(Pot::Job(*job, JobPot::AuditFees), other, "somebody", back.audit_fees);
            add(Pot::Job(*job, JobPot::Deposit), other, "somebody", back.deposit);
            assert!(paid.is_zero() || back.escrow.checked_add(*paid).is_some());
        }
        Event::Slashed { slash, waterfall, terms, .. } => {
            assert_eq!(*waterfall, terms.split(), "{event:?}");
            if let Some(slash) = slash {
                split(Pot::Slash(*slash), waterfall, &mut add);
            }
        }
        Event::SlashReversed { slash, insured, .. } => {
            add(Pot::Slash(*slash), Reason::SlashInsurance, "insurance", *insured);
        }
        Event::WorkClaimed { role, claim, terms, .. } => {
            assert_eq!(*claim, terms.claim(*role), "{event:?}");
        }
        Event::EmissionEarned { epoch, claim, amount, shared, vests, weighs, .. } => {
            assert!(*claim <= weighs.all && *amount <= weighs.weight_floor(*claim), "{event:?}");
            let own = amount.saturating_sub(*shared);
            let grant = vests.grant(own, *epoch);
            assert_eq!(grant.at_once.checked_add(grant.rest), Some(own), "{event:?}");
            add(Pot::Emission, Reason::EmissionEarned, "somebody", own);
            add(Pot::Emission, Reason::DelegationReward, "delegators", *shared);
        }
        Event::StakeRewarded { amount, shared, .. } => {
            let own = amount.saturating_sub(*shared);
            add(Pot::Emission, Reason::EmissionEarned, "somebody", own);
            add(Pot::Emission, Reason::DelegationReward, "delegators", *shared);
        }
        _ => {}
    }
}

fn paid(job: JobId, terms: &PayTerms, add: &mut impl FnMut(Pot, Reason, &'static str, Amount)) {
    let (pot, reason) = match &terms.work {
        Work::Price(_) => (Pot::Job(job, JobPot::Escrow), Reason::Price),
        Work::Fee(_) => (Pot::Job(job, JobPot::AuditFees), Reason::AuditFee),
    };
    add(pot, reason, "somebody", terms.own());
    add(pot, Reason::DelegationReward, "delegators", terms.delegators());
    if let Work::Price(price) = &terms.work {
        let split = price.split();
        add(pot, Reason::Take, "burnt", split.burnt);
        add(pot, Reason::Take, "insurance", split.insurance);
        add(pot, Reason::Take, "treasury", split.treasury);
    }
}

fn split(pot: Pot, waterfall: &Waterfall, add: &mut impl FnMut(Pot, Reason, &'static str, Amount)) {
    for (reason, kind, part) in [
        (Reason::Compensation, "somebody", waterfall.compensation),
        (Reason::ReporterReward, "somebody", waterfall.reporter),
        (Reason::SlashBurnt, "burnt", waterfall.burnt),
        (Reason::SlashInsurance, "insurance", waterfall.insurance),
        (Reason::SlashJudges, "judges", waterfall.judges),
    ] {
        add(pot, reason, kind, part);
    }
}
