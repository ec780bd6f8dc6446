//! World: one branch of a game of one job, on the production rules.
//!
//! Laws: the ledger is changed by commands and blocks only; every movement of money is booked to
//! who gained and who lost by it, and at the end the books sum to nothing.
//! A coalition's refused command is an outcome like any other; an honest one's is a fault here.
//! Not here: who does what (`honest`, `moves`), what may happen (`tree`).

use std::collections::{BTreeMap, BTreeSet};

use earnest_protocol::{
    AccountId, Amount, Asset, Authenticated, Command, Digest, Event, Height, JobId, Journal,
    Rejected, Role, State, Transaction, UnbondingId,
    command::{Opening, PostJob},
    ledger::{Assets, Movement, Pot, Reason},
    market::{Outcome, Phase},
    seal,
    slashing::{Offence, Way},
};

use crate::{
    beacon::Beacon,
    cast::{CHALLENGER, Cast, Member, OPERATOR, PROVIDER, REQUESTER, address},
    points::{Act, Point},
    truth::{self, Truth},
};

/// The only job of a world.
pub(crate) const JOB: JobId = JobId::new(0);

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    Coalition,
    Requester,
    Provider,
    Validators,
    Challenger,
    Operator,
    /// Who delegates to the provider.
    Delegator,
    /// Members of the council, and the guardian.
    Guards,
    /// Shares of pools: at the end, dust that no share is worth.
    Pools,
    /// What is minted: at the end, less every claim, as if its epoch paid it in full.
    Emission,
    Burnt,
    Insurance,
    Treasury,
    Judges,
    /// Escrow, locks and slashes: empty at the end.
    Pending,
}

/// One branch.
#[derive(Clone)]
pub(crate) struct World<'a> {
    pub(crate) cast: &'a Cast,
    pub(crate) luck: u64,
    pub(crate) state: State,
    beacon: Beacon,
    /// What the coalition was asked and chose.
    pub(crate) history: Vec<(Point, Act)>,
    pub(crate) asked: BTreeSet<(Point, u32)>,
    /// The root that each of the coalition's accounts sealed.
    pub(crate) sealed: BTreeMap<AccountId, Digest>,
    /// When seats were last drawn.
    pub(crate) drawn_at: Option<Height>,
    /// The block that opened last drew seats, or spared the result.
    pub(crate) has_drawn: bool,
    /// The coalition knows the draw of this seed already.
    pub(crate) foreseen: bool,
    /// The last block in which the subject that waits may move.
    pub(crate) edge: Option<(u32, Height)>,
    /// A move that is made one block too late.
    pub(crate) overdue: Option<(AccountId, Command)>,
    /// A report is sealed and will be published in the next block.
    pub(crate) reports: bool,
    /// The operator keeps the next beacon back.
    pub(crate) withholds: bool,
    /// The coalition computed the right result, once for all its members.
    pub(crate) worked: bool,
    pub(crate) outcome: Option<Outcome>,
    /// A wrong result was opened.
    pub(crate) delivered: bool,
    books: BTreeMap<Party, i64>,
    /// What of them is in stake, where that is another asset.
    pub(crate) stake: BTreeMap<Party, i64>,
    /// What the coalition's validators gained, in base units.
    pub(crate) auditors: i64,
    /// What the coalition gained and lost, by reason.
    pub(crate) statement: BTreeMap<Reason, i64>,
    /// What of the provider's stake backed the job: base units times blocks.
    pub(crate) locked_blocks: u128,
    /// What the delegator had in shares when the job was about to be posted, in base units.
    behind: i64,
    /// Whose bond leaves.
    leaving: BTreeMap<UnbondingId, AccountId>,
    /// What nobody gets of the slash that a cover would wait for.
    pub(crate) sunk: Option<Amount>,
    /// Everybody voted on the appeal.
    pub(crate) voted: bool,
}

impl<'a> World<'a> {
    /// A world in whose first block the job was posted.
    pub(crate) fn new(cast: &'a Cast, luck: u64) -> World<'a> {
        let (state, beacon) = cast.state(luck);
        let mut world = World {
            cast,
            luck,
            state,
            beacon,
            history: Vec::new(),
            asked: BTreeSet::new(),
            sealed: BTreeMap::new(),
            drawn_at: None,
            has_drawn: false,
            foreseen: false,
            edge: None,
            overdue: None,
            reports: false,
            withholds: false,
            worked: false,
            outcome: None,
            delivered: false,
            books: BTreeMap::new(),
            stake: BTreeMap::new(),
            auditors: 0,
            statement: BTreeMap::new(),
            locked_blocks: 0,
            behind: 0,
            leaving: BTreeMap::new(),
            sunk: None,
            voted: false,
        };
        world.block();
        cast.delegate(&mut world.state).expect("as it did when the cast was made");
        world.behind = world.held_in_shares();
        let terms: PostJob = cast.terms(luck);
        let posted = world.apply(REQUESTER, Command::PostJob(terms));
        posted.expect("the cast was quoted in this very block");
        world
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.phase(JOB).unwrap_or(Phase::Closed)
    }

    /// Opens the next block.
    pub(crate) fn block(&mut self) {
        let shows = !std::mem::take(&mut self.withholds);
        let head = self.beacon.head(self.state.height().count() + 1, shows);
        let mut journal = Journal::default();
        self.state.open_block(&head, &mut journal).expect("the head follows");
        self.has_drawn = false;
        self.hear(journal);
        let bond = self.state.operator_id(PROVIDER, Role::Provider).expect("bonded");
        let stake = self.state.operator(bond).expect("bonded").stake;
        let locked = stake.saturating_sub(self.state.balance(Pot::Bond(bond)));
        self.locked_blocks = self.locked_blocks.saturating_add(u128::from(locked.units()));
    }

    /// Signs and applies a command.
    pub(crate) fn apply(&mut self, signer: AccountId, command: Command) -> Result<(), Rejected> {
        let nonce = self.state.account(signer).map_or(0, |account| account.nonce);
        let transaction =
            Transaction { nonce, valid_until: Height::new(u64::MAX), command, on_behalf_of: None };
        let mut journal = Journal::default();
        let done = self.state.apply(
            &Authenticated { sender: signer.into(), transaction },
            &Truth,
            &mut journal,
        );
        self.hear(journal);
        done
    }

    fn hear(&mut self, journal: Journal) {
        for event in &journal.events {
            self.sunk = self.sunk.or_else(|| sunk(event));
            match event {
                Event::AuditDrawn { .. } => {
                    self.drawn_at = Some(self.state.height());
                    self.has_drawn = true;
                }
                Event::AuditSpared { .. } => self.has_drawn = true,
                Event::ResultRevealed { root, .. } => self.delivered = *root == truth::WRONG,
                Event::JobClosed { outcome, .. } => self.outcome = Some(*outcome),
                _ => {}
            }
        }
        for movement in &journal.movements {
            if let (Pot::Bond(bond), Pot::Unbonding(entry)) = (movement.source, movement.target) {
                let operator = self.state.operator(bond).expect("bonded");
                self.leaving.insert(entry, operator.account);
            }
            self.book(movement);
        }
    }

    fn book(&mut self, movement: &Movement) {
        let units = i64::try_from(movement.amount.units()).expect("amounts have 63 bits");
        for (pot, change) in [(movement.source, -units), (movement.target, units)] {
            let party = self.party(pot);
            *self.books.entry(party).or_default() += change;
            if !matches!(pot, Pot::Free(_, Asset::Payment)) {
                self.book_stake(party, change);
            }
            if party == Party::Coalition {
                *self.statement.entry(movement.reason).or_default() += change;
                if self.is_a_friends(pot) {
                    self.auditors += change;
                }
            }
        }
    }

    /// Of one asset nothing need be told apart.
    fn book_stake(&mut self, party: Party, change: i64) {
        if self.cast.assets == Assets::Dual {
            *self.stake.entry(party).or_default() += change;
        }
    }

    /// True for what belongs to a validator; asked of the coalition's only.
    fn is_a_friends(&self, pot: Pot) -> bool {
        let owner = match pot {
            Pot::Free(account, _) => Some(account),
            Pot::Bond(operator) => self.state.operator(operator).map(|operator| operator.account),
            _ => None,
        };
        owner.is_some_and(is_an_auditor)
    }

    fn party(&self, pot: Pot) -> Party {
        let owner = match pot {
            Pot::Free(account, _) => account,
            Pot::Bond(operator) => self.state.operator(operator).expect("bonded").account,
            // What leaves is still its owner's, as far as it is not slashed.
            Pot::Unbonding(entry) => *self.leaving.get(&entry).expect("it left a bond here"),
            Pot::Judges => return Party::Judges,
            Pot::Insurance(_) => return Party::Insurance,
            Pot::Treasury(_) => return Party::Treasury,
            Pot::Burnt(_) => return Party::Burnt,
            Pot::Delegated(_) | Pot::DelegationRewards(_) | Pot::Exit(_) | Pot::Moved(_) => {
                return Party::Pools;
            }
            Pot::Job(..)
            | Pot::Assignment(..)
            | Pot::Slash(_)
            | Pot::Cover(_)
            | Pot::Proposal(_)
            | Pot::Grants
            | Pot::Program(_) => return Party::Pending,
            Pot::Emission | Pot::Vesting(_) => return Party::Emission,
        };
        self.whose(owner)
    }

    fn whose(&self, owner: AccountId) -> Party {
        if self.cast.is_one_of(owner) {
            return Party::Coalition;
        }
        match owner {
            REQUESTER => Party::Requester,
            PROVIDER => Party::Provider,
            CHALLENGER => Party::Challenger,
            OPERATOR => Party::Operator,
            other if self.cast.delegates(other) => Party::Delegator,
            other if self.cast.sits(other) => Party::Guards,
            other if other == self.cast.guardian() => Party::Guards,
            _ => Party::Validators,
        }
    }

    /// What a party gained since the job was about to be posted, in base units.
    pub(crate) fn gained(&self, party: Party) -> i64 {
        self.books.get(&party).copied().unwrap_or(0)
    }

    /// True if the books sum to nothing and nothing is pending.
    pub(crate) fn is_closed_to_the_unit(&self) -> bool {
        self.books.values().sum::<i64>() == 0
            && self.gained(Party::Pending) == 0
            && self.state.check_conservation().is_ok()
    }

    /// Books what the delegator's shares have come to as if they were paid.
    pub(crate) fn take_stock(&mut self) {
        let held = self.held_in_shares();
        let change = held - std::mem::replace(&mut self.behind, held);
        let is_own = self.cast.has(Member::Delegator);
        let party = if is_own { Party::Coalition } else { Party::Delegator };
        *self.books.entry(party).or_default() += change;
        *self.books.entry(Party::Pools).or_default() -= change;
        if is_own && change != 0 {
            *self.statement.entry(Reason::DelegationWithdrawn).or_default() += change;
        }
    }

    /// Books what operators earned by emission and have not been paid, and what their work of this
    /// epoch may attract at most: no epoch pays more.
    pub(crate) fn take_emission(&mut self) {
        let earned = self.state.operators().map(|(id, operator)| {
            let earned = self.state.vesting(id).total().saturating_add(self.state.open_claim(id));
            (operator.account, i64::try_from(earned.units()).expect("amounts have 63 bits"))
        });
        let earned: Vec<(AccountId, i64)> = earned.filter(|(_, units)| *units != 0).collect();
        for (account, units) in earned {
            let party = self.whose(account);
            *self.books.entry(party).or_default() += units;
            self.book_stake(party, units);
            *self.books.entry(Party::Emission).or_default() -= units;
            if party == Party::Coalition {
                *self.statement.entry(Reason::EmissionEarned).or_default() += units;
                if is_an_auditor(account) {
                    self.auditors += units;
                }
            }
        }
    }

    /// What the delegator would have of its shares, were they paid now, in base units.
    fn held_in_shares(&self) -> i64 {
        let rows = self.state.delegations().filter(|(_, row)| row.account == self.cast.delegator());
        let worth = rows.map(|(_, row)| {
            let leaving = self.state.leaving(row).map(|(_, amount, _)| amount);
            let moved = self.state.moved(row).map(|(_, amount, ..)| amount);
            let own = self.state.delegated(row).saturating_add(self.state.delegation_earned(row));
            leaving.chain(moved).fold(own, Amount::saturating_add)
        });
        let all = worth.fold(Amount::ZERO, Amount::saturating_add);
        i64::try_from(all.units()).expect("amounts have 63 bits")
    }

    /// What `account` opens for `root`.
    pub(crate) fn opening(&self, root: Digest) -> Opening {
        let order = self.state.order(JOB).expect("posted");
        truth::opening(&order.terms.task, root)
    }

    /// What `account` seals for `root`.
    pub(crate) fn seal_result(&self, account: AccountId, root: Digest) -> Digest {
        let opening = self.opening(root);
        seal::result(&self.state.network(), JOB, &address(account), &opening)
    }
}

/// True for a validator's account; asked of the coalition's only.
fn is_an_auditor(account: AccountId) -> bool {
    ![REQUESTER, PROVIDER, CHALLENGER, OPERATOR].contains(&account)
}

/// What nobody gets of a slash that a cover would wait for, if the event tells of one.
fn sunk(event: &Event) -> Option<Amount> {
    let Event::Slashed { slash: Some(_), offence, terms, .. } = event else { return None };
    let Way::Claims(claims) = terms.way else { return None };
    // Who leaves, or does not open its bid, pays no cover.
    let convicts = matches!(
        offence,
        Offence::WrongResult | Offence::DataWithholding | Offence::CopiedRoot | Offence::FalseAudit
    );
    let split = claims.split(terms.own);
    (claims.injured && convicts).then(|| split.burnt.saturating_add(split.insurance))
}
