//! Events as sentences: those of the story that `earnest up` tells, and all others.
//!
//! Law: every event has a sentence that says what it says and nothing else.

use earnest_api::{EventRecord, decimal};
use earnest_protocol::{AccountId, Event, command::Rating};

use super::standing::{ending, role};
use crate::{
    clock::Clock,
    money,
    present::Present,
    text::{count, tokens},
    up::account::{Narrator, word},
};

/// Says what happened, with the names of accounts and programs.
#[derive(Debug)]
pub struct Teller {
    narrator: Narrator,
    names: std::collections::BTreeMap<AccountId, String>,
}

impl Teller {
    /// Of a network of now, with these names of accounts.
    pub fn new(clock: Clock, names: impl IntoIterator<Item = (AccountId, String)>) -> Teller {
        let programs = earnest_worker::guests::all().map(|guest| {
            let digest = earnest_worker::requester::program_digest(guest.module);
            (digest, guest.name.to_owned())
        });
        let mut narrator = Narrator::new(clock, programs);
        let names: std::collections::BTreeMap<_, _> = names.into_iter().collect();
        for (id, name) in &names {
            narrator.name_account(*id, name);
        }
        Teller { narrator, names }
    }

    /// Now, as far as events have told it.
    pub fn clock(&self) -> Clock {
        self.narrator.clock()
    }

    /// The name of an account.
    pub fn who(&self, id: AccountId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("account {id}"))
    }

    /// What an event says.
    pub fn tell(&mut self, record: &EventRecord, present: &Present) -> String {
        if let Some(line) = self.narrator.line(record) {
            return line.text;
        }
        // Time goes on while events are followed.
        let clock = self.narrator.clock();
        let present = &Present { clock, names: present.names.clone() };
        let event = &record.event;
        let told = self.of_accounts(event, present).or_else(|| self.of_bonds(event, present));
        let told = told.or_else(|| self.of_proposals(event, present));
        let told = told.or_else(|| self.of_spends(event, present));
        let told = told.or_else(|| self.of_requesters(event));
        let told = told.or_else(|| self.of_prices(event)).or_else(|| self.of_credits(event));
        let told = told.or_else(|| self.of_grants(event));
        told.or_else(|| self.of_jobs(event, &clock)).unwrap_or_else(|| plain(event))
    }

    fn of_accounts(&self, event: &Event, present: &Present) -> Option<String> {
        Some(match event {
            Event::AccountOpened { address, .. } => {
                format!("account opened for {}", present.names.full(address))
            }
            Event::KeyAuthorised { account, key, scope, expires, spend_max } => format!(
                "{} lets {} {} until {}, for {} at most",
                self.who(*account),
                present.names.short(key),
                word(scope),
                present.clock.block(*expires),
                tokens(*spend_max)
            ),
            Event::ReputationChanged { operator, account, score } => {
                let (who, score) = (self.who(*account), money::percent(*score));
                format!("{who} has a reputation of {score} as operator {operator}")
            }
            Event::KeyRevoked { account, key } => {
                format!("{} takes back what {} may", self.who(*account), present.names.short(key))
            }
            Event::KeyExpired { account, key } => {
                let (key, whose) = (present.names.short(key), self.who(*account));
                format!("{key} may not act for {whose} any more")
            }
            Event::Transferred { source, target, amount, .. } => {
                let amount = tokens(*amount);
                format!("{} sends {amount} to {}", self.who(*source), self.who(*target))
            }
            Event::DataKept { account, root, kibibytes, until, price, .. } => format!(
                "{} pays {} to keep {kibibytes} KiB under {root} until {}",
                self.who(*account),
                tokens(*price),
                present.clock.block(*until)
            ),
            Event::ProgramPublished { program, account, bytes, deposit } => format!(
                "{} has published {program}, {bytes} bytes behind {}",
                self.who(*account),
                tokens(*deposit)
            ),
            Event::ProgramNotAdmitted { program, account, deposit } => format!(
                "{} loses {}: {program} is no program that can be judged",
                self.who(*account),
                tokens(*deposit)
            ),
            Event::ProgramRetired { program, account, deposit } => format!(
                "{} takes {program} from the ledger and has {} back",
                self.who(*account),
                tokens(*deposit)
            ),
            _ => return None,
        })
    }

    fn of_sets(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::ActiveSetEntered { account, role: of, stake, .. } => format!(
                "{} is among the {}s that take new work, with {}",
                self.who(*account),
                role(*of),
                tokens(*stake)
            ),
            Event::ActiveSetLeft { account, role: of, stake, by, .. } => {
                let (who, of, stake) = (self.who(*account), role(*of), tokens(*stake));
                let by = by.map(|by| format!(": {} has more", self.who(by))).unwrap_or_default();
                format!("{who} takes no new work as a {of}, with {stake}{by}")
            }
            _ => return None,
        })
    }

    fn of_locks(&self, event: &Event, present: &Present) -> Option<String> {
        Some(match event {
            Event::BondLocked { account, role: of, amount, until, .. } => format!(
                "{} keeps {} of its bond as a {} locked until {}",
                self.who(*account),
                tokens(*amount),
                role(*of),
                present.clock.epoch(*until)
            ),
            Event::LockEnded { account, role: of, amount, .. } => format!(
                "{} has its bond as a {} locked no longer, of which {} were",
                self.who(*account),
                role(*of),
                tokens(*amount)
            ),
            _ => return None,
        })
    }

    fn of_bonds(&self, event: &Event, present: &Present) -> Option<String> {
        Some(match event {
            Event::Bonded { account, role: of, amount, .. } => {
                format!("{} bonds {} as a {}", self.who(*account), tokens(*amount), role(*of))
            }
            Event::Unbonding { operator, amount, matures, .. } => format!(
                "{} begin to leave the bond of operator {operator}, paid out in {}",
                tokens(*amount),
                present.clock.epoch(*matures)
            ),
            Event::UnbondCancelled { account, role: of, amount, .. } => {
                format!("{} bonds {} again as a {}", self.who(*account), tokens(*amount), role(*of))
            }
            Event::BondLocked { .. } | Event::LockEnded { .. } => {
                return self.of_locks(event, present);
            }
            Event::Withdrawn { account, amount, .. } => {
                format!("{} has {} back from its bond", self.who(*account), tokens(*amount))
            }
            Event::Unjailed { account, role: of, .. } => {
                format!("{} may work again as a {}", self.who(*account), role(*of))
            }
            Event::ActiveSetEntered { .. } | Event::ActiveSetLeft { .. } => {
                return self.of_sets(event);
            }
            Event::RewardsClaimed { account, amount, .. } => {
                format!("{} collects {} of slashes", self.who(*account), tokens(*amount))
            }
            Event::EmissionEarned { operator, epoch, amount, shared, .. } => {
                let (amount, shared) = (tokens(*amount), tokens(*shared));
                format!(
                    "operator {operator} earned {amount} of emission in epoch {epoch}, {shared} of \
                     it for its delegators"
                )
            }
            Event::StakeRewarded { operator, amount, shared } => {
                let (amount, shared) = (tokens(*amount), tokens(*shared));
                format!(
                    "operator {operator} earned {amount} of emission by its stake, {shared} of it \
                     for its delegators"
                )
            }
            Event::EmissionPaid { account, amount, .. } => {
                format!("{} collects {} of emission", self.who(*account), tokens(*amount))
            }
            Event::Delegated { account, operator, amount } => {
                let (who, amount) = (self.who(*account), tokens(*amount));
                format!("{who} delegates {amount} to operator {operator}")
            }
            Event::CommissionSet { account, rate, ceiling, .. } => format!(
                "{} keeps {} of what its work pays, and promises to keep {} at most",
                self.who(*account),
                money::percent(*rate),
                money::percent(*ceiling)
            ),
            Event::DelegationRewarded { account, operator, amount } => {
                let (who, amount) = (self.who(*account), tokens(*amount));
                format!("{who} has {amount} of what operator {operator} earned")
            }
            Event::Undelegating { account, operator, amount, matures, .. } => format!(
                "{} of {} begin to leave operator {operator}, to be withdrawn from {} on",
                tokens(*amount),
                self.who(*account),
                present.clock.epoch(*matures)
            ),
            _ => return None,
        })
    }

    fn of_proposals(&self, event: &Event, present: &Present) -> Option<String> {
        Some(match event {
            Event::Proposed { proposal, account, opens } => format!(
                "{} proposes {proposal}, voted on from {} on",
                self.who(*account),
                present.clock.epoch(*opens)
            ),
            Event::VotingOpened { proposal, power, closes } => format!(
                "voting on proposal {proposal} begins by {} of stake and ends in {}",
                tokens(*power),
                present.clock.epoch(*closes)
            ),
            Event::BallotCast { proposal, account, choice, power } => format!(
                "{} says {} to proposal {proposal} with {}",
                self.who(*account),
                word(choice),
                tokens(*power)
            ),
            Event::BallotReduced { proposal, account, by } => format!(
                "{} of what {} votes with on proposal {proposal} speak for themselves",
                tokens(*by),
                self.who(*account)
            ),
            Event::VotingExtended { proposal, closes } => format!(
                "the quorum for proposal {proposal} came late: voting ends in {}",
                present.clock.epoch(*closes)
            ),
            Event::ProposalQueued { proposal, due } => format!(
                "proposal {proposal} is accepted, in force in {}",
                present.clock.epoch(*due)
            ),
            Event::ProposalExecuted { proposal, version } => {
                let version = version.raw();
                format!("proposal {proposal} is in force as version {version} of the parameters")
            }
            Event::ProposalExpired { proposal, broken } => {
                format!("proposal {proposal} expires, it does not fit: {broken}")
            }
            Event::AppealOpened { proposal, slash, account, deposit, opens } => format!(
                "{} appeals against slash {slash} with {} behind it: proposal {proposal}, voted on \
                 from {} on",
                self.who(*account),
                tokens(*deposit),
                present.clock.epoch(*opens)
            ),
            Event::SlashAppealed { slash, proposal } => {
                format!("slash {slash} waits for what proposal {proposal} comes to")
            }
            Event::CouncilBallotCast { proposal, account, choice } => format!(
                "{} of the council says {} to proposal {proposal}",
                self.who(*account),
                word(choice)
            ),
            Event::LanePaused { lane, until } => {
                format!(
                    "the guardian pauses new {} until {}",
                    word(lane),
                    present.clock.block(*until)
                )
            }
            Event::AppealGranted { proposal } => {
                format!("appeal {proposal} is granted: its slashes are undone")
            }
            _ => return None,
        })
    }

    fn of_spends(&self, event: &Event, present: &Present) -> Option<String> {
        Some(match event {
            Event::SpendProposed { proposal, account, payee, amount, epochs, opens, .. } => {
                format!(
                    "{} proposes to pay {} {} of the treasury over {} epochs: proposal {proposal}, \
                 voted on from {} on",
                    self.who(*account),
                    self.who(*payee),
                    tokens(*amount),
                    epochs.count(),
                    present.clock.epoch(*opens)
                )
            }
            Event::StopProposed { proposal, spend, account, opens } => format!(
                "{} proposes to stop spend {spend}: proposal {proposal}, voted on from {} on",
                self.who(*account),
                present.clock.epoch(*opens)
            ),
            Event::SpendBegan { proposal, amount, lapses } => format!(
                "spend {proposal} of {} begins; what is not paid by then lapses in {}",
                tokens(*amount),
                present.clock.epoch(*lapses)
            ),
            Event::SpendPaid { proposal, account, amount, left, .. } => format!(
                "{} is paid {} of spend {proposal}; {} are left",
                self.who(*account),
                tokens(*amount),
                tokens(*left)
            ),
            Event::SpendEnded { proposal, why, paid, left } => format!(
                "spend {proposal} is over, {}: {} were paid, {} stay in the treasury",
                ending(*why),
                tokens(*paid),
                tokens(*left)
            ),
            _ => return None,
        })
    }

    fn of_prices(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::PriceSealed { account, epoch, weight } => format!(
                "{} seals a price of epoch {epoch}, with {} behind it",
                self.who(*account),
                tokens(*weight)
            ),
            Event::PriceOpened { account, epoch, price } => format!(
                "{} opens its price of epoch {epoch}: {}",
                self.who(*account),
                money::multiple(*price)
            ),
            Event::PriceCounted { epoch, price, average, terms } => format!(
                "stake is worth {}, on average {}: of epoch {epoch} {} of {} opened a price, \
                 median {}",
                money::multiple(*price),
                money::multiple(*average),
                tokens(terms.opened),
                tokens(terms.stake),
                money::multiple(terms.median)
            ),
            Event::PriceMissed { epoch, opened, stake, is_stale } => format!(
                "no price counts for epoch {epoch}, of {} only {} opened one{}",
                tokens(*stake),
                tokens(*opened),
                if *is_stale { "; new jobs wait for one" } else { "" }
            ),
            _ => return None,
        })
    }

    fn of_credits(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::CreditsMinted { account, credits, terms } => format!(
                "{} burns {} of stake for {}, at {} a unit less {}",
                self.who(*account),
                tokens(terms.stake),
                tokens(*credits),
                money::multiple(terms.price),
                money::multiple(terms.spread.factor())
            ),
            Event::CreditsRedeemed { account, stake, terms } => format!(
                "{} burns {} for {} of stake, at {} a unit less {}",
                self.who(*account),
                tokens(terms.credits),
                tokens(*stake),
                money::multiple(terms.price),
                money::multiple(terms.spread.factor())
            ),
            _ => return None,
        })
    }

    fn of_grants(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::GrantClaimed { account, amount } => {
                format!("{} claims {} of its grant", self.who(*account), tokens(*amount))
            }
            Event::ListedClaimed { account, place, amount } => format!(
                "{} is paid {}, place {place} of the genesis' list",
                self.who(*account),
                tokens(*amount)
            ),
            Event::ListClosed { amount } => format!(
                "the genesis' list is closed: {} that nobody fetched go to the treasury",
                tokens(*amount)
            ),
            _ => return None,
        })
    }

    /// What its requester does about a job besides ordering it.
    fn of_requesters(&self, event: &Event) -> Option<String> {
        let who = |account: &AccountId| self.who(*account);
        Some(match event {
            Event::JobInsured { job, account, cover, premium } => format!(
                "job {job}: {} insures {} for {}",
                who(account),
                tokens(*cover),
                tokens(*premium)
            ),
            Event::CoverPaid { job, account, cover, amount, .. } => format!(
                "job {job}: of a cover of {} {} gets {}",
                tokens(*cover),
                who(account),
                tokens(*amount)
            ),
            Event::JobRated { job, account, provider, rating, weight, .. } => format!(
                "job {job}: {} says that {} did it {}, by the weight of {} events",
                who(account),
                who(provider),
                if *rating == Rating::Good { "well" } else { "badly" },
                decimal(weight.parts(), 9)
            ),
            _ => return None,
        })
    }

    fn of_jobs(&self, event: &Event, clock: &Clock) -> Option<String> {
        let who = |account: &AccountId| self.who(*account);
        Some(match event {
            Event::BidCommitted { job, account } => {
                format!("job {job}: {} seals a bid", who(account))
            }
            Event::BidEvicted { job, account } => {
                format!("job {job}: a larger bond takes the place of {}'s bid", who(account))
            }
            Event::BiddingClosed { job, bids, until } => {
                let (bids, until) = (count(u64::from(*bids), "bid"), clock.block(*until));
                format!("job {job}: bidding is over with {bids}, to be opened until {until}")
            }
            Event::DelegationEarned { job, operator, amount } => {
                let amount = tokens(*amount);
                format!("job {job}: {amount} go to who delegates to operator {operator}")
            }
            Event::WorkClaimed { job, operator, role: of, claim, .. } => {
                let (claim, of) = (tokens(*claim), role(*of));
                format!("job {job}: operator {operator} may claim {claim} of emission as a {of}")
            }
            Event::StakeTaken { job, account, offence, amount, .. } => {
                let (who, amount) = (who(account), tokens(*amount));
                format!("job {job}: {amount} of {who} are taken for {}", word(offence))
            }
            Event::SeedOpened { job } => {
                format!("job {job}: the requester opens its part of the seed")
            }
            Event::Revealing { job, until } => {
                format!("job {job}: everybody opens what it sealed until {}", clock.block(*until))
            }
            Event::ChallengeWindow { job, until } => {
                format!("job {job}: anyone may challenge until {}", clock.block(*until))
            }
            Event::DataRequested { job, asker, until, .. } => {
                let until = clock.block(*until);
                format!("job {job}: {} asks for bytes, due at {until}", who(asker))
            }
            Event::DataServed { job, .. } => format!("job {job}: the bytes were produced"),
            Event::DataWithheld { job, account, .. } => {
                format!("job {job}: {} withheld the bytes", who(account))
            }
            Event::ReceiptConfirmed { job } => format!("job {job}: the requester has the output"),
            Event::CopyReported { job, accused, finder } => {
                format!("job {job}: {} knew what {} had sealed", who(finder), who(accused))
            }
            Event::NodeOpened { job, node, children } => format!(
                "job {job}: node {} of level {} is disclosed, with {} children",
                node.index,
                node.level,
                children.len()
            ),
            _ => return None,
        })
    }
}

/// An event's kind and members as the wire has them.
fn plain(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let members = value.as_object().into_iter().flatten();
    let members: Vec<String> = members
        .filter(|(name, _)| *name != "kind")
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{} {text}", name.replace('_', " ")),
            None => format!("{} {value}", name.replace('_', " ")),
        })
        .collect();
    let kind = value["kind"].as_str().unwrap_or("event").replace('_', " ");
    if members.is_empty() { kind } else { format!("{kind}: {}", members.join(", ")) }
}
