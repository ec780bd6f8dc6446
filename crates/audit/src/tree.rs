//! Tree: every play of a game of one job, exhaustively, on the production rules.
//!
//! Key terms: a node where the coalition is *asked*, one where *chance* is revealed, or an end. Up
//! to its draw nothing is known of a job's luck, so one branch stands for all of them; when the
//! rules reveal a draw, each of its classes is realised by a luck that has it, found by playing
//! the same history again. So no act depends on what is not yet known.
//! A first draw is weighed by its law. The seed of a second draw of the same job is known, and
//! whoever computes knows it beforehand: such a node is marked, and valued from both sides.
//! Law: a class that is not realised, or a budget spent, makes the tree incomplete: not shown.
//! Not here: what a play is worth (`value`).

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount,
    ledger::Reason,
    market::{Outcome, Phase},
    num::PARTS,
    verification::SeatState,
};

use crate::{
    cast::Cast,
    honest,
    law::{self, Draw, Label},
    moves::{self, Question},
    points::{Act, Edge, Late, Point},
    rational::Rational,
    votes, windows,
    world::{JOB, Party, World},
};

/// How much a tree may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Nodes.
    pub(crate) nodes: usize,
    /// Plays made only to find a luck that draws what is wanted.
    pub(crate) plays: u64,
}

/// The chance of each class of a draw.
pub(crate) type Law = Vec<(Label, Rational)>;

/// Blocks of a world before it is given up.
const BLOCKS_MAX: u64 = 100_000;

/// Every play of one game.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: usize,
    /// Why it is not whole, if it is not.
    pub(crate) missing: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Asked {
        point: Point,
        children: Vec<(Act, usize)>,
    },
    /// What comes out stands in `labels`, in the order of the children.
    Chance {
        foreseeable: bool,
        children: Vec<(Rational, usize)>,
        labels: Vec<Label>,
    },
    End(End),
}

/// How one play ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) luck: u64,
    pub(crate) history: Vec<(Point, Act)>,
    pub(crate) gains: BTreeMap<Party, i64>,
    /// What of them is in stake, where that is another asset.
    pub(crate) stake: BTreeMap<Party, i64>,
    pub(crate) statement: BTreeMap<Reason, i64>,
    pub(crate) worked: bool,
    pub(crate) outcome: Option<Outcome>,
    /// A wrong result was paid.
    pub(crate) passed: bool,
    /// A wrong result was opened.
    pub(crate) delivered: bool,
    /// A right result was paid.
    pub(crate) received: bool,
    pub(crate) locked_blocks: u128,
    /// What of the coalition's gain its validators have, in base units.
    pub(crate) auditors: i64,
    /// What the coalition's stake and its rewards out of stake came to, in base units.
    pub(crate) at_stake: i64,
    /// What nobody gets of the slash that a cover would wait for.
    pub(crate) sunk: Option<Amount>,
}

/// Where a world stops by itself.
enum Stop {
    Asked(Question),
    Chance(Label),
    End,
}

struct Builder<'a> {
    cast: &'a Cast,
    nodes: Vec<Node>,
    budget: Budget,
    plays: u64,
    /// Lucks known to have had a sequence of classes.
    hits: BTreeMap<Vec<Label>, Vec<u64>>,
    /// The first class of each luck tried, by the history that led to it.
    firsts: BTreeMap<Vec<(Point, Act)>, Vec<Option<Label>>>,
}

impl Tree {
    /// Plays everything that `budget` allows.
    pub(crate) fn build(cast: &Cast, budget: Budget) -> Tree {
        let (nodes, hits, firsts) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let mut builder = Builder { cast, nodes, budget, plays: 0, hits, firsts };
        let grown = builder.grow(World::new(cast, 0), &[], 0);
        let (root, missing) = match grown {
            Ok(root) => (root, None),
            Err(missing) => (0, Some(missing)),
        };
        Tree { nodes: builder.nodes, root, missing }
    }

    /// The same game, the first draw of the job weighed anew; `None` where a number does not fit.
    pub(crate) fn weighed(&self, weight: &dyn Fn(Draw) -> Option<Rational>) -> Option<Tree> {
        let mut tree = self.clone();
        for node in &mut tree.nodes {
            let Node::Chance { foreseeable: false, children, labels } = node else { continue };
            for ((chance, _), label) in children.iter_mut().zip(labels) {
                let [draw] = label[..] else { return None };
                *chance = weight(draw)?;
            }
        }
        Some(tree)
    }

    pub(crate) fn ends(&self) -> impl Iterator<Item = &End> {
        self.nodes.iter().filter_map(|node| match node {
            Node::End(end) => Some(end),
            Node::Asked { .. } | Node::Chance { .. } => None,
        })
    }
}

impl<'a> Builder<'a> {
    fn grow(
        &mut self,
        mut world: World<'a>,
        labels: &[Label],
        first_at: usize,
    ) -> Result<usize, String> {
        if self.budget.nodes <= self.nodes.len() {
            return Err(format!("the game has more than {} nodes", self.budget.nodes));
        }
        let node = match advance(&mut world)? {
            Stop::Asked(question) => {
                let mut children = Vec::new();
                for &act in &question.acts {
                    let mut branch = world.clone();
                    moves::answer(&mut branch, &question, act);
                    children.push((act, self.grow(branch, labels, first_at)?));
                }
                Node::Asked { point: question.point, children }
            }
            Stop::Chance(seen) => {
                let first_at = if labels.is_empty() { world.history.len() } else { first_at };
                let law = law_of(&world).ok_or("a weight needs more than 128 bits")?;
                if !law.iter().any(|(label, _)| *label == seen) {
                    return Err(format!("the rules drew {seen:?}, which the law has not"));
                }
                let (mut children, mut classes) = (Vec::new(), Vec::new());
                for (label, weight) in law {
                    let mut path = labels.to_vec();
                    classes.push(label.clone());
                    path.push(label);
                    let branch = self.realise(&world.history, &path, first_at)?;
                    children.push((weight, self.grow(branch, &path, first_at)?));
                }
                Node::Chance { foreseeable: !labels.is_empty(), children, labels: classes }
            }
            Stop::End => Node::End(end(world)?),
        };
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// A world of the same history in which chance came out as `path` says.
    fn realise(
        &mut self,
        history: &[(Point, Act)],
        path: &[Label],
        first_at: usize,
    ) -> Result<World<'a>, String> {
        let known = self.hits.get(path).cloned().unwrap_or_default();
        for luck in known {
            if let Ok(world) = run(self.cast, luck, history, path)? {
                return Ok(world);
            }
        }
        let firsts = self.firsts.entry(history[..first_at].to_vec()).or_default();
        for luck in 0.. {
            let place = usize::try_from(luck).expect("few");
            if firsts.len() <= place {
                firsts.push(None);
            }
            if firsts[place].as_ref().is_some_and(|first| Some(first) != path.first()) {
                continue;
            }
            self.plays += 1;
            if self.budget.plays < self.plays {
                break;
            }
            match run(self.cast, luck, history, path)? {
                Ok(world) => {
                    firsts[place] = path.first().cloned();
                    self.hits.entry(path.to_vec()).or_default().push(luck);
                    return Ok(world);
                }
                Err((0, label)) => firsts[place] = Some(label),
                Err(_) => firsts[place] = path.first().cloned(),
            }
        }
        let plays = self.budget.plays;
        Err(format!("no draw among {plays} plays comes out as {path:?}"))
    }
}

/// Plays `history` under `luck` up to the last chance of `path`; where chance came out otherwise,
/// the first such place and what came out.
pub(crate) fn run<'a>(
    cast: &'a Cast,
    luck: u64,
    history: &[(Point, Act)],
    path: &[Label],
) -> Result<Result<World<'a>, (usize, Label)>, String> {
    let mut world = World::new(cast, luck);
    let mut seen = 0;
    loop {
        match advance(&mut world)? {
            Stop::Asked(question) => {
                let Some(&(point, act)) = history.get(world.history.len()) else {
                    return Err("a history ends before its chance".into());
                };
                if point != question.point {
                    return Err(format!("asked {:?} where {point:?} was", question.point));
                }
                moves::answer(&mut world, &question, act);
            }
            Stop::Chance(label) => {
                if path.get(seen) != Some(&label) {
                    return Ok(Err((seen, label)));
                }
                seen += 1;
                if seen == path.len() {
                    return Ok(Ok(world));
                }
            }
            Stop::End => return Err("a job ended before its chance".into()),
        }
    }
}

/// How the first draw comes out under `luck`, and with what chance it should come out how.
pub(crate) fn first_draw(cast: &Cast, luck: u64) -> Result<(Label, Law), String> {
    let mut world = World::new(cast, luck);
    match advance(&mut world)? {
        Stop::Chance(label) => {
            let law = law_of(&world).ok_or("a weight needs more than 128 bits")?;
            Ok((label, law))
        }
        Stop::Asked(question) => Err(format!("asked {:?} before a draw", question.point)),
        Stop::End => Err("a job ended before its chance".into()),
    }
}

/// Plays `history` under `luck` to the end.
pub(crate) fn play(cast: &Cast, luck: u64, history: &[(Point, Act)]) -> Result<End, String> {
    let mut world = World::new(cast, luck);
    loop {
        match advance(&mut world)? {
            Stop::Asked(question) => {
                let next = history.get(world.history.len());
                let Some(&(_, act)) = next.filter(|(point, _)| *point == question.point) else {
                    return Err(format!("the play has no answer to {:?}", question.point));
                };
                if !question.acts.contains(&act) {
                    return Err(format!("{:?} cannot be answered by {act:?}", question.point));
                }
                moves::answer(&mut world, &question, act);
            }
            Stop::Chance(_) => {}
            Stop::End => return end(world),
        }
    }
}

/// Lets time pass and honest parties act until the coalition is asked or learns something.
fn advance(world: &mut World<'_>) -> Result<Stop, String> {
    loop {
        if std::mem::take(&mut world.has_drawn) && !std::mem::take(&mut world.foreseen) {
            return Ok(Stop::Chance(vec![drawn(world)]));
        }
        honest::act(world);
        if world.has_drawn {
            continue;
        }
        if !world.reports
            && let Some(question) = windows::due(world)
        {
            let foresees = matches!(question.point, Point::Seed | Point::Beacon);
            if foresees && !world.foreseen {
                let label = [Act::Do, Act::Leave].map(|act| peek(world, &question, act)).to_vec();
                world.foreseen = true;
                return Ok(Stop::Chance(label));
            }
            return Ok(Stop::Asked(question));
        }
        if world.phase() == Phase::Closed {
            return Ok(Stop::End);
        }
        if BLOCKS_MAX < world.state.height().count() {
            return Err(format!("the job is still open after {BLOCKS_MAX} blocks"));
        }
        world.block();
        moves::follow_up(world);
    }
}

/// What the draw would be after this answer: whoever holds a part of the seed computes it.
fn peek(world: &World<'_>, question: &Question, act: Act) -> Draw {
    let mut branch = world.clone();
    moves::answer(&mut branch, question, act);
    while !branch.has_drawn {
        branch.block();
        moves::follow_up(&mut branch);
        if !branch.has_drawn {
            honest::act(&mut branch);
        }
    }
    drawn(&branch)
}

/// The draw that was just made.
fn drawn(world: &World<'_>) -> Draw {
    let seats = world.state.case(JOB).map_or(&[][..], |case| &case.seats);
    if seats.is_empty() {
        return Draw::Spared;
    }
    let new = seats.iter().filter(|seat| seat.state == SeatState::Drawn);
    let friends = new.filter_map(|seat| seat.account).filter(|id| world.cast.is_one_of(*id));
    Draw::Seats(u32::try_from(friends.count()).expect("few seats"))
}

/// With what chance what was just learnt came out how.
fn law_of(world: &World<'_>) -> Option<Law> {
    let bound = *world.state.order(JOB)?.bound;
    let case = world.state.case(JOB)?;
    let (rate, seats) = (bound.audit_rate.parts(), bound.auditors);
    let (all, friends) = (world.cast.pool.all, world.cast.friends());
    let pool = (all, friends);
    if world.foreseen && case.seed.drawn.is_none() {
        let extra = bound.fallback_auditors - bound.auditors;
        if world.cast.late == Some(Late { point: Point::Seed, edge: Edge::After }) {
            // Too late is withheld, whatever is answered.
            let law = law::draw(PARTS, pool, seats + extra)?;
            return Some(law.into_iter().map(|(draw, weight)| (vec![draw; 2], weight)).collect());
        }
        return if case.seed.beacon.is_none() {
            law::shown_or_withheld(rate, pool, (seats, extra))
        } else {
            law::both(&law::draw(rate, pool, seats)?, &law::draw(PARTS, pool, seats + 2)?)
        };
    }
    let single = |law: Vec<(Draw, Rational)>| -> Vec<(Label, Rational)> {
        law.into_iter().map(|(draw, weight)| (vec![draw], weight)).collect()
    };
    if case.missed.is_empty() {
        return law::draw(rate, pool, seats).map(single);
    }
    // Who sits already, or was silent before, is not drawn again.
    let new = |seat: &&earnest_protocol::verification::Seat| seat.state == SeatState::Drawn;
    let sitting = case.seats.iter().filter(|seat| !new(seat)).filter_map(|seat| seat.account);
    let out: Vec<_> = sitting.chain(case.missed.iter().map(|missed| missed.account)).collect();
    let gone = out.iter().filter(|id| world.cast.is_one_of(**id)).count();
    let (out, gone) = (u32::try_from(out.len()).ok()?, u32::try_from(gone).ok()?);
    let vacant = u32::try_from(case.seats.iter().filter(new).count()).ok()?;
    law::draw(PARTS, (all - out, friends - gone), vacant).map(single)
}

/// What of a statement is in stake, not in the money that work is paid in.
fn at_stake(statement: &BTreeMap<Reason, i64>) -> i64 {
    use Reason::{
        AuditLockReleased, AuditLocked, CollateralAssigned, CollateralLocked, CollateralReleased,
        Compensation, EmissionEarned, JudgeReward, ProposalDeposit, ProposalDepositReturned,
        ReporterReward, Slash, SlashJudges, SlashReversed,
    };
    let locks = [AuditLocked, AuditLockReleased, CollateralLocked, CollateralAssigned];
    let slashes = [CollateralReleased, Compensation, JudgeReward, ReporterReward];
    let deposits = [ProposalDeposit, ProposalDepositReturned];
    let rest = [Slash, SlashJudges, SlashReversed, EmissionEarned];
    let reasons = locks.into_iter().chain(slashes).chain(deposits).chain(rest);
    reasons.filter_map(|reason| statement.get(&reason)).sum()
}

fn end(mut world: World<'_>) -> Result<End, String> {
    votes::outlast_stays(&mut world);
    world.take_stock();
    world.take_emission();
    if !world.is_closed_to_the_unit() {
        return Err(format!("the accounts do not close after {:?}", world.history));
    }
    use Party::{Burnt, Coalition, Insurance, Judges, Operator, Treasury};
    let parties = [Coalition, Party::Requester, Party::Provider, Party::Validators];
    let rest = [Party::Challenger, Operator, Burnt, Insurance, Treasury, Judges];
    let pools = [Party::Delegator, Party::Guards, Party::Pools, Party::Emission];
    let gains =
        parties.into_iter().chain(rest).chain(pools).map(|party| (party, world.gained(party)));
    Ok(End {
        luck: world.luck,
        gains: gains.collect(),
        stake: world.stake,
        worked: world.worked,
        passed: world.delivered && world.outcome == Some(Outcome::Accepted),
        delivered: world.delivered,
        received: !world.delivered && world.outcome == Some(Outcome::Accepted),
        outcome: world.outcome,
        locked_blocks: world.locked_blocks,
        auditors: world.auditors,
        at_stake: at_stake(&world.statement),
        sunk: world.sunk,
        history: world.history,
        statement: world.statement,
    })
}
