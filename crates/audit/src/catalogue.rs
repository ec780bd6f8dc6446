//! Catalogue: which deviations are played, as data, and why the rest is not.
//!
//! Law: every label of the list of attacks that shaped the mechanism, and every known hole of the
//! threat model, has an entry here or a reason; a test compares.
//! Not here: how a play is valued (`value`), what a verdict is (`report`).

use crate::{
    cast::Member,
    closed_form::{self, ClosedForm},
    points::{Act, Point},
    world::Party,
};

/// Acts that are forced at some points.
pub(crate) type Forced = &'static [(Point, &'static [Act])];

/// What an entry asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Does the coalition gain by it?
    Profit,
    /// The same, the job being insured as far as it can be, and honest play not.
    Insured,
    /// Does this party lose by it more than it costs the coalition?
    Harm(Party),
    /// Is honest work, or asking for it, worth it?
    Participation,
    /// Does an honest requester gain, though the coalition does what pays it best?
    Protection,
}

/// One deviation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) id: &'static str,
    pub(crate) labels: &'static [&'static str],
    pub(crate) about: &'static str,
    pub(crate) members: &'static [Member],
    /// What makes it this deviation; at every other point the coalition does what is best for it.
    pub(crate) deviation: Forced,
    /// What it is compared with: honest play, with these points forced.
    pub(crate) against: Forced,
    pub(crate) goal: Goal,
    /// What theory says that the coalition gets, fees of commands left out, if anything.
    pub(crate) closed_form: Option<ClosedForm>,
}

use Act::{Ceiling, Do, Half, Leave, Nothing, Right, Silent, Wrong};
use Member::{Auditors, Challenger, Operator, Provider, Requester};
use Point::{
    Accept, Bid, Defend, OpenBid, OpenResult, OpenVerdict, Pursue, Report, Result, Seed, Verdict,
};

const TAKES: Forced = &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do])];
const LIES: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Wrong])];
const ABANDONS: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Silent])];
const WORKS: Forced =
    &[(Bid, &[Ceiling, Half, Nothing]), (OpenBid, &[Do]), (Accept, &[Do]), (Result, &[Right])];
const REPORTED: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (Report, &[Do]),
];
const CHALLENGED: Forced = &[
    (Bid, &[Ceiling, Half, Nothing]),
    (OpenBid, &[Do]),
    (Accept, &[Do]),
    (Result, &[Wrong]),
    (Point::Challenge, &[Do]),
];
const HONEST: Forced = &[];

/// What is played.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        id: "wrong-result",
        labels: &["C6", "C7", "C11", "C15", "M3", "M14"],
        about: "the provider delivers a wrong result",
        members: &[Provider],
        deviation: LIES,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: Some(closed_form::lone_liar),
    },
    Entry {
        id: "wrong-result-instead-of-leaving",
        labels: &["C6"],
        about: "whoever cannot deliver any more delivers garbage instead of abandoning",
        members: &[Provider],
        deviation: LIES,
        against: ABANDONS,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "never-opened",
        labels: &["C7"],
        about: "a sealed result is never opened",
        members: &[Provider],
        deviation: &[
            (Bid, &[Ceiling, Half, Nothing]),
            (OpenBid, &[Do]),
            (Accept, &[Do]),
            (Result, &[Wrong, Right]),
            (OpenResult, &[Leave]),
        ],
        against: ABANDONS,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "abandonment",
        labels: &["C6", "M6"],
        about: "the provider takes the job and does nothing",
        members: &[Provider],
        deviation: ABANDONS,
        against: &[(Result, &[Right])],
        goal: Goal::Harm(Party::Requester),
        closed_form: None,
    },
    Entry {
        id: "bid-withheld",
        labels: &["M6", "M26"],
        about: "a bid is sealed and not opened, or a won job not accepted",
        members: &[Provider],
        deviation: &[(Bid, &[Ceiling, Half, Nothing]), (Accept, &[Leave])],
        against: &[(Bid, &[Leave])],
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "wrong-result-bribed",
        labels: &["C1", "C3", "C4", "C5", "C10", "C12", "M1", "M15", "M18", "M21"],
        about: "a wrong result, with every bribable auditor in the same purse",
        members: &[Provider, Auditors],
        deviation: LIES,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "wrong-result-bribed-instead-of-leaving",
        labels: &["C6", "C3"],
        about: "the same, compared with abandoning",
        members: &[Provider, Auditors],
        deviation: LIES,
        against: ABANDONS,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "wrong-result-bribed-silent",
        labels: &["C10"],
        about: "a wrong result, and bribed auditors that seal nothing",
        members: &[Provider, Auditors],
        deviation: &[
            (Bid, &[Ceiling, Half, Nothing]),
            (OpenBid, &[Do]),
            (Accept, &[Do]),
            (Result, &[Wrong]),
            (Verdict, &[Silent]),
        ],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "self-report",
        labels: &["C1", "C12", "m23"],
        about: "a wrong result whose maker has a friend report it as copied",
        members: &[Provider, Auditors, Challenger],
        deviation: REPORTED,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "self-report-instead-of-leaving",
        labels: &["C1", "C6"],
        about: "the same, compared with abandoning",
        members: &[Provider, Auditors, Challenger],
        deviation: REPORTED,
        against: ABANDONS,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "friendly-challenge",
        labels: &["C1", "C9", "M30"],
        about: "a wrong result that a friend challenges, in earnest or as a sham",
        members: &[Provider, Challenger],
        deviation: CHALLENGED,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "friendly-challenge-instead-of-leaving",
        labels: &["C1", "C6", "C9"],
        about: "the same, compared with abandoning",
        members: &[Provider, Challenger],
        deviation: CHALLENGED,
        against: ABANDONS,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "compensation-farm",
        labels: &["C16", "C8", "M8"],
        about: "requester, provider and auditors are one, and have a wrong result convicted",
        members: &[Requester, Provider, Auditors],
        deviation: LIES,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "insured-compensation-farm",
        labels: &["C16", "I1"],
        about: "the same, the job insured from a pool without bounds",
        members: &[Requester, Provider, Auditors],
        deviation: LIES,
        against: HONEST,
        goal: Goal::Insured,
        closed_form: None,
    },
    Entry {
        id: "self-dealing",
        labels: &["M24", "E1"],
        about: "requester, provider and auditors are one, and work for themselves",
        members: &[Requester, Provider, Auditors],
        deviation: WORKS,
        against: &[(Bid, &[Leave])],
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "fabricated-verdict",
        labels: &["C10", "C12", "M15", "m1"],
        about: "bribed auditors dissent from a right result",
        members: &[Auditors],
        deviation: &[(Verdict, &[Wrong])],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "missed-audit",
        labels: &["C10", "m15"],
        about: "bribed auditors seal nothing",
        members: &[Auditors],
        deviation: &[(Verdict, &[Silent])],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "verdict-not-opened",
        labels: &["C10"],
        about: "bribed auditors seal a verdict and keep it",
        members: &[Auditors],
        deviation: &[(OpenVerdict, &[Leave])],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "hostile-requester",
        labels: &["C13", "C16", "M15"],
        about: "requester and bribed auditors accuse an honest provider",
        members: &[Requester, Auditors],
        deviation: &[(Verdict, &[Wrong])],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "seed-withheld",
        labels: &["C8", "M8"],
        about: "the requester keeps its part of the seed back",
        members: &[Requester],
        deviation: &[(Seed, &[Leave])],
        against: HONEST,
        goal: Goal::Harm(Party::Provider),
        closed_form: None,
    },
    Entry {
        id: "false-challenge",
        labels: &["C9", "F1", "M11", "M13"],
        about: "somebody challenges a right result",
        members: &[Challenger],
        deviation: &[(Point::Challenge, &[Do])],
        against: HONEST,
        goal: Goal::Harm(Party::Provider),
        closed_form: None,
    },
    Entry {
        id: "false-challenge-profit",
        labels: &["C9", "F1"],
        about: "the same, for money",
        members: &[Challenger],
        deviation: &[(Point::Challenge, &[Do])],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "dispute-lost-on-purpose",
        labels: &["C9", "M13"],
        about: "the accused falls silent in its dispute, a friend challenging a right result",
        members: &[Provider, Challenger],
        deviation: &[
            (Bid, &[Ceiling, Half, Nothing]),
            (OpenBid, &[Do]),
            (Accept, &[Do]),
            (Result, &[Right]),
            (Point::Challenge, &[Do]),
            (Defend, &[Silent]),
            (Pursue, &[Wrong]),
        ],
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "beacon-withheld",
        labels: &["C8"],
        about: "the operator keeps its beacon back",
        members: &[Operator],
        deviation: &[(Point::Beacon, &[Leave])],
        against: HONEST,
        goal: Goal::Harm(Party::Requester),
        closed_form: None,
    },
    Entry {
        id: "beacon-chosen",
        labels: &["C8"],
        about: "operator, provider and auditors are one, and choose which beacon is shown",
        members: &[Operator, Provider, Auditors],
        deviation: LIES,
        against: HONEST,
        goal: Goal::Profit,
        closed_form: None,
    },
    Entry {
        id: "participation-provider",
        labels: &["C11", "M25"],
        about: "honest work is worth its cost and its capital",
        members: &[Provider],
        deviation: TAKES,
        against: &[(Bid, &[Leave])],
        goal: Goal::Participation,
        closed_form: Some(closed_form::honest_provider),
    },
    Entry {
        id: "participation-auditor",
        labels: &["C12"],
        about: "an honest verdict is worth its cost",
        members: &[Auditors],
        deviation: HONEST,
        against: HONEST,
        goal: Goal::Participation,
        closed_form: None,
    },
    Entry {
        id: "participation-requester",
        labels: &["C11", "M25"],
        about: "a right result is worth its price, its audit and what asking for it costs",
        members: &[Requester],
        deviation: HONEST,
        against: HONEST,
        goal: Goal::Participation,
        closed_form: Some(closed_form::honest_requester),
    },
    Entry {
        id: "requester-protected",
        labels: &["C3", "C11"],
        about: "the same, though provider and bribed auditors do what pays them best",
        members: &[Provider, Auditors],
        deviation: HONEST,
        against: HONEST,
        goal: Goal::Protection,
        closed_form: None,
    },
];

/// Labels that no entry carries, with the reason.
pub(crate) const REASONS: &[(&[&str], &str)] = &[
    (&["C2", "M28"], "a name takes many jobs; no discount reaches below what deters, by formula"),
    (
        &["N1", "N2", "N3", "N4"],
        "a name takes many jobs; `attacks::names` plays it, formulas have properties",
    ),
    (&["C13"], "an engine's fault is none of a player's acts; the referee here is right"),
    (&["C14", "m10"], "takes several jobs of one bond; scenario tests play it"),
    (&["C17"], "sealed jobs are refused when they are posted"),
    (&["M2"], "the draw is public: whom a coalition can bribe is its share of auditors here"),
    (&["M4"], "a job keeps its price; the frontier says how far stake may fall before a slash"),
    (&["M7", "M8", "F2"], "bytes are asked for by nobody in these games"),
    (&["F3"], "who shows what was not sealed is refused; nobody else loses anything"),
    (&["F4"], "a rating follows a job's end; `attacks::names` plays it"),
    (&["F5"], "what waiting costs the injured is no money; what an appeal costs is played"),
    (&["M9", "M10", "M11", "M12", "M13"], "times and sizes; the rules' relations bound them"),
    (&["M16", "M17", "M22", "M23", "M27", "M33"], "what it attacks is not built"),
    (
        &["O1", "O2", "O3", "O4"],
        "room and a referee's time, not a job's money; scenario tests play it",
    ),
    (
        &["O5", "O6", "O7", "O8", "O10"],
        "one step decides as in every dispute; scenario tests play the trees and the clocks",
    ),
    (
        &["O9"],
        "what a provider does before it bids is no move of a game: it prepares the source and \
         compares, off the ledger",
    ),
    (&["D1"], "two settings of one rule; a test compares what an offence costs under either"),
    (&["D3"], "a lawful choice that whoever joins is told; its steps are bounded by formula"),
    (&["D4", "M20"], "a property of shares and of an index; property tests hold it"),
    (&["D7"], "many delegators against each other are another game; property tests hold it"),
    (
        &["I2", "I3", "I4", "I5", "I6", "I7", "I8"],
        "when a cover is sold and what a pool has; `attacks::insurance` plays them",
    ),
    (
        &["B1", "B2", "B3", "B4", "B5", "B6", "B7"],
        "what is converted is no part of a job; `attacks::credits`, a second book of conversions \
         and property tests hold it",
    ),
    (
        &["G1", "G2", "G3", "G4", "G5"],
        "what a genesis gave is no part of a job; `attacks::grants` and a second book of claims \
         hold it",
    ),
    (
        &["S1", "S2", "S3", "S4", "S5", "S6", "S7"],
        "who is in a set is decided between jobs, by bonds of many operators; `attacks::sets`, a \
         second book of sets and property tests hold it",
    ),
    (
        &["D8"],
        "`leaving` plays whose money it is; scenario and property tests hold when it is back",
    ),
    (
        &["M31", "V1", "V2", "V3", "V4", "V5"],
        "votes on parameters are not played, only on appeals. `attacks::votes` and \
         `attacks::council` have what a majority can and cannot do",
    ),
    (
        &["L1", "L2", "L3", "L4", "L5", "L6", "L7"],
        "a lock moves no money and no job sees it; `attacks::locks`, a second book of locks and \
         property tests hold it",
    ),
    (&["V6", "V7", "V8", "V9"], "no job pays it; `attacks::treasury` has what a majority can do"),
    (
        &["E2", "E3", "E4"],
        "a game is over before anything vests; `attacks::rewards` plays them over epochs",
    ),
    (&["E6"], "takes many jobs under several names; `attacks::rewards` plays it"),
    (&["E7"], "a score is made over many jobs; it only lowers a claim"),
    (&["E5"], "a property of sums, not a choice; a test at the largest of them holds it"),
    (&["M26"], "one bidder here; rivals are another game"),
    (&["M34"], "takes rivals, or many jobs; `attacks::market` and `attacks::keys` play it"),
    (&["M29"], "a crash is nobody's choice; a second seal is refused"),
    (
        &["m2", "m3", "m8", "m9", "m12", "m14", "m19", "m20", "m25"],
        "a property of the rules, not a choice; their own tests hold it",
    ),
    (&["m13"], "a rating follows a job's end; `attacks::names` plays it"),
    (&["m4", "m5", "m6"], "rivals, entrants and split jobs are other games"),
    (
        &["A1", "A2", "A3", "A4", "A5", "m11"],
        "no requester here has a tier, which is had between jobs; what it gives is bounded by R21, \
         and `attacks::access` plays it",
    ),
    (&["m7", "m16", "m17", "m18", "m22", "m24"], "what it attacks is not built"),
];

/// Known holes of the threat model, by the words they begin with, and the entry or the reason.
pub(crate) const HOLES: &[(&str, &str)] = &[
    ("Whoever has a tier of access", "takes many jobs; no requester here has a tier"),
    ("The draw is public", "wrong-result-bribed: the bribable are its auditors"),
    ("An operator that leaves out the requester's preimage", "a censoring operator is not played"),
    ("A draw that is put off", "a pool of none but auditors is not played; bonds here suffice"),
    ("An active set is for sale (S4)", "who takes part is given here; sets are off by default"),
    ("A set that was taken for the block", "who takes part is given here; no bond moves"),
    ("Verdicts reported by a friend", "reports of verdicts are not played, only of results"),
    ("A missed lock is free at once", "takes several jobs of one bond"),
    ("A module made by hand (O9)", "every auditor here manages what it is drawn for"),
    ("Capacity counts all that validators have at stake", "takes many jobs"),
    ("Friends that are drawn in every round", "missed-audit and hostile-requester"),
    ("One bond is behind every audit", "takes several jobs of one bond"),
    ("A request for bytes pays the KiB", "bytes are asked for by nobody"),
    ("An auditor that is denied its input", "bytes are asked for by nobody"),
    ("R6 counts the seats of one job", "takes several jobs, and bytes"),
    ("A requester of a large output delays", "bytes are asked for by nobody"),
    ("The bound counts audit fees as s", "wrong-result-bribed counts every fee"),
    ("Open challenges are not sealed", "an honest open challenger is not counted on"),
    ("A convict that no auditor dissents from", "an honest open challenger is not counted on"),
    ("A provider that has several results open", "takes several jobs of one provider"),
    ("A friend of the accused can fill", "an honest open challenger is not counted on"),
    ("Keeping others from the referee", "takes many disputes at once"),
    ("A leak in the last block", "late-self-report plays it; whom it outruns is not played"),
    ("Second price trusts its requester", "rivals are another game"),
    ("A name can be bought", "takes many jobs"),
    ("What a name may take on", "takes many jobs"),
    ("Whoever pays a rival for real work", "rivals are another game"),
    ("A winner that cannot get the input", "bytes are asked for by nobody"),
    ("Jobs of one's own that nobody can audit", "takes many jobs"),
    ("A leading replica's bond backs the jobs", "takes many jobs"),
    ("Jobs of one's own, accepted and abandoned", "takes many jobs"),
    ("Who convicts a program and root alike", "takes two jobs"),
    ("The correlation part of a percentage", "not built"),
    ("Whoever burns enough takes a goal", "gains nothing: self-dealing plays what it loses"),
    ("R19 takes a bond to cost", "a vote's number; what capital earns elsewhere is not known here"),
    ("What work costs its providers is a parameter", "a vote's number; no job or price is in it"),
    ("Whoever delegates, or bonds, before", "one delegator, who joins before the job"),
    ("An operator that delegates to itself", "paid sooner, and not more: no game here has a clock"),
    ("In a network of two assets a job", "emission is claimed at the price of the job"),
    (
        "More than a third of the stake of validators",
        "who is silent stops new work: no job is played",
    ),
    ("Who copies the prices", "honest validators look for themselves here"),
    ("Who mints while a market falls", "no conversion is played; its bound is a formula"),
    ("An epoch's room to convert", "room, not money"),
    ("Whoever earned credits may redeem", "what a right is sold for is another game"),
    ("What a genesis issues to pay with", "a genesis' choice; no job is in it"),
    ("What was ever issued of an asset", "takes years of conversions"),
    ("What is locked leaves by jobs", "takes many jobs; locks are off by default"),
    ("A price that falls by more than", "the frontier says how far stake may fall"),
    ("Stake that comes an epoch before a vote", "no vote is played"),
    ("Where locks weigh, fewer decide", "no vote is played; locks are off by default"),
    ("Whoever puts a deposit behind every place", "no vote is played"),
    ("A council of which as many are bought", "appeal-to-bought-council plays one fewer"),
    ("A guardian keeps strangers out", "who is kept from posting a job is in no game of one"),
    ("A majority that lasts takes", "no vote is played; R16 bounds how fast"),
    ("Who opens a stop of a spend", "no vote is played"),
    ("A bond stripped before a job", "every bond here is the least that the job needs"),
    ("An operator that keeps its beacon back makes", "beacon-withheld"),
    ("Validators gain when somebody is convicted", "judges' shares count in every purse"),
    ("An operator that takes delegations", "honest play is not slashed here, whoever joins"),
    ("An operator whose bond is all locked", "takes several jobs of one bond"),
    ("The limit of what one requester", "takes many jobs; what it is paid is less than it loses"),
    ("Whoever slashes itself has", "compensation-farm: it is a loss, sooner or later"),
    ("An account is never forgotten", "storage, not money"),
    ("A full room for kept bytes stays full", "room, not money: `attacks::storage` has its price"),
    ("Published programs stay as long", "room, not a job's money"),
    ("A node loads a published program", "a node's time, not a job's money"),
    ("Drafts whose last parts all come", "takes many blocks' room, not a job's money"),
    ("A room full of the smallest keeps", "a node's time, not money"),
    ("A move of the protected lane is tried alone", "room in blocks, not money"),
    ("Who has many addresses", "doors of a node, not money"),
    ("The compiling engine is linked", "a matter of processes"),
];
