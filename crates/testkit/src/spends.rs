//! Spends: a slow, obvious book of what the treasury pays, kept from events alone, in wide numbers.
//!
//! Law: nobody is paid twice, before its time, more than it was promised, or by two spends what
//! one epoch may not let out; what the events say is what moved.

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Asset, Epoch, Event, ProposalId, State,
    governance::SpendEnding,
    ledger::{Movement, Pot, Reason},
};

/// One spend, as its events tell it.
#[derive(Clone, Copy, Debug)]
struct Told {
    payee: AccountId,
    asset: Asset,
    asked: u128,
    epochs: u128,
    /// Since when, and how much in all; none before it began.
    begun: Option<(Epoch, u128)>,
    paid: u128,
    ended: bool,
}

/// Every spend that was ever proposed.
#[derive(Clone, Debug, Default)]
pub struct Spends {
    told: BTreeMap<ProposalId, Told>,
    /// The last epoch that paid anything.
    last: Option<Epoch>,
}

impl Spends {
    /// Follows what one block's opening or one command did; `state` is that after it.
    pub fn follow(&mut self, events: &[Event], movements: &[Movement], state: &State) {
        let epoch = state.epoch();
        let mut paid: BTreeMap<(Asset, AccountId), u128> = BTreeMap::new();
        for event in events {
            match *event {
                Event::SpendProposed { proposal, payee, asset, amount, epochs, .. } => {
                    let (asked, epochs) = (u128::from(amount.units()), u128::from(epochs.count()));
                    let told =
                        Told { payee, asset, asked, epochs, begun: None, paid: 0, ended: false };
                    assert!(self.told.insert(proposal, told).is_none(), "one row, one proposal");
                }
                Event::SpendBegan { proposal, amount, .. } => {
                    let told = self.told.get_mut(&proposal).expect("it was proposed");
                    assert!(told.begun.is_none(), "spend {proposal} begins twice");
                    assert!(u128::from(amount.units()) <= told.asked, "more than was asked");
                    told.begun = Some((epoch, u128::from(amount.units())));
                }
                Event::SpendPaid { proposal, account, asset, amount, left, terms } => {
                    let told = self.told.get_mut(&proposal).expect("it was proposed");
                    let (since, whole) = told.begun.expect("it has begun");
                    assert!(!told.ended, "spend {proposal} was over");
                    assert_eq!((told.payee, told.asset), (account, asset), "somebody else");
                    let begun = u128::from(epoch.count() - since.count() + 1).min(told.epochs);
                    let due = whole * begun / told.epochs - told.paid;
                    assert_eq!(due, u128::from(terms.due.units()), "what is due of {proposal}");
                    let amount = u128::from(amount.units());
                    told.paid += amount;
                    assert!(amount <= due, "spend {proposal} is early");
                    assert_eq!(told.paid + u128::from(left.units()), whole, "of {proposal}");
                    *paid.entry((asset, account)).or_default() += amount;
                }
                Event::SpendEnded { proposal, why, paid, left } => {
                    let told = self.told.get_mut(&proposal).expect("it was proposed");
                    assert!(!std::mem::replace(&mut told.ended, true), "{proposal} ends twice");
                    assert_eq!(u128::from(paid.units()), told.paid);
                    assert_eq!(left.is_zero() && !paid.is_zero(), why == SpendEnding::Paid);
                }
                _ => {}
            }
        }
        self.bound(&paid, movements, state);
    }

    /// What left the treasury is what the events say, once an epoch, and within its share.
    fn bound(
        &mut self,
        paid: &BTreeMap<(Asset, AccountId), u128>,
        movements: &[Movement],
        state: &State,
    ) {
        let mut moved: BTreeMap<(Asset, AccountId), u128> = BTreeMap::new();
        for &asset in state.assets().all() {
            let pot = Pot::Treasury(asset);
            let mut there = u128::from(state.balance(pot).units());
            let (mut before, mut out) = (there, 0);
            for movement in movements.iter().rev() {
                let amount = u128::from(movement.amount.units());
                if movement.target == pot {
                    there -= amount;
                }
                if movement.source == pot {
                    assert_eq!(movement.reason, Reason::Spend, "nothing else leaves the treasury");
                    let Pot::Free(account, _) = movement.target else { panic!("{movement:?}") };
                    *moved.entry((asset, account)).or_default() += amount;
                    there += amount;
                    out += amount;
                    before = there;
                }
            }
            let share = u128::from(state.params().governance().spend_epoch_share.parts());
            assert!(out <= before * share / 1_000_000_000, "{out} of {before} in one epoch");
        }
        assert_eq!(&moved, paid, "what moved is what was told");
        if !moved.is_empty() {
            let again = self.last.replace(state.epoch()) == Some(state.epoch());
            assert!(!again, "two payments in one epoch");
        }
    }
}
