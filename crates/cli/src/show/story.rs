//! Stories as text: what a code means, and a job from its posting to its end.

use earnest_api::{AccountRef, EventRecord, SlashView};
use earnest_protocol::{Amount, Event, Role, slashing::SlashState};

use super::{
    event::Teller,
    table::{Kind, list, table},
};
use crate::{
    money,
    present::Present,
    text::{tokens, wrap},
    up::account::{parts, word},
};

/// A code with its meaning and what to do.
pub fn code(code: &str, meaning: &str, remedy: &str, width: usize) -> String {
    let rows = [("means".to_owned(), meaning.to_owned()), ("do".to_owned(), remedy.to_owned())];
    format!("{code}\n{}", list(&rows, width))
}

/// A job and what happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// Its number, and where it stands or how it ended.
    pub head: &'a str,
    pub requester: AccountRef,
    /// What its provider is paid for all steps in time, once there is one.
    pub agreed: Option<Amount>,
    /// Its events, oldest first.
    pub events: &'a [EventRecord],
    /// Its slashes that are still in the state.
    pub slashes: &'a [SlashView],
    /// True if the events begin with its posting.
    pub is_whole: bool,
}

impl Story<'_> {
    /// The story: what happened in which block, then who was paid or lost what, and why.
    pub fn tell(&self, teller: &mut Teller, present: &Present, width: usize) -> String {
        let mut text = wrap(self.head, width).join("\n");
        if !self.is_whole {
            text.push_str("\n  the node no longer has how it began");
        }
        text.push_str(&format!("\n{:>7} {:>7}  what happened", "block", "ago"));
        for record in self.events {
            let told = teller.tell(record, present);
            let told = wrap(&told, width.saturating_sub(INDENT)).join(&format!("\n{:INDENT$}", ""));
            let age = present.clock.age(record.height);
            text.push_str(&format!("\n{:>7} {age:>7}  {told}", record.height));
        }
        let rows = self.money(teller, present);
        if !rows.is_empty() {
            let columns = [("who", Kind::Word), ("tokens", Kind::Number), ("why", Kind::Sentence)];
            text.push_str(&format!("\n\n{}", table(&columns, &rows, width)));
        }
        text
    }

    /// Who got or lost how much, and why.
    fn money(&self, teller: &Teller, present: &Present) -> Vec<Vec<String>> {
        let row = |who: String, sign: &str, amount: Amount, why: String| {
            vec![who, format!("{sign}{}", money::show(amount)), why]
        };
        let requester = present.names.short(&self.requester.address);
        let mut rows = Vec::new();
        for record in self.events {
            match &record.event {
                Event::Paid { account, role, amount, .. } => {
                    let why = match role {
                        Role::Provider => self.why_paid(),
                        Role::Validator | Role::Replica | Role::Access => {
                            "for its audit".to_owned()
                        }
                    };
                    rows.push(row(teller.who(*account), "+", *amount, why));
                }
                Event::DelegationEarned { operator, amount, .. } => {
                    let why = format!("for who delegates to operator {operator}");
                    rows.push(row("delegators".to_owned(), "+", *amount, why));
                }
                Event::Slashed { account, offence, waterfall, .. } => {
                    let why = format!("slashed for {}: {}", word(offence), parts(waterfall));
                    rows.push(row(teller.who(*account), "-", waterfall.amount, why));
                    if !waterfall.compensation.is_zero() {
                        let why = "compensation, out of that slash".to_owned();
                        rows.push(row(requester.clone(), "+", waterfall.compensation, why));
                    }
                }
                Event::JobClosed { refunded, .. } => {
                    let why = "back: price ceiling, audit fees and deposit, as far as not spent";
                    rows.push(row(requester.clone(), "+", *refunded, why.to_owned()));
                }
                _ => {}
            }
        }
        for slash in self.slashes {
            let when = match slash.state {
                SlashState::Pending(epoch) | SlashState::Held(epoch) => {
                    format!("paid out in {}", present.clock.epoch(epoch))
                }
                SlashState::Appealed(proposal) => format!("appealed by proposal {proposal}"),
                SlashState::Executed(_) | SlashState::Reversed(_) => continue,
            };
            let why = format!("taken for {}, {when}", word(&slash.offence));
            let who = present.names.short(&slash.account.address);
            rows.push(row(who, "-", slash.pending, why));
        }
        rows
    }

    fn why_paid(&self) -> String {
        match self.agreed {
            Some(price) => format!("for the result, of {} agreed for it in time", tokens(price)),
            None => "for the result".to_owned(),
        }
    }
}

/// The columns before the words of an event.
const INDENT: usize = 17;
