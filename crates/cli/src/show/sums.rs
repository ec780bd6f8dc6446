//! Sums: a payout with the numbers that it is worked out from, so that a person can do it again.
//!
//! Laws: every result is computed by the formula of the rules, and beside it stand all of its
//! inputs; amounts and shares are written to their last digit.
//! Not here: the formulas (`earnest-protocol`), where the events come from (`explain`).

use earnest_api::EventRecord;
use earnest_protocol::{
    Amount, Event, Ratio, Role,
    governance::SpendTerms,
    market::PriceTerms,
    payment::{FeeTerms, PayTerms, Work},
    rewards::{ClaimTerms, VestTerms, earned_floor, rate_floor},
    slashing::{ClaimsTerms, SplitTerms, Taken, Waterfall, Way},
};

use super::{event::Teller, standing::role, table::list};
use crate::{
    clock::Clock,
    money::{self, multiple, share},
    text::{tokens, wrap},
    up::account::word,
};

/// What an operator's claims of an epoch came to.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// What was minted for all claims of that epoch.
    pub minted: Amount,
    /// All claims of that epoch.
    pub claims: Amount,
    /// The operator's own part: an `emission_earned`.
    pub earned: Event,
}

/// A payout, and what besides its own event it is worked out from.
#[derive(Clone, Debug)]
pub struct Payout {
    pub record: EventRecord,
    /// Its job's `job_posted`.
    pub posted: Option<Event>,
    /// Of a claim: what it came to.
    pub emitted: Option<Emitted>,
}

type Rows = Vec<(String, String)>;

/// True of an event that carries the numbers of a payout.
pub fn is_payout(event: &Event) -> bool {
    matches!(
        event,
        Event::Paid { .. }
            | Event::JobClosed { .. }
            | Event::StakeTaken { .. }
            | Event::Slashed { .. }
            | Event::WorkClaimed { .. }
            | Event::EmissionEarned { .. }
            | Event::SpendPaid { .. }
    )
}

/// A payout: its place, what it is, and its sums.
pub fn tell(payout: &Payout, teller: &Teller, width: usize) -> String {
    let (head, rows) = match &payout.record.event {
        Event::Paid { account, role: of, amount, terms, .. } => {
            let what =
                format!("{} is paid {} as a {}", teller.who(*account), tokens(*amount), role(*of));
            (what, pay(terms))
        }
        Event::JobClosed { refunded, .. } => {
            (format!("the requester has {} back", tokens(*refunded)), refund(payout))
        }
        Event::StakeTaken { account, offence, amount, terms, .. } => {
            let (who, amount) = (teller.who(*account), tokens(*amount));
            (format!("{who} loses {amount} for {}", word(offence)), taken(terms))
        }
        Event::Slashed { account, offence, waterfall, terms, .. } => {
            let (who, amount) = (teller.who(*account), tokens(waterfall.amount));
            (format!("{amount} of {who} are split, for {}", word(offence)), split(terms))
        }
        Event::WorkClaimed { operator, role: of, claim: amount, terms, .. } => {
            let what = format!(
                "operator {operator} may claim {} of emission as a {}",
                tokens(*amount),
                role(*of)
            );
            (what, claim((*of, *amount), terms, payout.emitted.as_ref(), &teller.clock()))
        }
        Event::EmissionEarned { operator, amount, .. } => {
            let what = format!("operator {operator} earns {} of emission", tokens(*amount));
            (what, vests(&payout.record.event, &teller.clock()))
        }
        Event::SpendPaid { proposal, account, amount, terms, .. } => {
            let (who, amount) = (teller.who(*account), tokens(*amount));
            (format!("{who} is paid {amount} of spend {proposal}"), spend(terms))
        }
        _ => (payout.record.kind().to_owned(), Rows::new()),
    };
    let head = wrap(&format!("{}  {head}", payout.record.id()), width).join("\n");
    format!("{head}\n{}", list(&rows, width))
}

fn row(name: &str, sum: String) -> (String, String) {
    (name.to_owned(), sum)
}

fn show(amount: Amount) -> String {
    money::show(amount)
}

fn spend(terms: &SpendTerms) -> Rows {
    let [due, wanted, allowance] = [terms.due, terms.wanted, terms.allowance].map(show);
    let fits = format!("{due} is due; all spends want {wanted}, {allowance} may leave this epoch");
    let paid = match terms.wanted <= terms.allowance {
        true => format!("all of it = {}", show(terms.amount())),
        false => {
            format!("{due} * {allowance} / {wanted}, down = {}", show(terms.amount()))
        }
    };
    vec![row("due", fits), row("paid", paid)]
}

fn pay(terms: &PayTerms) -> Rows {
    let mut rows = match &terms.work {
        Work::Price(terms) => price(terms),
        Work::Fee(terms) => vec![fee(terms)],
    };
    let earned = terms.earned();
    if let Some(shared) = terms.shared.filter(|shared| !shared.delegated.is_zero()) {
        let (own, delegated) = (show(shared.own), show(shared.delegated));
        let sum = format!(
            "{} less the commission of {}, * {delegated} delegated / ({own} own + {delegated}), \
             up, less {} without a share = {}",
            show(earned),
            share(shared.commission),
            show(shared.unshared),
            show(terms.delegators())
        );
        rows.push(row("delegators", sum));
        let left =
            format!("{} - {} = {}", show(earned), show(terms.delegators()), show(terms.own()));
        rows.push(row("paid", left));
    }
    rows
}

fn price(terms: &PriceTerms) -> Rows {
    let split = terms.split();
    let take = split.due.saturating_sub(split.earned);
    let PriceTerms { agreed, steps, steps_paid, late, grace_blocks, .. } = *terms;
    let mut due = format!("{} agreed * {steps_paid} / {steps} steps", show(agreed));
    if terms.late_share() != Ratio::ONE {
        due += &format!(
            ", * {} for {late} of {grace_blocks} blocks late, {} at the end",
            share(terms.late_share()),
            share(terms.late_price_min)
        );
    }
    let (burns, burnt) = (share(terms.take_burn), show(split.burnt));
    let (discount, back) = (share(terms.discount), show(split.discount));
    let back = match terms.discount {
        Ratio::ZERO => String::new(),
        _ => format!("{discount} of the rest, down = {back} go back to the requester; "),
    };
    vec![
        row("due", format!("{due}, down = {}", show(split.due))),
        row("take", format!("{} of {}, up = {}", share(terms.take), show(split.due), show(take))),
        row(
            "of it",
            format!(
                "{burns}, up = {burnt} burn; {back}{} of the rest, down = {} insure; {} are the \
                 treasury's",
                share(terms.take_insurance),
                show(split.insurance),
                show(split.treasury)
            ),
        ),
        row("earned", format!("{} - {} = {}", show(split.due), show(take), show(split.earned))),
    ]
}

fn fee(terms: &FeeTerms) -> (String, String) {
    let sum = format!(
        "tariff {} + {} for refills, at most {} that is there = {}",
        show(terms.tariff),
        show(terms.refills),
        show(terms.there),
        show(terms.fee())
    );
    row("fee", sum)
}

/// What went back of each pot: what was put in less what was spent.
fn refund(payout: &Payout) -> Rows {
    let Event::JobClosed { paid, back, refunded, .. } = &payout.record.event else {
        return Rows::new();
    };
    let mut rows = Vec::new();
    if let Some(Event::JobPosted { price_max, audit_fees, deposit, .. }) = &payout.posted {
        rows.push(row(
            "ceiling",
            format!("{} - {} due = {}", show(*price_max), show(*paid), show(back.escrow)),
        ));
        rows.push(row("audit fees", left(*audit_fees, back.audit_fees)));
        rows.push(row("deposit", left(*deposit, back.deposit)));
    }
    let (escrow, fees, deposit) = (show(back.escrow), show(back.audit_fees), show(back.deposit));
    rows.push(row("back", format!("{escrow} + {fees} + {deposit} = {}", show(*refunded))));
    rows
}

fn left(put_in: Amount, back: Amount) -> String {
    match back.checked_sub(put_in) {
        Some(more) if !more.is_zero() => {
            format!("{} + {} from elsewhere = {}", show(put_in), show(more), show(back))
        }
        _ => {
            let spent = put_in.saturating_sub(back);
            format!("{} - {} spent or burnt = {}", show(put_in), show(spent), show(back))
        }
    }
}

fn taken(terms: &Taken) -> Rows {
    let (lock, part, wanted) = (show(terms.lock), share(terms.share), show(terms.wanted()));
    let (free, delegated) = (show(terms.free), show(terms.delegated));
    let sum = format!(
        "lock {lock} + {part} of {free} free, up + {part} of {delegated} delegated, up = {wanted}, \
         as far as it was there"
    );
    vec![row("taken", sum)]
}

fn split(terms: &SplitTerms) -> Rows {
    let waterfall = terms.split();
    let mut rows = match &terms.way {
        Way::Burnt => vec![row("burnt", format!("all of {}", show(terms.own)))],
        Way::Halved => vec![
            row(
                "accused",
                format!("half of {}, down = {}", show(terms.own), show(waterfall.compensation)),
            ),
            row("burnt", format!("the rest, {}", show(waterfall.burnt))),
        ],
        Way::Finder { most, lock } => vec![
            row(
                "finder",
                format!(
                    "the lesser of {} and {} - {} locked = {}",
                    show(*most),
                    show(terms.own),
                    show(*lock),
                    show(waterfall.reporter)
                ),
            ),
            row("burnt", format!("the rest, {}", show(waterfall.burnt))),
        ],
        Way::Claims(claims) => cascade(claims, &claims.split(terms.own)),
    };
    if !terms.delegated.is_zero() {
        let sum = format!("{} of delegations burn besides", show(terms.delegated));
        rows.push(row("delegated", sum));
    }
    rows
}

fn cascade(terms: &ClaimsTerms, parts: &Waterfall) -> Rows {
    let amount = parts.amount;
    let least = terms.least_burnt(amount);
    let after = amount.saturating_sub(parts.compensation);
    let rest = after.saturating_sub(parts.reporter);
    let left = rest.saturating_sub(parts.burnt);
    let injured = match terms.injured {
        true => format!(
            "the lesser of {} * tariff {} and {} - {} that burn at least ({}) = {}",
            multiple(terms.compensation_max),
            show(terms.tariff),
            show(amount),
            show(least),
            share(terms.burn_min),
            show(parts.compensation)
        ),
        false => "nobody was injured".to_owned(),
    };
    let reporters = match terms.reporters {
        0 => "nobody reported it".to_owned(),
        count => format!(
            "the least of {} of {}, {} (R_max), and what burn and compensation leave; shared \
             equally by {count} = {}",
            share(terms.reporter_share),
            show(after),
            show(terms.reward_max),
            show(parts.reporter)
        ),
    };
    let insurance = match terms.judges {
        true => format!(
            "{} of {}, down = {}",
            share(terms.insurance_share),
            show(left),
            show(parts.insurance)
        ),
        false => format!("all of {}, for no validator is there to have a part", show(left)),
    };
    vec![
        row("requester", injured),
        row("reporters", reporters),
        row(
            "burnt",
            format!(
                "{} of {}, up, at least {} = {}",
                share(terms.burn_share),
                show(rest),
                show(least),
                show(parts.burnt)
            ),
        ),
        row("insurance", insurance),
        row("judges", format!("the rest, {}", show(parts.judges))),
    ]
}

fn claim(
    (of, amount): (Role, Amount),
    terms: &ClaimTerms,
    emitted: Option<&Emitted>,
    clock: &Clock,
) -> Rows {
    let all = terms.all();
    let audits = terms.audits();
    let mut rows = vec![row(
        "the job's",
        format!(
            "the lesser of {} of {} burnt and {} that its work is worth, / {} a unit of stake, \
             down = {}",
            share(terms.emission_cap),
            show(terms.burnt),
            show(terms.worth),
            multiple(terms.stake_price),
            show(all)
        ),
    )];
    let part = format!("{} of it, down = {}", share(terms.validator_share), show(audits));
    let had = terms.part(of);
    rows.push(match of {
        Role::Provider => {
            row("provider's", format!("{} less {part} for auditors = {}", show(all), show(had)))
        }
        Role::Validator | Role::Replica | Role::Access => {
            row("auditor's", format!("{part}, / {} auditors, down = {}", terms.auditors, show(had)))
        }
    });
    if had != amount {
        rows.push(row(
            "performance",
            format!(
                "1 less {} of what a score of {} lacks, up, of {}, down = {}",
                share(terms.performance_share),
                share(terms.score),
                show(had),
                show(amount)
            ),
        ));
    }
    match emitted {
        Some(emitted) => rows.extend(came_to(emitted, clock)),
        None => {
            rows.push(row("comes to", "is known once its epoch is paid and settled".to_owned()))
        }
    }
    rows
}

/// What all of an operator's claims of that epoch came to.
fn came_to(emitted: &Emitted, clock: &Clock) -> Rows {
    let Event::EmissionEarned { epoch, claim, amount, weighs, .. } = &emitted.earned else {
        return Rows::new();
    };
    let rate = rate_floor(emitted.minted, emitted.claims);
    let weight = weighs.weight_floor(*claim);
    let again = rate.map_or(Amount::ZERO, |rate| earned_floor(weight, rate));
    let weighs = (weight != *claim).then(|| {
        let returns = weighs.returns;
        row(
            "weighs",
            format!(
                "{} / {} of {} * ({} / {})^({}/4), down = {}",
                show(*claim),
                show(weighs.all),
                show(returns.unit),
                show(weighs.all),
                show(returns.unit),
                returns.exponent.quarters(),
                show(weight)
            ),
        )
    });
    let sum = format!(
        "all its claims of epoch {epoch}, {} * {} minted / {} claimed by all, down = {}",
        show(weight),
        show(emitted.minted),
        show(emitted.claims),
        show(again)
    );
    debug_assert_eq!(again, *amount, "the rules and this line use one formula");
    let mut rows: Rows = weighs.into_iter().collect();
    rows.push(row("comes to", sum));
    rows.extend(vests(&emitted.earned, clock));
    rows
}

fn vests(event: &Event, clock: &Clock) -> Rows {
    let Event::EmissionEarned { epoch, amount, shared, vests, .. } = event else {
        return Rows::new();
    };
    let VestTerms { at_once, delay, vesting } = *vests;
    let own = amount.saturating_sub(*shared);
    let grant = vests.grant(own, *epoch);
    let mut rows = Rows::new();
    if !shared.is_zero() {
        let (amount, shared, own) = (show(*amount), show(*shared), show(own));
        rows.push(row("delegators", format!("{amount} - {shared} that is theirs = {own}")));
    }
    rows.extend([
        row(
            "ready",
            format!(
                "{} of {}, = {} from {} on, {delay} after epoch {epoch}, gathered",
                share(at_once),
                show(own),
                show(grant.at_once),
                clock.epoch(grant.until)
            ),
        ),
        row(
            "vests",
            format!(
                "{} evenly to {}, {vesting} later, gathered",
                show(grant.rest),
                clock.epoch(grant.ends)
            ),
        ),
    ]);
    rows
}
