//! What one operator did and what came of it, from the events that concern its account.
//!
//! Laws: a sum is of the events given, no more; why a bid lost is said as far as they tell, and a
//! job that closed long ago tells nothing.
//! Not here: asking the node (`status`), how it looks (`show::record`).

use std::collections::BTreeMap;

use earnest_api::{AccountRef, EventRecord, JobView};
use earnest_protocol::{
    AccountId, Amount, Event, Height, JobId, Role,
    command::Auction,
    market::CloseReason,
    slashing::{Offence, Waterfall},
};
use serde::Serialize;

/// What one operator did, since a height.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// From this block on it is complete.
    pub since: Height,
    /// How often it was paid.
    pub paid_count: u64,
    /// What it was paid, all together.
    pub paid: Amount,
    /// How often it was drawn to audit.
    pub drawn_count: u64,
    /// How often it missed an audit.
    pub missed_count: u64,
    /// What it lost, from the oldest on.
    pub slashes: Vec<Slash>,
    /// Its bids, by job.
    pub bids: BTreeMap<JobId, Bid>,
}

/// A slash that was paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Slash {
    pub height: Height,
    pub job: JobId,
    pub offence: Offence,
    pub waterfall: Waterfall,
}

/// A bid: what it asked, if it was opened, and how far it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bid {
    pub asked: Option<Amount>,
    pub fate: Fate,
}

/// How far a bid came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// No event says how it ended.
    #[default]
    Unknown,
    /// The job was taken.
    Taken,
    /// It won, and the job was not accepted in time.
    NotAccepted,
    /// A larger bond took its place.
    Evicted,
    /// It was never opened.
    NotOpened,
    /// Somebody else took the job, for this price.
    LostTo { winner: AccountRef, price: Amount, auction: Auction },
    /// Nobody took the job.
    NobodyTook { reason: CloseReason },
    /// The job has not got so far.
    Open,
}

impl Record {
    /// What the events say of the operator with this role of `account`, from the oldest on.
    pub fn of(account: AccountId, role: Role, since: Height, events: &[EventRecord]) -> Record {
        let mut record = Record { since, ..Record::default() };
        for EventRecord { height, event, .. } in events {
            record.note(account, role, *height, event);
        }
        record
    }

    fn note(&mut self, own: AccountId, role: Role, height: Height, event: &Event) {
        match *event {
            Event::Paid { account, role: of, amount, .. } if account == own && of == role => {
                self.paid_count = self.paid_count.saturating_add(1);
                self.paid = self.paid.saturating_add(amount);
            }
            Event::Slashed { account, role: of, offence, job, waterfall, .. }
                if account == own && of.or_else(|| payer_of_deposit(offence)) == Some(role) =>
            {
                self.slashes.push(Slash { height, job, offence, waterfall });
            }
            Event::AuditDrawn { ref auditors, .. } if auditors.contains(&own) => {
                self.drawn_count = self.drawn_count.saturating_add(1);
            }
            Event::AuditMissed { account, .. } if account == own => {
                self.missed_count = self.missed_count.saturating_add(1);
            }
            Event::BidCommitted { job, account } if account == own => {
                self.bids.insert(job, Bid::default());
            }
            Event::BidEvicted { job, account } if account == own => {
                self.bids.entry(job).or_default().fate = Fate::Evicted;
            }
            Event::BidRevealed { job, account, price, .. } if account == own => {
                self.bids.entry(job).or_default().asked = Some(price);
            }
            Event::JobOffered { job, account, .. } if account == own => {
                self.bids.entry(job).or_default().fate = Fate::NotAccepted;
            }
            Event::JobAccepted { job, account, .. } if account == own => {
                self.bids.entry(job).or_default().fate = Fate::Taken;
            }
            _ => {}
        }
    }

    /// All that it lost in slashes.
    pub fn lost(&self) -> Amount {
        let amounts = self.slashes.iter().map(|slash| slash.waterfall.amount);
        amounts.fold(Amount::ZERO, Amount::saturating_add)
    }
}

impl Bid {
    /// The fate of a bid of an account as its job shows it, where events do not tell for certain.
    pub fn fate_in(&self, job: &JobView, own: AccountId) -> Fate {
        if job.offered_to.is_some_and(|account| account.id == own) {
            return Fate::Open;
        }
        match (job.provider.zip(job.assignment), job.closed) {
            _ if self.fate == Fate::NotAccepted => Fate::NotAccepted,
            _ if self.asked.is_none() && !is_sealed_or_opened(job) => Fate::NotOpened,
            (Some((winner, taken)), _) => {
                Fate::LostTo { winner, price: taken.price, auction: job.terms.auction }
            }
            (None, Some(closed)) => Fate::NobodyTook { reason: closed.reason },
            (None, None) => Fate::Open,
        }
    }
}

/// In which role a forfeited deposit was paid; none of a requester's.
fn payer_of_deposit(offence: Offence) -> Option<Role> {
    match offence {
        Offence::BidWithholding => Some(Role::Provider),
        Offence::FrivolousChallenge => Some(Role::Validator),
        _ => None,
    }
}

/// True while bids are sealed or opened.
fn is_sealed_or_opened(job: &JobView) -> bool {
    use earnest_protocol::market::Phase;
    matches!(job.phase, Phase::Bidding | Phase::RevealingBids)
}

#[cfg(test)]
mod tests {
    use earnest_protocol::payment::{FeeTerms, PayTerms, Work};

    use super::*;

    #[test]
    fn what_was_paid_and_how_each_bid_went_is_read_off_the_events() {
        let (own, other) = (AccountId::new(1), AccountId::new(2));
        let job = JobId::new;
        let (price, height) = (Amount::tokens(3), Height::new(9));
        let collateral = price;
        let (tariff, refills, there) = (price, Amount::ZERO, price);
        let work = Work::Fee(FeeTerms { tariff, refills, there });
        let terms = Box::new(PayTerms { work, shared: None });
        let paid = |account, role| Event::Paid {
            job: job(1),
            account,
            role,
            amount: price,
            terms: terms.clone(),
        };
        let events = [
            Event::BidCommitted { job: job(1), account: own },
            Event::BidCommitted { job: job(2), account: own },
            Event::BidCommitted { job: job(3), account: own },
            Event::BidEvicted { job: job(3), account: own },
            Event::BidRevealed { job: job(1), account: own, price, collateral },
            Event::BidRevealed { job: job(2), account: own, price, collateral },
            Event::JobAccepted { job: job(1), account: own, price, due: height, until: height },
            paid(own, Role::Provider),
            paid(other, Role::Provider),
            paid(own, Role::Validator),
        ];
        let events = events.map(|event| EventRecord { height, index: 0, event });
        let record = Record::of(own, Role::Provider, Height::new(1), &events);
        assert_eq!((record.paid_count, record.paid), (1, price));
        let fates: Vec<Fate> = record.bids.values().map(|bid| bid.fate).collect();
        assert_eq!(fates, [Fate::Taken, Fate::Unknown, Fate::Evicted]);
        assert_eq!(record.bids[&job(2)].asked, Some(price));
    }
}
